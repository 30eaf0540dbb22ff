-- Consumers of the feed: from now and from a snapshot, acknowledging, putting off, and whose they are.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_feed_consumer ENCODING 'UTF8' TEMPLATE template0;
\c cdp_feed_consumer
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE ROLE regress_cdp_feed_team;
CREATE ROLE regress_cdp_feed_ann IN ROLE regress_cdp_feed_team;
CREATE ROLE regress_cdp_feed_eve;
CREATE ROLE regress_cdp_feed_steward;
SELECT cdp.grant_access('regress_cdp_feed_team', 'analyst'), cdp.grant_access('regress_cdp_feed_eve', 'analyst'), cdp.grant_access('regress_cdp_feed_steward', 'steward');
INSERT INTO cdp_data.segment (name, segment_id, condition) VALUES ('buyers', 1, 'true'), ('lapsed', 2, 'true'), ('secret', 3, 'true');
CREATE VIEW cdp_segment.buyers AS SELECT 1::bigint AS profile_id;
CREATE VIEW cdp_segment.lapsed AS SELECT 1::bigint AS profile_id;
CREATE VIEW cdp_segment.secret AS SELECT 1::bigint AS profile_id;
GRANT SELECT ON cdp_segment.buyers, cdp_segment.lapsed TO regress_cdp_feed_team, regress_cdp_feed_steward;
GRANT SELECT ON cdp_segment.secret TO regress_cdp_feed_eve;
INSERT INTO cdp_data.membership VALUES (1, 'infinity', '{1,2}', '{2026-01-01,2026-01-02}'), (2, 'infinity', '{3}', '{2026-01-01}'), (3, '2027-01-01', '{2,3}', '{2026-01-03,2026-01-04}'), (4, '2027-01-01', '{}', '{}');
CREATE FUNCTION record(kind text, profile bigint, segment integer, other bigint DEFAULT NULL) RETURNS bigint LANGUAGE sql
	RETURN cdp_internal.record_changes(ARRAY[kind], ARRAY[profile], ARRAY[segment], ARRAY[other], '{2026-02-01}', '{event}', NULL, in_batch => false);
SELECT record('entered', 1, 1), record('entered', 3, 2);

-- what is refused
SELECT cdp.create_consumer('Crm', '{buyers}');
SELECT cdp.create_consumer('crm', NULL);
SELECT cdp.create_consumer('crm', '{}');
SELECT cdp.create_consumer('crm', '{buyers,NULL}');
SELECT cdp.create_consumer('crm', '{buyers,nope}');
SELECT cdp.create_consumer('crm', '{buyers}', start => 'yesterday');
SET ROLE regress_cdp_feed_ann;
SELECT cdp.create_consumer('crm', '{buyers,secret}');
SELECT cdp.next_changes('crm');
SELECT cdp.acknowledge('crm', 1);
SELECT cdp.retry('crm', 1, '1 hour');
SELECT cdp.drop_consumer('crm');

-- from now on, and from a snapshot
SET ROLE regress_cdp_feed_team;
SELECT cdp.create_consumer('crm', '{buyers,lapsed}'), cdp.create_consumer('ads', '{lapsed,buyers,buyers}', start => 'snapshot');
SELECT cdp.create_consumer('crm', '{buyers}');
RESET ROLE;
SELECT record('exited', 1, 2), record('entered', 2, 1), record('entered', 4, 3), record('merged', 3, 1, 1);
SET ROLE regress_cdp_feed_ann;
\set show '(SELECT string_agg(concat_ws('' '', n.change_id, n.kind, n.profile_id, n.segment, ''from '' || n.other_profile_id, nullif(n.attempts, 0)), '', '' ORDER BY n.place) FROM cdp.next_changes(:\'who\', :number) WITH ORDINALITY AS n (change_id, kind, profile_id, segment, other_profile_id, trait, value, at, recorded_at, cause, event_id, verdict_id, attempts, place))'
\set number 1000
\set who crm
SELECT :show;
SELECT change_id, kind, profile_id, segment, at, recorded_at IS NOT NULL AS recorded, cause FROM cdp.next_changes('ads', 4);
\set who ads
\set number 2
SELECT :show;
SELECT cdp.acknowledge('ads', -2);
SELECT :show;
\set number 9223372036854775807
SELECT :show;
SELECT cdp.acknowledge('ads', -1), cdp.acknowledge('ads', -3);
SELECT :show;
\set number 1000
SELECT cdp.acknowledge('ads', 6), cdp.acknowledge('ads', 3);
SELECT :show;
SELECT cdp.next_changes('ads', 0);
SELECT cdp.acknowledge('ads', 7);

