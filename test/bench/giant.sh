#!/bin/bash
# Cost of a refresh of 10,000 links that each add a new, weaker identifier to a person who has ROWS
# identifiers.  The cap prevents such a person; it is switched off here.
#   BATCHES=5     refreshes at each size; the median counts
set -euo pipefail
ROWS=${ROWS:-1000000}
BATCHES=${BATCHES:-5}

psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT cdp.init();
SELECT cdp.set_rules('{"*": {"cap": "unlimited"}}');
-- each event has a new identifier and a random existing one
CREATE PROCEDURE bring(n bigint, batch bigint DEFAULT 250000) LANGUAGE plpgsql AS $$
DECLARE
	k bigint := (SELECT s.event_id FROM cdp_data.state s);
BEGIN
	WHILE k < n LOOP
		INSERT INTO cdp.inbox (type, message_id, identifiers, "timestamp", received_at)
		SELECT 'identify', 'm' || i, jsonb_build_object('anonymous_id', jsonb_build_array('a' || lpad(i::text, 9, '0'),
			'a' || lpad(floor(((hashint8extended(i, 1) & 4503599627370495) / 4503599627370496.0::float8) * i)::bigint::text, 9, '0'))),
			timestamptz '2025-01-01' + i * interval '1 second', timestamptz '2025-01-01' + i * interval '1 second'
		FROM generate_series(k + 1, k + least(batch, n - k)) i;
		PERFORM cdp.refresh(batch);
		k := k + least(batch, n - k);
		COMMIT;
	END LOOP;
END
$$;
SQL
printf '%12s %12s %12s %14s %10s\n' identifiers profiles 'ms a batch' 'us a link' 'x first'
size=10000
first=
smallest=
while :; do
	psql -Xqc "CALL bring($size)"
	IFS='|' read -r identifiers profiles ms < <(psql -XqAt -v ON_ERROR_STOP=1 -v batches="$BATCHES" <<-'SQL' | tail -n 1
		VACUUM (ANALYZE);
		SELECT event_id + 10000 * :batches AS until FROM cdp_data.state \gset
		CALL bring(:until, 10000);
		SELECT (SELECT max(identifier_count) FROM cdp_data.profile), (SELECT count(*) FROM cdp_data.profile), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM b.elapsed) * 1000)
		FROM (SELECT * FROM cdp.batch ORDER BY batch_id DESC LIMIT :batches) b;
	SQL
	)
	first=${first:-$ms}
	smallest=${smallest:-$identifiers}
	ratio=$(awk -v a="$ms" -v b="$first" 'BEGIN { printf "%.2f", a / b }')
	printf '%12d %12d %12.0f %14.1f %10s\n' "$identifiers" "$profiles" "$ms" "$(awk -v a="$ms" 'BEGIN { print a / 10 }')" "$ratio"
	[ "$size" -lt "$ROWS" ] || break
	size=$((size * 10 < ROWS * 4 ? size * 316 / 100 : ROWS))
done
[ "$profiles" = 1 ] || echo "there are $profiles profiles instead of one"
echo "from $smallest to $identifiers identifiers in one profile a new link costs $ratio times as much (bar: flat, less than 1.5)"
