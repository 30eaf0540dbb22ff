-- refresh(): where each row of the inbox ends, and what becomes of people.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_refresh ENCODING 'UTF8' TEMPLATE template0;
\c cdp_refresh
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.refresh();
SELECT cdp.lookup('user_id:u1');
\set VERBOSITY default
SELECT cdp.init();
SELECT cdp.init();
SELECT cdp.migrate();
\set counts 'taken, waiting, accepted, duplicate, quarantined, identifiers, profiles_created AS created, profiles_merged AS merged, profiles_touched AS touched'
-- nothing to do
SELECT :counts FROM cdp.refresh();
SELECT count(*) FROM cdp.batch;
SELECT cdp.refresh(max_rows => 0);

-- two strangers become one person, in whichever order it becomes known; a later value of a trait wins, whichever came first
INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, event, traits, "timestamp", source) VALUES
 ('1', 'track', 'a', NULL, 'View', NULL, '2026-01-01', 'web'),
 ('2', 'track', 'b', NULL, 'View', NULL, '2026-01-02', 'app'),
 ('3', 'identify', NULL, 'u', NULL, '{"plan": "pro", "email": "U@Example.com "}', '2026-01-05', 'crm');
SELECT :counts FROM cdp.refresh();
SELECT profile_id, identifiers, traits, events FROM cdp.profiles ORDER BY profile_id;
INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, traits, "timestamp", source) VALUES
 ('4', 'identify', 'b', 'u', '{"plan": "free", "city": "Ghent"}', '2026-01-03', 'web'),
 ('5', 'identify', 'a', 'u', '{"city": null}', '2026-01-04', 'web'),
 ('3', 'identify', NULL, 'u', '{}', '2026-01-05', 'web');
SELECT :counts FROM cdp.refresh();
SELECT profile_id, identifiers, traits, events FROM cdp.profiles ORDER BY profile_id;
SELECT identifier, identifier_id, profile_id FROM cdp.identifiers ORDER BY identifier_id;
SELECT h.identifier_id, h.from_batch_id, h.until_batch_id, h.profile_id FROM cdp_data.identifier_history h ORDER BY 1, 2;
SELECT profile_id, event_id, "timestamp", type, event, source FROM cdp.events ORDER BY event_id;
-- everybody has a timeline, also who has done nothing
SELECT p.profile_id, p.timeline FROM cdp_data.profile p ORDER BY p.profile_id;
SELECT a, b, source, link.first_at, link.last_at, link.events, message_id FROM cdp_data.link JOIN cdp_data.source USING (source_id) ORDER BY a, b;
SELECT source, accepted, duplicate, quarantined FROM cdp_data.source ORDER BY source;
-- an old profile has gone, its identifier answers with the person it is now
SELECT cdp.profile_of('anonymous_id:b'), cdp.profile_of('email:u@EXAMPLE.com'), cdp.profile_of('user_id:nobody');

-- duplicates: within a batch, across batches and partitions; of another content they are set aside; without a message_id nothing is one
INSERT INTO cdp.inbox (message_id, anonymous_id, event, "timestamp", source) VALUES
 ('6', 'c', 'View', '2026-02-01', 'web'), ('6', 'c', 'View', '2026-02-01', 'web'), ('6', 'c', 'View', '2024-02-01', 'app'),
 (NULL, 'c', 'View', '2026-02-01', 'web'), (NULL, 'c', 'View', '2026-02-01', 'web'), ('', 'c', 'View', '2026-02-01', 'web'), ('2', 'c', 'View', '2026-03-01', 'app');
SELECT :counts FROM cdp.refresh();
SELECT source, accepted, duplicate, quarantined FROM cdp_data.source ORDER BY source;

-- identifiers wherever they stand
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, previous_id, identifiers, traits, context, "timestamp") VALUES
 ('10', 'track', 'Call', NULL, NULL, NULL, '{"phone": "+44 20 7946 0958", "customer_no": 17}', NULL, NULL, '2026-01-01'),
 ('11', 'track', 'Open', NULL, NULL, NULL, '{"email": ["x@example.com", "y@example.com"]}', NULL, '{"device": {"id": "dev-1"}}', '2026-01-01'),
 ('12', 'alias', NULL, NULL, 'v', 'old-anon', NULL, NULL, NULL, '2026-01-01'),
 ('13', 'identify', NULL, NULL, 'v', NULL, NULL, '{"phone": "+442079460958"}', '{"externalIds": [{"id": "crm-9", "type": "crm_id", "collection": "users", "encoding": "none"}]}', '2026-01-01');
SELECT :counts FROM cdp.refresh();
SELECT profile_id, identifiers FROM cdp.profiles WHERE profile_id > 5 ORDER BY profile_id;

-- values that mean nothing join nobody: the event stays, in no profile
INSERT INTO cdp.inbox (message_id, event, anonymous_id, user_id, "timestamp") VALUES
 ('20', 'View', ' NULL ', NULL, '2026-01-01'), ('21', 'View', '00000000-0000-0000-0000-000000000000', 'undefined', '2026-01-01'), ('22', 'View', 'undefined', 'w', '2026-01-01');
