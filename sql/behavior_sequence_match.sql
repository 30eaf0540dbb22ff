-- cdp.sequence_match, cdp.sequence_count and cdp.sequence_match_events over rows of any table.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE my_events (user_id int, ts timestamptz, event text);
INSERT INTO my_events VALUES (1, '2026-01-01 10:00', 'view'), (1, '2026-01-01 10:30', 'cart'), (1, '2026-01-01 11:30', 'buy'), (1, '2026-01-02 10:00', 'view'), (1, '2026-01-02 10:00:01', 'buy'),
	(2, '2026-01-03', 'buy'), (2, '2026-01-02', 'cart'), (2, '2026-01-01', 'view'), (3, '2026-01-01', 'buy'), (3, '2026-01-01', 'cart'), (3, '2026-01-01', 'view'), (4, NULL, 'view'), (4, '2026-01-01', NULL), (5, '2026-01-01', 'help');
SELECT user_id, cdp.sequence_match('(?1).*(?3)', ts, event = 'view', event = 'cart', event = 'buy') AS match, cdp.sequence_match('(?1)(?3)', ts, event = 'view', event = 'cart', event = 'buy') AS adjacent,
	cdp.sequence_match('(?1)(?2)', ts, event = 'view', event = 'buy') AS others_do_not_count, cdp.sequence_match('(?1)(?t<=5399)(?3)', ts, event = 'view', event = 'cart', event = 'buy') AS in_time,
	cdp.sequence_count('(?1).*(?3)', ts, event = 'view', event = 'cart', event = 'buy') AS count, cdp.sequence_match_events('(?1).*(?2).*(?3)', ts, event = 'view', event = 'cart', event = 'buy') AS events,
	cdp.sequence_match('(?1).*(?2)', ts, NULL, event = 'buy') AS null_condition, cdp.sequence_count('(?1)', ts, event = 'view') FILTER (WHERE ts < '2026-01-02') AS filtered
FROM my_events GROUP BY user_id ORDER BY user_id;
SELECT cdp.sequence_match('(?1)', ts, true) AS match, cdp.sequence_count('(?1)', ts, true) AS count, cdp.sequence_match_events('(?1)', ts, true) AS events FROM my_events WHERE false;

-- times of every kind
SELECT cdp.sequence_match_events('(?1)(?t==86400)(?2)', d, n = 1, n = 2) AS date, cdp.sequence_match_events('(?1)(?t==86400)(?2)', d::timestamp, n = 1, n = 2) AS timestamp, cdp.sequence_match_events('(?1)(?t==86400)(?2)', d::timestamptz, n = 1, n = 2) AS timestamptz
FROM (VALUES (date '1999-10-25', 1), ('1999-10-26', 2)) v(d, n);
SELECT cdp.sequence_match_events('(?1)(?t<=2)(?2)', t, n = 1, n = 2) AS integer, cdp.sequence_match_events('(?1)(?t<2)(?2)', t::bigint, n = 1, n = 2) AS bigint, cdp.sequence_match_events('(?1)(?t>=2)(?2)', t + 0.25::float8, n = 1, n = 2) AS double,
	cdp.sequence_match_events('(?1)(?t>2)(?2)', t::smallint, n = 1, n = 2) AS smallint, cdp.sequence_match_events('(?1)(?t==2)(?2)', t::numeric, n = 1, n = 2) AS numeric
