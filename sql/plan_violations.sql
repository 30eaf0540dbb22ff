-- Tracking plans: set, shown, compared with the log, and proposed from it.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_plan ENCODING 'UTF8' TEMPLATE template0;
\c cdp_plan
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();

-- as Segment's Public API gives it
SELECT cdp.set_plan('web', '{"rules": [
	{"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"context": {}, "traits": {},
		"properties": {"type": "object", "properties": {"order_id": {"type": "string"}, "total": {"type": "number", "minimum": 0}, "products": {"type": "array", "items": {"type": "object", "required": ["sku"]}}}, "required": ["order_id", "total"]}}, "required": ["properties"]}},
	{"type": "TRACK", "key": "Order Completed", "version": 2, "jsonSchema": {"description": "An order that was paid", "properties": {"properties": {"required": ["order_id", "currency"], "properties": {"currency": {"enum": ["EUR", "USD"]}}}}}},
	{"type": "TRACK", "key": "Coupon Used", "jsonSchema": {"properties": {"properties": {"additionalProperties": false, "properties": {"code": {"pattern": "^[A-Z]+$"}}}}}},
	{"type": "PAGE", "key": "", "jsonSchema": {"required": ["properties"]}},
	{"type": "PAGE", "key": "Pricing", "jsonSchema": {"properties": {"properties": {"required": ["url"]}}}},
	{"type": "IDENTIFY", "jsonSchema": {"properties": {"traits": {"properties": {"born": {"format": "date-time"}}}}}},
	{"type": "COMMON", "jsonSchema": {"properties": {"context": {"required": ["ip"]}, "messageId": {"maxLength": 10}}, "required": ["context"]}}]}');
SELECT source, type, event, version, left(schema::text, 40) AS schema, description FROM cdp.planned_event ORDER BY 1, 2, 3, 4;
-- as its Config API does
SELECT cdp.set_plan('app', '{"name": "plan", "rules": {"identify_traits": [], "group_traits": [], "global": {}, "identify": {"properties": {"traits": {"required": ["plan"]}}},
	"events": [{"name": "Signed Up", "version": 3, "description": "A person signed up", "rules": {"labels": {}, "properties": {"properties": {"required": ["method"]}}}}]}}');
SELECT source, type, event, version, description FROM cdp.planned_event WHERE source = 'app' ORDER BY 1, 2, 3, 4;

INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, traits, context, "timestamp", source) VALUES
	('m1', 'track', 'Order Completed', 'u1', '{"order_id": "o1", "total": 10.5, "products": [{"sku": "mug"}]}', NULL, '{"ip": "192.0.2.1"}', '2026-03-01 10:00', 'web'),
	('m2', 'track', 'Order Completed', 'u1', '{"order_id": 2, "total": -1, "products": [{"sku": "mug"}, {"name": "cup"}]}', NULL, '{"ip": "192.0.2.1", "protocols": {"event_version": 1}}', '2026-03-01 11:00', 'web'),
	('m3', 'track', 'Order Completed', 'u2', '{"order_id": 3, "total": 5}', NULL, '{"ip": "192.0.2.1", "protocols": {"event_version": "1"}}', '2026-03-01 12:00', 'web'),
	('m4', 'track', 'Order Completed', 'u2', '{"order_id": "o4", "currency": "XXX"}', NULL, '{"ip": "192.0.2.1", "protocols": {"event_version": 2}}', '2026-03-02 12:00', 'web'),
	('m5', 'track', 'Order Completed', 'u2', '{"order_id": "o5", "currency": "EUR"}', NULL, NULL, '2026-03-02 13:00', 'web'),
	('m6', 'track', 'Wished', 'u2', '{"sku": "mug"}', NULL, '{"ip": "192.0.2.1"}', '2026-03-02 14:00', 'web'),
	('m7', 'page', 'Pricing', 'u2', '{"path": "/"}', NULL, '{"ip": "192.0.2.1"}', '2026-03-02 15:00', 'web'),
	('m8', 'page', 'Home', 'u2', '{"path": "/"}', NULL, '{"ip": "192.0.2.1"}', '2026-03-02 15:00', 'web'),
	('m9-is-a-long-id', 'identify', NULL, 'u2', NULL, '{"name": "Ann", "born": "no date"}', '{"ip": "192.0.2.1"}', '2026-03-02 16:00', 'web'),
	('m10', 'track', 'Signed Up', 'u3', '{}', NULL, NULL, '2026-03-03 10:00', 'app'),
	('m11', 'track', 'Signed Up', 'u4', '{"method": "mail"}', NULL, NULL, '2026-03-03 10:00', 'app'),
	('m12', 'track', 'Anything', 'u4', '{"method": 5}', NULL, NULL, '2026-03-03 10:00', 'crm');
