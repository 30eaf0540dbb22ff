-- Finding what cdp.retract() names: by messages and numbers, far and near; and what the log lacks.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_absent ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_absent
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE FUNCTION send(id text, users text, month integer DEFAULT 6, source text DEFAULT 'shop', properties jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp", received_at, source)
	VALUES (id, 'Seen', users, properties, make_date(2024, month, 10), make_date(2024, month, 10), source)
$$;
-- rows of the log that are read to find messages or numbers
CREATE FUNCTION rows_read(what text, OUT events bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
	before bigint := (SELECT sum(pg_stat_get_xact_tuples_returned(i.inhrelid) + pg_stat_get_xact_tuples_fetched(i.inhrelid)) FROM pg_inherits i WHERE i.inhparent = 'cdp_data.event'::regclass);
BEGIN
	EXECUTE format('SELECT count(*) FILTER (WHERE absent IS NULL) FROM cdp_internal.%s', what) INTO events;
	read := (SELECT sum(pg_stat_get_xact_tuples_returned(i.inhrelid) + pg_stat_get_xact_tuples_fetched(i.inhrelid)) FROM pg_inherits i WHERE i.inhparent = 'cdp_data.event'::regclass) - before;
END
$$;

-- a batch of 6,000 events of 3,000 people, and one of 6,000 events of others
SELECT count(send('m' || i, 'u' || i % 3000)) FROM generate_series(1, 6000) i;
SELECT accepted FROM cdp.refresh();
SELECT count(send('n' || i, 'v' || i % 3000, i % 2 + 6)) FROM generate_series(1, 6000) i;
SELECT accepted FROM cdp.refresh();
VACUUM ANALYZE cdp_data.event;
-- a few messages are found at their anchors, many by their batch, and both at once
SELECT events, read < 20 AS few FROM rows_read($$ retract_messages('{m17, " m18 ", n19, n20, not there}') $$);
SELECT events FROM rows_read($$ retract_messages(ARRAY(SELECT 'm' || i FROM generate_series(1, 2000) i)) $$);
SELECT events FROM rows_read($$ retract_messages(ARRAY(SELECT 'm' || i FROM generate_series(1, 2000) i) || '{n1}') $$);
-- numbers, whether they are there or not
SELECT events FROM rows_read($$ retract_numbers(ARRAY(SELECT event_id FROM cdp_data.event WHERE message_id IN ('n1', 'n2', 'n6000')) || '{0, -1, 99999999}') $$);
SELECT events FROM rows_read($$ retract_numbers(ARRAY(SELECT event_id FROM cdp_data.event WHERE message_id ~ '^.[12]' ORDER BY random())) $$), (SELECT count(*) FROM cdp_data.event WHERE message_id ~ '^.[12]') c WHERE events = c.count;
SELECT events FROM cdp.retract(message_ids => '{m17, " m18 ", n19, n20, not there}');
SELECT events FROM cdp.retract(message_ids => '{m17, m18, n19, n20}');

-- one whose event is at another anchor by now
INSERT INTO cdp.inbox (message_id, event, user_id, anonymous_id, "timestamp", received_at, source) SELECT 'a' || i, 'Seen', 'u1', 'a1', '2024-06-11', '2024-06-11', 'shop' FROM generate_series(1, 3) i;
SELECT count(send('b' || i, 'w' || i)) FROM generate_series(1, 500) i;
SELECT accepted FROM cdp.refresh();
SELECT cdp.mark_shared('user_id:u1', true);
SELECT i.identifier, cdp_internal.map_hash(i.identifier) = m.hint AS as_hinted FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.message m ON m.message_key = cdp_internal.message_key(e.message_id) WHERE e.message_id = 'a2';
SELECT events FROM cdp.retract(message_ids => '{a2}');
SELECT count(*) FROM cdp_data.event WHERE message_id = 'a2';
-- one whose identifiers are all blocked
SELECT cdp.set_rules('{"user_id": {"blocked": ["w7"]}}');
SELECT events FROM cdp.retract(message_ids => '{b7}');

-- taken back for good: its message id is used, and has no event
SELECT events FROM cdp.retract(message_ids => '{b8}', forever => true);
SELECT hint FROM cdp_data.message WHERE message_key = cdp_internal.message_key('b8');
SELECT events FROM cdp.retract(message_ids => '{b8}', forever => true);
-- a mutable source: deletions, and what comes back
SELECT cdp.set_sources('{"orders": {"party": "first", "mutable": true, "version": "v", "deleted": "gone"}}');
SELECT count(send('o' || i, 'u' || i, 6, 'orders', '{"v": 1}')) FROM generate_series(1, 3) i;
SELECT accepted FROM cdp.refresh();
SELECT send('o1', 'u1', 6, 'orders', '{"v": 2, "gone": true}'), send('o2', 'u2', 6, 'orders', '{"v": 2, "gone": true}'), send('o3', 'u3000', 6, 'orders', '{"v": 2}'), send('o4', 'u4', 6, 'orders', '{"v": 1, "gone": true}');
SELECT accepted, deletions FROM cdp.refresh();
SELECT send('o2', 'u2500', 6, 'orders', '{"v": 3}'), send('o4', 'u2500', 6, 'orders', '{"v": 3}');
SELECT accepted, deletions FROM cdp.refresh();
SELECT u.id, m.hint IS NOT NULL AS has_event FROM unnest('{o1,o2,o3,o4}'::text[]) AS u (id) JOIN cdp_data.message m ON m.message_key = cdp_internal.message_key(u.id);

-- a month is detached by hand
SELECT send('old', 'u5', 1), send('old order', 'u6', 1, 'orders', '{"v": 1}'), send('old for good', 'u7', 1), send('old visit', 'u8', 1, 'visits'), send('old call', 'u8', 1, 'calls');
SELECT accepted FROM cdp.refresh();
SELECT events FROM cdp.retract(message_ids => '{old for good}', forever => true);
SELECT event_id AS old FROM cdp_data.event WHERE message_id = 'old' \gset
ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2024_01;
-- whose event is there is known by message …
SELECT events FROM cdp.retract(message_ids => '{old, b9}');
SELECT events FROM cdp.retract(message_ids => '{old order}');
SELECT events FROM cdp.retract(message_ids => '{b10, b8, old for good, o1, not there}');
-- … and not by number or source
SELECT events FROM cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp_data.event WHERE message_id = 'b11'));
SELECT events FROM cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp_data.event WHERE message_id = 'b12') || :old);
SELECT events FROM cdp.retract(source => 'orders');
-- nor what of a source could be corrected
SELECT cdp.set_sources('{"shop": {"mutable": true}}');
SELECT cdp.set_sources('{"orders": {"version": "version"}}');
SELECT cdp.set_sources('{"orders": {"deleted": null}, "fresh": {"party": "first", "mutable": true}}');
ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_2024_01 FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
SELECT cdp.set_sources('{"visits": {"mutable": true}}');
SELECT events FROM cdp.retract(message_ids => '{old, b9, old order}');
SELECT * FROM cdp.verify();

