#!/bin/bash
# Two years in which 8 % of logins are on a friend's device, so that refused links connect most identifiers:
# cost of a batch of 10,000 events, and how much a rework splits.
# ROWS events of ROWS / 100 people, each with five friends and two devices whose cookies last 120 days.
set -euo pipefail
ROWS=${ROWS:-1000000}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT cdp.init();
SELECT :rows AS all_rows, greatest(:rows / 100, 20) AS people \gset
CREATE TABLE size AS SELECT :all_rows::bigint AS events, :people::bigint AS people;
CREATE FUNCTION chance(n bigint, salt int) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(n, salt) & 4503599627370495) / 4503599627370496.0::double precision;
-- visits of two events: 60 % have a login, 8 % of these on the device of one of five friends; 1 % of events are late
CREATE PROCEDURE bring(n bigint) LANGUAGE plpgsql AS $$
DECLARE
	k bigint := (SELECT s.event_id FROM cdp_data.state s);
BEGIN
	WHILE k < n LOOP
		INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, identifiers, "timestamp", received_at)
		SELECT 'track', 'View', 'm' || e.number, concat_ws('-', 'cookie', e.owner, floor(power(chance(e.visit, 1), 4) * 2), floor(e.day / 120 + chance(e.owner, 2))),
			   CASE WHEN e.login THEN 'user ' || e.person END,
			   CASE WHEN e.login AND chance(e.visit, 3) < 0.2 THEN jsonb_build_object('email', 'person' || e.person || '@example.com') END,
			   timestamptz '2024-01-01' + e.day * interval '1 day' - CASE WHEN chance(e.number, 4) < 0.01 THEN chance(e.number, 5) * interval '20 days' ELSE interval '0' END,
			   timestamptz '2024-01-01' + e.day * interval '1 day'
		FROM (SELECT p.*, CASE WHEN p.login AND chance(p.visit, 6) < 0.08 THEN floor(chance(p.person * 5 + floor(chance(p.visit, 7) * 5)::bigint, 8) * p.people)::bigint ELSE p.person END AS owner
			  FROM (SELECT v.*, s.people, floor(chance(v.visit, 9) * s.people)::bigint AS person, chance(v.visit, 10) < 0.6 AS login, v.number * 730.0 / s.events AS day
					FROM size s, (SELECT i AS number, i / 2 AS visit FROM generate_series(k + 1, k + least(10000, n - k)) i OFFSET 0) v OFFSET 0) p OFFSET 0) e;
		PERFORM cdp.refresh(10000);
		k := k + 10000;
		COMMIT;
	END LOOP;
END
$$;
SQL
printf '%12s %12s %12s %12s %10s %10s %10s %10s\n' events identifiers 'ms a batch' 'x first' reworks reworked largest refused
first=
for tenth in 1 2 3 4 5 6 7 8 9 10; do
	psql -Xqc "CALL bring($ROWS * $tenth / 10)"
	IFS='|' read -r events identifiers ms reworks reworked largest refused < <(psql -XqAt -v ON_ERROR_STOP=1 -v batches=$((ROWS >= 100000 ? ROWS / 100000 : 1)) <<-'SQL'
		SELECT s.event_id, (SELECT count(*) FROM cdp_data.identifier), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM b.elapsed) * 1000),
			   sum(b.reworks), sum(b.identifiers_reworked), max(b.largest_rework), (SELECT count(*) FROM cdp_data.link WHERE refused)
		FROM cdp_data.state s, LATERAL (SELECT * FROM cdp.batch ORDER BY batch_id DESC LIMIT :batches) b GROUP BY s.event_id;
	SQL
	)
	psql -Xqc 'VACUUM (ANALYZE)'
	first=${first:-$ms}
	ratio=$(awk -v a="$ms" -v b="$first" 'BEGIN { printf "%.2f", a / b }')
	printf '%12d %12d %12.0f %12s %10d %10d %10d %10d\n' "$events" "$identifiers" "$ms" "$ratio" "$reworks" "$reworked" "$largest" "$refused"
done
psql -XqAt -F ' ' <<'SQL' | awk -v ratio="$ratio" '{ printf "refused links counted, %d of %d identifiers are connected; no person has more than %d\nthe last tenth cost %s times the first a batch (bar: flat, less than 1.5); the largest rework had %d identifiers (bar: 1000)\n", $1, $2, $3, ratio, $4 }'
SELECT max(c.size), sum(c.size), (SELECT max(identifier_count) FROM cdp_data.profile), (SELECT max(largest_rework) FROM cdp.batch)
FROM (SELECT count(*) AS size FROM cdp.components('SELECT ARRAY[l.a, l.b] AS id FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a JOIN cdp_data.identifier y ON y.identifier_id = l.b WHERE NOT x.shared AND NOT y.shared') GROUP BY component) c
SQL
