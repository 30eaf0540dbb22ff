#!/bin/bash
# Cost of cdp.verify() beside cdp.restitch() on the same tables: CPU seconds of the backend, and its peak of memory
# of its own (without shared memory), each in a new session.
#   ROWS=300000   events
#   ROUNDS=3      the median counts
#   WORK_MEM=4MB  as a server has it by default
#   STREAMS="strangers steady"    those of ingest.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-300000}
ROUNDS=${ROUNDS:-3}
WORK_MEM=${WORK_MEM:-4MB}
STREAMS=${STREAMS:-strangers steady}
template=$PGDATABASE

# bring STREAM: its events, in refreshes of 100,000
bring() {
	psql -Xq -v ON_ERROR_STOP=1 -f "$here/refresh_data.sql" -f "$here/ingest_data.sql" >/dev/null
	if [ "$1" = strangers ]; then
		psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
			CREATE OR REPLACE FUNCTION arrive(k bigint, n bigint) RETURNS void LANGUAGE sql AS $$
				INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, properties, context, "timestamp", source)
				SELECT type, event, message_id, anonymous_id, user_id, properties::jsonb, context::jsonb, "timestamp", source
				FROM strangers(k, n) $$;
		SQL
	fi
	psql -Xq -v ON_ERROR_STOP=1 -c "CALL bring($ROWS, 100000)" -c "VACUUM (ANALYZE)" >/dev/null
}

# measure QUERY: prints its CPU seconds, the peak of memory in MB, and its answer
measure() {
	psql -XqAt -F ' ' -v ON_ERROR_STOP=1 <<-SQL
		SET work_mem = '$WORK_MEM';
		CREATE FUNCTION pg_temp.cpu() RETURNS numeric LANGUAGE sql VOLATILE AS \$\$
			SELECT (f[14]::numeric + f[15]::numeric) / 100
			FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '\(.*\)', 'name'), ' ') AS f) s \$\$;
		CREATE FUNCTION pg_temp.memory(key text) RETURNS numeric LANGUAGE sql VOLATILE AS \$\$
			SELECT round(substring(pg_read_file('/proc/self/status') FROM key || ':\s+(\d+)')::numeric / 1024) \$\$;
		SELECT pg_temp.cpu() AS before \gset
		$1 \gset
		SELECT round(pg_temp.cpu() - :before, 2), pg_temp.memory('VmHWM') - pg_temp.memory('RssShmem'), :answer;
	SQL
}

median() {
	printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

for stream in $STREAMS; do
	export PGDATABASE=${template}_$stream
	createdb -T "$template" "$PGDATABASE"
	bring "$stream"
	verifies=()
	restitches=()
	for ((round = 0; round < ROUNDS; round++)); do
		read -r seconds memory answer < <(measure "SELECT count(*) AS answer FROM cdp.verify()")
		verifies+=("$seconds")
		echo "verify:   $seconds s of CPU, $memory MB, $answer differences"
		[ "$answer" = 0 ] || exit 1
		read -r seconds memory answer < <(measure "SELECT identifiers_moved AS answer FROM cdp.restitch()")
		restitches+=("$seconds")
		echo "restitch: $seconds s of CPU, $memory MB, $answer identifiers moved"
		psql -Xqc "VACUUM (ANALYZE)"
	done
	awk -v s="$stream" -v v="$(median "${verifies[@]}")" -v r="$(median "${restitches[@]}")" -v n="$ROWS" 'BEGIN {
		printf "%s, %d events: verify takes %.2f times the CPU of restitch (bar: 3), %.1f us an event\n", s, n, v / r, v / n * 1e6 }'
	dropdb "$PGDATABASE"
done
