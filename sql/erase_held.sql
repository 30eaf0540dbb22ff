-- An erasure that a hold keeps back is carried out by the worker's hourly work, once the hold has ended.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
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

-- one that is shared names no one who could be held; a hold ends though its identifier has become shared, and an
-- erasure that is refused for this stays held, and the others are carried out
\set refusal :top '/test/include/refusal.sql'
\i :refusal
INSERT INTO cdp.inbox (message_id, type, user_id, anonymous_id, event, "timestamp") VALUES
	('m-4', 'track', 'dee', NULL, 'Read', '2026-03-01Z'), ('m-5', 'track', 'eve', NULL, 'Read', '2026-03-01Z'),
	('m-6', 'track', NULL, 'kiosk', 'Read', '2026-03-01Z');
SELECT accepted FROM cdp.refresh();
SELECT cdp.mark_shared('anonymous_id:kiosk', true);
SELECT pg_temp.refusal($$SELECT cdp.hold('anonymous_id:kiosk', 'a lawsuit')$$);
SELECT cdp.hold('user_id:dee', 'a lawsuit') IS NOT NULL AS held, cdp.hold('user_id:eve', 'a debt') IS NOT NULL AS held;
SELECT cdp.erase('user_id:dee') -> 'request_status' AS status, cdp.erase('user_id:eve') -> 'request_status' AS status;
SELECT cdp.mark_shared('user_id:dee', true);
SELECT cdp.end_hold('user_id:dee') AS ended, cdp.end_hold('user_id:eve') AS ended;
SELECT * FROM cdp_internal.worker_carry_out_erasures();
SELECT identifiers, state FROM cdp_data.erasure ORDER BY erasure_id DESC LIMIT 2;
SELECT user_id FROM cdp.events WHERE user_id IN ('dee', 'eve');
SELECT cdp.mark_shared('user_id:dee', NULL);
SELECT * FROM cdp_internal.worker_carry_out_erasures();
SELECT identifiers, state FROM cdp_data.erasure ORDER BY erasure_id DESC LIMIT 2;

-- what the request and its reason say of the person is not kept, nor certified; also of one that was held
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp", source)
SELECT n, 'identify', n, jsonb_build_object('email', n || '@example.com'), '2026-03-01Z', 'of fay@example.com'
FROM unnest('{fay,gil}'::text[]) AS u (n);
SELECT accepted FROM cdp.refresh();
SELECT cdp.hold('user_id:gil', 'a lawsuit') IS NOT NULL AS held;
SELECT c -> 'subject_request_id' AS request, c #> '{named_elsewhere,sources}' IS NOT NULL AS source
FROM cdp.erase('user_id:fay', request => 'fay@example.com', reason => 'letter of fay@example.com') c;
SELECT cdp.erase('user_id:gil', request => 'r-7 gil@example.com', reason => 'gil@example.com') -> 'subject_request_id' AS request;
SELECT cdp.end_hold('user_id:gil');
SELECT c -> 'subject_request_id' AS request FROM cdp.carry_out_erasures() c;
SELECT request, reason FROM cdp_data.erasure ORDER BY erasure_id DESC LIMIT 2;
SELECT count(*) FROM cdp.erasure e WHERE e::text ~ 'fay|gil';
SELECT count(*) FROM cdp.audit a WHERE a::text ~ 'fay|gil';
SELECT * FROM cdp.verify_certificates();
SELECT * FROM cdp.verify();

-- the number of one who was erased is known to stewards, and to no other role
SELECT min(p) AS erased FROM cdp.erasure e CROSS JOIN unnest(e.profile_ids) AS u (p) \gset
SELECT (cdp.resolve_profile(:erased)).*, cdp.resolve_profile(1000) AS other;
CREATE ROLE regress_cdp_analyst;
SELECT cdp.grant_access('regress_cdp_analyst', 'analyst');
SET ROLE regress_cdp_analyst;
SELECT (cdp.resolve_profile(:erased)).*;
RESET ROLE;
DROP OWNED BY regress_cdp_analyst;
DROP ROLE regress_cdp_analyst;

-- nor does a call bring an identifier back
SELECT cdp.create_purpose('mail', 'opt_in');
SELECT pg_temp.refusal($$SELECT cdp.set_consent('email:Fay@example.com', 'mail', 'no')$$),
	pg_temp.refusal($$SELECT cdp.forbid('user_id:bob', 'user_id:fay')$$),
	pg_temp.refusal($$SELECT cdp.same('user_id:bob', 'user_id:fay')$$),
	pg_temp.refusal($$SELECT cdp.mark_shared('user_id:fay', true)$$),
	pg_temp.refusal($$SELECT cdp.hold('user_id:fay', 'a debt')$$) \gx
SELECT cdp.set_consent('email:hal@example.com', 'mail', 'yes') IS NULL AS noted;
SET cdp.suppression_key = 'the key of another database, as long as it must be';
SELECT pg_temp.refusal($$SELECT cdp.forbid('user_id:bob', 'user_id:fay')$$);
SET cdp.suppression_key = 'a key of a test, which is long enough for it';
SELECT identifier FROM cdp_data.identifier WHERE identifier::text ~ 'fay' UNION ALL SELECT b FROM cdp_data.verdict;
SELECT cdp.allow_again('user_id:fay');
SELECT cdp.forbid('user_id:bob', 'user_id:fay');
\c :origin
DROP DATABASE cdp_erase_held;
