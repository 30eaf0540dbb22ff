-- Random work by both forms, each on a table of its own: every call finds or changes the same, the tables stay equal,
-- and the indexes are whole.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE SCHEMA store_random;
SET search_path = store_random;

-- a table in two copies
CREATE PROCEDURE twice(VARIADIC statements text[]) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
BEGIN
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE replace(statement, '@', 'by_direct');
		EXECUTE replace(statement, '@', 'by_sql');
	END LOOP;
END $$;

-- raises where the copies differ, or an index lacks a row
CREATE PROCEDURE compare(what text) LANGUAGE plpgsql AS $$
DECLARE
	differing bigint;
BEGIN
	SELECT count(*) INTO differing FROM (
		(TABLE by_direct EXCEPT ALL TABLE by_sql) UNION ALL (TABLE by_sql EXCEPT ALL TABLE by_direct)) d;
	IF differing > 0 THEN
		RAISE EXCEPTION '% rows differ after %', differing, what;
	END IF;
END $$;
CREATE FUNCTION check_indexes() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(public.bt_index_check(i.indexrelid, true)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	JOIN pg_class t ON t.oid = i.indrelid
	WHERE c.relkind = 'i' AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
		AND t.relnamespace = 'store_random'::regnamespace $$;
-- the rows as they can be found by an index, and by none
CREATE FUNCTION check_scans(key text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	by_index numeric;
	by_heap numeric;
BEGIN
	SET LOCAL enable_seqscan = off;
	EXECUTE format('SELECT sum(hashtextextended(d::text, 0)::numeric) FROM by_direct d WHERE %I IS NOT NULL', key)
		INTO by_index;
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_bitmapscan = off;
	EXECUTE format('SELECT sum(hashtextextended(d::text, 0)::numeric) FROM by_direct d WHERE %I IS NOT NULL', key)
		INTO by_heap;
	RESET enable_indexscan;
	RESET enable_bitmapscan;
	RETURN by_index IS NOT DISTINCT FROM by_heap;
END $$;

-- numbers as keys, with indexes of every kind that need not be of them

CALL twice('CREATE TABLE @ (id bigint PRIMARY KEY, other bigint, name text COLLATE "C",
	flag boolean NOT NULL DEFAULT false,
	tags text[] DEFAULT ''{none}'', data jsonb NOT NULL DEFAULT ''{}'', at timestamptz)',
	'CREATE INDEX ON @ (other)', 'CREATE INDEX ON @ (name, at)', 'CREATE INDEX ON @ (lower(name))',
	'CREATE INDEX ON @ (other, id) WHERE flag', 'CREATE INDEX ON @ USING hash (name)',
		'CREATE INDEX ON @ USING gin (tags)',
	'CREATE INDEX ON @ USING gin (data)', 'CREATE INDEX ON @ USING brin (at, other)',
	'CREATE INDEX ON @ (other DESC NULLS FIRST) INCLUDE (at)', 'CREATE INDEX ON @ USING spgist (name)',
	'CREATE UNIQUE INDEX ON @ ((id + 1)) WHERE id > 10');
SELECT store_test.reason('store_random.by_direct');
SELECT setseed(0.1);
CREATE PROCEDURE work(rounds integer, keys integer) LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[];
	others bigint[];
	names text[];
	flags boolean[];
	tags text[];
	datas jsonb[];
	times timestamptz[];
	step text;
	a bigint;
	b bigint;
	differing bigint;
	columns text[] := '{id,other,name,flag,tags,data,at}';
BEGIN
	FOR i IN 1 .. rounds LOOP
		-- distinct keys in no order, half of them new, and values of which some are null or large
		SELECT array_agg(k ORDER BY random()),
			array_agg(CASE WHEN random() < 0.9 THEN floor(random() * keys / 5)::bigint END),
			   array_agg(CASE WHEN random() < 0.9
				THEN repeat(chr(97 + floor(random() * 26)::integer), floor(random() ^ 8 * 2500)::integer) END),
			   array_agg(random() < 0.3),
			   array_agg(CASE WHEN random() < 0.9 THEN '{' || floor(random() * 9) || ',"a b",NULL}' END),
			   array_agg(jsonb_build_object('k', floor(random() * 9), 'v', CASE WHEN random() < 0.1 THEN
				   (SELECT string_agg(md5(random()::text), '')
					FROM generate_series(1, floor(random() * 300)::integer)) END)),
			   array_agg(CASE WHEN random() < 0.9 THEN timestamptz '2026-01-01+00' + random() * interval '90 days' END)
		INTO ids, others, names, flags, tags, datas, times
		FROM (SELECT DISTINCT floor(random() * keys)::bigint AS k
			FROM generate_series(1, 1 + floor(random() ^ 3 * keys / 4)::integer)) k;
		step := (ARRAY['insert', 'update', 'update key', 'few', 'upsert', 'delete', 'delete by other',
			'update by other', 'find',
			'find by other', 'find by both', 'find by text'])[1 + floor(random() * 12)];
		CASE step
			WHEN 'insert' THEN
				SELECT array_agg(k), array_agg(v) INTO ids, others FROM unnest(ids, others) AS u (k, v)
				WHERE NOT EXISTS (SELECT FROM by_sql s WHERE s.id = k);
				names := names[:cardinality(ids)]; flags := flags[:cardinality(ids)]; tags := tags[:cardinality(ids)];
				times := times[:cardinality(ids)]; datas := datas[:cardinality(ids)];
				PERFORM store_test.insert('direct', 'store_random.by_direct', columns, ids, others, names, flags, tags,
					datas, times);
				PERFORM store_test.insert('sql', 'store_random.by_sql', columns, ids, others, names, flags, tags, datas,
					times);
			WHEN 'update' THEN
				a := store_test.update('direct', 'store_random.by_direct', '{id}', '{data,tags}', ids, datas, tags);
				b := store_test.update('sql', 'store_random.by_sql', '{id}', '{data,tags}', ids, datas, tags);
			WHEN 'update key' THEN
				a := store_test.update('direct', 'store_random.by_direct', '{id}', '{other,name,flag,at}', ids, others,
					names, flags, times);
				b := store_test.update('sql', 'store_random.by_sql', '{id}', '{other,name,flag,at}', ids, others, names,
					flags, times);
			WHEN 'few' THEN
				a := store_test.update('direct', 'store_random.by_direct', '{id}', '{at}', ids[:3], times[:3]);
				b := store_test.update('sql', 'store_random.by_sql', '{id}', '{at}', ids[:3], times[:3]);
			WHEN 'upsert' THEN
				PERFORM store_test.upsert('direct', 'store_random.by_direct', '{id}', '{name,flag,tags}', ids, names,
					flags, tags);
				PERFORM store_test.upsert('sql', 'store_random.by_sql', '{id}', '{name,flag,tags}', ids, names, flags,
					tags);
			WHEN 'delete' THEN
				ids := ids[:greatest(cardinality(ids) / 3, 1)];
				a := store_test.delete('direct', 'store_random.by_direct', '{id}', ids || ids);
				b := store_test.delete('sql', 'store_random.by_sql', '{id}', ids || ids);
			WHEN 'delete by other' THEN
				a := store_test.delete('direct', 'store_random.by_direct', '{other}', others[:5]);
				b := store_test.delete('sql', 'store_random.by_sql', '{other}', others[:5]);
			WHEN 'update by other' THEN
				others := ARRAY(SELECT DISTINCT o FROM unnest(others) o);
				names := names[:cardinality(others)];
				others := others[:cardinality(names)];
				a := store_test.update('direct', 'store_random.by_direct', '{other}', '{name}', others, names);
				b := store_test.update('sql', 'store_random.by_sql', '{other}', '{name}', others, names);
			WHEN 'find' THEN
				SELECT count(*) INTO differing FROM (
					SELECT * FROM store_test.find('direct', 'store_random.by_direct', '{id}', columns, ids || ids)
					EXCEPT ALL SELECT * FROM store_test.find('sql', 'store_random.by_sql', '{id}', columns,
						ids || ids)) d;
				a := store_test.count('direct', 'store_random.by_direct', '{id}', columns, ids || ids);
				b := 2 * (SELECT count(*) FROM by_sql WHERE id = ANY (ids));
			WHEN 'find by other' THEN
				SELECT count(*) INTO differing FROM (
					SELECT * FROM store_test.find('direct', 'store_random.by_direct', '{other}', columns, others)
					EXCEPT ALL SELECT * FROM store_test.find('sql', 'store_random.by_sql', '{other}', columns,
						others)) d;
				a := store_test.count('direct', 'store_random.by_direct', '{other}', columns, others);
				b := (SELECT count(*) FROM by_sql s JOIN unnest(others) o ON s.other = o);
			WHEN 'find by both' THEN
				SELECT count(*) INTO differing FROM (
					SELECT * FROM store_test.find('direct', 'store_random.by_direct', '{at,name}', columns, times,
						names)
					EXCEPT ALL SELECT * FROM store_test.find('sql', 'store_random.by_sql', '{at,name}', columns, times,
						names)) d;
				a := store_test.count('direct', 'store_random.by_direct', '{at,name}', columns, times, names);
				b := (SELECT count(*) FROM by_sql s JOIN unnest(times, names) AS u (t, n) ON s.at = t AND s.name = n);
			WHEN 'find by text' THEN
				SELECT count(*) INTO differing FROM (
					SELECT * FROM store_test.find('direct', 'store_random.by_direct', '{name}', columns, names)
					EXCEPT ALL SELECT * FROM store_test.find('sql', 'store_random.by_sql', '{name}', columns, names)) d;
				a := store_test.count('sql', 'store_random.by_sql', '{name}', columns, names);
				b := (SELECT count(*) FROM by_direct s JOIN unnest(names) AS u (n) ON s.name = n);
		END CASE;
		IF a IS DISTINCT FROM b OR differing > 0 THEN
			RAISE EXCEPTION 'round %, %: % and %, % rows differ', i, step, a, b, differing;
		END IF;
		CALL compare(step);
		IF i % 20 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END $$;
CALL work(120, 40);
CALL work(60, 2000);
SELECT count(*) > 200 AS filled, count(*) FILTER (WHERE pg_column_size(data) > 1500) > 5 AS large,
	count(*) FILTER (WHERE name IS NULL) > 5 AS nulls
FROM by_direct;
SELECT check_indexes() > 10 AS checked, check_scans('id'), check_scans('other');
-- what the indexes that are no B-trees find
SET enable_seqscan = off;
SELECT (SELECT count(*) FROM by_direct WHERE tags @> '{3}') = (SELECT count(*) FROM by_sql WHERE tags @> '{3}') AS gin,
	   (SELECT count(*) FROM by_direct WHERE tags @> '{3}') = (SELECT count(*) FROM by_sql WHERE '3' = ANY (tags))
		AS gin_scan,
	   (SELECT count(*) FROM by_direct WHERE data @> '{"k": 3}') = (SELECT count(*) FROM by_sql
		WHERE data ->> 'k' = '3') AS gin_jsonb,
	   (SELECT count(*) FROM by_direct WHERE at BETWEEN '2026-02-01' AND '2026-02-10') = (SELECT count(*) FROM by_sql
		WHERE at + interval '0' BETWEEN '2026-02-01' AND '2026-02-10') AS brin,
	   (SELECT sum(n) FROM (SELECT count(*) FROM by_direct WHERE name ^@ 'c') AS s (n)) = (SELECT count(*) FROM by_sql
		WHERE left(name, 1) = 'c') AS spgist;
RESET enable_seqscan;

-- updates that stay on the page, and those that cannot
TRUNCATE by_direct, by_sql;
DROP TABLE by_direct, by_sql;
CALL twice('CREATE TABLE @ (id bigint PRIMARY KEY, other bigint, n bigint) WITH (fillfactor = 50)',
	'CREATE INDEX ON @ (other)');
SELECT store_test.insert(form, tab, '{id,other,n}', ids, ids, ids)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab),
	(SELECT array_agg(i::bigint) AS ids FROM generate_series(1, 1000) i) i;
