-- Random histories with verdicts that two are the same, hashes, aliases of earlier user ids, and sources that are believed,
-- in many small worlds: after each step the tables are what a slow reference says, which knows the events, the verdicts
-- and the rules alone; verify() finds nothing wrong, and restitch() nothing to do.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_same_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_same_random
SET client_min_messages = error;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
SET jit = off;
SELECT setseed(0.3);
CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE FUNCTION one_of(VARIADIC of text[]) RETURNS text LANGUAGE sql VOLATILE RETURN of[1 + floor(random() * cardinality(of))::int];
-- u1 is a user_id, ~u1 the anonymous_id of the same value, h1 the hash of the address e1
CREATE FUNCTION id(world int, short text) RETURNS cdp.identifier LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN short LIKE 'h%' THEN cdp.hashed(cdp.identifier('email', format('w%s-e%s@example.com', world, ltrim(short, 'h')))) ELSE cdp.identifier(CASE left(short, 1) WHEN 'u' THEN 'user_id' WHEN 'e' THEN 'email' WHEN 'd' THEN 'device_id' ELSE 'anonymous_id' END,
		format('w%s-%s%s', world, ltrim(short, '~'), CASE WHEN short LIKE 'e%' THEN '@example.com' ELSE '' END)) END;
CREATE TABLE named AS SELECT w AS world, id(w, s) AS identifier FROM generate_series(1, 10) w, unnest(ARRAY['u1', 'u2', 'u3', 'u4', 'u5', '~u1', '~u2', '~u3', '~u4', '~u5', 'e1', 'e2', 'h1', 'h2', 'd1', 'd2', 'a1', 'a2']) s;
CREATE FUNCTION is_of(w int, i cdp.identifier) RETURNS boolean LANGUAGE sql STABLE RETURN EXISTS (SELECT FROM named n WHERE n.world = w AND n.identifier = i);
CREATE FUNCTION is_hash(a cdp.identifier, b cdp.identifier) RETURNS boolean LANGUAGE sql IMMUTABLE
	RETURN a::text IN ('email_sha256:' || encode(sha256(cdp.value(b)::bytea), 'hex')) OR b::text = 'email_sha256:' || encode(sha256(cdp.value(a)::bytea), 'hex');
CREATE FUNCTION any_id(world int) RETURNS cdp.identifier LANGUAGE sql VOLATILE
	RETURN id(world, one_of('u1', 'u1', 'u2', 'u2', 'u3', 'u4', 'u5', '~u1', '~u2', 'e1', 'e2', 'h1', 'h2', 'e1', 'h1', 'd1', 'd2', 'a1', 'a2'));
CREATE TABLE happened (number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, world int, at timestamptz, source text, ids cdp.identifier[], later cdp.identifier, earlier cdp.identifier);

