-- A consumer against a slow model of it, on changes, acknowledgements and retries at random, by several readers of which
-- some act on what they read long ago: what it is given is what the model says, in order for each profile, and nothing
-- is lost.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_feed_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_feed_random
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp_data.segment (name, segment_id, condition) VALUES ('one', 1, 'true'), ('two', 2, 'true'), ('three', 3, 'true');
CREATE VIEW cdp_segment.one AS SELECT 1::bigint AS profile_id;
CREATE VIEW cdp_segment.two AS SELECT 1::bigint AS profile_id;
CREATE VIEW cdp_segment.three AS SELECT 1::bigint AS profile_id;
INSERT INTO cdp_data.segment (name, segment_id, kind, value_type, condition) VALUES ('spent', 4, 'trait', 'numeric', '1');
CREATE VIEW cdp_segment.spent AS SELECT 1::bigint AS profile_id, 1::numeric AS value;

CREATE SCHEMA feed_model;
-- what the consumer is to get: waits: put off, or after one of its profile that was; due: may be given again
CREATE TABLE feed_model.change (change_id bigint PRIMARY KEY, profile_id bigint, other_profile_id bigint, acknowledged boolean, waits boolean, due boolean, handled integer DEFAULT 0, value jsonb, is_trait boolean DEFAULT false);
CREATE TABLE feed_model.reader (reader integer, place integer, change_id bigint, PRIMARY KEY (reader, place));
CREATE TABLE feed_model.count (what text PRIMARY KEY, number integer);

CREATE FUNCTION feed_model.shares(a feed_model.change, b feed_model.change) RETURNS boolean LANGUAGE sql
	RETURN a.profile_id IN (b.profile_id, coalesce(b.other_profile_id, b.profile_id)) OR coalesce(a.other_profile_id IN (b.profile_id, coalesce(b.other_profile_id, b.profile_id)), false);
