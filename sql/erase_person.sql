-- cdp.erase(): what goes, what stays, what comes again, and what the certificate says.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
CREATE DATABASE cdp_erase_person ENCODING 'UTF8' TEMPLATE template0;
\c cdp_erase_person
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
SET timezone = 'UTC';
SET client_min_messages = warning;
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum

CREATE FUNCTION send(message text, kind text, anonymous text, person text, name text, properties jsonb DEFAULT NULL, traits jsonb DEFAULT NULL,
	identifiers jsonb DEFAULT NULL, context jsonb DEFAULT NULL, account text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, event, properties, traits, identifiers, context, group_id, "timestamp", received_at, source)
	VALUES (message, kind, anonymous, person, name, properties, traits, identifiers, context, account,
		timestamptz '2026-03-01' + length(message) * interval '1 hour', '2026-03-09', 'web')
$$;
CREATE VIEW log AS SELECT message_id, type, anonymous_id, user_id, event, properties, traits, identifiers, context FROM cdp.events ORDER BY message_id, event;
CREATE FUNCTION certificate(c jsonb) RETURNS jsonb LANGUAGE sql RETURN jsonb_build_object('status', c -> 'request_status', 'people', c -> 'people', 'identifiers', c -> 'identifiers',
	'done', c -> 'done', 'elsewhere', c -> 'named_elsewhere', 'held', c -> 'held');

-- without a key nothing is erased, and nothing is lost
SELECT pg_temp.refusal($$SELECT cdp.erase('email:ann@example.com')$$);
SELECT pg_temp.refusal($$SET cdp.suppression_key = 'short'$$);
SET cdp.suppression_key = '0123456789abcdef0123456789abcdef';
SELECT pg_temp.refusal($$SELECT cdp.erase(NULL::text)$$), pg_temp.refusal($$SELECT cdp.erase('email:a@example.com', 'forget')$$),
	pg_temp.refusal($$SELECT cdp.erase('ann')$$), pg_temp.refusal($$SELECT cdp.erase('email:a@example.com', since => '2026-01-02', until => '2026-01-01')$$),
	pg_temp.refusal($$SELECT cdp.erase('email:a@example.com', keep_properties => '{sku}')$$);

-- a person, its tablet that another used, an account, quarantine, a replay; and others who have nothing to do with it
SELECT send('m1', 'track', 'a-1', NULL, 'Viewed', '{"sku": "mug"}'), send('m-2', 'identify', 'a-1', 'u-7', NULL, NULL, '{"email": "Ann@Example.com", "phone": "+49 30 123456", "name": "Ann"}'),
	send('m--3', 'track', NULL, 'u-7', 'Ordered', '{"total": 40}', NULL, NULL, '{"page": {"url": "https://shop/?who=ann"}}'), send('m---4', 'track', 'tablet', 'u-7', 'Viewed'),
	send('m----5', 'track', 'tablet', 'u-8', 'Viewed', '{"by": "u-8"}', NULL, NULL, '{"device": {"id": "dev-8"}}'), send('m-----6', 'identify', NULL, 'u-8', NULL, NULL, '{"email": "bob@example.com"}'),
	send('m------7', 'track', NULL, 'u-8', 'Invited', '{"friends": ["ann@example.com", "carl@example.com"], "note": "for ann@example.com.", "url": "/?e=ann%40example.com&x=1"}', NULL, '{"email": ["ann@example.com"]}'),
	send('m-------8', 'group', NULL, 'u-7', NULL, NULL, '{"plan": "a"}', NULL, NULL, 'acme'), send('m--------9', 'group', NULL, 'u-8', NULL, NULL, '{"size": 2}', NULL, NULL, 'acme');
INSERT INTO cdp.inbox (message_id, type, user_id, event, properties, "timestamp", source) VALUES ('bad1', 'track', 'u-7', 'Late', '{"a": 1}', '1950-01-01', 'web'),
	('bad2', 'track', 'u-8', 'Late', '{"mail": "ann@example.com"}', '1950-01-01', 'web');
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"userId": "u-7", "broken', 'web'), ('{"userId": "u-9", "broken', 'web');
SELECT taken, accepted, quarantined, suppressed FROM cdp.refresh();
SELECT identifiers, traits FROM cdp.profiles ORDER BY profile_id;
SELECT cdp.create_segment('viewers', $$ cdp.did(timeline, 'Viewed') $$);
CALL cdp.build_segments();
SELECT cdp.create_consumer('mail', '{viewers}');
SELECT cdp.profile_of('user_id:u-7') AS ann, cdp.profile_of('user_id:u-8') AS bob \gset
SELECT cdp.forbid('user_id:u-7', 'email:carl@example.com', 'Ann (ann@example.com) is not Carl');

-- a preview changes nothing
SELECT jsonb_pretty(certificate(cdp.erase('phone:+4930123456', 'preview')));
SELECT count(*) FROM log;
SELECT count(*) AS suppressed FROM cdp_data.suppressed;

-- by the SHA-256 of another of its identifiers
SELECT cdp.erase(encode(sha256('ann@example.com'), 'hex'), request => 'r-1', reason => 'asked by letter') AS certificate \gset
SELECT jsonb_pretty(certificate(:'certificate'));
SELECT :'certificate'::jsonb ?& '{api_version,controller_id,subject_request_id,subject_request_type,regulation,received_time,expected_completion_time,completed_time,not_done_yet}' AS opendsr,
	:'certificate' ~ 'ann|u-7|123456' AS names;
