-- A load into an empty platform: the keys of messages and identifiers are found by memory, and their indexes are made at
-- the end, also with readers meanwhile.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_load_keys ENCODING 'UTF8' TEMPLATE template0;
\c cdp_load_keys
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE TEMP TABLE files AS SELECT c.relname, c.relfilenode FROM pg_class c LIMIT 0;

-- empties the two tables, as only the owner can, and notes the files of their indexes
CREATE PROCEDURE clear() LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE cdp_data.message, cdp_data.identifier_map, files;
	INSERT INTO files SELECT c.relname, c.relfilenode FROM pg_class c WHERE c.relname IN ('message_pkey', 'identifier_map_pkey');
END
$$;
CALL clear();

-- the n events after the first k, in an order of their own: people with several devices, some messages twice
CREATE FUNCTION history(k int, n int) RETURNS TABLE (message_id text, user_id text, anonymous_id text, event text,
	"timestamp" timestamptz) LANGUAGE sql STABLE AS $$
	SELECT 'm' || i - i % 11 / 10, CASE WHEN i % 3 = 0 THEN 'u' || i % 97 END, 'd' || i % 501, 'seen',
		   timestamptz '2026-01-01' + i * interval '1 minute'
	FROM generate_series(k + 1, k + n) i
$$;

-- what the tables say by their keys, and whether each has an index that is used
CREATE FUNCTION keys() RETURNS TABLE (what text, value text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true);
	RETURN QUERY SELECT 'messages', count(*)::text FROM cdp_data.message;
	RETURN QUERY SELECT 'found', count(k.message_key)::text FROM cdp_data.message m
		CROSS JOIN LATERAL (SELECT x.message_key FROM cdp_data.message x WHERE x.message_key = m.message_key LIMIT 1) k;
	RETURN QUERY SELECT 'identifiers', count(*)::text FROM cdp_data.identifier;
	RETURN QUERY SELECT 'found', count(k.identifier_id)::text FROM cdp_data.identifier i
		CROSS JOIN LATERAL cdp_internal.known_identifier(i.identifier) k WHERE k.identifier_id = i.identifier_id;
	RETURN QUERY SELECT 'put off', string_agg(i.indexrelid::regclass::text, ' ' ORDER BY 1) FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid
		WHERE c.relnamespace = 'cdp_data'::regnamespace AND NOT (i.indisvalid AND i.indisready AND i.indislive);
	RETURN QUERY SELECT 'made anew', string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c
		JOIN files f USING (relname) WHERE c.relfilenode <> f.relfilenode;
	RETURN QUERY SELECT 'problems', count(*)::text FROM cdp.verify();
END
$$;

-- an error, and a load that is rolled back, leave the indexes as they were
DO $$ BEGIN PERFORM cdp.load('SELECT h.*, now() AS received_at FROM history(0, 400) h WHERE 1 / (400 - right(message_id, -1)::int) >= 0', batch_rows => 50);
EXCEPTION WHEN division_by_zero THEN RAISE WARNING 'division by zero'; END $$;
SELECT * FROM keys();
BEGIN;
SAVEPOINT one;
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(0, 2000)', batch_rows => 300);
ROLLBACK TO one;
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(0, 2000)', batch_rows => 300);
SELECT * FROM keys();
ROLLBACK;
SELECT * FROM keys();
CALL clear();

-- without other readers they are made anew
BEGIN;
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(0, 2000)', batch_rows => 300);
SELECT * FROM keys();
-- what comes after it in the same transaction uses them
SELECT taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(1000, 2000)', batch_rows => 700);
SELECT * FROM keys();
ROLLBACK;

-- batches that fail are taken back, and taken again in parts: memory has places of rows that are gone
CALL clear();
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.message_id IN ('m7', 'm333', 'm1500', 'm1501') THEN
		RAISE EXCEPTION 'refused';
	END IF;
	RETURN NEW;
END
$$;
BEGIN;
CREATE TRIGGER refuse BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT batches, taken, accepted, duplicate, quarantined, identifiers FROM cdp.load('SELECT * FROM history(0, 2000)', batch_rows => 300);
SELECT record ->> 'message_id' AS message_id FROM cdp_data.quarantine WHERE reason = 'failed' ORDER BY quarantine_id;
SELECT * FROM keys();
ROLLBACK;

