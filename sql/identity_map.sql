-- Identifiers are found by a keyed hash of 8 bytes, and told apart by their text.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_map ENCODING 'UTF8' TEMPLATE template0;
\c cdp_map
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
\set VERBOSITY terse

-- the key: random, of 16 bytes, one, for others than writers
SELECT octet_length(key), (SELECT count(DISTINCT get_byte(key, i)) > 4 FROM generate_series(0, 15) i) AS looks_random FROM cdp_data.identifier_key;
INSERT INTO cdp_data.identifier_key (key) VALUES ('\x00112233445566778899aabbccddeeff');
INSERT INTO cdp_data.identifier_key (singleton, key) VALUES (false, '\x00112233445566778899aabbccddeeff');
UPDATE cdp_data.identifier_key SET key = '\x00';
CREATE ROLE regress_map_writer;
CREATE ROLE regress_map_analyst;
SELECT cdp.grant_access('regress_map_writer', 'writer'), cdp.grant_access('regress_map_analyst', 'analyst');
SET ROLE regress_map_writer;
SELECT key FROM cdp_data.identifier_key;
SELECT cdp_internal.map_hash('user_id:ann', '\x000102030405060708090a0b0c0d0e0f');
SELECT * FROM cdp.find_identifier('user_id:ann');
RESET ROLE;

-- the hash, of what is stored
SELECT cdp_internal.map_hash('user_id:ann', '\x000102030405060708090a0b0c0d0e0f'), cdp_internal.map_hash(NULL, '\x00') IS NULL AS is_null;
SELECT cdp_internal.map_hash('user_id:ann') = cdp_internal.map_hash('user_id:ann', key) AS equal, cdp_internal.map_hash('email:Ann@Example.com') = cdp_internal.map_hash('email:ann@example.com') AS normalised FROM cdp_data.identifier_key;
SELECT cdp_internal.map_hash('user_id:ann', '\x0001');

-- two identifiers of one hash, which were searched for by this key
UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
\set one user_id:8ab6475fc962f6e2
\set two user_id:32a4671a9ed96680
SELECT cdp_internal.map_hash(:'one') = cdp_internal.map_hash(:'two') AS collide;
-- one after the other, or both in one batch, known and new
CREATE FUNCTION bring(VARIADIC ids text[]) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (event, user_id, anonymous_id, "timestamp") SELECT 'View', split_part(u.id, ':', 2), 'a' || u.place, '2026-01-01' FROM unnest(ids) WITH ORDINALITY u (id, place);
	RETURN (SELECT identifiers FROM cdp.refresh());
END $$;
BEGIN;
SELECT bring(:'one', :'two');
SELECT count(*), count(DISTINCT hash) FROM cdp_data.identifier_map;
SELECT bring(:'two', :'one', 'user_id:ann');
SELECT * FROM cdp.verify();
ROLLBACK;
SELECT bring(:'one');
SELECT cdp.profile_of(:'one'), cdp.profile_of(:'two'), (SELECT r.reason FROM cdp.resolve_profile(:'two') r), cdp.lookup(:'two') IS NULL AS unseen, (SELECT count(*) FROM cdp.find_identifier(:'two')) AS rows;
SELECT reasons FROM cdp.explain(:'one', :'two');
SELECT cdp.forbid(:'one', :'two');
SELECT bring('user_id:ann', :'two');
SELECT i.identifier, i.identifier_id, i.profile_id FROM cdp.identifiers i ORDER BY 2;
SELECT cdp.profile_of(:'one') = (SELECT profile_id FROM cdp.identifiers WHERE identifier = :'one') AS one,
	cdp.profile_of(:'two') = (SELECT profile_id FROM cdp.identifiers WHERE identifier = :'two') AS two;
SELECT count(*), count(DISTINCT hash) FROM cdp_data.identifier_map;
SELECT f.identifier, f.namespace, f.value, f.profile_id, f.first_known = b.as_of AS first_known, f.in_profile_since IS NOT NULL AS since
	FROM (VALUES (:'one'), (:'two'), ('user_id:nobody')) u (id), cdp.find_identifier(u.id) f, cdp.batch b WHERE b.batch_id = CASE u.id WHEN :'one' THEN 1 ELSE 3 END ORDER BY 1;
SELECT * FROM cdp.verify();
-- computed anew, also where the rows of both are lost: one of them keeps its number
SELECT identifiers, profiles_created, profiles_merged, profiles_split FROM cdp.restitch();
SELECT * FROM cdp.verify();
BEGIN;
DELETE FROM cdp_data.identifier WHERE identifier IN (:'one', :'two');
SELECT identifiers FROM cdp.restitch();
SELECT * FROM cdp.verify();
ROLLBACK;

