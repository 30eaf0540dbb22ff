-- cdp.load(): what it takes and refuses, whose rights count, what becomes of bad rows, and of its own functions' misuse.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_load ENCODING 'UTF8' TEMPLATE template0;
\c cdp_load
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\set counts 'batches, taken, accepted, duplicate, quarantined, identifiers, profiles_created, profiles_merged'

-- the columns of the inbox, in any order, and types that are as theirs; the rest has its defaults
CREATE DOMAIN name_of_user AS varchar(20);
CREATE TABLE "Old events" (at timestamptz, who name_of_user, event varchar(30), id integer, origin text);
INSERT INTO "Old events" SELECT timestamptz '2024-01-01' + i * interval '6 hours', 'u' || i % 40, 'Viewed', i, CASE i % 3 WHEN 0 THEN 'app' END FROM generate_series(1, 1000) i;
SELECT :counts FROM cdp.load('SELECT at AS "timestamp", who AS user_id, event, ''m'' || id AS message_id, origin AS source FROM "Old events" ORDER BY id', 'shop', 300);
SELECT source, count(*), min("timestamp"), count(DISTINCT received_at) AS arrivals, bool_and(received_at > now() - interval '1 hour') AS now FROM cdp.events GROUP BY source ORDER BY source;
SELECT batch_id, taken, accepted FROM cdp.batch ORDER BY batch_id;
-- again: all are duplicates, but one of another content
UPDATE "Old events" SET event = 'Bought' WHERE id = 7;
SELECT :counts FROM cdp.load('SELECT at AS "timestamp", who AS user_id, event, ''m'' || id AS message_id, origin AS source FROM "Old events"', 'shop');
SELECT reason, source, written_by = current_user AS mine, record ->> 'message_id' AS message_id FROM cdp.quarantine;
DELETE FROM cdp.quarantine;
-- a table or view; nothing at all
CREATE VIEW "of a view" AS SELECT 'v' || i AS user_id, 'Seen' AS event, 'v' || i AS message_id FROM generate_series(1, 5) i;
SELECT :counts FROM cdp.load('"of a view"'::regclass);
SELECT :counts FROM cdp.load('SELECT ''u''::text AS user_id WHERE false');
SELECT source, count(*) FROM cdp.events WHERE user_id LIKE 'v%' GROUP BY source;

-- bad rows, beside good ones; none is lost
SELECT :counts FROM cdp.load($$
	SELECT * FROM (VALUES ('b1', NULL, 'Seen', now()), ('b2', 'u1', NULL, now()), ('b3', 'u1', 'Seen', timestamptz '1890-01-01'), ('b4', 'u1', 'Seen', 'infinity'),
		('b5', 'u1', 'Seen', '2024-05-05'), (NULL, 'u1', 'Seen', '2024-05-05'), ('b5', 'u1', 'Seen', '2024-05-05'), ('b5', 'u2', 'Other', '2024-05-05'))
		AS v (message_id, user_id, event, "timestamp")$$, 'bad');
SELECT record ->> 'message_id' AS message_id, reason FROM cdp.quarantine ORDER BY quarantine_id;
SELECT accepted, duplicate, quarantined FROM cdp.sources WHERE source = 'bad';
DELETE FROM cdp.quarantine;
-- a row over 64 MB is cut
SELECT :counts FROM cdp.load($$SELECT 'l' || i AS message_id, 'large' AS user_id, 'Seen' AS event, jsonb_build_object('x', repeat('x', CASE i WHEN 2 THEN 70000000 ELSE 5 END)) AS properties
	FROM generate_series(1, 3) i$$);
SELECT record ->> 'message_id' AS message_id, reason, cut, sizes FROM cdp.quarantine;
DELETE FROM cdp.quarantine;
-- a batch ends at so many bytes, uncompressed, and what of a large row is kept counts
BEGIN;
SELECT cdp_internal.load_open('SELECT repeat(''x'', CASE WHEN i < 20 THEN 100 ELSE 3000 END) AS user_id FROM generate_series(1, 30) i', NULL);
SELECT cdp_internal.load_fetch(1000, 1000, 2000, 500) AS first \gset
SELECT cdp_internal.load_fetch(3, 1000, 2000, 500);
SELECT cdp_internal.load_fetch(1000, 100000, 2000, 500) AS rest \gset
SELECT :first BETWEEN 5 AND 12 AS about_ten, :first + 3 + :rest;
SELECT cdp_internal.load_fetch(1000, 1000, 2000, 500);
SELECT cdp_internal.load_close();
COMMIT;
-- rows that fail in a stage are set aside
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.message_id LIKE 'f%7' THEN RAISE EXCEPTION 'fault'; END IF; RETURN NEW; END $$;
CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION fault();
SELECT :counts FROM cdp.load('SELECT ''f'' || i AS message_id, ''u'' || i AS user_id, ''Seen'' AS event, timestamptz ''2021-02-03'' AS "timestamp" FROM generate_series(1, 50) i', 'fail', 20);
DROP TRIGGER fault ON cdp_data.event;
SELECT reason, detail, count(*) FROM cdp.quarantine GROUP BY 1, 2;
SELECT cdp.replay();
SELECT taken, accepted FROM cdp.refresh();

