-- Random histories in two worlds: the same events, verdicts and rules, in other orders and batches.
-- In the end both must hold the same people and refusals, and after each step what the log says.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT setseed(0.4711);

CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE FUNCTION id(world text, history int, short text) RETURNS cdp.identifier LANGUAGE sql STABLE
	RETURN cdp.identifier(CASE left(short, 1) WHEN 'u' THEN 'user_id' WHEN 'e' THEN 'email' WHEN 'c' THEN 'crm_id' WHEN 'd' THEN 'device_id' ELSE 'anonymous_id' END,
		world || history || '-' || short || CASE WHEN short LIKE 'e%' THEN '@example.com' ELSE '' END);
-- 16 histories of 30 events of one to four of 16 identifiers; many equal times, some events long after they happened
CREATE TABLE happened AS
	SELECT history, number, pick(12) AS at, (ARRAY['web', 'app', 'list'])[pick(3)] AS source, ids
	FROM generate_series(1, 16) history CROSS JOIN generate_series(1, 30) number
	CROSS JOIN LATERAL (SELECT ARRAY(SELECT DISTINCT (ARRAY['u1', 'u2', 'u3', 'e1', 'e2', 'e3', 'c1', 'c2', 'd1', 'd2', 'd3', 'd4', 'a1', 'a2', 'a3', 'a4'])[pick(16)]
											 FROM generate_series(1, pick(4)) WHERE history + number > 0) AS ids) i;
CREATE TABLE decided AS
	SELECT history, number, (ARRAY['forbid', 'forbid', 'allow', 'shared', 'not_shared', 'none'])[pick(6)] AS kind, pair[1] AS a, pair[2] AS b
	FROM generate_series(1, 16) history CROSS JOIN generate_series(1, 4) number
	CROSS JOIN LATERAL (SELECT ARRAY(SELECT s FROM unnest(ARRAY['u1', 'u2', 'u3', 'e1', 'e2', 'e3', 'c1', 'c2', 'd1', 'd2', 'd3', 'd4', 'a1', 'a2', 'a3', 'a4']) s
											  WHERE history + number > 0 ORDER BY random() LIMIT 2) AS pair) p;
-- what is withdrawn must have been given, and of two verdicts about one the later step counts in both worlds: one of each a pair
DELETE FROM decided d USING decided o WHERE d.history = o.history AND d.number > o.number AND (d.a IN (o.a, o.b) OR d.b IN (o.a, o.b));
-- the step at which each comes to each world
CREATE TABLE plan AS SELECT w.world, h.history, h.number, pick(5) AS step, random() AS place FROM happened h CROSS JOIN (VALUES ('x'), ('y')) w (world);

CREATE FUNCTION feed(w text, s int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, identifiers, traits, "timestamp", received_at, source)
	SELECT CASE WHEN number % 3 = 0 THEN 'identify' ELSE 'track' END, CASE WHEN number % 3 > 0 THEN 'Event' END, concat_ws(' ', p.world, p.history, p.number),
		(SELECT jsonb_object_agg(namespace, v) FROM (SELECT cdp.namespace(id(p.world, p.history, s)) AS namespace, jsonb_agg(cdp.value(id(p.world, p.history, s))) AS v FROM unnest(h.ids) s GROUP BY 1) g),
		CASE WHEN number % 3 = 0 THEN jsonb_build_object('number', number) END,
		timestamptz '2026-01-01' + h.at * interval '1 hour', timestamptz '2026-01-01 06:00' + h.at * interval '30 minutes', h.source
	FROM plan p JOIN happened h USING (history, number) WHERE p.world = w AND p.step = s ORDER BY p.place
