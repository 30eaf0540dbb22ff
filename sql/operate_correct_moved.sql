-- Events of mutable sources that get other anchors: what holds of their messages says where they are.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_correct_moved ENCODING 'UTF8' TEMPLATE template0;
\c cdp_correct_moved
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "v"}}');
CREATE FUNCTION say(id text, users text, browser text, v int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, properties, "timestamp", received_at, source)
	VALUES (id, 'track', 'Order', users, browser, jsonb_build_object('v', v), '2025-01-01', '2025-01-01', 'shop')
$$;
-- where the events are, and whether the statements say so
CREATE VIEW places AS
SELECT e.message_id, i.identifier, s.identifier_id = e.identifier_id AS stated
FROM cdp_data.event e JOIN cdp_data.statement s ON s.event_id = e.event_id LEFT JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id;
SELECT say('alone', 'u1', NULL, 1), say('both', 'u1', 'a1', 1), say(' blanks ', 'u2', 'a2', 1);
SELECT accepted FROM cdp.refresh();
SELECT * FROM places ORDER BY 1;
SELECT cdp.set_rules('{"user_id": {"blocked": ["u1"]}}');
SELECT cdp.mark_shared('user_id:u2', true);
SELECT * FROM places ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT say('alone', 'u1', NULL, 2), say('both', 'u1', 'a1', 2), say(' blanks ', 'u2', 'a2', 2);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT cdp.set_rules('{"user_id": {"blocked": []}}');
SELECT cdp.mark_shared('user_id:u2', NULL);
SELECT * FROM places ORDER BY 1;
SELECT cdp.set_rules('{"anonymous_id": {"priority": 1}}');
SELECT * FROM places ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT message_id, properties FROM cdp.events ORDER BY 1;
\c :origin
DROP DATABASE cdp_correct_moved;
