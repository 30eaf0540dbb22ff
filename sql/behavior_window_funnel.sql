-- cdp.window_funnel over rows of any table.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE my_events (user_id int, ts timestamptz, event text);
INSERT INTO my_events VALUES (1, '2026-01-01', 'view'), (1, '2026-01-03', 'cart'), (1, '2026-01-08', 'buy'), (2, '2026-01-01', 'view'), (2, '2026-01-03', 'cart'),
	(2, '2026-01-08 00:00:00.000001', 'buy'), (3, '2026-01-02', 'cart'), (3, '2026-01-01', 'buy'), (4, '2026-01-01', 'buy'), (4, '2026-01-01', 'cart'), (4, '2026-01-01', 'view'),
	(5, NULL, 'view'), (5, '2026-01-01', NULL), (6, '2026-01-01', 'view'), (6, '2026-01-02', NULL), (6, '2026-01-20', 'view'), (6, '2026-01-21', 'cart');
SELECT user_id, cdp.window_funnel('7 days', ts, event = 'view', event = 'cart', event = 'buy') FROM my_events GROUP BY user_id;
SELECT cdp.window_funnel('7 days', ts, event = 'view') FROM my_events WHERE false;
SELECT user_id, cdp.window_funnel('7 days', ts, event = 'view', event = 'cart') FILTER (WHERE ts >= '2026-01-02') AS filtered,
	cdp.window_funnel('0 days', ts, event = 'view', event = 'cart') AS at_once, cdp.window_funnel('7 days', ts, NULL, event = 'cart') AS null_step,
	cdp.window_funnel('strict_increase', '7 days', ts, event = 'view', event = 'cart', event = 'buy') AS increase,
	cdp.window_funnel('strict_order'::cdp.funnel_mode, '30 days', ts, event = 'view', event = 'cart', event = 'buy') AS in_order
FROM my_events GROUP BY user_id ORDER BY user_id;

-- times of every kind; dates across the end of summer time, where '1 day' of the clock is 25 hours
SET timezone = 'Europe/Berlin';
SELECT cdp.window_funnel('1 day', d, n = 1, n = 2) AS date, cdp.window_funnel('1 day', d::timestamp, n = 1, n = 2) AS timestamp, cdp.window_funnel('1 day', d::timestamptz, n = 1, n = 2) AS timestamptz,
	cdp.window_funnel('25 hours', d::timestamptz, n = 1, n = 2) AS longer
FROM (VALUES (date '2026-10-25', 1), ('2026-10-26', 2)) v(d, n);
SET timezone = 'UTC';
SELECT cdp.window_funnel(2, t, n = 1, n = 2) AS integer, cdp.window_funnel(1, t, n = 1, n = 2) AS too_short, cdp.window_funnel(2, t::smallint, n = 1, n = 2) AS smallint,
	cdp.window_funnel(2, t::bigint, n = 1, n = 2) AS bigint, cdp.window_funnel(2.0, t::float8, n = 1, n = 2) AS double, cdp.window_funnel(1.999, t::float8, n = 1, n = 2) AS short_double,
	cdp.window_funnel(2, t::numeric, n = 1, n = 2) AS numeric, cdp.window_funnel('strict_increase', 2, t, n = 1, n = 2) AS mode_integer,
	cdp.window_funnel('strict_once', 2::bigint, t::bigint, n > 0, n > 0) AS mode_bigint, cdp.window_funnel('strict_once', 2, t::float8, n > 0, n > 0, n > 0) AS mode_double,
	cdp.window_funnel('strict_once', '2 days', date '2026-01-01' + t, n > 0, n > 0, n > 0) AS mode_date, cdp.window_funnel('strict_once', '2 days', timestamp '2026-01-01' + t * interval '1 day', n > 0, n > 0, n > 0) AS mode_timestamp
FROM (VALUES (-1, 1), (1, 2)) v(t, n);
SELECT cdp.window_funnel(9223372036854775807, t, n = 1, n = 2) AS over_all_time FROM (VALUES (-9223372036854775808, 1), (-1, 2)) v(t, n);

