-- Hold-outs: a share of those for whom a condition holds, whom readers and the feed do not get.

CREATE FUNCTION cdp_internal.hold_out_draw(salt bigint, segment_id integer, profile_id bigint) RETURNS double precision
	AS 'MODULE_PATHNAME', 'cdp_hold_out_draw' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.hold_out_draw(bigint, integer, bigint) IS
	'Internal: returns the draw of a person for a segment, from 0 to 1; who draws less than the share is held out.';

CREATE FUNCTION cdp.held_out(name text) RETURNS TABLE (profile_id bigint, since timestamptz, judged_at timestamptz)
	AS 'MODULE_PATHNAME', 'cdp_held_out' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION cdp.held_out(text) IS
	'Returns who is held out of a segment: the condition holds for them, since when, and cdp.set_hold_out() leaves '
	'them out. Otherwise it is as cdp.members(), and has its errors.';

CREATE FUNCTION cdp_internal.draw_hold_out(number integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	flipped record;
	at timestamptz := cdp_internal.batch_as_of();
BEGIN
	WITH drawn AS MATERIALIZED (
		-- who is on the wrong side
		SELECT m.profile_id, m.segments @> ARRAY[number] AS was_in,
			   m.since[array_position(m.segments, CASE WHEN m.segments @> ARRAY[number] THEN number ELSE -number END)]
				AS since
		FROM cdp_data.membership m
		CROSS JOIN cdp_data.state t
		JOIN cdp_data.segment s ON s.segment_id = number
		WHERE m.segments && ARRAY[number, -number]
			AND (m.segments @> ARRAY[number])
				= (cdp_internal.hold_out_draw(t.hold_out_salt, number, m.profile_id) < s.hold_out)
	), moved AS (
		UPDATE cdp_data.membership m
		SET (segments, since, computed) = (
			SELECT array_agg(n.segment_id ORDER BY n.segment_id), array_agg(n.since ORDER BY n.segment_id),
				   CASE WHEN count(n.value) > 0 THEN array_agg(n.value ORDER BY n.segment_id) END
			FROM (
				SELECT CASE WHEN abs(u.segment_id) = number THEN -u.segment_id ELSE u.segment_id END AS segment_id,
					   u.since, u.value
				FROM unnest(m.segments, m.since, m.computed) AS u (segment_id, since, value)) n)
		FROM drawn d
		WHERE m.profile_id = d.profile_id
		RETURNING d.profile_id, d.was_in, d.since
	)
	SELECT array_agg(CASE WHEN f.was_in THEN 'exited' ELSE 'entered' END ORDER BY f.profile_id) AS kinds,
		   array_agg(f.profile_id ORDER BY f.profile_id) AS people,
		   array_agg(CASE WHEN f.was_in THEN f.since END ORDER BY f.profile_id) AS sinces, count(*)::integer AS count,
		   count(*) FILTER (WHERE NOT f.was_in) - count(*) FILTER (WHERE f.was_in) AS gained
	INTO STRICT flipped
	FROM moved f;
	UPDATE cdp_data.segment s SET members = s.members + flipped.gained
	WHERE s.segment_id = number AND flipped.gained <> 0;
	IF flipped.count > 0 THEN
		PERFORM cdp_internal.record_changes(flipped.kinds, flipped.people, array_fill(number, n.length), NULL,
			array_fill(at, n.length), array_fill('hold_out'::text, n.length), NULL, sinces => flipped.sinces)
		FROM (SELECT ARRAY[flipped.count] AS length) n;
	END IF;
	-- those that use it, and those that use these, are judged anew
	WITH RECURSIVE above (segment_id) AS (
		SELECT s.segment_id FROM cdp_data.segment s WHERE number = ANY (s.depends_on)
		UNION
		SELECT s.segment_id FROM above a JOIN cdp_data.segment s ON a.segment_id = ANY (s.depends_on))
	UPDATE cdp_data.segment s
	SET built_until = 0, state = CASE s.state WHEN 'live' THEN 'building' ELSE s.state END
	FROM above a
	WHERE s.segment_id = a.segment_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.draw_hold_out(integer) IS
	'Internal: holds out, in a batch, those who are to be by the present share of a segment, and no others; tells the '
	'feed; has segments that use it built anew.';

REVOKE ALL ON FUNCTION cdp_internal.hold_out_draw(bigint, integer, bigint), cdp.held_out(text),
	cdp_internal.draw_hold_out(integer) FROM PUBLIC;
