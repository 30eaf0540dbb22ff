-- Bodies as the trackers of Snowplow send them: @snowplow/node-tracker 4.8 sent these, with and without base64.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_snowplow ENCODING 'UTF8' TEMPLATE template0;
\c cdp_snowplow
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE TABLE body (line text, source text, received_at timestamptz);
INSERT INTO body VALUES
($b${"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","url":"http://shop.example/p?gclid=sp-true","page":"Pricing","refr":"http://search.example/","eid":"5c0c5bd2-0000-4000-8000-000000000000","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-true","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","cx":"eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy9jb250ZXh0cy9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6W3sic2NoZW1hIjoiaWdsdTpjb20uc25vd3Bsb3dhbmFseXRpY3Muc25vd3Bsb3cvY2xpZW50X3Nlc3Npb24vanNvbnNjaGVtYS8xLTAtMiIsImRhdGEiOnsidXNlcklkIjoic2Vzcy11c2VyIiwic2Vzc2lvbklkIjoicyIsInNlc3Npb25JbmRleCI6MX19LHsic2NoZW1hIjoiaWdsdTpjb20uc25vd3Bsb3dhbmFseXRpY3Muc25vd3Bsb3cvbW9iaWxlX2NvbnRleHQvanNvbnNjaGVtYS8xLTAtMyIsImRhdGEiOnsib3NUeXBlIjoiaW9zIiwiYXBwbGVJZGZ2IjoiRTBDNEIyQTYtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDBBIiwiZGV2aWNlTW9kZWwiOiLDpMO2w7wg4pyTIn19XX0","stm":"1717243201000"},{"e":"ue","eid":"5c0c5bd2-0000-4000-8000-000000000001","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-true","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","ue_px":"eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy91bnN0cnVjdF9ldmVudC9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6eyJzY2hlbWEiOiJpZ2x1OmNvbS5hY21lL29yZGVyX2NvbXBsZXRlZC9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6eyJ0b3RhbCI6MTkuNSwibmFtZSI6IkvDpHNlIiwiaXRlbXMiOlt7InNrdSI6ImEifV19fX0","stm":"1717243201000"},{"e":"se","se_ca":"shop","se_ac":"add-to-basket","se_la":"web","se_pr":"pcs","se_va":"2","eid":"5c0c5bd2-0000-4000-8000-000000000002","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-true","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","stm":"1717243201000"},{"e":"pp","url":"http://shop.example/p","page":"Pricing","pp_max":"10","eid":"5c0c5bd2-0000-4000-8000-000000000003","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-true","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","stm":"1717243201000"},{"e":"ue","eid":"5c0c5bd2-0000-4000-8000-000000000004","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-true","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","ue_px":"eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy91bnN0cnVjdF9ldmVudC9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy9zY3JlZW5fdmlldy9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6eyJuYW1lIjoiSG9tZSIsImlkIjoiNSJ9fX0","stm":"1717243201000"}]}$b$, 'site', '2024-06-01 12:00:06Z'),
($b${"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","url":"http://shop.example/p?gclid=sp-false","page":"Pricing","refr":"http://search.example/","eid":"5c0c5bd2-0000-4000-8000-000000000010","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-false","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","co":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0\",\"data\":[{\"schema\":\"iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2\",\"data\":{\"userId\":\"sess-user\",\"sessionId\":\"s\",\"sessionIndex\":1}},{\"schema\":\"iglu:com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-3\",\"data\":{\"osType\":\"ios\",\"appleIdfv\":\"E0C4B2A6-0000-4000-8000-00000000000A\",\"deviceModel\":\"äöü ✓\"}}]}","stm":"1717243201000"},{"e":"ue","eid":"5c0c5bd2-0000-4000-8000-000000000011","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-false","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","ue_pr":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{\"schema\":\"iglu:com.acme/order_completed/jsonschema/1-0-0\",\"data\":{\"total\":19.5,\"name\":\"Käse\",\"items\":[{\"sku\":\"a\"}]}}}","stm":"1717243201000"},{"e":"se","se_ca":"shop","se_ac":"add-to-basket","se_la":"web","se_pr":"pcs","se_va":"2","eid":"5c0c5bd2-0000-4000-8000-000000000012","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-false","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","stm":"1717243201000"},{"e":"pp","url":"http://shop.example/p","page":"Pricing","pp_max":"10","eid":"5c0c5bd2-0000-4000-8000-000000000013","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-false","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","stm":"1717243201000"},{"e":"ue","eid":"5c0c5bd2-0000-4000-8000-000000000014","p":"srv","tv":"node-4.8.0","tna":"ns","aid":"shop","uid":"user-false","lang":"de-AT","ip":"10.0.0.9","res":"1200x800","tz":"Europe/Vienna","ua":"UA \"x\"","dtm":"1717243200000","duid":"dom-1","nuid":"net-1","ue_pr":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{\"schema\":\"iglu:com.snowplowanalytics.snowplow/screen_view/jsonschema/1-0-0\",\"data\":{\"name\":\"Home\",\"id\":\"5\"}}}","stm":"1717243201000"}]}$b$, 'site', '2024-06-01 12:00:06Z');
INSERT INTO cdp.inbox_raw (line, source, received_at) TABLE body;
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT type, event, user_id, anonymous_id, message_id, identifiers, properties FROM cdp.events ORDER BY message_id;
-- the clock of the device is corrected
SELECT DISTINCT "timestamp" FROM cdp.events;
SELECT context - '_extra' - '_sent' AS context FROM cdp.events WHERE message_id ~ '00[01]$' ORDER BY message_id;
SELECT identifiers FROM cdp.profiles ORDER BY 1;
-- nothing is lost: each event as it was sent, with the schema of its body
SELECT count(*) AS must_be_10, count(*) FILTER (WHERE m.message = e.event || jsonb_build_object('schema', e.schema)) AS equal
FROM (SELECT d.event, b.line::jsonb -> 'schema' AS schema FROM body b, jsonb_array_elements(b.line::jsonb -> 'data') AS d (event)) e
JOIN cdp.messages m ON m.message_id = e.event ->> 'eid';
-- again: duplicates
INSERT INTO cdp.inbox_raw (line, source, received_at) TABLE body;
SELECT taken, accepted, duplicate, quarantined FROM cdp.refresh();
SELECT * FROM cdp.verify();

