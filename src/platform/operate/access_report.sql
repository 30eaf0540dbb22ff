-- Who can reach what of people, and by which ways around the purposes.

-- The tables and views of cdp that hold people, and what stands on them.
CREATE FUNCTION cdp_internal.reached_relations() RETURNS TABLE (relation oid)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		WITH RECURSIVE reached (relation) AS (
			SELECT p.relid::oid
			FROM cdp_internal.secured_tables() t
			CROSS JOIN LATERAL pg_partition_tree(t.relation::regclass) p
			UNION
			SELECT t.relation::regclass::oid FROM cdp_internal.secured_tables() t
			UNION
			SELECT c.oid
			FROM pg_class c
			WHERE c.relnamespace = to_regnamespace('cdp_segment') AND c.relkind IN ('v', 'm')
			UNION
			SELECT w.ev_class
			FROM reached r
			JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.relation
				AND d.classid = 'pg_rewrite'::regclass
			JOIN pg_rewrite w ON w.oid = d.objid)
		SELECT r.relation FROM reached r;
END
$function$;
COMMENT ON FUNCTION cdp_internal.reached_relations() IS
	'Internal: returns the tables with people, their partitions, and all views and materialised views that read them.';

CREATE FUNCTION cdp_internal.reach_of_roles() RETURNS TABLE (role name, reach text, object text, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	owner oid := (SELECT c.relowner FROM pg_class c WHERE c.oid = 'cdp_data.state'::regclass);
BEGIN
	RETURN QUERY
		SELECT r.rolname, CASE WHEN g.kind = 'writer' THEN 'writes' WHEN b.role IS NULL THEN 'all people'
				ELSE 'purpose' END,
			   CASE WHEN b.role IS NULL THEN g.kind ELSE coalesce(p.name, 'purpose ' || b.purpose_id) END,
			   CASE WHEN b.identifiers THEN 'all that is known of those who may be used for it now'
				WHEN b.role IS NOT NULL THEN format('without identifiers; traits: %s',
					coalesce(nullif(array_to_string(b.traits, ', '), ''), 'none')) END
		FROM (SELECT DISTINCT a.kind, a.role FROM cdp_internal.access_grants() a) g
		JOIN pg_roles r ON r.oid = g.role
		LEFT JOIN cdp_data.purpose_role b ON b.role = r.rolname AND g.kind <> 'writer'
		LEFT JOIN cdp_data.purpose p ON p.purpose_id = b.purpose_id
		UNION ALL
		SELECT r.rolname, 'all people', NULL, CASE WHEN r.oid = owner THEN 'owns the tables'
				WHEN r.rolsuper THEN 'superuser'
				ELSE 'BYPASSRLS, on all that it has the right to read' END
		FROM pg_roles r
		WHERE r.oid = owner OR r.rolsuper OR r.rolbypassrls
		UNION ALL
		SELECT r.rolname, 'way around', NULL, w.detail
		FROM pg_roles r
		CROSS JOIN LATERAL (VALUES
			(r.rolreplication, 'REPLICATION: it can copy the whole cluster, or stream what is written'),
			(r.rolcreaterole, 'CREATEROLE: it can make itself a member of other roles')) AS w (holds, detail)
		WHERE w.holds AND NOT r.rolsuper
		UNION ALL
		-- a member sees what the role does, and a bound one then more than its purpose
		SELECT r.rolname, 'member', m.rolname::text, CASE
			WHEN m.rolname LIKE 'pg\_%' THEN 'reads or writes without a grant; of tables row security holds'
			WHEN b.role IS NOT NULL THEN 'is bound to a purpose, and sees what this role does besides' END
		FROM pg_roles m
		JOIN pg_roles r ON pg_has_role(r.oid, m.oid, 'MEMBER') AND r.oid <> m.oid AND NOT r.rolsuper
		LEFT JOIN cdp_data.purpose_role b ON b.role = r.rolname
		WHERE m.oid = owner OR m.rolname = ANY (cdp_internal.unbound_roles())
			OR EXISTS (SELECT FROM cdp_data.purpose_role o WHERE o.role = m.rolname)
			OR m.rolbypassrls OR m.rolsuper
			OR m.rolname = ANY ('{pg_read_all_data,pg_write_all_data,pg_read_server_files,pg_write_server_files,'
				'pg_execute_server_program}') AND r.rolname !~ '^pg_';
END
$function$;
COMMENT ON FUNCTION cdp_internal.reach_of_roles() IS 'Internal: the rows of cdp.access_report() about roles.';

CREATE FUNCTION cdp_internal.reach_of_objects() RETURNS TABLE (role name, reach text, object text, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH reached AS MATERIALIZED (
			SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name,
				CASE WHEN n.nspname IN ('cdp_segment', 'cdp_condition')
					THEN EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = c.relname)
					ELSE n.nspname IN ('cdp', 'cdp_data') END AS is_own
			FROM cdp_internal.reached_relations() o
			JOIN pg_class c ON c.oid = o.relation
			JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relpersistence <> 't')
		-- a view over views of cdp that have the rights of their reader shows each reader its own part
		SELECT pg_get_userbyid(c.relowner), 'way around', c.name, CASE c.relkind
			WHEN 'm' THEN 'materialised view: all roles that may read it see what its owner saw'
			ELSE 'view with the rights of its owner on the tables that it reads itself' END
		FROM reached c
		WHERE NOT c.is_own AND (c.relkind = 'm' OR c.relkind = 'v'
			AND NOT coalesce((
				SELECT o.option_value::boolean
				FROM pg_options_to_table(c.reloptions) o
				WHERE o.option_name = 'security_invoker'), false)
			AND EXISTS (
				SELECT
				FROM pg_rewrite w
				JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
					AND d.refclassid = 'pg_class'::regclass
				JOIN reached t ON t.oid = d.refobjid
				WHERE w.ev_class = c.oid AND (t.relkind IN ('r', 'p', 'm') OR t.name IN ('cdp_data.judged_row',
					'cdp_data.judged_account', 'cdp_data.account_people', 'cdp_data.account_identifier')))
			-- these ask for the rights of their reader by themselves
			AND NOT EXISTS (
				SELECT FROM cdp_data.profile_view v WHERE format('%I.%I', v.schema_name, v.view_name) = c.name))
		UNION ALL
		SELECT pg_get_userbyid(p.proowner), 'way around', p.oid::regprocedure::text,
			   'SECURITY DEFINER: all roles that may call it have the rights of its owner in it, and it names cdp'
		FROM pg_proc p
		JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE p.prosecdef AND n.nspname NOT IN ('cdp', 'cdp_internal', 'cdp_data', 'pg_catalog', 'information_schema')
			-- its body, or its search_path; of a body that is parsed already, what it depends on
			AND (concat_ws(' ', p.prosrc, p.proconfig::text) ~* '\mcdp(_data|_segment|_condition)?\M' OR EXISTS (
				SELECT
				FROM pg_depend d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND (
					d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT t.oid FROM reached t)
					OR d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (
						SELECT f.oid
						FROM pg_proc f
						WHERE f.pronamespace::regnamespace::text = ANY ('{cdp,cdp_internal,cdp_data}')))))
		UNION ALL
		SELECT r.rolname, 'granted', c.name, format('%s, given besides cdp.grant_access()',
				string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type))
		FROM reached c
		CROSS JOIN LATERAL (
			SELECT x.grantee, x.privilege_type FROM aclexplode(c.relacl) x
			UNION
			SELECT x.grantee, x.privilege_type FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) x
			WHERE t.attrelid = c.oid) a
		LEFT JOIN pg_roles r ON r.oid = a.grantee
		WHERE a.grantee <> c.relowner AND a.privilege_type IN ('SELECT', 'TRIGGER')
			AND coalesce(r.rolname <> ALL (cdp_internal.unbound_roles()), true)
			AND NOT (c.is_own AND EXISTS (SELECT FROM cdp_data.purpose_role b WHERE b.role = r.rolname))
		GROUP BY r.rolname, c.name
		UNION ALL
		SELECT NULL, 'way around', p.pubname::text, 'publication: subscribers get what it publishes of ' || c.name
		FROM pg_publication p
		JOIN pg_publication_tables t ON t.pubname = p.pubname
		JOIN reached c ON c.name = format('%I.%I', t.schemaname, t.tablename)
		UNION ALL
		-- of the parent alone, as add_event_month() follows it
		SELECT NULL, 'open', c.name, 'is not under row security, though roles are bound to purposes'
		FROM reached c
		WHERE c.is_own AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND cdp_internal.has_policies();
