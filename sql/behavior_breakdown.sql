-- Breakdowns by several properties: combinations of the values of one element, against their definition, on random events.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT setseed(0.1);
CREATE TABLE bb_event AS
SELECT h AS person, timestamptz '2026-01-01' + floor(random() * 90) * interval '8 hours' AS at, ('{order,view}'::text[])[ceil(random() * 2)] AS event,
	jsonb_strip_nulls(jsonb_build_object('a', CASE WHEN random() < 0.4 THEN '["x", "y", "x"]' WHEN random() < 0.7 THEN '"y"' WHEN random() < 0.2 THEN '{}' END::jsonb,
		'total', CASE WHEN random() < 0.5 THEN 100 END,
		'items', CASE WHEN random() < 0.8 THEN (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('b', CASE WHEN random() < 0.7 THEN ceil(random() * 3) END, 'c', CASE WHEN random() < 0.6 THEN random() < 0.5 END, 'n', CASE WHEN random() < 0.7 THEN ceil(random() * 9) END)))
			FROM generate_series(1, 1 + floor(random() * 4 + h * 0)::int)) END)) AS properties
FROM generate_series(1, 60) h, generate_series(1, h % 12) n;
CREATE TABLE bb_timeline AS
SELECT person, cdp.timeline_agg(at, event, cdp_internal.carried(event, properties, NULL, '{"*": {"a": ["a"], "total": ["total"], "b": ["items", "[]", "b"], "c": ["items", "[]", "c"], "n": ["items", "[]", "n"]}}')) AS timeline FROM bb_event GROUP BY person;

-- the combinations of each event, and the numbers that count for each
CREATE TABLE bb_combination AS
SELECT e.*, ARRAY[c.a, c.b, c.c] AS found, n.n, n.total
FROM (SELECT row_number() OVER () AS id, * FROM bb_event) e, LATERAL (
	SELECT a.a, i.b, i.c, array_agg(i.element) AS elements
	FROM (SELECT CASE jsonb_typeof(e.properties -> 'a') WHEN 'object' THEN '{(left out)}'::text[] WHEN 'array' THEN ARRAY(SELECT DISTINCT jsonb_array_elements_text(e.properties -> 'a')) ELSE ARRAY[e.properties ->> 'a'] END AS values) v, unnest(v.values) AS a (a),
		LATERAL (SELECT element, item ->> 'b' AS b, item ->> 'c' AS c FROM jsonb_array_elements(e.properties -> 'items') WITH ORDINALITY AS i (item, element) WHERE item ?| '{b,c}'
			UNION ALL SELECT 0, NULL, NULL WHERE NOT coalesce(jsonb_path_exists(e.properties, '$.items[*] ? (exists(@.b) || exists(@.c))'), false)) i
	GROUP BY 1, 2, 3) c, LATERAL (
	SELECT (SELECT sum((item ->> 'n')::numeric) FROM jsonb_array_elements(e.properties -> 'items') WITH ORDINALITY AS i (item, element) WHERE element = ANY (c.elements) OR c.elements = '{0}') AS n, (e.properties ->> 'total')::numeric AS total) n;
SELECT count(DISTINCT id) AS events, count(*) AS combinations, count(DISTINCT found) AS different FROM bb_combination;
SELECT count(*) AS rows, count(*) FILTER (WHERE d IS DISTINCT FROM t) AS differences
FROM (SELECT person, found, count(*) AS events, sum(n) AS n, sum(total) AS total FROM bb_combination WHERE event = 'order' GROUP BY 1, 2) d
FULL JOIN (SELECT t.person, n.found, n.events, n.total AS n, w.total FROM bb_timeline t, cdp_internal.step_periods(t.timeline, 'order', '{-infinity,infinity}', NULL, '{a,b,c}', 'n', '2027-01-01') n,
	cdp_internal.step_periods(t.timeline, 'order', '{-infinity,infinity}', NULL, '{a,b,c}', 'total', '2027-01-01') w WHERE w.found = n.found) t ON (d.person, d.found) = (t.person, t.found);