-- an event: an alias, the same identifiers as before, or others
CREATE FUNCTION happen(w int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	kind int := pick(10);
	at timestamptz := timestamptz '2026-01-01 00:00Z' + pick(20) * interval '1 hour';
	source text := one_of('web', 'crm', 'etl');
	later text := one_of('u1', 'u2', 'u3', 'u4', 'u5');
	earlier text := one_of('u1', 'u2', 'u3', 'u4', 'u5');
	seen happened;
BEGIN
	IF kind <= 3 THEN
		INSERT INTO cdp.inbox (type, message_id, user_id, previous_id, identifiers, "timestamp", source)
		SELECT 'alias', format('%s', max(number) + 1), cdp.value(id(w, later)), cdp.value(id(w, earlier)),
			CASE WHEN kind = 1 THEN jsonb_build_object('email', cdp.value(id(w, 'e1'))) END, at, source
		FROM (SELECT coalesce(max(number), 0) AS number FROM happened) h;
		INSERT INTO happened (world, at, source, ids, later, earlier)
		SELECT w, at, source, array_remove(ARRAY[id(w, later), id(w, '~' || earlier), CASE WHEN kind = 1 THEN id(w, 'e1') END], NULL), id(w, later), id(w, earlier);
		RETURN;
	END IF;
	SELECT * INTO seen FROM happened h WHERE h.world = w AND kind <= 6 ORDER BY random() LIMIT 1;
	IF NOT FOUND THEN
		seen.source := source;
		seen.ids := ARRAY(SELECT DISTINCT any_id(w) FROM generate_series(1, pick(3)));
	END IF;
	INSERT INTO happened (world, at, source, ids) VALUES (w, at, seen.source, seen.ids) RETURNING * INTO seen;
	INSERT INTO cdp.inbox (type, event, message_id, identifiers, "timestamp", source)
	SELECT 'track', 'Event', seen.number::text, (SELECT jsonb_object_agg(g.namespace, g.v)
		FROM (SELECT cdp.namespace(i) AS namespace, jsonb_agg(cdp.value(i)) AS v FROM unnest(seen.ids) i GROUP BY 1) g), at, seen.source;
END
$$;

-- ---------------------------------------------------------------- the reference
CREATE TYPE world_state AS (names cdp.identifier[], part int[], class int[], shared boolean[], refused text[]);
-- whether two sets of places, together, break a rule; with their classes where limits are asked
CREATE FUNCTION breaks(s world_state, joint int[], rules jsonb, limits boolean) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT cardinality(joint) > (rules ->> 'cap')::int
		OR EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'forbid' AND v.a = ANY (ARRAY(SELECT (s).names[i] FROM unnest(joint) i)) AND v.b = ANY (ARRAY(SELECT (s).names[i] FROM unnest(joint) i)))
		OR limits AND EXISTS (SELECT FROM unnest(joint) i JOIN cdp.namespace n ON n.namespace = cdp.namespace((s).names[i])
			GROUP BY n.namespace, n.max_per_profile HAVING count(DISTINCT (s).class[i]) > n.max_per_profile)
$$;
-- whether the rules block an identifier: as it is, by its hash, or as the hash of a listed address
CREATE FUNCTION is_listed(i cdp.identifier, patterns boolean) RETURNS boolean LANGUAGE sql STABLE
	RETURN EXISTS (SELECT FROM cdp_data.namespace n, unnest(n.blocked) b (entry) WHERE n.namespace = cdp.namespace(i) AND CASE WHEN b.entry LIKE '^%' THEN patterns AND cdp.value(i) ~* b.entry ELSE lower(b.entry) = lower(cdp.value(i)) END);
CREATE FUNCTION blocks(i cdp.identifier) RETURNS boolean LANGUAGE sql STABLE
	RETURN is_listed(i, true) OR EXISTS (SELECT FROM named n WHERE is_hash(n.identifier, i) AND is_listed(n.identifier, cdp.namespace(i) = 'email'));
CREATE FUNCTION naive(w int) RETURNS world_state LANGUAGE plpgsql AS $$
DECLARE
	s world_state;
	rules jsonb := (SELECT jsonb_build_object('cap', cap) FROM cdp_data.state);
	bound int := (SELECT cdp_internal.max_links_to(max_links, 'user_id') FROM cdp.namespace WHERE namespace = 'user_id');
	pair record;
	joint int[];
	rank int := -1;