-- what waits in the inbox stays there
INSERT INTO cdp.inbox (message_id, user_id, event, source) VALUES ('w1', 'u1', 'Seen', 'shop');
SELECT :counts FROM cdp.load('SELECT ''w1'' AS message_id, ''u1'' AS user_id, ''Seen'' AS event, ''shop'' AS source');
SELECT taken, duplicate FROM cdp.refresh();

-- the months of a load have no indexes at first; a batch that finds events in them builds them
CREATE VIEW months AS SELECT count(*), bool_and(i.indisready AND i.indisvalid) AS whole FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indrelid WHERE h.inhparent = 'cdp_data.event'::regclass;
SELECT * FROM months;
CREATE FUNCTION past(shared boolean) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT %L || i AS message_id, ''p'' || i %% 90 AS user_id, CASE WHEN i %% 7 = 0 THEN ''%s'' ELSE ''d'' || i %% 300 END AS anonymous_id, ''Seen'' AS event,
		timestamptz ''2019-01-01'' + i * interval ''1 day'' AS "timestamp" FROM generate_series(1, 900) i', shared, shared)
$$;
CREATE TABLE while_loading (number bigint, whole boolean);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.while_loading SELECT * FROM public.months; RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON cdp_data.batch FOR EACH STATEMENT EXECUTE FUNCTION note();
SELECT :counts FROM cdp.load(past(false), 'past', 300);
SELECT number, whole FROM while_loading;
SELECT * FROM months;
TRUNCATE while_loading;
SELECT cdp.set_rules('{"anonymous_id": {"max_links": {"user_id": 25}}}');
TRUNCATE while_loading;
-- one device of 90 people: the third batch finds that it is shared
SELECT batches, taken, accepted FROM cdp.load(replace(past(true), '2019', '2014'), 'past', 150);
SELECT number, whole FROM while_loading;
DROP TRIGGER note ON cdp_data.batch;
SELECT identifier FROM cdp.shared_identifiers;
SELECT * FROM months;
SELECT * FROM cdp.verify();
-- not so with segments, which may read the log
SELECT cdp.create_segment('seen', 'cdp.did(timeline, ''Seen'')');
CREATE TRIGGER note AFTER INSERT ON cdp_data.batch FOR EACH STATEMENT EXECUTE FUNCTION note();
TRUNCATE while_loading;
SELECT batches, taken, accepted FROM cdp.load('SELECT ''s'' || i AS message_id, ''s'' || i AS user_id, ''Seen'' AS event, timestamptz ''2011-01-01'' AS "timestamp" FROM generate_series(1, 20) i', 'past');
SELECT whole FROM while_loading;
DROP TRIGGER note ON cdp_data.batch;
SELECT count(*) FROM cdp.members('seen') m JOIN cdp.profiles p USING (profile_id) WHERE p.first_seen = '2011-01-01';
SELECT * FROM cdp.verify();

