-- What code in a segment's condition cannot reach in the session of whoever judges it.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_reach ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_reach
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
CREATE ROLE regress_reach_steward;
CREATE ROLE regress_reach_other;
SELECT cdp.init();
SELECT cdp.grant_access('regress_reach_steward', 'steward');
GRANT CREATE ON SCHEMA public TO regress_reach_steward, regress_reach_other;
INSERT INTO cdp.inbox (type, user_id) SELECT 'identify', 'u' || i FROM generate_series(1, 20) i;
SELECT accepted FROM cdp.refresh();
CREATE FUNCTION public.advisory_locks() RETURNS bigint LANGUAGE sql AS
	$$ SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() $$;
CREATE PROCEDURE public.trap(body text) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_reach_steward;
	EXECUTE format('CREATE OR REPLACE FUNCTION public.f(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS %L',
		'DECLARE x boolean; r record; c refcursor; BEGIN ' || body || ' RETURN true; END');
	RESET ROLE;
END $$;
CALL public.trap('');
SET ROLE regress_reach_steward;
SELECT cdp.create_segment('trapped', 'public.f(profile_id)') AS members;
SELECT cdp.create_segment('good', 'true') AS members;
RESET ROLE;

-- the batch that a refresh has in hand
CALL public.trap('PERFORM cdp_internal.batch_end();');
INSERT INTO cdp.inbox (type, user_id) VALUES ('identify', 'u1');
SELECT accepted FROM cdp.refresh();
SELECT name, state, error FROM cdp.segment ORDER BY name;
CALL public.trap($$ PERFORM cdp_internal.batch_stage('batch_lapsed', 'SELECT 1::bigint AS profile_id'); $$);
INSERT INTO cdp.inbox (type, user_id) VALUES ('identify', 'u1');
SELECT accepted FROM cdp.refresh();
SELECT name, state, error FROM cdp.segment ORDER BY name;

-- session-level locks, through expressions that PL/pgSQL keeps for the transaction
CALL public.trap('x := pg_try_advisory_lock(42);');
BEGIN;
SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now());
SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now());
COMMIT;
SELECT public.advisory_locks();
CALL public.trap('x := pg_advisory_unlock(7);');
SET client_min_messages = error;
BEGIN;
SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now());
SELECT pg_advisory_lock(7);
SAVEPOINT s;
SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now());
ROLLBACK TO s;
SELECT count(*) FROM cdp.members('good');
COMMIT;
SELECT public.advisory_locks();
SELECT pg_advisory_unlock(7);
-- also where they were made ready outside of any condition
BEGIN;
SELECT public.f(1);
SELECT pg_advisory_lock(7);
SAVEPOINT s;
SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now());
ROLLBACK TO s;
COMMIT;
SELECT pg_advisory_unlock(7), public.advisory_locks();
SET client_min_messages = warning;

-- the caller's cursors
CREATE TABLE public.secret AS SELECT i AS pin FROM generate_series(1001, 1004) i;
CALL public.trap($$ c := 'victim'; FETCH c INTO r; RAISE EXCEPTION 'found %', r; $$);
BEGIN;
DECLARE victim SCROLL CURSOR FOR SELECT * FROM public.secret ORDER BY pin;
FETCH victim;
SELECT cdp.lookup('user_id:u1', 'segments') -> 'segments_failing' AS failing;
SAVEPOINT s;
SELECT * FROM cdp_internal.evaluate_segment('trapped', NULL, now());
ROLLBACK TO s;
FETCH victim;
COMMIT;
CALL public.trap($$ c := 'victim'; CLOSE c; $$);
BEGIN;
DECLARE victim CURSOR FOR SELECT * FROM public.secret ORDER BY pin;
SELECT cdp.lookup('user_id:u1', 'segments') -> 'segments_failing' AS failing;
FETCH victim;
COMMIT;
-- those of loops have names, too
CALL public.trap($$ FOR r IN SELECT name FROM pg_cursors LOOP
	c := r.name; BEGIN MOVE FORWARD 2 FROM c; EXCEPTION WHEN invalid_cursor_state OR object_in_use OR object_not_in_prerequisite_state THEN NULL; END; END LOOP; $$);
DO $$
DECLARE
	seen bigint[] = '{}';
	r record;
BEGIN
	FOR r IN SELECT i FROM generate_series(1, 100) i LOOP
		PERFORM cdp.lookup('user_id:u1', 'segments');
		seen := seen || r.i::bigint;
	END LOOP;
	RAISE WARNING '% of 100 rows', cardinality(seen);
END $$;

-- nor can it end the session (from PostgreSQL 17 on there is this setting, which works at once)
CALL public.trap($$ PERFORM set_config('transaction_timeout', '1ms', true), pg_sleep(0.2); $$);
SELECT cdp.lookup('user_id:u1', 'segments') -> 'segments_failing' AS failing;

-- columns that are made of what a function or XML gives: their domains' functions count as called
SET ROLE regress_reach_other;
CREATE FUNCTION public.foreign_check(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE DOMAIN public.foreign_text AS text CHECK (public.foreign_check(VALUE));
SET ROLE regress_reach_steward;
CREATE VIEW cdp_condition.by_record AS SELECT p.profile_id, true AS holds FROM cdp.profile_row p, jsonb_to_recordset('[{"a": "x"}]') AS t (a public.foreign_text);
CREATE VIEW cdp_condition.by_xml AS SELECT p.profile_id, true AS holds FROM cdp.profile_row p,
	xmltable('/a' PASSING BY VALUE (xml '<a>1</a>') COLUMNS a public.foreign_text PATH '.') t;
CREATE VIEW cdp_segment.by_record AS SELECT profile_id, since FROM cdp.members('by_record');
CREATE VIEW cdp_segment.by_xml AS SELECT profile_id, since FROM cdp.members('by_xml');
INSERT INTO cdp.segment (name, segment_id, condition) VALUES ('by_record', 1001, 'true'), ('by_xml', 1002, 'true');
RESET ROLE;
SELECT * FROM cdp_internal.evaluate_segment('by_record', NULL, now());
SELECT * FROM cdp_internal.evaluate_segment('by_xml', NULL, now());
SELECT cdp.drop_segment('by_record'), cdp.drop_segment('by_xml');

-- an owner's slow segments share the time that one may take: here a sixth of it, and the good one needs less
CALL public.trap('PERFORM pg_sleep(0.8);');
SET ROLE regress_reach_steward;
SET cdp.segment_timeout = '10ms';
SET client_min_messages = error;
SELECT cdp.create_segment('slow' || i, format('public.f(profile_id + %s)', i)) AS members FROM generate_series(1, 4) i;
UPDATE cdp.segment SET state = 'live';
RESET ROLE;
SET cdp.segment_timeout = '1s';
SELECT cdp.lookup('user_id:u1', 'segments') -> 'segments' AS segments, cdp.lookup('user_id:u1', 'segments') -> 'segments_failing' AS failing;

\c :origin
DROP DATABASE cdp_segment_reach;
DROP ROLE regress_reach_steward, regress_reach_other;
