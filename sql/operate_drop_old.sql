-- Events that their source no longer keeps leave the log: what they said stays, and stays exact.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_drop_old ENCODING 'UTF8' TEMPLATE template0;
\c cdp_drop_old
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months
-- a policy by which the events before a time are to leave, and those from it on for hours yet
CREATE FUNCTION keep_from(source text, at timestamptz) RETURNS void LANGUAGE sql AS $$
	SELECT cdp.set_sources(jsonb_build_object(source, jsonb_build_object('keep_events', (now() - at)::text)))
$$;
\set shown 'd.source, d.state, d.events'
-- each event, where it is
CREATE VIEW places AS
	SELECT (SELECT string_agg(e.message_id, ' ' ORDER BY e.message_id) FROM cdp_data.event e) AS log, (SELECT sum(b.events) FROM cdp_data.base_row b) AS base;

INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, group_id, traits, "timestamp", message_id, source, context) VALUES
 ('identify', NULL, 'q', 'qa', NULL, '{"plan":"gold","email":"q@ex.org"}', '2026-01-10Z', 'a1', 'app', NULL),
 ('track', 'Buy', 'a', 'u1', NULL, NULL, '2026-02-01Z', 'a2', 'app', NULL),
 ('track', 'Buy', 'a', 'u1', NULL, NULL, '2026-02-02Z', 'w1', 'web', '{"app": {"name": "a long name of an app, so that it is shared", "version": "7.3.10002"}, "locale": "de-AT"}'),
 ('track', 'View', 'a', NULL, NULL, NULL, '2026-02-03Z', 'w2', 'web', '{"app": {"name": "a long name of an app, so that it is shared", "version": "7.3.10002"}, "locale": "de-AT"}'),
 ('group', NULL, 'a', 'u1', ' acme ', '{"size":3}', '2026-02-04Z', 'w3', 'web', NULL),
 ('track', 'View', 'b', NULL, NULL, NULL, '2026-02-05Z', 'w4', 'web', '{"app": {"name": "another long name of an app, which is shared too", "version": "7.3.10002"}, "locale": "de-AT"}'),
 ('track', 'View', 'b', NULL, NULL, NULL, '2026-02-06Z', 'w5', 'web', '{"app": {"name": "another long name of an app, which is shared too", "version": "7.3.10002"}, "locale": "de-AT"}'),
 ('track', 'View', 'b', NULL, NULL, NULL, '2026-03-01Z', 'w6', 'web', NULL);
SELECT accepted FROM cdp.refresh();
SELECT context_hash <> 0 AS shares, events FROM cdp_data.shared_context WHERE context_hash <> 0 ORDER BY context;
CREATE TABLE was AS SELECT profile_id, identifiers, traits, events, first_seen, last_seen FROM cdp.profiles;
CREATE VIEW changed AS TABLE was EXCEPT SELECT profile_id, identifiers, traits, events, first_seen, last_seen FROM cdp.profiles;

-- without a policy nothing leaves
SELECT :shown FROM cdp.drop_old_events() d;
SELECT keep_from('web', '2026-02-05 12:00Z');
SELECT source, before BETWEEN '2026-02-05 12:00Z' AND '2026-02-05 15:00Z' AS before, state, events FROM cdp.drop_old_events(dry_run => true);
TABLE places;
SELECT source, before BETWEEN '2026-02-05 12:00Z' AND '2026-02-05 15:00Z' AS before, state, events FROM cdp.drop_old_events();
TABLE places;
SELECT month, event_id, events, gone, dropped_at FROM cdp.folded_month;
SELECT source, keep_events > interval '1 hour' AS keeps, folded_until::date FROM cdp.sources ORDER BY 1;
SELECT i.identifier, s.source, b.group_id, b.events, b.first_said_at, b.message_id, b.traits::jsonb, b.timeline
FROM cdp_data.base_row b JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.source s USING (source_id) ORDER BY 1, 5, 8;
SELECT context_hash <> 0 AS shares, events, context -> 'app' ->> 'name' AS app FROM cdp_data.shared_context WHERE context_hash <> 0 ORDER BY context;
SELECT :shown FROM cdp.drop_old_events() d;
TABLE changed;
SELECT * FROM cdp.verify();
SELECT identifiers, links, identifiers_moved, profiles_created, events_reanchored FROM cdp.restitch();