FROM (VALUES (-1, 1), (1, 2)) v(t, n);
SELECT cdp.sequence_match('(?1)(?t==2)(?2)', t, n = 1, n = 2) AS integer, cdp.sequence_match('(?1)(?t==2)(?2)', t::bigint, n = 1, n = 2) AS bigint, cdp.sequence_match('(?1)(?t==2)(?2)', t::float8, n = 1, n = 2) AS double,
	cdp.sequence_match('(?1)(?t==172800)(?2)', date '2026-01-01' + t, n = 1, n = 2) AS date, cdp.sequence_match('(?1)(?t==172800)(?2)', timestamp '2026-01-01' + t * interval '1 day', n = 1, n = 2) AS timestamp,
	cdp.sequence_count('(?1)(?t==2)(?2)', t, n = 1, n = 2) AS integers, cdp.sequence_count('(?1)(?t==2)(?2)', t::bigint, n = 1, n = 2) AS bigints, cdp.sequence_count('(?1)(?t==2)(?2)', t::float8, n = 1, n = 2) AS doubles,
	cdp.sequence_count('(?1)(?t==172800)(?2)', date '2026-01-01' + t, n = 1, n = 2) AS dates, cdp.sequence_count('(?1)(?t==172800)(?2)', timestamp '2026-01-01' + t * interval '1 day', n = 1, n = 2) AS timestamps
FROM (VALUES (-1, 1), (1, 2)) v(t, n);
SELECT cdp.sequence_count('(?1)(?t>9223372036854775806)(?2)', t, n = 1, n = 2) AS over_all_time FROM (VALUES (-9223372036854775808, 1), (-1, 2)) v(t, n);

-- what ClickHouse's own tests expect
CREATE TABLE bs_ch AS SELECT * FROM (VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 1), (5, 2), (6, 0), (7, 0), (8, 0), (9, 0), (10, 1), (11, 1)) v("time", data);
CREATE TABLE bs_expected (pattern text, match boolean, count bigint, events int[]);
INSERT INTO bs_expected VALUES ('', true, 12, '{}'), ('.', true, 12, '{}'), ('.*', true, 12, '{}'), ('(?1)', true, 8, '{0}'), ('(?2)', true, 3, '{4}'), ('(?3)', true, 1, '{5}'), ('(?4)', false, 0, '{}'),
	('(?1)(?1)', true, 4, '{0,1}'), ('(?1)(?1)(?1)', true, 2, '{0,1,2}'), ('(?1)(?1)(?1)(?1)', true, 2, '{0,1,2,3}'), ('(?1)(?1)(?1)(?1)(?1)', false, 0, '{0,1,2,3}'), ('(?1)(?1)(?1)(?1)(?2)', true, 2, '{0,1,2,3,4}'),
	('(?1)(?t>10)(?2)', true, 1, '{0,11}'), ('(?1)(?t>11)(?2)', false, 0, '{0}'), ('(?1)(?t<11)(?2)', true, 2, '{0,4}'), ('(?1)(?t<3)(?3)', true, 1, '{3,5}'), ('(?1)(?t<=2)(?3)', true, 1, '{3,5}'),
	('(?1)(?t<2)(?3)', false, 0, '{0}'), ('(?2)(?t>=7)(?2)', true, 1, '{4,11}'), ('(?2)(?t>7)(?2)', false, 0, '{4}'), ('(?2)(?3)(?1)', true, 1, '{4,5,6}');
SELECT pattern, e.match, e.count, e.events FROM bs_expected e,
	LATERAL (SELECT cdp.sequence_match(pattern, "time", data = 0, data = 1, data = 2, data = 3) AS match, cdp.sequence_count(pattern, "time", data = 0, data = 1, data = 2, data = 3) AS count,
		cdp.sequence_match_events(pattern, "time", data = 0, data = 1, data = 2, data = 3) AS events FROM bs_ch) c
WHERE (e.match, e.count, e.events) IS DISTINCT FROM (c.match, c.count, c.events);
SELECT cdp.sequence_match('(?1)(?t==2)(?2)', "time", data = 1, data = 2) AS no, cdp.sequence_match('(?1)(?t==1)(?2)', "time", data = 1, data = 2) AS yes, cdp.sequence_count('(?1)(?t==1)(?2)', "time", data = 1, data = 2) AS one,
	cdp.sequence_match_events('(?1)(?t==2)(?2)', "time", data = 1, data = 2) AS four, cdp.sequence_match_events('(?1)(?t==1)(?2)', "time", data = 1, data = 2) AS four_five FROM bs_ch;
