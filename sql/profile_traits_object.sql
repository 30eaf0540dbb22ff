-- The rule merge: objects are joined key by key.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_traits_object ENCODING 'UTF8' TEMPLATE template0;
\c cdp_traits_object
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SET search_path = public, cdp;
CREATE FUNCTION joined(VARIADIC said jsonb[]) RETURNS cdp.traits LANGUAGE sql AS $$
	SELECT cdp.traits_agg(jsonb_build_object('o', s.v), timestamptz '2026-01-01Z' + s.n * interval '1 day', 'web', '{"o": "merge"}') FROM unnest(said) WITH ORDINALITY AS s (v, n)
$$;
SELECT joined('{"city": "Graz", "street": {"name": "Hof", "no": 1}}', '{"street": {"no": 2}, "zip": "8010"}') -> 'o' AS o;
SELECT joined('{"a": 1, "b": {"c": 2}}', '{"a": null}') ->> 'o' AS removed, joined('{"b": {"c": 2, "d": 3}}', '{"b": null}', '{"b": {"d": 4}}') ->> 'o' AS removed_around,
	joined('{"b": {"c": 2}}', '{"b": "text"}') ->> 'o' AS replaced, joined('{"b": "text"}', '{"b": {"c": 2}}') ->> 'o' AS by_an_object, joined('{"b": {"c": 2}}', '{"b": {}}', '{}') ->> 'o' AS empty;
SELECT joined('{"a": 1}', '"whole"') ->> 'o' AS whole, joined('"whole"', '{"a": [1, {"b": 2}]}') ->> 'o' AS parts, joined('{"a": 1}', 'null') ? 'o' AS gone, joined('{"a": 1}', 'null', '{"b": 2}') ->> 'o' AS again, joined('{}') ? 'o' AS nothing, joined('{"a": null}') ->> 'o' AS nothing_left;
SELECT joined('{"é\"\\ ": {"": "x\"}"}}', '{"é\"\\ ": {"b": true}}') ->> 'o' AS odd_keys;
SELECT joined('{"a": 1, "b": {"c": 2}}', '{"b": 3}') AS whole_text;
SELECT joined('{"a": 1, "b": {"c": 2}}', '{"b": 3}')::text::cdp.traits = joined('{"a": 1, "b": {"c": 2}}', '{"b": 3}') AS reads_back, joined('{"b": {"c": 2}}') @> '{"o": {"b": {"c": 2}}}' AS contains;
SELECT key, value, at::date, rule, removed, current FROM cdp.provenance(joined('{"a": 1, "b": {"c": 2, "d": null}}', '{"b": 3, "e": null}', '{"e": {"f": 1}}'));
-- with trust the whole object is that of the most trusted; a sender's two rules: the later in the list wins
SELECT cdp.traits_agg(v, at, 'x', '{"o": "trusted_merge"}', trust) ->> 'o' AS trusted FROM (VALUES ('{"o": {"a": 1}}'::jsonb, now(), 2), ('{"o": {"b": 1}}', now() + interval '1 day', 1), ('{"o": {"c": 1}}', now(), 2)) s (v, at, trust);
-- limits and what is no such text
SELECT cdp.traits_problem(jsonb_build_object('o', (SELECT jsonb_object_agg(g, g) FROM generate_series(1, 1001) g)), '{"o": "merge"}') AS many;
SELECT cdp.traits_problem(jsonb_build_object('o', jsonb_build_object('a', repeat('x', 1750))), '{"o": "merge"}') AS long;
SELECT cdp.refused_keys(jsonb_build_object('o', jsonb_build_object('a', repeat('x', 1750)), 'p', 1), '{"o": "merge"}') AS refused;
SELECT cdp.is_full(cdp.traits_agg(jsonb_build_object('o', jsonb_build_object('k' || g, g)), timestamptz '2026-01-01Z' + g * interval '1 s', 'x', '{"o": "merge"}')) AS full, (SELECT count(*) FROM jsonb_object_keys(cdp.traits_agg(jsonb_build_object('o', jsonb_build_object('k' || g, g)), timestamptz '2026-01-01Z' + g * interval '1 s', 'x', '{"o": "merge"}') -> 'o')) AS places FROM generate_series(1, 1500) g;
\set VERBOSITY terse
SELECT '{"o": {"values": [{"value": {"a": 1, "b": 2}, "at": "2026-01-01T00:00:00Z"}], "rule": "merge"}}'::cdp.traits;
SELECT '{"o": {"values": [{"value": {}, "at": "2026-01-01T00:00:00Z"}], "rule": "merge"}}'::cdp.traits;
SELECT '{"o": {"value": {"a": 1}, "at": "2026-01-01T00:00:00Z", "rule": "keep_merge"}}'::cdp.traits;
\set VERBOSITY default

