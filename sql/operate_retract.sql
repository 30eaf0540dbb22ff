-- cdp.retract(): events taken back, as if they had never come.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
CREATE FUNCTION say(at integer, ids jsonb, message_id text DEFAULT NULL, properties jsonb DEFAULT NULL, source text DEFAULT 'web') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, identifiers, properties, "timestamp", received_at, source)
	VALUES (coalesce(message_id, 'at ' || at), 'track', 'Seen', ids, properties, timestamptz '2025-01-01 00:00Z' + at * interval '1 hour', timestamptz '2025-02-01 00:00Z', source)
$$;
CREATE VIEW people AS SELECT min(cdp.profile_of(i.profile_id)) AS profile_id, string_agg(i.identifier, ' ' ORDER BY i.identifier) AS identifiers FROM cdp.identifiers i GROUP BY i.profile_id ORDER BY 1;

-- an event is taken back, and comes again
SELECT say(1, '{"a": "a"}'), say(2, '{"a": "a", "user_id": "u1"}');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people;
SELECT events, identifiers, people, waiting FROM cdp.retract(message_ids => '{at 2}', dry_run => true);
SELECT * FROM people;
SELECT events, identifiers, people, waiting FROM cdp.retract(message_ids => '{at 2}', reason => 'wrong person');
SELECT * FROM people;
SELECT * FROM cdp.resolve_profile('user_id:u1');
SELECT * FROM cdp.resolve_profile(2);
SELECT cdp.profile_of('user_id:u1'), cdp.profile_of(2), cdp.lookup('user_id:u1'), cdp.lookup(2);
SELECT cdp.profile_at('user_id:u1', 'infinity'), cdp.profile_at('user_id:u1', as_of) FROM cdp.batch WHERE batch_id = 1;
SELECT cdp.profile_at('a:a', as_of) AS a_then FROM cdp.batch WHERE batch_id = 1;
SELECT event_id, profile_id FROM cdp.events_at('infinity');
SELECT * FROM cdp.find_identifier('user_id:u1');
SELECT step, from_identifier, reasons FROM cdp.explain('a:a', 'user_id:u1');
SELECT identifier FROM cdp.identifier_periods ORDER BY 1;
SELECT source, accepted, retracted FROM cdp.sources;
SELECT asked, events, forever, reason, decided_by = session_user AS decided, first_batch_id, last_batch_id FROM cdp.retraction;
SELECT * FROM cdp.verify();
SELECT say(2, '{"a": "a", "user_id": "u1"}');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT * FROM people;
-- … and does not
SELECT events FROM cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp.events WHERE user_id IS NULL AND message_id = 'at 2'), forever => true);
SELECT say(2, '{"a": "a", "user_id": "u1"}');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT * FROM people;
SELECT * FROM cdp.verify();

-- what waits in an inbox is taken first
SELECT say(3, '{"a": "a", "user_id": "u3"}');
SELECT events, identifiers, waiting FROM cdp.retract(message_ids => '{at 3}', dry_run => true);
SELECT events, identifiers, waiting FROM cdp.retract(message_ids => '{at 3}');
SELECT * FROM people;
-- a copy of other content stays in quarantine until it is let in
SELECT say(4, '{"a": "a"}', 'twice');
SELECT say(5, '{"a": "a", "user_id": "u5"}', 'twice');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT events FROM cdp.retract(message_ids => '{twice}');
SELECT * FROM people;
SELECT cdp.replay('message_id_reused');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM people;
-- nothing is left of a person
SELECT events, identifiers, people FROM cdp.retract(query => 'SELECT event_id FROM cdp.events');
SELECT count(*) FROM people;
SELECT profile_id, identifier_id, blocked, shared, link_counts FROM cdp_data.identifier ORDER BY 2;
SELECT count(*) FROM cdp_data.profile;
SELECT count(*) FROM cdp_data.link;
SELECT count(*) AS forever FROM cdp_data.message;
SELECT * FROM cdp.verify();
SELECT identifiers, links, identifiers_moved FROM cdp.restitch();
SELECT identifier_id, profile_id FROM cdp_data.identifier ORDER BY 1;

-- the middle that was not seen, and is taken back
SELECT say(1, '{"user_id": "v1"}', 'v1'), say(2, '{"user_id": "v3"}', 'v3');
SELECT accepted FROM cdp.refresh();
SELECT * FROM cdp.same('user_id:v1', 'user_id:v2');
SELECT * FROM cdp.same('user_id:v2', 'user_id:v3');
SELECT identifiers FROM people;
SELECT say(3, '{"user_id": "v2"}', 'v2');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people;
SELECT events, identifiers FROM cdp.retract(message_ids => '{v2}');
SELECT identifiers FROM people;
SELECT * FROM cdp.verify();
SELECT cdp.allow('user_id:v1', 'user_id:v2'), cdp.allow('user_id:v2', 'user_id:v3'), cdp.allow('user_id:v2', 'user_id:v3');

-- a kiosk is no longer shared, and the event that was anchored elsewhere comes to it
SELECT cdp.set_rules('{"device_id": {"max_links": {"user_id": 2}}}');
SELECT say(i, jsonb_build_object('device_id', 'k', 'user_id', 'w' || i), 'w' || i) FROM generate_series(1, 3) i;
SELECT say(9, '{"device_id": "k"}', 'k');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people WHERE identifiers LIKE '%w%' OR identifiers LIKE '%k%';
SELECT events, identifiers FROM cdp.retract(message_ids => '{w3}');
SELECT identifiers FROM people WHERE identifiers LIKE '%w%' OR identifiers LIKE '%k%';
SELECT identifier, other_identifier, reasons FROM cdp.refused_links;
SELECT e.message_id, cdp.value(i.identifier) FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) WHERE e.message_id = 'k';
SELECT * FROM cdp.verify();

