-- cdp.verify() compares the messages of the log's events with what is known of them, and says which it could not.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_verify_message ENCODING 'UTF8' TEMPLATE template0;
\c cdp_verify_message
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';

-- whatever the sender says of the time
INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", sent_at, original_timestamp, received_at) VALUES
 ('given', 'track', 'View', 'u1', '{"n": 1.50, "list": [1, {"a": null}]}', '2026-01-01', NULL, NULL, '2026-01-02'),
 ('given, as it was received', 'track', 'View', 'u1', NULL, '2026-01-02', NULL, NULL, '2026-01-02'),
 ('not given', 'track', ' View ', 'u1', NULL, NULL, NULL, NULL, '2026-01-02'),
 ('not received', 'track', 'View', 'u1', NULL, NULL, NULL, NULL, NULL),
 ('sent', NULL, 'View', 'u1', NULL, NULL, '2026-01-01', NULL, '2026-01-02'),
 ('original', 'Track', 'View', 'u1', NULL, NULL, NULL, '2026-01-01', '2026-01-02'),
 ('corrected', 'track', 'View', 'u1', NULL, NULL, '2026-01-01 01:00', '2026-01-01', '2026-01-02'),
 ('both', 'track', 'View', 'u1', NULL, '2026-01-01 02:00', NULL, '2026-01-01', '2026-01-02'),
 (NULL, 'track', 'View', 'u1', NULL, NULL, NULL, NULL, NULL), (' ', 'track', 'View', 'u1', NULL, NULL, NULL, NULL, NULL),
 (' blanks ', 'identify', NULL, 'u1', NULL, '2026-01-01', NULL, NULL, '2026-01-02'),
 ('blocked', 'track', 'View', 'null', NULL, '2026-01-01', NULL, NULL, '2026-01-02');
UPDATE cdp.inbox SET traits = '{"plan": "pro"}', identifiers = '{"email": "U1@example.com"}', context = '{"ip": "10.0.0.1"}' WHERE type = 'identify';
INSERT INTO cdp.inbox_raw (line) VALUES ('{"messageId": "line", "type": "track", "event": "Paid", "userId": 7, "properties": {"total": 9.90}, "timestamp": "2026-01-01T00:00:00.5Z"}'),
 ('{"messageId": "line without a time", "type": "page", "userId": 7}');
SELECT accepted, quarantined FROM cdp.refresh();
SET client_min_messages = notice;
SELECT * FROM cdp.verify();

-- each message alone
CREATE FUNCTION faults_of(id text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cdp_data.message SET content_hash = content_hash # 1 WHERE message_key = cdp_internal.message_key(id);
	RETURN QUERY SELECT regexp_replace(v::text, 'event \d+', 'event') FROM cdp.verify() v;
	UPDATE cdp_data.message SET content_hash = content_hash # 1 WHERE message_key = cdp_internal.message_key(id);
END
$$;
SELECT f.*
FROM (SELECT DISTINCT e.message_id FROM cdp.events e WHERE cdp_internal.message_key(e.message_id) IS NOT NULL) m
CROSS JOIN LATERAL faults_of(m.message_id) f ORDER BY f COLLATE "C";

-- what of an event counts, and what does not
CREATE FUNCTION changed(change text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE cdp_data.event SET %s WHERE message_id = ''given''', change);
	RETURN QUERY SELECT concat_ws(' | ', change, v.stage, v.found) FROM cdp.verify() v;
	RAISE SQLSTATE 'UNDO1';
EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	RETURN;
END
$$;
SELECT c.* FROM unnest(ARRAY['properties = ''{"n": 1.5, "list": [1, {"a": null}]}''', 'properties = ''{"n": 1.5, "list": [1, {"a": 0}]}''', 'properties = NULL', 'previous_id = ''p''',
	'context = ''{"ip": "10.0.0.2"}''', 'sent_at = ''2026-01-03''', 'original_timestamp = ''2026-01-01''', 'original_timestamp = ''2026-01-01 00:00:01''', 'type = ''screen''']) AS s (change)
CROSS JOIN LATERAL changed(s.change) c;

-- what the log lacks cannot be compared
BEGIN;
DELETE FROM cdp_data.event WHERE message_id IN ('both', 'line');
SELECT stage, item FROM cdp.verify() WHERE stage IN ('log', 'message');
SELECT stage, item FROM cdp.verify('user_id:u1') WHERE stage IN ('log', 'message');
SELECT count(*) FROM cdp.restitch(incomplete => true);
SELECT * FROM cdp.verify();
ROLLBACK;

\c :origin
DROP DATABASE cdp_verify_message;
