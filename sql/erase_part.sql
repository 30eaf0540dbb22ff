-- cdp.erase(): in part, anonymised, many in one call, people on hold, shared identifiers, again after a restore.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
CREATE DATABASE cdp_erase_part ENCODING 'UTF8' TEMPLATE template0;
\c cdp_erase_part
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
SET timezone = 'UTC';
SET client_min_messages = warning;
SET cdp.suppression_key = '0123456789abcdef0123456789abcdef';
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum

CREATE FUNCTION send(day integer, person text, name text, anonymous text DEFAULT NULL, properties jsonb DEFAULT NULL, kind text DEFAULT 'track', traits jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, event, properties, traits, "timestamp", received_at, source)
	VALUES (concat_ws('-', day, person, name, anonymous), kind, anonymous, person, name, properties, traits, timestamptz '2026-03-01 12:34Z' + day * interval '1 day', timestamptz '2026-05-01 12:34Z', 'web')
$$;
CREATE VIEW people AS SELECT identifiers, events, traits FROM cdp.profiles p ORDER BY p.profile_id;

-- a kiosk of four users stays shared when one of them goes, and merges no people
SELECT send(i, 'k' || i, 'Visited', 'kiosk') FROM generate_series(1, 4) i;
-- a person over three months
SELECT send(d, 'ann', 'Bought', 'a-' || d / 30, jsonb_build_object('total', d, 'note', 'for Ann', 'more', jsonb_build_object('name', 'Ann'))) FROM generate_series(0, 80, 20) d;
SELECT send(1, 'ann', NULL, NULL, NULL, 'identify', '{"name": "Ann"}'), send(2, 'bob', 'Bought'), send(3, 'carl', 'Bought'), send(3, 'dora', 'Bought');
SELECT accepted FROM cdp.refresh();
SELECT identifier::text, shared FROM cdp_data.identifier WHERE identifier = 'anonymous_id:kiosk'::cdp.identifier;
SELECT cdp.erase('user_id:k1') -> 'done' AS done;
SELECT identifier::text, shared FROM cdp_data.identifier WHERE identifier = 'anonymous_id:kiosk'::cdp.identifier;
SELECT kind, a, reason FROM cdp.verdict;
SELECT pg_temp.refusal($$SELECT cdp.erase('anonymous_id:kiosk')$$);
SELECT * FROM people;
SELECT * FROM cdp.verify();

-- a part by time: what no event carries any more goes, the rest stays, and nothing is suppressed
SELECT cdp.erase('user_id:ann', since => '2026-03-05', until => '2026-04-05') -> 'done' AS done;
SELECT * FROM people WHERE identifiers::text ~ 'ann';
SELECT count(*) FROM cdp_data.suppressed WHERE erasure_id = 2;
SELECT send(20, 'ann', 'Bought', 'a-0', '{"total": 20}');
SELECT duplicate, accepted FROM cdp.refresh();
SELECT * FROM cdp.verify();

-- anonymised: the events stay, on their day, with the properties that are listed
SELECT cdp.erase('user_id:ann', 'anonymise', keep_properties => '{total,more}') - '{not_done_yet,controller_id}'::text[] ->> 'mode' AS mode;
SELECT * FROM people WHERE identifiers::text ~ 'ann';
SELECT type, event, "timestamp", received_at, properties, traits, context, user_id, anonymous_id, message_id FROM cdp_data.event WHERE identifier_id = 0 ORDER BY "timestamp";
SELECT * FROM cdp.verify();
SELECT count(*) AS restitched FROM cdp.restitch();
SELECT count(*) FROM cdp_data.event WHERE identifier_id = 0;