-- one that was put off, and what waits for it
SELECT cdp.retry('crm', 3, '1 hour'), cdp.retry('crm', 3, '2 hours');
\set who crm
SELECT :show;
SELECT cdp.acknowledge('crm', 4);
SELECT change_id, profile_id, other_profile_id, attempts, due_at = '-infinity' AS at_once FROM cdp_data.own_consumer_waiting ORDER BY 1;
RESET ROLE;
SELECT record('entered', 5, 1), record('exited', 3, 1), record('entered', 6, 1);
SET ROLE regress_cdp_feed_ann;
-- what it knows of now ends before 8, which waits for 6, which waits for 3
SELECT :show;
SELECT kind, at IS NULL AS more_follows FROM cdp.next_changes('crm') WHERE kind = 'progress';
SELECT cdp.acknowledge('crm', 7);
SELECT :show;
SELECT cdp.acknowledge('crm', 9);
SELECT :show;
SELECT name, role, segments, position, snapshot_left, behind, waiting, needs_snapshot, acknowledged_at IS NOT NULL AS acknowledged FROM cdp.consumer ORDER BY 1;
SELECT cdp.retry('crm', 3, '0');
SELECT :show;
SELECT cdp.acknowledge('crm', 3);
SELECT :show;
SELECT cdp.acknowledge('crm', 6), cdp.acknowledge('crm', 8);
SELECT :show;
-- what cannot be put off
SELECT cdp.retry('crm', 5, '1 hour');
SELECT cdp.retry('crm', 1, '1 hour');
SELECT cdp.retry('crm', 10, '1 hour');
SELECT cdp.retry('ads', -2, '1 hour');
SELECT cdp.retry('crm', 9, '-1 hour');
-- what was acknowledged can, with what came after it
SELECT cdp.retry('crm', 4, '0');
SELECT :show;
SELECT cdp.acknowledge('crm', 4);
-- part of a snapshot, and the changes after it
SELECT cdp.create_consumer('ads', '{buyers,lapsed}', start => 'snapshot', replace => true);
\set who ads
-- what a reader of the former one acknowledges late
SELECT cdp.acknowledge('ads', 9), cdp.acknowledge('ads', 4);
SELECT :show;
SELECT cdp.retry('ads', -3, '1 hour');
SELECT :show;
RESET ROLE;
SELECT record('exited', 1, 1), record('entered', 8, 2);
SET ROLE regress_cdp_feed_ann;
SELECT cdp.acknowledge('ads', -1);
SELECT :show;
SELECT cdp.acknowledge('ads', 11), cdp.retry('ads', -3, '0');
SELECT :show;
SELECT cdp.acknowledge('ads', -3);
SELECT :show;
SELECT cdp.acknowledge('ads', -2), cdp.acknowledge('ads', 10);
SELECT :show;

-- those of others
SET ROLE regress_cdp_feed_eve;
SELECT count(*) FROM cdp.consumer;
SELECT cdp.next_changes('crm');
SELECT cdp.acknowledge('crm', 9);
SELECT cdp.drop_consumer('crm');
SELECT cdp.create_consumer('crm', '{secret}', replace => true);
SELECT cdp.create_consumer('mine', '{secret}', start => 'snapshot');
\set who mine
SELECT :show;
-- nor by writing what the functions write
\set VERBOSITY terse
INSERT INTO cdp_data.own_consumer (name, role, segments, position, snapshot_change_id) VALUES ('theirs', 'regress_cdp_feed_team', '{1}', 0, 0);
INSERT INTO cdp_data.own_consumer (name, role, segments, position, snapshot_change_id) VALUES ('more', current_user, '{1,2,3}', 0, 0);
SELECT cdp.next_changes('more');
INSERT INTO cdp_data.own_consumer (consumer_id, name, role, segments, position, snapshot_change_id) OVERRIDING SYSTEM VALUE VALUES (1, 'more', current_user, '{3}', 0, 0);
INSERT INTO cdp_data.own_consumer (name, role, segments, position, snapshot_change_id) VALUES ('before', current_user, '{3}', -9223372036854775808, -9223372036854775808);
UPDATE cdp_data.own_consumer SET snapshot_change_id = -1 WHERE name = 'more';
UPDATE cdp_data.own_consumer SET segments = '{1,2,3}' WHERE name = 'mine';
INSERT INTO cdp_data.own_consumer_snapshot VALUES (1, -1, 1, 3, now());
INSERT INTO cdp_data.own_consumer_waiting VALUES (1, 1, 1, NULL, now(), 1);
\set VERBOSITY default
UPDATE cdp_data.own_consumer_waiting SET due_at = now();
SELECT count(*) FROM cdp_data.own_consumer;
SELECT DISTINCT segment_id FROM cdp_data.readable_change;
SELECT * FROM cdp_data.readable_membership ORDER BY 1;
SELECT * FROM cdp_data.segment_consumer;
SELECT * FROM cdp_data.consumer;
SELECT * FROM cdp_data.consumer_snapshot;
SELECT * FROM cdp_data.membership;
SELECT cdp_internal.take_snapshot(o.consumer_id, '{1,2,3}') FROM cdp_data.own_consumer o WHERE o.name = 'more';
SELECT DISTINCT n.segment_id FROM cdp_data.own_consumer_snapshot n JOIN cdp_data.own_consumer o USING (consumer_id) WHERE o.name = 'more';
-- which keeps no one from dropping a segment
SET ROLE regress_cdp_feed_ann;
SELECT * FROM cdp_data.segment_consumer ORDER BY 1, 2;
SET ROLE regress_cdp_feed_eve;
SELECT cdp.drop_consumer('more');
RESET ROLE;

