-- What is done with rows that break a tracking plan: allowed, quarantined, a property dropped; and counted.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_plan_actions ENCODING 'UTF8' TEMPLATE template0;
\c cdp_plan_actions
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION cdp;
SELECT cdp.init();

-- an event that was there before the plan is judged when it is asked for
SELECT cdp.ingest('{"type": "track", "event": "Paid", "messageId": "p0", "userId": "u0", "properties": {"total": "none"}, "timestamp": "2026-03-01T10:00:00.000Z"}', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT cdp.set_plan('web', '[
	{"type": "track", "key": "Paid", "jsonSchema": {"properties": {"properties": {"required": ["total"], "properties": {"total": {"type": "number"}, "note": {"maxLength": 5},
		"card": {"properties": {"number": false, "kind": {"enum": ["visa", "amex"]}}}, "items": {"items": {"required": ["sku"], "properties": {"n": {"type": "integer"}}}}}}}}},
	{"type": "page", "key": "Pricing", "jsonSchema": {"properties": {"properties": {"required": ["url"]}}}},
	{"type": "identify", "jsonSchema": {"properties": {"traits": {"additionalProperties": false, "properties": {"name": {"type": "string"}, "email": {"format": "email"}}}}}}]');
SELECT source, violations, unplanned, events FROM cdp.plan;
SELECT day, event_name, field, type, outcome, events, example_message_id FROM cdp.plan_violations();

-- allowed: all go to the log, and are counted
CREATE TABLE public.sent (line text);
INSERT INTO public.sent VALUES
	('{"type": "track", "event": "Paid", "messageId": "p1", "userId": "u1", "properties": {"total": 5, "note": "too long", "card": {"number": "4111111111111111", "kind": "visa"}}, "timestamp": "2026-03-02T10:00:00.000Z"}'),
	('{"type": "track", "event": "Paid", "messageId": "p2", "userId": "u1", "properties": {"total": "5", "items": [{"sku": "a", "n": 1.5}, {"n": 2}]}, "timestamp": "2026-03-02T11:00:00.000Z"}'),
	('{"type": "track", "event": "Paid", "messageId": "p3", "userId": "u1", "properties": {"total": 5}, "timestamp": "2026-03-02T11:00:00.000Z"}'),
	('{"type": "track", "event": "Wished", "messageId": "w1", "userId": "u1", "properties": {"sku": "a"}, "timestamp": "2026-03-02T12:00:00.000Z"}'),
	('{"type": "page", "name": "Pricing", "messageId": "g1", "userId": "u1", "properties": {"path": "/"}, "timestamp": "2026-03-02T12:00:00.000Z"}'),
	('{"type": "page", "name": "Home", "messageId": "g2", "userId": "u1", "properties": {"path": "/"}, "timestamp": "2026-03-02T12:00:00.000Z"}'),
	('{"type": "identify", "messageId": "i1", "userId": "u1", "traits": {"name": "Ann", "email": "ann@example.com", "age": 30}, "timestamp": "2026-03-02T13:00:00.000Z"}'),
	('{"type": "identify", "messageId": "i2", "userId": "u2", "context": {"traits": {"name": 5, "email": "bo@example.com", "ssn": "1"}, "ip": "192.0.2.1"}, "timestamp": "2026-03-02T13:00:00.000Z"}'),
	('{"type": "alias", "messageId": "a1", "userId": "u3", "previousId": "u4", "timestamp": "2026-03-02T13:00:00.000Z"}');
CREATE FUNCTION public.send(prefix text, source text DEFAULT 'web') RETURNS TABLE (accepted bigint, duplicate bigint, quarantined bigint)
LANGUAGE sql AS $$
	INSERT INTO cdp.inbox_raw (line, source)
	SELECT jsonb_set(line::jsonb, '{messageId}', to_jsonb(prefix || (line::jsonb ->> 'messageId')))::text, source FROM public.sent;
	SELECT accepted, duplicate, quarantined FROM cdp.refresh();
$$;
SELECT * FROM public.send('a-');
SELECT day, event_type, event_name, field, type, outcome, events, example_message_id FROM cdp.plan_violations(since => '2026-03-02');
-- the log, judged by the same plan, gives the same
CREATE TEMP TABLE plan AS SELECT jsonb_agg(jsonb_build_object('type', type, 'key', event, 'jsonSchema', schema::text::jsonb)) AS plan FROM cdp.planned_event;
CREATE TEMP VIEW counted AS SELECT event_type, event_name, field, type, sum(events) AS events FROM cdp.plan_violations() GROUP BY 1, 2, 3, 4;
CREATE TEMP VIEW previewed AS SELECT event_type, event_name, field, type, sum(events) AS events FROM cdp.preview_plan('web', (SELECT plan FROM plan)) GROUP BY 1, 2, 3, 4;
SELECT count(*) FROM ((TABLE counted EXCEPT TABLE previewed) UNION ALL (TABLE previewed EXCEPT TABLE counted)) d;

-- quarantined, and replayed when the plan has changed
SELECT cdp.set_plan_actions('web', '{"violations": "quarantine", "unplanned": "quarantine", "events": {"identify": {"": "allow"}}}');
SELECT source, violations, unplanned, events FROM cdp.plan;
SELECT * FROM public.send('q-');
SELECT line::jsonb ->> 'messageId' AS message_id, reason, detail FROM cdp.quarantine ORDER BY quarantine_id;
SELECT event_name, field, outcome, events, example_message_id FROM cdp.plan_violations() WHERE outcome = 'quarantined' ORDER BY 1, 2;
SELECT cdp.replay('plan_violation'), cdp.replay('unplanned_event');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT cdp.set_plan_actions('web', '{"violations": null, "unplanned": "allow", "events": null}');
SELECT cdp.replay();
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
-- a message that is known and sent again: judged first, else a duplicate
SELECT cdp.set_plan_actions('web', '{"events": {"track": {"Paid": "quarantine"}}}');
SELECT * FROM public.send('q-');
SELECT violations, unplanned, events FROM cdp.plan;

-- a property dropped: it is in the log's context, and the message is as it was sent
SELECT cdp.set_plan_actions('web', '{"violations": "drop_property", "events": null}');
SELECT * FROM public.send('d-');
SELECT message_id, properties, traits, context FROM cdp.events WHERE message_id LIKE 'd-%' AND context ? '_dropped' ORDER BY message_id;
SELECT field, outcome, events FROM cdp.plan_violations() WHERE outcome = 'dropped' OR field LIKE '%items%' ORDER BY 1, 2;
SELECT count(*), count(*) FILTER (WHERE m.message = jsonb_set(s.line::jsonb, '{messageId}', to_jsonb('d-' || (s.line::jsonb ->> 'messageId')))) AS as_sent
FROM public.sent s JOIN cdp.messages m ON m.message_id = 'd-' || (s.line::jsonb ->> 'messageId');
-- repetitions are duplicates, under this plan and another one
SELECT * FROM public.send('d-');
SELECT cdp.set_plan_actions('web', '{"violations": "allow"}');
SELECT * FROM public.send('d-');
SELECT count(*) FROM cdp.verify();
SELECT identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT count(*) FROM cdp.verify();
-- what was dropped makes no trait and no identifier; what makes a message another event is told by what was sent
SELECT cdp.set_plan_actions('web', '{"violations": "drop_property"}');
SELECT cdp.ingest('{"type": "identify", "messageId": "t1", "userId": "u9", "context": {"traits": {"name": "Cy", "phone": "+12015550123"}}}
{"type": "identify", "messageId": "t2", "traits": {"phone": "+12015550124"}}
{"type": "identify", "messageId": "t1", "userId": "u9", "context": {"traits": {"name": "Cy", "phone": "+12015550199"}}}', 'web');
INSERT INTO cdp.inbox (type, message_id, traits, source) VALUES ('identify', 't3', '{"phone": "+12015550124", "name": "Di"}', 'web');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT p.traits FROM cdp.profiles p WHERE p.profile_id = cdp.profile_of('user_id:u9');
SELECT count(*) FROM cdp.identifiers WHERE identifier::text LIKE 'phone:%';
SELECT reason, detail, line, record -> 'traits' AS traits FROM cdp.quarantine WHERE reason IN ('plan_violation', 'message_id_reused') AND coalesce(line, record::text) ~ 't[123]' ORDER BY quarantine_id;
-- a member of the sender's context that has the name of ours comes back as it was sent, and is not taken for ours
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, context, source) VALUES
	('track', 'Paid', 'x1', 'u5', '{"total": "5"}', '{"_dropped": {"properties": {"total": 4, "other": {"a": 1}}}}', 'web'),
	('track', 'Paid', 'x2', 'u5', '{"total": 5}', '{"_dropped": {"properties": {"total": 4, "other": {"a": 1}}}}', 'web'),
	('track', 'Paid', 'x3', 'u5', '{"total": 5}', '{"_dropped": 7}', 'web'), ('track', NULL, 'x4', 'u5', '{"total": 5}', '{"_dropped": 7}', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, properties, context FROM cdp.events WHERE message_id IN ('x1', 'x2', 'x3') ORDER BY 1;
SELECT message -> 'messageId' AS id, message -> 'properties' AS properties, message -> 'context' AS context FROM cdp.messages WHERE message_id IN ('x1', 'x2', 'x3') ORDER BY 1;
SELECT record -> 'context' AS quarantined FROM cdp.quarantine WHERE record ->> 'message_id' = 'x4';
-- repeated they are duplicates; what _dropped has is no content of a message
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, context, source) VALUES
	('track', 'Paid', 'x1', 'u5', '{"total": "5"}', '{"_dropped": {"properties": {"total": 4, "other": {"a": 1}}}}', 'web'),
	('track', 'Paid', 'x2', 'u5', '{"total": 5}', '{"_dropped": {"properties": {"total": 4}}}', 'web'), ('track', 'Paid', 'x2', 'u5', '{"total": 5, "other": {"a": 1}}', NULL, 'web');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT count(*) FROM cdp.verify();
-- a member as deep as may be, dropped or of the sender
CREATE FUNCTION public.deep(key text, levels int) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN (repeat(format('{"%s": ', key), levels) || '1' || repeat('}', levels))::jsonb;
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, context, source) VALUES ('track', 'Paid', 'y1', 'u5', jsonb_build_object('total', public.deep('x', 63)), NULL, 'web'),
	('track', 'Paid', 'y2', 'u5', '{"total": 1}', public.deep('_dropped', 64), 'web'), ('track', 'Paid', 'y3', 'u5', '{"total": 1}', public.deep('_dropped', 65), 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT m.message_id, m.message -> 'properties' = jsonb_build_object('total', public.deep('x', 63)) AS properties, m.message -> 'context' = public.deep('_dropped', 64) AS context FROM cdp.messages m WHERE m.message_id ~ '^y' ORDER BY 1;
SELECT events_reanchored FROM cdp.restitch();
SELECT count(*) FROM cdp.verify();

-- mutable sources: what they compare by is never dropped, and a row that deletes need not follow the plan
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": ["v"], "deleted": ["gone"]}}');
SELECT cdp.set_plan('shop', '[{"type": "track", "key": "Order", "jsonSchema": {"properties": {"properties": {"additionalProperties": false, "required": ["total"], "properties": {"total": {"type": "number"}}}}}}]');
SELECT cdp.set_plan_actions('shop', '{"violations": "drop_property"}');
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, source) VALUES
	('track', 'Order', 'o1', 'u6', '{"total": 5, "v": 1, "x": 1}', 'shop'), ('track', 'Order', 'o2', 'u6', '{"total": 5, "v": 1, "x": 1}', 'shop');
