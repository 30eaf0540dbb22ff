-- cdp_internal.parse_line: a line that may be anything
-- (the _1 output: psql 16 and later take a zero-width character for one of no width)
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- every column, in both spellings
\x
SELECT * FROM cdp_internal.parse_line('{"messageId":"m-1","type":"track","event":"Order Completed","anonymousId":"a-1","userId":"u-7","groupId":"g","previousId":"p",
	"identifiers":{"email":"a@example.com"},"properties":{"total":39.95},"traits":{"age":3},"context":{"ip":"::1"},
	"timestamp":"2026-01-01T10:00:03.000Z","sentAt":"2026-01-01T10:00:02Z","originalTimestamp":"2026-01-01T10:00:00Z","receivedAt":"2026-01-01T10:00:05Z","source":"web"}');
SELECT p IS NOT DISTINCT FROM q AS same, (p).user_id FROM
	(SELECT cdp_internal.parse_line('{"messageId":1,"anonymousId":2,"userId":3,"groupId":4,"previousId":5,"sentAt":"2026-01-01","originalTimestamp":"2026-01-02","receivedAt":"2026-01-03"}') p,
			cdp_internal.parse_line('{"message_id":1,"anonymous_id":2,"user_id":3,"group_id":4,"previous_id":5,"sent_at":"2026-01-01","original_timestamp":"2026-01-02","received_at":"2026-01-03"}') q) s;
SELECT * FROM cdp_internal.parse_line('{"userId":"u","type":');
\x

-- columns that are texts: strings, ids also numbers; null and missing are NULL; escapes and their characters
SELECT n, p.message_id, p.type, p.event, p.anonymous_id, p.user_id, p.source, p.reason, p.detail FROM (VALUES
	(1, '{}'), (2, '{"userId":null,"type":null}'), (3, '{"userId":"","type":" "}'),
	(4, '{"userId":17,"anonymousId":-0,"messageId":12345678901234567890}'), (5, '{"userId":1.50,"anonymousId":1e3,"messageId":-1.5E-2}'),
	(6, '{"userId":true}'), (7, '{"userId":["u"]}'), (8, '{"userId":{}}'), (9, '{"type":1}'), (10, '{"event":false}'), (11, '{"source":{}}'), (12, '{"event":["a"]}'),
	(13, '{"userId":"\u00fc\"\\\/\b\f\n\r\t\ud83d\ude00","\u0074ype":"tr\u0061ck"}'), (14, '{"user\u0049d":"u"}'), (15, '{"USERID":"u","User_Id":"v"}'),
	(16, '{"userId":"a","userId":"b"}'), (17, '{"userId":"a","userId":null}'), (18, '{"userId":null,"userId":"b"}'),
	(19, '{"userId":"a","user_id":"a"}'), (20, '{"userId":"a","user_id":"b"}'), (21, '{"userId":"a","user_id":null}'), (22, '{"user_id":null,"userId":"a"}'), (23, '{"user_id":1,"userId":"1"}'),
	(24, E'\t{ "userId" : "u" }\r\n'), (25, U&'\FEFF{"userId":"u"}'), (26, '{"batch":[{"type":"track"}]}'), (27, '{"batch":"b-1","userId":"u"}')) l (n, line),
	cdp_internal.parse_line(line) p ORDER BY n;

