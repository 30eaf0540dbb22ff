-- A message id that is used again: for the same content the row is a duplicate, for another it is set aside.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_message_content ENCODING 'UTF8' TEMPLATE template0;
\c cdp_message_content
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\set counts 'taken, accepted, duplicate, quarantined'
\set set_aside 'SELECT quarantine_id, batch_id, source, reason, detail, record ->> ''message_id'' AS message_id, line IS NOT NULL AS is_line FROM cdp.quarantine ORDER BY quarantine_id'

-- other content: a row, and in one batch all but the first
INSERT INTO cdp.inbox (message_id, anonymous_id, event, properties, "timestamp", source) VALUES ('1', 'a', 'View', '{"page": 1}', '2026-01-01', 'web');
SELECT :counts FROM cdp.refresh();
INSERT INTO cdp.inbox (message_id, anonymous_id, event, properties, "timestamp", source) VALUES
 ('1', 'a', 'View', '{"page": 1}', '2026-01-01', 'web'), ('1', 'a', 'View', '{"page": 2}', '2026-01-01', 'web'), (' 1 ', 'a', 'View', '{"page": 1}', '2026-01-01', 'app'),
 ('2', 'b', 'View', '{"page": 1}', '2026-01-01', 'web'), ('2', 'b', 'Open', '{"page": 1}', '2026-01-01', 'app'), ('2', 'b', 'View', '{"page": 1}', '2026-01-01', 'app'), ('2', 'b', 'Open', '{"page": 1}', '2026-01-01', 'web');
SELECT :counts FROM cdp.refresh();
:set_aside;
SELECT source, accepted, duplicate, quarantined FROM cdp.sources ORDER BY source;
SELECT event_id, message_id, event, properties FROM cdp.events ORDER BY event_id;
-- replayed as it is, it comes back; with an id of its own, or without one, it is an event
SELECT cdp.replay('message_id_reused', ARRAY[1]);
SELECT :counts FROM cdp.refresh();
:set_aside;
UPDATE cdp.quarantine SET record = jsonb_set(record, '{message_id}', '"1b"') WHERE quarantine_id = 4;
UPDATE cdp.quarantine SET record = record - 'message_id' WHERE quarantine_id IN (2, 3);
SELECT cdp.replay('message_id_reused');
SELECT :counts FROM cdp.refresh();
SELECT event_id, message_id, event, properties FROM cdp.events ORDER BY event_id;
SELECT * FROM cdp.verify();

-- what makes a content: each of these rows is sent twice, the second time with one thing changed
CREATE TABLE base AS SELECT i.* FROM jsonb_populate_record(NULL::cdp.inbox, '{"type": "track", "event": "Order", "anonymous_id": "x", "user_id": "y", "identifiers": {"crm_id": "c"},
	"properties": {"a": 1, "bb": [1, {"c": null}], "s": "text"}, "traits": {"t": true}, "timestamp": "2026-01-01", "source": "web"}'::jsonb || jsonb_build_object('written_by', current_user)) i;
