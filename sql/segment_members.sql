-- Segments from definition to members: views, privileges, and what becomes of them.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_members ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_members
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_owner;
CREATE ROLE regress_cdp_steward;
CREATE ROLE regress_cdp_analyst;
CREATE ROLE regress_cdp_stranger;
GRANT USAGE, CREATE ON SCHEMA cdp TO regress_cdp_owner WITH GRANT OPTION;
GRANT USAGE ON SCHEMA cdp_internal TO regress_cdp_owner WITH GRANT OPTION;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA cdp, cdp_internal TO regress_cdp_owner WITH GRANT OPTION;
GRANT CREATE ON DATABASE cdp_segment_members TO regress_cdp_owner;
CREATE FUNCTION public.vip(plan text) RETURNS boolean IMMUTABLE RETURN plan = 'pro';

-- not into a schema of another role
CREATE SCHEMA cdp_segment AUTHORIZATION regress_cdp_stranger;
SET ROLE regress_cdp_owner;
SELECT cdp.init();
RESET ROLE;
ALTER SCHEMA cdp_segment OWNER TO regress_cdp_owner;
SET ROLE regress_cdp_owner;
SELECT cdp.init();

-- person i has plan i % 2 and has ordered i % 10 times
INSERT INTO cdp.inbox (user_id, type, event, traits, "timestamp")
SELECT 'u' || i, 'identify', NULL, jsonb_build_object('name', i, 'plan', CASE WHEN i % 2 = 0 THEN 'pro' ELSE 'free' END), now() - interval '10 days'
FROM generate_series(1, 100) i
UNION ALL
SELECT 'u' || i, 'track', 'Order Completed', NULL, now() - j * interval '1 day' FROM generate_series(1, 100) i, generate_series(1, i % 10) j;
SELECT taken, accepted, profiles_created FROM cdp.refresh();

-- The number in the profile's name, so that no test depends on profile ids.
CREATE FUNCTION cdp.number(profile_id bigint) RETURNS int STABLE RETURN (SELECT (p.traits->>'name')::int FROM cdp.profiles p WHERE p.profile_id = $1);
CREATE FUNCTION cdp.numbered(number int) RETURNS bigint STABLE RETURN (SELECT p.profile_id FROM cdp.profiles p WHERE p.traits->>'name' = $1::text);

SELECT cdp.create_segment('loyal', 'events > 8');
SELECT cdp.create_segment('pro', $$ traits->>'plan' = 'pro' -- who pays$$, 'Pays for the plan');
SELECT cdp.create_segment('nobody', 'false');
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order Completed', within => '90 days') $$);
SELECT cdp.create_segment('strangers', $$ NOT cdp.did(timeline, 'Order Completed') $$);
SELECT cdp.create_segment('recent', $$last_seen > now() - interval '2 days'$$);
SELECT name, condition, description, defined_at > now() - interval '1 hour' AS just_now FROM cdp.segment ORDER BY name;
SELECT array_agg(cdp.number(m.profile_id) ORDER BY cdp.number(m.profile_id)) FROM cdp.members('loyal') m;
SELECT array_agg(cdp.number(m.profile_id) ORDER BY cdp.number(m.profile_id)) FROM cdp.members('strangers') m;
SELECT count(*) FROM cdp.members('nobody');
SELECT cdp.number((cdp.members('loyal')).profile_id) AS number ORDER BY 1 LIMIT 3;
SELECT c.relname, obj_description(c.oid) FROM pg_class c WHERE c.relnamespace = 'cdp_segment'::regnamespace ORDER BY 1;
SELECT pg_get_viewdef('cdp_condition.pro') LIKE $$%traits OPERATOR(cdp.->>) 'plan'::text) = 'pro'::text)%$$ AS found_by_path, pg_get_viewdef('cdp_condition.pro') LIKE '%who pays%' AS with_comment;

-- exact now
SELECT number, cdp.is_member('loyal', cdp.numbered(number)) AS loyal, cdp.is_member('pro', cdp.numbered(number)) AS pro,
	cdp.is_member('buyers', cdp.numbered(number)) AS buyer
FROM unnest(ARRAY[8, 9, 10, 11]) AS number;
SELECT cdp.is_member('loyal', -1) AS unknown, cdp.is_member('loyal', NULL) AS null;
INSERT INTO cdp.inbox (user_id, type, event, traits, "timestamp") VALUES
	('u10', 'track', 'Order Completed', NULL, now()), ('u10', 'identify', NULL, '{"plan": "free"}', now());
SELECT taken FROM cdp.refresh();
SELECT cdp.is_member('pro', cdp.numbered(10)) AS pro, cdp.is_member('buyers', cdp.numbered(10)) AS buyer;
SELECT (SELECT count(*) FROM cdp.members('buyers')) AS members, (SELECT count(*) FROM cdp_segment.buyers) AS in_view,
	EXISTS (SELECT FROM cdp_segment.pro s WHERE s.profile_id = cdp.numbered(10)) AS pro;

-- one person is judged through the index, not by going through all of them
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM cdp_segment.loyal s WHERE s.profile_id = 7;
RESET enable_seqscan;
-- a condition is judged while people are scanned
CREATE FUNCTION pg_temp.scans_with(query text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON, COSTS OFF) ' || query INTO plan;
	RETURN (SELECT string_agg(node ->> 'Relation Name', ', ') FROM jsonb_path_query(plan, 'strict $.**') node
			WHERE jsonb_typeof(node) = 'object' AND strpos(node ->> 'Filter', condition) > 0);
