-- Row security: which rows of people roles see that are bound to a purpose.
--
-- It is off until the first role is bound.  From then on each table with people shows its rows to roles by policies of
-- three kinds: cdp_all admits analysts and stewards of all people, without a condition, so that their plans are what
-- they were; cdp_purpose_<number>, on cdp_data.profile, admits the roles of a purpose to those who may be used for it;
-- and cdp_visible shows each role what hangs on a profile that it sees.  A table without that one, as each new table
-- is, shows nothing to roles that are bound.

CREATE FUNCTION cdp_internal.access_grants() RETURNS TABLE (kind text, role oid, grantor oid)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT CASE c.relname WHEN 'state' THEN 'steward' ELSE 'analyst' END, a.grantee, a.grantor
		FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
		WHERE a.grantee <> c.relowner AND ((c.oid, a.privilege_type) IN (('cdp_data.state'::regclass, 'UPDATE'),
				('cdp.profiles'::regclass, 'SELECT'))
			OR c.oid = 'cdp.people'::regclass AND a.privilege_type = 'SELECT' AND EXISTS (
				SELECT FROM cdp_data.purpose_role b JOIN pg_roles r ON r.rolname = b.role WHERE r.oid = a.grantee))
		UNION ALL
		SELECT 'writer', a.grantee, a.grantor FROM pg_attribute c CROSS JOIN LATERAL aclexplode(c.attacl) a
		WHERE c.attrelid IN ('cdp.inbox'::regclass, 'cdp.inbox_raw'::regclass);
END
$function$;
COMMENT ON FUNCTION cdp_internal.access_grants() IS
	'Internal: returns which roles have a kind of access, and who granted it: it is recognised by a right that was '
	'granted to the role itself: analyst by SELECT on cdp.profiles, or of a role that is bound to a purpose on '
	'cdp.people; steward by UPDATE on cdp_data.state; writer by INSERT into a column of an inbox. A steward has all '
	'rights of an analyst.';

CREATE FUNCTION cdp_internal.unbound_roles() RETURNS name[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT DISTINCT r.rolname
		FROM cdp_internal.access_grants() g
		JOIN pg_roles r ON r.oid = g.role
		WHERE g.kind <> 'writer' AND NOT EXISTS (SELECT FROM cdp_data.purpose_role b WHERE b.role = r.rolname)
		ORDER BY r.rolname);
END
$function$;
COMMENT ON FUNCTION cdp_internal.unbound_roles() IS
	'Internal: returns the analysts and stewards that are not bound to a purpose, who see all people.';

-- Roles are kept by their names, as a dump has them, and policies by their numbers.
CREATE FUNCTION cdp_internal.follow_renamed_roles() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	INSERT INTO cdp_data.purpose_role (role, purpose_id, identifiers)
	SELECT r.rolname, n.purpose_id, has_table_privilege(r.oid, 'cdp.profiles', 'SELECT')
	FROM generate_series(0, 62) AS n (purpose_id)
	JOIN pg_policy p ON p.polrelid = 'cdp_data.profile'::regclass AND p.polname = format('cdp_purpose_%s', n.purpose_id)
	CROSS JOIN LATERAL unnest(p.polroles) AS o (role)
	JOIN pg_roles r ON r.oid = o.role
	WHERE NOT EXISTS (SELECT FROM cdp_data.purpose_role b WHERE b.role = r.rolname);
	IF FOUND THEN
		DELETE FROM cdp_data.purpose_role b WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = b.role);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.follow_renamed_roles() IS
	'Internal: notes the present names of roles that are bound to a purpose and were renamed, without traits, so that '
	'they are not taken for analysts of all people.';

