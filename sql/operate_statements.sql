-- SQL in strings is parsed, whether or not a test reaches it: PL/pgSQL parses a statement that it does not run.  A string is
-- a statement, an expression, or what stands after FROM, or after FROM a.  What format() puts in is tried as a name, a query, and so on.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.parses(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('DO $do$ BEGIN IF false THEN %s; END IF; END $do$', statement);
	RETURN true;
EXCEPTION WHEN syntax_error THEN
	RETURN false;
END $$;

-- each place of %s as each of the fillings; all others as a name or a string
CREATE FUNCTION pg_temp.fills(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	place text := substring(statement FROM '%(?:[0-9]+\$)?s');
	filling text;
BEGIN
	IF place IS NULL THEN
		RETURN NEXT replace(regexp_replace(regexp_replace(statement, '%(?:[0-9]+\$)?I', 'x', 'g'), '%(?:[0-9]+\$)?L', '''x''', 'g'), '%%', '%');
		RETURN;
	END IF;
	FOREACH filling IN ARRAY CASE WHEN statement ~ 'CREATE .*TRIGGER' THEN '{INSERT,x,"",ROW}' WHEN statement ~ 'CREATE POLICY' THEN '{x,SELECT}' ELSE '{x,SELECT 1,1,"",true,SCHEMA x,CREATE}' END::text[] LOOP
		-- a place with a number stands for one thing
		RETURN QUERY SELECT pg_temp.fills(CASE WHEN place = '%s' THEN regexp_replace(statement, '%s', filling) ELSE replace(statement, place, filling) END);
	END LOOP;
END $$;

CREATE TEMP TABLE written AS
	SELECT p.oid::regprocedure::text AS function, m.found[1] AS statement
	FROM pg_proc p CROSS JOIN LATERAL (
		SELECT regexp_matches(p.prosrc, '\$sql\$(.*?)\$sql\$', 'g') AS found
		UNION ALL
		SELECT ARRAY[replace(f.found[1], '''''', '''')] FROM regexp_matches(p.prosrc, 'EXECUTE format\(''((?:[^'']|'''')*)''', 'g') AS f (found)) m
	WHERE p.pronamespace IN ('cdp'::regnamespace, 'cdp_internal'::regnamespace);
SELECT count(*) > 30 AS enough FROM written;
SELECT function, statement FROM written w WHERE NOT EXISTS (SELECT FROM pg_temp.fills(w.statement) f (statement) WHERE pg_temp.parses(f.statement)
	OR pg_temp.parses('SELECT ' || f.statement) OR pg_temp.parses('SELECT FROM ' || f.statement)
	OR pg_temp.parses('SELECT FROM a ' || f.statement));
-- and it would show
SELECT pg_temp.parses('SELECT a FROM b WHERE'), pg_temp.parses('SELEC 1'), pg_temp.parses('DELETE FROM b USING c WHERE c.d = $1');
