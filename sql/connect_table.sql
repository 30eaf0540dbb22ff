-- Connected tables: read from their beginning, then followed by triggers; updates and deletes are corrections.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_table ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_table
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
CREATE SCHEMA "My shop";
CREATE TABLE "My shop"."Orders; --" (id integer PRIMARY KEY, customer integer NOT NULL, email text, status text, total numeric, "it's ""odd""" text, created timestamp);
INSERT INTO "My shop"."Orders; --"
SELECT i, i % 7, CASE WHEN i % 3 = 0 THEN 'c' || i % 7 || '@example.com' END, 'paid', i * 1.5, E'q"\\,(' || i, timestamp '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 20) i;

-- before connecting
SELECT message_id, event, user_id, properties, "timestamp" FROM cdp.preview_connection(table_name => '"My shop"."Orders; --"', max_rows => 2,
	mapping => $${"event": "'Order ' || status", "at": "created", "identifiers": {"user_id": "customer"}, "properties": "*"}$$);
SELECT cdp.connect('"My shop"."Orders; --"', event => $$ 'Order ' || initcap(status) -- as it is now $$, at => 'created',
	identifiers => '{"user_id": "customer", "email": "email"}', properties => '["total", "it''s \"odd\""]', traits => '{"email": "email", "vip": "total > 25"}', source => 'shop');
SELECT name, table_name, source, follow, state, share_read, waiting FROM cdp.connection;
SELECT message_id, event, user_id, identifiers, properties, traits, "timestamp" FROM cdp.preview_connection('orders', max_rows => 3);
SELECT taken, accepted, duplicate, quarantined, deletions FROM cdp.refresh();
SELECT name, state, share_read, waiting, sent, deletions, failed FROM cdp.connection;
CREATE VIEW said AS SELECT message_id, type, event, user_id, identifiers, properties, traits, "timestamp" FROM cdp.events;
SELECT * FROM said WHERE message_id ~ ':[13](:|$)' ORDER BY message_id;
SELECT source, mutable, version, deleted FROM cdp.sources;

-- edits, deletes, a key that changes, all before the next refresh
UPDATE "My shop"."Orders; --" SET total = 100 WHERE id = 1;
UPDATE "My shop"."Orders; --" SET total = 101, email = 'new@example.com' WHERE id = 1;
DELETE FROM "My shop"."Orders; --" WHERE id = 2;
UPDATE "My shop"."Orders; --" SET id = 300 WHERE id = 3;
INSERT INTO "My shop"."Orders; --" VALUES (21, 3, NULL, 'paid', 5, NULL, '2026-02-01'), (22, 3, NULL, 'paid', 6, NULL, '2026-02-01');
DELETE FROM "My shop"."Orders; --" WHERE id = 22;
INSERT INTO "My shop"."Orders; --" VALUES (2, 5, NULL, 'again', 7, NULL, '2026-02-01');
INSERT INTO "My shop"."Orders; --" VALUES (4, 5, NULL, 'upserted', 8, NULL, '2026-02-01') ON CONFLICT (id) DO UPDATE SET status = excluded.status;
SELECT waiting FROM cdp.connection;
SELECT taken, quarantined FROM cdp.refresh();
SELECT * FROM said WHERE message_id ~ ':([1-4]|300|21|22)(:|$)' ORDER BY message_id;
-- an update of all keys at once, some of which change places
UPDATE "My shop"."Orders; --" SET id = 1000 - id WHERE id BETWEEN 10 AND 12;
UPDATE "My shop"."Orders; --" SET id = id + 1 WHERE id >= 990;
UPDATE "My shop"."Orders; --" SET id = id + 1 WHERE id = 989;
SELECT taken, quarantined FROM cdp.refresh();
SELECT count(*), count(*) FILTER (WHERE e.properties -> 'total' = to_jsonb(o.total) AND e.user_id = o.customer::text AND e.event = 'Order ' || initcap(o.status)) AS same
FROM "My shop"."Orders; --" o FULL JOIN (SELECT * FROM cdp.events WHERE type = 'track') e ON e.message_id = 'orders:' || o.id;
SELECT * FROM cdp.verify();

