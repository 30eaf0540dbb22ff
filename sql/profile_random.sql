-- Random histories of what sources say of people who merge and come apart, under rules, trust and expiry that
-- change: after each step every profile's traits are what plain SQL makes of the log, and cdp.verify() is empty.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_profile_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_profile_random
SET client_min_messages = warning;
SET jit = off;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT setseed(0.0815);

CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE FUNCTION one_of(choices text[]) RETURNS text LANGUAGE sql VOLATILE RETURN choices[pick(cardinality(choices))];
-- an event of a history, of one to three of its ten identifiers; times are hours before now, many equal, some received before they happened
CREATE FUNCTION feed(number int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, group_id, identifiers, traits, "timestamp", received_at, source)
	SELECT CASE WHEN kind < 9 THEN 'identify' WHEN kind = 9 THEN 'group' ELSE 'track' END, CASE WHEN kind = 10 THEN 'Event' END, CASE WHEN kind = 9 THEN 'g' END, ids.ids,
		CASE WHEN kind < 10 AND pick(30) > 1 THEN traits.traits END, at, CASE WHEN pick(5) = 1 THEN at - interval '90 minutes' ELSE at + interval '1 minute' END, one_of('{web,web,crm,list,partner,app}')
	FROM (SELECT i, pick(10) AS kind, pick(8) AS history, date_trunc('hour', now()) - pick(40) * interval '1 hour' AS at FROM generate_series(1, number) i) e
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(namespace, vs) AS ids FROM (
		SELECT namespace, jsonb_agg(DISTINCT 'h' || e.history || '-' || pick(3) || CASE namespace WHEN 'email' THEN '@example.com' ELSE '' END) AS vs
		FROM (SELECT one_of('{user_id,email,email,device_id,anonymous_id}') AS namespace FROM generate_series(1, pick(3)) WHERE e.i > 0) n GROUP BY namespace) g) ids
	CROSS JOIN LATERAL (SELECT jsonb_object_agg('k' || pick(8), (ARRAY['1', '1.0', '-2.5', '10', '"a"', '"b"', '""', '"A\n"', 'null', 'null', 'true', 'false', '[]', '["a", "b"]', '["b", 10, null]', '["c", 1.0]', '{"x": 1}']::jsonb[])[pick(17)]) AS traits
						FROM generate_series(1, pick(6)) WHERE e.i > 0) traits
$$;

-- what the log says, in plain SQL: no operator, no aggregate and no view of cdp
CREATE VIEW said AS
	SELECT i.profile_id, v.key, v.value, least(e."timestamp", e.received_at) AS at, s.trust,
		   coalesce((SELECT r.rule FROM cdp_data.trait_rule r WHERE r.trait = v.key), (SELECT r.rule FROM cdp_data.trait_rule r WHERE r.trait = '*'), 'trusted_last') AS rule
	FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.source s ON s.source = e.source CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(e.traits) = 'object' THEN e.traits END) v
	WHERE e.type = 'identify' AND i.profile_id <> 0
	  AND NOT coalesce(least(e."timestamp", e.received_at) + s.expires_after <= (SELECT as_of FROM cdp_data.state), false);
CREATE VIEW part AS
	SELECT s.profile_id, s.key, x.value, s.at, s.trust, substring(s.rule FROM '(last|first|min|max|sum|union|most_frequent)$') AS rule, s.rule LIKE '%trusted_%' AS trusted, x.value::text COLLATE "C" AS bytes,
		   CASE jsonb_typeof(x.value) WHEN 'boolean' THEN 1 WHEN 'number' THEN 2 WHEN 'string' THEN 3 WHEN 'array' THEN 4 ELSE 5 END AS kind,
		   CASE WHEN jsonb_typeof(x.value) = 'number' THEN x.value::numeric END AS number, CASE WHEN jsonb_typeof(x.value) <> 'number' THEN x.value #>> '{}' END COLLATE "C" AS characters
	FROM said s
	CROSS JOIN LATERAL (
		SELECT s.value WHERE s.rule NOT LIKE '%union' OR jsonb_typeof(s.value) <> 'array'
		UNION ALL
		SELECT a.value FROM jsonb_array_elements(CASE WHEN s.rule LIKE '%union' AND jsonb_typeof(s.value) = 'array' THEN s.value END) a WHERE a.value <> 'null') x
	WHERE (x.value <> 'null' OR s.rule LIKE '%last' OR s.rule LIKE '%union') AND NOT (s.rule LIKE '%sum' AND jsonb_typeof(x.value) <> 'number');
