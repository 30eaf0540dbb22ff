-- Lists on random histories: after every step a list has those who have an identifier of it, as last read, and the feed
-- adds up to that; also a condition that uses the list.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_list_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_list_random
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE SCHEMA try;
CREATE TABLE try.listed (identifier text PRIMARY KEY);
-- as last read
CREATE TABLE try.known (identifier text PRIMARY KEY);
CREATE TABLE try.folded (profile_id bigint, segment_id integer, since timestamptz, PRIMARY KEY (profile_id, segment_id));
CREATE TABLE try.read AS SELECT 0::bigint AS last;
CREATE TABLE try.done (what text, cause text);
CREATE TABLE try.time AS SELECT 0 AS people;
CREATE FUNCTION try.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[ceil(random() * cardinality(list))];
CREATE FUNCTION try.someone() RETURNS text LANGUAGE sql VOLATILE
	RETURN try.pick('user_id:u', 'anonymous_id:a', 'email:e') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
CREATE FUNCTION try.mail(id text) RETURNS text LANGUAGE sql IMMUTABLE RETURN id || CASE WHEN id LIKE 'email:%' THEN '@example.com' ELSE '' END;
CREATE FUNCTION try.send() RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO cdp.inbox (type, message_id, anonymous_id, user_id, identifiers, "timestamp", received_at)
	SELECT 'identify', gen_random_uuid()::text, CASE WHEN e.who < 0.6 THEN 'a' || t.people + ceil(random() * 8) END, CASE WHEN e.who > 0.3 THEN 'u' || t.people + ceil(random() * 8) END,
		CASE WHEN random() < 0.3 THEN jsonb_build_object('email', format('e%s@example.com', t.people + ceil(random() * 8))) END, e.at - random() * interval '5 hours', e.at
	FROM (SELECT random() AS who, s.as_of AS at FROM cdp_data.state s, generate_series(1, ceil(random() * 3)::integer)) e, try.time t
$$;
CREATE FUNCTION try.fold() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c cdp_data.change;
BEGIN
	FOR c IN SELECT n.* FROM cdp_data.change n WHERE n.change_id > (SELECT r.last FROM try.read r) AND n.segment_id IS NOT NULL ORDER BY n.change_id LOOP
		IF c.kind = 'entered' THEN
			INSERT INTO try.folded VALUES (c.profile_id, c.segment_id, c.at);
		ELSIF c.kind = 'exited' THEN
			DELETE FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.profile_id, c.segment_id);
			ASSERT FOUND, format('%s was not in %s', c.profile_id, c.segment_id);
		ELSE
			INSERT INTO try.folded AS f SELECT c.profile_id, o.segment_id, o.since FROM try.folded o WHERE (o.profile_id, o.segment_id) = (c.other_profile_id, c.segment_id)
			ON CONFLICT (profile_id, segment_id) DO UPDATE SET since = least(f.since, excluded.since);
			IF c.kind <> 'split' THEN
				DELETE FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.other_profile_id, c.segment_id);
			END IF;
		END IF;
		INSERT INTO try.done VALUES (c.kind, c.cause);
	END LOOP;
	UPDATE try.read SET last = (SELECT s.change_id FROM cdp_data.state s);
