#!/bin/bash
# What consent costs a refresh: the same stream of events, of which one in 20 carries what its sender answers to a consent
# banner, without purposes and with the five of the template gdpr.
#   ROWS=200000   events that both sides hold before anything is counted
#   BATCH=50000   events in a reading, as one batch
#   STATEMENTS=1  of how many purposes such an event speaks, up to 4
#   ROUNDS=5      readings of each side, in turns; the median of the ratios counts.  Bar: 1.10
# What counts is the CPU of the backend.
set -euo pipefail
ROWS=${ROWS:-200000}
BATCH=${BATCH:-50000}
ROUNDS=${ROUNDS:-5}
STATEMENTS=${STATEMENTS:-1}

for side in without with; do
	psql -Xq -v ON_ERROR_STOP=1 -c "CREATE DATABASE privacy_$side ENCODING 'UTF8' TEMPLATE template0"
	PGDATABASE=privacy_$side psql -Xq -v ON_ERROR_STOP=1 -v side="$side" -v statements="$STATEMENTS" >/dev/null <<-'SQL'
		SET client_min_messages = warning;
		CREATE EXTENSION cdp;
		SELECT cdp.init();
		SELECT cdp.apply_purpose_template('gdpr') WHERE :'side' = 'with';
		CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql VOLATILE AS $$
			SELECT (s[12]::numeric + s[13]::numeric) / 100 FROM (SELECT string_to_array(substr(t, length(t) - position(')' IN reverse(t)) + 3), ' ') AS s FROM pg_read_file('/proc/self/stat') t) f $$;
		-- numbers below m that follow from a number
		CREATE FUNCTION chance(seed bigint, m bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8extended(seed, 7) & 9223372036854775807) % m $$;
		-- the first of these categories
		CREATE FUNCTION categories() RETURNS integer LANGUAGE sql IMMUTABLE RETURN :statements;
		-- events from k on: of 100,000 people with two devices each, a third of them signed in, and of new ones
		CREATE FUNCTION bring(k bigint, n bigint) RETURNS void LANGUAGE sql AS $$
			INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, properties, context, "timestamp", source)
			SELECT 'm' || i, 'track', 'Product Viewed', format('a%s-%s', p, chance(i * 7, 2)), CASE WHEN chance(i * 3, 3) = 0 THEN 'u' || p END,
				jsonb_build_object('price', i % 300, 'sku', 's' || i % 1000),
				jsonb_build_object('ip', '10.0.0.' || i % 200, 'locale', 'en-US', 'userAgent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)') || CASE WHEN i % 20 = 0
					THEN jsonb_build_object('consent', jsonb_build_object('categoryPreferences', jsonb_build_object('Advertising', chance(i * 5, 3) = 0,
						'Analytics', chance(i * 11, 3) > 0, 'Functional', true, 'Marketing', chance(i * 13, 2) = 0)
						- ('{Analytics,Functional,Marketing}'::text[])[categories() :])) ELSE '{}' END,
				timestamptz '2026-01-01' + i * interval '3 seconds', 'web'
			FROM generate_series(k + 1, k + n) i CROSS JOIN LATERAL (SELECT CASE WHEN chance(i, 10) = 0 THEN 100000 + i ELSE chance(i * 17, 100000) END AS p) c $$;
		
	SQL
done

# refresh SIDE K N: CPU of a refresh of the next N events
refresh() {
	PGDATABASE=privacy_$1 psql -XqAt -v ON_ERROR_STOP=1 -v k="$2" -v n="$3" <<-'SQL'
		SELECT bring(:k, :n) \g /dev/null
		SELECT cdp.refresh(1) \g /dev/null
		SELECT cpu() AS before \gset
		SELECT cdp.refresh(:n) \g /dev/null
		SELECT round(cpu() - :before, 2);
	SQL
}
for side in without with; do
	refresh "$side" 0 "$ROWS" >/dev/null
done
ratios=
for round in $(seq "$ROUNDS"); do
	k=$((ROWS + (round - 1) * BATCH))
	without=$(refresh without "$k" "$BATCH")
	with=$(refresh with "$k" "$BATCH")
	ratios+=$(awk -v a="$with" -v b="$without" 'BEGIN { printf "%.3f", a / b }')$'\n'
	echo "without purposes: $without s; with: $with s"
done
echo "with purposes, times without: $(sort -n <<<"${ratios%$'\n'}" | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }') (bar 1.10)"
PGDATABASE=privacy_with psql -XqAt <<'SQL'
SELECT format('%s statements of the ledger, %s people, %s of them who may be used for advertising', count(*), (SELECT count(*) FROM cdp_data.profile),
	(SELECT count(*) FROM cdp_data.profile p JOIN cdp.purpose q ON p.purposes >> q.purpose_id & 1 = 1 WHERE q.name = 'advertising')) FROM cdp_data.consent;
SELECT format('wrong: %s', v) FROM cdp.verify() v LIMIT 5;
SQL
