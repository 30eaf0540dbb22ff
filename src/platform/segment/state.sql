-- The state of segments: which fail, and for whom.  Recorded when a segment is defined, and by each refresh.

CREATE FUNCTION cdp_internal.mark_segment(name text, state text, error text, profile_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- a segment that is being redefined is locked, and marked by the transaction that does it
	UPDATE cdp_data.segment s
	SET state = mark_segment.state, error = mark_segment.error, error_profile_id = mark_segment.profile_id,
		checked_at = clock_timestamp(),
		failing_since = CASE WHEN mark_segment.state <> 'live' THEN coalesce(s.failing_since, clock_timestamp()) END
	WHERE s.name = (SELECT k.name FROM cdp_data.segment k WHERE k.name = mark_segment.name FOR UPDATE SKIP LOCKED);
END
$function$;
COMMENT ON FUNCTION cdp_internal.mark_segment(text, text, text, bigint) IS
	'Internal: records the result of judging a segment.';

CREATE FUNCTION cdp_internal.segment_limit(people bigint) RETURNS interval
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	milliseconds bigint := (SELECT s.setting FROM pg_settings s WHERE s.name = 'cdp.segment_timeout');
BEGIN
	-- 0: no limit
	RETURN CASE WHEN milliseconds > 0 THEN milliseconds * (1 + people / 100000) * interval '1 millisecond'
		ELSE interval '1000 years' END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_limit(bigint) IS
	'Internal: returns how long the segments of one owner may take in a refresh that touches this number of people: '
	'cdp.segment_timeout, and as much again for each 100,000 people.';

CREATE FUNCTION cdp_internal.refresh_segments(touched bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	segment record;
	judged record;
	started timestamptz;
	-- time that the segments of one owner may take together
	owner_limit interval := cdp_internal.segment_limit(
		coalesce(cardinality(touched), (SELECT count(*) FROM cdp_data.profile)));
	-- time that they took, by owner
	spent jsonb := '{}';
BEGIN
	FOR segment IN
		SELECT s.*, coalesce(c.relowner::text, s.name) AS owner
		FROM cdp_data.segment s
		LEFT JOIN pg_class c ON c.relname = s.name AND c.relnamespace = to_regnamespace('cdp_condition')
		ORDER BY s.name
	LOOP
		-- The owner's other segments wait for the next refresh; the one that took the time is too slow by then.
		CONTINUE WHEN (spent ->> segment.owner)::interval > owner_limit;
		-- A slow segment must not slow down every refresh.
		CONTINUE WHEN segment.state = 'too_slow' AND segment.checked_at > clock_timestamp() - interval '10 minutes';
		started := clock_timestamp();
		SELECT j.* INTO judged
		FROM cdp_internal.judge_segment(segment.name,
			CASE WHEN touched IS NOT NULL THEN touched || segment.error_profile_id END, wait => false) j;
		-- A segment that failed is live again once all people have been judged.
		IF judged.state = 'live' AND segment.state <> 'live' AND touched IS NOT NULL THEN
			SELECT j.* INTO judged FROM cdp_internal.judge_segment(segment.name, NULL, wait => false) j;
		END IF;
		-- being redefined
		CONTINUE WHEN judged.state IS NULL;
		spent := spent || jsonb_build_object(segment.owner,
			coalesce((spent ->> segment.owner)::interval, '0') + (clock_timestamp() - started));
		IF (spent ->> segment.owner)::interval > owner_limit AND judged.state <> 'too_slow' THEN
			judged.state := 'too_slow';
			judged.error := '54000: together with other segments of its owner it takes longer than '
				'cdp.segment_timeout allows';
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
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_segments(bigint[]) IS
	'Internal: judges all segments for these profiles (NULL: for all) and, if a segment failed before, for the profile '
	'it failed for; records changed states. Skips segments that are being redefined. The segments of one owner share '
	'cdp_internal.segment_limit(): the one that exceeds it is too slow, and those after it wait for the next refresh. '
	'A segment that was too slow is tried again after ten minutes.';

REVOKE ALL ON FUNCTION cdp_internal.mark_segment(text, text, text, bigint), cdp_internal.segment_limit(bigint),
	cdp_internal.refresh_segments(bigint[]) FROM PUBLIC;
