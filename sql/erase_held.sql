-- An erasure that a hold keeps back is carried out by the worker's hourly work, once the hold has ended.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_erase_held ENCODING 'UTF8' TEMPLATE template0;
\c cdp_erase_held
CREATE EXTENSION cdp;
SELECT cdp.init();
SET client_min_messages = warning;
SET cdp.suppression_key = 'a key of a test, which is long enough for it';
SELECT * FROM cdp_internal.worker_carry_out_erasures();
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp") VALUES ('m-1', 'track', 'ann', 'View', '2026-03-01Z'), ('m-2', 'track', 'bob', 'View', '2026-03-01Z');
SELECT accepted FROM cdp.refresh();
SELECT cdp.hold('user_id:ann', 'a lawsuit') IS NOT NULL AS held;
SELECT cdp.erase('user_id:ann', reason => 'asked for') -> 'request_status' AS status;
SELECT * FROM cdp_internal.worker_carry_out_erasures();
SELECT user_id FROM cdp.events ORDER BY 1;
-- nor is it forgotten by a retention
SELECT cdp.set_retention('event', 'View', '30 days');
SELECT events FROM cdp.enforce_retention();
SELECT user_id FROM cdp.events ORDER BY 1;
SELECT cdp.set_retention('event', 'View', NULL);
INSERT INTO cdp.inbox (message_id, type, user_id, event, "timestamp") VALUES ('m-3', 'track', 'bob', 'Read', '2026-03-01Z');
SELECT accepted FROM cdp.refresh();
-- identifiers of lists go with their people, and do not come back
SELECT cdp.create_segment_from_query('listed', $$SELECT 'user_id:' || n FROM unnest('{ann,bob,cid}'::text[]) n$$, every => '1 day');
SELECT identifier FROM cdp_data.list_identifier ORDER BY identifier::text;
SELECT cdp.end_hold('user_id:ann');
SELECT * FROM cdp_internal.worker_carry_out_erasures();
SELECT user_id FROM cdp.events ORDER BY 1;
SELECT * FROM cdp_internal.worker_carry_out_erasures();
SELECT identifier FROM cdp_data.list_identifier ORDER BY identifier::text;
SELECT cdp.read_list('listed');
SELECT identifier FROM cdp_data.list_identifier ORDER BY identifier::text;
SELECT action FROM cdp.audit ORDER BY audit_id;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_erase_held;
