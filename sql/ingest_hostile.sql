-- Rows that would stop a whole batch, if they were let that far.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_hostile ENCODING 'UTF8' TEMPLATE template0;
\c cdp_hostile
CREATE EXTENSION cdp;
SELECT cdp.init();
\set counts 'taken, waiting, accepted, duplicate, quarantined'

-- traits that cannot be merged, documents that cannot be copied; the good rows arrive
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'x', jsonb_build_object(repeat('k', 256), 1)), ('identify', 'x', '{"plan": "pro"}'),
 ('identify', 'y', (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, 70000) i));
INSERT INTO cdp.inbox (type, user_id, event, properties, source) VALUES ('garbage', 'd', 'e', ('{"a":' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb, repeat('s', 100)),
 ('track', 'd', 'e', ('{"a":' || repeat('[', 63) || repeat(']', 63) || ',"b":"' || repeat('x', 1000) || '"}')::jsonb, NULL);
SELECT cdp.ingest('{"type": "identify", "userId": "x", "traits": {"' || repeat('k', 300) || '": 1}}');
SELECT :counts FROM cdp.refresh();
SELECT reason, detail, count(*) FROM cdp.quarantine GROUP BY 1, 2 ORDER BY 1, 2;
SELECT identifiers, traits FROM cdp.profiles ORDER BY 1;
-- what is too deep comes back as a line, and is refused as one
SELECT cdp.replay('too_deep');
SELECT :counts FROM cdp.refresh();
SELECT reason, left(line, 40) AS line FROM cdp.quarantine WHERE line LIKE '%garbage%';

-- a receiver's clock that is wrong outranks nothing
INSERT INTO cdp.inbox (identifiers, event, "timestamp", received_at) VALUES
 ('{"user_id": "h1", "email": "hij@x.example"}', 'A', '2020-01-01', '2020-01-01'), ('{"user_id": "h2", "email": "hij@x.example"}', 'A', '2020-02-01', '4713-01-01 BC'),
 ('{"user_id": "h3", "email": "hij@x.example"}', 'A', '2020-02-01', '-infinity'), ('{"user_id": "h4"}', 'A', '2020-02-01', 'infinity');
SELECT :counts FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles WHERE identifiers[1] LIKE 'user_id:h_' ORDER BY 1;

-- a month that was detached does not stop what belongs in it
ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2020_02;
INSERT INTO cdp.inbox (user_id, event, "timestamp") VALUES ('o', 'A', '2020-02-06'), ('o', 'A', '2020-02-07');
SELECT :counts FROM cdp.refresh();
SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass AND inhrelid::regclass::text LIKE '%2020%' ORDER BY 1;

-- lines get their share while the inbox is never empty
INSERT INTO cdp.inbox (user_id, event) SELECT 'u' || i, 'A' FROM generate_series(1, 40) i;
INSERT INTO cdp.inbox_raw (line) SELECT '{"userId": "r' || i || '", "event": "A"}' FROM generate_series(1, 5) i;
SELECT :counts FROM cdp.refresh(20);
SELECT count(*) AS lines_left FROM cdp.inbox_raw;

-- JSON's null counts as not given
BEGIN;
INSERT INTO cdp.inbox (type, user_id, group_id, event, identifiers, properties, traits, context)
SELECT t, 'null', 'null-g', 'A', 'null', 'null', 'null', 'null' FROM unnest(ARRAY[NULL, 'identify', 'group', 'track', 'page', 'alias']) t;
SELECT accepted, quarantined FROM cdp.refresh();
ROLLBACK;

-- some rows of the quarantine, by number
SELECT cdp.replay(quarantine_ids => (SELECT array_agg(quarantine_id) FROM (SELECT quarantine_id FROM cdp.quarantine ORDER BY 1 LIMIT 2) q));

-- a batch ends with the subtransaction that began it
BEGIN;
SAVEPOINT a;
SELECT count(*) FROM cdp.refresh();
SELECT cdp_internal.batch_begin(1, now());
ROLLBACK TO a;
SELECT cdp_internal.batch_value('SELECT 1::bigint');
ROLLBACK;
\c :origin
DROP DATABASE cdp_hostile;