SELECT :counts FROM cdp.refresh();
SELECT e.profile_id IS NULL AS nobody, count(*) FROM cdp.events e WHERE e.message_id IN ('20', '21', '22') GROUP BY 1 ORDER BY 1;

-- quarantine, each row with its reason; repaired, they arrive
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, traits, identifiers, "timestamp") VALUES
 ('30', 'track', 'View', NULL, NULL, NULL, '2026-01-01'), ('31', 'track', NULL, 'q', NULL, NULL, '2026-01-01'), ('32', 'dance', 'View', 'q', NULL, NULL, '2026-01-01'),
 ('33', 'track', 'View', 'q', NULL, NULL, '1999-12-31'), ('34', 'track', 'View', 'q', NULL, NULL, now() + interval '2 days'), ('35', 'track', 'View', 'q', NULL, NULL, 'infinity'),
 ('36', 'identify', NULL, 'q', '[1]', NULL, '2026-01-01'), ('37', 'track', 'View', 'q', NULL, '{"email": "not an address"}', '2026-01-01'),
 ('38', 'track', 'View', 'good', NULL, NULL, '2026-01-01');
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"type": "track", "event": "View", "userId": "raw", "messageId": "39", "timestamp": "2026-01-01T00:00:00Z"}', 'feed'),
 ('{"type": "track", "event": ', 'feed'), ('', 'feed'), ('[]', 'feed'), ('{"type": "track", "event": "View", "userId": "raw", "timestamp": "yesterday"}', 'feed');
SELECT cdp.ingest(E'{"type": "track", "event": "Open", "userId": "raw", "messageId": "40"}\n\n{"type": "track", "event": "Open", "userId": "raw", "messageId": "40"}\nnonsense', 'lines');
SELECT :counts FROM cdp.refresh();
SELECT quarantine_id, source, reason, regexp_replace(detail, '(is after|[0-9]{4}-\S+Z is after) .*', '… is after …') AS detail, record ->> 'message_id' AS message_id, line FROM cdp.quarantine ORDER BY quarantine_id;
SELECT cdp.replay('missing_event');
SELECT :counts FROM cdp.refresh();
UPDATE cdp.quarantine SET record = jsonb_set(record, '{event}', '"Repaired"') WHERE reason = 'missing_event';
-- what was repaired into something that is no row of the inbox stays, and stops no other
CREATE TABLE public.kept AS SELECT quarantine_id, record FROM cdp.quarantine WHERE record IS NOT NULL ORDER BY quarantine_id LIMIT 3;
UPDATE cdp.quarantine q SET record = (ARRAY['{"timestamp": "foo"}', '[1, 2]', '"x"']::jsonb[])[n.number]
FROM (SELECT quarantine_id, row_number() OVER (ORDER BY quarantine_id) AS number FROM public.kept) n WHERE n.quarantine_id = q.quarantine_id;
SELECT cdp.replay(quarantine_ids => ARRAY(SELECT quarantine_id FROM public.kept)) AS moved;
UPDATE cdp.quarantine q SET record = k.record FROM public.kept k WHERE k.quarantine_id = q.quarantine_id;
DROP TABLE public.kept;
UPDATE cdp.quarantine SET line = '{"type": "track", "event": "Repaired", "userId": "raw"}' WHERE line = 'nonsense';
SELECT cdp.replay();
SELECT :counts FROM cdp.refresh();
SELECT profile_id IS NOT NULL AS known, source, event FROM cdp.events WHERE event = 'Repaired' ORDER BY source;
SELECT sum(taken) = sum(accepted + duplicate + quarantined) AS conserved, sum(accepted) = (SELECT count(*) FROM cdp_data.event) AS logged FROM cdp.batch;

-- in parts of any size
INSERT INTO cdp.inbox (message_id, user_id, event, "timestamp") SELECT 's' || i, 's' || i % 3, 'Step', '2026-01-01' FROM generate_series(1, 10) i;
SELECT taken, waiting FROM cdp.refresh(4);
SELECT taken, waiting FROM cdp.refresh(4);
SELECT taken, waiting FROM cdp.refresh(4);
SELECT identifiers, events FROM cdp.profiles WHERE identifiers[1] LIKE 'user_id:s_' ORDER BY 1;

-- the log is partitioned by month, without a default; every table but the inboxes and the base has a primary key, and these three are replicated by whole rows
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'cdp_data.event'::regclass AND c.relname < 'event_2026_04' ORDER BY 1;
SELECT c.relname, c.relreplident FROM pg_class c WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY 1;
-- everything that people read has a comment
SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND (obj_description(c.oid, 'pg_class') IS NULL AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
   OR c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL OR c.relname IN ('inbox', 'inbox_raw', 'quarantine') AND col_description(c.oid, a.attnum) IS NULL) ORDER BY 1, 2;
-- a table is known by plain types where BI tools look
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relname IN ('profiles', 'events', 'identifiers', 'quarantine')
  AND a.atttypid NOT IN ('bigint'::regtype, 'text'::regtype, 'text[]'::regtype, 'timestamptz'::regtype, 'jsonb'::regtype, 'boolean'::regtype);

\c :origin
DROP DATABASE cdp_refresh;