-- columns that are objects, and what is folded into them
SELECT n, p.identifiers, p.properties, p.traits, p.context, p.reason, p.detail FROM (VALUES
	(1, '{"identifiers":{},"properties":{},"traits":{},"context":{}}'), (2, '{"identifiers":null,"properties":null,"traits":null,"context":null}'),
	(3, '{"identifiers":[]}'), (4, '{"properties":"x"}'), (5, '{"traits":1}'), (6, '{"context":true}'),
	(7, '{"properties":{"b":1,"a":[1,2.50,"x",null,true,false,{},[],[[]]],"b":{"c":"d"}}}'),
	(8, '{"name":"Home","category":"Shop"}'), (9, '{"name":"Home","category":null,"properties":{"url":"/"}}'), (10, '{"name":"Home","properties":{"n\u0061me":"own","url":"/"}}'),
	(11, '{"name":["any","thing"],"properties":null}'), (12, '{"integrations":{"All":true},"context":{"ip":"::1"}}'), (13, '{"integrations":{"All":true}}'),
	(14, '{"integrations":{"All":true},"context":{"integrations":{"GA":1}}}'), (15, '{"channel":"web","version":2,"writeKey":null,"context":{"ip":"::1"}}'),
	(16, '{"foo":1,"context":{"_extra":{"bar":2}}}'), (17, '{"context":{"_extra":{"bar":2}}}'), (18, '{"foo":1,"foo":2}'), (19, '{"_extra":1}'), (20, '{"_extra":1,"context":{"_extra":2}}'),
	(21, '{"foo":1,"context":[]}'), (22, '{"":1,"\u00fc":{"deep":[{"er":1}]}}'), (23, '{"context":{"a":{"b":1}},"context":{"c":2}}'), (24, '{"name":"a","name":"b"}')) l (n, line),
	cdp_internal.parse_line(line) p ORDER BY n;

-- times
SELECT n, p."timestamp", p.sent_at, p.reason, p.detail FROM (VALUES
	(1, '{"timestamp":"2026-01-01T10:00:03.123456Z"}'), (2, '{"timestamp":"2026-01-01 10:00:03+01:30","sentAt":" 2026-01-01 "}'), (3, '{"timestamp":""}'), (4, '{"timestamp":" ","sentAt":null}'),
	(5, '{"timestamp":"2026-01-01T23:59:60Z"}'), (6, '{"timestamp":"0001-01-01"}'), (7, '{"timestamp":1767225600}'), (8, '{"sentAt":"yesterday"}'), (9, '{"received_at":"2026-02-30"}'),
	(10, '{"originalTimestamp":"infinity"}'), (11, '{"timestamp":"2026-01-01T10:00:03 Europe/Berlin"}'), (12, '{"timestamp":["2026-01-01"]}')) l (n, line),
	cdp_internal.parse_line(line) p ORDER BY n;

