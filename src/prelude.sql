\echo Use "CREATE EXTENSION cdp" to load this file. \quit

-- A role that owns the schema, or created a function or operator in it before, could run code as the superuser who
-- installs and uses the extension.  So the owner of the schema must be a superuser, the installing role or the owner
-- of the database, and the schema must hold only what cdp.init() made and DROP EXTENSION left.
DO $check$
DECLARE
	path text := pg_catalog.current_setting('search_path');
	-- filled in by make
	made_by_init name[] := '{@MADE_BY_INIT@}';
	owner_name name;
	owners oid[];
	restoring boolean;
	makers text;
	foreign_object text;
BEGIN
	-- the search_path of the script contains the schema
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	owners := ARRAY(SELECT r.oid FROM pg_roles r
					WHERE r.rolsuper OR r.rolname IN (current_user, 'pg_database_owner')
						OR r.oid = (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()));
	-- a dump sets the owner of the schema before it creates the extension; every dump has this setting and statement
	restoring := NOT current_setting('row_security')::boolean
		AND current_query() LIKE '%CREATE EXTENSION IF NOT EXISTS cdp WITH SCHEMA cdp;%';
	SELECT pg_get_userbyid(n.nspowner) INTO owner_name
	FROM pg_namespace n WHERE n.nspname = 'cdp' AND n.nspowner <> ALL (owners);
	IF FOUND AND NOT restoring THEN
		RAISE EXCEPTION 'schema cdp belongs to role "%"', owner_name USING ERRCODE = 'invalid_schema_definition',
			DETAIL = 'The owner of the schema could run code as any user of the extension, superusers included.',
			HINT = 'Drop the schema: CREATE EXTENSION creates one. '
				'Or create one that belongs to a superuser or to the owner of the database.';
	ELSIF FOUND THEN
		RAISE WARNING 'schema cdp belongs to role "%", as the dump that is being restored says', owner_name
			USING DETAIL = 'The owner of the schema can run code as any user of the extension.';
	END IF;
	-- only a warning: the owner of the schema may have granted this on purpose
	SELECT string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ') INTO makers
	FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a
	WHERE n.nspname = 'cdp' AND a.privilege_type = 'CREATE' AND a.grantee <> ALL (owners) AND a.grantee <> n.nspowner;
	IF makers IS NOT NULL THEN
		RAISE WARNING 'others may create objects in schema cdp: %', makers
			USING DETAIL = 'They can run code as any user of the extension.',
			HINT = format('REVOKE CREATE ON SCHEMA cdp FROM %s.', makers);
	END IF;
	-- every object in a schema depends on it
	SELECT pg_describe_object(d.classid, d.objid, 0) INTO foreign_object
	FROM pg_depend d
	LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
	WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'cdp'::regnamespace
		-- except default privileges and publications, which cannot be called
		AND d.classid <> 'pg_default_acl'::regclass
		AND d.classid IS DISTINCT FROM to_regclass('pg_publication_namespace')
		AND NOT coalesce(c.relowner = ANY (owners) AND c.relkind IN ('r', 'v')
				AND c.relname = ANY (made_by_init), false)
		AND NOT (d.classid = 'pg_extension'::regclass
				AND d.objid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'cdp'))
	ORDER BY d.classid, d.objid LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'schema cdp holds an object that is not part of cdp: %', foreign_object
			USING ERRCODE = 'invalid_schema_definition',
			DETAIL = 'The extension could call it in place of its own. '
				'Only what cdp.init() made may be there, owned by a superuser or the owner of the database.',
			HINT = 'Drop it, move it into another schema, or, if cdp.init() made it, give it to one of these owners.';
	END IF;
	PERFORM pg_catalog.set_config('search_path', path, true);
END
$check$;

COMMENT ON SCHEMA cdp IS 'Customer data platform: types, functions and views, and the inboxes.';

-- PUBLIC may execute what operators, casts, aggregates and types need
CREATE SCHEMA cdp_internal;
COMMENT ON SCHEMA cdp_internal IS 'Helper functions of the extension cdp. Nothing here is meant to be called.';

