-- The periods of a report: hours, days, weeks, months, quarters, years of a time zone.

CREATE FUNCTION cdp_internal.period_length(unit text) RETURNS interval
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF unit = ANY ('{hour,day,week,month,year}') THEN
		RETURN ('1 ' || unit)::interval;
	ELSIF unit = 'week_sunday' THEN
		RETURN '7 days';
	ELSIF unit = 'quarter' THEN
		RETURN '3 months';
	END IF;
	RAISE EXCEPTION 'unit must be hour, day, week, week_sunday, month, quarter or year, not "%"', unit
		USING ERRCODE = 'invalid_parameter_value', DETAIL = 'A week begins on Monday, week_sunday on Sunday.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.period_length(text) IS
	'Internal: returns the length of a unit of time, or raises an error.';

CREATE FUNCTION cdp_internal.period_start(at timestamptz, unit text, time_zone text) RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE unit
		WHEN 'hour' THEN date_trunc('hour', at, time_zone)
		WHEN 'week_sunday'
			THEN (date_trunc('week', at AT TIME ZONE time_zone + interval '1 day') - interval '1 day')
				AT TIME ZONE time_zone
		ELSE date_trunc(unit, at AT TIME ZONE time_zone) AT TIME ZONE time_zone END;
COMMENT ON FUNCTION cdp_internal.period_start(timestamptz, text, text) IS
	'Internal: returns the beginning of the period of the calendar of a time zone in which an instant lies.';

CREATE FUNCTION cdp_internal.periods(unit text, time_zone text, since timestamptz, until timestamptz,
	as_of timestamptz, whole boolean DEFAULT false)
	RETURNS TABLE (number integer, starts timestamptz, ends timestamptz, label timestamp, complete boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	length interval := cdp_internal.period_length(unit);
	first timestamptz;
BEGIN
	IF time_zone IS NULL OR since IS NULL OR until IS NULL OR as_of IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN time_zone IS NULL THEN 'time_zone' WHEN since IS NULL THEN 'since' WHEN until IS NULL THEN 'until'
				ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT (isfinite(since) AND isfinite(until) AND isfinite(as_of)) THEN
		RAISE EXCEPTION 'since, until and as_of must be finite' USING ERRCODE = 'datetime_field_overflow';
	ELSIF since >= until THEN
		RAISE EXCEPTION 'since must be before until' USING ERRCODE = 'invalid_parameter_value';
	ELSIF since + 10000 * length < until THEN
		RAISE EXCEPTION 'since and until must be at most 10000 periods apart'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Each period has a row.';
	END IF;
	-- raises the error of an unknown time zone
	first := cdp_internal.period_start(since, unit, time_zone);
	RETURN QUERY
		SELECT p.number::integer, CASE WHEN whole THEN p.at ELSE greatest(p.at, since) END,
			   CASE WHEN whole THEN p.next ELSE least(p.next, until) END, p.at AT TIME ZONE time_zone,
			   p.next <= as_of AND (whole OR (p.at >= since AND p.next <= until))
		FROM (
			SELECT row_number() OVER w AS number, s.at,
				   coalesce(lead(s.at) OVER w,
					-- the period after the last
					cdp_internal.period_start(CASE WHEN unit = 'hour' THEN s.at + interval '1 hour'
						ELSE (s.at AT TIME ZONE time_zone + length) AT TIME ZONE time_zone END, unit, time_zone))
					AS next
			FROM (
				SELECT DISTINCT cdp_internal.period_start(g.at, unit, time_zone) AS at
				FROM (
					-- every hour, also where the clocks change
					SELECT generate_series(first, until, interval '30 minutes') AS at
					WHERE unit = 'hour'
					UNION ALL
					SELECT generate_series(first AT TIME ZONE time_zone, until AT TIME ZONE time_zone, length)
						AT TIME ZONE time_zone
					WHERE unit <> 'hour') g) s
			WHERE s.at < until
			WINDOW w AS (ORDER BY s.at)) p
		ORDER BY 1;
END
$function$;
COMMENT ON FUNCTION cdp_internal.periods(text, text, timestamptz, timestamptz, timestamptz, boolean) IS
	'Internal: returns the periods of the calendar of a time zone from since until until, at most 10000: their number '
	'from 1, where they begin and end, cut off at since and until unless whole, their beginning by the clock of the '
	'time zone, and whether all of the period counts: it is not cut off, and over by as_of.';

REVOKE ALL ON FUNCTION cdp_internal.period_length(text), cdp_internal.period_start(timestamptz, text, text),
	cdp_internal.periods(text, text, timestamptz, timestamptz, timestamptz, boolean) FROM PUBLIC;
