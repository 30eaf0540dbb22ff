-- The analyst's tables against their definitions, row by row, on random histories.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT setseed(0.375);
-- 600 people over five months, across a change of the clocks; equal times and values occur
CREATE TABLE tr_row AS
SELECT h AS person, timestamptz '2025-09-20' + floor(random() * 7000) * interval '30 minutes' AS at,
	('{view,cart,order}'::text[])[ceil(random() * 3)] AS event, ('{shoes,hats,socks,bags,NULL}'::text[])[ceil(random() * 5)] AS category,
	CASE WHEN random() < 0.7 THEN round((random() * 20)::numeric, floor(random() * 3)::int) END AS price
FROM generate_series(1, 600) h, generate_series(1, 1 + h % 25) n;
CREATE TABLE tr_timeline AS
SELECT person, cdp.timeline_agg(at, event, jsonb_strip_nulls(jsonb_build_object('category', category, 'price', price))) AS timeline FROM tr_row GROUP BY person;

-- period_start and periods against generate_series over instants
SELECT u.unit, z.zone, count(*) AS instants, count(*) FILTER (WHERE cdp_internal.period_start(g.at, u.unit, z.zone) <> d.starts) AS differences
FROM unnest('{hour,day,week,week_sunday,month,quarter,year}'::text[]) u (unit), unnest('{UTC,Europe/Berlin,America/Sao_Paulo,Australia/Lord_Howe}'::text[]) z (zone),
	generate_series(timestamptz '2016-09-01', '2016-12-31', '7 hours 13 minutes') g (at),
	LATERAL (SELECT CASE u.unit WHEN 'hour' THEN date_trunc('hour', g.at, z.zone)
		WHEN 'week_sunday' THEN (l.day - extract(dow FROM l.day)::int)::timestamp AT TIME ZONE z.zone
		ELSE date_trunc(u.unit, g.at, z.zone) END AS starts FROM (SELECT (g.at AT TIME ZONE z.zone)::date AS day) l) d
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT u.unit, z.zone, count(*) AS periods, bool_and(p.starts = coalesce(p.before, p.starts)) AS joined, min(p.starts) = '2016-10-10 03:10Z' AND max(p.ends) = '2017-02-20 13:00Z' AS whole,
	bool_and(cdp_internal.period_start(p.starts, u.unit, z.zone) = cdp_internal.period_start(p.ends - interval '1 microsecond', u.unit, z.zone)) AS within, count(*) FILTER (WHERE NOT p.complete) AS cut
FROM unnest('{hour,day,week,week_sunday,month,quarter,year}'::text[]) u (unit), unnest('{UTC,Europe/Berlin,America/Sao_Paulo,Australia/Lord_Howe}'::text[]) z (zone),
	LATERAL (SELECT p.*, lag(p.ends) OVER (ORDER BY p.number) AS before FROM cdp_internal.periods(u.unit, z.zone, '2016-10-10 03:10Z', '2017-02-20 13:00Z', '2018-01-01') p) p
GROUP BY 1, 2 ORDER BY 1, 2;

-- step_periods: each period and value
SELECT count(*) AS groups, count(*) FILTER (WHERE d IS DISTINCT FROM t) AS differences
FROM (SELECT r.person, width_bucket(r.at, b.bounds) AS period, ARRAY[r.category] AS found, count(*) AS events, trim_scale(sum(r.price)) AS total, min(r.at) AS first_at, max(r.at) AS last_at
	  FROM tr_row r, (SELECT ARRAY(SELECT generate_series(timestamptz '2025-10-01', '2026-02-01', '9 days 5 hours')) AS bounds) b
	  WHERE r.event <> 'cart' AND r.at <= '2026-01-20 07:30Z' AND r.at > '2025-10-03 00:30Z' AND r.price > 3 GROUP BY 1, 2, 3) d
FULL JOIN (SELECT t.person, s.* FROM tr_timeline t, (SELECT ARRAY(SELECT generate_series(timestamptz '2025-10-01', '2026-02-01', '9 days 5 hours')) AS bounds) b,
	  cdp_internal.step_periods(t.timeline, 'view[price > 3] | order[price > 3]', b.bounds, '2025-10-03 00:30Z', '{category}', 'price', '2026-01-20 07:30Z') s) t
	ON (d.person, d.period, d.found) = (t.person, t.period, t.found);
