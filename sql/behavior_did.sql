-- Predicates on a timeline: did, did_not, count_events, first_time, last_time.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
BEGIN; -- one now() for all
SELECT cdp.timeline_agg(now() - age, event) AS timeline INTO bd_recent
FROM (VALUES ('Order Completed', interval '1 day'), ('Order Completed', '100 days'), ('view', '2 hours'), ('view', '3 hours'), ('view', '31 days')) v(event, age);
SELECT cdp.did(timeline, 'Order Completed', within => '90 days') AS bought, cdp.did(timeline, 'Order Completed', 2, within => '90 days') AS twice,
	cdp.did(timeline, 'view', at_least => 2, at_most => 2, within => '30 days') AS two_views, cdp.did_not(timeline, 'cart') AS no_cart,
	cdp.count_events(timeline, 'view') AS views, cdp.count_events(timeline, 'view', '30 days') AS recent_views,
	now() - cdp.last_time(timeline, 'view') AS last_view, now() - cdp.first_time(timeline, 'view', within => '7 days') AS first_view,
	cdp.first_time(timeline, 'cart') AS first_cart
FROM bd_recent;
COMMIT;

-- the edges: half-open before as_of, since included, until not
SELECT w, cdp.count_events('{"a": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00.000001Z"]}', 'a', w, as_of => '2026-01-02') AS times
FROM unnest('{1 day, 24:00:00.000001, 1 microsecond, 106751991 days}'::interval[]) w;
SELECT cdp.count_events('{"a": ["2026-01-01", "2026-01-02", "2026-01-03"]}', 'a', since => '2026-01-01', until => '2026-01-03', as_of => '2027-01-01') AS two,
	cdp.count_events('{"a": ["2026-01-01", "2026-01-02", "2026-01-03"]}', 'a', since => '-infinity', until => 'infinity', as_of => '2027-01-01') AS three,
	cdp.count_events('{"a": ["2026-01-01", "2026-01-02", "2026-01-03"]}', 'a', since => 'infinity', as_of => '2027-01-01') AS none,
	cdp.count_events('{"a": ["2026-01-01", "2026-01-02", "2026-01-03"]}', 'a', until => '-infinity', as_of => '2027-01-01') AS before_all,
	cdp.count_events('{"a": ["2026-01-01", "2026-01-02", "2026-01-03"]}', 'a', older_than => '1 day', as_of => '2026-01-03') AS older,
	cdp.count_events('{"a": ["2026-01-01", "2026-01-02", "2026-01-03"]}', 'a', '2 days', '1 day', as_of => '2026-01-03') AS between_them;
SELECT cdp.count_events('{"a": ["-4713-11-24T00:00:00Z", "+294276-12-31T23:59:59.999999Z"]}', 'a', within => '106751991 days', as_of => as_of) AS times
FROM unnest('{4714-11-24 00:00:00+00 BC, 2026-01-01, 294276-12-31 23:59:59.999999+00}'::timestamptz[]) as_of;

-- NULLs: no timeline is one without events; no event or no as_of is no answer; other arguments count as not given
SELECT cdp.did(NULL, 'a') AS did, cdp.did(NULL, 'a', 0) AS did_0, cdp.did_not(NULL, 'a') AS did_not, cdp.count_events(NULL, 'a') AS times, cdp.first_time(NULL, 'a') AS first, cdp.last_time(NULL, 'a') AS last;
SELECT cdp.did('{}', NULL) AS did, cdp.did_not('{}', NULL) AS did_not, cdp.count_events('{}', NULL) AS times, cdp.did('{}', 'a', as_of => NULL) AS did_as_of, cdp.count_events('{}', 'a', as_of => NULL) AS times_as_of;
SELECT cdp.did('{"a": ["2026-01-01"]}', 'a', NULL, NULL, NULL, NULL, NULL, NULL, '2026-01-02') AS did, cdp.did('{}', 'a', NULL, as_of => '2026-01-02') AS did_nothing;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
SELECT call, pg_temp.refusal(format('SELECT cdp.%s', call)) FROM unnest(ARRAY[$$did('{}', '')$$, $$did('{}', 'a', within => '1 month')$$, $$did('{}', 'a', within => '1 year')$$,
	$$did('{}', 'a', within => '0 days')$$, $$did('{}', 'a', within => '-1 day')$$, $$did('{}', 'a', older_than => '1 month')$$, $$did('{}', 'a', older_than => '-1 day')$$,
	$$did('{}', 'a', within => '106751992 days')$$, $$did('{}', 'a', within => '2147483647 days')$$, $$did('{}', 'a', -1)$$, $$did('{}', 'a', at_most => -1)$$, $$did('{}', 'a', at_most => 0)$$, $$did('{}', 'a', 3, 2)$$,
	$$did('{}', 'a', as_of => 'infinity')$$, $$count_events('{}', 'a', within => '1 month')$$, $$first_time('{}', 'a', as_of => '-infinity')$$, $$last_time('{}', '')$$, $$did(NULL, 'a', within => '1 month')$$]) call;

