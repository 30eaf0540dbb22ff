-- What cdp.retract() may not do: write by its query, wait for rows that keep coming, read the log for each identifier.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_bounds ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_bounds
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set SHOW_CONTEXT never

-- functions that the query calls
INSERT INTO cdp.inbox (message_id, event, user_id, "timestamp") SELECT 'm' || i, 'Seen', 'u' || i, '2025-01-01' FROM generate_series(1, 3) i;
SELECT accepted FROM cdp.refresh();
CREATE TABLE log (id bigint);
CREATE FUNCTION note(id bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$ INSERT INTO log VALUES (id) RETURNING id $$;
CREATE FUNCTION note_all(id bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM set_config('transaction_read_only', 'off', true);
	RETURN note(id);
END
$$;
SELECT events FROM cdp.retract(query => 'SELECT note(1)', dry_run => true);
SELECT events FROM cdp.retract(query => 'SELECT note_all(1)');
SELECT events FROM cdp.retract(query => 'SELECT r.events FROM cdp.retract(event_ids => ''{1}'') r');
SELECT count(*) FROM log;
SELECT count(*) FROM cdp.events;
-- the session may write afterwards
SELECT events FROM cdp.retract(query => 'SELECT 1');
INSERT INTO log VALUES (2);
SELECT count(*) FROM cdp.events;

-- whenever a batch is done, another row waits
CREATE FUNCTION come() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (event, user_id, "timestamp") VALUES ('Seen', 'u4', '2025-01-01');
	RETURN NULL;
END
$$;
CREATE TRIGGER come AFTER INSERT ON cdp_data.batch FOR EACH ROW EXECUTE FUNCTION come();
INSERT INTO cdp.inbox (message_id, event, user_id, "timestamp") VALUES ('waits', 'Seen', 'u5', '2025-01-01');
SET statement_timeout = '60s';
SELECT events, waiting > 0 AS waiting FROM cdp.retract(message_ids => '{waits}');
RESET statement_timeout;
DROP TRIGGER come ON cdp_data.batch;
SELECT taken > 0 AS taken FROM cdp.refresh();
SELECT * FROM cdp.verify();

-- what a query raises is raised, and fractions are no numbers of events
CREATE FUNCTION stop() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'stopped' USING ERRCODE = 'CDP00'; END$$;
SELECT cdp.retract(query => 'SELECT stop()');
SELECT cdp.retract(query => 'SELECT 5::numeric UNION ALL SELECT 6.5');
SELECT events FROM cdp.retract(query => 'SELECT NULL::bigint UNION ALL SELECT -1');

-- statistics by which each identifier has all events of a month
INSERT INTO cdp.inbox (message_id, event, user_id, "timestamp") SELECT 'b' || i, 'Seen', 'big', '2025-03-01' FROM generate_series(1, 20000) i;
SELECT accepted FROM cdp.refresh();
INSERT INTO cdp.inbox (message_id, event, user_id, anonymous_id, "timestamp") SELECT 'k' || i, 'Seen', 'k' || i, 'kiosk', '2025-03-02' FROM generate_series(1, 500) i;
SELECT accepted FROM cdp.refresh();
ANALYZE cdp_data.event;
UPDATE pg_statistic SET stadistinct = 1 WHERE starelid = 'cdp_data.event_2025_03'::regclass AND staattnum = (SELECT attnum FROM pg_attribute WHERE attrelid = 'cdp_data.event_2025_03'::regclass AND attname = 'identifier_id');
BEGIN;
SELECT events, identifiers FROM cdp.retract(event_ids => ARRAY(SELECT e.event_id FROM cdp.events e WHERE e.message_id LIKE 'k%' ORDER BY 1 LIMIT 400));
SELECT sum(s.seq_tup_read) < 200000 AS reads_it_a_few_times, sum(s.idx_tup_fetch) < 200000 AS finds_by_keys FROM pg_stat_xact_user_tables s WHERE s.relname LIKE 'event\_%';
COMMIT;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_retract_bounds;