-- what came late leaves by the next call; what a message said that has left is known still
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id, source) VALUES
 ('track', 'Buy', 'a', 'u2', '2025-12-01Z', 'w7', 'web'), ('track', 'Buy', 'a', 'u2', '2026-02-05 11:00Z', 'w8', 'web'),
 ('track', 'Buy', 'b', NULL, '2026-02-07Z', 'w9', 'web');
INSERT INTO cdp.inbox (type, event, anonymous_id, "timestamp", message_id, source, context)
VALUES ('track', 'View', 'a', '2026-02-03Z', 'w2', 'web', '{"app": {"name": "a long name of an app, so that it is shared", "version": "7.3.10002"}, "locale": "de-AT"}');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT identifiers, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT :shown FROM cdp.drop_old_events(1) d;
TABLE places;
SELECT :shown FROM cdp.drop_old_events(1) d;
SELECT :shown FROM cdp.drop_old_events(1) d;
TABLE places;
SELECT identifiers, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();

-- what they said follows those who part, are blocked, or come together again
SELECT cdp.unlink('anonymous_id:a', 'user_id:u1');
SELECT identifiers, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT cdp.set_rules('{"user_id": {"blocked": ["u1"]}}');
SELECT identifiers, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();
-- one that came after the unlink leaves, too: it says something else than those from before
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id, source) VALUES ('track', 'Buy', 'a', 'u1', '2026-02-04 12:00Z', 'w10', 'web');
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d;
SELECT cdp.set_rules('{"user_id": {"blocked": []}}');
SELECT * FROM cdp.verify();
SELECT cdp.allow('anonymous_id:a', 'user_id:u1');
SELECT identifiers, events, first_seen FROM cdp.profiles ORDER BY 1;
SELECT * FROM cdp.verify();

-- what would not be exact is refused
SELECT * FROM cdp.retract(message_ids => '{w1}');
SELECT * FROM cdp.retract(event_ids => '{3}');
SELECT * FROM cdp.retract(source => 'web', since => '2026-02-02Z', until => '2026-02-03Z');
SELECT events FROM cdp.retract(source => 'web', since => '2026-02-07Z', until => '2026-02-08Z');
SELECT events FROM cdp.retract(message_ids => '{w9}');
-- one that was taken back before is passed over, if nothing later has left
INSERT INTO cdp.inbox (type, event, anonymous_id, "timestamp", message_id, source) VALUES ('track', 'Buy', 'b', '2026-02-07Z', 'w11', 'web');
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d;
SELECT events FROM cdp.retract(event_ids => '{13}');
SELECT events FROM cdp.retract(event_ids => '{13}');
SELECT * FROM cdp.retract(event_ids => '{11}');
SELECT cdp.set_trait_rules('{"size": "max"}');
SELECT cdp.set_trait_rules('{"plan": "first", "n": "sum"}');

-- the traits of a source expire: those of the others leave
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", message_id, source) VALUES
 ('identify', 'u5', '{"n": 5}', '2026-02-01Z', 'l1', 'list'), ('identify', 'u6', '{"n": 6}', '2026-02-01Z', 'x1', 'xlist'), ('identify', 'u7', '{"m": 7}', '2026-02-01Z', 'l2', 'list');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_sources('{"list": {"expires_after": "36000 days"}}');
SELECT keep_from('list', '2026-02-05 12:00Z'), keep_from('xlist', '2026-02-05 12:00Z');
SELECT :shown FROM cdp.drop_old_events(dry_run => true) d;
SELECT :shown FROM cdp.drop_old_events() d;
SELECT cdp.set_sources('{"xlist": {"expires_after": "36000 days"}}');
SELECT cdp.set_sources('{"list": {"expires_after": null}}');
SELECT :shown FROM cdp.drop_old_events() d;
SELECT * FROM cdp.verify();

