-- cdp.components: the identifiers that rows of any query link
SET search_path = public, cdp;
CREATE TABLE contacts (email text, phone text, customer_no integer);
INSERT INTO contacts VALUES
	('Ann@Example.COM', '+442079460958', 7), ('ann@example.com ', NULL, NULL), (NULL, '+442079460958', 8),
	('bob@example.com', NULL, 9), ('unknown@example.com', 'n/a', 10), ('null', NULL, 11), (NULL, NULL, NULL), ('carol@example.com', '', 9);
SELECT * FROM cdp.components('SELECT email, phone, customer_no AS user_id FROM contacts');
-- an empty result; NULL for a query
SELECT * FROM cdp.components('SELECT email FROM contacts WHERE false');
SELECT * FROM cdp.components('SELECT NULL AS email');
SELECT * FROM cdp.components(NULL);
-- where the function may stand
SELECT cdp.components('SELECT 1 AS a, 2 AS b');
SELECT count(*) FROM contacts, LATERAL cdp.components(format('SELECT %L AS email, %s AS user_id', email, coalesce(customer_no, 0)));

-- what a query may be
SELECT * FROM cdp.components('VALUES (1, 2), (3, 2)');
SELECT * FROM cdp.components('TABLE contacts;') WHERE identifier::text LIKE '%7';
SELECT * FROM cdp.components('WITH c AS (SELECT 1 AS a) SELECT a, 2 AS b FROM c UNION SELECT 3, 2 ORDER BY 1 DESC');
SELECT * FROM cdp.components('SELECT identifier FROM cdp.components(''SELECT 1 AS a, 2 AS b'')');
-- names: folded, as often as one likes
SELECT * FROM cdp.components('SELECT 1 AS "User_Id", 2 AS user_id, 3 AS "USER_ID", ''x'' AS "shop.customer-no"');

-- types
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE DOMAIN mail AS text CHECK (VALUE <> 'x');
CREATE DOMAIN number_list AS bigint[];
SELECT * FROM cdp.components($$
	SELECT 't'::text AS text, 'v'::varchar(5) AS varchar, 'c'::char(9) AS char, 'n'::name AS name, 'A@b.example'::mail AS email, 'red'::colour AS enum,
		(-32768)::smallint AS int2, -2147483648 AS int4, -9223372036854775808 AS int8, 1.50 AS numeric, 0.5::float8 AS float8, 42::oid AS oid,
		'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid AS uuid, '::1'::inet AS inet, '08:00:2B:01:02:03'::macaddr AS mac, 'phone:+442079460958'::cdp.identifier AS any_name
$$);
-- arrays: each element is a value of the row; the namespace of plain elements is the column's name
SELECT * FROM cdp.components($$
	SELECT '{A@b.example,NULL,"",null,c@d.example}'::text[] AS email, '{{1,2},{3,4}}'::bigint[] AS user_id, '{x:1,y:2}'::cdp.identifier[] AS "?", '{5,1}'::number_list AS n,
		ARRAY['red']::colour[] AS colour
	UNION ALL SELECT '{}', NULL, '{z:3}', '{5}', NULL
$$);
SELECT count(*), count(DISTINCT component) FROM cdp.components('SELECT array_agg(i) AS a, 0 AS b FROM generate_series(1, 10000) i GROUP BY i % 2');
-- equal numbers are one identifier, whatever their type and scale; text stays as it is
SELECT * FROM cdp.components($$
	SELECT 7.00::numeric(10,2) AS n, 'a' AS a UNION ALL SELECT 7::bigint, 'b' UNION ALL SELECT 7.50, 'c' UNION ALL SELECT 100.00, 'd'
$$);
SELECT * FROM cdp.components($$ SELECT ARRAY[7.0, 7.00, 7.5, 7.50, 1e20, -0.0]::numeric[] AS n, 7::bigint AS "N" $$);
SELECT * FROM cdp.components($$ SELECT '7.00'::text AS n, 7::bigint AS "N" $$);
-- what does not identify is refused by the column's name
SELECT * FROM cdp.components('SELECT ''{}''::jsonb AS traits');
SELECT * FROM cdp.components('SELECT true AS active');
SELECT * FROM cdp.components('SELECT 1 AS id, now() AS seen');
CREATE FUNCTION refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM * FROM cdp.components(query);
	RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT type, refusal(format('SELECT NULL::%s AS x', type)) FROM unnest('{json,jsonb,jsonb[],xml,bytea,boolean,boolean[],date,timestamp,timestamptz,time,interval,point,int4range,int4multirange,"bit(3)",contacts,contacts[],tsvector,cdp.identifier,int2vector,money}'::text[]) AS type;
