-- Reports on people as tables: funnels, retention and paths, in one call each.

-- Only the query itself is read under the caller's search path.  The text around it means the same under any path,
-- and no expression is evaluated here after the path is set.
CREATE FUNCTION cdp_internal.query_people(query text, query_path text)
	RETURNS TABLE (person bigint, timeline cdp.timeline)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 10000
	SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- the line break ends a comment of the form "-- ..."
	statement text := format(E'SELECT pg_catalog.row_number() OVER (), cdp.timeline_agg(q.at, q.event)
		FROM (\n%s\n) AS q(person, at, event)
		WHERE q.person IS NOT NULL
		GROUP BY q.person', query);
BEGIN
	PERFORM set_config('search_path', query_path, true);
	RETURN QUERY EXECUTE statement;
END
$function$;
COMMENT ON FUNCTION cdp_internal.query_people(text, text) IS
	'Internal: runs a query under a search path; returns the people in its rows, numbered, with their timelines.';

CREATE FUNCTION cdp_internal.table_people(query text, query_path text, segment text, by_trait text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF query IS NOT NULL THEN
		IF segment IS NOT NULL OR by_trait IS NOT NULL THEN
			RAISE EXCEPTION '% cannot be given together with query',
				CASE WHEN segment IS NOT NULL THEN 'segment' ELSE 'by_trait' END
				USING ERRCODE = 'invalid_parameter_value',
					HINT = 'The people of a query have no segments and no traits; put conditions into the query.';
		END IF;
		query := regexp_replace(query, '[[:space:];]+$', '');
		IF query = '' THEN
			RAISE EXCEPTION 'query must not be empty' USING ERRCODE = 'invalid_parameter_value';
		END IF;
		RETURN format('SELECT q.person, q.timeline, NULL::text AS breakdown FROM cdp_internal.query_people(%L, %L) q',
			query, query_path);
	END IF;
	PERFORM cdp_internal.check_tables();
	IF by_trait = '' THEN
		RAISE EXCEPTION 'by_trait must not be empty' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.notice_unseen('trait', by_trait);
	IF NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = segment) AND segment IS NOT NULL THEN
		RAISE EXCEPTION 'segment "%" does not exist', segment
			USING ERRCODE = 'undefined_object', HINT = 'cdp.segment lists the segments.';
	END IF;
	RETURN format('SELECT p.profile_id AS person, p.timeline, %s AS breakdown FROM cdp.profile_row p '
		'WHERE p.timeline <> ''{}''%s',
		CASE WHEN by_trait IS NULL THEN 'NULL::text' ELSE format('p.traits ->> %L', by_trait) END,
		CASE WHEN segment IS NOT NULL
			THEN format(' AND p.profile_id IN (SELECT s.profile_id FROM cdp.members(%L) s)', segment) END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.table_people(text, text, text, text) IS
	'Internal: returns the query for the people of a report: their person, timeline and breakdown.';

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
BEGIN
	-- raises the errors of all arguments, also if there are no people
	IF cdp.funnel_times(NULL, events, within, since, until, as_of) IS NULL THEN
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
				SELECT p.breakdown, cdp.funnel_times(p.timeline, $1, $2, $3, $4, $5) AS times
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
	USING events, within, since, until, as_of, by_property IS NULL AND by_trait IS NULL;
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
			ELSE 'cdp.first_time(p.timeline, $1, as_of => $8)' END,
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

CREATE FUNCTION cdp_internal.make_paths(from_event text, to_event text, depth integer, gap interval, since timestamptz,
	until timestamptz, repeats boolean, max_paths integer, segment text, query text, as_of timestamptz,
	query_path text)
	RETURNS TABLE (path text[], label text, people bigint, occurrences bigint, share numeric)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF '' IN (from_event, to_event) THEN
		RAISE EXCEPTION '% must not be empty', CASE WHEN from_event = '' THEN 'from_event' ELSE 'to_event' END
			USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL stands for no condition.';
	ELSIF depth IS NULL OR gap IS NULL OR repeats IS NULL OR max_paths IS NULL OR as_of IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN depth IS NULL THEN 'depth' WHEN gap IS NULL THEN 'gap' WHEN repeats IS NULL THEN 'repeats'
				WHEN max_paths IS NULL THEN 'max_paths' ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be finite' USING ERRCODE = 'datetime_field_overflow';
	ELSIF depth < 1 OR max_paths < 1 THEN
		RAISE EXCEPTION '% must be positive', CASE WHEN depth < 1 THEN 'depth' ELSE 'max_paths' END
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF query IS NULL THEN
		PERFORM cdp_internal.notice_unseen('event', e.event) FROM (VALUES (from_event), (to_event)) e (event);
	END IF;
	-- raises the errors of gap, also if there are no people
	PERFORM cdp.sessionize(as_of, gap) OVER ();
	RETURN QUERY EXECUTE format($sql$
		WITH hit AS (
			SELECT p.person, e.at, e.event,
				cdp.sessionize(e.at, $4) OVER (PARTITION BY p.person ORDER BY e.at, e.event COLLATE "C") AS session
			FROM (%s) p
			CROSS JOIN LATERAL cdp.events(p.timeline) e
			WHERE e.at >= coalesce($5, '-infinity') AND e.at < coalesce($6, 'infinity') AND e.at <= $9
		), visit AS (
			SELECT h.person, array_agg(h.event ORDER BY h.at, h.event COLLATE "C") AS events
			FROM (
				SELECT h.*, lag(h.event)
					OVER (PARTITION BY h.person, h.session ORDER BY h.at, h.event COLLATE "C") AS former
				FROM hit h) h
			WHERE $7 OR h.event IS DISTINCT FROM h.former
			GROUP BY h.person, h.session
		), bound AS (
			SELECT v.person, v.events, f.place AS from_place, t.place AS to_place,
				coalesce(f.place, greatest(t.place - $3 + 1, 1), 1) AS first
			FROM visit v
			CROSS JOIN LATERAL (SELECT array_position(v.events, $1) AS place) f
			CROSS JOIN LATERAL (SELECT array_position(v.events, $2, coalesce(f.place + 1, 1)) AS place) t
		), path AS (
			SELECT b.person, b.events[b.first:coalesce(b.to_place, b.first + $3 - 1)] AS path
			FROM bound b
			WHERE ($1 IS NULL OR b.from_place IS NOT NULL) AND ($2 IS NULL OR b.to_place IS NOT NULL)
				AND coalesce(b.to_place, b.first) - b.first < $3
		)
		SELECT p.path, array_to_string(p.path, ' > '), count(DISTINCT p.person), count(*),
			round(count(*) / sum(count(*)) OVER (), 4)
		FROM path p
		GROUP BY p.path
		ORDER BY 3 DESC, 4 DESC, p.path COLLATE "C"
		LIMIT $8
	$sql$, cdp_internal.table_people(query, query_path, segment, NULL))
	USING from_event, to_event, depth, gap, since, until, repeats, max_paths, as_of;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer,
	text, text, timestamptz, text) IS
	'Internal: implements cdp.paths(); query_path: the search path for query.';

CREATE FUNCTION cdp.paths(from_event text DEFAULT NULL, to_event text DEFAULT NULL, depth integer DEFAULT 5,
	gap interval DEFAULT '30 minutes', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	repeats boolean DEFAULT false, max_paths integer DEFAULT 20, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (path text[], label text, people bigint, occurrences bigint, share numeric)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_paths(paths.from_event, paths.to_event, paths.depth, paths.gap, paths.since,
		paths.until, paths.repeats, paths.max_paths, paths.segment, paths.query, paths.as_of,
		current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text,
	timestamptz) IS
	'Returns the max_paths paths that most people take through a session. A session ends with a gap longer than gap; '
	'each has one path of at most depth events. With from_event, the path starts at its first occurrence; with '
	'to_event, it ends at its first occurrence; with both, it runs from the first from_event to the next to_event, and '
	'is left out if that is more than depth events; with neither, it is the first events of the session. The same '
	'event several times in a row counts once, unless repeats. Each row has the path as an array (path) and as text '
	'(label), the number of people who took it (people), how often it was taken (occurrences), and that as a share of '
	'all paths (share). since (inclusive), until (exclusive) and as_of (inclusive) bound the events. segment: members '
	'of this segment only. query: people from your own query, with the columns person, time and event, in place of the '
	'platform''s; it runs as the caller, under the caller''s search path. Errors: 22023, 22004. Works on a hot '
	'standby. Definition: DEFINITIONS.md.';

REVOKE ALL ON FUNCTION cdp_internal.table_people(text, text, text, text), cdp_internal.query_people(text, text),
	cdp.funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz),
	cdp_internal.make_funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz,
		text),
	cdp.retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text, timestamptz),
	cdp_internal.make_retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text,
		timestamptz, text),
	cdp.paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text, timestamptz),
	cdp_internal.make_paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text,
		timestamptz, text) FROM PUBLIC;
