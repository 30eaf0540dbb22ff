-- Keys are looked up from the page of the last one: over many pages, of keys with many rows, in descending indexes, of
-- rows that are gone or moved.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_leaf;
SET search_path = store_leaf;
CREATE TABLE row_of (id bigint PRIMARY KEY, few integer, many integer, name text, place integer);
CREATE INDEX row_of_few ON row_of (few);
CREATE INDEX row_of_many ON row_of (many DESC, few);
CREATE INDEX row_of_name ON row_of (name);
CREATE TABLE empty (id bigint PRIMARY KEY, few integer);

CREATE FUNCTION fill(first integer, last integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO row_of SELECT i * 2, i % 7, i % 1500, CASE WHEN i % 11 > 0 THEN repeat(chr(97 + i % 23), 1 + i % 40) || i % 900 END, i
	FROM generate_series(first, last) i ORDER BY md5(i::text)
$$;
SELECT fill(1, 12000);

-- what the store finds by keys, and what a join does: how many rows, and how many differ
CREATE FUNCTION by_id(ids bigint[]) RETURNS text LANGUAGE sql AS $$
	WITH found AS (SELECT key, (found)[1]::bigint AS id FROM store_test.find('direct', 'store_leaf.row_of', '{id}', '{id}', ids)),
		 joined AS (SELECT k.key::integer, r.id FROM unnest(ids) WITH ORDINALITY k (id, key) JOIN row_of r USING (id))
	SELECT format('%s, %s differ', (SELECT count(*) FROM found),
				  (SELECT count(*) FROM ((TABLE found EXCEPT ALL TABLE joined) UNION ALL (TABLE joined EXCEPT ALL TABLE found)) d))
$$;
CREATE FUNCTION by_few(keys integer[]) RETURNS text LANGUAGE sql AS $$
	WITH found AS (SELECT key, (found)[1]::bigint AS id FROM store_test.find('direct', 'store_leaf.row_of', '{few}', '{id}', keys)),
		 joined AS (SELECT k.key::integer, r.id FROM unnest(keys) WITH ORDINALITY k (few, key) JOIN row_of r USING (few))
	SELECT format('%s, %s differ', (SELECT count(*) FROM found),
				  (SELECT count(*) FROM ((TABLE found EXCEPT ALL TABLE joined) UNION ALL (TABLE joined EXCEPT ALL TABLE found)) d))
$$;
CREATE FUNCTION by_many(many integer[], few integer[]) RETURNS text LANGUAGE sql AS $$
	WITH found AS (SELECT key, (found)[1]::bigint AS id FROM store_test.find('direct', 'store_leaf.row_of', '{many,few}', '{id}', many, few)),
		 joined AS (SELECT k.key::integer, r.id FROM unnest(many, few) WITH ORDINALITY k (many, few, key) JOIN row_of r USING (many, few))
	SELECT format('%s, %s differ', (SELECT count(*) FROM found),
				  (SELECT count(*) FROM ((TABLE found EXCEPT ALL TABLE joined) UNION ALL (TABLE joined EXCEPT ALL TABLE found)) d))
$$;
CREATE FUNCTION by_name(names text[]) RETURNS text LANGUAGE sql AS $$
	WITH found AS (SELECT key, (found)[1]::bigint AS id FROM store_test.find('direct', 'store_leaf.row_of', '{name}', '{id}', names)),
		 joined AS (SELECT k.key::integer, r.id FROM unnest(names) WITH ORDINALITY k (name, key) JOIN row_of r USING (name))
	SELECT format('%s, %s differ', (SELECT count(*) FROM found),
				  (SELECT count(*) FROM ((TABLE found EXCEPT ALL TABLE joined) UNION ALL (TABLE joined EXCEPT ALL TABLE found)) d))
$$;
CREATE FUNCTION all_of_them() RETURNS TABLE (by text, rows text) LANGUAGE sql AS $$
	SELECT 'all ids', by_id(array_agg(i::bigint)) FROM generate_series(-5, 26000) i
	UNION ALL SELECT 'one in ' || step, by_id((SELECT array_agg(i::bigint ORDER BY md5(i::text)) FROM generate_series(2, 26000, step) i))
			  FROM unnest('{13,400}'::integer[]) step
	UNION ALL SELECT 'few', by_few((SELECT array_agg(i) FROM generate_series(-1, 8) i))
	UNION ALL SELECT 'many', by_many((SELECT array_agg(i / 7) FROM generate_series(0, 10600) i), (SELECT array_agg(i % 7) FROM generate_series(0, 10600) i))
	UNION ALL SELECT 'names', by_name((SELECT array_agg(DISTINCT name) FROM row_of WHERE place % 3 < 2))
$$;
SELECT * FROM all_of_them();
SELECT count(*) FROM store_test.find('direct', 'store_leaf.empty', '{id}', '{few}', '{1,2,3}'::bigint[]);
-- rows that are gone, moved, and more of them
DELETE FROM row_of WHERE id % 5 = 0 OR few = 3;
UPDATE row_of SET few = few + 1 WHERE id % 6 = 0;
SELECT * FROM all_of_them();
SELECT * FROM all_of_them();
VACUUM row_of;
SELECT fill(12001, 13000);
SELECT * FROM all_of_them();
-- an index that has only rows that are gone
DELETE FROM row_of;
SELECT * FROM all_of_them();
SELECT * FROM all_of_them();
-- where reads are tracked by page
SELECT fill(1, 3000);
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM all_of_them();
COMMIT;
DROP SCHEMA store_leaf CASCADE;
