#!/bin/bash
# What it takes to bring events in: COPY into the inbox and refresh, beside COPY into a plain table of the same columns with
# a primary key on message_id and an index on (user_id, timestamp).  Two streams: strangers (the worst case) and steady.
# Their timelines carry numbers, as by default, and no texts; what texts add is read with strangers whose timelines carry all
# that they do by default: the stream carried.
#   ROWS=300000   events that both sides hold before anything is counted
#   ROUNDS=3      repetitions, of which the median counts
#   BATCH=100000  events in a reading: as one batch, as ten, as a hundred
#   EVENTS=15     refreshes of one event
#   STREAMS="strangers steady carried"   which of them
# Prints for each stream: CPU and WAL of both sides by size of batch; a refresh of one event beside the plain statements
# that write the same rows; clients' COPY beside a running refresh; the share of each stage of a refresh.
#
# What counts is the CPU of the backend as getrusage() gives it to log_statement_stats, to the microsecond and for each
# statement: /proc/PID/stat counts in hundredths of a second, and seconds of the clock include waiting for a core.
# All of a stream runs in one session, as a worker's would, so that no reading has the first touches of a new backend.
# Full pages are off, since it is chance when a checkpoint comes; what they add after one is printed by itself.
# The steps write SQL; what counts between "\warn count LABEL" and "\warn counted" is a reading, up to "\warn round".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ROWS=${ROWS:-300000}
# shellcheck source=test/bench/functions
. "$here/functions"
BATCH=${BATCH:-100000}
EVENTS=${EVENTS:-15}
STREAMS=${STREAMS:-strangers steady carried}
declare -A bars=([strangers]="2.6 x plain, WAL of the refresh alone 1800" [steady]="1.8 x plain" [carried]="none")
declare -A refresh_of # the CPU of a refresh alone, by stream and size of batch
template=$PGDATABASE
file=$PGHOST/ingest.copy
script=$PGHOST/ingest.sql
log=$PGHOST/ingest.log

# count LABEL...: SQL from which on CPU, time and WAL add to each of these; to nothing without one
count() {
	local IFS='|'
	echo '\warn counted'
	echo "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS wal \\gset"
	echo "\\warn count $* :wal"
}

# bring N [LABEL]: SQL for the next N events, to both sides; what it takes is read as plain, inbox and cdp LABEL
bring() {
	count
	echo "COPY (SELECT * FROM $events($k, $1)) TO '$file';"
	count ${2:+"plain $2"}
	echo "COPY plain (:columns) FROM '$file';"
	count ${2:+"inbox $2" "cdp $2"}
	echo "COPY cdp.inbox (:columns) FROM '$file';"
	count ${2:+"cdp $2" "refresh $2"}
	echo "SELECT cdp.refresh($1) \\g /dev/null"
	count
	k=$((k + $1))
}

# drain [LABEL]: SQL for the rows that were left before the mark, in space that the scans of claims had freed; a few in a
# hundred, that count as those of LABEL.  The file of the inbox is as small again after the vacuum.
drain() {
	count ${1:+"cdp $1" "refresh $1"}
	echo "SELECT cdp.refresh($BATCH) \g /dev/null"
	count
	echo 'VACUUM cdp.inbox;'
}

# bring_one: SQL for one event; first by the plain statements, in one transaction that is rolled back.  To find these
# takes scans of all tables, so each side runs once before it counts, as in a session that does nothing else.
bring_one() {
	cat <<-SQL
		COPY (SELECT * FROM $events($k, 1)) TO '$file';
		COPY cdp.inbox (:columns) FROM '$file';
		BEGIN;
		SELECT pg_current_xact_id() AS since \gset
		SELECT cdp.refresh(1) \g /dev/null
		SELECT written(:since) AS written \gset
		ROLLBACK;
		SELECT array_to_string('BEGIN'::text || s || 'ROLLBACK'::text, E'\\\\;') AS same_rows, cardinality(s) AS statements
		FROM same_rows(:'written', :since) s \gset
	SQL
	echo ':same_rows ;'
	count "plain one"
	echo ':same_rows ;'
	count
	printf '%s\n' 'BEGIN;' 'SELECT cdp.refresh(1) \g /dev/null' 'ROLLBACK;'
	count "cdp one"
	echo 'SELECT cdp.refresh(1) \g /dev/null'
	count
	echo '\warn value statements :statements'
	echo '\warn round 1'
	k=$((k + 1))
}

