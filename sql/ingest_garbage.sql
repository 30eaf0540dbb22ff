-- Garbage of all kinds through every inbox: each piece goes to quarantine with a reason, or arrives, and all others do.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_garbage ENCODING 'UTF8' TEMPLATE template0;
\c cdp_garbage
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\set SHOW_CONTEXT never

-- what is wrong in one place of an otherwise right message; %s is where it stands
CREATE TABLE public.garbage (n serial, what text, line text);
INSERT INTO public.garbage (what, line)
SELECT v.what, '{"type": "track", "event": "E", "userId": "u", "messageId": "' || v.what || '", ' || v.part || '}' FROM (VALUES
	('NUL', '"properties": {"a": "x\u0000y"}'), ('NUL in key', '"properties": {"a\u0000": 1}'), ('NUL in id', '"anonymousId": "a\u0000b"'), ('NUL in traits', '"traits": {"a": "\u0000"}'),
	('high surrogate', '"properties": {"a": "\ud800"}'), ('low surrogate', '"properties": {"a": "\udc00x"}'), ('surrogates turned', '"properties": {"a": "\ude00\ud83d"}'), ('surrogate in id', '"anonymousId": "\ud800"'), ('pair', '"properties": {"a": "\ud83d\ude00"}'),
	('half escape', '"properties": {"a": "\u12"}'), ('wrong escape', '"properties": {"a": "\x41"}'), ('line end', '"properties": {"a": "' || chr(9) || '"}'),
	('array for properties', '"properties": [1, 2]'), ('array for traits', '"traits": []'), ('array for context', '"context": [{}]'), ('text for properties', '"properties": "x"'), ('number for traits', '"traits": 5'), ('true for context', '"context": true'), ('text for identifiers', '"identifiers": "x"'),
	('array for id', '"anonymousId": [1]'), ('object for id', '"anonymousId": {"a": 1}'), ('number for id', '"anonymousId": 12345'), ('array for time', '"timestamp": [1]'), ('object for time', '"timestamp": {}'), ('true for time', '"timestamp": true'),
	('year 0', '"timestamp": "0000-01-01T00:00:00Z"'), ('year 1', '"timestamp": "0001-01-01T00:00:00Z"'), ('year 294277', '"timestamp": "294277-01-09T04:00:54Z"'), ('year +294277', '"timestamp": "+294277-01-09T04:00:54Z"'), ('year 9999', '"timestamp": "9999-12-31T23:59:59Z"'), ('BC', '"timestamp": "4713-01-01 BC"'),
	('negative clock', '"timestamp": -1'), ('negative milliseconds', '"timestamp": -1772359200000'), ('negative text', '"timestamp": "-1772359200000"'), ('huge clock', '"timestamp": 1e300'), ('huger clock', '"timestamp": 99999999999999999999999999'), ('clock of 2^63', '"timestamp": 9223372036854775807'), ('infinite time', '"timestamp": "infinity"'), ('no time', '"timestamp": "yesterday"'), ('empty time', '"timestamp": ""'), ('null time', '"timestamp": null'),
	('month 13', '"timestamp": "2026-13-01"'), ('day 30 of February', '"timestamp": "2026-02-30T10:00:00Z"'), ('zone', '"timestamp": "2026-02-03T10:00:00+99:99"'), ('sent in year 0', '"sentAt": "0000-01-01T00:00:00Z"'), ('sent in 294277', '"sentAt": "294277-01-01T00:00:00Z", "timestamp": "2026-03-01T10:00:00Z"'), ('sent before', '"sentAt": "1970-01-01T00:00:00Z", "timestamp": "2026-03-01T10:00:00Z"'), ('received in year 0', '"receivedAt": "0000-01-01T00:00:00Z"'), ('received in 294277', '"receivedAt": "+294277-01-09T04:00:54Z"'), ('original in year 0', '"originalTimestamp": "0000-01-01"'),
	('huge number', '"properties": {"a": 1e400}'), ('a number too huge', '"properties": {"a": 1e200000}'), ('number too small', '"properties": {"a": 1e-20000}'), ('number -0', '"properties": {"a": -0}'), ('number 01', '"properties": {"a": 01}'), ('number .5', '"properties": {"a": .5}'), ('NaN', '"properties": {"a": NaN}'), ('Infinity', '"properties": {"a": -Infinity}'), ('hexadecimal', '"properties": {"a": 0x1F}'),
	('comma', '"properties": {"a": 1,}'), ('comment', '"properties": {} /* x */'), ('quotes', '"properties": {''a'': 1}'), ('no quotes', 'properties: {}'), ('cut off', '"properties": {"a": "x'), ('two values', '"a": 1}{"b": 2'), ('key twice', '"properties": {"a": 1, "a": 2}'), ('field twice', '"userId": "other"'),
	('deep', '"properties": ' || repeat('{"a":', 10000) || '1' || repeat('}', 10000)), ('deep array', '"properties": {"a": ' || repeat('[', 10000) || repeat(']', 10000) || '}'), ('deep and open', '"properties": ' || repeat('[', 10000)), ('deep elsewhere', '"more": ' || repeat('[', 10000) || repeat(']', 10000)), ('deep context', '"context": {"a": ' || repeat('[', 10000) || repeat(']', 10000) || '}'),
	('long text', '"properties": {"a": "' || repeat('x', 10000000) || '"}'), ('long id', '"anonymousId": "' || repeat('x', 10000000) || '"'), ('long key', '"properties": {"' || repeat('k', 1000000) || '": 1}'), ('long trait', '"traits": {"a": "' || repeat('x', 3000000) || '"}'), ('long source', '"source": "' || repeat('s', 1000) || '"'), ('long number', '"properties": {"a": ' || repeat('9', 100000) || '}'),
	('long event', '"event": "' || repeat('e', 100000) || '"'), ('control in event', '"event": "a\u0001b"'), ('number for event', '"event": 5'), ('unknown type', '"type": "trakc"'), ('null type', '"type": null'), ('number for type', '"type": 3'), ('array for type', '"type": ["track"]'), ('many keys', '"properties": {' || (SELECT string_agg(format('"k%s": %s', i, i), ',') FROM generate_series(1, 70000) i) || '}')) AS v (what, part);
