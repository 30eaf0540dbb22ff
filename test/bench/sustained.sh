#!/bin/bash
# Events that keep coming, with live segments and the worker on: by COPY, five chunks a second, at a share of the rate at
# which COPY and refresh, one after the other, were found to take them just before.  Prints how many came, how long it
# took from the COMMIT of a chunk until its changes of segments, and its events, could be read, and the size of the inbox.
#   PEOPLE=100000      people with a history
#   SEGMENTS=50        live segments
#   SECONDS_ON=300     seconds with events
#   SHARE=0.7          of the rate
# Times are of the clock: nothing else should run.  cdp.worker_interval is as the server has it (200 ms).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PEOPLE=${PEOPLE:-100000}
SEGMENTS=${SEGMENTS:-50}
SECONDS_ON=${SECONDS_ON:-300}
SHARE=${SHARE:-0.7}

ask() {
	psql -XqAt -v ON_ERROR_STOP=1 "$@"
}

files=$(mktemp -d)
chmod 777 "$files"
trap 'rm -rf "$files"; ask -c "ALTER SYSTEM RESET autovacuum" -c "SELECT pg_reload_conf()" >/dev/null' EXIT
ask -f "$here/segments_data.sql" >/dev/null
ask -c "CALL arrive(0, $PEOPLE)" -c "SET client_min_messages = error" -c "CALL have($SEGMENTS)" -c "VACUUM (ANALYZE)" >/dev/null
ask -c "ALTER SYSTEM SET autovacuum = on" -c "SELECT pg_reload_conf()" >/dev/null
ask >/dev/null <<SQL
-- visits of five events each, of people at random
CREATE FUNCTION write_file(file text, number bigint) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
	EXECUTE format('COPY (SELECT ''track'', (ARRAY[''view'', ''view'', ''view'', ''cart'', ''order''])[1 + i %% 5], ''u'' || 1 + abs(hashtextextended(%L, i / 5)) %% $PEOPLE, jsonb_build_object(''total'', i %% 97) FROM generate_series(1, %s) i) TO %L', file, number, file);
END \$\$;
CREATE PROCEDURE copy_file(file text) LANGUAGE plpgsql AS \$\$
BEGIN
	EXECUTE format('COPY cdp.inbox (type, event, user_id, properties) FROM %L', file);
END \$\$;
CREATE TABLE rate (seconds float8, events bigint);
CREATE PROCEDURE measure(file text, number bigint) LANGUAGE plpgsql AS \$\$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	CALL copy_file(file);
	COMMIT;
	PERFORM cdp.refresh();
	COMMIT;
	INSERT INTO rate VALUES (extract(epoch FROM clock_timestamp() - started), number);
END \$\$;
-- events know their chunk by received_at
CREATE TABLE chunk (received_at timestamptz, committed_at timestamptz, events bigint, late interval);
CREATE PROCEDURE feed(folder text, number bigint, chunks integer) LANGUAGE plpgsql AS \$\$
DECLARE
	started timestamptz := clock_timestamp();
	due timestamptz;
	begun timestamptz;
BEGIN
	FOR i IN 1 .. chunks LOOP
		due := started + i * interval '0.2 seconds';
		PERFORM pg_sleep(extract(epoch FROM greatest(due - clock_timestamp(), '0')));
		COMMIT;
		CALL copy_file(folder || '/' || i % 50);
		begun := now();
		COMMIT;
		INSERT INTO chunk VALUES (begun, clock_timestamp(), number, clock_timestamp() - due);
		COMMIT;
	END LOOP;
END \$\$;
CREATE TABLE seen (at timestamptz, waiting bigint, bytes bigint);
CREATE PROCEDURE watch(seconds integer) LANGUAGE plpgsql AS \$\$
BEGIN
	FOR i IN 1 .. seconds LOOP
		INSERT INTO seen SELECT clock_timestamp(), count(*), pg_total_relation_size('cdp.inbox') FROM cdp.inbox;
		COMMIT;
		PERFORM pg_sleep(1);
	END LOOP;
