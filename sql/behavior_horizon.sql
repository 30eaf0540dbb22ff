-- The horizons of predicates and measures: until when an answer stays.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TEMP TABLE bh_example AS SELECT '{"order": ["2024-01-01", "2024-01-03", ["2024-01-12", {"total": 5}]], "view": ["2024-01-09", "2024-01-11"]}'::cdp.timeline AS timeline;
SELECT cdp.did_horizon(timeline, 'order', within => '10 days', as_of => '2024-01-10') AS due_before_it_leaves, cdp.did_horizon(timeline, 'order', within => '2 days', as_of => '2024-01-10') AS due, cdp.did_horizon(timeline, 'order', within => '2 days', as_of => '2024-01-13') AS leaves,
	cdp.did_not_horizon(timeline, 'order', older_than => '30 days', as_of => '2024-01-10') AS old_enough, cdp.did_horizon(timeline, 'order', as_of => '2024-01-10') AS never, cdp.did_horizon(timeline, 'order', 2, 2, within => '10 days', as_of => '2024-01-10') AS one_leaves,
	cdp.did_horizon(timeline, 'order', since => '2024-01-13', as_of => '2024-01-10') AS nothing_since, cdp.did_horizon(timeline, 'order', within => '5 days', until => '2024-01-12', as_of => '2024-01-10') AS nothing_until
FROM bh_example;
SELECT cdp.count_events_horizon(timeline, 'order', within => '9 days', as_of => '2024-01-10') AS times_stays_as_one_comes_and_goes, cdp.first_time_horizon(timeline, 'order', within => '9 days', as_of => '2024-01-10') AS first, cdp.last_time_horizon(timeline, 'order', as_of => '2024-01-10') AS last,
	cdp.sum_horizon(timeline, 'order', 'total', as_of => '2024-01-10') AS sum, cdp.avg_horizon(timeline, 'order', 'total', as_of => '2024-01-13') AS avg, cdp.min_horizon(timeline, 'order', 'total', within => '3 days', as_of => '2024-01-13') AS min, cdp.max_horizon(timeline, 'view', 'total', within => '3 days', as_of => '2024-01-10') AS max,
	cdp.most_frequent_event_horizon(timeline, as_of => '2024-01-10') AS frequent, cdp.funnel_horizon(timeline, '{order,cart}', '1 day', as_of => '2024-01-10') AS funnel, cdp.funnel_horizon(timeline, '{order,cart}', '1 day', 'strict_order', as_of => '2024-01-10') AS funnel_of_all,
	cdp.sessions_horizon(timeline, '1 hour', within => '1 day', as_of => '2024-01-20') AS sessions, cdp.last_session_start_horizon(timeline, '1 hour', within => '1 day', as_of => '2024-01-12') AS last_start
FROM bh_example;

-- what is not given
SELECT cdp.did_horizon(NULL, 'a') AS timeline, cdp.did_horizon('{}', NULL) AS event, cdp.count_events_horizon('{}', 'a', as_of => NULL) AS as_of, cdp.sum_horizon('{}', 'a', NULL) AS number, cdp.max_horizon(NULL, 'a', 'n') AS max, cdp.most_frequent_event_horizon(NULL) AS frequent,
	cdp.sessions_horizon('{}', NULL) AS gap, cdp.funnel_horizon('{}', NULL, '1 day') AS steps, cdp.funnel_horizon(NULL, '{a}', '1 day') AS funnel, cdp.funnel_horizon('{}', '{a}', '1 day', as_of => NULL) AS funnel_as_of;

