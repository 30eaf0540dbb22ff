-- What each call sees, and what others in the same transaction may do meanwhile.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_visible;
SET search_path = store_visible;
CREATE TABLE form (form text);
INSERT INTO form VALUES ('direct'), ('sql');
CREATE TABLE t (id bigint PRIMARY KEY, n integer);
CREATE INDEX ON t (n);

-- a call sees what calls before it wrote, in one transaction and in one statement
CREATE FUNCTION work(form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	TRUNCATE t;
	PERFORM store_test.insert(form, 'store_visible.t', '{id,n}', '{1,2,3}'::bigint[], '{1,1,1}'::integer[]);
	said := store_test.count(form, 'store_visible.t', '{id}', '{}', '{1,2,3}'::bigint[]);
	PERFORM store_test.update(form, 'store_visible.t', '{id}', '{n}', '{1,2}'::bigint[], '{5,5}'::integer[]);
	PERFORM store_test.update(form, 'store_visible.t', '{n}', '{n}', '{5}'::integer[], '{6}'::integer[]);
	said := concat_ws(' ', said, store_test.count(form, 'store_visible.t', '{n}', '{}', '{6}'::integer[]),
		store_test.count(form, 'store_visible.t', '{n}', '{}', '{5}'::integer[]));
	UPDATE t SET n = 7 WHERE id = 3;
	said := concat_ws(' ', said, store_test.count(form, 'store_visible.t', '{n}', '{}', '{7}'::integer[]));
	said := concat_ws(' ', said, store_test.delete(form, 'store_visible.t', '{n}', '{7,6,7}'::integer[]),
		(SELECT count(*) FROM t));
	PERFORM store_test.upsert(form, 'store_visible.t', '{id}', '{n}', '{1,2}'::bigint[], '{8,8}'::integer[]);
	PERFORM store_test.upsert(form, 'store_visible.t', '{id}', '{n}', '{2,4}'::bigint[], '{9,9}'::integer[]);
	RETURN concat_ws(' ', said, (SELECT string_agg(t::text, ' ' ORDER BY id) FROM t));
END $$;
SELECT form, work(form) FROM form;
SELECT form, store_test.upsert(form, 'store_visible.t', '{id}', '{n}', '{2}'::bigint[], '{10}'::integer[]),
	   store_test.count(form, 'store_visible.t', '{n}', '{}', '{10}'::integer[]) FROM form;

-- one that only reads sees what its statement does, and may be part of one that is stable
BEGIN;
SELECT form, (SELECT count(*) FROM store_test.insert(form, 'store_visible.t', '{id,n}',
	ARRAY[length(form) * 100]::bigint[], '{77}'::integer[])) AS inserted,
	   store_test.find_stable(form, 'store_visible.t', '{n}', '{}', '{77}'::integer[]) AS before,
	   store_test.count(form, 'store_visible.t', '{n}', '{}', '{77}'::integer[]) AS now FROM form;
SELECT form, store_test.find_stable(form, 'store_visible.t', '{n}', '{}', '{77}'::integer[]) FROM form;
ROLLBACK;

-- an isolation level that sees one snapshot, and own writes
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT form, work(form) FROM form;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT form, work(form) FROM form;
COMMIT;

-- what is rolled back is gone
BEGIN;
SAVEPOINT a;
SELECT store_test.insert('direct', 'store_visible.t', '{id,n}', '{50,51}'::bigint[], '{1,1}'::integer[]);
SELECT store_test.update('direct', 'store_visible.t', '{id}', '{n}', '{1}'::bigint[], '{99}'::integer[]);
SELECT store_test.delete('direct', 'store_visible.t', '{id}', '{2}'::bigint[]);
ROLLBACK TO a;
SELECT store_test.insert('direct', 'store_visible.t', '{id,n}', '{50}'::bigint[], '{2}'::integer[]);
SELECT store_test.update('direct', 'store_visible.t', '{id}', '{n}', '{1,50}'::bigint[], '{98,3}'::integer[]);
COMMIT;
TABLE t ORDER BY id;
-- an error that is caught restores the settings, and the next call works
DO $$
BEGIN
	FOR i IN 1 .. 3 LOOP
		BEGIN
			PERFORM store_test.insert('sql', 'store_visible.t', '{id,n}', '{50}'::bigint[], '{2}'::integer[]);
		EXCEPTION WHEN unique_violation THEN
			RAISE WARNING 'caught, enable_seqscan is %', current_setting('enable_seqscan');
		END;
		BEGIN
			PERFORM store_test.insert('direct', 'store_visible.t', '{id,n}', '{60,50}'::bigint[], '{2,2}'::integer[]);
		EXCEPTION WHEN unique_violation THEN
			RAISE WARNING 'caught, % rows', store_test.count('direct', 'store_visible.t', '{id}', '{}',
				'{60,50}'::bigint[]);
		END;
	END LOOP;
END $$;

-- finds within finds
SELECT form, store_test.nested(form, 'store_visible.t', '{id}', '{n}', '{1,2,50,50,60}'::bigint[]) FROM form;

-- a cursor stays what it was
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t ORDER BY id;
FETCH 1 FROM c;
SELECT store_test.update('direct', 'store_visible.t', '{id}', '{n}', '{1,2,4,50}'::bigint[],
	'{-1,-2,-4,-50}'::integer[]);
FETCH ALL FROM c;
COMMIT;
TABLE t ORDER BY id;

-- tables that are remade under the same name, of other types, in one session
DROP TABLE t;
CREATE TABLE t (id integer PRIMARY KEY, n text);
SELECT form, store_test.upsert(form, 'store_visible.t', '{id}', '{n}', '{1,2}'::integer[], '{a,b}'::text[]),
	store_test.count(form, 'store_visible.t', '{id}', '{n}', '{1,2}'::integer[]) FROM form;
-- an index that is made while a store is not open is filled by the next
CREATE UNIQUE INDEX ON t (n);
SELECT store_test.upsert('direct', 'store_visible.t', '{id}', '{n}', '{3}'::integer[], '{a}'::text[]);
SELECT store_test.upsert('direct', 'store_visible.t', '{n}', '{id}', '{c}'::text[], '{3}'::integer[]);
TABLE t ORDER BY id;
DROP SCHEMA store_visible CASCADE;
