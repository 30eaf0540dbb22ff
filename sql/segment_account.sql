-- Segments and computed traits of accounts: conditions, readers, why, the feed, rights, errors, and what is bounded.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = 'ISO';
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_account ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_account
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE ROLE regress_account_analyst;
CREATE ROLE regress_account_guest;
CREATE ROLE regress_account_steward;
SELECT cdp.grant_access('regress_account_analyst', 'analyst');
INSERT INTO cdp.inbox (type, user_id, event, "timestamp") SELECT 'track', 'u' || i, 'buy', now() - i * interval '1 day' FROM generate_series(1, 6) i;
INSERT INTO cdp.inbox (type, user_id, group_id, traits, "timestamp") SELECT 'group', 'u' || i, 'g' || i % 2, jsonb_build_object('size', CASE i % 2 WHEN 0 THEN 'many' ELSE '12' END), now() - interval '1 hour' FROM generate_series(1, 6) i;
SELECT taken, accepted FROM cdp.refresh();
SELECT group_id, members, cdp.count_events(timeline, 'buy') AS bought, traits::jsonb FROM cdp.account_row ORDER BY group_id;

-- conditions over what calls say of accounts, over their people, and over other segments
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'buy', within => '84 hours') $$);
SELECT cdp.create_account_segment('keen', $$ cdp.members_in('buyers') >= 2 $$, 'Accounts of which two bought');
SELECT cdp.create_account_trait('bought', $$ cdp.count_events(timeline, 'buy', within => '132 hours') $$);
SELECT cdp.create_account_segment('both', $$ cdp.in_segment('keen') AND cdp.computed('bought') >= 3 OR group_id = 'none' $$);
SELECT name, subject, kind, level, members, state FROM cdp.segment ORDER BY segment_id;
SELECT group_id, since <= judged_at AS exact FROM cdp.accounts_in('keen');
SELECT group_id FROM cdp_segment.both;
SELECT group_id, value, pg_typeof(value) FROM cdp_segment.bought ORDER BY group_id;
SELECT group_id, value FROM cdp.account_trait_values('bought') ORDER BY group_id;
SELECT segment, group_id FROM cdp.account_membership ORDER BY segment, group_id;
SELECT cdp.is_account_in('keen', ' g1 ') AS g1, cdp.is_account_in('keen', 'g0') AS g0, cdp.is_account_in('keen', 'none') AS none;
SELECT line, depth, part, "values", holds, CASE WHEN until < 'infinity' THEN round(extract(epoch FROM until - now()) / 3600) END AS hours, change FROM cdp.why_account('both', 'g1');
SELECT count(*) FROM cdp.why_account('both', 'none');
SELECT obj_description('cdp_segment.keen'::regclass), obj_description('cdp_condition.keen'::regclass) IS NOT NULL AS described;

SELECT cdp.create_account_view('shown', 'size', 'size as number integer', 'bought computed');
SELECT cdp.create_account_view('shown', 'size text', 'size as number integer', 'bought computed');
SELECT group_id, size, number, bought FROM shown ORDER BY group_id;
SELECT * FROM cdp.profile_view_problems('shown');
SELECT cdp.lookup_account('g1') - '{first_seen,last_seen}'::text[];
SELECT cdp.lookup_account('none');

-- who buys, leaves, and comes
INSERT INTO cdp.inbox (type, user_id, event) VALUES ('track', 'u4', 'buy');
INSERT INTO cdp.inbox (type, user_id, group_id, context) VALUES ('group', 'u3', 'g1', '{"groupLeft": true}');
SELECT taken FROM cdp.refresh();
SELECT change_id, kind, profile_id, group_id, segment, trait, value, cause, event_id, since IS NOT NULL AS was_in FROM cdp.change ORDER BY change_id;
SELECT aggregatetype, aggregateid, type FROM cdp.change_outbox WHERE id > 6 ORDER BY id;
SELECT cdp.create_consumer('crm', '{keen}', traits => '{bought}', start => 'snapshot') AS behind;
SELECT change_id, kind, profile_id, segment, trait, value, group_id FROM cdp.next_changes('crm');
SELECT cdp.acknowledge('crm', -1) AS acknowledged;
-- the two are one now: a member less
SELECT cdp.same('user_id:u2', 'user_id:u4');
SELECT taken FROM cdp.refresh();
SELECT change_id, kind, profile_id, segment, trait, value, cause, group_id FROM cdp.next_changes('crm') ORDER BY change_id, kind;
SELECT cdp.retry('crm', 17, '0') AS attempts;
SELECT group_id FROM cdp.accounts_in('keen');
-- the last call is taken back, and the account is gone
SELECT count(*) FROM cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp.events WHERE group_id = 'g0'));
SELECT group_id FROM cdp.accounts;
SELECT change_id, kind, segment, value, cause, group_id FROM cdp.change WHERE group_id IS NOT NULL AND change_id > 13 ORDER BY change_id;
SELECT group_id, segments FROM cdp_data.account_membership;
SELECT * FROM cdp.verify();