-- a cursor of before reads by one of them: the rows are inserted into that
CALL clear();
BEGIN;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
DECLARE reader CURSOR FOR SELECT FROM cdp_data.identifier_map WHERE hash > 0;
FETCH reader;
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(0, 2000)', batch_rows => 300);
FETCH reader;
SELECT * FROM keys();
SELECT taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(1000, 2000)', batch_rows => 700);
SELECT * FROM keys();
ROLLBACK;

-- identifiers that have hashes are found by statements, in the batch that brings the first and after it: rows are inserted
-- into the indexes, as the lock to make them anew would keep others from looking identifiers up until the load ends
CREATE FUNCTION hashed(n int) RETURNS TABLE (message_id text, user_id text, anonymous_id text, event text, "timestamp" timestamptz,
	traits jsonb, identifiers jsonb) LANGUAGE sql STABLE AS $$
	SELECT h.*, CASE WHEN h.message_id > 'm15' AND h.user_id IS NOT NULL THEN jsonb_build_object('email', h.user_id || '@example.com') END,
		CASE WHEN h.message_id > 'm15' AND h.user_id IS NULL
			THEN jsonb_build_object('email_sha256', encode(sha256(('u' || length(h.message_id) || '@example.com')::bytea), 'hex')) END
	FROM history(0, n) h
$$;
CALL clear();
BEGIN;
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM hashed(2000)', batch_rows => 300);
SELECT relation::regclass AS locked FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relation IN ('cdp_data.message_pkey'::regclass, 'cdp_data.identifier_map_pkey'::regclass);
SELECT * FROM keys();
ROLLBACK;

-- also where that batch fails: the indexes have some of the rows then
CALL clear();
BEGIN;
CREATE TRIGGER refuse BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT batches, taken, accepted, duplicate, quarantined, identifiers FROM cdp.load('SELECT * FROM hashed(2000) ORDER BY message_id > ''m15'', "timestamp"', batch_rows => 300);
SELECT * FROM keys();
ROLLBACK;

-- what says the same as an event is looked for by statements, too
CALL clear();
BEGIN;
SELECT cdp.set_sources('{"shop": {"party": "first", "same_content_within": "4 days"}}');
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(0, 2000)', 'shop', batch_rows => 300);
SELECT relation::regclass AS locked FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relation IN ('cdp_data.message_pkey'::regclass, 'cdp_data.identifier_map_pkey'::regclass);
SELECT * FROM keys();
ROLLBACK;

-- a table with a row keeps its index, and so do both where there is a verdict
CALL clear();
INSERT INTO cdp.inbox (message_id, user_id, event) VALUES ('m1', 'u1', 'seen');
SELECT accepted FROM cdp.refresh();
SELECT batches, taken, accepted, duplicate, identifiers FROM cdp.load('SELECT * FROM history(0, 1000)', batch_rows => 300);
SELECT * FROM keys();

-- statements know nothing of the rows that memory finds
CREATE DATABASE cdp_load_keys_2 ENCODING 'UTF8' TEMPLATE template0;
\c cdp_load_keys_2
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.load($$SELECT 'u' || i AS user_id, 'seen' AS event FROM generate_series(1, 10) i WHERE set_config('cdp.store', 'sql', false) <> ''$$);
RESET cdp.store;
-- by statements from the start, indexes are used
SET cdp.store = sql;
SELECT batches, accepted, identifiers FROM cdp.load($$SELECT 'u' || i % 7 AS user_id, 'seen' AS event FROM generate_series(1, 100) i$$, batch_rows => 30);
SELECT count(*) FROM cdp.verify();
-- the functions are not for others, and what they put off must be built
BEGIN;
TRUNCATE cdp_data.message;
SELECT cdp_internal.load_defer();
RESET cdp.store;
SELECT cdp_internal.load_defer();
COMMIT;
BEGIN;
TRUNCATE cdp_data.message;
SELECT cdp_internal.load_defer(), cdp_internal.load_relieve();
SELECT cdp_internal.load_index();
COMMIT;
SELECT i.indisvalid, i.indisready FROM pg_index i WHERE i.indexrelid = 'cdp_data.message_pkey'::regclass;
\c :origin
DROP DATABASE cdp_load_keys;
DROP DATABASE cdp_load_keys_2;
