-- Indexes of the smallest and greatest values of a range of blocks find what comes into ranges that they have summarized.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_summary;
SET search_path = store_summary;
CREATE TABLE t (id bigint PRIMARY KEY, a bigint, name text COLLATE "C", day date, n numeric, tag text) WITH (fillfactor = 90);
CREATE INDEX t_minmax ON t USING brin (a, name, day, n) WITH (pages_per_range = 1);
CREATE INDEX t_expression ON t USING brin ((a % 100)) WITH (pages_per_range = 2);
CREATE INDEX t_bloom ON t USING brin (tag text_bloom_ops, a) WITH (pages_per_range = 1);
CREATE INDEX t_part ON t USING brin (a) WITH (pages_per_range = 1) WHERE a > 500;

-- random rows; of some all of a column is null, and some are all the same
CREATE PROCEDURE add(first bigint, rows integer, kind text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM store_test.insert('direct', 'store_summary.t', '{id,a,name,day,n,tag}',
		array_agg(first + i),
		array_agg(CASE WHEN kind = 'same' THEN 7 WHEN kind = 'null' OR random() < 0.1 THEN NULL ELSE (random() * 1000)::bigint END),
		array_agg(CASE WHEN kind = 'same' THEN 'x' WHEN random() < 0.1 THEN NULL ELSE md5(random()::text) END),
		array_agg(CASE WHEN kind = 'same' THEN '2026-01-01' ELSE date '2026-01-01' + (random() * 300)::int END),
		array_agg(CASE WHEN kind = 'null' THEN NULL ELSE (random() * 100)::numeric(8, 2) END),
		array_agg('tag ' || (random() * 50)::int))
	FROM generate_series(0, rows - 1) i;
END $$;
SELECT setseed(0.5);
CALL add(1, 20, 'any');
SELECT sum(brin_summarize_new_values(c.oid)) > 0 AS summarized FROM pg_class c WHERE c.relnamespace = 'store_summary'::regnamespace AND c.relam = 3580;
DO $$ BEGIN
	FOR i IN 1 .. 60 LOOP
		CALL add(1000 * i, 1 + (random() * 60)::int, (ARRAY['any', 'same', 'null'])[1 + i % 3]);
		PERFORM brin_summarize_new_values(c.oid) FROM pg_class c
		WHERE c.relnamespace = 'store_summary'::regnamespace AND c.relam = 3580;
	END LOOP;
END $$;
-- new versions of rows come into ranges, too
SELECT store_test.update('direct', 'store_summary.t', '{id}', '{a,name}', array_agg(id ORDER BY id), array_agg(2000 + id ORDER BY id),
	array_agg('zz' || id ORDER BY id)) > 100 AS updated
FROM t WHERE id % 5 = 0;

-- each row is found by each of its values as by a scan of all
CREATE FUNCTION differing(condition text, value text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	by_index bigint;
	by_heap bigint;
	plan text := '';
	line text;
BEGIN
	SET LOCAL enable_seqscan = off;
	FOR line IN EXECUTE format('EXPLAIN SELECT FROM store_summary.t WHERE %s', format(condition, value)) LOOP
		plan := plan || line;
	END LOOP;
	IF plan NOT LIKE '%Bitmap Index Scan on t\_%' THEN
		RAISE EXCEPTION 'no index for %: %', condition, plan;
	END IF;
	EXECUTE format('SELECT count(*) FROM store_summary.t WHERE %s', format(condition, value)) INTO by_index;
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_bitmapscan = off;
	EXECUTE format('SELECT count(*) FROM store_summary.t WHERE %s', format(condition, value)) INTO by_heap;
	RESET enable_bitmapscan;
	RETURN abs(by_heap - by_index);
END $$;
SELECT count(*) > 1000 AS many, pg_relation_size('t') > 10 * 8192 AS blocks FROM t;
SELECT 'a', sum(differing('a = %s', v::text)) FROM (SELECT DISTINCT a AS v FROM t WHERE a IS NOT NULL) d
UNION ALL SELECT 'a part', sum(differing('a > 500 AND a = %s', v::text)) FROM (SELECT DISTINCT a AS v FROM t WHERE a > 500) d
UNION ALL SELECT 'name', sum(differing('name = %L', v)) FROM (SELECT DISTINCT name AS v FROM t WHERE name IS NOT NULL) d
UNION ALL SELECT 'day', sum(differing('day = %L', v::text)) FROM (SELECT DISTINCT day AS v FROM t) d
UNION ALL SELECT 'n', sum(differing('n = %s', v::text)) FROM (SELECT DISTINCT n AS v FROM t WHERE n IS NOT NULL) d
UNION ALL SELECT 'expression', sum(differing('a %% 100 = %s', v::text)) FROM generate_series(0, 99) v
UNION ALL SELECT 'bloom', sum(differing('tag = %L', 'tag ' || v)) FROM generate_series(0, 50) v
UNION ALL SELECT 'null', differing('a IS NULL', '') + differing('name IS NULL', '') + differing('n IS NULL', '');
-- a range still leaves out what it does not have
SET enable_seqscan = off;
SET enable_indexscan = off;
CREATE FUNCTION lossy_blocks(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) ' || query INTO plan;
	RETURN plan #>> '{0,Plan,Lossy Heap Blocks}';
END $$;
CREATE TABLE few (LIKE t);
CREATE INDEX ON few USING brin (a) WITH (pages_per_range = 1);
SELECT store_test.insert('direct', 'store_summary.few', '{id,a,name}', array_agg(i), array_agg(i), array_agg(repeat('x', 1000))) FROM generate_series(1::bigint, 14) i;
SELECT brin_summarize_new_values('few_a_idx') IS NOT NULL AS summarized;
SELECT store_test.insert('direct', 'store_summary.few', '{id,a,name}', array_agg(i), array_agg(i), array_agg(repeat('x', 1000))) FROM generate_series(15::bigint, 40) i;
SELECT brin_summarize_new_values('few_a_idx') IS NOT NULL AS summarized;
SELECT lossy_blocks('SELECT FROM store_summary.few WHERE a = 3') AS third, lossy_blocks('SELECT FROM store_summary.few WHERE a = 40') AS last,
	pg_relation_size('few') / 8192 AS blocks;
DROP SCHEMA store_summary CASCADE;
