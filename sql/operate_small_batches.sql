-- Many small batches: what is not needed for each row is done once for many, and no later than for one large batch.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_small ENCODING 'UTF8' TEMPLATE template0;
\c cdp_small
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
CREATE PROCEDURE public.bring(batches int, size int) LANGUAGE plpgsql AS $$
BEGIN
	FOR b IN 1 .. batches LOOP
		INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp")
		SELECT gen_random_uuid(), 'track', 'View', 'u-' || i, '2026-01-01Z' FROM generate_series(1, size) i;
		PERFORM cdp.refresh();
	END LOOP;
END
$$;
SELECT reltuples FROM pg_class WHERE oid = 'cdp_data.message'::regclass;
-- sizes of tables are looked at once for each hundred rows, and no month is asked for again
SET track_functions = 'all';
CALL public.bring(1, 1);
SELECT pg_stat_force_next_flush();
BEGIN;
CALL public.bring(30, 10);
SELECT f.funcname, f.calls FROM pg_stat_xact_user_functions f WHERE f.funcname IN ('gather_statistics', 'add_event_month') ORDER BY 1;
COMMIT;
RESET track_functions;
-- and the tables are analyzed
CALL public.bring(30, 100);
SELECT reltuples > 800 AS analyzed FROM pg_class WHERE oid = 'cdp_data.message'::regclass;
-- a month that is gone is made again, in the same session
SELECT count(*) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass AND inhrelid::regclass::text LIKE '%2026_01%';
DROP TABLE cdp_data.event_2026_01;
CALL public.bring(1, 3);
SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass AND inhrelid::regclass::text LIKE '%2026_01%';
ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2026_01;
CALL public.bring(1, 4);
SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass AND inhrelid::regclass::text LIKE '%2026_01%';
SELECT count(*) FROM cdp_data.event;
-- a default partition is no month
DROP TABLE cdp_data.event_2026_01, cdp_data.event_2026_01_1;
CREATE TABLE cdp_data.event_else (LIKE cdp_data.event INCLUDING ALL);
ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_else DEFAULT;
CALL public.bring(1, 5);
SELECT tableoid::regclass, count(*) FROM cdp_data.event GROUP BY 1;
\c :origin
DROP DATABASE cdp_small;
