-- Cohorts of people, and how many of each came back.

CREATE FUNCTION cdp_internal.make_retention_table(first_event text, return_event text, unit text, time_zone text,
	since timestamptz, until timestamptz, periods integer, by_trait text, segment text, query text, as_of timestamptz,
	query_path text)
	RETURNS TABLE (breakdown text, cohort date, size bigint, period integer, people bigint, share numeric,
		complete boolean)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- number of the period of a day (%1$s), counted from the first day of the cohort (%2$s)
	number text := CASE unit
		WHEN 'day' THEN '(%1$s - %2$s)'
		WHEN 'week' THEN '((%1$s - %2$s) / 7)'
		WHEN 'month' THEN '((extract(year FROM %1$s) - extract(year FROM %2$s)) * 12 + extract(month FROM %1$s) '
			'- extract(month FROM %2$s))::integer' END;
BEGIN
	IF number IS NULL THEN
		RAISE EXCEPTION 'unit must be day, week or month, not "%"', unit USING ERRCODE = 'invalid_parameter_value';
	ELSIF '' IN (first_event, return_event) THEN
		RAISE EXCEPTION '% must not be empty', CASE WHEN first_event = '' THEN 'first_event' ELSE 'return_event' END
			USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL stands for any event.';
	ELSIF periods < 0 THEN
		RAISE EXCEPTION 'periods must not be negative' USING ERRCODE = 'invalid_parameter_value';
	ELSIF periods > 10000 THEN
		RAISE EXCEPTION 'periods must be at most 10000'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Each cohort has one row for each period.';
	ELSIF time_zone IS NULL OR as_of IS NULL OR periods IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN time_zone IS NULL THEN 'time_zone' WHEN as_of IS NULL THEN 'as_of' ELSE 'periods' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be finite' USING ERRCODE = 'datetime_field_overflow';
	END IF;
	-- raises the error of an unknown time zone
	PERFORM as_of AT TIME ZONE time_zone;
	IF query IS NULL THEN
		PERFORM cdp_internal.notice_unseen('event', e.event) FROM (VALUES (first_event), (return_event)) e (event);
	END IF;
	RETURN QUERY EXECUTE format($sql$
		WITH began AS (
			SELECT p.timeline, p.breakdown, p.first_at, date_trunc($3, p.first_at AT TIME ZONE $4)::date AS cohort
			FROM (
				SELECT p.timeline, p.breakdown, %2$s AS first_at
				FROM (%1$s) p) p
			WHERE p.first_at >= coalesce($5, '-infinity') AND p.first_at < coalesce($6, 'infinity')
		), cohort AS (
			SELECT b.breakdown, b.cohort, count(*) AS size
			FROM began b
			GROUP BY b.breakdown, b.cohort
		), returned AS (
			SELECT b.breakdown, b.cohort, r.period, count(*) AS people
			FROM began b
			CROSS JOIN LATERAL (
				SELECT DISTINCT %3$s AS period
				FROM (
					SELECT (e.at AT TIME ZONE $4)::date AS day
					FROM cdp.events(b.timeline) e
					WHERE e.at > b.first_at AND e.at <= $8 AND ($2 IS NULL OR e.event = $2)) e) r
			WHERE r.period <= $7
			GROUP BY b.breakdown, b.cohort, r.period
		)
		SELECT c.breakdown, c.cohort, c.size, n.period, coalesce(r.people, 0),
			round(coalesce(r.people, 0)::numeric / c.size, 4),
			(c.cohort + (n.period + 1) * ('1 ' || $3)::interval) AT TIME ZONE $4 <= $8
		FROM cohort c
		CROSS JOIN LATERAL generate_series(0, least($7, %4$s)) n(period)
		LEFT JOIN returned r ON (r.cohort, r.period, r.breakdown IS NULL, coalesce(r.breakdown, ''))
			= (c.cohort, n.period, c.breakdown IS NULL, coalesce(c.breakdown, ''))
		ORDER BY c.breakdown COLLATE "C", c.cohort, n.period
	$sql$, cdp_internal.table_people(query, query_path, segment, by_trait),
		CASE WHEN first_event IS NULL THEN '(SELECT min(e.at) FROM cdp.events(p.timeline) e WHERE e.at <= $8)'
			ELSE 'cdp.first_time(p.timeline, cdp.quote_step($1), as_of => $8)' END,
		format(number, 'e.day', 'b.cohort'), format(number, '($8 AT TIME ZONE $4)::date', 'c.cohort'))
	USING first_event, return_event, unit, time_zone, since, until, periods, as_of;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_retention_table(text, text, text, text, timestamptz, timestamptz, integer, text,
	text, text, timestamptz, text) IS
	'Internal: implements cdp.retention_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.retention_table(first_event text, return_event text, unit text, time_zone text,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, periods integer DEFAULT 12,
	by_trait text DEFAULT NULL, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, cohort date, size bigint, period integer, people bigint, share numeric,
		complete boolean)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_retention_table(retention_table.first_event, retention_table.return_event,
		retention_table.unit, retention_table.time_zone, retention_table.since, retention_table.until,
		retention_table.periods, retention_table.by_trait, retention_table.segment, retention_table.query,
		retention_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text,
	timestamptz) IS
	'Returns retention by cohort. A cohort is the people whose first first_event is in the same calendar day, week '
	'(from Monday) or month of the time zone; cohort is its first day, size its number of people. For each period '
	'since then: how many of them did return_event, later than that first event (people), and as a share of size. '
	'Period 0 is that of the cohort itself; complete: the period was over by as_of. NULL in place of an event: any '
	'event. since and until bound the first event. periods: number of periods after period 0, at most 10000; periods '
	'that begin after as_of are not listed. by_trait: separate cohorts for each value of this trait. segment: members '
	'of this segment only. query: people from your own query, with the columns person, time and event, in place of the '
	'platform''s; it runs as the caller, under the caller''s search path. Errors: 22023, 22004. Works on a hot '
	'standby. Definition: DEFINITIONS.md.';

REVOKE ALL ON FUNCTION
	cdp.retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text, timestamptz),
	cdp_internal.make_retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text,
		timestamptz, text) FROM PUBLIC;
