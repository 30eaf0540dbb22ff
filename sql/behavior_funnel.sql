-- cdp.funnel and cdp.funnel_times over a timeline: how far it goes into a sequence, and when.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE TEMP TABLE bf_example (person, timeline) AS VALUES (1, '{"view": ["2024-01-01"], "cart": ["2024-01-03"], "buy": ["2024-01-08"]}'::cdp.timeline), (2, '{"view": ["2024-01-01"], "cart": ["2024-01-03"], "buy": ["2024-01-08T00:00:00.000001Z"]}'),
	(3, '{"cart": ["2024-01-02"], "buy": ["2024-01-01"]}'), (4, '{"buy": ["2024-01-01"], "cart": ["2024-01-01"], "view": ["2024-01-01"]}'), (5, '{"view": ["2024-01-01", "2024-01-20"], "cart": ["2024-01-21"], "other": ["2024-01-20T12:00:00Z"]}'), (6, '{}'), (7, NULL);
SELECT person, cdp.funnel(timeline, 'view -> cart -> buy in 7 days') AS depth, cdp.funnel(timeline, 'view -> cart -> buy', 'strict_increase') AS increase, cdp.funnel(timeline, 'view -> cart in 7 days', 'strict_order') AS in_order, cdp.funnel(timeline, 'cart -> cart') AS cart_twice,
	cdp.funnel(timeline, 'view -> !cart -> buy') AS without_cart, cdp.funnel(timeline, 'view -> cart? -> buy in 7 days') AS optional, cdp.funnel(timeline, 'buy & view & cart') AS any_order, cdp.funnel(timeline, 'view -> cart within 2 days -> buy after 5 days') AS windows,
	cdp.funnel(timeline, 'view -> cart -> buy in 7 days', until => '2024-01-03') AS until, cdp.funnel(timeline, 'view -> cart -> buy in 7 days', NULL, NULL, '19 days', as_of => '2024-01-21') AS within, cdp.funnel_times(timeline, 'view -> other? -> cart -> buy in 7 days') AS times
FROM bf_example ORDER BY person;
-- attempts: each event of the first step begins one
SELECT a AS attempts, cdp.funnel(timeline, 'view -> cart in 1 hour', attempts => a, as_of => '2024-01-02') AS depth, cdp.funnel(timeline, 'view -> cart -> buy', attempts => a, as_of => '2024-01-02') AS without_window, cdp.funnel_times(timeline, 'view -> cart', attempts => a, as_of => '2024-01-02') AS times
FROM (VALUES ('{"view": ["2024-01-01T08:00:00Z", "2024-01-01T12:00:00Z", "2024-01-01T15:00:00Z"], "cart": ["2024-01-01T12:30:00Z"], "buy": ["2024-01-01T16:00:00Z"]}'::cdp.timeline)) v(timeline), unnest('{all,first,last,NULL}'::text[]) a;
SELECT cdp.funnel(timeline, NULL) AS sequence, cdp.funnel(timeline, 'view', as_of => NULL) AS as_of, cdp.funnel(timeline, '64 x view') AS sixty_four, cdp.funnel(timeline, format('%I -> view', repeat('x', 300))::cdp.sequence) AS long_name FROM bf_example WHERE person = 1;
-- numbers are the same value if they are equal, texts that are numbers too
SELECT a, b, (SELECT cdp.funnel(cdp.timeline_agg(at, event, jsonb_build_object('p', p)), 'view -> cart same p') FROM (VALUES (timestamptz '2024-01-01', 'view', a), ('2024-01-02', 'cart', b)) e(at, event, p)) AS depth
FROM (VALUES ('1'::jsonb, '1'::jsonb), ('1', '0.1'), ('10', '1'), ('0.10', '"0.1"'), ('"1e1"', '10'), ('1.5', '"1.50"'), ('"1"', '"1 "'), ('true', '"true"'), ('true', 'true'), ('0', '0.0'), ('-1', '1')) v(a, b);
-- every version of the stored bytes is read as ever, and what an older one can say is written by it
SELECT cdp_internal.sequence_send(s::cdp.sequence) FROM unnest(ARRAY['a -> 2 x (b | "c d") after 1 hour within 1 day -> !a -> b in 2 days', 'a[n = 1] -> b[price < previous] in 1 second same p same session', 'a -> b? within 1 day -> !c -> a[n = 1]?', 'a & 2 x (b | *) in 1 hour']) s;
CREATE TEMP TABLE bf_received (sequence sequence);
COPY (SELECT s::sequence FROM unnest(ARRAY['a -> b? -> !c -> a[n = 1]? same p', 'a & 2 x (b | *) in 1 hour']) s) TO PROGRAM 'cat >cdp_behavior_funnel.bin' (FORMAT binary);
COPY bf_received FROM PROGRAM 'cat cdp_behavior_funnel.bin; rm cdp_behavior_funnel.bin' (FORMAT binary);
TABLE bf_received;
SELECT e.* FROM cdp_internal.sequence_events('view -> !(logout | "x y"[n = 1]) -> 2 x order -> *? same p') e;
SELECT e.*, c.* FROM cdp_internal.sequence_events('view & "a b"[n = 1] in 1 day same session') e, cdp_internal.sequence_common('view & "a b"[n = 1] in 1 day same session') c;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.funnel(%s)', call))) FROM unnest(ARRAY[$$'{}', ''$$, $$'{}', '65 x a'$$, $$NULL, 'a -> '$$, $$'{}', 'a', 'strict'$$, $$'{}', 'a', 'allow_reentry'$$, $$'{}', 'a', attempts => 'some'$$, $$NULL, 'a', attempts => ''$$, $$'{}', 'a & b', 'strict_increase'$$, $$'{}', 'a & b', attempts => 'first'$$,
	$$'{}', 'a', within => '0'$$, $$'{}', 'a', older_than => '1 year'$$, $$'{}', 'a', as_of => 'infinity'$$, $$'{}', '{a,b}'$$]) call;
