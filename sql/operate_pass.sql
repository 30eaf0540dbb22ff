-- One pass of a batch: both forms of the store make the same tables of a random history.
SET client_min_messages = warning;
\getenv top PG_ABS_SRCDIR

-- a number below m that follows from a seed and a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;

CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context,
		"timestamp", received_at, source)
	SELECT coalesce(r.id, 'message ' || k), t.type,
		CASE WHEN t.type = 'track' THEN ('{Order Completed,Product Viewed,Signed Up}'::text[])[1 + chance(k || 'event', 3)] END,
		CASE WHEN chance(k || 'anonymous', 4) > 0 THEN 'a' || chance(k || 'a', 40) END,
		CASE WHEN chance(k || 'user', 4) = 0 THEN 'u' || chance(k || 'u', 15) END,
		CASE WHEN t.type = 'group' THEN 'account ' || chance(k || 'g', 5) END,
		CASE WHEN t.type = 'alias' THEN ('{a,u}'::text[])[1 + chance(k || 'earlier', 2)] || chance(k || 'previous', 15) END,
		CASE WHEN chance(k || 'more', 3) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 20) || '@example.com',
			'device_id', ARRAY['d' || chance(k || 'd', 8), 'd' || chance(k || 'other', 8)]) END,
		jsonb_build_object('total', CASE chance(k || 'kind', 3) WHEN 0 THEN '"none"'::jsonb ELSE to_jsonb(chance(k || 'total', 10000) / 100.0) END),
		CASE WHEN t.type IN ('identify', 'group') THEN jsonb_build_object('plan', 'p' || chance(k || 'plan', 4), 'n', chance(k || 'n', 9),
			'tags', ARRAY['x' || chance(k || 'tag', 5), 'y']) END,
		CASE WHEN t.type = 'group' AND chance(k || 'left', 3) = 0 THEN '{"groupLeft": true}'::jsonb END,
		timestamptz '2025-01-01 00:00Z' + chance(k || 'time', 400) * interval '1 day', timestamptz '2025-01-01 00:00Z' + chance(k || 'received', 400) * interval '1 day',
		('{web,app,list}'::text[])[1 + chance(k || 'source', 3)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS own) o
	CROSS JOIN LATERAL (SELECT CASE WHEN chance(own || 'message', 9) = 0 THEN 'repeated ' || chance(own || 'which', 20) END AS id) r
	-- a repeated message has the same content, but for some
	CROSS JOIN LATERAL (SELECT CASE WHEN chance(own || 'reused', 3) > 0 THEN coalesce(r.id, own) ELSE own END AS k) s
	CROSS JOIN LATERAL (SELECT ('{track,track,track,identify,identify,group,alias,wrong}'::text[])[1 + chance(k || 'type', 8)] AS type) t;
END
$$;