-- a time at which many happened is not divided
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", message_id, source)
SELECT 'track', 'Load', 'u' || i % 3, timestamptz '2026-01-15Z' + i / 40 * interval '1 hour', 'z' || i, 'bulk' FROM generate_series(0, 99) i;
SELECT accepted FROM cdp.refresh();
SELECT keep_from('bulk', '2026-02-05 12:00Z');
SELECT :shown FROM cdp.drop_old_events(50) d;
SELECT :shown FROM cdp.drop_old_events(10) d;
SELECT :shown FROM cdp.drop_old_events(21) d;
SELECT count(*) FROM cdp.events WHERE source = 'bulk';

-- another policy: a longer one leaves what has come since, a shorter one takes it, and what it does not keep stays without one
SELECT keep_from('bulk', '2026-01-01 12:00Z');
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", message_id, source)
SELECT 'track', 'Load', 'u1', timestamptz '2026-01-01Z' + i * interval '1 day', 'y' || i, 'bulk' FROM generate_series(0, 9) i;
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'bulk';
SELECT keep_from('bulk', '2026-01-05 12:00Z');
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'bulk';
SELECT cdp.set_sources('{"bulk": {"keep_events": null}}');
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'bulk';
SELECT cdp.rules() -> '*' -> 'sources' -> 'bulk' -> 'keep_events' AS bulk;
SELECT cdp.set_sources('{"bulk": {"keep_events": "400 days 12:00:00"}}');
SELECT cdp.rules() -> '*' -> 'sources' -> 'bulk' -> 'keep_events' AS bulk;
SELECT cdp.set_sources('{"bulk": null}');
SELECT count(*) FROM cdp.events WHERE source = 'bulk';
SELECT * FROM cdp.verify();

-- months: one that is folded, and has late events; its partition, and one that was emptied, are dropped
SELECT state, events FROM cdp.drop_events('2026-02-01') WHERE month = '2026-01-01Z';
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", message_id, source) VALUES
 ('track', 'Late', 'u1', '2026-01-20Z', 'w20', 'web'), ('track', 'Late', 'u1', '2026-01-20Z', 'w21', 'app'), ('track', 'Late', 'u8', '2025-11-20Z', 'w22', 'web');
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d WHERE d.events > 0;
SELECT * FROM cdp.verify();
CALL drop_months('2026-02-01');
SELECT month, event_id > 0 AS marked, events, gone, dropped_at IS NOT NULL AS dropped FROM cdp.folded_month ORDER BY 1;
SELECT * FROM cdp.verify();
-- … and one that is made anew
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", message_id, source) VALUES ('track', 'Late', 'u1', '2026-01-21Z', 'w23', 'web');
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d WHERE d.events > 0;
CALL drop_months('2026-02-01');
SELECT sum(events) - sum(gone) AS left FROM cdp.folded_month;
SELECT identifiers, links, identifiers_moved, profiles_created, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();

-- corrections
SELECT cdp.set_sources('{"shop": {"trust": 3, "mutable": true, "version": "v", "deleted": "gone"}}');
SELECT keep_from('shop', '2026-05-01Z');
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES
 ('track', 'Order', 'u8', '{"v": 1}', '2026-04-01Z', 's1', 'shop'), ('track', 'Order', 'u8', '{"v": 1}', '2026-04-02Z', 's2', 'shop'),
 ('track', 'Order', 'u8', '{"v": 1}', '2026-05-02Z', 's3', 'shop');
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'shop';
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES
 ('track', 'Order', 'u8', '{"v": 2}', '2026-04-01Z', 's1', 'shop'), ('track', 'Order', 'u8', '{"v": 2}', '2026-05-02Z', 's3', 'shop'),
 ('track', 'Order', 'u8', '{"v": 1}', '2026-04-01Z', 's1', 'shop'), (NULL, NULL, NULL, '{"v": 3, "gone": true}', NULL, 's2', 'shop');
