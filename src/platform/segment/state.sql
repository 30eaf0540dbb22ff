-- Which segments fail, and of whom: written down as segments are defined, and with each batch.

CREATE FUNCTION cdp.mark_segment(name text, state text, error text, profile_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
BEGIN
	-- one that is being defined anew is marked by who does that
	UPDATE cdp.segment s
	SET state = mark_segment.state, error = mark_segment.error, error_profile_id = mark_segment.profile_id,
		checked_at = clock_timestamp(),
		failing_since = CASE WHEN mark_segment.state <> 'live' THEN coalesce(s.failing_since, clock_timestamp()) END
	WHERE s.name = (SELECT k.name FROM cdp.segment k WHERE k.name = mark_segment.name FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION cdp.mark_segment(text, text, text, bigint) IS 'Internal: writes down how judging a segment went.';

-- Reads the profiles touched, and writes the states of segments.  One that fails is live again once the profile
-- that it failed of, and then everyone else, has been judged.
CREATE FUNCTION cdp.refresh_segments(touched bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
DECLARE
	segment record;
	judged record;
BEGIN
	FOR segment IN SELECT s.* FROM cdp.segment s ORDER BY s.name LOOP
		-- not again and again
		CONTINUE WHEN segment.state = 'too_slow' AND segment.checked_at > clock_timestamp() - interval '10 minutes';
		SELECT j.* INTO judged
		FROM cdp.judge_segment(segment.name, touched || segment.error_profile_id, 0, wait => false) j;
		IF judged.state = 'live' AND segment.state <> 'live' THEN
			SELECT j.* INTO judged FROM cdp.judge_segment(segment.name, NULL, 0, wait => false) j;
		END IF;
		-- defined anew at this moment
		CONTINUE WHEN judged.state IS NULL;
		IF judged.state = 'too_slow'
			OR (judged.state, judged.error, judged.profile_id)
				IS DISTINCT FROM (segment.state, segment.error, segment.error_profile_id)
		THEN
			PERFORM cdp.mark_segment(segment.name, judged.state, judged.error, judged.profile_id);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION cdp.refresh_segments(bigint[]) IS
'Internal: judges all segments of these profiles, but those that are being defined anew, and those that failed before '
'of the profile that they failed of, and writes down which of them fail. One that was too slow is tried again after '
'ten minutes.';

REVOKE ALL ON FUNCTION cdp.mark_segment(text, text, text, bigint), cdp.refresh_segments(bigint[]) FROM PUBLIC;
