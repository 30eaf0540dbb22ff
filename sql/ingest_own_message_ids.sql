-- Sources that number their messages by themselves: the same ids as those of other sources are other messages.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_own_ids ENCODING 'UTF8' TEMPLATE template0;
\c cdp_own_ids
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp", source) VALUES ('1', 'track', 'u', 'Web view', '2026-11-05Z', 'web'), ('1', 'track', 'u', 'POS purchase', '2026-11-06Z', 'pos'), ('2', 'track', 'u', 'POS refund', '2026-11-07Z', 'pos'),
 (' 3 ', 'track', 'u', 'POS return', '2026-11-07Z', 'pos');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT record ->> 'event' AS event, reason FROM cdp.quarantine;
SELECT cdp.set_sources('{"pos": {"own_message_ids": true}}');
SELECT source, own_message_ids FROM cdp.sources ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT cdp.replay('message_id_reused');
-- a retry is a duplicate, of those before the change too; ids of other sources are free
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp", source) VALUES ('1', 'track', 'u', 'POS purchase', '2026-11-06Z', ' pos '), ('2', 'track', 'u', 'POS refund', '2026-11-07Z', 'pos'), ('3', 'track', 'u', 'POS return', '2026-11-07Z', 'pos'),
 ('2', 'track', 'u', 'Web view', '2026-11-08Z', 'web'), ('2', 'track', 'u', 'other', '2026-11-08Z', 'pos'), ('1', 'track', 'u', 'other', '2026-11-08Z', 'app');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT source, accepted, duplicate, quarantined FROM cdp.sources ORDER BY 1;
SELECT record ->> 'source' AS source, record ->> 'event' AS event, reason FROM cdp.quarantine ORDER BY 1;
SELECT source, message_id, event FROM cdp.events ORDER BY 1, 2;
SELECT * FROM cdp.verify();
-- who names an id names it of all sources; then it is free, for each by itself
SELECT events FROM cdp.retract(message_ids => '{1}');
SELECT source, message_id, event FROM cdp.events ORDER BY 1, 2;
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp", source) VALUES ('1', 'track', 'u', 'Web view', '2026-11-05Z', 'web'), ('1', 'track', 'u', 'POS purchase', '2026-11-06Z', 'pos');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT * FROM cdp.verify();
\set VERBOSITY terse
-- other sources have the ids
SELECT cdp.set_sources('{"pos": {"own_message_ids": false}}');
SELECT events FROM cdp.retract(query => $$ SELECT event_id FROM cdp.events WHERE source = 'web' $$);
SELECT cdp.set_sources('{"pos": {"own_message_ids": null}}');
SELECT * FROM cdp.verify();
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp", source) VALUES ('2', 'track', 'u', 'Web view', '2026-11-08Z', 'web'), ('2', 'track', 'u', 'POS refund', '2026-11-07Z', 'pos');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT cdp.set_sources('{"pos": {"own_message_ids": 1}}');
SELECT cdp.set_sources('{"pos": null}');
-- a mutable source corrects its own messages
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "v", "deleted": "gone"}, "bank": {"party": "first", "mutable": true, "own_message_ids": true}}');
INSERT INTO cdp.inbox (message_id, type, user_id, event, properties, source, "timestamp") VALUES ('order-1', 'track', 'u', 'Order', '{"v": 1, "total": 5}', 'shop', '2026-11-01Z'), ('order-1', 'track', 'u', 'Payment', '{"total": 5}', 'bank', '2026-11-01Z'),
 ('order-1', 'track', 'u', 'Order', '{"v": 2, "total": 6}', 'shop', '2026-11-01Z'), ('order-1', 'track', 'u', 'Payment', '{"total": 6}', 'bank', '2026-11-01Z');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT cdp.set_sources('{"shop": {"own_message_ids": true}}');
INSERT INTO cdp.inbox (message_id, type, user_id, event, properties, source, "timestamp") VALUES ('order-1', 'track', 'u', 'Order', '{"v": 3, "total": 7}', 'shop', '2026-11-01Z'), ('order-1', 'track', 'u', 'Order', '{"v": 2, "total": 6}', 'shop', '2026-11-01Z'), ('order-1', 'track', 'u', 'Payment', '{"total": 7}', 'bank', '2026-11-01Z');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT source, message_id, properties FROM cdp.events WHERE message_id = 'order-1' ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT identifiers_moved, links FROM cdp.restitch();
SELECT * FROM cdp.verify();
-- what has no event in the log keeps the setting as it is
INSERT INTO cdp.inbox (message_id, properties, source) VALUES ('order-1', '{"v": 4, "gone": true}', 'shop');
SELECT accepted, deletions FROM cdp.refresh();
SELECT cdp.set_sources('{"shop": {"own_message_ids": false}}');
SELECT events FROM cdp.retract(message_ids => '{2}', forever => true);
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp", source) VALUES ('2', 'track', 'u', 'POS refund', '2026-11-07Z', 'pos');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT cdp.set_sources('{"pos": {"own_message_ids": true}}');
SELECT cdp.set_sources('{"app": {"keep_events": "1 hour"}}');
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp", source) VALUES ('app-1', 'track', 'u', 'Open', '2026-11-07Z', 'app');
SELECT accepted FROM cdp.refresh();
SELECT source, events FROM cdp.drop_old_events();
SELECT cdp.set_sources('{"app": {"own_message_ids": true}}');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_own_ids;
