#!/bin/bash
# Set operations of 20 segments over ROWS people (the bars are for 10 million): stored audiences, compared with SQL over
# rows (name, id), indexed and vacuumed, and DuckDB's set operations over the same rows.
#   DUCKDB=DIR     a folder in which npm has installed @duckdb/node-api
# All contenders of a question must give the same answer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -f "$here/audience_data.sql" >/dev/null
duckdb=
if [ -n "${DUCKDB:-}" ]; then
	duckdb=$PGHOST/member.duckdb
	rm -f "$duckdb" # of a run that was cut off
	psql -Xqc "\\copy member TO '$PGHOST/member.csv' (FORMAT csv)"
	NODE_PATH=$DUCKDB/node_modules node "$here/audience_duckdb.js" load "$duckdb" "$PGHOST/member.csv"
	rm "$PGHOST/member.csv"
else
	echo "no DuckDB in the folder DUCKDB: skipped"
fi

# in_postgres LABEL QUERY: the query twice in a session, of which the second is timed, as DuckDB's is
in_postgres() {
	contender "$1" 99 timed_second "$2"
}
timed_second() {
	printf '%s\n' "SET search_path = cdp, public; SET jit = off;" "$1;" '\timing on' "$1;" | psql -XqAt -v ON_ERROR_STOP=1 -f - |
		awk '/^Time: /{ sum += $2; next } { print } END { printf "seconds %.5f\n", sum / 1000 }'
}
in_duckdb() {
	[ -z "$duckdb" ] || contender "$1" 99 env NODE_PATH="$DUCKDB/node_modules" node "$here/audience_duckdb.js" run "$duckdb" "$2"
}
report() {
	take_turns
	print_table "$@"
	same_answers
	clear_contenders
}

# pair NAME NAME OPERATOR SET_OPERATION
pair() {
	local rows="SELECT id FROM member WHERE name = '$1' $4 SELECT id FROM member WHERE name = '$2'"
	in_postgres 'audiences' "SELECT cdp.size(a.audience $3 b.audience) FROM segment_audience a, segment_audience b WHERE a.name = '$1' AND b.name = '$2'"
	[ "$3" != '&' ] ||
		in_postgres 'audiences, counted only' "SELECT cdp.intersection_size(a.audience, b.audience) FROM segment_audience a, segment_audience b WHERE a.name = '$1' AND b.name = '$2'"
	in_postgres "SQL, $4" "SELECT count(*) FROM ($rows) s"
	if [ "$3" = '&' ]; then
		local join="SELECT count(*) FROM member a JOIN member b USING (id) WHERE a.name = '$1' AND b.name = '$2'"
		in_postgres 'SQL, join' "$join"
		in_duckdb 'DuckDB, join, warm' "$join"
	fi
	in_duckdb "DuckDB, $4, warm" "SELECT count(*) FROM ($rows) s"
	report audiences
}
echo "-- 50 % and 40 %"
pair s01 s02 '&' INTERSECT
echo "-- 10 % and 5 %"
pair s07 s10 '&' INTERSECT
echo "-- 10 % or 5 %"
pair s07 s10 '|' UNION
echo "-- 10 % without 5 %"
pair s07 s10 '-' EXCEPT

echo "-- the overlaps of all 190 pairs"
in_postgres 'cdp.audience_overlaps' "SELECT sum(o.intersection_size) FROM (SELECT array_agg(name), array_agg(audience) FROM segment_audience) s (names, audiences), cdp.audience_overlaps(s.names, s.audiences) o"
join='SELECT sum(common) FROM (SELECT a.name, b.name, count(*) AS common FROM member a JOIN member b ON a.id = b.id AND a.name < b.name GROUP BY a.name, b.name) s'
contender 'SQL, join, once' 1 timed_query "$join"
in_duckdb 'DuckDB, join, warm' "$join"
names=(s0{1..9} s{10..20})
filters=
for ((i = 0; i < 20; i++)); do
	for ((j = i + 1; j < 20; j++)); do
		filters+="+ count(*) FILTER (${names[i]} AND ${names[j]})"
	done
done
in_duckdb 'DuckDB, a boolean column a segment, warm' "SELECT 0 $filters FROM person"
report 'cdp.audience_overlaps'

echo "-- making an audience from the rows of all segments"
in_postgres 'cdp.audience(id)' 'SELECT cdp.size(cdp.audience(id)) FROM member'
in_postgres 'count(DISTINCT id)' 'SELECT count(DISTINCT id) FROM member'
report 'cdp.audience(id)'

psql -XqAt <<'SQL'
SELECT format('bytes a member: %s as audiences (at most 0.8), %s as rows with their index',
	round(sum(pg_column_size(audience))::numeric / sum(cdp.size(audience)), 2),
	round((pg_relation_size('member') + pg_relation_size('member_by_name'))::numeric / sum(cdp.size(audience)), 1)) FROM segment_audience;
SQL
echo "bars at 10 million people: two audiences at least 9 x as fast as DuckDB; the overlaps of 20 at least 20 x"