-- a month has left the log: what was taken back for good is passed over, what is folded is not, and what is forgotten is not known
SELECT state, events FROM cdp.drop_events('2024-02-01');
SELECT events FROM cdp.retract(message_ids => '{old for good}');
SELECT events FROM cdp.retract(message_ids => '{old visit}');
SELECT state, events FROM cdp.drop_events('2024-02-01');
SELECT events FROM cdp.retract(message_ids => '{old visit, b13}');
SELECT events FROM cdp.retract(message_ids => '{not there, b13}');
-- of what is mutable only now the content is not in the log
SELECT cdp.set_sources('{"calls": {"mutable": true}}');
SELECT send('old visit', 'u8', 1, 'visits', '{"v": 2}'), send('old call', 'u8', 1, 'calls', '{"v": 2}');
SELECT quarantined FROM cdp.refresh();
SELECT source, reason FROM cdp.quarantine ORDER BY source;
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT cdp.set_sources('{"visits": {"mutable": false}}');
SELECT cdp.set_message_memory('30 days', false);
SELECT count(send('new ' || i, 'u' || i)) FROM generate_series(1, 3000) i;
SELECT accepted FROM cdp.refresh();
SELECT count(send('newer ' || i, 'u' || i)) FROM generate_series(1, 3000) i;
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp_data.message WHERE message_key = cdp_internal.message_key('old visit');
SELECT events FROM cdp.retract(message_ids => '{old visit, m1, new 1}');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_retract_absent;
