-- cdp.funnel_table: sequences, modes, attempts, times as a histogram, two periods beside each other; against cdp.funnel_times, person by person.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_funnels ENCODING 'UTF8' TEMPLATE template0;
\c cdp_funnels
CREATE EXTENSION cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SELECT cdp.init();
-- times are whole hours, so that events of one instant occur
SELECT setseed(0.625);
CREATE TABLE bf_row AS
SELECT h AS person, timestamptz '2026-01-01' + floor(random() * 60 * 24) * interval '1 hour' AS at, ('{view,cart,order,logout,help}'::text[])[ceil(random() * 5)] AS event, 'p' || floor(random() * 3) AS product_id, round((random() * 9)::numeric) AS price
FROM generate_series(1, 400) h, generate_series(1, 3 + h % 40) n;
-- what each funnel should be; all of it from cdp.funnel_times over the timelines
CREATE TABLE bf_timeline AS SELECT person, cdp.timeline_agg(at, event, jsonb_build_object('product_id', product_id, 'price', price)) AS timeline FROM bf_row GROUP BY person;
CREATE FUNCTION pg_temp.compare(sequence cdp.sequence, mode cdp.funnel_mode, attempts text, required int[]) RETURNS TABLE (people bigint[], differences bigint) LANGUAGE sql AS $$
	WITH took AS (
		SELECT w.step::int, w.took FROM bf_timeline, unnest(cdp.funnel_times(timeline, compare.sequence, compare.mode, compare.attempts, '2026-01-05', '2026-02-20', '2026-02-25')) WITH ORDINALITY w (took, step) WHERE w.took IS NOT NULL
	), counted AS (
		SELECT step, count(*) AS people, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median FROM took GROUP BY step
	), expected AS (
		SELECT c.step, c.people, round(c.people::numeric / (SELECT f.people FROM counted f WHERE f.step = 1), 4) AS from_first, round(c.people::numeric / p.people, 4) AS from_previous, justify_hours(c.median) AS median
		FROM counted c LEFT JOIN counted p ON p.step = (SELECT max(r) FROM unnest(compare.required) r WHERE r < c.step)
	)
	SELECT array_agg(t.people ORDER BY t.step), count(*) FILTER (WHERE (t.people, t.from_previous, t.from_first, t.median_time) IS DISTINCT FROM (coalesce(e.people, 0), e.from_previous, e.from_first, e.median))
	FROM cdp.funnel_table(compare.sequence, '2026-01-05', '2026-02-20', mode => compare.mode, attempts => compare.attempts, query => 'SELECT person, at, event, product_id, price FROM public.bf_row', as_of => '2026-02-25') t LEFT JOIN expected e ON e.step = t.step
$$;
SELECT q.sequence, q.mode, q.attempts, c.* FROM (VALUES ('view -> cart -> order in 7 days', 'default', 'all', '{1,2,3}'::int[]), ('view -> cart -> order in 7 days', 'strict_increase', 'all', '{1,2,3}'), ('view -> cart -> order in 7 days', 'strict_order', 'all', '{1,2,3}'), ('view -> cart -> order in 7 days', 'strict_order,allow_reentry', 'all', '{1,2,3}'),
	('view -> cart -> order in 7 days', 'strict_deduplication', 'all', '{1,2,3}'), ('view -> cart -> order in 7 days', 'default', 'first', '{1,2,3}'), ('view -> cart -> order in 7 days', 'strict_once', 'last', '{1,2,3}'), ('view -> cart -> order in 7 days same product_id', 'default', 'all', '{1,2,3}'),
	('view -> cart? -> !logout -> order[price > previous] within 5 days', 'default', 'all', '{1,3}'), ('view -> help? -> cart? -> order within 2 days same session gap 2 days', 'strict_increase', 'all', '{1,4}'), ('order -> 2 x view[price > 4] -> !order within 3 days', 'default', 'all', '{1,2,3}'),
	('view & cart[price > 2] & (order | help) in 2 days same product_id', 'default', 'all', '{1,2,3}'), ('* -> *[price < previous] -> *[price < previous] in 1 day', 'default', 'all', '{1,2,3}'), ('none -> view', 'default', 'all', '{1,2}')) q (sequence, mode, attempts, required),
	pg_temp.compare(q.sequence::cdp.sequence, q.mode::cdp.funnel_mode, q.attempts, q.required) c;
