-- Segments.  Each is a view of its own name in schema cdp_segment.  That schema is separate from cdp, so that creating
-- segments needs no right to create objects in cdp, where a function or operator could shadow one of the extension's,
-- and so that the name of a segment cannot clash with that of a table or an index.

CREATE FUNCTION cdp_internal.segment_share(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	reader record;
BEGIN
	FOR reader IN
		SELECT a.grantee::regrole AS role, bool_or(a.is_grantable OR a.grantee = c.relowner) AS may_share
		FROM pg_class c
		CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
		WHERE c.oid = 'cdp_data.segment'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> 0
		GROUP BY a.grantee
	LOOP
		EXECUTE format('GRANT SELECT ON cdp_segment.%I TO %s %s', name, reader.role,
			CASE WHEN reader.may_share THEN 'WITH GRANT OPTION' END);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_share(text) IS
	'Internal: grants SELECT on the view of a segment to the roles that have it on cdp_data.segment, with the grant '
	'option if they have that.';

CREATE FUNCTION cdp_internal.judge_segment(name text, profile_ids bigint[], failing_max integer,
	wait boolean DEFAULT true,
	OUT members bigint, OUT state text, OUT error text, OUT profile_id bigint)
	AS 'MODULE_PATHNAME', 'cdp_judge_segment' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.judge_segment(text, bigint[], integer, boolean) IS
	'Internal: judges a segment for these profiles, or for all (NULL), as its owner. Does not fail if the condition '
	'does. Returns the number of members among them (NULL: it cannot be judged), the state and, if that is not live, '
	'the error and a profile that it fails for. It cannot be judged if it fails for more than failing_max profiles. '
	'Unless wait, returns NULL for a segment that is being redefined.';

CREATE FUNCTION cdp.create_segment(name text, condition text, description text DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	judged record;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF coalesce(create_segment.name, '') !~ '^[a-z][a-z0-9_]{0,62}$' THEN
		RAISE EXCEPTION '"%" cannot be the name of a segment', coalesce(create_segment.name, '')
			USING ERRCODE = 'invalid_name',
			HINT = 'A name is a lower-case letter followed by up to 62 lower-case letters, digits or underscores.';
	END IF;
	-- a view that is replaced keeps its owner, as whom the condition is judged
	PERFORM cdp_internal.try_condition(coalesce(create_segment.condition, ''), (
		SELECT c.relowner
		FROM pg_class c
		WHERE create_segment.replace AND c.relname = create_segment.name
			AND c.relnamespace = to_regnamespace('cdp_segment')));
	PERFORM cdp_internal.notice_condition(create_segment.condition);

	INSERT INTO cdp_data.segment AS s (name, condition, description)
	VALUES (create_segment.name, create_segment.condition, create_segment.description)
	ON CONFLICT (name) DO UPDATE
	SET condition = excluded.condition, description = excluded.description, defined_at = excluded.defined_at
	WHERE create_segment.replace;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment "%" already exists', create_segment.name USING ERRCODE = 'duplicate_object',
			HINT = 'Replace its condition with replace => true, or drop it with cdp.drop_segment.';
	END IF;

	-- Safe to paste: cdp_internal.check_condition has made sure that the text is one complete expression.
	-- The line break ends a comment of the form "-- ...".
	EXECUTE format(E'%s VIEW cdp_segment.%I AS SELECT profile_row.profile_id FROM cdp.profile_row WHERE (\n%s\n)',
		CASE WHEN create_segment.replace THEN 'CREATE OR REPLACE' ELSE 'CREATE' END,
		create_segment.name, create_segment.condition);
	EXECUTE format('COMMENT ON VIEW cdp_segment.%I IS %L', create_segment.name,
		coalesce(create_segment.description, create_segment.condition));
	PERFORM cdp_internal.segment_share(create_segment.name);
	judged := cdp_internal.judge_segment(create_segment.name, NULL, 1000);
	IF judged.members IS NULL AND judged.state = 'failing' THEN
		RAISE EXCEPTION 'the condition of segment "%" cannot be judged', create_segment.name
			USING ERRCODE = split_part(judged.error, ': ', 1), DETAIL = substr(judged.error, 8);
	END IF;
	PERFORM cdp_internal.mark_segment(create_segment.name, judged.state, judged.error, judged.profile_id);
	IF judged.state <> 'live' THEN
		RAISE WARNING 'segment "%" is %', create_segment.name, replace(judged.state, '_', ' ')
			USING DETAIL = concat_ws(' ', judged.error, '(profile ' || judged.profile_id || ')'),
				HINT = 'cdp.segment shows the state of all segments.';
	END IF;
	RETURN judged.members;
END
$function$;
COMMENT ON FUNCTION cdp.create_segment(text, text, text, boolean) IS
	'Creates a segment: the profiles for which a condition holds. Makes the view cdp_segment.<name>, which belongs to '
	'the caller. Returns the number of members now (NULL: counting them was too slow). The condition is one boolean '
	'SQL expression over the columns of cdp.profile_row, without subqueries, aggregates, window, set-returning and '
	'volatile functions, and without cdp.is_member and other functions that judge segments. Functions outside '
	'pg_catalog and cdp need their schema, and must belong to the owner of the view or to a superuser. The condition '
	'is judged with the owner''s rights, in a security-restricted context, for at most cdp.segment_timeout for each '
	'100,000 people. If it fails for some people, the segment is created and marked as failing, with a warning; if it '
	'fails for all, that is an error. replace => true replaces the condition and description of an existing segment. '
	'Errors: invalid_name, syntax_error, datatype_mismatch, feature_not_supported, insufficient_privilege, '
	'duplicate_object, and the error of the condition.';

-- Without cdp on the search path the server's errors name views with their schema.
CREATE FUNCTION cdp.drop_segment(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_unconsumed(s.segment_id) FROM cdp_data.segment s WHERE s.name = drop_segment.name;
	DELETE FROM cdp_data.segment s WHERE s.name = drop_segment.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'segment "%" does not exist', name USING ERRCODE = 'undefined_object',
			HINT = 'cdp.segment lists the segments.';
	END IF;
	EXECUTE format('DROP VIEW IF EXISTS cdp_segment.%I', name);
END
$function$;
COMMENT ON FUNCTION cdp.drop_segment(text) IS
	'Drops a segment and its view. Only the owner of the view can. Refused while other views use it; the error names '
	'them. Errors: undefined_object, dependent_objects_still_exist.';

CREATE FUNCTION cdp.members(name text) RETURNS TABLE (profile_id bigint)
	AS 'MODULE_PATHNAME', 'cdp_members' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION cdp.members(text) IS
	'Returns the profiles that are in a segment now, judged as its owner, without those that its condition fails for. '
	'The caller must be allowed to read its view. The view cdp_segment.<name> has the same rows if the condition does '
	'not fail for anyone, and is better for joins because it is planned with the rest of the query; but its functions '
	'run as the reader. Works on a hot standby. Errors: undefined_object, insufficient_privilege; the error of the '
	'condition, if it fails for all people or for more than 1,000; program_limit_exceeded, if it takes longer than '
	'cdp.segment_timeout for each 100,000 people.';

CREATE FUNCTION cdp.is_member(name text, profile_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_member' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION cdp.is_member(text, bigint) IS
	'Returns whether a present or former profile_id is in a segment now, judged as its owner; false also for a profile '
	'that does not exist or that the condition fails for. Works on a hot standby. Errors: undefined_object, '
	'insufficient_privilege, program_limit_exceeded.';

REVOKE ALL ON FUNCTION cdp_internal.segment_share(text),
	cdp_internal.judge_segment(text, bigint[], integer, boolean), cdp.create_segment(text, text, text, boolean),
	cdp.drop_segment(text), cdp.members(text), cdp.is_member(text, bigint) FROM PUBLIC;
