#!/bin/bash
# Questions about what people did, over stored timelines (one row per person) and over rows, compared with
# alternatives, on ROWS events of PEOPLE people (default ROWS / 10), 20 names, times in milliseconds.
#   DUCKDB=DIR     a folder in which npm has installed @duckdb/node-api
#   CLICKHOUSE=0   skips ClickHouse, which is included if clickhouse-server is installed, on CLICKHOUSE_PORT
# All contenders of a question must give the same answer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin
# shellcheck source=test/bench/functions
. "$here/functions"
PEOPLE=${PEOPLE:-$((ROWS / 10))}
CLICKHOUSE_PORT=${CLICKHOUSE_PORT:-9100}
# shellcheck source=test/bench/timelines_clickhouse
. "$here/timelines_clickhouse"

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v people="$PEOPLE" -f "$here/timelines_data.sql" >/dev/null
duckdb=
clickhouse_pid=
if [ -n "${DUCKDB:-}" ]; then
	duckdb=$PGHOST/events.duckdb
	rm -f "$duckdb" # of a run that was cut off
	psql -Xqc "SET timezone = 'UTC'" -c "\\copy (SELECT user_id, ts::timestamp, name, value FROM events) TO '$PGHOST/events.csv' (FORMAT csv)"
	NODE_PATH=$DUCKDB/node_modules node "$here/timelines_duckdb.js" load "$duckdb" "$PGHOST/events.csv"
	rm "$PGHOST/events.csv"
else
	echo "no DuckDB in the folder DUCKDB: skipped"
fi
if [ "${CLICKHOUSE:-1}" != 0 ] && command -v clickhouse-server >/dev/null && command -v clickhouse-client >/dev/null; then
	trap 'kill "$clickhouse_pid" 2>/dev/null || true' EXIT
	start_clickhouse "$PGHOST/clickhouse"
	load_clickhouse
else
	echo "ClickHouse is not installed, or CLICKHOUSE=0: skipped"
fi

# in_postgres LABEL SETTINGS QUERY: a contender in PostgreSQL
in_postgres() {
	contender "$1" 99 timed_postgres "$2" "$3"
}
timed_postgres() {
	printf '%s\n' "SET timezone = 'UTC';" "$1;" '\timing on' "$2;" | psql -XqAt -v ON_ERROR_STOP=1 -f - | awk '/^Time: /{ sum += $2; next } { print } END { printf "seconds %.4f\n", sum / 1000 }'
}
in_duckdb() {
	[ -z "$duckdb" ] || contender "$1" 99 env NODE_PATH="$DUCKDB/node_modules" node "$here/timelines_duckdb.js" run "$duckdb" "$2"
}
in_clickhouse() {
	[ -z "$clickhouse_pid" ] || contender "$1" 99 timed_clickhouse "$2"
}
# a day in ClickHouse's table
day=21600000
serial='SET max_parallel_workers_per_gather = 0; SET jit = off'
parallel='SET max_parallel_workers_per_gather = 2; SET jit = off; SET min_parallel_table_scan_size = 0'
# Debian's configuration
default="SET max_parallel_workers_per_gather = 2; SET jit = on; SET work_mem = '4MB'"
# over_timelines QUERY: over stored timelines, in three configurations, and over cdp.profile_row
over_timelines() {
	in_postgres 'timelines' "$parallel" "$1"
	in_postgres 'timelines, serial' "$serial" "$1"
	in_postgres 'timelines, default settings' "$default" "$1"
	in_postgres 'cdp.profile_row, 2 workers' "$parallel" "${1/FROM person/FROM cdp.profile_row}"
}
report() {
	take_turns
	print_table 'timelines' 'timelines, serial'
	same_answers
	clear_contenders
}

