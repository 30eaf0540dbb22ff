-- Sequences of different names with a value in common, over histories below and above the numbers of events of a name that
-- are matched without memory (64) and column by column (2048), against plain SQL.
SET client_min_messages = warning;
CREATE TEMP TABLE history AS
SELECT p.person, timestamptz '2026-01-01 UTC' + i * interval '7 minutes' AS at, (ARRAY['view', 'view', 'cart', 'order'])[1 + abs(hashint4extended(i, p.person)) % 4] AS event,
	CASE WHEN abs(hashint4extended(i, p.person + 100)) % 9 > 0 THEN abs(hashint4extended(i, p.person + 200)) % p.products END AS product
FROM (VALUES (1, 100, 5), (2, 120, 40), (3, 300, 9), (4, 300, 200), (5, 4600, 40), (6, 4600, 3000), (7, 9000, 3000)) AS p (person, events, products)
CROSS JOIN LATERAL generate_series(1, p.events) i;
SELECT person, count(*) FILTER (WHERE event = 'view') > 64 AS over_few, count(*) FILTER (WHERE event = 'view') > 2048 AS over_many FROM history GROUP BY person ORDER BY person;
CREATE TEMP TABLE person AS
SELECT person, cdp.timeline_agg(at, event, CASE WHEN product IS NOT NULL THEN jsonb_build_object('product', product) END ORDER BY at) AS timeline FROM history GROUP BY person;
CREATE INDEX ON history (person, product, event, at);
ANALYZE history;
-- how far each goes within some times of the view, and in how many ways the answers differ
WITH asked AS (
	SELECT p.person, w.hours, cdp.funnel(p.timeline, format('view -> cart -> order in %s hours same product', w.hours)::cdp.sequence, as_of => '2027-01-01 UTC') AS depth,
		cdp.matches(p.timeline, format('view -> cart -> order in %s hours same product', w.hours)::cdp.sequence, as_of => '2027-01-01 UTC') AS matches
	FROM person p CROSS JOIN (VALUES (1), (3), (12), (48), (300)) AS w (hours)
), right_ones AS (
	SELECT a.*, CASE WHEN EXISTS (
			SELECT FROM history v JOIN history c ON c.person = v.person AND c.product = v.product AND c.event = 'cart' AND c.at >= v.at AND c.at <= v.at + make_interval(hours => a.hours)
			JOIN history o ON o.person = v.person AND o.product = v.product AND o.event = 'order' AND o.at >= c.at AND o.at <= v.at + make_interval(hours => a.hours)
			WHERE v.person = a.person AND v.event = 'view') THEN 3
		WHEN EXISTS (
			SELECT FROM history v JOIN history c ON c.person = v.person AND c.product = v.product AND c.event = 'cart' AND c.at >= v.at AND c.at <= v.at + make_interval(hours => a.hours)
			WHERE v.person = a.person AND v.event = 'view') THEN 2
		WHEN EXISTS (SELECT FROM history v WHERE v.person = a.person AND v.event = 'view' AND v.product IS NOT NULL) THEN 1 ELSE 0 END AS by_sql
	FROM asked a
)
SELECT count(*) AS asked, count(*) FILTER (WHERE depth <> by_sql) AS other_depth, count(*) FILTER (WHERE matches <> (by_sql = 3)) AS other_match,
	array_agg(DISTINCT by_sql ORDER BY by_sql) AS depths FROM right_ones;
