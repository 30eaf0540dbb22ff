#!/bin/bash
# The store's two forms beside plain statements over a table of the same rows: microseconds of the backend's processor
# time a row, and what multiple of the plain statement's that is.  Tables of BASE rows, shaped as those of the platform.
#   BATCH=100000  rows at once    BASE=300000  rows before    ROUNDS=3
set -euo pipefail
BATCH=${BATCH:-100000}
BASE=${BASE:-300000}
ROUNDS=${ROUNDS:-3}

psql -Xq -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION cdp_store_test;
SELECT cdp.init();
CREATE SCHEMA bench;
CREATE TABLE bench.result (round integer, what text, form text, cpu float8);

-- tables as the platform's, with the indexes that the work of a batch meets
CREATE PROCEDURE bench.make() LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS bench.identifier, bench.event, bench.link;
	CREATE TABLE bench.identifier (
		identifier_id bigint PRIMARY KEY, profile_id bigint NOT NULL, shared boolean NOT NULL DEFAULT false,
		blocked boolean NOT NULL DEFAULT false, link_counts bytea NOT NULL DEFAULT '', batch_id bigint NOT NULL,
		since_batch_id bigint NOT NULL);
	CREATE INDEX ON bench.identifier (profile_id);
	CREATE TABLE bench.event (LIKE cdp_data.event INCLUDING ALL) PARTITION BY RANGE ("timestamp");
	CREATE TABLE bench.event_1 PARTITION OF bench.event FOR VALUES FROM ('2026-01-01+00') TO ('2026-02-01+00');
	CREATE TABLE bench.event_2 PARTITION OF bench.event FOR VALUES FROM ('2026-02-01+00') TO ('2026-03-01+00');
	CREATE TABLE bench.link (LIKE cdp_data.link INCLUDING ALL);
END $$;

-- the rows from one number on to another: new identifiers, events of any, links of new ones to any
CREATE PROCEDURE bench.stage(first bigint, last bigint) LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS bench.new_identifier, bench.new_event, bench.new_link;
	CREATE TABLE bench.new_identifier AS
		SELECT i AS identifier_id, CASE WHEN i % 3 = 0 THEN 1 + hashint8extended(i, 1) & 1048575 ELSE i END
			AS profile_id,
			   i / 10000 AS batch_id
		FROM generate_series(first, last) i;
	CREATE TABLE bench.new_event AS
		SELECT i AS event_id, hashint8extended(i, 2) & 262143 AS identifier_id,
			   timestamptz '2026-01-15+00' + (hashint8extended(i, 3) & 2097151) * interval '1 second' AS "timestamp",
			   i / 10000 AS batch_id, 'message-' || i AS message_id, 'track'::text AS type, 'Product Viewed'::text
				AS event,
			   jsonb_build_object('product', i % 977, 'price', i % 97, 'category', 'category ' || i % 37, 'path',
				'/p/' || i) AS properties,
			   timestamptz '2026-02-20' AS received_at, 'web'::text AS source
		FROM generate_series(first, last) i ORDER BY 2, 3;
	CREATE TABLE bench.new_link AS
		SELECT 1 + hashint8extended(i, 4) & 262143 AS a, 1000000 + i AS b, 1 AS source_id,
			   timestamptz '2026-01-15+00' AS first_at, timestamptz '2026-01-15+00' AS last_at, 1::bigint AS events,
			   'message-' || i AS message_id, i / 10000 AS batch_id, i / 10000 AS last_batch_id
		FROM generate_series(first, last) i ORDER BY 1, 2;
	ANALYZE bench.new_identifier, bench.new_event, bench.new_link;
END $$;