END \$\$;
SQL

# as many events in a batch as the worker will find
ask -c "SELECT write_file('$files/first', 10000)" >/dev/null
for _ in 1 2 3 4 5 6 7; do
	ask -c "CALL measure('$files/first', 10000)"
done
chunk=$(ask -c "SELECT round($SHARE * 0.2 * percentile_cont(0.5) WITHIN GROUP (ORDER BY events / seconds)) FROM rate")
ask -c "SELECT 'COPY and refresh, batches of 10,000: ' || round(percentile_cont(0.5) WITHIN GROUP (ORDER BY events / seconds)) || ' events a second' FROM rate"
ask -c "SELECT count(write_file('$files/' || i, $chunk)) FROM generate_series(0, 49) i" >/dev/null
last=$(ask -c "SELECT batch_id FROM cdp_data.state")
ask -c "SELECT cdp.start_worker()" >/dev/null
until [ "$(ask -c "SELECT value FROM cdp.worker_status() WHERE item = 'state'")" = running ]; do
	sleep 0.2
done
ask -c "CALL watch($SECONDS_ON)" &
ask -c "CALL feed('$files', $chunk, $((SECONDS_ON * 5)))"
wait
until [ "$(ask -c "SELECT count(*) FROM cdp.inbox")" = 0 ]; do
	sleep 0.2
done
ask -c "SELECT cdp.stop_worker()" >/dev/null

ask -F ' ' <<SQL
SELECT 'came: ' || sum(events) || ' events in ' || round(extract(epoch FROM max(committed_at) - min(committed_at))) || ' s: '
	|| round(sum(events) / extract(epoch FROM max(committed_at) - min(committed_at))) || ' a second; a chunk was late by at most '
	|| round(1000 * extract(epoch FROM max(late))) || ' ms'
FROM chunk;
SELECT 'taken: ' || sum(b.accepted) || ' in ' || count(*) || ' batches of ' || min(b.taken) || ' to ' || max(b.taken) || ', the longest of '
	|| round(1000 * extract(epoch FROM max(b.elapsed))) || ' ms'
FROM cdp_data.batch b WHERE b.batch_id > $last AND b.taken > 0;
CREATE TEMP TABLE taken AS
	SELECT e.event_id, 1000 * extract(epoch FROM b.as_of + b.elapsed - c.committed_at) AS ms
	FROM cdp_data.event e JOIN chunk c USING (received_at) JOIN cdp_data.batch b USING (batch_id) WHERE e.batch_id > $last;
ANALYZE taken;
SELECT 'milliseconds from COMMIT to ' || what || ': median ' || round(p[1]) || ', 95 % ' || round(p[2]) || ', 99 % ' || round(p[3]) || ', longest ' || round(p[4])
FROM (SELECT 'the change (' || count(*) || ')' AS what, percentile_disc('{0.5, 0.95, 0.99, 1}'::float8[]) WITHIN GROUP (ORDER BY t.ms) AS p
	  FROM cdp_data.change h JOIN taken t USING (event_id) WHERE h.batch_id > $last
	  UNION ALL
	  SELECT 'the event (' || count(*) || ')', percentile_disc('{0.5, 0.95, 0.99, 1}'::float8[]) WITHIN GROUP (ORDER BY t.ms) FROM taken t) l;
SELECT 'inbox, a tenth of the time each: events waiting, at most: ' || string_agg(waiting::text, ' ' ORDER BY part) || '; size, MB: '
	|| string_agg(round(bytes / 1048576.0, 1)::text, ' ' ORDER BY part)
FROM (SELECT part, max(waiting) AS waiting, max(bytes) AS bytes
	  FROM (SELECT ntile(10) OVER (ORDER BY at) AS part, waiting, bytes FROM seen) n GROUP BY part) m;
SELECT 'runs of the worker that failed: ' || count(*) FROM cdp.worker_run WHERE sqlstate <> '00000';
SQL