SELECT pg_temp.refusal(format('SELECT %L::cdp.sequence', s)) FROM unnest(ARRAY['a? -> b', 'a -> !b? -> c', 'a -> 2 x b?', 'a -> b? -> c? -> d? -> e? -> f?', 'a & b -> c', 'a -> b & c', 'a & !b', 'a & b?', 'a & b within 1 day', 'a &']) s;
\pset format aligned
\pset tuples_only off

-- against chains in SQL, in every mode, with windows, absences, optional events, a property in common, and each choice of attempts
SELECT setseed(0.75);
CREATE TABLE bf_event AS
SELECT h AS person, ('{view,cart,buy,other}'::text[])[1 + floor(random() * 4)] AS event, timestamptz '2024-01-01' + floor(random() * (3 + h % 9)) * interval '1 hour' AS at, 'p' || floor(random() * 2) AS product
FROM generate_series(1, 700) h, generate_series(1, 2 + h % 7) n;
CREATE TABLE bf_timeline AS SELECT person, cdp.timeline_agg(at, event, jsonb_build_object('product', product)) AS timeline FROM bf_event GROUP BY person;
-- skipped: the steps that may be left out; absent: what must not stand before each step
CREATE TABLE bf_case (id int PRIMARY KEY, sequence cdp.sequence, steps text[], skipped boolean[], absent text[], width interval, common boolean, mode cdp.funnel_mode, attempts text);
INSERT INTO bf_case SELECT row_number() OVER (), s.*, m.mode, a.attempts FROM (VALUES
	('view -> cart -> buy in 3 hours'::cdp.sequence, '{view,cart,buy}'::text[], '{f,f,f}'::boolean[], '{NULL,NULL,NULL}'::text[], interval '3 hours', false),
	('view -> cart -> view', '{view,cart,view}', '{f,f,f}', '{NULL,NULL,NULL}', NULL, false), ('view -> !other -> buy', '{view,buy}', '{f,f}', '{NULL,other}', NULL, false),
	('view -> cart? -> !other -> buy in 4 hours', '{view,cart,buy}', '{f,t,f}', '{NULL,NULL,other}', '4 hours', false), ('view -> view? -> buy? -> cart same product', '{view,view,buy,cart}', '{f,t,t,f}', '{NULL,NULL,NULL,NULL}', NULL, true),
	('cart -> buy -> buy in 6 hours same product', '{cart,buy,buy}', '{f,f,f}', '{NULL,NULL,NULL}', '6 hours', true)) s,
	unnest('{default,strict_increase,strict_order,"strict_order,allow_reentry",strict_deduplication,strict_once}'::cdp.funnel_mode[]) m(mode), unnest('{all,first,last}'::text[]) a(attempts);