SELECT accepted, quarantined FROM cdp.refresh();
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, source) VALUES
	('track', 'Order', 'o1', 'u6', '{"total": 6, "v": 3, "x": 2}', 'shop'), ('track', 'Order', 'o1', 'u6', '{"total": 7, "v": 2, "x": 2}', 'shop');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT message_id, properties, context FROM cdp.events WHERE source = 'shop' ORDER BY message_id;
SELECT cdp.set_plan_actions('shop', '{"violations": "quarantine"}');
INSERT INTO cdp.inbox (type, event, message_id, user_id, properties, source) VALUES ('track', 'Order', 'o2', 'u6', '{"gone": true, "v": 2}', 'shop');
SELECT accepted, quarantined, deletions FROM cdp.refresh();
SELECT message_id, properties FROM cdp.events WHERE source = 'shop' ORDER BY message_id;
SELECT count(*) FROM cdp.verify();

-- random messages: the counts are those that a look at the log gives, and every message is as it was sent
SELECT setseed(0.5);
SELECT cdp.set_plan('random', '[
	{"type": "track", "key": "E", "version": 1, "jsonSchema": {"properties": {"properties": {"properties": {"a": {"type": "number"}, "b": {"properties": {"a": {"type": "string"}, "b": {"additionalProperties": false}}}, "c": {"items": {"type": "number"}}}}}}},
	{"type": "track", "key": "E", "version": 2, "jsonSchema": {"properties": {"properties": {"required": ["a"], "additionalProperties": {"type": "object"}}}}},
	{"type": "identify", "jsonSchema": {"properties": {"traits": {"properties": {"a": {"type": "object"}, "b": {"type": "boolean"}}}, "context": {"properties": {"traits": {"properties": {"c": false}}}}}}},
	{"type": "common", "jsonSchema": {"properties": {"userId": {"maxLength": 3}, "context": {"required": ["ip"]}}}}]');
