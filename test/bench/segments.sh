#!/bin/bash
# What kept memberships cost: judging those whom a batch touched, refreshes with and without segments, the lapses of a
# day, and a reader an hour after the last batch; beside a full evaluation of all segments.  What counts is the CPU of
# the backend, as Linux counts it.
#   PEOPLE="100000 1000000"   numbers of people, one after the other
#   ROUNDS=5                  repetitions, of which the median counts
set -euo pipefail
PEOPLE=${PEOPLE:-100000 1000000}
ROUNDS=${ROUNDS:-5}

here=$(cd "$(dirname "$0")" && pwd)
psql -Xq -v ON_ERROR_STOP=1 -f "$here/segments_data.sql" >/dev/null
psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE TABLE spent (people bigint, what text, ms float8);
CREATE FUNCTION cpu_ms() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6 $$;
CREATE PROCEDURE note(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	started float8 := cpu_ms();
BEGIN
	EXECUTE statement;
	INSERT INTO spent SELECT count(*), what, cpu_ms() - started FROM cdp_data.profile;
END
$$;
-- the same in a batch at an instant, of which nothing stays
CREATE PROCEDURE note_in_batch(what text, statement text, later interval) LANGUAGE plpgsql AS $$
DECLARE
	started float8;
	ms float8;
BEGIN
	BEGIN
		UPDATE cdp_data.state SET as_of = greatest(as_of, clock_timestamp()) + later;
		PERFORM cdp_internal.start_batch();
		started := cpu_ms();
		EXECUTE statement;
		ms := cpu_ms() - started;
		RAISE SQLSTATE 'XX999';
	EXCEPTION WHEN SQLSTATE 'XX999' THEN
		INSERT INTO spent SELECT count(*), what, ms FROM cdp_data.profile;
	END;
END
$$;
CREATE PROCEDURE measure_refresh(round integer, number integer) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (type, event, user_id, properties)
	SELECT 'track', 'view', 'u' || (i / 5 * 37 + round * 11 + number) % 90000 + 1, '{"total": 5}' FROM generate_series(1, 10000) i;
	COMMIT;
	-- visits of five events each, as in the bench of ingest
	CALL note(format('a refresh of 10,000 events, %s segments', number), 'SELECT cdp.refresh()');
END
$$;
SQL
last=0
for people in $PEOPLE; do
	psql -Xq -v ON_ERROR_STOP=1 -c "CALL arrive($last, $people)" -c "VACUUM (ANALYZE)" >/dev/null
	if [ "$last" = 0 ]; then
		for number in 0 5 50; do
			psql -Xq -v ON_ERROR_STOP=1 -c "SET client_min_messages = error" -c "CALL have($number)" -c "VACUUM (ANALYZE)" >/dev/null
			for round in $(seq "$ROUNDS"); do
				psql -Xq -v ON_ERROR_STOP=1 -c "CALL measure_refresh($round, $number)"
			done
		done
	fi
	last=$people
	psql -Xq -v ON_ERROR_STOP=1 -c "VACUUM (ANALYZE) cdp_data.membership"
	for round in $(seq "$ROUNDS"); do
		psql -Xq -v ON_ERROR_STOP=1 -v round="$round" >/dev/null <<'SQL'
SELECT cdp.refresh();
CALL note('a full evaluation of all', 'SELECT count(*) FROM cdp_internal.verify_memberships()');
SELECT array_agg(1 + (i * 97 + :round) % 90000)::text AS ids FROM generate_series(1, 1000) i \gset
CALL note_in_batch('judging 1,000 who are touched', format($$SELECT cdp_internal.keep_touched(%L::bigint[], array_fill('event'::text, '{1000}'), array_fill(NULL::bigint, '{1000}'), array_fill(NULL::bigint, '{1000}'), 'event', '{}')$$, :'ids'), '0');
CALL note_in_batch('the lapses of a day', 'SELECT cdp_internal.keep_lapsed(cdp_internal.batch_as_of(), false)', '1 day');
CALL note('members of one, at the last batch', $$SELECT count(*) FROM cdp.members('s10')$$);
UPDATE cdp_data.state SET as_of = greatest(as_of, now()) + interval '1 hour';
CALL note('members of one, an hour after', $$SELECT count(*) FROM cdp.members('s10')$$);
CALL note('is_member an hour after, 1,000 times', $$SELECT count(*) FROM generate_series(1, 1000) i WHERE cdp.is_member('s10', i)$$);
UPDATE cdp_data.state SET as_of = as_of - interval '1 hour';
SQL
	done
done
psql -Xq <<'SQL'
SELECT s.people, s.what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.ms)::numeric, 1) AS ms, count(*) AS rounds,
	round((percentile_cont(0.5) WITHIN GROUP (ORDER BY s.ms) / f.ms)::numeric, 4) AS of_a_full_evaluation
FROM spent s
JOIN (SELECT people, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM spent WHERE what LIKE 'a full%' GROUP BY people) f USING (people)
GROUP BY s.people, s.what, f.ms ORDER BY s.people, min(s.ctid);
SELECT pg_size_pretty(pg_table_size('cdp_data.membership')) AS memberships, pg_size_pretty(pg_indexes_size('cdp_data.membership')) AS indexes, (SELECT count(*) FROM cdp_data.membership) AS people;
SQL