-- notes what must wait: of what is new, what follows a waiting one with a profile in common; after what was put off, what follows that
CREATE FUNCTION feed_model.follow(put_off bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known bigint := (SELECT number FROM feed_model.count WHERE what = 'known');
	noted bigint[] := ARRAY[put_off];
	c feed_model.change;
BEGIN
	FOR c IN SELECT * FROM feed_model.change ORDER BY change_id LOOP
		CONTINUE WHEN c.waits;
		IF EXISTS (SELECT FROM feed_model.change b WHERE b.waits AND b.change_id < c.change_id AND (c.change_id > known OR b.change_id = ANY (noted)) AND feed_model.shares(b, c)) THEN
			UPDATE feed_model.change SET waits = true, due = true, acknowledged = false WHERE change_id = c.change_id;
			noted := noted || c.change_id;
		END IF;
	END LOOP;
	UPDATE feed_model.count SET number = (SELECT change_id FROM cdp_data.state) WHERE what = 'known';
END $$;
-- up to the first that must wait and is not noted
CREATE FUNCTION feed_model.expected(max_rows integer) RETURNS bigint[] LANGUAGE sql RETURN ARRAY(
	SELECT c.change_id
	FROM (
		SELECT c.*, EXISTS (SELECT FROM feed_model.change b WHERE b.waits AND b.change_id < c.change_id AND feed_model.shares(b, c)) AS follows
		FROM feed_model.change c WHERE NOT c.acknowledged) c
	WHERE CASE WHEN c.waits THEN c.due AND NOT c.follows ELSE true END AND c.change_id < (
		SELECT coalesce(min(o.change_id), 1e9::bigint) FROM feed_model.change o
		WHERE NOT o.acknowledged AND NOT o.waits AND EXISTS (SELECT FROM feed_model.change b WHERE b.waits AND b.change_id < o.change_id AND feed_model.shares(b, o)))
	ORDER BY c.change_id LIMIT max_rows);
CREATE FUNCTION feed_model.acknowledge(id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE feed_model.change SET acknowledged = true, waits = false WHERE change_id = id OR change_id < id AND NOT waits;
	IF EXISTS (SELECT FROM feed_model.change WHERE waits) THEN
		PERFORM feed_model.follow(NULL);
	END IF;
	PERFORM cdp.acknowledge('model', id);
END $$;
CREATE FUNCTION feed_model.retry(id bigint, later boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- of the snapshot, what is acknowledged is gone
	IF NOT EXISTS (SELECT FROM feed_model.change WHERE change_id = id AND (id > 0 OR NOT acknowledged)) THEN
		RETURN;
	END IF;
	UPDATE feed_model.change SET acknowledged = false, waits = true, due = NOT later WHERE change_id = id;
	PERFORM feed_model.follow(id);
	PERFORM cdp.retry('model', id, CASE WHEN later THEN interval '1 day' ELSE '0' END);
END $$;
CREATE FUNCTION feed_model.record(number integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	first bigint := (SELECT change_id + 1 FROM cdp_data.state);
BEGIN
	CREATE TEMP TABLE new AS
		SELECT row_number() OVER () AS place, CASE WHEN other.id IS NOT NULL THEN 'merged' WHEN segment.id = 4 THEN 'trait_changed' ELSE 'entered' END AS kind, profile.id AS profile_id, segment.id AS segment_id, other.id AS other_profile_id,
			CASE WHEN segment.id = 4 THEN 'spent' END AS trait, CASE WHEN segment.id = 4 AND random() < 0.8 THEN to_jsonb(n.i) END AS value
		FROM generate_series(1, number) n (i)
		CROSS JOIN LATERAL (SELECT n.i, 1 + floor(random() * 7)::bigint AS id) profile
		CROSS JOIN LATERAL (SELECT n.i, 1 + floor(random() * 4)::integer AS id) segment
		CROSS JOIN LATERAL (SELECT n.i, CASE WHEN random() < 0.15 THEN 1 + (profile.id + floor(random() * 6)::bigint) % 7 END AS id) other;
	PERFORM cdp_internal.record_changes(array_agg(kind ORDER BY place), array_agg(profile_id ORDER BY place), array_agg(segment_id ORDER BY place), array_agg(other_profile_id ORDER BY place),
		array_agg(timestamptz '2026-01-01'), array_agg('event'::text), NULL, array_agg(trait ORDER BY place), array_agg(value ORDER BY place), in_batch => false) FROM new;
	INSERT INTO feed_model.change SELECT first + place - 1, profile_id, other_profile_id, false, false, false, 0, value, trait IS NOT NULL FROM new WHERE segment_id <> 3;
	DROP TABLE new;
END $$;

CREATE FUNCTION feed_model.read(who integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	wanted integer := 1 + floor(random() * 12);
	expected bigint[] := feed_model.expected(wanted);
	got bigint[];
	marks bigint[];
BEGIN
	SELECT coalesce(array_agg(n.change_id ORDER BY place) FILTER (WHERE n.kind <> 'progress'), '{}'), array_agg(n.change_id) FILTER (WHERE n.kind = 'progress')
	INTO got, marks FROM cdp.next_changes('model', wanted) WITH ORDINALITY AS n (change_id, kind, profile_id, segment, other_profile_id, trait, value, at, recorded_at, cause, event_id, verdict_id, attempts, place);
	IF got <> expected THEN
		RAISE EXCEPTION 'got % and progress %, expected %', got, marks, expected;
	ELSIF EXISTS (SELECT FROM cdp.next_changes('model', wanted) n JOIN feed_model.change c USING (change_id) WHERE n.kind <> 'progress' AND (n.value, n.trait) IS DISTINCT FROM (c.value, CASE WHEN c.is_trait THEN 'spent' END)) THEN
		RAISE EXCEPTION 'another value';
	ELSIF EXISTS (SELECT FROM feed_model.change c WHERE c.change_id = ANY (marks) AND c.waits) THEN
		RAISE EXCEPTION 'progress % is the number of what waits', marks;
	END IF;
	DELETE FROM feed_model.reader WHERE reader = who;
	INSERT INTO feed_model.reader SELECT who, place, id FROM unnest(got || coalesce(marks, '{}')) WITH ORDINALITY AS g (id, place);
	INSERT INTO feed_model.count VALUES ('given', cardinality(got)), ('stopped early', (SELECT count(*) FROM cdp.next_changes('model') WHERE kind = 'progress' AND at IS NULL)), ('progress', coalesce(cardinality(marks), 0))
	ON CONFLICT (what) DO UPDATE SET number = count.number + excluded.number;
END $$;
-- a reader handles some of what it was given, of which it may put off one, or acknowledges the last at once
CREATE FUNCTION feed_model.handle(who integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	number integer := floor(random() * 12);
	one_by_one boolean := random() < 0.7;
	r record;
BEGIN
	FOR r IN SELECT change_id, place, place = max(place) OVER () AS is_last FROM feed_model.reader WHERE reader = who AND place <= number ORDER BY place LOOP
		IF random() < 0.15 THEN
			IF EXISTS (SELECT FROM feed_model.change WHERE change_id = r.change_id) THEN
				-- what came before it is handled
				PERFORM feed_model.acknowledge(p.change_id) FROM (SELECT change_id FROM feed_model.reader WHERE reader = who AND place = r.place - 1) p;
				PERFORM feed_model.retry(r.change_id, random() < 0.5);
			END IF;
			RETURN;
		END IF;
		UPDATE feed_model.change SET handled = handled + 1 WHERE change_id = r.change_id;
		IF one_by_one OR r.is_last THEN
			PERFORM feed_model.acknowledge(r.change_id);
		END IF;
	END LOOP;
END $$;

SELECT setseed(0.25);
INSERT INTO cdp_data.membership SELECT i, 'infinity', ARRAY[1 + i % 2, 3], ARRAY[timestamptz '2026-01-01', '2026-01-02'] FROM generate_series(1, 7) i;
UPDATE cdp_data.membership SET segments = '{1,2}' WHERE profile_id IN (2, 5);
UPDATE cdp_data.membership SET segments = segments || 4, since = since || timestamptz '2026-01-03', computed = ARRAY[NULL, NULL, profile_id::text || '.50'] WHERE profile_id IN (2, 3, 7);
SELECT feed_model.record(5);
SELECT cdp.create_consumer('model', '{two,one}', start => 'snapshot', traits => '{spent}');
TRUNCATE feed_model.change;
INSERT INTO feed_model.count VALUES ('known', 0);
INSERT INTO feed_model.change SELECT number, profile_id, NULL, false, false, false, 0, value, segment_id = 4 FROM cdp_data.consumer_snapshot;
SELECT profile_id, segment, trait, value, since FROM (SELECT profile_id, segment, trait, value, at AS since, change_id FROM cdp.next_changes('model') WHERE kind = 'snapshot') s ORDER BY change_id;
DO $$
DECLARE
	dice double precision;
BEGIN
	FOR step IN 1 .. 300 LOOP
		dice := random();
		IF dice < 0.1 THEN
			PERFORM feed_model.record(1 + floor(random() * 4)::integer);
		ELSIF dice < 0.5 THEN
			PERFORM feed_model.read(floor(random() * 3)::integer);
		ELSIF dice < 0.95 THEN
			PERFORM feed_model.handle(floor(random() * 3)::integer);
		ELSE
			-- what was put off for a day is due
			UPDATE cdp_data.consumer_waiting SET due_at = '-infinity';
			UPDATE feed_model.change SET due = true WHERE waits;
		END IF;
		COMMIT;
	END LOOP;
	-- all that is left
	FOR step IN 1 .. 1000 LOOP
		UPDATE cdp_data.consumer_waiting SET due_at = '-infinity';
		UPDATE feed_model.change SET due = true WHERE waits;
		PERFORM feed_model.read(0);
		UPDATE feed_model.change SET handled = handled + 1 WHERE change_id IN (SELECT change_id FROM feed_model.reader WHERE reader = 0);
		PERFORM feed_model.acknowledge(r.change_id) FROM (SELECT change_id FROM feed_model.reader WHERE reader = 0 ORDER BY place) r;
		COMMIT;
		EXIT WHEN NOT EXISTS (SELECT FROM feed_model.change WHERE NOT acknowledged);
	END LOOP;
END $$;
SELECT count(*) > 40 AS many, count(*) FILTER (WHERE handled = 0) AS lost, count(*) FILTER (WHERE NOT acknowledged) AS "left", max(handled) > 1 AS some_twice FROM feed_model.change;
SELECT what, number > 5 AS some FROM feed_model.count ORDER BY 1;
SELECT kind, at IS NULL AS stopped FROM cdp.next_changes('model');
SELECT snapshot_left, waiting, needs_snapshot, (SELECT count(*) FROM cdp_data.consumer_snapshot) AS snapshot, (SELECT count(*) FROM cdp_data.consumer_waiting) AS held FROM cdp.consumer;

\c :origin
DROP DATABASE cdp_feed_random;
