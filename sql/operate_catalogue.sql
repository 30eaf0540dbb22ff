-- The catalogue of tables says what is there: every table, its key, its columns; so a new table cannot be forgotten.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_catalogue ENCODING 'UTF8' TEMPLATE template0;
\c cdp_catalogue
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();

CREATE VIEW public.found AS
	SELECT c.oid, c.relname::text AS name, coalesce((
		SELECT array_agg(a.attname::text ORDER BY k.place)
		FROM pg_index x CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
		JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum WHERE x.indrelid = c.oid AND x.indisprimary), '{}') AS keys
	FROM pg_class c WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition;
-- the same tables, with the same keys
SELECT name, f.keys AS found, c.keys AS catalogued FROM public.found f FULL JOIN cdp_internal.catalogue() c USING (name)
WHERE f.keys IS DISTINCT FROM c.keys ORDER BY name COLLATE "C";
-- what a cluster distributes a table by is a column of its key, if it has one
SELECT c.name FROM cdp_internal.catalogue() c
WHERE c.keys <> '{}' AND c.distributed_by <> ALL (c.keys) AND c.distributed_by NOT IN ('reference', 'local') ORDER BY c.name COLLATE "C";
-- columns of personal data are there, have a known category and no statistics; where a person stands, erasure goes
SELECT c.name, p.key, p.value FROM cdp_internal.catalogue() c CROSS JOIN LATERAL jsonb_each_text(c.personal) p
LEFT JOIN public.found f USING (name) LEFT JOIN pg_attribute a ON a.attrelid = f.oid AND a.attname = p.key
WHERE a.attname IS NULL OR coalesce(a.attstattarget, -1) <> 0 OR p.value NOT IN ('identifier', 'trait', 'behavior', 'account', 'raw')
ORDER BY c.name COLLATE "C", p.key COLLATE "C";
-- columns of the types that hold what is known of a person are personal
SELECT f.name, a.attname FROM public.found f JOIN pg_attribute a ON a.attrelid = f.oid JOIN cdp_internal.catalogue() c USING (name)
WHERE a.attnum > 0 AND a.atttypid = ANY ('{cdp.identifier,cdp.traits,cdp.timeline}'::regtype[]) AND NOT c.personal ? a.attname
ORDER BY f.name COLLATE "C", a.attname;
-- columns that can hold what a source has sent are personal, but for those listed: names that a role has given, or that are
-- checked; counts; and the names of events, of which the planner has statistics
SELECT c.name, a.attname FROM cdp_internal.catalogue() c JOIN public.found f USING (name) JOIN pg_attribute a ON a.attrelid = f.oid
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = ANY ('{text,text[],json,jsonb,bytea}'::regtype[]) AND NOT c.personal ? a.attname
	AND a.attname NOT IN ('source', 'type', 'kind', 'state', 'namespace', 'role', 'written_by', 'action')
ORDER BY c.name COLLATE "C", a.attname;
-- and it would show
CREATE TABLE cdp.another (id bigint PRIMARY KEY);
SELECT name FROM public.found f FULL JOIN cdp_internal.catalogue() c USING (name) WHERE f.keys IS DISTINCT FROM c.keys;

\c :origin
DROP DATABASE cdp_catalogue;
