-- Lists: segments of the people who have an identifier that a query returns.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_list ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_list
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE SCHEMA crm;
CREATE TABLE crm.account (address text, plan text);
INSERT INTO crm.account VALUES ('ann@example.com', 'pro'), ('BOB@example.com', 'pro'), ('carl@example.com', 'free'), (NULL, 'pro'), ('no address', 'pro'), ('later@example.com', 'pro');
INSERT INTO cdp.inbox (type, user_id, identifiers, "timestamp", received_at) VALUES ('identify', 'ann', '{"email": "Ann@example.com"}', now(), now()),
	('identify', 'bob', '{"email": "bob@example.com"}', now(), now()), ('identify', 'carl', '{"email": "carl@example.com"}', now(), now()), ('identify', 'dora', NULL, now(), now());
SELECT taken FROM cdp.refresh();
CREATE FUNCTION public.who(id bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg(cdp.value(i.identifier), '+' ORDER BY i.identifier) FROM cdp_data.identifier i WHERE i.profile_id = id AND cdp.namespace(i.identifier) = 'user_id' $$;
CREATE VIEW public.changes AS SELECT change_id, kind, public.who(profile_id) AS profile, segment, public.who(other_profile_id) AS other, cause, event_id IS NOT NULL AS has_event FROM cdp.change;
SELECT change_id AS last FROM cdp_data.state \gset
\set changes 'SELECT kind, profile, segment, other, cause, has_event FROM changes WHERE change_id > :last AND segment IS NOT NULL ORDER BY change_id; SELECT change_id AS last FROM cdp_data.state \\gset'

SELECT cdp.create_segment_from_query('pro', $$SELECT 'email:' || a.address FROM crm.account a WHERE a.plan = 'pro';$$, every => '1 day', description => 'from the CRM') AS members;
SELECT name, kind, condition, description, members, state FROM cdp.segment;
SELECT every, read_at = s.as_of AS read, next_read_at - read_at AS next, identifiers, left_out FROM cdp.list, cdp_data.state s;
SELECT public.who(profile_id) AS person FROM cdp.members('pro') ORDER BY 1;
SELECT public.who(profile_id) AS person FROM cdp_segment.pro ORDER BY 1;
SELECT cdp.is_member('pro', 'email:bob@example.com') AS bob, cdp.is_member('pro', 'user_id:carl') AS carl;
SELECT cdp.create_segment('rest', $$NOT cdp.in_segment('pro')$$) AS members;
:changes

-- whoever gets a listed identifier is in it, by the event that says so
INSERT INTO cdp.inbox (type, user_id, identifiers, "timestamp", received_at) VALUES ('identify', 'dora', '{"email": "later@example.com"}', now(), now());
SELECT taken FROM cdp.refresh();
:changes
-- what the table says is known when it is read
UPDATE crm.account SET plan = 'pro' WHERE address LIKE 'carl%';
DELETE FROM crm.account WHERE address LIKE 'ann%';
SELECT taken FROM cdp.refresh();
:changes
SELECT cdp.read_list('pro') AS members;
:changes
SELECT public.who(profile_id) AS person FROM cdp.members('rest') ORDER BY 1;
-- as time passes a refresh reads it
INSERT INTO crm.account VALUES ('ann@example.com', 'pro');
UPDATE cdp_data.state SET as_of = as_of + interval '23 hours';
SELECT taken FROM cdp.refresh();
SELECT count(*) FROM cdp.members('pro');
UPDATE cdp_data.state SET as_of = as_of + interval '1 hour';
SELECT taken FROM cdp.refresh();
:changes
SELECT every, read_at = s.as_of AS read, identifiers, left_out FROM cdp.list, cdp_data.state s;
-- merges and splits
SELECT cdp.same('user_id:ann', 'user_id:bob');
:changes
SELECT cdp.allow('user_id:ann', 'user_id:bob');
:changes
SELECT public.who(profile_id) AS person FROM cdp.members('pro') ORDER BY 1;
-- why
SELECT line, depth, part, "values", holds, until, change FROM cdp.why('pro', 'user_id:ann');
SELECT line, depth, part, "values", holds, until, change FROM cdp.why('rest', 'user_id:ann');
INSERT INTO cdp.inbox (type, user_id, "timestamp", received_at) VALUES ('identify', 'emil', now(), now());
SELECT taken FROM cdp.refresh();
SELECT line, depth, part, "values", holds, until, change FROM cdp.why('pro', 'user_id:emil');
SELECT count(*) FROM cdp.why('pro', 'user_id:nobody');
-- a retraction, and an identifier that is blocked
SELECT cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp_data.event e WHERE e.identifiers @> '{"email": "later@example.com"}')) IS NOT NULL AS retracted;
SELECT cdp.set_rules('{"email": {"blocked": ["carl@example.com"]}}');
:changes
SELECT * FROM cdp.verify();

