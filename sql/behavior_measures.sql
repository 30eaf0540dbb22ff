-- Measures on a timeline: sum, avg, min, max, most_frequent_event, sessions; conditions on numbers: filter_events.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TEMP TABLE bm_example AS SELECT '{"Order Completed": [["2024-01-01", {"total": 40.10, "quantity": 2}], ["2024-01-03", {"total": 0.9}], "2024-01-05", ["2024-01-07", {"total": 120}]], "view": ["2024-01-01", "2024-01-01T00:20:00Z", "2024-01-02", "2024-01-06"], "cart": ["2024-01-06", "2024-01-06", "2024-01-06T01:00:00Z"]}'::cdp.timeline AS timeline;
SELECT cdp.sum(timeline, 'Order Completed', 'total') AS spent, cdp.avg(timeline, 'Order Completed', 'total') AS mean, cdp.min(timeline, 'Order Completed', 'total') AS least, cdp.max(timeline, 'Order Completed', 'total') AS most,
	cdp.sum(timeline, 'Order Completed', 'quantity') AS pieces, cdp.sum(timeline, 'Order Completed', 'total', within => '4 days', as_of => '2024-01-06') AS recent, cdp.sum(timeline, 'Order Completed', 'total', until => '2024-01-07') AS before,
	cdp.sum(timeline, 'Order Completed', 'total', within => '1 day', as_of => '2024-01-05') AS none_there, cdp.sum(timeline, 'Order Completed', 'discount') AS no_number, cdp.sum(timeline, 'refund', 'total') AS no_event
FROM bm_example;
SELECT cdp.most_frequent_event(timeline) AS first_by_bytes, cdp.most_frequent_event(timeline, since => '2024-01-06') AS cart, cdp.most_frequent_event(timeline, older_than => '1 day', as_of => '2024-01-03') AS view, cdp.most_frequent_event(timeline, until => '2024-01-01') AS none,
	cdp.sessions(timeline, '30 minutes') AS half_hours, cdp.sessions(timeline, '1 day') AS days, cdp.sessions(timeline, '20 minutes', until => '2024-01-02') AS closed_gap, cdp.sessions(timeline, '1199999 milliseconds', until => '2024-01-02') AS shorter,
	cdp.last_session_start(timeline, '2 days') AS one, cdp.last_session_start(timeline, '1 hour', until => '2024-01-07') AS last, cdp.last_session_start(timeline, '1 hour', until => '2024-01-01') AS never
FROM bm_example;

-- "at least two orders of more than 40 in 30 days", and conditions joined
SELECT cdp.did(cdp.filter_events(timeline, 'Order Completed', 'total', '>', 40), 'Order Completed', at_least => 2, within => '30 days', as_of => '2024-01-10') AS two_large,
	cdp.did(cdp.filter_events(timeline, 'Order Completed', 'total', '>', 40.10), 'Order Completed', at_least => 2, within => '30 days', as_of => '2024-01-10') AS two_larger,
	cdp.filter_events(cdp.filter_events(timeline, 'Order Completed', 'total', '>=', 1), 'Order Completed', 'quantity', '=', 2.00) AS both, cdp.filter_events(timeline, 'Order Completed', 'total', '<>', 120) AS others,
	cdp.filter_events(timeline, 'view', 'total', '>', 0) AS no_number, cdp.filter_events(timeline, 'none', 'total', '>', 0) AS no_event, cdp.filter_events(NULL, 'view', 'total', '>', 0) IS NULL AS no_timeline
FROM bm_example;

-- with the search path of a segment's condition; the aggregates of these names keep their meaning
SET search_path = pg_catalog, cdp;
SELECT sum(timeline, 'Order Completed', 'total'), max(timeline, 'Order Completed', 'total', since => '2024-01-08') FROM pg_temp.bm_example;
SELECT sum(n), avg(n), min(n::text), max(n) FROM generate_series(1, 3) n;
SET search_path = public, cdp;

