-- Merging cdp.traits: the aggregates and || against plain SQL, in every order, split and plan.
SET search_path = public, cdp;
SET timezone = 'UTC';

-- by hand: the latest wins, null removes, an empty string does not, rows without traits or time do not count
SELECT traits_agg(traits, at, source), traits_agg(traits, at, source)::jsonb AS plain FROM (VALUES
	('{"plan": "free", "note": "x", "city": "Köln"}'::jsonb, '2026-01-01'::timestamptz, 'web'), ('{"plan": "pro", "note": null}', '2026-01-03', 'crm'), ('{"note": "late", "city": ""}', '2026-01-02', 'web'),
	(NULL, '2026-01-09', 'x'), ('{"plan": "never"}', NULL, 'x'), ('null', '2026-01-09', 'x')) v(traits, at, source);
SELECT traits_agg(traits, at, source) IS NULL AS none, traits_union(traits_agg) IS NULL AS no_union FROM (VALUES (NULL::jsonb, now(), 'x', NULL::cdp.traits)) v(traits, at, source, traits_agg) GROUP BY ();
SELECT traits_agg('{}', now(), 'x') AS empty, traits_agg('{}', now(), 'x') FILTER (WHERE false) IS NULL AS filtered;
-- of equal times the one with the greater bytes; then higher trust, then the source
SELECT traits_agg(traits, '2026-01-01', source, NULL, trust) FROM (VALUES ('{"a": "b", "n": 9, "t": null, "s": 1}'::jsonb, 'x', 0), ('{"a": "a", "n": 10, "t": "", "s": 1}', 'y', 0), ('{"a": "ab", "s": 1}', 'z', -1)) v(traits, source, trust);
-- every rule
SELECT key, value FROM (SELECT traits_agg(traits, at, source, '{"first": "first", "min": "min", "max": "max", "sum": "sum", "union": "union", "often": "most_frequent", "trusted": "trusted_last", "kept": "keep_last"}', trust)::jsonb AS merged
	FROM (VALUES ('{"first": 1, "min": 10, "max": "a", "sum": 0.1, "union": ["x", 1], "often": "u", "trusted": "crm", "kept": 1}'::jsonb, '2026-01-02'::timestamptz, 'crm', 9),
		('{"first": null, "min": 9.50, "max": 99, "sum": 0.2, "union": [1.0, "y"], "often": "v", "trusted": "web", "kept": 2}', '2026-01-03', 'web', 1),
		('{"first": 2, "min": "5", "max": true, "sum": null, "union": null, "often": "v", "trusted": null, "kept": 3}', '2026-01-01', 'web', 1),
		('{"min": null, "max": null, "sum": -10.10, "union": "z", "often": null}', '2026-01-04', 'web', 1)) v(traits, at, source, trust)) m, jsonb_each(merged) ORDER BY key;
-- where two sides have different rules for a key, the later rule wins whole
SELECT (traits('{"k": 1}', '2026-01-02', 's') || traits('{"k": 2}', '2026-01-01', 's', '{"k": "first"}')) -> 'k' AS first, (traits('{"k": 3}', '2026-01-01', 's', '{"k": "sum"}') || traits('{"k": 1}', '2026-01-02', 's')) -> 'k' AS sum,
	(traits('{"k": 3}', '2026-01-01', 's', '{"k": "most_frequent"}') || traits('{"k": 1}', '2026-01-02', 's', '{"k": "trusted_last"}')) -> 'k' AS trusted;
-- NULL is none
SELECT NULL || traits('{"a": 1}', '2026-01-01', 's') AS one, traits('{"a": 1}', '2026-01-01', 's') || NULL AS other, NULL::cdp.traits || NULL AS none;

-- random rows: 60 people, keys of every rule, equal times, nulls, every type of value
SELECT setseed(0.25);
CREATE TABLE pt_row AS
SELECT i % 60 AS person, '2026-01-01'::timestamptz + floor(random() * 40) * interval '1 hour' AS at, ('{crm,web,app}'::text[])[1 + floor(random() * 3)] AS source, floor(random() * 3)::int AS trust,
	jsonb_build_object('last ' || floor(random() * 5), (ARRAY['1', '1.0', '2', '"x"', '"y\n"', 'null', 'true', '[1, 2]', '{"a": null}', '""']::jsonb[])[1 + floor(random() * 10)],
		'first', CASE WHEN random() < 0.8 THEN to_jsonb(floor(random() * 50)) END, 'min', (random() * 1000)::numeric(8, 2), 'max', (random() * 1000)::numeric(8, 2),
		'sum', CASE WHEN random() < 0.8 THEN to_jsonb((random() * 1000 - 500)::numeric(12, 4)) END, 'union', CASE WHEN random() < 0.1 THEN 'null' ELSE to_jsonb(ARRAY[chr(97 + floor(random() * 6)::int), chr(97 + floor(random() * 6)::int)]) END,
		'often', chr(97 + floor(random() * 4)::int), 'trusted', floor(random() * 50)) AS traits
