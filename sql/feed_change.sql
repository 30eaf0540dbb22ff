-- The feed: how changes are recorded, who reads which, how long they stay, and what an erasure leaves.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_feed_change ENCODING 'UTF8' TEMPLATE template0;
\c cdp_feed_change
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE ROLE regress_cdp_feed_analyst;
CREATE ROLE regress_cdp_feed_other;
SELECT cdp.grant_access('regress_cdp_feed_analyst', 'analyst'), cdp.grant_access('regress_cdp_feed_other', 'analyst');
INSERT INTO cdp_data.segment (name, segment_id, condition) VALUES ('buyers', 1, 'true'), ('lapsed', 2, 'true'), ('secret', 3, 'true');
CREATE VIEW cdp_segment.buyers AS SELECT 1::bigint AS profile_id;
CREATE VIEW cdp_segment.lapsed AS SELECT 1::bigint AS profile_id;
CREATE VIEW cdp_segment.secret AS SELECT 1::bigint AS profile_id;
GRANT SELECT ON cdp_segment.buyers, cdp_segment.lapsed TO regress_cdp_feed_analyst;
GRANT SELECT ON cdp_segment.secret TO regress_cdp_feed_other;

-- numbered in the order of the arrays
SELECT cdp_internal.record_changes('{}', '{}', '{}', '{}', '{}', '{}', '{}', in_batch => false);
SELECT cdp_internal.record_changes('{entered,entered,exited}', '{10,11,10}', '{1,3,2}', NULL, '{2026-01-01 10:00,2026-01-02,2026-01-03}', '{event,clock,definition}', '{77,NULL,NULL}', in_batch => false);
SELECT cdp_internal.record_changes('{merged,merged,trait_changed,split,renumbered}', '{10,10,10,12,13}', '{NULL,1,NULL,NULL,NULL}', '{9,9,NULL,10,14}', array_fill(timestamptz '2026-02-01', '{5}'), '{verdict,verdict,event,verdict,event}', NULL,
	traits => '{NULL,NULL,orders,NULL,NULL}', trait_values => ARRAY[NULL, NULL, '3', NULL, NULL]::jsonb[], verdict_ids => '{5,5,NULL,6,NULL}', in_batch => false);
\set changes 'SELECT change_id, kind, profile_id, segment, other_profile_id AS other, trait, value, at, cause, event_id, verdict_id FROM cdp.change ORDER BY 1;'
:changes
-- a change of a batch has its number and time
BEGIN;
SELECT cdp_internal.refresh_lock(true);
SELECT cdp_internal.next_batch();
SELECT cdp_internal.record_changes('{entered}', '{20}', '{1}', NULL, ARRAY[now()], '{event}', NULL);
SELECT c.batch_id, c.recorded_at = cdp_internal.batch_as_of() AS of_batch FROM cdp.change c ORDER BY change_id DESC LIMIT 1;
ROLLBACK;
SELECT cdp_internal.record_changes('{entered}', '{20}', '{1}', NULL, ARRAY[now()], '{event}', NULL);
SELECT s.change_id, bool_and(c.recorded_at > now() - interval '1 hour') FROM cdp_data.state s CROSS JOIN cdp.change c GROUP BY 1;
-- not before the last, whatever the clock says
BEGIN;
UPDATE cdp_data.change SET recorded_at = '2100-01-01' WHERE change_id = 8;
SELECT cdp_internal.record_changes('{entered}', '{20}', '{1}', NULL, ARRAY[now()], '{event}', NULL, in_batch => false);
SELECT recorded_at FROM cdp.change WHERE change_id = 9;
ROLLBACK;
-- what is no change
\set VERBOSITY terse
SELECT cdp_internal.record_changes('{entered}', '{20}', NULL, NULL, ARRAY[now()], '{event}', NULL, in_batch => false);
SELECT cdp_internal.record_changes('{merged}', '{20}', NULL, NULL, ARRAY[now()], '{merge}', NULL, in_batch => false);
SELECT cdp_internal.record_changes('{gone}', '{20}', NULL, NULL, ARRAY[now()], '{merge}', NULL, in_batch => false);
SELECT cdp_internal.record_changes('{erased}', '{20}', NULL, NULL, ARRAY[now()], '{whim}', NULL, in_batch => false);
SELECT cdp_internal.record_changes('{exited,exited}', '{20}', '{1,1}', NULL, ARRAY[now(), now()], '{event,event}', NULL, in_batch => false);

