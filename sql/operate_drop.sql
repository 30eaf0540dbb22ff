-- Months of the log are folded and dropped: what they said stays, and stays exact.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_drop ENCODING 'UTF8' TEMPLATE template0;
\c cdp_drop
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();

\getenv top PG_ABS_SRCDIR
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months

INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, group_id, traits, "timestamp", message_id) VALUES
 ('identify', NULL, NULL, 'qa', NULL, '{"plan":"gold","email":"q@ex.org"}', '2026-01-10Z', 'm1'),
 ('identify', NULL, 'q-1', 'qa', NULL, '{"n":1}', '2026-05-01Z', 'm2'),
 ('track', 'View', 'q-1', NULL, NULL, NULL, '2026-05-02Z', 'm3'),
 ('track', 'Buy', 'a', 'u1', NULL, NULL, '2026-02-01Z', 'm4'),
 ('track', 'Buy', 'a', 'u1', NULL, NULL, '2026-02-02Z', 'm5'),
 ('track', 'View', 'a', NULL, NULL, NULL, '2026-02-03Z', 'm6'),
 ('group', NULL, 'a', 'u1', ' acme ', '{"size":3}', '2026-02-04Z', 'm7');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT month, state, events FROM cdp.drop_events('2026-03-01', dry_run => true);
SELECT month, state, events FROM cdp.drop_events('2026-03-01');
CALL drop_months('2026-03-01');
SELECT month, event_id, events, dropped_at IS NOT NULL AS dropped FROM cdp.folded_month ORDER BY 1;
SELECT count(*) FROM cdp.events;
SELECT i.identifier, b.ids, s.source, b.group_id, b.events, b.first_said_at, b.last_said_at, b.after, b.message_id, b.traits::jsonb, b.timeline
FROM cdp_data.base_row b JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.source s USING (source_id) ORDER BY 1, 5, 8;
SELECT * FROM cdp.drop_events('2026-03-01');
SELECT * FROM cdp.verify();

-- what the months said follows those who part
SELECT cdp.unlink('anonymous_id:q-1', 'user_id:qa');
SELECT identifiers, traits, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT cdp.allow('anonymous_id:q-1', 'user_id:qa');

-- example 31: blocked, shared, and evidence from before all of it, into a month that begins anew
SELECT cdp.set_rules('{"user_id": {"blocked": ["u1"]}}');
SELECT identifiers, events FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"user_id": {"blocked": []}}');
SELECT identifiers, events FROM cdp.profiles ORDER BY 1;
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id) VALUES ('track', 'Buy', 'a', 'u2', '2026-01-01Z', 'm8');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT identifiers, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();
-- a message of a month that is gone is known still
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id) VALUES ('track', 'Buy', 'a', 'u1', '2026-02-01Z', 'm4');
SELECT accepted, duplicate FROM cdp.refresh();
CALL drop_months('2026-03-01');
SELECT month, event_id, events, dropped_at IS NOT NULL AS dropped FROM cdp.folded_month ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT identifiers, links, identifiers_moved, profiles_created, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();

-- what would not be exact is refused
SELECT * FROM cdp.retract(message_ids => '{m5}');
SELECT * FROM cdp.retract(event_ids => '{5}');
SELECT * FROM cdp.retract(source => 'default', since => '2026-02-02Z', until => '2026-02-03Z');
SELECT events FROM cdp.retract(source => 'default', since => '2026-05-02Z', until => '2026-05-03Z');
SELECT cdp.set_trait_rules('{"plan": "first"}');
SELECT cdp.set_trait_rules('{"*": "last"}');
SELECT cdp.set_trait_rules('{"m": "sum", "l": "last"}');
SELECT cdp.set_sources('{"default": {"expires_after": "5 days"}}');
SELECT identifiers, traits, events FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT cdp.set_sources('{"default": {"expires_after": null}}');
SELECT identifiers, traits FROM cdp.profiles ORDER BY 1;
SELECT cdp.set_sources('{"default": {"trust": 9}}');
SELECT * FROM cdp.verify();
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp") VALUES ('identify', 'u7', '{"m": 1, "l": 2}', '2026-03-01Z');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_sources('{"default": {"expires_after": "5 days"}}');
SELECT * FROM cdp.drop_events('2026-04-01');
SELECT cdp.set_sources('{"default": {"expires_after": null}}');
CALL drop_months('2026-04-01');
SELECT cdp.set_sources('{"default": {"expires_after": "5 days"}}');
SELECT * FROM cdp.drop_events(NULL);
SELECT * FROM cdp.drop_events('2200-01-01');
SELECT * FROM cdp.drop_events('2026-01-01', -1);
SELECT * FROM cdp.verify();

