-- What can be in a mapping; errors name the place.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_mapping ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_mapping
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set VERBOSITY verbose
SELECT cdp.init();
\i :no_autovacuum
CREATE TABLE orders (id integer PRIMARY KEY, customer text, amount text, "from" text, created text, at timestamp);
CREATE VIEW seen AS SELECT * FROM orders;
CREATE TEMP TABLE passing (id integer PRIMARY KEY);
CREATE TABLE keyless (a integer, b date);
CREATE TABLE one (a integer, b integer, c integer, PRIMARY KEY (b, a));
CREATE FUNCTION public.one(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1;
CREATE FUNCTION refuse(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text; detail text; hint text; context text; state text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT, state = RETURNED_SQLSTATE;
	RETURN concat_ws(E'\n    ', state || ' ' || said, nullif(detail, ''), nullif(hint, ''), substring(context FROM '[^\n]* of the mapping'));
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ Order Completed $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'Order' Completed $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'a', 'b' $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ '1') || ('2' $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ '1' FROM orders $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ $1 $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "custmer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '{"y": "amount", "x": "amount + 1"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '{"x": "amount || random()"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '{"x": "(SELECT setval(''s'', 1))"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '{"x": "(SELECT max(random()) FROM orders)"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', traits => '{"x": "count(*)"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', traits => '{"x": "row_number() OVER ()"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', traits => '{"x": "generate_series(1, 2)"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ one('x') $$, identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', at => 'id') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', condition => 'at') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', time_zone => 'Mars/Olympus') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '["amount", "amont"]') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '["amount", 3]') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', properties => '3') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": 3}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '["customer"]') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$) $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', identifiers => '{"user_id": "customer"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', mapping => '{"evnt": "1"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', identifiers => '{"user_id": "customer"}', mapping => '{"type": "trak"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', cursor_column => 'upd') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', cursor_column => 'created') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', follow => 'column') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', follow => 'poll') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', margin => '1 hour') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', cursor_column => 'id', margin => '-1 hour') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', name => 'Orders') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', source => E'a\nb') $q$);
SELECT refuse($q$ SELECT cdp.connect('seen', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', key => 'id') $q$);
SELECT refuse($q$ SELECT cdp.connect('passing', event => $$ 'x' $$, identifiers => '{"user_id": "id"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('pg_class', event => $$ 'x' $$, identifiers => '{"user_id": "relname"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('cdp.inbox', event => $$ 'x' $$, identifiers => '{"user_id": "user_id"}', key => 'message_id') $q$);
SELECT refuse($q$ SELECT cdp.connect('orders_pkey', event => $$ 'x' $$, identifiers => '{"user_id": "id"}') $q$);
SELECT refuse($q$ SELECT cdp.connect('keyless', event => $$ 'x' $$, identifiers => '{"user_id": "a"}') $q$);
SELECT refuse($q$ SELECT cdp.connect(NULL, event => $$ 'x' $$, identifiers => '{"user_id": "a"}') $q$);
SELECT refuse($q$ SELECT * FROM cdp.preview_connection('orders') $q$);
SELECT refuse($q$ SELECT * FROM cdp.preview_connection('orders', table_name => 'orders', mapping => '{}') $q$);
SELECT refuse($q$ SELECT cdp.disconnect('orders') $q$), refuse($q$ SELECT cdp.reconnect('orders') $q$);
SELECT cdp.set_sources('{"mine": {"party": "first", "mutable": true, "version": "v"}}');
SELECT refuse($q$ SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer"}', source => 'mine') $q$);
SELECT count(*) FROM cdp.connection;
-- the place in an expression, as a client shows it
\set VERBOSITY default
\set SHOW_CONTEXT always
SELECT cdp.connect('orders', event => $$ 'x' $$, identifiers => '{"user_id": "customer", "email": "lower(mail)"}');
\set SHOW_CONTEXT never
\pset format aligned
\pset tuples_only off
-- what can be in one: keywords, comments, functions with their schema, subqueries, all columns, many columns
INSERT INTO orders VALUES (1, 'u1', '2.50', 'here', '2026-01-01', '2026-01-02 03:04:05');
INSERT INTO one VALUES (1, 2, 3);
SELECT cdp.connect('orders', mapping => $${"type": "page", "event": "'p: ' || public.one(\"from\") -- c", "at": "at", "identifiers": {"user_id": "customer", "anonymous_id": "'a' || id", "order_no": "id"},
	"properties": {"amount": "amount::numeric", "b": "(SELECT max(o.b) FROM public.one o WHERE o.a = id)", "none": "NULL", "list": "ARRAY[1, 2]", "deep": "'{\"x\": null}'::jsonb"}, "context": {"ip": "'1.2.3.4'"}, "message_id": "'m-' || id"}$$);
SELECT cdp.connect('one', event => $$ 'o' $$, identifiers => '{"user_id": "a"}', properties => '"*"', version => 'c', deleted => 'c < 0');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, type, event, anonymous_id, user_id, identifiers, properties, context - '_version' AS context, CASE source WHEN 'orders' THEN "timestamp" END AS "timestamp" FROM cdp.events ORDER BY message_id COLLATE "C";
-- by its own version, whatever was written last
UPDATE one SET c = 2;
SELECT accepted, duplicate FROM cdp.refresh();
UPDATE one SET c = 4;
SELECT accepted, duplicate FROM cdp.refresh();
SELECT properties, context FROM cdp.events WHERE source = 'one';
SELECT cdp.connect('one', event => $$ 'o' $$, identifiers => '{"user_id": "a"}');
DO $$ BEGIN EXECUTE (SELECT format('CREATE TABLE wide (id integer PRIMARY KEY, %s)', string_agg(format('c%s integer DEFAULT %s', i, i), ', ')) FROM generate_series(1, 200) i); END $$;
INSERT INTO wide (id) VALUES (1);
SELECT cdp.connect('wide', event => $$ 'w' $$, identifiers => '{"user_id": "id"}', properties => '"*"', append_only => true);
SELECT accepted FROM cdp.refresh();
SELECT (SELECT count(*) FROM jsonb_object_keys(properties)) AS members, properties -> 'c200' AS last, context FROM cdp.events WHERE source = 'wide';
UPDATE wide SET c1 = 5;
DELETE FROM wide;
SELECT taken FROM cdp.refresh();
SELECT source, mutable FROM cdp.sources ORDER BY source;
\c :origin
DROP DATABASE cdp_connect_mapping;