-- Not the inboxes and what triggers of writers fill: PostgreSQL refuses COPY FROM under row security.
CREATE FUNCTION cdp_internal.secured_tables() RETURNS TABLE (relation text, visible text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
	SELECT format('%I.%I', c.schemas[1], c.name), v.visible
	FROM cdp_internal.catalogue() c
	LEFT JOIN (VALUES
		('profile_identifier', 'EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = %I.profile_id)'),
		('identifier',         'cdp_internal.sees_person(%I.profile_id)'),
		('identifier_map',     'EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = %I.identifier_id)'),
		('identifier_history', 'EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = %I.identifier_id)'),
		('account_member',     'EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = %I.identifier_id)'),
		('event',              'cdp_internal.sees_identifier(%I.identifier_id)'),
		('link',               'EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = %1$I.a) '
			'AND EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = %1$I.b)'),
		('account',            'EXISTS (SELECT FROM cdp_data.account_member m WHERE m.group_id = %I.group_id)')
	) AS v (name, visible) ON v.name = c.name
	WHERE c.erase_order IS NOT NULL AND NOT c.written_by && '{writer,pull}';
END;
COMMENT ON FUNCTION cdp_internal.secured_tables() IS
	'Internal: returns the tables that are under row security once a role is bound to a purpose, and which rows roles '
	'see that are bound, as a condition to be formatted with the name of the table; NULL: none, or as the policies of '
	'purposes say.';

CREATE FUNCTION cdp_internal.set_policy(relation regclass, name name, command text, condition text, roles name[])
	RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	present record;
	listed text := (SELECT string_agg(CASE r.role WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r.role) END, ', ')
					FROM unnest(roles) AS r (role));
BEGIN
	SELECT ARRAY(
			SELECT CASE o.role WHEN 0 THEN 'public' ELSE pg_get_userbyid(o.role) END
			FROM unnest(p.polroles) AS o (role)
			ORDER BY 1) AS roles
	INTO present
	FROM pg_policy p
	WHERE p.polrelid = relation AND p.polname = set_policy.name;
	IF NOT FOUND AND listed IS NOT NULL THEN
		EXECUTE format('CREATE POLICY %I ON %s FOR %s TO %s USING (%s)', name, relation, command, listed, condition);
	ELSIF FOUND AND listed IS NULL THEN
		EXECUTE format('DROP POLICY %I ON %s', name, relation);
	ELSIF present.roles <> ARRAY(SELECT r.role FROM unnest(roles) AS r (role) ORDER BY 1) THEN
		EXECUTE format('ALTER POLICY %I ON %s TO %s', name, relation, listed);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.set_policy(regclass, name, text, text, name[]) IS
	'Internal: makes a policy of row security, changes its roles, or drops it if there are none. public: all roles.';

CREATE FUNCTION cdp_internal.has_policies() RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN EXISTS (
		SELECT FROM pg_policy p WHERE p.polrelid = 'cdp_data.identifier'::regclass AND p.polname = 'cdp_visible');
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_policies() IS
	'Internal: returns whether cdp has put its tables under row security.';

CREATE FUNCTION cdp_internal.secure_tables() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	unsecured regclass;
BEGIN
	-- the months, too, though none may read them directly
	FOR unsecured IN
		SELECT c.oid
		FROM cdp_internal.secured_tables() t
		CROSS JOIN LATERAL pg_partition_tree(t.relation::regclass) p
		JOIN pg_class c ON c.oid = p.relid
		WHERE NOT c.relrowsecurity
		UNION
		SELECT c.oid FROM cdp_internal.secured_tables() t JOIN pg_class c ON c.oid = t.relation::regclass
		WHERE NOT c.relrowsecurity
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', unsecured);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.secure_tables() IS
	'Internal: puts all tables with people under row security, with their partitions.';

-- Each condition is made of texts of this file and of numbers.
CREATE FUNCTION cdp_internal.set_policies() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	secured record;
	purpose record;
	unbound name[];