# copy_beside: SQL for ten COPYs of 10,000 rows while another session refreshes BATCH, and then as many alone
copy_beside() {
	cat <<-SQL
		COPY (SELECT * FROM $events($k, $BATCH)) TO '$file';
		COPY plain (:columns) FROM '$file';
		COPY cdp.inbox (:columns) FROM '$file';
		COPY (SELECT * FROM $events($k + $BATCH, 10000)) TO '$file';
		COPY cdp.inbox (:columns) FROM '$file';
		\! psql -Xqc 'SELECT cdp.refresh($BATCH)' >/dev/null &
		SELECT pg_sleep(0.3);
	SQL
	local side i
	for side in beside alone; do
		for i in {1..10}; do
			count "copy $side"
			echo "COPY cdp.inbox (:columns) FROM '$file';"
			count
			echo "SELECT count(*) = 0 AS idle FROM pg_stat_activity WHERE query LIKE 'SELECT cdp.refresh%' AND state = 'active' \\gset"
			[ $side = alone ] || printf '%s\n' '\if :idle' '\warn drop' '\endif'
			echo '\warn round 10000'
		done
		# when the refresh has ended
		[ $side = alone ] || echo 'BEGIN; LOCK TABLE cdp_data.state IN SHARE ROW EXCLUSIVE MODE; COMMIT;'
	done
	echo 'TRUNCATE cdp.inbox;'
	k=$((k + BATCH))
}

# write_script: SQL for all of a stream
write_script() {
	local round size i
	echo "SET client_min_messages = log; SET log_statement_stats = on; SET search_path = public, cdp;"
	echo "SELECT array_to_string(proargnames[3:], ', ') AS columns FROM pg_proc WHERE proname = '$events' \\gset"
	[ "$stream" = carried ] || cat <<-SQL
		SELECT count(cdp.drop_property(event, name)) FROM cdp.carried_property
		WHERE name NOT IN ('price', 'quantity', 'total', 'revenue', 'value');
	SQL
	# autovacuum is off, so that no reading has a part of it; the space of rows that were taken is freed here instead
	while [ "$k" -lt "$ROWS" ]; do
		bring "$BATCH"
		drain
	done
	echo 'VACUUM (ANALYZE);'
	for round in $(seq "$ROUNDS"); do
		for size in "$BATCH" $((BATCH / 10)) $((BATCH / 100)); do
			for ((i = 0; i < BATCH; i += size)); do
				bring "$size" "$size"
			done
			drain "$size"
		done
		echo "\\warn round $BATCH"
	done
	cat <<-SQL
		SELECT 100 - 100 * sum(accepted) / $k AS left_rows FROM cdp.batch \gset
		\warn value left :left_rows
		\warn round 1
	SQL
	for i in 1 2 3; do
		bring 1
	done
	for i in $(seq "$EVENTS"); do
		bring_one
	done
	for round in $(seq "$ROUNDS"); do
		copy_beside
	done
	printf '%s\n' 'ALTER SYSTEM SET full_page_writes = on;' 'SELECT pg_reload_conf(), pg_sleep(1);' 'CHECKPOINT;'
	bring $((BATCH / 10)) checkpoint
	printf '%s\n' "\\warn round $((BATCH / 10))" 'ALTER SYSTEM SET full_page_writes = off;' 'SELECT pg_reload_conf();'
	# the time of a stage is that of its function and of what it calls that is not PL/pgSQL
	echo "SELECT pg_stat_reset(); SET track_functions = 'pl';"
	bring "$BATCH"
}

# read_log: adds what was counted to times_of: "cpu LABEL" and "time LABEL" in microseconds an event, "wal LABEL" in bytes
read_log() {
	local what value
	while IFS='|' read -r what value; do
		times_of[$what]+=" $value"
	done < <(awk '
		/^counted$/ { stopped = 1 }
		/^count / {
			for (i = 1; i <= n; i++) sum["wal " label[i]] += $NF - wal
			wal = $NF
			sub(/^count /, "")
			sub(/ ?[^ ]*$/, "")
			n = split($0, label, "|")
			stopped = 0
		}
		/ s elapsed$/ && !stopped { for (i = 1; i <= n; i++) { sum["cpu " label[i]] += 1e6 * ($2 + $5); sum["time " label[i]] += 1e6 * $8 } }
		/^value / { sum[$2] += $3 }
		/^drop$/ { split("", sum) }
		/^round / { for (what in sum) printf "%s|%.3f\n", what, sum[what] / $2; split("", sum) }' "$log")
}

# quotient LABEL REFERENCE: that of their medians
quotient() {
	awk -v a="$(median_of "$1")" -v b="$(median_of "$2")" 'BEGIN { printf "%.2f", a / b }'
}

# note_refresh: keeps what a refresh alone takes, as a multiple of plain beside it (the machine's speed is not the same
# from minute to minute), and prints what texts add to it, if strangers without were read
note_refresh() {
	local size
	for size in "$BATCH" $((BATCH / 10)) $((BATCH / 100)); do
		refresh_of[$stream $size]=$(quotient "cpu refresh $size" "cpu plain $size")
		if [ "$stream" = carried ] && [ -n "${refresh_of[strangers $size]:-}" ]; then
			awk -v size="$size" -v with="${refresh_of[carried $size]}" -v without="${refresh_of[strangers $size]}" 'BEGIN {
				printf "texts that timelines carry add %.0f %% to a refresh of %d\n", 100 * (with / without - 1), size }'
		fi
	done
}

