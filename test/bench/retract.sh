#!/bin/bash
# What it costs to take events back, beside what it cost to add them, and beside folding the people anew; and what a stream
# costs of which a tenth are corrections, beside one without.  What counts is the CPU of the backend, as Linux counts it.
#   ROWS=200000   events of people that are there before
#   ROUNDS=5      repetitions, of which the median counts
#   BIG=100000    events of the person with many, and of the kiosk alone
set -euo pipefail
ROWS=${ROWS:-200000}
ROUNDS=${ROUNDS:-5}
BIG=${BIG:-100000}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v big="$BIG" >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT cdp.init();
CREATE TABLE spent (what text, ms float8);
CREATE FUNCTION add(prefix text, person bigint, kiosk text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, identifiers, properties, "timestamp", received_at, source)
	VALUES (prefix || person, 'track', 'Product Viewed', 'u' || person, 'a' || person % 70000, CASE WHEN kiosk IS NOT NULL THEN jsonb_build_object('device_id', kiosk) END,
		'{"sku": "12345", "price": 9.5}', timestamptz '2025-01-01' + person * interval '1 second', timestamptz '2025-07-01', 'web')
$$;
CREATE FUNCTION cpu_ms() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6 $$;
-- a statement's milliseconds, noted under a name; of several, each with its number in place of %s
CREATE PROCEDURE note(what text, statement text, times integer DEFAULT 1) LANGUAGE plpgsql AS $$
DECLARE
	started float8 := cpu_ms();
BEGIN
	FOR i IN 1 .. times LOOP
		EXECUTE format(statement, i);
	END LOOP;
	INSERT INTO spent VALUES (what, (cpu_ms() - started) / times);
END
$$;
CREATE FUNCTION fold_anew(people text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp_internal.start_batch();
	PERFORM cdp_internal.change_graph(refolded => people);
END
$$;
SELECT count(add('first ', i)) FROM generate_series(1, :rows) i;
SELECT cdp.refresh();
INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, "timestamp", received_at, source)
SELECT 'big ' || i, 'track', 'Product Viewed', 'big', 'a big', timestamptz '2025-01-01' + i * interval '1 second', '2025-07-01', 'web' FROM generate_series(1, :big) i;
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", received_at, source)
SELECT 'alone ' || i, 'track', 'Product Viewed', '{"device_id": "kiosk"}', timestamptz '2025-01-01' + i * interval '1 second', '2025-07-01', 'web' FROM generate_series(1, :big) i;
SELECT count(add('kiosk ', i, 'kiosk')) FROM generate_series(1, 20000) i;
SELECT cdp.set_sources('{"still": {"party": "first"}, "shop": {"party": "first", "mutable": true, "version": "version"}}');
-- orders from one number on; with a version above 1 they are corrections.  Both sources have as many people, each with as
-- many orders: what it takes to append to a timeline depends on how many events it has.
CREATE FUNCTION sell(source text, first bigint, number bigint, version integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", received_at, source)
	SELECT source || ' ' || i, 'track', 'Order Completed', 'u' || 2 * (i % 25000) + (source = 'shop')::integer, jsonb_build_object('version', version, 'total', 10 * version), timestamptz '2025-02-01' + i * interval '1 second', '2025-07-01', source
	FROM generate_series(first, first + number - 1) i
$$;
SELECT sell('shop', 1, 50000, 1), sell('still', 1, 50000, 1);
DO $$ BEGIN WHILE (SELECT taken FROM cdp.refresh()) > 0 LOOP NULL; END LOOP; END $$;
VACUUM (ANALYZE);
SQL
for round in $(seq "$ROUNDS"); do
	psql -Xq -v ON_ERROR_STOP=1 -v round="$round" -v rows="$ROWS" -v big="$BIG" >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT count(add('known ' || :round || ' ', i * (:rows / 1000))) FROM generate_series(1, 1000) i;
CALL note('adding 1,000 events of known people', 'SELECT cdp.refresh()');
CALL note('taking them back by message', format('SELECT cdp.retract(message_ids => ARRAY(SELECT %L || i * %s FROM generate_series(1, 1000) i))', 'known ' || :round || ' ', :rows / 1000));
SELECT count(add('new ' || :round || ' ', 10000000 + i)) FROM generate_series(1, 1000) i;
CALL note('adding 1,000 events of new people', 'SELECT cdp.refresh()');
CALL note('taking them back by number', 'SELECT cdp.retract(event_ids => ARRAY(SELECT event_id - 1000 + i FROM cdp_data.state, generate_series(1, 1000) i))');
CALL note('folding a person of many events anew', $$SELECT fold_anew('SELECT cdp.profile_of(''user_id:big'')')$$);
CALL note('taking the latest of these back', format('SELECT cdp.retract(message_ids => ARRAY[''big '' || %s])', :big - :round));
CALL note('folding the kiosk anew', $$SELECT fold_anew('SELECT cdp.profile_of(''device_id:kiosk'')')$$);
CALL note('taking an event of the kiosk alone back', format('SELECT cdp.retract(message_ids => ARRAY[''alone '' || %s])', :big - :round));
CALL note('folding a visitor of the kiosk anew', $$SELECT fold_anew('SELECT cdp.profile_of(''user_id:u%s'')')$$, 20);
SELECT sell('still', 40001 + :round * 10000, 10000, 1);
CALL note('adding 10,000 orders', 'SELECT cdp.refresh()');
SELECT sell('shop', 41001 + :round * 9000, 9000, 1), sell('shop', :round * 2000, 1000, 2);
CALL note('adding 9,000 orders and correcting 1,000', 'SELECT cdp.refresh()');
CALL note('taking a visit of the kiosk back', format('SELECT cdp.retract(message_ids => ARRAY[''kiosk '' || %s + %%s])', :round * 20), 20);
SQL
done
psql -XqAt -F '|' <<'SQL' | while IFS='|' read -r what ms beside ratio bar; do
WITH median AS (SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM spent GROUP BY what)
SELECT t.what, round(t.ms::numeric, 1), a.what, round((t.ms / a.ms)::numeric, 2), p.bar
FROM (VALUES ('taking them back by message', 'adding 1,000 events of known people', 3), ('taking them back by number', 'adding 1,000 events of new people', 3),
	('taking the latest of these back', 'folding a person of many events anew', 2), ('taking an event of the kiosk alone back', 'folding the kiosk anew', 2),
	('taking a visit of the kiosk back', 'folding a visitor of the kiosk anew', 2), ('adding 9,000 orders and correcting 1,000', 'adding 10,000 orders', 1.5)) AS p (what, beside, bar)
JOIN median t ON t.what = p.what JOIN median a ON a.what = p.beside
SQL
	printf '%-42s %8s ms, %s times %s (bar: %s)\n' "$what" "$ms" "$ratio" "$beside" "$bar"
done
