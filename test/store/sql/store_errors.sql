-- What is wrong raises the same error in both forms, and leaves nothing behind.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_errors;
SET search_path = store_errors;
CREATE TABLE form (form text, tab text);
INSERT INTO form VALUES ('direct', 'store_errors.by_direct'), ('sql', 'store_errors.by_sql');
CREATE TABLE by_direct (id bigint PRIMARY KEY, u text COLLATE "C" UNIQUE, n integer NOT NULL CHECK (n > 0), e integer,
	CHECK (e < n));
CREATE TABLE by_sql (LIKE by_direct INCLUDING ALL);
INSERT INTO by_direct VALUES (1, 'a', 1, 0), (2, 'b', 2, 0);
INSERT INTO by_sql TABLE by_direct;

-- the error of a call by each form
CREATE FUNCTION try(call text) RETURNS TABLE (form text, reason text, state text, message text, detail text, hint text)
	LANGUAGE plpgsql AS $$
DECLARE
	f form;
BEGIN
	FOR f IN TABLE form ORDER BY form LOOP
		form := f.form;
		reason := store_test.reason(f.tab);
		state := NULL; message := NULL; detail := NULL; hint := NULL;
		BEGIN
			EXECUTE 'SELECT store_test.' || format(call, f.form, f.tab);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
				hint = PG_EXCEPTION_HINT;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
\pset format unaligned
\pset tuples_only on
-- keys that are there, in the batch twice, or that an update or upsert makes
SELECT * FROM try($$insert(%L, %L, '{id,n}', '{3,2}'::bigint[], '{1,1}'::integer[])$$);
SELECT * FROM try($$insert(%L, %L, '{id,n}', '{3,4,3}'::bigint[], '{1,1,1}'::integer[])$$);
SELECT * FROM try($$insert(%L, %L, '{id,u,n}', '{3,4}'::bigint[], '{c,a}'::text[], '{1,1}'::integer[])$$);
SELECT * FROM try($$update(%L, %L, '{id}', '{u}', '{1}'::bigint[], '{b}'::text[])$$);
SELECT * FROM try($$upsert(%L, %L, '{id}', '{u,n}', '{1,7}'::bigint[], '{x,b}'::text[], '{1,1}'::integer[])$$);
-- constraints
SELECT * FROM try($$insert(%L, %L, '{id,n}', '{3,4}'::bigint[], '{1,NULL}'::integer[])$$);
SELECT * FROM try($$insert(%L, %L, '{id}', '{3,4}'::bigint[])$$);
SELECT * FROM try($$insert(%L, %L, '{id,n}', '{3,4}'::bigint[], '{1,0}'::integer[])$$);
SELECT * FROM try($$insert(%L, %L, '{id,n,e}', '{3,4}'::bigint[], '{1,1}'::integer[], '{0,1}'::integer[])$$);
SELECT * FROM try($$update(%L, %L, '{id}', '{n}', '{2,1}'::bigint[], '{3,-1}'::integer[])$$);
SELECT * FROM try($$update(%L, %L, '{id}', '{n}', '{2,1}'::bigint[], '{3,NULL}'::integer[])$$);
-- keys that are given twice
SELECT * FROM try($$update(%L, %L, '{id}', '{n}', '{2,1,2}'::bigint[], '{3,4,5}'::integer[])$$);
SELECT * FROM try($$upsert(%L, %L, '{id}', '{n}', '{8,9,8}'::bigint[], '{3,4,5}'::integer[])$$);
-- keys that no index serves
SELECT * FROM try($$count(%L, %L, '{e}', '{n}', '{1}'::integer[])$$);
SELECT * FROM try($$count(%L, %L, '{id,u}', '{n}', '{1}'::bigint[], '{a}'::text[])$$);
SELECT * FROM try($$update(%L, %L, '{n}', '{e}', '{1}'::integer[], '{1}'::integer[])$$);
SELECT * FROM try($$delete(%L, %L, '{e}', '{1}'::integer[])$$);
-- names
SELECT * FROM try($$insert(%L, %L, '{id,m}', '{3}'::bigint[], '{1}'::integer[])$$);
SELECT * FROM try($$insert(%L, %L || 'x', '{id}', '{3}'::bigint[])$$);
SELECT * FROM try($$insert(%L, replace(%L, 'errors', 'error'), '{id}', '{3}'::bigint[])$$);
CREATE VIEW shown AS TABLE by_direct;
SELECT * FROM try($$insert(%L, regexp_replace(%L, 'by_.*', 'shown'), '{id}', '{3}'::bigint[])$$);
-- values too large for an index
SELECT form, state, message FROM try($$insert(%L, %L, '{id,u,n}', '{3}'::bigint[],
	ARRAY[(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 500) i)], '{1}'::integer[])$$);
