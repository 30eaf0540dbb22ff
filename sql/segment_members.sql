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
GRANT CREATE ON SCHEMA public TO regress_cdp_owner;
GRANT CREATE ON DATABASE cdp_segment_members TO regress_cdp_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cdp TO regress_cdp_owner WITH GRANT OPTION;
SET ROLE regress_cdp_owner;
CREATE TABLE cdp.state AS SELECT cdp.tables_version() AS tables_version;
CREATE TABLE people (profile_id bigint PRIMARY KEY, events bigint, traits jsonb);
INSERT INTO people SELECT i, i % 10, jsonb_build_object('plan', CASE WHEN i % 2 = 0 THEN 'pro' ELSE 'free' END)
FROM generate_series(1, 1000) i;
CREATE VIEW cdp.profile_row AS SELECT p.profile_id, p.events, p.traits, now() - interval '1 day' AS last_seen FROM people p;
CREATE SCHEMA cdp_segment;
RESET ROLE;
ALTER SCHEMA cdp_segment OWNER TO regress_cdp_stranger;
SET ROLE regress_cdp_owner;
SELECT cdp.init_segment();	-- not into a schema of somebody else's
RESET ROLE;
ALTER SCHEMA cdp_segment OWNER TO regress_cdp_owner;
SET ROLE regress_cdp_owner;
SELECT cdp.init_segment();

SELECT cdp.create_segment('loyal', 'events > 7');
SELECT cdp.create_segment('pro', $$ traits->>'plan' = 'pro' -- who pays$$, 'Pays for the plan');
SELECT cdp.create_segment('nobody', 'false');
SELECT cdp.create_segment('recent', $$last_seen > now() - interval '2 days'$$);
SELECT name, condition, description, defined_at > now() - interval '1 hour' AS just_now FROM cdp.segment ORDER BY name;
SELECT count(*), min(profile_id), max(profile_id) FROM cdp.members('loyal');
SELECT count(*) FROM cdp.members('nobody');
SELECT cdp.members('loyal') ORDER BY 1 LIMIT 3;
SELECT c.relname, obj_description(c.oid) FROM pg_class c WHERE c.relnamespace = 'cdp_segment'::regnamespace ORDER BY 1;
SELECT pg_get_viewdef('cdp_segment.pro');

-- exact now
INSERT INTO people VALUES (2000, 100, '{}');
SELECT cdp.is_member('loyal', 2000), cdp.is_member('loyal', 1), cdp.is_member('loyal', 3000), cdp.is_member('pro', 2000), cdp.is_member('loyal', NULL);
UPDATE people SET events = 0 WHERE profile_id = 2000;
SELECT cdp.is_member('loyal', 2000);
SELECT EXISTS (SELECT FROM cdp.members('loyal') m WHERE m.profile_id = 2000) AS member, EXISTS (SELECT FROM cdp_segment.loyal s WHERE s.profile_id = 2000) AS in_view;

-- one person is judged through the index, not by going through all of them
EXPLAIN (COSTS OFF) SELECT FROM cdp_segment.loyal s WHERE s.profile_id = 7;

-- names
SELECT cdp.create_segment(NULL, 'true');
SELECT cdp.create_segment('', 'true');
SELECT cdp.create_segment('Loyal', 'true');
SELECT cdp.create_segment('7days', 'true');
SELECT cdp.create_segment('x; DROP TABLE people', 'true');
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
CREATE FUNCTION cdp.vip(jsonb) RETURNS boolean STABLE RETURN $1->>'plan' = 'pro';
SELECT cdp.create_segment('vip', 'cdp.vip(traits)');
ALTER FUNCTION cdp.vip(jsonb) RENAME TO important;
SELECT count(*) FROM cdp.members('vip');
DROP FUNCTION cdp.important(jsonb);
SET client_min_messages = warning;
DROP FUNCTION cdp.important(jsonb) CASCADE;
SELECT * FROM cdp.members('vip');
SELECT cdp.create_segment('vip', 'events > 5');
SELECT cdp.create_segment('vip', 'events > 5', replace => true);
DROP VIEW cdp_segment.vip;
SELECT cdp.drop_segment('vip');
RESET client_min_messages;

-- a segment that another view needs stays
CREATE VIEW uses_pro AS SELECT * FROM cdp_segment.pro;
SELECT cdp.drop_segment('pro');
SELECT count(*) FROM cdp.segment WHERE name = 'pro';
DROP VIEW uses_pro;
SELECT cdp.drop_segment('pro');
SELECT cdp.drop_segment('pro');

-- who may what
GRANT USAGE ON SCHEMA cdp, cdp_segment TO regress_cdp_steward, regress_cdp_analyst;
GRANT CREATE ON SCHEMA cdp_segment TO regress_cdp_steward;
GRANT SELECT ON cdp.segment TO regress_cdp_steward WITH GRANT OPTION;
GRANT INSERT, UPDATE, DELETE ON cdp.segment TO regress_cdp_steward;
GRANT SELECT ON cdp.state TO regress_cdp_steward, regress_cdp_analyst;
GRANT SELECT ON cdp.segment TO regress_cdp_analyst;
GRANT SELECT ON cdp.profile_row TO regress_cdp_steward;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cdp TO regress_cdp_steward;
GRANT EXECUTE ON FUNCTION cdp.members, cdp.is_member, cdp.segment_view, cdp.check_tables TO regress_cdp_analyst;
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
SELECT cdp.is_member('by_steward', 4);
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
WHERE p.pronamespace = 'cdp'::regnamespace AND (p.proname LIKE '%segment%' OR p.proname IN ('check_condition', 'members', 'is_member'))
	AND has_function_privilege('regress_cdp_stranger', p.oid, 'EXECUTE');
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'cdp_segment'::regnamespace AND c.relacl::text ~ '[{,]=';

\c :origin
DROP DATABASE cdp_segment_members;
DROP ROLE regress_cdp_owner, regress_cdp_steward, regress_cdp_analyst, regress_cdp_stranger;
