-- Bodies as libraries send them: every call arrives, its identifiers and traits where they belong, and what was sent
-- can be made again of the log.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_sent ENCODING 'UTF8' TEMPLATE template0;
\c cdp_sent
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();

-- a batch of a library for servers: one time of sending, the time of each call beside it
SELECT cdp.ingest('{"batch":[
 {"timestamp":"2026-11-02T08:00:00.818Z","integrations":{},"type":"identify","userId":"n1","traits":{"email":"Nora@Mail.example","plan":"pro"},"context":{"ip":"192.0.2.4","library":{"name":"analytics-node","version":"3.1.0"}},"anonymousId":"nora-1","messageId":"node-1","_metadata":{"nodeVersion":"v20"}},
 {"timestamp":"2026-11-01T00:00:00.000Z","integrations":{},"event":"Order Completed","type":"track","properties":{"total":3.5},"context":{"library":{"name":"analytics-node","version":"3.1.0"}},"userId":"n1","messageId":"node-2","_metadata":{"nodeVersion":"v20"}},
 {"timestamp":"2026-11-02T08:00:00.819Z","integrations":{},"type":"page","properties":{"url":"http://shop.example/","category":"Docs"},"category":"Docs","name":"Pricing","context":{},"anonymousId":"nora-1","messageId":"node-3"},
 {"timestamp":"2026-11-02T08:00:00.819Z","integrations":{},"type":"screen","properties":{},"name":"Home","context":{},"anonymousId":"nora-1","messageId":"node-4"},
 {"timestamp":"2026-11-02T08:00:00.819Z","integrations":{},"type":"group","traits":{"name":"Initech"},"groupId":"g1","context":{},"userId":"n1","messageId":"node-5"},
 {"timestamp":"2026-11-02T08:00:00.819Z","integrations":{},"userId":"n2","type":"alias","previousId":"n1","context":{},"messageId":"node-6"}],
 "writeKey":"wk","sentAt":"2026-11-02T08:00:01.000Z","receivedAt":"2026-11-02T09:00:01.000Z"}'::jsonb, 'node') AS lines;
-- one call a request, of a browser
SELECT cdp.ingest($${"timestamp":"2026-11-02T08:00:03.999Z","integrations":{},"type":"page","properties":{"path":"/pricing","referrer":"","title":"T","category":"Docs","name":"Pricing"},"category":"Docs","name":"Pricing","context":{"page":{"path":"/pricing"},"userAgent":"UA","locale":"en-US","library":{"name":"analytics.js","version":"next"},"timezone":"UTC"},"messageId":"ajs-1","anonymousId":"w1","writeKey":"k","userId":null,"sentAt":"2026-11-02T08:00:04.037Z","_metadata":{"bundled":["x"],"unbundled":[]}}
{"timestamp":"2026-11-02T08:00:05.000Z","integrations":{"All":true},"type":"identify","userId":"w-u","traits":{"email":"will@mail.example","plan":"free"},"context":{"page":{"path":"/pricing"}},"messageId":"ajs-2","anonymousId":"w1","writeKey":"k","sentAt":"2026-11-02T08:00:05.089Z","_metadata":{"bundled":["x"],"unbundled":[]}}
{"timestamp":"2026-11-02T08:00:06.000Z","integrations":{},"type":"page","properties":{"path":"/"},"context":{},"messageId":"ajs-3","anonymousId":"w1","writeKey":"k","userId":null,"sentAt":"2026-11-02T08:00:06.067Z"}$$, 'web') AS lines;
-- a batch with a time of its own, traits in the context, an original timestamp
SELECT cdp.ingest('{"batch":[
 {"userId":"r1","traits":{"plan":"basic"},"context":{"traits":{"email":"rita@mail.example","plan":"old"},"externalId":[{"type":"crm_id","id":"c1"}],"library":{"name":"rudder","version":"3"}},"type":"identify","channel":"server","originalTimestamp":"2026-11-02T08:00:00.955Z","messageId":"r-1","sentAt":"2026-11-02T08:00:00.955Z"},
 {"userId":"r2","context":{"traits":{"email":"rob@mail.example","plan":"old"}},"type":"identify","originalTimestamp":"2026-11-02T08:00:00.955Z","messageId":"r-2"},
 {"userId":"r1","event":"E","properties":{"a":1},"originalTimestamp":"2026-11-01T00:00:00.000Z","type":"track","context":{"traits":{"phone":"+12015550123"}},"messageId":"r-3"},
 {"type":"merge","mergeProperties":[{"type":"email","value":"rita@mail.example"},{"type":"loyalty","value":"77"}],"messageId":"r-4","originalTimestamp":"2026-11-02T08:00:00.955Z"}],
 "timestamp":"2026-11-02T08:00:01.955Z","sentAt":"2026-11-02T08:00:01.955Z","context":{"app":{"name":"shop"}}}'::jsonb, 'rudder') AS lines;
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT message_id, type, event, "timestamp", original_timestamp, user_id FROM cdp.events ORDER BY event_id;
SELECT identifiers, traits FROM cdp.profiles ORDER BY identifiers;
SELECT group_id, traits FROM cdp.accounts ORDER BY 1;
SELECT message_id, context - '_extra' AS context, context -> '_extra' AS extra FROM cdp.events WHERE message_id IN ('node-1', 'node-3', 'ajs-1', 'r-1', 'r-3') ORDER BY event_id;
-- the timeline can be asked for pages
SELECT q.identifiers FROM cdp.profile_row p JOIN cdp.profiles q USING (profile_id) WHERE cdp.did(p.timeline, 'page: Pricing') ORDER BY 1;
SELECT message FROM cdp.messages WHERE message_id IN ('node-3', 'ajs-1', 'r-4') ORDER BY event_id;