-- nothing of all this is left, and the settings are as they were
TABLE by_direct ORDER BY id;
TABLE by_sql ORDER BY id;
SELECT name, setting FROM pg_settings WHERE source = 'session' AND (name LIKE 'enable%' OR name = 'jit');
SET enable_seqscan = off;
SELECT count(*), sum(id) FROM by_direct WHERE u IN ('a', 'b', 'c', 'x');
SELECT count(*), sum(id) FROM by_direct WHERE id < 100;
RESET enable_seqscan;
-- nulls in keys
SELECT * FROM try($$insert(%L, %L, '{id,u,n}', '{3,4}'::bigint[], '{NULL,NULL}'::text[], '{1,1}'::integer[])$$);
SELECT * FROM try($$upsert(%L, %L, '{u}', '{id,n}', '{NULL,NULL}'::text[], '{5,6}'::bigint[], '{1,1}'::integer[])$$);
SELECT * FROM try($$update(%L, %L, '{u}', '{n}', '{NULL,NULL}'::text[], '{1,1}'::integer[])$$);
SELECT * FROM try($$delete(%L, %L, '{u}', '{NULL,NULL}'::text[])$$);
TABLE by_direct ORDER BY id;
TABLE by_sql ORDER BY id;
-- transactions that only read
BEGIN READ ONLY;
SELECT form, state, message FROM try($$insert(%L, %L, '{id,n}', '{9}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$update(%L, %L, '{id}', '{n}', '{1}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$upsert(%L, %L, '{id}', '{n}', '{1}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$delete(%L, %L, '{id}', '{1}'::bigint[])$$);
SELECT form, state, message FROM try($$count(%L, %L, '{id}', '{n}', '{1}'::bigint[])$$);
COMMIT;

-- rights: of a bare role, of one that may only look, of one that may only see a column
CREATE ROLE regress_store_bare;
CREATE ROLE regress_store_reader;
GRANT USAGE ON SCHEMA store_test TO regress_store_bare, regress_store_reader;
GRANT USAGE ON SCHEMA store_errors TO regress_store_reader;
GRANT SELECT ON form TO regress_store_reader;
GRANT SELECT (id, n), UPDATE (n) ON by_direct, by_sql TO regress_store_reader;
SET ROLE regress_store_bare;
SELECT store_test.count('direct', 'store_errors.by_direct', '{id}', '{n}', '{1}'::bigint[]);
SELECT store_test.count('sql', 'store_errors.by_sql', '{id}', '{n}', '{1}'::bigint[]);
RESET ROLE;
GRANT USAGE ON SCHEMA store_errors TO regress_store_bare;
GRANT SELECT ON form TO regress_store_bare;
SET ROLE regress_store_bare;
SELECT form, state, message FROM try($$count(%L, %L, '{id}', '{n}', '{1}'::bigint[])$$);
SELECT form, state, message FROM try($$insert(%L, %L, '{id,n}', '{9}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$update(%L, %L, '{id}', '{n}', '{1}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$upsert(%L, %L, '{id}', '{n}', '{9}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$delete(%L, %L, '{id}', '{1}'::bigint[])$$);
SET ROLE regress_store_reader;
SELECT form, state, message FROM try($$count(%L, %L, '{id}', '{n}', '{1}'::bigint[])$$);
SELECT form, state, message FROM try($$count(%L, %L, '{id}', '{e}', '{1}'::bigint[])$$);
SELECT form, state, message FROM try($$update(%L, %L, '{id}', '{n}', '{1}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$update(%L, %L, '{id}', '{e}', '{1}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$insert(%L, %L, '{id,n}', '{9}'::bigint[], '{1}'::integer[])$$);
RESET ROLE;
-- rights to insert without those to look
GRANT INSERT ON by_direct, by_sql TO regress_store_bare;
SET ROLE regress_store_bare;
SELECT form, state, message FROM try($$insert(%L, %L, '{id,n}', '{9}'::bigint[], '{1}'::integer[])$$);
SELECT form, state, message FROM try($$upsert(%L, %L, '{id}', '{n}', '{9}'::bigint[], '{1}'::integer[])$$);
RESET ROLE;
TABLE by_direct ORDER BY id;
TABLE by_sql ORDER BY id;
DROP SCHEMA store_errors CASCADE;
DROP OWNED BY regress_store_bare, regress_store_reader;
DROP ROLE regress_store_bare, regress_store_reader;