SELECT event, people FROM cdp.funnel_table('view -> 2 x (cart | "order"[price > 3]) -> *?', query => 'TABLE public.bf_row', as_of => '2026-04-01');
SELECT event, people FROM cdp.funnel_table('view & 2 x cart', query => 'TABLE public.bf_row', as_of => '2026-04-01');

-- a histogram: each stretch of time, with all people in them together
SELECT t.step, t.time_from, t.time_to, t.people, t.from_first, t.median_time IS NULL OR t.median_time >= t.time_from AND t.median_time < coalesce(t.time_to, '1000 days') AS median_within
FROM cdp.funnel_table('view -> cart -> order in 7 days', histogram => '{6 hours,1 day,72 hours}', query => 'SELECT person, at, event FROM public.bf_row', as_of => '2026-04-01') t WHERE t.step > 1;
SELECT count(*) AS rows, count(*) FILTER (WHERE t.people IS DISTINCT FROM coalesce(d.people, 0) OR t.from_previous IS DISTINCT FROM round(coalesce(d.people, 0)::numeric / p.people, 4)) AS differences
FROM cdp.funnel_table('view -> cart? -> order in 7 days', mode => 'strict_increase', histogram => '{0,6 hours,1 day,72 hours}', query => 'SELECT person, at, event FROM public.bf_row', as_of => '2026-04-01') t
LEFT JOIN (SELECT w.step, width_bucket(w.took, '{0,6 hours,1 day,72 hours}'::interval[]) AS bucket, count(*) AS people FROM bf_timeline, unnest(cdp.funnel_times(timeline, 'view -> cart? -> order in 7 days', 'strict_increase', as_of => '2026-04-01')) WITH ORDINALITY w (took, step) WHERE w.took IS NOT NULL GROUP BY 1, 2) d
	ON (d.step, d.bucket) = (t.step, width_bucket(t.time_from, '{0,6 hours,1 day,72 hours}'::interval[]))
LEFT JOIN (SELECT 2 AS step, count(*) AS people FROM bf_timeline WHERE cdp.did(timeline, 'view', as_of => '2026-04-01') UNION ALL SELECT 3, count(*) FROM bf_timeline WHERE cdp.did(timeline, 'view', as_of => '2026-04-01')) p ON p.step = t.step;
SELECT * FROM cdp_internal.funnel_buckets('{1 minute,90 minutes}');

-- two periods: as two funnels
SELECT t.period, t.step, t.people, t.former_period, t.former_people, (t.people, t.from_previous, t.from_first, t.median_time) IS NOT DISTINCT FROM (n.people, n.from_previous, n.from_first, n.median_time) AS now_alike,
	(t.former_people, t.former_from_previous, t.former_from_first, t.former_median_time) IS NOT DISTINCT FROM (f.people, f.from_previous, f.from_first, f.median_time) AS former_alike