FROM generate_series(1, 6000) i;
ANALYZE pt_row;
CREATE FUNCTION pt_rules() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN '{"first": "first", "min": "min", "max": "max", "sum": "sum", "union": "union", "often": "most_frequent", "trusted": "trusted_last"}'::jsonb;
CREATE TABLE pt_merged AS SELECT person, traits_agg(traits, at, source, pt_rules(), trust) AS traits FROM pt_row GROUP BY person;

-- the same in plain SQL
CREATE VIEW pt_value AS SELECT person, key, value, at, trust, value::text COLLATE "C" AS bytes FROM pt_row, jsonb_each(traits);
WITH expected AS (
	SELECT * FROM (SELECT DISTINCT ON (person, key) person, key, value FROM pt_value WHERE key LIKE 'last%' ORDER BY person, key, at DESC, bytes DESC) l WHERE value <> 'null'
	UNION ALL (SELECT DISTINCT ON (person) person, key, value FROM pt_value WHERE key = 'first' AND value <> 'null' ORDER BY person, at, bytes DESC)
	UNION ALL (SELECT DISTINCT ON (person) person, key, value FROM pt_value WHERE key = 'trusted' ORDER BY person, trust DESC, at DESC, bytes DESC)
	UNION ALL SELECT person, 'min', to_jsonb(min(value::numeric)) FROM pt_value WHERE key = 'min' GROUP BY person
	UNION ALL SELECT person, 'max', to_jsonb(max(value::numeric)) FROM pt_value WHERE key = 'max' GROUP BY person
	UNION ALL SELECT person, 'sum', to_jsonb(sum(value::numeric)) FROM pt_value WHERE key = 'sum' AND value <> 'null' GROUP BY person
	UNION ALL SELECT person, 'union', jsonb_agg(DISTINCT element ORDER BY element)
		FROM (SELECT person, value, at, max(at) FILTER (WHERE value = 'null') OVER (PARTITION BY person) AS removed FROM pt_value WHERE key = 'union') u, jsonb_array_elements(value) element
		WHERE u.value <> 'null' AND (removed IS NULL OR at > removed) GROUP BY person
	UNION ALL (SELECT DISTINCT ON (person) person, 'often', value FROM (SELECT person, value, bytes, count(*) AS n, max(at) AS latest FROM pt_value WHERE key = 'often' GROUP BY 1, 2, 3) o ORDER BY person, n DESC, latest DESC, bytes DESC)
)
SELECT count(*) AS people, count(*) FILTER (WHERE e.traits::text <> m.traits::jsonb::text) AS differences
FROM (SELECT person, jsonb_object_agg(key, value) AS traits FROM expected GROUP BY person) e FULL JOIN pt_merged m USING (person);

-- the same value in any order, by sorting and by hashing, in parallel plans, as a window
SELECT count(*) AS differences FROM pt_merged m JOIN (SELECT person, traits_agg(traits, at, source, pt_rules(), trust ORDER BY at DESC, source) AS traits FROM pt_row GROUP BY person) o USING (person) WHERE m.traits <> o.traits;
SET enable_hashagg = off;
SELECT count(*) AS differences FROM pt_merged m JOIN (SELECT person, traits_agg(traits, at, source, pt_rules(), trust) AS traits FROM pt_row GROUP BY person) o USING (person) WHERE m.traits <> o.traits;
RESET enable_hashagg;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT person, traits_agg(traits, at, source, pt_rules(), trust) FROM pt_row GROUP BY person;
SELECT count(*) AS differences FROM pt_merged m JOIN (SELECT person, traits_agg(traits, at, source, pt_rules(), trust) AS traits FROM pt_row GROUP BY person) o USING (person) WHERE m.traits <> o.traits;
SELECT (SELECT traits_union(traits) FROM pt_merged) = (SELECT traits_agg(traits, at, source, pt_rules(), trust) FROM pt_row) AS whole;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET enable_sort;
SET work_mem = '64kB';
SELECT count(*) AS differences FROM pt_merged m JOIN (SELECT person, traits_agg(traits, at, source, pt_rules(), trust) AS traits FROM pt_row GROUP BY person) o USING (person) WHERE m.traits <> o.traits;
RESET work_mem;
WITH numbered AS (SELECT *, row_number() OVER (ORDER BY at, traits::text COLLATE "C", source, trust) AS n FROM pt_row WHERE person = 7),
	running AS (SELECT n, traits_agg(traits, at, source, pt_rules(), trust) OVER (ORDER BY n) AS traits FROM numbered)
