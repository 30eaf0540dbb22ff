-- cdp.audience: text and binary form, operators, sizes, casts, errors
SET search_path = cdp, public;

-- text: any order, blanks, ranges that overlap; written ascending, three in a row as a range
SELECT '{}'::cdp.audience, ' { 7 , 3..5, 4 .. 6, -2 } '::cdp.audience, '{1,2}'::cdp.audience, '{65534..65537,1}'::cdp.audience;
SELECT '{-9223372036854775808,9223372036854775807,4294967296..4294967300}'::cdp.audience;
\set VERBOSITY default
SELECT '{1,}'::cdp.audience;
SELECT '{9223372036854775808}'::cdp.audience;
SELECT '{5..3}'::cdp.audience;
SELECT '{1'::cdp.audience;
SELECT '1'::cdp.audience;
SELECT '{1..9223372036854775807}'::cdp.audience;

-- operators
SELECT '{1..9,70000}'::cdp.audience & '{5..70000}' AS "and", '{1..9}'::cdp.audience | '{-3,9,10}' AS "or",
	'{1..9}'::cdp.audience - '{3,4,100000}' AS minus, '{1..9}'::cdp.audience # '{9,10}' AS xor;
SELECT '{1..9}'::cdp.audience @> 9::bigint AS has, '{1..9}'::cdp.audience @> 10::bigint AS has_not, 70000::bigint <@ '{1,70000}'::cdp.audience AS within,
	'{1..9}'::cdp.audience @> '{2,9}' AS contains, '{1..9}'::cdp.audience @> '{2,10}' AS contains_not, '{}'::cdp.audience <@ '{}' AS empty,
	'{1..9}'::cdp.audience && '{9..20}' AS intersects, '{1..9}'::cdp.audience && '{10..20}' AS apart;
SELECT '{1,2,3}'::cdp.audience = '{1..3}' AS same, '{1,2,3}'::cdp.audience = '{1..4}' AS another, '{1}'::cdp.audience <> '{2}' AS differ;
SELECT a, count(*) FROM (VALUES ('{1,2,3}'::cdp.audience), ('{1..3}'), ('{}')) v(a) GROUP BY a ORDER BY count(*);

-- sizes, ids, casts
SELECT cdp.size('{}') AS none, cdp.size('{1..5000000000}') AS many, cdp.is_empty('{}') AS empty, cdp.is_empty('{0}') AS not_empty,
	cdp.intersection_size('{1..1000000,7000000}', '{500001..8000000}') AS common;
SELECT id FROM cdp.ids('{9223372036854775807,-9223372036854775808,-1..1,65535,65536}') id;
SELECT cdp.ids('{1..5000000000}') LIMIT 2;
SELECT '{-1..1,70000}'::cdp.audience::bigint[], '{}'::cdp.audience::bigint[], array[3,1,NULL,3,2]::bigint[]::cdp.audience,
	cdp.audience_of('{}'), cdp.audience_of(NULL), cdp.audience_of(array[[1,2],[3,70000]]);
SELECT '{1..5000000000}'::cdp.audience::bigint[];

