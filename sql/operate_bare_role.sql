-- A role that was given nothing but a kind of access reads every view, and with USAGE on schema cdp alone every operator,
-- cast and aggregate of the types works: PUBLIC may execute what these need.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_bare_role ENCODING 'UTF8' TEMPLATE template0;
\c cdp_bare_role
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp.inbox (type, user_id, event, group_id, traits) VALUES ('track', 'u1', 'E', NULL, NULL), ('group', 'u1', NULL, 'g', '{"a": 1}'), ('identify', 'u1', NULL, NULL, '{"b": 2}');
SELECT taken, accepted FROM cdp.refresh();
CREATE ROLE regress_cdp_bare;
CREATE ROLE regress_cdp_reader;
SELECT cdp.grant_access('regress_cdp_reader', 'analyst');
GRANT USAGE ON SCHEMA cdp TO regress_cdp_bare;

-- as ROLE, runs a statement; what it says where it fails
CREATE FUNCTION public.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'works';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION public.sample(type oid) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format('(%L)::%s', CASE type::regtype::text
		WHEN 'cdp.identifier' THEN 'user_id:u1' WHEN 'cdp.traits' THEN '{}' WHEN 'cdp.timeline' THEN '{}' WHEN 'cdp.sequence' THEN 'a -> b'
		WHEN 'cdp.audience' THEN '{1..5}' WHEN 'bigint[]' THEN '{1}' WHEN 'cdp.funnel_mode' THEN 'strict_order' WHEN 'jsonb' THEN '{}' WHEN 'text[]' THEN '{a}' WHEN 'cdp.timeline[]' THEN '{}' WHEN 'boolean[]' THEN '{t}'
		WHEN 'interval' THEN '1 day' WHEN 'timestamp with time zone' THEN '2026-01-01' WHEN 'text' THEN 'last' WHEN 'boolean' THEN 't' WHEN 'numeric' THEN '1'
		WHEN 'bigint' THEN '1' WHEN 'integer' THEN '1' END, type::regtype) $$;

-- operators, the search path without cdp
CREATE TABLE public.tried AS
	SELECT 'operator ' || o.oid::regoperator AS what, format('SELECT %s OPERATOR(cdp.%s) %s', public.sample(o.oprleft), o.oprname, public.sample(o.oprright)) AS statement
	FROM pg_operator o WHERE o.oprnamespace = 'cdp'::regnamespace
	UNION ALL
	SELECT format('cast %s to %s', c.castsource::regtype, c.casttarget::regtype), format('SELECT %s::%s', public.sample(c.castsource), c.casttarget::regtype)
	FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
	WHERE 'cdp'::regnamespace IN (s.typnamespace, t.typnamespace) AND c.castfunc <> 0
	UNION ALL
	SELECT 'aggregate ' || p.oid::regprocedure, format('SELECT %s(%s)', p.oid::regproc, (
		SELECT string_agg(CASE WHEN p.provariadic <> 0 AND a.place = p.pronargs THEN public.sample(p.provariadic)
			WHEN p.proname = 'sequence_next' AND a.place <= 2 THEN quote_literal(('{forward,head}'::text[])[a.place])
			WHEN p.proname LIKE 'sequence\_%' AND a.place = 1 THEN '''(?1)''' ELSE public.sample(a.type) END, ', ' ORDER BY a.place)
		FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, place)))
	FROM pg_proc p WHERE p.pronamespace = 'cdp'::regnamespace AND p.prokind = 'a'
	UNION ALL
	SELECT 'index on ' || t.oid::regtype, format('CREATE TEMP TABLE made (v %1$s PRIMARY KEY, w %1$s); INSERT INTO made VALUES (%2$s, %2$s); ANALYZE made;
		SELECT * FROM made a JOIN made b ON a.v OPERATOR(cdp.=) b.w; DROP TABLE made', t.oid::regtype, public.sample(t.oid))
	FROM pg_type t WHERE t.typnamespace = 'cdp'::regnamespace AND t.typname = 'identifier'
	UNION ALL
	SELECT 'index on traits', $$CREATE TEMP TABLE made (v cdp.traits); CREATE INDEX ON made USING gin (v); INSERT INTO made VALUES ('{}'); SET LOCAL enable_seqscan = off;
		SELECT * FROM made WHERE v OPERATOR(cdp.?) 'a'; DROP TABLE made$$;
GRANT SELECT ON public.tried TO regress_cdp_bare;
SELECT split_part(what, ' ', 1) AS what, count(*) FROM public.tried GROUP BY 1 ORDER BY 1;
SET ROLE regress_cdp_bare;
SELECT what, public.outcome(statement) FROM public.tried WHERE public.outcome(statement) <> 'works' ORDER BY what COLLATE "C";
RESET ROLE;

-- views and tables of schema cdp: what a reader may not read
SET ROLE regress_cdp_reader;
SELECT c.relname, public.outcome('SELECT * FROM ' || c.oid::regclass) FROM pg_class c
WHERE c.relnamespace = 'cdp'::regnamespace AND c.relkind IN ('r', 'v') AND public.outcome('SELECT * FROM ' || c.oid::regclass) <> 'works'
ORDER BY c.relname;
SELECT count(*) > 20 AS views FROM pg_class c WHERE c.relnamespace = 'cdp'::regnamespace AND c.relkind = 'v';
SELECT profile_id, identifiers, traits, events FROM cdp.profiles;
RESET ROLE;

-- no two relations, functions or types of schema cdp have names that differ by an "s", but for the type and the view of identifiers
WITH named (name) AS (
	SELECT proname::text FROM pg_proc WHERE pronamespace = 'cdp'::regnamespace
	UNION SELECT relname FROM pg_class WHERE relnamespace = 'cdp'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
	UNION SELECT typname FROM pg_type WHERE typnamespace = 'cdp'::regnamespace AND typelem = 0)
SELECT a.name, b.name FROM named a JOIN named b ON b.name = a.name || 's';

\c :origin
DROP DATABASE cdp_bare_role;
DROP ROLE regress_cdp_bare, regress_cdp_reader;