echo "-- product_added at least 3 times in 30 days, and not order_completed in 7 days"
over_timelines "SELECT count(*) FROM person WHERE cdp.did(timeline, 'product_added', at_least => 3, within => '30 days', as_of => '2026-04-01') AND cdp.did_not(timeline, 'order_completed', within => '7 days', as_of => '2026-04-01')"
either="SELECT count(*) FROM (SELECT user_id FROM events WHERE (name = 'product_added' AND ts > '2026-03-02') OR (name = 'order_completed' AND ts > '2026-03-25') GROUP BY user_id
	HAVING count(*) FILTER (WHERE name = 'product_added') >= 3 AND count(*) FILTER (WHERE name = 'order_completed') = 0) s"
both="SELECT count(*) FROM (SELECT user_id FROM (SELECT user_id, 1 AS added, 0 AS ordered FROM events WHERE name = 'product_added' AND ts > '2026-03-02'
	UNION ALL SELECT user_id, 0, 1 FROM events WHERE name = 'order_completed' AND ts > '2026-03-25') e GROUP BY user_id HAVING sum(added) >= 3 AND sum(ordered) = 0) s"
in_postgres 'SQL, covering index, UNION ALL, 2 workers' "$parallel" "$both"
in_postgres 'SQL, covering index, OR, 2 workers' "$parallel" "$either"
in_postgres 'SQL, covering index, UNION ALL, one process' "$serial" "$both"
in_duckdb 'DuckDB, warm' "$either"
in_clickhouse 'ClickHouse' "SELECT count() FROM (SELECT user_id FROM events WHERE (name = 'product_added' AND ts > 60 * $day) OR (name = 'order_completed' AND ts > 83 * $day)
	GROUP BY user_id HAVING countIf(name = 'product_added') >= 3 AND countIf(name = 'order_completed') = 0)"
in_postgres 'scan of the timelines alone, one process' "$serial" "SELECT profile_id FROM person WHERE pg_column_size(timeline) < 0"
in_postgres '... without the view' "$serial" "SELECT profile_id FROM cdp_data.profile WHERE pg_column_size(timeline) < 0"
report

echo "-- product_added for the first time within 14 days"
over_timelines "SELECT count(*) FROM person WHERE cdp.first_time(timeline, 'product_added', as_of => '2026-04-01') > '2026-03-18'"
first="SELECT count(*) FROM (SELECT user_id FROM events WHERE name = 'product_added' GROUP BY user_id HAVING min(ts) > '2026-03-18') s"
in_postgres 'SQL, covering index, 2 workers' "$parallel" "$first"
in_postgres 'SQL, covering index, one process' "$serial" "$first"
in_duckdb 'DuckDB, warm' "$first"
in_clickhouse 'ClickHouse' "SELECT count() FROM (SELECT user_id FROM events WHERE name = 'product_added' GROUP BY user_id HAVING min(ts) > 76 * $day)"
report

echo "-- product_viewed, then product_added, then order_completed, within 7 days"
steps="name IN ('product_viewed', 'product_added', 'order_completed')"
# for each row, the latest first step of a chain that it continues; the frame ends at the row itself
chains() {
	echo "SELECT count(DISTINCT user_id) FROM (
	SELECT user_id, ts, name, max(CASE WHEN name = 'product_added' AND ts - first <= interval '7 days' THEN first END) OVER w AS second FROM (
		SELECT user_id, ts, name, max(CASE WHEN name = 'product_viewed' THEN ts END) OVER w AS first FROM events $1 WHERE $steps WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) a
	WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) b WHERE name = 'order_completed' AND ts - second <= interval '7 days'"
}
buyers="WITH buyer AS MATERIALIZED (SELECT DISTINCT user_id FROM events WHERE name = 'order_completed')"
over_timelines "SELECT count(*) FROM person WHERE cdp.funnel(timeline, 'product_viewed -> product_added -> order_completed in 7 days', as_of => '2026-04-01') = 3"
# who ordered is few people: from there back, step by step, by the index of steps
exists="SELECT count(*) FROM (SELECT DISTINCT user_id FROM events o WHERE name = 'order_completed' AND EXISTS (SELECT FROM events a WHERE a.user_id = o.user_id AND a.name = 'product_added' AND a.ts <= o.ts AND a.ts >= o.ts - interval '7 days'
	AND EXISTS (SELECT FROM events v WHERE v.user_id = a.user_id AND v.name = 'product_viewed' AND v.ts <= a.ts AND v.ts >= o.ts - interval '7 days'))) s"
