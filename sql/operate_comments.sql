-- What people see has a comment: every column of every table and view, and every function that cdp.init() makes.
-- What is internal is not open to everybody, unless it is a part of a type, an aggregate or an expression.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_comments ENCODING 'UTF8' TEMPLATE template0;
\c cdp_comments
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();

SELECT c.oid::regclass AS relation, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
ORDER BY c.relname, a.attnum;
SELECT c.oid::regclass AS relation FROM pg_class c
WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') IS NULL ORDER BY c.relname;
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY p.proname;
-- a comment says something
SELECT c.oid::regclass AS relation, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND a.attnum > 0 AND col_description(c.oid, a.attnum) !~ '[a-z].*(\.|…)$' ORDER BY c.relname, a.attnum;
-- internal functions that read or write are no one's business, but for those that tell a role what it sees itself
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND obj_description(p.oid, 'pg_proc') LIKE 'Internal:%'
AND p.provolatile <> 'i' AND p.prorettype <> ALL ('{cdp.identifier, cdp.timeline, cdp.traits}'::regtype[]) AND has_function_privilege('public', p.oid, 'EXECUTE') AND p.proname !~ '^sees_' ORDER BY p.proname;

\c :origin
DROP DATABASE cdp_comments;
