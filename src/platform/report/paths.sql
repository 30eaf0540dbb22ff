-- The most frequent paths of people through their sessions.

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

REVOKE ALL ON FUNCTION
	cdp.paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text, timestamptz),
	cdp_internal.make_paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text,
		timestamptz, text) FROM PUBLIC;
