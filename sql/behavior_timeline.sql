-- The type cdp.timeline: text, binary, equality, aggregates, parts.
SET search_path = public, cdp;
SET timezone = 'UTC';
SELECT '{"Order Completed": ["2026-01-01T10:00:00Z", "2026-01-01 11:00:00+01", "2025-12-31T23:59:59.123456Z"], "view": [["2026-01-02", {"total": 40.50, "n": 2}], "2026-01-02"], "none": []}'::cdp.timeline;
SELECT '{}'::cdp.timeline, ' {"b":["2026-01-01"],"a":["2026-01-01"],"b":["2026-01-02"]} '::cdp.timeline;
SELECT '{"Käufe \u00e4 \"x\"": ["-0043-03-15T12:00:00Z", "+0000-02-29", "+12026-01-01T00:00:00.5Z"]}'::cdp.timeline;

-- what is no timeline
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', input, pg_temp.refusal(format('SELECT %L::cdp.timeline', input)))
FROM (VALUES (''), ('[]'), ('{"a": 1}'), ('{"a": [1]}'), ('{"a": ["yesterday"]}'), ('{"a": ["infinity"]}'), ('{"": []}'), ('{"a": ["2026-01-01"]'),
	('{"a": []} {}'), ('{"a": [["2026-01-01"]]}'), ('{"a": [["2026-01-01", {}]]}'), ('{"a": [["2026-01-01", {"n": null}]]}'), ('{"a": [["2026-01-01", {"[]": [{"[]": []}]}]]}'),
	('{"a": [["2026-01-01", {"n": 1, "n": 1}]]}'), ('{"a": [["2026-01-01", {"n": 1e30}]]}'), ('{"a": ["2026-02-29"]}'),
	('{"a": ["+294277-01-01T00:00:00Z"]}'), ('{"\u0000": []}'), ('{"a": [null]}')) v(input);