SELECT refusal('SELECT ROW(1, 2) AS x'), refusal('SELECT ARRAY[ROW(1, 2)] AS x');
-- names that are no namespace
SELECT * FROM cdp.components('SELECT lower(email) AS email, customer_no + 1 FROM contacts');
SELECT name, refusal(format('SELECT 1 AS %I', name)) FROM unnest(ARRAY['1st', 'e mail', 'mél', '_x', 'a:b', repeat('a', 63)]) AS name;

-- statements that are not one SELECT, or do more than read
SELECT * FROM cdp.components('DELETE FROM contacts RETURNING email');
SELECT * FROM cdp.components('SELECT email FROM contacts; DROP TABLE contacts');
SELECT * FROM cdp.components('WITH gone AS (DELETE FROM contacts RETURNING email) SELECT email FROM gone');
SELECT * FROM cdp.components('SELECT email FROM contacts FOR UPDATE');
SELECT query, refusal(query) FROM (VALUES
	(''), (' -- nothing'), (';'), ('SELECT'), ('SELECT FROM contacts'), ('SELEC 1'), ('SELECT 1 AS a,'), ('SELECT nothing AS a'), ('SELECT * FROM nowhere'), ('SELECT $1 AS a'),
	('INSERT INTO contacts VALUES (NULL) RETURNING email'), ('UPDATE contacts SET email = email RETURNING email'), ('DELETE FROM contacts'), ('TRUNCATE contacts'),
	('WITH new AS (INSERT INTO contacts VALUES (NULL) RETURNING email) SELECT email FROM new'), ('SELECT 1 AS a UNION (SELECT a FROM (VALUES (1)) v (a) FOR SHARE)'),
	('SELECT email FROM contacts FOR KEY SHARE'), ('SELECT * FROM (SELECT email FROM contacts FOR UPDATE) c'), ('SELECT email INTO other FROM contacts'), ('CREATE TABLE other AS SELECT email FROM contacts'),
	('EXPLAIN SELECT email FROM contacts'), ('SHOW work_mem'), ('COPY contacts TO STDOUT'), ('EXECUTE p'), ('FETCH c'), ('BEGIN'), ('COMMIT'), ('DO ''BEGIN END'''), ('CALL p()'), ('LISTEN x'),
	('SELECT 1 AS a; SELECT 2 AS a'), ('SELECT 1 AS a;;'), ('MERGE INTO contacts USING contacts c ON false WHEN MATCHED THEN DELETE')) AS v (query);
SELECT count(*) AS contacts_as_before FROM contacts;
-- values that are no identifier count as NULL, also where one stands between two that are
SELECT * FROM cdp.components($$
	SELECT 'a' AS x, junk AS y, 'b' AS z FROM (VALUES (' '), (E'\t\n'), (U&'\00a0'), ('NULL'), ('undefined'), ('0000'), ('-'), ('"null"'), (E'\x01'), (repeat('y', 600)), (repeat('y', 100000))) v (junk)
$$);
SELECT left(identifier::text, 40), component FROM cdp.components($$
	SELECT value AS email, n AS user_id FROM (VALUES ('nobody', 1), ('a@b', 1), ('a@b.example', 2), ('@b.example', 2), ('x@-b.example', 3), ('null@b.example', 3), (repeat('a', 70) || '@b.example', 4),
		(repeat(' ', 5000) || 'A@B.example' || repeat(E'\t', 5000), 5), (E'\ta@B.EXAMPLE ', 6), ('ä@bücher.example', 7), ('ä@xn--bcher-kva.example', 8)) v (value, n)
$$);
-- the longest there are, and one more byte
SELECT octet_length(identifier::text), component FROM cdp.components($$ SELECT repeat('x', 510) AS a, repeat('y', 511) AS a, repeat(' ', 600) || repeat('x', 510) AS a, 'b' AS a $$);
SELECT cdp.namespace(identifier), octet_length(cdp.value(identifier)), component FROM cdp.components(format('SELECT repeat(%L, 448) AS %I, repeat(%L, 449) AS %I', 'x', repeat('a', 63), 'y', repeat('a', 63)));
-- compressed and external values
CREATE TABLE wide (id text, padded text, list text[]);
ALTER TABLE wide ALTER padded SET STORAGE external;
INSERT INTO wide SELECT i, repeat(' ', 9000) || 'n' || i % 10, ARRAY(SELECT 'n' || i % 10 || repeat(' ', j) FROM generate_series(1, 500) j) FROM generate_series(1, 1000) i;
SELECT count(*), count(DISTINCT component), bool_and(right(cdp.value(identifier), 1)::integer = component % 10) AS right FROM cdp.components('SELECT id AS a, padded AS b, list AS b FROM wide');
DROP TABLE wide;

