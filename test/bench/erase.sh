#!/bin/bash
# What it costs to erase people, beside plain DELETEs of their rows; and many in one call, beside one by one.  What
# suppression costs a refresh.  What counts is the CPU of the backend, as Linux counts it.
#   ROWS=200000      events of other people
#   ROUNDS=5         repetitions, of which the median counts
#   BIG=100000       events of a person with many
#   SUPPRESSED=10000 people who were erased before, for the refresh
set -euo pipefail
ROWS=${ROWS:-200000}
ROUNDS=${ROUNDS:-5}
BIG=${BIG:-100000}
SUPPRESSED=${SUPPRESSED:-10000}

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" -v big="$BIG" -v rounds="$ROUNDS" >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT cdp.init();
CREATE TABLE spent (what text, ms float8);
CREATE FUNCTION cpu_ms() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6 $$;
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
-- a person with some events, of three identifiers
CREATE FUNCTION add(person text, events integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, anonymous_id, identifiers, properties, "timestamp", received_at, source)
	SELECT person || ' ' || i, 'track', 'Product Viewed', person, 'a ' || person, jsonb_build_object('email', replace(person, ' ', '.') || '@example.com'),
		'{"sku": "12345", "price": 9.5}', timestamptz '2025-01-01' + i * interval '1 minute', timestamptz '2025-12-01', 'web'
	FROM generate_series(1, events) i
$$;
-- the plain DELETEs of what cdp.erase() deletes of a person, each planned when it is run, as those that are sent by hand
CREATE FUNCTION delete_rows(person text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, cdp AS $$
DECLARE
	ids bigint[] := ARRAY(SELECT i.identifier_id FROM cdp_data.identifier i WHERE i.profile_id = cdp.profile_of(person::cdp.identifier));
	keys uuid[];
	statement text;
BEGIN
	EXECUTE 'WITH gone AS (DELETE FROM cdp_data.event e WHERE e.identifier_id = ANY ($1) RETURNING e.message_id, e.source)
		SELECT array_agg(cdp_internal.event_message_key(g.message_id, g.source)) FROM gone g' INTO keys USING ids;
	EXECUTE 'DELETE FROM cdp_data.message m WHERE m.message_key = ANY ($1)' USING keys;
	FOREACH statement IN ARRAY '{link l WHERE l.a = ANY ($1) OR l.b = ANY ($1),base b WHERE b.identifier_id = ANY ($1),
		profile p WHERE p.profile_id = ANY ($1),profile_identifier p WHERE p.profile_id = ANY ($1),membership m WHERE m.profile_id = ANY ($1),
		identifier_history h WHERE h.identifier_id = ANY ($1),account_member m WHERE m.identifier_id = ANY ($1),
		identifier_map m USING cdp_data.identifier i WHERE i.identifier_id = ANY ($1) AND m.hash = cdp_internal.map_hash(i.identifier) AND m.identifier_id = i.identifier_id,
		verdict v USING cdp_data.identifier i WHERE i.identifier_id = ANY ($1) AND v.a = i.identifier,verdict v USING cdp_data.identifier i WHERE i.identifier_id = ANY ($1) AND v.b = i.identifier,
		change c WHERE c.profile_id = ANY ($1),undone u WHERE u.profile_id = ANY ($1),identifier i WHERE i.identifier_id = ANY ($1)}'::text[] LOOP
		EXECUTE 'DELETE FROM cdp_data.' || btrim(statement, E'\n\t ') USING ids;
	END LOOP;
END
$$;
SELECT count(add('other ' || i, 10)) FROM generate_series(1, :rows / 10) i;
SELECT count(add('small ' || r || ' ' || i, 10)) FROM generate_series(1, :rounds) r, generate_series(1, 200) i;
SELECT count(add('plain ' || r || ' ' || i, 10)) FROM generate_series(1, :rounds) r, generate_series(1, 20) i;
SELECT count(add('many ' || r || ' ' || i, 10)) FROM generate_series(1, :rounds) r, generate_series(1, 100) i;
SELECT count(add('big ' || r, :big)), count(add('huge ' || r, :big)) FROM generate_series(1, :rounds) r;
DO $$ BEGIN WHILE (SELECT taken FROM cdp.refresh()) > 0 LOOP NULL; END LOOP; END $$;
VACUUM (ANALYZE);
SQL
for round in $(seq "$ROUNDS"); do
	psql -Xq -v ON_ERROR_STOP=1 -v round="$round" >/dev/null <<'SQL'
