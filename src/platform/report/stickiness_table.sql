-- In how many periods people did something.

CREATE FUNCTION cdp_internal.make_stickiness_table(step cdp.step, unit text, time_zone text, since timestamptz,
	until timestamptz, by text[], top integer, segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, periods integer, people bigint, share numeric, at_least_people bigint,
		at_least_share numeric)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	properties text[] := cdp_internal.breakdown_properties(by);
BEGIN
	IF step IS NULL THEN
		RAISE EXCEPTION 'step must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- raises the errors of the periods
	PERFORM FROM cdp_internal.periods(unit, time_zone, since, until, as_of);
	RETURN QUERY EXECUTE format($sql$
		WITH span AS (
			SELECT s.* FROM cdp_internal.periods($2, $3, $4, $5, $6) s
		), active AS (
			SELECT h.breakdown, count(DISTINCT h.place) AS periods
			FROM (%s) h
			GROUP BY h.breakdown, h.person
		), counted AS (
			SELECT a.breakdown, a.periods, count(*) AS people
			FROM active a
			GROUP BY a.breakdown, a.periods
		), line AS (
			SELECT DISTINCT c.breakdown FROM counted c
			UNION
			SELECT NULL WHERE $7
		)
		SELECT l.breakdown, s.number, coalesce(c.people, 0),
			   round(coalesce(c.people, 0) / nullif(sum(c.people) OVER w, 0), 4),
			   coalesce(sum(c.people) OVER more, 0)::bigint,
			   round(coalesce(sum(c.people) OVER more, 0) / nullif(sum(c.people) OVER w, 0), 4)
		FROM line l
		CROSS JOIN span s
		LEFT JOIN counted c ON c.periods = s.number
			AND (c.breakdown IS NULL, coalesce(c.breakdown, '')) = (l.breakdown IS NULL, coalesce(l.breakdown, ''))
		WINDOW w AS (PARTITION BY l.breakdown), more AS (PARTITION BY l.breakdown ORDER BY s.number DESC)
		ORDER BY l.breakdown COLLATE "C", s.number
	$sql$, cdp_internal.top_rows(format($sql$
		SELECT p.person, %s AS own, h.period AS place
		FROM (%s) p
		CROSS JOIN (SELECT array_agg(s.starts ORDER BY s.number) || max(s.ends) AS bounds FROM span s) b
		CROSS JOIN LATERAL cdp_internal.step_periods(p.timeline, $1, b.bounds, NULL, $8, NULL, $6) h
	$sql$, cdp_internal.breakdown_expression(by, 'h.found'),
		cdp_internal.table_people(query, query_path, segment, by, ARRAY[step], NULL, NULL)), top))
	USING step, unit, time_zone, since, until, as_of, coalesce(by, '{}') = '{}', properties;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_stickiness_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer,
	text, text, timestamptz, text) IS
	'Internal: implements cdp.stickiness_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.stickiness_table(step cdp.step, unit text, time_zone text, since timestamptz,
	until timestamptz DEFAULT pg_catalog.now(), by text[] DEFAULT NULL, top integer DEFAULT NULL,
	segment text DEFAULT NULL, query text DEFAULT NULL, as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, periods integer, people bigint, share numeric, at_least_people bigint,
		at_least_share numeric)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_stickiness_table(stickiness_table.step, stickiness_table.unit, stickiness_table.time_zone,
		stickiness_table.since, stickiness_table.until, stickiness_table.by, stickiness_table.top,
		stickiness_table.segment, stickiness_table.query, stickiness_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.stickiness_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text,
	timestamptz) IS
$comment$Returns in how many days, weeks … people did something: SELECT * FROM cdp.stickiness_table('*', 'day',
'Europe/Berlin', '2026-01-01', '2026-01-08').
A row for each number of periods (periods) that there are from since (included) until until (excluded), in the calendar
of the time zone (unit: hour, day, week, week_sunday, month, quarter, year): how many people have events of the step in
just so many of them (people), and as a share of all who have any; and how many in so many or more (at_least_people,
at_least_share). Only events up to as_of count.
by, top: as in cdp.trend_table(). segment: members of this segment only. query: people from your own query, with the
columns person, time and event, and further columns as properties; it runs as the caller, under the caller's search
path. Errors: 22023, 22004, 22008. Works on a hot standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.stickiness_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text, timestamptz),
	cdp_internal.make_stickiness_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text,
		timestamptz, text) FROM PUBLIC;
