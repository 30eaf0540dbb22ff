-- The type cdp.sequence; cdp.matches and its horizon.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, cdp;

-- text: one form for equal sequences
SELECT s, s::sequence AS printed, s::sequence::text::sequence = s::sequence AS same
FROM unnest(ARRAY['view', 'view->cart', ' "view" -> 3 X ( cart|"cart" |wish ) AFTER 1 hour WITHIN 36 hours', 'view -> not refund -> not "chargeback" -> order within 2 weeks in 30 days', 'view -> not order within 72 hours', '"not" -> "a ""b""" -> "1" -> Käufe', '3 x view within 1 hour']) s;
SELECT 'a -> b'::sequence = 'a->b' AS same, 'a -> b'::sequence <> 'a -> b in 1 day' AS different, '(a | b)'::sequence = '(b | a)' AS other_order, cdp_internal.sequence_hash('a -> b') = cdp_internal.sequence_hash('a->b') AS same_hash;
SELECT cdp_internal.sequence_send('a -> not b -> 2 x c after 1 second within 2 seconds in 1 minute');
CREATE TABLE bq_sequence (id int, s sequence);
INSERT INTO bq_sequence VALUES (1, 'a -> b within 1 day'), (2, 'a->b  within 24 hours'), (3, 'a -> not b within 1 day'), (4, NULL);
SELECT s, count(*) FROM bq_sequence GROUP BY s ORDER BY s::text;
COPY bq_sequence TO PROGRAM 'cat >cdp_behavior_sequence_type.bin' (FORMAT binary);
CREATE TABLE bq_read (LIKE bq_sequence);
COPY bq_read FROM PROGRAM 'cat cdp_behavior_sequence_type.bin; rm cdp_behavior_sequence_type.bin' (FORMAT binary);
SELECT count(*) AS differences FROM bq_sequence FULL JOIN bq_read r USING (id) WHERE bq_sequence.s IS DISTINCT FROM r.s;

-- what matches: Ann views, puts into the cart, is refunded, orders; all on days of January
CREATE TABLE bq_person (name text, timeline timeline);
INSERT INTO bq_person VALUES ('ann', '{"view": ["2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"], "cart": ["2026-01-04T00:00:00Z"], "refund": ["2026-01-05T00:00:00Z"], "order": ["2026-01-06T00:00:00Z"]}'),
	('bob', '{"view": ["2026-01-08T00:00:00Z"], "order": ["2026-01-08T00:00:00Z"], "help": ["2026-01-07T00:00:00Z"]}'), ('cid', '{"help": ["2026-01-07T00:00:00Z"]}'), ('dee', NULL);
SELECT s, string_agg(name, ' ' ORDER BY name) FILTER (WHERE matches(timeline, s::sequence, as_of => '2026-01-10')) AS matches
FROM bq_person, unnest(ARRAY['view', 'view -> cart', 'cart -> view', 'view -> order', 'order -> view', 'view -> cart within 1 day', 'view -> cart within 23 hours', 'view -> cart after 3 days', 'view -> cart after 73 hours', 'view -> cart after 1 day within 1 day',
	'view -> cart -> order in 3 days', 'view -> cart -> order in 2 days', '2 x view', '2 x view within 2 days', '2 x view within 47 hours', '2 x view -> 1 x order', '3 x view', 'view -> 2 x (cart | order) within 3 days', 'view -> 2 x (cart | order) within 2 days',
	'view -> not refund -> order', 'view -> not refund -> cart', 'cart -> not refund -> order', 'view -> not view -> cart', 'view -> not order', 'order -> not view', 'order -> not refund within 3 days', 'order -> not refund within 5 days', 'view -> not order within 2 days',
	'refund -> not (view | cart) within 5 days', 'refund -> not (view | order) within 5 days', 'view -> not cart within 1 day', '(help | refund)', 'nothing', 'view -> nothing', 'view -> not nothing']) WITH ORDINALITY u(s, n)
GROUP BY n, s ORDER BY n;
-- as_of and within: an event at as_of counts, one at as_of - within does not
SELECT day, matches(timeline, 'view -> cart', as_of => day) AS so_far, matches(timeline, 'view -> cart', '2 days', day) AS in_2_days, matches(timeline, 'order -> not view within 2 days', as_of => day) AS absent,
	cdp_internal.horizon('matches', timeline, jsonb_build_object('sequence', 'view -> cart', 'as_of', day)) AS until, cdp_internal.horizon('matches', timeline, jsonb_build_object('sequence', 'view -> cart', 'within', '2 days', 'as_of', day)) AS in_2_days_until, cdp_internal.horizon('matches', timeline, jsonb_build_object('sequence', 'order -> not view within 2 days', 'as_of', day)) AS absent_until
