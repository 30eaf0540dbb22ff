-- A value that cannot be an identifier costs itself, not its call; events of no one; accounts without a person.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_rejected ENCODING 'UTF8' TEMPLATE template0;
\c cdp_rejected
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION cdp;
SELECT cdp.init();

INSERT INTO cdp.inbox (type, anonymous_id, user_id, traits, "timestamp") VALUES
 ('identify', 'dev-1', 'p1', '{"email": "pat at home", "plan": "gold"}', '2026-11-01Z'), ('identify', 'dev-2', 'p2', '{"email": "pia@mail.example", "phone": {"home": "+4989123456"}, "plan": "gold"}', '2026-11-01Z'),
 ('identify', 'dev-3', 'p3', '{"email": ["paul@mail.example", "paul(at)mail", "paul(at)work", "n/a"], "plan": "gold"}', '2026-11-01Z'), ('identify', 'dev-4', 'p4', '{"email": "N/A", "phone": "", "plan": "gold"}', '2026-11-01Z'),
 ('identify', E'dev\t5', 'p5', '{"plan": "gold"}', '2026-11-01Z'), ('identify', 'dev-6', repeat('long', 200), '{"plan": "gold"}', '2026-11-01Z');
INSERT INTO cdp.inbox (type, user_id, event, identifiers, context, source) VALUES
 ('track', 'p7', 'E', '{"pia@mail.example": 1, "crm_id": [["x"], "ok"], "email": "x y"}', '{"traits": {"email": "no address"}, "device": {"id": {}, "token": "t-7"}, "externalIds": [{"id": "x y", "type": "email"}, {"id": "e7"}, "e8", {"id": "c7", "type": "crm_id"}], "integrations": {"Google Analytics": {"clientId": []}}}', 'web');
SELECT cdp.ingest('{"userId":{"id":1},"anonymousId":"dev-8","event":"E","messageId":[1]}
{"userId":"p9","anonymousId":true,"event":"E"}', 'web');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT identifiers, traits ->> 'plan' AS plan FROM cdp.profiles ORDER BY identifiers;
SELECT source, namespace, reason, occurrences, left(example, 30) AS example FROM cdp.rejected_value ORDER BY 1, 2, 3;
SELECT anonymous_id, user_id, message_id, context -> '_extra' AS extra FROM cdp.events WHERE context ? '_extra' ORDER BY event_id;
-- the values are traits still
SELECT traits ->> 'email' AS email FROM cdp.profiles WHERE 'user_id:p1' = ANY (identifiers);
-- counts go on; the example stays
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'p1', '{"email": "another thing"}'), ('identify', 'p2', '{"email": ["one", "two"]}');
SELECT accepted FROM cdp.refresh();
SELECT occurrences, example, first_batch_id, last_batch_id FROM cdp.rejected_value WHERE source = 'default' AND namespace = 'email';
-- duplicates and rows in quarantine do not count
INSERT INTO cdp.inbox (message_id, type, user_id, traits) VALUES ('same', 'identify', 'p1', '{"email": "x"}'), ('same', 'identify', 'p1', '{"email": "x"}'), (NULL, 'track', NULL, '{"email": "x"}'), (NULL, 'identify', NULL, '{"email": "x"}');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT occurrences FROM cdp.rejected_value WHERE source = 'default' AND namespace = 'email';
SELECT reason, detail FROM cdp.quarantine ORDER BY quarantine_id;
-- an analyst does not see examples
CREATE ROLE regress_rejected_analyst;
SELECT cdp.grant_access('regress_rejected_analyst', 'analyst');
SET ROLE regress_rejected_analyst;
SELECT source, namespace, occurrences FROM cdp.rejected_value WHERE namespace = 'email' ORDER BY 1;
SELECT example FROM cdp.rejected_value;
SELECT message ->> 'event' AS event FROM cdp.messages WHERE source = 'web' ORDER BY event_id;
RESET ROLE;
-- counted anew from the log
SELECT identifiers_moved, links, profiles_created FROM cdp.restitch();
SELECT source, namespace, reason, occurrences FROM cdp.rejected_value ORDER BY 1, 2, 3;
SELECT * FROM cdp.verify();

