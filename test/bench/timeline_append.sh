#!/bin/bash
# Write-ahead log of appending to stored timelines: bytes for each event, of the fold alone, for ordinary
# people and for one with EVENTS events.  Measures sizes, not times, so it needs no rounds.
set -euo pipefail
EVENTS=${EVENTS:-1000000}
PEOPLE=${PEOPLE:-10000}

psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT cdp.init();
-- folds the events of table "arrived" as a refresh does
CREATE UNLOGGED TABLE arrived (profile_id bigint, event_name text, at timestamptz);
CREATE FUNCTION fold() RETURNS void LANGUAGE plpgsql SET search_path = cdp, public AS $$
DECLARE
	heavy bigint[];
BEGIN
	WITH stored AS (
		INSERT INTO cdp_data.profile AS t (profile_id, timeline)
		SELECT a.profile_id, cdp.timeline_agg(a.at, a.event_name) FROM arrived a GROUP BY a.profile_id ORDER BY a.profile_id
		ON CONFLICT (profile_id) DO UPDATE SET timeline = t.timeline || excluded.timeline
		RETURNING profile_id, pg_column_size(timeline) AS size
	)
	SELECT array_agg(profile_id) INTO heavy FROM stored WHERE size > 8000;
	PERFORM cdp_internal.seal_timelines(coalesce(heavy, '{}'));
END
$$;
-- "batches" batches of equal size, each a transaction; "people" people in turn, numbered from "base"
CREATE PROCEDURE append(batches int, events int, base bigint, people bigint, start timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	n bigint := 0;
BEGIN
	FOR b IN 1 .. batches LOOP
		DELETE FROM arrived;
		INSERT INTO arrived SELECT base + (n + i) * 7919 % people, 'event ' || abs(hashint8(n + i)) % 20, start + (n + i) * interval '37.123 seconds'
		FROM generate_series(1, events) i;
		n := n + events;
		PERFORM fold();
		COMMIT;
	END LOOP;
END
$$;
SQL

# append TITLE ARGUMENTS EVENTS: prints the bytes that one call writes for each event
append() {
	local before after
	before=$(psql -XqAtc 'SELECT pg_current_wal_insert_lsn()')
	psql -Xqc "CALL append($2)"
	after=$(psql -XqAtc "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$before')")
	printf '%-74s %8.0f\n' "$1" "$(awk -v w="$after" -v n="$3" 'BEGIN { print w / n }')"
}
printf '%-74s %8s\n' 'events appended' 'bytes of log an event'
append "$PEOPLE people, 50 events each, at once" "1, 50 * $PEOPLE, 1, $PEOPLE, '2025-01-01'" $((50 * PEOPLE))
psql -Xqc 'VACUUM cdp_data.profile' -c CHECKPOINT
append "one more event for each of these people, 1,000 in a batch" "$PEOPLE / 1000, 1000, 1, $PEOPLE, '2026-01-01'" "$PEOPLE"
append "… again, the pages not being the first time after a checkpoint" "$PEOPLE / 1000, 1000, 1, $PEOPLE, '2026-02-01'" "$PEOPLE"
append "one person, $EVENTS events, 1,000 in a batch" "$EVENTS / 1000, 1000, 1000000000, 1, '2024-01-01'" "$EVENTS"
append "that person, one event in a batch" "2000, 1, 1000000000, 1, '2026-01-01'" 2000
psql -XqAt <<'SQL' | sed 's/^/sizes of that person in bytes: tail, levels: /'
SELECT pg_column_size(timeline), pg_column_size(level_1), pg_column_size(level_2), pg_column_size(level_3) FROM cdp_data.profile WHERE profile_id = 1000000000;
SQL