BEGIN
	-- before the tables are locked for their policies, in the order of a refresh
	PERFORM cdp_internal.refresh_lock(wait => true);
	unbound := cdp_internal.unbound_roles();
	PERFORM cdp_internal.secure_tables();
	FOR secured IN SELECT t.relation::regclass AS relation, t.visible FROM cdp_internal.secured_tables() t LOOP
		PERFORM cdp_internal.set_policy(secured.relation, 'cdp_all', 'ALL', 'true', unbound);
		IF secured.visible IS NOT NULL THEN
			PERFORM cdp_internal.set_policy(secured.relation, 'cdp_visible', 'SELECT', format(secured.visible,
				(SELECT c.relname FROM pg_class c WHERE c.oid = secured.relation)), '{public}');
		END IF;
	END LOOP;
	FOR purpose IN
		SELECT n.purpose_id, array_agg(b.role ORDER BY b.role) FILTER (WHERE r.oid IS NOT NULL) AS roles
		FROM generate_series(0, 62) AS n (purpose_id)
		LEFT JOIN cdp_data.purpose_role b ON b.purpose_id = n.purpose_id
		LEFT JOIN pg_roles r ON r.rolname = b.role
		GROUP BY n.purpose_id
	LOOP
		PERFORM cdp_internal.set_policy('cdp_data.profile', format('cdp_purpose_%s', purpose.purpose_id)::name,
			'SELECT', format('(purposes & %s::bigint) <> 0 AND purposes_until > statement_timestamp()',
				1::bigint << purpose.purpose_id), purpose.roles);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.set_policies() IS
	'Internal: puts the tables under row security, and makes its policies what the roles with access say.';

-- SECURITY DEFINER because only the owner of a table may make policies, and stewards grant access.  It takes no
-- arguments, and works by what is written in cdp_data.purpose_role and in the rights of the tables.
CREATE FUNCTION cdp_internal.init_row_security() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE FUNCTION cdp_data.set_policies() RETURNS void
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
		PERFORM cdp_internal.set_policies();
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.set_policies() IS
		'Internal: makes the policies of row security what the roles with access say, as the owner of the tables.';
	REVOKE ALL ON FUNCTION cdp_data.set_policies() FROM PUBLIC;
	PERFORM cdp_internal.set_invoker_views();
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_row_security() IS
	'Internal: makes the function that sets the policies, and has views read with the rights of their readers.';

-- All views but those that ask of rights by themselves, and show what their readers may not read otherwise: the feed
-- and the consumers, the segments (without their conditions, to whom the column is not granted), people without
-- identifiers, accounts, what segments are judged by, and what runs now.
CREATE FUNCTION cdp_internal.set_invoker_views() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	shown regclass;
BEGIN
	-- 14 has no such views; there no role is bound to a purpose
	IF current_setting('server_version_num')::integer < 150000 THEN
		RETURN;
	END IF;
	FOR shown IN
		SELECT c.oid
		FROM pg_class c
		WHERE c.relkind = 'v' AND c.relnamespace = ANY ('{cdp,cdp_data}'::regnamespace[])
			AND c.oid <> ALL (ARRAY['cdp_data.judged_row', 'cdp_data.account_identifier', 'cdp_data.account_people',
				'cdp_data.judged_account', 'cdp.account_row', 'cdp_data.readable_segment', 'cdp_data.own_consumer',
				'cdp_data.own_consumer_snapshot', 'cdp_data.own_consumer_waiting', 'cdp_data.readable_change',
				'cdp_data.readable_run', 'cdp_data.readable_membership', 'cdp_data.segment_consumer', 'cdp.consumer',
				'cdp.change', 'cdp.progress', 'cdp.people', 'cdp.segment', 'cdp.computed_trait']::regclass[])
			-- whose readers may not read all columns of the table
			AND NOT EXISTS (SELECT FROM cdp_internal.catalogue() t WHERE t.hidden <> '{}' AND t.name = c.relname)
	LOOP
		EXECUTE format('ALTER VIEW %s SET (security_invoker)', shown);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.set_invoker_views() IS
	'Internal: has the views of cdp read the tables with the rights of who reads them.';

REVOKE ALL ON FUNCTION cdp_internal.access_grants(), cdp_internal.unbound_roles(), cdp_internal.follow_renamed_roles(),
	cdp_internal.secured_tables(),
	cdp_internal.set_policy(regclass, name, text, text, name[]), cdp_internal.has_policies(),
	cdp_internal.secure_tables(), cdp_internal.set_policies(), cdp_internal.init_row_security(),
	cdp_internal.set_invoker_views() FROM PUBLIC;
