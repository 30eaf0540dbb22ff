-- cdp.verify() over a random history: nothing is wrong with it, and whatever row is then made wrong is found.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_verify_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_verify_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
SET timezone = 'UTC';
SELECT setseed(0.1234);

CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE FUNCTION write(n int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, user_id, anonymous_id, identifiers, group_id, properties, traits, context, "timestamp", received_at, source)
	SELECT k.type, CASE k.type WHEN 'track' THEN 'Event ' || pick(3) END, gen_random_uuid()::text,
		CASE WHEN pick(3) = 1 THEN 'u' || pick(12) END, 'a' || pick(40),
		CASE WHEN pick(3) = 1 THEN jsonb_build_object('email', 'e' || pick(20) || '@example.com', 'crm_id', pick(20)) END,
		CASE k.type WHEN 'group' THEN 'g' || pick(4) END, jsonb_build_object('price', pick(50)), CASE WHEN k.type <> 'track' THEN jsonb_build_object('plan', pick(9)) END, CASE WHEN k.type = 'group' AND pick(3) = 1 THEN '{"groupLeft": true}'::jsonb END,
		timestamptz '2026-01-10' + pick(400) * interval '1 hour', timestamptz '2026-01-10' + pick(900) * interval '1 hour', (ARRAY['web', 'app', 'list'])[pick(3)]
	FROM generate_series(1, n) i CROSS JOIN LATERAL (SELECT (ARRAY['track', 'track', 'track', 'identify', 'group'])[pick(5)] AS type WHERE i > 0) k
$$;
CREATE FUNCTION drain() RETURNS void LANGUAGE plpgsql AS $$ BEGIN WHILE (SELECT waiting FROM cdp.refresh(37)) > 0 LOOP END LOOP; END $$;
CREATE TABLE looked (step int, line text);
CREATE FUNCTION look(s int) RETURNS void LANGUAGE sql AS $$ INSERT INTO looked SELECT s, v::text FROM cdp.verify() v $$;

SELECT write(60), drain(), look(1);
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["a7"], "max_links": {"email": 3}}, "email": {"max_per_profile": 2}, "*": {"sources": {"list": {"trust": 1}}}}'), look(2);
SELECT write(60), drain(), look(3);
SELECT cdp.forbid(format('anonymous_id:a%s', i), format('user_id:u%s', i)) FROM generate_series(1, 6) i;
SELECT look(4);
SELECT count(*) > 0 AS unlinked FROM (SELECT l.a, l.b FROM cdp_data.link l WHERE NOT l.refused ORDER BY l.a, l.b LIMIT 5) l
	JOIN cdp_data.identifier a ON a.identifier_id = l.a JOIN cdp_data.identifier b ON b.identifier_id = l.b CROSS JOIN LATERAL cdp.unlink(a.identifier, b.identifier);
SELECT cdp.mark_shared('email:e1@example.com', true), cdp.mark_shared('anonymous_id:a2', false), look(5);
SELECT write(60), drain(), look(6);
SELECT cdp.set_rules('{"anonymous_id": {"blocked": []}, "email": {"max_per_profile": 3}, "*": {"cap": 12, "sources": {"app": {"expires_after": "800000 hours"}}}}'), look(7);
SELECT cdp.set_trait_rules('{"plan": "max"}'), drain(), look(8);
SELECT * FROM looked;
-- each person alone
SELECT count(*) > 10 AS people, count(v.stage) AS wrong FROM cdp_data.profile p LEFT JOIN LATERAL cdp.verify(p.profile_id) v ON true;
-- the world has what the faults below are made of
SELECT count(*) > 0 AS refused FROM cdp_data.link WHERE refused;
SELECT count(*) > 0 AS shared FROM cdp_data.identifier WHERE shared;
SELECT count(*) > 0 AS moved FROM cdp_data.identifier_history;

