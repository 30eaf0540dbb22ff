-- The states of segments.  Members are not stored but judged on each call, over rows that
-- cdp_internal.verify_profiles() compares with the log, so only the stored state of a segment can be wrong.

CREATE FUNCTION cdp_internal.verify_segments() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT 'segment', format('segment %s', s.name), concat_ws(', ', j.state, j.error),
			   concat_ws(', ', s.state, s.error)
		FROM cdp_data.segment s CROSS JOIN LATERAL cdp_internal.judge_segment(s.name, NULL, wait => false) j
		WHERE j.state <> s.state ORDER BY s.name COLLATE "C";
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_segments() IS
	'Internal: returns the segments whose state differs from cdp.segment.';

REVOKE ALL ON FUNCTION cdp_internal.verify_segments() FROM PUBLIC;
