-- What cdp.repair() makes of rows is bounded: a row that would be too large or too deep stays, with the reason, and the
-- others are repaired.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_repair_limits ENCODING 'UTF8' TEMPLATE template0;
\c cdp_repair_limits
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
\set SHOW_CONTEXT never
SELECT cdp.init();
INSERT INTO cdp.inbox (type, message_id, user_id, properties, source)
	SELECT 'trakc', 'm' || i, 'u1', jsonb_build_object('a', CASE i WHEN 1 THEN repeat('x', 1000000) ELSE 'x' END), 'shop' FROM generate_series(1, 3) i;
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"type": "track", "a": NaN, "messageId": "l1", "userId": "u1", "event": "e", "properties": {"n": 1e100000}}', 'lines');
SELECT quarantined FROM cdp.refresh();
-- over 64 MB, and over the 1 GB that a text can have
SELECT * FROM cdp.repair(jsonb_build_array(jsonb_build_object('op', 'substitute', 'text', 'x', 'with', repeat('y', 100))), source => 'shop');
SELECT quarantine_id, problem FROM cdp.preview_repair(jsonb_build_array(jsonb_build_object('op', 'substitute', 'text', 'x', 'with', repeat('y', 10000))), source => 'shop') ORDER BY 1;
SELECT problem FROM cdp.preview_repair(jsonb_build_array('{"op": "substitute", "text": "NaN", "with": "1"}'::jsonb, jsonb_build_object('op', 'substitute', 'text', '1', 'with', repeat('1', 20000))), source => 'lines');
-- doubled by each operation
SELECT * FROM cdp.repair((SELECT jsonb_agg(jsonb_build_object('op', 'copy', 'from', '/properties', 'path', '/properties/' || i)) FROM generate_series(1, 60) i), source => 'shop');
-- numbers that are long as text
SELECT problem FROM cdp.preview_repair((SELECT '[{"op": "substitute", "text": "NaN", "with": "1"}]'::jsonb || jsonb_agg(jsonb_build_object('op', 'copy', 'from', '/properties', 'path', '/properties/' || i)) FROM generate_series(1, 10) i), source => 'lines');
-- deep: 64 levels are what a row can have
SELECT problem FROM cdp.preview_repair((repeat('{"a":', 64) || '1' || repeat('}', 64))::jsonb, source => 'shop', max_rows => 1);
SELECT cdp.repair((repeat('{"a":', 65) || '1' || repeat('}', 65))::jsonb, source => 'shop');
SELECT cdp.repair((repeat('{"a":', 5000) || '1' || repeat('}', 5000))::jsonb, source => 'shop');
SELECT cdp.repair(jsonb_build_array(jsonb_build_object('op', 'add', 'path', '/properties/a', 'value', (repeat('[', 65) || repeat(']', 65))::jsonb)), source => 'shop');
-- deeper by each operation
SELECT * FROM cdp.repair('[{"op": "replace", "path": "/type", "value": "track"}, {"op": "add", "path": "/event", "value": "e"}]'::jsonb
	|| (SELECT jsonb_agg(jsonb_build_object('op', 'copy', 'from', '/properties', 'path', '/properties' || repeat('/d', n)) ORDER BY n) FROM generate_series(1, 7) n), source => 'shop');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM cdp.repair('{"type": "track", "event": "e"}', source => 'shop');
SELECT accepted, quarantined FROM cdp.refresh();
-- nothing is lost
SELECT (SELECT count(*) FROM cdp.events), (SELECT count(*) FROM cdp.quarantine);
SELECT reason, detail FROM cdp.quarantine ORDER BY quarantine_id;
-- one that is written by hand, and is too large when it is taken, is in quarantine again, cut
UPDATE cdp.quarantine SET line = '{"type": "track", "event": "e", "userId": "u", "properties": {"a": "' || repeat('x', 70000000) || '"}}';
SELECT cdp.replay();
SELECT accepted, quarantined FROM cdp.refresh();
SELECT reason, detail, cut FROM cdp.quarantine;
\c :origin
DROP DATABASE cdp_repair_limits;
