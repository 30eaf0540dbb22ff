-- The type cdp.json_schema: what it is printed as, what it refuses; cdp.matches_schema and cdp.schema_violations.
SELECT ' { "type" : "object",  "properties":{"b":{},"a":{}} } '::cdp.json_schema;
SELECT 'true'::cdp.json_schema, 'false'::cdp.json_schema, '{}'::cdp.json_schema;
CREATE FUNCTION pg_temp.refused(schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM schema::cdp.json_schema;
	RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat(SQLSTATE, ': ', SQLERRM, ': ', detail);
END $$;
SELECT left(schema, 60) AS schema, pg_temp.refused(schema) FROM (VALUES (1, ''), (2, '{"type":'), (3, '[]'), (4, '{"type": "text"}'), (5, '{"properties": {"a": {"minLength": -1}}}'),
	(6, '{"pattern": "(a"}'), (7, '{"pattern": "(a)\\1"}'), (8, '{"pattern": "\\p{L}"}'), (9, '{"pattern": "(a{200}){200}{200}"}'), (10, '{"pattern": "((a{200}){200}){200}"}'), (11, '{"patternProperties": {"[": true}}'),
	(12, '{"$ref": "http://example.com/other.json"}'), (13, '{"$ref": "#/definitions/a"}'), (14, '{"$ref": "#"}'), (15, '{"definitions": {"a": {"anyOf": [{"$ref": "#/definitions/b"}]}, "b": {"allOf": [{"$ref": "#/definitions/a"}]}}}'),
	(16, '{"$schema": "https://json-schema.org/draft/2020-12/schema"}'), (17, '{"exclusiveMinimum": true, "minimum": 1}'), (18, '{"title": "\u0000"}'), (19, repeat('{"not":', 65) || 'true' || repeat('}', 65)),
	(20, '{"title": "' || repeat('x', 1048576) || '"}'), (21, '{"required": true}'), (22, '{"enum": {}}'), (23, '{"items": [{"type": 1}]}'), (24, '{"multipleOf": 0}'), (25, '{"$schema": "http://json-schema.org/draft-07/schema#", "unknown": 1, "format": "none"}')) v(n, schema) ORDER BY n;

-- NULL
SELECT cdp.matches_schema(NULL, '{}'), cdp.matches_schema('{}', NULL), (SELECT count(*) FROM cdp.schema_violations(NULL, '{}'));
-- the null of JSON, and other single values
SELECT d, cdp.matches_schema(d, '{"type": ["null", "integer"], "maximum": 5}') FROM unnest('{"null", 5, 5.0, 6, 1.5, true, "\"a\"", [], "{}"}'::jsonb[]) d;
-- numbers are exact
SELECT cdp.matches_schema('19.99', '{"multipleOf": 0.01}') AS cents, cdp.matches_schema('19.999', '{"multipleOf": 0.01}') AS no_cents,
	cdp.matches_schema('0.3', '{"multipleOf": 0.1}') AS tenths, cdp.matches_schema('9007199254740993', '{"maximum": 9007199254740992}') AS beyond_doubles,
	cdp.matches_schema('1e1000', '{"type": "integer", "multipleOf": 7e-3}') AS large, cdp.matches_schema('12345678901234567890123456789012345678901234567890', '{"const": 1234567890123456789012345678901234567890123456789e1}') AS many_digits,
	cdp.matches_schema(('1' || repeat('0', 100000))::jsonb, '{"multipleOf": 123456789012345678901234567890}') AS huge, cdp.matches_schema('1.0', '{"enum": [1]}') AS one,
	cdp.matches_schema('[1, 1.0]', '{"uniqueItems": true}') AS twice, cdp.matches_schema('[1, true, "1", 0, false, null, [], {}, [1], {"1": 1}]', '{"uniqueItems": true}') AS different;

-- regular expressions are those of ECMA-262
SELECT pattern, left(value, 20) AS value, cdp.matches_schema(to_jsonb(value), jsonb_build_object('pattern', pattern)::text::cdp.json_schema) FROM (VALUES
	('^\d{3}$', '123'), ('^\d{3}$', '१२३'), ('^\w+$', 'a_9'), ('^\w+$', 'é'), ('^\s$', U&'\00A0'), ('^[^\S]$', U&'\2003'), ('^.$', E'\n'), ('^.$', '😀'), ('^[^]$', E'\n'), ('[]', 'a'), ('^a$', E'a\n'), ('a|^b$', 'ba'),
	('^(?:|a)b$', 'b'), ('^()$', ''), ('^x{,3}$', 'x{,3}'), ('^a{1,1000}$', repeat('a', 1000)), ('^a{1,1000}$', repeat('a', 1001)), ('^(ab){300}$', repeat('ab', 300)), ('^(ab){300}$', repeat('ab', 299)),
	('^(?=.*\d)(?!.*x).{3,}$', 'ab1'), ('^(?=.*\d)(?!.*x).{3,}$', 'ax1'), ('(?<!a)b', 'ab'), ('(?<=a)b', 'ab'), ('\bfoo\b', 'a foo.'), ('\bfoo\b', 'afoo'), ('^\u{1F600}$', '😀'), ('^\uD83D\uDE00$', '😀'), ('^(?<year>\d+)$', '2024'), ('^a*?$', 'aa'), ('^\cJ$', E'\n'))
	v(pattern, value);
-- one that would backtrack for ever elsewhere
SELECT cdp.matches_schema(to_jsonb(repeat('a', 5000) || 'b'), '{"pattern": "^(a+)+$"}'), cdp.matches_schema(to_jsonb(repeat('a', 5000)), '{"pattern": "^(a|aa|a*)*c$"}');

-- the schema differs from row to row, and comes again
CREATE TEMP TABLE sj_rule (event text PRIMARY KEY, schema cdp.json_schema);
INSERT INTO sj_rule VALUES ('view', '{"required": ["sku"], "properties": {"sku": {"type": "string", "pattern": "^[a-z]+$"}}}'), ('order', '{"required": ["total"], "properties": {"total": {"type": "number", "minimum": 0}}}'),
	('long', ('{"properties": {' || (SELECT string_agg(format('"p%s": {"type": "integer", "description": "%s"}', i, md5(i::text)), ', ') FROM generate_series(1, 500) i) || '}}')::cdp.json_schema);
SELECT event, count(*) FILTER (WHERE cdp.matches_schema(properties, schema)) AS valid, count(*) FROM sj_rule
JOIN (VALUES ('view', '{"sku": "mug"}'::jsonb), ('order', '{"total": 1.5}'), ('view', '{"sku": "9"}'), ('order', '{"total": -1}'), ('long', '{"p77": 1}'), ('view', '{}'), ('order', '{}'), ('long', '{"p500": "x"}')) e(event, properties) USING (event), generate_series(1, 3) GROUP BY event ORDER BY event;
SELECT event, length(schema::text), pg_column_size(schema) > 1000 AS large FROM sj_rule ORDER BY event;
-- as a variable of PL/pgSQL, whose expressions are kept; as a parameter, and in a constraint
DO $$
DECLARE
	rule record;
	schema cdp.json_schema;
BEGIN
	FOR rule IN SELECT r.event, r.schema FROM sj_rule r WHERE r.event <> 'long' ORDER BY r.event DESC LOOP
		schema := rule.schema;
		RAISE NOTICE '%: % %', rule.event, cdp.matches_schema('{"sku": "mug"}', schema), cdp.matches_schema('{"total": 1}', schema);
	END LOOP;
END $$;
PREPARE sj_matches (jsonb, cdp.json_schema) AS SELECT cdp.matches_schema($1, $2);
EXECUTE sj_matches('1', '{"type": "integer"}');
EXECUTE sj_matches('1', '{"type": "string"}');
CREATE TEMP TABLE sj_order (properties jsonb CHECK (cdp.matches_schema(properties, '{"type": "object", "required": ["total"]}')));
INSERT INTO sj_order VALUES ('{"total": 1}'), (NULL);
INSERT INTO sj_order VALUES ('{"sum": 1}');
-- through its binary form
CREATE FUNCTION pg_temp.through_binary() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/cdp_json_schema.bin';
	same bigint;
BEGIN
	EXECUTE format('COPY sj_rule TO %L (FORMAT binary)', file);
	CREATE TEMP TABLE sj_copy (LIKE sj_rule);
	EXECUTE format('COPY sj_copy FROM %L (FORMAT binary)', file);
	SELECT count(*) INTO same FROM sj_rule r JOIN sj_copy c ON r.event = c.event AND r.schema::text = c.schema::text;
	RETURN same;
END $$;
SELECT pg_temp.through_binary();

-- violations
SELECT * FROM cdp.schema_violations('{"order_id": 7, "total": -1, "currency": "XXX", "products": [{"sku": "mug", "price": 2}, {"price": "2", "note": "x"}], "when": "today", "coupon": null, "a.b": {"c": ""}}',
	'{"type": "object", "required": ["order_id", "email", "products"], "properties": {"order_id": {"type": "string"}, "total": {"minimum": 0}, "currency": {"enum": ["EUR", "USD"]}, "when": {"format": "date-time"},
	"products": {"type": "array", "minItems": 3, "items": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}}, "additionalProperties": false}},
	"a.b": {"properties": {"c": {"minLength": 1}}}}, "additionalProperties": false}');
