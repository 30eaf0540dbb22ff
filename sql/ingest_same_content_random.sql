-- What says the same as an event is a duplicate, on random histories, against a slow reference that takes each row by itself.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_same_content_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_same_content_random
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\set seed 1
SELECT set_config('history.seed', :'seed', false);
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql STABLE AS $$
	SELECT (('x' || substr(md5(concat(current_setting('history.seed'), seed)), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;
SELECT cdp.set_sources('{"web": {"party": "first"}, "app": {"party": "first", "same_content_within": "3 seconds"}, "list": {"party": "first", "same_content_within": "8 seconds"}, "shop": {"party": "first", "mutable": true}}');

-- rows that are to be sent; some are repetitions of others, some use their message ids for something else
CREATE TABLE arrival (n integer PRIMARY KEY, LIKE cdp.inbox INCLUDING DEFAULTS);
CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	first integer := (SELECT coalesce(max(a.n), 0) FROM arrival a);
	k text;
	old arrival;
BEGIN
	FOR i IN 1 .. rows LOOP
		k := concat(step, '-', i, ' ');
		IF first > 0 AND chance(k || 'again', 5) = 0 THEN
			SELECT * INTO old FROM arrival a WHERE a.n = 1 + chance(k || 'which', first);
			old.n := first + i;
			IF chance(k || 'other', 4) = 0 THEN
				old.user_id := 'u' || chance(k || 'other user', 3);
			END IF;
			INSERT INTO arrival SELECT old.*;
			CONTINUE;
		END IF;
		INSERT INTO arrival (n, message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, "timestamp", original_timestamp, sent_at, received_at, source)
		SELECT first + i, CASE WHEN chance(k || 'id', 8) > 0 THEN CASE WHEN s.source = 'shop' THEN 'shop ' || chance(k || 'shop id', 6) ELSE 'm' || first + i END END,
			t.type, CASE WHEN t.type = 'track' THEN 'E' || chance(k || 'event', 2) END,
			CASE WHEN chance(k || 'anonymous', 3) > 0 OR t.type <> 'alias' THEN 'a' || chance(k || 'a', 5) END,
			CASE WHEN chance(k || 'user', 2) = 0 OR t.type IN ('alias', 'group') THEN 'u' || chance(k || 'u', 3) END,
			CASE WHEN t.type = 'group' OR chance(k || 'in group', 12) = 0 THEN 'g' || chance(k || 'g', 2) END,
			CASE WHEN t.type = 'alias' THEN 'v' || chance(k || 'v', 2) END,
			CASE WHEN chance(k || 'email', 4) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 2) || '@example.com') END,
			(ARRAY[NULL, '{}', '{"n": 1}', '{"n": 1.0}'])[1 + chance(k || 'properties', 4)]::jsonb,
			CASE WHEN t.type IN ('identify', 'group') THEN (ARRAY[NULL, '{}', '{"plan": "a"}'])[1 + chance(k || 'traits', 3)]::jsonb END,
			o.at + CASE chance(k || 'corrected', 12) WHEN 0 THEN interval '1 day 0.5 seconds' * chance(k || 'much', 3) WHEN 1 THEN interval '1 hour' ELSE interval '0' END,
			CASE WHEN chance(k || 'corrected', 12) < 2 THEN o.at END,
			CASE WHEN chance(k || 'corrected', 12) = 2 THEN o.at + interval '1 second' END,
			CASE WHEN chance(k || 'corrected', 12) = 2 THEN o.at + interval '2 hours' ELSE '2026-11-09Z' END, s.source
		FROM (SELECT timestamptz '2026-11-05 00:00Z' + chance(k || 'at', 16) * interval '1 second' + chance(k || 'tick', 2) * interval '1 microsecond' AS at) o,
			(SELECT ('{track,track,page,page,identify,group,alias}'::text[])[1 + chance(k || 'type', 7)] AS type) t,
			(SELECT ('{web,app,app,list,list,shop}'::text[])[1 + chance(k || 'source', 6)] AS source) s;
	END LOOP;
END
$$;

-- the reference: events that stay
CREATE TABLE stay (LIKE arrival, ids text[], said text, sent timestamptz, at timestamptz);
CREATE TABLE blocked (id text);
CREATE TABLE counted (source text PRIMARY KEY, same_content bigint);
INSERT INTO counted VALUES ('web', 0), ('app', 0), ('list', 0), ('shop', 0);
CREATE FUNCTION judge(row_n integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a arrival;
	own stay;
BEGIN
	SELECT * INTO a FROM arrival r WHERE r.n = row_n;
	SELECT a.*, ARRAY(SELECT i FROM unnest(ARRAY['a:' || a.anonymous_id, 'u:' || a.user_id, 'e:' || (a.identifiers ->> 'email'), 'a:' || a.previous_id]) i WHERE i IS NOT NULL),
		concat_ws('|', a.type, coalesce(a.event, ''), coalesce(a.group_id, ''), coalesce(nullif(nullif(a.properties, '{}'), 'null') ->> 'n', '-')::text, coalesce(nullif(nullif(a.traits, '{}'), 'null') ->> 'plan', '-')),
		coalesce(a.original_timestamp, a."timestamp"),
		CASE WHEN a.original_timestamp IS NULL AND a.sent_at IS NOT NULL THEN a."timestamp" + (a.received_at - a.sent_at) ELSE least(a."timestamp", a.received_at) END
	INTO own;
	own.said := replace(own.said, '1.0', '1');
	IF a.type IN ('identify', 'alias') THEN
		own.said := concat_ws('|', own.said, own.ids, coalesce(a.previous_id, ''));
	END IF;
	IF a.source = 'shop' AND a.message_id IS NOT NULL THEN
		DELETE FROM stay s WHERE s.message_id = a.message_id;
	ELSIF EXISTS (SELECT FROM stay s WHERE s.message_id = a.message_id) THEN
		RETURN;
	END IF;
	IF a.source IN ('app', 'list') AND own.at - own.sent BETWEEN '-24 hours' AND '24 hours' AND EXISTS (
		SELECT FROM stay s WHERE s.source <> 'shop' AND s.said = own.said
			AND s.sent - own.sent BETWEEN - (CASE a.source WHEN 'app' THEN interval '3 s' ELSE '8 s' END) AND CASE a.source WHEN 'app' THEN interval '3 s' ELSE '8 s' END
			AND s.at - s.sent BETWEEN '-24 hours' AND '24 hours'
			AND EXISTS (SELECT unnest(s.ids) INTERSECT SELECT unnest(own.ids) EXCEPT SELECT b.id FROM blocked b)) THEN
		UPDATE counted c SET same_content = c.same_content + 1 WHERE c.source = a.source;
		RETURN;
	END IF;
	INSERT INTO stay SELECT own.*;
END
$$;

CREATE TABLE difference (step integer, what text, n integer, message_id text);
CREATE FUNCTION compare(step integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO difference
	WITH log AS (SELECT e.message_id, e.source, e.type, e.event, e.user_id, e.anonymous_id, e.identifiers, e.properties, e.traits, e."timestamp" FROM cdp_data.event e),
		expected AS (SELECT s.message_id, s.source, s.type, coalesce(s.event, CASE WHEN s.type = 'page' THEN 'page' END), s.user_id, s.anonymous_id, s.identifiers, s.properties, s.traits, s.at FROM stay s)
	SELECT step, 'missing', count(*), min(m.message_id) FROM (SELECT x.message_id, x.source, x.type, x.user_id, x.anonymous_id, x.at FROM expected x EXCEPT ALL SELECT l.message_id, l.source, l.type, l.user_id, l.anonymous_id, l."timestamp" FROM log l) m HAVING count(*) > 0
	UNION ALL
	SELECT step, 'surplus', count(*), min(m.message_id) FROM (SELECT l.message_id, l.source, l.type, l.user_id, l.anonymous_id, l."timestamp" FROM log l EXCEPT ALL SELECT x.message_id, x.source, x.type, x.user_id, x.anonymous_id, x.at FROM expected x) m HAVING count(*) > 0
	UNION ALL
	SELECT step, 'count', c.same_content - s.same_content, c.source FROM counted c JOIN cdp.sources s USING (source) WHERE c.same_content <> s.same_content;
END
$$;

-- one step of a history: rows in batches of some size, or something else
CREATE FUNCTION act(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	first integer := (SELECT coalesce(max(a.n), 0) + 1 FROM arrival a);
	last integer;
	size integer := (ARRAY[7, 12, 25, 1000])[1 + chance(step || 'size', 4)];
	retracted text[];
BEGIN
	CASE chance(step || 'what', 10)
		WHEN 0 THEN
			retracted := ARRAY(SELECT s.message_id FROM stay s WHERE s.message_id IS NOT NULL ORDER BY md5(concat(step, s.message_id)) LIMIT 1 + chance(step || 'retract', 6));
			PERFORM cdp.retract(message_ids => retracted);
			DELETE FROM stay s WHERE s.message_id = ANY (retracted);
		WHEN 1 THEN
			DELETE FROM blocked;
			INSERT INTO blocked SELECT 'u:u1' WHERE chance(step || 'block', 2) = 0;
			PERFORM cdp.set_rules(jsonb_build_object('user_id', jsonb_build_object('blocked', ARRAY(SELECT substr(b.id, 3) FROM blocked b))));
		WHEN 2 THEN
			PERFORM cdp.unlink('user_id:u' || chance(step || 'u', 3), 'anonymous_id:a' || chance(step || 'a', 4));
		WHEN 3 THEN
			PERFORM cdp.allow(v.a::text, v.b::text) FROM cdp_data.verdict v ORDER BY v.verdict_id LIMIT 1;
		ELSE
			PERFORM arrive(step, 20 + chance(step || 'rows', 40));
			last := (SELECT max(a.n) FROM arrival a);
			FOR at IN 0 .. (last - first) / size LOOP
				INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, "timestamp", original_timestamp, sent_at, received_at, source)
				SELECT a.message_id, a.type, a.event, a.anonymous_id, a.user_id, a.group_id, a.previous_id, a.identifiers, a.properties, a.traits, jsonb_build_object('n', a.n), a."timestamp", a.original_timestamp, a.sent_at, a.received_at, a.source
				FROM arrival a WHERE a.n BETWEEN first + at * size AND least(last, first + at * size + size - 1) ORDER BY a.n;
				-- in the order in which the inbox has them
				PERFORM judge((i.context ->> 'n')::integer) FROM (SELECT i.context FROM cdp.inbox i ORDER BY i.ctid) i;
				PERFORM cdp.refresh();
			END LOOP;
	END CASE;
	PERFORM compare(step);
EXCEPTION WHEN undefined_object OR object_not_in_prerequisite_state OR invalid_parameter_value THEN
	NULL; -- there is no such link, or no such identifier yet
END
$$;
SELECT count(act(step)) FROM generate_series(1, 30) step;
SELECT * FROM difference ORDER BY step, what LIMIT 5;
SELECT source, accepted > 50 AS accepted, same_content, duplicate - same_content > 0 AS duplicate FROM cdp.sources ORDER BY 1;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_same_content_random;