BEGIN
	s.names := ARRAY(SELECT u.i FROM (SELECT DISTINCT i FROM happened h, unnest(h.ids) i WHERE h.world = w) u JOIN cdp.namespace n ON n.namespace = cdp.namespace(u.i)
		WHERE NOT blocks(u.i) ORDER BY n.priority, u.i);
	CREATE TEMP TABLE ev ON COMMIT DROP AS
		SELECT p.a, p.b, p.source, min(p.at) AS first_at, sum(p.alias) AS aliases
		FROM (
			SELECT least(x.x, y.y) AS a, greatest(x.x, y.y) AS b, h.source, h.at, 0 AS alias FROM happened h, unnest(h.ids) WITH ORDINALITY i (i, n), unnest(h.ids) WITH ORDINALITY k (k, n),
				LATERAL (SELECT array_position(s.names, i.i) AS x) x, LATERAL (SELECT array_position(s.names, k.k) AS y) y
			WHERE h.world = w AND i.n < k.n
			UNION ALL
			SELECT least(x.x, y.y), greatest(x.x, y.y), h.source, h.at, 1 FROM happened h,
				LATERAL (SELECT array_position(s.names, h.later) AS x) x, LATERAL (SELECT array_position(s.names, h.earlier) AS y) y
			WHERE h.world = w AND h.later <> h.earlier AND num_nulls(x.x, y.y) = 0) p
		WHERE p.a IS NOT NULL AND p.b IS NOT NULL AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'unlink' AND v.until_at >= p.at
			AND v.a IN (s.names[p.a], s.names[p.b]) AND v.b IN (s.names[p.a], s.names[p.b]))
		GROUP BY p.a, p.b, p.source;
	s.shared := ARRAY(
		SELECT coalesce((SELECT v.kind = 'shared' FROM cdp.verdict v WHERE v.a = u.i AND v.kind IN ('shared', 'not_shared')), EXISTS (
			SELECT FROM (SELECT e.b AS o FROM ev e WHERE e.a = u.n UNION SELECT e.a FROM ev e WHERE e.b = u.n) l
			WHERE cdp.namespace(s.names[l.o]) <> cdp.namespace(u.i)
			GROUP BY cdp.namespace(s.names[l.o])
			HAVING count(*) > (SELECT cdp_internal.max_links_to(n.max_links, cdp.namespace(min(s.names[l.o]::text)::cdp.identifier)) FROM cdp.namespace n WHERE n.namespace = cdp.namespace(u.i))))
		FROM unnest(s.names) WITH ORDINALITY u (i, n) ORDER BY u.n);
	s.part := ARRAY(SELECT g FROM generate_series(1, cardinality(s.names)) g);
	s.class := s.part;
	CREATE TEMP TABLE believed ON COMMIT DROP AS
		SELECT e.a, e.b FROM ev e JOIN cdp_data.source o ON o.source = e.source WHERE e.aliases > 0 AND o.aliases = 'same' GROUP BY e.a, e.b;
	FOR pair IN
		WITH same AS (
			SELECT least(x.x, y.y) AS a, greatest(x.x, y.y) AS b FROM cdp.verdict v,
				LATERAL (SELECT array_position(s.names, v.a) AS x) x, LATERAL (SELECT array_position(s.names, v.b) AS y) y
			WHERE v.kind = 'same' AND num_nulls(x.x, y.y) = 0
			UNION
			SELECT x, y FROM generate_series(1, cardinality(s.names)) x, generate_series(1, cardinality(s.names)) y WHERE x < y AND is_hash(s.names[x], s.names[y])
		), alias AS (
			SELECT p.a, p.b FROM believed p
			WHERE NOT EXISTS (SELECT FROM unnest(ARRAY[p.a, p.b]) i WHERE (SELECT count(*) FROM believed o WHERE i IN (o.a, o.b)) > bound)
			  AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'forbid' AND v.a IN (s.names[p.a], s.names[p.b]) AND v.b IN (s.names[p.a], s.names[p.b]))
		), ranked AS (
			SELECT 0 AS kind, 0 AS trust, NULL::timestamptz AS at, a, b FROM same
			UNION ALL
			SELECT 1, 0, (SELECT min(e.first_at) FROM ev e WHERE e.a = l.a AND e.b = l.b), a, b FROM alias l WHERE (a, b) NOT IN (TABLE same)
			UNION ALL
			(SELECT DISTINCT ON (e.a, e.b) 2, -o.trust, e.first_at, e.a, e.b FROM ev e JOIN cdp_data.source o ON o.source = e.source
			 WHERE (e.a, e.b) NOT IN (TABLE same UNION TABLE alias) ORDER BY e.a, e.b, o.trust DESC, e.first_at))
		SELECT r.*, (SELECT array_agg(n.priority ORDER BY n.priority) FROM cdp.namespace n WHERE n.namespace = cdp.namespace(s.names[r.a])) AS p,
			(SELECT n.priority FROM cdp.namespace n WHERE n.namespace = cdp.namespace(s.names[r.b])) AS q
		FROM ranked r WHERE NOT s.shared[r.a] AND NOT s.shared[r.b]
		ORDER BY r.kind, r.trust, r.at, p, q, r.a, r.b
	LOOP
		IF rank <= 1 AND pair.kind = 2 THEN
			s.class := s.part;
		END IF;
		rank := pair.kind;
		CONTINUE WHEN s.part[pair.a] = s.part[pair.b];
		joint := ARRAY(SELECT i FROM generate_series(1, cardinality(s.names)) i WHERE s.part[i] IN (s.part[pair.a], s.part[pair.b]));
		CONTINUE WHEN breaks(s, joint, rules, pair.kind = 2);
		s.part := ARRAY(SELECT CASE WHEN i = ANY (joint) THEN joint[1] ELSE s.part[i] END FROM generate_series(1, cardinality(s.names)) i);
	END LOOP;
	IF rank <= 1 THEN
		s.class := s.part;
	END IF;
	s.refused := ARRAY(
		SELECT DISTINCT concat(least(s.names[p.a]::text COLLATE "C", s.names[p.b]::text), ' ', greatest(s.names[p.a]::text COLLATE "C", s.names[p.b]::text)) AS pair
		FROM (SELECT e.a, e.b FROM ev e UNION
			SELECT array_position(s.names, v.a), array_position(s.names, v.b) FROM cdp.verdict v WHERE v.kind = 'same' UNION
			SELECT x, y FROM generate_series(1, cardinality(s.names)) x, generate_series(1, cardinality(s.names)) y WHERE x < y AND is_hash(s.names[x], s.names[y])) p
		WHERE NOT s.shared[p.a] AND NOT s.shared[p.b] AND s.part[p.a] <> s.part[p.b] ORDER BY pair);
	DROP TABLE ev, believed;
	RETURN s;