CREATE FUNCTION pg_temp.reached(asked int) RETURNS TABLE (person int, step int, took interval) LANGUAGE sql AS $$
	WITH RECURSIVE c AS (SELECT * FROM bf_case WHERE id = asked), read AS (
		-- each history in the order of reading: of one time, what the sequence does not name comes first
		SELECT e.person, CASE WHEN c.common THEN e.product ELSE '' END AS history, e.at, e.event,
			row_number() OVER (PARTITION BY e.person, CASE WHEN c.common THEN e.product ELSE '' END ORDER BY e.at, coalesce(array_position(CASE WHEN c.absent[2] IS NOT NULL THEN ARRAY['view', 'other', 'buy'] WHEN c.absent[3] IS NOT NULL THEN '{view,cart,other,buy}' ELSE c.steps END, e.event), 0)) AS place
		FROM c CROSS JOIN bf_event e
	), begun AS (
		SELECT r.*, min(r.at) OVER (PARTITION BY r.person) AS first_at, max(r.at) OVER (PARTITION BY r.person) AS last_at FROM c JOIN read r ON r.event = c.steps[1]
	), chain AS (
		SELECT b.person, b.history, 1 AS step, b.at AS began, b.at, b.place, ARRAY[]::text[] AS taken FROM c CROSS JOIN begun b WHERE CASE c.attempts WHEN 'first' THEN b.at = b.first_at WHEN 'last' THEN b.at = b.last_at ELSE true END
		UNION
		SELECT h.person, h.history, n.step, h.began, r.at, r.place, h.taken || c.steps[n.step] FROM c CROSS JOIN chain h CROSS JOIN LATERAL generate_series(h.step + 1, cardinality(c.steps)) n(step)
		JOIN read r ON (r.person, r.history, r.event) = (h.person, h.history, c.steps[n.step]) AND r.place > h.place
		WHERE NOT EXISTS (SELECT FROM generate_series(h.step + 1, n.step - 1) k WHERE NOT c.skipped[k]) AND (c.width IS NULL OR r.at - h.began <= c.width) AND (c.mode::text <> 'strict_increase' OR r.at > h.at) AND (c.mode::text <> 'strict_order' OR r.place = h.place + 1)
			AND NOT EXISTS (SELECT FROM read b WHERE (b.person, b.history) = (h.person, h.history) AND b.place > h.place AND b.place < r.place AND (b.event = ANY (c.absent[h.step + 1:n.step])
				OR c.mode::text = 'strict_deduplication' AND b.event = ANY (h.taken || c.steps[n.step]) OR c.mode::text = 'strict_order,allow_reentry' AND b.event <> ALL (c.steps || array_remove(c.absent, NULL))))
	)
	SELECT DISTINCT ON (person, step) person, step, at - began FROM chain ORDER BY person, step, at, began DESC;
$$;
CREATE TABLE bf_answer AS
SELECT c.id, t.person, cdp.funnel(t.timeline, c.sequence, c.mode, c.attempts) AS depth, cdp.funnel_times(t.timeline, c.sequence, c.mode, c.attempts) AS times, coalesce(d.depth, 0) AS depth_defined, d.times AS times_defined
FROM bf_case c CROSS JOIN bf_timeline t LEFT JOIN LATERAL (SELECT r.person, max(r.step) AS depth, jsonb_object_agg(r.step, extract(epoch FROM r.took)::int) AS times FROM pg_temp.reached(c.id) r GROUP BY r.person) d ON d.person = t.person;
SELECT c.sequence::text, c.mode::text, count(DISTINCT a.depth) >= 3 OR c.mode::text LIKE 'strict_order%' AND count(DISTINCT a.depth) >= 2 AS varied, count(*) FILTER (WHERE a.depth <> a.depth_defined) AS other_depths,
	count(*) FILTER (WHERE a.times_defined IS DISTINCT FROM (SELECT jsonb_object_agg(w.step, extract(epoch FROM w.took)::int) FROM unnest(a.times) WITH ORDINALITY w(took, step) WHERE w.took IS NOT NULL) OR cardinality(a.times) <> a.depth) AS other_times
FROM bf_answer a JOIN bf_case c USING (id) GROUP BY c.sequence::text, c.mode::text ORDER BY c.sequence::text COLLATE "C", c.mode::text COLLATE "C";
SELECT c.attempts, avg(a.depth) < (SELECT avg(w.depth) FROM bf_answer w JOIN bf_case v USING (id) WHERE v.attempts = 'all') AS less, count(*) AS answers FROM bf_answer a JOIN bf_case c USING (id) GROUP BY c.attempts ORDER BY c.attempts;
-- matches is whether all of a sequence is reached
SELECT count(*) AS answers, count(*) FILTER (WHERE cdp.matches(t.timeline, c.sequence) <> (a.depth = cardinality(c.steps))) AS differences FROM bf_answer a JOIN bf_case c USING (id) JOIN bf_timeline t USING (person) WHERE c.attempts = 'all' AND c.mode::text IN ('default', 'strict_once');
-- as deep as cdp.window_funnel over the rows says, where no name stands twice
SELECT w.mode, count(*) FILTER (WHERE f.depth <> w.depth) AS differences FROM bf_answer f JOIN bf_case c USING (id)
JOIN (SELECT person, m AS mode, cdp.window_funnel(m::cdp.funnel_mode, '3 hours', at, event = 'view', event = 'cart', event = 'buy') AS depth FROM bf_event, unnest('{default,strict_once,strict_increase}'::text[]) m GROUP BY person, m) w ON w.person = f.person AND w.mode = c.mode::text
WHERE c.attempts = 'all' AND c.sequence::text = 'view -> cart -> buy in 3 hours' GROUP BY w.mode ORDER BY w.mode COLLATE "C";

