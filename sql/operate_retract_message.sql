-- How events are named that are taken back: by messages, also of forgotten keys, and by queries.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_message ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_message
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set SHOW_CONTEXT never
CREATE FUNCTION send(id text, day integer DEFAULT 1, source text DEFAULT 'shop') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id, "timestamp", received_at, source)
	VALUES (id, 'Seen', 'u1', date_trunc('day', now()) - day * interval '1 day', date_trunc('day', now()) - day * interval '1 day', source)
$$;
CREATE VIEW log AS SELECT event_id, message_id, batch_id FROM cdp_data.event;

SELECT cdp.retract(source => 'shop');

-- a query: a text is no number of an event, even if it looks like one, and nothing is rounded
SELECT send('3'), send('2'), send('1');
SELECT accepted FROM cdp.refresh();
SELECT cdp.retract(query => 'SELECT message_id FROM cdp.events');
SELECT cdp.retract(query => 'SELECT 1.5');
SELECT cdp.retract(query => 'SELECT true');
SELECT events FROM cdp.retract(query => 'SELECT NULL::text');
SELECT events FROM cdp.retract(query => 'SELECT FROM cdp.events');
SELECT events FROM cdp.retract(query => 'SELECT NULL::bigint, 1 UNION ALL SELECT event_id, 2 FROM cdp.events WHERE message_id = ''2'' UNION ALL SELECT NULL, 3; -- one');
SELECT events FROM cdp.retract(query => 'VALUES (1::smallint)');
SELECT message_id FROM log ORDER BY 1;

-- an unknown source, near to another and not
SELECT cdp.retract(source => 'shopp');
SELECT cdp.retract(source => 'something else');

-- message ids that mean nothing are passed over
SELECT send('id'), send('4'), send('null');
SELECT accepted FROM cdp.refresh();
SELECT events FROM cdp.retract(message_ids => ARRAY['4', 'id', 'null', '', NULL]);
SELECT message_id FROM log ORDER BY 1;

-- a message whose key is forgotten is found
SELECT count(send('old ' || n, 100)) FROM generate_series(1, 20) n;
SELECT accepted FROM cdp.refresh();
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT cdp.set_message_memory('30 days');
SELECT count(send('new ' || n)) FROM generate_series(1, 300) n;
SELECT accepted FROM cdp.refresh();
SELECT count(send('newer ' || n)) FROM generate_series(1, 300) n;
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp_data.message WHERE message_key = cdp_internal.message_key('old 1');
SELECT events FROM cdp.retract(message_ids => '{old 1,new 1}');
SELECT count(*) FROM log WHERE message_id IN ('old 1', 'new 1');

-- one that came again has a key: it stays, if only the earlier event is taken back
SELECT cdp.set_sources('{"shop": {"mutable": true}}');
SELECT cdp.set_message_memory('30 days', false);
SELECT send('old 2', 100), send('old 3', 100);
SELECT accepted FROM cdp.refresh();
SELECT message_id, count(*) FROM log WHERE message_id IN ('old 2', 'old 3') GROUP BY 1 ORDER BY 1;
SELECT events FROM cdp.retract(query => 'SELECT min(event_id) FROM cdp.events WHERE message_id = ''old 2''');
SELECT l.message_id, l.event_id = s.event_id AS stated FROM log l JOIN cdp_data.message m ON m.message_key = cdp_internal.message_key(l.message_id) AND m.batch_id = l.batch_id
LEFT JOIN cdp_data.statement s USING (message_key) WHERE message_id = 'old 2';
SELECT * FROM cdp.verify();
SELECT send('old 2', 100);
SELECT accepted, duplicate FROM cdp.refresh();
-- by its message both go
SELECT events FROM cdp.retract(message_ids => '{old 3}');
SELECT count(*) FROM cdp_data.message WHERE message_key = cdp_internal.message_key('old 3');
SELECT * FROM cdp.verify();
-- who is in no profile any more cannot be verified, and the error says why
SELECT events, identifiers FROM cdp.retract(source => 'shop');
SELECT * FROM cdp.verify('user_id:u1');
SELECT * FROM cdp.verify(1);
SELECT * FROM cdp.verify('user_id:u2');
\c :origin
DROP DATABASE cdp_retract_message;