-- one row of a table becomes wrong: "change" is a statement in which @ is a condition that one random row fulfils
CREATE TABLE fault (number int GENERATED ALWAYS AS IDENTITY, name text, key text, condition text, change text);
INSERT INTO fault (name, key, condition, change) VALUES
	('event', 'event_id', 'true', 'DELETE FROM @'),
	('event', 'event_id', 'true', 'UPDATE @ SET identifier_id = (SELECT max(identifier_id) FROM cdp_data.identifier) + 1'),
	('event', 'event_id', 'true', 'UPDATE @ SET identifier_id = 0'),
	('event', 'event_id', 'type = ''track''', 'UPDATE @ SET "timestamp" = t."timestamp" - interval ''1 second'''),
	('event', 'event_id', 'true', 'UPDATE @ SET message_id = ''another'''),
	('event', 'event_id', 'true', 'UPDATE @ SET user_id = ''another'''),
	('event', 'event_id', 'type = ''track''', 'UPDATE @ SET event = ''Another'''),
	('event', 'event_id', 'type = ''track''', 'UPDATE @ SET properties = ''{"price": 4711}'''),
	('event', 'event_id', 'type = ''identify''', 'UPDATE @ SET traits = ''{"plan": 4711}'''),
	('event', 'event_id', 'type = ''group''', 'UPDATE @ SET group_id = ''another'''),
	('message', 'message_key', 'true', 'DELETE FROM @'),
	('message', 'message_key', 'true', 'UPDATE @ SET content_hash = content_hash + 1'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET profile_id = 4711'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET profile_id = (SELECT p.profile_id FROM cdp_data.profile p WHERE p.profile_id <> t.profile_id ORDER BY random() LIMIT 1)'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET profile_id = 0'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET profile_id = 0, blocked = true'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET blocked = true'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET shared = NOT shared'),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET link_counts = ''\x014d'''),
	('identifier', 'identifier_id', 'NOT blocked', 'UPDATE @ SET link_counts = link_counts || ''\x01'''),
	('identifier', 'identifier_id', 'true', 'UPDATE @ SET identifier = ''user_id:another'''),
	('identifier', 'identifier_id', 'true', 'UPDATE @ SET identifier_id = 4711'),
	('identifier', 'identifier_id', 'NOT blocked', 'DELETE FROM @'),
	('identifier_map', 'identifier_id', 'true', 'DELETE FROM @'),
	('identifier_map', 'identifier_id', 'true', 'UPDATE @ SET identifier_id = identifier_id % 7 + 1'),
	('identifier_history', 'identifier_id * 100000 + t.from_batch_id', 'true', 'UPDATE @ SET from_batch_id = until_batch_id + 1000'),
	('identifier_history', 'identifier_id * 100000 + t.from_batch_id', 'true', 'UPDATE @ SET until_batch_id = 4711'),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'DELETE FROM @'),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET first_at = first_at - interval ''1 second'''),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET last_at = last_at + interval ''1 second'''),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET events = events + 1'),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET message_id = NULL'),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET refused = NOT refused'),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET b = 4711'),
	('link', 'a || ''-'' || t.b || ''-'' || t.source_id', 'true', 'UPDATE @ SET source_id = 4711'),
	('profile', 'profile_id', 'true', 'DELETE FROM @'),
	('profile', 'profile_id', 'true', 'UPDATE @ SET profile_id = 4711'),
	('profile', 'profile_id', 'true', 'UPDATE @ SET first_seen = ''2020-01-01'''),
	('profile', 'profile_id', 'last_seen IS NOT NULL', 'UPDATE @ SET last_seen = last_seen + interval ''1 second'''),
	('profile', 'profile_id', 'true', 'UPDATE @ SET events = events - 1'),
	('profile', 'profile_id', 'traits IS NOT NULL', 'UPDATE @ SET traits = NULL'),
	('profile', 'profile_id', 'true', 'UPDATE @ SET shared = NOT shared'),
	('profile', 'profile_id', 'true', 'UPDATE @ SET identifier_count = identifier_count + 1'),
	('profile', 'profile_id', 'true', 'UPDATE @ SET limited = ''{"email": 9}'''),
	('profile', 'profile_id', 'true', 'UPDATE @ SET has_forbid = NOT has_forbid'),
	('profile', 'profile_id', 'last_at IS NOT NULL', 'UPDATE @ SET last_trust = 127'),
	('profile', 'profile_id', 'true', 'UPDATE @ SET expires_at = ''2026-06-01'''),
	('profile', 'profile_id', 'true', 'UPDATE @ SET level_1 = ''{"Another": ["2026-01-01T00:00:00Z"]}'''),
	('profile', 'profile_id', 'true', 'UPDATE @ SET level_3 = timeline || ''{"Another": ["2026-01-01T00:00:00Z"]}'''),
	('profile', 'profile_id', 'cdp.event_count(timeline) > 0', 'UPDATE @ SET timeline = ''{}'''),
	('profile', 'profile_id', 'true', 'UPDATE @ SET timeline = ''{"Another": ["2026-01-01T00:00:00Z"]}'''),
	('account', 'group_id', 'true', 'DELETE FROM @'),
	('account', 'group_id', 'true', 'UPDATE @ SET events = events + 1'),
	('account', 'group_id', 'true', 'UPDATE @ SET traits = NULL'),
	('account_member', 'identifier_id * 10 + right(t.group_id, 1)::int', 'true', 'DELETE FROM @'),
	('account_member', 'identifier_id * 10 + right(t.group_id, 1)::int', 't.left_at IS NOT NULL', 'UPDATE @ SET left_at = NULL'),
	('account_member', 'identifier_id * 10 + right(t.group_id, 1)::int', 't.left_at IS NULL', 'UPDATE @ SET left_at = first_at'),
	('account_member', 'identifier_id * 10 + right(t.group_id, 1)::int', 'true', 'UPDATE @ SET events = events + 1'),
	('account_member', 'identifier_id * 10 + right(t.group_id, 1)::int', 'true', 'UPDATE @ SET identifier_id = 4711'),
	('namespace', 'namespace', 'namespace IN (''user_id'', ''email'', ''anonymous_id'', ''crm_id'')', 'DELETE FROM @'),
	('namespace', 'namespace', 'namespace IN (''user_id'', ''email'')', 'UPDATE @ SET max_per_profile = NULL'),
	('namespace', 'namespace', 'namespace IN (''user_id'', ''email'')', 'UPDATE @ SET priority = 99'),
	('namespace', 'namespace', 'namespace = ''anonymous_id''', 'UPDATE @ SET blocked = ''{^a}'''),
	('source', 'source', 'true', 'DELETE FROM @'),
	('source', 'source', 'true', 'UPDATE @ SET source_id = 4711'),
	('namespace', 'namespace', 'namespace IN (''user_id'', ''anonymous_id'')', 'UPDATE @ SET namespace_id = 4711'),
	('source', 'source', 'source = ''web''', 'UPDATE @ SET trust = -5'),
	('verdict', 'verdict_id', 'kind = ''unlink''', 'DELETE FROM @');
