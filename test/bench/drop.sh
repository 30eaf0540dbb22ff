#!/bin/bash
# What it costs to fold months of the log into the base, beside what it cost to refresh their events; how large the base
# is, beside the months; and what a person costs that is folded anew from both.
#   ROWS=200000       events a month, of two months
#   STREAMS="steady crowd strangers"   known people; five events a month of each of many people, who have a cookie and half
#                     of the time a login; and the worst case: each event brings identifiers of its own
# Events come without context, which the log alone would have.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-200000}
STREAMS=${STREAMS:-steady crowd strangers}
template=$PGDATABASE

# measure STREAM: SQL that prints what it costs with events of that stream
measure() {
	local stream=$1
	cat "$here/refresh_data.sql" "$here/ingest_data.sql"
	cat <<'SQL'
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT cdp.init() \gset
SQL
	cat <<SQL
CREATE FUNCTION crowd(k bigint, n bigint)
	RETURNS TABLE (type text, event text, message_id text, anonymous_id text, user_id text, identifiers jsonb, traits jsonb, properties text,
				   source text)
	LANGUAGE sql AS \$\$
	SELECT CASE WHEN c.says THEN 'identify' ELSE 'track' END, CASE WHEN NOT c.says THEN c.event END, c.message_id, 'cookie ' || c.person,
		   c.user_id, NULL::jsonb, CASE WHEN c.says THEN jsonb_build_object('city', 'city ' || c.person % 100, 'plan', 'plan ' || c.number % 9) END,
		   CASE WHEN NOT c.says THEN c.properties END, CASE WHEN c.number % 4 = 0 THEN 'app' ELSE 'web' END
	FROM (SELECT c.*, c.user_id IS NOT NULL AND c.number % 3 = 0 AS says
		  FROM (SELECT c.*, k + row_number() OVER () AS number,
					   100000000 + floor(chance(k + row_number() OVER (), 14) * ($ROWS / 5))::bigint AS person
				FROM calls(k, n, $ROWS / 5) c) c) c
\$\$;
SQL
	cat <<'SQL'
CREATE TABLE spent (what text, seconds float8, bytes bigint);
-- CPU seconds of this backend
CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql AS $$
	SELECT (s.fields[12]::float8 + s.fields[13]::float8) / 100
	FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS fields) s
$$;
CREATE PROCEDURE note(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	started float8 := cpu();
BEGIN
	EXECUTE statement;
	INSERT INTO spent VALUES (what, cpu() - started);
	COMMIT;
END
$$;
CREATE FUNCTION refresh_all() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WHILE (SELECT taken FROM cdp.refresh()) > 0 LOOP NULL; END LOOP;
END
$$;
CREATE FUNCTION fold_anew(people text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp_internal.start_batch();
	PERFORM cdp_internal.change_graph(refolded => people);
END
$$;
SQL
	for month in 1 2; do
		cat <<SQL
INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, identifiers, traits, properties, "timestamp", received_at, source)
SELECT s.type, s.event, s.message_id, s.anonymous_id, s.user_id, $([ "$stream" = strangers ] && echo "NULL, NULL" || echo "s.identifiers, s.traits"), s.properties::jsonb,
	timestamptz '2025-0$month-01Z' + (row_number() OVER ()) % 2400000 * interval '1 second', timestamptz '2025-07-01Z', s.source
FROM $stream(($month - 1) * $ROWS, $ROWS) s;
CALL note('refresh $month', 'SELECT refresh_all()');
SQL
	done
	cat <<'SQL'
VACUUM (ANALYZE);
CALL note('anew from the log', $$SELECT fold_anew('SELECT p.profile_id FROM cdp_data.profile p WHERE p.profile_id % 2 = 0')$$);
SQL
	for month in 1 2; do
		cat <<SQL
INSERT INTO spent SELECT 'month $month', NULL, pg_total_relation_size('cdp_data.event_2025_0$month');
CALL note('fold $month', 'SELECT cdp.drop_events(''2025-0$((month + 1))-01Z'')');
CALL note('drop $month', 'SELECT cdp.drop_events(''2025-0$((month + 1))-01Z'', 0)');
VACUUM (FULL, ANALYZE) cdp_data.base;
INSERT INTO spent SELECT 'base $month', NULL, pg_total_relation_size('cdp_data.base');
SQL
	done
	cat <<'SQL'
CALL note('anew from the base', $$SELECT fold_anew('SELECT p.profile_id FROM cdp_data.profile p WHERE p.profile_id % 2 = 0')$$);
SELECT what, round(seconds::numeric, 2) AS "CPU s", pg_size_pretty(bytes) AS size FROM spent;
SELECT (SELECT count(*) FROM cdp_data.base) AS "rows of the base", (SELECT sum(events) FROM cdp_data.base_row) AS events,
	(SELECT count(*) FROM cdp_data.identifier) AS identifiers;
WITH s AS (SELECT jsonb_object_agg(what, coalesce(seconds, bytes)) AS s FROM spent)
SELECT round(((s -> 'fold 1')::numeric / (s -> 'refresh 1')::numeric), 2) AS "fold / refresh, first",
	round(((s -> 'fold 2')::numeric / (s -> 'refresh 2')::numeric), 2) AS "second",
	round(((s -> 'base 1')::numeric / (s -> 'month 1')::numeric), 2) AS "base / month, first",
	round((((s -> 'base 2')::numeric - (s -> 'base 1')::numeric) / (s -> 'month 2')::numeric), 2) AS "second adds",
	round(((s -> 'anew from the base')::numeric / (s -> 'anew from the log')::numeric), 2) AS "anew, base / log"
FROM s;
SQL
}

for stream in $STREAMS; do
	echo "# $stream"
	psql -Xqc "CREATE DATABASE drop_$stream TEMPLATE $template" postgres
	measure "$stream" | psql -Xq -P footer=off "drop_$stream"
	psql -Xqc "DROP DATABASE drop_$stream" postgres
done