-- a query that cannot be loaded
\set VERBOSITY default
SELECT cdp.load('SELECT 1 AS one');
SELECT cdp.load('SELECT 1 AS user_id');
SELECT cdp.load('SELECT now()::timestamp AS "timestamp", ''u'' AS user_id');
SELECT cdp.load('SELECT ''{}''::json AS traits');
SELECT cdp.load('SELECT ''a'' AS user_id, ''b'' AS user_id');
SELECT cdp.load('SELECT');
SELECT cdp.load('SELECT ''u'' AS user_id; SELECT ''v'' AS user_id');
SELECT cdp.load('DELETE FROM "Old events"');
SELECT cdp.load('');
SELECT cdp.load('SELEC');
SELECT cdp.load('SELECT $1 AS user_id');
SELECT cdp.load('SELECT (1 / (3 - i))::text AS user_id, ''Seen'' AS event, ''z'' || i AS message_id FROM generate_series(1, 5) i', batch_rows => 1);
SELECT cdp.load(NULL::text);
SELECT cdp.load(NULL::regclass);
SELECT cdp.load('"Old events"'::regclass);
SELECT cdp.load('SELECT ''u'' AS user_id', batch_rows => 0);
SELECT cdp.load('SELECT ''u'' AS user_id', batch_rows => NULL);
\set VERBOSITY terse
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT cdp.load('SELECT ''u'' AS user_id');
ROLLBACK;
-- nothing of these is there, and the next one works; also after an error that was caught
DO $$ BEGIN PERFORM cdp.load('SELECT ''u'' || 1 / (2 - i) AS user_id, ''Seen'' AS event FROM generate_series(1, 2) i', batch_rows => 1); EXCEPTION WHEN division_by_zero THEN PERFORM cdp.load('SELECT ''again'' AS user_id, ''Seen'' AS event'); END $$;
SELECT count(*) FROM cdp.events WHERE message_id LIKE 'z%' OR user_id = 'u1' AND message_id IS NULL AND source = 'default';
SELECT count(*) FROM cdp.events WHERE user_id = 'again';