-- aggregates; rows without an id are an empty audience, and an intersection of none is unknown
SELECT cdp.audience(id) FROM (VALUES (3::bigint), (1), (NULL), (3), (2), (-70000)) v(id);
SELECT cdp.audience(id), cdp.audience(id) FILTER (WHERE id > 5) AS filtered FROM generate_series(1, 3) id WHERE id < 3;
SELECT cdp.audience(NULL::bigint) AS nulls, cdp.audience_union(NULL) AS "union", cdp.audience_intersection(NULL) AS intersection;
SELECT cdp.audience_union(a), cdp.audience_intersection(a) FROM (VALUES ('{1..9}'::cdp.audience), (NULL), ('{3,5,20}'), ('{5..30}')) v(a);
-- the final function leaves the state as it is
SELECT id, cdp.audience(id) OVER (ORDER BY id) AS so_far, cdp.audience(id) OVER (ORDER BY id DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two
FROM generate_series(1, 4) id ORDER BY id;
SELECT parity, cdp.audience(id) FROM (SELECT id % 2 AS parity, id FROM generate_series(1, 8) id) s GROUP BY parity ORDER BY parity;

-- overlaps
SELECT o.* FROM cdp.audience_overlaps('{a,b,c,d}', array['{1..4}', '{3..8,70000}', '{}', '{}']::cdp.audience[]) o;
SELECT count(*) FROM cdp.audience_overlaps('{}', '{}');
SELECT count(*) FROM cdp.audience_overlaps('{a}', array['{1}']::cdp.audience[]);
SELECT o.* FROM cdp.audience_overlaps('{a,b}', array['{1..4}']::cdp.audience[]) o;
SELECT o.* FROM cdp.audience_overlaps('{a,NULL}', array['{1..4}', '{1}']::cdp.audience[]) o;
SELECT o.* FROM cdp.audience_overlaps('{a,b}', array['{1..4}', NULL]::cdp.audience[]) o;
SELECT o.* FROM cdp.audience_overlaps(array_fill('x'::text, array[2001]), array_fill('{1}'::cdp.audience, array[2001])) o;

-- an audience that stands outside of its row: the same answers, by pieces of it too
CREATE TEMP TABLE au_stored (name text, audience cdp.audience);
INSERT INTO au_stored SELECT 'thirds', cdp.audience(id) FROM generate_series(0, 3000000, 3) id;
INSERT INTO au_stored SELECT 'sevenths', cdp.audience(id) FROM generate_series(0, 3000000, 7) id;
SELECT name, cdp.size(audience), cdp.is_empty(audience), pg_column_size(audience) FROM au_stored ORDER BY name;
SELECT a.name, count(*) FILTER (WHERE a.audience @> id) AS has FROM au_stored a, generate_series(1000000, 1002100) id GROUP BY a.name ORDER BY a.name;
SELECT id FROM generate_series(999990, 1000010) id WHERE (SELECT audience FROM au_stored WHERE name = 'thirds') @> id AND id <@ (SELECT audience FROM au_stored WHERE name = 'sevenths');
SELECT o.* FROM (SELECT array_agg(name ORDER BY name), array_agg(audience ORDER BY name) FROM au_stored) s (names, audiences), cdp.audience_overlaps(s.names, s.audiences) o;
SELECT cdp.size(cdp.audience_intersection(audience)), cdp.size(cdp.audience_union(audience)) FROM au_stored;

-- the binary form: the same value; bytes that nothing writes are refused
CREATE FUNCTION pg_temp.received(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/cdp_audience.bin';
	object oid;
BEGIN
	-- a binary COPY of one row of one value
	object := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(bytes)) || bytes || '\xffff'::bytea);
	PERFORM lo_export(object, file), lo_unlink(object);
	DELETE FROM au_received;
	EXECUTE format('COPY au_received FROM %L (FORMAT binary)', file);
	RETURN (SELECT audience::text FROM au_received);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
CREATE TEMP TABLE au_received (audience cdp.audience);
SELECT what, pg_temp.received(bytes) FROM (VALUES
	('empty', '\x01000000000000000000000000'::bytea),
	('no byte', ''),
	('cut off', '\x010000000000000000'),
	('a later version', '\x02000000000000000000000000'),
	('one id', '\x0101000000 0100000000000000 0500 000000000080 0000 02000000'),
	('another size', '\x0101000000 0200000000000000 0500 000000000080 0000 02000000'),
	('bytes behind', '\x0101000000 0100000000000000 0500 000000000080 0000 02000000 00'),
	('more chunks than bytes', '\x01ffffffff ffffffff00000000 0500 000000000080 0000 02000000'),
	('a run of one id', '\x0101000000 0100000000000000 05000500 000000000080 0000 04000000'),
	('a run', '\x0101000000 0500000000000000 05000900 000000000080 0400 04000000'),
	('a run backwards', '\x0101000000 0500000000000000 09000500 000000000080 0400 04000000'),
	('descending', '\x0101000000 0200000000000000 09000500 000000000080 0100 04000000'),
	('twice', '\x0101000000 0200000000000000 05000500 000000000080 0100 04000000'),
	('beyond the data', '\x0101000000 0100000000000000 0500 000000000080 0000 ffffffff'),
	('chunks that descend', '\x0102000000 0200000000000000 0500 0500 010000000080 0000 02000000 000000000080 0000 04000000')) v(what, bytes);
-- every bit of one with all kinds of containers: refused, or what it says is written the same
CREATE TEMP TABLE au_bytes AS SELECT cdp_internal.audience_send(cdp.audience(id)) AS bytes
FROM (SELECT id::bigint FROM (VALUES (1), (5), (-70000)) v(id) UNION ALL SELECT generate_series(100000, 100500) UNION ALL SELECT generate_series(196608, 262143, 15)) s;
SELECT length(bytes) FROM au_bytes;
SELECT outcome, count(*) > 0 AS some FROM (
	SELECT CASE WHEN r LIKE 'XX001:%' THEN 'refused' WHEN cdp_internal.audience_send(r::cdp.audience) = changed THEN 'the same' ELSE r END AS outcome
	FROM (SELECT pg_temp.received(changed) AS r, changed FROM (SELECT set_bit(bytes, bit, 1 - get_bit(bytes, bit)) AS changed
		FROM au_bytes, generate_series(0, 8 * length(bytes) - 1, 43) bit) b) s) t
GROUP BY outcome ORDER BY outcome;
