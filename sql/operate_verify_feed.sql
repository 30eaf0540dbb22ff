-- cdp.verify() finds what is wrong with the feed, and with who is held out.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_verify_feed ENCODING 'UTF8' TEMPLATE template0;
\c cdp_verify_feed
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
UPDATE cdp_data.state SET hold_out_salt = 7, as_of = date_trunc('day', now()) + interval '1 day';
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) SELECT 'identify', 'u' || i, jsonb_build_object('age', i), as_of, as_of FROM cdp_data.state, generate_series(1, 6) i;
SELECT taken FROM cdp.refresh();
SELECT cdp.create_segment('grown', $$cdp.try_integer(traits -> 'age') > 3$$);
SELECT cdp.create_segment('all', 'true');
SELECT cdp.create_trait('years', $$cdp.try_integer(traits -> 'age')$$);
SELECT cdp.set_hold_out('all', 0.5);
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) SELECT 'identify', u, jsonb_build_object('age', a), as_of + interval '1 hour', as_of + interval '1 hour' FROM cdp_data.state, (VALUES ('u1', 9), ('u6', 1)) v (u, a);
UPDATE cdp_data.state SET as_of = as_of + interval '1 hour';
SELECT taken FROM cdp.refresh();
SELECT cdp.same('user_id:u1', 'user_id:u2') IS NOT NULL AS merged;
SELECT * FROM cdp.verify();
SELECT change_id AS last FROM cdp_data.state \gset

-- without instants
CREATE VIEW public.differences AS SELECT stage, regexp_replace(item, '\d+', 'n') AS item, regexp_replace(expected, '\d{4}-\S+ \S+(,|$)', 'T\1') AS expected, regexp_replace(found, '\d{4}-\S+ \S+(,|$)', 'T\1') AS found FROM cdp.verify();
-- a hole, and a number that was not given yet
BEGIN;
DELETE FROM cdp_data.change WHERE change_id IN (2, 3, :last);
SELECT item, expected, found FROM cdp.verify() WHERE item LIKE 'change%' AND expected = 'there';
-- of an erasure it is none
INSERT INTO cdp_data.change (change_id, kind, profile_id, at, recorded_at, batch_id, cause) SELECT :last, 'erased', 99, as_of, as_of, batch_id, 'erasure' FROM cdp_data.state;
SELECT item, expected, found FROM cdp.verify() WHERE item LIKE 'change%' AND expected = 'there';
INSERT INTO cdp_data.change (change_id, kind, profile_id, at, recorded_at, batch_id, cause) SELECT :last + 1, 'erased', 99, as_of, as_of, batch_id, 'erasure' FROM cdp_data.state;
SELECT item = 'change ' || (:last + 1) AS later, expected, found FROM cdp.verify() WHERE found = 'there';
ROLLBACK;
-- trimmed
BEGIN;
DELETE FROM cdp_data.change WHERE change_id <= 5;
UPDATE cdp_data.state SET trimmed_change_id = 5;
SELECT * FROM cdp.verify();
DELETE FROM cdp_data.change;
UPDATE cdp_data.state SET trimmed_change_id = change_id;
SELECT * FROM cdp.verify();
ROLLBACK;
-- what a change says was before it
BEGIN;
UPDATE cdp_data.change SET since = since - interval '1 hour' WHERE kind = 'exited' AND cause = 'event';
SELECT * FROM differences;
ROLLBACK;
BEGIN;
UPDATE cdp_data.change SET since = NULL WHERE kind = 'exited' AND cause = 'event';
SELECT * FROM differences;
ROLLBACK;
-- what it adds up to
BEGIN;
UPDATE cdp_data.change SET kind = 'entered' WHERE kind = 'exited' AND cause = 'event';
SELECT * FROM differences;
ROLLBACK;
BEGIN;
UPDATE cdp_data.change SET value = '77' WHERE kind = 'trait_changed' AND cause = 'event' AND value = '1';
SELECT * FROM differences;
ROLLBACK;
BEGIN;
DELETE FROM cdp_data.membership WHERE profile_id = (SELECT max(profile_id) FROM cdp_data.membership WHERE segments @> '{1}');
SELECT * FROM differences;
ROLLBACK;
-- the wrong side of a hold-out
BEGIN;
UPDATE cdp_data.membership SET segments = ARRAY(SELECT CASE WHEN u.s = -2 THEN 2 ELSE u.s END FROM unnest(segments) WITH ORDINALITY AS u (s, i) ORDER BY i) WHERE profile_id = (SELECT min(profile_id) FROM cdp.held_out('all'));
SELECT * FROM differences;
ROLLBACK;
BEGIN;
UPDATE cdp_data.segment SET hold_out = 0 WHERE name = 'all';
SELECT stage, count(*) > 1 AS some, expected, found FROM cdp.verify() WHERE found = 'held out' GROUP BY 1, 3, 4;
ROLLBACK;

\c :origin
DROP DATABASE cdp_verify_feed;
