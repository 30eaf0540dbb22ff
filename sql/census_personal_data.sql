-- What of the log looks like personal data: by keys and by content, in properties, traits, contexts and ids.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_census ENCODING 'UTF8' TEMPLATE template0;
\c cdp_census
SET client_min_messages = notice;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\set SHOW_CONTEXT never

-- the values of a document
SELECT path, by_key, hits, near, mask FROM cdp_internal.personal_values('{"properties": {"customer": {"name": "Ann", "first_name": "Ann", "consent": true, "none": null}, "items": [{"sku": "A-1", "to": "ann@example.com"}, {"sku": "A-2"}], "list": ["+12015550123", ["192.0.2.1"]], "n": 4111111111111111, "x": 1.5,
	"mails": {"bo@example.com": 1, "cy@example.com": false}, "name": "Mug", "address": {"city": "Bonn", "12345678": "x"}}, "traits": {"name": "Bo", "email": "", "age": 30}}', true) ORDER BY path, mask;
SELECT path, by_key FROM cdp_internal.personal_values('{"traits": {"name": "ACME", "phone": "x"}}', false);
SELECT count(*) FROM cdp_internal.personal_values('"ann@example.com"', true);
-- deep documents
SELECT path, hits FROM cdp_internal.personal_values((repeat('{"a":', 60) || '"ann@example.com"' || repeat('}', 60))::jsonb, true);

-- events of all kinds; order numbers, ids and times that are none
INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, properties, traits, context, source, "timestamp")
SELECT 'track', 'Order', 'u' || n, NULL, jsonb_build_object('order_number', (4000000000000000 + n * 7919)::text, 'order_id', gen_random_uuid(), 'paid_at', '2026-03-01T10:00:00Z', 'ship_date', '2026-03-0' || 1 + n % 9, 'amount', n + 0.5, 'ms', 1772359200000 + n,
	'gift_to', 'friend' || n % 10 || '@example.com', 'note', CASE WHEN n % 20 = 0 THEN 'call me or write to n' || n || '@example.com' ELSE 'thanks' END, 'items', jsonb_build_array(jsonb_build_object('sku', 'A-' || n, 'engraving', 'x'), jsonb_build_object('sku', 'B'))),
	NULL, jsonb_build_object('ip', '192.0.2.' || n % 200, 'userAgent', 'Mozilla/5.0', 'page', jsonb_build_object('url', 'https://example.com/?email=u' || n || '%40example.com')), 'web', '2026-03-01'
FROM generate_series(1, 200) n;
INSERT INTO cdp.inbox (type, event, user_id, properties, source, "timestamp")
SELECT 'track', 'Paid', 'u' || n, jsonb_build_object('card', (ARRAY['4111 1111 1111 1111', '5555-5555-5555-4444', '378282246310005'])[1 + n % 3], 'account', (ARRAY['DE89370400440532013000', 'GB82 WEST 1234 5698 7654 32'])[1 + n % 2],
	'doc', (ARRAY['12345678Z', '529.982.247-25', 'RSSMRA85T10A562S'])[1 + n % 3], 'mobile_number', '0' || n, 'state', 'done'), 'web', '2026-03-01'
FROM generate_series(1, 30) n;
INSERT INTO cdp.inbox (type, user_id, anonymous_id, traits, source, "timestamp")
SELECT 'identify', 'user' || n || '@example.com', NULL, jsonb_build_object('name', 'Ann ' || n, 'birthday', (date '1960-01-01' + n)::text, 'joined', '2020-01-01', 'plan', 'pro', 'address', jsonb_build_object('street', 'Main ' || n, 'city', 'Bonn'), 'contact_dates', jsonb_build_array((date '1970-01-01' + n)::text)), 'crm', '2026-03-02'
FROM generate_series(1, 50) n;
INSERT INTO cdp.inbox (type, group_id, user_id, traits, source, "timestamp") VALUES ('group', 'acme', 'u1', '{"name": "ACME", "industry": "toys"}', 'crm', '2026-03-02');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM cdp.personal_data();
-- nothing that was sent is shown
SELECT count(*) FROM cdp.personal_data() d WHERE d::text ~ 'friend|4111|DE89|12345678Z|Ann|192\.0|Bonn|Main|1960';
-- bounds
SELECT count(*), min(source_name), max(source_name) FROM cdp.personal_data('crm');
SELECT count(DISTINCT source_name), min(source_name) FROM cdp.personal_data(until => '2026-03-02');
SELECT count(*) FROM cdp.personal_data(since => '2026-03-03');
SELECT cdp.personal_data(sample => 0);
-- a part of the log is read
INSERT INTO cdp.inbox (type, event, user_id, properties, source, "timestamp") SELECT 'track', 'Filler', 'u' || n % 100, jsonb_build_object('mail', n || '@example.com', 'pad', repeat('x', 200)), 'big', '2026-04-01' FROM generate_series(1, 20000) n;
SELECT accepted FROM cdp.refresh();
SELECT cdp_internal.estimate_events('2026-04-01', '2026-05-01') BETWEEN 15000 AND 25000 AS estimated, cdp_internal.estimate_events('2026-06-01', NULL) < 100 AS none;
SET client_min_messages = warning;
SELECT path, kind, events BETWEEN 200 AND 6000 AS some, hits = events AS all_of_them, share FROM cdp.personal_data('big', since => '2026-04-01', until => '2026-05-01', sample => 2000) WHERE path = 'properties.mail';
SELECT events FROM cdp.personal_data('big', sample => NULL) WHERE path = 'properties.mail';
-- what a plan drops, is still seen to flow in
SELECT cdp.set_plan('new', '[{"type": "track", "key": "E", "jsonSchema": {"properties": {"properties": {"additionalProperties": false}}}}]');
SELECT cdp.set_plan_actions('new', '{"violations": "drop_property"}');
INSERT INTO cdp.inbox (type, event, user_id, properties, source) VALUES ('track', 'E', 'u1', '{"email": "ann@example.com"}', 'new');
SELECT accepted FROM cdp.refresh();
SELECT path, kind, found_by FROM cdp.personal_data('new', sample => NULL);

-- analysts may look, others not
CREATE ROLE cdp_census_analyst;
CREATE ROLE cdp_census_writer;
SELECT cdp.grant_access('cdp_census_analyst', 'analyst'), cdp.grant_access('cdp_census_writer', 'writer');
SET ROLE cdp_census_analyst;
SELECT count(*) > 10 AS seen FROM cdp.personal_data();
SET ROLE cdp_census_writer;
SELECT count(*) FROM cdp.personal_data();
RESET ROLE;
SELECT cdp.revoke_access('cdp_census_analyst', 'analyst'), cdp.revoke_access('cdp_census_writer', 'writer');
DROP ROLE cdp_census_analyst;
DROP ROLE cdp_census_writer;
\c :origin
DROP DATABASE cdp_census;
