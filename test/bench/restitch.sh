#!/bin/bash
# Cost of cdp.restitch() beside that of the refreshes that brought the same events: CPU seconds of the backend, the
# peak of memory of its own (without shared memory), by how much the database grows until the end of the transaction,
# and the temporary files written, at two sizes of the log.
#   ROWS=300000    events, first a quarter of them, then all
#   BATCH=100000   events a refresh
#   WORK_MEM=4MB   as a server has it by default
# The stream is that of refresh_data.sql.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-300000}
BATCH=${BATCH:-100000}
WORK_MEM=${WORK_MEM:-4MB}

psql -Xq -v ON_ERROR_STOP=1 -f "$here/refresh_data.sql" >/dev/null
psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
	CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS $$
		SELECT (f[14]::numeric + f[15]::numeric) / 100
		FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '\(.*\)', 'name'), ' ') AS f) s $$;
	CREATE FUNCTION memory(key text) RETURNS numeric LANGUAGE sql VOLATILE AS $$
		SELECT round(substring(pg_read_file('/proc/self/status') FROM key || ':\s+(\d+)')::numeric / 1024) $$;
	CREATE FUNCTION temporary() RETURNS bigint LANGUAGE sql VOLATILE AS $$
		SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database() $$;
	CREATE TABLE spent (seconds numeric);
	-- brings the stream to its n-th event, and adds up what refreshing took
	CREATE PROCEDURE bring_measured(n bigint, batch bigint) LANGUAGE plpgsql AS $$
	DECLARE
		k bigint := (SELECT s.event_id FROM cdp_data.state s);
		before numeric;
	BEGIN
		WHILE k < n LOOP
			PERFORM arrive(k, least(batch, n - k));
			before := cpu();
			PERFORM cdp.refresh(batch);
			INSERT INTO spent SELECT cpu() - before;
			k := k + least(batch, n - k);
			COMMIT;
		END LOOP;
	END
	$$;
SQL

# restitch: prints its CPU seconds, in MB the peak of memory, the growth of the database and temporary
# files, and what it found wrong
restitch() {
	psql -XqAt -F ' ' -v ON_ERROR_STOP=1 <<-SQL
		SET work_mem = '$WORK_MEM';
		SET client_min_messages = warning;
		SELECT cpu() AS before, pg_database_size(current_database()) AS size, temporary() AS written \gset
		BEGIN;
		SELECT identifiers + links + identifiers_moved AS answer FROM cdp.restitch() \gset
		SELECT round(cpu() - :before, 2) AS seconds, memory('VmHWM') - memory('RssShmem') AS memory \gset
		-- the files of tables that it has dropped are there until the commit
		SELECT pg_database_size(current_database()) - :size AS grown \gset
		COMMIT;
		-- a session reports no more often than once a second
		SELECT pg_sleep(2) AS slept \gset
		SELECT :seconds, :memory, :grown / 1048576, (temporary() - :written) / 1048576, :answer;
	SQL
}

for rows in $((ROWS / 4)) "$ROWS"; do
	psql -Xqc "CALL bring_measured($rows, $BATCH)"
	psql -Xqc "VACUUM (ANALYZE)"
	spent=$(psql -XqAtc "SELECT sum(seconds) FROM spent")
	read -r seconds memory grown temporary wrong < <(restitch)
	[ "$wrong" = 0 ] || exit 1
	awk -v n="$rows" -v r="$spent" -v s="$seconds" -v m="$memory" -v g="$grown" -v t="$temporary" 'BEGIN {
		printf "%d events: refresh %.1f us an event, restitch %.1f (%.2f times), ", n, r / n * 1e6, s / n * 1e6, s / r
		printf "%d MB of memory, the database grows by %d MB, temporary files of %d MB\n", m, g, t }'
done