SELECT store_test.update(form, tab, '{id}', '{n}', ids, ids)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab),
	(SELECT array_agg(i::bigint) AS ids FROM generate_series(1, 1000, 7) i) i;
SELECT store_test.update(form, tab, '{id}', '{other}', ids, ids2)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab),
	 (SELECT array_agg(i::bigint) AS ids, array_agg(-i::bigint) AS ids2 FROM generate_series(1, 1000, 5) i) i;
CALL compare('updates');
SELECT pg_stat_force_next_flush();
SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_tup_del FROM pg_stat_user_tables
	WHERE schemaname = 'store_random' ORDER BY relname;
SELECT check_indexes();
DROP TABLE by_direct, by_sql;

-- UUIDs, bytes and several columns as keys
CALL twice('CREATE TABLE @ (u uuid, h bytea, s smallint, i integer, t text, d date, o oid, b boolean, n numeric,
	v bigint, PRIMARY KEY (u))',
	'CREATE UNIQUE INDEX ON @ (h, s)', 'CREATE INDEX ON @ (i)', 'CREATE INDEX ON @ (t)', 'CREATE INDEX ON @ (d, b, o)',
		'CREATE INDEX ON @ (n)');
CREATE TABLE given AS
SELECT array_agg(md5(i::text)::uuid) AS u, array_agg(decode(md5((i / 2)::text), 'hex')) AS h,
	array_agg((i % 2)::smallint - 1::smallint) AS s,
	   array_agg(i % 17 - 8) AS i, array_agg('straße ' || i % 23) AS t, array_agg(date '2026-01-01' + i % 5 - 2) AS d,
	   array_agg((4294967295 - i % 3)::oid) AS o, array_agg(i % 7 > 3) AS b, array_agg((i % 11 - 5) / 7.0) AS n,
		array_agg(i::bigint) AS v
