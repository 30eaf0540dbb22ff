-- Results of 1, 2, 3 and 64 MiB, and at the limit: each is a value that the executor can take, in every form
-- of a plan.
SET timezone = 'UTC';
SET client_min_messages = warning;
SET search_path = public, cdp;

-- 16 events a MiB, each with a name of 64 KiB
CREATE TABLE large AS
SELECT s AS mib, i, '2026-01-01Z'::timestamptz + i * interval '1 s' AS at, repeat('x', 65528) || lpad(i::text, 8, '0') AS event
FROM unnest(ARRAY[1, 2, 3, 64]) AS s, generate_series(1, 16 * s) AS i;
ANALYZE large;

-- gives what a query gives in every form of its plan, as one JSON value; an error where two differ
CREATE FUNCTION in_each_form(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	forms text[] := ARRAY['sorted', 'hashed', 'parallel'];
	form text;
	given jsonb;
	first jsonb;
BEGIN
	FOREACH form IN ARRAY forms LOOP
		PERFORM set_config('enable_hashagg', (form <> 'sorted')::text, true), set_config('enable_sort', (form <> 'hashed')::text, true),
			set_config('work_mem', CASE form WHEN 'sorted' THEN '64kB' ELSE '64MB' END, true),
			set_config('max_parallel_workers_per_gather', CASE form WHEN 'parallel' THEN '2' ELSE '0' END, true),
			set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true), set_config('min_parallel_table_scan_size', '0', true);
		EXECUTE 'SELECT jsonb_agg(to_jsonb(q) ORDER BY q) FROM (' || query || ') q' INTO given;
		first := coalesce(first, given);
		IF given <> first THEN
			RAISE EXCEPTION 'plan % gives %, not %', form, given, first;
		END IF;
	END LOOP;
	RETURN first;
END
$$;

-- aggregates whose result is large
SELECT in_each_form($$ SELECT mib, cdp.event_count(t) AS events, octet_length(cdp_internal.timeline_send(t)) >= mib << 20 AS large, cdp_internal.timeline_hash(t)
	FROM (SELECT mib, cdp.timeline_agg(at, event) AS t FROM large WHERE mib < 4 GROUP BY mib) g $$) = (
	SELECT jsonb_agg(jsonb_build_object('mib', mib, 'events', 16 * mib, 'large', true, 'timeline_hash', cdp_internal.timeline_hash(t)) ORDER BY mib)
	FROM (SELECT mib, cdp.timeline_agg(at, event ORDER BY i DESC) AS t FROM large WHERE mib < 4 GROUP BY mib) g) AS timeline_agg;
SELECT in_each_form($$ SELECT mib, cdp.event_count(t) AS events, cdp.sum(t, cdp.quote_step(max), 'n', as_of => '2027-01-01Z') AS last
	FROM (SELECT mib, max(event), cdp.timeline_agg(at, event, jsonb_build_object('n', i)) AS t FROM large WHERE mib < 4 GROUP BY mib) g $$);
CREATE TABLE part AS SELECT mib, i % 8 AS part, cdp.timeline_agg(at, event) AS timeline FROM large GROUP BY mib, i % 8;
ANALYZE part;
SELECT in_each_form($$ SELECT mib, t = (SELECT cdp.timeline_agg(at, event) FROM large l WHERE l.mib = g.mib) AS same
	FROM (SELECT mib, cdp.timeline_union(timeline) AS t FROM part WHERE mib < 4 GROUP BY mib) g $$);
SELECT in_each_form($$ SELECT mib, jsonb_array_length(a) AS touchpoints, pg_column_size(a) >= mib << 20 AS large
	FROM (SELECT mib, cdp.attribution('linear', NULL, at, event, CASE WHEN i = 16 * mib THEN 1.5 END) AS a FROM large WHERE mib < 4 GROUP BY mib) g $$);
SELECT in_each_form($$ SELECT mib, right(e, 9) AS last, octet_length(e) >= mib << 20 AS large
	FROM (SELECT mib, cdp.sequence_next('forward', 'head', at, repeat('y', mib << 20) || i, true, i = 1) AS e FROM large WHERE i < 4 AND mib < 4 GROUP BY mib) g $$);

SELECT cdp.event_count(t), octet_length(cdp_internal.timeline_send(t)) >= 64 << 20 AS large FROM (SELECT cdp.timeline_agg(at, event) AS t FROM large WHERE mib = 64) g;
SELECT cdp.event_count(t), octet_length(cdp_internal.timeline_send(t)) >= 64 << 20 AS large FROM (SELECT cdp.timeline_union(timeline) AS t FROM part WHERE mib = 64) g;
SELECT jsonb_array_length(a) AS touchpoints, pg_column_size(a) >= 64 << 20 AS large FROM (SELECT cdp.attribution('first', NULL, at, event, 1) AS a FROM large WHERE mib = 64) g;
SELECT octet_length(e) >= 64 << 20 AS large FROM (SELECT cdp.sequence_next('forward', 'head', i, repeat(i::text, 64 << 20), true, i = 1) AS e FROM generate_series(1, 2) AS i) g;