SELECT accepted, duplicate, quarantined, deletions FROM cdp.refresh();
SELECT record ->> 'message_id' AS message_id, reason, detail FROM cdp.quarantine ORDER BY quarantine_id;
SELECT identifiers, events FROM cdp.profiles WHERE identifiers = '{user_id:u8}';
-- one that is corrected so that it is old leaves
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES ('track', 'Order', 'u8', '{"v": 3}', '2026-04-03Z', 's3', 'shop');
SELECT accepted FROM cdp.refresh();
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'shop';
SELECT s.folded, s.version FROM cdp_data.statement s ORDER BY s.event_id;
SELECT * FROM cdp.verify();
SELECT identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT s.folded, s.version FROM cdp_data.statement s ORDER BY s.event_id;
-- a statement that says so wrongly
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES ('track', 'Order', 'u8', '{"v": 1}', '2026-05-20Z', 's4', 'shop');
SELECT accepted FROM cdp.refresh();
UPDATE cdp_data.statement SET folded = NOT folded WHERE message_key IN (cdp_internal.message_key('s1'), cdp_internal.message_key('s4'));
SELECT stage, expected IS NOT NULL AS expected, found ~ ', folded$' AS folded FROM cdp.verify() ORDER BY 2, 3;
UPDATE cdp_data.statement SET folded = true WHERE message_key = cdp_internal.message_key('s1');
SELECT identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT s.folded, s.version FROM cdp_data.statement s ORDER BY s.event_id;
SELECT * FROM cdp.verify();
-- what is folded is known as such, also where the version is another, but not once the source has been declared unchanging
SELECT cdp.set_sources('{"shop": {"version": "w"}}');
SELECT count(*) FROM cdp_data.statement;
SELECT cdp.set_sources('{"shop": {"mutable": false}}');
SELECT * FROM cdp.verify();
SELECT cdp.set_sources('{"shop": {"mutable": true}}');
SELECT count(*) FROM cdp_data.statement;
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", message_id, source) VALUES ('track', 'Order', 'u8', '{"w": 9}', '2026-04-01Z', 's1', 'shop');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT reason FROM cdp.quarantine ORDER BY quarantine_id DESC LIMIT 1;
SELECT * FROM cdp.verify();

-- a month that was detached by hand is noticed, though some of its events have left it; attached again, it is gone through once more
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", message_id, source) VALUES
 ('track', 'Late', 'u1', '2026-02-09Z', 'w30', 'web'), ('track', 'Late', 'u1', '2026-02-10Z', 'w31', 'web'), ('track', 'Late', 'u9', '2026-02-11Z', 'w32', 'web');
SELECT accepted FROM cdp.refresh();
SELECT keep_from('web', '2026-02-09 12:00Z');
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'web';
ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2026_02;
SELECT stage, item, found FROM cdp.verify() WHERE stage = 'log';
SELECT * FROM cdp.drop_events('2026-06-01');
SELECT keep_from('web', '2026-02-20 12:00Z');
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'web';
ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_2026_02 FOR VALUES FROM ('2026-02-01Z') TO ('2026-03-01Z');
SELECT * FROM cdp.verify();
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'web';
SELECT keep_from('web', '2026-02-20 12:00Z');
SELECT :shown FROM cdp.drop_old_events() d WHERE d.source = 'web';
SELECT * FROM cdp.verify();

-- what verify() says of rows that are gone by hand
BEGIN;
DELETE FROM cdp_data.base b WHERE (cdp_internal.unpack_base(b.identifier_id, b.packed)).message_id = 'w7';
SELECT DISTINCT stage FROM cdp.verify() ORDER BY 1;
ROLLBACK;
BEGIN;
UPDATE cdp_data.folded_month SET events = events + 1 WHERE month = '2026-02-01Z';
SELECT stage, item FROM cdp.verify();
ROLLBACK;

-- a property that is carried only now is lacking there
SELECT cdp.carry_property('Late', 'v');
SELECT event, name, folded FROM cdp.carried_property WHERE folded > 0;
SELECT stage, item FROM cdp.verify();
SELECT cdp.drop_property('Late', 'v');