-- against counting rows, for random arguments
SELECT setseed(0.25);
CREATE TABLE bd_event AS
SELECT i % 30 AS person, ('{view,cart,order}'::text[])[1 + floor(random() * 3)] AS event, timestamptz '2026-01-01' + floor(random() * 60) * interval '1 hour' AS at
FROM generate_series(1, 1000) i;
CREATE TABLE bd_timeline AS SELECT person, cdp.timeline_agg(at, event) AS timeline FROM bd_event GROUP BY person;
CREATE TABLE bd_question AS
SELECT i AS question, ('{view,cart,order,none}'::text[])[1 + floor(random() * 4)] AS event, floor(random() * 4)::bigint AS at_least,
	CASE WHEN random() < 0.5 THEN 3 + floor(random() * 4)::bigint END AS at_most,
	CASE WHEN random() < 0.6 THEN (1 + floor(random() * 70)) * interval '1 hour' END AS within,
	CASE WHEN random() < 0.3 THEN (1 + floor(random() * 30)) * interval '1 hour' END AS older_than,
	CASE WHEN random() < 0.3 THEN timestamptz '2026-01-01' + floor(random() * 60) * interval '1 hour' END AS since,
	CASE WHEN random() < 0.3 THEN timestamptz '2026-01-01' + floor(random() * 60) * interval '1 hour' END AS until,
	timestamptz '2026-01-01' + floor(random() * 70) * interval '1 hour' AS as_of
FROM generate_series(1, 400) i;
CREATE TABLE bd_answer AS
SELECT q.question, t.person, count(e.at) AS n, min(e.at) AS first, max(e.at) AS last
FROM bd_question q CROSS JOIN bd_timeline t
LEFT JOIN bd_event e ON e.person = t.person AND e.event = q.event AND e.at <= q.as_of
	AND (q.within IS NULL OR e.at > q.as_of - q.within) AND (q.older_than IS NULL OR e.at <= q.as_of - q.older_than)
	AND (q.since IS NULL OR e.at >= q.since) AND (q.until IS NULL OR e.at < q.until)
GROUP BY q.question, t.person;
SELECT count(*) AS answers, count(*) FILTER (WHERE n >= at_least AND n <= coalesce(at_most, n)) AS did, count(*) FILTER (WHERE n > 0) AS any,
	count(*) FILTER (WHERE cdp.did(timeline, cdp.quote_step(event), at_least, at_most, within, older_than, since, until, as_of) <> (n >= at_least AND n <= coalesce(at_most, n))) AS did_differs,
	count(*) FILTER (WHERE cdp.did_not(timeline, cdp.quote_step(event), at_least, at_most, within, older_than, since, until, as_of) = (n >= at_least AND n <= coalesce(at_most, n))) AS did_not_differs,
	count(*) FILTER (WHERE cdp.count_events(timeline, cdp.quote_step(event), within, older_than, since, until, as_of) <> n) AS times_differ,
	count(*) FILTER (WHERE cdp.first_time(timeline, cdp.quote_step(event), within, older_than, since, until, as_of) IS DISTINCT FROM first) AS first_differs,
	count(*) FILTER (WHERE cdp.last_time(timeline, cdp.quote_step(event), within, older_than, since, until, as_of) IS DISTINCT FROM last) AS last_differs
FROM bd_question JOIN bd_answer USING (question) JOIN bd_timeline USING (person);
-- the same where the arguments are constants, which are read once for all rows
CREATE FUNCTION pg_temp.constant_differences() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	q bd_question;
	time_range text;
	differences bigint;
	total bigint := 0;
BEGIN
	FOR q IN SELECT * FROM bd_question LOOP
		time_range := format('%L::interval, %L::interval, %L::timestamptz, %L::timestamptz, %L::timestamptz', q.within, q.older_than, q.since, q.until, q.as_of);
		EXECUTE format('SELECT count(*) FROM bd_answer JOIN bd_timeline t USING (person) WHERE question = %2$s AND (
			cdp.did(timeline, %3$L, %4$s, %5$L, %1$s) <> (n >= %4$s AND n <= coalesce(%5$L::bigint, n)) OR cdp.did_not(timeline, %3$L, %4$s, %5$L, %1$s) = (n >= %4$s AND n <= coalesce(%5$L::bigint, n))
			OR cdp.count_events(timeline, %3$L, %1$s) <> n OR cdp.first_time(timeline, %3$L, %1$s) IS DISTINCT FROM first OR cdp.last_time(timeline, %3$L, %1$s) IS DISTINCT FROM last)',
			time_range, q.question, q.event, q.at_least, q.at_most) INTO differences;
		total := total + differences;
	END LOOP;
	RETURN total;
