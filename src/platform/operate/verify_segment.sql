-- The kept memberships, and the states of segments.

-- What cdp_internal.verify_segments() finds, a person and segment each.
CREATE FUNCTION cdp_internal.verify_memberships(subject text, people bigint DEFAULT 10000)
	RETURNS TABLE (segment_id integer, profile_id bigint, error text, found text, kept text)
	AS 'MODULE_PATHNAME', 'cdp_verify_memberships' LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION cdp_internal.verify_memberships(text, bigint) IS
	'Internal: judges all people, or accounts, by all segments of this subject at the time of the last batch, so many '
	'at once, and returns where that differs from what is kept: found and kept are "member", or the value of a '
	'computed trait; NULL: none. But of segments that cannot be judged, and of people whom a condition fails for, what '
	'is kept stays. profile_id is NULL where the state of a segment differs: error is what it fails with now. Of '
	'accounts it is account_id.';

CREATE FUNCTION cdp_internal.verify_segments() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT 'segment', format('segment %s', s.name) || coalesce(
				CASE s.subject WHEN 'account' THEN ' of account ' ELSE ' of profile ' END || v.profile_id, ''),
			   CASE WHEN v.profile_id IS NULL THEN coalesce(v.error, 'live') ELSE v.found END,
			   CASE WHEN v.profile_id IS NULL THEN concat_ws(', ', s.state, s.error) ELSE v.kept END
		FROM (
			SELECT p.* FROM cdp_internal.verify_memberships('person') p
			UNION ALL
			SELECT a.* FROM cdp_internal.verify_memberships('account', 100) a) v
		JOIN cdp_data.segment s ON s.segment_id = v.segment_id
		ORDER BY s.name COLLATE "C", v.profile_id NULLS FIRST;
	RETURN QUERY
		SELECT 'segment', format('segment %s of profile %s', d.name, d.profile_id),
			   CASE WHEN d.is_drawn THEN 'held out' ELSE 'member' END,
			   CASE WHEN d.is_drawn THEN 'member' ELSE 'held out' END
		FROM (
			SELECT s.name, m.profile_id, u.segment_id < 0 AS is_held, s.hold_out > 0
				AND cdp_internal.hold_out_draw(t.hold_out_salt, s.segment_id, m.profile_id) < s.hold_out AS is_drawn
			FROM cdp_data.membership m
			CROSS JOIN LATERAL unnest(m.segments) AS u (segment_id)
			JOIN cdp_data.segment s ON s.segment_id = abs(u.segment_id)
			CROSS JOIN cdp_data.state t) d
		WHERE d.is_held <> d.is_drawn
		ORDER BY d.name COLLATE "C", d.profile_id;
	RETURN QUERY
		SELECT 'segment', format('segment %s', s.name), format('%s members', count(m.segment_id)),
			   format('%s members', s.members)
		FROM cdp_data.segment s
		LEFT JOIN (
			SELECT unnest(k.segments) AS segment_id FROM cdp_data.membership k
			UNION ALL
			SELECT unnest(k.segments) FROM cdp_data.account_membership k) m ON m.segment_id = s.segment_id
		GROUP BY s.name, s.members HAVING count(m.segment_id) <> s.members
		ORDER BY s.name COLLATE "C";
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_segments() IS
	'Internal: returns where the kept memberships, who is held out, the sizes and the states of segments differ from '
	'what follows from people, conditions and draws.';

REVOKE ALL ON FUNCTION cdp_internal.verify_memberships(text, bigint), cdp_internal.verify_segments() FROM PUBLIC;