-- types that are not given
DELETE FROM cdp.quarantine;
CREATE TABLE untyped (n serial, line text);
INSERT INTO untyped (line) VALUES ('{"userId":"t","event":"E","traits":{},"groupId":"g"}'), ('{"userId":"t","previousId":"s","groupId":"g"}'), ('{"userId":"t","mergeProperties":[],"groupId":"g"}'),
 ('{"userId":"t","groupId":"g-2","traits":{"name":"Acme"}}'), ('{"userId":"t","name":"About","traits":{}}'), ('{"userId":"t","traits":{"plan":"x"}}'), ('{"userId":"t","context":{"traits":{"plan":"y"}}}'),
 ('{"userId":"t"}'), ('{"userId":"t","type":"TRACK","event":"E"}'), ('{"userId":"t","type":" Identify ","traits":{"a":1}}'), ('{"userId":"t","type":"batch"}');
SELECT cdp.ingest(string_agg(line, E'\n' ORDER BY n), 'untyped') FROM untyped;
SELECT accepted, quarantined FROM cdp.refresh();
SELECT type, event, group_id FROM cdp.events WHERE source = 'untyped' ORDER BY event_id;
SELECT reason, line FROM cdp.quarantine ORDER BY quarantine_id;

-- a call that is not valid costs itself: in text, in kind, in depth; and comes back from quarantine with what its batch said
DELETE FROM cdp.quarantine;
SELECT cdp.ingest('{"sentAt":"2026-11-02T08:00:01Z","batch":[{"userId":"b1","event":"E"}, {"userId":"b2","event":"E\u0000"} ,{"userId":"b3","event":"E\ud800"},7,null,"x",[],{"userId":"b4"},'
 '{"userId":"b5","event":"E","x":' || repeat('[', 200) || repeat(']', 200) || '},{"userId":"b6","event":"E","n":1e999},{"userId":"b7","event":nul},{"batch":[{"userId":"b8","event":"E"}]},'
 '{"userId":"b9","event":"F"}],"context":{"app":"a"}}', 'broken');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT user_id, context FROM cdp.events WHERE source = 'broken' ORDER BY event_id;
