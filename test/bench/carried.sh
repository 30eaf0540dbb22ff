#!/bin/bash
# What carried properties cost questions that do not name them: cdp.did() and cdp.funnel() over stored timelines without
# properties, and over the same with category (20 values), product_id (50,000 values) and price on a fifth of the events.
# Prints seconds of CPU, as multiples of those without; the bytes that each property takes for an event that has it; and what
# building and appending take.
#   ROWS=1000000   events, of PEOPLE people (default ROWS / 10)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
PEOPLE=${PEOPLE:-$((ROWS / 10))}
RUNS=${RUNS:-31}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v people="$PEOPLE" -f "$here/timelines_data.sql" >/dev/null
psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE FUNCTION chance(n bigint, kind bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
	'SELECT (hashint8extended(n, kind) & 1152921504606846975) / 1152921504606846976.0::float8';
-- the 20 categories are skewed, as the products are
CREATE UNLOGGED TABLE carried AS
SELECT e.user_id, e.ts, e.name, CASE WHEN e.name IN ('product_viewed', 'product_added', 'order_completed', 'product_removed') THEN
	jsonb_build_object('category', ('{shoes,hats,shirts,bags,belts,coats,socks,dresses,jeans,scarves,gloves,jackets,skirts,sweaters,ties,suits,watches,rings,toys,books}'::text[])[1 + floor(20 * p.place ^ 2)],
		'product_id', 'p' || floor(50000 * p.place ^ 2), 'price', 1 + floor(p.place * 9999) / 100) END AS properties
FROM events e
CROSS JOIN LATERAL (SELECT chance(extract(epoch FROM e.ts)::bigint * 1000 + e.user_id, 3) AS place) p;
CREATE TABLE without_properties AS SELECT user_id, cdp.timeline_agg(ts, name ORDER BY ts) AS timeline FROM carried GROUP BY user_id ORDER BY user_id;
CREATE TABLE with_properties AS SELECT user_id, cdp.timeline_agg(ts, name, properties ORDER BY ts) AS timeline FROM carried GROUP BY user_id ORDER BY user_id;
CREATE TABLE each_property AS
SELECT k.key, (SELECT sum(s.size) FROM (SELECT octet_length(cdp_internal.timeline_send(cdp.timeline_agg(ts, name, jsonb_build_object(k.key, properties -> k.key)))) AS size FROM carried GROUP BY user_id) s) AS bytes
FROM unnest('{category,product_id,price,none}'::text[]) AS k (key);
CHECKPOINT;
VACUUM ANALYZE without_properties;
VACUUM ANALYZE with_properties;
SELECT pg_prewarm(c) FROM unnest('{without_properties,with_properties}'::regclass[]) c;
SQL

# compare TITLE QUERY: over both tables in turns, for which TABLE stands, in one session.  What counts is the CPU of the
# backend, as getrusage() gives it, the median of RUNS.
compare() {
	{
		echo 'SET max_parallel_workers_per_gather = 0; SET jit = off; SET client_min_messages = log;'
		echo "${2//TABLE/without_properties}; ${2//TABLE/with_properties}; SET log_statement_stats = on;"
		for _ in $(seq "$RUNS"); do echo "${2//TABLE/without_properties}; ${2//TABLE/with_properties};"; done
	} | psql -XqAt -v ON_ERROR_STOP=1 -f - 2>&1 | awk -v title="$1" '
		/^[0-9]+$/ { if (answers++ % 2 && $1 != answer) { print "answers differ: " answer ", " $1; failed = 1 } answer = $1 }
		/elapsed$/ { seconds[n % 2, int(n / 2)] = $2 + $5; n++ }
		function median(side, count, i, j, t) {
			count = n / 2
			for (i = 1; i < count; i++)
				for (j = i; j > 0 && seconds[side, j] < seconds[side, j - 1]; j--) { t = seconds[side, j]; seconds[side, j] = seconds[side, j - 1]; seconds[side, j - 1] = t }
			return seconds[side, int(count / 2)]
		}
		END { a = median(0); b = median(1); printf "%-44s %9.4f %9.4f %6.2f\n", title, a, b, b / a; exit failed }'
}
printf '%-44s %9s %9s %6s\n' 'seconds of CPU' without with ratio
compare 'bare scan of the rows' 'SELECT count(user_id) FROM TABLE WHERE timeline IS NOT NULL'
compare 'did(), one event within 30 days' "SELECT count(*) FROM TABLE WHERE cdp.did(timeline, 'product_added', within => '30 days', as_of => '2026-04-01')"
compare 'did(), an event that carries properties' "SELECT count(*) FROM TABLE WHERE cdp.did(timeline, 'product_viewed', at_least => 3, within => '30 days', as_of => '2026-04-01')"
compare 'funnel of three steps' "SELECT sum(cdp.funnel(timeline, 'product_viewed -> product_added -> order_completed in 7 days')) FROM TABLE"
compare 'appending an event to each' "SELECT sum(cdp.event_count(cdp.timeline_concat(timeline, '{\"page_viewed\": [\"2026-04-02\"]}'))) FROM TABLE"
compare 'building of rows' "SELECT sum(cdp.event_count(t)) FROM (SELECT cdp.timeline_agg(ts, name, CASE WHEN 'TABLE' = 'with_properties' THEN properties END) AS t FROM carried GROUP BY user_id) s"
echo
psql -XqAt -F ' ' <<'SQL'
SELECT 'bytes an event', round(avg(pg_column_size(w.timeline)) * count(*) / sum(cdp.event_count(w.timeline)), 2), 'without properties,',
	(SELECT round(sum(pg_column_size(p.timeline)) / sum(cdp.event_count(p.timeline)), 2) FROM with_properties p), 'with them' FROM without_properties w;
SELECT 'bytes of ' || e.key || ' for each event that has it', round((e.bytes - n.bytes) / (SELECT count(*) FROM carried WHERE properties IS NOT NULL)::numeric, 2)
FROM each_property e, each_property n WHERE n.key = 'none' AND e.key <> 'none';
SELECT 'pages: ' || pg_relation_size('without_properties') / 8192 || ' without properties, ' || pg_relation_size('with_properties') / 8192 || ' with them';
SQL