-- NULLs
SELECT cdp.sum(NULL, 'a', 'n') AS timeline, cdp.sum('{}', NULL, 'n') AS event, cdp.sum('{}', 'a', NULL) AS number, cdp.max('{"a": [["2024-01-01", {"n": 1}]]}', 'a', 'n', NULL, NULL, NULL, NULL, '2024-01-01') AS not_given, cdp.max('{"a": [["2024-01-01", {"n": 1}]]}', 'a', 'n', as_of => NULL) AS as_of,
	cdp.most_frequent_event(NULL) AS frequent, cdp.most_frequent_event('{"a": ["2024-01-01"]}', as_of => NULL) AS frequent_as_of, cdp.sessions(NULL, '1 day') AS sessions, cdp.sessions('{}', NULL) AS gap, cdp.sessions('{}', '1 day', as_of => NULL) AS sessions_as_of, cdp.last_session_start(NULL, '1 day') AS last_start;

-- exact where a word or a double would not be
SELECT cdp.sum(timeline, 'a', 'n') AS sum, cdp.avg(timeline, 'a', 'n') AS avg, cdp.min(timeline, 'a', 'n') AS min, cdp.max(timeline, 'a', 'n') AS max
FROM (VALUES ('{"a": [["2024-01-01", {"n": 999999999999999999}], ["2024-01-01", {"n": 999999999999999999}], ["2024-01-02", {"n": 0.000000000000000001}], ["2024-01-02", {"n": -0.1}]]}'::cdp.timeline),
	('{"a": [["2024-01-01", {"n": -9223372036854775807}], ["2024-01-01", {"n": -9223372036854775807}], ["2024-01-02", {"n": -9223372036854775807}]]}'),
	('{"a": [["2024-01-01", {"n": 0.1}], ["2024-01-01", {"n": 0.2}], ["2024-01-02", {"n": -0.3}]]}'), ('{"a": [["2024-01-01", {"n": 1.50}], ["2024-01-01", {"n": 2.5}]]}')) v(timeline);
SELECT cdp.sum(cdp.timeline_agg(timestamptz '2024-01-01', 'a', '{"n": 9223372036854775807}'), 'a', 'n') = 100000 * 9223372036854775807::numeric AS many FROM generate_series(1, 100000);

-- a value may have more digits than a number that is carried: an average has, for one
SELECT v AS value, bool_and(cdp.did(cdp.filter_events(t.timeline, 'a', 'n', '<', v), 'a') = (n < v) AND cdp.did(cdp.filter_events(t.timeline, 'a', 'n', '<=', v), 'a') = (n <= v) AND cdp.did(cdp.filter_events(t.timeline, 'a', 'n', '>', v), 'a') = (n > v)
	AND cdp.did(cdp.filter_events(t.timeline, 'a', 'n', '>=', v), 'a') = (n >= v) AND cdp.did(cdp.filter_events(t.timeline, 'a', 'n', '=', v), 'a') = (n = v) AND cdp.did(cdp.filter_events(t.timeline, 'a', 'n', '<>', v), 'a') = (n <> v)) AS exact
FROM unnest('{8000, 2666.66666666666666, 2666.666666666666667, 0, 1e-18, 0.5, 9223372036854775807, 92.23372036854775807, 92.2337203685477580, 9.223372036854775807, 922337203685477580.7, 0.999999999999999999}'::numeric[]) u,
	unnest(ARRAY[u, -u]) n, LATERAL (SELECT format('{"a": [["2024-01-01", {"n": %s}]]}', n)::cdp.timeline AS timeline) t,
	unnest('{2666.6666666666666667, 1e19, 1e-19, 0.5000000000000000001, 92.23372036854775809, 92.2337203685477580701, 9.2233720368547758075, 9.2233720368547758085, 922337203685477580.71, 922337203685477580.99, 9223372036854775807.5, 9223372036854775808, 0.9999999999999999999}'::numeric[]) w,
	unnest(ARRAY[w, -w]) v GROUP BY v ORDER BY v;
SELECT cdp.filter_events(timeline, 'a', 'n', '>', cdp.avg(timeline, 'a', 'n')) AS above_average FROM (VALUES ('{"a": [["2024-01-01", {"n": 2000}], ["2024-01-02", {"n": 3000}], ["2024-01-03", {"n": 3000}]]}'::cdp.timeline)) v(timeline);