-- what ClickHouse's own tests expect of windowFunnel
CREATE TABLE bw_ch (history int, at int, event text);
INSERT INTO bw_ch SELECT h, n, e FROM unnest('{abc,adbc,aabbcc,aaaabbcc,aabbdcc,ccbbaa,acb,abcbd,aabac,acbc,ac}'::text[]) WITH ORDINALITY s(events, h), regexp_split_to_table(events, '') WITH ORDINALITY r(e, n);
SELECT h AS history, string_agg(event, '' ORDER BY at) AS events,
	cdp.window_funnel(86400, at, event = 'a', event = 'b', event = 'c') AS plain,
	cdp.window_funnel('strict_order', 86400, at, event = 'a', event = 'b', event = 'c') AS strict_order,
	cdp.window_funnel('strict_deduplication,strict_order', 86400, at, event = 'a', event = 'b', event = 'c') AS dedup_order,
	cdp.window_funnel('strict_deduplication', 86400, at, event = 'a', event = 'b', event = 'c', event = 'd') AS dedup_4,
	cdp.window_funnel('strict_order,allow_reentry', 86400, at, event = 'a', event = 'b', event = 'c') AS reentry,
	cdp.window_funnel('strict_order', 86400, at, event = 'a', event = 'b', event = 'a', event = 'c') AS abac,
	cdp.window_funnel('strict_order,allow_reentry', 86400, at, event = 'a', event = 'b', event = 'a', event = 'c') AS abac_reentry
FROM bw_ch c(h) GROUP BY h ORDER BY h;
SELECT cdp.window_funnel(10000, t, e = 0, e = 1, e = 2, e = 3, e = 4) AS five, cdp.window_funnel('strict_increase', 10000, t, e = 0, e = 1, e = 2, e = 3, e = 4) AS two,
	cdp.window_funnel(10000, t, e = 4, e = 4, e = 4) AS three, cdp.window_funnel('strict_once', 10000, t, e = 4, e = 4, e = 4) AS one, cdp.window_funnel('strict_increase', 10000, t, e = 4, e = 4, e = 4) AS one_again,
	cdp.window_funnel(4, t, e <= 3, e >= 1, e <= 3, e >= 2) AS overlapping
FROM (VALUES (0, 0), (1, 1), (1, 2), (1, 3), (2, 4)) v(t, e);
SELECT h AS history, cdp.window_funnel('strict_once,strict_increase', 200, t, NOT ok, NOT ok, ok) AS once_increase, cdp.window_funnel('strict_once', 200, t, NOT ok, NOT ok, ok) AS once,
	cdp.window_funnel('strict_once,strict_deduplication', 200, t, NOT ok, NOT ok, ok) AS once_dedup
FROM (VALUES (234, 100, false), (345, 200, true), (345, 210, false), (345, 230, true), (234, 250, false), (123, 180, false), (123, 220, false), (123, 250, true)) v(h, t, ok) GROUP BY h ORDER BY h;
-- what it loses: a valid chain behind a later one
SELECT cdp.window_funnel('strict_increase', 10, t, e = 1, e = 2) FROM (VALUES (0, 1), (1, 1), (1, 2)) v(t, e);

