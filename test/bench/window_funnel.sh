#!/bin/bash
# cdp.window_funnel over rows compared with plain SQL, on ROWS events of PEOPLE people (default ROWS / 10):
# how many people reach each step of a funnel of three steps within 7 days.
# All contenders must give the same answer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
PEOPLE=${PEOPLE:-$((ROWS / 10))}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v people="$PEOPLE" -f "$here/window_funnel_data.sql" >/dev/null

# timed_with SETTINGS QUERY: as timed_query, but does not time the settings
timed_with() {
	printf '%s\n' "$1;" '\timing on' "$2;" | psql -XqAt -v ON_ERROR_STOP=1 -f - | awk '/^Time: /{ sum += $2; next } { print } END { printf "seconds %.4f\n", sum / 1000 }'
}
serial='SET max_parallel_workers_per_gather = 0; SET jit = off'
parallel='SET max_parallel_workers_per_gather = 1; SET jit = off; SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0; SET parallel_setup_cost = 0'
# Debian's configuration
default="SET max_parallel_workers_per_gather = 2; SET jit = on; SET work_mem = '4MB'"

steps="name = 'product_viewed', name = 'product_added', name = 'order_completed'"
wanted="name IN ('product_viewed', 'product_added', 'order_completed')"
# depths SUBQUERY: counts the people of each depth; the subquery has one row per person with a depth
depths() {
	echo "SELECT string_agg(depth || ': ' || people, ', ' ORDER BY depth) FROM (SELECT depth, count(*) AS people FROM ($1) p WHERE depth > 0 GROUP BY depth) d"
}
funnel() {
	depths "SELECT user_id, cdp.window_funnel($1 '7 days', ts, $steps) AS depth FROM events $2 GROUP BY user_id"
}
# for each row, the latest first step of a chain that it continues; all times differ, so the frame ends at the row itself
windows=$(depths "SELECT user_id, max(CASE name WHEN 'product_viewed' THEN 1 WHEN 'product_added' THEN CASE WHEN ts - first <= interval '7 days' THEN 2 END
		ELSE CASE WHEN ts - second <= interval '7 days' THEN 3 END END) AS depth FROM (
	SELECT user_id, ts, name, first, max(CASE WHEN name = 'product_added' AND ts - first <= interval '7 days' THEN first END) OVER w AS second FROM (
		SELECT user_id, ts, name, max(CASE WHEN name = 'product_viewed' THEN ts END) OVER w AS first FROM events WHERE $wanted
		WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) a
	WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) b GROUP BY user_id")
# joins the rows of one step with those of the next
joins=$(depths "SELECT v.user_id, max(CASE WHEN o.ts IS NOT NULL THEN 3 WHEN a.ts IS NOT NULL THEN 2 ELSE 1 END) AS depth
	FROM (SELECT user_id, ts FROM events WHERE name = 'product_viewed') v
	LEFT JOIN (SELECT user_id, ts FROM events WHERE name = 'product_added') a ON a.user_id = v.user_id AND a.ts >= v.ts AND a.ts <= v.ts + interval '7 days'
	LEFT JOIN (SELECT user_id, ts FROM events WHERE name = 'order_completed') o ON o.user_id = v.user_id AND o.ts >= a.ts AND o.ts <= v.ts + interval '7 days' GROUP BY v.user_id")

contender 'ours, 1 process' 99 timed_with "$serial" "$(funnel '' "WHERE $wanted")"
contender 'ours, 2 processes' 99 timed_with "$parallel" "$(funnel '' "WHERE $wanted")"
contender 'ours, default configuration' 99 timed_with "$default" "$(funnel '' "WHERE $wanted")"
contender 'ours, of all rows, 1 process' 99 timed_with "$serial" "$(funnel '' '')"
contender 'ours, of all rows, 2 processes' 99 timed_with "$parallel" "$(funnel '' '')"
contender 'ours, strict_increase, 1 process' 99 timed_with "$serial" "$(funnel "'strict_increase'," "WHERE $wanted")"
contender 'SQL, window functions, 1 process' 99 timed_with "$serial" "$windows"
contender 'SQL, window functions, 2 processes' 99 timed_with "$parallel" "$windows"
contender 'SQL, joins, 1 process' 99 timed_with "$serial" "$joins"
contender 'SQL, joins, 2 processes' 99 timed_with "$parallel" "$joins"
contender 'count(*) by user' 99 timed_with "$serial" "SELECT FROM (SELECT user_id, count(*) FROM events WHERE $wanted GROUP BY user_id) c OFFSET 10000000000"

take_turns
print_table 'ours, 1 process' 'ours, 2 processes'
same_answers
echo "bars: at least 5 x as fast as the best SQL; two processes at least 1.7 x one"
