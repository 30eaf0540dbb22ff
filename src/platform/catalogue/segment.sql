-- The table of segments, and the schema of their views.

CREATE FUNCTION cdp_internal.init_segment() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- DROP EXTENSION ... CASCADE leaves the schema.  One that belongs to another role is an error.
	IF NOT EXISTS (
		SELECT
		FROM pg_namespace n
		WHERE n.nspname = 'cdp_segment' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_segment;
	END IF;
	IF NOT EXISTS (
		SELECT
		FROM pg_namespace n
		WHERE n.nspname = 'cdp_condition' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_condition;
	END IF;
	COMMENT ON SCHEMA cdp_condition IS
		'One view for each segment in cdp.segment, whose column "holds" is the condition.';
	COMMENT ON SCHEMA cdp_segment IS 'One view for each segment in cdp.segment, with the profiles that are in it now.';

	CREATE TABLE cdp_data.segment (
		name text COLLATE "C" PRIMARY KEY,
		condition text NOT NULL,
		description text,
		defined_at timestamptz NOT NULL DEFAULT now(),
		state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'failing', 'too_slow')),
		failing_since timestamptz,
		error text,
		error_profile_id bigint,
		checked_at timestamptz NOT NULL DEFAULT now());
	COMMENT ON TABLE cdp_data.segment IS
		'Segments: conditions over cdp.profile_row, each kept as the view cdp_segment.<name>. Written by '
		'cdp.create_segment and cdp.drop_segment; their states also by cdp.refresh.';
	COMMENT ON COLUMN cdp_data.segment.name IS 'Name of the segment, and of its view in schema cdp_segment.';
	COMMENT ON COLUMN cdp_data.segment.condition IS
		'The boolean SQL expression, as written. The view decides, and follows when columns and functions are renamed.';
	COMMENT ON COLUMN cdp_data.segment.description IS 'What the segment is for; NULL: not given.';
	COMMENT ON COLUMN cdp_data.segment.defined_at IS 'When the present condition was given.';
	COMMENT ON COLUMN cdp_data.segment.state IS
		'live; failing: the condition raises an error for some people, or for all; too_slow: judging it takes longer '
		'than cdp.segment_timeout. cdp.refresh judges it for the people that a batch touched.';
	COMMENT ON COLUMN cdp_data.segment.failing_since IS 'When it stopped being live; NULL: it is live.';
	COMMENT ON COLUMN cdp_data.segment.error IS 'Why it is not live, as SQLSTATE: message; NULL: it is live.';
	COMMENT ON COLUMN cdp_data.segment.error_profile_id IS
		'A profile that the condition fails for; NULL: it is live, or fails for all.';
	COMMENT ON COLUMN cdp_data.segment.checked_at IS
		'When the state was last written. A segment that is too slow is judged again ten minutes later.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_segment() IS
	'Internal: makes the table of segments and the schema cdp_segment.';

REVOKE ALL ON FUNCTION cdp_internal.init_segment() FROM PUBLIC;