-- against the definition, word by word, for every mode: 12,000 histories
CREATE FUNCTION pg_temp.defined(modes text, width int, steps int, history jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	instant record;
	entry record;
	chains jsonb := '[]'; -- of [depth, first, last, rows]
	began jsonb;
	dedup boolean := modes ~ 'strict_deduplication';
BEGIN
	FOR instant IN SELECT (r->>'at')::int AS at, jsonb_agg(r) AS rows FROM jsonb_array_elements(history) r GROUP BY 1 ORDER BY 1 LOOP
		IF modes ~ 'strict_order' AND jsonb_array_length(chains) > 0 AND EXISTS (SELECT FROM jsonb_array_elements(instant.rows) r WHERE r->'steps' = '[]') THEN
			EXIT;
		END IF;
		FOR entry IN SELECT i, jsonb_agg(r) AS rows FROM generate_series(1, steps) i, jsonb_array_elements(instant.rows) r WHERE r->'steps' @> to_jsonb(i) GROUP BY i ORDER BY i LOOP
			IF entry.i > 1 AND dedup AND EXISTS (SELECT FROM jsonb_array_elements(chains) c WHERE (c->>0)::int = entry.i) THEN
				RETURN (SELECT max((c->>0)::int) FROM jsonb_array_elements(chains) c);
			END IF;
			IF entry.i > 1 AND modes ~ 'strict_order' AND jsonb_array_length(chains) > 0 AND NOT EXISTS (SELECT FROM jsonb_array_elements(chains) c WHERE (c->>0)::int = entry.i - 1) THEN
				CONTINUE WHEN modes ~ 'allow_reentry';
				RETURN (SELECT max((c->>0)::int) FROM jsonb_array_elements(chains) c);
			END IF;
			SELECT jsonb_agg(n) INTO began FROM (
				SELECT jsonb_build_array(1, instant.at, instant.at, jsonb_build_array(r->'id')) FROM jsonb_array_elements(entry.rows) r WHERE entry.i = 1
				UNION ALL
				SELECT jsonb_build_array(entry.i, c->1, instant.at, (c->3) || (r->'id')) FROM jsonb_array_elements(chains) c, jsonb_array_elements(entry.rows) r
				WHERE entry.i > 1 AND (c->>0)::int = entry.i - 1 AND (c->>1)::int >= instant.at - width
					AND NOT (modes ~ 'strict_increase' AND (c->>2)::int >= instant.at) AND NOT (modes ~ 'strict_once' AND c->3 @> (r->'id'))) b(n);
			chains := chains || coalesce(began, '[]');
			IF entry.i > 1 AND dedup AND jsonb_array_length(entry.rows) > 1 AND EXISTS (SELECT FROM jsonb_array_elements(chains) c WHERE (c->>0)::int = entry.i) THEN
				RETURN (SELECT max((c->>0)::int) FROM jsonb_array_elements(chains) c);
			END IF;
		END LOOP;
	END LOOP;
	RETURN coalesce((SELECT max((c->>0)::int) FROM jsonb_array_elements(chains) c), 0);
END $$;
SELECT setseed(0.75);
CREATE TABLE bw_row AS
SELECT h AS history, n AS id, floor(random() * (2 + h % 5))::int AS at, random() < 0.35 AS a, random() < 0.35 AS b, random() < 0.35 AS c
FROM generate_series(1, 12000) h, generate_series(1, 2 + h % 5) n;
CREATE TABLE bw_history AS
SELECT history, jsonb_agg(jsonb_build_object('id', id, 'at', at, 'steps', to_jsonb(array_remove(ARRAY[CASE WHEN a THEN 1 END, CASE WHEN b THEN 2 END, CASE WHEN c THEN 3 END], NULL)))) AS rows,
	(ARRAY['default', 'strict_deduplication', 'strict_order', 'strict_increase', 'strict_once', 'strict_order,allow_reentry', 'strict_deduplication,strict_order', 'strict_increase,strict_once',
		'strict_deduplication,strict_once', 'strict_order,strict_increase', 'strict_order,strict_once', 'strict_deduplication,strict_increase',
		'strict_deduplication,strict_order,strict_increase,strict_once', 'strict_order,strict_once,allow_reentry'])[1 + history % 14] AS mode, history / 14 % 5 AS width
FROM bw_row GROUP BY history;
CREATE TABLE bw_answer AS
SELECT history, mode, width, cdp.window_funnel(mode::cdp.funnel_mode, width, at, a, b, c) AS depth FROM bw_history JOIN bw_row USING (history) GROUP BY history, mode, width;
SELECT mode, count(*), count(*) FILTER (WHERE depth = 3) > 3 AS deep, count(*) FILTER (WHERE depth <> pg_temp.defined(mode, width, 3, rows)) AS differences
FROM bw_answer JOIN bw_history USING (history, mode, width) GROUP BY mode ORDER BY mode;

-- the same answer from parallel plans, and from states that travel as text or in binary
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ANALYZE bw_row;
EXPLAIN (COSTS OFF) SELECT history % 100 AS h, cdp.window_funnel(3, history, a AND id = 1, b AND id = 2, c AND id = 3) FROM bw_row GROUP BY 1;
SELECT count(*) AS groups, count(*) FILTER (WHERE p.depth IS DISTINCT FROM s.depth) AS differences
FROM (SELECT history % 100 AS h, cdp.window_funnel('strict_increase', 300, history, a AND id = 1, b AND id = 2, c AND id = 3) AS depth FROM bw_row GROUP BY 1) p
FULL JOIN (SELECT history % 100 AS h, cdp.window_funnel('strict_increase', 300, history, a AND id = 1, b AND id = 2, c AND id = 3 ORDER BY id DESC) AS depth FROM bw_row GROUP BY 1) s USING (h);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
CREATE AGGREGATE pg_temp.state_of(int, int, boolean[]) (SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state);
CREATE AGGREGATE pg_temp.depth_of(cdp_internal.steps_state) (SFUNC = cdp_internal.steps_state_combine, STYPE = cdp_internal.steps_state, FINALFUNC = cdp_internal.window_funnel_final);
CREATE TABLE bw_state AS SELECT history, id % 3 AS part, pg_temp.state_of(3, at, ARRAY[a, b, c]) AS state FROM bw_row GROUP BY 1, 2;
COPY bw_state TO PROGRAM 'cat >cdp_behavior_state.bin' (FORMAT binary);
CREATE TABLE bw_state_read (LIKE bw_state);
COPY bw_state_read FROM PROGRAM 'cat cdp_behavior_state.bin; rm cdp_behavior_state.bin' (FORMAT binary);
SELECT count(*) AS histories, count(*) FILTER (WHERE s.depth <> w.depth) AS differences
FROM (SELECT history, pg_temp.depth_of(CASE WHEN part = 0 THEN state ELSE state::text::cdp_internal.steps_state END) AS depth FROM bw_state_read GROUP BY history) s
JOIN (SELECT history, cdp.window_funnel(3, at, a, b, c) AS depth FROM bw_row GROUP BY history) w USING (history);
SELECT state FROM bw_state WHERE history = 1 ORDER BY part;

-- as a window function, and many rows of one group
SELECT n, cdp.window_funnel(2, n, n % 3 = 1, n % 3 = 2, n % 3 = 0) OVER (ORDER BY n) AS so_far FROM generate_series(1, 4) n;
SELECT cdp.window_funnel(2, n, n % 4 = 1, n % 4 = 2, n % 4 = 3, n % 4 = 0) AS three, cdp.window_funnel('strict_once', 200000, 1, n > 0, n > 0, n > 0) AS one_instant FROM generate_series(1, 200000) n;
SELECT cdp.window_funnel(40, n, VARIADIC (SELECT array_agg(n = i ORDER BY i) FROM generate_series(1, 32) i)) AS thirty_two FROM generate_series(1, 40) n;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.window_funnel(%s) FROM my_events WHERE user_id = 1', call)))
FROM unnest(ARRAY[$$'1 month', ts, true$$, $$'-1 day', ts, true$$, $$NULL::interval, ts, true$$, $$'106751992 days', ts, true$$, $$extract(day FROM ts) * interval '1 day', ts, true$$,
	$$'1 day', 'infinity'::timestamptz, true$$, $$'1 day', '-infinity'::date, true$$, $$'1 day', '5874897-12-31'::date, true$$, $$'1 day', ts, VARIADIC '{}'::boolean[]$$, $$'1 day', ts, VARIADIC NULL::boolean[]$$,
	$$'1 day', ts, VARIADIC array_fill(true, ARRAY[33])$$, $$'1 day', ts, VARIADIC array_fill(true, ARRAY[extract(day FROM ts)::int])$$, $$-1, 1, true$$, $$-1::bigint, 1::bigint, true$$, $$'nan'::float8, 1::float8, true$$, $$-0.5, 1::float8, true$$,
	$$1::float8, 'nan'::float8, true$$, $$NULL::int, 1, true$$, $$NULL::cdp.funnel_mode, 1, 1, true$$, $$'strict', 1, 1, true$$, $$'allow_reentry', 1, 1, true$$, $$'', 1, 1, true$$, $$'strict_once;', 1, 1, true$$,
	$$(CASE WHEN event = 'view' THEN 'default' ELSE 'strict_once' END)::cdp.funnel_mode, 1, 1, true$$, $$NULL::interval, NULL::timestamptz, true$$, $$'1 day', NULL::date, true$$]) call;
SELECT format('%s -> %s', bytes, pg_temp.refusal(format('SELECT %L::cdp_internal.steps_state', bytes)))
FROM unnest('{"",00,zz,0200000003090000000000000000,0100000003090000000000000000,010000000309000000000000000001,0100000303090000000000000000}'::text[]) bytes;
\pset format aligned
\pset tuples_only off
SELECT pg_temp.refusal('SELECT cdp_internal.steps_state_combine(NULL, NULL)') AS combine_nulls, pg_temp.refusal('SELECT cdp_internal.window_funnel_trans(NULL, 1, 1, ''{t}'')') AS outside;
SELECT m::cdp.funnel_mode, cdp_internal.funnel_mode_send(m::cdp.funnel_mode) FROM unnest(ARRAY['default', 'strict_once  strict_order', E'strict_order,\tallow_reentry', 'strict_increase']) m;
DROP TABLE my_events, bw_ch, bw_row, bw_history, bw_answer, bw_state, bw_state_read;