SELECT cdp.sequence_match_events('(?1).*(?2).*(?1)(?3)', "time", number = 1, number = 2, number = 4) AS "1,3,4" FROM (VALUES (1, 1), (2, 3), (3, 2), (4, 1), (5, 3), (6, 2)) v("time", number);
-- rows of one time are read in the dictionary order of the conditions that they satisfy
SELECT a AS one, b AS other, cdp.sequence_match('(?1)(?2)', 0, c @> '{1}', c @> '{2}', c @> '{3}') AS "(?1)(?2)", cdp.sequence_match('(?2)(?1)', 0, c @> '{1}', c @> '{2}', c @> '{3}') AS "(?2)(?1)",
	cdp.sequence_match('(?2)(?3)', 0, c @> '{1}', c @> '{2}', c @> '{3}') AS "(?2)(?3)", cdp.sequence_match('(?3)(?2)', 0, c @> '{1}', c @> '{2}', c @> '{3}') AS "(?3)(?2)"
FROM (VALUES ('{1}'::int[], '{2}'::int[]), ('{2}', '{1,2}'), ('{1,3}', '{1,2}'), ('{1,2,3}', '{1,3}'), ('{2,3}', '{1,3}'), ('{3}', '{2,3}')) v(a, b), unnest(ARRAY[a::text, b::text]) t(x), LATERAL (SELECT x::int[] AS c) y
GROUP BY a, b ORDER BY a, b;

-- against what a pattern says, as a query: 6,000 histories of rows that share times and satisfy several conditions
SELECT setseed(0.25);
CREATE TABLE bs_row AS
SELECT h AS history, n AS id, floor(random() * (2 + h % 6))::int AS at, random() < 0.4 AS a, random() < 0.4 AS b, random() < 0.4 AS c FROM generate_series(1, 6000) h, generate_series(1, 2 + h % 7) n;
CREATE TABLE bs_ordered AS
SELECT history, at, a, b, c, row_number() OVER (PARTITION BY history ORDER BY at, array_remove(ARRAY[CASE WHEN a THEN 1 END, CASE WHEN b THEN 2 END, CASE WHEN c THEN 3 END], NULL)) AS n FROM bs_row WHERE a OR b OR c;
CREATE INDEX ON bs_ordered (history);
ANALYZE bs_ordered;
CREATE TABLE bs_said (pattern text, said text);
INSERT INTO bs_said VALUES ('(?1)(?2)', 'x.a AND y.b AND y.n = x.n + 1'), ('(?1).*(?2)', 'x.a AND y.b AND y.n > x.n'), ('(?1).(?2)', 'x.a AND y.b AND y.n = x.n + 2'), ('(?3)(?t<=1)(?1)', 'x.c AND y.a AND y.n > x.n AND y.at - x.at <= 1'),
	('(?1)(?t<3).*(?1)', 'x.a AND y.a AND y.n > x.n AND y.at - x.at < 3'), ('(?2).*(?t>2)(?2)', 'x.b AND y.b AND y.n > x.n AND y.at - x.at > 2'), ('(?3)(?t==2)(?2)', 'x.c AND y.b AND y.n > x.n AND y.at - x.at = 2'),
	('(?3)(?t>=1)(?t<=2)(?2)', 'x.c AND y.b AND y.n > x.n AND y.at - x.at BETWEEN 1 AND 2'), ('(?1)(?2)(?t>=2)(?3)', 'x.a AND y.c AND EXISTS (SELECT FROM bs_ordered z WHERE z.history = x.history AND z.b AND z.n = x.n + 1 AND y.at - z.at >= 2 AND y.n > z.n)'),
	('(?1)(?t==1)(?2)(?t==1)(?3)', 'x.a AND y.c AND EXISTS (SELECT FROM bs_ordered z WHERE z.history = x.history AND z.b AND z.n > x.n AND z.at - x.at = 1 AND y.at - z.at = 1 AND y.n > z.n)');
