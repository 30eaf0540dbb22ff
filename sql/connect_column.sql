-- Connected tables and views that are followed by a column that grows.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_column ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_column
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
CREATE TABLE contacts (id integer PRIMARY KEY, name text, gone boolean DEFAULT false, updated_at timestamp);
INSERT INTO contacts SELECT i, 'n' || i, false, timestamp '2026-01-01' + i / 5 * interval '1 hour' FROM generate_series(1, 2500) i;
SELECT cdp.connect('contacts', identifiers => '{"user_id": "id"}', traits => '["name"]', cursor_column => 'updated_at', deleted => 'gone');
-- all rows of the last value are read together, so that none is passed over
SELECT taken, accepted FROM cdp.refresh(1000);
SELECT state, read_until, sent FROM cdp.connection;
SELECT taken FROM cdp.refresh(1000);
SELECT sum(taken) FROM generate_series(1, 3) i CROSS JOIN LATERAL cdp.refresh(1000 + i) r;
SELECT state, read_until, sent, waiting, share_read FROM cdp.connection;
-- what is written later, what is gone; nothing again
UPDATE contacts SET name = 'new', updated_at = '2027-01-01' WHERE id = 7;
UPDATE contacts SET gone = true, updated_at = '2027-01-01' WHERE id = 8;
INSERT INTO contacts VALUES (3000, 'late', false, '2027-01-02'), (3001, 'never', false, NULL);
SELECT taken, accepted, deletions FROM cdp.refresh();
SELECT taken FROM cdp.refresh();
SELECT message_id, traits FROM cdp.events WHERE message_id IN ('contacts:7', 'contacts:8', 'contacts:9', 'contacts:3000', 'contacts:3001') ORDER BY 1;
-- a margin
SELECT cdp.disconnect('contacts');
CREATE INDEX ON contacts (updated_at);
CREATE VIEW late AS SELECT * FROM contacts;
SELECT cdp.connect('late', identifiers => '{"user_id": "id"}', traits => '["name"]', key => 'id', cursor_column => 'updated_at', deleted => 'gone', margin => '1 hour');
SELECT taken FROM cdp.refresh();
SELECT state, read_until, waiting_since IS NOT NULL AS waits FROM cdp.connection;
UPDATE cdp_data.connected_table SET pending_at = pending_at - interval '2 hours';
SELECT taken, duplicate + accepted + deletions = taken AS all_of_them FROM cdp.refresh();
SELECT state, read_until FROM cdp.connection;
SELECT cdp.disconnect('late');
-- without others who write there is nothing to wait for in a table
SELECT cdp.connect('contacts', identifiers => '{"user_id": "id"}', traits => '["name"]', cursor_column => 'updated_at', deleted => 'gone', margin => '1 hour');
SELECT taken FROM cdp.refresh();
-- columns of other types
CREATE TABLE of_types (a bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b date DEFAULT '2026-01-01', c numeric DEFAULT 1.5, d timestamptz DEFAULT 'infinity', e smallint DEFAULT 1);
INSERT INTO of_types DEFAULT VALUES;
SELECT cdp.connect('of_types', event => $$ 't' $$, identifiers => '{"user_id": "a"}', cursor_column => c, name => 'of_' || c) FROM unnest('{a,b,c,d,e}'::text[]) c;
SELECT accepted FROM cdp.refresh();
INSERT INTO of_types (b, c, d, e) VALUES ('2026-01-02', 1.50001, 'infinity', 2);
SELECT accepted FROM cdp.refresh();
SELECT name, state, read_until, sent FROM cdp.connection WHERE name LIKE 'of%' ORDER BY 1;
SELECT cdp.disconnect(name) FROM cdp.connection WHERE name LIKE 'of%';
-- views, materialized views; partitioned tables; nothing is read while the column is not there
CREATE VIEW seen AS SELECT id, name, updated_at AT TIME ZONE 'UTC' AS updated_at FROM contacts WHERE id % 100 = 0;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM seen;
CREATE TABLE parts (id integer, who text, at timestamptz DEFAULT '2026-01-01') PARTITION BY HASH (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT i, 'p' || i FROM generate_series(1, 10) i;
SELECT cdp.connect('seen', event => $$ 's' $$, identifiers => '{"user_id": "id"}', key => 'id', cursor_column => 'updated_at', margin => '0'),
	cdp.connect('kept', event => $$ 's' $$, identifiers => '{"user_id": "id"}', key => 'id', cursor_column => 'updated_at', margin => '0'),
	cdp.connect('parts', event => $$ 'p' $$, identifiers => '{"user_id": "who"}', key => 'id', cursor_column => 'at');
SELECT accepted FROM cdp.refresh();
INSERT INTO parts_1 SELECT i, 'p' || i, '2026-01-02' FROM generate_series(11, 40) i WHERE satisfies_hash_partition('parts'::regclass, 2, 1, i);
ALTER TABLE contacts RENAME COLUMN updated_at TO changed_at;
ALTER VIEW seen RENAME COLUMN updated_at TO changed_at;
REFRESH MATERIALIZED VIEW kept;
SELECT accepted FROM cdp.refresh();
SELECT name, state, error, sent FROM cdp.connection ORDER BY name;
DROP MATERIALIZED VIEW kept;
CREATE MATERIALIZED VIEW kept AS SELECT id, changed_at AS updated_at FROM seen;
ALTER TABLE contacts RENAME COLUMN changed_at TO updated_at;
SELECT cdp.reconnect('kept');
SELECT taken FROM cdp.refresh();
SELECT name, state, error, sent FROM cdp.connection ORDER BY name;
-- what takes too long is tried again later
CREATE VIEW slow AS SELECT id, updated_at, 1::bigint AS n FROM contacts;
SELECT cdp.connect('slow', event => $$ 's' $$, identifiers => '{"user_id": "id"}', properties => '["n"]', key => 'id', cursor_column => 'updated_at', margin => '0');
CREATE OR REPLACE VIEW slow AS SELECT id, updated_at, (SELECT count(*) FROM generate_series(1, 100000000) i WHERE i > id) AS n FROM contacts;
SET cdp.connection_timeout = '100ms';
SELECT taken FROM cdp.refresh();
SELECT state, error FROM cdp.connection WHERE name = 'slow';
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_column;