-- in the tables; three of the rows of a query are what an element would be
\set query 'SELECT person, at, event, found[1] AS a, found[2] AS b, found[3] AS c FROM bb_combination'
SELECT * FROM cdp.trend_table('order', 'month', 'UTC', '2026-01-01', '2026-02-01', by => '{property:b,property:a}', query => :'query', as_of => '2027-01-01');
SELECT count(*) AS rows, count(*) FILTER (WHERE t.events IS DISTINCT FROM d.events OR t.people IS DISTINCT FROM d.people) AS differences
FROM (SELECT concat_ws(' / ', coalesce(found[2], '(none)'), coalesce(found[1], '(none)'), coalesce(found[3], '(none)')) AS breakdown, date_trunc('week', at) AS period, count(*) AS events, count(DISTINCT person) AS people FROM bb_combination WHERE event = 'order' GROUP BY 1, 2) d
FULL JOIN (SELECT * FROM cdp.trend_table('order', 'week', 'UTC', '2025-12-29', '2026-02-09', by => '{property:b,property:a,property:c}', query => :'query', as_of => '2027-01-01') WHERE events > 0) t USING (breakdown, period);
SELECT breakdown, period, events, people FROM cdp.trend_table('*', 'month', 'UTC', '2026-01-01', '2026-02-01', by => '{property:a,property:c}', top => 2, query => :'query', as_of => '2027-01-01');
SELECT breakdown, periods, people FROM cdp.stickiness_table('view', 'week', 'UTC', '2026-01-05', '2026-01-19', by => '{property:a,property:c}', top => 2, query => :'query', as_of => '2027-01-01');
-- of the first event: the smallest of its combinations
SELECT count(*) AS cohorts, count(*) FILTER (WHERE t.size IS DISTINCT FROM d.size) AS differences
FROM (SELECT concat_ws(' / ', coalesce(found[1], '(none)'), coalesce(found[2], '(none)')) AS breakdown, date_trunc('month', at) AS cohort, count(*) AS size FROM (SELECT DISTINCT ON (person) * FROM bb_combination WHERE event = 'view' ORDER BY person, at, found[1] COLLATE "C", found[2] COLLATE "C") f GROUP BY 1, 2) d
FULL JOIN (SELECT * FROM cdp.retention_table('view', 'order', 'month', 'UTC', by => '{property:a,property:b}', query => :'query', as_of => '2027-01-01') WHERE period = 0) t USING (breakdown, cohort);
SELECT breakdown, people FROM cdp.funnel_table('view -> order in 100 days', by => '{property:c,property:a}', query => :'query', as_of => '2027-01-01') WHERE step = 1 ORDER BY 1;

SELECT FROM cdp.trend_table('*', 'month', 'UTC', '2026-01-01', by => '{property:a,property:b,property:c,property:d,property:e,property:f,property:g,property:h,property:i}', query => :'query');
-- also where there is no event
SELECT FROM cdp.trend_table('*', 'month', 'UTC', '2026-01-01', by => '{property:a,property:b,property:c,property:d,property:e,property:f,property:g,property:h,property:i}', query => :'query' || ' LIMIT 0');
SELECT FROM cdp.trend_table('*', 'month', 'UTC', '2026-01-01', by => '{property:}', query => :'query');
SELECT FROM cdp.rfm_table('*', 'n', by => '{property:a,property:b}', query => :'query');
-- more combinations than are told apart
SELECT s.found, s.events FROM (SELECT cdp.timeline_agg('2026-01-01', 'a', jsonb_build_object('p', v, 'q', v, 'r', v, 's', 1)) AS timeline FROM (SELECT jsonb_agg(n) AS v FROM generate_series(1, 200) n) v) t, cdp_internal.step_periods(t.timeline, 'a', '{-infinity,infinity}', NULL, '{p,q,r,s}', NULL, '2027-01-01') s;
SELECT count(*) AS rows, sum(s.events) AS events FROM (SELECT cdp.timeline_agg('2026-01-01', 'a', jsonb_build_object('p', v, 'q', v, 's', 1)) AS timeline FROM (SELECT jsonb_agg(n) AS v FROM generate_series(1, 200) n) v) t, cdp_internal.step_periods(t.timeline, 'a', '{-infinity,infinity}', NULL, '{p,q,s}', NULL, '2027-01-01') s;
DROP TABLE bb_event, bb_timeline, bb_combination;