INSERT INTO public.garbage (what, line) VALUES ('empty', ''), ('blank', '   '), ('null', 'null'), ('number', '5'), ('text', '"x"'), ('true', 'true'), ('empty object', '{}'), ('empty array', '[]'), ('nested arrays', '[[[]]]'), ('array of numbers', '[1, 2]'), ('empty batch', '{"batch": []}'), ('batch of text', '{"batch": "x"}'), ('batch of junk', '{"batch": [1, null, "x", {}, []]}'),
	('junk', 'GET / HTTP/1.1'), ('open bracket', '{'), ('brackets', repeat('{', 100000)), ('quote', '"'), ('mark alone', chr(65279)), ('marked', chr(65279) || '{"type": "track", "event": "E", "userId": "u", "messageId": "marked"}'), ('xml', '<a>1</a>'), ('csv', 'a,b,c'), ('base64', 'eyJ0eXBlIjogInRyYWNrIn0='), ('escapes', '\\\\\\\"'), ('long junk', repeat('x', 5000000)), ('only minus', '-'), ('batch with one good', '{"batch": [5, {"type": "track", "event": "E", "userId": "u", "messageId": "good of a batch"}, {"type": "track", "event": "E", "userId": "u", "properties": {"a": "\u0000"}}]}');

-- through inbox_raw: a good line before and behind each
INSERT INTO cdp.inbox_raw (line, source) SELECT g.line, 'raw' FROM public.garbage g ORDER BY n;
INSERT INTO cdp.inbox_raw (line, source) SELECT format('{"type": "track", "event": "Good", "userId": "g%s", "messageId": "good %s"}', n, n), 'raw' FROM public.garbage g;
SELECT taken = accepted + quarantined AS all_told, accepted > 0 AS some, duplicate, waiting FROM cdp.refresh();
SELECT count(*) = (SELECT count(*) FROM public.garbage) AS all_good FROM cdp.events WHERE event = 'Good' AND source = 'raw';
-- every row in quarantine has its reason
SELECT g.what, CASE WHEN q.line IS NOT NULL THEN q.reason WHEN e.event_id IS NOT NULL THEN 'accepted' END AS outcome, regexp_replace(q.detail, '[-+]?[0-9]{4,6}-[^ ]* is after .*', 'TIME is after') AS detail
FROM public.garbage g
LEFT JOIN (SELECT DISTINCT ON (q.line, q.reason) q.* FROM cdp.quarantine q WHERE q.source = 'raw') q ON q.line = g.line
LEFT JOIN cdp.events e ON e.message_id = g.what AND e.source = 'raw'
ORDER BY g.n;
-- those that are a batch, call by call
SELECT reason, left(line, 60) AS line FROM cdp.quarantine WHERE line NOT IN (SELECT g.line FROM public.garbage g) ORDER BY quarantine_id;
SELECT message_id FROM cdp.events WHERE message_id IN ('good of a batch', 'marked');
SELECT count(*) FROM cdp.quarantine WHERE reason = 'failed';
SELECT identifiers FROM cdp.profiles WHERE identifiers && '{user_id:u,user_id:other}';

