-- A funnel of people, a row for each step.

CREATE FUNCTION cdp_internal.make_funnel_table(steps cdp.step[], within interval, since timestamptz, until timestamptz,
	unit text, time_zone text, by text[], top integer, segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, period timestamp, step integer, event text, people bigint, from_previous numeric,
		from_first numeric, median_time interval)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	properties text[] := cdp_internal.breakdown_properties(by);
	spans text := 'SELECT $3 AS since, $4 AS until, NULL::timestamp AS label';
BEGIN
	-- raises the errors of all arguments, also if there are no people
	IF cdp.funnel_times(NULL, steps, within, since, until, as_of) IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN steps IS NULL THEN 'steps' WHEN within IS NULL THEN 'within' ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF unit IS NOT NULL THEN
		PERFORM FROM cdp_internal.periods(unit, time_zone, since, until, as_of);
		spans := 'SELECT s.starts, s.ends, s.label FROM cdp_internal.periods($8, $9, $3, $4, $5) s';
	END IF;
	RETURN QUERY EXECUTE format($sql$
		WITH span AS (
			%s
		), depth AS (
			SELECT f.breakdown, f.label, t.step, t.took
			FROM (%s) f
			CROSS JOIN LATERAL unnest(f.times) WITH ORDINALITY AS t (took, step)
		), counted AS (
			SELECT d.breakdown, d.label, d.step, count(d.took) AS people,
				   percentile_cont(0.5) WITHIN GROUP (ORDER BY d.took) AS median
			FROM (
				SELECT d.* FROM depth d
				UNION ALL
				-- a step that no one reached has a row, also without people
				SELECT l.breakdown, s.label, n.step, NULL
				FROM (SELECT DISTINCT d.breakdown FROM depth d UNION SELECT NULL WHERE $6) l
				CROSS JOIN span s
				CROSS JOIN generate_series(1, cardinality($1)) AS n (step)) d
			GROUP BY d.breakdown, d.label, d.step
		)
		SELECT c.breakdown, c.label, c.step::integer, ($1)[c.step]::text, c.people,
			   round(c.people::numeric / nullif(lag(c.people) OVER w, 0), 4),
			   round(c.people::numeric / nullif(first_value(c.people) OVER w, 0), 4), justify_hours(c.median)
		FROM counted c
		WINDOW w AS (PARTITION BY c.breakdown, c.label ORDER BY c.step), b AS (PARTITION BY c.breakdown)
		ORDER BY max(c.people) OVER b DESC, c.breakdown COLLATE "C", c.label, c.step
	$sql$, spans, cdp_internal.top_rows(format($sql$
		SELECT p.person, %s AS own, s.label, cdp.funnel_times(p.timeline, $1, $2, s.since, s.until, $5) AS times
		FROM (%s) p
		CROSS JOIN span AS s (since, until, label)%s
		WHERE cdp.did(p.timeline, ($1)[1], since => s.since, until => s.until, as_of => $5)
	$sql$, cdp_internal.breakdown_expression(by, 'v.found'),
		cdp_internal.table_people(query, query_path, segment, by, steps, NULL, NULL),
		CASE WHEN properties IS NOT NULL THEN $sql$
		LEFT JOIN LATERAL (
			SELECT h.found
			FROM cdp_internal.step_periods(p.timeline, ($1)[1],
				ARRAY[coalesce(s.since, '-infinity'), coalesce(s.until, 'infinity')], NULL, $7, NULL, $5) h
			ORDER BY h.first_at, h.found COLLATE "C"
			LIMIT 1) v ON true$sql$ END), top))
	USING steps, within, since, until, as_of, coalesce(by, '{}') = '{}', properties, unit, time_zone;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_funnel_table(cdp.step[], interval, timestamptz, timestamptz, text, text, text[],
	integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.funnel_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.funnel_table(steps cdp.step[], within interval, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL, unit text DEFAULT NULL, time_zone text DEFAULT NULL, by text[] DEFAULT NULL,
	top integer DEFAULT NULL, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, period timestamp, step integer, event text, people bigint, from_previous numeric,
		from_first numeric, median_time interval)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_funnel_table(funnel_table.steps, funnel_table.within, funnel_table.since,
		funnel_table.until, funnel_table.unit, funnel_table.time_zone, funnel_table.by, funnel_table.top,
		funnel_table.segment, funnel_table.query, funnel_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.funnel_table(cdp.step[], interval, timestamptz, timestamptz, text, text, text[], integer, text,
	text, timestamptz) IS
$comment$Returns a funnel of people through at most 32 steps, one row for each: SELECT * FROM cdp.funnel_table('{Product
Viewed,Product Added,Order Completed}', '7 days', by => '{trait:country}'). Steps with conditions that have commas:
ARRAY['Product Viewed[category = "shoes", price > 50]', 'Order Completed']::cdp.step[].
people: how many reached the step within the window that starts at their first step; from_previous, from_first: as a
share of the step before and of the first; median_time: the median time from the first step to it. The first step must
be at or after since and before until, if given; events after as_of do not count. Different events of one instant count
in any order; an event counts for one step.
unit, time_zone: one funnel for each period between since and until, for those whose first step is in it (hour, day,
week from Monday, week_sunday, month, quarter, year); period is its beginning by the clock of the time zone.
by: one funnel for each value of traits (trait:plan), segments (segment:buyers) and properties of the person's earliest
first step (property:campaign), and for each combination of several. top: only so many with most people, the rest as
"(other)". segment: members of this segment only. query: people from your own query, with the columns person, time and
event, and further columns as properties, in place of the platform's; it runs as the caller, under the caller's search
path.
Reads the log, with a notice, where timelines do not carry a property. Errors: see cdp.funnel_times. Works on a hot
standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.funnel_table(cdp.step[], interval, timestamptz, timestamptz, text, text, text[], integer, text, text,
		timestamptz),
	cdp_internal.make_funnel_table(cdp.step[], interval, timestamptz, timestamptz, text, text, text[], integer, text,
		text, timestamptz, text) FROM PUBLIC;
