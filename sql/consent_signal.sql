-- Signals of events become statements: where they stand, what they say, and how they act
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_consent_signal ENCODING 'UTF8' TEMPLATE template0;
\c cdp_consent_signal
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';

-- sends one event, and shows what the ledger has of its person
CREATE FUNCTION send(context jsonb, id text DEFAULT 'u', event text DEFAULT 'View', properties jsonb DEFAULT NULL) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO cdp.inbox (type, user_id, event, context, properties, source, "timestamp", received_at)
	VALUES ('track', id, event, context, properties, 'web', '2026-02-01', '2026-02-01');
END;
CREATE FUNCTION said(id text) RETURNS text
	LANGUAGE sql
BEGIN ATOMIC
	SELECT string_agg(c.purpose || ' ' || c.answer, ', ' ORDER BY c.purpose, c.answer)
	FROM cdp.consent c WHERE c.identifier = 'user_id:' || id;
END;
SELECT cdp.create_purpose(p, 'opt_out')
FROM unnest('{ads,analytics,functional,sale,storage,tcf1,tcf2,vendor}'::text[]) AS p;
SELECT cdp.map_signal(kind, key, purpose)
FROM (VALUES ('category', 'Advertising', 'ads'), ('category', 'Analytics', 'analytics'), ('category', 'C0003', 'functional'),
	('google', 'ad_storage', 'storage'), ('google', 'analytics_storage', 'analytics'), ('gpc', '', 'sale'),
	('gpp', 'usnat.SaleOptOut', 'sale'), ('gpp', 'uspv1.OptOutSale', 'sale'), ('tcf', '1', 'tcf1'), ('tcf', '2', 'tcf2'),
	('tcf_objection', '2', 'tcf2'), ('tcf', '2/755', 'vendor')) AS s (kind, key, purpose);

-- the shapes in which libraries and tools send them
CREATE TEMPORARY TABLE shape (id text, context jsonb, event text DEFAULT 'View', properties jsonb);
INSERT INTO shape (id, context) VALUES
	('segment', '{"consent": {"categoryPreferences": {"Advertising": true, "Analytics": false, "Other": true}}}'),
	('segment, none', '{"consent": {"categoryPreferences": {}}}'),
	('segment, nothing', '{"consent": {}}'),
	('segment, null', '{"consent": {"categoryPreferences": {"Advertising": null}}}'),
	('segment, as text', '{"consent": {"categoryPreferences": {"Advertising": "true", "Analytics": "false"}}}'),
	('rudderstack', '{"consentManagement": {"provider": "oneTrust", "resolutionStrategy": "and",
		"allowedConsentIds": ["C0003", "Analytics"], "deniedConsentIds": ["Advertising"]}}'),
	('ketch', '{"consentManagement": {"provider": "ketch", "allowedConsentIds": {"Analytics": "consent_optin"}}}'),
	('google', '{"consent": {"ad_storage": "granted", "analytics_storage": "denied"}}'),
	('gtag', '{"googleConsentMode": {"default": {"ad_storage": "denied"}, "update": {"analytics_storage": "granted"}}}'),
	('google, upload', '{"consent": {"adStorage": "GRANTED", "adUserData": "DENIED", "analytics_storage": "UNSPECIFIED"}}'),
	('rudderstack, GA4', '{"integrations": {"GA4": {"consents": {"ad_storage": "DENIED"}}}}'),
	('gpc', '{"gpc": true}'),
	('gpc, text', '{"globalPrivacyControl": "1"}'),
	('gpc, off', '{"gpc": false}'),
	('gpc, header', '{"request": {"headers": {"Sec-GPC": "1", "Accept": "*/*"}}}'),
	('gpc, headers', '{"headers": {"sec-gpc": ["1"]}}'),
	('tcf', '{"tcString": "CQdjfYAQdjfYAAfABBENB-FgAP_AAEPAAAYgF5wAgAFALzAvOACAvMAIOACAV4AvMkABAXmA.IF6QAgAFQLzAvQAA.YAAAAAAAAAAA"}'),
	('tcf, denied', '{"consent": {"tcf_string": "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA"}}'),
	('tcf, as a cookie', '{"consent": {"euconsent-v2": "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"}}'),
	('tcf, in gpp', '{"consent": {"gppString": "DBABM~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"}}'),
	('gpp', '{"gpp": "DBABLA~CAAYAAAAAGBA"}'),
	('gpp, did not opt out', '{"gpp": "DBABLA~BVQqAAAAAgA"}'),
	('gpp, gpc', '{"gpp": "DBABLA~BVQqAAAAAgA.YA"}'),
	('us privacy', '{"us_privacy": "1YYN"}'),
	('us privacy, no', '{"us_privacy": "1YNN"}'),
	('two answers', '{"gpc": false, "gpp": "DBABLA~BVQqAAAAAgA", "usPrivacy": "1YYN",
		"consent": {"categoryPreferences": {"Analytics": true}, "analytics_storage": "denied"}}'),
	('deep', '{"request": {"request": {"request": {"request": {"gpc": true}}}}}'),
	('too deep', '{"request": {"request": {"request": {"request": {"request": {"gpc": true}}}}}}'),
	('elsewhere', '{"page": {"gpc": true}, "default": {"gpc": true}}'),
	('no object', '[{"gpc": true}]'),
	('nothing', '{}');
INSERT INTO shape (id, event, properties) VALUES
	('event', 'Segment Consent Preference Updated', '{"categoryPreferences": {"Advertising": false}}'),
	('another event', 'consent_update', '{"ad_storage": "granted"}'),
	('no such event', 'Order Completed', '{"categoryPreferences": {"Advertising": false}, "gpc": true}');
