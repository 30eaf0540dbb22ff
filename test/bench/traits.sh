#!/bin/bash
# Merging the traits of identify calls into one value a profile: cdp.traits_agg against what plain SQL has
# for it, in rounds that take turns.  Prints medians, and how many times faster than each it is.
# usage: test/bench/traits.sh     ROWS=1000000 (a fifth as many profiles)  ROUNDS=3
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
rows=${ROWS:-1000000}
rounds=${ROUNDS:-3}
work=$(mktemp -d /tmp/cdp-bench.XXXXXX)
chmod 755 "$work"
# shellcheck source=test/server.sh
. "$top/test/server.sh"
trap 'as_server_user "$bindir/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT

copy_tree
build_stage "-O2"
give_to_server_user "$work"
as_server_user "$bindir/initdb" -D "$work/data" --encoding=UTF8 --no-locale --auth=trust >/dev/null
cat "$server_config" - >>"$work/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$work'
shared_buffers = 2GB
work_mem = 1GB
maintenance_work_mem = 512MB
max_wal_size = 8GB
wal_level = minimal
max_wal_senders = 0
autovacuum = off
CONF
as_server_user "$bindir/pg_ctl" -D "$work/data" -l "$work/server.log" -w start >/dev/null
run_sql() {
	as_server_user "$bindir/psql" -h "$work" -d postgres -X -q -v ON_ERROR_STOP=1 "$@"
}

# about 8 of 20 keys in a row; a few profiles have many rows, most few
run_sql <<SQL
CREATE EXTENSION cdp;
CREATE AGGREGATE jsonb_merge_agg (jsonb) (SFUNC = jsonb_concat, STYPE = jsonb);
CREATE UNLOGGED TABLE identify AS
SELECT (1 + $rows / 5 * (1 - sqrt(abs(hashint8extended(i, 1)) / 2^63)))::int AS profile_id, timestamptz '2026-01-01' + i * interval '1 second' AS at,
	('{web,ios,android,crm,billing,support}'::text[])[1 + abs(hashint8extended(i, 2)) % 6] AS source,
	('{' || (SELECT string_agg(format('"%s": %s', key, CASE n WHEN 8 THEN (18 + v % 60)::text WHEN 16 THEN v % 10000 || '.5' WHEN 17 THEN CASE WHEN v % 2 = 0 THEN 'true' ELSE 'false' END ELSE format('"%s %s"', key, v) END), ', ')
		FROM (SELECT key, n, abs(hashint8extended(i, 3 + n)) % 100000 AS v, abs(hashint8extended(i, 100 + n)) % 8 < 3 AS there
			FROM unnest('{email,first_name,last_name,phone,city,country,plan,age,gender,company,title,industry,language,timezone,signup_source,lifetime_value,newsletter,last_device,referrer,score}'::text[])
				WITH ORDINALITY k(key, n)) k WHERE there OR n = 1) || '}')::jsonb AS traits
FROM generate_series(1, $rows) i;
VACUUM ANALYZE identify;
SQL

declare -A query=(
	[scan]="SELECT profile_id, count(*), max(at), sum(pg_column_size(traits)) FROM identify GROUP BY profile_id"
	[concat]="SELECT profile_id, jsonb_merge_agg(traits ORDER BY at) AS traits FROM identify GROUP BY profile_id"
	[each]="SELECT profile_id, jsonb_object_agg(key, value) AS traits FROM (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM identify, jsonb_each(traits) ORDER BY profile_id, key, at DESC) l GROUP BY profile_id"
	[traits]="SELECT profile_id, cdp.traits_agg(traits, at, source) AS traits FROM identify GROUP BY profile_id"
	[rules]="SELECT profile_id, cdp.traits_agg(traits, at, source, '{\"score\": \"max\", \"plan\": \"trusted_last\"}', 1) AS traits FROM identify GROUP BY profile_id"
)
order="scan concat each traits rules"

# seconds METHOD: how long it takes to make a table of the method's result
seconds() {
	run_sql -c "DROP TABLE IF EXISTS result_$1" -c '\timing on' -c "CREATE UNLOGGED TABLE result_$1 AS ${query[$1]}" 2>/dev/null |
		sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | awk '{ printf "%.3f\n", $1 / 1000 }'
}
for ((round = 1; round <= rounds; round++)); do
	for method in $order; do
		seconds "$method" >>"$work/$method.times"
	done
done

differences=$(run_sql -At -c "SELECT count(*) FROM result_concat c FULL JOIN result_traits t USING (profile_id) FULL JOIN result_each e USING (profile_id) WHERE c.traits IS DISTINCT FROM t.traits::jsonb OR e.traits IS DISTINCT FROM c.traits")
profiles=$(run_sql -At -c "SELECT count(*) FROM result_traits")
sizes=$(run_sql -At -F ' and ' -c "SELECT (SELECT avg(pg_column_size(traits))::int FROM result_traits), (SELECT avg(pg_column_size(traits))::int FROM result_concat)")
median() { sort -n "$work/$1.times" | sed -n "$(((rounds + 1) / 2))p"; }
ours=$(median traits)
echo "merging traits: $rows rows into $profiles profiles, medians of $rounds rounds; $differences results differ; bytes a profile, cdp.traits and jsonb: $sizes"
printf '%-62s %10s %22s\n' method seconds "cdp.traits_agg is"
for line in "scan:scan and hash aggregate, traits not opened" "concat:jsonb || in an aggregate, ordered by time" "each:jsonb_each, DISTINCT ON, jsonb_object_agg" "traits:cdp.traits_agg" "rules:cdp.traits_agg with rules and trust"; do
	time=$(median "${line%%:*}")
	printf '%-62s %10s %15s faster\n' "${line#*:}" "$time" "$(awk -v a="$time" -v b="$ours" 'BEGIN { printf "%.2fx", a / b }')"
done
[ "$differences" = 0 ]
