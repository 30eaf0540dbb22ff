-- Rows in quarantine: repaired, sent back, let go, and counted.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_quarantine ENCODING 'UTF8' TEMPLATE template0;
\c cdp_quarantine
SET client_min_messages = notice;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\set SHOW_CONTEXT never
-- the clock of batches stands still, ahead of the server's
UPDATE cdp_data.state SET as_of = date_trunc('day', now()) + interval '34.5 hours';

-- JSON Patch and JSON Merge Patch, as their RFCs have it
SELECT p.document, p.problem FROM (VALUES
	('[{"op": "add", "path": "/b", "value": 2}, {"op": "add", "path": "/c/1", "value": "x"}, {"op": "add", "path": "/c/-", "value": "end"}, {"op": "add", "path": "/c/4", "value": "at the end"}]'),
	('[{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/c/0"}]'), ('[{"op": "replace", "path": "", "value": 5}]'), ('[{"op": "replace", "path": "/c/1", "value": {"n": null}}]'),
	('[{"op": "move", "from": "/o/in", "path": "/a"}, {"op": "copy", "from": "/a", "path": "/o/copy"}]'), ('[{"op": "test", "path": "/a", "value": 1.0}]'), ('[{"op": "test", "path": "/a", "value": "1"}]'),
	('[{"op": "replace", "path": "/x", "value": 1}]'), ('[{"op": "remove", "path": "/c/-1"}]'), ('[{"op": "add", "path": "/c/9", "value": 1}]'), ('[{"op": "add", "path": "/x/y", "value": 1}]'), ('[{"op": "add", "path": "/a/y", "value": 1}]'),
	('[{"op": "remove", "path": "/c/01"}]'), ('[{"op": "add", "path": "/~1~0/", "value": 1}]'), ('[{"op": "add", "path": "/", "value": 1}]'), ('[{"op": "replace", "path": "/o/in", "value": 1}, {"op": "remove", "path": "/nope"}]'),
	('[{"op": "convert", "path": "/s", "to": "number"}, {"op": "convert", "path": "/a", "to": "string"}, {"op": "convert", "path": "/t", "to": "boolean"}]'), ('[{"op": "convert", "path": "/o", "to": "string"}]'), ('[{"op": "convert", "path": "/e", "to": "number"}]'),
	('{"a": null, "o": {"in": {"new": true}}, "c": [1], "n": {"x": null, "y": 1}}'), ('{}')) AS v (changes)
CROSS JOIN LATERAL cdp_internal.patch_document('{"a": 1, "c": [10, 20], "o": {"in": "deep"}, "s": " -1.50e1", "t": "TRUE", "e": "1e9999", "/~": {}}', v.changes::jsonb) p;
-- that of RFC 7396, appendix A
SELECT bool_and(cdp_internal.merge_patch(v.a::jsonb, v.b::jsonb) = v.c::jsonb) FROM (VALUES ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'), ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'), ('{"a":"b"}', '{"a":null}', '{}'), ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
	('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'), ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'), ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'), ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'), ('["a","b"]', '["c","d"]', '["c","d"]'),
	('{"a":"b"}', '["c"]', '["c"]'), ('{"a":"foo"}', 'null', 'null'), ('{"a":"foo"}', '"bar"', '"bar"'), ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'), ('[1,2]', '{"a":"b","c":null}', '{"a":"b"}'), ('{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')) v (a, b, c);

-- rows of all kinds
SELECT cdp.set_plan('shop', '[{"type": "track", "key": "Order", "jsonSchema": {"properties": {"properties": {"required": ["total"], "properties": {"total": {"type": "number"}}}}}}]');
SELECT cdp.set_plan_actions('shop', '{"violations": "quarantine"}');
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, source) VALUES
	('track', 'Order', 'm1', 'u1', '{"total": "5.50"}', 'shop'), ('track', 'Order', 'm2', 'u1', '{"total": "6"}', 'shop'), ('track', 'Order', 'm3', 'u1', '{"total": "n/a"}', 'shop'), ('track', 'Order', 'm4', 'u1', '{"sum": 7}', 'shop'),
	('track', NULL, 'm5', 'u1', '{"name": "Signed Up"}', NULL), ('trakc', 'Order', 'm6', 'u1', '{}', 'web');
