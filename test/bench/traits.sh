#!/bin/bash
# Merging the traits of ROWS identify calls, about 8 of 20 keys each, into one value for each of ROWS / 5 profiles:
# cdp.traits_agg compared with alternatives.
#   DUCKDB=DIR     a folder in which npm has installed @duckdb/node-api
# All contenders must find the same values; the check is not timed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
keys=email,first_name,last_name,phone,city,country,plan,age,gender,company,title,industry,language,timezone,signup_source,lifetime_value,newsletter,last_device,referrer,score

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v keys="{$keys}" -f "$here/traits_data.sql" >/dev/null
duckdb=
if [ -n "${DUCKDB:-}" ]; then
	duckdb=$PGHOST/traits.duckdb
	rm -f "$duckdb" # of a run that was cut off
	psql -Xqc "SET timezone = 'UTC'" -c "\\copy (SELECT profile_id, at::timestamp, traits FROM identify) TO '$PGHOST/traits.csv' (FORMAT csv)"
	NODE_PATH=$DUCKDB/node_modules node "$here/traits_duckdb.js" load "$duckdb" "$PGHOST/traits.csv" "$keys"
	rm "$PGHOST/traits.csv"
else
	echo "no DuckDB in the folder DUCKDB: skipped"
fi

serial="SET max_parallel_workers_per_gather = 0; SET jit = off; SET work_mem = '3GB'"
parallel="SET max_parallel_workers_per_gather = 2; SET jit = off; SET work_mem = '3GB'; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0"
# in_postgres LABEL SETTINGS QUERY: a contender in PostgreSQL, its query of (profile_id, traits)
in_postgres() {
	contender "$1" 99 timed_postgres "$2" "$3"
}
timed_postgres() {
	printf '%s\n' "$1;" '\timing on' "SELECT count(traits) FROM ($2) m;" | psql -XqAt -v ON_ERROR_STOP=1 -f - | awk '/^Time: /{ sum += $2; next } { print } END { printf "seconds %.4f\n", sum / 1000 }'
}
in_duckdb() {
	[ -z "$duckdb" ] || contender "$1" 99 env NODE_PATH="$DUCKDB/node_modules" node "$here/traits_duckdb.js" "$2" "$duckdb" "$keys"
}
ours='SELECT profile_id, cdp.traits_agg(traits, at, source) AS traits FROM identify GROUP BY profile_id'
rules="SELECT profile_id, cdp.traits_agg(traits, at, source, '{\"*\": \"trusted_last\", \"score\": \"max\"}', 1) AS traits FROM identify GROUP BY profile_id"
ordered='SELECT profile_id, jsonb_merge_agg(traits ORDER BY at) AS traits FROM identify GROUP BY profile_id'
sorted='SELECT profile_id, jsonb_merge_agg(traits) AS traits FROM (SELECT profile_id, traits FROM identify ORDER BY profile_id, at) o GROUP BY profile_id'
each='SELECT profile_id, jsonb_object_agg(key, value) AS traits FROM (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM identify, jsonb_each(traits) ORDER BY profile_id, key, at DESC) l GROUP BY profile_id'

in_postgres 'cdp.traits_agg, one process' "$serial" "$ours"
in_postgres 'cdp.traits_agg, 2 workers' "$parallel" "$ours"
in_postgres 'cdp.traits_agg, as the pipeline: rules and trust' "$serial" "$rules"
in_postgres 'jsonb ||, aggregate with ORDER BY' "$serial" "$ordered"
in_postgres 'jsonb ||, of sorted rows' "$serial" "$sorted"
in_postgres 'jsonb ||, of sorted rows, 2 workers' "$parallel" "$sorted"
in_postgres 'jsonb_each, DISTINCT ON, jsonb_object_agg' "$serial" "$each"
in_duckdb 'DuckDB, arg_max of 20 keys of JSON' json
in_duckdb 'DuckDB, arg_max of 20 columns' columns
in_postgres 'scan and hash aggregate, traits not opened' "$serial" 'SELECT profile_id, max(at) AS traits FROM identify WHERE pg_column_size(traits) > 0 GROUP BY profile_id'
take_turns
print_table 'cdp.traits_agg, one process' 'cdp.traits_agg, 2 workers'
same_answers

# numbers of profiles, values and characters; and of profiles that differ from plain SQL's
check="$serial; WITH ours AS MATERIALIZED ($ours), plain AS MATERIALIZED ($sorted) SELECT count(*), sum(values), sum(characters), sum(differ)
	FROM (SELECT count(*) AS values, sum(length(v.value)) AS characters, max((o.traits::jsonb IS DISTINCT FROM p.traits)::int) AS differ
		  FROM ours o FULL JOIN plain p USING (profile_id) LEFT JOIN LATERAL jsonb_each_text(o.traits::jsonb) v ON true GROUP BY profile_id) f"
found=$(psql -XqAt -v ON_ERROR_STOP=1 -c "SET jit = off" -c "$check")
echo "profiles, values, characters of cdp.traits_agg, and profiles that differ from plain SQL's: $found"
[ "${found##*|}" = 0 ]
if [ -n "$duckdb" ]; then
	other=$(NODE_PATH=$DUCKDB/node_modules node "$here/traits_duckdb.js" check "$duckdb" "$keys")
	[ "$other" = "${found%|*}" ] || { echo "DuckDB found other values: $other" >&2; exit 1; }
fi
psql -XqAt <<'SQL'
SELECT format('bytes a profile: cdp.traits %s, plain jsonb %s', round(avg(pg_column_size(traits))), round(avg(pg_column_size(traits::jsonb))))
FROM (SELECT cdp.traits_agg(traits, at, source) AS traits FROM identify WHERE profile_id % 100 = 0 GROUP BY profile_id OFFSET 0) t;
SQL
echo "bars at 5 million rows: at least 2 x (aim 4) the speed of jsonb ||, 4 x that of jsonb_each and DISTINCT ON; aim: as fast as DuckDB's arg_max of the keys of JSON"
