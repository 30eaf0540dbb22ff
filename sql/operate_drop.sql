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
FROM cdp_data.base b JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.source s USING (source_id) ORDER BY 1, 5, 8;
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
-- a number below m that follows from a seed and a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql STABLE AS $$
	SELECT (('x' || substr(md5(concat(current_setting('history.seed'), seed)), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;

CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits,
		context, "timestamp", received_at, source)
	SELECT 'message ' || k, t.type,
		CASE WHEN t.type = 'track' THEN ('{Order Completed,Product Viewed,Signed Up}'::text[])[1 + chance(k || 'event', 3)] END,
		CASE WHEN chance(k || 'anonymous', 4) > 0 THEN 'a' || chance(k || 'a', 25) END,
		CASE WHEN chance(k || 'user', 3) = 0 OR t.type = 'alias' THEN 'u' || chance(k || 'u', 15) END,
		CASE WHEN t.type = 'group' THEN 'account ' || chance(k || 'g', 5) END,
		CASE WHEN t.type = 'alias' THEN 'u' || chance(k || 'previous', 15) END,
		CASE WHEN chance(k || 'more', 3) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 15) || '@example.com',
			'device_id', ARRAY['d' || chance(k || 'd', 8), 'd' || chance(k || 'other', 8)]) END,
		jsonb_build_object('total', chance(k || 'total', 10000) / 100.0, 'category', 'c' || chance(k || 'category', 5),
			'list', jsonb_build_array('{"tag": "t"}'::jsonb, jsonb_build_object('tag', chance(k || 'list', 3)))),
		CASE WHEN t.type IN ('identify', 'group') THEN jsonb_build_object('plan', 'p' || chance(k || 'plan', 4), 'n', chance(k || 'n', 9),
			'tags', ARRAY['x' || chance(k || 'tag', 5), 'y']) END,
		jsonb_build_object('ip', k, 'library', repeat('a library ', 10), 'campaign', jsonb_build_object('name', 'spring ' || chance(k || 'campaign', 3))),
		timestamptz '2025-01-01 00:00Z' + chance(k || 'time', 400) * interval '1 day',
		timestamptz '2025-01-01 00:00Z' + chance(k || 'received', 400) * interval '1 day',
		('{web,app,list}'::text[])[1 + chance(k || 'source', 3)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS k) o
	CROSS JOIN LATERAL (SELECT ('{track,track,track,identify,identify,group,alias}'::text[])[1 + chance(k || 'type', 7)] AS type) t;
END
$$;