FROM generate_series(1, 3000) i;
SELECT store_test.insert(form, tab, '{u,h,s,i,t,d,o,b,n,v}', g.u, g.h, g.s, g.i, g.t, g.d, g.o, g.b, g.n, g.v)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), given g;
CALL compare('insert');
SELECT form, k.k, k.n, md5(string_agg(found.key || found.found::text, ',' ORDER BY found.key, found.found))
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), given g,
LATERAL (
	SELECT '1 u', store_test.count(form, tab, '{u}', '{v}', g.u) UNION ALL SELECT '2 h',
		store_test.count(form, tab, '{h}', '{v}', g.h)
	UNION ALL SELECT '3 s h', store_test.count(form, tab, '{s,h}', '{v}', g.s, g.h) UNION ALL SELECT '4 i',
		store_test.count(form, tab, '{i}', '{v}', g.i[:40])
	UNION ALL SELECT '5 t', store_test.count(form, tab, '{t}', '{v}', g.t[:40]) UNION ALL SELECT '6 d',
		store_test.count(form, tab, '{d}', '{v}', g.d[:3])
	UNION ALL SELECT '7 b d', store_test.count(form, tab, '{b,d}', '{v}', g.b[:40], g.d[:40])
	UNION ALL SELECT '8 o d b', store_test.count(form, tab, '{o,d,b}', '{v}', g.o[:40], g.d[:40], g.b[:40])
	UNION ALL SELECT '9 n', store_test.count(form, tab, '{n}', '{v}', g.n[:40])) k (k, n),