SELECT * FROM log;
SELECT identifiers, traits FROM cdp.profiles ORDER BY profile_id;
SELECT group_id, traits, events FROM cdp.accounts;
SELECT record ->> 'user_id' AS user_id, record -> 'properties' AS properties, line FROM cdp.quarantine ORDER BY quarantine_id;
SELECT profile_id = :ann AS ann, kind, cause FROM cdp_data.change WHERE profile_id IN (:ann, :bob) ORDER BY change_id;
SELECT kind, a, b, reason FROM cdp.verdict;
SELECT count(*) FROM cdp.members('viewers');
SELECT cdp.profile_of('email:ann@example.com') IS NULL AS gone, cdp.lookup('email:ann@example.com') IS NULL AS unknown;
SELECT * FROM cdp.verify();
SELECT * FROM cdp.verify_certificates();

-- it comes again: by the inbox, by lines, by a load, by the repair of quarantine; with others, and alone
SELECT send('m--3', 'track', NULL, 'u-7', 'Ordered', '{"total": 40}', NULL, NULL, '{"page": {"url": "https://shop/?who=ann"}}');
SELECT send('m----5', 'track', 'tablet', 'u-8', 'Viewed', '{"by": "u-8"}', NULL, NULL, '{"device": {"id": "dev-8"}}');
SELECT send('again-1', 'track', 'new', 'u-7', 'Again', '{"mail": "ann@example.com", "n": 7, "ann@example.com": 1, "text": "Ann@example.com, u-7 and u-77"}', NULL, '{"phone": "+49 30 123456", "crm": "c1"}', '{"traits": {"email": "ANN@example.com"}}');
SELECT send('again-2', 'identify', NULL, 'u-7', NULL, NULL, '{"email": "ann@example.com"}');
SELECT send('again-3', 'track', NULL, NULL, 'Hashed', NULL, NULL, jsonb_build_object('email_sha256', encode(sha256('ann@example.com'), 'hex')));
SELECT send('again-u-7', 'track', NULL, 'u-8', 'Said', '{"n": 1}'), send('again-4', 'alias', NULL, 'u-10', NULL);
UPDATE cdp.inbox SET previous_id = 'u-7' WHERE message_id = 'again-4';
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"messageId": "again-5", "type": "track", "event": "Line", "userId": "u-7", "timestamp": "2026-03-01T00:00:00Z"}', 'web'),
	('{"messageId": "again-6", "type": "track", "event": "Line", "userId": "u-8", "properties": {"to": "x"}, "context": {"traits": {"email": "ann@example.com"}}, "timestamp": "2026-03-01T00:00:00Z"}', 'web'),
	('{"userId": "ann@example.com", "broken', 'web'), ('{"batch": [{"type": "track", "event": "In batch", "userId": "u-7"}, {"type": "track", "event": "In batch", "userId": "u-8", "timestamp": "2026-03-01T00:00:00Z"}]}', 'web');
SELECT taken, accepted, duplicate, quarantined, suppressed, taken = accepted + duplicate + quarantined + deletions + suppressed AS whole FROM cdp.refresh();
SELECT * FROM log WHERE event IN ('Again', 'Line', 'Said', 'In batch') OR type = 'alias' OR message_id LIKE 'again%';
SELECT reason, record, line FROM cdp.quarantine WHERE reason NOT LIKE '%time%' ORDER BY quarantine_id;
SELECT taken, accepted, suppressed FROM cdp.load($$ SELECT 'again-7' AS message_id, 'track' AS type, 'Loaded' AS event, 'u-7' AS user_id, timestamptz '2026-03-02' AS "timestamp" $$, 'web');
UPDATE cdp.quarantine SET record = record || '{"timestamp": "2026-03-02T00:00:00Z", "user_id": "u-7"}' WHERE record ->> 'message_id' = 'bad2';
SELECT cdp.replay() > 0 AS replayed;
SELECT suppressed > 0 AS suppressed FROM cdp.refresh();
SELECT source, suppressed FROM cdp.sources;
SELECT count(*) FROM cdp_data.identifier WHERE identifier::text ~ 'u-7$|ann@|4930123456';
SELECT * FROM cdp.verify();

-- another key, or none: nothing is taken
SELECT send('later-1', 'track', NULL, 'u-8', 'Later');
SET cdp.suppression_key = 'another key of more than 32 characters';
SELECT pg_temp.refusal('SELECT cdp.refresh()'), pg_temp.refusal($$SELECT cdp.erase('user_id:u-8')$$);
RESET cdp.suppression_key;
SELECT pg_temp.refusal('SELECT cdp.refresh()');
SET cdp.suppression_key = '0123456789abcdef0123456789abcdef';
SELECT accepted FROM cdp.refresh();

-- allowed again
SELECT cdp.allow_again('user_id:u-7') AS again, cdp.allow_again('user_id:u-7') AS no_more;
SELECT send('back-1', 'track', NULL, 'u-7', 'Back', NULL, NULL, '{"email": "ann@example.com"}');
SELECT accepted, suppressed FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles WHERE profile_id = cdp.profile_of('user_id:u-7');
\c :origin
DROP DATABASE cdp_erase_person;