-- a query that fails: the members stay, and are followed
ALTER TABLE crm.account ADD extra integer NOT NULL DEFAULT 0;
SELECT cdp.create_segment_from_query('pro', $$SELECT 'email:' || a.address FROM crm.account a WHERE 1 / a.extra > -1$$, replace => true);
SELECT cdp.create_segment_from_query('pro', $$SELECT 'email:' || a.address FROM crm.account a WHERE 1 / (a.extra + 1) > 0 AND a.plan = 'pro'$$, replace => true) AS members;
:changes
UPDATE crm.account SET extra = -1;
SELECT cdp.read_list('pro') AS members;
SELECT name, state, error, failing_since IS NOT NULL AS since, members FROM cdp.segment ORDER BY 1;
SELECT identifiers, next_read_at - s.as_of AS next FROM cdp.list, cdp_data.state s;
INSERT INTO cdp.inbox (type, user_id, identifiers, "timestamp", received_at) VALUES ('identify', 'dora', '{"email": "later@example.com"}', now(), now());
SELECT taken FROM cdp.refresh();
:changes
SELECT segment, severity, finding, hint FROM cdp.lint_segments() WHERE severity = 'error';
SELECT * FROM cdp.verify();
SELECT taken FROM cdp.refresh();
UPDATE crm.account SET extra = 0;
UPDATE cdp_data.state SET as_of = as_of + interval '1 hour';
SELECT taken FROM cdp.refresh();
SELECT state, error, members FROM cdp.segment WHERE name = 'pro';
:changes
-- too slow
SET cdp.segment_timeout = '200ms';
SELECT cdp.create_segment_from_query('slow', $$SELECT 'user_id:' || a.n FROM generate_series(1, 1000000000) AS a (n)$$);
SELECT cdp.create_segment_from_query('slow', $$SELECT 'user_id:bob' FROM pg_sleep(10)$$);
RESET cdp.segment_timeout;

-- consumers, hold-outs, the past, renaming, dropping
SELECT cdp.create_consumer('crm', '{pro}', start => 'snapshot') > 0 AS made;
SELECT kind, public.who(profile_id) AS person FROM cdp.next_changes('crm') WHERE kind <> 'progress' ORDER BY 2;
SELECT cdp.set_hold_out('pro', 1);
SELECT count(*) FROM cdp.members('pro');
SELECT public.who(profile_id) AS person FROM cdp.held_out('pro') ORDER BY 1;
SELECT line, depth, part, "values", holds, until, change FROM cdp.why('pro', 'user_id:ann');
SELECT cdp.set_hold_out('pro', 0);
SELECT count(*) FROM cdp.members('pro', (SELECT as_of FROM cdp_data.state));
SELECT cdp.rename_segment('pro', 'paying');
SELECT cdp.read_list('paying') AS members;
SELECT cdp.drop_segment('paying');
SELECT cdp.drop_consumer('crm');
SELECT cdp.drop_segment('rest');
DROP TABLE crm.account;
SELECT cdp.drop_segment('paying');
SELECT (SELECT count(*) FROM cdp_data.list) AS lists, (SELECT count(*) FROM cdp_data.list_identifier) AS identifiers, (SELECT count(*) FROM cdp_data.membership) AS memberships;

