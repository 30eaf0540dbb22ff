-- No form ever reads a table whole: what it looks at follows the keys, whatever the planner believes.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_plan;
SET search_path = store_plan;
CREATE TABLE big (id bigint PRIMARY KEY, other bigint, name text COLLATE "C", n integer)
	WITH (autovacuum_enabled = off);
CREATE INDEX big_other ON big (other, id);
CREATE INDEX big_name ON big (name);
CREATE TABLE parts (id bigint, at integer, n integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (50000) WITH (autovacuum_enabled = off);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (50000) TO (1000000) WITH (autovacuum_enabled = off);

-- what calls on 20 keys look at: rows read by scans of tables, entries read in indexes
CREATE FUNCTION look(form text, size integer) RETURNS TABLE (what text, by_scan bigint, entries bigint, result bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[] := ARRAY(SELECT i * size / 20 FROM generate_series(1, 20) i);
	names text[] := ARRAY(SELECT 'name ' || i FROM unnest(ids) i);
	times integer[] := ARRAY(SELECT i::integer FROM unnest(ids) i);
	before bigint[];
	call text;
BEGIN
	FOREACH call IN ARRAY ARRAY[
		'count($1, ''store_plan.big'', ''{id}'', ''{n}'', $2)', 'count($1, ''store_plan.big'', ''{id}'', ''{}'', $2)',
		'count($1, ''store_plan.big'', ''{other}'', ''{id}'', $2)',
			'count($1, ''store_plan.big'', ''{other,id}'', ''{other,id}'', $2, $2)',
		'count($1, ''store_plan.big'', ''{name}'', ''{id,n}'', $3)',
			'update($1, ''store_plan.big'', ''{id}'', ''{n}'', $2, $4)',
		'update($1, ''store_plan.big'', ''{name}'', ''{other}'', $3, $2)',
			'upsert($1, ''store_plan.big'', ''{id}'', ''{n}'', $2, $4)',
		'count($1, ''store_plan.parts'', ''{id}'', ''{n}'', $2)',
			'count($1, ''store_plan.parts'', ''{id,at}'', ''{id}'', $2, $4)',
		'update($1, ''store_plan.parts'', ''{id}'', ''{n}'', $2, $4)',
			'delete($1, ''store_plan.parts'', ''{id,at}'', $2, $4)',
		'delete($1, ''store_plan.big'', ''{other}'', $2)'] LOOP
		before := looked_at();
		EXECUTE 'SELECT nullif((store_test.' || call || ')::text, '''')' INTO result USING form, ids, names, times;
		what := regexp_replace(call, '\$1, |, \$\d|''|store_plan.', '', 'g');
		by_scan := (looked_at())[1] - before[1];
		entries := (looked_at())[2] - before[2];
		RETURN NEXT;
	END LOOP;
END $$;
CREATE FUNCTION looked_at() RETURNS bigint[] LANGUAGE sql VOLATILE AS $$
	SELECT ARRAY[sum(pg_stat_get_xact_tuples_returned(oid)) FILTER (WHERE relkind = 'r'),
		sum(pg_stat_get_xact_tuples_returned(oid)) FILTER (WHERE relkind = 'i')]::bigint[]
	FROM pg_class WHERE relnamespace = 'store_plan'::regnamespace $$;
CREATE PROCEDURE fill(size integer) LANGUAGE sql AS $$
	INSERT INTO store_plan.big SELECT i, i, 'name ' || i, 0 FROM generate_series(1, size) i ON CONFLICT DO NOTHING;
	INSERT INTO store_plan.parts SELECT i, i, 0 FROM generate_series(1, size) i ON CONFLICT DO NOTHING $$;

-- tables that are small while the plans are made, and large when they run, with no statistics
SELECT max(by_scan) AS by_scan, max(entries) < 100 AS few FROM look('sql', 20);
CALL fill(20);
SELECT what, by_scan, entries < 100 AS few, result FROM look('sql', 20);
CALL fill(100000);
SELECT what, by_scan, entries < 100 AS few, result FROM look('sql', 100000);
CALL fill(100000);
SELECT what, by_scan, entries < 100 AS few, result FROM look('direct', 100000);
-- statistics that say there is one row, or that a key is that of all rows; settings that forbid what is needed
CALL fill(100000);
ANALYZE big, parts;
UPDATE pg_class SET reltuples = 1, relpages = 1 WHERE relnamespace = 'store_plan'::regnamespace;
DISCARD PLANS;
SELECT max(by_scan) AS by_scan, max(entries) < 100 AS few, min(result) = 20 AS all FROM look('sql', 100000);
CALL fill(100000);
UPDATE big SET other = 0, name = 'the same' WHERE id % 5000 > 0;
ANALYZE big, parts;
UPDATE big SET other = id, name = 'name ' || id;
SET enable_nestloop = off;
SET enable_indexscan = off;
SET enable_indexonlyscan = on;
SET jit_above_cost = 0;
DISCARD PLANS;
SELECT max(by_scan) AS by_scan, max(entries) < 100 AS few, min(result) = 20 AS all FROM look('sql', 100000);
SELECT name, setting FROM pg_settings WHERE source = 'session' AND (name LIKE 'enable%' OR name LIKE 'jit%')
	ORDER BY name;
RESET ALL;
SET client_min_messages = warning;

-- many keys go in some statements, and so do large values
SELECT store_test.count('sql', 'store_plan.big', '{id}', '{n}', keys) AS found,
	store_test.count('direct', 'store_plan.big', '{id}', '{n}', keys) AS found_too
FROM (SELECT array_agg(i::bigint) AS keys FROM generate_series(1, 250000) i) k;
CREATE TABLE store_plan.large (id bigint PRIMARY KEY, big text);
SELECT store_test.insert('sql', 'store_plan.large', '{id,big}', array_agg(i::bigint),
	array_agg(repeat(i::text, 700000))) FROM generate_series(1, 30) i;
SELECT store_test.insert('direct', 'store_plan.large', '{id,big}', array_agg(i::bigint),
	array_agg(repeat(i::text, 700000))) FROM generate_series(31, 60) i;
SELECT count(*), sum(length(big)) FROM store_plan.large;
DROP SCHEMA store_plan CASCADE;