CREATE FUNCTION pg_temp.said(said text) RETURNS TABLE (history int, first int, last bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT history, min(x.at), min(y.n) FROM bs_ordered x JOIN bs_ordered y USING (history) WHERE %s GROUP BY history', said);
END $$;
SELECT pattern, count(*) FILTER (WHERE match) > 200 AND count(*) FILTER (WHERE NOT match) > 200 AS both, count(*) FILTER (WHERE match <> (s.history IS NOT NULL)) AS differences,
	count(*) FILTER (WHERE match AND (count = 0 OR events[1] <> s.first OR events[array_length(events, 1)] <> l.at)) AS other_events
FROM bs_said p CROSS JOIN LATERAL (SELECT history, cdp.sequence_match(p.pattern, at, a, b, c) AS match, cdp.sequence_count(p.pattern, at, a, b, c) AS count, cdp.sequence_match_events(p.pattern, at, a, b, c) AS events FROM bs_row GROUP BY history) m
LEFT JOIN LATERAL pg_temp.said(p.said) s USING (history) LEFT JOIN bs_ordered l ON l.history = s.history AND l.n = s.last
GROUP BY pattern ORDER BY pattern;

-- the same answer from parallel plans, and from states that travel as text or in binary
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0.01;
SET min_parallel_table_scan_size = 0;
ANALYZE bs_row;
EXPLAIN (COSTS OFF) SELECT id, cdp.sequence_count('(?1).*(?2)(?t>5)(?3)', history, a, b, c) FROM bs_row GROUP BY 1;
SELECT count(*) AS groups, sum(p.count) > 500 AS many, count(*) FILTER (WHERE p IS DISTINCT FROM s) AS differences
FROM (SELECT id AS h, cdp.sequence_count('(?1)(?2)(?t>50)(?3)', history, a, b, c) AS count, cdp.sequence_match_events('(?1)(?2)(?t>50)(?3)', history, a, b, c) AS events FROM bs_row GROUP BY 1) p
FULL JOIN (SELECT id AS h, cdp.sequence_count('(?1)(?2)(?t>50)(?3)', history, a, b, c ORDER BY history DESC) AS count, cdp.sequence_match_events('(?1)(?2)(?t>50)(?3)', history, a, b, c ORDER BY history DESC) AS events FROM bs_row GROUP BY 1) s USING (h);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
CREATE AGGREGATE pg_temp.state_of(text, int, boolean[]) (SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state);
CREATE AGGREGATE pg_temp.count_of(cdp_internal.steps_state) (SFUNC = cdp_internal.steps_state_combine, STYPE = cdp_internal.steps_state, FINALFUNC = cdp_internal.sequence_count_final);
CREATE TABLE bs_state AS SELECT history, id % 3 AS part, pg_temp.state_of('(?1).*(?2)', at, ARRAY[a, b, c]) AS state FROM bs_row GROUP BY 1, 2;
COPY bs_state TO PROGRAM 'cat >cdp_behavior_sequence.bin' (FORMAT binary);
CREATE TABLE bs_state_read (LIKE bs_state);
COPY bs_state_read FROM PROGRAM 'cat cdp_behavior_sequence.bin; rm cdp_behavior_sequence.bin' (FORMAT binary);
SELECT count(*) AS histories, count(*) FILTER (WHERE s.count <> w.count) AS differences
FROM (SELECT history, pg_temp.count_of(CASE WHEN part = 0 THEN state ELSE state::text::cdp_internal.steps_state END) AS count FROM bs_state_read GROUP BY history) s
JOIN (SELECT history, cdp.sequence_count('(?1).*(?2)', at, a, b, c) AS count FROM bs_row GROUP BY history) w USING (history);

-- as a window function; many rows of one group, and patterns over which a backtracking matcher does not come to an end
SELECT n, cdp.sequence_count('(?1)(?2)', n, n % 2 = 1, n % 2 = 0) OVER (ORDER BY n) AS so_far FROM generate_series(1, 4) n;
SELECT cdp.sequence_match('(?1).*(?2).*(?3)', n, n = 1, n < 200000, n = 200000) AS abc, cdp.sequence_match('(?1).*(?2).*(?3)', n, n = 1, n < 200000, n = 1) AS aba,
	cdp.sequence_match('(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?2)', n, n > 0, n = 0) AS none, cdp.sequence_count('(?1)(?t>=1000)(?1)(?t>=1000)(?1)(?t<=1)(?2)', n, n > 0, n % 10000 = 0) AS twenty,
	cdp.sequence_match_events('(?1)(?t==99999)(?1)(?t==99999)(?1)(?2)', n, n > 0, n = 0) AS three
FROM generate_series(1, 200000) n;
SELECT cdp.sequence_match_events((SELECT string_agg(format('(?%s)', i), '' ORDER BY i) FROM generate_series(1, 32) i), n, VARIADIC (SELECT array_agg(n = i ORDER BY i) FROM generate_series(1, 32) i)) = (SELECT array_agg(i) FROM generate_series(1, 32) i) AS thirty_two FROM generate_series(1, 40) n;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', pattern, pg_temp.refusal(format('SELECT cdp.sequence_match(%L, 1, true, false)', pattern)))
FROM unnest('{(,(?,(?),(?1,(?1)x,"(?1) (?2)",(?0),(?3),(?99999999999),(?t<=5)(?1),(?1)(?t<=5),(?1)(?t5)(?2),(?1)(?t<=)(?2),(?1)(?t<0)(?2),(?1)(?t<=9223372036854775808)(?2),(?1)((?2)),(?1)|(?2),(?1)+}'::text[]) pattern;
SELECT format('%s -> %s', left(call, 60), pg_temp.refusal(format('SELECT cdp.sequence_count(%s) FROM my_events WHERE user_id = 1', call)))
FROM unnest(ARRAY[$$NULL, ts, true$$, $$'(?1)', 'infinity'::timestamptz, true$$, $$'(?1)', '-infinity'::date, true$$, $$'(?1)', 'nan'::float8, true$$, $$'(?1)', ts, VARIADIC '{}'::boolean[]$$, $$'(?1)', ts, VARIADIC NULL::boolean[]$$,
	$$'(?1)', ts, VARIADIC array_fill(true, ARRAY[33])$$, $$'(?1)', ts, VARIADIC array_fill(true, ARRAY[extract(day FROM ts)::int])$$, $$CASE WHEN event = 'view' THEN '(?1)' ELSE '.' END, ts, true$$,
	$$repeat('.', 65), ts, true$$, $$'(?1)(?t<9223372036855)(?1)', ts, true$$, $$NULL, NULL::timestamptz, true$$]) call;
SELECT pg_temp.refusal('SELECT cdp_internal.steps_state_combine(NULL, NULL)') AS combine_nulls, pg_temp.refusal($$SELECT cdp_internal.sequence_trans(NULL, '(?1)', 1, '{t}')$$) AS outside,
	pg_temp.refusal($$SELECT cdp_internal.window_funnel_final('0101000003000000000000000004283f3129')$$) AS wrong_use, pg_temp.refusal($$SELECT cdp_internal.sequence_match_final('0100000003090000000000000000')$$) AS wrong_use_too,
	pg_temp.refusal($$SELECT '0101000003000000000000000004283f3429'::cdp_internal.steps_state$$) AS no_condition_4;
\pset format aligned
\pset tuples_only off
DROP TABLE my_events, bs_ch, bs_expected, bs_row, bs_ordered, bs_said, bs_state, bs_state_read;