-- a number of an element counts for the values of this element, one of the event for each
SELECT s.* FROM (SELECT cdp.timeline_agg('2026-01-01', 'order', cdp_internal.carried('order', '{"coupon": "x", "total": 9, "products": [{"sku": "a", "price": 1}, {"sku": "b", "price": 2}, {"sku": "a", "price": 4}, {"price": 8}]}', NULL,
	'{"order": {"coupon": ["coupon"], "total": ["total"], "sku": ["products", "[]", "sku"], "price": ["products", "[]", "price"]}}')) AS timeline) t,
	(VALUES (1, '{sku}'::text[], 'price'), (2, '{sku}', 'total'), (3, '{coupon}', 'price'), (4, NULL, 'price'), (5, '{sku}', NULL), (6, '{none}', 'none'), (7, '{sku,coupon}', 'price'), (8, '{coupon,none,price,sku}', 'price'), (9, '{}', 'total')) v (number_of, properties, number),
	cdp_internal.step_periods(t.timeline, 'order', '{-infinity,infinity}', NULL, v.properties, v.number, '2026-02-01') s ORDER BY v.number_of, s.found;
SELECT * FROM cdp_internal.step_periods(NULL, '*', '{-infinity,infinity}', NULL, NULL, NULL, '2026-02-01');
SELECT * FROM cdp_internal.step_periods('{}', '*', '{2026-01-02,2026-01-01}', NULL, NULL, NULL, '2026-02-01');
SELECT * FROM cdp_internal.step_periods('{}', '*', '{2026-01-02,NULL}', NULL, NULL, NULL, '2026-02-01');