-- random statements, in any order and grouping, against a reference that applies them one after the other
CREATE FUNCTION patched(doc jsonb, patch jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	member record;
BEGIN
	IF jsonb_typeof(patch) <> 'object' THEN
		RETURN patch;
	END IF;
	IF patch = '{}' THEN
		RETURN doc;
	END IF;
	doc := CASE WHEN jsonb_typeof(doc) = 'object' THEN doc ELSE '{}' END;
	FOR member IN SELECT * FROM jsonb_each(patch) LOOP
		IF member.value = 'null' THEN
			doc := doc - member.key;
		ELSIF member.value <> '{}' THEN
			doc := doc || jsonb_build_object(member.key, patched(doc -> member.key, member.value));
		END IF;
	END LOOP;
	RETURN doc;
END
$$;
CREATE FUNCTION without_empty(doc jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN jsonb_typeof(doc) = 'object'
		THEN (SELECT coalesce(jsonb_object_agg(m.key, without_empty(m.value)) FILTER (WHERE without_empty(m.value) <> '{}'), '{}') FROM jsonb_each(doc) m) ELSE doc END
$$;
CREATE AGGREGATE patched_all(jsonb) (SFUNC = patched, STYPE = jsonb);
SELECT setseed(0.7);
CREATE FUNCTION any_value(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	kind float := random();
BEGIN
	IF depth < 4 AND kind < (CASE depth WHEN 0 THEN 0.9 ELSE 0.5 END) THEN
		RETURN (SELECT coalesce(jsonb_object_agg(k, any_value(depth + 1)), '{}') FROM unnest(ARRAY['a', 'ab', 'b "x"', 'c']) k WHERE random() < 0.4);
	END IF;
	RETURN (ARRAY['null', 'null', '1', '1.0', '"text"', '[1, {"a": 2}]', 'true', '[]'])[1 + floor(random() * 8)::int]::jsonb;
END
$$;
CREATE TABLE said AS SELECT s AS subject, n, any_value(0) AS v, random() AS place FROM generate_series(1, 150) s, generate_series(1, 12) n WHERE random() < 0.7;
WITH parts AS (
	SELECT subject, n % 3 AS part, cdp.traits_agg(jsonb_build_object('o', v), timestamptz '2026-01-01Z' + n * interval '1 day', 'web', '{"o": "merge"}' ORDER BY place) AS traits FROM said GROUP BY subject, part
), ours AS (
	SELECT subject, cdp.traits_union(traits ORDER BY part DESC) AS traits FROM parts GROUP BY subject
), theirs AS (
	SELECT subject, without_empty(patched_all(without_empty(v) ORDER BY n)) AS doc, bool_or(v <> '{}' AND without_empty(v) <> '{}' OR v @? '$.** ? (@ == null)') AS said FROM said GROUP BY subject
)
SELECT count(*) > 140 AS many, count(*) FILTER (WHERE traits -> 'o' IS DISTINCT FROM CASE WHEN said THEN nullif(doc, 'null') END) AS must_be_0,
	count(*) FILTER (WHERE (SELECT count(*) FROM cdp.provenance(traits) p WHERE NOT p.current) > 0) > 30 AS hidden
FROM ours JOIN theirs USING (subject);
-- every order and grouping, equal times too, gives the same bytes
WITH timed AS (
	SELECT subject, jsonb_build_object('o', v) AS v, timestamptz '2026-01-01Z' + (n / 4) * interval '1 day' AS at, place FROM said
), ordered AS (
	SELECT subject, cdp.traits_agg(v, at, 'web', '{"o": "merge"}' ORDER BY place) AS one, cdp.traits_agg(v, at, 'web', '{"o": "merge"}' ORDER BY place DESC) AS other, cdp.traits_agg(v, at, 'web', '{"o": "merge"}' ORDER BY at) AS by_time FROM timed GROUP BY subject
), single AS (
	SELECT subject, cdp.traits_union(t ORDER BY t::text) AS united FROM (SELECT subject, cdp.traits_agg(v, at, 'web', '{"o": "merge"}') AS t FROM timed GROUP BY subject, place) s GROUP BY subject
)
SELECT count(*) FILTER (WHERE one <> other OR one <> by_time OR one <> united OR one OPERATOR(cdp.||) one <> one OR one::text::cdp.traits <> one) AS must_be_0 FROM ordered JOIN single USING (subject);

-- in the pipeline: the rule acts on history; events are taken back, and leave the log
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES
 ('m1', 'identify', 'u', '{"address": {"city": "Graz", "zip": "8010"}}', '2026-01-01Z'), ('m2', 'identify', 'u', '{"address": {"city": "Wien"}}', '2026-01-03Z'), ('m3', 'identify', 'u', '{"address": {"zip": null, "street": {"name": "Ring"}}}', '2026-02-02Z');
SELECT accepted FROM cdp.refresh();
SELECT traits FROM cdp.profiles;
SELECT cdp.set_trait_rules('{"address": "merge"}');
SELECT cdp.trait_rules();
SELECT traits FROM cdp.profiles;
SELECT * FROM cdp.verify();
SELECT events FROM cdp.retract(message_ids => '{m3}');
SELECT traits FROM cdp.profiles;
SET client_min_messages = warning;
SELECT state FROM cdp.drop_events('2026-02-01');
CALL drop_months('2026-02-01');
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES ('m4', 'identify', 'u', '{"address": {"country": "AT", "city": null}}', '2026-01-02Z'), ('m3', 'identify', 'u', '{"address": {"zip": null, "street": {"name": "Ring"}}}', '2026-02-02Z');
SELECT accepted FROM cdp.refresh();
SELECT traits FROM cdp.profiles;
SELECT * FROM cdp.verify();
SELECT profiles_created, profiles_split FROM cdp.restitch();
SELECT traits FROM cdp.profiles;
-- values that expire leave by themselves, also where their events have left the log
SELECT cdp.set_sources('{"default": {"expires_after": "100 days"}}');
SELECT cdp.set_trait_rules('{"address": "mege"}');
\c :origin
DROP DATABASE cdp_traits_object;
