-- cdp.retention over rows of any table.
CREATE TABLE br_visit (user_id int, day date);
INSERT INTO br_visit SELECT u, date '2026-01-01' + d FROM (VALUES (1, 0), (1, 1), (1, 2), (2, 0), (2, 2), (3, 1), (3, 2), (4, 0), (5, NULL)) v(u, d);
SELECT user_id, cdp.retention(day = '2026-01-01', day = '2026-01-02', day = '2026-01-03') FROM br_visit GROUP BY user_id ORDER BY user_id;
-- as a table of counts: what ClickHouse's own documentation does with it
SELECT count(*) FILTER (WHERE r[1]) AS day_1, count(*) FILTER (WHERE r[2]) AS day_2, count(*) FILTER (WHERE r[3]) AS day_3
FROM (SELECT cdp.retention(day = '2026-01-01', day = '2026-01-02', day = '2026-01-03') AS r FROM br_visit GROUP BY user_id) u;
SELECT cdp.retention(true) AS one, cdp.retention(NULL, true) AS null_first, cdp.retention(true, NULL) AS null_second, cdp.retention(true, true) FILTER (WHERE false) AS no_rows,
	cdp.retention(VARIADIC array_fill(true, ARRAY[32])) AS thirty_two, cdp.retention(VARIADIC '{{t,f},{f,t}}') AS two_dimensions;
SELECT n, cdp.retention(n = 1, n = 2, n = 5) OVER (ORDER BY n) AS so_far FROM generate_series(1, 3) n;

-- against the definition: the first condition in some row, and the i-th in some row
SELECT setseed(0.5);
CREATE TABLE br_row AS
SELECT g, g % 50 AS k, CASE WHEN random() < 0.9 THEN random() < 0.2 END AS a, CASE WHEN random() < 0.9 THEN random() < 0.2 END AS b, random() < 0.3 AS c
FROM generate_series(1, 20000) g, generate_series(1, 1 + g % 6);
SELECT r.retention, count(*), count(*) FILTER (WHERE r.retention <> ARRAY[a, a AND b, a AND c]) AS differences
FROM (SELECT g, cdp.retention(a, b, c) AS retention FROM br_row GROUP BY g) r
JOIN (SELECT g, coalesce(bool_or(a), false) AS a, coalesce(bool_or(b), false) AS b, coalesce(bool_or(c), false) AS c FROM br_row GROUP BY g) d USING (g)
GROUP BY 1 ORDER BY 1;

-- the same from parallel plans
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_sort = off;
ANALYZE br_row;
EXPLAIN (COSTS OFF) SELECT k, cdp.retention(a AND g < 150, b AND g < 200, c AND g < 130) FROM br_row GROUP BY 1;
CREATE TABLE br_parallel AS SELECT k, cdp.retention(a AND g < 150, b AND g < 200, c AND g < 130) AS r FROM br_row GROUP BY 1;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS groups, count(*) FILTER (WHERE p.r <> s.r) AS differences, count(*) FILTER (WHERE s.r[1] AND NOT s.r[2]) > 0 AS some_lost
FROM br_parallel p FULL JOIN (SELECT k, cdp.retention(a AND g < 150, b AND g < 200, c AND g < 130) AS r FROM br_row GROUP BY 1) s USING (k);
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET enable_sort;

-- what is refused
\pset format unaligned
\pset tuples_only on
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
SELECT format('%s -> %s', call, pg_temp.refusal('SELECT ' || call || ' FROM generate_series(1, 2) n'))
FROM unnest(ARRAY['cdp.retention(VARIADIC ''{}''::boolean[])', 'cdp.retention(VARIADIC NULL::boolean[])', 'cdp.retention(VARIADIC array_fill(true, ARRAY[33]))',
	'cdp.retention(VARIADIC array_fill(true, ARRAY[n]))', 'cdp_internal.retention_final(-1)', 'cdp_internal.retention_final(0)', 'cdp_internal.retention_final(141733920769)', 'cdp_internal.retention_combine(4294967296, 8589934592)']) call;
DROP TABLE br_visit, br_row, br_parallel;
