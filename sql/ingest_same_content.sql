-- Two pipelines that load the same events: what says the same as an event within a span is a duplicate.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_same_content ENCODING 'UTF8' TEMPLATE template0;
\c cdp_same_content
SET timezone = 'UTC';
SET intervalstyle = postgres;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.set_sources('{"segment": {"party": "first"}, "rudder": {"party": "first", "same_content_within": "10 seconds"}}');
SELECT source, same_content_within, duplicate, same_content FROM cdp.sources ORDER BY 1;
CREATE FUNCTION send(source text, message_id text, event text, at text, properties jsonb DEFAULT '{"total": 5}', user_id text DEFAULT 'u', anonymous_id text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (source, message_id, type, event, user_id, anonymous_id, properties, "timestamp", received_at) VALUES (source, message_id, 'track', event, user_id, anonymous_id, properties, ('2026-11-05 ' || at)::timestamptz, '2026-11-06Z')
$$;
CREATE FUNCTION outcome(OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT same_content bigint) LANGUAGE plpgsql AS $$
BEGIN
	SELECT r.accepted, r.duplicate, r.quarantined INTO accepted, duplicate, quarantined FROM cdp.refresh() r;
	same_content := (SELECT sum(s.same_content) FROM cdp.sources s);
END
$$;
-- at the span, before and after; beyond it
SELECT send('segment', 's1', 'Order', '12:00:00');
SELECT * FROM outcome();
SELECT send('rudder', 'r1', 'Order', '12:00:10'), send('rudder', 'r2', 'Order', '11:59:50'), send('rudder', NULL, 'Order', '12:00:01');
SELECT * FROM outcome();
SELECT send('rudder', 'r3', 'Order', '12:00:10.000001');
SELECT * FROM outcome();
-- … and of what rudder itself sent before; segment has no span
SELECT send('rudder', 'r4', 'Order', '12:00:20'), send('segment', 's2', 'Order', '12:00:05');
SELECT * FROM outcome();
-- in one batch: the first stays
SELECT send('rudder', 'b1', 'Cart', '13:00:00'), send('rudder', 'b2', 'Cart', '13:00:01'), send('segment', 'b3', 'Cart', '13:00:01'), send('rudder', 'b4', 'Cart', '13:00:11'), send('rudder', 'b5', 'Cart', '13:00:11.000001'), send('rudder', 'b6', 'Cart', '13:00:21.000002');
SELECT * FROM outcome();
SELECT message_id FROM cdp.events WHERE event = 'Cart' ORDER BY 1;
-- not the same: event, properties, person; the same: none and no properties, 5.00, another identifier beside the one in common
SELECT send('rudder', 'd1', 'order', '12:00:00'), send('rudder', 'd2', 'Order', '12:00:00', '{"total": 6}'), send('rudder', 'd3', 'Order', '12:00:00', '{}'), send('rudder', 'd4', 'Order', '12:00:00', NULL), send('rudder', 'd5', 'Order', '12:00:00', '{"total": 5}', 'v');
SELECT * FROM outcome();
SELECT send('rudder', 'e1', 'Order', '12:00:00', '{"total": 5.00}'), send('rudder', 'e2', 'Order', '12:00:00', '{"total": 5}', 'u', 'a'), send('rudder', 'e3', 'Order', '12:00:00', '{"total": 5}', NULL, 'a');
SELECT * FROM outcome();
SELECT message_id FROM cdp.events WHERE message_id LIKE 'e%' ORDER BY 1;
-- by an identifier that is not the anchor, also after it is unlinked; not by one that is blocked
SELECT send('segment', 'n1', 'Login', '14:00:00', '{}', 'u', 'device');
SELECT * FROM outcome();
SELECT send('rudder', 'n2', 'Login', '14:00:00', '{}', NULL, 'device');
SELECT * FROM outcome();
SELECT count(*) FROM cdp.unlink('user_id:u', 'anonymous_id:device');
SELECT send('rudder', 'n2', 'Login', '14:00:00', '{}', NULL, 'device');
SELECT * FROM outcome();
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["device"]}}');
SELECT send('rudder', 'n2', 'Login', '14:00:00', '{}', 'w', 'device');
SELECT * FROM outcome();
SELECT * FROM cdp.verify();
-- a message id of such a row is not used: it can come again, with other content, and after a retraction
SELECT send('rudder', 'r1', 'Refund', '12:00:10'), send('rudder', 'r1', 'Refund', '12:00:10'), send('rudder', 'r1', 'Order', '12:00:10');
SELECT * FROM outcome();
SELECT send('rudder', 'r2', 'Order', '11:59:50');
SELECT * FROM outcome();
SELECT events FROM cdp.retract(message_ids => '{s1,s2}');
SELECT send('rudder', 'r2', 'Order', '11:59:50');
SELECT * FROM outcome();
SELECT send('segment', 's1', 'Order', '12:00:00');
SELECT * FROM outcome();
SELECT * FROM cdp.verify();
-- the time by the sender counts, not the clock's correction; but for one of more than a day
INSERT INTO cdp.inbox (source, message_id, type, event, user_id, "timestamp", sent_at, received_at) VALUES ('segment', 'c1', 'track', 'Clock', 'u', '2026-11-05 10:00Z', '2026-11-05 10:00:05Z', '2026-11-05 11:30:05Z');
SELECT * FROM outcome();
INSERT INTO cdp.inbox (source, message_id, type, event, user_id, "timestamp", received_at) VALUES ('rudder', 'c2', 'track', 'Clock', 'u', '2026-11-05 10:00:01Z', '2026-11-06Z'), ('rudder', 'c3', 'track', 'Clock', 'u', '2026-11-05 11:30Z', '2026-11-06Z');
INSERT INTO cdp.inbox (source, message_id, type, event, user_id, "timestamp", original_timestamp, received_at) VALUES ('segment', 'c4', 'track', 'Late', 'u', '2026-11-05 10:00Z', '2026-11-04 10:00Z', '2026-11-06Z'), ('rudder', 'c5', 'track', 'Late', 'u', '2026-11-04 10:00:05Z', '2026-11-04 10:00:05Z', '2026-11-06Z'),
 ('segment', 'c6', 'track', 'Later', 'u', '2026-11-05 10:00Z', '2026-11-04 09:59:59Z', '2026-11-06Z'), ('rudder', 'c7', 'track', 'Later', 'u', '2026-11-04 10:00:05Z', '2026-11-04 10:00:05Z', '2026-11-06Z'), ('rudder', 'c8', 'track', 'Later', 'u', '2026-11-04 10:00:05Z', 'infinity', '2026-11-06Z');
