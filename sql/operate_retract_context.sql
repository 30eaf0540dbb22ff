-- What the contexts of events had in common goes with the last event that names it.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_context ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_context
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\set shared 'SELECT c.events, c.context FROM cdp_data.shared_context c WHERE c.context_hash <> 0 ORDER BY c.context ->> ''userAgent'' COLLATE "C"'
INSERT INTO cdp.inbox (event, user_id, message_id, "timestamp", context)
SELECT 'Seen', 'u' || i % 2, 'm' || i, timestamptz '2026-01-01' + i * interval '1 hour',
	   jsonb_build_object('ip', '10.0.0.' || i, 'userAgent', format('Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/%s', i / 5), 'locale', 'en')
FROM generate_series(0, 9) i;
SELECT accepted FROM cdp.refresh();
:shared;
SELECT events FROM cdp.retract(message_ids => '{m0,m1}');
:shared;
SELECT * FROM cdp.verify();
SELECT events FROM cdp.retract(message_ids => '{m2,m3,m4,m5}');
:shared;
-- one that comes again
INSERT INTO cdp.inbox (event, user_id, message_id, "timestamp", context) VALUES
	('Seen', 'u1', 'm0', '2026-01-01', '{"locale":"en","userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/0"}');
SELECT accepted FROM cdp.refresh();
:shared;
SELECT message_id, context FROM cdp.events ORDER BY event_id;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_retract_context;
