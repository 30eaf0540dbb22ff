-- cdp.export_person(): all that is kept of a person, and nothing of others.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_export ENCODING 'UTF8' TEMPLATE template0;
\c cdp_export
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_export_owner;
SELECT cdp.init('regress_cdp_export_owner');
CREATE ROLE regress_cdp_export_steward;
CREATE ROLE regress_cdp_export_analyst;
SELECT cdp.grant_access('regress_cdp_export_steward', 'steward'), cdp.grant_access('regress_cdp_export_analyst', 'analyst');
-- a browser, exported as such, that later is Ann's
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, "timestamp", received_at, source) VALUES ('m0', 'page', NULL, 'ann-browser', '2025-12-31Z', '2025-12-31Z', 'web');
SELECT accepted FROM cdp.refresh();
SELECT cdp.export_person('anonymous_id:ann-browser') -> 'profile' -> 'events' AS events;
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, properties, traits, context, "timestamp", received_at, source) VALUES
 ('m1', 'track', 'Product Viewed', 'ann-browser', NULL, NULL, '{"sku": "mug", "gift_for": "Bob@Example.com", "note": "for B. <bob@example.com>, and more", "unknown": "zed@example.com"}', NULL, '{"ip": "1.2.3.4", "gpc": true, "device": {"id": "tablet"}}', '2026-01-01Z', '2026-01-01Z', 'web'),
 ('m2', 'identify', NULL, 'ann-browser', 'ann', NULL, NULL, '{"email": "Ann@Example.com", "city": "Bonn", "friend": {"bob@example.com": ["bob@example.com", 7, null, true]}}', NULL, '2026-01-02Z', '2026-01-02Z', 'web'),
 ('m3', 'track', 'Order Completed', NULL, 'ann', NULL, '{"total": 40, "courier": "+49 170 1234567"}', NULL, NULL, '2026-01-03Z', '2026-01-03Z', 'shop'),
 ('m4', 'identify', NULL, 'bob-browser', 'bob', NULL, NULL, '{"email": "bob@example.com", "phone": "+491701234567", "secret": "bobs secret"}', NULL, '2026-01-02Z', '2026-01-02Z', 'web'),
 ('m5', 'track', 'Seen Together', 'ann-browser', 'bob', NULL, '{"total": 1, "secret": "bobs secret"}', NULL, '{"gpc": true, "traits": {"email": "ann@example.com"}}', '2026-01-05Z', '2026-01-05Z', 'web'),
 ('m6', 'track', 'Seen Together', 'bob-browser', 'ann', NULL, '{"total": 1, "who": "bob"}', NULL, '{"traits": {"phone": "+491701234567"}}', '2026-01-06Z', '2026-01-06Z', 'web'),
 ('m7', 'group', NULL, NULL, 'ann', 'acme', NULL, '{"size": 3}', NULL, '2026-01-06Z', '2026-01-06Z', 'web'),
 ('m8', 'group', NULL, NULL, 'bob', 'acme', NULL, '{"boss": "bobs boss"}', NULL, '2026-01-07Z', '2026-01-07Z', 'web'),
 ('m9', 'track', NULL, NULL, 'ann', NULL, '{"of": "quarantine"}', NULL, NULL, '2026-01-06Z', '2026-01-06Z', 'web'),
 ('m10', 'track', NULL, NULL, 'bob', NULL, '{"secret": "bobs secret"}', NULL, NULL, '2026-01-06Z', '2026-01-06Z', 'web');
SELECT cdp.create_purpose('ads', 'opt_in', lawful_basis => 'consent'), cdp.map_signal('gpc', '', 'ads');
INSERT INTO cdp.inbox_raw (line, source) VALUES
 ('{"userId": "ann", "type": "nonsense", "traits": {"email": "bob@example.com"}}', 'web'), ('{"userId": "bob", "type": "nonsense", "secret": "bobs secret"}', 'web'),
 ('{"email": "ann@example.com", bobs secret', 'web'), ('{"email": "bob@example.com", bad', 'web'), ('{"x": "\ud83d", "email": "ANN@example.com"}', 'web');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT cdp.set_sources('{"shop": {"party": "second", "licence": "for delivery"}}');
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order Completed') $$, description => 'have bought'), cdp.create_segment('others', $$ cdp.has_identifier(identifiers, 'user_id') AND NOT identifiers @> ARRAY['email:bob@example.com'::cdp.identifier] $$);
SELECT cdp.create_trait('orders', $$ cdp.event_count(timeline) $$);
SELECT cdp.forbid('user_id:ann', 'user_id:bob', 'bobs wish'), cdp.same('user_id:ann', 'crm_id:7', 'the same, says bob@example.com');

