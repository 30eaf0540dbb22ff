-- The horizons of predicates and measures: until when an answer stays.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TEMP TABLE bh_example AS SELECT '{"order": ["2024-01-01", "2024-01-03", ["2024-01-12", {"total": 5}]], "view": ["2024-01-09", "2024-01-11"]}'::cdp.timeline AS timeline;
SELECT cdp_internal.horizon('did', timeline, '{"event": "order", "within": "10 days", "as_of": "2024-01-10"}') AS due_before_it_leaves, cdp_internal.horizon('did', timeline, '{"event": "order", "within": "2 days", "as_of": "2024-01-10"}') AS due, cdp_internal.horizon('did', timeline, '{"event": "order", "within": "2 days", "as_of": "2024-01-13"}') AS leaves,
	cdp_internal.horizon('did_not', timeline, '{"event": "order", "older_than": "30 days", "as_of": "2024-01-10"}') AS old_enough, cdp_internal.horizon('did', timeline, '{"event": "order", "as_of": "2024-01-10"}') AS never, cdp_internal.horizon('did', timeline, '{"event": "order", "at_least": 2, "at_most": 2, "within": "10 days", "as_of": "2024-01-10"}') AS one_leaves,
	cdp_internal.horizon('did', timeline, '{"event": "order", "since": "2024-01-13", "as_of": "2024-01-10"}') AS nothing_since, cdp_internal.horizon('did', timeline, '{"event": "order", "within": "5 days", "until": "2024-01-12", "as_of": "2024-01-10"}') AS nothing_until
FROM bh_example;
SELECT cdp_internal.horizon('count_events', timeline, '{"event": "order", "within": "9 days", "as_of": "2024-01-10"}') AS times_stays_as_one_comes_and_goes, cdp_internal.horizon('first_time', timeline, '{"event": "order", "within": "9 days", "as_of": "2024-01-10"}') AS first, cdp_internal.horizon('last_time', timeline, '{"event": "order", "as_of": "2024-01-10"}') AS last,
	cdp_internal.horizon('sum', timeline, '{"event": "order", "number": "total", "as_of": "2024-01-10"}') AS sum, cdp_internal.horizon('avg', timeline, '{"event": "order", "number": "total", "as_of": "2024-01-13"}') AS avg, cdp_internal.horizon('min', timeline, '{"event": "order", "number": "total", "within": "3 days", "as_of": "2024-01-13"}') AS min, cdp_internal.horizon('max', timeline, '{"event": "view", "number": "total", "within": "3 days", "as_of": "2024-01-10"}') AS max,
	cdp_internal.horizon('most_frequent_event', timeline, '{"as_of": "2024-01-10"}') AS frequent, cdp_internal.horizon('funnel', timeline, '{"events": "{order,cart}", "steps_within": "1 day", "as_of": "2024-01-10"}') AS funnel, cdp_internal.horizon('funnel', timeline, '{"events": "{order,cart}", "steps_within": "1 day", "mode": "strict_order", "as_of": "2024-01-10"}') AS funnel_of_all,
	cdp_internal.horizon('sessions', timeline, '{"gap": "1 hour", "within": "1 day", "as_of": "2024-01-20"}') AS sessions, cdp_internal.horizon('last_session_start', timeline, '{"gap": "1 hour", "within": "1 day", "as_of": "2024-01-12"}') AS last_start
FROM bh_example;

-- what is not given
SELECT cdp_internal.horizon('did', NULL, '{"event": "a"}') AS timeline, cdp_internal.horizon('did', '{}', '{"event": null}') AS event, cdp_internal.horizon('count_events', '{}', '{"event": "a", "as_of": null}') AS as_of, cdp_internal.horizon('sum', '{}', '{"event": "a", "number": null}') AS number, cdp_internal.horizon('max', NULL, '{"event": "a", "number": "n"}') AS max, cdp_internal.horizon('most_frequent_event', NULL, '{}') AS frequent,
	cdp_internal.horizon('sessions', '{}', '{"gap": null}') AS gap, cdp_internal.horizon('funnel', '{}', '{"events": null, "steps_within": "1 day"}') AS steps, cdp_internal.horizon('funnel', NULL, '{"events": "{a}", "steps_within": "1 day"}') AS funnel, cdp_internal.horizon('funnel', '{}', '{"events": "{a}", "steps_within": "1 day", "as_of": null}') AS funnel_as_of;

-- what is refused, as by their twins
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
SELECT call, pg_temp.refusal(format('SELECT cdp_internal.%s', call)) FROM unnest(ARRAY[$$horizon('did', '{}', '{"event": ""}')$$, $$horizon('did', '{}', '{"event": "a", "at_least": 3, "at_most": 2}')$$, $$horizon('did_not', '{}', '{"event": "a", "at_least": -1}')$$, $$horizon('did', NULL, '{"event": "a", "within": "1 month"}')$$, $$horizon('count_events', '{}', '{"event": "a", "as_of": "infinity"}')$$,
	$$horizon('first_time', '{}', '{"event": "a", "older_than": "-1 day"}')$$, $$horizon('last_time', '{}', '{"event": ""}')$$, $$horizon('sum', '{}', '{"event": "a", "number": ""}')$$, $$horizon('avg', '{}', '{"event": "", "number": "n"}')$$, $$horizon('min', '{}', '{"event": "a", "number": "n", "within": "0"}')$$, $$horizon('most_frequent_event', '{}', '{"within": "1 year"}')$$,
	$$horizon('sessions', '{}', '{"gap": "-1"}')$$, $$horizon('last_session_start', '{}', '{"gap": "1 month"}')$$, $$horizon('funnel', '{}', '{"events": "{}", "steps_within": "1 day"}')$$, $$horizon('funnel', '{}', '{"events": "{\"\"}", "steps_within": "1 day"}')$$, $$horizon('funnel', '{}', '{"events": "{a}", "steps_within": "1 month"}')$$, $$horizon('funnel', '{}', jsonb_build_object('events', array_fill('a'::text, ARRAY[33])::text, 'steps_within', '1 day', 'mode', 'strict_order'))$$,
	$$horizon('nothing', '{}', '{}')$$, $$horizon('did', '{}', '{"gap": 1}')$$, $$horizon('did', '{}', '{"event": "a", "within": "soon"}')$$]) call;