-- many namespaces
SELECT count(*), count(DISTINCT cdp.namespace(identifier)) AS namespaces, count(DISTINCT component) AS components
FROM cdp.components($$ SELECT cdp.identifier('n' || i % 3000, (i % 7)::text) AS x, i % 7 AS y FROM generate_series(1, 30000) i $$);

-- random rows against the closure by a recursive query, the identifiers made one by one
SELECT setseed(0.5);
CREATE TABLE event AS
SELECT round, (ARRAY[NULL, 'a' || p, ' A' || p, 'null', ''])[1 + floor(random() * 5)::integer] AS anonymous_id, CASE WHEN random() < 0.6 THEN p END AS user_id,
	(ARRAY[NULL, 'p' || p || '@x.example', 'p' || p || '@X.Example ', 'unknown@x.example', 'junk', 'p' || p + 1 || '@x.example'])[1 + floor(random() * 6)::integer] AS email,
	CASE WHEN random() < 0.3 THEN ARRAY[cdp.identifier('device', (p / 2)::text), NULL, cdp.identifier('user_id', (p * 3)::text)] END AS ids
FROM generate_series(1, 25) AS round, LATERAL generate_series(1, 3 + round * round) AS i, LATERAL (SELECT floor(random() * round * 20 + 0 * i)::integer AS p) AS person;
CREATE VIEW evidence AS
SELECT round, row_number() OVER () AS event, ARRAY(
	SELECT identifier FROM (SELECT cdp.try_identifier('anonymous_id', anonymous_id) AS identifier UNION ALL SELECT cdp.try_identifier('user_id', user_id::text) UNION ALL
		SELECT cdp.try_identifier('email', email) UNION ALL SELECT unnest(ids)) AS i WHERE identifier IS NOT NULL AND NOT cdp.is_meaningless(identifier)) AS ids
FROM event;
CREATE FUNCTION components_slowly(the_round integer) RETURNS TABLE (identifier cdp.identifier, smallest cdp.identifier) LANGUAGE sql AS $$
	WITH RECURSIVE pair AS MATERIALIZED (
		SELECT DISTINCT a, b FROM evidence, unnest(ids) AS a, unnest(ids) AS b WHERE round = the_round
	), reach AS (
		SELECT a AS x, b AS y FROM pair UNION SELECT x, b FROM reach JOIN pair ON a = y
	)
	SELECT x, (array_agg(y ORDER BY y))[1] FROM reach GROUP BY x
$$;
SELECT count(*) AS rounds, sum(fast) > 5000 AS many, sum(components) > 1000 AS many_components, sum(differences) AS differences FROM generate_series(1, 25) AS round, LATERAL (
	WITH fast AS (
		SELECT identifier, (first_value(identifier) OVER (PARTITION BY component ORDER BY identifier)) AS smallest
		FROM cdp.components(format('SELECT anonymous_id, user_id, email, ids FROM event WHERE round = %s', round))
	)
	SELECT count(f.identifier) AS fast, count(DISTINCT f.smallest) AS components, count(*) FILTER (WHERE f.identifier IS NULL OR s.identifier IS NULL) AS differences
	FROM fast f FULL JOIN components_slowly(round) s ON f.identifier = s.identifier AND f.smallest = s.smallest
) AS comparison;
-- each identifier once, and numbers without a gap in the order of appearance
SELECT count(*) = count(DISTINCT identifier) AS once, max(component) = count(DISTINCT component) AS dense FROM cdp.components('SELECT anonymous_id, user_id, email, ids FROM event');
SELECT bool_and(component = number) AS in_order FROM (
	SELECT component, row_number() OVER (ORDER BY min(place)) AS number FROM cdp.components('SELECT i % 500 AS a FROM generate_series(1, 20000) i') WITH ORDINALITY AS c (identifier, component, place) GROUP BY component
) AS s;
-- a column more often than a batch holds values: one row goes on in the next batch
SELECT count(*), count(DISTINCT component) FROM cdp.components((SELECT 'SELECT ' || string_agg(format('i * 2000 + %s AS c', j), ', ') || ' FROM generate_series(1, 50) i' FROM generate_series(1, 1500) j));

