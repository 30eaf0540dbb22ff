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
-- columns of another type than resolving reads
CREATE FUNCTION pg_temp.resolve(identifier text, a text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp_internal.batch_begin(1, now(), '{}', '{}');
	PERFORM cdp_internal.batch_stage('batch_identifier_changed', format('SELECT 1::bigint AS identifier_id, 1::bigint AS profile_id, %s AS identifier, true AS present, false AS shared, false AS forbidden', identifier));
	PERFORM cdp_internal.batch_stage('batch_evidence_changed', format('SELECT %s AS a, 2::bigint AS b, false AS refused, 1 AS before_trust, now() AS before_at, 1 AS now_trust, now() AS now_at WHERE %L <> ''1::bigint''', a, a));
	PERFORM cdp_internal.batch_stage('batch_forbid_changed', 'SELECT 1::bigint AS a, 2::bigint AS b, true AS in_force WHERE false');
	PERFORM cdp_internal.batch_stage('batch_sharing_changed', 'SELECT 1::bigint AS identifier_id, true AS verdict, ''{}''::jsonb AS counts WHERE false');
	PERFORM cdp_internal.batch_stage('batch_retry', 'SELECT 1::bigint AS a, 2::bigint AS b, 1 AS trust, now() AS first_at WHERE false');
	PERFORM cdp_internal.batch_stage('batch_check', 'SELECT 1::bigint AS profile_id WHERE false');
	RETURN (SELECT count(*) FROM cdp_internal.restitch_resolve());
END $$;
SELECT pg_temp.resolve('1', '1::bigint');
SELECT pg_temp.resolve('NULL::text', '1::bigint');
SELECT pg_temp.resolve('''user_id:u''::cdp.identifier', '''x''::text');
\c :origin
DROP DATABASE cdp_util_batch_misuse;