END $$;
CREATE FUNCTION try.differ(what text, a text, b text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
	found text;
BEGIN
	EXECUTE format('SELECT string_agg(d::text, '' '') FROM ((SELECT ''+'', x.* FROM (%1$s) x EXCEPT ALL SELECT ''+'', y.* FROM (%2$s) y) UNION ALL
		(SELECT ''-'', y.* FROM (%2$s) y EXCEPT ALL SELECT ''-'', x.* FROM (%1$s) x)) d', a, b) INTO found;
	IF found IS NOT NULL THEN
		RAISE EXCEPTION '%: %', what, left(found, 500);
	END IF;
END $$;
CREATE FUNCTION try.check() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	listed text := 'SELECT p.profile_id FROM cdp.profiles p WHERE p.profile_id IN (SELECT cdp.profile_of(k.identifier) FROM try.known k)';
BEGIN
	PERFORM try.differ('list', 'SELECT m.profile_id FROM cdp.members(''list'') m', listed);
	PERFORM try.differ('others', 'SELECT m.profile_id FROM cdp.members(''others'') m', 'SELECT p.profile_id FROM cdp.profiles p WHERE p.events > 1 AND p.profile_id NOT IN (' || listed || ')');
	PERFORM try.fold();
	PERFORM try.differ('folded', 'SELECT m.profile_id, u.segment_id, u.since FROM cdp_data.membership m CROSS JOIN LATERAL unnest(m.segments, m.since) AS u (segment_id, since)', 'SELECT f.* FROM try.folded f');
	PERFORM try.differ('sizes', 'SELECT s.segment_id, s.members FROM cdp_data.segment s', 'SELECT s.segment_id, count(f.segment_id) FROM cdp_data.segment s LEFT JOIN try.folded f USING (segment_id) GROUP BY 1');
END $$;
CREATE FUNCTION try.step() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	what text := try.pick('send', 'send', 'send', 'read', 'read', 'read', 'time', 'same', 'unlink', 'retract', 'block', 'restitch');
	a text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
	b text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
BEGIN
	UPDATE cdp_data.state s SET as_of = s.as_of + interval '1 second';
	-- also identifiers that are not seen yet
	INSERT INTO try.listed SELECT try.mail(try.someone()) FROM generate_series(1, 2) ON CONFLICT DO NOTHING;
	DELETE FROM try.listed WHERE identifier IN (SELECT identifier FROM try.listed ORDER BY random() LIMIT 1);
	CASE what
		WHEN 'send' THEN PERFORM try.send(); PERFORM cdp.refresh();
		WHEN 'read' THEN PERFORM cdp.read_list('list');
		WHEN 'time' THEN
			UPDATE cdp_data.state s SET as_of = s.as_of + interval '1 day';
			PERFORM try.send();
			PERFORM cdp.refresh();
		WHEN 'same' THEN PERFORM cdp.same(a, b);
		WHEN 'unlink' THEN PERFORM cdp.unlink(a, b);
		WHEN 'retract' THEN PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e ORDER BY random() LIMIT 1));
		WHEN 'block' THEN PERFORM cdp.set_rules(jsonb_build_object('email', jsonb_build_object('blocked', CASE WHEN random() < 0.5 THEN jsonb_build_array('e' || ceil(random() * 8) || '@example.com') ELSE '[]' END)));
		WHEN 'restitch' THEN PERFORM cdp.restitch();
	END CASE;
	IF (SELECT l.read_at = s.as_of FROM cdp_data.list l, cdp_data.state s) THEN
		DELETE FROM try.known;
		INSERT INTO try.known SELECT * FROM try.listed;
		INSERT INTO try.done VALUES ('read', what);
	END IF;
EXCEPTION WHEN undefined_object OR invalid_parameter_value OR object_not_in_prerequisite_state THEN
	NULL;
END $$;
CREATE PROCEDURE try.run(steps integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN 1 .. steps LOOP
		UPDATE try.time SET people = step / 15;
		PERFORM try.step();
		PERFORM try.check();
		COMMIT;
	END LOOP;
END $$;

SELECT setseed(0.7);
UPDATE cdp_data.state SET as_of = date_trunc('hour', now()) + interval '1 day';
SELECT cdp.create_segment_from_query('list', 'SELECT l.identifier FROM try.listed l', every => '1 day');
SELECT cdp.create_segment('others', $$events > 1 AND NOT cdp.in_segment('list')$$);
CALL try.run(70);
SELECT * FROM cdp.verify();
SELECT count(*) FILTER (WHERE cause = 'list') > 10 AS by_list, count(*) FILTER (WHERE cause = 'event') > 5 AS by_event, count(*) FILTER (WHERE what = 'merged') > 0 AS merged, count(*) FILTER (WHERE what = 'split') > 0 AS split FROM try.done;
SELECT state, members > 3 AS many FROM cdp.segment ORDER BY name;

\c :origin
DROP DATABASE cdp_segment_list_random;