-- any order: for each event, how many names follow it in the window, and when
CREATE TABLE bf_any AS
WITH seen AS (
	SELECT b.person, b.at AS began, e.event, min(e.at) AS at FROM bf_event b JOIN bf_event e ON e.person = b.person AND e.at >= b.at AND e.at <= b.at + interval '4 hours' WHERE b.event <> 'other' AND e.event <> 'other' GROUP BY b.person, b.at, e.event
), counted AS (SELECT person, began, at, row_number() OVER (PARTITION BY person, began ORDER BY at) AS step FROM seen)
SELECT DISTINCT ON (person, step) person, step, at - began AS took FROM counted ORDER BY person, step, at, began DESC;
SELECT cdp.funnel(timeline, 'view & cart & buy in 4 hours') AS depth, count(*), count(*) FILTER (WHERE d.times IS DISTINCT FROM nullif(cdp.funnel_times(timeline, 'view & cart & buy in 4 hours'), '{}')) AS differences,
	count(*) FILTER (WHERE cdp.matches(timeline, 'view & cart & buy in 4 hours')) AS matches FROM bf_timeline LEFT JOIN (SELECT person, array_agg(took ORDER BY step) AS times FROM bf_any GROUP BY person) d USING (person) GROUP BY 1 ORDER BY 1;

-- until when the answer of cdp.matches stays, for what segments ask
SELECT q.sequence::text, count(*) FILTER (WHERE h.now) > 20 AS matching, count(*) FILTER (WHERE h.horizon <= '2024-01-01 05:00') AS not_after, count(*) FILTER (WHERE c.changed < h.horizon) AS too_late, count(*) FILTER (WHERE c.changed = h.horizon) > 20 AS exact
FROM unnest('{view & cart & buy in 4 hours,view & 2 x cart same product,view -> cart? -> !other -> buy in 4 hours,view -> buy? within 1 hour -> cart same product}'::cdp.sequence[]) q(sequence) CROSS JOIN bf_timeline t
CROSS JOIN LATERAL (SELECT cdp_internal.horizon('matches', t.timeline, jsonb_build_object('sequence', q.sequence, 'within', '5 hours', 'as_of', '2024-01-01 05:00Z')) AS horizon, cdp.matches(t.timeline, q.sequence, '5 hours', '2024-01-01 05:00Z') AS now) h
CROSS JOIN LATERAL (SELECT min(i) AS changed FROM generate_series(timestamptz '2024-01-01 05:00Z', '2024-01-01 17:00Z', '1 hour') i WHERE cdp.matches(t.timeline, q.sequence, '5 hours', i) <> h.now) c GROUP BY q.sequence::text ORDER BY q.sequence::text COLLATE "C";

-- the same where the arguments are constants, which are read once for all rows, but for what changes from row to row
SELECT count(*) AS rows, count(*) FILTER (WHERE cdp.funnel(timeline, 'view -> cart? -> buy in 2 hours same product', mode, 'first', since => since, as_of => now_of) <> cdp.funnel(timeline, s.sequence, mode, a, since => since, as_of => now_of)
	OR cdp.funnel_times(timeline, 'view -> cart? -> buy in 2 hours same product', mode, 'first', since, as_of => now_of) <> cdp.funnel_times(timeline, s.sequence, mode, a, since, as_of => now_of)) AS differences
FROM (SELECT 'view -> cart? -> buy in 2 hours same product'::cdp.sequence AS sequence, 'first'::text AS a) s CROSS JOIN unnest('{default,strict_order,strict_increase}'::cdp.funnel_mode[]) mode CROSS JOIN (VALUES (NULL::timestamptz), ('2024-01-01 02:00')) v(since)
	CROSS JOIN (SELECT timeline, timestamptz '2024-01-01' + (person % 7) * interval '1 hour' AS now_of FROM bf_timeline) t;

-- a person with many events
SELECT cdp.funnel(timeline, 'a -> b -> c in 3 seconds') AS three, cdp.funnel(timeline, 'a -> b -> c in 1 second') AS two, cdp.funnel(timeline, 'a -> c -> a in 3 seconds', 'strict_order') AS one, cdp.funnel(timeline, 'a -> x? -> d? -> y? -> c? -> x in 5 seconds') AS ways, cdp.funnel(timeline, 'x & 9 x a & 40 x (b | c | d)') AS any_order
FROM (SELECT cdp.timeline_agg(timestamptz '2024-01-01' + n * interval '1 second', ('{a,b,c,d}'::text[])[1 + n % 4]) AS timeline FROM generate_series(1, 100000) n) t;
SELECT provolatile, proparallel, procost FROM pg_proc WHERE oid IN ('cdp.funnel'::regproc, 'cdp.funnel_times'::regproc);
DROP TABLE bf_event, bf_timeline, bf_case, bf_answer, bf_any;