-- what a query can be
SELECT cdp.create_segment_from_query('x', q) FROM (VALUES ('')) v (q);
SELECT cdp.create_segment_from_query('x', 'SELECT 1; SELECT 2');
SELECT cdp.create_segment_from_query('x', 'DELETE FROM crm.account');
SELECT cdp.create_segment_from_query('x', 'SELECT 1, 2');
SELECT cdp.create_segment_from_query('x', 'SELECT 1');
SELECT cdp.create_segment_from_query('x', 'SELECT ''a:b'' INTO crm.made');
SELECT cdp.create_segment_from_query('x', 'SELECT ''a:b'') q; DROP SCHEMA crm; SELECT (1');
SELECT cdp.create_segment_from_query('x', 'WITH d AS (DELETE FROM cdp_data.segment RETURNING name) SELECT name FROM d');
SELECT cdp.create_segment_from_query('x', 'SELECT profile_id::text FROM nowhere');
SELECT cdp.create_segment_from_query('X', 'SELECT ''a:b''');
SELECT cdp.create_segment_from_query('x', 'SELECT ''a:b''', every => '1 ms');
SELECT cdp.create_segment_from_query('x', 'SELECT ''a:b'' -- all') AS members;
SELECT cdp.create_segment_from_query('x', 'SELECT ''a:b''');
SELECT cdp.create_segment('x', 'true', replace => true);
SELECT cdp.create_trait('x', '1', replace => true);
SELECT cdp.create_segment('y', 'true') AS members;
SELECT cdp.create_segment_from_query('y', 'SELECT ''a:b''', replace => true);
SELECT cdp.read_list('y');
-- identifiers themselves; NULL: read by command only
SELECT cdp.create_segment_from_query('x', 'SELECT i.identifier FROM cdp_data.identifier i WHERE cdp.namespace(i.identifier) = ''user_id'' ORDER BY 1 LIMIT 2', every => NULL, replace => true) AS members;
SELECT next_read_at, identifiers FROM cdp.list;

-- as the owner, with the owner's rights, and no others' functions
CREATE ROLE cdp_list_maker;
SELECT cdp.grant_access('cdp_list_maker', 'steward');
GRANT USAGE ON SCHEMA crm TO cdp_list_maker;
CREATE TABLE crm.theirs (id text);
INSERT INTO crm.theirs VALUES ('bob');
CREATE FUNCTION crm.named(id text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'user_id:' || id; END $$;
SET ROLE cdp_list_maker;
SELECT cdp.create_segment_from_query('theirs', 'SELECT ''user_id:'' || t.id FROM crm.theirs t');
RESET ROLE;
GRANT SELECT ON crm.theirs TO cdp_list_maker;
CREATE ROLE cdp_list_other;
GRANT USAGE, CREATE ON SCHEMA crm TO cdp_list_other;
ALTER FUNCTION crm.named(text) OWNER TO cdp_list_other;
SET ROLE cdp_list_maker;
SELECT cdp.create_segment_from_query('theirs', 'SELECT crm.named(t.id) FROM crm.theirs t');
SELECT cdp.create_segment_from_query('theirs', 'SELECT ''user_id:'' || t.id FROM crm.theirs t') AS members;
RESET ROLE;
REVOKE SELECT ON crm.theirs FROM cdp_list_maker;
SELECT cdp.read_list('theirs') AS members;
SELECT state, error FROM cdp.segment WHERE name = 'theirs';

\c :origin
DROP DATABASE cdp_segment_list;
DROP ROLE cdp_list_maker, cdp_list_other;
