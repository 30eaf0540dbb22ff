#!/bin/bash
# What it takes to bring many events in at once: cdp.load() of a table, beside COPY into a plain table of the same columns with
# a primary key on message_id and an index on (user_id, timestamp); and COPY into the inbox beside COPY into a heap of the
# same columns without anything else.  Two streams: strangers (the worst case) and steady, see ingest.sh.
#   ROWS=300000    events that are loaded into an empty platform
#   ROUNDS=3       COPYs into the inbox and into the bare heap, in turns, of a tenth of the events, of which the median counts
#   BATCH=100000   events a batch of the load
#   STREAMS="strangers steady"   which of them
# CPU of the backend alone counts, so indexes are built without workers.  The load reads its rows from a table; both sides
# pay for reading theirs.  Memory: the peak of the session's own, without what it shares with others.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-300000}
# shellcheck source=test/bench/functions
. "$here/functions"
BATCH=${BATCH:-100000}
STREAMS=${STREAMS:-strangers steady}
template=$PGDATABASE
file=$PGHOST/load.copy

# write_script: SQL that prints lines "LABEL SECONDS", and what is printed of the end
write_script() {
	local round
	cat <<-SQL
		SET max_parallel_maintenance_workers = 0;
		SET search_path = public, cdp;
		SET client_min_messages = warning;
		CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS \$\$
			SELECT (f[14]::numeric + f[15]::numeric) / 100
			FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '\(.*\)', 'name'), ' ') AS f) s \$\$;
		CREATE FUNCTION kilobytes(key text) RETURNS numeric LANGUAGE sql VOLATILE AS \$\$
			SELECT substring(pg_read_file('/proc/self/status') FROM key || ':\s+(\d+)')::numeric \$\$;
		SELECT array_to_string(proargnames[3:], ', ') AS columns FROM pg_proc WHERE proname = '$stream' \gset
		CREATE UNLOGGED TABLE sent AS SELECT :columns FROM cdp.inbox LIMIT 0;
		CREATE TABLE bare (LIKE cdp.inbox);
		ALTER TABLE bare DROP COLUMN written_by;
		COPY (SELECT * FROM $stream(0, $ROWS / 10)) TO '$file';
	SQL
	for round in $(seq "$ROUNDS"); do
		cat <<-SQL
			SELECT cpu() AS before \gset
			COPY bare (:columns) FROM '$file';
			SELECT 'bare ' || (cpu() - :before);
			SELECT cpu() AS before \gset
			COPY cdp.inbox (:columns) FROM '$file';
			SELECT 'inbox ' || (cpu() - :before);
			TRUNCATE bare, cdp.inbox;
		SQL
	done
	cat <<-SQL
		COPY (SELECT * FROM $stream(0, $ROWS)) TO '$file';
		COPY sent (:columns) FROM '$file';
		CHECKPOINT;
		SELECT cpu() AS before \gset
		COPY plain (:columns) FROM '$file';
		SELECT 'plain ' || (cpu() - :before);
		CHECKPOINT;
		SELECT cpu() AS before, pg_database_size(current_database()) AS size_before \gset
		SELECT 'taken ' || l.taken || ' batches ' || l.batches || ' quarantined ' || l.quarantined FROM cdp.load('sent'::regclass, batch_rows => $BATCH) l;
		SELECT 'load ' || (cpu() - :before);
		SELECT 'memory ' || round((kilobytes('VmHWM') - kilobytes('RssShmem')) / 1024);
		SELECT 'disk ' || round((pg_database_size(current_database()) - :size_before) / $ROWS::numeric);
		SELECT 'log ' || round(sum(pg_total_relation_size(inhrelid)) / $ROWS::numeric) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass;
		SELECT 'problems ' || count(*) FROM cdp.verify();
	SQL
}

for stream in $STREAMS; do
	export PGDATABASE=${template}_$stream
	createdb -T "$template" "$PGDATABASE"
	psql -Xq -v ON_ERROR_STOP=1 -f "$here/refresh_data.sql" -f "$here/ingest_data.sql" >/dev/null
	times_of=()
	while read -r what value; do
		times_of[$what]+=" $value"
	done < <(write_script | psql -XqAt -v ON_ERROR_STOP=1)
	printf '\n%s, %d events, in batches of %d:\n' "$stream" "$ROWS" "$BATCH"
	awk -v rows="$ROWS" -v plain="$(median_of plain)" -v load="$(median_of load)" 'BEGIN {
		printf "CPU an event: COPY into a table with two indexes %.2f us, load %.2f us: %.2f times the rate (bar 0.6)\n",
			1e6 * plain / rows, 1e6 * load / rows, plain / load }'
	printf 'COPY into the inbox: %s times the rate of COPY into a bare heap (bar 0.9)\n' "$(ratio_of bare inbox)"
	printf 'memory of the session at most%s MB (bar 1000); database grown by%s bytes an event, log with its indexes%s; taken%s; verify() finds%s problems\n' \
		"${times_of[memory]}" "${times_of[disk]}" "${times_of[log]}" "${times_of[taken]}" "${times_of[problems]}"
	dropdb "$PGDATABASE"
done
