-- Computed traits: expressions over cdp.profile_row, kept as segments are, with a value for each person.

CREATE FUNCTION cdp.computed(name text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_computed' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.computed(text) IS
	'In the condition of a segment, or the expression of another computed trait: the value of a computed trait of the '
	'person, of the type of the trait, which the owner must be allowed to read. The trait is known by its number, and '
	'can be renamed, but not dropped or given another type. Elsewhere it is an error (0A000): join with the view '
	'cdp_segment.<name>.';

CREATE FUNCTION cdp_internal.computed(segment_id integer, of_type anyelement) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'cdp_computed_value' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.computed(integer, anyelement) IS
	'Internal: stands for cdp.computed() in the definition of a segment or of a computed trait: the value of the '
	'person who is judged; NULL where no person is. of_type: NULL, of the type of the trait.';

CREATE FUNCTION cdp.trait_values(name text)
	RETURNS TABLE (profile_id bigint, since timestamptz, judged_at timestamptz, value text)
	AS 'MODULE_PATHNAME', 'cdp_trait_values' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION cdp.trait_values(text) IS
$comment$Returns the values of a computed trait, as text; people without a value are left out. since: since when it is
that value. judged_at: the instant for which the answer is exact, as of cdp.members(). The view cdp_segment.<name> has
the value in the type of the trait. The caller must be allowed to read that view. Works on a hot standby. Errors:
undefined_object, wrong_object_type (it is a segment), insufficient_privilege.$comment$;

CREATE FUNCTION cdp_internal.check_trait_name(name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF EXISTS (SELECT FROM cdp_data.seen_name s WHERE s.kind = 'trait' AND s.name = check_trait_name.name) THEN
		RAISE EXCEPTION 'a source gives a trait "%"', check_trait_name.name USING ERRCODE = 'duplicate_object',
			DETAIL = 'A computed trait of the same name would be taken for it.', HINT = 'Choose another name.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_trait_name(text) IS
	'Internal: raises an error if a source has ever given a trait of this name.';

-- The views that are made again when a computed trait gets another type.
CREATE FUNCTION cdp_internal.views_of_trait(name text)
	RETURNS TABLE (view regclass, schema_name text, view_name text, columns text[], subject text, owner name,
		acl aclitem[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT c.oid::regclass, v.schema_name::text, v.view_name::text, v.columns, v.subject,
			pg_get_userbyid(c.relowner), c.relacl
		FROM cdp_data.profile_view v
		JOIN pg_namespace n ON n.nspname = v.schema_name
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.view_name
		WHERE EXISTS (
			SELECT FROM unnest(v.columns) AS u (spec)
			CROSS JOIN LATERAL cdp_internal.profile_view_column(u.spec) p
			WHERE p.type = 'computed' AND p.key = views_of_trait.name)
		ORDER BY 2, 3;
END
$function$;
COMMENT ON FUNCTION cdp_internal.views_of_trait(text) IS
	'Internal: returns the views made by cdp.create_profile_view() that show a computed trait.';

CREATE FUNCTION cdp_internal.restore_view(view text, owner name, acl aclitem[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	given record;
BEGIN
	FOR given IN
		SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role,
			a.privilege_type, a.is_grantable
		FROM aclexplode(acl) a WHERE a.grantee <> owner::regrole
	LOOP
		EXECUTE format('GRANT %s ON %s TO %s %s', given.privilege_type, view, given.role,
			CASE WHEN given.is_grantable THEN 'WITH GRANT OPTION' END);
	END LOOP;
	IF owner <> current_user THEN
		EXECUTE format('ALTER VIEW %s OWNER TO %I', view, owner);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.restore_view(text, name, aclitem[]) IS
	'Internal: gives a view that was made again the owner and the privileges that it had.';

CREATE FUNCTION cdp_internal.change_trait_type(name text, definition text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	definition_view text := format('cdp_condition.%I', name);
	value_view text := format('cdp_segment.%I', name);
	defined record;
	given record;
	views record;
	shown record;
BEGIN
	PERFORM cdp_internal.check_unused(s.segment_id) FROM cdp_data.segment s WHERE s.name = change_trait_type.name;
	SELECT pg_get_userbyid(c.relowner) AS owner, c.relacl INTO STRICT defined
	FROM pg_class c WHERE c.oid = definition_view::regclass;
	SELECT pg_get_userbyid(c.relowner) AS owner, c.relacl INTO STRICT given
	FROM pg_class c WHERE c.oid = value_view::regclass;
	SELECT coalesce(jsonb_agg(to_jsonb(v) || jsonb_build_object('acl', v.acl::text)), '[]') AS list INTO views
	FROM cdp_internal.views_of_trait(name) v;
	FOR shown IN SELECT v.view FROM cdp_internal.views_of_trait(name) v LOOP
		EXECUTE format('DROP VIEW %s', shown.view);
	END LOOP;
	EXECUTE format('DROP VIEW %s', value_view);
	EXECUTE format('DROP VIEW %s', definition_view);
	EXECUTE definition;
	PERFORM cdp_internal.restore_view(definition_view, defined.owner, defined.relacl);
	PERFORM cdp_internal.make_segment_view(name, false);
	PERFORM cdp_internal.restore_view(value_view, given.owner, given.relacl);
	FOR shown IN
		SELECT v.schema_name, v.view_name, v.columns, v.subject, v.owner, v.acl::aclitem[] AS acl
		FROM jsonb_to_recordset(views.list)
			AS v (schema_name text, view_name text, columns text[], subject text, owner name, acl text)
	LOOP
		PERFORM cdp_internal.restore_view(cdp_internal.make_profile_view(shown.schema_name,
			format('%I.%I', shown.schema_name, shown.view_name), shown.columns, shown.subject)::text, shown.owner,
			shown.acl);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_trait_type(text, text) IS
	'Internal: makes the views of a computed trait again, and those made by cdp.create_profile_view() that show it, as '
	'its type has changed. definition: makes the view of its definition.';

CREATE FUNCTION cdp_internal.init_computed_view() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.computed_trait AS
		SELECT s.name, s.condition AS expression, s.value_type AS type, s.description, s.defined_at,
			s.members AS people, s.state, s.error, s.error_profile_id, s.subject
		FROM cdp_data.segment s
		WHERE s.kind = 'trait';
	COMMENT ON VIEW cdp.computed_trait IS
		'The computed traits; cdp_segment.<name> has the value of each person, or account. Made by cdp.create_trait() '
		'and cdp.create_account_trait().';
	COMMENT ON COLUMN cdp.computed_trait.name IS 'Name of the trait, and of its view in schema cdp_segment.';
	COMMENT ON COLUMN cdp.computed_trait.expression IS 'The SQL expression, as written.';
	COMMENT ON COLUMN cdp.computed_trait.type IS 'The type of its values.';
	COMMENT ON COLUMN cdp.computed_trait.description IS 'What the trait is for; NULL: not given.';
	COMMENT ON COLUMN cdp.computed_trait.defined_at IS 'When the present expression was given.';
	COMMENT ON COLUMN cdp.computed_trait.people IS
		'Number of people, or accounts, that had a value when the last batch ended.';
	COMMENT ON COLUMN cdp.computed_trait.state IS 'As of a segment: live, building, failing or too_slow.';
	COMMENT ON COLUMN cdp.computed_trait.error IS 'Why it is not live, as SQLSTATE: message; NULL: it is live.';
	COMMENT ON COLUMN cdp.computed_trait.error_profile_id IS
		'A profile, or the number of an account, that the expression fails for; NULL: none.';
	COMMENT ON COLUMN cdp.computed_trait.subject IS 'Whose values they are: person or account.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_computed_view() IS 'Internal: makes the view of computed traits.';

REVOKE ALL ON FUNCTION cdp.computed(text), cdp_internal.computed(integer, anyelement), cdp.trait_values(text),
	cdp_internal.check_trait_name(text), cdp_internal.views_of_trait(text),
	cdp_internal.restore_view(text, name, aclitem[]), cdp_internal.change_trait_type(text, text),
	cdp_internal.init_computed_view() FROM PUBLIC;