SELECT * FROM outcome();
SELECT event, message_id, "timestamp" FROM cdp.events WHERE message_id LIKE 'c%' ORDER BY 2;
-- calls: an identify call with an identifier more is new evidence; accounts, joining and leaving, and aliases differ; the context does not count
INSERT INTO cdp.inbox (source, message_id, type, user_id, anonymous_id, group_id, previous_id, traits, context, "timestamp", received_at)
SELECT 'rudder', 'i' || row_number() OVER (), v.type, v.user_id, v.anonymous_id, v.group_id, v.previous_id, v.traits::jsonb, v.context::jsonb, '2026-11-05Z', '2026-11-06Z'
FROM (VALUES ('identify', 'i', NULL, NULL, NULL, '{"plan": "a"}', '{"ip": "1"}'), ('identify', 'i', 'x', NULL, NULL, '{"plan": "a"}', NULL), ('identify', 'i', NULL, NULL, NULL, '{"plan": "a"}', '{"ip": "2"}'), ('identify', 'i', 'x', NULL, NULL, '{"plan": "b"}', NULL),
 ('group', 'i', NULL, 'g', NULL, NULL, NULL), ('group', 'i', NULL, 'h', NULL, NULL, NULL), ('group', 'i', NULL, ' g ', NULL, '{}', NULL), ('group', 'i', 'x', 'g', NULL, NULL, '{"ip": "3"}'), ('group', 'i', NULL, 'g', NULL, NULL, '{"groupLeft": true}'), ('group', 'i', NULL, 'g', NULL, NULL, '{"groupLeft": true}'),
 ('alias', 'i', NULL, NULL, 'p', NULL, NULL), ('alias', 'i', NULL, NULL, 'q', NULL, NULL), ('alias', 'i', NULL, NULL, 'p', NULL, NULL)) v (type, user_id, anonymous_id, group_id, previous_id, traits, context);
