#!/bin/bash
# Questions about properties, steps that have something in common, and days, over timelines and over rows with the best
# indexes for each: as multiples of the best form in SQL, and of a bare scan of the same rows.
#   ROWS=1000000   events, of PEOPLE people (default ROWS / 10); ROUNDS=3, taken in turns
# All contenders of a question must give the same answer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
PEOPLE=${PEOPLE:-$((ROWS / 10))}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v people="$PEOPLE" -f "$here/timelines_data.sql" -f "$here/timelines_steps_data.sql" >/dev/null

serial='SET max_parallel_workers_per_gather = 0; SET jit = off'
parallel='SET max_parallel_workers_per_gather = 2; SET jit = off; SET min_parallel_table_scan_size = 0'
# ask LABEL SETTINGS QUERY: a contender
ask() {
	contender "$1" 99 timed_query "SET timezone = 'UTC'" "$2" "$3"
}
# over_timelines QUERY: over stored timelines, with and without workers, and what reading the rows alone takes
over_timelines() {
	ask 'timelines' "$parallel" "$1"
	ask 'timelines, serial' "$serial" "$1"
	ask 'bare scan of the same rows, serial' "$serial" "SELECT FROM step_person WHERE pg_column_size(timeline) < 0"
}
# report REFERENCE...
report() {
	take_turns
	print_table "$@"
	same_answers
	clear_contenders
}
span="ts > '2026-03-02'"

for category in shoes hats; do
	echo "-- product_viewed with category $category at least 3 times in 30 days, and not order_completed in 7 days"
	over_timelines "SELECT count(*) FROM step_person WHERE cdp.did(timeline, 'product_viewed[category = \"$category\"]', at_least => 3, within => '30 days', as_of => '2026-04-01') AND cdp.did_not(timeline, 'order_completed', within => '7 days', as_of => '2026-04-01')"
	viewed="SELECT user_id FROM step_event WHERE name = 'product_viewed' AND category = '$category' AND $span GROUP BY user_id HAVING count(*) >= 3"
	ask 'SQL, aggregate, then NOT EXISTS' "$serial" "SELECT count(*) FROM ($viewed) v WHERE NOT EXISTS (SELECT FROM step_event o WHERE o.user_id = v.user_id AND o.name = 'order_completed' AND o.ts > '2026-03-25')"
	ask 'SQL, aggregate, then NOT EXISTS, 2 workers' "$parallel" "SELECT count(*) FROM ($viewed) v WHERE NOT EXISTS (SELECT FROM step_event o WHERE o.user_id = v.user_id AND o.name = 'order_completed' AND o.ts > '2026-03-25')"
	ask 'SQL, aggregates joined' "$serial" "SELECT count(*) FROM ($viewed) v LEFT JOIN (SELECT DISTINCT user_id FROM step_event WHERE name = 'order_completed' AND ts > '2026-03-25') o USING (user_id) WHERE o.user_id IS NULL"
	report 'timelines' 'timelines, serial' 'bare scan of the same rows, serial'
done

echo "-- the same without the category, over timelines with properties and without"
for table in step_person plain_person; do
	ask "$table" "$serial" "SELECT count(*) FROM $table WHERE cdp.did(timeline, 'product_viewed', at_least => 3, within => '30 days', as_of => '2026-04-01') AND cdp.did_not(timeline, 'order_completed', within => '7 days', as_of => '2026-04-01')"
done
report 'plain_person'

# whether the steps that follow a view are there, by the index of the people's products
added="FROM step_event a WHERE a.user_id = v.user_id AND a.product_id = v.product_id AND a.name = 'product_added' AND a.ts >= v.ts AND a.ts <= v.ts + interval '7 days'"
ordered="FROM step_event o WHERE o.user_id = v.user_id AND o.product_id = v.product_id AND o.name = 'order_completed' AND o.ts >= a.ts AND o.ts <= v.ts + interval '7 days'"
reached='product_viewed -> product_added -> order_completed in 7 days same product_id'

# OFFSET 0: each depth is found once, not once for each count
echo "-- correlated funnel: how many people viewed, then added, then ordered the same product within 7 days"
over_timelines "SELECT concat_ws('/', count(*) FILTER (WHERE depth >= 1), count(*) FILTER (WHERE depth >= 2), count(*) FILTER (WHERE depth >= 3)) FROM (SELECT cdp.funnel(timeline, '$reached', as_of => '2026-04-01') AS depth FROM step_person OFFSET 0) f"
exists="SELECT concat_ws('/', (SELECT count(*) FROM (SELECT DISTINCT user_id FROM step_event WHERE name = 'product_viewed') s),
	(SELECT count(*) FROM (SELECT DISTINCT v.user_id FROM step_event v WHERE v.name = 'product_viewed' AND v.product_id IS NOT NULL AND EXISTS (SELECT $added)) s),
	(SELECT count(*) FROM (SELECT DISTINCT v.user_id FROM step_event v WHERE v.name = 'product_viewed' AND v.product_id IS NOT NULL AND EXISTS (SELECT $added AND EXISTS (SELECT $ordered))) s))"