-- an unlink is withdrawn; it outlives the event that set its time
SELECT * FROM cdp.unlink('device_id:k', 'user_id:w1');
SELECT identifiers FROM people WHERE identifiers LIKE '%w%' OR identifiers LIKE '%k%';
SELECT events FROM cdp.retract(message_ids => '{w1}');
SELECT say(1, '{"device_id": "k", "user_id": "w1"}', 'w1');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people WHERE identifiers LIKE '%w%' OR identifiers LIKE '%k%';
SELECT cdp.allow('user_id:w1', 'device_id:k');
SELECT identifiers FROM people WHERE identifiers LIKE '%w%' OR identifiers LIKE '%k%';
SELECT * FROM cdp.verify();

-- traits, accounts, numbers and months
INSERT INTO cdp.inbox (message_id, type, user_id, group_id, traits, "timestamp", source)
VALUES ('t1', 'identify', 'x', NULL, '{"plan": "free"}', '2024-11-03', 'crm'), ('t2', 'identify', 'x', NULL, '{"plan": "paid", "seats": 3}', '2024-12-03', 'crm'),
	('g1', 'group', 'x', 'acme', '{"size": 10}', '2024-10-01', 'crm'), ('g2', 'group', 'x', 'acme', '{"size": 20}', '2024-12-01', 'crm'), ('g3', 'group', 'x', 'other', '{"size": 1}', '2024-12-02', 'crm');
INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", source) VALUES ('p1', 'track', 'Paid', 'x', '{"total": {"much": 1}}', '2024-12-05', 'crm'), ('p2', 'track', 'Paid', 'x', '{"total": 7}', '2024-12-06', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT traits, events FROM cdp.profiles WHERE profile_id = cdp.profile_of('user_id:x');
SELECT group_id, events, members, traits FROM cdp.accounts ORDER BY 1;
SELECT left_out FROM cdp.carried_property WHERE name = 'total';
SELECT events, identifiers FROM cdp.retract(source => 'crm', since => '2024-12-01', until => '2024-12-06');
SELECT traits, events FROM cdp.profiles WHERE profile_id = cdp.profile_of('user_id:x');
SELECT group_id, events, members, traits FROM cdp.accounts ORDER BY 1;
SELECT accounts FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:x');
SELECT left_out FROM cdp.carried_property WHERE name = 'total';
SELECT asked, events FROM cdp.retraction ORDER BY retraction_id DESC LIMIT 1;
SELECT * FROM cdp.verify();

-- in several batches, and many events by number
SELECT count(say(i % 2000, jsonb_build_object('user_id', 'y' || i % 700, 'device_id', 'z' || i % 1100), 'y' || i, source => 'many')) FROM generate_series(1, 12000) i;
SELECT accepted FROM cdp.refresh();
SELECT max(batch_id) AS last FROM cdp.batch \gset
BEGIN;
SELECT events, identifiers FROM cdp.retract(source => 'many');
SELECT batch_id - :last AS batch, retracted FROM cdp.batch WHERE batch_id > :last ORDER BY 1;
SELECT last_batch_id - first_batch_id AS batches FROM cdp.retraction ORDER BY retraction_id DESC LIMIT 1;
SELECT * FROM cdp.verify();
ROLLBACK;
SELECT events, identifiers FROM cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp.events WHERE source = 'many' AND event_id % 2 = 0) || ARRAY[-1, NULL, 1, 1]);
SELECT events FROM cdp.retract(message_ids => ARRAY['no such', NULL, '']);
SELECT * FROM cdp.verify();

-- a blocked value that no event carries is blocked, and is not when it is not
SELECT say(50, '{"user_id": "b1"}', 'b1');
SELECT accepted FROM cdp.refresh();
SELECT events FROM cdp.retract(message_ids => '{b1}');
SELECT cdp.set_rules('{"user_id": {"blocked": ["b1"]}}');
SELECT reason FROM cdp.resolve_profile('user_id:b1');
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"user_id": {"blocked": []}}');
SELECT reason FROM cdp.resolve_profile('user_id:b1');
SELECT * FROM cdp.verify();

-- errors
SELECT cdp.retract();
SELECT cdp.retract(message_ids => '{a}', event_ids => '{1}');
SELECT cdp.retract(event_ids => '{1}', since => '2025-01-01');
SELECT cdp.retract(source => 'man');
SELECT cdp.retract(event_ids => '{1}', forever => NULL);
SELECT cdp.retract(query => 'DELETE FROM cdp_data.event RETURNING event_id');
SELECT cdp.retract(query => 'SELECT ''none''');
SELECT cdp.retract(query => 'SELECT 1; SELECT 2');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT cdp.retract(event_ids => '{1}');
ROLLBACK;
-- the log lacks events of the person
SELECT say(60, '{"user_id": "c"}', 'c1'), say(61, '{"user_id": "c"}', 'c2');
SELECT accepted FROM cdp.refresh();
BEGIN;
DELETE FROM cdp_data.event WHERE message_id = 'c1';
SELECT cdp.retract(message_ids => '{c2}');
ROLLBACK;
SELECT events, identifiers FROM cdp.retract(message_ids => '{c1,c2}');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_retract;
