-- cdp.attribution: conversions shared among the touchpoints before them.
SET timezone = 'UTC';
CREATE TABLE ba_visit (user_id int, at timestamptz, channel text, revenue numeric);
INSERT INTO ba_visit VALUES (1, '2026-01-01', 'ads', NULL), (1, '2026-01-08', 'mail', NULL), (1, '2026-01-15', 'direct', NULL), (1, '2026-01-15 01:00', NULL, 40), (1, '2026-03-01', 'mail', 10),
	(2, '2026-01-01', 'ads', NULL), (2, '2026-01-01', 'social', NULL), (2, '2026-01-02', NULL, 5), (3, '2026-01-01', NULL, 7), (4, '2026-01-01', 'ads', NULL), (5, NULL, 'ads', NULL), (5, NULL, NULL, 3);
SELECT user_id, cdp.attribution('linear', '30 days', at, channel, revenue) FROM ba_visit GROUP BY user_id ORDER BY user_id;
-- what an analyst makes of it: one row a channel, whose sums are the conversions and the revenue
SELECT m.model, c.touchpoint, sum(c.conversions) AS conversions, sum(c.value) AS revenue
FROM unnest('{first,last,last_non_direct,linear,time_decay(7 days),position_based}'::text[]) WITH ORDINALITY m(model, n),
	LATERAL (SELECT cdp.attribution(m.model, '30 days', at, channel, revenue) AS shares FROM ba_visit GROUP BY user_id) u, jsonb_to_recordset(u.shares) AS c(touchpoint text, conversions numeric, value numeric)
GROUP BY m.n, m.model, c.touchpoint ORDER BY m.n, c.touchpoint;
-- the lookback is half-open; a touch at the conversion's own time counts, a later one does not; NULL is no limit
SELECT l, cdp.attribution('linear', l, at, t, v) FROM (VALUES (timestamptz '2026-01-01', 'a', NULL::numeric), ('2026-01-01 00:00:00.000001', 'b', NULL), ('2026-01-02', 'c', 1), ('2026-01-02 00:00:00.000001', 'd', NULL)) v(at, t, v),
	unnest('{1 day,24:00:00.000001,NULL}'::interval[]) l GROUP BY l ORDER BY l;
SELECT cdp.attribution('linear', NULL, at::timestamp, t, 1) AS timestamps, cdp.attribution(' time_decay ( 1 hour ) ', '1 day', at, t, 2) FILTER (WHERE t < 'c') AS filtered,
	cdp.attribution('position_based(0,100)', NULL, at, t, 1) FILTER (WHERE false) AS no_rows
FROM (VALUES (timestamptz '2026-01-01 00:00', 'a'), ('2026-01-01 01:00', 'b'), ('2026-01-01 02:00', 'c')) v(at, t);
-- names in their bytes' order, thirds that add up, values of any size, negative ones too
SELECT cdp.attribution('linear', NULL, '2026-01-01'::timestamptz, t, v) FROM (VALUES ('b', NULL), ('B', NULL), ('é', NULL), (NULL, 12345678901234567890123456789.001), (NULL, -0.5)) v(t, v);

-- against the definition, word by word, in exact numbers: 14,000 people
SELECT setseed(0.375);
CREATE TABLE ba_row AS
SELECT p, p % 20 AS part, timestamptz '2026-01-01' + floor(random() * 8) * interval '12 hours' AS at, CASE WHEN random() < 0.7 THEN ('{a,b,B,direct,(Direct)}'::text[])[1 + floor(random() * 5)::int] END AS touchpoint,
	CASE WHEN random() < 0.4 THEN floor(random() * 10000) / 100 - 10 END::numeric AS conversion