-- what is refused, as by their twins
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
SELECT call, pg_temp.refusal(format('SELECT cdp.%s', call)) FROM unnest(ARRAY[$$did_horizon('{}', '')$$, $$did_horizon('{}', 'a', 3, 2)$$, $$did_not_horizon('{}', 'a', -1)$$, $$did_horizon(NULL, 'a', within => '1 month')$$, $$count_events_horizon('{}', 'a', as_of => 'infinity')$$,
	$$first_time_horizon('{}', 'a', older_than => '-1 day')$$, $$last_time_horizon('{}', '')$$, $$sum_horizon('{}', 'a', '')$$, $$avg_horizon('{}', '', 'n')$$, $$min_horizon('{}', 'a', 'n', within => '0')$$, $$most_frequent_event_horizon('{}', within => '1 year')$$,
	$$sessions_horizon('{}', '-1')$$, $$last_session_start_horizon('{}', '1 month')$$, $$funnel_horizon('{}', '{}', '1 day')$$, $$funnel_horizon('{}', '{""}', '1 day')$$, $$funnel_horizon('{}', '{a}', '1 month')$$, $$funnel_horizon('{}', array_fill('a'::text, ARRAY[33]), '1 day', 'strict_order')$$]) call;

-- against asking again at every instant at which an event or a window's edge lies, and the microseconds beside it
SELECT setseed(0.5);
CREATE TABLE bh_timeline AS
SELECT person, cdp.timeline_agg(timestamptz '2024-01-01' + floor(random() * 20) * interval '1 hour', ('{view,cart,order}'::text[])[1 + floor(random() * 3)], jsonb_build_object('total', floor(random() * 3))) AS timeline
FROM generate_series(1, 400) person, generate_series(1, 1 + person % 8) GROUP BY person;
CREATE TABLE bh_question AS
SELECT i AS person, timestamptz '2024-01-01' + floor(random() * 22) * interval '1 hour' AS as_of, floor(random() * 3)::bigint AS at_least, CASE WHEN random() < 0.4 THEN 2 + floor(random() * 2)::bigint END AS at_most,
	CASE WHEN random() < 0.7 THEN (1 + floor(random() * 12)) * interval '1 hour' END AS within, CASE WHEN random() < 0.4 THEN (1 + floor(random() * 6)) * interval '1 hour' END AS older_than,
	CASE WHEN random() < 0.2 THEN timestamptz '2024-01-01' + floor(random() * 20) * interval '1 hour' END AS since, CASE WHEN random() < 0.2 THEN timestamptz '2024-01-01' + floor(random() * 20) * interval '1 hour' END AS until
