-- Rows are found by a unique key, and inserted where there is none: by both forms, each on a table of its own.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE SCHEMA store_find_or_insert;
SET search_path = store_find_or_insert;
CREATE TABLE form (form text, tab text);
INSERT INTO form VALUES ('direct', 'store_find_or_insert.by_direct'), ('sql', 'store_find_or_insert.by_sql');

-- what a call finds, and what the table holds then; keys are given in no order
CREATE FUNCTION offer(keys text[]) RETURNS TABLE (form text, known bigint, as_they_were bigint, rows bigint, of_batch bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	f form;
	batches bigint[];
	batch bigint;
	there text[];
BEGIN
	FOR f IN TABLE form ORDER BY form LOOP
		form := f.form;
		EXECUTE format('SELECT coalesce(max(batch), 0) + 1, array_agg(id || '' '' || batch) FROM %s', f.tab) INTO batch, there;
		batches := array_fill(batch, ARRAY[cardinality(keys)]);
		SELECT count(*), count(*) FILTER (WHERE keys[i.key] || ' ' || i.found[1] = ANY (there)) INTO known, as_they_were
		FROM store_test.find_or_insert(f.form, f.tab, '{id}', '{batch}', keys, batches) i;
		EXECUTE format('SELECT count(*), count(*) FILTER (WHERE batch = $1) FROM %s', f.tab) INTO rows, of_batch USING batch;
		RETURN NEXT;
	END LOOP;
END $$;
CREATE FUNCTION keys(first integer, last integer) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(md5(i::text)::uuid::text ORDER BY hashint4(i)) FROM generate_series(first, last) i
$$;
CREATE FUNCTION check_indexes() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(public.bt_index_check(i.indexrelid, true)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	JOIN pg_class t ON t.oid = i.indrelid
	WHERE c.relkind = 'i' AND t.relnamespace = 'store_find_or_insert'::regnamespace
$$;

CREATE TABLE by_direct (id uuid PRIMARY KEY, batch bigint, other text DEFAULT 'none');
CREATE INDEX ON by_direct (batch);
CREATE TABLE by_sql (LIKE by_direct INCLUDING ALL);
SELECT store_test.reason('store_find_or_insert.by_direct');
-- none there, few, many, all, and none again
SELECT * FROM offer(keys(1, 3000));
SELECT * FROM offer(keys(2960, 6000));
-- the direct form did not look for most of the few, and took their rows back
SELECT pg_stat_force_next_flush();
SELECT relname, n_tup_ins, n_tup_del > 30 AS took_back FROM pg_stat_user_tables WHERE schemaname = 'store_find_or_insert' AND relname ~ '^by' ORDER BY relname;
SELECT * FROM offer(keys(3000, 9000));
SELECT * FROM offer(keys(1, 9000));
SELECT * FROM offer(keys(9001, 9002));
SELECT * FROM offer(keys(9000, 9001));
SELECT * FROM offer('{}');
-- rows that are there only where the keys begin
DELETE FROM by_direct WHERE id > '08000000-0000-0000-0000-000000000000';
DELETE FROM by_sql WHERE id > '08000000-0000-0000-0000-000000000000';
SELECT * FROM offer(keys(1, 9000));
SELECT * FROM offer(keys(1, 9000));
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE other = 'none') FROM by_direct;
SELECT count(*) FROM (TABLE by_direct EXCEPT ALL TABLE by_sql) d;
SELECT check_indexes() AS checked;
-- what is taken back is gone: the index finds as many rows as the heap holds, also after a vacuum
SET enable_seqscan = off;
SELECT count(*) FROM by_direct WHERE id > '00000000-0000-0000-0000-000000000000';
RESET enable_seqscan;
VACUUM by_direct;
SELECT count(*), check_indexes() AS checked FROM by_direct;
-- an error takes all back
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION try(call text) RETURNS TABLE (form text, state text, message text) LANGUAGE plpgsql AS $$
DECLARE
	f form;
BEGIN
	FOR f IN TABLE form ORDER BY form LOOP
		form := f.form; state := NULL; message := NULL;
		BEGIN
			EXECUTE 'SELECT store_test.find_or_insert(' || format(call, f.form, f.tab) || ')';
		EXCEPTION WHEN OTHERS THEN
			state := SQLSTATE; message := SQLERRM;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM try($$%L, %L, '{id}', '{batch}', keys(1, 2) || keys(2, 3), '{7,7,7,7}'::bigint[]$$);
SELECT * FROM try($$%L, %L, '{batch}', '{other}', '{7}'::bigint[], '{a}'::text[]$$);
SELECT * FROM try($$%L, %L, '{other}', '{batch}', '{a}'::text[], '{7}'::bigint[]$$);
CREATE UNIQUE INDEX ON by_direct (other, (batch % 100000)) WHERE batch > 100;
CREATE UNIQUE INDEX ON by_sql (other, (batch % 100000)) WHERE batch > 100;
SELECT form, state FROM try($$%L, %L, '{id}', '{batch}', keys(10001, 14000), (SELECT array_agg(least(i, 3600)) FROM generate_series(101, 4100) i)$$);
SELECT count(*) FROM by_direct;
SELECT count(*) FROM by_sql;
ALTER TABLE by_direct ADD CHECK (batch <> 5000);
ALTER TABLE by_sql ADD CHECK (batch <> 5000);
SELECT form, state FROM try($$%L, %L, '{id}', '{batch}', keys(10001, 14000), (SELECT array_agg(i) FROM generate_series(1001, 5000) i)$$);
SELECT count(*) FROM by_direct;
BEGIN READ ONLY;
SELECT form, state, message FROM try($$%L, %L, '{id}', '{batch}', keys(1, 2), '{7,7}'::bigint[]$$);
COMMIT;
SELECT check_indexes() AS checked;
-- keys of text, and of several columns, of which one may be null; partitions
CREATE TABLE parted (a bigint, b text, n bigint, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (10000);
CREATE TABLE pairs (a bigint, b text COLLATE "C", n bigint, UNIQUE (b, a));
SELECT tab, form, t.step, (SELECT count(*) || ' ' || coalesce(min(i.found[1]), '') || ' ' || coalesce(max(i.found[1]), '')
	FROM (SELECT array_agg(i) AS a, array_agg(CASE WHEN i % 50 > 0 OR tab ~ 'parted' THEN 'key ' || i END) AS b,
			array_agg(i + t.step * 10000) AS n FROM generate_series(t.step * 20, t.step * 20 + 999) i) g,
		store_test.find_or_insert(form, tab, '{a,b}', '{n}', g.a, g.b, g.n) i)
FROM unnest('{store_find_or_insert.parted,store_find_or_insert.pairs}'::text[]) tab, generate_series(1, 6) t (step),
	LATERAL (SELECT (ARRAY['sql', 'direct'])[1 + t.step % 2]) f (form) ORDER BY tab, step;
SELECT count(*), sum(n) FROM parted;
SELECT count(*), sum(n), count(*) FILTER (WHERE b IS NULL) FROM pairs;
SELECT check_indexes() AS checked;
DROP SCHEMA store_find_or_insert CASCADE;