END $$;
SELECT pg_temp.constant_differences();
-- and where some are, while others change from row to row, back and forth between given and not
CREATE TABLE bd_same AS SELECT 'view' AS event, interval '20 hours' AS within, NULL::interval AS older_than;
SELECT count(*) AS rows, count(*) FILTER (WHERE cdp.did(timeline, 'view', q.at_least, q.at_most, '20 hours', NULL, q.since, q.until, q.as_of)
		IS DISTINCT FROM cdp.did(timeline, cdp.quote_step(s.event), q.at_least, q.at_most, s.within, s.older_than, q.since, q.until, q.as_of)) AS did_differs,
	count(*) FILTER (WHERE cdp.count_events(timeline, 'view', '20 hours', NULL, q.since, q.until, q.as_of) IS DISTINCT FROM cdp.count_events(timeline, cdp.quote_step(s.event), s.within, s.older_than, q.since, q.until, q.as_of)) AS times_differ,
	count(*) FILTER (WHERE cdp.last_time(timeline, 'view', '20 hours', NULL, q.since, q.until, CASE WHEN q.at_least > 0 THEN q.as_of END)
		IS DISTINCT FROM cdp.last_time(timeline, cdp.quote_step(s.event), s.within, s.older_than, q.since, q.until, CASE WHEN q.at_least > 0 THEN q.as_of END)) AS last_differs
FROM bd_same s CROSS JOIN bd_question q CROSS JOIN (SELECT timeline FROM bd_timeline UNION ALL SELECT NULL) t;
-- what is refused is refused in the middle too, and nothing of it stays
SELECT pg_temp.refusal('SELECT count(*) FROM bd_timeline WHERE cdp.did(timeline, ''view'', CASE WHEN person = 20 THEN -1 ELSE 1 END)');
CREATE FUNCTION pg_temp.caught(at_least bigint[], as_of timestamptz[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	t cdp.timeline := '{"view": ["2026-01-01", "2026-01-02", "2026-01-03"]}';
	result text := '';
BEGIN
	FOR i IN 1 .. cardinality(at_least) LOOP
		BEGIN
			result := result || ' ' || cdp.did(t, 'view', at_least[i], as_of => as_of[i]);
		EXCEPTION WHEN invalid_parameter_value THEN
			result := result || ' refused';
		END;
	END LOOP;
	RETURN result;
END $$;
SELECT pg_temp.caught('{2,2,-1,2,2}', '{2026-01-01 12:00,2026-01-02 12:00,2026-01-01 12:00,2026-01-02 12:00,2026-01-01 12:00}');
PREPARE bd_prepared(cdp.step, interval) AS SELECT count(*) FROM bd_timeline WHERE cdp.did(timeline, $1, within => $2, as_of => '2026-01-03');
SET plan_cache_mode = force_generic_plan;
EXECUTE bd_prepared('view', '1 day');
EXECUTE bd_prepared('none', '1 day');
EXECUTE bd_prepared('view', '1 hour');
RESET plan_cache_mode;
DEALLOCATE bd_prepared;

-- immutable where as_of is given, so that an index may hold it; parallel safe; dear enough for its place in a plan
SELECT DISTINCT provolatile, proparallel, procost FROM pg_proc WHERE pronamespace = 'cdp'::regnamespace AND proname IN ('did', 'did_not', 'count_events', 'first_time', 'last_time');
CREATE INDEX ON bd_timeline (cdp.count_events(timeline, 'view', as_of => '2026-02-01'));
CREATE INDEX ON bd_timeline (cdp.count_events(timeline, 'view'));

-- what the planner expects: the rarer, the fewer rows
CREATE FUNCTION pg_temp.expected_rows(condition text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM bd_thousand WHERE ' || condition INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
CREATE TABLE bd_thousand AS SELECT '{"a": ["2026-01-01"]}'::cdp.timeline AS timeline, n FROM generate_series(1, 1000) n;
ANALYZE bd_thousand;
SELECT condition, pg_temp.expected_rows(condition) AS rows FROM unnest(ARRAY[$$cdp.did(timeline, 'a')$$, $$cdp.did(timeline, 'a', within => '30 days')$$, $$cdp.did(timeline, 'a', within => '1 day')$$, $$cdp.did(timeline, 'a', at_least => 3, within => '30 days')$$,
	$$cdp.did(timeline, 'a', 0)$$, $$cdp.did(timeline, 'a', 0, 2)$$, $$cdp.did(timeline, 'a', 1, 1)$$, $$cdp.did_not(timeline, 'a')$$, $$cdp.did_not(timeline, 'a', within => '7 days')$$, $$NOT cdp.did(timeline, 'a', within => '7 days')$$,
	$$cdp.did(timeline, 'a', older_than => '10 days')$$, $$cdp.did(timeline, 'a', within => '40 days', older_than => '10 days')$$, $$cdp.did(timeline, 'a', within => '1 day', older_than => '10 days')$$, $$cdp.did(timeline, 'a', since => '2026-01-01', until => '2026-01-31', as_of => '2026-06-01')$$,
	$$cdp.did(timeline, 'a', since => '-infinity')$$, $$cdp.did(timeline, 'a', n)$$, $$cdp.matches(timeline, 'a -> b')$$, $$cdp.did(timeline, 'a', at_least => 3, within => '30 days') AND cdp.did_not(timeline, 'b', within => '7 days')$$]) condition;
DROP TABLE bd_thousand;
DROP TABLE bd_recent, bd_event, bd_timeline, bd_question, bd_answer, bd_same;