FROM generate_series(1, 400) i;
CREATE FUNCTION pg_temp.answer(which text, t cdp.timeline, q bh_question, at timestamptz) RETURNS text LANGUAGE sql AS $$
SELECT CASE which WHEN 'did' THEN cdp.did(t, 'view', q.at_least, q.at_most, q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'did_not' THEN cdp.did_not(t, 'view', q.at_least, q.at_most, q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'count_events' THEN cdp.count_events(t, 'view', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'first_time' THEN cdp.first_time(t, 'view', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'last_time' THEN cdp.last_time(t, 'view', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'sum' THEN cdp.sum(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'avg' THEN cdp.avg(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'min' THEN cdp.min(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'max' THEN cdp.max(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'most_frequent_event' THEN cdp.most_frequent_event(t, q.within, q.older_than, q.since, q.until, at)
	WHEN 'sessions' THEN cdp.sessions(t, '1 hour', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'last_session_start' THEN cdp.last_session_start(t, '1 hour', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'funnel' THEN cdp.funnel(t, '{view,cart,order}', '5 hours', 'default', q.within, q.older_than, q.since, q.until, at)::text
	WHEN 'funnel_strict' THEN cdp.funnel(t, '{view,cart,order}', '5 hours', 'strict_order', q.within, q.older_than, q.since, q.until, at)::text END
$$;
CREATE FUNCTION pg_temp.horizon(which text, t cdp.timeline, q bh_question, at timestamptz) RETURNS timestamptz LANGUAGE sql AS $$
SELECT CASE which WHEN 'did' THEN cdp.did_horizon(t, 'view', q.at_least, q.at_most, q.within, q.older_than, q.since, q.until, at)
	WHEN 'did_not' THEN cdp.did_not_horizon(t, 'view', q.at_least, q.at_most, q.within, q.older_than, q.since, q.until, at)
	WHEN 'count_events' THEN cdp.count_events_horizon(t, 'view', q.within, q.older_than, q.since, q.until, at)
	WHEN 'first_time' THEN cdp.first_time_horizon(t, 'view', q.within, q.older_than, q.since, q.until, at)
	WHEN 'last_time' THEN cdp.last_time_horizon(t, 'view', q.within, q.older_than, q.since, q.until, at)
	WHEN 'sum' THEN cdp.sum_horizon(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)
	WHEN 'avg' THEN cdp.avg_horizon(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)
	WHEN 'min' THEN cdp.min_horizon(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)
	WHEN 'max' THEN cdp.max_horizon(t, 'view', 'total', q.within, q.older_than, q.since, q.until, at)
	WHEN 'most_frequent_event' THEN cdp.most_frequent_event_horizon(t, q.within, q.older_than, q.since, q.until, at)
	WHEN 'sessions' THEN cdp.sessions_horizon(t, '1 hour', q.within, q.older_than, q.since, q.until, at)
	WHEN 'last_session_start' THEN cdp.last_session_start_horizon(t, '1 hour', q.within, q.older_than, q.since, q.until, at)
	WHEN 'funnel' THEN cdp.funnel_horizon(t, '{view,cart,order}', '5 hours', 'default', q.within, q.older_than, q.since, q.until, at)
	WHEN 'funnel_strict' THEN cdp.funnel_horizon(t, '{view,cart,order}', '5 hours', 'strict_order', q.within, q.older_than, q.since, q.until, at) END
$$;
CREATE TABLE bh_instant AS
SELECT DISTINCT q.person, e.at + edge + n * interval '1 microsecond' AS at FROM bh_question q JOIN bh_timeline t USING (person), cdp.events(t.timeline) e, unnest(ARRAY[interval '0', within, older_than]) edge, generate_series(-1, 1) n
WHERE e.at + edge + n * interval '1 microsecond' > q.as_of;
CREATE TABLE bh_true AS
SELECT which, q.person, coalesce(min(i.at), 'infinity') AS first_change
FROM unnest('{did,did_not,count_events,first_time,last_time,sum,avg,min,max,most_frequent_event,sessions,last_session_start,funnel,funnel_strict}'::text[]) which CROSS JOIN bh_question q JOIN bh_timeline t USING (person)
LEFT JOIN bh_instant i ON i.person = q.person AND pg_temp.answer(which, t.timeline, q, i.at) IS DISTINCT FROM pg_temp.answer(which, t.timeline, q, q.as_of)
GROUP BY which, q.person;
SELECT which, count(*) AS questions, count(*) FILTER (WHERE first_change < 'infinity') > 50 AS changing, count(*) FILTER (WHERE h.horizon > first_change) AS too_late, count(*) FILTER (WHERE h.horizon <= q.as_of) AS not_after,
	CASE WHEN which IN ('did', 'did_not', 'count_events', 'first_time', 'last_time') THEN count(*) FILTER (WHERE h.horizon < first_change) END AS too_early
FROM bh_true JOIN bh_question q USING (person) JOIN bh_timeline t USING (person) CROSS JOIN LATERAL pg_temp.horizon(which, t.timeline, q, q.as_of) h(horizon) GROUP BY which ORDER BY which COLLATE "C";

-- each has the arguments of its twin
SELECT count(*) AS horizons, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM pg_proc t WHERE t.pronamespace = h.pronamespace AND t.proname || '_horizon' = h.proname AND t.proargtypes = h.proargtypes AND t.proargnames = h.proargnames
	AND t.pronargdefaults = h.pronargdefaults AND pg_get_expr(t.proargdefaults, 0) = pg_get_expr(h.proargdefaults, 0))) AS without_twin
FROM pg_proc h WHERE pronamespace = 'cdp'::regnamespace AND proname ~ '^(did|did_not|count_events|first_time|last_time|sum|avg|min|max|most_frequent_event|sessions|last_session_start|funnel)_horizon$';
DROP FUNCTION pg_temp.answer, pg_temp.horizon;
DROP TABLE bh_timeline, bh_question, bh_instant, bh_true;