-- on hold: noted, and carried out when the hold ends; others of the call are erased
SELECT cdp.hold('user_id:bob', 'lawsuit') AS hold, pg_temp.refusal($$SELECT cdp.hold('user_id:bob', NULL)$$);
SELECT c ->> 'request_status' AS status, c -> 'held' AS held, c #> '{people,asked}' AS asked FROM cdp.erase('{user_id:bob,user_id:carl}'::text[], request => 'r-9', received_at => '2026-05-31') c;
SELECT c ->> 'request_status' AS status, c -> 'held' AS held FROM cdp.erase('user_id:bob', regulation => 'ccpa', received_at => '2026-05-31') c;
SELECT erasure_id, request, state, due_at, identifiers FROM cdp.erasure WHERE state = 'held' OR request IS NOT NULL ORDER BY erasure_id;
SELECT * FROM people WHERE identifiers::text ~ 'bob|carl';
SELECT count(*) FROM cdp.carry_out_erasures();
SELECT cdp.end_hold('user_id:bob') AS ended;
SELECT c ->> 'request_status' AS status, c ->> 'subject_request_id' AS request FROM cdp.carry_out_erasures() c;
SELECT erasure_id, request, state, due_at, identifiers FROM cdp.erasure WHERE request IS NOT NULL ORDER BY erasure_id;
SELECT * FROM people WHERE identifiers::text ~ 'bob|carl';
SELECT count(*) FROM cdp_data.hold;

-- an identifier that was never seen is suppressed; a hash that fits none is not
SELECT c -> 'people' AS people, c #> '{done,suppressed_keys}' AS keys FROM cdp.erase('{user_id:never,0123456789abcdef0123456789abcdef}'::text[]) c;
SELECT send(9, 'never', 'Came');
SELECT accepted, suppressed FROM cdp.refresh();
-- an MD5, in capitals
SELECT c -> 'people' ->> 'found' AS found FROM cdp.erase(upper(md5('dora')), 'preview') c;

-- consent: what the person said goes, the proof stays under the keyed hash; what others said stays
SELECT cdp.create_purpose('mail', 'opt_in') IS NOT NULL AS made;
SELECT send(1, 'fay', 'Came'), send(1, 'gil', 'Came');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_consent('user_id:fay', 'mail', 'yes'), cdp.set_consent('user_id:gil', 'mail', 'yes');
SELECT c #> '{done,rows,consent}' AS consent FROM cdp.erase('user_id:fay') c;
SELECT i.identifier::text, c.answer FROM cdp_data.consent c JOIN cdp_data.identifier i USING (identifier_id);
SELECT key = cdp_internal.suppression_hash('user_id:fay') AS of_fay, purpose, answer FROM cdp_data.consent_proof;
SELECT * FROM cdp.verify();

-- as after a restore of a state from before: what the two tables say is erased again
CREATE TABLE kept AS SELECT * FROM cdp_data.suppressed;
CREATE TABLE done AS SELECT * FROM cdp_data.erasure;
DELETE FROM cdp_data.suppressed;
DELETE FROM cdp_data.erasure;
UPDATE cdp_data.state SET suppression_fingerprint = NULL, suppression_version = 0;
DELETE FROM cdp_data.message;
SELECT send(2, 'bob', 'Bought'), send(3, 'carl', 'Bought'), send(3, 'erik', 'Bought', 'k1');
SELECT accepted FROM cdp.refresh();
INSERT INTO cdp_data.suppressed SELECT * FROM kept;
INSERT INTO cdp_data.erasure SELECT * FROM done;
SELECT c #> '{done,rows,event}' AS events, c ->> 'request_status' AS status FROM cdp.reapply_erasures() c;
SELECT * FROM people WHERE identifiers::text ~ 'bob|carl|erik';
SELECT count(*) FROM cdp.reapply_erasures();
SELECT * FROM cdp.verify_certificates();
UPDATE cdp_data.erasure SET certificate = jsonb_set(certificate, '{done,rows,event}', '0') WHERE erasure_id = 1;
SELECT * FROM cdp.verify_certificates();
\c :origin
DROP DATABASE cdp_erase_part;