END $$;
SELECT pg_temp.scans_with($$ SELECT FROM cdp.profile_row WHERE cdp.did(timeline, 'a') $$, 'did(') AS did,
	   pg_temp.scans_with($$ SELECT FROM cdp.profile_row WHERE cdp.did_not(timeline, 'a') AND cdp.funnel(timeline, 'a -> b in 1 day') = 2 $$, 'did_not(') AS did_not;

-- names
SELECT cdp.create_segment(NULL, 'true');
SELECT cdp.create_segment('', 'true');
SELECT cdp.create_segment('Loyal', 'true');
SELECT cdp.create_segment('7days', 'true');
SELECT cdp.create_segment('x; DROP TABLE x', 'true');
SELECT cdp.create_segment('x"y', 'true');
SELECT cdp.create_segment(E'x\n', 'true');
SELECT cdp.create_segment(repeat('x', 64), 'true');
SELECT cdp.create_segment(repeat('x', 63), 'events = 1');
SELECT count(*) FROM cdp.members(repeat('x', 63));
SELECT * FROM cdp.members(repeat('x', 64));
SELECT cdp.create_segment('select', 'events = 2'), cdp.create_segment('segment_pkey', 'events = 3');
SELECT count(*) FROM cdp.members('select');

-- conditions that are refused leave nothing behind, and the error points into the condition
SELECT cdp.create_segment('bad', 'events > 1 AND (SELECT true)');
SELECT cdp.create_segment('bad', 'true) OR (true');
SELECT cdp.create_segment('bad', NULL);
SELECT cdp.create_segment('bad', '1 / (events - events) = 1');
SELECT count(*) FROM cdp.segment WHERE name = 'bad';
SELECT * FROM cdp.members('bad');
SELECT cdp.is_member('bad', 1);
SELECT cdp.drop_segment('bad');

-- again, and another condition
SELECT cdp.create_segment('loyal', 'events > 8');
SELECT cdp.create_segment('loyal', 'events > 8', 'Comes often', replace => true);
SELECT condition, description FROM cdp.segment WHERE name = 'loyal';
SELECT count(*) FROM cdp.members('loyal');
SELECT cdp.create_segment('fresh', 'events > 5', replace => true);

-- what a condition uses is tracked: renamed with it, not dropped under it
SELECT cdp.create_segment('vip', $$public.vip(traits->>'plan')$$);
RESET ROLE;
ALTER FUNCTION public.vip(text) RENAME TO important;
SELECT count(*) FROM cdp.members('vip');
DROP FUNCTION public.important(text);
SET client_min_messages = warning;
DROP FUNCTION public.important(text) CASCADE;
SET ROLE regress_cdp_owner;
SELECT * FROM cdp.members('vip');
SELECT cdp.create_segment('vip', 'events > 5');
SELECT cdp.create_segment('vip', 'events > 5', replace => true);
DROP VIEW cdp_segment.vip;
SELECT cdp.drop_segment('vip');
RESET client_min_messages;

-- a segment that another view needs stays
CREATE VIEW cdp.uses_pro AS SELECT * FROM cdp_segment.pro;
SELECT cdp.drop_segment('pro');
SELECT count(*) FROM cdp.segment WHERE name = 'pro';
DROP VIEW cdp.uses_pro;
SELECT cdp.drop_segment('pro');
SELECT cdp.drop_segment('pro');

-- who may what
SELECT cdp.grant_access('regress_cdp_steward', 'steward'), cdp.grant_access('regress_cdp_analyst', 'analyst');
SELECT count(*) AS not_for_all FROM cdp.segment s
WHERE NOT has_table_privilege('regress_cdp_analyst', 'cdp_segment.' || quote_ident(s.name), 'SELECT');
SELECT cdp.create_segment('by_owner', 'events = 5');
SELECT has_table_privilege('regress_cdp_steward', 'cdp_segment.by_owner', 'SELECT WITH GRANT OPTION') AS steward_hands_on,
	has_table_privilege('regress_cdp_analyst', 'cdp_segment.by_owner', 'SELECT') AS analyst_reads,
	has_table_privilege('regress_cdp_analyst', 'cdp_segment.by_owner', 'SELECT WITH GRANT OPTION') AS analyst_hands_on;
SET ROLE regress_cdp_steward;
SELECT cdp.create_segment('by_steward', 'events = 4');
SELECT cdp.drop_segment('loyal');
SELECT cdp.create_segment('loyal', 'true', replace => true);
SET ROLE regress_cdp_analyst;
SELECT count(*) FROM cdp.members('by_steward');
SELECT cdp.is_member('by_steward', cdp.numbered(13)) AS u13;
SELECT cdp.create_segment('by_analyst', 'true');
SELECT count(*) FROM cdp.profile_row;
SET ROLE regress_cdp_stranger;
SELECT * FROM cdp.members('by_steward');
RESET ROLE;
GRANT USAGE ON SCHEMA cdp TO regress_cdp_stranger;
SET ROLE regress_cdp_stranger;
SELECT * FROM cdp.members('by_steward');
-- the owner of the tables can hand on a segment that is not his
SET ROLE regress_cdp_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA cdp_segment TO regress_cdp_stranger;
SELECT has_table_privilege('regress_cdp_stranger', 'cdp_segment.by_steward', 'SELECT');
RESET ROLE;
SELECT p.proname FROM pg_proc p
WHERE p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND (p.proname LIKE '%segment%' OR p.proname IN ('check_condition', 'members', 'is_member'))
	AND has_function_privilege('regress_cdp_stranger', p.oid, 'EXECUTE');
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'cdp_segment'::regnamespace AND c.relacl::text ~ '[{,]=';

\c :origin
DROP DATABASE cdp_segment_members;
DROP ROLE regress_cdp_owner, regress_cdp_steward, regress_cdp_analyst, regress_cdp_stranger;
