-- How many people began, went on, came back, and went away, period by period.

CREATE FUNCTION cdp_internal.make_lifecycle_table(step cdp.step, unit text, time_zone text, since timestamptz,
	until timestamptz, by text[], top integer, segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, period timestamp, complete boolean, state text, people bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	first timestamptz;
BEGIN
	IF step IS NULL THEN
		RAISE EXCEPTION 'step must not be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF cdp_internal.breakdown_properties(by) IS NOT NULL THEN
		RAISE EXCEPTION 'by must not have properties'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'States are those of people, not of events.';
	END IF;
	-- raises the errors of the periods
	PERFORM FROM cdp_internal.periods(unit, time_zone, since, until, as_of);
	-- whole periods, and one before the first
	first := cdp_internal.period_start(
		cdp_internal.period_start(since, unit, time_zone) - interval '1 microsecond', unit, time_zone);
	RETURN QUERY EXECUTE format($sql$
		WITH span AS MATERIALIZED (
			SELECT s.* FROM cdp_internal.periods($2, $3, $4, $5, $6, true) s
		), counted AS (
			SELECT h.breakdown, h.place, count(*) AS people
			FROM (%s) h
			GROUP BY h.breakdown, h.place
		), line AS (
			SELECT DISTINCT c.breakdown FROM counted c
			UNION
			SELECT NULL WHERE $7
		)
		SELECT l.breakdown, s.label, s.complete, k.state, coalesce(c.people, 0)
		FROM line l
		CROSS JOIN span s
		CROSS JOIN (VALUES (0, 'new'), (1, 'returning'), (2, 'resurrected'), (3, 'dormant')) k (place, state)
		LEFT JOIN counted c ON c.place = s.number * 4 + k.place
			AND (c.breakdown IS NULL, coalesce(c.breakdown, '')) = (l.breakdown IS NULL, coalesce(l.breakdown, ''))
		WHERE s.number > 1
		ORDER BY l.breakdown COLLATE "C", s.number, k.place
	$sql$, cdp_internal.top_rows(format($sql$
		-- place: four for each period
		SELECT p.person, %s AS own, s.place
		FROM (%s) p
		CROSS JOIN (
			SELECT array_agg(s.starts ORDER BY s.number) || max(s.ends) AS bounds, max(s.number) AS last FROM span s) b
		CROSS JOIN LATERAL (
			SELECT h.period, h.first_at, lag(h.period) OVER w AS former, lead(h.period) OVER w AS next
			FROM cdp_internal.step_periods(p.timeline, $1, b.bounds, NULL, NULL, NULL, $6) h
			WINDOW w AS (ORDER BY h.period)) h
		CROSS JOIN LATERAL (
			SELECT h.period * 4 + CASE WHEN h.former = h.period - 1 THEN 1
				WHEN h.former IS NULL AND cdp.first_time(p.timeline, $1, as_of => $6) = h.first_at THEN 0
				ELSE 2 END AS place
			UNION ALL
			SELECT (h.period + 1) * 4 + 3
			WHERE h.next IS DISTINCT FROM h.period + 1 AND h.period < b.last) s
	$sql$, cdp_internal.breakdown_expression(by, NULL),
		cdp_internal.table_people(query, query_path, segment, by, ARRAY[step], NULL, NULL)), top))
	USING step, unit, time_zone, first, until, as_of, coalesce(by, '{}') = '{}';
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_lifecycle_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer,
	text, text, timestamptz, text) IS
	'Internal: implements cdp.lifecycle_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.lifecycle_table(step cdp.step, unit text, time_zone text, since timestamptz,
	until timestamptz DEFAULT pg_catalog.now(), by text[] DEFAULT NULL, top integer DEFAULT NULL,
	segment text DEFAULT NULL, query text DEFAULT NULL, as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, period timestamp, complete boolean, state text, people bigint)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_lifecycle_table(lifecycle_table.step, lifecycle_table.unit, lifecycle_table.time_zone,
		lifecycle_table.since, lifecycle_table.until, lifecycle_table.by, lifecycle_table.top, lifecycle_table.segment,
		lifecycle_table.query, lifecycle_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.lifecycle_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text,
	timestamptz) IS
$comment$Returns how many people began, went on, came back and went away, period by period: SELECT * FROM
cdp.lifecycle_table('*', 'week', 'Europe/Berlin', '2026-01-01').
Four rows for each period of the calendar of the time zone (unit: hour, day, week, week_sunday, month, quarter, year)
that lies between since and until or holds one of them; each counts as a whole, and complete says whether it was over
by as_of. state: new (the first event of the step ever is in the period), returning (events in this period and the one
before), resurrected (events in this period, none in the one before, earlier ones), dormant (none in this period, but in
the one before). people: how many; only events up to as_of count.
by, top: as in cdp.trend_table(), without properties. segment: members of this segment only. query: people from your own
query, with the columns person, time and event, and further columns as properties; it runs as the caller, under the
caller's search path. Errors: 22023, 22004, 22008. Works on a hot standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.lifecycle_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text, timestamptz),
	cdp_internal.make_lifecycle_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text,
		timestamptz, text) FROM PUBLIC;