SELECT cdp.set_consent('email:ann@example.com', 'ads', 'yes', evidence => '{"form": 7, "seen_by": "bob@example.com"}');
SET ROLE regress_cdp_export_steward;
CREATE TEMP TABLE exported AS SELECT cdp.export_person('email:ANN@example.com') AS document;
SELECT e.list, CASE jsonb_typeof(e.rows) WHEN 'array' THEN jsonb_array_length(e.rows) END AS rows FROM exported, jsonb_each(document) AS e (list, rows) ORDER BY 1;
SELECT document -> 'profile' AS profile FROM exported;
SELECT r ->> 'namespace' AS namespace, r ->> 'value' AS value, r -> 'sources' AS sources, (r ->> 'first_known')::timestamptz = (SELECT min(as_of) FROM cdp.batch) AS first_known FROM exported, jsonb_array_elements(document -> 'identifiers') r;
SELECT r ->> 'key' AS key, r -> 'value' AS value, r ->> 'at' AS at, r ->> 'source' AS source, r -> 'current' AS current FROM exported, jsonb_array_elements(document -> 'traits') r;
SELECT r -> 'trait' AS trait, r -> 'value' AS value FROM exported, jsonb_array_elements(document -> 'computed_traits') r;
SELECT r FROM exported, jsonb_array_elements(document -> 'accounts') r;
SELECT jsonb_strip_nulls(r) FROM exported, jsonb_array_elements(document -> 'events') r;
SELECT r -> 'reason' AS reason, r -> 'withheld' AS withheld, jsonb_strip_nulls(r -> 'record') AS record FROM exported, jsonb_array_elements(document -> 'quarantine') r;
SELECT r ->> 'identifier' AS identifier, r ->> 'other_identifier' AS other, r ->> 'source' AS source, r ->> 'message_id' AS message, r ->> 'explanation' AS explanation FROM exported, jsonb_array_elements(document -> 'links') r;
SELECT r - 'decided_at' - 'until_at' AS verdict FROM exported, jsonb_array_elements(document -> 'verdicts') r;
SELECT r -> 'name' AS name, r -> 'description' AS description, r -> 'why' -> 0 -> 'holds' AS holds, (r ->> 'since')::timestamptz <= now() AS since FROM exported, jsonb_array_elements(document -> 'segments') r;
SELECT r ->> 'identifier' AS identifier, r -> 'profile_id' AS profile_id, r ->> 'until' IS NULL AS now FROM exported, jsonb_array_elements(document -> 'history') r;
SELECT r FROM exported, jsonb_array_elements(document -> 'purposes') r;
SELECT r ->> 'identifier' AS identifier, r ->> 'answer' AS answer, r ->> 'source' AS source, r -> 'event_id' AS event_id, r -> 'evidence' AS evidence FROM exported, jsonb_array_elements(document -> 'consent') r;
SELECT r ->> 'action' AS action FROM exported, jsonb_array_elements(document -> 'disclosures') r;
SELECT r FROM exported, jsonb_array_elements(document -> 'sources') r;
-- nothing of Bob, who stands on events of Ann; his own has all, and nothing of hers
SELECT document::text ~* 'bob|1701234567|1234567' AS leaks FROM exported;
SELECT document::text ~* '[^b]ann[^o]|tablet' AS leaks, document::text ~ 'bobs secret' AND document::text ~ '1701234567' AS own FROM (SELECT cdp.export_person('user_id:bob') AS document) e;
-- by a number, by a text of digits; as the number of the person changes nothing
SELECT cdp.export_person(cdp.profile_of('user_id:ann')) -> 'events' = document -> 'events' AS same, cdp.export_person(cdp.profile_of('user_id:ann')::text) -> 'links' = document -> 'links' AS same_links FROM exported;
-- events that have left the log: what they added up to
RESET ROLE;
SELECT cdp.set_sources('{"shop": {"keep_events": "1 day"}}');
SELECT state, events FROM cdp.drop_old_events();
SET ROLE regress_cdp_export_steward;
SELECT f, jsonb_array_length(document -> 'events') AS events, document -> 'identifiers' -> 0 -> 'sources' AS sources FROM (SELECT cdp.export_person('user_id:ann') AS document) e, jsonb_array_elements(document -> 'folded') f;
-- one of whom there is nothing; one who is in quarantine alone
SELECT cdp.export_person('user_id:none'), cdp.export_person(12345), cdp.export_person(NULL::text);
INSERT INTO cdp.inbox (type, event, user_id, properties) VALUES ('track', NULL, 'lost', '{"x": 1}');
SELECT quarantined FROM cdp.refresh();
SELECT document -> 'profile' AS profile, jsonb_array_length(document -> 'quarantine') AS quarantine, jsonb_array_length(document -> 'events') AS events FROM (SELECT cdp.export_person('user_id:lost') AS document) e;
-- one whose events were taken back: the identifier is kept, and what it was
SELECT events FROM cdp.retract(message_ids => '{m4,m5,m8}');
SELECT document -> 'profile' AS profile, document -> 'identifiers' -> 0 ->> 'value' AS value, jsonb_array_length(document -> 'history') AS history, jsonb_array_length(document -> 'events') AS events FROM (SELECT cdp.export_person('user_id:bob') AS document) e;
-- text that is no identifier; a shared identifier
SELECT cdp.export_person('nonsense');
SELECT cdp.mark_shared('device_id:tablet', true);
SELECT cdp.export_person('device_id:tablet');
SELECT * FROM cdp.export_person_csv('device_id:tablet');
SELECT cdp.mark_shared('device_id:tablet', NULL);