-- against asking again at every instant at which an event or a window's edge lies, and the microseconds beside it, for each predicate of the table
SELECT setseed(0.5);
CREATE TABLE bh_timeline AS
SELECT person, cdp.timeline_agg(timestamptz '2024-01-01' + floor(random() * 20) * interval '1 hour', ('{view,cart,order}'::text[])[1 + floor(random() * 3)], jsonb_build_object('total', floor(random() * 3))) AS timeline
FROM generate_series(1, 400) person, generate_series(1, 1 + person % 8) GROUP BY person;
CREATE TABLE bh_question AS
SELECT i AS person, timestamptz '2024-01-01' + floor(random() * 22) * interval '1 hour' AS as_of, floor(random() * 3)::bigint AS at_least, CASE WHEN random() < 0.4 THEN 2 + floor(random() * 2)::bigint END AS at_most,
	CASE WHEN random() < 0.7 THEN (1 + floor(random() * 12)) * interval '1 hour' END AS within, CASE WHEN random() < 0.4 THEN (1 + floor(random() * 6)) * interval '1 hour' END AS older_than,
	CASE WHEN random() < 0.2 THEN timestamptz '2024-01-01' + floor(random() * 20) * interval '1 hour' END AS since, CASE WHEN random() < 0.2 THEN timestamptz '2024-01-01' + floor(random() * 20) * interval '1 hour' END AS until,
	('{default,strict_order}'::cdp.funnel_mode[])[1 + i % 2] AS mode, ('{view -> cart within 5 hours,view -> not order within 6 hours}'::cdp.sequence[])[1 + i % 2] AS sequence
FROM generate_series(1, 400) i;
CREATE TABLE bh_instant AS
SELECT DISTINCT q.person, e.at + edge + n * interval '1 microsecond' AS at FROM bh_question q JOIN bh_timeline t USING (person), cdp.events(t.timeline) e, unnest(ARRAY[interval '0', within, older_than, '6 hours']) edge, generate_series(-1, 1) n
WHERE e.at + edge + n * interval '1 microsecond' > q.as_of;
-- the arguments of the calls, where no column of the question has their name
CREATE TABLE bh_argument (argument text, value text);
INSERT INTO bh_argument VALUES ('event', $$'view'$$), ('number', $$'total'$$), ('gap', $$'1 hour'$$), ('events', $$'{view,cart,order}'$$), ('steps_within', $$'5 hours'$$);
CREATE TABLE bh_predicate AS
SELECT p.name, p.exact, format('cdp.%s(t.timeline, %s)', p.name, string_agg(format('%s => %s', a.argument, coalesce(v.value, 'q.' || a.argument)), ', ')) AS call,
	format('cdp_internal.horizon(%L, t.timeline, jsonb_build_object(%s))', p.name, string_agg(format('%L, %s', a.argument, coalesce(v.value, 'q.' || a.argument)), ', ')) AS horizon
FROM cdp_internal.predicates() p, unnest(string_to_array(p.arguments, ', ')) a(argument) LEFT JOIN bh_argument v USING (argument) GROUP BY p.name, p.exact;
CREATE TABLE bh_true (name text, person integer, horizon timestamptz, first_change timestamptz);
DO $$
DECLARE
	p bh_predicate;
BEGIN
	FOR p IN SELECT * FROM bh_predicate LOOP
		EXECUTE format('INSERT INTO bh_true SELECT %L, q.person, %s, coalesce((SELECT min(i.at) FROM bh_instant i WHERE i.person = q.person AND %s IS DISTINCT FROM %s), ''infinity'') FROM bh_question q JOIN bh_timeline t USING (person)',
			p.name, p.horizon, replace(p.call, 'q.as_of', 'i.at'), p.call);
	END LOOP;
END $$;
SELECT p.name, count(*) AS questions, count(*) FILTER (WHERE first_change < 'infinity') AS changing, count(*) FILTER (WHERE t.horizon > first_change) AS too_late, count(*) FILTER (WHERE t.horizon <= q.as_of) AS not_after, count(*) FILTER (WHERE t.horizon < first_change AND p.exact) AS too_early
FROM bh_predicate p LEFT JOIN bh_true t USING (name) LEFT JOIN bh_question q USING (person) GROUP BY p.name
HAVING count(t.horizon) <> 400 OR count(*) FILTER (WHERE first_change < 'infinity') < 50 OR count(*) FILTER (WHERE t.horizon > first_change OR t.horizon <= q.as_of OR t.horizon < first_change AND p.exact) > 0 ORDER BY p.name COLLATE "C";
SELECT count(*) > 13 AS predicates, count(*) FILTER (WHERE exact) > 4 AS exact FROM bh_predicate;
DROP TABLE bh_timeline, bh_question, bh_instant, bh_argument, bh_predicate, bh_true;

-- who may not call what is for tests
SELECT proname, has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc WHERE pronamespace = 'cdp_internal'::regnamespace AND proname IN ('horizon', 'predicates') ORDER BY proname COLLATE "C";
