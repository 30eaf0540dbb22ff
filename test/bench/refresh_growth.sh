#!/bin/bash
# Cost of a refresh of 10,000 new events as the log grows from 100,000 events to ROWS.
#   BATCHES=5     refreshes at each size; the median counts
# The stream is that of refresh_data.sql: new events have the same distribution as all others.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-1000000}
BATCHES=${BATCHES:-5}

psql -Xq -v ON_ERROR_STOP=1 -f "$here/refresh_data.sql" >/dev/null
# measure: with fresh statistics, as autovacuum would keep them
measure() {
	psql -XqAt -v ON_ERROR_STOP=1 -v batches="$BATCHES" <<-'SQL'
		VACUUM (ANALYZE);
		SELECT event_id + 10000 * :batches AS until FROM cdp_data.state \gset
		CALL bring(:until, 10000);
		SELECT s.event_id, (SELECT count(*) FROM cdp_data.profile), (SELECT count(*) FROM cdp_data.link), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM b.elapsed) * 1000),
			   round(avg(b.profiles_touched)), round(avg(b.identifiers))
		FROM cdp_data.state s, LATERAL (SELECT * FROM cdp.batch ORDER BY batch_id DESC LIMIT :batches) b GROUP BY s.event_id;
	SQL
}

printf '%12s %12s %12s %12s %10s %12s %12s\n' events profiles links 'ms a batch' 'x first' touched 'new ids'
size=100000
first=
while :; do
	psql -Xqc "CALL bring($size)"
	IFS='|' read -r events profiles links ms touched ids < <(measure | tail -n 1)
	first=${first:-$ms}
	ratio=$(awk -v a="$ms" -v b="$first" 'BEGIN { printf "%.2f", a / b }')
	printf '%12d %12d %12d %12.0f %10s %12.0f %12.0f\n' "$events" "$profiles" "$links" "$ms" "$ratio" "$touched" "$ids"
	[ "$size" -lt "$ROWS" ] || break
	size=$((size * 10 < ROWS * 4 ? size * 316 / 100 : ROWS))
done
echo "from 100,000 to $ROWS events the cost of a batch of 10,000 grows $ratio times (bar: at 10 million less than 1.5)"