-- a correction of an event that is folded is set aside
SELECT cdp.set_sources('{"shop": {"trust": 3, "mutable": true, "version": ["v"]}}');
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES
 ('track', 'Buy', 'u8', '{"v": 1}', '2026-04-01Z', 's1', 'shop'), ('track', 'Buy', 'u8', '{"v": 1}', '2026-05-01Z', 's2', 'shop');
SELECT accepted FROM cdp.refresh();
SELECT state FROM cdp.drop_events('2026-05-01');
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES
 ('track', 'Buy', 'u8', '{"v": 2}', '2026-04-01Z', 's1', 'shop'), ('track', 'Buy', 'u8', '{"v": 2}', '2026-05-01Z', 's2', 'shop'),
 ('track', 'Buy', 'u8', '{"v": 1}', '2026-04-01Z', 's1', 'shop');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
CALL drop_months('2026-05-01');
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES ('track', 'Sell', 'u8', '{"v": 3}', '2026-04-01Z', 's1', 'shop');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT reason, detail, record ->> 'event' AS event FROM cdp.quarantine ORDER BY quarantine_id;
SELECT events FROM cdp.profiles WHERE identifiers = '{user_id:u8}';
SELECT * FROM cdp.verify();

-- rows that come to what was folded by hand stay
INSERT INTO cdp.inbox (type, event, user_id, "timestamp") VALUES ('track', 'Buy', 'u9', '2026-04-03Z');
SELECT accepted FROM cdp.refresh();
SELECT state, events FROM cdp.drop_events('2026-05-01');
INSERT INTO cdp_data.event SELECT (jsonb_populate_record(e, '{"event_id": 1}')).* FROM cdp_data.event e WHERE e."timestamp" = '2026-04-03Z';
SELECT state, events FROM cdp.drop_events('2026-05-01');
DELETE FROM cdp_data.event WHERE event_id = 1;
-- a month that another cluster folded, in a dump, is held by nothing
UPDATE cdp_data.folded_month SET folded_by = '1000000000000' WHERE month = '2026-04-01Z';
CALL drop_months('2026-05-01');
SELECT events, gone FROM cdp.folded_month WHERE month = '2026-04-01Z';

-- what was not carried then is not there; verify says so
SELECT cdp.carry_property('Buy', 'v');
SELECT event, name, folded FROM cdp.carried_property WHERE folded > 0;
SELECT * FROM cdp.verify();
SELECT cdp.drop_property('Buy', 'v');
SELECT * FROM cdp.verify();

-- a month that was detached by hand is never folded over
ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2026_05;
SELECT * FROM cdp.drop_events('2026-06-01');
ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_2026_05 FOR VALUES FROM ('2026-05-01Z') TO ('2026-06-01Z');

-- a random history with dropped months, and the same without
SET history.seed = 's7';
\set history :top '/test/include/history.sql'
\i :history

DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT begin_history();
SELECT count(act(s)) FROM generate_series(1, 45) s;
SELECT * FROM cdp.verify();
SELECT look('whole');

DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT begin_history();
SELECT count(act(s)) FROM generate_series(1, 12) s;
CALL drop_months('2025-05-01');
SELECT count(act(s)) FROM generate_series(13, 24) s;
SELECT count(*) > 0 AS months FROM cdp.drop_events('2025-08-01', 99);
SELECT count(act(s)) FROM generate_series(25, 36) s;
CALL drop_months('2025-09-01');
SELECT count(act(s)) FROM generate_series(37, 40) s;
SELECT count(*) > 0 AS months FROM cdp.drop_events('2025-09-01', 2);
SELECT count(act(s)) FROM generate_series(41, 45) s;
SELECT * FROM cdp.verify();
SELECT look('dropped');
SELECT identifiers, links, identifiers_moved, profiles_created, events_reanchored FROM cdp.restitch();
SELECT look('restitched');
SELECT 'lost' AS what, name, content FROM (SELECT name, content FROM seen WHERE form = 'whole' EXCEPT ALL SELECT name, content FROM seen WHERE form = 'dropped') l;
SELECT 'new' AS what, name, content FROM (SELECT name, content FROM seen WHERE form = 'dropped' EXCEPT ALL SELECT name, content FROM seen WHERE form = 'whole') n;
SELECT 'restitched' AS what, name, content FROM (SELECT name, content FROM seen WHERE form = 'restitched' EXCEPT ALL SELECT name, content FROM seen WHERE form = 'dropped') r;
SELECT name, count(*) > 0 AS filled FROM seen WHERE form = 'dropped' GROUP BY name ORDER BY name;
SELECT sum(events) > 200 AS folded, count(*) FILTER (WHERE dropped_at IS NOT NULL) > 3 AS dropped FROM cdp_data.folded_month;
\c :origin
DROP DATABASE cdp_drop;
