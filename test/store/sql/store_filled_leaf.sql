-- Entries that are inserted on the page of the last one: in the order of the index, and all of them, whatever their
-- keys: few and many of one key, nulls, descending, of expressions, too large, and not of rows that are refused.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE SCHEMA store_filled_leaf;
SET search_path = store_filled_leaf;
CREATE TABLE by_direct (id bigint PRIMARY KEY, few integer, many integer, name text, code text UNIQUE);
CREATE INDEX by_direct_few ON by_direct (few);
CREATE INDEX by_direct_plain ON by_direct (few) WITH (deduplicate_items = off);
CREATE INDEX by_direct_many ON by_direct (many DESC NULLS LAST, few) INCLUDE (id);
CREATE INDEX by_direct_name ON by_direct (name COLLATE "C" DESC) WHERE few < 5;
CREATE INDEX by_direct_lower ON by_direct (lower(name), (many % 100));
CREATE TABLE by_sql (LIKE by_direct INCLUDING ALL);

-- rows whose ids are so far apart
CREATE FUNCTION fill(form text, tab text, step integer, offs integer, number integer) RETURNS void LANGUAGE sql AS $$
	SELECT store_test.insert(form, 'store_filled_leaf.' || tab, '{id,few,many,name,code}', array_agg(i), array_agg((i % 7)::integer),
		array_agg(CASE WHEN i % 13 > 0 THEN hashint8(i) % 5000 END), array_agg(CASE WHEN i % 11 > 0 THEN repeat(chr((65 + i % 50)::integer), (1 + i % 90)::integer) || i % 900 END),
		array_agg(CASE WHEN i % 3 > 0 THEN md5(i::text) || CASE WHEN i % 97 = 0 THEN repeat(md5(i::text), 18) ELSE '' END END))
	FROM generate_series(step + offs, number::bigint * step + offs, step) i
$$;
-- the same in both forms; returns how many rows differ, and how many indexes are right
CREATE FUNCTION in_both(step integer, offs integer, number integer, OUT differing bigint, OUT checked bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fill('direct', 'by_direct', step, offs, number), fill('sql', 'by_sql', step, offs, number);
	differing := differing();
	checked := checked();
END $$;
CREATE FUNCTION differing() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM ((TABLE by_direct EXCEPT ALL TABLE by_sql) UNION ALL (TABLE by_sql EXCEPT ALL TABLE by_direct)) d
$$;
-- each index has an entry for each row, in order, and none twice
CREATE FUNCTION checked() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM pg_index i CROSS JOIN LATERAL public.bt_index_parent_check(i.indexrelid, true, true) WHERE i.indrelid = 'by_direct'::regclass
$$;
-- into empty indexes, between the rows, behind them, and a few
SELECT * FROM in_both(10, 0, 9000);
SELECT * FROM in_both(10, 3, 9000);
SELECT * FROM in_both(1000, 5, 90);
SELECT * FROM in_both(1, 95000, 5000);
SELECT * FROM in_both(1, 94000, 1);
-- where there were others
DELETE FROM by_direct WHERE id % 4 = 0;
DELETE FROM by_sql WHERE id % 4 = 0;
SELECT * FROM in_both(20, -2, 4000);
VACUUM by_direct, by_sql;
SELECT * FROM in_both(20, 0, 4000);
-- a key that is there, or is given twice, is refused, and with it all
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN unique_violation OR program_limit_exceeded THEN
	RETURN SQLSTATE;
END $$;
SELECT ids, form, try(format($$SELECT store_test.insert(%L, %L, '{id}', %L::bigint[])$$, form, 'store_filled_leaf.by_' || form, ids))
FROM (VALUES ('direct'), ('sql')) f (form) CROSS JOIN (VALUES ('{1,2,10,4}'), ('{1,2,4,2}'), ('{99999,100001,100002}'), ('{-1,-2,-3,-1}')) v (ids);
SELECT try(format($$SELECT store_test.insert('direct', 'store_filled_leaf.by_direct', '{id,code}', '{1,2}'::bigint[], ARRAY[%L, 'new'])$$, code))
FROM (VALUES (md5('10')), ('new'), (repeat('x', 100) || (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i))) v (code);
SELECT differing(), checked();
-- or is what was looked for
SELECT count(*), sum((found)[1]::bigint)
FROM store_test.find_or_insert('direct', 'store_filled_leaf.by_direct', '{id}', '{few}', (SELECT array_agg(i) FROM generate_series(89000, 101000, 7) i),
	(SELECT array_agg(i::integer) FROM generate_series(89000, 101000, 7) i));
SELECT count(*), sum((found)[1]::bigint)
FROM store_test.find_or_insert('sql', 'store_filled_leaf.by_sql', '{id}', '{few}', (SELECT array_agg(i) FROM generate_series(89000, 101000, 7) i),
	(SELECT array_agg(i::integer) FROM generate_series(89000, 101000, 7) i));
SELECT differing(), checked();
-- new versions of rows
SELECT store_test.update('direct', 'store_filled_leaf.by_direct', '{id}', '{few}', array_agg(i::bigint), array_agg(i % 5)) FROM generate_series(10, 90000, 10) i;
SELECT store_test.update('sql', 'store_filled_leaf.by_sql', '{id}', '{few}', array_agg(i::bigint), array_agg(i % 5)) FROM generate_series(10, 90000, 10) i;
SELECT differing(), checked();
-- what a rollback leaves
BEGIN;
SELECT fill('direct', 'by_direct', 10, 7, 5000);
ROLLBACK;
SELECT * FROM in_both(10, 7, 3000);
-- where reads of pages are noted
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM in_both(10, 1, 500);
COMMIT;
CREATE UNLOGGED TABLE unlogged (id bigint PRIMARY KEY);
SELECT store_test.insert('direct', 'store_filled_leaf.unlogged', '{id}', (SELECT array_agg(i * 7919 % 10007) FROM generate_series(1::bigint, 5000) i));
SELECT public.bt_index_parent_check('unlogged_pkey', true, true);
DROP SCHEMA store_filled_leaf CASCADE;