SELECT accepted, quarantined FROM cdp.refresh();

SELECT * FROM cdp.plan_violations();
SELECT event_name, version, field, type, events FROM cdp.plan_violations('web', since => '2026-03-02', until => '2026-03-02 12:30');
SELECT count(*) FROM cdp.plan_violations('crm');
-- no value is told
SELECT count(*) FROM cdp.plan_violations() v WHERE v::text ~ 'XXX|no date|192';
SELECT * FROM cdp.plan_coverage('web');
SELECT event_name, planned, events FROM cdp.plan_coverage(until => '2026-03-01 12:00') WHERE events > 0 OR planned;

-- a proposal, which what it was made of follows
SELECT jsonb_pretty(cdp.infer_plan('web') #> '{rules,1}');
SELECT r ->> 'type' AS type, r ->> 'key' AS key, r #> '{jsonSchema,properties}' AS properties FROM jsonb_array_elements(cdp.infer_plan('web', until => '2026-03-02 13:30') -> 'rules') r;
SELECT count(*) FROM cdp.preview_plan('web', cdp.infer_plan('web'));
SELECT * FROM cdp.preview_plan('web', '[{"type": "track", "key": "Wished", "jsonSchema": {"properties": {"properties": {"required": ["size"]}}}}]', since => '2026-03-02');
SELECT cdp.preview_plan('web', NULL);
SELECT cdp.set_plan('web', cdp.infer_plan('web')), cdp.set_plan('crm', cdp.infer_plan('crm'));
-- what was found when it came stays
SELECT count(*) FROM cdp.plan_violations('web');
SELECT event_name, planned, events FROM cdp.plan_coverage('web');
SELECT cdp.infer_plan('nowhere');
-- another plan replaces it; NULL removes it
SELECT cdp.set_plan('web', '[{"type": "track", "key": "A", "jsonSchema": true}]'), cdp.set_plan('crm', NULL), (SELECT array_agg(source || ':' || event ORDER BY source, event) FROM cdp.planned_event);

-- what is refused, and changes nothing
\set SHOW_CONTEXT never
SELECT cdp.set_plan('', '{}');
SELECT cdp.set_plan('web', '{}');
SELECT cdp.set_plan('web', '5');
SELECT cdp.set_plan('web', '{"rules": {"events": {}}}');
SELECT cdp.set_plan('web', '[{"type": "trak", "key": "A", "jsonSchema": {}}]');
SELECT cdp.set_plan('web', '[{"type": "track", "jsonSchema": {}}]');
SELECT cdp.set_plan('web', '[{"type": "group", "key": "A", "jsonSchema": {}}]');
SELECT cdp.set_plan('web', '[{"type": "track", "key": "A"}]');
SELECT cdp.set_plan('web', '[{"type": "track", "key": "A", "version": 0, "jsonSchema": {}}]');
SELECT cdp.set_plan('web', '[{"type": "track", "key": "A", "jsonSchema": {}}, {"type": "TRACK", "key": " A ", "jsonSchema": {}}]');
SELECT cdp.set_plan('web', '[{"type": "track", "key": "A", "jsonSchema": {"properties": {"a": {"type": "text"}}}}]');
SELECT cdp.set_plan('web', '[{"type": "track", "key": "A", "jsonSchema": {"pattern": "(a)\\1"}}]');
SELECT array_agg(source || ':' || event ORDER BY source, event) FROM cdp.planned_event;

-- analysts read plans and reports; stewards set plans
CREATE ROLE cdp_plan_analyst;
CREATE ROLE cdp_plan_steward;
SELECT cdp.grant_access('cdp_plan_analyst', 'analyst'), cdp.grant_access('cdp_plan_steward', 'steward');
SET ROLE cdp_plan_analyst;
SELECT (SELECT count(*) FROM cdp.planned_event) AS planned, (SELECT count(*) FROM cdp.plan_violations()) AS violations, (SELECT count(*) FROM cdp.plan_coverage()) AS coverage, jsonb_array_length(cdp.infer_plan('web') -> 'rules') AS proposed;
SELECT cdp.set_plan('web', NULL);
SET ROLE cdp_plan_steward;
SELECT cdp.set_plan('web', NULL);
RESET ROLE;
SELECT count(*) FROM cdp.verify();
SELECT cdp.revoke_access('cdp_plan_analyst', 'analyst'), cdp.revoke_access('cdp_plan_steward', 'steward');
DROP ROLE cdp_plan_analyst;
DROP ROLE cdp_plan_steward;
\c :origin
DROP DATABASE cdp_plan;
