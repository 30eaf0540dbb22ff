-- Messages whose keys were forgotten: events of mutable sources are corrected all the same.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_forgotten_message ENCODING 'UTF8' TEMPLATE template0;
\c cdp_forgotten_message
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
CREATE FUNCTION send(source text, first int, last int, ago interval, total int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (event, user_id, message_id, source, properties, "timestamp", received_at)
	SELECT 'Order Completed', 'u' || i, source || i, source, jsonb_build_object('total', total), now() - ago, now() - ago
	FROM generate_series(first, last) i
$$;
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true}}');
SELECT send('shop', 1, 100, '100 days', 1), send('web', 1, 100, '100 days', 1);
SELECT accepted FROM cdp.refresh();
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT cdp.set_message_memory('30 days');
SELECT send('web', 101, 300, '1 day', 1);
SELECT accepted FROM cdp.refresh();
-- keys of a mutable source stay
SELECT count(*) FILTER (WHERE m.message_key IS NULL) AS forgotten, count(*) AS events, e.source
FROM cdp_data.event e LEFT JOIN cdp_data.message m ON m.message_key = cdp_internal.message_key(e.message_id) GROUP BY e.source ORDER BY 3;
-- so a correction takes the place of an old event
SELECT send('shop', 1, 2, '1 day', 2);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT e.message_id, e.properties ->> 'total' AS total FROM cdp.events e WHERE e.message_id IN ('shop1', 'shop2') ORDER BY 1;

-- a source that becomes mutable later: of a message that came twice, as it was forgotten, the later event is corrected
SELECT cdp.set_message_memory('30 days', refuse_older => false);
SELECT send('web', 5, 5, '1 day', 5);
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_sources('{"web": {"mutable": true}}');
SELECT send('web', 5, 5, '0 days', 6);
SELECT accepted, duplicate FROM cdp.refresh();
SELECT e.message_id, e.properties ->> 'total' AS total FROM cdp.events e WHERE e.message_id = 'web5' ORDER BY 2;
SELECT cdp.set_sources('{"web": {"mutable": false}}');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_forgotten_message;