END
$$;
-- the tables of a world, in the same words
CREATE FUNCTION in_tables(w int) RETURNS world_state LANGUAGE plpgsql AS $$
DECLARE
	s world_state;
	own cdp_data.identifier[] := ARRAY(SELECT i FROM cdp_data.identifier i WHERE is_of(w, i.identifier));
BEGIN
	CREATE TEMP TABLE own ON COMMIT DROP AS
		SELECT i.*, row_number() OVER (ORDER BY n.priority, i.identifier) AS place FROM unnest(own) i JOIN cdp.namespace n ON n.namespace = cdp.namespace(i.identifier) WHERE i.profile_id <> 0;
	s.names := ARRAY(SELECT o.identifier FROM own o ORDER BY o.place);
	s.part := ARRAY(SELECT (SELECT p.place FROM own p WHERE p.identifier_id = o.profile_id) FROM own o ORDER BY o.place);
	s.class := ARRAY(SELECT CASE WHEN o.class_id = 0 THEN o.place ELSE (SELECT min(c.place) FROM own c WHERE c.class_id = o.class_id) END FROM own o ORDER BY o.place);
	s.shared := ARRAY(SELECT o.shared FROM own o ORDER BY o.place);
	s.refused := ARRAY(
		SELECT DISTINCT concat(least(p.x COLLATE "C", p.y), ' ', greatest(p.x COLLATE "C", p.y)) AS pair
		FROM (SELECT x.identifier::text AS x, y.identifier::text AS y FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a JOIN cdp_data.identifier y ON y.identifier_id = l.b WHERE l.refused
			UNION ALL SELECT v.a::text, v.b::text FROM cdp.verdict v WHERE v.refused
			UNION ALL SELECT r.identifier, r.other_identifier FROM cdp.refused_links r WHERE r.events = 0 AND r.reasons <> '{shared}') p
		WHERE is_of(w, p.x::cdp.identifier) ORDER BY pair);
	DROP TABLE own;
	RETURN s;
END
$$;

-- ---------------------------------------------------------------- what people decide
-- whether verdicts join two, by trying all: the closure that the errors look at
CREATE FUNCTION declared(x cdp.identifier) RETURNS cdp.identifier[] LANGUAGE plpgsql AS $$
DECLARE
	members cdp.identifier[] := ARRAY[x];
	found cdp.identifier[];