CREATE VIEW counted AS
	SELECT * FROM (SELECT p.*, max(p.trust) OVER (PARTITION BY profile_id, key) AS most, max(p.at) FILTER (WHERE p.value = 'null') OVER (PARTITION BY profile_id, key, trust) AS removed_at,
						  max(p.at) FILTER (WHERE p.value = 'null') OVER (PARTITION BY profile_id, key) AS removed_by_any FROM part p) c
	WHERE (NOT trusted OR trust = most)
	  AND NOT (rule = 'union' AND (value = 'null' OR coalesce(at <= CASE WHEN trusted THEN removed_at ELSE removed_by_any END, false)));
CREATE VIEW shown AS
	SELECT * FROM (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM counted WHERE rule = 'last' ORDER BY profile_id, key, at DESC, bytes DESC) l WHERE value <> 'null'
	UNION ALL (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM counted WHERE rule = 'first' ORDER BY profile_id, key, at, bytes DESC)
	UNION ALL (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM counted WHERE rule = 'min' ORDER BY profile_id, key, kind, number, characters, at DESC, bytes DESC)
	UNION ALL (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM counted WHERE rule = 'max' ORDER BY profile_id, key, kind DESC, number DESC, characters DESC, at DESC, bytes DESC)
	UNION ALL SELECT profile_id, key, to_jsonb(sum(number)) FROM counted WHERE rule = 'sum' GROUP BY profile_id, key
	UNION ALL SELECT profile_id, key, jsonb_agg(value ORDER BY bytes) FROM (
		SELECT DISTINCT ON (profile_id, key, value) profile_id, key, value, bytes FROM counted WHERE rule = 'union' ORDER BY profile_id, key, value, at DESC, bytes DESC) u GROUP BY profile_id, key
	UNION ALL (SELECT DISTINCT ON (profile_id, key) profile_id, key, value FROM (
		SELECT DISTINCT ON (profile_id, key, value) profile_id, key, value, bytes, at, count(*) OVER (PARTITION BY profile_id, key, value) AS times
		FROM counted WHERE rule = 'most_frequent' ORDER BY profile_id, key, value, at DESC, bytes DESC) f ORDER BY profile_id, key, times DESC, at DESC, bytes DESC);
-- unions in the order of bytes on both sides
CREATE FUNCTION differences() RETURNS TABLE (profile_id bigint, key text, expected text, found text) LANGUAGE sql STABLE AS $$
	SELECT profile_id, key, e.value::text, f.value::text FROM shown e FULL JOIN (
		SELECT p.profile_id, v.key, CASE WHEN coalesce((SELECT r.rule FROM cdp_data.trait_rule r WHERE r.trait = v.key), (SELECT r.rule FROM cdp_data.trait_rule r WHERE r.trait = '*')) LIKE '%union'
										 THEN (SELECT jsonb_agg(a.value ORDER BY a.value::text COLLATE "C") FROM jsonb_array_elements(v.value) a) ELSE v.value END AS value
		FROM cdp_data.profile p CROSS JOIN LATERAL jsonb_each(p.traits::jsonb) v) f USING (profile_id, key)
	WHERE e.value::text IS DISTINCT FROM f.value::text
$$;

