-- The most frequent paths of people through their sessions, and the edges of which they consist.

-- A query of (person, own, path); $1 to $9 are those of cdp_internal.make_paths().
CREATE FUNCTION cdp_internal.paths_query(people text, breakdown text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		WITH hit AS (
			SELECT p.person, %s AS own, e.at, e.event, e.is_from, e.is_to,
				   cdp.sessionize(e.at, $5) OVER (PARTITION BY p.person ORDER BY e.at, e.event COLLATE "C") AS session
			FROM (%s) p
			CROSS JOIN LATERAL cdp_internal.step_events(p.timeline, $1, $2, $3) e
			WHERE e.at >= coalesce($6, '-infinity') AND e.at < coalesce($7, 'infinity') AND e.at <= $9
		), run AS (
			-- an event several times in a row is one, unless repeats
			SELECT h.person, min(h.own) AS own, h.session, h.run, min(h.event) AS event,
				   bool_or(h.is_from) AS is_from, bool_or(h.is_to) AS is_to
			FROM (
				SELECT h.*, count(*) FILTER (WHERE $8 OR h.event IS DISTINCT FROM h.former) OVER (
					PARTITION BY h.person, h.session ORDER BY h.at, h.event COLLATE "C" ROWS UNBOUNDED PRECEDING) AS run
				FROM (
					SELECT h.*, lag(h.event)
						OVER (PARTITION BY h.person, h.session ORDER BY h.at, h.event COLLATE "C") AS former
					FROM hit h) h) h
			GROUP BY h.person, h.session, h.run
		), visit AS (
			SELECT r.person, min(r.own) AS own, array_agg(r.event ORDER BY r.run) AS events,
				   array_agg(r.is_from ORDER BY r.run) AS froms, array_agg(r.is_to ORDER BY r.run) AS tos
			FROM run r
			GROUP BY r.person, r.session
		), bound AS (
			SELECT v.person, v.own, v.events, d.depth, f.place AS from_place, t.place AS to_place,
				coalesce(f.place, greatest(t.place - d.depth + 1, 1), 1) AS first
			FROM visit v
			CROSS JOIN LATERAL (SELECT least($4, cardinality(v.events)) AS depth) d
			CROSS JOIN LATERAL (SELECT array_position(v.froms, true) AS place) f
			CROSS JOIN LATERAL (SELECT array_position(v.tos, true, coalesce(f.place + 1, 1)) AS place) t
		)
		SELECT b.person, b.own, b.events[b.first:coalesce(b.to_place, b.first + b.depth - 1)] AS path
		FROM bound b
		WHERE ($2 IS NULL OR b.from_place IS NOT NULL) AND ($3 IS NULL OR b.to_place IS NOT NULL)
			AND coalesce(b.to_place, b.first) - b.first < b.depth
	$sql$, breakdown, people);
COMMENT ON FUNCTION cdp_internal.paths_query(text, text) IS
	'Internal: returns a query of the paths of people, (person, own, path). Its parameters: step, from_step, to_step, '
	'depth, gap, since, until, repeats, as_of.';

CREATE FUNCTION cdp_internal.check_paths(step cdp.step, depth integer, gap interval, repeats boolean, max_rows integer,
	by text[], as_of timestamptz) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF step IS NULL OR depth IS NULL OR gap IS NULL OR repeats IS NULL OR max_rows IS NULL OR as_of IS NULL THEN
		RAISE EXCEPTION '% must not be null', CASE WHEN step IS NULL THEN 'step' WHEN depth IS NULL THEN 'depth'
			WHEN gap IS NULL THEN 'gap' WHEN repeats IS NULL THEN 'repeats' WHEN max_rows IS NULL THEN 'max_rows'
			ELSE 'as_of' END
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be finite' USING ERRCODE = 'datetime_field_overflow';
	ELSIF depth < 1 OR max_rows < 1 THEN
		RAISE EXCEPTION '% must be positive', CASE WHEN depth < 1 THEN 'depth' ELSE 'max_rows' END
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF cdp_internal.breakdown_properties(by) IS NOT NULL THEN
		RAISE EXCEPTION 'by must not have properties'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Paths are those of people, of events with any values.';
	END IF;
	-- raises the errors of gap, also if there are no people
	PERFORM cdp.sessionize(as_of, gap) OVER ();
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_paths(cdp.step, integer, interval, boolean, integer, text[], timestamptz) IS
	'Internal: raises the errors of the arguments of cdp.paths() and cdp.path_edges().';