CREATE FUNCTION act(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known text[] := ARRAY['user_id:u' || chance(step || 'u', 15), 'anonymous_id:a' || chance(step || 'a', 40),
		'email:e' || chance(step || 'e', 20) || '@example.com', 'device_id:d' || chance(step || 'd', 8)];
	one text := known[1 + chance(step || 'first', 4)];

BEGIN
	CASE step % 14
		WHEN 2 THEN PERFORM cdp.forbid('user_id:u' || chance(step || 'forbid', 15), one) WHERE one NOT LIKE 'user_id:%'
			AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'same');
		WHEN 1 THEN PERFORM cdp.set_sources(format('{"app": {"party": "first", "aliases": "%s"}}', ('{same,same,link}'::text[])[1 + chance(step || 'believed', 3)])::jsonb);
		WHEN 3 THEN PERFORM cdp.same('user_id:u' || chance(step || 'same', 15), one) WHERE one <> 'user_id:u' || chance(step || 'same', 15)
			AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'forbid');
		WHEN 13 THEN PERFORM cdp.allow(v.a, v.b) FROM (SELECT v.a, v.b FROM cdp.verdict v WHERE v.kind IN ('forbid', 'same') ORDER BY v.verdict_id LIMIT 1) v;
		WHEN 4 THEN PERFORM cdp.unlink(one) WHERE EXISTS (SELECT FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id IN (l.a, l.b) WHERE i.identifier::text = one);
		WHEN 5 THEN PERFORM cdp.mark_shared(one, chance(step || 'shared', 2) = 0);
		WHEN 6 THEN PERFORM cdp.set_rules('{"device_id": {"max_links": 3, "max_per_profile": 2}}');
		WHEN 7 THEN PERFORM cdp.set_rules(format('{"anonymous_id": {"blocked": ["a%s", "^a3"]}, "*": {"cap": %s}}', chance(step || 'blocked', 40), 4 + chance(step || 'cap', 9))::jsonb);
		WHEN 8 THEN PERFORM cdp.set_sources('{"list": {"party": "third", "expires_after": "10000 days"}}');
		WHEN 9 THEN PERFORM cdp.set_trait_rules('{"n": "sum", "tags": "union"}');
		WHEN 10 THEN PERFORM cdp.carry_property('*', 'total', 'sum');
		WHEN 11 THEN PERFORM cdp.mark_shared(one, NULL), cdp.set_rules('{"anonymous_id": {"blocked": []}}');
		WHEN 12 THEN PERFORM cdp.set_rules(format('{"email": {"priority": %s}}', 5 + chance(step || 'priority', 80))::jsonb);
		ELSE PERFORM arrive(step, 10 + chance(step || 'rows', 90)), cdp.refresh(1000);
	END CASE;
END
$$;

\set look :top '/test/include/look.sql'
\i :look

SELECT cdp.init();
UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
SET cdp.store = 'auto';
SELECT count(act(s)) FROM generate_series(1, 56) s;
SELECT * FROM cdp.verify();
SELECT look('auto', '{received_at}');

DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
SET cdp.store = 'sql';
SELECT count(act(s)) FROM generate_series(1, 56) s;
SELECT * FROM cdp.verify();
SELECT look('sql', '{received_at}');

SELECT a.name, a.rows, s.rows, a.content = s.content AS same FROM seen a JOIN seen s ON s.name = a.name AND s.form = 'sql'
WHERE a.form = 'auto' AND a.content IS DISTINCT FROM s.content;
SELECT name, rows > 0 AS filled FROM seen WHERE form = 'auto' AND name IN ('anchor_history', 'account_member', 'carried_property', 'identifier_history', 'quarantine', 'verdict') ORDER BY name;
SELECT bool_or(profiles_merged > 0) AS merged, bool_or(profiles_split > 0) AS split, bool_or(events_reanchored > 0) AS reanchored, bool_or(duplicate > 0) AS duplicate,
	bool_or(reworks > 0) AS reworked, EXISTS (SELECT FROM cdp_data.link WHERE believed) AS believed, EXISTS (SELECT FROM cdp_data.identifier WHERE class_id <> 0) AS classes, EXISTS (SELECT FROM cdp.quarantine WHERE reason = 'message_id_reused') AS reused FROM cdp_data.batch;
RESET cdp.store;

-- it serves a batch alone
SELECT cdp_internal.refresh_pass(0, 0, 0);
SELECT cdp_internal.refresh_pass(0, 0, NULL);
BEGIN;
SELECT cdp_internal.batch_begin(1, now(), '{"(0,1)"}');
SELECT cdp_internal.refresh_pass(0, 0, 0, failures => '{one,two}');
ROLLBACK;
BEGIN;
SELECT cdp_internal.batch_begin(1, now());
SELECT cdp_internal.batch_stage('batch_blocked', 'SELECT NULL::bigint');
SELECT cdp_internal.refresh_pass(0, 0, 0);
ROLLBACK;
DROP FUNCTION look(text, text[]), act(integer), arrive(integer, integer), chance(text, integer);
DROP TABLE seen;