-- other events, and what others say of time and person
CREATE FUNCTION send(VARIADIC events jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT cdp.ingest(jsonb_build_object('schema', 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4', 'data', to_jsonb(events)), 'other')::text
$$;
SELECT send('{"e": "tr", "tr_id": "o1", "tr_tt": "19.90", "tr_cu": "EUR", "tr_ci": null, "duid": "d-1", "eid": "t1"}', '{"e": "ti", "ti_id": "o1", "ti_sk": "mug", "ti_pr": "9.95", "ti_qu": 2, "duid": "d-1", "eid": "t2"}',
	'{"e": "se", "se_ca": "c", "se_ac": "a \"quoted\" \u00e4", "se_va": "many", "tnuid": "t-net", "nuid": "n-net", "eid": "t3", "dtm": "1717243200000", "ttm": "1717240000000", "stm": "1717243200001"}', '{"e": "pv", "url": "http://x.example/", "duid": "d-1", "eid": "t4", "unknown": {"deep": [1]}}',
	jsonb_build_object('e', 'ue', 'duid', 'd-2', 'eid', 't5', 'ue_pr', '{"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": {"schema": "iglu:v/listed/jsonschema/1-0-0", "data": [1, 2]}}'),
	jsonb_build_object('e', 'se', 'se_ac', 'mobile', 'eid', 't6', 'co', '{"schema": "x", "data": [1, {"schema": "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2", "data": {"userId": "phone-1"}}, {"schema": "iglu:com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-3", "data": {"androidIdfa": "38400000-8CF0-11BD-B23E-10B96E40000D", "appleIdfa": "", "appleIdfv": null}}]}'),
	-- contexts that cannot be read cost themselves
	'{"e": "se", "se_ac": "broken contexts", "duid": "d-3", "eid": "t7", "cx": "***", "co": "{"}');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, type, event, anonymous_id, identifiers, properties FROM cdp.events WHERE source = 'other' ORDER BY message_id;
SELECT "timestamp", original_timestamp FROM cdp.events WHERE message_id = 't3';
SELECT message - 'schema' AS message FROM cdp.messages WHERE message_id IN ('t4', 't7') ORDER BY message_id;
-- what is no event, each by itself; and repaired
SELECT send('{"e": "ue", "eid": "q1", "duid": "d", "ue_px": "abc"}', '{"e": "zz", "eid": "q2", "duid": "d"}', '{"eid": "q3", "duid": "d"}', '{"e": "pv", "eid": "q4", "duid": "d", "dtm": "yesterday"}', '7', '{"e": "ue", "eid": "q5", "duid": "d", "ue_pr": "{\"data\": 1}"}',
	'{"e": {}, "eid": "q6"}', jsonb_build_object('e', 'se', 'se_ac', 'deep', 'eid', 'q7', 'duid', 'd', 'co', '{"data": ' || repeat('[', 62) || repeat(']', 62) || '}'), '{"e": "pv", "eid": "q8", "duid": "d"}');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT reason, detail, (line::jsonb -> 'data' -> 0) ->> 'eid' AS eid FROM cdp.quarantine ORDER BY eid, reason;
UPDATE cdp.quarantine SET line = replace(line, '"zz"', '"pv"') WHERE line LIKE '%"zz"%';
-- a kind that is too long is cut between characters
SELECT send(jsonb_build_object('e', 'a' || repeat('ä', 60), 'eid', 'long', 'duid', 'd'));
SELECT quarantined FROM cdp.refresh();
SELECT reason FROM cdp.quarantine WHERE line LIKE '%"long"%';
DELETE FROM cdp.quarantine WHERE line LIKE '%"long"%';
SELECT cdp.replay('unknown_type');
SELECT accepted FROM cdp.refresh();
-- bodies that are no batch, or of something else
SELECT cdp.ingest('{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": []}
{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"}
{"schema": "iglu:com.acme/payload_data/x", "data": [{"e": "pv"}], "userId": "u", "event": "E"}
{"schema": "iglu:com.snowplowanalytics.snowplow\/payload_data\/jsonschema\/1-0-4", "data": [{"e": "pv", "eid": "php", "duid": "d"}]}', 'other');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT reason FROM cdp.quarantine WHERE line NOT LIKE '%eid%' ORDER BY 1;
SELECT event FROM cdp.events WHERE message_id = 'php';
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_snowplow;
