-- The type cdp.traits: making, text, binary, jsonb, operators, provenance, what is refused.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'German, YMD';
SELECT cdp.traits('{"plan": "pro", "age": 12.50, "tags": ["b", "a"], "address": {"city": "Köln", "n": null}, "note": "", "phone": null}', '2026-05-01 10:00:00.5+02', 'crm');
RESET datestyle;
SELECT cdp.traits('{"plan": "pro", "age": 12.50, "tags": ["b", "a"], "address": {"city": "Köln", "n": null}, "note": "", "phone": null}', '2026-05-01 10:00:00.5+02', 'crm')::jsonb;
SELECT cdp.traits(NULL, now(), 'x') AS none, cdp.traits('null', now(), 'x') AS json_null, cdp.traits('{}', NULL, 'x') AS no_time,
	cdp.traits('{}', '2026-01-01', 'x') AS empty, cdp.traits('{"a": 1}', '2026-01-01', NULL) AS no_source, cdp.traits('{"a": 1}', '2026-01-01', '') AS empty_source;
SELECT cdp.traits('{"a": 1, "b": 2, "c": ["y", "x", "y", null], "d": 3}', '2026-01-01', 'web', '{"b": "sum", "c": "union", "*": "trusted_last"}', -3);

-- cast from and to jsonb
SELECT '{"a": 1, "b": null}'::jsonb::cdp.traits, '{"a": 1, "b": null}'::jsonb::cdp.traits::jsonb, 'null'::jsonb::cdp.traits IS NULL AS null;
CREATE TEMP TABLE plain (traits jsonb);
INSERT INTO plain SELECT cdp.traits('{"a": 1}', now(), 'x');
SELECT * FROM plain;

-- every kind of value comes back as it was, through traits, ->, ->>, text, and binary
CREATE TEMP TABLE kind (n int, value jsonb);
INSERT INTO kind SELECT row_number() OVER (), value::jsonb FROM unnest(ARRAY['true', 'false', '0', '-0', '-0.0', '1.00', '-12345678901234567890.123456789', '1e40', '1e-20', '""',
	'"a\"b\\c\/d\b\f\n\r\t\u0001\u001f\u007f\u00e9"', '"null"', '[]', '{}', '[1, [2, {"a": [null, true]}]]', '{"b": {"aa": 1, "c": "x\n"}, "a": ""}', '"' || repeat('long ', 500) || '"',
	'[' || repeat('[', 255) || repeat(']', 255) || ']']) value;
