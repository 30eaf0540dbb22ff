-- Mutable sources: what is kept of an event that is replaced, and where versions stand.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_correct_content ENCODING 'UTF8' TEMPLATE template0;
\c cdp_correct_content
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
SELECT cdp.set_sources('{"crm": {"party": "first", "mutable": true, "version": "updated_at", "keep_corrections": true}}');

-- the context that it had in common with others is kept with it
CREATE TABLE sent AS SELECT '{"ip": "192.0.2.1", "locale": "de-DE", "timezone": "Europe/Berlin", "app": {"name": "shop", "version": "12.1"}, "os": {"name": "Linux", "version": "5.10"},
	"library": {"name": "analytics.js", "version": "2.1.2"}}'::jsonb AS context;
INSERT INTO cdp.inbox (message_id, event, user_id, properties, context, "timestamp", source)
SELECT 'o1', 'Ordered', 'u1', '{"updated_at": 1}', context, '2025-01-01Z', 'crm' FROM sent;
SELECT accepted FROM cdp.refresh();
SELECT context_hash IS NOT NULL AS has_shared FROM cdp_data.event;
INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp", source) VALUES
	('o1', 'Ordered', 'u1', '{"updated_at": 2}', '2025-01-01Z', 'crm'), ('o2', 'Ordered', 'u1', '{"updated_at": 2}', '2025-01-01Z', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp_data.shared_context WHERE context_hash <> 0;
SELECT c.message_id, c.event -> 'context' = s.context AS whole, c.event ? 'context_hash' AS has_hash FROM cdp.correction c, sent s;
-- none stays none
INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp", source) VALUES ('o2', 'Ordered', 'u1', '{"updated_at": 3}', '2025-01-01Z', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT event -> 'context' AS context FROM cdp.correction WHERE message_id = 'o2';

-- calls without properties have their versions in the traits; those of the properties come first
CREATE FUNCTION say(id text, plan text, version jsonb, properties jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, user_id, traits, properties, "timestamp", source)
	VALUES (id, 'identify', 'u2', jsonb_build_object('plan', plan, 'updated_at', version), properties, '2025-01-02Z', 'crm')
$$;
SELECT say('i1', 'first', '5');
SELECT accepted FROM cdp.refresh();
SELECT say('i1', 'earlier', '4'), say('i1', 'later', '7'), say('i1', 'between', '6');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT traits ->> 'plan' AS plan FROM cdp.profiles WHERE traits ? 'plan';
SELECT say('i1', 'not by the trait', '9', '{"updated_at": 1}');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT say('i1', 'by the property', '1', '{"updated_at": 8}');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT traits ->> 'plan' AS plan FROM cdp.profiles WHERE traits ? 'plan';
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_correct_content;