in_postgres 'SQL, EXISTS, covering index, 2 workers' "$parallel" "$exists"
in_postgres 'SQL, EXISTS, covering index, one process' "$serial" "$exists"
in_postgres 'SQL, semi-join and windows, 2 workers' "$parallel" "$buyers $(chains 'JOIN buyer USING (user_id)')"
in_postgres 'SQL, windows, 2 workers' "$parallel" "$(chains '')"
in_postgres 'cdp.window_funnel over rows, one process' "$serial" "SELECT count(*) FROM (SELECT FROM events WHERE $steps GROUP BY user_id HAVING cdp.window_funnel('7 days', ts, name = 'product_viewed', name = 'product_added', name = 'order_completed') = 3) s"
in_postgres 'cdp.window_funnel over rows, 2 workers' "$parallel" "SELECT count(*) FROM (SELECT FROM events WHERE $steps GROUP BY user_id HAVING cdp.window_funnel('7 days', ts, name = 'product_viewed', name = 'product_added', name = 'order_completed') = 3) s"
in_duckdb 'DuckDB, windows, warm' "$(chains '')"
in_duckdb 'DuckDB, semi-join and windows, warm' "$buyers $(chains 'JOIN buyer USING (user_id)')"
in_clickhouse 'ClickHouse windowFunnel' "SELECT count() FROM (SELECT user_id, windowFunnel($((7 * day)))(ts, name = 'product_viewed', name = 'product_added', name = 'order_completed') AS depth FROM events WHERE $steps GROUP BY user_id HAVING depth = 3)"
report

echo "-- building them from rows"
in_postgres "array_agg(ts) ... GROUP BY user_id" "$serial; SET work_mem = '2GB'" "SELECT count(a) FROM (SELECT user_id, array_agg(ts) AS a FROM events GROUP BY user_id) s"
in_postgres "cdp.timeline_agg(ts, name) ... GROUP BY user_id" "$serial; SET work_mem = '2GB'" "SELECT count(t) FROM (SELECT user_id, cdp.timeline_agg(ts, name) AS t FROM events GROUP BY user_id) s"
take_turns
print_table 'array_agg(ts) ... GROUP BY user_id'
same_answers

psql -XqAt <<'SQL'
SELECT format('bytes an event: table %s, with the two indexes that it needs %s; timelines %s as stored, %s as values, %s without the names (at most 6); %s times smaller, names included (at least 15)',
	round(events::numeric / n, 1), round(whole::numeric / n, 1), round(stored::numeric / n, 2), round(value / n, 2), round((value - names) / n, 2), round(whole::numeric / stored, 1))
FROM (SELECT count(*) AS n FROM events) e,
	(SELECT pg_relation_size('events') AS events, pg_relation_size('events') + pg_relation_size('events_by_name') + pg_relation_size('events_by_user') AS whole, pg_table_size('cdp_data.profile') AS stored) s,
	(SELECT sum(pg_column_size(timeline) + coalesce(pg_column_size(level_1), 0))::numeric AS value FROM cdp_data.profile) v,
	(SELECT sum((SELECT sum(octet_length(name) + 1) FROM unnest(cdp.event_names(timeline)) name))::numeric AS names FROM person) w;
SELECT format('%s of %s people are sealed, with %s %% of the events', count(*) FILTER (WHERE level_1 IS NOT NULL), count(*),
	round(100 * sum(pg_column_size(level_1)) / sum(pg_column_size(timeline) + coalesce(pg_column_size(level_1), 0)), 1)) FROM cdp_data.profile;
SQL
cat <<'BARS'
bars: the first two questions at least 3.5 x as fast as the best SQL, 1 x ClickHouse, 0.8 x DuckDB (aim 1.5 x both); the funnel 50 x SQL, 10 x DuckDB, 2.5 x ClickHouse
(aim 80, 20, 4); window_funnel over rows at least 5 x as fast as the best SQL; building at most 2 x array_agg; two processes at least 1.7 x one
BARS
