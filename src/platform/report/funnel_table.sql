-- A funnel of people, a row for each step.

-- Where the rows of a histogram begin, the last one having no end; one row for all times without one.
CREATE FUNCTION cdp_internal.funnel_buckets(histogram interval[])
	RETURNS TABLE (number integer, starts interval, ends interval)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF histogram IS NULL THEN
		RETURN QUERY VALUES (0, NULL::interval, NULL::interval);
		RETURN;
	END IF;
	IF cardinality(histogram) NOT BETWEEN 1 AND 1000 OR array_ndims(histogram) > 1
		OR EXISTS (
			SELECT FROM unnest(histogram) WITH ORDINALITY AS h (at, place)
			WHERE h.at IS NULL OR h.at < '0' OR h.at <= histogram[h.place - 1] OR extract(month FROM h.at) <> 0
				OR extract(year FROM h.at) <> 0)
	THEN
		RAISE EXCEPTION 'histogram must be ascending intervals from 0 on, at most 1000, without months'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = '{1 hour,1 day} are three rows: less than an hour, less than a day, and from a day on.';
	END IF;
	RETURN QUERY
		SELECT h.place::integer, h.starts, lead(h.starts) OVER (ORDER BY h.place)
		FROM (
			SELECT 0 AS place, interval '0' AS starts
			WHERE histogram[1] > '0'
			UNION ALL
			SELECT e.place, e.at
			FROM unnest(histogram) WITH ORDINALITY AS e (at, place)) h
		ORDER BY h.place;
END
$function$;
COMMENT ON FUNCTION cdp_internal.funnel_buckets(interval[]) IS
	'Internal: returns the rows of a histogram of times, numbered as width_bucket numbers them.';

-- The spans of time in which a funnel may begin: the whole, or periods; and those that they are compared with.
CREATE FUNCTION cdp_internal.funnel_spans(unit text, time_zone text, since timestamptz, until timestamptz,
	compare interval, as_of timestamptz)
	RETURNS TABLE (number integer, former boolean, starts timestamptz, ends timestamptz, label timestamp)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	former_since timestamptz := (since AT TIME ZONE time_zone - compare) AT TIME ZONE time_zone;
	former_until timestamptz := (until AT TIME ZONE time_zone - compare) AT TIME ZONE time_zone;
BEGIN
	IF compare IS NOT NULL AND (former_since IS NULL OR former_until IS NULL) THEN
		RAISE EXCEPTION 'compare needs since, until and time_zone' USING ERRCODE = 'invalid_parameter_value';
	ELSIF former_since >= since THEN
		RAISE EXCEPTION 'compare must be positive' USING ERRCODE = 'invalid_parameter_value';
	ELSIF unit IS NULL THEN
		RETURN QUERY VALUES (1, false, since, until, NULL::timestamp);
		RETURN QUERY SELECT 1, true, former_since, former_until, NULL::timestamp WHERE compare IS NOT NULL;
		RETURN;
	END IF;
	RETURN QUERY
		SELECT p.number, false, p.starts, p.ends, p.label
		FROM cdp_internal.periods(unit, time_zone, since, until, as_of) p;
	IF compare IS NOT NULL THEN
		RETURN QUERY
			SELECT p.number, true, p.starts, p.ends, p.label
			FROM cdp_internal.periods(unit, time_zone, former_since, former_until, as_of) p;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.funnel_spans(text, text, timestamptz, timestamptz, interval, timestamptz) IS
	'Internal: returns the spans of time in which the funnels of cdp.funnel_table() begin, numbered, and those that '
	'they are compared with (former).';

-- What the timelines must have: the arguments of cdp_internal.table_people().
CREATE FUNCTION cdp_internal.funnel_needs(sequence cdp.sequence, mode cdp.funnel_mode,
	OUT steps cdp.step[], OUT of_steps cdp.step[], OUT properties text[])
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH asked AS (
		SELECT e.place, e.step, c.same, CASE WHEN e.place > 0 THEN c.compared END AS compared
		FROM cdp_internal.sequence_events(funnel_needs.sequence) e
		CROSS JOIN cdp_internal.sequence_common(funnel_needs.sequence) c
		UNION ALL
		-- events that satisfy nothing matter, too
		SELECT NULL, '*', CASE WHEN s.strict_order THEN c.same END, NULL
		FROM cdp_internal.sequence_common(funnel_needs.sequence) c
		CROSS JOIN (SELECT coalesce(funnel_needs.mode::text LIKE '%strict_order%', false)) AS s (strict_order)
		WHERE c.same_session OR s.strict_order
	)
	SELECT (SELECT array_agg(a.step ORDER BY a.place) FROM asked a), array_agg(a.step), array_agg(p.property)
	FROM asked a
	CROSS JOIN LATERAL (VALUES (a.same), (a.compared)) AS p (property)
	WHERE p.property IS NOT NULL;
END;
COMMENT ON FUNCTION cdp_internal.funnel_needs(cdp.sequence, cdp.funnel_mode) IS
	'Internal: returns the steps of a sequence, first what a match may begin with, and for some of them properties '
	'that timelines must carry.';

