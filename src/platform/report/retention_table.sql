-- Cohorts of people, and how many of each came back.

-- Each period is one of the units after the beginning: from offset n until the next.
CREATE FUNCTION cdp_internal.retention_offsets(periods integer, brackets integer[]) RETURNS integer[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF brackets IS NULL THEN
		IF periods IS NULL THEN
			RAISE EXCEPTION 'periods must not be null' USING ERRCODE = 'null_value_not_allowed';
		ELSIF periods < 0 OR periods > 10000 THEN
			RAISE EXCEPTION 'periods must be from 0 to 10000'
				USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Each cohort has one row for each period.';
		END IF;
		RETURN ARRAY(SELECT generate_series(0, periods + 1));
	END IF;
	IF cardinality(brackets) NOT BETWEEN 2 AND 10001 OR array_ndims(brackets) > 1
		OR EXISTS (
			SELECT FROM unnest(brackets) WITH ORDINALITY AS b (at, place)
			WHERE b.at IS NULL OR b.at < 0 OR b.at > 100000 OR b.at <= brackets[b.place - 1])
	THEN
		RAISE EXCEPTION 'brackets must be ascending numbers from 0 to 100000, at least two'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = '{0,1,7,30} are three periods: the first day, the rest of the week, and until day 30.';
	END IF;
	RETURN brackets;
END
$function$;
COMMENT ON FUNCTION cdp_internal.retention_offsets(integer, integer[]) IS
	'Internal: returns where the periods of a retention table begin, in units after the beginning, and where the last '
	'one ends.';

CREATE FUNCTION cdp_internal.check_retention(mode text, recurring boolean, unbounded boolean, number text,
	since timestamptz, until timestamptz, as_of timestamptz) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF mode IS DISTINCT FROM 'calendar' AND mode IS DISTINCT FROM 'rolling' THEN
		RAISE EXCEPTION 'mode must be calendar or rolling, not "%"', mode USING ERRCODE = 'invalid_parameter_value';
	ELSIF recurring IS NULL OR unbounded IS NULL OR as_of IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN recurring IS NULL THEN 'recurring'
			WHEN unbounded IS NULL THEN 'unbounded' ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF number = '' THEN
		RAISE EXCEPTION 'number must not be empty' USING ERRCODE = 'invalid_parameter_value';
	ELSIF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be finite' USING ERRCODE = 'datetime_field_overflow';
	ELSIF recurring AND (since IS NULL OR until IS NULL) THEN
		RAISE EXCEPTION 'recurring needs since and until' USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_retention(text, boolean, boolean, text, timestamptz, timestamptz, timestamptz) IS
	'Internal: raises the errors of the arguments of cdp.retention_table() that are neither steps nor periods.';

-- Who began when: a query of (person, timeline, own, first_at, cohort).
CREATE FUNCTION cdp_internal.retention_began(people text, breakdown text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT p.person, p.timeline, %s AS own, b.first_at, cdp_internal.period_start(b.first_at, $3, $4) AS cohort
		FROM (%s) p
		CROSS JOIN LATERAL (
			-- the first event, or the first of each period
			SELECT DISTINCT ON (h.period) h.first_at, h.found
			FROM cdp_internal.step_periods(p.timeline, $1, $9, NULL, $10, NULL, $8) h
			ORDER BY h.period, h.first_at, h.found COLLATE "C") b
		WHERE b.first_at >= coalesce($5, '-infinity') AND b.first_at < coalesce($6, 'infinity')
	$sql$, breakdown, people);
COMMENT ON FUNCTION cdp_internal.retention_began(text, text) IS
	'Internal: returns the part of cdp.retention_table() that finds the beginnings of people.';

CREATE FUNCTION cdp_internal.make_retention_table(first_step cdp.step, return_step cdp.step, unit text, time_zone text,
	since timestamptz, until timestamptz, periods integer, mode text, brackets integer[], unbounded boolean,
	recurring boolean, number text, by text[], top integer, segment text, query text, as_of timestamptz,
	query_path text)
	RETURNS TABLE (breakdown text, cohort timestamp, size bigint, period integer, people bigint, share numeric,
		total numeric, complete boolean)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	length interval := cdp_internal.period_length(unit);
	offsets integer[] := cdp_internal.retention_offsets(periods, brackets);
	properties text[] := cdp_internal.breakdown_properties(by);
	starts timestamptz[] := '{-infinity,infinity}';
	-- the instants %2$s units after an instant %1$s
	later text := CASE unit WHEN 'hour' THEN '%1$s + %2$s * $11'
		ELSE '(%1$s AT TIME ZONE $4 + %2$s * $11) AT TIME ZONE $4' END;
BEGIN
	IF first_step IS NULL OR return_step IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN first_step IS NULL THEN 'first_step' ELSE 'return_step' END
			USING ERRCODE = 'null_value_not_allowed', HINT = 'The step * stands for any event.';
	ELSIF time_zone IS NULL THEN
		RAISE EXCEPTION 'time_zone must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM cdp_internal.check_retention(mode, recurring, unbounded, number, since, until, as_of);
	-- raises the error of an unknown time zone
	PERFORM as_of AT TIME ZONE time_zone;
	IF recurring THEN
		SELECT array_agg(p.starts ORDER BY p.number) || max(p.ends) INTO starts
		FROM cdp_internal.periods(unit, time_zone, since, until, as_of) p;
	END IF;
	RETURN QUERY EXECUTE format($sql$
		WITH grouped AS (
			%1$s
		), cohort AS MATERIALIZED (
			SELECT g.cohort, ARRAY(
				SELECT CASE WHEN $13 AND o.place = cardinality($7) THEN 'infinity' ELSE %3$s END
				FROM unnest($7) WITH ORDINALITY AS o (at, place)
				ORDER BY o.place) AS bounds
			FROM (SELECT DISTINCT g.cohort FROM grouped g) g
		), sized AS (
			SELECT g.breakdown, g.cohort, count(*) AS size
			FROM grouped g
			GROUP BY g.breakdown, g.cohort
		), returned AS (
			SELECT g.breakdown, g.cohort, r.period, count(*) AS people, sum(r.total) AS total
			FROM grouped g
			JOIN cohort c USING (cohort)
			CROSS JOIN LATERAL (
				SELECT n.period, sum(h.total) AS total
				FROM cdp_internal.step_periods(g.timeline, $2, %2$s, g.first_at, NULL, $12, $8) h
				CROSS JOIN LATERAL generate_series(CASE WHEN $13 THEN 1 ELSE h.period END, h.period) AS n (period)
				GROUP BY n.period) r
			GROUP BY g.breakdown, g.cohort, r.period
		)
		SELECT s.breakdown, s.cohort AT TIME ZONE $4, s.size, $7[n.period], coalesce(r.people, 0),
			   round(coalesce(r.people, 0)::numeric / s.size, 4), r.total, n.over <= $8
		FROM sized s
		CROSS JOIN LATERAL (
			SELECT n.period, %4$s AS begins, %5$s AS over
			FROM generate_series(1, cardinality($7) - 1) AS n (period)) n
		LEFT JOIN returned r ON (r.cohort, r.period, r.breakdown IS NULL, coalesce(r.breakdown, ''))
			= (s.cohort, n.period, s.breakdown IS NULL, coalesce(s.breakdown, ''))
		WHERE n.begins <= $8
		ORDER BY s.breakdown COLLATE "C", s.cohort, n.period
	$sql$,
		cdp_internal.top_rows(cdp_internal.retention_began(
			cdp_internal.table_people(query, query_path, segment, by, ARRAY[first_step, return_step],
				ARRAY[return_step], ARRAY[number]),
			cdp_internal.breakdown_expression(by, 'b.found')), top),
		CASE mode WHEN 'calendar' THEN 'c.bounds' ELSE format('ARRAY(
			SELECT CASE WHEN $13 AND o.place = cardinality($7) THEN ''infinity'' ELSE %s END
			FROM unnest($7) WITH ORDINALITY AS o (at, place)
			ORDER BY o.place)', format(later, 'g.first_at', 'o.at')) END,
		format(later, 'g.cohort', 'o.at'), format(later, 's.cohort', '$7[n.period]'),
		-- those who begin at the end of the cohort's period are the last
		format(later, 's.cohort', CASE mode WHEN 'calendar' THEN '$7[n.period + 1]' ELSE '($7[n.period + 1] + 1)' END))
	USING first_step, return_step, unit, time_zone, since, until, offsets,
		as_of, starts, properties, length, number, unbounded;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_retention_table(cdp.step, cdp.step, text, text, timestamptz, timestamptz, integer,
	text, integer[], boolean, boolean, text, text[], integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.retention_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.retention_table(first_step cdp.step, return_step cdp.step, unit text, time_zone text,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, periods integer DEFAULT 12,
	mode text DEFAULT 'calendar', brackets integer[] DEFAULT NULL, unbounded boolean DEFAULT false,
	recurring boolean DEFAULT false, number text DEFAULT NULL, by text[] DEFAULT NULL, top integer DEFAULT NULL,
	segment text DEFAULT NULL, query text DEFAULT NULL, as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, cohort timestamp, size bigint, period integer, people bigint, share numeric,
		total numeric, complete boolean)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_retention_table(retention_table.first_step, retention_table.return_step,
		retention_table.unit, retention_table.time_zone, retention_table.since, retention_table.until,
		retention_table.periods, retention_table.mode, retention_table.brackets, retention_table.unbounded,
		retention_table.recurring, retention_table.number, retention_table.by, retention_table.top,
		retention_table.segment, retention_table.query, retention_table.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.retention_table(cdp.step, cdp.step, text, text, timestamptz, timestamptz, integer, text,
	integer[], boolean, boolean, text, text[], integer, text, text, timestamptz) IS
$comment$Returns retention by cohort: SELECT * FROM cdp.retention_table('Order Completed', 'Order Completed', 'month',
'Europe/Berlin').
A cohort is the people whose first event of first_step (*: any event) is in the same period of the calendar of the time
zone; unit: hour, day, week (from Monday), week_sunday, month, quarter or year. cohort is its beginning by the clock of
the time zone, size its number of people. since (included) and until (excluded) bound the first event. recurring: a
person is in the cohort of each period between them in which they have such events, with the first of these.
For each period since then: how many of them have events of return_step later than that first event (people), as a share
of size, and the sum of a number that these events carry (total).
mode: calendar, period n is the n-th of the calendar after that of the cohort, which is period 0; or rolling, the n-th
unit from the person's own first event. brackets: {0,1,7,30} are periods of several units, here the first day, the rest
of the week, and until day 30; period is where they begin. unbounded: events in the period or later. periods: how many
after period 0, at most 10000. Periods that begin after as_of are not listed; complete: the period was over by as_of.
by: separate cohorts for each value of traits (trait:plan), segments (segment:buyers) and properties of the first event
(property:category), and for each combination of several. top: only so many with most people, the rest as "(other)".
segment: members of this segment only. query: people from your own query, with the columns person, time and event, and
further columns as properties, in place of the platform's; it runs as the caller, under the caller's search path.
Reads the log, with a notice, where timelines do not carry a property. Errors: 22023, 22004, 22008. Works on a hot
standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.retention_offsets(integer, integer[]),
	cdp_internal.check_retention(text, boolean, boolean, text, timestamptz, timestamptz, timestamptz),
	cdp_internal.retention_began(text, text),
	cdp.retention_table(cdp.step, cdp.step, text, text, timestamptz, timestamptz, integer, text, integer[], boolean,
		boolean, text, text[], integer, text, text, timestamptz),
	cdp_internal.make_retention_table(cdp.step, cdp.step, text, text, timestamptz, timestamptz, integer, text,
		integer[], boolean, boolean, text, text[], integer, text, text, timestamptz, text) FROM PUBLIC;
