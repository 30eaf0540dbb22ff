-- A funnel of people, a row for each step.

CREATE FUNCTION cdp_internal.make_funnel_table(events text[], within interval, since timestamptz, until timestamptz,
	by_property text, by_trait text, segment text, query text, as_of timestamptz,
	query_path text)
	RETURNS TABLE (breakdown text, step integer, event text, people bigint, from_previous numeric, from_first numeric,
		median_time interval)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	person text := cdp_internal.table_people(query, query_path, segment, by_trait);
	steps cdp.step[] := CASE WHEN events IS NOT NULL THEN ARRAY(
		SELECT cdp.quote_step(e.event) FROM unnest(events) WITH ORDINALITY e (event, place) ORDER BY e.place) END;
BEGIN
	-- raises the errors of all arguments, also if there are no people
	IF cdp.funnel_times(NULL, steps, within, since, until, as_of) IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN events IS NULL THEN 'events' WHEN within IS NULL THEN 'within' ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF query IS NULL THEN
		PERFORM cdp_internal.notice_unseen('event', e.event) FROM unnest(events) e (event);
	END IF;
	IF by_property IS NOT NULL THEN
		IF by_property = '' THEN
			RAISE EXCEPTION 'by_property must not be empty' USING ERRCODE = 'invalid_parameter_value';
		ELSIF query IS NOT NULL OR by_trait IS NOT NULL THEN
			RAISE EXCEPTION 'by_property cannot be given together with %',
				CASE WHEN query IS NOT NULL THEN 'query' ELSE 'by_trait' END
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		person := format($sql$
			SELECT p.person, p.timeline, v.value AS breakdown
			FROM (%1$s) p
			LEFT JOIN (
				SELECT DISTINCT ON (e.profile_id) e.profile_id, e.properties ->> %2$L AS value
				FROM cdp.events e
				WHERE e.event = ($1)[1] AND e."timestamp" >= coalesce($3, '-infinity')
					AND e."timestamp" < coalesce($4, 'infinity') AND e."timestamp" <= $5
				ORDER BY e.profile_id, e."timestamp", e.properties ->> %2$L COLLATE "C") v ON v.profile_id = p.person
		$sql$, person, by_property);
	END IF;
	RETURN QUERY EXECUTE format($sql$
		WITH step AS (
			SELECT p.breakdown, f.step, f.event, f.took
			FROM (
				SELECT p.breakdown, cdp.funnel_times(p.timeline, $7, $2, $3, $4, $5) AS times
				FROM (%s) p) p
			CROSS JOIN LATERAL unnest($1, p.times) WITH ORDINALITY f(event, took, step)
			WHERE p.times <> '{}'
			UNION ALL
			-- without people, each step has a row of zeros
			SELECT NULL, s.step, s.event, NULL
			FROM unnest($1) WITH ORDINALITY s(event, step)
			WHERE $6
		), counted AS (
			SELECT s.breakdown, s.step, s.event, count(s.took) AS people,
				percentile_cont(0.5) WITHIN GROUP (ORDER BY s.took) AS median
			FROM step s
			GROUP BY s.breakdown, s.step, s.event
		)
		SELECT c.breakdown, c.step::integer, c.event, c.people,
			round(c.people::numeric / nullif(lag(c.people) OVER w, 0), 4),
			round(c.people::numeric / nullif(first_value(c.people) OVER w, 0), 4), justify_hours(c.median)
		FROM counted c
		WINDOW w AS (PARTITION BY c.breakdown ORDER BY c.step)
		ORDER BY first_value(c.people) OVER w DESC, c.breakdown COLLATE "C", c.step
	$sql$, person)
	USING events, within, since, until, as_of, by_property IS NULL AND by_trait IS NULL, steps;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text,
	timestamptz, text) IS
	'Internal: implements cdp.funnel_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.funnel_table(events text[], within interval, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL, by_property text DEFAULT NULL, by_trait text DEFAULT NULL,
	segment text DEFAULT NULL, query text DEFAULT NULL, as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, step integer, event text, people bigint, from_previous numeric, from_first numeric,
		median_time interval)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_funnel_table(funnel_table.events, funnel_table.within, funnel_table.since,
		funnel_table.until, funnel_table.by_property, funnel_table.by_trait, funnel_table.segment, funnel_table.query,
		funnel_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz) IS
	'Returns a funnel of people through at most 32 events, one row for each step: how many people reached it within '
	'the window that starts at their first step (people), as a share of the step before (from_previous) and of the '
	'first (from_first), and the median time from the first step to it (median_time). The first step must be at or '
	'after since and before until, if given; events after as_of do not count. by_property: one funnel for each value '
	'of this property of the person''s earliest first step; by_trait: for each value of this trait; the funnel with '
	'most people first. segment: members of this segment only. query: people from your own query, with the columns '
	'person, time and event, in place of the platform''s; it runs as the caller, under the caller''s search path. '
	'Errors: see cdp.funnel_times. Works on a hot standby. Definition: DEFINITIONS.md.';

REVOKE ALL ON FUNCTION
	cdp.funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz),
	cdp_internal.make_funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz,
		text) FROM PUBLIC;