END
$function$;
COMMENT ON FUNCTION cdp_internal.reach_of_objects() IS
	'Internal: the rows of cdp.access_report() about views, functions and grants.';

CREATE FUNCTION cdp.access_report() RETURNS TABLE (role name, reach text, object text, detail text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 40
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY
		SELECT f.*
		FROM (
			SELECT * FROM cdp_internal.reach_of_roles()
			UNION ALL
			SELECT * FROM cdp_internal.reach_of_objects()) f
		ORDER BY array_position('{open,way around,all people,purpose,member,granted,writes}', f.reach),
			f.role COLLATE "C", f.object COLLATE "C", f.detail COLLATE "C";
END
$function$;
COMMENT ON FUNCTION cdp.access_report() IS
$comment$Returns who can reach what is known of people, worst first: role, reach, object, detail.
reach: open: a table that is not under row security though roles are bound to purposes; way around: views with the
rights of their owner, materialised views, SECURITY DEFINER functions, publications, and roles with REPLICATION or
CREATEROLE, by which people can be read whatever purposes say (role: the owner; NULL: it has none); all people:
superusers, the owner of the tables, roles with BYPASSRLS, analysts and stewards (object: the kind of access); purpose:
roles that are bound to a purpose (object: the purpose); member: roles that can act as one of these, or as a role of the
server that reads all data or files (object: that role); granted: SELECT or TRIGGER on a table or view with people that
was given to a role without such access, or outside of the schemas of cdp (role NULL: to all); writes: writers.
It reads the catalogs of this database. What it cannot see: backups, replicas and copies; and the definitions of views,
which all roles can read, so write no identifiers into the conditions of segments.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.reached_relations(), cdp_internal.reach_of_roles(),
	cdp_internal.reach_of_objects(), cdp.access_report() FROM PUBLIC;