CREATE FUNCTION cdp_internal.make_paths(step cdp.step, from_step cdp.step, to_step cdp.step, depth integer,
	gap interval, since timestamptz, until timestamptz, repeats boolean, max_rows integer, by text[], top integer,
	segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, path text[], label text, people bigint, occurrences bigint, share numeric)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_paths(step, depth, gap, repeats, max_rows, by, as_of);
	RETURN QUERY EXECUTE format($sql$
		SELECT t.breakdown, t.path, array_to_string(t.path, ' > '), t.people, t.occurrences, t.share
		FROM (
			SELECT c.*, round(c.occurrences / sum(c.occurrences) OVER w, 4) AS share,
				   row_number() OVER (w ORDER BY c.people DESC, c.occurrences DESC, c.path COLLATE "C") AS place
			FROM (
				SELECT p.breakdown, p.path, count(DISTINCT p.person) AS people, count(*) AS occurrences
				FROM (%s) p
				GROUP BY p.breakdown, p.path) c
			WINDOW w AS (PARTITION BY c.breakdown)) t
		WHERE t.place <= $10
		ORDER BY t.breakdown COLLATE "C", t.place
	$sql$, cdp_internal.top_rows(cdp_internal.paths_query(cdp_internal.table_people(query, query_path, segment, by,
		array_remove(ARRAY[step, from_step, to_step], NULL), NULL, NULL),
		cdp_internal.breakdown_expression(by, NULL)), top))
	USING step, from_step, to_step, depth, gap, since, until, repeats, as_of, max_rows;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_paths(cdp.step, cdp.step, cdp.step, integer, interval, timestamptz, timestamptz,
	boolean, integer, text[], integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.paths(); query_path: the search path for query.';

CREATE FUNCTION cdp.paths(from_step cdp.step DEFAULT NULL, to_step cdp.step DEFAULT NULL, depth integer DEFAULT 5,
	gap interval DEFAULT '30 minutes', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	repeats boolean DEFAULT false, max_rows integer DEFAULT 20, step cdp.step DEFAULT '*', by text[] DEFAULT NULL,
	top integer DEFAULT NULL, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, path text[], label text, people bigint, occurrences bigint, share numeric)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_paths(paths.step, paths.from_step, paths.to_step, paths.depth, paths.gap,
		paths.since, paths.until, paths.repeats, paths.max_rows, paths.by, paths.top, paths.segment, paths.query,
		paths.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.paths(cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer,
	cdp.step, text[], integer, text, text, timestamptz) IS
$comment$Returns the max_rows paths that most people take through a session: SELECT * FROM cdp.paths('Product Viewed').
A session ends with a gap longer than gap; each has one path of at most depth events. With from_step, the path starts at
its first event; with to_step, it ends at its first event; with both, it runs from the first event of from_step to the
next of to_step, and is left out if that is more than depth events; with neither, it is the first events of the session.
The same event several times in a row counts once, unless repeats. step: only such events count.
Each row has the path as an array (path) and as text (label), the number of people who took it (people), how often it
was taken (occurrences), and that as a share of all paths (share). since (inclusive), until (exclusive) and as_of
(inclusive) bound the events. by: so many paths for each value of traits (trait:country) and segments (segment:buyers);
share is that of its paths. top: only so many of these with most people, the rest as "(other)". segment: members of this
segment only. query: people from your own query, with the columns person, time and event, and further columns as
properties, in place of the platform's; it runs as the caller, under the caller's search path. Reads the log, with a
notice, where timelines do not carry a property. Errors: 22023, 22004, 22008. Works on a hot standby. Definition:
DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.paths(cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer, cdp.step, text[],
		integer, text, text, timestamptz),
	cdp_internal.make_paths(cdp.step, cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer,
		text[], integer, text, text, timestamptz, text) FROM PUBLIC;

CREATE FUNCTION cdp_internal.make_path_edges(step cdp.step, from_step cdp.step, to_step cdp.step, depth integer,
	gap interval, since timestamptz, until timestamptz, repeats boolean, max_rows integer, by text[], top integer,
	segment text, query text, as_of timestamptz, query_path text)
	RETURNS TABLE (breakdown text, place integer, from_event text, to_event text, people bigint, occurrences bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_paths(step, depth, gap, repeats, max_rows, by, as_of);
	RETURN QUERY EXECUTE format($sql$
		SELECT t.breakdown, t.place, t.from_event, t.to_event, t.people, t.occurrences
		FROM (
			SELECT c.*, row_number() OVER (PARTITION BY c.breakdown ORDER BY c.people DESC, c.occurrences DESC, c.place,
				c.from_event COLLATE "C", c.to_event COLLATE "C") AS number
			FROM (
				SELECT e.breakdown, e.place, e.from_event, e.to_event, count(DISTINCT e.person) AS people,
					   count(*) AS occurrences
				FROM (
					SELECT p.breakdown, p.person, n.place, p.path[n.place] AS from_event,
						   p.path[n.place + 1] AS to_event
					FROM (%s) p
					CROSS JOIN LATERAL generate_series(1, cardinality(p.path) - 1) AS n (place)) e
				GROUP BY e.breakdown, e.place, e.from_event, e.to_event) c) t
		WHERE t.number <= $10
		ORDER BY t.breakdown COLLATE "C", t.number
	$sql$, cdp_internal.top_rows(cdp_internal.paths_query(cdp_internal.table_people(query, query_path, segment, by,
		array_remove(ARRAY[step, from_step, to_step], NULL), NULL, NULL),
		cdp_internal.breakdown_expression(by, NULL)), top))
	USING step, from_step, to_step, depth, gap, since, until, repeats, as_of, max_rows;
END
$function$;
COMMENT ON FUNCTION cdp_internal.make_path_edges(cdp.step, cdp.step, cdp.step, integer, interval, timestamptz,
	timestamptz, boolean, integer, text[], integer, text, text, timestamptz, text) IS
	'Internal: implements cdp.path_edges(); query_path: the search path for query.';

CREATE FUNCTION cdp.path_edges(from_step cdp.step DEFAULT NULL, to_step cdp.step DEFAULT NULL, depth integer DEFAULT 5,
	gap interval DEFAULT '30 minutes', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	repeats boolean DEFAULT false, max_rows integer DEFAULT 1000, step cdp.step DEFAULT '*', by text[] DEFAULT NULL,
	top integer DEFAULT NULL, segment text DEFAULT NULL, query text DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now())
	RETURNS TABLE (breakdown text, place integer, from_event text, to_event text, people bigint, occurrences bigint)
	LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT t.*
	FROM cdp_internal.make_path_edges(path_edges.step, path_edges.from_step, path_edges.to_step, path_edges.depth,
		path_edges.gap, path_edges.since, path_edges.until, path_edges.repeats, path_edges.max_rows, path_edges.by,
		path_edges.top, path_edges.segment, path_edges.query, path_edges.as_of, current_setting('search_path')) t;
END;
COMMENT ON FUNCTION cdp.path_edges(cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer,
	cdp.step, text[], integer, text, text, timestamptz) IS
$comment$Returns the max_rows edges that most people take in the paths of cdp.paths(), as a Sankey diagram draws them:
SELECT * FROM cdp.path_edges('Product Viewed', depth => 4).
An edge leads from the event at a place of a path (place, from 1; from_event) to the next (to_event). people: how many
took it at that place; occurrences: how often. The other arguments and errors are those of cdp.paths(). Works on a hot
standby. Definition: DEFINITIONS.md.$comment$;

REVOKE ALL ON FUNCTION
	cdp.path_edges(cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer, cdp.step, text[],
		integer, text, text, timestamptz),
	cdp_internal.make_path_edges(cdp.step, cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean,
		integer, text[], integer, text, text, timestamptz, text) FROM PUBLIC;

REVOKE ALL ON FUNCTION cdp_internal.paths_query(text, text),
	cdp_internal.check_paths(cdp.step, integer, interval, boolean, integer, text[], timestamptz) FROM PUBLIC;