-- quantiles are exact, too
SELECT cdp.median(timeline, 'a', 'n') AS median, cdp.median(timeline, 'a', 'n', since => '2024-01-02') AS of_two, cdp.quantile(timeline, 'a', 'n', 0) AS first, cdp.quantile(timeline, 'a', 'n', 0.9) AS ninth, cdp.quantile(timeline, 'a', 'n', 1) AS last,
	cdp.quantile(timeline, 'a', 'n', 0.123456789012345678901) AS between_two, cdp.median(timeline, 'b', 'n') AS none, cdp.quantile(timeline, 'a', 'n', NULL) AS no_fraction, cdp.median(NULL, 'a', 'n') AS no_timeline
FROM (VALUES ('{"a": [["2024-01-01", {"n": 999999999999999999}], ["2024-01-02", {"n": 0.000000000000000001}], ["2024-01-03", {"n": -0.5}], "2024-01-04"]}'::cdp.timeline)) v(timeline);
SELECT cdp.median(cdp.timeline_agg(timestamptz '2024-01-01' + n * interval '1 second', 'a', jsonb_build_object('n', n * 7919 % 100003)), 'a', 'n') AS median FROM generate_series(1, 100002) n;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.%s', call))) FROM unnest(ARRAY[$$sum('{}', '', 'n')$$, $$sum('{}', 'a', '')$$, $$avg('{}', 'a', '')$$, $$min('{}', '', 'n')$$, $$max('{}', 'a', 'n', within => '1 month')$$,
	$$sum('{}', 'a', 'n', within => '-1 day')$$, $$sum('{}', 'a', 'n', older_than => '0')$$, $$sum(NULL, 'a', 'n', as_of => 'infinity')$$, $$most_frequent_event('{}', within => '1 year')$$, $$most_frequent_event('{}', as_of => '-infinity')$$,
	$$sessions('{"a": ["2024-01-01", "2024-01-01"], "b": ["2024-01-01", "2024-01-02"]}', '0 days')$$, $$sessions('{}', '-1 hour')$$, $$sessions('{}', '1 month')$$, $$sessions(NULL, '1 month')$$, $$sessions('{}', '2147483647 days')$$, $$last_session_start('{}', '1 day', within => '1 month')$$, $$last_session_start('{}', '-1')$$,
	$$median('{}', 'a', '')$$, $$quantile('{}', 'a', 'n', 1.01)$$, $$quantile(NULL, 'a', 'n', -0.01)$$, $$quantile('{}', 'a', 'n', 'NaN')$$, $$quantile('{}', 'a', 'n', 'Infinity')$$, $$quantile('{}', 'a', 'n', 0.5, within => '1 month')$$,
	$$filter_events('{}', '', 'n', '>', 1)$$, $$filter_events('{}', 'a', '', '>', 1)$$, $$filter_events('{}', 'a', 'n', '', 1)$$, $$filter_events('{}', 'a', 'n', '==', 1)$$, $$filter_events('{}', 'a', 'n', '> ', 1)$$, $$filter_events('{}', 'a', 'n', 'like', 1)$$,
	$$filter_events('{}', 'a', 'n', '>', 'NaN')$$, $$filter_events('{}', 'a', 'n', '<', '-Infinity')$$, $$filter_events('{}', 'a', 'n', '<', 1.000000000000000000000)$$]) call;
\pset format aligned
\pset tuples_only off

-- against aggregates over rows, for random arguments
SELECT setseed(0.25);
CREATE TABLE bm_event AS
SELECT i % 30 AS person, ('{view,cart,order}'::text[])[1 + floor(random() * 3)] AS event, timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour' AS at,
	CASE WHEN random() < 0.7 THEN (random() * 200 - 100)::numeric(10, 2) END AS total
FROM generate_series(1, 1500) i;
CREATE TABLE bm_timeline AS SELECT person, cdp.timeline_agg(at, event, jsonb_build_object('total', total, 'other', 1)) AS timeline FROM bm_event GROUP BY person;
CREATE TABLE bm_question AS
SELECT i AS question, ('{view,cart,order,none}'::text[])[1 + floor(random() * 4)] AS event,
	CASE WHEN random() < 0.6 THEN (1 + floor(random() * 70)) * interval '1 hour' END AS within,
	CASE WHEN random() < 0.3 THEN (1 + floor(random() * 30)) * interval '1 hour' END AS older_than,
	CASE WHEN random() < 0.3 THEN timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour' END AS since,
	CASE WHEN random() < 0.3 THEN timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour' END AS until,
	timestamptz '2024-01-01' + floor(random() * 70) * interval '1 hour' AS as_of, (random() * 200 - 100)::numeric(10, 1) AS limit