-- a right that was lost
REVOKE SELECT ON cdp_segment.lapsed FROM regress_cdp_feed_team;
SET ROLE regress_cdp_feed_ann;
SELECT cdp.next_changes('ads');
SELECT cdp.retry('ads', 11, '1 hour');
RESET ROLE;
GRANT SELECT ON cdp_segment.lapsed TO regress_cdp_feed_team;

-- a segment that consumers read is not dropped
SELECT cdp.drop_segment('lapsed');
-- a steward sees all consumers, and may drop them
SET ROLE regress_cdp_feed_steward;
SELECT name, role FROM cdp.consumer ORDER BY 1;
SELECT cdp.next_changes('mine');
SELECT cdp.drop_consumer('mine');
RESET ROLE;

-- erased
SELECT cdp.create_consumer('all', '{secret,lapsed,buyers}', start => 'snapshot');
SELECT record('entered', 3, 1), record('entered', 1, 3);
SELECT cdp.retry('all', -2, '1 day'), cdp.retry('all', 12, '1 day');
\set who all
SELECT :show;
SELECT cdp_internal.erase_changes('{3}', in_batch => false);
SELECT :show;
SELECT profile_id FROM cdp_data.consumer_snapshot UNION ALL SELECT profile_id FROM cdp_data.consumer_waiting ORDER BY 1;

-- what it has not acknowledged left the feed
SET ROLE regress_cdp_feed_ann;
SELECT cdp.create_consumer('late', '{buyers}'), cdp.create_consumer('early', '{buyers}');
RESET ROLE;
SELECT record('entered', 10, 1), record('exited', 10, 1), record('entered', 11, 1);
SET ROLE regress_cdp_feed_ann;
SELECT cdp.acknowledge('early', 17), cdp.retry('early', 17, '1 day');
RESET ROLE;
UPDATE cdp_data.change SET recorded_at = now() - interval '40 days' WHERE change_id <= 16;
SELECT taken FROM cdp.refresh();
SET ROLE regress_cdp_feed_ann;
SELECT cdp.next_changes('late');
\set who early
SELECT :show;
SELECT name, position, behind, lag > interval '0' AS lags, needs_snapshot FROM cdp.consumer ORDER BY 1;
RESET ROLE;
UPDATE cdp_data.change SET recorded_at = now() - interval '40 days' WHERE change_id <= 17;
SELECT taken FROM cdp.refresh();
SET ROLE regress_cdp_feed_ann;
SELECT cdp.next_changes('early');
SELECT cdp.create_consumer('early', '{buyers}', start => 'snapshot', replace => true);
SELECT :show;
SELECT cdp.drop_consumer('early'), cdp.drop_consumer('late'), cdp.drop_consumer('crm'), cdp.drop_consumer('ads');
RESET ROLE;
SELECT cdp.drop_consumer('all');
SELECT (SELECT count(*) FROM cdp_data.consumer), (SELECT count(*) FROM cdp_data.consumer_snapshot), (SELECT count(*) FROM cdp_data.consumer_waiting);
SELECT cdp.drop_segment('lapsed');

\c :origin
DROP DATABASE cdp_feed_consumer;
DROP ROLE regress_cdp_feed_ann;
DROP ROLE regress_cdp_feed_team;
DROP ROLE regress_cdp_feed_eve;
DROP ROLE regress_cdp_feed_steward;