-- errors
SELECT cdp.create_segment('bad', $$ cdp.members_in('buyers') > 2 $$);
SELECT cdp.create_segment('bad', $$ cdp.in_segment('keen') $$);
SELECT cdp.create_segment('bad', $$ cdp.computed('bought') > 1 $$);
SELECT cdp.create_account_segment('bad', $$ cdp.in_segment('buyers') $$);
SELECT cdp.create_account_segment('bad', $$ cdp.members_in('keen') > 1 $$);
SELECT cdp.create_account_segment('bad', $$ cdp.members_in('buy' || 'ers') > 1 $$);
SELECT cdp.create_account_segment('bad', $$ identifiers IS NULL $$);
SELECT cdp.create_account_segment('bad', $$ members $$);
SELECT cdp.create_account_segment('bad', ' ');
SELECT cdp.create_account_segment('bad', $$ account_row IS NULL $$);
SELECT cdp.create_account_segment('bad', $$ EXISTS (SELECT FROM cdp.accounts) $$);
SELECT cdp.create_account_segment('keen', $$ members > 1 $$);
SELECT cdp.create_account_segment('buyers', $$ members > 1 $$, replace => true);
SELECT cdp.create_segment('keen', $$ events > 1 $$, replace => true);
SELECT cdp.create_account_trait('keen', $$ members $$, replace => true);
SELECT cdp.create_account_segment('keen', $$ cdp.in_segment('both') $$, replace => true);
SELECT cdp.create_account_trait('size', $$ members $$);
SELECT cdp.members('keen');
SELECT cdp.is_member('keen', 1);
SELECT cdp.trait_values('bought');
SELECT cdp.accounts_in('buyers');
SELECT cdp.accounts_in('bought');
SELECT cdp.accounts_in('none');
SELECT cdp.account_trait_values('keen');
SELECT cdp.why('keen', 1);
SELECT cdp.why_account('buyers', 'g1');
SELECT cdp.set_hold_out('keen', 0.5);
SELECT cdp.create_priority_list('first', '{keen}');
SELECT cdp.segment_overlaps('{buyers,keen}');
SELECT cdp.segment_audience('keen');
SELECT cdp.create_profile_view('shown', 'bought computed');
SELECT cdp.create_account_view('shown', 'name identifier');
SELECT cdp.create_account_view('shown', 'none computed');
SELECT cdp.create_account_view('shown', 'size as group_id text');
SELECT cdp.drop_segment('buyers');
SELECT cdp.drop_segment('keen');
SELECT cdp.members_in('buyers');

-- a condition that fails for one account
INSERT INTO cdp.inbox (type, user_id, group_id, traits) VALUES ('group', 'u2', 'g2', '{"size": "many"}');
SELECT taken FROM cdp.refresh();
SET client_min_messages = error;
SELECT cdp.create_account_segment('large', $$ (traits ->> 'size')::integer > 10 $$);
SET client_min_messages = warning;
SELECT state, error, error_profile_id = (SELECT account_id FROM cdp_data.account WHERE group_id = 'g2') AS of_g2 FROM cdp.segment WHERE name = 'large';
SELECT group_id FROM cdp.accounts_in('large');
SELECT segment, finding, regexp_replace(detail, '^Since [^:]*:[^:]*:[^:]*: ', '') AS detail FROM cdp.lint_segments() WHERE finding = 'failing';
INSERT INTO cdp.inbox (type, user_id, group_id, traits) VALUES ('group', 'u2', 'g2', '{"size": "200"}');
SELECT taken FROM cdp.refresh();
SELECT taken FROM cdp.refresh();
SELECT state, members FROM cdp.segment WHERE name = 'large';
SELECT group_id FROM cdp.accounts_in('large') ORDER BY group_id;
SELECT * FROM cdp.verify();

-- a segment of people is replaced: those of accounts that count it follow
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'buy') $$, replace => true);
SELECT name, state, members FROM cdp.segment WHERE name = 'keen';
SELECT cdp.rename_segment('buyers', 'customers');
SELECT cdp.rename_segment('bought', 'purchases');
-- another type makes the view again
SELECT cdp.drop_segment('both');
SELECT cdp.create_account_trait('purchases', $$ cdp.count_events(timeline, 'buy')::text $$, replace => true);
SELECT group_id, bought, pg_typeof(bought) FROM shown ORDER BY group_id;
SELECT name, condition FROM cdp.segment ORDER BY name;
SELECT part FROM cdp.why_account('keen', 'g1');

