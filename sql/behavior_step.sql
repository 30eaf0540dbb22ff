-- The type cdp.step: its text, what it selects, what is refused.
SET search_path = public, cdp;
SET timezone = 'UTC';
-- a name as it stands, or more
SELECT t AS text, t::cdp.step AS step, t::cdp.step = cdp.quote_step(t) AS is_name FROM unnest(ARRAY['Product Viewed', 'Pricing | Acme', 'view|cart', '"view|cart"', '*', ' * ', '"*"', 'Product Viewed[category="shoes",price>50]', 'a[ x in (1,"b",true) ] | "B C"[y not exists]',
	'5% off, (today)', ' padded ', 'a[b like "x\_%", c contains """"]', 'a[b != 1]']) t;
-- a name from data stays the name, in any text
SELECT count(*) > 1000 AS names, count(*) FILTER (WHERE cdp.quote_step(n)::text::cdp.step <> cdp.quote_step(n)) AS changed, count(DISTINCT cdp.quote_step(n)::text) = count(*) AS all_different
FROM (SELECT DISTINCT string_agg(substr('ab|*"[] =', 1 + floor(random() * 9)::int, 1), '') AS n FROM generate_series(1, 20000) i, generate_series(1, 1 + i % 5) GROUP BY i) n;

-- what is refused, with the place
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refusal(format('SELECT %L::cdp.step', t)) FROM unnest(ARRAY['', 'Product [old]', '5" disk', 'a]', 'a[', 'a[]', 'a[b]', 'a[b = shoes]', 'a[b = "x]', 'a[b in 1]', 'a[b in ()]', 'a[b not like "x"]', 'a[b < true]', 'a[b contains 5]', 'a[b like "\"]', 'a[in = 1]', 'a[b = 12345678901234567890]',
	'a[b = 1] c', 'Pricing | Acme[x = 1]', '""', repeat('a|', 32) || 'a']) t;
