-- What roles do by hand: rights that are taken away, definitions and rows that are written, views that are dropped.
\set VERBOSITY terse
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_by_hand ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_by_hand
SET client_min_messages = warning;
CREATE EXTENSION cdp;
CREATE ROLE regress_hand_ann;
CREATE ROLE regress_hand_bob;
SELECT cdp.init();
SELECT cdp.grant_access('regress_hand_ann', 'steward'), cdp.grant_access('regress_hand_bob', 'steward');
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u' || i, jsonb_build_object('n', i) FROM generate_series(1, 9) i;
SELECT accepted FROM cdp.refresh();
CREATE FUNCTION pg_temp.touch() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u' || i, '{"touched": true}' FROM generate_series(1, 9) i;
	RETURN (SELECT accepted FROM cdp.refresh());
END $$;

SET ROLE regress_hand_ann;
SELECT cdp.create_segment('large', $$ cdp.try_integer(traits -> 'n') > 6 $$);
RESET ROLE;
SET ROLE regress_hand_bob;
SELECT cdp.create_segment('same', $$ cdp.in_segment('large') $$);
SELECT cdp.create_segment('written', 'events > 100');
RESET ROLE;

-- who uses a segment must be allowed to read it, also later, and in a definition that was written by hand
SET ROLE regress_hand_ann;
REVOKE SELECT ON cdp_segment.large FROM regress_hand_bob;
SET ROLE regress_hand_bob;
CREATE OR REPLACE VIEW cdp_condition.written AS SELECT profile_id, cdp_internal.in_segment(1) AS holds FROM cdp.profile_row;
RESET ROLE;
SELECT pg_temp.touch();
SELECT name, members, state, error FROM cdp.segment ORDER BY 1;
SELECT (SELECT count(*) FROM cdp.members('same')) AS same, (SELECT count(*) FROM cdp.members('written')) AS written;
SELECT part, "values", holds FROM cdp.why('written', 'user_id:u8');
SET ROLE regress_hand_ann;
GRANT SELECT ON cdp_segment.large TO regress_hand_bob;
RESET ROLE;
SELECT pg_temp.touch();
SELECT name, members, state, error FROM cdp.segment ORDER BY 1;

-- without its view a segment cannot be read, fails until it is made again, and is then exact
SET ROLE regress_hand_ann;
DROP VIEW cdp_segment.large;
RESET ROLE;
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'u1', '{"n": 10}');
SELECT accepted FROM cdp.refresh();
SELECT name, members, state, error FROM cdp.segment WHERE name = 'large';
SELECT count(*) FROM cdp.verify();
SET ROLE regress_hand_ann;
SELECT cdp_internal.make_segment_view('large', false), cdp_internal.segment_share('large');
RESET ROLE;
SELECT accepted FROM cdp.refresh();
SELECT name, members, state, error FROM cdp.segment ORDER BY 1;
SELECT (SELECT count(*) FROM cdp.members('large')) AS large, (SELECT count(*) FROM cdp.members('same')) AS same;

-- rows that are written by hand stop neither refreshes nor definitions
SET ROLE regress_hand_bob;
INSERT INTO cdp.segment (name, segment_id, condition, depends_on) VALUES ('nothing', 98, 'x', '{NULL}');
INSERT INTO cdp.segment (name, segment_id, condition) VALUES ('nothing', 0, 'x');
INSERT INTO cdp.segment (name, segment_id, condition, level) VALUES ('nothing', 98, 'x', 2147483647);
INSERT INTO cdp.segment (name, segment_id, condition, depends_on, level) VALUES ('egg', 98, 'x', '{99}', 1000000), ('hen', 99, 'x', '{98, 97}', 0);
SELECT cdp.create_segment('over', 'events > 100');
RESET ROLE;
SELECT pg_temp.touch();
SELECT name, members, state, error FROM cdp.segment WHERE name IN ('egg', 'hen', 'over') ORDER BY 1;
SELECT count(*) FROM cdp.membership WHERE segment = 'large';
SET ROLE regress_hand_bob;
SELECT cdp.drop_segment('over');
DELETE FROM cdp.segment WHERE name IN ('egg', 'hen');
RESET ROLE;
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.verify();

-- what a steward writes of the type of another's trait is neither run nor believed: the definition says it
SET ROLE regress_hand_ann;
SELECT cdp.create_trait('size', 'events') > 0 AS made;
SET ROLE regress_hand_bob;
UPDATE cdp.segment SET value_type = 'text AS value, now() AS since FROM (SELECT pg_notify(''taken'', current_user)) n --' WHERE name = 'size';
SET ROLE regress_hand_ann;
SELECT cdp.rename_segment('size', 'number');
RESET ROLE;
SELECT format_type(a.atttypid, NULL) AS type, pg_get_viewdef(a.attrelid) LIKE '%pg_notify%' AS is_taken FROM pg_attribute a WHERE a.attrelid = 'cdp_segment.number'::regclass AND a.attname = 'value';
SELECT pg_temp.touch();
SELECT DISTINCT jsonb_typeof(value) FROM cdp.change WHERE trait = 'number';
SET ROLE regress_hand_bob;
UPDATE cdp.segment SET value_type = 'bigint' WHERE name = 'number';
RESET ROLE;

-- readers do not judge by a segment that fails as a whole
CREATE FUNCTION public.called(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'called'; RETURN true; END $$;
SET client_min_messages = error;
SELECT cdp.create_segment('noted', 'public.called(profile_id)') = (SELECT count(*) FROM cdp.profiles) AS "all";
UPDATE cdp_data.membership SET horizon = (SELECT as_of FROM cdp_data.state);
SET client_min_messages = notice;
SELECT cdp.is_member('noted', (SELECT min(profile_id) FROM cdp.profiles)) AS is_in;
UPDATE cdp_data.segment SET state = 'failing', error = 'XX000: made so', failing_since = now() WHERE name = 'noted';
SELECT cdp.is_member('noted', (SELECT min(profile_id) FROM cdp.profiles)) AS is_in;
SELECT count(*) = (SELECT count(*) FROM cdp.profiles) AS "all" FROM cdp.members('noted');
\c :origin
DROP DATABASE cdp_segment_by_hand;
DROP ROLE regress_hand_ann, regress_hand_bob;