BEGIN
	LOOP
		found := ARRAY(SELECT DISTINCT u.i FROM cdp.verdict v, unnest(ARRAY[v.a, v.b]) u (i) WHERE v.kind = 'same' AND (v.a = ANY (members) OR v.b = ANY (members)) AND u.i <> ALL (members)
			UNION
			SELECT n.identifier FROM named n, unnest(members) m WHERE is_hash(n.identifier, m) AND n.identifier <> ALL (members)
			AND (EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier = n.identifier) OR EXISTS (SELECT FROM cdp.verdict v WHERE n.identifier IN (v.a, v.b))));
		EXIT WHEN found = '{}';
		members := members || found;
	END LOOP;
	RETURN members;
END
$$;
CREATE TABLE wrong (step int, world int, what text, expected text, found text);
CREATE TABLE done (what text, failed boolean);
CREATE FUNCTION decide(step int, w int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a cdp.identifier := any_id(w);
	b cdp.identifier := any_id(w);
	what text := one_of('same', 'same', 'same', 'allow', 'allow', 'forbid', 'forbid', 'unlink', 'unlink all', 'shared', 'not shared', 'none shared');
	together cdp.identifier[];
	may boolean := true;
BEGIN
	IF what = 'allow' THEN
		SELECT v.a, v.b INTO a, b FROM cdp.verdict v WHERE v.kind IN ('same', 'forbid') AND is_of(w, v.a) ORDER BY random() LIMIT 1;
	END IF;
	IF what = 'unlink' THEN
		SELECT x.identifier, y.identifier INTO a, b FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a JOIN cdp_data.identifier y ON y.identifier_id = l.b
		WHERE is_of(w, x.identifier) ORDER BY random() LIMIT 1;
	END IF;
	-- some that contradict each other
	IF what IN ('same', 'forbid') AND pick(2) = 1 THEN
		SELECT v.a, one.i INTO a, b FROM cdp.verdict v CROSS JOIN LATERAL (SELECT i FROM unnest(declared(v.b)) i ORDER BY random() LIMIT 1) one
		WHERE v.kind = CASE what WHEN 'same' THEN 'forbid' ELSE 'same' END AND is_of(w, v.a) ORDER BY random() LIMIT 1;
	END IF;
	IF a IS NULL OR a = b THEN
		RETURN;
	END IF;
	together := declared(a);
	IF what = 'same' THEN
		together := ARRAY(SELECT unnest(together) UNION SELECT unnest(declared(b)));
		may := cardinality(together) <= (SELECT cap FROM cdp_data.state) AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'forbid' AND v.a = ANY (together) AND v.b = ANY (together));
	ELSIF what IN ('forbid', 'unlink') THEN
		may := NOT (b = ANY (together) OR is_hash(a, b));
	END IF;
	BEGIN
		CASE what
			WHEN 'same' THEN PERFORM cdp.same(a, b, 'a reason');
			WHEN 'allow' THEN PERFORM cdp.allow(b, a);
			WHEN 'forbid' THEN PERFORM cdp.forbid(a, b);
			WHEN 'unlink' THEN PERFORM cdp.unlink(a, b);
			WHEN 'unlink all' THEN PERFORM cdp.unlink(a);
			ELSE PERFORM cdp.mark_shared(CASE WHEN pick(3) = 1 THEN id(w, one_of('e1', 'h1')) ELSE a END, CASE what WHEN 'shared' THEN true WHEN 'not shared' THEN false END);
		END CASE;
		INSERT INTO done VALUES (what, false);
		IF NOT may THEN
			INSERT INTO wrong VALUES (step, w, format('%s(%s, %s)', what, a, b), 'an error', 'none');
		END IF;
	EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value THEN
		INSERT INTO done VALUES (concat(what, CASE WHEN SQLSTATE = '55000' THEN ', in the way of another' END), true);
		IF (SQLSTATE = '55000') = may THEN
			INSERT INTO wrong VALUES (step, w, format('%s(%s, %s)', what, a, b), CASE WHEN may THEN 'no error' ELSE 'an error' END, SQLERRM);
		END IF;
	END;
