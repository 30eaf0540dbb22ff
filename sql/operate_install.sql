-- The extension installs, owns no table, and its schema is closed to the public.
SELECT count(*) AS tables FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND c.relkind IN ('r', 'p', 'S');
SELECT has_schema_privilege('public', 'cdp', 'usage') AS open_to_public;