FROM cdp.funnel_table('view -> order in 3 days', '2026-02-02', '2026-02-16', 'week', 'Europe/Berlin', compare => '14 days', query => 'TABLE public.bf_row', as_of => '2026-04-01') t
CROSS JOIN LATERAL cdp.funnel_table('view -> order in 3 days', greatest(t.period AT TIME ZONE 'Europe/Berlin', '2026-02-02'), least((t.period + interval '7 days') AT TIME ZONE 'Europe/Berlin', '2026-02-16'), query => 'TABLE public.bf_row', as_of => '2026-04-01') n
CROSS JOIN LATERAL cdp.funnel_table('view -> order in 3 days', greatest(t.former_period AT TIME ZONE 'Europe/Berlin', '2026-01-19'), least((t.former_period + interval '7 days') AT TIME ZONE 'Europe/Berlin', '2026-02-02'), query => 'TABLE public.bf_row', as_of => '2026-04-01') f
WHERE n.step = t.step AND f.step = t.step;
SELECT breakdown, step, people, former_period, former_people, former_from_first FROM cdp.funnel_table('view -> order in 3 days', '2026-02-01', '2026-03-01', time_zone => 'UTC', compare => '1 month', by => '{property:product_id}', top => 2, query => 'TABLE public.bf_row', as_of => '2026-04-01');
-- broken down by the property of the first attempt, and of the last
SELECT a AS attempts, t.breakdown, t.people, t.people = (SELECT count(*) FROM (SELECT DISTINCT ON (person) product_id FROM bf_row WHERE event = 'view' ORDER BY person, CASE WHEN a = 'last' THEN -extract(epoch FROM at) ELSE extract(epoch FROM at) END, product_id) f WHERE f.product_id = t.breakdown) AS as_counted
FROM unnest('{first,last}'::text[]) a CROSS JOIN LATERAL cdp.funnel_table('view -> order', attempts => a, by => '{property:product_id}', query => 'TABLE public.bf_row', as_of => '2026-04-01') t WHERE t.step = 1 ORDER BY a, t.breakdown;

-- people of the platform: what the timelines do not carry is read from the log, with the same answers
INSERT INTO cdp.inbox (user_id, event, properties, "timestamp", type) SELECT 'u' || person, event, jsonb_build_object('sku', product_id, 'cost', price), at, 'track' FROM bf_row WHERE person <= 120;
SELECT quarantined FROM cdp.refresh();
CREATE TABLE bf_asked AS SELECT * FROM (VALUES ('view -> cart -> order in 7 days', 'default'), ('view -> cart -> order same sku', 'default'), ('view -> !logout[cost > 3] -> order[cost > previous]', 'default'), ('view -> order same sku same session gap 1 day', 'default'), ('view -> order same sku', 'strict_order'), ('view & cart & order in 1 day same sku', 'default')) q (sequence, mode);
CREATE TABLE bf_logged AS SELECT q.*, t.step, t.people, t.median_time FROM bf_asked q, cdp.funnel_table(q.sequence::cdp.sequence, mode => q.mode::cdp.funnel_mode, as_of => '2026-04-01') t;
SELECT cdp.carry_property(e, p) FROM unnest('{*,view,order,logout}'::text[]) e, unnest('{sku,cost}'::text[]) p WHERE e <> '*' OR p = 'sku';
SELECT q.sequence, q.mode, array_agg(t.people ORDER BY t.step) AS people, bool_and((t.people, t.median_time) IS NOT DISTINCT FROM (l.people, l.median_time)) AS alike, bool_and(t.people = d.people) AS as_of_rows
FROM bf_asked q CROSS JOIN LATERAL cdp.funnel_table(q.sequence::cdp.sequence, mode => q.mode::cdp.funnel_mode, as_of => '2026-04-01') t JOIN bf_logged l USING (sequence, mode, step)
CROSS JOIN LATERAL cdp.funnel_table(q.sequence::cdp.sequence, mode => q.mode::cdp.funnel_mode, query => 'SELECT person, at, event, product_id AS sku, price AS cost FROM public.bf_row WHERE person <= 120', as_of => '2026-04-01') d WHERE d.step = t.step GROUP BY q.sequence, q.mode ORDER BY q.sequence, q.mode;
SELECT event, people FROM cdp.funnel_table('view -> !logot -> order', as_of => '2026-04-01');
\c :origin
DROP DATABASE cdp_funnels;