-- names as namespaces do not fill the table
INSERT INTO cdp.inbox (event, user_id, identifiers, source) SELECT 'E', 'many', (SELECT jsonb_object_agg('n' || g || '_' || i, E'a\tb') FROM generate_series(1, 8) i), 'many' FROM generate_series(1, 1500) g;
SELECT accepted FROM cdp.refresh();
INSERT INTO cdp.inbox (event, user_id, identifiers, source) VALUES ('E', 'many', '{"late": "a\tb", "n1_1": "a\tb"}', 'many');
INSERT INTO cdp.inbox (event, user_id, traits, type) VALUES (NULL, 'many', '{"email": "y"}', 'identify');
SELECT accepted FROM cdp.refresh();
SELECT count(*), count(*) FILTER (WHERE namespace = 'late') AS late, max(occurrences) FILTER (WHERE namespace = 'n1_1') AS more FROM cdp.rejected_value;
SELECT occurrences FROM cdp.rejected_value WHERE source = 'default' AND namespace = 'email';

-- events without any identifier: in quarantine, or kept by their source; an account needs no person
DELETE FROM cdp.quarantine;
INSERT INTO cdp.inbox (message_id, type, event, properties, source) VALUES ('k1', 'page', NULL, '{"name": "Home"}', 'pages'), ('k2', 'track', 'E', NULL, 'pages'), ('k3', 'track', 'E', NULL, 'other');
INSERT INTO cdp.inbox (message_id, type, group_id, traits, "timestamp") VALUES ('g1', 'group', 'acme', '{"name": "Acme", "size": 1}', '2026-11-01Z'), ('g2', 'group', 'acme', '{"size": 2}', '2026-11-02Z');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT group_id, traits FROM cdp.accounts;
SELECT cdp.set_sources('{"pages": {"keep_unidentified": true}}');
SELECT source, keep_unidentified, phone_region FROM cdp.sources ORDER BY source;
SELECT cdp.replay();
SELECT accepted, quarantined FROM cdp.refresh();
SELECT event, source, profile_id FROM cdp.events WHERE message_id ~ '^k' ORDER BY message_id;
SELECT count(*) FROM cdp.profiles WHERE 0 = profile_id;
INSERT INTO cdp.inbox (message_id, type, event, source) VALUES ('k2', 'track', 'E', 'pages'), ('k2', 'track', 'F', 'pages');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT * FROM cdp.verify();
SELECT links, identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT count(*) FROM cdp.events WHERE message_id ~ '^k';
SELECT events FROM cdp.retract(message_ids => '{k1,g2}');
SELECT group_id, traits FROM cdp.accounts;
SELECT * FROM cdp.verify();
\set VERBOSITY terse
SELECT cdp.set_sources('{"pages": {"keep_unidentified": 1}}');
SELECT cdp.set_sources('{"pages": {"keep_unidentified": null}}');
SELECT cdp.rules() -> '*' -> 'sources' -> 'pages' -> 'keep_unidentified' AS kept;
-- what is no SHA-256 is no hash of an address: it stays where it is, and is listed
INSERT INTO cdp.inbox (message_id, type, user_id, identifiers, "timestamp", source) VALUES ('s1', 'identify', 's1', '{"email_sha256": "ann@example.com", "phone_sha256": "null"}', '2026-11-01Z', 'hashes'),
 ('s2', 'identify', 's2', jsonb_build_object('email_sha256', encode(sha256('ann@example.com'), 'base64')), '2026-11-01Z', 'hashes'), ('s3', 'identify', 's3', jsonb_build_object('email_sha256', encode(sha256('null'), 'hex')), '2026-11-01Z', 'hashes');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT namespace, reason, occurrences, example FROM cdp.rejected_value WHERE source = 'hashes';
SELECT identifiers FROM cdp.profiles WHERE identifiers && '{user_id:s1,user_id:s2,user_id:s3}' ORDER BY profile_id;
SELECT identifiers FROM cdp.events WHERE message_id = 's1';
DROP OWNED BY regress_rejected_analyst;
DROP ROLE regress_rejected_analyst;
\c :origin
DROP DATABASE cdp_rejected;