CREATE TEMP TABLE kept AS SELECT n, value, cdp.traits(jsonb_build_object('key', value), '2026-01-01', 's') AS traits FROM kind;
SELECT count(*) AS kinds, count(*) FILTER (WHERE (traits -> 'key')::text = value::text) AS got, count(*) FILTER (WHERE traits ->> 'key' = value #>> '{}') AS got_text,
	count(*) FILTER (WHERE traits::jsonb::text = jsonb_build_object('key', value)::text) AS cast, count(*) FILTER (WHERE traits::text::cdp.traits = traits) AS through_text FROM kept;
COPY kept TO PROGRAM 'cat >cdp_profile_traits.bin' (FORMAT binary);
CREATE TEMP TABLE copied (LIKE kept);
COPY copied FROM PROGRAM 'cat cdp_profile_traits.bin; rm cdp_profile_traits.bin' (FORMAT binary);
SELECT count(*) AS through_binary FROM kept JOIN copied USING (n) WHERE kept.traits = copied.traits;

-- operators, on a key that is there, one that was removed, one that never was
CREATE TEMP TABLE t AS SELECT cdp.traits('{"plan": "pro", "n": 1.0, "tags": ["b", "a"], "o": {"x": [1, 2]}, "gone": "x"}', '2026-01-01', 's', '{"tags": "union"}') ||
	cdp.traits('{"gone": null}', '2026-01-02', 's') AS traits;
SELECT key, traits -> key AS json, traits ->> key AS text, traits ? key AS exists FROM t, unnest('{plan,n,tags,o,gone,never,"",NULL}'::text[]) key;
SELECT traits ?| '{never,plan}' AS "any", traits ?| '{never,gone}' AS none, traits ?| '{}' AS any_of_none, traits ?& '{n,plan}' AS "all", traits ?& '{n,never}' AS not_all,
	traits ?& '{}' AS all_of_none, traits ?& '{n,NULL}' AS all_and_null, traits ?| '{NULL}' AS any_of_null FROM t;
SELECT contained, traits @> contained AS contains, traits::jsonb @> contained AS of_jsonb
FROM t, unnest(ARRAY['{}', '{"plan": "pro"}', '{"plan": "free"}', '{"n": 1}', '{"n": 1.00, "tags": ["a"]}', '{"tags": "a"}', '{"o": {"x": [2]}}', '{"o": {"x": [3]}}', '{"gone": null}', '{"never": 1}', '[]', '"plan"', 'null']::jsonb[]) contained;

-- where each value comes from
SELECT * FROM cdp.provenance(cdp.traits('{"a": 1, "u": ["x", "y"], "f": "v", "s": 5, "k": 1, "gone": null}', '2026-01-02', 'web', '{"u": "union", "f": "most_frequent", "s": "sum", "k": "keep_trusted_last"}', 3) ||
	cdp.traits('{"a": 2, "u": null, "f": "w", "s": 5.50, "k": 2}', '2026-01-01', NULL, '{"u": "union", "f": "most_frequent", "s": "sum", "k": "keep_trusted_last"}', 5) ||
	cdp.traits('{"f": "w"}', '2026-01-01', NULL, '{"f": "most_frequent"}', 5));
SELECT * FROM cdp.provenance(cdp.traits('{"u": null, "k": null}', '2026-01-02', 'web', '{"u": "union", "k": "keep_last"}') || cdp.traits('{"k": 1}', '2026-01-01', 'crm', '{"k": "keep_last"}'));
SELECT source, at FROM t, cdp.provenance(traits) WHERE key = 'plan';
SELECT count(*) FROM cdp.provenance(NULL);

-- what is no traits
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', left(input, 80), pg_temp.refusal(format('SELECT %L::cdp.traits', input)))
FROM (VALUES (''), ('[]'), ('1'), ('null'), ('{"a": 1}'), ('{"a": {}}'), ('{"a": {"value": 1}}'), ('{"a": {"at": "2026-01-01"}}'), ('{"a": {"value": 1, "at": 1}}'), ('{"a": {"value": 1, "at": "yesterday"}}'),
	('{"a": {"value": 1, "at": "2026-02-29"}}'), ('{"a": {"value": 1, "at": "+294277-01-01T00:00:00Z"}}'), ('{"a": {"value": 1, "at": "2026-01-01", "source": 1}}'), ('{"a": {"value": 1, "at": "2026-01-01", "trust": 128}}'),
	('{"a": {"value": 1, "at": "2026-01-01", "trust": 0.5}}'), ('{"a": {"value": 1, "at": "2026-01-01", "trust": 1e300}}'), ('{"a": {"value": 1, "at": "2026-01-01", "rule": "latest"}}'), ('{"a": {"value": 1, "at": "2026-01-01", "rule": 1}}'),
	('{"a": {"value": "1", "at": "2026-01-01", "rule": "sum"}}'), ('{"a": {"value": null, "at": "2026-01-01", "rule": "first"}}'), ('{"a": {"value": 1, "at": "2026-01-01", "rule": "union"}}'),
	('{"a": {"value": 1, "at": "2026-01-01", "count": 1}}'), ('{"a": {"value": 1, "at": "2026-01-01", "sorce": "x"}}'), ('{"a": {"values": [{"value": 1, "at": "2026-01-01", "count": 1}], "rule": "union"}}'), ('{"a": {"values": [], "value": 1, "rule": "union"}}'),
	('{"a": {"values": {}, "rule": "union"}}'), ('{"a": {"values": [1], "rule": "union"}}'), ('{"a": {"values": [[]], "rule": "union"}}'), ('{"a": {"values": [{"value": 1, "at": "2026-01-01", "count": 0}], "rule": "most_frequent"}}'),
	('{"\u0000": {"value": 1, "at": "2026-01-01"}}'), ('{"a": {"value": "\ud800", "at": "2026-01-01"}}'), ('{"a": {"value": 1, "at": "2026-01-01"}'),
	(format('{"%s": {"value": 1, "at": "2026-01-01"}}', repeat('k', 256))), (format('{"a": {"value": 1, "at": "2026-01-01", "source": "%s"}}', repeat('s', 256))),
	(format('{"a": {"value": %s%s, "at": "2026-01-01"}}', repeat('[', 257), repeat(']', 257))), (format('{"a": {"value": 1%s, "at": "2026-01-01", "rule": "sum"}}', repeat('0', 1020)))) v(input);

-- what is taken in other orders and forms, and how it comes out
SELECT input::cdp.traits FROM (VALUES ('{}'), (' {"b":{"at":"2026-01-01 12:00:00+02:00","value":1},"a":{"value":2,"at":"-infinity","source":""},"b":{"value":3,"at":"infinity"}} '),
	('{"u": {"rule": "union", "values": [{"value": "b", "at": "2026-01-02"}, {"value": 1.0, "at": "2026-01-02"}, {"value": 1, "at": "2026-01-03"}, {"value": null, "at": "2026-01-01"}, {"value": "a", "at": "2026-01-01"}]}}'),
	('{"k": {"rule": "keep_min", "values": [{"value": 2, "at": "2026-01-02", "source": "b"}, {"value": 1, "at": "-0043-03-15", "source": "a", "trust": -1}, {"value": 3, "at": "+10000-01-01T00:00:00Z", "source": "b"}]}}'),
	('{"m": {"rule": "most_frequent", "values": [{"value": 2, "at": "2026-01-02", "count": 9223372036854775807}, {"value": 2, "at": "2026-01-02"}]}}'), ('{"": {"value": "", "at": "2026-01-01"}}'), ('{"n": {"value": null, "at": "2026-01-01"}}')) v(input);

-- rows that cannot be merged, as an error, and in words
SELECT format('%s | %s' || E'\n   -> %s\n   -> %s', left(traits, 80), rules, pg_temp.refusal(format('SELECT left(cdp.traits_agg(%L, timestamptz ''2026-01-01 00:00:00Z'', %L, %L)::text, 100)', traits, 's', rules)), coalesce(cdp.traits_problem(traits::jsonb, rules::jsonb), 'NULL'))
FROM (VALUES ('[1]', NULL), ('1', NULL), ('"x"', NULL), ('null', NULL), ('{}', NULL), ('{"a": "x"}', '{"a": "sum"}'), ('{"a": null}', '{"a": "sum"}'), ('{"a": [1]}', '{"*": "trusted_sum"}'),
	(format('{"%s": 1}', repeat('ü', 128)), NULL), (format('{"%s": 1}', repeat('k', 255)), NULL), (format('{"a": 1%s}', repeat('0', 1000)), '{"a": "sum"}'), (format('{"a": 0.%s1}', repeat('0', 1000)), '{"a": "sum"}'),
	(format('{"a": 1%s}', repeat('0', 1000)), NULL), (format('{"a": [%s%s]}', repeat('[', 256), repeat(']', 256)), NULL), (format('{"u": [1, [%s%s]]}', repeat('[', 256), repeat(']', 256)), '{"u": "union"}')) v(traits, rules);
SELECT format('%s -> %s', call, pg_temp.refusal('SELECT ' || call))
FROM (VALUES ('cdp.traits(''{}'', now(), repeat(''s'', 256))'), ('cdp.traits(''{}'', now(), repeat(''s'', 255))'), ('cdp.traits(''{}'', now(), ''s'', NULL, 128)'), ('cdp.traits(''{}'', now(), ''s'', NULL, -129)'), ('cdp.traits(''{"a": 1}'', ''infinity'', ''s'', NULL, -128)'),
	('cdp.traits(''{}'', now(), ''s'', ''[]'')'), ('cdp.traits(''{}'', now(), ''s'', ''{"a": "latest"}'')'), ('cdp.traits(''{}'', now(), ''s'', ''{"a": 1}'')'), ('cdp.traits(''{}'', now(), ''s'', ''{"a": "keep_sum"}'')'),
	('''[]''::jsonb::cdp.traits'), ('''"a"''::jsonb::cdp.traits'), ('cdp_internal.traits_agg_trans(NULL, ''{}'', now(), ''s'')'), ('cdp_internal.traits_combine(''{}'', ''{}'')'),
	('cdp.traits((SELECT jsonb_object_agg(i::text, 1) FROM generate_series(1, 4096) i), now(), ''s'') ->> ''4096'''), ('cdp.traits((SELECT jsonb_object_agg(i::text, 1) FROM generate_series(1, 4097) i), now(), ''s'')'),
	('cdp.traits_problem((SELECT jsonb_object_agg(i::text, 1) FROM generate_series(1, 4097) i))'), ('cdp.traits_problem(jsonb_build_object(''a'', repeat(''x'', 32000)))'), ('cdp.traits_problem(jsonb_build_object(''a'', repeat(''x'', 32001)))'),
	('cdp.traits_problem(''{"a": 1e32000}'')'), ('cdp.traits_problem(jsonb_build_object(''a'', repeat(''x'', 1750)), ''{"*": "most_frequent"}'')'), ('cdp.traits_problem(jsonb_build_object(''a'', jsonb_build_array(repeat(''x'', 1751))), ''{"*": "union"}'')'),
	('cdp.traits_problem(jsonb_build_object(''a'', array_fill(1, ARRAY[1000])), ''{"*": "union"}'')'), ('cdp.traits_problem(jsonb_build_object(''a'', array_fill(1, ARRAY[1001])), ''{"*": "union"}'')'), ('cdp.traits(jsonb_build_object(''a'', array_fill(1, ARRAY[1001])), now(), ''s'', ''{"*": "union"}'')'),
	('cdp.refused_keys(''{"a": 1, "b": "x", "c": null, "d": "x"}'', ''{"a": "sum", "b": "sum", "c": "sum"}'')'), ('cdp.refused_keys(''{"a": 1, "b": "x"}'', ''{"a": "sum"}'')'), ('cdp.refused_keys(''[1]'', ''{"*": "sum"}'')'), ('cdp.refused_keys(''null'', ''{"*": "sum"}'')'),
	('cdp.refused_keys(jsonb_build_object(''a'', repeat(''x'', 1751), ''b'', array_fill(1, ARRAY[1001]), ''c'', array_fill(1, ARRAY[1001]), ''d'', jsonb_build_array(repeat(''x'', 1750))), ''{"a": "most_frequent", "*": "union", "c": "last"}'')')) v(call);
SELECT format('{"a": {"value": "%s", "at": "2026-01-01"}}', repeat('x', 32000))::cdp.traits ->> 'a' = repeat('x', 32000) AS longest;
SELECT pg_temp.refusal(format('SELECT %L::cdp.traits', format('{"a": {"value": "%s", "at": "2026-01-01"}}', repeat('x', 32001)))) AS too_long;

-- what is left out: the keys that come last in order; of a union the earliest elements; is_full says that it may be so
SELECT is_full(a), is_full(b), is_full(a || b), a || b = b || a AS same, (a || b) ? 'k4096' AS shorter, (a || b) ? 'key 1' AS longer, (a || b) ? 'key 2' AS last, (SELECT count(*) FROM provenance(a || b)) AS keys
FROM (SELECT traits((SELECT jsonb_object_agg('k' || i, 1) FROM generate_series(1, 4095) i), now(), 's') AS a, traits('{"k4096": null, "key 1": 1, "key 2": 2}', now(), 's') AS b) t;
SELECT is_full(t), jsonb_array_length(t -> 'tags') AS elements, t -> 'tags' -> 0 AS first, t -> 'tags' -> -1 AS last, is_full(t || traits('{"one": 1, "two": 2}', now(), 's')) AS beside_others
FROM (SELECT traits_agg(jsonb_build_object('tags', jsonb_build_array(i)), timestamptz '2026-01-01' + i * interval '1 s', 's', '{"tags": "union"}') AS t FROM generate_series(1, 1700) i) u;
SELECT is_full(traits_agg('{"a": 1}', now(), 's')) AS few, is_full('{}') AS none;

-- what binary input refuses
CREATE FUNCTION pg_temp.received(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	object oid;
	result text;
BEGIN
	-- a binary COPY of one row of one value
	object := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(bytes)) || bytes || '\xffff'::bytea);
	PERFORM lo_export(object, 'cdp_profile_bytes.bin'), lo_unlink(object);
	CREATE TEMP TABLE pt_received (traits cdp.traits);
	COPY pt_received FROM PROGRAM 'cat cdp_profile_bytes.bin; rm cdp_profile_bytes.bin' (FORMAT binary);
	SELECT traits::text INTO result FROM pt_received;
	DROP TABLE pt_received;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT cdp_internal.traits_send(cdp.traits('{"plan": "pro"}', '2000-01-01 00:00:01+00', 'crm'));
SELECT format('%s: %s', what, pg_temp.received(bytes)) FROM (VALUES
	('as it is', '\x0100010017000000000000000470 6c61 17000000 80030000 40420f0000000000 706c616e 63726d 03 70726f'::bytea),
	('nothing', ''), ('cut off', '\x0100010017000000000000000470 6c61 17000000 80030000 40420f0000000000 706c616e 63726d 03 7072'), ('a byte more', '\x0100010017000000000000000470 6c61 17000000 80030000 40420f0000000000 706c616e 63726d 03 70726f00'),
	('a later version', '\x0200010017000000000000000470 6c61 17000000 80030000 40420f0000000000 706c616e 63726d 03 70726f'), ('the loose form', '\x0101010017000000000000000470 6c61 17000000 80030000 40420f0000000000 706c616e 63726d 03 70726f'),
	('slack', '\x0100010018000000000000000470 6c61 18000000 80030001 40420f0000000000 706c616e 63726d 03 70726f00'), ('another prefix in the slot', '\x0100010017000000000000000470 6c62 17000000 80030000 40420f0000000000 706c616e 63726d 03 70726f'),
	('no such type', '\x0100010017000000000000000470 6c61 17000000 e0030000 40420f0000000000 706c616e 63726d 03 70726f'), ('no such rule', '\x0100010017000000000000000470 6c61 17000000 97030000 40420f0000000000 706c616e 63726d 03 70726f'),
	('a sum of strings', '\x0100010017000000000000000470 6c61 17000000 84030000 40420f0000000000 706c616e 63726d 03 70726f'), ('not UTF-8', '\x0100010017000000000000000470 6c61 17000000 80030000 40420f0000000000 706c616e 63726d 03 7072ff'),
	('a long varint', '\x0100010018000000000000000470 6c61 18000000 80030000 40420f0000000000 706c616e 63726d 8300 70726f'), ('a number with a zero before it', '\x0100010017000000000000000470 6c61 17000000 60030000 40420f0000000000 706c616e 63726d 03 303132'),
	('an object that is an array', '\x0100010016000000000000000470 6c61 16000000 c0030000 40420f0000000000 706c616e 63726d 02 5b5d')) v(what, bytes);
\pset format aligned
\pset tuples_only off

-- equality, order, hash
SELECT cdp.traits('{"a": 1}', '2026-01-01', 's') = '{"a": {"value": 1, "at": "2026-01-01T01:00:00+01", "source": "s"}}' AS equal, cdp.traits('{"a": 1}', '2026-01-01', 's') = cdp.traits('{"a": 1}', '2026-01-01', 't') AS other_source,
	cdp.traits('{"a": 1}', '2026-01-01', 's') <> cdp.traits('{"a": 1.0}', '2026-01-01', 's') AS other_scale;
CREATE TEMP TABLE many AS SELECT i, cdp.traits(jsonb_build_object('k', i % 100), '2026-01-01', 's') AS traits FROM generate_series(1, 1000) i;
SELECT count(DISTINCT traits), count(*) FILTER (WHERE (traits < other) = (traits >= other) OR (traits > other) = (traits <= other) OR (traits = other) = (traits <> other) OR cdp_internal.traits_cmp(traits, other) <> - cdp_internal.traits_cmp(other, traits)) AS contradictions
FROM many, (SELECT traits AS other FROM many WHERE i % 7 = 0) o;
SET enable_sort = off;
SELECT count(*) AS groups FROM (SELECT traits FROM many GROUP BY traits) g;
SELECT count(*) AS pairs FROM many a JOIN many b USING (traits);
RESET enable_sort;
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcintype = 'cdp.traits'::regtype ORDER BY opcname;

-- a large value is stored outside of the row, and read key by key
CREATE TEMP TABLE large AS SELECT cdp.traits_agg(jsonb_build_object('key ' || i, repeat(md5(i::text), 10)), '2026-01-01', 's') AS traits FROM generate_series(1, 2000) i;
SELECT traits ->> 'key 1999' = repeat(md5('1999'), 10) AS found, traits ? 'key 2001' AS more, pg_column_size(traits) > 100000 AS large, traits::text::cdp.traits = traits AS round_trip,
	(traits || cdp.traits('{"key 1": 1}', '2026-01-02', 's')) ->> 'key 1' AS changed FROM large;