SELECT cdp.ingest('{"batch": [{"type": "track", "event": "Order", "userId": "u2", "messageId": "m7", "properties": {"total": "8"}}, {"type": "track", "event": "Order", "userId": "u2", "messageId": "m8", "properties": {"total": 8}}], "context": {"ip": "192.0.2.1"}}
{"type": "track", "event": "Order", "userId": "u2", "messageId": "m9", "properties": {"total": NaN}}
{"type": "track", "event": "Order", "userId": "u2", "messageId": "m10", "properties": {"note": "a\u0000b", "total": 1}}', 'shop');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT quarantine_id, source, reason, coalesce(line, record ->> 'message_id') FROM cdp.quarantine ORDER BY 1;

-- shown before, and then done: twice is once
SELECT quarantine_id, before #> '{properties,total}' AS before, after #> '{properties,total}' AS after, after #> '{batch,0,properties,total}' AS of_batch, problem FROM cdp.preview_repair('[{"op": "convert", "path": "/properties/total", "to": "number"}]', 'plan_violation', 'shop');
SELECT count(*) FROM cdp.preview_repair('{"event": "x"}', source => 'shop', max_rows => 3);
SELECT * FROM cdp.repair('[{"op": "convert", "path": "/properties/total", "to": "number"}]', 'plan_violation', 'shop');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM cdp.repair('[{"op": "convert", "path": "/properties/total", "to": "number"}]', 'plan_violation', 'shop');
SELECT message_id, properties, context FROM cdp.events WHERE message_id IN ('m1', 'm2', 'm7') ORDER BY message_id;
-- renamed, removed, and by a test only where it holds
SELECT * FROM cdp.repair('[{"op": "move", "from": "/properties/sum", "path": "/properties/total"}]', 'plan_violation');
SELECT * FROM cdp.repair('[{"op": "test", "path": "/properties/total", "value": "n/a"}, {"op": "replace", "path": "/properties/total", "value": 0}]', 'plan_violation');
SELECT * FROM cdp.repair('[{"op": "move", "from": "/properties/name", "path": "/event"}]', source => 'default');
SELECT * FROM cdp.repair('{"type": "track"}', quarantine_ids => ARRAY(SELECT q.quarantine_id FROM cdp.quarantine q WHERE q.source = 'web'));
-- a merge patch that changes nothing sends nothing back
SELECT * FROM cdp.repair('{}', source => 'shop');
-- lines that are no JSON, as texts
SELECT * FROM cdp.repair('{"type": "track"}', source => 'shop');
SELECT * FROM cdp.repair('[{"op": "substitute", "text": ": NaN", "with": ": 9"}, {"op": "substitute", "text": "\\u0000", "with": ""}]', source => 'shop');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, type, event, properties FROM cdp.events ORDER BY length(message_id), message_id;
SELECT count(*) FROM cdp.quarantine;
-- a record that the inbox does not take, and one that is cut
INSERT INTO cdp.inbox (type, message_id, user_id, source) VALUES ('track', 'n1', 'u1', 'web'), ('track', 'n2', 'u1', 'web');
SELECT quarantined FROM cdp.refresh();
UPDATE cdp.quarantine SET cut = true WHERE record ->> 'message_id' = 'n2';
SELECT * FROM cdp.repair('{"event": "E", "timestamp": "soon"}', source => 'web');
SELECT * FROM cdp.repair('[{"op": "replace", "path": "", "value": [1]}]', source => 'web');
SELECT * FROM cdp.repair('{"event": "E"}', source => 'web');
SELECT reason, cut FROM cdp.quarantine;
SELECT accepted FROM cdp.refresh();
-- by a function of one's own
INSERT INTO cdp.inbox (type, message_id, user_id, source) VALUES ('track', 'n3', 'u1', 'web');
SELECT quarantined FROM cdp.refresh();
UPDATE cdp.quarantine SET record = jsonb_set(record, '{event}', to_jsonb(upper(record ->> 'message_id'))) WHERE reason = 'missing_event' AND NOT cut;
SELECT cdp.replay('missing_event'), cdp.replay('missing_event');
SELECT accepted FROM cdp.refresh();
SELECT event FROM cdp.events WHERE message_id = 'n3';

-- rates: of this hour, and of hours before
SELECT period = (SELECT date_trunc('hour', s.as_of, 'UTC') FROM cdp_data.state s) AS now, source_name, reason, quarantined, taken, share FROM cdp.quarantine_rates('hour') ORDER BY 2, 3;
UPDATE cdp_data.source SET last_at = last_at - interval '50 hours' WHERE source = 'web';
UPDATE cdp_data.quarantine_hour SET hour = hour - interval '50 hours' WHERE source = 'web';
INSERT INTO cdp.inbox (type, event, user_id, source) VALUES ('track', NULL, 'u1', 'web'), ('track', 'E', 'u1', 'web'), ('track', 'E', 'u1', 'web'), ('track', NULL, 'u1', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT round(extract(epoch FROM (SELECT date_trunc('hour', s.as_of, 'UTC') FROM cdp_data.state s) - period) / 3600) AS hours_ago, reason, quarantined, taken, share FROM cdp.quarantine_rates('hour', source => 'web') ORDER BY 1 DESC, 2;
SELECT count(DISTINCT period) AS days, sum(quarantined) AS quarantined FROM cdp.quarantine_rates('day', source => 'web');
SELECT reason, quarantined, taken, share FROM cdp.quarantine_rates('day', since => now() - interval '10 minutes', source => 'web');
SELECT count(*) FROM cdp.quarantine_rates(until => now() - interval '30 days');
SELECT s.source, sum(r.quarantined) = s.quarantined AS all_counted FROM cdp.sources s LEFT JOIN cdp.quarantine_rates() r ON r.source_name = s.source GROUP BY s.source, s.quarantined ORDER BY 1;
SELECT cdp.quarantine_rates('week');

-- retention: of a source, of all others
INSERT INTO cdp.inbox (type, user_id, source) SELECT 'track', 'u1', s FROM unnest('{web,app,NULL,shop}'::text[]) s;
SELECT quarantined FROM cdp.refresh();
UPDATE cdp.quarantine SET quarantined_at = now() - interval '10 days' WHERE NOT cut;
SELECT cdp.set_quarantine_retention('30 days'), cdp.set_quarantine_retention('5 days', 'app');
SELECT taken FROM cdp.refresh();
SELECT coalesce(source, '-') AS source, count(*) FROM cdp.quarantine GROUP BY 1 ORDER BY 1;
SELECT cdp.set_quarantine_retention('9 days', 'default'), cdp.set_quarantine_retention('3 days'), cdp.set_quarantine_retention('90 days', 'web');
SELECT taken FROM cdp.refresh();
SELECT coalesce(source, '-') AS source, count(*) FROM cdp.quarantine GROUP BY 1 ORDER BY 1;
SELECT source, keep, expired FROM cdp.quarantine_retention ORDER BY 1;
-- a source that was never seen is noticed
SELECT cdp.set_quarantine_retention('1 day', 'apq');
SELECT cdp.set_quarantine_retention(NULL, 'apq');
SELECT cdp.set_quarantine_retention(NULL), cdp.set_quarantine_retention(NULL, 'web'), cdp.set_quarantine_retention(NULL, 'app'), cdp.set_quarantine_retention(NULL, 'default');
SELECT count(*) FROM cdp.quarantine_retention;
SELECT count(*) FROM cdp.verify();

-- what is refused
SELECT cdp.repair(NULL, 'failed');
SELECT cdp.repair('5', 'failed');
SELECT cdp.repair('{}');
SELECT cdp.repair('[5]', 'failed');
SELECT cdp.repair('[{"op": "del", "path": "/a"}]', 'failed');
SELECT cdp.repair('[{"op": "remove", "path": "a"}]', 'failed');
SELECT cdp.repair('[{"op": "remove"}]', 'failed');
SELECT cdp.repair('[{"op": "remove", "path": "/a", "value": 1}]', 'failed');
SELECT cdp.repair('[{"op": "convert", "path": "/a", "to": "date"}]', 'failed');
SELECT cdp.repair('[{"op": "move", "from": "/a", "path": "/a/b"}]', 'failed');
SELECT cdp.repair('[{"op": "remove", "path": ""}]', 'failed');
-- of a line that is no object, to where it is
SELECT (cdp_internal.patch_document('5', '[{"op": "move", "from": "", "path": ""}]')).*;
SELECT length((cdp_internal.patch_document('{}', jsonb_build_array(jsonb_build_object('op', 'remove', 'path', repeat('/a', 1000))))).problem);
SELECT cdp.repair('[{"op": "remove", "path": "/a"}, {"op": "substitute", "text": "a", "with": "b"}]', 'failed');
SELECT cdp.set_quarantine_retention('1 month');
SELECT cdp.set_quarantine_retention('-1 day');
SELECT cdp.set_quarantine_retention('1 day', 'a' || chr(1));

-- analysts see rates and counts, and no row, whatever they try; stewards see and repair
CREATE ROLE cdp_quarantine_analyst;
CREATE ROLE cdp_quarantine_steward;
CREATE ROLE cdp_quarantine_writer;
SELECT cdp.grant_access('cdp_quarantine_analyst', 'analyst'), cdp.grant_access('cdp_quarantine_steward', 'steward'), cdp.grant_access('cdp_quarantine_writer', 'writer');
GRANT CREATE ON SCHEMA public TO cdp_quarantine_analyst;
INSERT INTO cdp.inbox (type, user_id, properties, source) VALUES ('track', 'secret-user', '{"secret": "s3cret"}', 'web');
SELECT quarantined FROM cdp.refresh();
SET ROLE cdp_quarantine_analyst;
SELECT count(*) > 0 AS rates FROM cdp.quarantine_rates();
SELECT count(*) FROM cdp.quarantine_retention;
SELECT * FROM cdp.quarantine;
SELECT reason FROM cdp.quarantine;
SELECT * FROM cdp_data.quarantine;
SELECT count(*) FROM cdp_data.quarantine q WHERE q::text ~ 's3cret';
COPY cdp_data.quarantine TO STDOUT;
UPDATE cdp.quarantine SET cut = false;
DELETE FROM cdp.quarantine;
SELECT cdp.replay();
SELECT cdp.repair('{"event": "E"}', source => 'web');
SELECT * FROM cdp.preview_repair('{"event": "E"}', source => 'web');
SELECT cdp.set_quarantine_retention('1 hour');
SELECT cdp_internal.expire_quarantine();
SELECT example FROM cdp.rejected_value;
CREATE FUNCTION public.peek() RETURNS SETOF text LANGUAGE sql AS 'SELECT q::text FROM cdp_data.quarantine q';
CREATE VIEW public.peek AS SELECT * FROM cdp_data.quarantine;
SELECT most_common_vals FROM pg_stats WHERE tablename = 'quarantine' AND attname IN ('record', 'line', 'detail');
SET ROLE cdp_quarantine_writer;
SELECT * FROM cdp.quarantine;
SELECT * FROM cdp.quarantine_rates();
SELECT cdp.repair('{"event": "E"}', source => 'web');
SET ROLE cdp_quarantine_steward;
SELECT record #>> '{properties,secret}' FROM cdp.quarantine WHERE record ->> 'user_id' = 'secret-user';
SELECT * FROM cdp.repair('{"event": "E"}', source => 'web');
SELECT cdp.set_quarantine_retention('30 days'), cdp.set_quarantine_retention('30 days', 'apq');
RESET ROLE;
SELECT cdp.revoke_access('cdp_quarantine_analyst', 'analyst'), cdp.revoke_access('cdp_quarantine_steward', 'steward'), cdp.revoke_access('cdp_quarantine_writer', 'writer');
DROP OWNED BY cdp_quarantine_analyst;
DROP ROLE cdp_quarantine_analyst;
DROP ROLE cdp_quarantine_steward;
DROP ROLE cdp_quarantine_writer;
\c :origin
DROP DATABASE cdp_quarantine;