-- a row of the map that leads to another identifier does no harm to either
BEGIN;
INSERT INTO cdp_data.identifier_map SELECT cdp_internal.map_hash('user_id:bob'), i.identifier_id FROM cdp_data.identifier i WHERE i.identifier = 'user_id:ann';
SELECT cdp.profile_of('user_id:bob'), cdp.lookup('user_id:bob');
SELECT bring('user_id:bob', 'user_id:ann');
SELECT cdp.profile_of('user_id:bob') <> cdp.profile_of('user_id:ann') AS two_people, count(*) FROM cdp_data.identifier_map WHERE hash = cdp_internal.map_hash('user_id:bob');
SELECT stage, item, expected, found FROM cdp.verify() ORDER BY 2;
SELECT identifiers FROM cdp.restitch();
SELECT * FROM cdp.verify();
ROLLBACK;
-- two numbers for one text, or a number without a row: rows with it are set aside, others arrive
BEGIN;
INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, shared, blocked, link_counts, batch_id, since_batch_id) SELECT 4711, identifier, profile_id, shared, blocked, link_counts, batch_id, since_batch_id FROM cdp_data.identifier WHERE identifier = 'user_id:ann';
INSERT INTO cdp_data.identifier_map VALUES (cdp_internal.map_hash('user_id:ann'), 4711), (cdp_internal.map_hash('user_id:eve'), 4712);
SELECT cdp.profile_of('user_id:ann') = cdp.profile_of(:'two') AS same, cdp.profile_of('user_id:eve');
SELECT bring('user_id:bob', 'user_id:ann', 'user_id:cid', 'user_id:eve');
SELECT reason, detail, record ->> 'user_id' AS user_id FROM cdp.quarantine ORDER BY 3;
SELECT identifiers FROM cdp.restitch();
SELECT cdp.replay('failed');
SELECT accepted FROM cdp.refresh();
SELECT * FROM cdp.verify();
ROLLBACK;
-- without its key nothing is found, and nothing is written
BEGIN;
DELETE FROM cdp_data.identifier_key;
SAVEPOINT before;
SELECT cdp.profile_of('user_id:ann');
ROLLBACK TO before;
SELECT bring('user_id:dan');
ROLLBACK TO before;
ROLLBACK;

-- look-ups read indexes, also before the tables were ever analyzed, and for those who only may read
SET ROLE regress_map_analyst;
SELECT identifier FROM cdp.find_identifier(:'one');
SELECT identifier FROM cdp.find_identifier('EMAIL: nobody@example.com ');
SELECT identifier FROM cdp.find_identifier('7');
SELECT identifier FROM cdp.find_identifier(NULL);
RESET ROLE;
CREATE FUNCTION scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Scan.* on (cdp_data\.)?identifier(_map)? ' THEN
			RETURN NEXT btrim(line, '-> ');
		END IF;
	END LOOP;
END $$;
ALTER TABLE cdp_data.identifier_map SET (autovacuum_enabled = off);
ALTER TABLE cdp_data.identifier SET (autovacuum_enabled = off);
INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) SELECT i, 'user_id:u' || i, i, 1, 1 FROM generate_series(1000, 60999) i;
INSERT INTO cdp_data.identifier_map SELECT cdp_internal.map_hash(i.identifier, k.key), i.identifier_id FROM cdp_data.identifier i, cdp_data.identifier_key k WHERE i.identifier_id >= 1000;
SELECT * FROM scans($$ SELECT k.profile_id FROM cdp_internal.known_identifier('user_id:u5000') k $$);
SELECT * FROM scans($$ SELECT k.profile_id FROM unnest('{user_id:u5000,user_id:u6000}'::cdp.identifier[]) u (identifier) LEFT JOIN LATERAL cdp_internal.known_identifier(u.identifier) k ON true $$);
SELECT * FROM scans($$ SELECT i.* FROM cdp_internal.known_identifier('user_id:u5000') k JOIN cdp.identifiers i ON i.identifier_id = k.identifier_id $$);
ANALYZE cdp_data.identifier, cdp_data.identifier_map;
SELECT * FROM scans($$ SELECT k.profile_id FROM cdp_internal.known_identifier('user_id:u5000') k $$);
SELECT * FROM scans($$ SELECT i.* FROM cdp_internal.known_identifier('user_id:u5000') k JOIN cdp.identifiers i ON i.identifier_id = k.identifier_id $$);
SELECT identifier_id FROM cdp.find_identifier('user_id:u60999');
\c :origin
DROP DATABASE cdp_map;
DROP ROLE regress_map_writer, regress_map_analyst;