-- and those whose state is: 9 bytes a row
CREATE TABLE step AS SELECT s AS mib, i, i % 3 AS step FROM generate_series(1, 3) AS s, generate_series(1, 120000 * s) AS i;
ANALYZE step;
SELECT in_each_form($$ SELECT mib, cdp.window_funnel(10, i, step = 0, step = 1, step = 2) FROM step GROUP BY mib $$);
SELECT in_each_form($$ SELECT mib, cdp.window_funnel('strict_order', 10, i, step = 0, step = 2) FROM step GROUP BY mib $$);
SELECT in_each_form($$ SELECT mib, cdp.sequence_match('(?1)(?2)(?3)', i, step = 0, step = 1, step = 2), cdp.sequence_count('(?1)(?2)(?3)', i, step = 0, step = 1, step = 2),
	cdp.sequence_match_events('(?1)(?2)(?3)', i, step = 0, step = 1, step = 2) FROM step GROUP BY mib $$);
SELECT in_each_form($$ SELECT mib, cdp.retention(step = 0, step = 1, step = 3) FROM step GROUP BY mib $$);
SELECT in_each_form($$ SELECT mib, cdp.sequence_next('backward', 'tail', i, 'e' || i, true, step = 0) FROM step GROUP BY mib $$);

-- over windows the state lives on after a result
SELECT mib, bool_and(t = (SELECT cdp.timeline_agg(at, event) FROM large l WHERE l.mib = w.mib AND l.i % 8 <= part)) AS growing
FROM (SELECT mib, part, cdp.timeline_union(timeline) OVER (PARTITION BY mib ORDER BY part) AS t FROM part WHERE mib <= 3) w GROUP BY mib ORDER BY mib;
SELECT mib, bool_and(t = (SELECT cdp.timeline_agg(at, event) FROM large l WHERE l.mib = w.mib AND l.i % 8 BETWEEN part - 2 AND part)) AS moving
FROM (SELECT mib, part, cdp.timeline_union(timeline) OVER (PARTITION BY mib ORDER BY part ROWS 2 PRECEDING) AS t FROM part WHERE mib = 3) w GROUP BY mib ORDER BY mib;
SELECT mib, bool_and(a = (SELECT cdp.attribution('last', NULL, at, event, 1) FROM large l WHERE l.mib = w.mib AND l.i <= w.i)) AS attribution
FROM (SELECT mib, i, cdp.attribution('last', NULL, at, event, 1) OVER (PARTITION BY mib ORDER BY i) AS a FROM large WHERE mib <= 3) w GROUP BY mib ORDER BY mib;
SELECT i, length(e), right(e, 1) FROM (
	SELECT i, cdp.sequence_next('forward', 'head', at, repeat('y', 3 << 20) || i, true, i = 1) OVER (ORDER BY i) AS e FROM large WHERE mib = 1 AND i < 5) w ORDER BY i;

-- functions that give a timeline, or what is in one
CREATE TABLE whole AS SELECT mib, cdp.timeline_agg(at, event) AS timeline FROM large GROUP BY mib;
SELECT mib, (timeline::text)::cdp.timeline = timeline AS in_out, cdp.drop_before(timeline, '2026-01-01 00:00:01.5Z') || cdp.timeline_agg(at, event) = timeline AS trim_concat,
	cdp.event_count(cdp_internal.timeline_whole(timeline, NULL, cdp.timeline_agg(at + interval '1 day', event), timeline)) AS whole
FROM whole JOIN large USING (mib) WHERE i = 1 GROUP BY mib, timeline ORDER BY mib;
SELECT mib, (SELECT count(*) FROM cdp.events(timeline) e WHERE e.at >= '2026-01-01Z') AS events, cardinality(cdp.event_names(timeline)) AS names,
	octet_length(array_to_string(cdp.event_names(timeline), '')) >= mib << 20 AS large, cdp.did(timeline, cdp.quote_step((cdp.event_names(timeline))[1]), as_of => '2027-01-01Z') AS did
FROM whole ORDER BY mib;

-- the limit: a timeline has 256 MB, the state of an aggregate 512 MB
CREATE TABLE sixteen AS SELECT i, cdp.timeline_agg('2026-01-01Z', repeat(chr(64 + i), 16 << 20)) AS t FROM generate_series(1, 17) AS i GROUP BY i;
CREATE TABLE half AS SELECT cdp.timeline_union(t) FILTER (WHERE i < 9) AS a, cdp.timeline_union(t) FILTER (WHERE i >= 9 AND i < 16) AS b, cdp.timeline_union(t) FILTER (WHERE i >= 9) AS c FROM sixteen;
SELECT octet_length(cdp_internal.timeline_send(a || b)) FROM half;
SELECT octet_length(cdp_internal.timeline_send(a || c)) FROM half;
\echo :LAST_ERROR_SQLSTATE
SELECT octet_length(cdp_internal.timeline_send(cdp.timeline_union(t))) FROM sixteen;
\echo :LAST_ERROR_SQLSTATE
SELECT octet_length(cdp_internal.timeline_send(cdp.timeline_union(t))) FROM (SELECT a FROM half UNION ALL SELECT b FROM half UNION ALL SELECT c FROM half UNION ALL SELECT cdp.timeline_agg('2026-01-01Z', repeat('z', 200 << 20))) h (t);
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.attribution('linear', NULL, '2026-01-01Z', repeat(chr(64 + i), 260 << 20), 1) FROM generate_series(1, 2) AS i;
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.sequence_next('forward', 'head', i, repeat(chr(64 + i), 260 << 20), true, i = 1) FROM generate_series(1, 2) AS i;
\echo :LAST_ERROR_SQLSTATE

DROP TABLE large, part, step, whole, sixteen, half;
DROP FUNCTION in_each_form;
