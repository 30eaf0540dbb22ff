-- People by how recently, how often and for how much they bought.

CREATE FUNCTION cdp_internal.make_rfm_table(step cdp.step, number text, groups integer, since timestamptz,
	until timestamptz, by text[], segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, recency integer, frequency integer, monetary integer, people bigint,
		last_since interval, events numeric, total numeric)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF step IS NULL OR number IS NULL OR groups IS NULL OR as_of IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN step IS NULL THEN 'step' WHEN number IS NULL THEN 'number'
			WHEN groups IS NULL THEN 'groups' ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF number = '' OR groups < 1 OR groups > 100 THEN
		RAISE EXCEPTION '%',
			CASE WHEN number = '' THEN 'number must not be empty' ELSE 'groups must be from 1 to 100' END
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF cdp_internal.breakdown_properties(by) IS NOT NULL THEN
		RAISE EXCEPTION 'by must not have properties'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Scores are those of people, not of events.';
	ELSIF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be finite' USING ERRCODE = 'datetime_field_overflow';
	END IF;
	RETURN QUERY EXECUTE format($sql$
		WITH bought AS (
			SELECT %s AS breakdown, h.last_at, h.events, coalesce(h.total, 0) AS total
			FROM (%s) p
			CROSS JOIN LATERAL cdp_internal.step_periods(p.timeline, $1,
				ARRAY[coalesce($4, '-infinity'), coalesce($5, 'infinity')], NULL, NULL, $2, $6) h
		), scored AS (
			-- equal people have equal scores; the best group is the last
			SELECT b.*,
				   1 + ((rank() OVER (PARTITION BY b.breakdown ORDER BY b.last_at) - 1) * $3 / b.people)::integer AS r,
				   1 + ((rank() OVER (PARTITION BY b.breakdown ORDER BY b.events) - 1) * $3 / b.people)::integer AS f,
				   1 + ((rank() OVER (PARTITION BY b.breakdown ORDER BY b.total) - 1) * $3 / b.people)::integer AS m
			FROM (SELECT b.*, count(*) OVER (PARTITION BY b.breakdown) AS people FROM bought b) b
		)
		SELECT s.breakdown, s.r, s.f, s.m, count(*),
			   justify_hours(percentile_cont(0.5) WITHIN GROUP (ORDER BY $6 - s.last_at)), round(avg(s.events), 4),
			   sum(s.total)
		FROM scored s
		GROUP BY s.breakdown, s.r, s.f, s.m
		ORDER BY s.breakdown COLLATE "C", s.r DESC, s.f DESC, s.m DESC
	$sql$, cdp_internal.breakdown_expression(by, NULL),
		cdp_internal.table_people(query, query_path, segment, by, ARRAY[step], ARRAY[step], ARRAY[number]))
	USING step, number, groups, since, until, as_of;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_rfm_table(cdp.step, text, integer, timestamptz, timestamptz, text[], text, text,
	timestamptz, text) IS
	'Internal: implements cdp.rfm_table(); query_path: the search path for query.';

CREATE FUNCTION cdp.rfm_table(step cdp.step, number text, groups integer DEFAULT 5, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL, by text[] DEFAULT NULL, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, recency integer, frequency integer, monetary integer, people bigint,
		last_since interval, events numeric, total numeric)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_rfm_table(rfm_table.step, rfm_table.number, rfm_table.groups, rfm_table.since,
		rfm_table.until, rfm_table.by, rfm_table.segment, rfm_table.query, rfm_table.as_of,
		current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.rfm_table(cdp.step, text, integer, timestamptz, timestamptz, text[], text, text, timestamptz) IS
$comment$Returns people by recency, frequency and money: SELECT * FROM cdp.rfm_table('Order Completed', 'total').
Each person with events of the step from since (included) until until (excluded), up to as_of, has three scores from 1
to groups (5 is best): by the time of the last event (recency), by their number (frequency) and by the sum of the number
that they carry (monetary; 0 if none does). A score is 1 + floor(groups * share), where share is the part of all people
who are worse: equal people have equal scores, and a group may be empty.
A row for each combination of scores that people have: how many (people), the median time from their last event until
as_of (last_since), the mean number of their events (events), the sum of all their numbers (total).
by: separate scores for each value of traits (trait:country) and segments (segment:buyers). segment: members of this
segment only. query: people from your own query, with the columns person, time and event, and further columns as
properties; it runs as the caller, under the caller's search path. Errors: 22023, 22004, 22008. Works on a hot standby.
Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.rfm_table(cdp.step, text, integer, timestamptz, timestamptz, text[], text, text, timestamptz),
	cdp_internal.make_rfm_table(cdp.step, text, integer, timestamptz, timestamptz, text[], text, text, timestamptz,
		text) FROM PUBLIC;