-- what is not one JSON object
CREATE TEMP TABLE malformed (n serial, line text);
INSERT INTO malformed (line) VALUES
	(NULL), (''), ('   '), (E'\t\r\n'), (U&'\FEFF'), (U&'\00A0'),
	('x'), ('null'), ('true'), ('"text"'), ('17'), ('[]'), ('[{"type":"track"}]'),
	('{'), ('}'), ('{}}'), ('{} {}'), ('{},'), ('{"a"}'), ('{"a":}'), ('{"a":1,}'), ('{,"a":1}'), ('{"a":1 "b":2}'), ('{"a":1;"b":2}'), ('{"a"1}'), ('{"a"::1}'),
	('{a:1}'), ('{''a'':1}'), ('{1:1}'), ('{null:1}'), ('{"a":undefined}'), ('{"a":NaN}'), ('{"a":Infinity}'), ('{"a":True}'), ('{"a":nul}'), ('{"a":nullx}'), ('{"a":tru'),
	('{"a":01}'), ('{"a":-}'), ('{"a":+1}'), ('{"a":.5}'), ('{"a":1.}'), ('{"a":1.e5}'), ('{"a":1e}'), ('{"a":1e+}'), ('{"a":0x1F}'), ('{"a":1_000}'), ('{"a":1,000}'), ('{"a":--1}'), ('{"a":-01}'),
	('{"a":1e400}'), ('{"a":1e401}'), ('{"a":1e-401}'), ('{"a":1e00000000000000000000400}'), ('{"a":1e99999999999999999999}'),
	('{"a":["}'), ('{"a":"x}'), ('{"a":"x'), ('{"a":"\x"}'), ('{"a":"\'), ('{"a":"\u12"}'), ('{"a":"\u12g4"}'), ('{"a":"\u"}'), ('{"a":"\u0000"}'), ('{"\u0000":1}'), ('{"a":"\U0041"}'),
	('{"a":"\ud800"}'), ('{"a":"\udc00"}'), ('{"a":"\ud800\ud800"}'), ('{"a":"\udc00\ud800"}'), ('{"a":"\ud800x"}'), ('{"a":"\ud800\n"}'), ('{"a":"\ud800\u0041"}'), ('{"a":"\udbff\udfff"}'),
	(E'{"a":"\x01"}'), (E'{"a":"x\ny"}'), (E'{"a":"x\ty"}'), (E'{"a\n":1}'), (E'{\f"a":1}'), (E'{\u00a0"a":1}'), ('{"a":[1,2}'), ('{"a":{]}'), ('{"a":[1,]}'), ('{"a":[,1]}'), ('{"a":[1 2]}'), ('{"a":[}'),
	('{"a":1} // comment'), ('/* comment */ {}'), ('{"a":1}#'), ('{"a":/**/1}'), ('<event/>'), ('type=track&event=x'), ('a,b,c'), ('{"a":"b"},{"a":"c"}');
-- psql of different releases sees signs without width differently
\pset format unaligned
SELECT n, left(line, 60) AS line, p.reason, p.detail FROM malformed, cdp_internal.parse_line(line) p ORDER BY n;
\pset format aligned

-- the limits, on both sides
SELECT n, length(line), p.reason, p.detail FROM (VALUES
	(1, '{"a":' || repeat('[', 63) || repeat(']', 63) || '}'), (2, '{"a":' || repeat('[', 64) || repeat(']', 64) || '}'), (3, '{"context":' || repeat('{"a":', 62) || '{}' || repeat('}', 63)),
	(4, repeat('{"a":', 64) || '1' || repeat('}', 64)), (5, repeat('{"a":', 65)), (6, repeat('[', 100000)),
	(7, '{"a":' || repeat('9', 1000) || '}'), (8, '{"a":' || repeat('9', 1001) || '}'), (9, '{"a":0.' || repeat('9', 999) || 'e-400}'), (10, '{"a":0.' || repeat('9', 1000) || '}'), (11, '{"a":-' || repeat('9', 1000) || 'e400}'),
	(12, '{"a":"' || repeat('x', 4 * 1024 * 1024 - 8) || '"}'), (13, '{"a":"' || repeat('x', 4 * 1024 * 1024 - 7) || '"}'),
	(14, '{"a":[' || repeat('1,', 2 * 1024 * 1024 - 8) || '1]}'), (15, '{' || repeat('"a":1,', 100000) || '"a":2}')) l (n, line),
	cdp_internal.parse_line(line) p ORDER BY n;
-- the deepest context, the longest numbers: printed and read again
SELECT count(*) FROM unnest(ARRAY['{"x":' || repeat('[', 63) || '1' || repeat(']', 63) || '}', '{"a":0.' || repeat('9', 999) || 'e-400}', '{"a":-' || repeat('9', 1000) || 'e400}']) line,
	cdp_internal.parse_line(line) p WHERE p.context->'_extra' = line::jsonb AND p.context::text::jsonb = p.context;

-- Nothing that the scanner takes does jsonb refuse; apart from its limits, nothing that it refuses does jsonb take;
-- and what comes out is what jsonb makes of it.
CREATE FUNCTION as_jsonb(line text, OUT valid boolean, OUT value jsonb) LANGUAGE plpgsql AS $$
BEGIN
	value := line::jsonb;
	valid := true;
EXCEPTION WHEN OTHERS THEN
	valid := false;
END
$$;
CREATE TEMP TABLE verdict AS
SELECT line, p.reason IS DISTINCT FROM 'invalid_json' AS taken, j.valid, j.value AS expected
FROM malformed, cdp_internal.parse_line(line) p, as_jsonb(line) j WHERE p.reason IS NULL OR p.reason NOT IN ('empty_line', 'line_too_long');
SELECT line, taken, valid FROM verdict WHERE taken <> valid;
-- random documents: pieces of JSON in any order, so that most are nearly right; no exponents that may be above the limit
CREATE FUNCTION random_text(seed int, pieces text[], n int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(pieces[1 + (('x' || substr(md5(seed || '-' || i), 1, 7))::bit(28)::int % cardinality(pieces))], '' ORDER BY i) FROM generate_series(1, n) i
$$;
CREATE TEMP TABLE random_line AS
SELECT random_text(seed, ARRAY['{', '}', '[', ']', '"a"', '"b":', ',', ':', '1', '-', '0', '.5', 'e3', 'true', 'null', '"', '\', 'u0041', '\ud83d', '\ude00', '\n', ' ', 'é', 'x'], 1 + seed % 9) AS line FROM generate_series(1, 3000) seed
UNION ALL
SELECT '{"k":' || random_text(seed, ARRAY['1', '-', '0', '.', '5', 'e', 'E', '+', '00', '9'], 1 + seed % 6) || '}' FROM generate_series(1, 1500) seed
UNION ALL
SELECT '{"k":"' || random_text(seed, ARRAY['\', 'u', '0', 'd', '8', '3', 'c', '"', 'n', 'x', '\ud83d', '\udc00', '\u00', 'é', '/'], 1 + seed % 8) || '"}' FROM generate_series(1, 3000) seed
UNION ALL
SELECT '{"k":[' || random_text(seed, ARRAY['1,', '[', ']', '{"a":', '}', '2', '"b"', ',', 'null', ' '], seed % 8) || ']}' FROM generate_series(1, 3000) seed;
TRUNCATE verdict;
INSERT INTO verdict SELECT line, p.reason IS DISTINCT FROM 'invalid_json', j.valid, j.value
FROM random_line, cdp_internal.parse_line(line) p, as_jsonb(line) j WHERE p.reason IS DISTINCT FROM 'empty_line' AND line !~ '[eE][+-]?[0-9]{3}';
SELECT line, taken, valid FROM verdict WHERE taken <> valid;
SELECT line, p.properties, expected FROM verdict, cdp_internal.parse_line('{"properties":' || line || '}') p
WHERE valid AND jsonb_typeof(expected) = 'object' AND p.properties::text IS DISTINCT FROM expected::text;
-- enough of each kind to mean something
SELECT count(*) FILTER (WHERE valid) > 1000 AS many_valid, count(*) FILTER (WHERE NOT valid) > 3000 AS many_invalid, count(*) FILTER (WHERE jsonb_typeof(expected) = 'object') > 500 AS many_objects FROM verdict;
-- documents that jsonb made: read back the same, with each level's nulls
SELECT count(*), count(*) FILTER (WHERE p.properties = d.document AND p.reason IS NULL) AS same
FROM (SELECT jsonb_build_object('n', n, 'f', n / 7.0, 's', md5(n::text) || chr(n % 1000 + 1) || '"\é', 'b', n % 2 = 0, 'z', NULL, 'a', to_jsonb(ARRAY[n, n + 1]), 'o', jsonb_build_object('k' || n, jsonb_build_array(NULL, n * 1e20, '{}'::jsonb))) AS document
	  FROM generate_series(1, 5000) n) d, cdp_internal.parse_line('{"properties":' || d.document::text || '}') p;

-- times: what is taken is taken as timestamptz takes it, which has no fractions of a leap second or of a minute
CREATE FUNCTION as_time(t text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
	RETURN t::timestamptz;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END
$$;
CREATE TEMP TABLE random_time AS
SELECT DISTINCT random_text(seed, ARRAY['2026-', '1999-', '0001-', '9999-'], 1) || random_text(seed + 9, ARRAY['01-', '02-', '12-', '13-', '00-'], 1) || random_text(seed + 6, ARRAY['01', '28', '29', '30', '31', '00'], 1)
	|| random_text(seed + 7, ARRAY['T', ' '], 1) || random_text(seed + 1, ARRAY['00:', '12:', '23:', '24:'], 1) || random_text(seed + 2, ARRAY['00', '59', '60', '01'], 1) || random_text(seed + 3, ARRAY[':00', ':59', ':60', ':61', ''], 1)
	|| random_text(seed + 4, ARRAY['', '.5', '.123456', '.1234567', '.'], 1) || random_text(seed + 5, ARRAY['', 'Z', '+01', '-0330', '+05:45', '+1', '-15:59', '+16'], 1) AS t
FROM generate_series(1, 3000) seed;
SELECT t, p."timestamp", as_time(t) FROM random_time, cdp_internal.parse_line('{"timestamp":"' || t || '"}') p
WHERE p.reason IS NULL AND p."timestamp" IS DISTINCT FROM as_time(t) AND t !~ '23:59:60[.]'
	AND t !~ '[T ]\d\d:\d\d[.]' -- which timestamptz takes for minutes and seconds
SELECT count(*) FILTER (WHERE p.reason IS NULL) > 200 AS many_taken, count(*) FILTER (WHERE p.reason IS NOT NULL) > 200 AS many_refused FROM random_time, cdp_internal.parse_line('{"timestamp":"' || t || '"}') p;

-- garbage of any characters: no error, a reason for each line
CREATE FUNCTION garbage(seed int, n int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(chr(CASE c % 4 WHEN 0 THEN 1 + c / 4 % 127 WHEN 1 THEN 128 + c / 4 % 1920 WHEN 2 THEN 2048 + c / 4 % 53248 ELSE 65536 + c / 4 % 1048576 END), '')
	FROM (SELECT ('x' || substr(md5(seed || '/' || i), 1, 7))::bit(28)::int AS c FROM generate_series(1, n) i) s
$$;
SELECT count(*), count(*) FILTER (WHERE p.reason IS NOT NULL) AS refused, count(*) FILTER (WHERE p.reason IS NOT NULL AND p.detail IS NULL) AS without_detail
FROM generate_series(1, 5000) seed, LATERAL (SELECT garbage(seed, 1 + seed % 40) AS g) s, cdp_internal.parse_line(g) p;
-- the same as values of every column; then through cdp_internal.onboard, as refresh() does it
CREATE TEMP TABLE garbage_line AS
SELECT seed, jsonb_build_object('messageId', g, 'type', CASE WHEN seed % 11 = 0 THEN g ELSE (ARRAY['track', 'identify', 'group', 'alias', 'page'])[1 + seed % 5] END,
	'event', g, 'anonymousId', g, 'userId', g, 'groupId', g, 'previousId', g, 'source', CASE WHEN seed % 9 = 0 THEN left(g, 8) END,
	'identifiers', jsonb_build_object(CASE WHEN seed % 8 = 0 THEN left(g, 5) ELSE 'x' END, g, 'email', CASE WHEN seed % 6 = 0 THEN g || '@' || g END, 'phone', CASE WHEN seed % 7 = 0 THEN g END),
	'properties', jsonb_build_object(g, g), 'traits', jsonb_build_object('email', CASE WHEN seed % 6 = 1 THEN g END, 'x', g),
	'context', jsonb_build_object('device', jsonb_build_object('id', g, 'type', g, 'adTrackingEnabled', true, 'advertisingId', g),
		'externalIds', CASE WHEN seed % 5 = 0 THEN jsonb_build_array(jsonb_build_object('id', g, 'type', g), g) END), g, g)::text AS line
FROM generate_series(1, 2000) seed, LATERAL (SELECT garbage(seed, 1 + seed % 20) AS g) s;
SELECT p.reason, count(*) FROM garbage_line, cdp_internal.parse_line(line) p GROUP BY 1;
SELECT (o).reason, count(*), count((o).call_type) AS accepted, count((o).detail) AS details, count((o).source) AS sources
FROM (SELECT cdp_internal.onboard((p).type, (p).event, (p).anonymous_id, (p).user_id, (p).group_id, (p).previous_id, (p).identifiers, (p).properties, (p).traits, (p).context,
	(p)."timestamp", (p).sent_at, (p).original_timestamp, (p).received_at, (p).source, timestamptz '2026-03-01Z') AS o
	FROM (SELECT cdp_internal.parse_line(line) AS p FROM garbage_line OFFSET 0) l OFFSET 0) s GROUP BY 1 ORDER BY 1;

DROP FUNCTION as_jsonb, random_text, garbage, as_time;

-- what a \u escape stands for can be written in UTF-8 only
SELECT current_database() AS home \gset
CREATE DATABASE cdp_ingest_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c cdp_ingest_latin1
CREATE EXTENSION cdp;
SELECT * FROM cdp_internal.parse_line('{}');
\echo :LAST_ERROR_SQLSTATE
\c :home
DROP DATABASE cdp_ingest_latin1;