-- the platform's tables at their base size
CREATE PROCEDURE bench.fill(base bigint) LANGUAGE plpgsql AS $$
BEGIN
	CALL bench.make();
	CALL bench.stage(1, base);
	INSERT INTO bench.identifier (identifier_id, profile_id, batch_id, since_batch_id)
	SELECT identifier_id, profile_id, batch_id, batch_id FROM bench.new_identifier;
	INSERT INTO bench.event (event_id, identifier_id, "timestamp", batch_id, message_id, type, event, properties,
		received_at, source)
	TABLE bench.new_event;
	INSERT INTO bench.link (a, b, source_id, first_at, last_at, events, message_id, batch_id,
		last_batch_id) TABLE bench.new_link;
	ANALYZE bench.identifier, bench.event, bench.link;
END $$;

-- notes what a statement costs; the arrays are the parameters
CREATE PROCEDURE bench.note(round integer, what text, form text, INOUT before float8, rows bigint)
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO bench.result VALUES (round, what, form, (store_test.cpu() - before) / rows);
	before := store_test.cpu();
END $$;

CREATE PROCEDURE bench.turn(turn integer, form text, batch bigint, base bigint) LANGUAGE plpgsql AS $$
DECLARE
	new_i record;
	new_e record;
	new_l record;
	keys bigint[];
	targets bigint[];
	t float8;