SELECT reason, detail, left(line, 120) AS line FROM cdp.quarantine ORDER BY quarantine_id;
UPDATE cdp.quarantine SET line = replace(line, '\u0000', '') WHERE line LIKE '%b2%';
SELECT cdp.replay();
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT user_id, context - '_extra' AS context FROM cdp.events WHERE user_id = 'b2';
-- arrays; batches without calls, with too many, that end nowhere, that are none
DELETE FROM cdp.quarantine;
SELECT cdp.ingest('[{"userId":"c1","event":"E"},{"userId":"c2","event":"E"}]'), cdp.ingest('[{"userId":"c3","event":"E"},{"batch":[{"userId":"c4","event":"E"}]}]'::jsonb), cdp.ingest('"x"'::jsonb), cdp.ingest(NULL::jsonb);
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"batch":[]}', 'edge'), ('[]', 'edge'), (' [ ] ', 'edge'), ('{"batch":[' || repeat('1,', 10000) || '1]}', 'edge'), ('{"batch":[{}', 'edge'), ('{"batch":[{"userId":"c5","event":"E"}],}', 'edge'),
 ('{"batch":[{"userId":"c6","event":"E"},]}', 'edge'), ('{"batch":[,]}', 'edge'), ('{"batch":[{"a":1} {"b":2}]}', 'edge'), ('{"batch":{"a":1},"userId":"c7","event":"E"}', 'edge'), ('{"batch":[1],"batch":[{"userId":"c8","event":"E"}]}', 'edge'),
 ('{"x":"\"batch\":[","userId":"c9","event":"\"batch\""}', 'edge'), (U&'\FEFF{"batch":[{"userId":"c10","event":"E"}]}', 'edge'), ('{"batch":[{"userId":"c11","event":"E"}]} x', 'edge'), ('{"batch":[{"userId":"c12","event":"E","sentAt":null}],"sentAt":"2026-11-02","context":7,"messageId":"whole"}', 'edge');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT user_id, context FROM cdp.events WHERE user_id ~ '^c\d+$' ORDER BY event_id;
SELECT reason, detail, left(line, 70) AS line FROM cdp.quarantine ORDER BY quarantine_id;
-- more calls than a batch of rows may have: it is taken in parts
DELETE FROM cdp.quarantine;
INSERT INTO cdp.inbox_raw (line) SELECT '[' || repeat('0,', 9999) || '0]' FROM generate_series(1, 21);
INSERT INTO cdp.inbox_raw (line) VALUES ('{"userId":"c13","event":"E"}');
SELECT taken, accepted, quarantined FROM cdp.refresh();
DELETE FROM cdp.quarantine;

-- clocks: the time of the sender is corrected by when it sent and when that arrived, and never later than its arrival; what was sent more than a day before it arrived counts as it is
CREATE TABLE clock (n serial, line text);
INSERT INTO clock (line) VALUES
 ('{"timestamp":"2026-11-01T09:00:00Z","sentAt":"2026-11-01T09:00:05Z","receivedAt":"2026-11-01T10:00:06Z"}'), ('{"originalTimestamp":"2026-11-01T09:00:00Z","sentAt":"2026-11-01T09:00:05Z","receivedAt":"2026-11-01T10:00:06Z"}'),
 ('{"timestamp":"2026-11-01T10:00:01Z","originalTimestamp":"2026-11-01T09:00:00Z","sentAt":"2026-11-01T09:00:05Z","receivedAt":"2026-11-01T10:00:06Z"}'),
 ('{"timestamp":"2026-11-02T11:00:00Z","receivedAt":"2026-11-01T10:00:00Z"}'), ('{"timestamp":"2026-11-02T11:00:00Z","sentAt":"2026-11-02T11:00:30Z","receivedAt":"2026-11-01T10:00:00Z"}'),
 ('{"timestamp":"2028-01-01T00:00:00Z","sentAt":"2028-01-01T00:00:30Z","receivedAt":"2026-11-01T10:00:00Z"}'), ('{"timestamp":"2028-01-01T00:00:00Z","receivedAt":"2026-11-01T10:00:00Z"}'),
 ('{"timestamp":"2026-11-01T09:00:10Z","sentAt":"2026-11-01T09:00:05Z","receivedAt":"2026-11-01T10:00:00Z"}'), ('{"timestamp":"1970-01-01T00:01:00Z","sentAt":"1970-01-01T00:02:00Z","receivedAt":"2026-11-01T10:00:00Z"}'),
 ('{"timestamp":"2020-01-01T00:00:01Z","sentAt":"2020-01-01T00:00:02Z"}'), ('{"originalTimestamp":"2020-01-01T00:00:01Z","sentAt":"2020-01-01T00:00:02Z"}'), ('{"timestamp":"1970-01-01T00:00:00Z"}'), ('{"timestamp":"1969-12-31T23:59:59Z"}'),
 ('{"timestamp":1793527203}'), ('{"timestamp":1793527203250}'), ('{"timestamp":"1793527203250000","sentAt":""}'), ('{"timestamp":"20261101T100003.25Z"}'), ('{"timestamp":"yesterday"}'), ('{"timestamp":{}}'), ('{"sentAt":"2026-11-01T10:00:00Z","receivedAt":"2026-11-01T10:00:06Z"}');
SELECT cdp.ingest(string_agg((line::jsonb || jsonb_build_object('userId', 'clock', 'event', 'E' || n))::text, E'\n' ORDER BY n), 'clock') FROM clock;
SELECT accepted, quarantined FROM cdp.refresh();
SELECT n, line, e."timestamp", e.original_timestamp FROM clock LEFT JOIN cdp.events e ON e.event = 'E' || n AND e.user_id = 'clock' ORDER BY n;
SELECT reason, regexp_replace(detail, 'after .*Z', 'after …') AS detail FROM cdp.quarantine ORDER BY quarantine_id;
DELETE FROM cdp.quarantine;
SELECT * FROM cdp.verify();

-- Whatever was sent is made again: messages of random members, in both spellings, as strings, numbers and nulls, with
-- names that collide with ours.
CREATE FUNCTION pick(seed int, salt int, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT choices[1 + ('x' || substr(md5(seed || '/' || salt), 1, 7))::bit(28)::int % cardinality(choices)]
$$;
CREATE TABLE sent AS
SELECT seed, '{' || concat_ws(',',
	pick(seed, 1, '{"\"userId\":\"u\"","\"user_id\":\"u\"","\"userId\":7","\"user_id\":7.50","\"userId\":\"u\",\"user_id\":\"u\"","\"userId\":null,\"user_id\":\"u\"","\"userId\":\" u \"","\"userId\":\"u\",\"anonymousId\":{\"a\":1}","\"user_id\":\"u\",\"anonymousId\":\"\""}'),
	pick(seed, 2, '{"\"type\":\"track\",\"event\":\"E\"","\"type\":\"Track\",\"event\":\" E \"","\"event\":\"E\"","\"type\":\"identify\"","\"type\":\"identify\",\"event\":\"E\"","\"type\":\" IDENTIFY\"","\"type\":\"group\",\"groupId\":\"g\"","\"group_id\":5","\"type\":\"alias\",\"previousId\":\"p\"","\"previousId\":7","\"type\":\"page\"","\"type\":\"screen\",\"event\":\"S\"","\"type\":\"page\",\"name\":\"N\"","\"name\":\"N\"","\"type\":null,\"event\":\"E\"","\"type\":\"merge\",\"mergeProperties\":[{\"type\":\"x\",\"value\":1}]"}'),
	pick(seed, 3, '{"\"messageId\":\"m\"","\"message_id\":\"m\"","\"messageId\":17","\"messageId\":null",NULL,NULL,NULL}'),
	pick(seed, 4, '{"\"properties\":{}","\"properties\":{\"a\":1,\"b\":null}","\"properties\":{\"name\":\"N\",\"category\":\"C\"}","\"properties\":{\"name\":\"M\"}","\"properties\":null",NULL,NULL}'),
	pick(seed, 5, '{"\"name\":\"N\"","\"category\":\"C\"","\"name\":null","\"category\":{\"c\":1}",NULL,NULL}'),
	pick(seed, 6, '{"\"traits\":{}","\"traits\":{\"plan\":\"p\",\"x\":null}","\"traits\":null",NULL,NULL}'),
	pick(seed, 7, '{"\"context\":{}","\"context\":{\"ip\":\"::1\"}","\"context\":{\"_extra\":1}","\"context\":{\"_sent\":{\"userId\":true},\"ip\":1}","\"context\":{\"integrations\":{\"A\":1}}","\"context\":{\"traits\":{\"plan\":\"q\"}}","\"context\":{\"mergeProperties\":[]}","\"context\":null",NULL,NULL}'),
	pick(seed, 8, '{"\"integrations\":{}","\"integrations\":{\"All\":true}","\"integrations\":null","\"integrations\":[1]",NULL}'),
	pick(seed, 9, '{"\"timestamp\":\"2026-11-01T10:00:00.000Z\"","\"timestamp\":\"2026-11-01T10:00:00Z\"","\"timestamp\":\"2026-11-01T10:00:00.123456Z\"","\"timestamp\":1793527203","\"timestamp\":\"\"","\"timestamp\":null","\"originalTimestamp\":\"2026-11-01T10:00:00.000Z\"","\"original_timestamp\":\"2026-11-01T10:00:00.000Z\"","\"originalTimestamp\":1793527203,\"timestamp\":\"2026-11-01T10:00:00.000Z\"",NULL,NULL}'),
	pick(seed, 10, '{"\"sentAt\":\"2026-11-01T10:00:01.000Z\"","\"sent_at\":\"2026-11-01T10:00:01.000Z\"","\"sentAt\":1793527204","\"sentAt\":null",NULL,NULL}'),
	pick(seed, 11, '{"\"receivedAt\":\"2026-11-01T10:00:02.000Z\"","\"received_at\":\"2026-11-01T10:00:02Z\"","\"receivedAt\":null",NULL,NULL}'),
	pick(seed, 12, '{"\"source\":\"line\"","\"source\":null",NULL,NULL}'),
	pick(seed, 13, '{"\"writeKey\":\"k\"","\"_extra\":1","\"_sent\":null","\"batch\":\"b\"","\"x\":null,\"\":[{}]","\"identifiers\":{\"y\":[1,\"z\"]}","\"identifiers\":{}",NULL}')) || '}' AS line
FROM generate_series(1, 6000) seed;
-- the message ids would be the same
UPDATE sent SET line = regexp_replace(line, '"(message_?[iI]d)":("m"|17)', CASE WHEN seed % 2 = 0 THEN '"\1":"m' || seed || '"' ELSE '"\1":' || seed END);
INSERT INTO cdp.inbox_raw (line, source) SELECT line, CASE WHEN seed % 3 = 0 THEN 'sent' END FROM sent ORDER BY seed;
SELECT max(event_id) AS last FROM cdp.events \gset
SELECT taken, accepted, duplicate FROM cdp.refresh();
SELECT reason, detail, count(*) FROM cdp.quarantine GROUP BY 1, 2 ORDER BY 1, 2;
CREATE VIEW arrived AS SELECT s.line::jsonb AS message FROM sent s WHERE NOT EXISTS (SELECT FROM cdp.quarantine q WHERE q.line = s.line);
CREATE VIEW made AS SELECT message FROM cdp.messages WHERE event_id > :last;
SELECT count(*) > 5000 AS many FROM made;
SELECT 'lost' AS what, message FROM (SELECT * FROM arrived EXCEPT ALL SELECT * FROM made) l UNION ALL
SELECT 'invented', message FROM (SELECT * FROM made EXCEPT ALL SELECT * FROM arrived) l LIMIT 6;
-- and so are the bodies of above, with what their batches said
SELECT message FROM cdp.messages WHERE message_id = 'node-1';
SELECT count(*) FROM cdp.verify();

-- lines that are nearly batches: each costs itself, the good one beside it arrives
CREATE FUNCTION nearly(seed int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(pick(seed, i, '{"{","}","[","]","\"batch\":","{\"batch\":[","{\"userId\":\"x\",\"event\":\"E\"}",",",":","\"","\\","1","null"," ","\"sentAt\":","\"2026-11-01\"","{}","]}"}'), '' ORDER BY i) FROM generate_series(1, 1 + seed % 9) i
$$;
DELETE FROM cdp.quarantine;
INSERT INTO cdp.inbox_raw (line, source) SELECT nearly(seed), 'nearly' FROM generate_series(1, 8000) seed;
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"userId":"beside","event":"E"}', 'nearly');
SELECT taken >= 8001 AS none_lost, taken = accepted + quarantined AS sum, accepted > 10 AS some FROM cdp.refresh();
SELECT count(*) FROM cdp.events WHERE user_id = 'beside';
SELECT count(*) FROM cdp.inbox_raw;
\c :origin
DROP DATABASE cdp_sent;
