-- Each segment is a view in the schema cdp_segment, under the segment's own name.  The schema is
-- apart from cdp so that who may create segments needs no right to create anything in cdp, where a
-- function or operator of theirs could stand in for one of the extension's, and so that no segment's
-- name can clash with a table's or an index's.
CREATE FUNCTION cdp_internal.init_segment() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- left over, and ours, after a DROP EXTENSION ... CASCADE; that of another role is an error
	IF NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'cdp_segment' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_segment;
	END IF;
	COMMENT ON SCHEMA cdp_segment IS 'One view for each segment of cdp.segment, with the profiles that are in it now.';

	CREATE TABLE cdp_data.segment (
		name text COLLATE "C" PRIMARY KEY,
		condition text NOT NULL,
		description text,
		defined_at timestamptz NOT NULL DEFAULT now(),
		state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'failing', 'too_slow')),
		failing_since timestamptz,
		error text,
		error_profile_id bigint,
		checked_at timestamptz NOT NULL DEFAULT now()
	);
	COMMENT ON TABLE cdp_data.segment IS
		'Segments: conditions over cdp.profile_row, each kept as the view cdp_segment.<name>. Written by '
		'cdp.create_segment, cdp.drop_segment and, as far as states go, cdp.refresh.';
	COMMENT ON COLUMN cdp_data.segment.name IS 'Name of the segment and of its view in the schema cdp_segment.';
	COMMENT ON COLUMN cdp_data.segment.condition IS 'The boolean SQL expression as it was written; what counts is the view, which follows renamed columns and functions.';
	COMMENT ON COLUMN cdp_data.segment.description IS 'What the segment is for, in words.';
	COMMENT ON COLUMN cdp_data.segment.defined_at IS 'When the present condition was given.';
	COMMENT ON COLUMN cdp_data.segment.state IS
		'live; failing: its condition fails of some people, or as a whole; too_slow: judging it takes longer than '
		'cdp.segment_timeout. Kept by cdp.create_segment and cdp.refresh, which judges those whom a batch touched.';
	COMMENT ON COLUMN cdp_data.segment.failing_since IS 'Since when it is not live; NULL: it is.';
	COMMENT ON COLUMN cdp_data.segment.error IS 'What it fails with, as SQLSTATE: message.';
	COMMENT ON COLUMN cdp_data.segment.error_profile_id IS 'A profile of which it fails; NULL: it fails as a whole.';
	COMMENT ON COLUMN cdp_data.segment.checked_at IS
		'When the state was last written; one that is too slow is judged again ten minutes later.';
END
$$;
REVOKE EXECUTE ON FUNCTION cdp_internal.init_segment FROM PUBLIC;
COMMENT ON FUNCTION cdp_internal.init_segment IS 'Internal: makes the table cdp.segment and the schema cdp_segment; called by cdp.init().';

CREATE FUNCTION cdp_internal.segment_share(name text) RETURNS void
LANGUAGE plpgsql STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reader record;
BEGIN
	FOR reader IN
		SELECT a.grantee::regrole AS role, bool_or(a.is_grantable OR a.grantee = c.relowner) AS may_share
		FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
		WHERE c.oid = 'cdp_data.segment'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> 0
		GROUP BY a.grantee
	LOOP
		EXECUTE format('GRANT SELECT ON cdp_segment.%I TO %s %s', name, reader.role,
					   CASE WHEN reader.may_share THEN 'WITH GRANT OPTION' END);
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION cdp_internal.segment_share FROM PUBLIC;
COMMENT ON FUNCTION cdp_internal.segment_share IS
'Internal: lets those who may read the table cdp.segment read a segment''s view too, and hand the right on where they may do so for the table.';

CREATE FUNCTION cdp_internal.judge_segment(name text, profile_ids bigint[], failing_max integer, wait boolean DEFAULT true,
	OUT members bigint, OUT state text, OUT error text, OUT profile_id bigint)
	AS 'MODULE_PATHNAME', 'cdp_judge_segment' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.judge_segment(text, bigint[], integer, boolean) IS
'Internal: judges a segment of these profiles, or of all (NULL), as its owner, and does not fail where the condition '
'does: how many of them are in it (NULL: it cannot be judged), its state, and where that is not live the error and a '
'profile of which it fails. It looks for no more failing profiles than failing_max; where there are more, the segment '
'cannot be judged. Without wait it gives NULL for a segment that is being defined anew.';

