-- How often the events of a step happened, period by period.

CREATE FUNCTION cdp_internal.make_trend_table(step cdp.step, unit text, time_zone text, since timestamptz,
	until timestamptz, number text, moving integer, compare interval, by text[], top integer, segment text,
	query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, period timestamp, complete boolean, events bigint, people bigint, total numeric,
		per_person numeric, moving_average numeric, former_period timestamp, former_events bigint,
		former_people bigint, former_total numeric)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	properties text[] := cdp_internal.breakdown_properties(by);
	former_since timestamptz := (since AT TIME ZONE time_zone - compare) AT TIME ZONE time_zone;
	former_until timestamptz := (until AT TIME ZONE time_zone - compare) AT TIME ZONE time_zone;
BEGIN
	IF step IS NULL THEN
		RAISE EXCEPTION 'step must not be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF number = '' THEN
		RAISE EXCEPTION 'number must not be empty' USING ERRCODE = 'invalid_parameter_value';
	ELSIF moving < 1 THEN
		RAISE EXCEPTION 'moving must be positive' USING ERRCODE = 'invalid_parameter_value';
	ELSIF former_since >= since THEN
		RAISE EXCEPTION 'compare must be positive' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- raises the errors of the periods
	PERFORM FROM cdp_internal.periods(unit, time_zone, since, until, as_of);
	RETURN QUERY EXECUTE format($sql$
		WITH span AS (
			SELECT false AS former, p.*
			FROM cdp_internal.periods($2, $3, $4, $5, $8) p
			UNION ALL
			SELECT true, p.*
			FROM cdp_internal.periods($2, $3, $9, $10, $8) p
			WHERE $9 IS NOT NULL
		), counted AS (
			SELECT h.breakdown, h.place, sum(h.events)::bigint AS events, count(%s) AS people, sum(h.total) AS total
			FROM (%s) h
			GROUP BY h.breakdown, h.place
		), line AS (
			SELECT DISTINCT c.breakdown FROM counted c
			UNION
			-- without a breakdown there are rows also if there are no events
			SELECT NULL WHERE $11
		)
		SELECT l.breakdown, s.label, s.complete, coalesce(c.events, 0), coalesce(c.people, 0),
			   c.total, round(CASE WHEN $6 IS NULL THEN c.events ELSE c.total END / c.people, 4),
			   CASE WHEN s.number >= $7 THEN
					round(sum(CASE WHEN $6 IS NULL THEN c.events ELSE c.total END) OVER (PARTITION BY l.breakdown
						ORDER BY s.number ROWS %s PRECEDING) / $7, 4) END,
			   f.label, CASE WHEN f.label IS NOT NULL THEN coalesce(b.events, 0) END,
			   CASE WHEN f.label IS NOT NULL THEN coalesce(b.people, 0) END, b.total
		FROM line l
		CROSS JOIN span s
		LEFT JOIN counted c ON c.place = s.number
			AND (c.breakdown IS NULL, coalesce(c.breakdown, '')) = (l.breakdown IS NULL, coalesce(l.breakdown, ''))
		LEFT JOIN span f ON f.former AND f.number = s.number
		LEFT JOIN counted b ON b.place = -s.number
			AND (b.breakdown IS NULL, coalesce(b.breakdown, '')) = (l.breakdown IS NULL, coalesce(l.breakdown, ''))
		WHERE NOT s.former
		ORDER BY l.breakdown COLLATE "C", s.number
	$sql$, CASE WHEN top IS NULL THEN '*' ELSE 'DISTINCT h.person' END, cdp_internal.top_rows(format($sql$
		-- periods to compare with have negative places
		SELECT p.person, %s AS own, CASE WHEN b.former THEN -h.period ELSE h.period END AS place, h.events, h.total
		FROM (%s) p
		CROSS JOIN (
			SELECT s.former, array_agg(s.starts ORDER BY s.number) || max(s.ends) AS bounds
			FROM span s
			GROUP BY s.former) b
		CROSS JOIN LATERAL cdp_internal.step_periods(p.timeline, $1, b.bounds, NULL, $12, $6, $8) h
	$sql$, cdp_internal.breakdown_expression(by, 'h.found'),
		cdp_internal.table_people(query, query_path, segment, by, ARRAY[step], ARRAY[step], ARRAY[number])), top),
		coalesce(moving, 1) - 1)
	USING step, unit, time_zone, since, until, number, moving, as_of, former_since, former_until,
		coalesce(by, '{}') = '{}', properties;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_trend_table(cdp.step, text, text, timestamptz, timestamptz, text, integer,
	interval, text[], integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.trend_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.trend_table(step cdp.step, unit text, time_zone text, since timestamptz,
	until timestamptz DEFAULT pg_catalog.now(), number text DEFAULT NULL, moving integer DEFAULT NULL,
	compare interval DEFAULT NULL, by text[] DEFAULT NULL, top integer DEFAULT NULL, segment text DEFAULT NULL,
	query text DEFAULT NULL, as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, period timestamp, complete boolean, events bigint, people bigint, total numeric,
		per_person numeric, moving_average numeric, former_period timestamp, former_events bigint,
		former_people bigint, former_total numeric)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_trend_table(trend_table.step, trend_table.unit, trend_table.time_zone, trend_table.since,
		trend_table.until, trend_table.number, trend_table.moving, trend_table.compare, trend_table.by, trend_table.top,
		trend_table.segment, trend_table.query, trend_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.trend_table(cdp.step, text, text, timestamptz, timestamptz, text, integer, interval, text[],
	integer, text, text, timestamptz) IS
$comment$Returns the events of a step period by period: SELECT * FROM cdp.trend_table('Order Completed', 'week',
'Europe/Berlin', '2026-01-01', number => 'total', by => '{trait:country}').
unit: hour, day, week (from Monday), week_sunday, month, quarter or year of the calendar of the time zone. A row for
each period from since (included) until until (excluded), also without events; period is its beginning by the clock of
the time zone; complete: all of it lies between since, until and as_of.
events, people: how many. total: the sum of a number that events carry, such as total; NULL if none does. per_person:
total (without number: events) by people. moving_average: of total (without number: of events) over this period and
those before it, moving in all; NULL for the first ones.
compare: also the same time so much earlier (1 year) by the calendar, period by period, as former_.
by: a line for each value of traits (trait:plan), segments (segment:buyers) and properties (property:category:
an event with several values counts for each), and for each combination of several. top: only so many with most people,
the rest as "(other)".
segment: members of this segment only. query: people from your own query, with the columns person, time and event, and
further columns as properties, in place of the platform's; it runs as the caller, under the caller's search path.
Reads the log, with a notice, where timelines do not carry a property; events of which left-out values decide do not
count. Errors: 22023, 22004, 22008. Works on a hot standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.trend_table(cdp.step, text, text, timestamptz, timestamptz, text, integer, interval, text[], integer, text,
		text, timestamptz),
	cdp_internal.make_trend_table(cdp.step, text, text, timestamptz, timestamptz, text, integer, interval, text[],
		integer, text, text, timestamptz, text) FROM PUBLIC;