$$;
CREATE FUNCTION drain(batch bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN WHILE (SELECT waiting FROM cdp.refresh(batch)) > 0 LOOP END LOOP; END $$;
CREATE FUNCTION decide(w text, s int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d record;
BEGIN
	FOR d IN SELECT kind, id(w, history, a) AS a, id(w, history, b) AS b FROM decided WHERE CASE WHEN w = 'x' THEN 1 + number ELSE 6 - number END = s ORDER BY random() LOOP
		CASE d.kind
			WHEN 'forbid' THEN PERFORM cdp.forbid(d.a, d.b);
			WHEN 'allow' THEN PERFORM cdp.forbid(d.a, d.b), cdp.refresh(7), cdp.allow(d.b, d.a);
			WHEN 'shared' THEN PERFORM cdp.mark_shared(d.a, true);
			WHEN 'not_shared' THEN PERFORM cdp.mark_shared(d.a, false), cdp.mark_shared(d.b, true), cdp.mark_shared(d.b, NULL);
			ELSE NULL;
		END CASE;
	END LOOP;
END
$$;
-- the people of a world, and what is refused there
CREATE FUNCTION people(w text) RETURNS TABLE (history int, who text) LANGUAGE sql AS $$
	WITH named AS (SELECT i.*, split_part(substr(cdp.value(i.identifier), 2), '-', 1)::int AS history, regexp_replace(cdp.value(i.identifier), '^.*-|@.*$', '', 'g') AS short
				   FROM cdp_data.identifier i WHERE cdp.value(i.identifier) LIKE w || '%')
	SELECT n.history, string_agg(n.short, ' ' ORDER BY n.short) || ' is ' || coalesce(min(n.short) FILTER (WHERE n.identifier_id = n.profile_id), '-') || CASE WHEN bool_or(n.shared) THEN ' shared' ELSE '' END
		|| coalesce(' ' || (SELECT concat_ws(' ', p.events, p.first_seen, p.last_seen, p.traits::jsonb, p.limited, p.has_forbid) FROM cdp_data.profile p WHERE p.profile_id = n.profile_id), '')
	FROM named n GROUP BY n.history, n.profile_id
	UNION ALL
	SELECT a.history, concat_ws(' ', least(a.short, b.short), greatest(a.short, b.short), s.source, l.first_at, l.last_at, l.events, l.refused)
	FROM cdp_data.link l JOIN cdp_data.source s USING (source_id) JOIN named a ON a.identifier_id = l.a JOIN named b ON b.identifier_id = l.b
$$;
CREATE TABLE found (step int, stage text, item text, expected text, found text);
CREATE PROCEDURE look(s int) LANGUAGE sql AS $$ INSERT INTO found SELECT s, v.* FROM cdp.verify() v $$;
-- a rule changes alone: what one change forgets the next may repair; and does what was foretold
CREATE TABLE told (change text, number bigint, profile_id bigint, becomes bigint, identifiers text[], segment text, before bigint, after bigint);
CREATE TABLE was (identifier_id bigint, profile_id bigint);
CREATE TABLE mistold (rule jsonb, profile_id bigint, becomes bigint, number bigint);
CREATE TABLE foretold (change text, number bigint);
CREATE PROCEDURE rule(s int, change jsonb) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE told, was;
	INSERT INTO told SELECT * FROM cdp.preview_rules(change, details => 100000);
	INSERT INTO was SELECT i.identifier_id, i.profile_id FROM cdp_data.identifier i;
	PERFORM cdp.set_rules(change);
	WITH moved AS (
		SELECT nullif(w.profile_id, 0) AS profile_id, nullif(i.profile_id, 0) AS becomes, count(*) AS number
		FROM cdp_data.identifier i LEFT JOIN was w USING (identifier_id) WHERE i.profile_id <> coalesce(w.profile_id, 0) GROUP BY 1, 2
	), said AS (
		SELECT t.profile_id, t.becomes, t.number FROM told t WHERE num_nonnulls(t.profile_id, t.becomes) > 0
	), counted AS (
		SELECT -1 AS profile_id, -1 AS becomes, count(*) FILTER (WHERE NOT p.shared) AS number FROM cdp_data.profile p
	)
	INSERT INTO mistold
	SELECT change, d.* FROM (((TABLE moved UNION ALL TABLE counted) EXCEPT ALL (TABLE said UNION ALL SELECT -1, -1, t.after FROM told t WHERE t.change = 'people'))
		UNION ALL ((TABLE said UNION ALL SELECT -1, -1, t.after FROM told t WHERE t.change = 'people') EXCEPT ALL (TABLE moved UNION ALL TABLE counted))) d;
	INSERT INTO foretold SELECT t.change, t.number FROM told t WHERE t.number > 0 AND num_nonnulls(t.profile_id, t.becomes) = 0;
	CALL look(s);
END
$$;
-- where all is well, doing all anew finds nothing to do
CREATE TABLE restitched (step int, found jsonb);
CREATE PROCEDURE anew(s int) LANGUAGE sql AS $$ INSERT INTO restitched SELECT s, to_jsonb(r) - 'elapsed' FROM cdp.restitch() r; CALL look(s); $$;

SELECT feed('x', 1), feed('y', 1), drain(17);
CALL look(1);
CALL rule(1, '{"device_id": {"max_links": {"user_id": 1, "email": 2}}}');
CALL rule(1, '{"user_id": {"max_links": {"crm_id": 1}}}');
CALL rule(1, '{"*": {"sources": {"list": {"party": "third"}}}}');
SELECT feed('x', 2), decide('x', 2), drain(31), feed('y', 2), decide('y', 2), drain(7);
CALL look(2);
CALL anew(2);
CALL rule(2, '{"email": {"max_per_profile": 1, "priority": 65}}');
CALL rule(2, '{"*": {"cap": 6}}');
CALL rule(2, '{"device_id": {"max_per_profile": 2, "max_links": 3}}');
SELECT feed('y', 3), decide('x', 3), drain(60), feed('x', 3), decide('y', 3), drain(5);
CALL look(3);
CALL rule(3, '{"anonymous_id": {"blocked": ["^[xy][0-9]*[02468]-a1"]}}');
CALL rule(3, '{"crm_id": {"max_per_profile": 1, "blocked": ["^[xy]1.*"]}}');
CALL rule(3, '{"*": {"sources": {"app": {"trust": 5}}}}');
SELECT feed('x', 4), feed('y', 4), decide('x', 4), decide('y', 4), drain(1000);
CALL look(4);
CALL anew(4);
CALL rule(4, '{"crm_id": {"blocked": ["^[xy]2.*"], "max_links": 2}}');
CALL rule(4, '{"email": {"max_per_profile": 2}}');
CALL rule(4, '{"email": {"priority": 5}}');
CALL rule(4, '{"*": {"cap": 9}}');
CALL rule(4, '{"*": {"sources": {"list": {"trust": 4}}}}');
SELECT feed('x', 5), decide('x', 5), drain(9), feed('y', 5), decide('y', 5), drain(100);
CALL look(5);
CALL rule(5, '{"anonymous_id": {"blocked": null, "max_links": {"*": 3}}}');
CALL rule(5, '{"email": {"max_links": "unlimited"}}');
-- the time of an unlink is that of the evidence there is: the same in both worlds only now
CREATE TABLE cut AS SELECT DISTINCT ON (history) history, h.ids[1] AS a, h.ids[2] AS b FROM happened h WHERE cardinality(h.ids) > 1 AND NOT h.ids && '{c1,c2}' ORDER BY history, number;
SELECT count(*) > 10 AS cuts FROM cut, LATERAL (SELECT cdp.unlink(id('x', history, a), id('x', history, b))) u RIGHT JOIN (VALUES (1)) v ON true;
SELECT count(*) > 0 AS some_left FROM cut, cdp.unlink(id('y', history, b), id('y', history, a));
CALL look(6);
-- and what comes after it counts, or does not
INSERT INTO happened SELECT c.history, 100 + s.n, s.n * 10, 'web', ARRAY[c.a, c.b] FROM cut c CROSS JOIN generate_series(0, 2) AS s (n);
INSERT INTO plan SELECT w.world, h.history, h.number, 6, random() FROM happened h CROSS JOIN (VALUES ('x'), ('y')) w (world) WHERE h.number >= 100;
SELECT feed('x', 6), drain(3), feed('y', 6), drain(1000);
CALL look(6);
CALL anew(6);

SELECT * FROM found;
SELECT * FROM mistold;
SELECT change, count(*) > 1 AS more_than_once FROM foretold GROUP BY change ORDER BY change;
SELECT r.step, f.* FROM restitched r, jsonb_each(r.found) f WHERE f.value <> '0';
-- and where nothing is left but the log and the numbers of identifiers, it finds everything
CREATE TABLE knew AS SELECT w, p.* FROM (VALUES ('x'), ('y')) v (w), people(w) p;
TRUNCATE cdp_data.link, cdp_data.profile;
UPDATE cdp_data.identifier SET profile_id = 0, blocked = true, shared = false, link_counts = '';
UPDATE cdp_data.event SET identifier_id = 0;
SELECT identifiers, links > 1000 AS links, profiles_created > 100 AS profiles, events_reanchored > 500 AS events FROM cdp.restitch();
SELECT count(*) FROM cdp.verify();
SELECT count(*) FROM (SELECT * FROM knew EXCEPT ALL SELECT w, p.* FROM (VALUES ('x'), ('y')) v (w), people(w) p) d;
(SELECT history, who FROM people('x') EXCEPT SELECT history, who FROM people('y')) UNION ALL (SELECT history, who FROM people('y') EXCEPT SELECT history, who FROM people('x'));
-- the histories were no idle ones
SELECT count(*) FILTER (WHERE refused) > 100 AS refused, count(DISTINCT source_id) AS sources FROM cdp_data.link;
SELECT count(*) FILTER (WHERE shared) > 20 AS shared, (SELECT sum(reworks) > 100 FROM cdp.batch) AS reworked, (SELECT sum(events_reanchored) > 100 FROM cdp.batch) AS reanchored FROM cdp_data.identifier;
SELECT count(DISTINCT kind) AS kinds FROM cdp.verdict;

\c :origin
DROP DATABASE cdp_random;