CREATE FUNCTION public.any_value(depth integer) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	dice integer := floor(random() * CASE WHEN depth > 3 THEN 5 ELSE 8 END);
	made jsonb;
BEGIN
	IF dice < 5 THEN
		RETURN ('[null, true, 1.50, "x", "1"]'::jsonb) -> dice;
	END IF;
	made := CASE dice WHEN 5 THEN '[]' ELSE '{}' END;
	FOR i IN 1 .. floor(random() * 4) LOOP
		made := CASE dice WHEN 5 THEN made || jsonb_build_array(public.any_value(depth + 1))
			ELSE made || jsonb_build_object(('{a,b,c,longer}'::text[])[1 + floor(random() * 4)], public.any_value(depth + 1)) END;
	END LOOP;
	RETURN made;
END $$;
CREATE FUNCTION public.any_object() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(jsonb_object_agg(k, public.any_value(1)) FILTER (WHERE random() < 0.6), '{}') FROM unnest('{a,b,c,longer}'::text[]) k $$;
CREATE TABLE public.random AS
SELECT jsonb_build_object('type', t.type, 'messageId', 'r' || n, 'userId', 'u' || n % 300, 'timestamp', '2026-03-05T10:00:00.000Z')
	|| CASE t.type WHEN 'track' THEN jsonb_build_object('event', (ARRAY['E', 'F'])[1 + (random() < 0.1)::integer], 'properties', public.any_object()) ELSE '{}' END
	|| CASE WHEN t.type = 'identify' AND random() < 0.7 THEN jsonb_build_object('traits', public.any_object()) ELSE '{}' END
	|| CASE WHEN random() < 0.7 THEN jsonb_build_object('context', jsonb_build_object('ip', '192.0.2.1', 'protocols', jsonb_build_object('event_version', 1 + floor(random() * 3)))
		|| CASE WHEN random() < 0.5 THEN jsonb_build_object('traits', public.any_object()) ELSE '{}' END
		|| CASE WHEN random() < 0.2 THEN jsonb_build_object('_dropped', (ARRAY[public.any_object(), jsonb_build_object('properties', public.any_object(), 'context', public.any_object()), '7', 'null'])[1 + floor(random() * 4)]) ELSE '{}' END) ELSE '{}' END AS message