SELECT count(*) AS rows, count(*) FILTER (WHERE traits <> (SELECT traits_agg(b.traits, b.at, b.source, pt_rules(), b.trust) FROM numbered b WHERE b.n <= r.n)) AS differences FROM running r;

-- partial merges in any split and grouping, some through text, some through binary
CREATE TABLE pt_part AS SELECT person, part, part % 3 AS way, traits_agg(traits, at, source, pt_rules(), trust) AS traits FROM (SELECT *, floor(random() * 7)::int AS part FROM pt_row) p GROUP BY person, part;
COPY (SELECT * FROM pt_part WHERE way = 2) TO PROGRAM 'cat >cdp_profile_parts.bin' (FORMAT binary);
DELETE FROM pt_part WHERE way = 2;
COPY pt_part FROM PROGRAM 'cat cdp_profile_parts.bin; rm cdp_profile_parts.bin' (FORMAT binary);
UPDATE pt_part SET traits = traits::text::cdp.traits WHERE way = 1;
SELECT count(*) AS differences FROM pt_merged m JOIN (SELECT person, traits_union(traits ORDER BY random()) AS traits FROM pt_part GROUP BY person) o USING (person) WHERE m.traits <> o.traits;
SELECT count(*) AS differences FROM pt_merged m JOIN (
	SELECT person, traits_union(traits) AS traits FROM (SELECT person, part % 2, traits_union(traits) AS traits FROM pt_part GROUP BY 1, 2) h GROUP BY person) o USING (person) WHERE m.traits <> o.traits;
SELECT count(*) AS pairs, count(*) FILTER (WHERE a.traits || b.traits <> b.traits || a.traits) AS not_commutative FROM pt_part a JOIN pt_part b USING (person);
SELECT count(*) AS triples, count(*) FILTER (WHERE (a.traits || b.traits) || c.traits <> a.traits || (b.traits || c.traits)) AS not_associative
FROM pt_part a JOIN pt_part b USING (person) JOIN pt_part c USING (person) WHERE person < 5;

-- merging again changes nothing, except sum and most_frequent, which count again
SELECT count(*) FILTER (WHERE traits || traits <> traits) AS changed, count(*) FILTER (WHERE ((traits || traits)::jsonb - 'sum') <> traits::jsonb - 'sum') AS changed_but_sum,
	count(*) FILTER (WHERE ((traits || traits) ->> 'sum')::numeric <> 2 * (traits ->> 'sum')::numeric) AS not_twice FROM pt_merged;
SELECT count(*) AS differences FROM (SELECT person, traits_agg(traits - 'sum' - 'often', at, source, pt_rules(), trust) AS traits FROM pt_row GROUP BY person) o
JOIN (SELECT person, traits_agg(traits - 'sum' - 'often', at, source, pt_rules(), trust) AS traits FROM (SELECT * FROM pt_row UNION ALL SELECT * FROM pt_row) twice GROUP BY person) t USING (person) WHERE t.traits <> o.traits;

-- rules that change from row to row of one call are used row by row
SELECT traits_agg('{"k": 1}', '2026-01-01', 's', jsonb_build_object('k', 'sum', 'other ' || i, 'last')) ->> 'k' AS sum FROM generate_series(1, 1000) i;
SELECT traits_agg('{"k": 1}', '2026-01-01', 's', rules)::jsonb FROM (VALUES ('{"k": "sum"}'::jsonb), ('{"k": "sum"}'), (NULL), ('{"k": "last"}')) v(rules);

-- what a state holds bounds its memory, not the rows: 160 MB of compressed rows into twenty keys
CREATE FUNCTION pt_memory() RETURNS bigint LANGUAGE sql VOLATILE RETURN (SELECT sum(total_bytes) FROM pg_backend_memory_contexts);
CREATE TABLE pt_long AS SELECT i, jsonb_build_object('key ' || i % 20, repeat(chr(97 + i % 26), 8000)) AS traits FROM generate_series(1, 20000) i;
SELECT sum(pg_column_size(traits)) < 4000000 AS compressed FROM pt_long;
SELECT length(traits ->> 'key 7') AS kept, max(used) - min(used) < 4000000 AS bounded
FROM (SELECT traits_agg(traits, to_timestamp(i), 's') AS traits, array_agg(pt_memory()) FILTER (WHERE i % 5000 = 0) AS memory FROM pt_long) m, unnest(memory) used GROUP BY traits;
SELECT length(traits ->> 'key 7') AS kept, max(used) - min(used) < 4000000 AS bounded
FROM (SELECT traits_union(traits(traits, to_timestamp(i), 's')) AS traits, array_agg(pt_memory()) FILTER (WHERE i % 5000 = 0) AS memory FROM pt_long) m, unnest(memory) used GROUP BY traits;
DROP VIEW pt_value;
DROP TABLE pt_row, pt_merged, pt_part, pt_long;
DROP FUNCTION pt_rules(), pt_memory();