-- How far each person came in each span: a query of (person, own, number, former, times).
CREATE FUNCTION cdp_internal.funnel_reached(people text, breakdown text, properties text[], attempts text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT p.person, %s AS own, s.number, s.former,
			   cdp.funnel_times(p.timeline, $1, $2, $3, s.starts, s.ends, $6) AS times
		FROM (%s) p
		CROSS JOIN span s%s
		WHERE cdp.did(p.timeline, $7, since => s.starts, until => s.ends, as_of => $6)
	$sql$, breakdown, people, CASE WHEN properties IS NOT NULL THEN format($sql$
		LEFT JOIN LATERAL (
			SELECT h.found
			FROM cdp_internal.step_periods(p.timeline, $7,
				ARRAY[coalesce(s.starts, '-infinity'), coalesce(s.ends, 'infinity')], NULL, %L, NULL, $6) h
			ORDER BY %s, h.found COLLATE "C"
			LIMIT 1) v ON true$sql$, properties,
			CASE WHEN attempts = 'last' THEN 'h.last_at DESC' ELSE 'h.first_at' END) END);
COMMENT ON FUNCTION cdp_internal.funnel_reached(text, text, text[], text) IS
	'Internal: returns the part of cdp.funnel_table() that finds how far people came, with its parameters.';

CREATE FUNCTION cdp_internal.make_funnel_table(sequence cdp.sequence, since timestamptz, until timestamptz,
	unit text, time_zone text, mode cdp.funnel_mode, attempts text, histogram interval[], compare interval, by text[],
	top integer, segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, period timestamp, step integer, event text, time_from interval, time_to interval,
		people bigint, from_previous numeric, from_first numeric, median_time interval, former_period timestamp,
		former_people bigint, former_from_previous numeric, former_from_first numeric, former_median_time interval)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	first_step cdp.step := (SELECT e.step FROM cdp_internal.sequence_events(sequence) e WHERE e.place = 0);
	needs record := cdp_internal.funnel_needs(sequence, mode);