FROM bq_person, generate_series(timestamptz '2025-12-31', '2026-01-10', '1 day') day WHERE name = 'ann';
SELECT matches(NULL, 'a') AS no_timeline, matches('{}', NULL) AS no_sequence, matches('{}', 'a', NULL, NULL) AS no_as_of, cdp_internal.horizon('matches', NULL, '{"sequence": "a -> not b within 1 day"}') AS no_horizon, cdp_internal.horizon('matches', '{}', '{"sequence": null}') AS nor_this,
	matches('{"a": ["2026-01-01T00:00:00Z"]}', 'a') AS by_now, matches('{"a": ["2026-01-01T00:00:00Z"]}', 'a', within => '1 microsecond') AS not_just_now;

-- random histories: the same as window functions and joins say, and no answer changes before its horizon
SELECT setseed(0.5);
CREATE TABLE bq_event AS
SELECT p AS person, timestamptz '2026-01-01' + floor(random() * 40) * interval '6 hours' AS at, (ARRAY['a', 'b', 'c', 'd'])[1 + floor(random() * 4)::int] AS event FROM generate_series(1, 3000) p, generate_series(1, 1 + p % 10);
CREATE TABLE bq_history AS SELECT person, timeline_agg(at, event) AS timeline, timestamptz '2026-01-01' + (person % 44) * interval '6 hours' AS as_of FROM bq_event GROUP BY person;
CREATE TABLE bq_so_far AS SELECT person, e.at, event, as_of, row_number() OVER (PARTITION BY person ORDER BY e.at, event) AS n FROM bq_event e JOIN bq_history USING (person) WHERE e.at <= as_of;
CREATE INDEX ON bq_so_far (person);
ANALYZE bq_so_far;
CREATE TABLE bq_said (sequence sequence, said text);
INSERT INTO bq_said VALUES ('a -> b', 'EXISTS (SELECT FROM bq_so_far y WHERE y.person = x.person AND y.event = ''b'' AND y.n > x.n)'),
	('a -> b within 2 days', 'EXISTS (SELECT FROM bq_so_far y WHERE y.person = x.person AND y.event = ''b'' AND y.n > x.n AND y.at - x.at <= interval ''2 days'')'),
	('a -> b after 2 days', 'EXISTS (SELECT FROM bq_so_far y WHERE y.person = x.person AND y.event = ''b'' AND y.n > x.n AND y.at - x.at >= interval ''2 days'')'),
	('a -> (b | c) -> d in 3 days', 'EXISTS (SELECT FROM bq_so_far y JOIN bq_so_far z USING (person) WHERE y.person = x.person AND y.event IN (''b'', ''c'') AND y.n > x.n AND z.event = ''d'' AND z.n > y.n AND z.at - x.at <= interval ''3 days'')'),
	('2 x a within 2 days -> b', 'EXISTS (SELECT FROM bq_so_far y JOIN bq_so_far z USING (person) WHERE y.person = x.person AND y.event = ''a'' AND y.n > x.n AND y.at - x.at <= interval ''2 days'' AND z.event = ''b'' AND z.n > y.n)'),
	('a -> not b -> c', 'EXISTS (SELECT FROM bq_so_far y WHERE y.person = x.person AND y.event = ''c'' AND y.n > x.n AND NOT EXISTS (SELECT FROM bq_so_far z WHERE z.person = x.person AND z.event = ''b'' AND z.n > x.n AND z.n < y.n))'),
	('a -> not b within 2 days', 'x.at + interval ''2 days'' <= x.as_of AND NOT EXISTS (SELECT FROM bq_so_far y WHERE y.person = x.person AND y.event = ''b'' AND y.n > x.n AND y.at - x.at <= interval ''2 days'')'),
	('a -> not (b | c)', 'NOT EXISTS (SELECT FROM bq_so_far y WHERE y.person = x.person AND y.event IN (''b'', ''c'') AND y.n > x.n)');
