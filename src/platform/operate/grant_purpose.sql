-- The rights of analysts who are bound to a purpose.

CREATE FUNCTION cdp_internal.bound_tables(identifiers boolean) RETURNS TABLE (relation text, columns text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH shown AS (
			SELECT format('%I.%I', s.schema_name, c.name) AS relation, a.attname, a.attnum,
				s.schema_name = 'cdp' AS is_view, c.personal ? a.attname AS is_personal, c.name,
				EXISTS (
					SELECT FROM cdp_internal.secured_tables() t
					WHERE t.relation = format('%I.%I', c.schemas[1], c.name)) AS is_secured
			FROM cdp_internal.catalogue() c
			CROSS JOIN LATERAL unnest(c.schemas) AS s (schema_name)
			JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', s.schema_name, c.name))
			WHERE 'analyst' = ANY (c.readers) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (c.hidden)
		), readable AS (
			SELECT s.relation, s.attname, s.attnum, s.is_view, s.is_personal
			FROM shown s
			WHERE CASE
				-- what it counts is of all people, and the rest may have what was written into a condition
				WHEN s.name = 'segment' THEN s.attname = ANY (
					'{segment_id,name,kind,subject,value_type,description,defined_at,state}')
				-- of these row security shows nothing, and what reads them would answer as if there were none
				WHEN s.name IN ('anchor_history', 'rejected_value', 'consent') THEN false
				WHEN identifiers THEN s.is_secured OR NOT s.is_personal
				ELSE NOT s.is_personal AND s.name = ANY (
						'{state,batch,source,case_event,carried_property,folded_month,trait_rule,purpose_role}')
					OR (s.name, s.attname::text) IN (('profile', 'profile_id'), ('identifier', 'identifier_id'),
						('identifier', 'profile_id'))
					OR s.name = 'event' AND NOT s.is_personal
			END)
		SELECT r.relation, array_agg(r.attname::text ORDER BY r.attnum)
		FROM readable r
		GROUP BY r.relation, r.is_view
		-- a view with the rights of its reader needs them all
		HAVING NOT r.is_view OR r.relation = 'cdp.segment'
			OR count(*) = (SELECT count(*) FROM shown s WHERE s.relation = r.relation);
END
$function$;
COMMENT ON FUNCTION cdp_internal.bound_tables(boolean) IS
	'Internal: returns the tables, and their columns, that an analyst may read who is bound to a purpose, with or '
	'without identifiers. A list of what is shown: a new column with personal data is not.';

CREATE FUNCTION cdp_internal.bound_segments(identifiers boolean, traits text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT string_agg(c.oid::regclass::text, ', ')
		FROM cdp_data.segment s
		JOIN pg_class c ON c.relname = s.name AND c.relkind = 'v' AND c.relnamespace = to_regnamespace('cdp_segment')
		WHERE has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION') AND s.subject = 'person'
			AND (s.kind <> 'trait' OR bound_segments.identifiers OR s.name = ANY (bound_segments.traits)));
END
$function$;
COMMENT ON FUNCTION cdp_internal.bound_segments(boolean, text[]) IS
	'Internal: lists the views of segments of people, and of the computed traits that it may read, that the caller '
	'may grant to an analyst who is bound to a purpose; NULL if there are none.';

CREATE FUNCTION cdp_internal.bound_rights(identifiers boolean, traits text[])
	RETURNS TABLE (privileges text, objects text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- functions have the rights of who calls them
	RETURN QUERY SELECT r.privileges, r.objects FROM cdp_internal.analyst_rights() r WHERE r.privileges !~ '^SELECT';
	RETURN QUERY SELECT c.privileges, c.objects FROM cdp_internal.consumer_rights() c;
	RETURN QUERY VALUES
		('SELECT', 'cdp.people, cdp.people_events, cdp.membership, cdp.change, cdp.change_outbox'),
		('SELECT', cdp_internal.bound_segments(identifiers, traits));
	IF identifiers THEN
		RETURN QUERY VALUES ('SELECT', 'cdp.profiles, cdp.events, cdp.messages, cdp.identifiers, cdp.sources,
			cdp.profile_row, cdp.refused_links, cdp.identifier_periods, cdp.open_cases, cdp.accounts,
			cdp.account_members');
	END IF;
	RETURN QUERY
		SELECT CASE WHEN cardinality(t.columns) = c.relnatts THEN 'SELECT' ELSE format('SELECT (%s)', (
				SELECT string_agg(quote_ident(u.name), ', ' ORDER BY u.place)
				FROM unnest(t.columns) WITH ORDINALITY AS u (name, place))) END, t.relation
		FROM cdp_internal.bound_tables(identifiers) t
		JOIN pg_class c ON c.oid = t.relation::regclass;
END
$function$;
COMMENT ON FUNCTION cdp_internal.bound_rights(boolean, text[]) IS
	'Internal: returns the privileges of an analyst who is bound to a purpose, with identifiers, or without and with '
	'these traits. objects is NULL if there are none.';

CREATE FUNCTION cdp_internal.way_around(role name, identifiers boolean, traits text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked pg_roles;
	other text;
BEGIN
	SELECT r.* INTO STRICT asked FROM pg_roles r WHERE r.rolname = way_around.role;
	IF asked.rolsuper OR asked.rolbypassrls THEN
		RETURN format('It is %s, so row security does not apply to it.',
			CASE WHEN asked.rolsuper THEN 'a superuser' ELSE 'a role with BYPASSRLS' END);
	ELSIF asked.rolreplication OR asked.rolcreaterole THEN
		RETURN CASE WHEN asked.rolreplication THEN 'It has REPLICATION, and can read all that is written.'
			ELSE 'It has CREATEROLE, and can make itself a member of roles that see all people.' END;
	END IF;
	SELECT min(r.rolname) INTO other
	FROM pg_roles r
	WHERE pg_has_role(asked.oid, r.oid, 'MEMBER') AND r.oid <> asked.oid AND (
		r.oid = (SELECT c.relowner FROM pg_class c WHERE c.oid = 'cdp_data.state'::regclass)
		OR r.rolsuper OR r.rolbypassrls OR r.rolname = ANY (cdp_internal.unbound_roles())
		OR EXISTS (SELECT FROM cdp_data.purpose_role b WHERE b.role = r.rolname)
		OR r.rolname = ANY ('{pg_read_all_data,pg_write_all_data,pg_read_server_files,pg_write_server_files,'
			'pg_execute_server_program}'));
	IF other IS NOT NULL THEN
		RETURN format('It is a member of role "%s", and sees what that one does.', other);
	END IF;
	SELECT min(format('%I.%I', n.nspname, c.relname)) INTO other
	FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('cdp', 'cdp_data', 'cdp_segment', 'cdp_condition') AND c.relkind IN ('r', 'p', 'v', 'm')
		AND has_any_column_privilege(asked.oid, c.oid, 'SELECT')
		-- those that who made them has shared with it
		AND NOT (n.nspname = 'cdp_segment' AND EXISTS (
			SELECT FROM cdp_data.segment s
			WHERE s.name = c.relname AND s.subject = 'person'
				AND (s.kind <> 'trait' OR identifiers OR s.name = ANY (way_around.traits))));
	RETURN CASE WHEN other IS NOT NULL
		THEN format('It may read %s already, by a right of its own or of all roles.', other) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.way_around(name, boolean, text[]) IS
	'Internal: returns by which way a role sees more than the people that may be used for a purpose, with identifiers, '
	'or without and with these traits, as a sentence; NULL: none. A role that was given rights by cdp.grant_access() '
	'has one.';

-- The rights that it had as a bound role are taken away first, so that any that are left are found.
CREATE FUNCTION cdp_internal.grant_purpose(role name, purpose text, identifiers boolean, traits text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	number smallint;
	bound text;
	way text;
	given record;
BEGIN
	IF current_setting('server_version_num')::integer < 150000 THEN
		RAISE EXCEPTION 'a role cannot be bound to a purpose before PostgreSQL 15'
			USING ERRCODE = 'feature_not_supported',
				DETAIL = 'Views there always have the rights of their owner, from whom row security hides nothing.';
	END IF;
	PERFORM cdp_internal.refresh_lock(wait => true);
	number := cdp_internal.purpose_number(purpose);
	bound := (
		SELECT p.name FROM cdp_data.purpose_role b JOIN cdp_data.purpose p USING (purpose_id)
		WHERE b.role = grant_purpose.role);
	IF identifiers AND traits IS NOT NULL OR array_position(traits, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'traits are a list for a role without identifiers' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A role with identifiers reads all traits.';
	ELSIF bound <> purpose THEN
		RAISE EXCEPTION 'role "%" is bound to purpose "%" already', role, bound
			USING ERRCODE = 'invalid_grant_operation', DETAIL = 'What is seen for one purpose is not used for another.',
				HINT = 'Use another login for each purpose, or revoke first: cdp.revoke_access().';
	ELSIF bound IS NOT NULL THEN
		PERFORM cdp_internal.revoke_rights(role, 'analyst');
	END IF;
	way := cdp_internal.way_around(role, identifiers, traits);
	IF way IS NOT NULL THEN
		RAISE EXCEPTION 'role "%" cannot be bound to a purpose', role
			USING ERRCODE = 'invalid_grant_operation', DETAIL = way,
				HINT = 'Use a login of its own, that has no other rights; cdp.revoke_access() takes those away that '
					'cdp.grant_access() gave.';
	END IF;
	INSERT INTO cdp_data.purpose_role AS b (role, purpose_id, identifiers, traits)
	VALUES (role, number, identifiers, coalesce(traits, '{}'))
	ON CONFLICT ON CONSTRAINT purpose_role_pkey DO UPDATE
	SET purpose_id = excluded.purpose_id, identifiers = excluded.identifiers, traits = excluded.traits;
	-- before it may read anything
	PERFORM cdp_data.set_policies();
	FOR given IN SELECT r.* FROM cdp_internal.bound_rights(identifiers, traits) r WHERE r.objects IS NOT NULL LOOP
		EXECUTE format('GRANT %s ON %s TO %I', given.privileges, given.objects, role);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.grant_purpose(name, text, boolean, text[]) IS
	'Internal: makes a role an analyst who is bound to a purpose.';

CREATE FUNCTION cdp_internal.check_unbound(role name, kind text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF EXISTS (SELECT FROM cdp_data.purpose_role b WHERE b.role = check_unbound.role) THEN
		RAISE EXCEPTION 'role "%" is bound to a purpose', role USING ERRCODE = 'invalid_grant_operation',
			DETAIL = format('As %s it would see all people.', kind),
			HINT = format('First revoke that: SELECT cdp.revoke_access(%L, ''analyst'').', role);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_unbound(name, text) IS
	'Internal: raises an error if a role that is to see all people is bound to a purpose.';

REVOKE ALL ON FUNCTION cdp_internal.bound_tables(boolean), cdp_internal.bound_segments(boolean, text[]),
	cdp_internal.bound_rights(boolean, text[]), cdp_internal.way_around(name, boolean, text[]),
	cdp_internal.grant_purpose(name, text, boolean, text[]), cdp_internal.check_unbound(name, text) FROM PUBLIC;
