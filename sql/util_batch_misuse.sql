-- The functions that serve a batch, called by hand.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_util_batch_misuse ENCODING 'UTF8' TEMPLATE template0;
\c cdp_util_batch_misuse
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
-- no query, or more than one
DO $$ BEGIN PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}'), cdp_internal.batch_stage('a', ''); END $$;
DO $$ BEGIN PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}'), cdp_internal.batch_stage('a', 'SELECT 1; SELECT 2'); END $$;
DO $$ BEGIN PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}'), cdp_internal.batch_stage('a', 'SET LOCAL work_mem = 64'); END $$;
-- what was kept in a subtransaction goes with it
DO $$
BEGIN
	PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}');
	BEGIN
		PERFORM cdp_internal.batch_stage('b', 'SELECT 2 AS n');
	EXCEPTION WHEN division_by_zero THEN
	END;
	BEGIN
		-- enough for a file
		PERFORM cdp_internal.batch_stage('a', 'SELECT repeat(''x'', 1000) AS v FROM generate_series(1, 100000) i');
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
	END;
	RAISE WARNING '% kept', cdp_internal.batch_value('SELECT count(*) FROM b');
	RAISE WARNING '% kept', cdp_internal.batch_value('SELECT count(*) FROM a');
END $$;
-- a statement cannot take away what it reads
DO $$
BEGIN
	PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}'), cdp_internal.batch_stage('a', 'SELECT generate_series(1, 3)::bigint AS n');
	PERFORM cdp_internal.batch_value($q$ SELECT sum(cdp_internal.batch_stage('a', 'SELECT 1::bigint AS n'))::bigint FROM a $q$);
END $$;
DO $$
BEGIN
	PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}'), cdp_internal.batch_stage('a', 'SELECT generate_series(1, 3)::bigint AS n');
	PERFORM cdp_internal.batch_run('SELECT cdp_internal.batch_end() FROM a');
END $$;
-- what a batch changes, in columns of another type, too few of them, or null
SELECT cdp.init();
CREATE FUNCTION pg_temp.change(relation text, query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}'), cdp_internal.batch_stage(relation, query);
	PERFORM cdp_internal.refresh_pass(0, 0, 0);
END $$;
SELECT pg_temp.change('batch_blocked', 'SELECT ''x''::text');
SELECT pg_temp.change('batch_unlinked', 'SELECT 1::bigint');
SELECT pg_temp.change('batch_retry', 'SELECT 1::bigint, 2::bigint, 1::bigint, now()');
SELECT pg_temp.change('batch_forbid_changed', 'SELECT 1::bigint, 2::bigint, NULL::boolean');
SELECT pg_temp.change('batch_reread', 'SELECT 1::bigint, 1::bigint, ''{1}''::integer[], ''web''::text, now(), NULL::text');
SELECT pg_temp.change('batch_reread', 'SELECT 1::bigint, 1::bigint, NULL::cdp.identifier[], ''web''::text, now(), NULL::text');
\c :origin
DROP DATABASE cdp_util_batch_misuse;