-- others: who may read the views reads them; what conditions use must be readable to their owner
SET ROLE regress_account_analyst;
SELECT group_id FROM cdp_segment.keen;
SELECT count(*) FROM cdp.why_account('keen', 'g1');
SELECT group_id, trait, value FROM cdp.account_trait ORDER BY 1;
SELECT cdp.create_account_segment('other', $$ members > 1 $$);
SET ROLE regress_account_guest;
SELECT * FROM cdp.accounts_in('keen');
RESET ROLE;
SELECT cdp.grant_access('regress_account_guest', 'analyst');
REVOKE SELECT ON cdp_segment.keen, cdp_segment.purchases FROM regress_account_guest;
SET ROLE regress_account_guest;
SELECT * FROM cdp.accounts_in('keen');
SELECT cdp.is_account_in('keen', 'g1');
SELECT cdp.account_trait_values('purchases');
SELECT cdp.why_account('keen', 'g1');
SELECT DISTINCT segment FROM cdp.account_membership ORDER BY 1;
SELECT count(*) FROM cdp.account_trait;
SELECT count(*) FROM cdp.change WHERE segment IN ('keen', 'purchases');
SELECT cdp.create_consumer('pry', '{keen}');
RESET ROLE;
SELECT cdp.grant_access('regress_account_steward', 'steward');
ALTER VIEW cdp_condition.keen OWNER TO regress_account_steward;
SELECT group_id FROM cdp.accounts_in('keen');
REVOKE SELECT ON cdp_segment.customers FROM regress_account_steward;
INSERT INTO cdp.inbox (type, user_id, event) VALUES ('track', 'u1', 'buy');
SELECT taken FROM cdp.refresh();
SELECT state, error FROM cdp.segment WHERE name = 'keen';
GRANT SELECT ON cdp_segment.customers TO regress_account_steward;
SELECT taken FROM cdp.refresh();
SELECT taken FROM cdp.refresh();
SELECT state, error FROM cdp.segment WHERE name = 'keen';
SELECT * FROM cdp.verify();

-- a row written by hand
BEGIN;
UPDATE cdp_data.segment SET subject = 'account' WHERE name = 'customers';
INSERT INTO cdp.inbox (type, user_id, event) VALUES ('track', 'u1', 'buy');
SELECT taken FROM cdp.refresh();
SELECT name, state, error FROM cdp.segment WHERE name IN ('customers', 'keen') ORDER BY name;
SAVEPOINT asked;
SELECT cdp.members('customers');
ROLLBACK TO asked;
SELECT cdp.accounts_in('customers');
ROLLBACK;

-- more than 1,000 people: only what calls say, and how many they are
INSERT INTO cdp.inbox (type, user_id, group_id, "timestamp") SELECT 'group', 'b' || i, 'big', now() - interval '1 minute' FROM generate_series(1, 1001) i;
INSERT INTO cdp.inbox (type, user_id, event) VALUES ('track', 'b1', 'buy'), ('track', 'b2', 'buy');
SELECT taken FROM cdp.refresh();
SELECT group_id, members, timeline IS NULL AS unknown FROM cdp.account_row WHERE group_id = 'big';
SELECT cdp.create_account_segment('many', $$ members > 1000 $$);
SELECT cdp.create_account_segment('few', $$ (cdp.members_in('customers') > 1) IS NOT FALSE AND members > 900 $$);
SELECT cdp.create_account_trait('n', $$ cdp.members_in('customers') $$);
SELECT cdp.is_account_in('many', 'big') AS many, cdp.is_account_in('few', 'big') AS few;
SELECT group_id, value FROM cdp_segment.n ORDER BY group_id;
INSERT INTO cdp.inbox (type, user_id, group_id, context) VALUES ('group', 'b1', 'big', '{"groupLeft": true}');
SELECT taken FROM cdp.refresh();
SELECT group_id, members, cdp.count_events(timeline, 'buy') AS bought FROM cdp.account_row WHERE group_id = 'big';
SELECT cdp.is_account_in('many', 'big') AS many, cdp.is_account_in('few', 'big') AS few, cdp.is_account_in('keen', 'big') AS keen;
SELECT group_id, value FROM cdp_segment.n ORDER BY group_id;
SELECT * FROM cdp.verify();

-- once there are none any more, nothing of accounts is kept
SELECT cdp.drop_consumer('crm');
DROP VIEW shown;
SELECT cdp.drop_segment(n) FROM unnest('{keen,large,many,few}'::text[]) n;
SELECT cdp.drop_trait(n) FROM unnest('{purchases,n}'::text[]) n;
SELECT count(*) FROM cdp_data.account_membership;
SELECT * FROM cdp.verify();
SELECT cdp.revoke_access('regress_account_' || kind, CASE kind WHEN 'steward' THEN kind ELSE 'analyst' END) FROM unnest('{analyst,guest,steward}'::text[]) kind;
\c :origin
DROP DATABASE cdp_segment_account;
DROP ROLE regress_account_analyst, regress_account_guest, regress_account_steward;