CREATE FUNCTION cdp.create_segment(name text, condition text, description text DEFAULT NULL, replace boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	judged record;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF coalesce(create_segment.name, '') !~ '^[a-z][a-z0-9_]{0,62}$' THEN
		RAISE invalid_name USING
			MESSAGE = format('"%s" cannot be the name of a segment', create_segment.name),
			HINT = 'A name is a lower-case letter and up to 62 more letters, digits and underscores.';
	END IF;
	-- another condition is judged as whom the view belongs to
	PERFORM cdp_internal.try_condition(coalesce(create_segment.condition, ''), (
		SELECT c.relowner FROM pg_class c
		WHERE create_segment.replace AND c.relname = create_segment.name
		  AND c.relnamespace = to_regnamespace('cdp_segment')));
	PERFORM cdp_internal.notice_condition(create_segment.condition);

	INSERT INTO cdp_data.segment AS s (name, condition, description)
	VALUES (create_segment.name, create_segment.condition, create_segment.description)
	ON CONFLICT (name) DO UPDATE
	SET condition = excluded.condition, description = excluded.description, defined_at = excluded.defined_at
	WHERE create_segment.replace;
	IF NOT FOUND THEN
		RAISE duplicate_object USING
			MESSAGE = format('segment "%s" already exists', create_segment.name),
			HINT = 'Pass replace => true to give it another condition, or drop it with cdp.drop_segment.';
	END IF;

	-- cdp_internal.check_condition has made sure that the text is one expression, which no bracket, quote or
	-- comment in it can leave; the line break ends a comment of the form "-- ..."
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
				HINT = 'See cdp.segment.';
	END IF;
	RETURN judged.members;
END
$$;
COMMENT ON FUNCTION cdp.create_segment IS
'Makes the segment of the profiles for which a condition holds, and the view cdp_segment.<name> with it, which '
'belongs to the caller; returns the number of members now (NULL: it was too slow to count them). The condition is one '
'boolean SQL expression over the columns of cdp.profile_row, without subqueries, aggregates, window, set-returning '
'and volatile functions, and without cdp.is_member and the like; functions outside pg_catalog and cdp are written '
'with their schema, and belong to the view''s owner or a superuser. It is judged with the owner''s rights, in a '
'security-restricted context, for at most cdp.segment_timeout for each 100,000 people. Where it fails of some people, '
'the segment is made and marked failing, with a warning; where it fails of all, that is an error. replace => true '
'gives an existing segment another condition and description. Errors: invalid_name, syntax_error, datatype_mismatch, '
'feature_not_supported, insufficient_privilege, duplicate_object, and what the condition fails with.';

CREATE FUNCTION cdp.drop_segment(name text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM cdp_internal.check_tables();
	DELETE FROM cdp_data.segment s WHERE s.name = drop_segment.name;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('segment "%s" does not exist', name),
			HINT = 'The table cdp.segment lists the segments.';
	END IF;
	EXECUTE format('DROP VIEW IF EXISTS cdp_segment.%I', name);
END
$$;
COMMENT ON FUNCTION cdp.drop_segment IS
'Drops a segment and its view; only the view''s owner may. Refused while another view uses it, with the names of '
'those. Errors: undefined_object, dependent_objects_still_exist.';

CREATE FUNCTION cdp.members(name text) RETURNS TABLE (profile_id bigint)
	AS 'MODULE_PATHNAME', 'cdp_members' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION cdp.members(text) IS
'The profiles that are in a segment now, judged as its owner, without those of whom its condition fails; the caller '
'must be allowed to read its view. The view cdp_segment.<name> has the same rows where it fails of no person; in a join '
'it is the better choice, as it is planned together with the rest of the query, but functions in it run as the '
'reader. Works on a hot standby. Errors: undefined_object, insufficient_privilege; what the condition fails with, if '
'it fails of all people, or more than 1,000; program_limit_exceeded, if it takes longer than cdp.segment_timeout for '
'each 100,000 people.';

CREATE FUNCTION cdp.is_member(name text, profile_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_member' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION cdp.is_member(text, bigint) IS
'Whether what is or ever was a profile_id is in a segment now, judged as its owner; false also for a profile that '
'does not exist, or of which the condition fails. Works on a hot standby. Errors: undefined_object, '
'insufficient_privilege, program_limit_exceeded.';

REVOKE ALL ON FUNCTION cdp_internal.judge_segment(text, bigint[], integer, boolean),
	cdp.create_segment(text, text, text, boolean), cdp.drop_segment(text),
	cdp.members(text), cdp.is_member(text, bigint) FROM PUBLIC;