-- what is folded cannot be taken back: only events of the last months are
CREATE FUNCTION act(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known text[] := ARRAY['user_id:u' || chance(step || 'u', 15), 'anonymous_id:a' || chance(step || 'a', 25),
		'email:e' || chance(step || 'e', 15) || '@example.com', 'device_id:d' || chance(step || 'd', 8)];
	one text := known[1 + chance(step || 'first', 4)];
	pair record;
BEGIN
	CASE chance(step || 'what', 24)
		WHEN 0 THEN PERFORM cdp.forbid('user_id:u' || chance(step || 'forbid', 15), one) WHERE one NOT LIKE 'user_id:%';
		WHEN 1, 2 THEN
			SELECT i.identifier::text AS a, j.identifier::text AS b INTO pair FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id = l.a
			JOIN cdp_data.identifier j ON j.identifier_id = l.b WHERE i.profile_id <> 0 AND j.profile_id <> 0 ORDER BY md5(concat(step, least(i.identifier, j.identifier), greatest(i.identifier, j.identifier))) LIMIT 1;
			PERFORM cdp.unlink(pair.a, pair.b) WHERE pair.a IS NOT NULL;
		WHEN 3, 4 THEN
			SELECT v.a::text AS a, v.b::text AS b INTO pair FROM cdp_data.verdict v WHERE v.b IS NOT NULL ORDER BY md5(concat(step, v.a, v.b)) LIMIT 1;
			PERFORM cdp.allow(pair.a, pair.b) WHERE pair.a IS NOT NULL;
		WHEN 5 THEN PERFORM cdp.mark_shared(one, chance(step || 'shared', 2) = 0);
		WHEN 6 THEN PERFORM cdp.set_rules(format('{"device_id": {"max_links": %s, "max_per_profile": 2}}', 1 + chance(step || 'links', 5))::jsonb);
		WHEN 7 THEN PERFORM cdp.set_rules(format('{"anonymous_id": {"blocked": ["a%s", "^a2"]}, "*": {"cap": %s}}', chance(step || 'blocked', 25), 4 + chance(step || 'cap', 9))::jsonb);
		WHEN 8 THEN PERFORM cdp.set_sources(format('{"list": {"trust": %s}, "app": {"aliases": "%s"}}', chance(step || 'trust', 5), ('{same,link}'::text[])[1 + chance(step || 'believe', 2)])::jsonb);
		WHEN 9 THEN PERFORM cdp.mark_shared(one, NULL);
		WHEN 10 THEN PERFORM cdp.set_rules('{"anonymous_id": {"blocked": []}, "user_id": {"blocked": []}}');
		WHEN 11 THEN PERFORM cdp.set_rules(format('{"email": {"priority": %s}}', 5 + chance(step || 'priority', 80))::jsonb);
		WHEN 12 THEN PERFORM cdp.set_rules(format('{"user_id": {"blocked": ["u%s", "u%s"]}}', chance(step || 'b1', 15), chance(step || 'b2', 15))::jsonb);
		WHEN 13 THEN
			PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e WHERE e."timestamp" >= '2025-11-01Z'
				ORDER BY md5(concat(step, e.message_id)) LIMIT 1 + chance(step || 'retract', 8)));
		WHEN 14 THEN PERFORM cdp.same('user_id:u' || chance(step || 's1', 15), one) WHERE one <> 'user_id:u' || chance(step || 's1', 15);
		ELSE PERFORM arrive(step, 5 + chance(step || 'rows', 60)), cdp.refresh(1000);
	END CASE;
EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value OR check_violation OR undefined_object OR unique_violation THEN
	INSERT INTO told VALUES (step, sqlerrm);
END
$$;
CREATE TABLE told (step integer, message text);

-- what follows from the history, by the names of identifiers
CREATE TABLE seen (form text, name text, content text);
CREATE FUNCTION look(form text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO seen
	SELECT form, 'link', concat_ws(' ', least(i.identifier::text, j.identifier::text), greatest(i.identifier::text, j.identifier::text), s.source, l.first_at, l.last_at, l.events, l.message_id, l.refused, l.aliases, l.believed)
	FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id = l.a JOIN cdp_data.identifier j ON j.identifier_id = l.b JOIN cdp_data.source s USING (source_id)
	UNION ALL
	SELECT form, 'identifier', concat_ws(' ', i.identifier, p.identifier, i.shared, cdp_internal.link_counts(i.link_counts))
	FROM cdp_data.identifier i JOIN cdp_data.identifier p ON p.identifier_id = i.profile_id
	UNION ALL
	SELECT form, 'profile', concat_ws(' ', i.identifier, p.events, p.first_seen, p.last_seen, p.identifier_count, p.identifiers, p.accounts, p.traits, p.timeline, p.level_1, p.level_2, p.level_3, p.limited, p.has_forbid)
	FROM cdp_data.profile p JOIN cdp_data.identifier i ON i.identifier_id = p.profile_id
	UNION ALL
	SELECT form, 'account', concat_ws(' ', a.group_id, a.events, a.first_seen, a.last_seen, a.traits) FROM cdp_data.account a
	UNION ALL
	SELECT form, 'member', concat_ws(' ', i.identifier, m.group_id, m.events, m.first_at, m.last_at)
	FROM cdp_data.account_member m LEFT JOIN cdp_data.identifier i USING (identifier_id)
	UNION ALL
	SELECT form, 'verdict', concat_ws(' ', v.kind, v.a, v.b, v.until_at) FROM cdp_data.verdict v
	UNION ALL
	SELECT form, 'told', concat_ws(' ', t.step, t.message) FROM told t;
	DELETE FROM told;
$$;

CREATE FUNCTION begin_history() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
	PERFORM arrive(0, 50), cdp.refresh();
	PERFORM cdp.set_trait_rules('{"n": "sum", "tags": "union"}'), cdp.carry_property('*', 'total', 'sum'), cdp.carry_property('*', 'list[].tag', 'tag');
END
$$;

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