BEGIN
	CALL bench.fill(base);
	CALL bench.stage(base + 1, base + batch);
	SELECT array_agg(identifier_id) AS a, array_agg(profile_id) AS b, array_agg(batch_id) AS c INTO new_i
		FROM bench.new_identifier;
	SELECT array_agg(event_id) AS a, array_agg(identifier_id) AS b, array_agg("timestamp") AS c, array_agg(batch_id)
		AS d,
		   array_agg(message_id) AS e, array_agg(type) AS f, array_agg(event) AS g, array_agg(properties) AS h,
		   array_agg(received_at) AS i, array_agg(source) AS j INTO new_e FROM bench.new_event;
	SELECT array_agg(a) AS a, array_agg(b) AS b, array_agg(source_id) AS c, array_agg(first_at) AS d, array_agg(last_at)
		AS e,
		   array_agg(events) AS f, array_agg(message_id) AS g, array_agg(batch_id) AS h, array_agg(last_batch_id) AS i
	INTO new_l FROM bench.new_link;
	SELECT array_agg(k), array_agg(1 + hashint8extended(k, 5) & 1048575) INTO keys, targets
	FROM (SELECT k FROM generate_series(1, base) k ORDER BY hashint8extended(k, 6) LIMIT batch) k;
	CREATE TEMP TABLE key ON COMMIT DROP AS SELECT k, v FROM unnest(keys, targets) AS u (k, v);
	ANALYZE key;

	t := store_test.cpu();
	IF form = 'plain' THEN
		INSERT INTO bench.identifier (identifier_id, profile_id, batch_id, since_batch_id)
		SELECT identifier_id, profile_id, batch_id, batch_id FROM bench.new_identifier;
		CALL bench.note(turn, '1 insert identifiers', form, t, batch);
		INSERT INTO bench.event (event_id, identifier_id, "timestamp", batch_id, message_id, type, event, properties,
			received_at, source)
		TABLE bench.new_event;
		CALL bench.note(turn, '2 insert events', form, t, batch);
		INSERT INTO bench.link (a, b, source_id, first_at, last_at, events, message_id, batch_id,
			last_batch_id) TABLE bench.new_link;
		CALL bench.note(turn, '3 insert links', form, t, batch);
		PERFORM count(i.profile_id) FROM key JOIN bench.identifier i ON i.identifier_id = k;
		CALL bench.note(turn, '4 find identifiers by number', form, t, batch);
		PERFORM count(b.last_at) FROM key JOIN bench.link b ON b.a = k;
		CALL bench.note(turn, '5 find links by one end', form, t, batch);
		UPDATE bench.identifier SET batch_id = v FROM key WHERE identifier_id = k;
		CALL bench.note(turn, '6 update identifiers, no index', form, t, batch);
		UPDATE bench.identifier SET profile_id = v FROM key WHERE identifier_id = k;
		CALL bench.note(turn, '7 update identifiers, one index', form, t, batch);
		INSERT INTO bench.identifier (identifier_id, profile_id, batch_id, since_batch_id) SELECT k + base - batch, v,
			v, v FROM key
		ON CONFLICT (identifier_id) DO UPDATE SET profile_id = excluded.profile_id, batch_id = excluded.batch_id,
			since_batch_id = excluded.since_batch_id;
		CALL bench.note(turn, '8 upsert identifiers', form, t, batch);
		DELETE FROM bench.link USING key WHERE a = k;
		CALL bench.note(turn, '9 delete links by one end', form, t, batch);
		RETURN;
	END IF;
	PERFORM store_test.insert(form, 'bench.identifier', '{identifier_id,profile_id,batch_id,since_batch_id}', new_i.a,
		new_i.b, new_i.c, new_i.c);
	CALL bench.note(turn, '1 insert identifiers', form, t, batch);
	PERFORM store_test.insert(form, 'bench.event',
		'{event_id,identifier_id,timestamp,batch_id,message_id,type,event,properties,received_at,source}',
		new_e.a, new_e.b, new_e.c, new_e.d, new_e.e, new_e.f, new_e.g, new_e.h, new_e.i, new_e.j);
	CALL bench.note(turn, '2 insert events', form, t, batch);
	PERFORM store_test.insert(form, 'bench.link',
		'{a,b,source_id,first_at,last_at,events,message_id,batch_id,last_batch_id}',
		new_l.a, new_l.b, new_l.c, new_l.d, new_l.e, new_l.f, new_l.g, new_l.h, new_l.i);
	CALL bench.note(turn, '3 insert links', form, t, batch);
	PERFORM store_test.count(form, 'bench.identifier', '{identifier_id}', '{profile_id}', keys);
	CALL bench.note(turn, '4 find identifiers by number', form, t, batch);
	PERFORM store_test.count(form, 'bench.link', '{a}', '{last_at}', keys);
	CALL bench.note(turn, '5 find links by one end', form, t, batch);
	PERFORM store_test.update(form, 'bench.identifier', '{identifier_id}', '{batch_id}', keys, targets);
	CALL bench.note(turn, '6 update identifiers, no index', form, t, batch);
	PERFORM store_test.update(form, 'bench.identifier', '{identifier_id}', '{profile_id}', keys, targets);
	CALL bench.note(turn, '7 update identifiers, one index', form, t, batch);
	keys := ARRAY(SELECT k + base - batch FROM key);
	t := store_test.cpu();
	PERFORM store_test.upsert(form, 'bench.identifier', '{identifier_id}', '{profile_id,batch_id,since_batch_id}', keys,
		targets, targets, targets);
	CALL bench.note(turn, '8 upsert identifiers', form, t, batch);
	keys := ARRAY(SELECT k FROM key);
	t := store_test.cpu();
	PERFORM store_test.delete(form, 'bench.link', '{a}', keys);
	CALL bench.note(turn, '9 delete links by one end', form, t, batch);
END $$;
SQL

for round in $(seq "$ROUNDS"); do
	for form in plain direct sql; do
		psql -Xq -v ON_ERROR_STOP=1 -c "SET client_min_messages = warning" -c "SET work_mem = '64MB'" \
			-c "CALL bench.turn($round, '$form', $BATCH, $BASE)" >/dev/null
	done
done
psql -Xq <<'SQL'
SELECT what, round(plain::numeric, 2) AS plain, round(direct::numeric, 2) AS direct, round(sql::numeric, 2) AS sql,
	   round((direct / plain)::numeric, 2) AS "direct / plain", round((sql / direct)::numeric, 2) AS "sql / direct"
FROM (SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) FILTER (WHERE form = 'plain') AS plain,
			 percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) FILTER (WHERE form = 'direct') AS direct,
			 percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) FILTER (WHERE form = 'sql') AS sql
	  FROM bench.result GROUP BY what) m
ORDER BY what;
SQL
