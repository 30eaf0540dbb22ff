-- Each predicate and measure of the table, for random histories and arguments: its answer against its definition in SQL, its horizon
-- against asking again at each instant at which an event, a window's edge or the beginning of a day, week or month lies, and the microseconds beside it.
SET search_path = public, cdp;
SET timezone = 'UTC';
SELECT setseed(0.3);
CREATE TABLE bp_timeline AS
SELECT person, cdp.timeline_agg(timestamptz '2024-01-01' + floor(random() * 60) * interval '1 hour', ('{view,cart,order}'::text[])[1 + floor(random() * 3)],
	CASE WHEN random() < 0.8 THEN jsonb_build_object('total', (random() * 20 - 10)::numeric(10, 2), 'other', 1) END) AS timeline
FROM generate_series(1, 40) person, generate_series(1, person) GROUP BY person;
INSERT INTO bp_timeline VALUES (0, NULL), (41, '{}');
DO $$
BEGIN
	EXECUTE (SELECT format('CREATE TABLE bp_question AS SELECT i AS question, %s FROM generate_series(1, 420) i', string_agg(format('%s AS %I', sample, name), ', ')) FROM cdp_internal.predicate_arguments());
END $$;

-- what the samples of steps ask for
CREATE FUNCTION pg_temp.satisfies(step text, event text, number numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT CASE step WHEN 'view | cart' THEN event IN ('view', 'cart') WHEN '*' THEN true WHEN 'order[total > 0]' THEN event = 'order' AND coalesce(number > 0, false)
	WHEN 'view[total > 0] | view[total < 5] | cart[total not exists]' THEN event = 'view' AND number IS NOT NULL OR event = 'cart' AND number IS NULL
	WHEN '*[total not in (1, 2)]' THEN coalesce(number NOT IN (1, 2), false) ELSE event = step END
$$;

CREATE VIEW bp_counted AS
SELECT q.question, t.person, q.step::text AS step, e.event, e.at, (e.properties ->> q.number)::numeric AS number,
	(q.within IS NULL OR e.at > q.as_of - q.within) AND (q.older_than IS NULL OR e.at <= q.as_of - q.older_than) AND (q.since IS NULL OR e.at >= q.since) AND (q.until IS NULL OR e.at < q.until) AS in_range
FROM bp_question q CROSS JOIN bp_timeline t CROSS JOIN cdp.events(t.timeline) e WHERE q.question <= 160 AND e.at <= q.as_of;
CREATE TABLE bp_event AS SELECT *, pg_temp.satisfies(step, event, number) AS of_step FROM bp_counted;
CREATE INDEX ON bp_event (question, person);
ANALYZE bp_event;
CREATE TABLE bp_answer (name text, answer text, defined text);
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT name, arguments, definition FROM cdp_internal.predicates() WHERE definition IS NOT NULL LOOP
		EXECUTE format('INSERT INTO bp_answer SELECT %L, cdp.%s(t.timeline, %s)::text, d.answer::text FROM bp_question q CROSS JOIN bp_timeline t CROSS JOIN LATERAL (WITH a AS (SELECT * FROM bp_event e WHERE e.question = q.question AND e.person = t.person%s), e AS (SELECT * FROM a %s) %s) d(answer) WHERE q.question <= 160',
			p.name, p.name, regexp_replace(p.arguments, '\w+', '\& => q.\&', 'g'), CASE WHEN p.arguments LIKE '%within, older_than%' THEN ' AND e.in_range' END,
			CASE WHEN p.arguments LIKE 'step,%' THEN 'WHERE of_step' END, p.definition);
	END LOOP;
END $$;
SELECT count(DISTINCT name) > 11 AS predicates, count(*) FILTER (WHERE answer IS DISTINCT FROM defined) AS different FROM bp_answer;
SELECT name, count(*) AS calls, count(DISTINCT answer) AS answers, count(*) FILTER (WHERE answer IS DISTINCT FROM defined) AS different FROM bp_answer
GROUP BY name HAVING count(*) <> 6720 OR count(DISTINCT answer) < 2 OR count(*) FILTER (WHERE answer IS DISTINCT FROM defined) > 0 ORDER BY name COLLATE "C";

CREATE VIEW bp_asked AS SELECT q.*, t.* FROM bp_question q JOIN bp_timeline t ON t.person = q.question % 42;
CREATE TABLE bp_instant AS
SELECT DISTINCT q.question, i.at + n * interval '1 microsecond' AS at FROM bp_asked q, generate_series(-1, 1) n, LATERAL (
	SELECT e.at + edge AS at FROM cdp.events(q.timeline) e, unnest(ARRAY[interval '0', within, older_than, '6 hours']) edge
	UNION ALL SELECT d AT TIME ZONE q.time_zone FROM generate_series(date_trunc(q.unit, q.as_of AT TIME ZONE q.time_zone), date_trunc(q.unit, q.as_of AT TIME ZONE q.time_zone) + 9 * ('1 ' || q.unit)::interval, ('1 ' || q.unit)::interval) d
	-- what changes at every instant
	UNION ALL SELECT q.as_of) i
WHERE i.at + n * interval '1 microsecond' > q.as_of;
CREATE INDEX ON bp_instant (question);
ANALYZE bp_instant;
CREATE TABLE bp_horizon (name text, question integer, horizon timestamptz, first_change timestamptz);
DO $$
DECLARE
	p record;
	call text;
BEGIN
	FOR p IN SELECT name, arguments FROM cdp_internal.predicates() LOOP
		call := format('cdp.%s(q.timeline, %s)', p.name, regexp_replace(p.arguments, '\w+', '\& => q.\&', 'g'));
		EXECUTE format('INSERT INTO bp_horizon SELECT %L, q.question, cdp_internal.horizon(%1$L, q.timeline, jsonb_build_object(%s)), coalesce((SELECT min(i.at) FROM bp_instant i WHERE i.question = q.question AND %s IS DISTINCT FROM %s), ''infinity'') FROM bp_asked q',
			p.name, regexp_replace(p.arguments, '\w+', '''\&'', q.\&::text', 'g'), replace(call, 'q.as_of', 'i.at'), call);
	END LOOP;
END $$;
SELECT count(DISTINCT p.name) > 13 AS predicates, count(DISTINCT p.name) FILTER (WHERE exact) > 4 AS exact, count(*) FILTER (WHERE horizon > first_change) AS too_late, count(*) FILTER (WHERE exact AND horizon <> first_change) AS not_exact FROM bp_horizon JOIN cdp_internal.predicates() p USING (name);
SELECT name, count(horizon) AS calls, count(*) FILTER (WHERE isfinite(first_change)) AS changing, count(*) FILTER (WHERE horizon > first_change) AS too_late, count(*) FILTER (WHERE horizon <= as_of) AS not_after, count(*) FILTER (WHERE horizon < first_change AND exact) AS too_early
FROM bp_horizon JOIN bp_question USING (question) JOIN cdp_internal.predicates() p USING (name) GROUP BY name
HAVING count(horizon) <> 420 OR count(*) FILTER (WHERE isfinite(first_change)) < 50 OR count(*) FILTER (WHERE horizon > first_change OR horizon <= as_of OR horizon < first_change AND exact) > 0 ORDER BY name COLLATE "C";

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
DROP VIEW bp_counted, bp_asked;
DROP TABLE bp_timeline, bp_question, bp_event, bp_answer, bp_instant, bp_horizon, bp_short, bp_long;
