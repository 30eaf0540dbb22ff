#!/bin/bash
# cdp.lookup compared with plain SQL that fetches the same data, on ROWS profiles: pgbench, two clients,
# prepared statements, EACH seconds per turn.  The table shows the seconds of 10,000 lookups.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/bench/functions
. "$here/functions"
EACH=${EACH:-5}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -f "$here/lookup_data.sql" >/dev/null

# timed_pgbench SCRIPT: the script's only variable is rows.
timed_pgbench() {
	pgbench -n -M prepared -c 2 -j 2 -T "$EACH" -D rows="$ROWS" -f "$1" "$PGDATABASE" |
		awk '/^tps/ { printf "%d lookups a second\nseconds %.4f\n", $3, 10000 / $3 }'
}
for what in traits traits_join whole whole_join; do
	contender "$what" 99 timed_pgbench "$here/lookup_$what.sql"
done
take_turns
print_table traits_join whole_join
for what in traits whole; do
	awk -v what="$what" -v times="$(ratio_of "$what" "${what}_join")" -v bar="$([ "$what" = traits ] && echo 0.8 || echo 0.5)" \
		'BEGIN { printf "cdp.lookup, %s: %.2f times the throughput of plain SQL (bar: at least %s)\n", what, 1 / times, bar }'
done