CREATE FUNCTION pg_temp.said(said text) RETURNS TABLE (person int) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT DISTINCT person FROM bq_so_far x WHERE event = ''a'' AND %s', said);
END $$;
SELECT sequence, count(*) FILTER (WHERE m) > 100 AND count(*) FILTER (WHERE NOT m) > 100 AS both, count(*) FILTER (WHERE m <> (s.person IS NOT NULL)) AS differences
FROM bq_said CROSS JOIN LATERAL (SELECT person, matches(timeline, sequence, as_of => as_of) AS m FROM bq_history) h LEFT JOIN LATERAL pg_temp.said(said) s USING (person) GROUP BY sequence ORDER BY sequence::text;
SELECT sequence, within, count(horizon) FILTER (WHERE isfinite(horizon)) > 100 AS horizons, count(*) FILTER (WHERE horizon <= as_of) AS none_ahead, count(*) FILTER (WHERE changed < horizon) AS too_late, count(*) FILTER (WHERE changed = horizon) > 0 AS exact
FROM bq_said, (VALUES (interval '4 days'), (NULL)) w(within), bq_history, LATERAL (SELECT cdp_internal.horizon('matches', timeline, jsonb_build_object('sequence', sequence, 'within', within, 'as_of', as_of)) AS horizon, matches(timeline, sequence, within, as_of) AS now) h,
	LATERAL (SELECT min(t) AS changed FROM generate_series(as_of, as_of + interval '15 days', '6 hours') t WHERE matches(timeline, sequence, within, t) <> now) c
WHERE person <= 600 GROUP BY sequence, within ORDER BY sequence::text, within;

-- a person with 200,000 events
CREATE TABLE bq_large AS SELECT timeline_agg(timestamptz '2026-01-01' + n * interval '1 second', CASE n % 10 WHEN 9 THEN 'b' ELSE 'a' END) AS timeline FROM generate_series(1, 200000) n;
SELECT matches(timeline, 'a -> b -> a -> b within 1 second -> a after 1 day', as_of => '2027-01-01') AS yes, matches(timeline, 'b -> not a -> b', as_of => '2027-01-01') AS no, matches(timeline, '9 x a within 8 seconds', as_of => '2027-01-01') AS nine,
	matches(timeline, '10 x a within 9 seconds', as_of => '2027-01-01') AS ten, matches(timeline, 'a -> c after 1 day', as_of => '2027-01-01') AS never FROM bq_large;
SELECT matches(timeline, '2 x a -> not b -> a after 100 seconds', as_of => '2027-01-01') AS no, matches(timeline, 'a -> 62 x a after 1 day -> b', as_of => '2027-01-01') AS yes, cdp_internal.horizon('matches', timeline, '{"sequence": "64 x b", "within": "1 day", "as_of": "2026-01-02"}') AS matches_horizon FROM bq_large;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refusal(format('SELECT %L::cdp.sequence', s))
FROM unnest(ARRAY['', '->', 'a ->', 'a b', 'a > b', 'a -> in', 'a -> ""', 'a -> "b', 'a -> (b', 'a -> (b c)', 'a -> 3 b', 'a -> 0 x b', 'a -> b within', 'a -> b within 1', 'a -> b within 1 month', 'a -> b within 1 d', 'a -> b within 1.5 days', 'a -> b within 0 days',
	'a -> b within 106751992 days', 'a -> b within 1 day within 2 days', 'a -> b after 2 days within 1 day', 'a within 1 day -> b', 'a after 1 day -> b', 'not a -> b', 'a -> not b within 1 day -> c', 'a -> not b after 1 day', 'a -> not b within 1 day -> not c', 'a in 1 day', '65 x a',
	'a -> b in 1 day -> c', 'a; DROP', (SELECT string_agg('e' || i, ' -> ') FROM generate_series(1, 33) i)]) s;
SELECT pg_temp.refusal(format('SELECT cdp.matches(%s)', call)) FROM unnest(ARRAY[$$'{}', 'a', '1 month'$$, $$'{}', 'a', '0 days'$$, $$'{}', 'a', '-1 days'$$, $$'{}', 'a', NULL, 'infinity'$$, $$'{}', 'a', as_of => '-infinity'$$, $$'{}', 'a', '106751992 days'$$]) call;
SELECT pg_temp.refusal(format('SELECT cdp_internal.horizon(''matches'', ''{}'', %L)', call)) FROM unnest(ARRAY[$${"sequence": "a", "within": "1 month"}$$, $${"sequence": "a", "as_of": "infinity"}$$]) call;
\pset format aligned
\pset tuples_only off
DROP TABLE bq_sequence, bq_read, bq_person, bq_event, bq_history, bq_so_far, bq_said, bq_large;
