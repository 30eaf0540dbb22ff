-- Which segments fail, and of whom: written down as segments are defined, and with each batch.

CREATE FUNCTION cdp_internal.mark_segment(name text, state text, error text, profile_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
BEGIN
	-- one that is being defined anew is marked by who does that
	UPDATE cdp_data.segment s
	SET state = mark_segment.state, error = mark_segment.error, error_profile_id = mark_segment.profile_id,
		checked_at = clock_timestamp(),
		failing_since = CASE WHEN mark_segment.state <> 'live' THEN coalesce(s.failing_since, clock_timestamp()) END
	WHERE s.name = (SELECT k.name FROM cdp_data.segment k WHERE k.name = mark_segment.name FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION cdp_internal.mark_segment(text, text, text, bigint) IS 'Internal: writes down how judging a segment went.';

CREATE FUNCTION cdp_internal.segment_limit(people bigint) RETURNS interval
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
DECLARE
	milliseconds bigint := (SELECT s.setting FROM pg_settings s WHERE s.name = 'cdp.segment_timeout');
BEGIN
	-- 0 is no limit
	RETURN CASE WHEN milliseconds > 0 THEN milliseconds * (1 + people / 100000) * interval '1 millisecond'
				ELSE interval '1000 years' END;
END
$$;
COMMENT ON FUNCTION cdp_internal.segment_limit(bigint) IS
'Internal: how long the segments of one owner may take in a refresh that touches so many people: cdp.segment_timeout.';

-- Reads the profiles touched, and writes the states of segments.  One that fails is live again once the profile
-- that it failed of, and then everyone else, has been judged.
CREATE FUNCTION cdp_internal.refresh_segments(touched bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, cdp, pg_temp
AS $$
DECLARE
	segment record;
	judged record;
	started timestamptz;
	-- what an owner's segments may take together, as of one that is judged of all; and what they took
	owner_limit interval := cdp_internal.segment_limit(cardinality(touched));
	spent jsonb := '{}';
BEGIN
	FOR segment IN
		SELECT s.*, coalesce(c.relowner::text, s.name) AS owner FROM cdp_data.segment s
		LEFT JOIN pg_class c ON c.relname = s.name AND c.relnamespace = to_regnamespace('cdp_segment') ORDER BY s.name
	LOOP
		-- an owner's other segments wait for the next refresh, which one of them then does not delay
		CONTINUE WHEN (spent ->> segment.owner)::interval > owner_limit;
		-- not again and again
		CONTINUE WHEN segment.state = 'too_slow' AND segment.checked_at > clock_timestamp() - interval '10 minutes';
		started := clock_timestamp();
		SELECT j.* INTO judged
		FROM cdp_internal.judge_segment(segment.name, touched || segment.error_profile_id, 0, wait => false) j;
		IF judged.state = 'live' AND segment.state <> 'live' THEN
			SELECT j.* INTO judged FROM cdp_internal.judge_segment(segment.name, NULL, 0, wait => false) j;
		END IF;
		-- defined anew at this moment
		CONTINUE WHEN judged.state IS NULL;
		spent := spent || jsonb_build_object(segment.owner,
			coalesce((spent ->> segment.owner)::interval, '0') + (clock_timestamp() - started));
		IF (spent ->> segment.owner)::interval > owner_limit AND judged.state <> 'too_slow' THEN
			judged.state := 'too_slow';
			judged.error := '54000: with others of its owner it takes longer than cdp.segment_timeout allows';
			judged.profile_id := NULL;
		END IF;
		IF judged.state = 'too_slow'
			OR (judged.state, judged.error, judged.profile_id)
				IS DISTINCT FROM (segment.state, segment.error, segment.error_profile_id)
		THEN
			PERFORM cdp_internal.mark_segment(segment.name, judged.state, judged.error, judged.profile_id);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION cdp_internal.refresh_segments(bigint[]) IS
'Internal: judges all segments of these profiles, but those that are being defined anew, and those that failed before '
'of the profile that they failed of, and writes down which of them fail. The segments of one owner together have '
'cdp.segment_timeout: the one that passes it is too slow, and those behind it wait for the next refresh. One that was '
'too slow is tried again after ten minutes.';

REVOKE ALL ON FUNCTION cdp_internal.mark_segment(text, text, text, bigint), cdp_internal.segment_limit(bigint),
	cdp_internal.refresh_segments(bigint[]) FROM PUBLIC;
