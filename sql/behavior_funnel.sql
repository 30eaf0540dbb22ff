-- cdp.funnel over a timeline.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TEMP TABLE bf_example (person, timeline) AS VALUES (1, '{"view": ["2024-01-01"], "cart": ["2024-01-03"], "buy": ["2024-01-08"]}'::cdp.timeline), (2, '{"view": ["2024-01-01"], "cart": ["2024-01-03"], "buy": ["2024-01-08T00:00:00.000001Z"]}'),
	(3, '{"cart": ["2024-01-02"], "buy": ["2024-01-01"]}'), (4, '{"buy": ["2024-01-01"], "cart": ["2024-01-01"], "view": ["2024-01-01"]}'), (5, '{"view": ["2024-01-01", "2024-01-20"], "cart": ["2024-01-21"], "other": ["2024-01-20T12:00:00Z"]}'), (6, '{}'), (7, NULL);
SELECT person, cdp.funnel(timeline, '{view,cart,buy}', '7 days') AS depth, cdp.funnel(timeline, '{view,cart,buy}', '0') AS at_once, cdp.funnel(timeline, '{view,cart,buy}', '7 days', 'strict_increase') AS increase,
	cdp.funnel(timeline, '{view,cart}', '7 days', 'strict_order') AS in_order, cdp.funnel(timeline, '{cart,cart}', '7 days') AS cart_twice, cdp.funnel(timeline, '{cart,cart}', '7 days', 'strict_once') AS cart_once,
	cdp.funnel(timeline, '{view,cart,buy}', '7 days', until => '2024-01-03') AS until, cdp.funnel(timeline, '{view,cart,buy}', '7 days', NULL, '19 days', as_of => '2024-01-21') AS within
FROM bf_example ORDER BY person;
SELECT cdp.funnel(timeline, NULL, '7 days') AS events, cdp.funnel(timeline, '{view}', NULL) AS window, cdp.funnel(timeline, '{view}', '7 days', as_of => NULL) AS as_of, cdp.funnel(timeline, '{{view,cart},{buy,none}}', '7 days') AS of_two_dimensions,
	cdp.funnel(timeline, '[5:6]={view,cart}', '7 days') AS of_other_bounds, cdp.funnel(timeline, array_fill('view'::text, ARRAY[32])::cdp.step[], '7 days') AS thirty_two, cdp.funnel(timeline, ARRAY[repeat('x', 300), 'view']::cdp.step[], '7 days') AS long_name
FROM bf_example WHERE person = 1;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.funnel(%s)', call))) FROM unnest(ARRAY[$$'{}', '{}', '1 day'$$, $$'{}', array_fill('a'::text, ARRAY[33])::cdp.step[], '1 day'$$, $$NULL, '{}', '1 day'$$, $$'{}', '{a,NULL}', '1 day'$$, $$'{}', '{a,""}', '1 day'$$,
	$$'{}', '{a}', '1 month'$$, $$'{}', '{a}', '-1 day'$$, $$'{}', '{a}', '2147483647 days'$$, $$'{}', '{a}', '1 day', 'strict'$$, $$'{}', '{a}', '1 day', 'allow_reentry'$$, $$'{}', '{a}', '1 day', within => '0'$$, $$'{}', '{a}', '1 day', older_than => '1 year'$$,
	$$'{}', '{a}', '1 day', as_of => 'infinity'$$]) call;
\pset format aligned
\pset tuples_only off

-- against cdp.window_funnel over the rows, in every mode, with names that stand for several steps
SELECT setseed(0.75);
CREATE TABLE bf_event AS
SELECT h AS person, ('{view,cart,buy,other}'::text[])[1 + floor(random() * 4)] AS event, timestamptz '2024-01-01' + floor(random() * (3 + h % 9)) * interval '1 hour' AS at
FROM generate_series(1, 1200) h, generate_series(1, 2 + h % 9) n;
CREATE TABLE bf_timeline AS SELECT person, cdp.timeline_agg(at, event) AS timeline FROM bf_event GROUP BY person;
CREATE TABLE bf_mode AS SELECT mode, steps, since FROM unnest(ARRAY['default', 'strict_deduplication', 'strict_order', 'strict_increase', 'strict_once', 'strict_order,allow_reentry', 'strict_increase,strict_once',
	'strict_deduplication,strict_order,strict_increase,strict_once']) mode, (VALUES ('{view,cart,buy}'::text[], NULL::timestamptz), ('{view,view,buy}', NULL), ('{view,cart,view}', '2024-01-01 02:00')) s(steps, since);
SELECT mode, steps, count(*) FILTER (WHERE depth = 1) > 0 AS shallow, count(*) FILTER (WHERE depth = 3) > 0 AS deep,
	count(*) FILTER (WHERE cdp.funnel(timeline, steps::cdp.step[], width, mode::cdp.funnel_mode, since => since) <> depth) AS differences
FROM (SELECT person, mode, steps, since, (person % 5) * interval '1 hour' AS width, cdp.window_funnel(mode::cdp.funnel_mode, (person % 5) * interval '1 hour', at, event = steps[1], event = steps[2], event = steps[3]) FILTER (WHERE since IS NULL OR at >= since) AS depth
	FROM bf_event CROSS JOIN bf_mode GROUP BY person, mode, steps, since) w JOIN bf_timeline USING (person)
GROUP BY mode, steps ORDER BY mode COLLATE "C", steps;

-- the same where the arguments are constants, which are read once for all rows, but for what changes from row to row
CREATE TABLE bf_same AS SELECT '{view,cart,buy}'::text[] AS steps, interval '2 hours' AS width;
SELECT count(*) AS rows, count(*) FILTER (WHERE cdp.funnel(timeline, '{view,cart,buy}', '2 hours', mode::cdp.funnel_mode, since => m.since, as_of => now_of)
	<> cdp.funnel(timeline, s.steps::cdp.step[], s.width, mode::cdp.funnel_mode, since => m.since, as_of => now_of)) AS differences
FROM bf_same s CROSS JOIN bf_mode m CROSS JOIN (SELECT timeline, timestamptz '2024-01-01' + (person % 7) * interval '1 hour' AS now_of FROM bf_timeline) t;
DROP TABLE bf_same;

-- a person with many events
SELECT cdp.funnel(timeline, '{a,b,c}', '3 seconds') AS three, cdp.funnel(timeline, '{a,b,c}', '1 second') AS two, cdp.funnel(timeline, '{a,c,a}', '3 seconds', 'strict_order') AS one
FROM (SELECT cdp.timeline_agg(timestamptz '2024-01-01' + n * interval '1 second', ('{a,b,c,d}'::text[])[1 + n % 4]) AS timeline FROM generate_series(1, 100000) n) t;
SELECT provolatile, proparallel, procost FROM pg_proc WHERE oid = 'cdp.funnel'::regproc;
DROP TABLE bf_event, bf_timeline, bf_mode;
