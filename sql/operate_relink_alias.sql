-- The unlink of an alias is withdrawn, or one of its aliases taken back: the others count again, wherever they are
-- anchored: at the later user_id, or at what is stronger than it.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_relink_alias ENCODING 'UTF8' TEMPLATE template0;
\c cdp_relink_alias
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
CREATE FUNCTION alias(id text, earlier text, later text, day int, more jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, user_id, previous_id, identifiers, "timestamp", received_at, source)
	VALUES (id, 'alias', later, earlier, more, timestamptz '2025-01-01 00:00Z' + day * interval '1 day', '2025-06-01', 'web')
$$;
CREATE VIEW links AS
	SELECT a.identifier AS a, b.identifier AS b, l.events, l.aliases, l.first_at, l.last_at, l.message_id
	FROM cdp_data.link l JOIN cdp_data.identifier a ON a.identifier_id = l.a JOIN cdp_data.identifier b ON b.identifier_id = l.b
	WHERE l.aliases > 0 ORDER BY least(a.identifier, b.identifier);
INSERT INTO cdp.inbox (message_id, event, user_id, "timestamp", received_at, source)
SELECT 'seen ' || u, 'Seen', u, '2025-01-01', '2025-06-01', 'web' FROM unnest('{a1,a2,b1,b2,c1,c2}'::text[]) u;
-- the earlier one is the stronger of two, the weaker, and an email is stronger than both
SELECT alias('a' || i, 'a1', 'a2', i), alias('b' || i, 'b2', 'b1', i), alias('c' || i, 'c1', 'c2', i, '{"email": "c@example.com"}') FROM generate_series(1, 3) i;
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"email": {"priority": 1}}');
SELECT e.message_id, i.identifier AS anchor FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) WHERE e.type = 'alias' AND e.message_id LIKE '_1' ORDER BY 1;
SELECT * FROM links;
SELECT events FROM cdp.retract(message_ids => '{a1,b1,c1}');
SELECT * FROM links;
SELECT cdp.unlink('user_id:' || k || '1', 'user_id:' || k || '2') FROM unnest('{a,b,c}'::text[]) k;
SELECT * FROM links;
SELECT cdp.allow('user_id:' || k || '1', 'user_id:' || k || '2') FROM unnest('{a,b,c}'::text[]) k;
SELECT * FROM links;
SELECT * FROM cdp.verify();
SELECT identifiers, links FROM cdp.restitch();
\c :origin
DROP DATABASE cdp_relink_alias;