-- rights: for stewards; the query runs as the caller
CREATE ROLE regress_cdp_load_analyst;
CREATE ROLE regress_cdp_load_writer;
CREATE ROLE regress_cdp_load_steward;
CREATE ROLE regress_cdp_load_other;
GRANT regress_cdp_load_other TO regress_cdp_load_steward;
SELECT cdp.grant_access('regress_cdp_load_analyst', 'analyst'), cdp.grant_access('regress_cdp_load_writer', 'writer'), cdp.grant_access('regress_cdp_load_steward', 'steward');
CREATE TABLE secret (user_id text, event text);
INSERT INTO secret VALUES ('hidden', 'Seen'), ('shown', 'Seen');
CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN current_user; END $$;
CREATE FUNCTION write_secret() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO secret VALUES ('written', 'Seen'); RETURN 'x'; END $$;
CREATE FUNCTION write_temporary() RETURNS text LANGUAGE plpgsql AS $$ BEGIN CREATE TEMPORARY TABLE made (a integer); RETURN 'x'; END $$;
CREATE FUNCTION become(role text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SET ROLE %I', role); RETURN current_user; END $$;
CREATE FUNCTION writable() RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET transaction_read_only = off; RETURN write_secret(); END $$;
GRANT USAGE, CREATE ON SCHEMA public TO regress_cdp_load_steward;
SET ROLE regress_cdp_load_analyst;
SELECT cdp.load('SELECT ''u'' AS user_id');
SELECT cdp_internal.load_open('SELECT ''u'' AS user_id', NULL);
SET ROLE regress_cdp_load_writer;
SELECT cdp.load('SELECT ''u'' AS user_id');
SET ROLE regress_cdp_load_steward;
SELECT cdp.load('SELECT * FROM secret');
SELECT cdp.load('secret'::regclass);
SELECT cdp.load('SELECT ''a'' AS event, write_secret() AS user_id');
SELECT cdp.load('SELECT ''a'' AS event, writable() AS user_id');
SELECT cdp.load('WITH w AS (INSERT INTO cdp.inbox (user_id) VALUES (''x'') RETURNING user_id) SELECT user_id FROM w');
SELECT cdp.load('SELECT ''a'' AS event, write_temporary() AS user_id');
SELECT cdp.load('SELECT ''a'' AS event, become(''regress_cdp_load_other'') AS user_id');
SELECT current_user;
SELECT cdp.load('SELECT ''a'' AS event, set_config(''role'', ''regress_cdp_load_other'', false) AS user_id');
SELECT current_user;
SELECT cdp.load('SELECT user_id FROM cdp.events, cdp.load(''SELECT 1'')');
INSERT INTO cdp.inbox (user_id, event) VALUES ('waits', 'Seen');
SELECT cdp.load('SELECT event, user_id FROM cdp.events, cdp.refresh()');
DELETE FROM cdp.inbox;
SELECT cdp.load('SELECT nextval(''cdp_data.attempt'')::text AS user_id');
-- functions of the query are the caller's, also in the last batches
SELECT taken, accepted FROM cdp.load('SELECT who() AS user_id, ''Who'' AS event, ''who'' || i AS message_id FROM generate_series(1, 3) i', batch_rows => 1);
RESET ROLE;
SELECT DISTINCT user_id FROM cdp.events WHERE event = 'Who';
SELECT count(*) FROM secret;
-- and policies are those for the caller
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON secret TO regress_cdp_load_steward USING (user_id = 'shown');
GRANT SELECT ON secret TO regress_cdp_load_steward;
SET ROLE regress_cdp_load_steward;
SET search_path = 'pg_temp', 'public';
SELECT taken, accepted FROM cdp.load('secret'::regclass, 'mine');
RESET search_path;
RESET ROLE;
SELECT user_id, source FROM cdp.events WHERE source = 'mine';
-- the writer of a row is the caller, unless the row names one, who must be one and may send what it sends
SELECT cdp.grant_access('regress_cdp_load_writer', 'writer', '{shop}');
SET ROLE regress_cdp_load_steward;
SELECT taken, accepted, quarantined FROM cdp.load('SELECT ''nobody'' AS user_id, ''Seen'' AS event, w.* FROM (VALUES (''shop'', ''regress_cdp_load_writer''), (NULL, ''regress_cdp_load_writer''),
	(''app'', ''regress_cdp_load_writer''), (''shop'', ''no such role''), (''app'', NULL), (''shop'', ''regress_cdp_load_analyst'')) AS w (source, written_by)');
RESET ROLE;
SELECT source, reason, written_by FROM cdp.quarantine ORDER BY quarantine_id;
SELECT source, count(*) FROM cdp.events WHERE user_id = 'nobody' GROUP BY source ORDER BY source;

-- its functions, by themselves
SELECT cdp_internal.load_fetch(1, 1, 1, 1);
SELECT cdp_internal.load_offer();
SELECT cdp_data.load_part();
SELECT cdp_internal.load_close();
SELECT cdp_internal.load_withdraw();
BEGIN;
SELECT cdp_internal.load_open('SELECT ''u'' AS user_id', NULL);
COMMIT;
BEGIN;
SELECT cdp_internal.load_open('SELECT ''u'' || i AS user_id, ''Seen'' AS event FROM generate_series(1, 3) i', NULL), cdp_internal.load_fetch(2, 1000, 1000, 1000);
SELECT cdp_internal.load_offer();
SAVEPOINT one;
SELECT cdp_internal.load_fetch(2, 1000, 1000, 1000);
ROLLBACK TO one;
SELECT cdp_internal.load_offer();
ROLLBACK TO one;
SELECT cdp_internal.load_close();
ROLLBACK TO one;
-- a place that the load has no row for
SELECT cdp_internal.batch_begin(1, now(), '{"(0,3)"}');
SELECT cdp_internal.refresh_pass(0, 0, 0);
ROLLBACK;
BEGIN;
SELECT cdp_internal.load_open('SELECT ''u'' || i AS user_id, ''Seen'' AS event, timestamptz ''2001-01-01'' AS "timestamp" FROM generate_series(1, 3) i', 'misuse'), cdp_internal.load_fetch(2, 1000, 1000, 1000);
SELECT cdp.drop_segment('seen');
SELECT cdp_data.load_part();
SAVEPOINT one;
SELECT cdp_internal.load_close();
ROLLBACK TO one;
COMMIT;
-- code that a batch runs as others: the condition of a segment
CREATE FUNCTION end_load() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM cdp_internal.load_withdraw();
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING '%', SQLERRM;
	RETURN true;
END $$;
SET client_min_messages = warning;
SELECT cdp.create_segment('ends', 'public.end_load()');
SELECT taken, accepted FROM cdp.load('SELECT ''ends'' AS user_id, ''Seen'' AS event');
RESET client_min_messages;
SELECT cdp.drop_segment('ends');
-- what built the indexes of a new month is rolled back
BEGIN;
SELECT cdp_internal.load_open('SELECT ''u'' || i AS user_id, ''Seen'' AS event, timestamptz ''2001-01-01'' AS "timestamp" FROM generate_series(1, 3) i', 'misuse'), cdp_internal.load_fetch(2, 1000, 1000, 1000);
SELECT cdp.drop_segment('seen');
SELECT cdp_data.load_part();
SAVEPOINT one;
SELECT batches > 0 AS is_built FROM cdp_data.load_end(0);
ROLLBACK TO one;
SELECT cdp_internal.load_close();
COMMIT;
SELECT count(*) FROM cdp.events WHERE source = 'misuse';
SELECT * FROM months;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_load;
DROP ROLE regress_cdp_load_analyst, regress_cdp_load_writer, regress_cdp_load_steward, regress_cdp_load_other;