FROM generate_series(1, 14000) p, generate_series(1, 1 + p % 9);
CREATE TABLE ba_model AS
SELECT p, (ARRAY['first', 'last', 'last_non_direct', 'linear', 'time_decay(1 day)', 'position_based(40, 40)', 'position_based(30,0)'])[1 + p % 7] AS model, (ARRAY[NULL, '1 day', '2 days 12:00'])[1 + p / 7 % 3]::interval AS lookback FROM generate_series(1, 14000) p;
CREATE TABLE ba_defined AS
WITH conversion AS (
	SELECT row_number() OVER () AS id, p, at AS converted_at, conversion FROM ba_row WHERE conversion IS NOT NULL
), touch AS (
	SELECT c.id, c.p, c.conversion, m.model, r.touchpoint, r.at, r.touchpoint ILIKE 'direct' OR r.touchpoint ILIKE '(direct)' AS direct
	FROM conversion c JOIN ba_model m USING (p) JOIN ba_row r USING (p)
	WHERE r.touchpoint IS NOT NULL AND r.at <= c.converted_at AND (m.lookback IS NULL OR r.at > c.converted_at - m.lookback)
), seen AS (
	SELECT *, min(at) OVER w AS first_at, max(at) OVER w AS last_at, max(at) FILTER (WHERE NOT direct) OVER w AS last_named_at, count(*) OVER (PARTITION BY id, at) AS at_once, count(*) OVER w AS touches
	FROM touch WINDOW w AS (PARTITION BY id)
), between_ends AS (
	SELECT *, count(*) FILTER (WHERE at > first_at AND at < last_at) OVER (PARTITION BY id) AS inner_touches FROM seen
), weighed AS (
	SELECT id, p, conversion, touchpoint, sum(CASE
		WHEN model = 'first' THEN (at = first_at)::int
		WHEN model = 'last' OR model = 'last_non_direct' AND last_named_at IS NULL THEN (at = last_at)::int
		WHEN model = 'last_non_direct' THEN (at = last_named_at AND NOT direct)::int
		WHEN model = 'linear' OR model LIKE 'position%' AND first_at = last_at THEN 1
		WHEN model LIKE 'time_decay%' THEN power(2.0::numeric, -(extract(epoch FROM last_at - at) / 86400))
		WHEN at = first_at THEN (CASE WHEN model LIKE '%40%' THEN 40.0 ELSE 30.0 END) / at_once
		WHEN at = last_at THEN (CASE WHEN model LIKE '%40%' THEN 40.0 ELSE 0 END) / at_once
		ELSE (CASE WHEN model LIKE '%40%' THEN 20.0 ELSE 70.0 END) / inner_touches END) AS weight
	FROM between_ends GROUP BY id, p, conversion, touchpoint
), unit AS (
	SELECT *, floor(share) AS down, round(share - floor(share), 5) AS rest
	FROM (SELECT *, round(weight * 1000000000 / sum(weight) OVER (PARTITION BY id), 7) AS share FROM weighed WHERE weight > 0) s
), given AS (
	SELECT id, p, conversion, touchpoint, (down + (row_number() OVER (PARTITION BY id ORDER BY rest DESC, touchpoint COLLATE "C") <= 1000000000 - sum(down) OVER (PARTITION BY id))::int) / 1000000000 AS share FROM unit
	UNION ALL
	SELECT c.id, c.p, c.conversion, NULL, 1 FROM conversion c WHERE NOT EXISTS (SELECT FROM touch t WHERE t.id = c.id)
)
SELECT p, touchpoint, sum(share) AS conversions, sum(share * conversion) AS value FROM given GROUP BY p, touchpoint;
CREATE TABLE ba_answer AS SELECT p, model, cdp.attribution(model, lookback, at, touchpoint, conversion) AS shares FROM ba_row JOIN ba_model USING (p) GROUP BY p, model;
SELECT m.model, count(*) AS shares, count(DISTINCT m.p) AS people, count(*) FILTER (WHERE a.conversions IS DISTINCT FROM d.conversions OR a.value IS DISTINCT FROM d.value) AS differences
FROM (SELECT p, c.* FROM ba_answer, jsonb_to_recordset(shares) AS c(touchpoint text, conversions numeric, value numeric)) a
FULL JOIN ba_defined d ON (a.p, coalesce(a.touchpoint, '')) = (d.p, coalesce(d.touchpoint, '')) JOIN ba_model m ON m.p = coalesce(a.p, d.p) GROUP BY m.model ORDER BY m.model;
-- the sums are exact
SELECT count(*) AS people, count(*) FILTER (WHERE s.conversions <> r.conversions OR s.value <> r.value) AS differences
FROM (SELECT p, sum(c.conversions) AS conversions, sum(c.value) AS value FROM ba_answer, jsonb_to_recordset(shares) AS c(conversions numeric, value numeric) GROUP BY p) s
JOIN (SELECT p, count(conversion) AS conversions, sum(conversion) AS value FROM ba_row WHERE conversion IS NOT NULL GROUP BY p) r USING (p);

