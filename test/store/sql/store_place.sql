-- Rows are changed where a find has met them; what was done to them meanwhile counts all the same.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE SCHEMA store_place;
SET search_path = store_place;
CREATE TABLE by_direct (id bigint PRIMARY KEY, n integer, fill text) WITH (fillfactor = 70);
CREATE INDEX by_direct_n ON by_direct (n);
CREATE TABLE by_sql (LIKE by_direct INCLUDING ALL);

-- what is done between a find and an update: @ is the table, k a number
CREATE TABLE between (statement text);
INSERT INTO between VALUES (''), ('UPDATE @ SET fill = fill || 1 WHERE id % 5 = k'), ('UPDATE @ SET n = n + 1 WHERE id % 3 = k % 3'),
	('DELETE FROM @ WHERE id % 5 = k'), ('UPDATE @ SET id = id + 100000 WHERE id % 5 = k AND id < 100000'),
	('WITH gone AS (DELETE FROM @ WHERE id % 5 = k RETURNING *) UPDATE @ SET n = -n WHERE id % 5 = k + 1'),
	('UPDATE @ SET id = -id WHERE id % 5 = k'), ('INSERT INTO @ SELECT i, k FROM generate_series(1, 400, k + 1) i ON CONFLICT DO NOTHING');
CREATE FUNCTION work(form text, tab text, statement text, k integer, ids bigint[], numbers integer[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('store_test.between', replace(replace(statement, '@', tab), 'k', k::text), true);
	RETURN store_test.find_then_update(form, 'store_place.' || tab, '{id}', '{n}', ids, numbers);
END $$;
CREATE PROCEDURE compare(rounds integer) LANGUAGE plpgsql AS $$
DECLARE
	r record;
	by_direct text;
	by_sql text;
	differing bigint;
BEGIN
	FOR i IN 1 .. rounds LOOP
		SELECT b.statement, (random() * 4)::integer AS k INTO r FROM between b ORDER BY random() LIMIT 1;
		SELECT work('direct', 'by_direct', r.statement, r.k, array_agg(u.id), array_agg(u.n)),
			work('sql', 'by_sql', r.statement, r.k, array_agg(u.id), array_agg(u.n))
		INTO by_direct, by_sql
		FROM (SELECT DISTINCT ON (id) (random() * 800)::bigint - 200 AS id, (random() * 100)::integer AS n
			  FROM generate_series(1, 300) ORDER BY id) u;
		SELECT count(*) INTO differing FROM (
			(TABLE by_direct EXCEPT ALL TABLE by_sql) UNION ALL (TABLE by_sql EXCEPT ALL TABLE by_direct)) d;
		IF by_direct <> by_sql OR differing > 0 THEN
			RAISE EXCEPTION 'round %, "%": % and %, % rows differ', i, r.statement, by_direct, by_sql, differing;
		END IF;
		IF i % 7 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END $$;
SELECT setseed(0.3);
CALL compare(150);
SELECT count(*) > 100 AS filled, count(*) FILTER (WHERE id < 0) > 10 AS negative FROM by_direct;
SELECT public.bt_index_check('by_direct_pkey', true), public.bt_index_check('by_direct_n', true);
-- each row one time: found, found again, and found where it is now
TRUNCATE by_direct;
INSERT INTO by_direct VALUES (1, 1), (2, 2), (3, 3);
SELECT statement, work('direct', 'by_direct', statement, 0, '{3,1,2}', '{30,10,20}')
FROM (VALUES (''), ('UPDATE @ SET fill = ''x'' WHERE id = 2'), ('UPDATE @ SET id = 20 WHERE id = 2'), ('DELETE FROM @ WHERE id = 1')) v (statement);
TABLE by_direct ORDER BY id;
DROP SCHEMA store_place CASCADE;
