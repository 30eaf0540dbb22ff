-- Roles that are bound to a purpose get nothing of accounts.
\set VERBOSITY terse
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_account_access ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_account_access
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE ROLE regress_account_mark;
CREATE ROLE regress_account_all;
CREATE ROLE regress_account_steward;
SELECT cdp.grant_access('regress_account_all', 'analyst'), cdp.grant_access('regress_account_steward', 'steward');
SELECT cdp.create_purpose('marketing');
INSERT INTO cdp.inbox (type, user_id, group_id, traits) SELECT 'group', 'u' || n, 'g' || n % 3, '{"plan": "team"}' FROM generate_series(1, 9) n;
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_consent('user_id:u1', 'marketing', 'yes') IS NOT NULL AS said;
SELECT cdp.create_segment('everyone', 'true') > 0 AS made;
SET ROLE regress_account_steward;
SELECT cdp.create_account_segment('teams', $$ traits ->> 'plan' = 'team' AND cdp.members_in('everyone') > 0 $$) > 0 AS made, cdp.create_account_trait('people', 'members') > 0 AS made_too;
RESET ROLE;
SELECT cdp.create_account_view('cdp_public', 'plan text');
CREATE SCHEMA shown;
SELECT cdp.create_account_view('shown.accounts', 'plan text', 'people computed');
SELECT cdp.grant_access('regress_account_mark', 'analyst', purpose => 'marketing');
SELECT cdp.create_account_segment('later', 'members > 1') > 0 AS made;
GRANT USAGE ON SCHEMA shown TO PUBLIC;
GRANT SELECT ON shown.accounts, cdp.account_row TO PUBLIC;
SELECT cdp.set_segment_purpose('teams', 'marketing');
SELECT count(*) FROM cdp.change WHERE group_id IS NOT NULL;
SET ROLE regress_account_all;
SELECT count(*) FROM cdp_segment.teams;
SELECT count(*) FROM cdp_segment.later;
SELECT count(*) FROM cdp.account_row;
SELECT (SELECT count(*) FROM cdp.change WHERE group_id IS NOT NULL) AS changes, (SELECT count(*) FROM cdp.account_membership) AS memberships, (SELECT count(*) FROM cdp.account_trait) AS traits;
SET ROLE regress_account_mark;
SELECT count(*) FROM cdp.membership;
SELECT * FROM cdp_segment.teams;
SELECT * FROM cdp_segment.later;
SELECT * FROM cdp.accounts_in('teams');
SELECT cdp.is_account_in('teams', 'g1');
SELECT * FROM cdp.account_trait_values('people');
SELECT * FROM cdp.why_account('teams', 'g1');
SELECT * FROM cdp.account_membership;
SELECT * FROM cdp_internal.account_memberships();
SELECT count(*) FROM cdp.account_row;
SELECT plan FROM shown.accounts;
SELECT cdp.create_consumer('mine', '{teams}');
SELECT (SELECT count(*) FROM cdp.change WHERE group_id IS NOT NULL) AS changes, (SELECT count(*) FROM cdp_data.readable_change WHERE group_id IS NOT NULL) AS readable,
	(SELECT count(*) FROM cdp_data.readable_run WHERE profile_id < 0) AS runs, (SELECT count(*) FROM cdp_data.readable_membership WHERE group_id IS NOT NULL) AS memberships;
RESET ROLE;
-- a view that was shared with it by hand shows nothing either
GRANT SELECT ON cdp_segment.teams, cdp_segment.people TO regress_account_mark;
SET ROLE regress_account_mark;
SELECT * FROM cdp_segment.teams;
SELECT * FROM cdp_segment.people;
SELECT * FROM cdp.accounts_in('teams');
SELECT * FROM cdp_internal.account_memberships();
SELECT (SELECT count(*) FROM cdp.change WHERE group_id IS NOT NULL) AS changes, (SELECT count(*) FROM cdp_data.readable_change WHERE group_id IS NOT NULL) AS readable;
RESET ROLE;
SELECT count(*) AS findings FROM cdp.verify();
\c :origin
DROP DATABASE cdp_segment_account_access;
DROP ROLE regress_account_mark;
DROP ROLE regress_account_all;
DROP ROLE regress_account_steward;