CREATE FUNCTION found(change text) RETURNS bigint LANGUAGE plpgsql SET search_path = public, cdp, pg_temp AS $$
DECLARE
	rows bigint;
	lines bigint;
BEGIN
	EXECUTE change;
	GET DIAGNOSTICS rows = ROW_COUNT;
	SELECT count(*) INTO lines FROM cdp.verify();
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = CASE WHEN rows = 1 THEN lines::text ELSE 'none' END;
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN nullif(SQLERRM, 'none')::bigint;
END
$$;
CREATE FUNCTION try(f fault, round int) RETURNS bigint LANGUAGE plpgsql SET search_path = public, cdp, pg_temp AS $$
DECLARE
	row_key text;
BEGIN
	EXECUTE format('SELECT (t.%s)::text FROM cdp_data.%I t WHERE %s ORDER BY random() LIMIT 1', f.key, f.name, f.condition) INTO STRICT row_key;
	RETURN found(replace(f.change, '@', format('cdp_data.%I AS t', f.name)) || format(' WHERE (t.%s)::text = %L AND %s', f.key, row_key, f.condition));
END
$$;
SELECT count(*) > 60 AS faults FROM fault;
-- faults that were not found, or changed other than one row
SELECT f.name, f.change, t.lines FROM generate_series(1, 3) round CROSS JOIN fault f CROSS JOIN LATERAL (SELECT try(f, round) AS lines OFFSET 0) t WHERE t.lines IS NULL OR t.lines = 0 ORDER BY f.number;
SELECT count(*) FROM cdp.verify();

\c :origin
DROP DATABASE cdp_verify_random;
