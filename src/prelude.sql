\echo Use "CREATE EXTENSION cdp" to load this file. \quit

-- A role that owns the schema, or put a function or operator into it before, could have the superuser who
-- installs and uses this run code of theirs.  So the schema must be of one who may do anything here
-- already, and hold nothing but what cdp.init() made and DROP EXTENSION left.
DO $check$
DECLARE
	path text := pg_catalog.current_setting('search_path');
	-- written here by make
	made_by_init name[] := '{@MADE_BY_INIT@}';
	owner_name name;
	owners oid[];
	restoring boolean;
	makers text;
	foreign_object text;
BEGIN
	-- the script's own path has the schema in it
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	owners := ARRAY(SELECT r.oid FROM pg_roles r
					WHERE r.rolsuper OR r.rolname IN (current_user, 'pg_database_owner')
						OR r.oid = (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()));
	-- a dump gives the schema its owner before it makes the extension; known by what each dump sets and says
	restoring := NOT current_setting('row_security')::boolean
		AND current_query() LIKE '%CREATE EXTENSION IF NOT EXISTS cdp WITH SCHEMA cdp;%';
	SELECT pg_get_userbyid(n.nspowner) INTO owner_name
	FROM pg_namespace n WHERE n.nspname = 'cdp' AND n.nspowner <> ALL (owners);
	IF FOUND AND NOT restoring THEN
		RAISE EXCEPTION 'schema cdp belongs to role "%"', owner_name USING ERRCODE = 'invalid_schema_definition',
			DETAIL = 'The owner of the schema could run code as whoever uses the extension, the superuser included.',
			HINT = 'Drop the schema: CREATE EXTENSION makes one. '
				'Or make one that belongs to a superuser or to the owner of the database.';
	ELSIF FOUND THEN
		RAISE WARNING 'schema cdp belongs to role "%", as the dump that is being restored says', owner_name
			USING DETAIL = 'The owner of the schema can run code as whoever uses the extension.';
	END IF;
	-- as the owner of the schema says, who may have his reasons
	SELECT string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ') INTO makers
	FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a
	WHERE n.nspname = 'cdp' AND a.privilege_type = 'CREATE' AND a.grantee <> ALL (owners) AND a.grantee <> n.nspowner;
	IF makers IS NOT NULL THEN
		RAISE WARNING 'others may create objects in schema cdp: %', makers
			USING DETAIL = 'By these they can run code as whoever uses the extension.',
			HINT = format('REVOKE CREATE ON SCHEMA cdp FROM %s.', makers);
	END IF;
	-- everything in a schema depends on it: types, operators, whatever there is
	SELECT pg_describe_object(d.classid, d.objid, 0) INTO foreign_object
	FROM pg_depend d
	LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
	WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'cdp'::regnamespace
		-- nothing that could be called: default privileges, and that the schema is published
		AND d.classid <> 'pg_default_acl'::regclass AND d.classid IS DISTINCT FROM to_regclass('pg_publication_namespace')
		AND NOT coalesce(c.relowner = ANY (owners) AND c.relkind IN ('r', 'v')
				AND c.relname = ANY (made_by_init), false)
		AND NOT (d.classid = 'pg_extension'::regclass
				AND d.objid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'cdp'))
	ORDER BY d.classid, d.objid LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'schema cdp holds something else than cdp: %', foreign_object
			USING ERRCODE = 'invalid_schema_definition',
			DETAIL = 'It could stand in for what the extension calls. '
				'Only what cdp.init() made may be there, owned by a superuser or the owner of the database.',
			HINT = 'Drop it, move it into another schema, or if cdp.init() made it, give it to one of these.';
	END IF;
	PERFORM pg_catalog.set_config('search_path', path, true);
END
$check$;

COMMENT ON SCHEMA cdp IS 'Customer data platform: types, functions and views, and the inboxes.';

-- PUBLIC may execute what operators, casts, aggregates and types need
CREATE SCHEMA cdp_internal;
COMMENT ON SCHEMA cdp_internal IS 'Helper functions of the extension cdp. Nothing here is meant to be called.';