BEGIN
	-- raises the errors of all arguments, also if there are no people
	IF cdp.funnel_times(NULL, sequence, mode, attempts, since, until, as_of) IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN sequence IS NULL THEN 'sequence' ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM FROM cdp_internal.funnel_spans(unit, time_zone, since, until, compare, as_of);
	PERFORM FROM cdp_internal.funnel_buckets(histogram);
	RETURN QUERY EXECUTE format($sql$
		WITH span AS MATERIALIZED (
			SELECT s.* FROM cdp_internal.funnel_spans($8, $9, $4, $5, $10, $6) s
		), item AS (
			SELECT e.place, CASE WHEN c.any_order THEN format('%%s of %%s', e.place, max(e.place) OVER ())
					ELSE concat(CASE WHEN e.number > 1 THEN format('%%s x ', e.number) END, e.step) END AS label,
				   -- the event before it that is not optional
				   max(CASE WHEN NOT e.optional THEN e.place END)
					OVER (ORDER BY e.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS former
			FROM cdp_internal.sequence_events($1) e
			CROSS JOIN cdp_internal.sequence_common($1) c
			WHERE e.place > 0
		), reached AS (
			SELECT f.breakdown, f.number, f.former, t.place, t.took,
				   CASE WHEN $11 IS NULL THEN 0 ELSE width_bucket(t.took, $11) END AS bucket
			FROM (%s) f
			CROSS JOIN LATERAL unnest(f.times) WITH ORDINALITY AS t (took, place)
			WHERE t.took IS NOT NULL
		), counted AS (
			SELECT r.breakdown IS NULL AS whole, coalesce(r.breakdown, '') AS line, r.number, r.former, r.place,
				   r.bucket, count(*) AS people, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.took) AS median
			FROM reached r
			GROUP BY 1, 2, 3, 4, 5, 6
		), summed AS (
			SELECT c.whole, c.line, c.number, c.former, c.place, sum(c.people) AS people
			FROM counted c
			GROUP BY 1, 2, 3, 4, 5
		), line AS (
			SELECT DISTINCT c.whole, c.line FROM counted c
			UNION
			-- without a breakdown there are rows also without people
			SELECT true, '' WHERE $12
		), cell AS (
			SELECT l.whole, l.line, s.number, s.former, s.label, i.place, i.label AS event, b.number AS bucket,
				   b.starts, b.ends, coalesce(c.people, 0) AS people,
				   round(coalesce(c.people, 0) / p.people, 4) AS from_previous,
				   round(coalesce(c.people, 0) / f.people, 4) AS from_first, justify_hours(c.median) AS median
			FROM line l
			CROSS JOIN span s
			CROSS JOIN item i
			CROSS JOIN cdp_internal.funnel_buckets($11) b
			LEFT JOIN counted c ON (c.whole, c.line, c.number, c.former, c.place, c.bucket)
				= (l.whole, l.line, s.number, s.former, i.place, b.number)
			LEFT JOIN summed p ON (p.whole, p.line, p.number, p.former, p.place)
				= (l.whole, l.line, s.number, s.former, i.former)
			LEFT JOIN summed f ON (f.whole, f.line, f.number, f.former, f.place)
				= (l.whole, l.line, s.number, s.former, 1)
		)
		SELECT CASE WHEN NOT c.whole THEN c.line END, c.label, c.place, c.event, c.starts, c.ends, c.people,
			   c.from_previous, c.from_first, c.median, f.label, f.people, f.from_previous, f.from_first, f.median
		FROM cell c
		LEFT JOIN cell f ON f.former
			AND (f.whole, f.line, f.number, f.place, f.bucket) = (c.whole, c.line, c.number, c.place, c.bucket)
		WHERE NOT c.former
		ORDER BY max(c.people) OVER (PARTITION BY c.whole, c.line) DESC, c.whole, c.line COLLATE "C", c.number,
			c.place, c.bucket
	$sql$, cdp_internal.top_rows(cdp_internal.funnel_reached(
		cdp_internal.table_people(query, query_path, segment, by, needs.steps, needs.of_steps, needs.properties),
		cdp_internal.breakdown_expression(by, 'v.found'), cdp_internal.breakdown_properties(by), attempts), top))
	USING sequence, mode, attempts, since, until, as_of, first_step, unit, time_zone, compare, histogram,
		coalesce(by, '{}') = '{}';
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_funnel_table(cdp.sequence, timestamptz, timestamptz, text, text, cdp.funnel_mode,
	text, interval[], interval, text[], integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.funnel_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.funnel_table(sequence cdp.sequence, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL, unit text DEFAULT NULL, time_zone text DEFAULT NULL,
	mode cdp.funnel_mode DEFAULT 'default', attempts text DEFAULT 'all', histogram interval[] DEFAULT NULL,
	compare interval DEFAULT NULL, by text[] DEFAULT NULL, top integer DEFAULT NULL, segment text DEFAULT NULL,
	query text DEFAULT NULL, as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, period timestamp, step integer, event text, time_from interval, time_to interval,
		people bigint, from_previous numeric, from_first numeric, median_time interval, former_period timestamp,
		former_people bigint, former_from_previous numeric, former_from_first numeric, former_median_time interval)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_funnel_table(funnel_table.sequence, funnel_table.since, funnel_table.until,
		funnel_table.unit, funnel_table.time_zone, funnel_table.mode, funnel_table.attempts, funnel_table.histogram,
		funnel_table.compare, funnel_table.by, funnel_table.top, funnel_table.segment, funnel_table.query,
		funnel_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.funnel_table(cdp.sequence, timestamptz, timestamptz, text, text, cdp.funnel_mode, text,
	interval[], interval, text[], integer, text, text, timestamptz) IS
$comment$Returns a funnel of people through a sequence, one row for each of its events: SELECT * FROM
cdp.funnel_table('"Product Viewed" -> "Product Added" -> "Order Completed" in 7 days same product_id', by =>
'{trait:country}'). See the type cdp.sequence for windows, conditions, absences (-> not logout ->), optional events
(-> cart? ->), and events in any order (view & cart & order; step is then how many of them).
people: how many reached the event; from_previous, from_first: as a share of those who reached the event before that is
not optional, and the first; median_time: the median time from the first event to it, when it was first reached. The
first event is at or after since and before until, if given; events after as_of do not count.
mode: events of one instant count in the order of the sequence (default), so with times rounded to minutes later events
are reached too often; strict_increase asks for later times. Other modes, and attempts (all, first, last): see
cdp.funnel.
unit, time_zone: one funnel for each period between since and until, for those whose first event is in it (hour, day,
week from Monday, week_sunday, month, quarter, year); period is its beginning by the clock of the time zone.
histogram: a row for each stretch of time from the first event: {1 hour,1 day} are those of less than an hour, of less
than a day, and of a day or more; time_from (included), time_to (excluded).
compare: also the same time so much earlier (1 year) by the calendar of the time zone, as former_.
by: one funnel for each value of traits (trait:plan), segments (segment:buyers) and properties of the person's earliest
first event (property:campaign; of the last, with attempts last), and for each combination of several. top: only so many
with most people, the rest as "(other)". segment: members of this segment only. query: people from your own query, with
the columns person, time and event, and further columns as properties, in place of the platform's; it runs as the
caller, under the caller's search path.
Reads the log, with a notice, where timelines do not carry a property. Errors: 22023, 22004, 22008. Works on a hot
standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp_internal.funnel_buckets(interval[]),
	cdp_internal.funnel_spans(text, text, timestamptz, timestamptz, interval, timestamptz),
	cdp_internal.funnel_needs(cdp.sequence, cdp.funnel_mode),
	cdp_internal.funnel_reached(text, text, text[], text),
	cdp.funnel_table(cdp.sequence, timestamptz, timestamptz, text, text, cdp.funnel_mode, text, interval[], interval,
		text[], integer, text, text, timestamptz),
	cdp_internal.make_funnel_table(cdp.sequence, timestamptz, timestamptz, text, text, cdp.funnel_mode, text,
		interval[], interval, text[], integer, text, text, timestamptz, text) FROM PUBLIC;