-- what cannot be
SELECT cdp.set_sources('{"web": {"keep_events": "soon"}}');
SELECT cdp.set_sources('{"web": {"keep_events": 400}}');
SELECT cdp.set_sources('{"web": {"keep_events": "13 months"}}');
SELECT cdp.set_sources('{"web": {"keep_events": "0"}}');
SELECT cdp.set_sources('{"web": {"keep_events": "40000 days"}}');
SELECT cdp.drop_old_events(0);
SELECT cdp.drop_old_events(NULL);
SELECT cdp.drop_old_events(dry_run => NULL);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT cdp.drop_old_events();
ROLLBACK;

-- a random history from which events leave by policies, some of which change, and whole months; and the same without
SET history.seed = 'p3';
\set history :top '/test/include/history.sql'
\i :history
CREATE FUNCTION leave(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	source text := ('{web,app,list}'::text[])[1 + chance(step || 'of', 3)];
BEGIN
	IF chance(step || 'none', 8) > 0 THEN
		PERFORM keep_from(source, timestamptz '2025-02-01 12:00Z' + chance(step || 'from', 270) * interval '1 day');
	ELSE
		PERFORM cdp.set_sources(jsonb_build_object(source, jsonb_build_object('keep_events', NULL)));
	END IF;
	FOR n IN 1 .. 1 + chance(step || 'calls', 3) LOOP
		PERFORM d.* FROM cdp.drop_old_events(CASE WHEN chance(step || 'whole', 2) = 0 THEN 100000 ELSE 1 + chance(step || 'rows', 60) END) d;
	END LOOP;
	IF step % 3 = 0 THEN
		PERFORM d.* FROM cdp.drop_events(timestamptz '2025-02-01Z' + chance(step || 'month', 9) * interval '1 month', 2) d;
	END IF;
END
$$;

DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT begin_history();
SELECT count(act(s)) FROM generate_series(1, 40) s;
SELECT * FROM cdp.verify();
SELECT look('whole');

DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT begin_history();
SELECT count(act(s)), count(leave(s)) FROM generate_series(1, 12) s;
SELECT * FROM cdp.verify();
SELECT count(act(s)), count(leave(s)) FROM generate_series(13, 25) s;
SET cdp.store = 'sql';
SELECT count(act(s)), count(leave(s)) FROM generate_series(26, 33) s;
RESET cdp.store;
CALL drop_months('2025-03-01');
SELECT * FROM cdp.verify();
SELECT count(act(s)), count(leave(s)) FROM generate_series(34, 40) s;
SELECT * FROM cdp.verify();
SELECT look('left');
SELECT identifiers, links, identifiers_moved, profiles_created, events_reanchored FROM cdp.restitch();
SELECT look('restitched');
SELECT 'lost' AS what, name, content FROM (SELECT name, content FROM seen WHERE form = 'whole' EXCEPT ALL SELECT name, content FROM seen WHERE form = 'left') l;
SELECT 'gained' AS what, name, content FROM (SELECT name, content FROM seen WHERE form = 'left' EXCEPT ALL SELECT name, content FROM seen WHERE form = 'whole') l;
SELECT 'restitched' AS what, name, content FROM (SELECT name, content FROM seen WHERE form = 'left' AND name <> 'told' EXCEPT ALL SELECT name, content FROM seen WHERE form = 'restitched') l;
SELECT count(*) > 500 AS links FROM seen WHERE form = 'whole' AND name = 'link';
SELECT (SELECT sum(events) FROM cdp_data.base_row) > 300 AS folded, (SELECT count(*) FROM cdp_data.event) > 100 AS logged,
	(SELECT count(*) FROM cdp.folded_month WHERE event_id = 0 AND gone > 0) > 0 AS unmarked, (SELECT count(dropped_at) FROM cdp.folded_month) > 0 AS dropped;
\c :origin
DROP DATABASE cdp_drop_old;