-- trend_table
CREATE FUNCTION pg_temp.compare_trend(unit text, zone text, since timestamptz, until timestamptz, cat boolean, top int, as_of timestamptz)
RETURNS TABLE (rows bigint, events numeric, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY WITH hit AS (
		SELECT r.*, CASE WHEN cat THEN r.category END AS own FROM tr_row r
		WHERE r.event = 'view' AND r.at >= since AND r.at < until AND r.at <= as_of
	), large AS (
		SELECT own FROM hit GROUP BY own ORDER BY count(DISTINCT person) DESC, own COLLATE "C" LIMIT top
	), named AS (
		SELECT h.*, CASE WHEN EXISTS (SELECT FROM large l WHERE l.own IS NOT DISTINCT FROM h.own) THEN own ELSE '(other)' END AS breakdown,
			cdp_internal.period_start(at, unit, zone) AT TIME ZONE zone AS period FROM hit h
	), defined AS (
		SELECT n.breakdown, n.period, count(*) AS events, count(DISTINCT n.person) AS people, sum(n.price) AS total FROM named n GROUP BY 1, 2
	)
	SELECT count(*), sum(t.events), count(*) FILTER (WHERE t.period IS NULL OR (coalesce(d.events, 0), coalesce(d.people, 0), d.total, round(d.total / d.people, 4)) IS DISTINCT FROM (t.events, t.people, t.total, t.per_person))
	FROM defined d FULL JOIN (SELECT * FROM cdp.trend_table('view', unit, zone, since, until, 'price', by => CASE WHEN cat THEN '{property:category}'::text[] END, top => top, query => 'TABLE tr_row', as_of => as_of)) t
		ON (t.period, coalesce(t.breakdown, '-')) = (d.period, coalesce(d.breakdown, '-'));
END $$;
SELECT q.*, c.* FROM (VALUES ('hour', 'Asia/Kolkata', timestamptz '2025-10-25 12:00Z', timestamptz '2025-10-27', false, NULL::int, timestamptz '2026-05-01'), ('day', 'America/New_York', '2025-10-01', '2026-01-01', true, NULL, '2025-12-12 12:30Z'),
	('week', 'Asia/Kolkata', '2025-09-01', '2026-03-01', true, 2, '2026-05-01'), ('week_sunday', 'UTC', '2025-09-01', '2026-03-01', true, 1, '2026-05-01'), ('month', 'Europe/Berlin', '2025-09-25 13:00Z', '2026-01-05', false, NULL, '2026-05-01'), ('quarter', 'UTC', '2025-01-01', '2027-01-01', true, 9, '2026-05-01'))
	q (unit, zone, since, until, cat, top, as_of), pg_temp.compare_trend(unit, zone, since, until, cat, top, as_of) c;
-- the hour after which the clocks go back has two rows
SELECT period, count(*) AS rows FROM cdp.trend_table('view', 'hour', 'Europe/Berlin', '2025-10-25 12:00Z', '2025-10-27', query => 'TABLE tr_row') GROUP BY period HAVING count(*) > 1;
-- compared with the same months before, and a moving average
SELECT count(*) AS rows, count(*) FILTER (WHERE (t.former_period, t.former_events, t.former_people, t.former_total) IS DISTINCT FROM (f.period, f.events, f.people, f.total)
	OR t.moving_average IS DISTINCT FROM round((t.events + t.one + t.two) / 3.0, 4)) AS differences
FROM (SELECT t.*, lag(t.events) OVER (ORDER BY t.period) AS one, lag(t.events, 2) OVER (ORDER BY t.period) AS two
	  FROM cdp.trend_table('view', 'day', 'UTC', '2025-12-01', '2026-01-01', moving => 3, compare => '1 month', query => 'TABLE tr_row', as_of => '2026-05-01') t) t
LEFT JOIN cdp.trend_table('view', 'day', 'UTC', '2025-11-01', '2025-12-01', query => 'TABLE tr_row', as_of => '2026-05-01') f ON f.period = t.period - interval '30 days';

-- lifecycle_table: each person and period by itself
CREATE FUNCTION pg_temp.compare_lifecycle(step text, unit text, zone text, since timestamptz, until timestamptz, as_of timestamptz)
RETURNS TABLE (rows bigint, people numeric, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY WITH hit AS (
		SELECT DISTINCT r.person, cdp_internal.period_start(r.at, unit, zone) AS period FROM tr_row r WHERE (step = '*' OR r.event = step) AND r.at <= as_of
	), span AS (
		SELECT DISTINCT cdp_internal.period_start(at, unit, zone) AS period FROM (SELECT generate_series(cdp_internal.period_start(since, unit, zone), until, '6 hours') UNION SELECT until - interval '1 microsecond') g (at) WHERE at < until
	), state AS (
		SELECT s.period, p.person, EXISTS (SELECT FROM hit h WHERE h.person = p.person AND h.period = s.period) AS active,
			EXISTS (SELECT FROM hit h WHERE h.person = p.person AND h.period = cdp_internal.period_start(s.period - interval '1 hour', unit, zone)) AS before,
			EXISTS (SELECT FROM hit h WHERE h.person = p.person AND h.period < s.period) AS ever
		FROM span s CROSS JOIN (SELECT DISTINCT h.person FROM hit h) p
	), defined AS (
		SELECT s.period AT TIME ZONE zone AS period, CASE WHEN NOT s.active THEN 'dormant' WHEN s.before THEN 'returning' WHEN s.ever THEN 'resurrected' ELSE 'new' END AS state, count(*) AS people
		FROM state s WHERE s.active OR s.before GROUP BY 1, 2
	)
	SELECT count(*), sum(t.people), count(*) FILTER (WHERE coalesce(d.people, 0) IS DISTINCT FROM t.people)
	FROM defined d FULL JOIN (SELECT * FROM cdp.lifecycle_table(step::cdp.step, unit, zone, since, until, query => 'TABLE tr_row', as_of => as_of)) t USING (period, state);
END $$;
SELECT q.*, c.* FROM (VALUES ('*', 'week', 'UTC', timestamptz '2025-10-01', timestamptz '2026-02-01', timestamptz '2026-05-01'), ('order', 'month', 'Europe/Berlin', '2025-08-01', '2026-03-01', '2026-05-01'), ('view', 'day', 'America/New_York', '2025-11-01', '2025-11-10', '2025-11-08 17:00Z'),
	('cart', 'week_sunday', 'Asia/Kolkata', '2025-10-01', '2025-12-01', '2026-05-01')) q (step, unit, zone, since, until, as_of), pg_temp.compare_lifecycle(step, unit, zone, since, until, as_of) c;

-- stickiness_table
SELECT count(*) AS rows, sum(t.people) AS people, count(*) FILTER (WHERE (coalesce(d.people, 0), coalesce(d.more, 0)) IS DISTINCT FROM (t.people, t.at_least_people)) AS differences, sum(t.share) AS shares, max(t.at_least_share) AS most
FROM (SELECT periods, people, (SELECT sum(e.people) FROM (SELECT count(*) AS people FROM (SELECT count(DISTINCT at::date) AS periods FROM tr_row WHERE event = 'view' AND at >= '2025-10-01' AND at < '2025-12-01' GROUP BY person) e WHERE e.periods >= p.periods) e) AS more
	  FROM (SELECT periods, count(*) AS people FROM (SELECT count(DISTINCT at::date) AS periods FROM tr_row WHERE event = 'view' AND at >= '2025-10-01' AND at < '2025-12-01' GROUP BY person) a GROUP BY periods) p) d
FULL JOIN cdp.stickiness_table('view', 'day', 'UTC', '2025-10-01', '2025-12-01', query => 'TABLE tr_row', as_of => '2026-05-01') t ON t.periods = d.periods AND true;

-- rfm_table
CREATE TEMP TABLE sold AS SELECT person, max(at) AS last_at, count(*) AS n, coalesce(trim_scale(sum(price)), 0) AS total FROM tr_row WHERE event = 'order' GROUP BY person;
SELECT count(*) AS rows, sum(t.people) AS people, count(*) FILTER (WHERE d IS DISTINCT FROM t) AS differences
FROM (SELECT NULL::text AS breakdown, r, f, m, count(*) AS people, justify_hours(percentile_cont(0.5) WITHIN GROUP (ORDER BY '2026-05-01' - last_at)) AS since, round(avg(n), 4) AS events, sum(total) AS total
	  FROM (SELECT s.*, 1 + floor((SELECT count(*) FROM sold o WHERE o.last_at < s.last_at) * 4 / 1.0 / s.all_people)::int AS r, 1 + floor((SELECT count(*) FROM sold o WHERE o.n < s.n) * 4 / 1.0 / s.all_people)::int AS f,
			1 + floor((SELECT count(*) FROM sold o WHERE o.total < s.total) * 4 / 1.0 / s.all_people)::int AS m
			FROM (SELECT s.*, count(*) OVER () AS all_people FROM sold s) s) s GROUP BY 2, 3, 4) d
FULL JOIN cdp.rfm_table('order', 'price', 4, query => 'TABLE tr_row', as_of => '2026-05-01') t ON (d.r, d.f, d.m) = (t.recency, t.frequency, t.monetary);

-- retention_table: each mode by its definition
CREATE FUNCTION pg_temp.compare_retention(first text, back text, unit text, zone text, since timestamptz, until timestamptz, mode text, brackets int[], unbounded boolean, recurring boolean, cat boolean, as_of timestamptz)
RETURNS TABLE (rows bigint, people numeric, total numeric, differences bigint) LANGUAGE plpgsql AS $$
DECLARE
	step interval := cdp_internal.period_length(unit);
BEGIN
	RETURN QUERY WITH start AS (
		SELECT DISTINCT ON (r.person, k.part) r.person, r.at, CASE WHEN cat THEN r.category END AS breakdown, cdp_internal.period_start(r.at, unit, zone) AS cohort
		FROM tr_row r CROSS JOIN LATERAL (SELECT CASE WHEN recurring THEN cdp_internal.period_start(r.at, unit, zone) END AS part) k
		WHERE (first = '*' OR r.event = first) AND r.at <= as_of AND (NOT recurring OR r.at >= since AND r.at < until)
		ORDER BY r.person, k.part, r.at, r.category COLLATE "C"
	), began AS (
		SELECT s.* FROM start s WHERE s.at >= coalesce(since, '-infinity') AND s.at < coalesce(until, 'infinity')
	), bracket AS (
		SELECT b.n, brackets[b.n] AS low, brackets[b.n + 1] AS high FROM generate_series(1, cardinality(brackets) - 1) b (n)
	), bound AS (
		SELECT g.*, b.n, b.low AS period, (o.local + b.low * step) AT TIME ZONE zone AS lower, CASE WHEN unbounded AND b.n <= cardinality(brackets) - 1 THEN 'infinity' ELSE (o.local + b.high * step) AT TIME ZONE zone END AS upper,
			(g.cohort AT TIME ZONE zone + b.low * step) AT TIME ZONE zone AS begins
		FROM began g CROSS JOIN bracket b CROSS JOIN LATERAL (SELECT CASE mode WHEN 'rolling' THEN g.at ELSE g.cohort END AT TIME ZONE zone AS local) o
	), came AS (
		SELECT b.person, b.breakdown, b.cohort, b.period, b.begins, count(r.at) AS returns, sum(r.price) AS total
		FROM bound b LEFT JOIN tr_row r ON r.person = b.person AND (back = '*' OR r.event = back) AND r.at > b.at AND r.at >= b.lower AND r.at < b.upper AND r.at <= as_of
		GROUP BY 1, 2, 3, 4, 5
	), defined AS (
		SELECT c.breakdown, c.cohort AT TIME ZONE zone AS cohort, count(*) AS size, c.period, count(*) FILTER (WHERE c.returns > 0) AS people, sum(c.total) AS total FROM came c WHERE c.begins <= as_of GROUP BY 1, 2, 4
	)
	SELECT count(*), sum(t.people), sum(t.total), count(*) FILTER (WHERE (d.size, d.people, d.total) IS DISTINCT FROM (t.size, t.people, t.total) OR t.share <> round(d.people::numeric / d.size, 4))
	FROM defined d FULL JOIN (SELECT * FROM cdp.retention_table(first::cdp.step, back::cdp.step, unit, zone, since, until, mode => mode, brackets => brackets, unbounded => unbounded, recurring => recurring, number => 'price',
		by => CASE WHEN cat THEN '{property:category}'::text[] END, query => 'TABLE tr_row', as_of => as_of)) t ON (t.cohort, t.period, coalesce(t.breakdown, '-')) = (d.cohort, d.period, coalesce(d.breakdown, '-'));
END $$;
SELECT q.*, c.* FROM (VALUES ('view', 'order', 'month', 'Europe/Berlin', NULL::timestamptz, NULL::timestamptz, 'calendar', '{0,1,2,3,4,5}'::int[], false, false, false, timestamptz '2026-05-01'),
	('view', 'order', 'month', 'Europe/Berlin', NULL, NULL, 'rolling', '{0,1,2,3}', false, false, true, '2026-01-20'), ('*', '*', 'day', 'America/New_York', '2025-10-01', '2025-11-20', 'rolling', '{0,1,3,7,30}', false, false, false, '2026-05-01'),
	('cart', '*', 'week', 'UTC', NULL, '2025-12-01', 'calendar', '{0,1,2,4,8}', true, false, true, '2025-12-28'), ('view', 'cart', 'week_sunday', 'Asia/Kolkata', '2025-10-05', '2025-12-24', 'calendar', '{0,1,2,3}', false, true, true, '2026-05-01'),
	('order', 'order', 'quarter', 'UTC', '2025-09-01', '2026-03-01', 'rolling', '{1,2}', true, true, false, '2026-05-01'), ('view', 'view', 'hour', 'Europe/Berlin', '2025-10-25', '2025-10-28', 'calendar', '{0,12,24,48}', false, false, false, '2026-05-01'))
	q (first, back, unit, zone, since, until, mode, brackets, unbounded, recurring, cat, as_of), pg_temp.compare_retention(first, back, unit, zone, since, until, mode, brackets, unbounded, recurring, cat, as_of) c;

-- funnel_table by period: the funnels of those whose first step is in it
SELECT count(*) AS rows, count(*) FILTER (WHERE (d.people, d.from_first, d.median_time) IS DISTINCT FROM (t.people, t.from_first, t.median_time)) AS differences
FROM cdp.funnel_table('view -> cart -> order in 9 days', '2025-10-01', '2026-01-10', 'month', 'Europe/Berlin', query => 'TABLE tr_row', as_of => '2026-05-01') t
FULL JOIN (SELECT p.label AS period, f.* FROM cdp_internal.periods('month', 'Europe/Berlin', '2025-10-01', '2026-01-10', '2026-05-01') p, LATERAL cdp.funnel_table('view -> cart -> order in 9 days', p.starts, p.ends, query => 'TABLE tr_row', as_of => '2026-05-01') f (breakdown, none)) d
	ON (d.period, d.step) = (t.period, t.step);
-- broken down, with the same number of people in all
SELECT f.step, sum(f.people) AS people, count(*) AS funnels, sum(f.people) = (SELECT w.people FROM cdp.funnel_table('view -> cart -> order in 9 days', query => 'TABLE tr_row', as_of => '2026-05-01') w WHERE w.step = f.step) AS whole
FROM cdp.funnel_table('view -> cart -> order in 9 days', by => '{property:category}', top => 3, query => 'TABLE tr_row', as_of => '2026-05-01') f GROUP BY f.step ORDER BY f.step;

-- path_edges: those of all paths
SELECT count(*) AS edges, count(*) FILTER (WHERE d.occurrences IS DISTINCT FROM t.occurrences) AS differences
FROM cdp.path_edges(gap => '20 days', depth => 4, query => 'TABLE tr_row', as_of => '2026-05-01') t
FULL JOIN (SELECT e.place::int AS place, p.path[e.place] AS from_event, p.path[e.place + 1] AS to_event, sum(p.occurrences)::bigint AS occurrences
	  FROM cdp.paths(gap => '20 days', depth => 4, max_rows => 1000000, query => 'TABLE tr_row', as_of => '2026-05-01') p, generate_series(1, cardinality(p.path) - 1) e (place) GROUP BY 1, 2, 3) d USING (place, from_event, to_event);
-- steps with conditions begin a path
SELECT count(*) = (SELECT count(*) FROM (SELECT person FROM tr_row WHERE event = 'view' AND category = 'shoes' GROUP BY person) p) AS people
FROM (SELECT unnest(array_fill(1, ARRAY[p.people::int])) FROM cdp.paths('view[category = "shoes"]', depth => 1, gap => '1000 days', query => 'TABLE tr_row', as_of => '2026-05-01') p) p;
DROP TABLE tr_row, tr_timeline;