-- rows that cannot be events
SELECT format('%s -> %s', call, pg_temp.refusal('SELECT ' || call))
FROM (VALUES ('cdp.timeline_agg(''infinity'', ''view'')'), ('cdp.timeline_agg(''-infinity'', ''view'')'), ('cdp.timeline_agg(''2026-01-01'', '''')'),
	('cdp.timeline_agg(''2026-01-01'', ''view'', ''[]'')'), ('cdp.timeline_agg(''2026-01-01'', ''view'', ''1'')'),
	('cdp.timeline_agg(''2026-01-01'', ''view'', ''{"[]": 1}'')'), ('cdp.timeline_agg(''2026-01-01'', ''view'', ''{"[]": [1]}'')'),
	('cdp.timeline_agg(''2026-01-01'', ''view'', ''{"[]": [{"[]": []}]}'')'), ('cdp.timeline_agg(''2026-01-01'', ''view'', ''{"": 1}'')'),
	('cdp.timeline_agg(''2026-01-01'', ''view'', (SELECT jsonb_object_agg(i::text, i) FROM generate_series(1, 33) i))'),
	('cdp.timeline_agg(''2026-01-01'', ''view'', jsonb_build_object(i::text, i)) FROM generate_series(1, 33) i'),
	('cdp_internal.timeline_agg_trans(NULL, ''2026-01-01'', ''view'')'), ('cdp_internal.timeline_combine(''{}'', ''{}'')'),
	('cdp.timeline_agg(''2026-01-01'', NULL)'), ('cdp.timeline_agg(NULL, ''view'')'), ('cdp.timeline_agg(NULL, ''view'', ''1'')')) v(call);
\pset format aligned
\pset tuples_only off

-- properties: what is left out, several values, elements
SELECT cdp.timeline_agg('2026-01-01', 'view', v) FROM (VALUES ('{"n": "1"}'::jsonb), ('{"n": [1]}'), ('{"n": [2, "b", null, true, 1, "a", 1]}'), ('{"n": 1e30}'), ('{"n": [{"a": 1}, [2]]}'), ('{"n": null}'),
	('{"[]": [{"a": 1, "b": "x"}, {}, {"a": [2, 1]}, {"b": null}], "a": 0}'), (jsonb_build_object('n', repeat('x', 257), 'm', ''))) AS s (v);
SELECT p, cdp.timeline_agg('2026-01-01', 'view', p)::text::cdp.timeline = cdp.timeline_agg('2026-01-01', 'view', p) AS same
FROM (VALUES ('{"[]": [{"a": 1, "b": "x"}, {}, {"a": [2, 1]}, {"b": {}}], "a": [0, {}]}'::jsonb)) AS s (p) GROUP BY p;
SELECT event, properties FROM cdp.events('{"view": [["2026-01-01", {"[]": [{"a": 1, "b": "x"}, {}, {"a": [2, 1]}], "a": {}, "c": "\u0001\"ä"}]]}');

-- rows, in any order
SELECT cdp.timeline_agg(at, event) FROM (VALUES ('2026-01-01 10:00'::timestamptz, 'view'), ('2026-01-03 10:00', 'order'), (NULL, 'view'),
	('2026-01-02 10:00', 'view'), ('2026-01-02 10:00', 'view'), ('2026-01-02 10:00', NULL)) v(at, event);
SELECT cdp.timeline_agg(at, event, properties) FROM (VALUES ('2026-01-01 10:00'::timestamptz, 'order', '{"total": 40.10, "n": 1}'::jsonb),
	('2026-01-01 10:00', 'order', '{"total": 40.1, "n": null}'), ('2026-01-01 10:00', 'order', NULL), ('2026-01-01 10:00', 'order', '{}')) v(at, event, properties);

-- a year of random rows: several people, equal times, properties of all kinds
SELECT setseed(0.5);
CREATE TABLE bt_event AS
SELECT i % 40 AS person, ('{view,cart,order,"Order Completed"}'::text[])[1 + floor(random() * 4)] AS event,
	timestamptz '2025-01-01' + floor(random() * 3000) * interval '1 hour' + CASE WHEN i % 7 = 0 THEN interval '1 microsecond' * i ELSE '0' END AS at,
	nullif(CASE WHEN i % 3 = 0 THEN jsonb_build_object('total', (random() * 1000)::numeric(10, 2), 'n', i % 4) ELSE '{}' END
		|| CASE WHEN i % 5 = 0 THEN jsonb_build_object('category', 'category ' || i % 20, 'gift', i % 2 = 0) ELSE '{}' END
		|| CASE i % 11 WHEN 0 THEN jsonb_build_object('[]', jsonb_build_array(jsonb_build_object('sku', 'sku ' || i % 500, 'price', i % 9), '{}'::jsonb, '{"sku": ["a", "b"]}'::jsonb)) WHEN 1 THEN '{"tags": [{}, false, 1, 2.5, "", "x"]}'
			ELSE '{}' END, '{}') AS properties
FROM generate_series(1, 20000) i;
ANALYZE bt_event;
CREATE TABLE bt_timeline AS SELECT person, cdp.timeline_agg(at, event, properties) AS timeline FROM bt_event GROUP BY person;

-- the same events come back
SELECT count(*) AS differences FROM (
	(SELECT person, (cdp.events(timeline)).* FROM bt_timeline EXCEPT ALL SELECT person, event, at, properties FROM bt_event)
	UNION ALL
	(SELECT person, event, at, properties FROM bt_event EXCEPT ALL SELECT person, (cdp.events(timeline)).* FROM bt_timeline)) d;
SELECT count(*) AS differences FROM bt_timeline t JOIN (SELECT person, count(*) AS n, array_agg(DISTINCT event COLLATE "C" ORDER BY event COLLATE "C") AS names FROM bt_event GROUP BY person) e USING (person)
WHERE cdp.event_count(timeline) <> n OR cdp.event_names(timeline) <> names;

-- the same value whatever the order and the plan
SELECT count(*) AS differences FROM bt_timeline t JOIN (SELECT person, cdp.timeline_agg(at, event, properties ORDER BY at DESC, event) AS timeline FROM bt_event GROUP BY person) o USING (person)
WHERE t.timeline <> o.timeline;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT person, cdp.timeline_agg(at, event, properties) FROM bt_event GROUP BY person;
SELECT count(*) AS differences FROM bt_timeline t JOIN (SELECT person, cdp.timeline_agg(at, event, properties) AS timeline FROM bt_event GROUP BY person) o USING (person)
WHERE t.timeline <> o.timeline;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET enable_sort;

-- the union of parts, in any grouping, states through text included
SELECT count(*) AS differences FROM bt_timeline t JOIN (
	SELECT person, cdp.timeline_union(CASE WHEN part % 2 = 0 THEN timeline ELSE timeline::text::cdp.timeline END) AS timeline
	FROM (SELECT person, part, cdp.timeline_agg(at, event, properties) AS timeline FROM (SELECT *, (random() * 5)::int AS part FROM bt_event) p GROUP BY person, part) s
	GROUP BY person) o USING (person)
WHERE t.timeline <> o.timeline;
SELECT (SELECT cdp.timeline_union(timeline) FROM bt_timeline) = (SELECT cdp.timeline_agg(at, event, properties) FROM bt_event) AS whole;
SELECT cdp.timeline_union(timeline) IS NULL AS none FROM bt_timeline WHERE false;
SELECT cdp.timeline_union(timeline) FROM (VALUES (NULL::cdp.timeline), ('{"a": ["2026-01-01"]}'), (NULL)) v(timeline);
SELECT cdp.timeline_union(timeline) FROM (VALUES ('{}'::cdp.timeline), ('{"a": ["2026-01-01"]}'), ('{"a": ["2026-01-01"]}')) v(timeline);

-- as a window function, with FILTER, per group of grouping sets
SELECT at, cdp.event_count(cdp.timeline_agg(at, event) OVER (ORDER BY at)) AS so_far
FROM (VALUES ('2026-01-01'::timestamptz, 'a'), ('2026-01-02', 'b'), ('2026-01-03', 'a')) v(at, event);
SELECT person IS NULL AS everybody, sum(cdp.event_count(t)) FROM (
	SELECT person, cdp.timeline_agg(at, event) FILTER (WHERE event = 'view') AS t FROM bt_event GROUP BY ROLLUP (person)) s GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE event = 'view') AS views FROM bt_event;

-- || takes NULL as no events
SELECT '{"a": ["2026-01-01"]}' || '{"a": ["2026-01-01"], "b": ["2026-01-02"]}'::cdp.timeline AS both,
	NULL || '{"a": ["2026-01-01"]}'::cdp.timeline AS one, '{"a": ["2026-01-01"]}'::cdp.timeline || NULL AS other, NULL::cdp.timeline || NULL AS none;

-- drop_before keeps what is not before
SELECT count(*) AS differences FROM bt_timeline t JOIN (SELECT person, cdp.timeline_agg(at, event, properties) FILTER (WHERE at >= '2025-03-01 05:00') AS timeline FROM bt_event GROUP BY person) e USING (person)
WHERE cdp.drop_before(t.timeline, '2025-03-01 05:00') <> e.timeline;
SELECT cdp.drop_before('{"a": ["2026-01-01", "2026-01-02"], "b": ["2026-01-01"]}', '2026-01-02'), cdp.drop_before('{"a": ["2026-01-01"]}', 'infinity'), cdp.drop_before('{"a": ["2026-01-01"]}', '-infinity');

-- equality, hash, indexes
SELECT '{"a": ["2026-01-01"]}'::cdp.timeline = '{"a": ["2026-01-01T01:00:00+01"]}' AS equal, '{"a": ["2026-01-01"]}'::cdp.timeline <> '{"a": ["2026-01-01", "2026-01-01"]}' AS not_equal;
SELECT count(*) FROM (SELECT timeline FROM bt_timeline UNION ALL SELECT timeline::text::cdp.timeline FROM bt_timeline) u
GROUP BY timeline HAVING count(*) <> 2;
CREATE INDEX ON bt_timeline USING hash (timeline);
SELECT count(*) FROM bt_timeline a JOIN bt_timeline b ON a.timeline = b.timeline;

-- the order by bytes, for sorts, and its laws
SET enable_hashagg = off;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT count(*) FROM (SELECT DISTINCT timeline FROM (SELECT timeline FROM bt_timeline UNION ALL SELECT timeline::text::cdp.timeline FROM bt_timeline) u) d;
EXPLAIN (COSTS OFF) SELECT count(*) FROM bt_timeline a JOIN bt_timeline b ON a.timeline = b.timeline;
SELECT count(*) FROM bt_timeline a JOIN bt_timeline b ON a.timeline = b.timeline;
RESET enable_hashagg;
RESET enable_hashjoin;
RESET enable_nestloop;
CREATE TABLE bt_some (n int, timeline cdp.timeline);
INSERT INTO bt_some VALUES (1, '{}'), (2, '{"a": ["2026-01-01"]}'), (3, '{"a": ["2026-01-01", "2026-01-01"]}'), (4, '{"b": ["2026-01-01"]}'), (5, '{"a": ["2026-01-01"]}'), (6, '{"a": [["2026-01-01", {"n": 1}]]}'), (7, '{"a": ["2025-01-01"], "b": ["2026-01-01"]}');
SELECT count(*) AS pairs, count(*) FILTER (WHERE (a.timeline < b.timeline) <> (b.timeline > a.timeline) OR (a.timeline <= b.timeline) <> (b.timeline >= a.timeline) OR (a.timeline < b.timeline) = (a.timeline >= b.timeline)
	OR (a.timeline <= b.timeline AND b.timeline <= a.timeline) <> (a.timeline = b.timeline) OR sign(cdp_internal.timeline_cmp(a.timeline, b.timeline)::float8) <> sign(timeline_send_cmp::float8)) AS broken
FROM bt_some a CROSS JOIN bt_some b CROSS JOIN LATERAL (SELECT byteacmp(cdp_internal.timeline_send(a.timeline), cdp_internal.timeline_send(b.timeline)) AS timeline_send_cmp) c;
CREATE INDEX bt_some_timeline ON bt_some (timeline);
SELECT n FROM bt_some ORDER BY cdp_internal.timeline_send(timeline), n;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT array_agg(timeline::text) = (SELECT array_agg(timeline::text ORDER BY cdp_internal.timeline_send(timeline)) FROM bt_some) AS in_order FROM (SELECT timeline FROM bt_some ORDER BY timeline) o;
RESET enable_seqscan;
RESET enable_sort;
DROP TABLE bt_some;

-- binary, and what is wrong with it; stored values of any size
COPY bt_timeline TO PROGRAM 'cat >cdp_behavior_timeline.bin' (FORMAT binary);
CREATE TABLE bt_copied (LIKE bt_timeline);
COPY bt_copied FROM PROGRAM 'cat cdp_behavior_timeline.bin; rm cdp_behavior_timeline.bin' (FORMAT binary);
SELECT count(*) AS same FROM bt_timeline JOIN bt_copied c USING (person) WHERE bt_timeline.timeline = c.timeline;
SELECT cdp_internal.timeline_send('{"a": ["2026-01-01T00:00:00Z"]}');
CREATE FUNCTION pg_temp.received(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	object oid;
	result text;
BEGIN
	-- a binary COPY of one row of one value
	object := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(bytes)) || bytes || '\xffff'::bytea);
	PERFORM lo_export(object, 'cdp_behavior_bytes.bin'), lo_unlink(object);
	CREATE TEMP TABLE bt_received (timeline cdp.timeline);
	COPY bt_received FROM PROGRAM 'cat cdp_behavior_bytes.bin; rm cdp_behavior_bytes.bin' (FORMAT binary);
	SELECT timeline::text INTO result FROM bt_received;
	DROP TABLE bt_received;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT what, pg_temp.received(bytes) FROM (VALUES ('as it is', '\x010280d6c38e06020102610800'::bytea), ('cut off', '\x010280d6c38e060201026108'), ('nothing', ''),
	('a byte more', '\x010280d6c38e0602010261080000'), ('a later version', '\x030280d6c38e06020102610800'), ('version 1 with a number', '\x010380d6c38e0602010801016e61090100010002011e'), ('it cut off', '\x010380d6c38e0602010801016e6109010001000201'),
	('version 2 without properties', '\x020280d6c38e06020102610800'), ('the open form', '\x810280d6c38e06020102610800'),
	('milliseconds for no reason', '\x010280d6c38e06020102610a00'), ('no event', '\x010280d6c38e06020102610000'), ('a name that is not UTF-8', '\x010280d6c38e06020102ff0800'),
	('a base too late', '\x010282d6c38e06020102610801'), ('a long varint', '\x0182000280d6c38e06020102610800')) v(what, bytes);

-- a person with many events: stored outside of the row, read back, appended to
CREATE TABLE bt_long AS SELECT cdp.timeline_agg(timestamptz '2020-01-01' + i * interval '61 seconds', 'event ' || i % 3) AS timeline FROM generate_series(1, 100000) i;
SELECT cdp.event_count(timeline), pg_column_size(timeline), cdp.event_count(timeline || timeline) AS twice, cdp.event_count(timeline || '{"x": ["2026-01-01"]}') AS one_more,
	md5(timeline::text) = md5(timeline::text::cdp.timeline::text) AS round_trip FROM bt_long;
SELECT event, count(*), min(at), max(at) FROM bt_long, cdp.events(timeline) GROUP BY 1 ORDER BY 1;
DROP TABLE bt_long;
DROP TABLE bt_event, bt_timeline, bt_copied;