-- in parts, and while it is being read
SELECT cdp.disconnect('orders');
SELECT tgname FROM pg_trigger WHERE tgrelid = '"My shop"."Orders; --"'::regclass;
CREATE TABLE many (id bigint PRIMARY KEY, who text, n integer, at timestamptz NOT NULL);
INSERT INTO many SELECT i, 'w' || i % 50, i, '2026-01-01' FROM generate_series(1, 25000) i;
SELECT cdp.connect('many', event => $$ 'e' $$, at => 'at', identifiers => '{"user_id": "who"}', properties => '["n"]');
SELECT taken, accepted FROM cdp.refresh(7000);
SELECT state, share_read > 0.2 AND share_read < 0.4 AS a_quarter, sent FROM cdp.connection;
UPDATE many SET n = -1 WHERE id IN (1, 24000);
DELETE FROM many WHERE id IN (2, 24001);
SELECT sum(taken) AS taken FROM generate_series(1, 5) i CROSS JOIN LATERAL cdp.refresh(7000 + i) r;
SELECT state, share_read, waiting FROM cdp.connection;
SELECT count(*), count(*) FILTER (WHERE (e.properties ->> 'n')::integer = m.n) AS same FROM many m FULL JOIN (SELECT * FROM cdp.events WHERE source = 'many') e ON e.message_id = 'many:' || m.id;
-- a statement of many rows
INSERT INTO many SELECT i, 'w' || i % 50, i, '2026-01-01' FROM generate_series(30001, 32500) i;
UPDATE many SET n = n + 1 WHERE id > 31000;
SELECT operation, count(*), sum(rows) FROM cdp_data.followed_row GROUP BY 1 ORDER BY 1;
SELECT taken FROM cdp.refresh(100);
SELECT taken FROM cdp.refresh();
SELECT count(*), count(*) FILTER (WHERE (e.properties ->> 'n')::integer = m.n) AS same FROM many m FULL JOIN (SELECT * FROM cdp.events WHERE source = 'many') e ON e.message_id = 'many:' || m.id;
SELECT * FROM cdp.verify();

-- times and texts do not depend on the settings of the writer; a time without a zone is in UTC, unless said
CREATE TABLE noted (id integer PRIMARY KEY, who text, a timestamptz, b timestamp, c date, d interval, e bytea, f double precision, g money);
SELECT cdp.connect('noted', event => $$ 'n' $$, at => 'b', identifiers => '{"user_id": "who"}', properties => '["a", "b", "c", "d", "e", "f"]', time_zone => 'Asia/Tokyo');
SET datestyle = 'German'; SET timezone = 'America/New_York'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = -3; SET bytea_output = 'escape';
INSERT INTO noted VALUES (1, 'w', '2026-03-04 05:06:07.123456+00', '2026-03-04 05:06:07', '2026-03-04', '1 day 02:03:04', '\x00ff', 0.1::float8 + 0.2, 1234.5);
RESET datestyle; SET timezone = 'UTC'; RESET intervalstyle; RESET extra_float_digits; RESET bytea_output;
SELECT accepted FROM cdp.refresh();
SELECT "timestamp", properties FROM cdp.events WHERE source = 'noted';

-- rows that an expression fails for, or that have no key, go to quarantine, and the others arrive
CREATE TABLE junk (a text, who text, amount text);
INSERT INTO junk SELECT i, 'w', CASE WHEN i % 100 = 50 THEN 'n/a' ELSE i::text END FROM generate_series(1, 1000) i;
SELECT cdp.connect('junk', event => $$ 'j' $$, identifiers => '{"user_id": "who"}', properties => '{"amount": "amount::numeric"}');
SELECT cdp.connect('junk', event => $$ 'j' $$, identifiers => '{"user_id": "who"}', properties => '{"amount": "amount::numeric"}', key => 'a');
INSERT INTO junk VALUES (NULL, 'w', '1'), ('x', NULL, '1'), ('y', 'w', E'a"b\\c,\n)'), ('z', 'w', NULL), ('', 'w', '2');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT reason, detail, line, record IS NOT NULL AS is_record, count(*) FROM cdp.quarantine WHERE source = 'junk' AND coalesce(line, '') !~ 'n/a' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3;
SELECT count(*) FROM cdp.quarantine WHERE source = 'junk' AND detail = '22P02: invalid input syntax for type numeric: "n/a"';
SELECT state, sent, failed FROM cdp.connection WHERE name = 'junk';
-- a table of which nothing can be read, and one that many fail of
INSERT INTO junk SELECT 'n' || i, 'w', 'n/a' FROM generate_series(1, 1500) i;
SELECT taken, accepted, quarantined FROM cdp.refresh();
-- only rows that a condition is true for; another mapping replaces it, and is read anew
SELECT cdp.connect('junk', event => $$ 'jj' $$, identifiers => '{"user_id": "who"}', key => 'a', condition => $$ a ~ '^9\d$' $$);
SELECT cdp.connect('junk', event => $$ 'jj' $$, identifiers => '{"user_id": "who"}', key => 'a', condition => $$ a ~ '^9\d$' $$, replace => true);
SELECT taken, quarantined FROM cdp.refresh();
SELECT event, count(*), min(message_id), max(message_id) FROM cdp.events WHERE source = 'junk' GROUP BY 1;
UPDATE junk SET a = '9x' || a WHERE a = '91';
SELECT accepted, deletions FROM cdp.refresh();
SELECT count(*) FROM cdp.events WHERE source = 'junk';
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_table;