SET client_min_messages = warning;
SET cdp.suppression_key = 'a key of forty characters, for the bench';
SELECT cdp.erase('user_id:small ' || :round || ' 200'), delete_rows('user_id:plain ' || :round || ' 20');
CALL note('erasing a person of 10 events', format('SELECT cdp.erase(''user_id:small %s %%s'')', :round), 19);
CALL note('deleting its rows', format('SELECT delete_rows(''user_id:plain %s %%s'')', :round), 19);
CALL note('erasing a person of many events', format('SELECT cdp.erase(''user_id:big %s'')', :round));
CALL note('deleting its many rows', format('SELECT delete_rows(''user_id:huge %s'')', :round));
CALL note('erasing 100 people, one by one', format($$SELECT count(cdp.erase('user_id:small %s ' || i)) FROM generate_series(21, 120) i$$, :round));
CALL note('erasing 100 people in one call', format($$SELECT cdp.erase(ARRAY(SELECT 'user_id:many %s ' || i FROM generate_series(1, 100) i))$$, :round));
SQL
done
# the same rows with and without people who are suppressed
psql -Xq -v ON_ERROR_STOP=1 -v rounds="$ROUNDS" -v suppressed="$SUPPRESSED" >/dev/null <<'SQL'
SET client_min_messages = warning;
SET cdp.suppression_key = 'a key of forty characters, for the bench';
CREATE TABLE kept AS SELECT suppression_fingerprint AS fingerprint FROM cdp_data.state;
SELECT cdp_internal.suppress(ARRAY(SELECT ('email:gone' || i || '@example.com')::cdp.identifier FROM generate_series(1, :suppressed) i), 1);
CREATE PROCEDURE ingest(what text, prefix text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(add(prefix || i, 5)) FROM generate_series(1, 4000) i;
	CALL note(what, 'SELECT cdp.refresh()');
END
$$;
CREATE PROCEDURE ingest_both(round integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR turn IN 1 .. 4 LOOP
		IF (turn % 2 = 0) = (current_setting('bench.first') = 'with') THEN
			UPDATE cdp_data.state SET suppression_fingerprint = NULL;
			CALL ingest('refreshing without', format('without %s %s ', round, turn));
			UPDATE cdp_data.state SET suppression_fingerprint = (SELECT fingerprint FROM kept);
		ELSE
			CALL ingest('refreshing with suppression', format('with %s %s ', round, turn));
		END IF;
	END LOOP;
END
$$;
SQL
for round in $(seq $((2 * ROUNDS))); do
	psql -Xq -v ON_ERROR_STOP=1 -v round="$round" >/dev/null <<'SQL'
SET client_min_messages = warning;
SET cdp.suppression_key = 'a key of forty characters, for the bench';
CALL ingest('warming up', 'warm ' || :round || ' ');
-- in turns, so that neither is always the first
SELECT set_config('bench.first', CASE WHEN :round % 2 = 0 THEN 'with' ELSE 'without' END, false);
CALL ingest_both(:round);
SQL
done
psql -XqAt -F '|' <<'SQL' | while IFS='|' read -r what ms beside ratio bar; do
WITH median AS (SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM spent GROUP BY what)
SELECT m.what, round(m.ms::numeric, 2), r.beside, round((m.ms / b.ms)::numeric, 2), r.bar
FROM (VALUES (1, 'erasing a person of 10 events', 'deleting its rows', 3.0), (2, 'erasing a person of many events', 'deleting its many rows', 2.0),
	(3, 'erasing 100 people in one call', 'erasing 100 people, one by one', 0.5), (4, 'refreshing with suppression', 'refreshing without', 1.03)) r (place, what, beside, bar)
JOIN median m ON m.what = r.what JOIN median b ON b.what = r.beside ORDER BY r.place
SQL
	printf '%-40s %10s ms, %5s times %s (at most %s)\n' "$what" "$ms" "$ratio" "$beside" "$bar"
done