END
$$;
CREATE FUNCTION rule() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT CASE pick(14)
		WHEN 11 THEN jsonb_build_object('email', jsonb_build_object('blocked', ARRAY(SELECT cdp.value(n.identifier) FROM named n WHERE cdp.namespace(n.identifier) = 'email' AND random() < 0.3)))
		WHEN 12 THEN jsonb_build_object('email_sha256', jsonb_build_object('blocked', ARRAY(SELECT upper(cdp.value(n.identifier)) FROM named n WHERE cdp.namespace(n.identifier) = 'email_sha256' AND random() < 0.3)))
		WHEN 13 THEN jsonb_build_object('email', jsonb_build_object('blocked', jsonb_build_array(format('^w[0-9]*[%s]-e1@', one_of('02468', '13579')))), 'email_sha256', jsonb_build_object('blocked', jsonb_build_array(format('^[0-%s]', pick(6)))))
		WHEN 14 THEN jsonb_build_object('email', jsonb_build_object('blocked', null)) || CASE pick(2) WHEN 1 THEN jsonb_build_object('email_sha256', jsonb_build_object('blocked', null)) ELSE '{}' END
		WHEN 1 THEN jsonb_build_object('*', jsonb_build_object('cap', one_of('2', '3', '4', '100')::int))
		WHEN 2 THEN jsonb_build_object('user_id', jsonb_build_object('max_per_profile', one_of('1', '2', '"unlimited"')::jsonb))
		WHEN 3 THEN jsonb_build_object('email', jsonb_build_object('max_per_profile', one_of('1', '5', '"unlimited"')::jsonb))
		WHEN 4 THEN jsonb_build_object('user_id', jsonb_build_object('max_links', jsonb_build_object('user_id', one_of('1', '2', '3', '"unlimited"')::jsonb, 'device_id', pick(3))))
		WHEN 5 THEN jsonb_build_object('device_id', jsonb_build_object('max_links', jsonb_build_object('user_id', pick(3))))
		WHEN 6 THEN jsonb_build_object('user_id', jsonb_build_object('blocked', jsonb_build_array(format('^w[0-9]*[%s]-u%s$', one_of('02468', '13579', '0-9'), pick(5)))))
		WHEN 7 THEN jsonb_build_object('user_id', jsonb_build_object('blocked', null), 'anonymous_id', jsonb_build_object('blocked', CASE pick(2) WHEN 1 THEN '[]' ELSE '["^w.*-u1$"]' END::jsonb))
		WHEN 8 THEN jsonb_build_object('email', jsonb_build_object('priority', one_of('5', '30', '65')::int))
		WHEN 9 THEN jsonb_build_object('*', jsonb_build_object('sources', jsonb_build_object(one_of('web', 'crm', 'etl'), jsonb_build_object('trust', pick(5)))))
		ELSE jsonb_build_object('*', jsonb_build_object('sources', jsonb_build_object(one_of('crm', 'etl'), jsonb_build_object('trust', 3, 'aliases', one_of('same', 'same', 'link')))))
	END
$$;