SELECT left(pg_temp.refusal(format('SELECT %L::cdp.step', t)), 60) || ' … ' || right(pg_temp.refusal(format('SELECT %L::cdp.step', t)), 110) FROM unnest(ARRAY['a[b in (' || repeat('1,', 1000) || '1)]', repeat('x', 1048576), repeat('y', 8388609)]) t;
SELECT pg_temp.refusal('SELECT cdp.quote_step('''')');
\set VERBOSITY terse
SELECT cdp.did('{}', 'Product [old]');
\set VERBOSITY default
\pset format aligned
\pset tuples_only off

-- which argument is a step: a literal, a parameter without a type, a cast; a text is not
PREPARE bs_untyped AS SELECT cdp.count_events('{"a": ["2026-01-01"], "b": ["2026-01-01"]}', $1);
EXECUTE bs_untyped('a | b');
DEALLOCATE bs_untyped;
SELECT cdp.count_events('{"a": ["2026-01-01"], "b": ["2026-01-01"]}', ('a' || ' | b')::cdp.step) AS parsed, cdp.count_events('{"a | b": ["2026-01-01"]}', cdp.quote_step('a' || ' | b')) AS named;
SELECT pg_temp.refusal($$SELECT cdp.count_events('{}', 'a'::text)$$);
CREATE VIEW bs_view AS SELECT cdp.did(t, 'Product Viewed[price > 50, category = "shoes"]', as_of => '2026-02-01') AS did FROM (VALUES ('{}'::cdp.timeline)) v(t);
SELECT regexp_replace(pg_get_viewdef('bs_view'), '\mv\.t\M', 't') AS definition;
DROP VIEW bs_view;
CREATE TABLE bs_hashed AS SELECT s::cdp.step FROM unnest('{a,b,a,"\"a\"","a | b","a|b"}'::text[]) s;
SELECT s, count(*) FROM bs_hashed GROUP BY s ORDER BY s::text COLLATE "C";
DROP TABLE bs_hashed;

-- what it selects: numbers, texts, booleans, several values, elements of an array, what was left out
CREATE TABLE bs_event (n int, properties jsonb);
INSERT INTO bs_event VALUES (1, '{"price": 60, "category": "shoes", "new": true}'), (2, '{"price": "60.0", "category": "Shoes"}'), (3, '{"price": 40, "category": ["shoes", "hats"], "new": false}'), (4, '{"category": "50% wool"}'), (5, NULL),
	(6, '{"category": "größe_9"}'), (7, '{"[]": [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 5}], "price": 100}'), (8, '{"[]": [{"sku": "a", "qty": 5}, {"sku": "c"}]}');
CREATE TABLE bs_one AS SELECT n, cdp.timeline_agg('2026-01-01', 'a', properties) AS one FROM bs_event GROUP BY n;
CREATE TABLE bs_timeline AS SELECT cdp.timeline_agg('2026-01-01'::timestamptz + n * interval '1 day', 'a', properties) AS timeline FROM bs_event;
SELECT step, (SELECT array_agg(e.n ORDER BY e.n) FROM bs_one e WHERE cdp.did(e.one, step, as_of => '2026-02-01')) AS events,
	cdp.count_events(timeline, step, as_of => '2026-02-01') AS in_one
FROM bs_timeline, unnest(ARRAY['a', 'a[price > 50]', 'a[price = 60]', 'a[price = "60.0"]', 'a[price <> 60]', 'a[price < "9"]', 'a[price exists]', 'a[price not exists]', 'a[category = "shoes"]', 'a[category <> "shoes"]', 'a[category not in ("shoes", "Shoes")]', 'a[category in ("shoes", "50% wool", 60)]',
	'a[category >= "g"]', 'a[category like "%shoes"]', 'a[category like "50\% %"]', 'a[category like "gr__e\_9"]', 'a[category contains "% w"]', 'a[category contains ""]', 'a[new = true]', 'a[new <> true]', 'a[new = "true"]', 'a[new exists, price > 50]', 'a[category = "shoes", category = "hats"]',
	'a[sku = "a"]', 'a[sku = "a", qty = 5]', 'a[sku = "b", qty = 5, price = 100]', 'a[sku = "a", qty > 1] | a[new = true]', 'a[sku exists, qty not exists]', 'a[sku <> "a"]', 'a[none = 1]', 'a[none not exists]', '*[price > 50] | b', 'b']::cdp.step[]) step;

-- measures, and the horizon of a step with a condition
SELECT cdp.sum(timeline, 'a[category = "shoes"]', 'price', as_of => '2026-02-01') AS of_shoes, cdp.max(timeline, '*[price < 90]', 'price', as_of => '2026-02-01') AS below_90, cdp.median(timeline, 'a[price exists]', 'price', as_of => '2026-02-01') AS median,
	cdp.first_time(timeline, 'a[new = false]', as_of => '2026-02-01') AS first, cdp.last_time(timeline, 'a[sku = "a"]', as_of => '2026-02-01') AS last, cdp.funnel(timeline, 'a[category = "shoes"] -> a[category like "50%"] -> *[price = 100] in 10 days', as_of => '2026-02-01') AS steps,
	cdp.funnel(timeline, 'a[category = "shoes"] -> a[price = 100] in 10 days', 'strict_order', as_of => '2026-02-01') AS strict, cdp.funnel_times(timeline, 'a[price = 60] -> a[sku = "b"] in 10 days', as_of => '2026-02-01') AS times,
	cdp_internal.horizon('did', timeline, '{"step": "a[sku = \"a\"]", "within": "10 days", "as_of": "2026-01-12"}') AS horizon
FROM bs_timeline;

-- what was left out makes an answer unknown, unless other events decide it
CREATE TABLE bs_left_out AS SELECT cdp.timeline_agg(at, 'a', p) AS timeline FROM (VALUES (timestamptz '2026-01-01', jsonb_build_object('t', repeat('x', 300), 'n', 1)), ('2026-01-02', '{"t": "y", "n": 2}'), ('2026-01-03', '{"n": 4}')) v(at, p);
SELECT step, cdp.did(timeline, step, as_of => '2026-02-01') AS did, cdp.did_not(timeline, step, as_of => '2026-02-01') AS did_not, cdp.did(timeline, step, 2, as_of => '2026-02-01') AS twice, cdp.did(timeline, step, 3, as_of => '2026-02-01') AS thrice, cdp.count_events(timeline, step, as_of => '2026-02-01') AS times,
	cdp.count_events(timeline, step, since => '2026-01-02', as_of => '2026-02-01') AS later, cdp.sum(timeline, step, 'n', as_of => '2026-02-01') AS sum, cdp.first_time(timeline, step, as_of => '2026-02-01')::date AS first, cdp.last_time(timeline, step, as_of => '2026-02-01')::date AS last,
	cdp.funnel(timeline, format('(%s)', step)::cdp.sequence, as_of => '2026-02-01') AS funnel, cdp_internal.horizon('did', timeline, jsonb_build_object('step', step, 'within', '40 days', 'as_of', '2026-02-01')) AS horizon
FROM bs_left_out, unnest(ARRAY['a[t = "y"]', 'a[t <> "y"]', 'a[t exists]', 'a[t not exists]', 'a[t = "y", n = 2]', 'a[t = "y", n > 4]', 'a[t contains "x"] | a[n = 1]']::cdp.step[]) step;

DROP TABLE bs_event, bs_one, bs_timeline, bs_left_out;

-- random conditions on random events, whose properties may be in elements of an array or left out, against three-valued logic in SQL
SELECT setseed(0.4);
CREATE TABLE bs_doc AS
SELECT n, jsonb_strip_nulls(jsonb_build_object('category', (ARRAY['x', 'y', repeat('z', 300)])[ceil(random() * 5)], '[]', elements)) AS doc
FROM (SELECT n, (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('sku', (ARRAY['a', 'b', 'c', repeat('s', 300)])[ceil(random() * 5 + g * 0)], 'qty', CASE WHEN random() < 0.7 THEN ceil(random() * 3) END)))
	FROM generate_series(1, n % 4) g) AS elements FROM generate_series(1, 60) n) e;
CREATE TABLE bs_condition AS
SELECT step, alternative, p.name, o.sign, CASE WHEN o.sign !~ 'exists' THEN CASE p.name WHEN 'qty' THEN to_jsonb(ceil(random() * 3)) WHEN 'sku' THEN to_jsonb((ARRAY['a', 'b'])[ceil(random() * 2)]) ELSE '"x"' END END AS value
FROM generate_series(1, 300) step, LATERAL generate_series(1, 1 + step % 2) alternative, LATERAL generate_series(1, 1 + (step / 2) % 3) c, LATERAL (SELECT (ARRAY['category', 'sku', 'qty'])[ceil(random() * 3 + c * 0)] AS name OFFSET 0) p,
	LATERAL (SELECT (ARRAY['=', '<>', '>', '<=', 'exists', 'not exists'])[ceil(random() * 6 + c * 0)] AS sign OFFSET 0) o;
CREATE TABLE bs_text AS
SELECT step, string_agg('"a"[' || conditions || ']', ' | ')::cdp.step AS text FROM (SELECT step, alternative, string_agg(concat_ws(' ', name, sign, value), ', ') AS conditions FROM bs_condition GROUP BY step, alternative) a GROUP BY step;
CREATE FUNCTION pg_temp.holds(doc jsonb, name text, sign text, value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN sign = 'exists' THEN doc ? name WHEN sign = 'not exists' THEN NOT doc ? name WHEN NOT doc ? name THEN false WHEN length(doc ->> name) > 256 THEN NULL
	WHEN sign = '=' THEN doc -> name = value WHEN sign = '<>' THEN doc -> name <> value WHEN sign = '>' THEN (doc ->> name) COLLATE "C" > value ->> 0 ELSE (doc ->> name) COLLATE "C" <= value ->> 0 END
$$;
CREATE TABLE bs_truth AS
WITH element AS (
	SELECT d.n, a.step, a.alternative, e.element FROM bs_doc d CROSS JOIN (SELECT step, alternative, array_agg(name) AS names FROM bs_condition GROUP BY step, alternative) a
	CROSS JOIN LATERAL (SELECT x.element FROM jsonb_array_elements(d.doc -> '[]') x(element) WHERE x.element ?| a.names
		UNION ALL SELECT '{}' WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(d.doc -> '[]') x(element) WHERE x.element ?| a.names)) e
), judged AS (
	SELECT e.n, e.step, CASE WHEN bool_or(h.truth IS FALSE) THEN false WHEN bool_or(h.truth IS NULL) THEN NULL ELSE true END AS truth
	FROM (SELECT row_number() OVER () AS place, element.* FROM element) e JOIN bs_doc d USING (n) JOIN bs_condition c USING (step, alternative) CROSS JOIN LATERAL pg_temp.holds(d.doc - '[]' || e.element, c.name, c.sign, c.value) h(truth)
	GROUP BY e.place, e.n, e.step
)
SELECT n, step, CASE WHEN bool_or(truth) THEN true WHEN bool_or(truth IS NULL) THEN NULL ELSE false END AS truth FROM judged GROUP BY n, step;
SELECT count(*) AS answers, count(*) FILTER (WHERE truth) > 2000 AS yes, count(*) FILTER (WHERE NOT truth) > 2000 AS no, count(*) FILTER (WHERE truth IS NULL) > 500 AS unknown,
	count(*) FILTER (WHERE cdp.did(timeline, text, as_of => '2026-02-01') IS DISTINCT FROM truth) AS different
FROM bs_truth JOIN bs_text USING (step) JOIN (SELECT n, cdp.timeline_agg(timestamptz '2026-01-01', 'a', doc) AS timeline FROM bs_doc GROUP BY n) t USING (n);
DROP TABLE bs_doc, bs_condition, bs_text, bs_truth;
