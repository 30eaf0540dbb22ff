-- Each predicate and measure of the table against its definition in SQL, for random histories and arguments.
SET search_path = public, cdp;
SET timezone = 'UTC';
SELECT setseed(0.3);
CREATE TABLE bp_timeline AS
SELECT person, cdp.timeline_agg(timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour', ('{view,cart,order}'::text[])[1 + floor(random() * 3)],
	CASE WHEN random() < 0.8 THEN jsonb_build_object('total', (random() * 20 - 10)::numeric(10, 2), 'other', 1) END) AS timeline
FROM generate_series(1, 30) person, generate_series(1, 2 * person) GROUP BY person;
INSERT INTO bp_timeline VALUES (0, NULL), (31, '{}');
CREATE TABLE bp_question AS
SELECT i AS question, ('{view,cart,order,none}'::text[])[1 + floor(random() * 4)] AS event, 'total' AS number, (1 + floor(random() * 3)) * interval '1 hour' AS gap,
	floor(random() * 4)::bigint AS at_least, CASE WHEN random() < 0.5 THEN 3 + floor(random() * 4)::bigint END AS at_most,
	CASE WHEN random() < 0.6 THEN (1 + floor(random() * 70)) * interval '1 hour' END AS within,
	CASE WHEN random() < 0.3 THEN (1 + floor(random() * 30)) * interval '1 hour' END AS older_than,
	CASE WHEN random() < 0.3 THEN timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour' END AS since,
	CASE WHEN random() < 0.3 THEN timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour' END AS until,
	timestamptz '2024-01-01' + floor(random() * 70) * interval '1 hour' AS as_of
FROM generate_series(1, 200) i;
CREATE VIEW bp_counted AS
SELECT q.question, t.person, e.event, e.at, (e.numbers ->> q.number)::numeric AS number FROM bp_question q CROSS JOIN bp_timeline t CROSS JOIN cdp.events(t.timeline) e
WHERE e.at <= q.as_of AND (q.within IS NULL OR e.at > q.as_of - q.within) AND (q.older_than IS NULL OR e.at <= q.as_of - q.older_than) AND (q.since IS NULL OR e.at >= q.since) AND (q.until IS NULL OR e.at < q.until);
CREATE TABLE bp_event AS TABLE bp_counted;
CREATE INDEX ON bp_event (question, person);
ANALYZE bp_event;
CREATE TABLE bp_answer (name text, answer text, defined text);
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT name, arguments, definition FROM cdp_internal.predicates() WHERE definition IS NOT NULL LOOP
		EXECUTE format('INSERT INTO bp_answer SELECT %L, cdp.%s(t.timeline, %s)::text, d.answer::text FROM bp_question q CROSS JOIN bp_timeline t CROSS JOIN LATERAL (WITH e AS (SELECT e.event, e.at, e.number FROM bp_event e WHERE e.question = q.question AND e.person = t.person%s) %s) d(answer)',
			p.name, p.name, regexp_replace(p.arguments, '\w+', '\& => q.\&', 'g'), CASE WHEN p.arguments LIKE 'event,%' THEN ' AND e.event = q.event' END, p.definition);
	END LOOP;
END $$;
SELECT count(DISTINCT name) > 11 AS predicates, count(*) FILTER (WHERE answer IS DISTINCT FROM defined) AS different FROM bp_answer;
SELECT name, count(*) AS calls, count(DISTINCT answer) AS answers, count(*) FILTER (WHERE answer IS DISTINCT FROM defined) AS different FROM bp_answer
GROUP BY name HAVING count(*) <> 6400 OR count(DISTINCT answer) < 2 OR count(*) FILTER (WHERE answer IS DISTINCT FROM defined) > 0 ORDER BY name COLLATE "C";

-- the declaration of each: as_of comes last, after the rest of the time range; what must be given comes first
SELECT p.name, pg_get_function_arguments(f.oid) AS arguments, pg_get_function_result(f.oid) = p.answer AS answers, f.prosupport, f.provolatile, f.proparallel, obj_description(f.oid) IS NOT NULL AS documented
FROM cdp_internal.predicates() p LEFT JOIN pg_proc f ON f.pronamespace = 'cdp'::regnamespace AND f.proname = p.name
WHERE f.oid IS NULL OR array_to_string(f.proargnames, ', ') IS DISTINCT FROM 'timeline, ' || p.arguments OR format_type(f.prorettype, NULL) IS DISTINCT FROM format_type(p.answer::regtype, NULL) OR f.prosupport <> 'cdp_internal.predicate_support'::regproc
	OR f.provolatile <> 'i' OR f.proparallel <> 's' OR obj_description(f.oid) IS NULL OR NOT has_function_privilege('public', f.oid, 'EXECUTE');

-- what the planner expects a call to cost: more where all of a long timeline is read
CREATE TABLE bp_short AS SELECT cdp.timeline_agg(timestamptz '2024-01-01' + e * interval '37 seconds', 'view') AS timeline FROM generate_series(1, 10) e;
CREATE TABLE bp_long AS SELECT cdp.timeline_agg(timestamptz '2024-01-01' + e * interval '37 seconds', 'view') AS timeline FROM generate_series(1, 1000) e;
ANALYZE bp_short;
ANALYZE bp_long;
CREATE FUNCTION pg_temp.expected_cost(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Total Cost';
END $$;
SELECT call, pg_temp.expected_cost('SELECT FROM bp_short WHERE ' || call) - pg_temp.expected_cost('TABLE bp_short') AS of_10, pg_temp.expected_cost('SELECT FROM bp_long WHERE ' || call) - pg_temp.expected_cost('TABLE bp_long') > 0.2 AS of_1000_more
FROM unnest(ARRAY[$$cdp.did(timeline, 'view')$$, $$cdp.count_events(timeline, 'view') > 1$$, $$cdp.most_frequent_event(timeline) IS NULL$$, $$cdp.most_frequent_event(timeline || timeline) IS NULL$$]) call;
DROP VIEW bp_counted;
DROP TABLE bp_timeline, bp_question, bp_event, bp_answer, bp_short, bp_long;