# print_report: what times_of has of the stream; CPU in microseconds, WAL in bytes an event
print_report() {
	local size
	printf '%8s %11s %11s %11s %11s | %11s %11s %11s\n' batch 'CPU: plain' inbox 'and refresh' 'x plain' 'WAL: plain' inbox 'and refresh'
	for size in "$BATCH" $((BATCH / 10)) $((BATCH / 100)); do
		printf '%8d %11.2f %11.2f %11.2f %11s | %11.0f %11.0f %11.0f\n' "$size" \
			"$(median_of "cpu plain $size")" "$(median_of "cpu inbox $size")" "$(median_of "cpu cdp $size")" "$(ratio_of "cpu cdp $size" "cpu plain $size")" \
			"$(median_of "wal plain $size")" "$(median_of "wal inbox $size")" "$(median_of "wal cdp $size")"
	done
	awk -v left="$(median_of left)" 'BEGIN { if (left > 1) printf "%.1f %% of the events were not taken by the refresh that they were brought for: what was read is wrong\n", left }'
	printf 'new identifiers an event: %s\n' "$(psql -XqAtc "SELECT round(sum(identifiers) / sum(accepted), 2) FROM cdp.batch WHERE accepted = $BATCH")"
	printf 'an event in a batch of %d costs %s times one in a batch of %d (bar 1.3), in one of %d %s times (bar 2)\n' $((BATCH / 10)) \
		"$(ratio_of "cpu cdp $((BATCH / 10))" "cpu cdp $BATCH")" "$BATCH" $((BATCH / 100)) "$(ratio_of "cpu cdp $((BATCH / 100))" "cpu cdp $BATCH")"
	printf 'a refresh of one event: %.2f ms, %s times the %.0f plain statements that write the same rows (bar 4); WAL %.0f bytes, %s times\n' \
		"$(awk -v t="$(median_of "cpu cdp one")" 'BEGIN { print t / 1000 }')" "$(ratio_of "cpu cdp one" "cpu plain one")" "$(median_of statements)" \
		"$(median_of "wal cdp one")" "$(ratio_of "wal cdp one" "wal plain one")"
	if [ -n "${times_of[cpu copy beside]:-}" ]; then
		printf 'COPY into the inbox beside a refresh costs %s times the CPU of COPY alone, and takes %s times as long, waiting for a core included (bar 1.1)\n' \
			"$(quotient "cpu copy beside" "cpu copy alone")" "$(quotient "time copy beside" "time copy alone")"
	else
		echo 'each refresh ended before a COPY beside it'
	fi
	printf 'WAL an event of a batch of %d after a checkpoint: %.0f bytes, plain %.0f\n' $((BATCH / 10)) "$(median_of "wal cdp checkpoint")" "$(median_of "wal plain checkpoint")"
	echo "stages of a batch of $BATCH, by time of the clock:"
	psql -XqAt -F ' ' -c "
		SELECT lpad(round(100 * f.self_time / sum(f.self_time) OVER ())::text, 4) || ' %', f.funcname
		FROM pg_stat_user_functions f ORDER BY f.self_time DESC LIMIT 15"
}

keep_full_pages() {
	psql -Xq -d "$template" -c "ALTER SYSTEM RESET full_page_writes" -c "SELECT pg_reload_conf()" >/dev/null
}
trap keep_full_pages EXIT
for stream in $STREAMS; do
	export PGDATABASE=${template}_$stream
	createdb -T "$template" "$PGDATABASE"
	psql -Xq -v ON_ERROR_STOP=1 -f "$here/refresh_data.sql" -f "$here/ingest_data.sql" \
		-c "ALTER SYSTEM SET full_page_writes = off" -c "SELECT pg_reload_conf()" >/dev/null
	k=0
	events=$stream
	[ "$stream" != carried ] || events=strangers
	write_script >"$script"
	psql -XqAt -v ON_ERROR_STOP=1 -f "$script" >/dev/null 2>"$log" || {
		grep -A 5 'ERROR\|FATAL' "$log" >&2
		exit 1
	}
	times_of=()
	read_log
	printf '\n%s, on tables of %d events (bars: %s):\n' "$stream" "$ROWS" "${bars[$stream]}"
	print_report
	note_refresh
	dropdb "$PGDATABASE"
done