\set VERBOSITY default
-- the columns of an outbox
SELECT id, aggregatetype, aggregateid, type, payload - 'recorded_at' AS payload FROM cdp.change_outbox ORDER BY 1;

-- each sees the segments that they may read; of people, what they may read of all
SET ROLE regress_cdp_feed_analyst;
:changes
SELECT count(*) FROM cdp.change_outbox WHERE payload ->> 'segment' = 'secret' OR aggregateid = '11';
SELECT count(*) FROM cdp_data.change;
SELECT string_agg(name, ',' ORDER BY name) FROM cdp_data.readable_segment;
SET ROLE regress_cdp_feed_other;
SELECT change_id, kind, segment FROM cdp.change ORDER BY 1;
-- not by a function that shows what it is given
SET client_min_messages = notice;
CREATE FUNCTION pg_temp.spy(bigint, text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'saw % %', $1, $2; RETURN true; END $$;
SELECT count(*) FROM cdp.change WHERE segment IS NOT NULL AND pg_temp.spy(profile_id, segment);
RESET ROLE;
SET client_min_messages = warning;
-- values of traits, with row security on people, not at all
ALTER TABLE cdp_data.profile ENABLE ROW LEVEL SECURITY;
SET ROLE regress_cdp_feed_analyst;
SELECT count(*), count(*) FILTER (WHERE kind = 'trait_changed') AS of_traits FROM cdp.change;
RESET ROLE;
ALTER TABLE cdp_data.profile DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON cdp_segment.lapsed FROM regress_cdp_feed_analyst;
SET ROLE regress_cdp_feed_analyst;
SELECT DISTINCT segment FROM cdp.change ORDER BY 1;
RESET ROLE;
-- a segment that is gone is read by no one
DELETE FROM cdp_data.segment WHERE name = 'lapsed';
SELECT count(*) FILTER (WHERE change_id = 3) FROM cdp.change;

-- how long they stay
SELECT change_retention FROM cdp_data.state;
SELECT cdp.set_change_retention('0 days');
SELECT cdp.set_change_retention('1 month');
SELECT cdp.set_change_retention('10 days');
UPDATE cdp_data.change SET recorded_at = now() - (20 - change_id) * interval '1 day';
SELECT change_id, date_trunc('day', now() - recorded_at) AS age FROM cdp_data.change WHERE change_id IN (1, 8) ORDER BY 1;
SELECT cdp_internal.trim_changes(now(), 3), cdp_internal.trim_changes(now(), 2);
SELECT trimmed_change_id, (SELECT array_agg(change_id ORDER BY change_id) FROM cdp_data.change) FROM cdp_data.state;
SELECT cdp.set_change_retention('13 days 12 hours');
SELECT cdp_internal.trim_changes(now(), 100);
SELECT array_agg(change_id ORDER BY change_id) FROM cdp_data.change;
-- until it is worth it
SELECT cdp.set_change_retention('12 days 23 hours 30 minutes');
SELECT cdp_internal.trim_changes(now(), 100);
SELECT array_agg(change_id ORDER BY change_id) FROM cdp_data.change;
SELECT cdp.set_change_retention(NULL);
SELECT cdp_internal.trim_changes(now(), 100);
SELECT cdp.set_change_retention('5 days');
-- a refresh does it, also one without rows
SELECT taken FROM cdp.refresh();
SELECT trimmed_change_id, change_id, (SELECT count(*) FROM cdp_data.change) FROM cdp_data.state;
SET ROLE regress_cdp_feed_analyst;
SELECT cdp.set_change_retention('1 day');
RESET ROLE;

-- erased: what was said of the person is gone, of another that was split off it stays
SELECT cdp_internal.record_changes('{entered,exited,merged,split,split,entered,trait_changed}', '{30,30,30,31,31,32,30}', '{1,1,1,1,NULL,1,NULL}', '{NULL,NULL,29,30,30,NULL,NULL}', array_fill(timestamptz '2026-03-01', '{7}'), '{event,clock,merge,split,split,event,event}', NULL,
	traits => '{NULL,NULL,NULL,NULL,NULL,NULL,name}', trait_values => ARRAY[NULL, NULL, NULL, NULL, NULL, NULL, '"Ann"']::jsonb[], in_batch => false);
SELECT cdp_internal.erase_changes('{30,29}', in_batch => false);
SELECT change_id, kind, profile_id, segment, other_profile_id AS other, trait, value, cause FROM cdp.change ORDER BY 1;

\c :origin
DROP DATABASE cdp_feed_change;
DROP ROLE regress_cdp_feed_analyst;
DROP ROLE regress_cdp_feed_other;