-- the same from parallel plans, from rows in another order, and from states that travel as text or in binary
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_sort = off;
ANALYZE ba_row;
EXPLAIN (COSTS OFF) SELECT part, cdp.attribution('time_decay(12 hours)', '2 days', at, touchpoint, conversion) FROM ba_row GROUP BY 1;
CREATE TABLE ba_parallel AS SELECT part, cdp.attribution('time_decay(12 hours)', '2 days', at, touchpoint, conversion) AS shares FROM ba_row GROUP BY 1;
SELECT count(*) AS groups, count(*) FILTER (WHERE a.shares IS DISTINCT FROM b.shares) AS differences, sum(jsonb_array_length(a.shares)) AS shares
FROM ba_parallel a FULL JOIN (SELECT part, cdp.attribution('time_decay(12 hours)', '2 days', at, touchpoint, conversion ORDER BY random()) AS shares FROM ba_row GROUP BY 1) b USING (part);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET enable_sort;
CREATE AGGREGATE pg_temp.state_of(text, interval, timestamptz, text, numeric) (SFUNC = cdp_internal.attribution_trans, STYPE = cdp_internal.attribution_state);
CREATE AGGREGATE pg_temp.shares_of(cdp_internal.attribution_state) (SFUNC = cdp_internal.attribution_combine, STYPE = cdp_internal.attribution_state, FINALFUNC = cdp_internal.attribution_final);
CREATE TABLE ba_state AS SELECT p, n % 3 AS third, pg_temp.state_of(model, lookback, at, touchpoint, conversion) AS state FROM (SELECT *, row_number() OVER () AS n FROM ba_row) r JOIN ba_model USING (p) GROUP BY 1, 2;
COPY ba_state TO PROGRAM 'cat >cdp_behavior_attribution.bin' (FORMAT binary);
CREATE TABLE ba_state_read (LIKE ba_state);
COPY ba_state_read FROM PROGRAM 'cat cdp_behavior_attribution.bin; rm cdp_behavior_attribution.bin' (FORMAT binary);
SELECT count(*) AS people, count(*) FILTER (WHERE s.shares IS DISTINCT FROM a.shares) AS differences
FROM (SELECT p, pg_temp.shares_of(CASE WHEN third = 0 THEN state ELSE state::text::cdp_internal.attribution_state END) AS shares FROM ba_state_read GROUP BY p) s FULL JOIN ba_answer a USING (p);
SELECT pg_temp.state_of('position_based(30,5)', '1 second', '2000-01-01 00:00:00.000001Z', 'ab', -1.5) AS state;
-- as a window function, and many rows of one group
SELECT n, cdp.attribution('last', NULL, timestamptz '2026-01-01' + n * interval '1 day', CASE WHEN n % 2 = 1 THEN 't' || n END, CASE WHEN n % 2 = 0 THEN n END) OVER (ORDER BY n) AS so_far FROM generate_series(1, 4) n;
SELECT c.touchpoint, c.conversions FROM (SELECT cdp.attribution('linear', NULL, timestamptz '2026-01-01' + n * interval '1 second', 't' || n % 3, CASE WHEN n = 200000 THEN 1 END) AS shares FROM generate_series(1, 200000) n) s,
	jsonb_to_recordset(s.shares) AS c(touchpoint text, conversions numeric);

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.attribution(%s) FROM ba_visit WHERE user_id = 2', call)))
FROM unnest(ARRAY[$$'lienar', NULL, at, channel, revenue$$, $$'', NULL, at, channel, revenue$$, $$NULL, NULL, at, channel, revenue$$, $$'linear(2)', NULL, at, channel, revenue$$, $$'LINEAR', NULL, at, channel, revenue$$, $$'time_decay(', NULL, at, channel, revenue$$,
	$$'time_decay()', NULL, at, channel, revenue$$, $$'time_decay(7)', NULL, at, channel, revenue$$, $$'time_decay(0 days)', NULL, at, channel, revenue$$, $$'time_decay(-1 days)', NULL, at, channel, revenue$$, $$'time_decay(36501 days)', NULL, at, channel, revenue$$, $$'time_decay(1 month)', NULL, at, channel, revenue$$,
	$$'time_decay(1234567890 seconds)', NULL, at, channel, revenue$$, $$'time_decay(7 days) x', NULL, at, channel, revenue$$, $$'position_based(60, 41)', NULL, at, channel, revenue$$, $$'position_based(0, 0)', NULL, at, channel, revenue$$, $$'position_based(40)', NULL, at, channel, revenue$$,
	$$'linear', '0', at, channel, revenue$$, $$'linear', '-1 day', at, channel, revenue$$, $$'linear', '1 month', at, channel, revenue$$, $$'linear', '106751992 days', at, channel, revenue$$, $$'linear', extract(day FROM at) * interval '1 day', at, channel, revenue$$,
	$$CASE extract(day FROM at) WHEN 1 THEN 'first' ELSE 'last' END, NULL, at, channel, revenue$$, $$'linear', NULL, 'infinity'::timestamptz, channel, revenue$$, $$'linear', NULL, '-infinity'::timestamp, channel, revenue$$, $$'linear', NULL, at, '', revenue$$,
	$$'linear', NULL, at, channel, 'NaN'$$, $$'linear', NULL, at, channel, '-Infinity'$$]) call;
SELECT format('%s -> %s', bytes, pg_temp.refusal(format('SELECT cdp_internal.attribution_final(%L)', bytes)))
FROM unnest('{"",00,zz,0103,010300000000,020300000000,010700000000,010301000000,010500000000,010563020000,010400000000,010300000100,0103000000ffffffffffffffffff01,01030000000004,010300000000020000,01030000000004016101,0103000000000401610131,010300000000040161013161,0103000000000401ff0131,01030000000004016103782b31}'::text[]) bytes;
\pset format aligned
\pset tuples_only off
SELECT pg_temp.refusal('SELECT cdp_internal.attribution_combine(NULL, NULL)') AS combine_nulls, pg_temp.refusal($$SELECT cdp_internal.attribution_trans(NULL, 'first', NULL, now(), 'a', 1)$$) AS outside;
DROP TABLE ba_visit, ba_row, ba_model, ba_defined, ba_answer, ba_parallel, ba_state, ba_state_read;
