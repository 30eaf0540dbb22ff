-- Traits as large as they can be: whatever was taken and merged can be shown, in every form.
SET timezone = 'UTC';
SET client_min_messages = warning;
SET search_path = public, cdp;

-- what is shown counts: the greater of the JSON text and the jsonb
SELECT n, cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg(1) FROM generate_series(1, n)))) AS problem,
	pg_column_size((SELECT jsonb_agg(1) FROM generate_series(1, n))) AS jsonb FROM unnest(ARRAY[2666, 2667, 21001]) AS n;
SELECT name, cdp.traits_problem(jsonb_build_object('k', value)) AS problem, octet_length(value::text) AS text
FROM (VALUES ('control characters', to_jsonb(repeat(E'\u0001', 5333))), ('one more', to_jsonb(repeat(E'\u0001', 5334))),
	('number', to_jsonb('1e31999'::numeric)), ('larger number', to_jsonb('1e131071'::numeric)), ('array of one', '[1e100000]')) AS v (name, value);
-- of which the text would have 524 MB
SELECT cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg('1e131071'::numeric) FROM generate_series(1, 4000))));
SELECT cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg('1e131071'::numeric) FROM generate_series(1, 1500))));
SELECT cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg(1) FROM generate_series(1, n))), '{"k": "most_frequent"}') FROM unnest(ARRAY[145, 146]) AS n;

-- as many keys and values as there can be, each as large as it can be as jsonb (ones) or as text (escapes)
CREATE TABLE part AS
SELECT kind, i, CASE kind WHEN 'ones' THEN (SELECT jsonb_agg(1) FROM generate_series(1, 143)) || to_jsonb(i) ELSE to_jsonb(lpad(i::text, 291, E'\u0001')) END AS v
FROM unnest(ARRAY['ones', 'escapes']) AS kind, generate_series(1, 1000) AS i;
CREATE TABLE full_traits AS
SELECT kind, 'last' AS rule, cdp.traits_union(t) AS traits
FROM unnest(ARRAY['ones', 'escapes']) AS kind, LATERAL (
	SELECT cdp.traits((SELECT jsonb_object_agg(repeat('k', 251) || lpad(to_hex(part * 512 + i), 4, '0'), v) FROM generate_series(0, 511) AS i), now(), repeat(E'\u0001', 255)) AS t
	FROM (SELECT CASE kind WHEN 'ones' THEN (SELECT jsonb_agg(1) FROM generate_series(1, 2666)) ELSE to_jsonb(repeat(E'\u0001', 5333)) END AS v) x, generate_series(0, 7) AS part) p
GROUP BY kind;
INSERT INTO full_traits
SELECT kind, 'union', cdp.traits((SELECT jsonb_object_agg(repeat('k', 253) || lpad(k::text, 2, '0'), v) FROM generate_series(1, 65) AS k), now(), repeat(E'\u0001', 255), '{"*": "union"}')
FROM (SELECT kind, jsonb_agg(v) AS v FROM part WHERE kind = 'ones' GROUP BY kind) a;
INSERT INTO full_traits
SELECT kind, 'most_frequent', cdp.traits_agg((SELECT jsonb_object_agg(repeat('k', 253) || lpad(k::text, 2, '0'), v) FROM generate_series(1, 65) AS k), now(), repeat('s', 255), '{"*": "most_frequent"}')
FROM part WHERE kind = 'ones' AND i <= 100 GROUP BY kind;
INSERT INTO full_traits
SELECT kind, 'keep_last', cdp.traits_agg(jsonb_build_object('k', w, 'l', w, 'm', w, 'n', w), now() + i * interval '1 s', lpad(i::text, 255, 's'), '{"*": "keep_trusted_last"}', i % 100)
FROM part, (SELECT jsonb_agg(1) AS w FROM generate_series(1, 2666)) x WHERE kind = 'ones' AND i <= 100 GROUP BY kind;

SELECT kind, rule, cdp.is_full(traits) AS is_full, (SELECT count(*) FROM jsonb_object_keys(traits::jsonb)) AS keys, (SELECT count(*) FROM cdp.provenance(traits)) AS cells,
	octet_length(cdp_internal.traits_send(traits)) < 5 << 25 AS stored, pg_column_size(traits::jsonb) >> 20 AS shown, octet_length(traits::jsonb::text) > 1 << 20 AS shown_text
FROM full_traits ORDER BY kind, rule;
-- the text form is read again, and merging changes nothing
SELECT kind, rule, traits::text::cdp.traits = traits AS same FROM full_traits WHERE kind = 'escapes' OR rule IN ('keep_last', 'most_frequent') ORDER BY kind, rule;
SELECT kind, rule, traits || traits = traits AS merged FROM full_traits WHERE rule IN ('union', 'keep_last') ORDER BY kind, rule;
-- and each of them can stand beside others
SELECT count(jsonb_build_object('a', traits::jsonb, 'b', traits -> 'm')) AS beside FROM full_traits WHERE rule = 'last';

DROP TABLE part, full_traits;