-- ---------------------------------------------------------------- steps
CREATE FUNCTION look(step int, worlds int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO wrong SELECT step, 0, concat(v.stage, ' ', v.item), v.expected, v.found FROM cdp.verify() v;
	INSERT INTO wrong
	SELECT step, w, f.key, f.value::text, (to_jsonb(t) -> f.key)::text
	FROM generate_series(1, worlds) w CROSS JOIN LATERAL naive(w) n CROSS JOIN LATERAL in_tables(w) t CROSS JOIN LATERAL jsonb_each(to_jsonb(n)) f
	WHERE f.value IS DISTINCT FROM to_jsonb(t) -> f.key;
	INSERT INTO done SELECT 'refused verdict', false FROM cdp.verdict v WHERE v.refused LIMIT 1;
	INSERT INTO done SELECT 'believed alias', l.refused FROM cdp_data.link l WHERE l.believed GROUP BY l.refused;
	INSERT INTO done SELECT CASE WHEN x.profile_id = y.profile_id THEN 'hash' ELSE 'apart' END, false FROM cdp_data.identifier x JOIN cdp_data.identifier y ON is_hash(x.identifier, y.identifier) WHERE 0 NOT IN (x.profile_id, y.profile_id);
	INSERT INTO done SELECT 'blocked hash', false FROM cdp_data.identifier i WHERE i.blocked AND cdp.namespace(i.identifier) = 'email_sha256' AND NOT is_listed(i.identifier, true) LIMIT 1;
	INSERT INTO done SELECT 'blocked by its hash', false FROM cdp_data.identifier i WHERE i.blocked AND cdp.namespace(i.identifier) = 'email' AND NOT is_listed(i.identifier, true) LIMIT 1;
	INSERT INTO done SELECT 'waiting alias', false FROM cdp_data.identifier i WHERE i.profile_id = 0 AND NOT i.blocked LIMIT 1;
END
$$;
CREATE FUNCTION anew(step int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO wrong SELECT step, 0, 'restitch', '0', f.key || ' ' || f.value FROM cdp.restitch() r, jsonb_each(to_jsonb(r) - 'elapsed') f WHERE f.value <> '0'
$$;
CREATE FUNCTION step(step int, worlds int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM happen(w) FROM generate_series(1, worlds) w, generate_series(1, pick(4)) WHERE pick(3) > 1;
	WHILE (SELECT waiting FROM cdp.refresh(pick(40))) > 0 LOOP END LOOP;
	PERFORM decide(step, w) FROM generate_series(1, worlds) w WHERE pick(3) = 1;
	PERFORM cdp.set_rules(rule()) FROM generate_series(1, pick(3) - 1);
	PERFORM set_config('cdp.restitch_rows', one_of('1', '7', '50', '50000'), false);
	PERFORM look(step, worlds);
	PERFORM anew(step) WHERE step % 3 = 0;
	PERFORM look(step, worlds) WHERE step % 3 = 0;
END
$$;
CREATE PROCEDURE steps(first int, last int, worlds int) LANGUAGE plpgsql AS $$
BEGIN
	FOR s IN first .. last LOOP
		PERFORM step(s, worlds);
		COMMIT;
	END LOOP;
END
$$;
SELECT cdp.set_sources('{"crm": {"trust": 3, "aliases": "same"}, "etl": {"trust": 2}, "web": {"trust": 3}}');
SET cdp.store = 'auto';
CALL steps(1, 6, 10);
SET cdp.store = 'sql';
CALL steps(7, 12, 10);
SELECT * FROM wrong ORDER BY step, world, what LIMIT 20;
-- and where nothing is left but the log, the numbers and the verdicts, all is found
UPDATE cdp_data.verdict SET refused = NOT refused WHERE kind = 'same';
TRUNCATE cdp_data.link, cdp_data.profile;
UPDATE cdp_data.identifier SET profile_id = 0, class_id = 0, shared = false, link_counts = '';
SELECT links > 50 AS links, profiles_created > 30 AS profiles FROM cdp.restitch();
SELECT look(100, 10);
UPDATE cdp_data.identifier SET class_id = identifier_id WHERE identifier_id % 3 = 0;
UPDATE cdp_data.link SET believed = NOT believed, aliases = aliases + 1 WHERE (a + b) % 3 = 0;
SELECT count(*) > 20 AS noticed FROM cdp.verify();
SELECT links > 20 AS links FROM cdp.restitch();
SELECT look(101, 10);
SELECT * FROM wrong WHERE step >= 100 LIMIT 20;
-- the histories were no idle ones
SELECT count(DISTINCT what) > 8 AS kinds FROM done WHERE NOT failed;
SELECT sum(reworks) > 20 AS reworked, sum(profiles_split) > 20 AS split, sum(events_reanchored) > 20 AS reanchored FROM cdp.batch;
SELECT count(*) FILTER (WHERE what = 'hash') > 50 AS hashes, count(*) FILTER (WHERE what = 'apart') > 0 AS hashes_apart FROM done;
SELECT what FROM done WHERE what LIKE 'blocked%' GROUP BY what ORDER BY what;
SELECT count(*) > 0 AS classes FROM cdp_data.identifier WHERE class_id <> 0;

\c :origin
DROP DATABASE cdp_same_random;
