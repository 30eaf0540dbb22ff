-- What happens to a connected table behind the back of its connection shows, and is mended.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_detect ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_detect
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, who text, amount text, note text);
INSERT INTO shop.orders VALUES (1, 'w1', '1', 'n'), (2, 'w2', '2', 'n');
SELECT cdp.connect('shop.orders', event => $$ 'o' $$, identifiers => '{"user_id": "who"}', properties => '["amount"]');
SELECT accepted FROM cdp.refresh();
CREATE VIEW how AS SELECT state, error, failing_since IS NOT NULL AS since, regexp_replace(warning, ' at [^;]*;', ' at …;') AS warning, waiting, table_name FROM cdp.connection;
SELECT * FROM how;

-- a column that is renamed or dropped, and is there again; the rows wait meanwhile
ALTER TABLE shop.orders RENAME COLUMN amount TO total;
INSERT INTO shop.orders VALUES (3, 'w3', '3', 'n');
SELECT taken FROM cdp.refresh();
SELECT * FROM how;
ALTER TABLE shop.orders RENAME COLUMN total TO amount;
SELECT taken, accepted FROM cdp.refresh();
SELECT * FROM how;
SELECT properties FROM cdp.events WHERE message_id = 'orders:3';
-- rows that were noted before columns came, went and were renamed
INSERT INTO shop.orders VALUES (4, 'w4', '4', 'gone');
ALTER TABLE shop.orders DROP COLUMN note, ADD COLUMN a integer DEFAULT 5, ADD COLUMN amount_2 text;
ALTER TABLE shop.orders RENAME COLUMN who TO person;
ALTER TABLE shop.orders ALTER COLUMN amount TYPE numeric USING amount::numeric;
UPDATE shop.orders SET amount = 11 WHERE id = 1;
SELECT taken FROM cdp.refresh();
SELECT state, error, waiting FROM how;
SELECT cdp.connect('shop.orders', event => $$ 'o' $$, identifiers => '{"user_id": "person"}', properties => '["amount", "a"]', replace => true);
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT message_id, user_id, properties FROM cdp.events ORDER BY 1;
-- a function that an expression calls
CREATE FUNCTION shop.price(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
SELECT cdp.connect('shop.orders', event => $$ 'o' $$, identifiers => '{"user_id": "person"}', properties => '{"amount": "shop.price(amount)"}', replace => true);
DROP FUNCTION shop.price;
SELECT taken FROM cdp.refresh();
SELECT state, error FROM how;
CREATE FUNCTION shop.price(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3';
SELECT taken, accepted FROM cdp.refresh();
SELECT state, error FROM how;
SELECT properties FROM cdp.events WHERE message_id = 'orders:1';

-- the table is renamed, moved, rewritten
ALTER TABLE shop.orders RENAME TO sales;
CREATE SCHEMA store;
ALTER TABLE shop.sales SET SCHEMA store;
VACUUM FULL store.sales;
INSERT INTO store.sales VALUES (5, 'w5', 5);
SELECT accepted FROM cdp.refresh();
SELECT * FROM how;
-- rewritten while it is being read
CREATE TABLE many (id integer PRIMARY KEY, who text);
INSERT INTO many SELECT i, 'w' || i % 9 FROM generate_series(1, 3000) i;
SELECT cdp.connect('many', event => $$ 'm' $$, identifiers => '{"user_id": "who"}');
SELECT taken FROM cdp.refresh(2000);
DELETE FROM many WHERE id < 1900;
VACUUM FULL many;
SELECT sum(taken) FROM generate_series(1, 4) i CROSS JOIN LATERAL cdp.refresh(2000 + i) r;
SELECT count(*) FROM cdp.events WHERE source = 'many';
SELECT cdp.disconnect('many');
-- truncated
TRUNCATE store.sales;
INSERT INTO store.sales VALUES (5, 'w5', 55), (6, 'w6', 6);
SELECT accepted FROM cdp.refresh();
SELECT * FROM how;
SELECT count(*) FROM cdp.events WHERE source = 'orders';

-- another table under the name
CREATE TABLE store.sales_new (LIKE store.sales);
INSERT INTO store.sales_new VALUES (6, 'w6', 66), (7, 'w7', 7);
BEGIN;
INSERT INTO store.sales VALUES (8, 'w8', 8);
ALTER TABLE store.sales RENAME TO sales_old;
ALTER TABLE store.sales_new RENAME TO sales;
COMMIT;
SELECT taken FROM cdp.refresh();
SELECT state, error, waiting FROM how;
DROP TABLE store.sales_old;
SELECT taken FROM cdp.refresh();
SELECT state, error FROM how;
SELECT cdp.reconnect('orders');
SELECT accepted, duplicate FROM cdp.refresh();
SELECT * FROM how;
SELECT message_id, properties FROM cdp.events WHERE message_id IN ('orders:6', 'orders:7') ORDER BY 1;
DELETE FROM store.sales WHERE id = 6;
SELECT deletions FROM cdp.refresh();
-- dropped, and back
DROP TABLE store.sales;
SELECT taken FROM cdp.refresh();
SELECT state, error FROM how;
SELECT cdp.reconnect('orders');
CREATE TABLE store.sales (id integer PRIMARY KEY, person text, amount numeric);
INSERT INTO store.sales VALUES (9, 'w9', 9);
SELECT cdp.reconnect('orders');
SELECT accepted FROM cdp.refresh();
SELECT state, error FROM how;

-- triggers that are disabled or dropped: what was written meanwhile is read when it is connected anew
ALTER TABLE store.sales DISABLE TRIGGER USER;
INSERT INTO store.sales VALUES (10, 'w10', 10);
UPDATE store.sales SET amount = 99 WHERE id = 9;
SELECT taken FROM cdp.refresh();
SELECT state, error FROM how;
ALTER TABLE store.sales ENABLE TRIGGER USER;
INSERT INTO store.sales VALUES (11, 'w11', 11);
SELECT taken FROM cdp.refresh();
SELECT state, waiting FROM how;
SELECT cdp.reconnect('orders');
SELECT accepted FROM cdp.refresh();
SELECT message_id, properties FROM cdp.events WHERE message_id ~ '^orders:(9|1.)$' ORDER BY 1;
DROP TRIGGER cdp_follow_orders_update ON store.sales;
SELECT taken FROM cdp.refresh();
SELECT state, error FROM how;
SELECT cdp.reconnect('orders');
SELECT taken, duplicate FROM cdp.refresh();
SELECT state, error FROM how;
-- writes of sessions whose triggers are off for all but those that are always on
SET session_replication_role = replica;
INSERT INTO store.sales VALUES (12, 'w12', 12);
RESET session_replication_role;
SELECT accepted FROM cdp.refresh();
-- a statement that cannot be noted does not fail
ALTER TABLE cdp_data.followed_row ADD CONSTRAINT few CHECK (rows < 3);
INSERT INTO store.sales VALUES (14, 'w14', 14), (15, 'w15', 15), (16, 'w16', 16);
UPDATE store.sales SET amount = amount + 1 WHERE id IN (14, 15);
DELETE FROM store.sales WHERE id IN (9, 10, 11);
SELECT accepted, deletions FROM cdp.refresh();
SELECT * FROM how;
ALTER TABLE cdp_data.followed_row DROP CONSTRAINT few;
SELECT cdp.reconnect('orders');
SELECT accepted, deletions FROM cdp.refresh();
SELECT * FROM how;

-- it becomes a partition, so that its statements are not all there is
CREATE TABLE store.parent (id integer, person text, amount numeric) PARTITION BY RANGE (id);
ALTER TABLE store.parent ATTACH PARTITION store.sales FOR VALUES FROM (1) TO (1000);
SELECT taken FROM cdp.refresh();
SELECT state, error FROM how;
SELECT cdp.reconnect('orders');
INSERT INTO store.parent VALUES (13, 'w13', 13);
SELECT accepted FROM cdp.refresh();
SELECT state, error FROM how;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'store.sales'::regclass ORDER BY 1;

SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_detect;