SELECT * FROM outcome();
SELECT array_agg(message_id ORDER BY substr(message_id, 2)::integer) FROM cdp.events WHERE message_id LIKE 'i%';
SELECT array_agg(message_id ORDER BY substr(message_id, 2)::integer) FROM cdp.events WHERE message_id LIKE 'i%' AND type = 'group';
-- the log is not judged again
SELECT cdp.set_sources('{"segment": {"same_content_within": "1 hour"}}');
SELECT identifiers_moved, links FROM cdp.restitch();
SELECT count(*) FROM cdp.events WHERE event = 'Cart';
SELECT source, same_content_within, accepted, duplicate, same_content FROM cdp.sources ORDER BY 1;
SELECT * FROM cdp.verify();
-- a bulk load compares, too
CREATE TABLE history AS SELECT 'load'::text AS source, 'l' || i AS message_id, 'track' AS type, 'Play' AS event, 'u' || i % 3 AS user_id, '2026-10-01Z'::timestamptz + i * interval '1 second' AS "timestamp", '2026-10-02Z'::timestamptz AS received_at FROM generate_series(1, 300) i;
SELECT cdp.set_sources('{"load": {"party": "first", "same_content_within": "5 seconds"}}');
SELECT batches, accepted, duplicate FROM cdp.load('history'::regclass, batch_rows => 100);
SELECT accepted, duplicate, same_content FROM cdp.sources WHERE source = 'load';
SELECT min(message_id), count(*), max("timestamp") FROM cdp.events WHERE source = 'load';
SELECT batches, accepted, duplicate FROM cdp.load($$ SELECT 'load' AS source, 'again' || message_id AS message_id, type, event, user_id, "timestamp", received_at FROM history $$, batch_rows => 1000);
SELECT accepted, duplicate, same_content FROM cdp.sources WHERE source = 'load';
SELECT * FROM cdp.verify();
-- what has left the log is not known any more
SELECT send('rudder', 'm1', 'Month', '12:00:00');
INSERT INTO cdp.inbox (source, message_id, type, event, user_id, "timestamp", received_at) VALUES ('segment', 'o1', 'track', 'Old', 'u', '2025-03-05Z', '2025-03-05Z');
SELECT * FROM outcome();
INSERT INTO cdp.inbox (source, message_id, type, event, user_id, "timestamp", received_at) VALUES ('rudder', 'o2', 'track', 'Old', 'u', '2025-03-05Z', '2025-03-05Z');
SELECT * FROM outcome();
SELECT events FROM cdp.drop_events('2025-04-01Z');
INSERT INTO cdp.inbox (source, message_id, type, event, user_id, "timestamp", received_at) VALUES ('rudder', 'o2', 'track', 'Old', 'u', '2025-03-05Z', '2025-03-05Z');
SELECT * FROM outcome();
-- mutable sources: neither compared, nor compared with
\set VERBOSITY terse
SELECT cdp.set_sources('{"rudder": {"mutable": true}}');
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "same_content_within": "1 minute"}}');
\set VERBOSITY default
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true}}');
SELECT cdp.set_sources('{"shop": {"same_content_within": "1 minute"}}');
SELECT send('shop', 'x1', 'Pay', '12:00:00'), send('rudder', 'x2', 'Pay', '12:00:00'), send('shop', 'x3', 'Pay', '12:00:00'), send('rudder', 'x4', 'Pay', '12:00:00');
SELECT * FROM outcome();
SELECT message_id FROM cdp.events WHERE event = 'Pay' ORDER BY 1;
SELECT cdp.set_sources('{"shop": {"mutable": false, "same_content_within": "1 minute"}}');
SELECT send('shop', 'x5', 'Pay', '12:01:00');
SELECT * FROM outcome();
-- errors
\set VERBOSITY terse
SELECT cdp.set_sources('{"rudder": {"same_content_within": 10}}');
SELECT cdp.set_sources('{"rudder": {"same_content_within": "soon"}}');
SELECT cdp.set_sources('{"rudder": {"same_content_within": "0 seconds"}}');
SELECT cdp.set_sources('{"rudder": {"same_content_within": "-1 second"}}');
SELECT cdp.set_sources('{"rudder": {"same_content_within": "1 month"}}');
SELECT cdp.set_sources('{"rudder": {"same_content_within": "40000 days"}}');
SELECT cdp.set_sources('{"rudder": {"same_contents_within": "1 day"}}');
SELECT cdp.rules() -> '*' -> 'sources' -> 'load' ->> 'same_content_within' AS load, cdp.rules() -> '*' -> 'sources' -> 'rudder' ->> 'same_content_within' AS rudder;
SELECT cdp.set_sources('{"rudder": null, "load": {"same_content_within": null}}');
SELECT source, same_content_within FROM cdp.sources ORDER BY 1;
\c :origin
DROP DATABASE cdp_same_content;