SELECT count(*) AS sent FROM shape, LATERAL send(context, id, event, properties);
SELECT taken, accepted FROM cdp.refresh();
SELECT id, said(id) FROM shape;
TABLE cdp.invalid_signal;

-- what is not valid says nothing, and is counted by source and kind
SELECT count(*) AS sent FROM unnest(ARRAY['{"tcString": "CPXx"}', '{"tcString": 7}', '{"tcString": ""}',
	'{"gpp": "DBABLA~DVQqAAAAAgA"}', '{"gpp": "DBABLA"}', '{"us_privacy": "1YYX"}', '{"gpc": "yes"}', '{"gpc": 2}',
	'{"consent": {"ad_storage": "maybe", "ad_user_data": "maybe"}}', '{"consent": {"categoryPreferences": {"Analytics": 1}}}',
	'{"consent": {"categoryPreferences": true}}', '{"consentManagement": {"allowedConsentIds": "C0003"}}']) AS c,
	LATERAL send(c::jsonb, 'invalid');
SELECT accepted FROM cdp.refresh();
SELECT said('invalid');
SELECT source, kind, occurrences, last_batch_id - first_batch_id AS batches FROM cdp.invalid_signal ORDER BY kind;
SELECT send('{"gpc": "yes"}', 'invalid');
SELECT accepted FROM cdp.refresh();
SELECT source, kind, occurrences FROM cdp.invalid_signal WHERE kind = 'gpc';
-- of rows that are not accepted nothing is counted, or said
INSERT INTO cdp.inbox (type, message_id, user_id, event, context, "timestamp", source) VALUES
	('track', 'twice', 'v', 'View', '{"gpc": true}', '2026-02-01', 'web'),
	('track', 'twice', 'v', 'View', '{"gpc": true}', '2026-02-01', 'web'),
	('shout', 'never', 'w', 'View', '{"gpc": "yes"}', '2026-02-01', 'web');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT said('v'), said('w'), occurrences FROM cdp.invalid_signal WHERE kind = 'gpc';
-- a call that libraries send
SELECT cdp.ingest('{"type": "track", "event": "Segment Consent Preference Updated", "userId": "i", "messageId": "line", '
	'"timestamp": "2026-02-01T00:00:00Z", '
	'"context": {"consent": {"categoryPreferences": {"Advertising": false, "Analytics": true}}}}', 'lines');
SELECT accepted FROM cdp.refresh();
SELECT said('i');

-- a header on each event does not double the log
SELECT count(*) FROM cdp.consent WHERE identifier = 'user_id:h';
INSERT INTO cdp.inbox (type, user_id, anonymous_id, event, context, "timestamp", received_at, source)
SELECT 'track', 'h', 'h-device', 'View', '{"gpc": "1"}', '2026-02-01'::timestamptz + n * interval '1 minute', '2026-03-01', 'web'
FROM generate_series(1, 300) AS n;
SELECT sum(accepted) FROM generate_series(1, 4) AS n, cdp.refresh(100, n IS NULL);
SELECT identifier, answer, first_time, last_time, event_id - first_event_id AS events, source
FROM cdp.consent WHERE profile_id = cdp.profile_of('user_id:h') ORDER BY 1;
-- the first and the last of them are taken back, then all
SELECT events FROM cdp.retract(query => $$SELECT e.event_id FROM cdp.events e WHERE e.user_id = 'h'
	AND e."timestamp" IN ('2026-02-01 00:01Z', '2026-02-01 05:00Z')$$);
SELECT identifier, first_time, last_time FROM cdp.consent WHERE profile_id = cdp.profile_of('user_id:h') ORDER BY 1;
SELECT events FROM cdp.retract(query => $$SELECT e.event_id FROM cdp.events e WHERE e.user_id = 'h'$$);
SELECT count(*) FROM cdp.consent WHERE identifier ~ ':h';

-- a signal that speaks of nothing any more: what it said stays, and goes with its events
SELECT cdp.map_signal('gpc', '', NULL);
SELECT send('{"gpc": true}', 'late');
SELECT accepted FROM cdp.refresh();
SELECT said('gpc'), said('late');
DELETE FROM shape WHERE id <> 'gpc';
SELECT events FROM cdp.retract(query => $$SELECT e.event_id FROM cdp.events e WHERE e.user_id = 'gpc'$$);
SELECT said('gpc');

-- without signals nothing is read
SELECT cdp.map_signal(s.kind, s.key, NULL) FROM (SELECT DISTINCT s.kind, s.key FROM cdp.signal s) s;
SELECT send('{"tcString": "CPXx", "us_privacy": "1YYN"}', 'after');
SELECT accepted FROM cdp.refresh();
SELECT said('after'), sum(occurrences) FROM cdp.invalid_signal;
SELECT cdp.retract(source => 'web') IS NOT NULL AS taken_back;
SELECT count(*) FROM cdp.consent WHERE source = 'web';

-- an identifier that was blocked speaks once it is not blocked any more
SELECT cdp.map_signal('gpc', '', 'sale');
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["kiosk"]}}');
INSERT INTO cdp.inbox (type, user_id, anonymous_id, event, context, "timestamp", source)
VALUES ('track', 'b', 'kiosk', 'View', '{"gpc": true}', '2026-02-01', 'shop');
SELECT accepted FROM cdp.refresh();
SELECT identifier, answer FROM cdp.consent WHERE source = 'shop' ORDER BY 1;
SELECT cdp.set_rules('{"anonymous_id": {"blocked": null}}');
SELECT DISTINCT identifier, answer FROM cdp.consent WHERE source = 'shop' ORDER BY 1;

SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_consent_signal;