CREATE FUNCTION outcome_of(first jsonb, second jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	result text;
BEGIN
	INSERT INTO cdp.inbox SELECT (jsonb_populate_record(b, first || '{"message_id": "m"}')).* FROM base b;
	PERFORM cdp.refresh();
	ASSERT EXISTS (SELECT FROM cdp.events WHERE message_id = 'm');
	INSERT INTO cdp.inbox SELECT (jsonb_populate_record(b, first || second || '{"message_id": "m"}')).* FROM base b;
	SELECT * INTO r FROM cdp.refresh();
	result := CASE WHEN r.duplicate = 1 THEN 'duplicate' WHEN r.quarantined = 1 THEN (SELECT q.reason FROM cdp.quarantine q ORDER BY q.quarantine_id DESC LIMIT 1) END;
	RAISE SQLSTATE 'UNDO1';
EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	RETURN result;
END
$$;
SELECT outcome_of(c.first::jsonb, c.second::jsonb) AS outcome, c.first, c.second
FROM (VALUES (1, '{}', '{}'),
 -- another delivery of the message
 (2, '{}', '{"sent_at": "2026-01-02", "received_at": "2026-01-02"}'), (3, '{}', '{"context": {"ip": "10.0.0.1"}}'), (4, '{}', '{"source": "app"}'), (5, '{}', '{"message_id": " m"}'),
 -- another spelling
 (6, '{}', '{"properties": {"s": "text", "bb": [1.00, {"c": null}], "a": 1e0}}'), (7, '{"properties": {"n": 0}}', '{"properties": {"n": -0.000}}'), (8, '{}', '{"type": " Track "}'), (9, '{}', '{"event": " Order "}'),
 (10, '{"type": "track"}', '{"type": null}'), (11, '{"properties": {"n": 120000.50}}', '{"properties": {"n": 1.200005e5}}'),
 (12, '{"properties": {"n": 1}}', '{"properties": {"n": 1.0000000000000000000000000000000000000000000000000000000000000000000000000000000000}}'),
 (13, '{"traits": null}', '{"traits": null}'), (14, '{"original_timestamp": "2026-01-01T00:00:00Z"}', '{"timestamp": "2026-01-03"}'), (15, '{"timestamp": "2026-01-01T01:00:00+01:00"}', '{"timestamp": "2026-01-01T00:00:00Z"}'),
 (16, '{"timestamp": null}', '{"received_at": "2026-01-03"}'), (17, '{}', '{"timestamp": "2026-01-03", "original_timestamp": "2026-01-01"}'),
 -- another content
 (20, '{}', '{"type": "page"}'), (21, '{}', '{"event": "order"}'), (22, '{}', '{"anonymous_id": "X"}'), (23, '{}', '{"user_id": null}'), (24, '{"user_id": null}', '{"user_id": ""}'), (25, '{}', '{"group_id": "g"}'),
 (26, '{}', '{"previous_id": "p"}'), (27, '{"group_id": "g"}', '{"group_id": null, "previous_id": "g"}'), (28, '{}', '{"identifiers": {"crm_id": "d"}}'), (29, '{}', '{"identifiers": null}'),
 (30, '{}', '{"properties": null}'), (31, '{"properties": null}', '{"properties": {}}'), (32, '{"properties": {"q": 1}, "traits": null}', '{"properties": null, "traits": {"q": 1}}'), (33, '{}', '{"traits": {"t": false}}'),
 (34, '{"properties": {"a": 1}}', '{"properties": {"a": "1"}}'), (35, '{"properties": {"a": [1, 2]}}', '{"properties": {"a": [2, 1]}}'), (36, '{"properties": {"a": [[1], 2]}}', '{"properties": {"a": [[1, 2]]}}'),
 (37, '{"properties": {"a": 1}}', '{"properties": {"a": -1}}'), (38, '{"properties": {"a": 10000}}', '{"properties": {"a": 1}}'), (39, '{"properties": {"a": 1e200}}', '{"properties": {"a": 1e204}}'),
 (40, '{"properties": {"a": null}}', '{"properties": {"a": "null"}}'), (41, '{"properties": {"a": {}}}', '{"properties": {"a": []}}'), (42, '{"properties": {"a": "b"}}', '{"properties": {"b": "a"}}'),
 (43, '{}', '{"timestamp": "2026-01-01T00:00:00.000001Z"}'), (44, '{}', '{"timestamp": null}'), (45, '{}', '{"original_timestamp": "2025-12-31"}'), (46, '{"properties": {"a": 0.1}}', '{"properties": {"a": 0.10000000000000001}}'),
 (47, '{"properties": {"a": 1e-300}}', '{"properties": {"a": 1e-301}}'), (48, '{"properties": {"abcdefgh": "i"}}', '{"properties": {"abcdefghi": ""}}')) AS c (number, first, second)
ORDER BY c.number;
-- a large document, which is compressed and stored elsewhere
SELECT outcome_of(d.document, d.document) AS same, outcome_of(d.document, jsonb_set(d.document, '{properties, k4000}', '4001')) AS other
FROM (SELECT jsonb_build_object('properties', jsonb_object_agg('k' || i, i)) AS document FROM generate_series(1, 5000) i) d;

-- without a message id, or with one that says nothing, no row is one or the other
INSERT INTO cdp.inbox (message_id, anonymous_id, event, properties, "timestamp") SELECT m.id, 'n', 'View', jsonb_build_object('n', i), '2026-01-01' FROM (VALUES (NULL), (''), ('null'), ('0')) AS m (id), generate_series(1, 2) i;
SELECT :counts FROM cdp.refresh();

-- a line and a row of one content, in either order; a line of another
SELECT cdp.ingest('{"messageId": "l1", "type": "track", "event": "Paid", "userId": 7, "properties": {"total": 9.90, "items": [{"sku": "a\u0062"}]}, "timestamp": "2026-01-01T00:00:00.5Z", "context": {"ip": "10.0.0.1"}}', 'web');
INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp") VALUES ('l1', 'Paid', '7', '{"items": [{"sku": "ab"}], "total": 9.9}', '2026-01-01 00:00:00.5+00'), ('l2', 'Paid', '7', '{"total": 1}', '2026-01-01 00:00:00+00');
SELECT :counts FROM cdp.refresh();
SELECT cdp.ingest('{"messageId": "l2", "type": "track", "event": "Paid", "userId": "7", "properties": {"total": 1.0}, "originalTimestamp": "2026-01-01T00:00:00.000Z", "sentAt": "2026-01-01T00:01:00Z"}', 'app');
SELECT cdp.ingest('{"messageId": "l2", "type": "track", "event": "Paid", "userId": "7", "properties": {"total": 2}, "timestamp": "2026-01-01T00:00:00.000Z"}', 'app');
INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp") VALUES ('l1', 'Paid', '7', '{"items": [{"sku": "ab"}], "total": 9.91}', '2026-01-01 00:00:00.5+00');
SELECT :counts FROM cdp.refresh();
:set_aside;
-- a repaired line
UPDATE cdp.quarantine SET line = replace(line, '"l2"', '"l2b"') WHERE line IS NOT NULL;
SELECT cdp.replay(quarantine_ids => ARRAY(SELECT quarantine_id FROM cdp.quarantine WHERE line IS NOT NULL));
SELECT :counts FROM cdp.refresh();
SELECT message_id, source FROM cdp.events WHERE message_id = 'l2b';

-- a row that fails is set aside; the others end as without it, the first one first
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.message_id = ''bad'' THEN RAISE data_exception; END IF; RETURN NEW; END';
CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION fault();
INSERT INTO cdp.inbox (message_id, anonymous_id, event, properties, "timestamp")
SELECT CASE WHEN i = 9 THEN 'bad' ELSE 'r' || i % 8 END, 'f' || i % 8, 'View', jsonb_build_object('n', CASE WHEN i IN (13, 30) THEN i ELSE i % 8 END), '2026-01-01' FROM generate_series(0, 31) i;
SELECT :counts FROM cdp.refresh();
SELECT count(*) FROM cdp.events WHERE message_id LIKE 'r_';
SELECT reason, count(*), array_agg(record ->> 'message_id' ORDER BY record ->> 'message_id') FROM cdp.quarantine WHERE record -> 'properties' ? 'n' GROUP BY reason ORDER BY reason;
DROP TRIGGER fault ON cdp_data.event;

-- it is by the key of the installation; of this one it will always be what is printed here
\set fixed 'INSERT INTO cdp.inbox (message_id, anonymous_id, event, properties, "timestamp") VALUES (''fixed'', ''fixed'', ''View'', ''{"n": 12345.678, "s": ["é", true, null]}'', ''2026-01-01 00:00:00+00'')'
BEGIN;
:fixed;
SELECT :counts FROM cdp.refresh();
SELECT content_hash FROM cdp_data.message WHERE message_key = cdp_internal.message_key('fixed') \gset random_
ROLLBACK;
UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
:fixed;
SELECT :counts FROM cdp.refresh();
SELECT content_hash, content_hash = :random_content_hash AS same FROM cdp_data.message WHERE message_key = cdp_internal.message_key('fixed');

\c :origin
DROP DATABASE cdp_message_content;
