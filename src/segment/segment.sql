-- Each segment is a view in the schema cdp_segment, under the segment's own name.  The schema is
-- apart from cdp so that who may create segments needs no right to create anything in cdp, where a
-- function or operator of theirs could stand in for one of the extension's, and so that no segment's
-- name can clash with a table's or an index's.
CREATE FUNCTION cdp.init_segment() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- left over, and ours, after a DROP EXTENSION ... CASCADE; anybody else's is an error
	IF NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'cdp_segment' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_segment;
	END IF;
	COMMENT ON SCHEMA cdp_segment IS 'One view for each segment of cdp.segment, with the profiles that are in it now.';

	CREATE TABLE cdp.segment (
		name text COLLATE "C" PRIMARY KEY,
		condition text NOT NULL,
		description text,
		defined_at timestamptz NOT NULL DEFAULT now()
	);
	COMMENT ON TABLE cdp.segment IS 'Segments: conditions over cdp.profile_row, each kept as the view cdp_segment.<name>. Written by cdp.create_segment and cdp.drop_segment.';
	COMMENT ON COLUMN cdp.segment.name IS 'Name of the segment and of its view in the schema cdp_segment.';
	COMMENT ON COLUMN cdp.segment.condition IS 'The boolean SQL expression as it was written; what counts is the view, which follows renamed columns and functions.';
	COMMENT ON COLUMN cdp.segment.description IS 'What the segment is for, in words.';
	COMMENT ON COLUMN cdp.segment.defined_at IS 'When the present condition was given.';
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.init_segment FROM PUBLIC;
COMMENT ON FUNCTION cdp.init_segment IS 'Internal: makes the table cdp.segment and the schema cdp_segment; called by cdp.init().';

CREATE FUNCTION cdp.segment_view(name text) RETURNS regclass
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	view regclass;
BEGIN
	PERFORM cdp.check_tables();
	SELECT (SELECT c.oid FROM pg_class c WHERE c.relname = s.name AND c.relnamespace = to_regnamespace('cdp_segment'))
	INTO view
	FROM cdp.segment s WHERE s.name = segment_view.name;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('segment "%s" does not exist', name),
			HINT = 'The table cdp.segment lists the segments.';
	END IF;
	IF view IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('the view of segment "%s" does not exist', name),
			DETAIL = 'It was dropped, perhaps by a DROP ... CASCADE of something that its condition uses.',
			HINT = 'Create the segment again with replace => true, or drop it with cdp.drop_segment.';
	END IF;
	RETURN view;
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.segment_view FROM PUBLIC;
COMMENT ON FUNCTION cdp.segment_view IS 'Internal: the view of a segment; an error if there is no such segment.';

CREATE FUNCTION cdp.segment_share(name text) RETURNS void
LANGUAGE plpgsql STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reader record;
BEGIN
	FOR reader IN
		SELECT a.grantee::regrole AS role, bool_or(a.is_grantable OR a.grantee = c.relowner) AS may_share
		FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
		WHERE c.oid = 'cdp.segment'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> 0
		GROUP BY a.grantee
	LOOP
		EXECUTE format('GRANT SELECT ON cdp_segment.%I TO %s %s', name, reader.role,
					   CASE WHEN reader.may_share THEN 'WITH GRANT OPTION' END);
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.segment_share FROM PUBLIC;
COMMENT ON FUNCTION cdp.segment_share IS
'Internal: lets those who may read the table cdp.segment read a segment''s view too, and hand the right on where they may do so for the table.';

CREATE FUNCTION cdp.create_segment(name text, condition text, description text DEFAULT NULL, replace boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, cdp, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	members bigint;
BEGIN
	PERFORM cdp.check_tables();
	IF coalesce(create_segment.name, '') !~ '^[a-z][a-z0-9_]{0,62}$' THEN
		RAISE invalid_name USING
			MESSAGE = format('"%s" cannot be the name of a segment', create_segment.name),
			HINT = 'A name is a lower-case letter and up to 62 more letters, digits and underscores.';
	END IF;
	PERFORM cdp.try_condition(coalesce(create_segment.condition, ''));
	PERFORM cdp.notice_condition(create_segment.condition);

	INSERT INTO cdp.segment AS s (name, condition, description)
	VALUES (create_segment.name, create_segment.condition, create_segment.description)
	ON CONFLICT (name) DO UPDATE
	SET condition = excluded.condition, description = excluded.description, defined_at = excluded.defined_at
	WHERE create_segment.replace;
	IF NOT FOUND THEN
		RAISE duplicate_object USING
			MESSAGE = format('segment "%s" already exists', create_segment.name),
			HINT = 'Pass replace => true to give it another condition, or drop it with cdp.drop_segment.';
	END IF;

	-- cdp.check_condition has made sure that the text is one expression, which no bracket, quote or
	-- comment in it can leave; the line break ends a comment of the form "-- ..."
	EXECUTE format(E'%s VIEW cdp_segment.%I AS SELECT profile_row.profile_id FROM cdp.profile_row WHERE (\n%s\n)',
				   CASE WHEN create_segment.replace THEN 'CREATE OR REPLACE' ELSE 'CREATE' END,
				   create_segment.name, create_segment.condition);
	EXECUTE format('COMMENT ON VIEW cdp_segment.%I IS %L', create_segment.name,
				   coalesce(create_segment.description, create_segment.condition));
	PERFORM cdp.segment_share(create_segment.name);
	EXECUTE format('SELECT count(*) FROM cdp_segment.%I', create_segment.name) INTO members;
	RETURN members;
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.create_segment FROM PUBLIC;
COMMENT ON FUNCTION cdp.create_segment IS
'Makes the segment of the profiles for which a condition holds, and the view cdp_segment.<name> with it, which belongs to the caller; returns the number of members now. The condition is one boolean SQL expression over the columns of cdp.profile_row, without subqueries, aggregates, window, set-returning and volatile functions; functions outside pg_catalog and cdp are written with their schema. replace => true gives an existing segment another condition and description. Errors: invalid_name, syntax_error, datatype_mismatch, feature_not_supported, duplicate_object.';

CREATE FUNCTION cdp.drop_segment(name text) RETURNS void
LANGUAGE plpgsql STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM cdp.check_tables();
	DELETE FROM cdp.segment s WHERE s.name = drop_segment.name;
	IF NOT FOUND THEN
		PERFORM cdp.segment_view(name);		-- says that there is no such segment
	END IF;
	EXECUTE format('DROP VIEW IF EXISTS cdp_segment.%I', name);
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.drop_segment FROM PUBLIC;
COMMENT ON FUNCTION cdp.drop_segment IS
'Drops a segment and its view; only the view''s owner may. Refused while another view uses it. Errors: undefined_object.';

CREATE FUNCTION cdp.members(name text) RETURNS TABLE (profile_id bigint)
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT s.profile_id FROM %s s', cdp.segment_view(name));
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.members FROM PUBLIC;
COMMENT ON FUNCTION cdp.members IS
'The profiles that are in a segment now. The view cdp_segment.<name> has the same rows; in a join it is the better choice, as it is planned together with the rest of the query. Errors: undefined_object.';

CREATE FUNCTION cdp.is_member(name text, profile_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %s s WHERE s.profile_id = $1)', cdp.segment_view(name))
	INTO answer USING profile_id;
	RETURN answer;
END
$$;
REVOKE EXECUTE ON FUNCTION cdp.is_member FROM PUBLIC;
COMMENT ON FUNCTION cdp.is_member IS 'Whether a profile is in a segment now; false also for a profile that does not exist. Errors: undefined_object.';