-- time goes on
CREATE FUNCTION wait(hours int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cdp_data.state SET as_of = greatest(as_of, now()) + hours * interval '1 hour';
	RETURN (SELECT profiles_touched FROM cdp.refresh());
END
$$;
CREATE TABLE done (number int GENERATED ALWAYS AS IDENTITY, step text);
CREATE TABLE found (number int, step text, what text, item text, expected text, found text);
CREATE FUNCTION step() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a cdp.identifier := (SELECT identifier FROM cdp_data.identifier WHERE profile_id <> 0 ORDER BY random() LIMIT 1);
	b cdp.identifier := (SELECT i.identifier FROM cdp_data.identifier i WHERE i.identifier::text <> a::text ORDER BY i.profile_id <> cdp.profile_of(a), random() LIMIT 1);
	said text := CASE
		WHEN random() < 0.35 THEN format('SELECT feed(%s), (SELECT count(*) FROM cdp.refresh(%s))', pick(25), pick(20))
		WHEN random() < 0.4 THEN format('SELECT cdp.set_trait_rules(jsonb_build_object(%L, %L))', one_of('{k1,k2,k3,k4,k5,k6,k7,k8,*}'),
			one_of('{last,first,min,max,sum,union,most_frequent,trusted_last,trusted_first,trusted_min,trusted_max,trusted_sum,trusted_union,trusted_most_frequent,keep_last,keep_first,keep_min,keep_max,keep_trusted_last,keep_trusted_first,keep_trusted_min,keep_trusted_max,NULL,NULL}'))
		WHEN random() < 0.25 THEN format('SELECT wait(%s)', pick(5))
		WHEN random() < 0.35 THEN format('SELECT cdp.set_sources(jsonb_build_object(%L, jsonb_build_object(''trust'', %s)))', one_of('{web,crm,list,partner}'), pick(5))
		WHEN random() < 0.4 THEN format('SELECT cdp.set_sources(jsonb_build_object(%L, jsonb_build_object(''party'', ''third'', ''expires_after'', %L)))', one_of('{list,partner,app}'), nullif(pick(45), 45) * interval '1 hour')
		WHEN random() < 0.3 THEN (SELECT format('SELECT cdp.unlink(%L, %L)', x.identifier, y.identifier) FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a JOIN cdp_data.identifier y ON y.identifier_id = l.b ORDER BY random() LIMIT 1)
		WHEN random() < 0.2 THEN format('SELECT cdp.unlink(%L)', a)
		WHEN random() < 0.4 THEN format('SELECT cdp.forbid(%L, %L)', a, b)
		WHEN random() < 0.5 THEN coalesce((SELECT format('SELECT cdp.allow(%L, %L)', v.a, v.b) FROM cdp.verdict v WHERE v.kind = 'forbid' ORDER BY random() LIMIT 1), 'SELECT cdp.refresh()')
		ELSE format('SELECT cdp.mark_shared(%L, %L)', a, one_of('{true,false,NULL}')) END;
BEGIN
	EXECUTE replace(said, '''NULL''', 'NULL');
	RETURN said;
END
$$;
SELECT feed(30), cdp.refresh() IS NOT NULL AS refreshed;
SELECT cdp.set_sources('{"crm": {"trust": 4}}'), cdp.set_sources('{"list": {"party": "third", "expires_after": "30 hours"}}');
CREATE PROCEDURE walk(steps int) LANGUAGE plpgsql AS $$
DECLARE
	n int;
BEGIN
	FOR i IN 1 .. steps LOOP
		INSERT INTO done (step) SELECT step() RETURNING number INTO n;
		INSERT INTO found SELECT d.number, d.step, 'traits', f.* FROM done d, (SELECT concat_ws(' ', x.profile_id, x.key), x.expected, x.found FROM differences() x) f WHERE d.number = n;
		IF i % 4 = 0 THEN
			INSERT INTO found SELECT d.number, d.step, v.* FROM done d, cdp.verify() v WHERE d.number = n;
		END IF;
		COMMIT;
		EXIT WHEN EXISTS (SELECT FROM found);
	END LOOP;
END
$$;
CALL walk(70);
SELECT cdp.set_trait_rules('{"k1": "sum"}'), cdp.set_trait_rules('{"k2": "keep_trusted_first"}'), cdp.set_sources('{"web": {"expires_after": "400 days"}}');
INSERT INTO found SELECT 0, 'last', 'traits', concat_ws(' ', profile_id, key), expected, found FROM differences();
SELECT * FROM found;
-- it was no idle walk
SELECT count(*) > 4 AS people, (SELECT count(DISTINCT rule) > 4 FROM said) AS rules, (SELECT count(*) > 100 FROM shown) AS traits, (SELECT count(*) > 0 FROM cdp.refused_traits) AS refused FROM cdp_data.profile;
SELECT sum(profiles_merged) > 2 AS merged, sum(profiles_split) > 2 AS split, count(*) FILTER (WHERE taken = 0 AND profiles_touched > 0) > 10 AS refolded FROM cdp.batch;
SELECT bool_or(p.traits::text LIKE '%"keep_%') AS kept, count(*) FILTER (WHERE p.expires_at IS NOT NULL) > 0 AS lapsing FROM cdp_data.profile p;

\c :origin
DROP DATABASE cdp_profile_random;
