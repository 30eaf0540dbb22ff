-- What the quarantine keeps of a row of the inbox is what to_jsonb() says of it, whatever its values are.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_quarantine_record ENCODING 'UTF8' TEMPLATE template0;
\c cdp_quarantine_record
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT setseed(0.4);
CREATE TABLE sent AS
SELECT i AS number, r.type, r.event, r.message_id, r.properties, r.traits, r.context, r.identifiers, r."timestamp", r.sent_at, r.received_at, r.source
FROM generate_series(1, 4000) i
CROSS JOIN LATERAL (SELECT
	(ARRAY['track', 'identify', 'page', 'nonsense', '', NULL])[1 + floor(random() * 6 + i * 0)] AS type,
	(ARRAY['a "quoted" \name', E'two\nlines', E'tab\there \u00fc \u6f22', '', NULL])[1 + floor(random() * 5 + i * 0)] AS event,
	'm' || i AS message_id,
	(ARRAY['{"a": {"b": [1, 2.50, {"c": null}]}, "z": 1e400, "": ""}', '[]', '{}', '5', 'null', '"text"', 'true', '[[[]], {"x": {}}]', NULL])[1 + floor(random() * 9 + i * 0)]::jsonb AS properties,
	(ARRAY['{"b": 1, "aa": 2, "a": 3}', '"scalar"', '[1, "2", null]', NULL])[1 + floor(random() * 4 + i * 0)]::jsonb AS traits,
	CASE WHEN random() + i * 0 < 0.02 THEN jsonb_build_object('x', repeat('large ', 30000)) WHEN random() < 0.5 THEN '{"ip": "10.0.0.1"}' END AS context,
	(ARRAY['{}', '7', NULL])[1 + floor(random() * 3 + i * 0)]::jsonb AS identifiers,
	(ARRAY['infinity', '-infinity', '0044-03-15 BC', '294276-12-01 23:59:59.999999', '1999-12-31 23:59:59.5+05:45', NULL])[1 + floor(random() * 6 + i * 0)]::timestamptz AS "timestamp",
	(ARRAY['2024-02-29 12:00:00.000001', NULL])[1 + floor(random() * 2 + i * 0)]::timestamptz AS sent_at,
	(ARRAY['2024-03-01 12:00:00', NULL])[1 + floor(random() * 2 + i * 0)]::timestamptz AS received_at,
	(ARRAY['web', NULL])[1 + floor(random() * 2 + i * 0)] AS source) r;
INSERT INTO cdp.inbox (type, event, message_id, properties, traits, context, identifiers, "timestamp", sent_at, received_at, source)
SELECT type, event, message_id, properties, traits, context, identifiers, "timestamp", sent_at, received_at, source FROM sent ORDER BY number;
CREATE TABLE expected AS SELECT to_jsonb(i) - 'written_by' AS record, i.message_id, i.received_at, i.source FROM cdp.inbox i;
SELECT taken, quarantined > 3500 AS mostly_bad FROM cdp.refresh();
SELECT count(*) = (SELECT sum(quarantined) FROM cdp.batch) AS as_counted, count(*) FILTER (WHERE q.record::text IS DISTINCT FROM e.record::text) AS other_records,
	   count(*) FILTER (WHERE q.received_at IS DISTINCT FROM e.received_at OR q.source IS DISTINCT FROM e.source) AS other_columns,
	   count(*) FILTER (WHERE q.line IS NOT NULL OR q.cut OR q.sizes IS NOT NULL OR q.written_by <> current_user) AS not_plain,
	   max(q.quarantine_id) - min(q.quarantine_id) + 1 = count(*) AS numbered_in_turn
FROM cdp_data.quarantine q LEFT JOIN expected e ON e.message_id = q.record ->> 'message_id';
\c :origin
DROP DATABASE cdp_quarantine_record;
