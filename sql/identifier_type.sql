-- The type cdp.identifier: reading, writing, parts, order, indexes.
SET search_path = public, cdp;
SELECT id, cdp.namespace(id), cdp.value(id)
FROM (VALUES ('user_id:u-7'::cdp.identifier), ('User_ID: U-7 '), ('url:https://example.com/a:b'), ('ios.id:a b'),
	('email: Ann@Example.COM'), ('phone:+442079460958'), ('x:Ä')) v(id);
SELECT cdp.identifier('Email', E' Ann@Example.com\n'), cdp.identifier('email:ANN@example.com'), cdp.identifier('user_id', 'a:b');
SELECT cdp.identifier(NULL, 'x') IS NULL AS null_namespace, cdp.identifier('x', NULL) IS NULL AS null_value,
	cdp.namespace(NULL) IS NULL AS null_in, cdp.is_meaningless(NULL) IS NULL AS null_is;

-- what is no identifier: the error in full, and NULL from cdp.try_identifier
CREATE FUNCTION pg_temp.refusal(input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	detail text;
	hint text;
BEGIN
	RETURN input::cdp.identifier;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format(E'%s %s\n  %s\n  %s', SQLSTATE, said, detail, hint);
END $$;
\pset format unaligned
\pset tuples_only on
SELECT format('[%s] %s', left(input, 40), pg_temp.refusal(input))
FROM (VALUES ('', 1), ('ann', 2), (':x', 3), ('1st:x', 4), (' a:x', 5), ('a b:x', 6), ('ä:x', 7), ('x:', 8), (E'x: \t\u200b', 9),
	(E'x:a\tb', 10), (E'x:a\u0085b', 11), ('email:ann', 12),
	(repeat('n', 64) || ':x', 13), ('x:' || repeat('ä', 256), 14), ('x:' || repeat('y', 511), 15)) v(input, n)
ORDER BY n;
\pset format aligned
\pset tuples_only off
SELECT count(*) AS made FROM (VALUES ('', 'x'), ('1st', 'x'), ('a b', 'x'), ('x', ''), ('x', ' '), ('x', E'a\tb'), ('email', 'ann'),
	(repeat('n', 64), 'x'), ('x', repeat('y', 511))) v(namespace, value)
WHERE cdp.try_identifier(namespace, value) IS NOT NULL;
SELECT cdp.try_identifier('Email', 'Ann@Example.com'), length(cdp.try_identifier('x', repeat('y', 510))::text) AS longest;

-- from PostgreSQL 16 on, the input function hands an error back instead of raising it
CREATE FUNCTION pg_temp.is_valid(input text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	valid boolean;
BEGIN
	IF current_setting('server_version_num')::integer < 160000 THEN
		PERFORM input::cdp.identifier;
		RETURN true;
	END IF;
	EXECUTE 'SELECT pg_input_is_valid($1, ''cdp.identifier'')' INTO valid USING input;
	RETURN valid;
EXCEPTION WHEN OTHERS THEN
	RETURN current_setting('server_version_num')::integer >= 160000; -- raised: right only where there is no other way
END $$;
SELECT input, pg_temp.is_valid(input) FROM (VALUES ('x:y'), ('ann'), (':x'), ('x:'), ('email:ann'), ('x:' || repeat('y', 511))) v(input) WHERE pg_temp.is_valid(input);

-- a literal of unknown type is an identifier, in comparisons and where functions of other types have the same name
CREATE FUNCTION pg_temp.which(bigint) RETURNS text LANGUAGE sql RETURN 'bigint';
CREATE FUNCTION pg_temp.which(cdp.identifier) RETURNS text LANGUAGE sql RETURN 'identifier';
SELECT pg_temp.which('email:ann@example.com');
SELECT 'email:Ann@Example.com' = cdp.identifier('email', 'ann@example.com') AS equal;

-- to and from text: only where it is asked for, or assigned
CREATE TEMP TABLE person (id cdp.identifier PRIMARY KEY, note text);
INSERT INTO person SELECT id, id::cdp.identifier FROM (VALUES ('Email:Ann@Example.com'::text), ('user_id:u-7')) v(id);
SELECT * FROM person WHERE id = 'email:ANN@EXAMPLE.COM';
SELECT id::text || '!' AS text FROM person ORDER BY id;
SELECT * FROM person WHERE id = note;
INSERT INTO person VALUES ('email:ANN@example.com');

-- in binary: there and back, and nothing that is not canonical
\copy person (id) TO PROGRAM 'cat > "$PG_ABS_BUILDDIR/results/identifier_type.bin"' (FORMAT binary)
CREATE TEMP TABLE copied (id cdp.identifier);
\copy copied FROM PROGRAM 'cat "$PG_ABS_BUILDDIR/results/identifier_type.bin"' (FORMAT binary)
SELECT id, cdp_internal.identifier_send(id) FROM copied ORDER BY id;
CREATE FUNCTION pg_temp.receive(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file bytea := 'PGCOPY\012\377\015\012\000'::bytea || '\x0000000000000000'::bytea || int2send(1::int2) || int4send(length(bytes)) || bytes || int2send(-1::int2);
	escaped text;
BEGIN
	SELECT string_agg('\' || (get_byte(file, i) / 64) || (get_byte(file, i) / 8 % 8) || (get_byte(file, i) % 8), '' ORDER BY i)
	INTO escaped FROM generate_series(0, length(file) - 1) i;
	TRUNCATE copied;
	EXECUTE format('COPY copied FROM PROGRAM %L (FORMAT binary)', format('printf ''%s''', escaped));
	RETURN (SELECT id FROM copied);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT bytes, pg_temp.receive(bytes) FROM (VALUES
	('\x0101'::bytea || 'xy'), ('\x'), ('\x01'), ('\x0200'::bytea || 'xy'), ('\x0101'::bytea || 'x'), ('\x01ff'::bytea || 'xy'), ('\x0101'::bytea || 'Xy'),
	('\x0101'::bytea || 'x y'), ('\x0101'::bytea || 'x y '), ('\x0105'::bytea || 'emailAnn@b.c'), ('\x0105'::bytea || 'emailann@b.c'),
	('\x0105'::bytea || 'phone12345678'), ('\x010178ff'::bytea), ('\x01017879007a'::bytea)) v(bytes);

-- the laws of the order, against namespace and value as byte strings
CREATE TEMP TABLE sample AS SELECT n, cdp.identifier(ns, v) AS id, convert_to(ns, 'UTF8') AS ns, convert_to(v, 'UTF8') AS v
FROM (SELECT row_number() OVER () AS n, ns, v FROM unnest(ARRAY['a', 'a-b', 'a.b', 'a_b', 'aa', 'user_id']) ns,
	unnest(ARRAY['0', '10', '9', 'A', 'a', 'a:', 'aa', 'ä', '😀', repeat('z', 400)]) v) s;
SELECT count(*) AS wrong FROM sample a, sample b WHERE
	(a.id = b.id, a.id <> b.id, a.id < b.id, a.id <= b.id, a.id > b.id, a.id >= b.id, sign(cdp_internal.identifier_cmp(a.id, b.id)))
	IS DISTINCT FROM (a.n = b.n, a.n <> b.n, (a.ns, a.v) < (b.ns, b.v), (a.ns, a.v) <= (b.ns, b.v), (a.ns, a.v) > (b.ns, b.v), (a.ns, a.v) >= (b.ns, b.v),
		CASE WHEN (a.ns, a.v) < (b.ns, b.v) THEN -1 WHEN a.n = b.n THEN 0 ELSE 1 END);
SELECT count(*) AS wrong FROM (SELECT row_number() OVER (ORDER BY ns, v) AS by_bytes, row_number() OVER (ORDER BY id) AS by_id FROM sample) s WHERE by_bytes <> by_id;

-- equal ones, stored with a long and a short header, have one hash
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE cdp_internal.identifier_hash(a.id) = cdp_internal.identifier_hash(b.id::text::cdp.identifier)) AS same_hash,
	count(*) FILTER (WHERE cdp_internal.identifier_hash_extended(a.id, 7) = cdp_internal.identifier_hash_extended(b.id::text::cdp.identifier, 7)) AS same_extended
FROM sample a JOIN sample b USING (id);
SELECT count(DISTINCT cdp_internal.identifier_hash(id)) AS hashes, count(DISTINCT cdp_internal.identifier_hash_extended(id, 1)) AS extended,
	count(*) FILTER (WHERE cdp_internal.identifier_hash_extended(id, 0) & 4294967295 = cdp_internal.identifier_hash(id)::bigint & 4294967295) AS same_low_half,
	count(*) FILTER (WHERE cdp_internal.identifier_hash_extended(id, 0) = cdp_internal.identifier_hash_extended(id, 1)) AS without_seed FROM sample;

-- indexes, joins and partitions use it
INSERT INTO person SELECT cdp.identifier('device', i::text) FROM generate_series(1, 5000) i;
CREATE TEMP TABLE hashed AS SELECT id FROM person;
CREATE INDEX ON hashed USING hash (id);
ANALYZE person;
ANALYZE hashed;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM person WHERE id = 'Device: 77';
EXPLAIN (COSTS OFF) SELECT * FROM person WHERE id = cdp.identifier('device', '77');
EXPLAIN (COSTS OFF) SELECT id FROM person WHERE id >= 'device:4998' AND id < 'device:5' ORDER BY id;
EXPLAIN (COSTS OFF) SELECT * FROM hashed WHERE id = 'device:77';
SELECT (SELECT note IS NULL FROM person WHERE id = 'device:77') AS btree, (SELECT count(*) FROM hashed WHERE id = 'device:77') AS hash,
	(SELECT count(*) FROM person WHERE id >= 'device:4998' AND id < 'device:5') AS range, (SELECT count(*) FROM person WHERE id IN ('device:1', 'DEVICE:2', 'device:02')) AS list;
RESET enable_seqscan;
SET enable_nestloop = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM person JOIN hashed USING (id);
SELECT count(*) FROM person JOIN hashed USING (id);
SET enable_mergejoin = on;
SET enable_hashjoin = off;
SELECT count(*) FROM person JOIN hashed USING (id);
CREATE TEMP TABLE parted (id cdp.identifier) PARTITION BY HASH (id);
CREATE TEMP TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TEMP TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT id FROM person;
SELECT (SELECT count(*) FROM parted) AS rows, (SELECT count(*) FROM parted_0) BETWEEN 2000 AND 3000 AS balanced, (SELECT count(*) FROM parted WHERE id = 'device:77') AS found;

-- values that mean nothing
SELECT * FROM cdp.meaningless_values();
SELECT count(*) AS words FROM cdp.meaningless_values() WHERE NOT is_pattern
	AND cdp.is_meaningless(cdp.identifier('user_id', upper(value))) AND cdp.is_meaningless_value(' "' || value || '" ')
	AND cdp.is_meaningless(cdp.identifier('email', translate(value, ' []\', '__') || '@example.com')) = in_email;
SELECT id, cdp.is_meaningless(id) FROM (VALUES ('user_id:u-7'::cdp.identifier), ('user_id:NULL'), ('user_id: ''Undefined'' '), ('x:0'), ('x:-1'), ('x:1'),
	('device:00000000-0000-0000-0000-000000000000'), ('email:unknown@example.com'), ('email:ann@example.com'), ('note:unknown@example.com')) v(id);
SELECT value, cdp.is_meaningless_value(value) FROM (VALUES (''), ('  '), ('none'), ('"NaN"'), ('[object Object]'), ('ann'), ('0000'), ('00001')) v(value);

-- the versions that decide what is canonical
SELECT cdp.normalizer_version() ~ '^format 1, rules 3, libidn2 \d+\.\d+\.\d+, libunistring \d+\.\d+\.\d+$' AS versions;

-- bytes that are not UTF-8 are no identifier; the error names the encoding
CREATE DATABASE cdp_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
\set former :DBNAME
\c cdp_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION cdp;
SELECT 'x:plain'::cdp.identifier;
SELECT cdp.identifier('x', 'Ä');
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.try_identifier('x', 'Ä') IS NULL AS refused;

-- the type's oid is looked up again when the extension is made anew
SELECT * FROM cdp.components($$ SELECT 'email:a@b.c'::cdp.identifier AS x, 'u-7' AS user_id $$);
DROP EXTENSION cdp;
CREATE EXTENSION cdp;
SELECT * FROM cdp.components($$ SELECT 'email:a@b.c'::cdp.identifier AS x, 'u-7' AS user_id $$);
\c :former
DROP DATABASE cdp_latin1;
