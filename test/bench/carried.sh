#!/bin/bash
# What carried properties cost questions that do not name them: cdp.did() and cdp.funnel() over stored timelines without
# properties, and over the same with category (20 values), product_id (50,000 values) and price on a fifth of the events.
# Prints seconds, as multiples of those without; the bytes that each property takes for an event that has it; and what
# building and appending take.
#   ROWS=1000000   events, of PEOPLE people (default ROWS / 10)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
PEOPLE=${PEOPLE:-$((ROWS / 10))}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v people="$PEOPLE" -f "$here/timelines_data.sql" >/dev/null
psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE FUNCTION chance(n bigint, kind bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
	'SELECT (hashint8extended(n, kind) & 1152921504606846975) / 1152921504606846976.0::float8';
-- the 20 categories are skewed, as the products are
CREATE UNLOGGED TABLE carried AS
SELECT e.user_id, e.ts, e.name, CASE WHEN e.name IN ('product_viewed', 'product_added', 'order_completed', 'product_removed') THEN
	jsonb_build_object('category', 'category ' || floor(20 * p.place ^ 2), 'product_id', 'product ' || floor(50000 * p.place ^ 2), 'price', 1 + floor(p.place * 9999) / 100) END AS properties
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

serial='SET max_parallel_workers_per_gather = 0; SET jit = off'
# compare TITLE QUERY: over both tables, for which TABLE stands
compare() {
	labels=()
	echo
	echo "$1"
	contender 'without properties' 99 timed_query "$serial" "${2//TABLE/without_properties}"
	contender 'with properties' 99 timed_query "$serial" "${2//TABLE/with_properties}"
	take_turns
	same_answers
	print_table 'without properties'
}
compare 'bare scan of the rows' 'SELECT count(user_id) FROM TABLE WHERE timeline IS NOT NULL'
compare 'did(), one event within 30 days' "SELECT count(*) FROM TABLE WHERE cdp.did(timeline, 'product_added', within => '30 days', as_of => '2026-04-01')"
compare 'did(), an event that carries properties' "SELECT count(*) FROM TABLE WHERE cdp.did(timeline, 'product_viewed', at_least => 3, within => '30 days', as_of => '2026-04-01')"
compare 'funnel of three steps' "SELECT sum(cdp.funnel(timeline, '{product_viewed,product_added,order_completed}', '7 days')) FROM TABLE"
compare 'appending an event to each' "SELECT sum(cdp.event_count(timeline || '{\"page_viewed\": [\"2026-04-02\"]}'::cdp.timeline)) FROM TABLE"
echo
psql -XqAt -F ' ' <<'SQL'
SELECT 'bytes an event', round(avg(pg_column_size(w.timeline)) * count(*) / sum(cdp.event_count(w.timeline)), 2), 'without properties,',
	(SELECT round(sum(pg_column_size(p.timeline)) / sum(cdp.event_count(p.timeline)), 2) FROM with_properties p), 'with them' FROM without_properties w;
SELECT 'bytes of ' || e.key || ' for each event that has it', round((e.bytes - n.bytes) / (SELECT count(*) FROM carried WHERE properties IS NOT NULL)::numeric, 2)
FROM each_property e, each_property n WHERE n.key = 'none' AND e.key <> 'none';
SELECT 'pages: ' || pg_relation_size('without_properties') / 8192 || ' without properties, ' || pg_relation_size('with_properties') / 8192 || ' with them';
SQL