FROM generate_series(1, 3000) n CROSS JOIN LATERAL (SELECT (ARRAY['track', 'identify'])[1 + floor(random() * 2 + n * 0)] AS type) t;
-- first without actions, in a transaction that is rolled back
BEGIN;
INSERT INTO cdp.inbox_raw (line, source) SELECT message::text, 'random' FROM public.random;
SELECT accepted > 2500 AS many, quarantined < 500 FROM cdp.refresh();
CREATE TEMP TABLE seen AS SELECT event_type, event_name, version, field, type, description, events, example_message_id FROM cdp.plan_violations('random');
CREATE TEMP TABLE again AS SELECT * FROM cdp.preview_plan('random', (SELECT jsonb_agg(jsonb_build_object('type', p.type, 'key', p.event, 'version', p.version, 'jsonSchema', p.schema::text::jsonb)) FROM cdp.planned_event p WHERE p.source = 'random'));
SELECT count(*) > 20 AS many, (SELECT count(*) FROM ((TABLE seen EXCEPT TABLE again) UNION ALL (TABLE again EXCEPT TABLE seen)) d) AS differences FROM seen;
ROLLBACK;
-- then with properties dropped, of one kind of event; the other is quarantined
SELECT cdp.set_plan_actions('random', '{"violations": "drop_property"}');
INSERT INTO cdp.inbox_raw (line, source) SELECT message::text, 'random' FROM public.random;
SELECT accepted > 2500 AS many FROM cdp.refresh();
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE m.message <> r.message) AS differ
FROM cdp.messages m JOIN public.random r ON r.message ->> 'messageId' = m.message_id
WHERE m.event_id IN (SELECT e.event_id FROM cdp.events e WHERE e.context ? '_dropped');
SELECT count(*) FILTER (WHERE m.message <> r.message) AS differ FROM cdp.messages m JOIN public.random r ON r.message ->> 'messageId' = m.message_id;
-- nothing that could be dropped is left: what the log has breaks the plan elsewhere only
SELECT DISTINCT v.field, v.type FROM cdp.events e
CROSS JOIN LATERAL (SELECT p.schema FROM cdp.planned_event p WHERE p.source = 'random' AND p.type = e.type AND p.event = coalesce(e.event, '')
	ORDER BY (p.version::text = e.context #>> '{protocols,event_version}') IS TRUE DESC, p.version DESC LIMIT 1) p
CROSS JOIN LATERAL cdp.schema_violations(cdp_internal.planned_message(e.type, e.event, e.user_id, NULL, NULL, NULL, e.properties, e.traits, e.context - '_dropped'), p.schema) v
WHERE e.source = 'random' ORDER BY 1, 2;
SELECT count(*) FROM cdp.verify();
SELECT identifiers_moved FROM cdp.restitch();
SELECT count(*) FROM cdp.verify();

-- all that breaks the plan is dropped, also beyond what is counted of a row, and what has the name of another
CREATE TABLE public.many AS SELECT jsonb_object_agg('key ' || n, n) || '{"a": {"b": 1, "c": 2}, "a.b": 3, "a.c": 4, "ok": 5}' AS properties FROM generate_series(1, 50) n;
SELECT cdp.set_plan('many', '[{"type": "track", "key": "E", "jsonSchema": {"properties": {"properties": {"additionalProperties": false, "properties": {"a": {"properties": {"b": false}}, "a.b": false, "a.c": {}, "ok": {}}}}}}]');
SELECT cdp.set_plan_actions('many', '{"violations": "drop_property"}');
INSERT INTO cdp.inbox (type, event, user_id, properties, source, "timestamp") SELECT 'track', 'E', 'u1', m.properties, 'many', '2026-03-01' FROM public.many m;
SELECT accepted FROM cdp.refresh();
SELECT e.properties, (SELECT count(*) FROM jsonb_object_keys(e.context #> '{_dropped,properties}')) AS dropped,
	(SELECT count(*) FROM cdp.messages x, public.many m WHERE x.event_id = e.event_id AND x.message -> 'properties' = m.properties) AS as_sent FROM cdp.events e WHERE e.source = 'many';
SELECT outcome, count(*), sum(events) FROM cdp.plan_violations('many') GROUP BY outcome;

-- the counts are bounded
SELECT cdp.set_plan('wild', '[{"type": "track", "key": "E", "jsonSchema": {"properties": {"properties": {"additionalProperties": false}}}}]');
INSERT INTO cdp.inbox (type, event, user_id, properties, source, "timestamp") SELECT 'track', 'E', 'u1', jsonb_build_object('key ' || n, 1), 'wild', '2026-03-01' FROM generate_series(1, 1500) n;
SELECT accepted FROM cdp.refresh();
SELECT count(*), sum(events), count(*) FILTER (WHERE type = 'other') AS others, sum(events) FILTER (WHERE type = 'other') AS in_others FROM cdp.plan_violations('wild');
INSERT INTO cdp.inbox (type, event, user_id, properties, source, "timestamp") SELECT 'track', 'E', 'u1', jsonb_build_object('key ' || n, 1), 'wild', '2026-03-01' FROM generate_series(1, 1500) n;
SELECT accepted FROM cdp.refresh();
SELECT count(*), sum(events), sum(events) FILTER (WHERE type = 'other') AS in_others FROM cdp.plan_violations('wild');
-- with the plan they go
SELECT cdp.set_plan('wild', NULL);
SELECT count(*) FROM cdp.plan_violations('wild');
SELECT count(*) FROM cdp.plan WHERE source = 'wild';

-- what is refused
\set SHOW_CONTEXT never
SELECT cdp.set_plan_actions('nowhere', '{}');
SELECT cdp.set_plan_actions('web', '{"violation": "allow"}');
SELECT cdp.set_plan_actions('web', '{"violations": "drop"}');
SELECT cdp.set_plan_actions('web', '{"unplanned": "drop_property"}');
SELECT cdp.set_plan_actions('web', '{"events": {"tracks": {}}}');
SELECT cdp.set_plan_actions('web', '{"events": {"track": "allow"}}');
SELECT cdp.set_plan_actions('web', '{"events": {"track": {"Paidd": "allow"}}}');
SELECT cdp.set_plan_actions('web', '{"events": {"track": {"Paid": 5}}}');
SELECT cdp.set_plan_actions('web', NULL);
SELECT violations, unplanned, events FROM cdp.plan WHERE source = 'web';
\c :origin
DROP DATABASE cdp_plan_actions;