LATERAL store_test.find(form, tab, '{o,d,b}', '{u,h,n,v}', g.o[:40], g.d[:40], g.b[:40]) found
GROUP BY form, k.k, k.n ORDER BY k.k, form;
SELECT store_test.update(form, tab, '{h,s}', '{v,n}', g.h, g.s, ARRAY(SELECT x + 1 FROM unnest(g.v) x), g.n)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), given g;
SELECT store_test.delete(form, tab, '{n}', '{0,0.142857142857142857,NULL}'::numeric[])
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab);
CALL compare('delete');
SELECT count(*), sum(v) FROM by_direct;
SELECT check_indexes();
DROP TABLE by_direct, by_sql;

-- values of 1 and 3 MiB, compressible or not, some left as they are by updates
CALL twice('CREATE TABLE @ (id bigint PRIMARY KEY, big text, other bytea, n integer)');
CREATE TABLE large AS
SELECT array_agg(i::bigint) AS ids, array_agg(CASE i WHEN 1 THEN random_text WHEN 2 THEN repeat('x', 3 << 20) WHEN 3
	THEN repeat(random_text, 3) ELSE 'small' END) AS big,
	   array_agg(CASE WHEN i = 4 THEN convert_to(random_text, 'UTF8') END) AS other
FROM (SELECT string_agg(md5(j::text), '') AS random_text FROM generate_series(1, 32768) j) r, generate_series(1, 5) i;
SELECT store_test.insert(form, tab, '{id,big,other}', l.ids, l.big, l.other)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), large l;
CALL compare('large values');
SELECT id, length(big), length(other) FROM by_direct ORDER BY id;
SELECT store_test.update(form, tab, '{id}', '{n}', l.ids, '{1,2,3,4,5}'::integer[])
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), large l;
SELECT store_test.update(form, tab, '{id}', '{big}', l.ids[4:5], l.big[2:3])
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), large l;
CALL compare('large updates');
SELECT form, key, length(found[1]), length(found[2]), md5(found::text)
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), large l,
	store_test.find(form, tab, '{id}', '{big,other,n}', l.ids)
ORDER BY key, form;
-- what is found out of line can be stored elsewhere
SELECT store_test.delete(form, tab, '{id}', l.ids[1:3])
	FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab), large l;
CALL compare('deletes');
SELECT id, length(big), n FROM by_direct ORDER BY id;
SELECT (SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'by_direct'::regclass) =
	   (SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'by_sql'::regclass) AS same_toast;

-- no rows, and no columns
SELECT store_test.count(form, tab, '{id}', '{}', '{1,4,5}'::bigint[]),
	store_test.count(form, tab, '{id}', '{}', '{}'::bigint[]),
	   store_test.update(form, tab, '{id}', '{n}', '{}'::bigint[], '{}'::integer[]),
		store_test.delete(form, tab, '{id}', '{}'::bigint[]),
	   store_test.insert(form, tab, '{id}', '{}'::bigint[])::text AS inserted,
		store_test.upsert(form, tab, '{id}', '{n}', '{}'::bigint[], '{}'::integer[])::text AS upserted
FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab);
-- an upsert that sets nothing only inserts
SELECT store_test.upsert(form, tab, '{id}', '{}', '{4,6}'::bigint[])
	FROM (VALUES ('direct', 'store_random.by_direct'), ('sql', 'store_random.by_sql')) c (form, tab);
CALL compare('an upsert that sets nothing');
SELECT id, length(big), n FROM by_direct ORDER BY id;
DROP SCHEMA store_random CASCADE;
