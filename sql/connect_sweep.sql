-- Rows that vanish unseen: their calls are taken back, in parts; and where that cannot be.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_sweep ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_sweep
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
CREATE TABLE shop (id integer PRIMARY KEY, who text, secret text, n text);
INSERT INTO shop SELECT i, 'w' || i % 50, 's', i FROM generate_series(1, 1200) i;
SELECT cdp.connect('shop', event => $$ 'o' $$, identifiers => '{"user_id": "who"}', properties => '{"n": "n::integer"}');
SELECT accepted FROM cdp.refresh();
-- another's events of the source are not those of the connection
INSERT INTO cdp.inbox (message_id, type, event, user_id, source) SELECT x || i, 'track', 'o', 'w1', 'shop' FROM unnest('{"other:",shop,"shop_2:"}'::text[]) x, generate_series(1, 5) i;
SELECT accepted FROM cdp.refresh();
CREATE VIEW how AS SELECT name, state, regexp_replace(warning, ' at [^;]*;', ' at …;') AS warning, taking_back FROM cdp.connection;
CREATE PROCEDURE refresh_all(max_rows bigint) LANGUAGE plpgsql AS $$
DECLARE
	taken bigint;
BEGIN
	LOOP
		SELECT r.taken INTO taken FROM cdp.refresh(max_rows) r;
		EXIT WHEN taken = 0;
	END LOOP;
END
$$;

-- in parts, as writers go on: rows that are written meanwhile stay, also under keys of those that are gone
TRUNCATE shop;
INSERT INTO shop VALUES (7, 'w7', 's', '70');
SELECT taken > 1 AS some, deletions > 0 AS gone FROM cdp.refresh(300);
SELECT * FROM how;
INSERT INTO shop VALUES (8, 'w8', 's', '80'), (2000, 'w9', 's', '2000');
CALL refresh_all(300);
SELECT * FROM how;
SELECT message_id, properties FROM cdp.events WHERE message_id LIKE 'shop:%' ORDER BY 1;
SELECT count(*) FROM cdp.events WHERE message_id NOT LIKE 'shop:%';
SELECT count(*) FROM cdp_data.seen_call;
SELECT * FROM cdp.verify();
-- one that is rolled back
BEGIN;
TRUNCATE shop;
ROLLBACK;
SELECT taken FROM cdp.refresh();

-- a load that leaves rows out, whose quarantined rows show what the mapping uses of them
BEGIN;
CREATE TABLE fresh (LIKE shop INCLUDING ALL);
INSERT INTO fresh VALUES (7, 'w7', 's', '70'), (8, 'w8', 's', 'eighty'), (9, 'w9', 's', '90');
DROP TABLE shop;
ALTER TABLE fresh RENAME TO shop;
COMMIT;
SELECT taken FROM cdp.refresh();
SELECT cdp.reconnect('shop');
SELECT * FROM how;
SELECT accepted, duplicate, quarantined, deletions FROM cdp.refresh();
SELECT * FROM how;
SELECT message_id, properties FROM cdp.events WHERE message_id LIKE 'shop:%' ORDER BY 1;
SELECT reason, detail, line FROM cdp.quarantine;
-- unless told not to
SET session_replication_role = replica;
ALTER TABLE shop DISABLE TRIGGER USER;
DELETE FROM shop WHERE id = 9;
ALTER TABLE shop ENABLE ALWAYS TRIGGER cdp_follow_shop_insert, ENABLE ALWAYS TRIGGER cdp_follow_shop_update, ENABLE ALWAYS TRIGGER cdp_follow_shop_delete, ENABLE ALWAYS TRIGGER cdp_follow_shop_truncate;
RESET session_replication_role;
SELECT cdp.reconnect('shop', take_back => false);
SELECT duplicate, deletions FROM cdp.refresh();
SELECT cdp.reconnect('shop');
SELECT duplicate, deletions FROM cdp.refresh();
-- what a mapping does not make any more
SELECT cdp.connect('shop', event => $$ 'o' $$, identifiers => '{"user_id": "who"}', key => $$ 'k' || id $$, replace => true);
SELECT accepted, deletions FROM cdp.refresh();
SELECT message_id FROM cdp.events WHERE message_id LIKE 'shop:%' ORDER BY 1;

TRUNCATE shop;
SELECT deletions FROM cdp.refresh();
SELECT count(*) FROM cdp.events WHERE message_id LIKE 'shop:%';

-- rows with versions of their own: a TRUNCATE shows, and reading anew takes back
CREATE TABLE versioned (id integer PRIMARY KEY, who text, at integer);
INSERT INTO versioned VALUES (1, 'w1', 10), (2, 'w2', 20);
SELECT cdp.connect('versioned', event => $$ 'v' $$, identifiers => '{"user_id": "who"}', version => 'at');
SELECT accepted FROM cdp.refresh();
TRUNCATE versioned;
INSERT INTO versioned VALUES (1, 'w1', 10);
SELECT deletions FROM cdp.refresh();
SELECT * FROM how WHERE name = 'versioned';
SELECT cdp.reconnect('versioned');
SELECT duplicate, deletions FROM cdp.refresh();
SELECT * FROM how WHERE name = 'versioned';
SELECT message_id FROM cdp.events WHERE source = 'versioned';
-- those that are only added, and those whose message ids are their own, stay
CREATE TABLE added (id integer PRIMARY KEY, who text);
INSERT INTO added VALUES (1, 'w1');
SELECT cdp.connect('added', event => $$ 'a' $$, identifiers => '{"user_id": "who"}', append_only => true);
SELECT cdp.connect('added', event => $$ 'a' $$, identifiers => '{"user_id": "who"}', name => 'own', mapping => '{"message_id": "$$m$$ || id"}');
SELECT accepted FROM cdp.refresh();
TRUNCATE added;
SELECT taken FROM cdp.refresh();
SELECT cdp.reconnect('added');
SELECT cdp.reconnect('own');
SELECT taken FROM cdp.refresh();
SELECT * FROM how WHERE name IN ('added', 'own') ORDER BY 1;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_sweep;