SELECT * FROM cdp.schema_violations('[1, "a", 2, 2]', '{"uniqueItems": true, "contains": {"type": "null"}, "maxItems": 1, "items": {"anyOf": [{"type": "integer"}, {"const": "b"}]}, "not": {"type": "array"}}');
SELECT * FROM cdp.schema_violations('5', '{"multipleOf": 2, "exclusiveMaximum": 5, "minimum": 5.5, "type": "number", "oneOf": [{}, {}], "if": {"minimum": 1}, "then": {"const": 3}}');
SELECT * FROM cdp.schema_violations('"abc"', '{"maxLength": 2, "pattern": "^b", "format": "email", "type": ["string", "null"]}');
SELECT * FROM cdp.schema_violations('{"a": 1, "bb": 2}', '{"dependencies": {"a": ["c", "d"]}, "propertyNames": {"maxLength": 1}, "minProperties": 3, "properties": {"bb": false}}');
SELECT count(*) FROM cdp.schema_violations('{}', '{}');
-- no rows and false go together; no value of the document is told
SELECT count(*) FILTER (WHERE cdp.matches_schema(d, s::text::cdp.json_schema) <> NOT EXISTS (SELECT FROM cdp.schema_violations(d, s::text::cdp.json_schema))) AS differ,
	count(*) FILTER (WHERE EXISTS (SELECT FROM cdp.schema_violations(d, s::text::cdp.json_schema) v WHERE v.description LIKE '%secret%')) AS told
