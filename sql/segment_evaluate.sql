-- Conditions at random, from all predicates, comparisons with now(), traits and NULLs under AND, OR, NOT and IS: the answer of each person,
-- and until when it stays, against asking again with the instant written into the condition.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_evaluate ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_evaluate
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'America/New_York';
SET search_path = public, cdp;
SELECT setseed(0.4);
SELECT cdp.carry_property('*', 'total');
INSERT INTO cdp.inbox (type, user_id, event, properties, "timestamp")
SELECT 'track', 'u' || person, (ARRAY['view', 'cart', 'order'])[ceil(random() * 3)],
	CASE WHEN random() < 0.8 THEN jsonb_build_object('total', (random() * 20 - 10)::numeric(10, 2)) END,
	timestamptz '2024-01-01 UTC' + floor(random() * 60) * interval '1 hour'
FROM generate_series(1, 24) person, generate_series(1, person / 2 + 1);
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp")
SELECT 'identify', 'u' || person, jsonb_strip_nulls(jsonb_build_object(
	'plan', (ARRAY['pro', 'free', NULL])[ceil(random() * 3)],
	'renewal', CASE WHEN random() < 0.8 THEN to_char(timestamp '2024-01-01' + ceil(random() * 70) * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END)),
	timestamptz '2024-01-01 UTC'
FROM generate_series(1, 24) person;
SELECT accepted FROM cdp.refresh();

-- # stands for the instant
CREATE FUNCTION pg_temp.pick(VARIADIC items text[]) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT items[ceil(random() * cardinality(items))] $$;
CREATE FUNCTION pg_temp.hours(most integer) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT format('interval ''%s hours''', ceil(random() * most)) $$;
CREATE FUNCTION pg_temp.call(predicate text, arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	argument record;
	value text;
	list text := '';
BEGIN
	FOR argument IN
		SELECT a.* FROM regexp_split_to_table(arguments, ', ') WITH ORDINALITY AS n (name, place)
		JOIN cdp_internal.predicate_arguments() a USING (name) ORDER BY n.place
	LOOP
		IF argument.name = 'as_of' THEN
			list := list || ', as_of => #' || CASE WHEN random() < 0.2 THEN ' - ' || pg_temp.hours(9) ELSE '' END;
		ELSE
			EXECUTE 'SELECT (' || argument.sample || ')::text' INTO value;
			list := list || format(', %I => %L::%s', argument.name, value, argument.type);
		END IF;
	END LOOP;
	RETURN format('cdp.%I(timeline%s)', predicate, list);
END $$;
CREATE FUNCTION pg_temp.leaf(OUT condition text, OUT exact boolean) LANGUAGE plpgsql AS $$
DECLARE
	predicate record;
BEGIN
	exact := true;
	IF random() < 0.3 THEN
		condition := pg_temp.pick(
			format('%s %s # %s %s', pg_temp.pick('first_seen', 'last_seen', 'cdp.try_timestamptz(traits -> ''renewal'')'),
				pg_temp.pick('<', '<=', '=', '<>', '>=', '>'), pg_temp.pick('+', '-'), pg_temp.hours(40)),
			format('# %s %s - interval ''1 hour'' %s %s', pg_temp.pick('+', '-'), pg_temp.hours(40),
				pg_temp.pick('<', '<=', '=', '<>', '>=', '>'), pg_temp.pick('first_seen', 'last_seen')),
			format('last_seen + interval ''1 day'' %s #', pg_temp.pick('<', '>=')),
			format('# - first_seen %s interval ''1 hour'' * %s', pg_temp.pick('<', '<=', '=', '<>', '>=', '>'), 20 - ceil(random() * 60)),
			format('%s %s cdp.try_timestamptz(traits -> ''renewal'') - (# - interval ''1 hour'')', pg_temp.hours(40), pg_temp.pick('<', '<=', '=', '<>', '>=', '>')));
		RETURN;
	END IF;
	IF random() < 0.2 THEN
		condition := pg_temp.pick('traits ->> ''plan'' = ''pro''', 'NULL::boolean', 'events > 7', 'true', 'traits IS NULL');
		RETURN;
	END IF;
	SELECT p.name, p.arguments, p.answer, p.exact INTO predicate FROM cdp_internal.predicates() p WHERE p.name <> 'time_since'
	ORDER BY random() LIMIT 1;
	condition := pg_temp.call(predicate.name, predicate.arguments);
	exact := predicate.exact AND predicate.answer = 'boolean';
	condition := CASE predicate.answer WHEN 'boolean' THEN condition
		WHEN 'timestamptz' THEN condition || pg_temp.pick(' IS NULL', ' < # - interval ''5 hours''', ' > timestamptz ''2024-01-02 UTC''', ' = last_seen')
		WHEN 'interval' THEN condition || ' > interval ''3 hours'''
		WHEN 'text' THEN condition || pg_temp.pick(' = ''view''', ' IS NULL', ' > ''1''')
		WHEN 'text[]' THEN format('cardinality(%s) > 1', condition)
		ELSE pg_temp.pick(condition || ' > 1', format('coalesce(%s, 0) < 2', condition), condition || ' IS DISTINCT FROM 1') END;
END $$;
CREATE FUNCTION pg_temp.tree(depth integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF depth = 0 OR random() < 0.1 THEN
		RETURN (pg_temp.leaf()).condition;
	END IF;
	IF random() < 0.25 THEN
		RETURN pg_temp.pick(format('NOT (%s)', pg_temp.tree(depth - 1)),
			format('(%s) IS %s %s', pg_temp.tree(depth - 1), pg_temp.pick('', 'NOT'), pg_temp.pick('TRUE', 'FALSE', 'UNKNOWN')));
	END IF;
	RETURN (SELECT '(' || string_agg(pg_temp.tree(depth - 1), pg_temp.pick(') AND (', ') OR (')) || ')'
		FROM generate_series(1, (2 + floor(random() * 2))::integer));
END $$;

CREATE TABLE question (n serial, condition text, exact boolean, as_of timestamptz DEFAULT timestamptz '2024-01-01 UTC' + ceil(random() * 70) * interval '1 hour');
DO $$
BEGIN
	FOR i IN 1 .. 70 LOOP
		INSERT INTO question (condition, exact) SELECT * FROM pg_temp.leaf();
		INSERT INTO question (condition) VALUES (pg_temp.tree(1 + i % 3));
	END LOOP;
END $$;
CREATE TABLE answer (n integer, profile_id bigint, holds boolean, failing boolean, until timestamptz);
-- a person's answer in a question, asked again at another instant
CREATE TABLE again (n integer, profile_id bigint, at timestamptz, expected boolean);
DO $$
DECLARE
	q record;
BEGIN
	FOR q IN SELECT * FROM question ORDER BY n LOOP
		PERFORM cdp.create_segment('q' || q.n, replace(q.condition, '#', 'now()'));
		INSERT INTO answer SELECT q.n, e.* FROM cdp_internal.evaluate_segment('q' || q.n, NULL, q.as_of) e;
		-- all that happens lies at whole and half hours, or a microsecond later
		EXECUTE format('INSERT INTO again SELECT %s, p.profile_id, i.at, %s FROM cdp.profile_row p JOIN answer a USING (profile_id)
			CROSS JOIN LATERAL (SELECT %L::timestamptz UNION SELECT a.until WHERE isfinite(a.until) UNION SELECT a.until - interval ''1 microsecond'' WHERE isfinite(a.until)
				UNION SELECT %3$L::timestamptz + floor(random() * 260) * interval ''30 minutes'' + (g %% 2) * interval ''1 microsecond'' FROM generate_series(1, 9) g) i (at)
			WHERE a.n = %1$s', q.n, replace(q.condition, '#', 'i.at'), q.as_of);
	END LOOP;
END $$;

SELECT count(*) > 3000 AS answers, count(DISTINCT n) AS questions, count(*) FILTER (WHERE failing) AS failing,
	count(*) FILTER (WHERE holds) > 600 AS many_hold, count(*) FILTER (WHERE holds IS NULL) > 200 AS many_unknown,
	count(*) FILTER (WHERE isfinite(until)) > 1200 AS many_change FROM answer;
SELECT count(*) > 30000 AS asked_again,
	count(*) FILTER (WHERE g.at = q.as_of AND g.expected IS DISTINCT FROM a.holds) AS wrong,
	count(*) FILTER (WHERE g.at > q.as_of AND g.at < a.until AND g.expected IS DISTINCT FROM a.holds) AS until_too_late,
	count(*) FILTER (WHERE a.until <= q.as_of) AS not_after,
	count(*) FILTER (WHERE q.exact AND g.at = a.until) > 300 AS exact,
	count(*) FILTER (WHERE q.exact AND g.at = a.until AND g.expected IS NOT DISTINCT FROM a.holds) AS not_exact
FROM again g JOIN answer a USING (n, profile_id) JOIN question q USING (n);
SELECT q.n, q.condition, q.as_of, a.profile_id, a.holds, a.until, g.at, g.expected
FROM again g JOIN answer a USING (n, profile_id) JOIN question q USING (n)
WHERE g.at >= q.as_of AND g.at < a.until AND g.expected IS DISTINCT FROM a.holds OR a.until <= q.as_of
	OR q.exact AND g.at = a.until AND g.expected IS NOT DISTINCT FROM a.holds
ORDER BY q.n, a.profile_id LIMIT 5;

SET client_min_messages = error;
-- AND that is false stays so as long as the last of its parts that are; but no part is looked at for that which could fail
CREATE FUNCTION pg_temp.ends(condition text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp.create_segment('late', condition, replace => true);
	RETURN (SELECT bool_or(isfinite(e.until)) FROM cdp_internal.evaluate_segment('late', NULL, '2024-01-03 00:30 UTC') e WHERE NOT e.holds);
END $$;
SELECT condition, pg_temp.ends(condition) FROM unnest(ARRAY[$$first_seen > now() AND events > 1000$$, $$first_seen < now() - interval '9 days' AND events > 1000$$, $$NOT (first_seen > now() - interval '9 days' OR NOT events > 1000)$$,
	$$cdp.did(timeline, 'view', older_than => '9 days') AND events > 1000$$, $$events > 1000 AND cdp.did(timeline, 'view', older_than => '9 days')$$, $$first_seen < now() - interval '9 days' AND 1 / (events - 4) > 0$$]) condition;

-- people in the order asked for, once for each time; those who do not exist are left out
SELECT count(*) AS rows, count(DISTINCT profile_id) AS people FROM cdp_internal.evaluate_segment('q1', ARRAY[9, 3, -1, NULL, 3, 1000000], now());
\c :origin
DROP DATABASE cdp_segment_evaluate;
