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
-- of which the text would have 2.6 GB
SELECT cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg('1e131071'::numeric) FROM generate_series(1, 20000))));
SELECT cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg('1e131071'::numeric) FROM generate_series(1, 1500))));
SELECT cdp.traits_problem(jsonb_build_object('k', (SELECT jsonb_agg(1) FROM generate_series(1, n))), '{"k": "most_frequent"}') FROM unnest(ARRAY[145, 146]) AS n;

-- as many keys and values as there can be, each as large as it can be
CREATE FUNCTION value_of(kind text, size integer, seed integer) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE kind
		WHEN 'text' THEN to_jsonb(lpad(seed::text, size, 'x'))
		WHEN 'escapes' THEN to_jsonb(lpad(seed::text, size / 6, E'\u0001'))
		WHEN 'numbers' THEN (SELECT jsonb_agg(i % 2) || to_jsonb(seed) FROM generate_series(1, (size - 24) / 12) AS i)
		WHEN 'arrays' THEN (SELECT jsonb_agg('[]'::jsonb) || to_jsonb(seed) FROM generate_series(1, (size - 24) / 8) AS i) END
$$;
CREATE TABLE full_traits AS
SELECT kind, 'last' AS rule, cdp.traits_union(t) AS traits
FROM unnest(ARRAY['text', 'escapes', 'numbers', 'arrays']) AS kind, LATERAL (
	SELECT cdp.traits((SELECT jsonb_object_agg(repeat('k', 251) || lpad(to_hex(part * 512 + i), 4, '0'), v) FROM generate_series(0, 511) AS i), now(), repeat(E'\u0001', 255)) AS t
	FROM (SELECT value_of(kind, 32000, 7) AS v) x, generate_series(0, 7) AS part) p
GROUP BY kind;
INSERT INTO full_traits
SELECT kind, rule, cdp.traits_union(t)
FROM unnest(ARRAY['text', 'escapes', 'numbers', 'arrays']) AS kind, unnest(ARRAY['union', 'most_frequent']) AS rule, LATERAL (
	SELECT cdp.traits((SELECT jsonb_object_agg(repeat('k', 253) || lpad(k::text, 2, '0'),
			CASE rule WHEN 'union' THEN (SELECT jsonb_agg(value_of(kind, 1750, i)) FROM generate_series(part * 1000 + 1, part * 1000 + 1000) AS i) ELSE value_of(kind, 1750, part) END)
		FROM generate_series(1, 65) AS k), now(), repeat(E'\u0001', 255), jsonb_build_object('*', rule)) AS t
	FROM generate_series(0, CASE rule WHEN 'union' THEN 0 ELSE 999 END) AS part) p
GROUP BY kind, rule;
INSERT INTO full_traits
SELECT kind, 'keep_last', cdp.traits_agg(jsonb_build_object('k', value_of(kind, 32000, i), 'l', value_of(kind, 32000, i), 'm', value_of(kind, 32000, i), 'n', value_of(kind, 32000, i)),
	now(), lpad(i::text, 255, E'\u0001'), '{"*": "keep_trusted_last"}', i % 100)
FROM unnest(ARRAY['text', 'escapes', 'numbers', 'arrays']) AS kind, generate_series(1, 1001) AS i GROUP BY kind;

SELECT kind, rule, cdp.is_full(traits) AS is_full, (SELECT count(DISTINCT key) FROM cdp.provenance(traits)) AS keys, (SELECT count(*) FROM cdp.provenance(traits)) AS cells,
	octet_length(cdp.traits_send(traits)) < 5 << 25 AS stored, pg_column_size(traits::jsonb) < 128 << 20 AS shown, octet_length(traits::jsonb::text) > 0 AS shown_text
FROM full_traits ORDER BY kind, rule;
-- the text form is read again
SELECT kind, rule, traits::text::cdp.traits = traits AS same FROM full_traits WHERE kind IN ('escapes', 'numbers') AND rule <> 'keep_last' ORDER BY kind, rule;
SELECT kind, rule, traits || traits = traits AS merged FROM full_traits WHERE rule <> 'most_frequent' AND kind = 'numbers' ORDER BY kind, rule;
-- and each of them can stand beside others
SELECT count(jsonb_build_object('a', traits::jsonb, 'b', traits -> 'm')) FROM full_traits;

DROP TABLE full_traits;
DROP FUNCTION value_of;
