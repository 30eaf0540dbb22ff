#!/bin/bash
# cdp.lookup compared with plain SQL that fetches the same data, on ROWS profiles: pgbench, two clients,
# prepared statements, EACH seconds per turn.  The table shows the seconds of 10,000 lookups.
#   …_join      on the same tables.  The planner expects many rows of one hash, since it may know nothing of its values,
#               and would read tables whole; the LIMITs have it use the indexes
#   traits_own  by a table of one's own, from the text of each identifier to its profile; it has no bar
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

for what in traits whole; do
	contender "$what" 99 timed_pgbench "$here/lookup_$what.sql"
	contender "${what}_join" 99 timed_pgbench "$here/lookup_${what}_join.sql"
done
contender traits_own 99 timed_pgbench "$here/lookup_traits_own.sql"
take_turns
print_table traits_join whole_join
for what in traits whole; do
	awk -v what="$what" -v times="$(ratio_of "$what" "${what}_join")" \
		'BEGIN { printf "cdp.lookup, %s: %.2f times the throughput of plain SQL (bar: at least 1.0)\n", what, 1 / times }'
done