-- through cdp.ingest(text): the same outcomes
CREATE TABLE public.before AS SELECT line, reason FROM cdp.quarantine WHERE source = 'raw';
SELECT sum(cdp.ingest(g.line, 'text')) > 0 AS written FROM public.garbage g;
SELECT taken = accepted + duplicate + quarantined AS all_told FROM cdp.refresh();
SELECT count(*) FROM ((SELECT line, reason FROM public.before WHERE line !~ '^\s*$' EXCEPT SELECT line, reason FROM cdp.quarantine WHERE source = 'text') UNION ALL (SELECT line, reason FROM cdp.quarantine WHERE source = 'text' EXCEPT SELECT line, reason FROM public.before)) d;

-- through cdp.ingest(jsonb), and cdp.inbox: what jsonb and the columns can hold
CREATE FUNCTION public.try_jsonb(line text) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RETURN line::jsonb; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
SELECT count(*) FILTER (WHERE j IS NOT NULL) > 60 AS many, count(*) FILTER (WHERE j IS NULL) > 20 AS others FROM (SELECT public.try_jsonb(line) AS j FROM public.garbage) t;
SELECT sum(cdp.ingest(public.try_jsonb(g.line), 'jsonb')) > 0 AS written FROM public.garbage g;
SELECT taken = accepted + duplicate + quarantined AS all_told, accepted + duplicate > 10 AS some FROM cdp.refresh();
SELECT count(*) FROM cdp.quarantine WHERE source = 'jsonb' AND (reason IS NULL OR reason = 'failed');
INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, traits, context, identifiers, "timestamp", sent_at, received_at, original_timestamp, source) VALUES
	('i1', 'track', 'E', 'u', '[]', NULL, NULL, NULL, now(), NULL, now(), NULL, 'box'), ('i2', 'track', 'E', 'u', NULL, '"x"', NULL, NULL, now(), NULL, now(), NULL, 'box'), ('i3', 'track', 'E', 'u', NULL, NULL, '5', NULL, now(), NULL, now(), NULL, 'box'), ('i4', 'track', 'E', 'u', NULL, NULL, NULL, '[1]', now(), NULL, now(), NULL, 'box'),
	('i5', 'track', 'E', 'u', NULL, NULL, NULL, NULL, '4713-01-01 BC', NULL, now(), NULL, 'box'), ('i6', 'track', 'E', 'u', NULL, NULL, NULL, NULL, '294276-12-31', NULL, now(), NULL, 'box'), ('i7', 'track', 'E', 'u', NULL, NULL, NULL, NULL, 'infinity', NULL, now(), NULL, 'box'), ('i8', 'track', 'E', 'u', NULL, NULL, NULL, NULL, '-infinity', NULL, now(), NULL, 'box'),
	('i9', 'track', 'E', 'u', NULL, NULL, NULL, NULL, '2026-03-01', '-infinity', 'infinity', NULL, 'box'), ('i10', 'track', 'E', 'u', NULL, NULL, NULL, NULL, '2026-03-01', '4713-01-01 BC', '294276-12-31', '4713-01-01 BC', 'box'), ('i11', 'track', 'E', 'u', ('{"a":' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'box'),
	('i12', 'track', 'E', 'u', jsonb_build_object('a', repeat('x', 10000000)), NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'box'), (repeat('m', 10000000), 'track', 'E', 'u', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'box'), ('i14', repeat('t', 1000000), 'E', 'u', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'box'), ('i15', 'track', 'E', repeat('u', 1000000), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'box'), ('i16', 'track', 'E', 'u', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, repeat('s', 100000)), ('good', 'track', 'Good', 'u', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'box');
SELECT taken = accepted + quarantined AS all_told FROM cdp.refresh();
SELECT record ->> 'message_id' AS message_id, reason, regexp_replace(detail, ' is after .*', ' is after') AS detail FROM cdp.quarantine WHERE source = 'box' OR source LIKE 'sss%' ORDER BY quarantine_id;
SELECT length(message_id) AS length, left(message_id, 4) AS message_id, "timestamp" = received_at AS at_arrival FROM cdp.events WHERE source = 'box' ORDER BY event_id;
SELECT count(*) FROM cdp.quarantine WHERE reason = 'failed';
-- all comes back to where it was, but for what was an array within an array
CREATE TABLE public.kept AS SELECT coalesce(line, record::text) AS given, reason, source FROM cdp.quarantine WHERE reason <> 'message_id_reused';
SELECT cdp.replay() > 100 AS many;
SELECT taken = accepted + duplicate + quarantined AS all_told FROM cdp.refresh();
SELECT count(*) FROM (SELECT given, reason, source FROM public.kept WHERE reason <> 'too_deep' AND given !~ '^\[' EXCEPT SELECT coalesce(line, record::text), reason, source FROM cdp.quarantine) d;
SELECT count(*) FROM cdp.verify();
\c :origin
DROP DATABASE cdp_garbage;
