#!/bin/bash
# cdp.components compared with alternatives, on ROWS rows of (anonymous_id, user_id, email).
#   SLOW=1        rounds of label propagation over text (a minute for 10 million rows); 0: skip it
#   DUCKDB=DIR    a folder in which npm has installed @duckdb/node-api
# pgRouting is included if its extension is available (Debian: postgresql-15-pgrouting).
# All but the scans must find the same number of identifiers and the same number of components.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
SLOW=${SLOW:-1}

query='SELECT anonymous_id, user_id, email FROM links'
psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -f "$here/components_data.sql"

contender 'a scan: count(*), count(user_id), count(email)' 99 timed_query 'SELECT count(*), count(user_id), count(email) FROM links'
contender 'DISTINCT rows' 99 timed_query 'SELECT count(*) FROM (SELECT DISTINCT anonymous_id, user_id, email FROM links) AS s'
contender 'cdp.components' 99 timed_query "SELECT count(*), max(component) FROM cdp.components('$query')"
contender 'cdp.components into a table' 99 timed_sql "$here/components_table.sql"
if [ "$SLOW" != 0 ]; then
	contender 'label propagation over text' "$SLOW" timed_sql "$here/components_labels.sql"
fi
if [ "$(psql -XAtc "SELECT count(*) FROM pg_available_extensions WHERE name = 'pgrouting'")" = 1 ]; then
	psql -Xqc 'CREATE EXTENSION pgrouting CASCADE' 2>/dev/null
	contender 'pgRouting, ids made and mapped back' 99 timed_sql "$here/components_pgrouting.sql"
else
	echo "pgRouting is not installed: skipped"
fi
if [ -n "${DUCKDB:-}" ]; then
	psql -Xqc "\\copy (SELECT anonymous_id, user_id, email FROM links) TO '$PGHOST/links.csv' (FORMAT csv)"
	NODE_PATH=$DUCKDB/node_modules node "$here/components_duckdb.js" load "$PGHOST/links.duckdb" "$PGHOST/links.csv"
	contender 'DuckDB, labels and pointer jumping' 99 env NODE_PATH="$DUCKDB/node_modules" node "$here/components_duckdb.js" run "$PGHOST/links.duckdb"
else
	echo "no DuckDB in the folder DUCKDB: skipped"
fi

take_turns
print_table 'a scan: count(*), count(user_id), count(email)' 'cdp.components into a table'

# Memory: the peak of the process's private memory, sampled, minus its value at the start.
sample() {
	psql -XqAt -c "SELECT pg_backend_pid()" -c "SELECT count(*), sum(octet_length(identifier::text)) FROM cdp.components('SELECT NULL::text AS a') AS c" \
		-c "SET work_mem = '4MB'" -c "SELECT pg_sleep(0.5)" -c "SELECT count(*) AS identifiers, sum(octet_length(identifier::text)) AS text FROM cdp.components('$query')" >"$PGHOST/sample" &
	local pid='' before='' most=0 now
	while kill -0 $! 2>/dev/null; do
		[ -n "$pid" ] || pid=$(head -n 1 "$PGHOST/sample")
		now=$(awk '/^RssAnon/{ print $2 }' "/proc/${pid:-0}/status" 2>/dev/null || true)
		[ -n "$before" ] || before=$now
		[ "${now:-0}" -le "$most" ] || most=$now
		sleep 0.01
	done
	tail -n 1 "$PGHOST/sample" | awk -F '|' -v kb=$((most - before)) '{ printf "memory: %.1f MB for %d identifiers: %.1f bytes each, of which %.1f are their text and %.1f are not (at most 64)\n", kb / 1000, $1, kb * 1024 / $1, $2 / $1, (kb * 1024 - $2) / $1 }'
}
sample
echo "bars at 10 million rows: at most 4 x the scan (aim 3); pgRouting at least 7 x (aim 10), labels 30 x (aim 45), DuckDB 1.7 x (aim 2.5) of cdp.components into a table"
