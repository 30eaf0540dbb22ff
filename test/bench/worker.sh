#!/bin/bash
# The background worker: its CPU while nothing comes, and how long an event takes from its COMMIT until the batch that
# took it began (as_of), and ended, while events come one by one.
#   ROWS=200000      events in the log before
#   IDLE=20          seconds without events
#   RATE=100         events a second, each in a transaction of its own
#   SECONDS_ON=30    seconds with events
# cdp.worker_interval is as the server has it (200 ms).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-200000}
IDLE=${IDLE:-20}
RATE=${RATE:-100}
SECONDS_ON=${SECONDS_ON:-30}

ask() {
	psql -XqAt -v ON_ERROR_STOP=1 "$@"
}

# cpu: CPU seconds of the worker so far
cpu() {
	ask -c "SELECT (f[14]::numeric + f[15]::numeric) / 100
		FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/' || value || '/stat'), '\(.*\)', 'name'), ' ') AS f
			FROM cdp.worker_status() WHERE item = 'pid') s"
}

ask -f "$here/refresh_data.sql" -f "$here/ingest_data.sql" >/dev/null
ask -c "CALL bring($ROWS, 100000)" -c "VACUUM (ANALYZE)" >/dev/null
ask -c "SELECT cdp.start_worker()" >/dev/null
until [ "$(ask -c "SELECT value FROM cdp.worker_status() WHERE item = 'state'")" = running ]; do
	sleep 0.2
done
sleep 2
before=$(cpu)
sleep "$IDLE"
after=$(cpu)
awk -v a="$before" -v b="$after" -v s="$IDLE" 'BEGIN { printf "idle: %.2f s of CPU in %d s: %.2f %% of a core\n", b - a, s, 100 * (b - a) / s }'

script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script" <<'SQL'
\set n random(1, 100000000)
INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp", source) VALUES ('w' || :n, 'track', 'Seen', 'u' || :n % 5000, now(), 'bench worker');
SQL
last=$(ask -c "SELECT batch_id FROM cdp_data.state")
before=$(cpu)
pgbench -n -c 4 -R "$RATE" -T "$SECONDS_ON" -f "$script" >/dev/null 2>&1
until [ "$(ask -c "SELECT count(*) FROM cdp.inbox")" = 0 ]; do
	sleep 0.2
done
after=$(cpu)
awk -v a="$before" -v b="$after" -v s="$SECONDS_ON" 'BEGIN { printf "with events: %.2f s of CPU in %d s: %.1f %% of a core\n", b - a, s, 100 * (b - a) / s }'
ask -F ' ' <<SQL
SELECT count(*) || ' events in ' || count(DISTINCT b.batch_id) || ' batches; milliseconds from the insert to as_of: median ' || p[1] || ', 99 % ' || p[2]
	|| ', longest ' || p[3] || '; to the end of the batch: ' || q[1] || ', ' || q[2] || ', ' || q[3]
FROM (SELECT e.batch_id, l.p, l.q FROM cdp_data.event e CROSS JOIN (
		SELECT percentile_disc('{0.5, 0.99, 1}'::float[]) WITHIN GROUP (ORDER BY round(1000 * extract(epoch FROM b.as_of - e."timestamp"))) AS p,
			   percentile_disc('{0.5, 0.99, 1}'::float[]) WITHIN GROUP (ORDER BY round(1000 * extract(epoch FROM b.as_of + b.elapsed - e."timestamp"))) AS q
		FROM cdp_data.event e JOIN cdp_data.batch b ON b.batch_id = e.batch_id WHERE e.batch_id > $last AND e.source = 'bench worker') l
	WHERE e.batch_id > $last AND e.source = 'bench worker') b GROUP BY p, q;
SELECT 'runs: ' || sum(runs) || ', ' || sum(elapsed) || ' in all, the longest ' || max(longest) || '; failed: ' || coalesce(sum(runs) FILTER (WHERE sqlstate <> '00000'), 0) FROM cdp.worker_run;
SELECT cdp.stop_worker();
SQL
