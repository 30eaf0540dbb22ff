-- How a segment grew and shrank, period by period, from the feed.

CREATE FUNCTION cdp.segment_history(name text, unit text, time_zone text, since timestamptz,
	until timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (period timestamp, complete boolean, members bigint, entered bigint, exited bigint, merged bigint,
		split bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	asked integer;
	last record;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF name IS NULL THEN
		RAISE EXCEPTION 'name must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	asked := (cdp_internal.segment_numbers(ARRAY[name], false))[1];
	SELECT s.as_of, s.trimmed_at INTO STRICT last FROM cdp_data.state s;
	IF since < last.trimmed_at THEN
		RAISE EXCEPTION 'the feed does not reach back to %', since USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('Changes up to %s have left it.', last.trimmed_at),
			HINT = 'cdp.set_change_retention() sets how long changes stay.';
	END IF;
	RETURN QUERY
		WITH span AS MATERIALIZED (
			SELECT p.* FROM cdp_internal.periods(unit, time_zone, since, until, last.as_of) p
		), change AS MATERIALIZED (
			-- is_new: the profile was not in it before
			SELECT width_bucket(c.at, b.bounds) AS number, c.kind, c.since IS NULL AS is_new, count(*) AS times
			FROM cdp_data.readable_change c
			CROSS JOIN (SELECT array_agg(s.starts ORDER BY s.number) || max(s.ends) AS bounds FROM span s) b
			WHERE c.segment_id = asked AND c.at >= b.bounds[1]
			GROUP BY 1, 2, 3
		), total AS (
			-- a profile that was in it already stays; of two that are merged one is left
			SELECT c.number, sum(c.times) FILTER (WHERE c.kind = 'entered' AND c.is_new) AS entered,
				   sum(c.times) FILTER (WHERE c.kind = 'exited') AS exited,
				   sum(c.times) FILTER (WHERE c.kind IN ('merged', 'renumbered') AND NOT c.is_new) AS merged,
				   sum(c.times) FILTER (WHERE c.kind = 'split' AND c.is_new) AS split
			FROM change c
			GROUP BY c.number
		), counted AS (
			SELECT t.number, coalesce(t.entered, 0)::bigint AS entered, coalesce(t.exited, 0)::bigint AS exited,
				   coalesce(t.merged, 0)::bigint AS merged, coalesce(t.split, 0)::bigint AS split
			FROM total t
		)
		SELECT s.label, s.complete, g.members - coalesce((
				SELECT sum(c.entered - c.exited - c.merged + c.split)
				FROM counted c
				WHERE c.number > s.number), 0)::bigint,
			   coalesce(c.entered, 0), coalesce(c.exited, 0), coalesce(c.merged, 0), coalesce(c.split, 0)
		FROM span s
		CROSS JOIN (
			SELECT d.members FROM cdp_data.segment d WHERE d.segment_id = asked) g
		LEFT JOIN counted c ON c.number = s.number
		ORDER BY s.number;
END
$function$;
COMMENT ON FUNCTION cdp.segment_history(text, text, text, timestamptz, timestamptz) IS
$comment$Returns how a segment grew and shrank, period by period: SELECT * FROM cdp.segment_history('buyers', 'day',
'Europe/Berlin', '2026-01-01').
A row for each period of the calendar of the time zone (unit: hour, day, week, week_sunday, month, quarter, year) from
since (included) until until (excluded). members: how many were in it at the end of the period, or of the last batch if
that was before. entered, exited: how many came and went (someone who came twice counts twice), merged: how many
disappeared as two members turned out to be one person, split: how many appeared as one turned out to be two; members
changes by entered - exited - merged + split. complete: the whole period counts, and was over at the last batch.
Reads the feed, as cdp.members(name, as_of) does: what was known then, without people who were erased since; since must
not be before what it keeps (55000). The caller must be allowed to read the segment's view. Errors: 22023, 22004, 22008,
undefined_object, insufficient_privilege. Works on a hot standby.$comment$;

REVOKE ALL ON FUNCTION cdp.segment_history(text, text, text, timestamptz, timestamptz) FROM PUBLIC;
