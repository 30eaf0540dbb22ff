-- Where timelines are kept: what is sealed of people with very many events is nowhere missing and nowhere twice.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_store ENCODING 'UTF8' TEMPLATE template0;
\c cdp_store
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SET timezone = 'UTC';
SELECT cdp.init();
-- so that rows come to stand behind those that were taken, and one refresh takes all
ALTER TABLE cdp.inbox SET (autovacuum_enabled = off);

-- parts of a row, in all combinations of NULL, empty and full
WITH part (t) AS (VALUES (NULL::cdp.timeline), ('{}'), ('{"a": ["2026-01-01T00:00:00Z"], "b": [["2026-01-02T00:00:00Z", {"total": 1.5}]]}'), ('{"a": ["2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]}'))
SELECT count(*) AS combinations, count(*) FILTER (WHERE cdp_internal.timeline_whole(a.t, b.t, c.t, d.t) IS DISTINCT FROM u.t) AS wrong
FROM part a, part b, part c, part d, LATERAL (SELECT cdp.timeline_union(p.t) AS t FROM (VALUES (a.t), (b.t), (c.t), (d.t)) p (t)) u;

-- a heavy person in several refreshes, beside an ordinary one; events come out of order, some are equal
CREATE FUNCTION heavy(id text, first int, last int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, anonymous_id, user_id, event, properties, "timestamp")
	SELECT id || i, CASE WHEN id LIKE 'a%' THEN id END, CASE WHEN id NOT LIKE 'a%' THEN id END, 'event ' || abs(hashint4(i)) % 20,
		   CASE WHEN i % 10 = 0 THEN jsonb_build_object('total', i % 1000) END,
		   timestamptz '2026-01-01' + ((i::bigint * 7919) % 30000 / 2 * 2) * interval '17.123 seconds' FROM generate_series(first, last) i;
	RETURN (SELECT r.accepted FROM cdp.refresh() r);
END
$$;
CREATE VIEW stored AS
SELECT i.identifier, t.events, cdp.event_count(r.timeline) AS whole, w.whole IS NOT DISTINCT FROM r.timeline AS view_has_all, e.expected IS NOT DISTINCT FROM r.timeline AS as_in_log,
	   pg_column_size(t.timeline) <= 8000 AS short_tail, t.level_1 IS NOT NULL AS sealed
FROM cdp_data.profile t JOIN cdp_data.identifier i ON i.identifier_id = t.profile_id JOIN cdp.profile_row r ON r.profile_id = t.profile_id
CROSS JOIN LATERAL (SELECT cdp.timeline_union(l) AS whole FROM unnest(ARRAY[t.timeline, t.level_1, t.level_2, t.level_3]) l) w
CROSS JOIN LATERAL (SELECT cdp.timeline_agg(v."timestamp", v.event, cdp_internal.carried(v.event, v.properties, v.context, (SELECT cdp_internal.carried_rules()))) AS expected
					FROM cdp.events v WHERE v.profile_id = t.profile_id) e ORDER BY i.identifier;
SELECT heavy('h', 1, 1000), heavy('h', 1001, 9000), heavy('o', 1, 50);
TABLE stored;
SELECT heavy('h', 9001, 20000), heavy('h', 20001, 20010), heavy('h', 20011, 22000), heavy('h', 22001, 24000);
TABLE stored;
SELECT pg_column_size(level_1) > 4096 AS level_1, pg_column_size(level_2) > 65536 AS level_2, level_3 IS NULL AS level_3 FROM cdp_data.profile WHERE level_1 IS NOT NULL;

-- an append that stays in the tail writes nothing beside the row
SELECT reltoastrelid::regclass AS beside FROM pg_class WHERE oid = 'cdp_data.profile'::regclass \gset
SELECT heavy('h', 24001, 24100);
SELECT count(*) AS pieces, max(chunk_id) AS last FROM :beside \gset before_
SELECT heavy('h', 24101, 24110), heavy('o', 51, 60);
SELECT count(*) - :before_pieces AS new_pieces, max(chunk_id) = :'before_last'::oid AS same FROM :beside;
TABLE stored;

-- the last level takes what does not fit into the one before; no event is lost on the way
CREATE TABLE enough AS SELECT cdp.timeline_agg(timestamptz '2020-01-01' + i * interval '1.234567 seconds', 'before') AS timeline FROM generate_series(1, 380000) i;
BEGIN;
UPDATE cdp_data.profile SET level_2 = level_2 OPERATOR(cdp.||) enough.timeline FROM enough WHERE level_1 IS NOT NULL;
SELECT heavy('h', 24111, 26000);
CREATE VIEW counted AS
SELECT cdp.event_count(t.timeline) AS tail, cdp.event_count(level_1) AS level_1, cdp.event_count(level_2) AS level_2, cdp.event_count(level_3) AS level_3, cdp.event_count(r.timeline) AS whole
FROM cdp_data.profile t JOIN cdp.profile_row r USING (profile_id) WHERE level_1 IS NOT NULL;
TABLE counted;
SELECT heavy('h', 26001, 40000);
TABLE counted;
SELECT heavy('h', 40001, 40010), heavy('h', 40011, 45000);
TABLE counted;
ROLLBACK;

-- conditions see it all
SELECT cdp.create_segment('often', $$ cdp.count_events(timeline, 'event 1', as_of => '2027-01-01') > 900 $$);
SELECT cdp.sum(timeline, 'event 1', 'total', as_of => '2027-01-01') =
	   (SELECT sum((properties ->> 'total')::numeric) FROM cdp_data.event e WHERE e.event = 'event 1' AND e.user_id = 'h') AS sum FROM cdp.profile_row WHERE events > 1000;

-- two heavy people become one, and two again
SELECT heavy('a', 23001, 26000), heavy('a', 26001, 28000);
TABLE stored;
INSERT INTO cdp.inbox (message_id, type, user_id, anonymous_id, "timestamp") VALUES ('join', 'identify', 'h', 'a', '2026-01-01');
SELECT accepted, profiles_merged FROM cdp.refresh();
TABLE stored;
SELECT heavy('h', 28001, 29000), heavy('a', 30001, 30100);
TABLE stored;
SELECT cdp.unlink('user_id:h', 'anonymous_id:a');
TABLE stored;
SELECT * FROM cdp.verify();
-- numbers are filled in from the log whatever is sealed
SELECT cdp.drop_property('*', 'total'), cdp.carry_property('event 1', 'total', 'spent');
TABLE stored;
SELECT cdp.sum(timeline, 'event 1', 'spent', as_of => '2027-01-01') > 0 AS spent, cdp.sum(timeline, 'event 2', 'total', as_of => '2027-01-01') AS total FROM cdp.profile_row WHERE events > 1000 ORDER BY profile_id;
-- nobody is without a row who has events, and nobody with one who has none
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["a"]}}');
TABLE stored;

\c :origin
DROP DATABASE cdp_store;