-- a parallel plan: all rows come from workers
CREATE FUNCTION process() RETURNS integer LANGUAGE plpgsql PARALLEL SAFE AS 'BEGIN RETURN pg_backend_pid(); END';
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_leader_participation = off;
SELECT count(*) > 0 AS rows, count(*) FILTER (WHERE cdp.value(identifier)::integer = pg_backend_pid()) AS by_the_leader FROM cdp.components('SELECT process() AS pid FROM event');
SELECT count(*) AS differences FROM (
	SELECT array_agg(identifier ORDER BY identifier) AS ids FROM cdp.components('SELECT anonymous_id, user_id, email, ids FROM event') GROUP BY component
) AS in_parallel FULL JOIN (
	SELECT array_agg(identifier ORDER BY identifier) AS ids FROM cdp.components('SELECT anonymous_id, user_id, email, ids FROM event ORDER BY round') GROUP BY component
) AS in_order USING (ids) WHERE in_parallel IS NULL OR in_order IS NULL;
COMMIT;

-- a read-only transaction, a cursor, PL/pgSQL that sees its own changes
BEGIN READ ONLY;
SELECT count(*) FROM cdp.components('SELECT email, customer_no AS user_id FROM contacts');
DECLARE c CURSOR FOR SELECT * FROM cdp.components('SELECT email, customer_no AS user_id FROM contacts');
FETCH 2 FROM c;
COMMIT;
DO $$
DECLARE
	before bigint := (SELECT count(*) FROM cdp.components('SELECT email FROM contacts'));
BEGIN
	INSERT INTO contacts VALUES ('new@example.com');
	RAISE NOTICE 'one more: %', (SELECT count(*) FROM cdp.components('SELECT email FROM contacts')) = before + 1;
END
$$;
-- it runs as the caller
CREATE ROLE regress_components_reader;
GRANT USAGE ON SCHEMA cdp TO regress_components_reader;
SET ROLE regress_components_reader;
SELECT * FROM cdp.components('SELECT email FROM contacts');
RESET ROLE;

-- an error in the middle, a cancelled query, and nothing is left of either
SELECT refusal('SELECT i AS a, 1 / (50000 - i) AS b FROM generate_series(1, 100000) i');
SELECT * FROM cdp.components('SELECT i AS a, 1 / (50000 - i) AS b FROM generate_series(1, 100000) i');
SET statement_timeout = '100ms';
SELECT * FROM cdp.components('SELECT a.i * 100000 + b.i AS x FROM generate_series(1, 100000) a (i), generate_series(1, 100000) b (i)');
RESET statement_timeout;
SELECT count(*) AS contexts_left FROM pg_backend_memory_contexts WHERE name LIKE 'cdp components%';

-- memory follows the distinct identifiers, neither the rows nor the raw values
CREATE FUNCTION kilobytes() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT sum(total_bytes) / 1000 FROM pg_backend_memory_contexts WHERE name LIKE 'cdp components%');
END
$$;
SELECT cdp.value(identifier)::integer < 1000 AS small FROM cdp.components($$ SELECT i % 1000 AS a, NULL::integer AS kb FROM generate_series(1, 300000) i UNION ALL SELECT NULL, kilobytes() $$) WHERE cdp.namespace(identifier) = 'kb';
SELECT cdp.value(identifier)::integer < 1000 AS small FROM cdp.components($$ SELECT 'junk ' || i AS email, i % 10 || repeat(' ', i) AS a, NULL::integer AS kb FROM generate_series(1, 10000) i UNION ALL SELECT NULL, NULL, kilobytes() $$) WHERE cdp.namespace(identifier) = 'kb';
SELECT cdp.value(identifier)::integer > 1000 AS large FROM cdp.components($$ SELECT i AS a, NULL::integer AS kb FROM generate_series(1, 30000) i UNION ALL SELECT NULL, kilobytes() $$) WHERE cdp.namespace(identifier) = 'kb';

DROP FUNCTION kilobytes, process, components_slowly, refusal;
DROP VIEW evidence;
DROP TABLE event, contacts;
DROP TYPE colour, mail, number_list;
REVOKE USAGE ON SCHEMA cdp FROM regress_components_reader;
DROP ROLE regress_components_reader;