FROM generate_series(1, 400) i;
CREATE VIEW bm_counted AS
SELECT q.question, e.person, e.event, e.at, e.total FROM bm_question q JOIN bm_event e ON e.at <= q.as_of AND (q.within IS NULL OR e.at > q.as_of - q.within)
	AND (q.older_than IS NULL OR e.at <= q.as_of - q.older_than) AND (q.since IS NULL OR e.at >= q.since) AND (q.until IS NULL OR e.at < q.until);
CREATE TABLE bm_answer AS
SELECT q.question, t.person, pg_catalog.sum(e.total), pg_catalog.avg(e.total), pg_catalog.min(e.total), pg_catalog.max(e.total), count(*) FILTER (WHERE e.total > q.limit) AS larger
FROM bm_question q CROSS JOIN bm_timeline t LEFT JOIN bm_counted e ON e.question = q.question AND e.person = t.person AND e.event = q.event
GROUP BY q.question, t.person;
SELECT count(*) AS answers, count(sum) AS sums, count(*) FILTER (WHERE larger > 1) AS larger,
	count(*) FILTER (WHERE cdp.sum(timeline, cdp.quote_step(event), 'total', within, older_than, since, until, as_of) IS DISTINCT FROM sum) AS sum_differs,
	count(*) FILTER (WHERE abs(cdp.avg(timeline, cdp.quote_step(event), 'total', within, older_than, since, until, as_of) - avg) > 1e-14 OR num_nulls(cdp.avg(timeline, cdp.quote_step(event), 'total', within, older_than, since, until, as_of), avg) = 1) AS avg_differs,
	count(*) FILTER (WHERE cdp.min(timeline, cdp.quote_step(event), 'total', within, older_than, since, until, as_of) IS DISTINCT FROM min) AS min_differs,
	count(*) FILTER (WHERE cdp.max(timeline, cdp.quote_step(event), 'total', within, older_than, since, until, as_of) IS DISTINCT FROM max) AS max_differs,
	count(*) FILTER (WHERE cdp.count_events(cdp.filter_events(timeline, event, 'total', '>', q.limit), cdp.quote_step(event), within, older_than, since, until, as_of) <> larger) AS where_differs
FROM bm_question q JOIN bm_answer USING (question) JOIN bm_timeline USING (person);
CREATE TABLE bm_whole AS
SELECT q.question, t.person, (SELECT event FROM bm_counted e WHERE e.question = q.question AND e.person = t.person GROUP BY event ORDER BY count(*) DESC, event COLLATE "C" LIMIT 1) AS frequent,
	(SELECT count(*) FILTER (WHERE gap IS NULL OR gap > '2 hours') FROM (SELECT at - lag(at) OVER (ORDER BY at) AS gap FROM bm_counted e WHERE e.question = q.question AND e.person = t.person) g) AS sessions
FROM bm_question q CROSS JOIN bm_timeline t WHERE q.question <= 25;
SELECT count(*) AS answers, count(frequent) AS any, count(*) FILTER (WHERE cdp.most_frequent_event(timeline, within, older_than, since, until, as_of) IS DISTINCT FROM frequent) AS frequent_differs,
	count(*) FILTER (WHERE cdp.sessions(timeline, '2 hours', within, older_than, since, until, as_of) <> sessions) AS sessions_differ
FROM bm_question q JOIN bm_whole USING (question) JOIN bm_timeline USING (person);

-- immutable where as_of is given; parallel safe; dear enough for their place in a plan
SELECT proname, provolatile, proparallel, procost FROM pg_proc WHERE pronamespace = 'cdp'::regnamespace AND proname IN ('sum', 'avg', 'min', 'max', 'most_frequent_event', 'filter_events', 'sessions', 'last_session_start') ORDER BY proname COLLATE "C";
DROP VIEW bm_counted;
DROP TABLE bm_event, bm_timeline, bm_question, bm_answer, bm_whole;
