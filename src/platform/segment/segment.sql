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
	-- those bound to a purpose read columns of it alone, nothing of accounts, and without identifiers no computed trait
	-- that is not listed
	FOR reader IN
		SELECT r.rolname AS role
		FROM cdp_data.purpose_role b
		JOIN pg_roles r ON r.rolname = b.role
		JOIN cdp_data.segment s ON s.name = segment_share.name
		WHERE s.subject = 'person' AND (s.kind <> 'trait' OR b.identifiers OR s.name = ANY (b.traits))
	LOOP
		EXECUTE format('GRANT SELECT ON cdp_segment.%I TO %I', name, reader.role);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_share(text) IS
	'Internal: grants SELECT on the view of a segment to the roles that have it on cdp_data.segment, with the grant '
	'option if they have that, and to those that are bound to a purpose and may read it.';

CREATE FUNCTION cdp_internal.make_segment_view(name text, replace boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- of the definition, and not as the table of segments says, which others than the owner can write
	made record;
BEGIN
	SELECT max(format_type(a.atttypid, NULL)) FILTER (WHERE a.attname = 'value') AS type,
		bool_or(a.attname = 'account_id') AS of_accounts
	INTO STRICT made
	FROM pg_attribute a
	WHERE a.attrelid = to_regclass(format('cdp_condition.%I', name));
	EXECUTE format('%s VIEW cdp_segment.%I AS SELECT %s', CASE WHEN replace THEN 'CREATE OR REPLACE' ELSE 'CREATE' END,
		name, CASE WHEN made.type IS NULL AND made.of_accounts
				THEN format('m.group_id, m.since FROM cdp.accounts_in(%L) m', name)
			WHEN made.type IS NULL THEN format('m.profile_id, m.since FROM cdp.members(%L) m', name)
			WHEN made.of_accounts THEN format(
				'v.group_id, v.value::%s AS value, v.since FROM cdp.account_trait_values(%L) v', made.type, name)
			ELSE format('v.profile_id, v.value::%s AS value, v.since FROM cdp.trait_values(%L) v', made.type, name)
			END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_segment_view(text, boolean) IS
	'Internal: makes the view of a segment for those who read it.';

CREATE FUNCTION cdp_internal.check_segment_name(name text, what text DEFAULT 'a segment') RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF coalesce(name, '') !~ '^[a-z][a-z0-9_]{0,62}$' THEN
		RAISE EXCEPTION '"%" cannot be the name of %', coalesce(name, ''), what
			USING ERRCODE = 'invalid_name',
			HINT = 'A name is a lower-case letter followed by up to 62 lower-case letters, digits or underscores.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_segment_name(text, text) IS
	'Internal: raises an error unless a segment, or what is said, can have this name.';

CREATE FUNCTION cdp_internal.check_kind(name text, kind text, subject text DEFAULT 'person') RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	former cdp_data.segment;
BEGIN
	SELECT s.* INTO former FROM cdp_data.segment s WHERE s.name = check_kind.name;
	IF former.kind <> check_kind.kind OR former.subject <> check_kind.subject THEN
		RAISE EXCEPTION 'there is a % "%"%', CASE former.kind WHEN 'live' THEN 'segment' WHEN 'trait'
				THEN 'computed trait' ELSE former.kind END, name, CASE WHEN former.subject = 'account'
				THEN ' of accounts' WHEN check_kind.subject = 'account' THEN ' of people' ELSE '' END
			USING ERRCODE = 'duplicate_object', HINT = 'Choose another name.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_kind(text, text, text) IS
	'Internal: raises an error if there is a segment of this name, and of another kind or subject.';

CREATE FUNCTION cdp_internal.raise_defined(name text, kind text, dropped_as text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RAISE EXCEPTION '% "%" already exists', kind, name USING ERRCODE = 'duplicate_object',
		HINT = format('Replace it with replace => true, or drop it with cdp.drop_%s.', dropped_as);
END
$function$;
COMMENT ON FUNCTION cdp_internal.raise_defined(text, text, text) IS
	'Internal: raises the error for a segment that is there and must not be replaced.';

CREATE FUNCTION cdp_internal.describe_segment(name text, of_definition text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- not the condition: all roles can read comments, and it may name people
	described text := (
		SELECT coalesce(s.description, CASE s.kind WHEN 'trait' THEN 'The values of a computed trait.'
			ELSE 'Who is in a segment.' END)
		FROM cdp_data.segment s WHERE s.name = describe_segment.name);
BEGIN
	EXECUTE format('COMMENT ON VIEW cdp_condition.%I IS %L', name, of_definition);
	EXECUTE format('COMMENT ON VIEW cdp_segment.%I IS %L', name, described);
	PERFORM cdp_internal.segment_share(name);
END
$function$;
COMMENT ON FUNCTION cdp_internal.describe_segment(text, text) IS
	'Internal: comments on the views of a segment that was made or replaced, and grants the right to read it.';

CREATE FUNCTION cdp_internal.define_segment(name text, condition text, description text, replace boolean,
	is_trait boolean, subject text) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	former cdp_data.segment;
	number integer;
	made text;
	understood record;
	judged text;
	-- a view that is replaced keeps its owner, as whom the condition is judged
	owner oid := (
		SELECT c.relowner
		FROM pg_class c
		WHERE define_segment.replace AND c.relname = define_segment.name
			AND c.relnamespace = to_regnamespace('cdp_condition'));
BEGIN
	SELECT s.* INTO former FROM cdp_data.segment s WHERE s.name = define_segment.name;
	number := former.segment_id;
	PERFORM cdp_internal.check_kind(define_segment.name, CASE WHEN is_trait THEN 'trait' ELSE 'live' END,
		define_segment.subject);
	PERFORM cdp_internal.try_condition(coalesce(define_segment.condition, ''), owner, is_trait, define_segment.subject);
	judged := define_segment.condition;
	IF former.purpose_id IS NOT NULL THEN
		-- a condition may end with a comment
		judged := format(E'(%s\n) AND purposes & %s <> 0 AND purposes_until > now()', judged,
			1::bigint << former.purpose_id);
	END IF;
	understood := cdp_internal.read_condition(judged, owner, is_trait, define_segment.subject);
	PERFORM cdp_internal.notice_condition(understood.definition, define_segment.subject);

	INSERT INTO cdp_data.segment AS s (name, segment_id, kind, subject, value_type, condition, description, state,
		built_until, depends_on, level)
	SELECT define_segment.name, t.segment_id + 1, CASE WHEN is_trait THEN 'trait' ELSE 'live' END,
		define_segment.subject,
		CASE WHEN is_trait THEN understood.value_type END, define_segment.condition, define_segment.description,
		'building', 0, understood.depends_on, cdp_internal.level_above(understood.depends_on, number)
	FROM cdp_data.state t
	ON CONFLICT (name) DO UPDATE
	SET condition = excluded.condition, value_type = excluded.value_type, description = excluded.description,
		defined_at = excluded.defined_at,
		depends_on = excluded.depends_on, level = excluded.level, state = 'building', built_until = 0,
		error = NULL, error_profile_id = NULL, trial_profile_id = NULL, failing_since = NULL
	WHERE define_segment.replace
	RETURNING s.segment_id INTO number;
	IF NOT FOUND THEN
		PERFORM cdp_internal.raise_defined(define_segment.name,
			CASE WHEN is_trait THEN 'computed trait' ELSE 'segment' END,
			CASE WHEN is_trait THEN 'trait' ELSE 'segment' END);
	END IF;
	UPDATE cdp_data.state SET segment_id = number WHERE segment_id < number;
	PERFORM cdp_internal.raise_levels();

	-- Safe to paste: the server has printed what it understood.
	made := format('%s VIEW cdp_condition.%I AS SELECT %s, (%s) AS %s FROM cdp.%I',
		CASE WHEN define_segment.replace THEN 'CREATE OR REPLACE' ELSE 'CREATE' END, define_segment.name,
		CASE define_segment.subject WHEN 'account' THEN 'account_row.account_id' ELSE 'profile_row.profile_id' END,
		understood.definition, CASE WHEN is_trait THEN 'value' ELSE 'holds' END,
		CASE define_segment.subject WHEN 'account' THEN 'account_row' ELSE 'profile_row' END);
	IF former.value_type <> understood.value_type AND is_trait THEN
		PERFORM cdp_internal.change_trait_type(define_segment.name, made);
	ELSE
		EXECUTE made;
		PERFORM cdp_internal.make_segment_view(define_segment.name, define_segment.replace);
	END IF;
	PERFORM cdp_internal.describe_segment(define_segment.name,
		'The condition of a segment; cdp.members judges people by it.');
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp_internal.define_segment(text, text, text, boolean, boolean, text) IS
	'Internal: makes or replaces a segment or a computed trait of a subject, by which no people have been judged yet, '
	'and returns its number. The caller holds the lock of cdp.refresh().';

CREATE FUNCTION cdp.members(name text)
	RETURNS TABLE (profile_id bigint, since timestamptz, judged_at timestamptz)
	AS 'MODULE_PATHNAME', 'cdp_members' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION cdp.members(text) IS
$comment$Returns who is in a segment. since: since when; the instant at which the condition became true if that was a
matter of time, else the time of the batch that made it true; of people who were merged, the earliest. judged_at: the
instant for which the answer is exact: now() or, if that is later, the time of the last batch; but the instant since
which the segment cannot be judged, if it is too slow or fails for all; and the time of the last batch if its definition
is newer than what the statement sees: it waited for a transaction that redefined the segment, or REPEATABLE READ.
Reads what cdp.refresh() keeps, and judges those whose answer may have changed since only as time passed, as the owner
of the segment. People whom the condition fails for are in it or not as they were last judged. The caller must be
allowed to read the segment's view. Works on a hot standby. Errors: undefined_object, insufficient_privilege.$comment$;

CREATE FUNCTION cdp.members(name text, as_of timestamptz)
	RETURNS TABLE (profile_id bigint, since timestamptz, judged_at timestamptz)
	AS 'MODULE_PATHNAME', 'cdp_members_at' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION cdp.members(text, timestamptz) IS
$comment$Returns who was in a segment at an instant, as cdp.members() would have answered then (after the batches of
that instant): by the condition that it had, with the profile ids of then, and without what came late or was taken back
since. People whom a segment that was being built had not judged yet are missing, and so is everyone who was erased
since. Reads the feed: an instant from which on changes have left it (cdp.set_change_retention) is an error (55000), and
so is one in the future (22023). Other errors are those of cdp.members().$comment$;

CREATE FUNCTION cdp.is_member(name text, profile_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_member' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION cdp.is_member(text, bigint) IS
	'Returns whether a present or former profile_id is in a segment, as cdp.members() does; false also for a profile '
	'that does not exist. Errors: undefined_object, insufficient_privilege.';

CREATE FUNCTION cdp.is_member(name text, identifier cdp.identifier) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE COST 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN coalesce(cdp.is_member(is_member.name, cdp.profile_of(is_member.identifier)), false);
END
$function$;
COMMENT ON FUNCTION cdp.is_member(text, cdp.identifier) IS
	'The same for the person who has an identifier; false if there is none.';

CREATE FUNCTION cdp.is_member(name text, identifier text) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE COST 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN coalesce(cdp.is_member(is_member.name, cdp.profile_of(is_member.identifier)), false);
END
$function$;
COMMENT ON FUNCTION cdp.is_member(text, text) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

CREATE FUNCTION cdp_internal.memberships() RETURNS TABLE (segment text, profile_id bigint, since timestamptz)
	AS 'MODULE_PATHNAME', 'cdp_memberships' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 100000;
COMMENT ON FUNCTION cdp_internal.memberships() IS
	'Internal: returns who is in which of the segments that the caller may read, as cdp.members() does.';

REVOKE ALL ON FUNCTION cdp_internal.segment_share(text), cdp_internal.make_segment_view(text, boolean),
	cdp_internal.check_segment_name(text, text), cdp_internal.check_kind(text, text, text),
	cdp_internal.raise_defined(text, text, text), cdp_internal.describe_segment(text, text),
	cdp_internal.define_segment(text, text, text, boolean, boolean, text), cdp.members(text),
	cdp.members(text, timestamptz), cdp.is_member(text, bigint),
	cdp.is_member(text, cdp.identifier), cdp.is_member(text, text), cdp_internal.memberships() FROM PUBLIC;