FROM unnest('{"null", 1, "\"secret\"", "[\"secret\", 1]", "{\"a\": \"secret\", \"b\": [1]}"}'::jsonb[]) d,
	unnest('{true, false, "{\"type\": \"string\"}", "{\"enum\": [1]}", "{\"pattern\": \"x\"}", "{\"properties\": {\"a\": {\"maxLength\": 2}}}", "{\"items\": {\"const\": 5}}", "{\"not\": {}}", "{\"format\": \"date\"}"}'::jsonb[]) s;

-- deep documents and deep schemas
SELECT cdp.matches_schema((repeat('[', 5000) || repeat(']', 5000))::jsonb, '{"type": "array", "items": {"$ref": "#"}}') AS deep,
	cdp.matches_schema((repeat('[', 5000) || '1' || repeat(']', 5000))::jsonb, '{"type": "array", "items": {"$ref": "#"}}') AS not_an_array,
	cdp.matches_schema((repeat('{"a":', 5000) || '{}' || repeat('}', 5000))::jsonb, '{"anyOf": [{"required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}]}') AS two_ways_a_level;
SELECT array_length(path, 1), left(field, 11) AS field, type FROM cdp.schema_violations((repeat('{"a":', 2000) || '1' || repeat('}', 2000))::jsonb, '{"type": "object", "properties": {"a": {"$ref": "#"}}}');
-- many elements
SELECT cdp.matches_schema(jsonb_agg(i), '{"uniqueItems": true, "items": {"type": "integer"}}') AS all_different, cdp.matches_schema(jsonb_agg(i) || '7', '{"uniqueItems": true}') AS one_twice,
	cdp.matches_schema(jsonb_object_agg('k' || i, i), '{"additionalProperties": {"maximum": 100000}, "maxProperties": 100000}') AS many_members FROM generate_series(1, 100000) i;
-- a schema judges schemas
SELECT cdp.matches_schema('{"type": "object", "properties": {"a": {"minLength": 1}}}', '{"$ref": "http://json-schema.org/draft-07/schema#"}');
SELECT * FROM cdp.schema_violations('{"properties": {"a": {"minLength": -1, "type": "text"}}, "required": ["a", "a"]}', '{"$ref": "http://json-schema.org/draft-07/schema#"}');

-- what the planner may do with them
SELECT p.oid::regprocedure, p.provolatile, p.proparallel, p.proisstrict FROM pg_proc p WHERE p.proname IN ('matches_schema', 'schema_violations') AND p.pronamespace = 'cdp'::regnamespace ORDER BY 1;
-- parallel
CREATE TABLE sj_document AS SELECT jsonb_build_object('n', i % 10, 's', 'x' || i) AS d FROM generate_series(1, 20000) i;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM sj_document WHERE cdp.matches_schema(d, '{"properties": {"n": {"maximum": 4}, "s": {"pattern": "^x[0-9]*[02468]$"}}}');
SELECT count(*) FROM sj_document WHERE cdp.matches_schema(d, '{"properties": {"n": {"maximum": 4}, "s": {"pattern": "^x[0-9]*[02468]$"}}}');
DROP TABLE sj_document;