windows="SELECT concat_ws('/', count(DISTINCT user_id) FILTER (WHERE name = 'product_viewed'), count(DISTINCT user_id) FILTER (WHERE name = 'product_added' AND ts - first <= interval '7 days'), count(DISTINCT user_id) FILTER (WHERE name = 'order_completed' AND ts - second <= interval '7 days')) FROM (
	SELECT *, max(CASE WHEN name = 'product_added' AND ts - first <= interval '7 days' THEN first END) OVER w AS second FROM (
		SELECT user_id, product_id, ts, name, max(CASE WHEN name = 'product_viewed' THEN ts END) OVER w AS first FROM step_event
		WHERE name IN ('product_viewed', 'product_added', 'order_completed') WINDOW w AS (PARTITION BY user_id, product_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) f
	WINDOW w AS (PARTITION BY user_id, product_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) s"
ask 'SQL, EXISTS' "$serial" "$exists"
ask 'SQL, EXISTS, 2 workers' "$parallel" "$exists"
ask 'SQL, windows' "$serial" "$windows"
ask 'SQL, windows, 2 workers' "$parallel" "$windows"
ask 'cdp.window_funnel by user and product' "$serial" "SELECT concat_ws('/', count(*) FILTER (WHERE depth >= 1), count(*) FILTER (WHERE depth >= 2), count(*) FILTER (WHERE depth >= 3)) FROM (SELECT max(depth) AS depth FROM (SELECT user_id, cdp.window_funnel('7 days', ts, name = 'product_viewed', name = 'product_added', name = 'order_completed') AS depth FROM step_event WHERE name IN ('product_viewed', 'product_added', 'order_completed') GROUP BY user_id, product_id) p GROUP BY user_id) s"
report 'timelines' 'timelines, serial' 'bare scan of the same rows, serial'

echo "-- who reached the third step of it"
over_timelines "SELECT count(*) FROM step_person WHERE cdp.funnel(timeline, '$reached', as_of => '2026-04-01') = 3"
ask 'timelines, cdp.matches, serial' "$serial" "SELECT count(*) FROM step_person WHERE cdp.matches(timeline, '$reached', as_of => '2026-04-01')"
forward="SELECT count(*) FROM (SELECT DISTINCT v.user_id FROM step_event v WHERE v.name = 'product_viewed' AND v.product_id IS NOT NULL AND EXISTS (SELECT $added AND EXISTS (SELECT $ordered))) s"
backward="SELECT count(*) FROM (SELECT DISTINCT o.user_id FROM step_event o WHERE o.name = 'order_completed' AND EXISTS (SELECT FROM step_event a WHERE a.user_id = o.user_id AND a.product_id = o.product_id AND a.name = 'product_added' AND a.ts <= o.ts AND a.ts >= o.ts - interval '7 days'
	AND EXISTS (SELECT FROM step_event v WHERE v.user_id = a.user_id AND v.product_id = a.product_id AND v.name = 'product_viewed' AND v.ts <= a.ts AND v.ts >= o.ts - interval '7 days'))) s"
ask 'SQL, EXISTS from the view on' "$serial" "$forward"
ask 'SQL, EXISTS from the order back' "$serial" "$backward"
ask 'SQL, EXISTS from the order back, 2 workers' "$parallel" "$backward"
report 'timelines' 'timelines, serial' 'bare scan of the same rows, serial'

echo "-- the same funnel, of any products"
steps='product_viewed -> product_added -> order_completed in 7 days'
over_timelines "SELECT concat_ws('/', count(*) FILTER (WHERE depth >= 1), count(*) FILTER (WHERE depth >= 2), count(*) FILTER (WHERE depth >= 3)) FROM (SELECT cdp.funnel(timeline, '$steps', as_of => '2026-04-01') AS depth FROM step_person OFFSET 0) f"
exists=${exists//a.product_id = v.product_id AND /}
exists=${exists//o.product_id = v.product_id AND /}
ask 'SQL, EXISTS' "$serial" "$exists"
ask 'SQL, EXISTS, 2 workers' "$parallel" "$exists"
ask 'SQL, windows' "$serial" "${windows//user_id, product_id ORDER/user_id ORDER}"
report 'timelines' 'timelines, serial' 'bare scan of the same rows, serial'

echo "-- active on at least 5 days of 30"
over_timelines "SELECT count(*) FROM step_person WHERE cdp.days_active(timeline, '*', 'UTC', within => '30 days', as_of => '2026-04-01') >= 5"
bits="SELECT count(*) FROM (SELECT FROM step_event WHERE $span GROUP BY user_id HAVING bit_count(bit_or(1::bigint << (ts AT TIME ZONE 'UTC')::date - date '2026-03-01')::bit(64)) >= 5) s"
ask 'SQL, bit_or' "$serial" "$bits"
ask 'SQL, bit_or, 2 workers' "$parallel" "$bits"
ask 'SQL, count(DISTINCT day)' "$serial" "SELECT count(*) FROM (SELECT FROM step_event WHERE $span GROUP BY user_id HAVING count(DISTINCT (ts AT TIME ZONE 'UTC')::date) >= 5) s"
report 'timelines' 'timelines, serial' 'bare scan of the same rows, serial'

psql -XqAt <<'SQL'
SELECT format('bytes an event: timelines with the properties %s, without %s', round(p.size / e.n, 2), round(q.size / e.n, 2))
FROM (SELECT count(*)::numeric AS n FROM step_event) e, (SELECT sum(pg_column_size(timeline)) AS size FROM step_person) p, (SELECT sum(pg_column_size(timeline)) AS size FROM plain_person) q;
SQL
cat <<'BARS'
bars: with a category at most 1.3 x (10 million) and 1.7 x (50 million) the bare scan; plain questions at most 1.3 x with properties; the correlated funnel
8 x as fast as the best SQL (5 x at 10 million), as a condition 3 x; the funnel of any products 10 x EXISTS; days_active 12 x
BARS
