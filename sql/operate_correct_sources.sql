-- One message id from several mutable sources: the source that came first has it, in one batch or in several.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_correct_sources ENCODING 'UTF8' TEMPLATE template0;
\c cdp_correct_sources
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set SHOW_CONTEXT never
SELECT cdp.init();
SELECT cdp.set_sources('{"a": {"party": "first", "mutable": true, "version": "v"}, "b": {"party": "first", "mutable": true, "version": "v"}}');
CREATE FUNCTION say(id text, source text, v int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", source)
	VALUES (id, 'track', 'Order', id, jsonb_build_object('v', v), '2025-01-01', source)
$$;
-- one batch
SELECT say('one', s, v) FROM (VALUES (1, 'a', 1), (2, 'b', 9), (3, 'a', 3), (4, 'b', 8), (5, 'a', 2)) r (k, s, v) ORDER BY k;
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
-- a batch each
SELECT say('each', 'a', 1);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT say('each', 'b', 9);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT say('each', 'a', 3);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT say('each', 'b', 8);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT say('each', 'a', 2);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT message_id, source, properties FROM cdp.events ORDER BY 1;
SELECT record ->> 'message_id' AS message_id, record ->> 'source' AS source, record -> 'properties' ->> 'v' AS v, reason FROM cdp.quarantine ORDER BY 1, 2, 3;
SELECT * FROM cdp.verify();
-- a path is of names
SELECT cdp.set_sources('{"a": {"version": ["items", "0"]}}');
SELECT version FROM cdp.sources ORDER BY source;
SELECT cdp.set_sources('{"a": {"version": []}}');
SELECT cdp.set_sources('{"a": {"version": [["v"]]}}');
SELECT cdp.set_sources('{"a": {"version": ["v", null]}}');
SELECT cdp.set_sources('{"a": {"version": {"v": 1}}}');
\c :origin
DROP DATABASE cdp_correct_sources;