-- CSV: the same, and hostile values stay values
INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, traits, "timestamp", received_at, source) VALUES
 ('c1', 'track', E'a "quoted", name;\\x', 'eve', '{"a": "line\nend", "b": "=1+1", "c": "\"", "d": 1e300, "e": [], "f": {"": null}, "ü": "😀"}', NULL, '2026-02-01Z', '2026-02-01Z', 'web'),
 ('c2', 'identify', NULL, 'eve', NULL, jsonb_build_object('long', repeat('x', 30000), 'deep', (repeat('[', 50) || repeat(']', 50))::jsonb, 'number', 12345678901234567890.123), '2026-02-02Z', '2026-02-02Z', 'web');
SELECT accepted FROM cdp.refresh();
SELECT list, line FROM cdp.export_person_csv('user_id:eve') WHERE list IN ('profile', 'accounts', 'folded', 'sources');
SELECT line FROM cdp.export_person_csv('user_id:eve') WHERE list = 'events' AND line !~ 'identify';
SELECT list, count(*) - 1 AS rows FROM cdp.export_person_csv('user_id:eve') GROUP BY list HAVING count(*) > 1 ORDER BY 1;
SELECT length(r -> 'traits' ->> 'long') AS long, r -> 'traits' -> 'number' AS number, r -> 'traits' ->> 'deep' = repeat('[', 50) || repeat(']', 50) AS deep FROM jsonb_array_elements(cdp.export_person('user_id:eve') -> 'events') r WHERE r ->> 'type' = 'identify';

-- who may, and who did
SELECT action, detail, cardinality(subjects) AS people, count(*), bool_and(role = 'regress_cdp_export_steward') AS by_steward FROM cdp.audit WHERE action = 'export_person' GROUP BY 1, 2, 3 ORDER BY 2, 3;
BEGIN READ ONLY;
SELECT cdp.export_person('user_id:ann');
ROLLBACK;
SET ROLE regress_cdp_export_analyst;
SELECT cdp.export_person('user_id:ann');
SELECT cdp.export_person_csv(1);
SELECT cdp_internal.export_document(NULL, 'user_id:ann');
RESET ROLE;
-- not with a part of the rows
ALTER TABLE cdp_data.event ENABLE ROW LEVEL SECURITY;
SET ROLE regress_cdp_export_steward;
SELECT cdp.export_person('user_id:ann');
RESET ROLE;
ALTER TABLE cdp_data.event DISABLE ROW LEVEL SECURITY;

\c :origin
DROP DATABASE cdp_export;
DROP ROLE regress_cdp_export_owner, regress_cdp_export_steward, regress_cdp_export_analyst;
