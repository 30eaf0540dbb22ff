-- A load makes the same tables as the inbox and refreshes of so many rows: of a random history, with verdicts, rules, mutable
-- sources, retractions and loads in all sizes, into an empty platform and into one that has data.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
CREATE DATABASE cdp_load_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_load_random
SET client_min_messages = warning;

-- a number below m that follows from a seed and a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;

CREATE FUNCTION sent(step integer, rows integer) RETURNS TABLE (message_id text, type text, event text, anonymous_id text, user_id text, group_id text, previous_id text,
	identifiers jsonb, properties jsonb, traits jsonb, context jsonb, "timestamp" timestamptz, received_at timestamptz, source text)
LANGUAGE sql STABLE AS $$
	SELECT coalesce(r.id, 'message ' || k), t.type,
		CASE WHEN t.type = 'track' THEN ('{Order Completed,Product Viewed,Signed Up}'::text[])[1 + chance(k || 'event', 3)] END,
		CASE WHEN chance(k || 'anonymous', 4) > 0 THEN 'a' || chance(k || 'a', 40) END,
		CASE WHEN chance(k || 'user', 4) = 0 THEN 'u' || chance(k || 'u', 15) END,
		CASE WHEN t.type = 'group' THEN 'account ' || chance(k || 'g', 5) END,
		CASE WHEN t.type = 'alias' THEN ('{a,u}'::text[])[1 + chance(k || 'earlier', 2)] || chance(k || 'previous', 15) END,
		CASE WHEN chance(k || 'more', 3) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 20) || '@example.com',
			'device_id', ARRAY['d' || chance(k || 'd', 8), 'd' || chance(k || 'other', 8)]) END,
		jsonb_build_object('total', CASE chance(k || 'kind', 3) WHEN 0 THEN '"none"'::jsonb ELSE to_jsonb(chance(k || 'total', 10000) / 100.0) END,
			'version', chance(own || 'version', 4)),
		CASE WHEN t.type IN ('identify', 'group') THEN jsonb_build_object('plan', 'p' || chance(k || 'plan', 4), 'n', chance(k || 'n', 9),
			'tags', ARRAY['x' || chance(k || 'tag', 5), 'y']) END,
		CASE WHEN t.type = 'group' AND chance(k || 'left', 3) = 0 THEN '{"groupLeft": true}' WHEN chance(k || 'context', 2) = 0 THEN jsonb_build_object('ip', '10.0.0.' || chance(k || 'ip', 9), 'userAgent', repeat('browser ', 20)) END,
		timestamptz '2024-01-01 00:00Z' + chance(k || 'time', 400) * interval '1 day' - CASE WHEN chance(k || 'wrong', 60) = 0 THEN interval '80 years' ELSE interval '0' END,
		timestamptz '2025-01-01 00:00Z' + chance(k || 'received', 400) * interval '1 day',
		('{web,app,list,shop,NULL}'::text[])[1 + chance(coalesce(r.id, k) || 'source', 5)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS own) o
	CROSS JOIN LATERAL (SELECT CASE WHEN chance(own || 'message', 9) = 0 THEN 'repeated ' || chance(own || 'which', 40) END AS id) r
	-- a repeated message has the same content, but for some
	CROSS JOIN LATERAL (SELECT CASE WHEN chance(own || 'reused', 3) > 0 THEN coalesce(r.id, own) ELSE own END AS k) s
	CROSS JOIN LATERAL (SELECT ('{track,track,track,identify,identify,group,alias,wrong}'::text[])[1 + chance(k || 'type', 8)] AS type) t
	ORDER BY i
$$;

-- Brings rows, in batches of so many.  Those of the inbox are in the order of their places, so the load takes them from
-- there.
CREATE FUNCTION bring(form text, step integer, rows integer, batch integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	waiting bigint := rows;
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, "timestamp", received_at, source)
	SELECT s.message_id, s.type, s.event, s.anonymous_id, s.user_id, s.group_id, s.previous_id, s.identifiers, s.properties, s.traits, s.context, s."timestamp", s.received_at,
		coalesce(s.source, 'other')
	FROM sent(step, rows) s;
	IF form = 'load' THEN
		PERFORM cdp.load($sql$
			SELECT nullif(source, 'other') AS source, "timestamp", event::varchar(30), message_id, type, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits,
				context, received_at FROM cdp.inbox ORDER BY ctid
		$sql$, 'other', batch);
		DELETE FROM cdp.inbox;
		RETURN;
	END IF;
	WHILE waiting > 0 LOOP
		SELECT r.waiting INTO waiting FROM cdp.refresh(batch) r;
	END LOOP;
END
$$;

CREATE FUNCTION act(form text, step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known text[] := ARRAY['user_id:u' || chance(step || 'u', 15), 'anonymous_id:a' || chance(step || 'a', 40),
		'email:e' || chance(step || 'e', 20) || '@example.com', 'device_id:d' || chance(step || 'd', 8)];
	one text := known[1 + chance(step || 'first', 4)];
BEGIN
	CASE step % 16
		WHEN 2 THEN PERFORM cdp.forbid('user_id:u' || chance(step || 'forbid', 15), one) WHERE one NOT LIKE 'user_id:%'
			AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'same');
		WHEN 1 THEN PERFORM bring(form, step, 250, 60);
		WHEN 3 THEN PERFORM cdp.same('user_id:u' || chance(step || 'same', 15), one) WHERE one <> 'user_id:u' || chance(step || 'same', 15)
			AND NOT EXISTS (SELECT FROM cdp.verdict v WHERE v.kind = 'forbid');
		WHEN 4 THEN PERFORM cdp.unlink(one) WHERE EXISTS (SELECT FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id IN (l.a, l.b) WHERE i.identifier::text = one);
		WHEN 5 THEN PERFORM cdp.mark_shared(one, chance(step || 'shared', 2) = 0);
		WHEN 6 THEN PERFORM cdp.set_rules('{"device_id": {"max_links": 3, "max_per_profile": 2}}');
		WHEN 7 THEN PERFORM cdp.set_rules(format('{"anonymous_id": {"blocked": ["a%s", "^a3"]}, "*": {"cap": %s}}', chance(step || 'blocked', 40), 4 + chance(step || 'cap', 9))::jsonb);
		WHEN 8 THEN PERFORM cdp.set_sources('{"list": {"party": "third", "expires_after": "10000 days"}, "app": {"party": "first", "aliases": "same"}}');
		WHEN 9 THEN PERFORM cdp.set_trait_rules('{"n": "sum", "tags": "union"}');
		WHEN 10 THEN PERFORM cdp.carry_property('*', 'total', 'sum');
		WHEN 11 THEN PERFORM cdp.mark_shared(one, NULL), cdp.set_rules('{"anonymous_id": {"blocked": []}}');
		WHEN 12 THEN PERFORM cdp.set_rules(format('{"email": {"priority": %s}}', 5 + chance(step || 'priority', 80))::jsonb);
		WHEN 13 THEN PERFORM cdp.retract(event_ids => ARRAY(SELECT e.event_id FROM cdp.events e WHERE e.event_id % 29 = step % 29));
		-- what comes otherwise
		WHEN 14 THEN PERFORM bring('inbox', step, 40, 1000);
		ELSE PERFORM bring(form, step, 10 + chance(step || 'rows', 90), 1 + chance(step || 'batch', 120));
	END CASE;
END
$$;

\set look :top '/test/include/look.sql'
\i :look

CREATE FUNCTION live(form text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp.init();
	UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
	PERFORM cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "version", "keep_corrections": true}}');
	PERFORM act(form, s) FROM generate_series(0, 50) s;
	PERFORM look(form);
	RETURN (SELECT count(*) FROM cdp.verify());
END
$$;

CREATE EXTENSION cdp;
SELECT live('inbox');
DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT live('load');
SELECT name, i.rows, l.rows, i.content = l.content AS same FROM (SELECT * FROM seen WHERE form = 'inbox') i FULL JOIN (SELECT * FROM seen WHERE form = 'load') l USING (name)
WHERE i.content IS DISTINCT FROM l.content;
SELECT name, rows > 0 AS filled FROM seen WHERE form = 'load' AND name IN ('account_member', 'anchor_history', 'correction', 'event', 'identifier_history', 'quarantine', 'retraction', 'shared_context', 'verdict') ORDER BY name;
SELECT bool_or(profiles_merged > 0) AS merged, bool_or(profiles_split > 0) AS split, bool_or(events_reanchored > 0) AS reanchored, bool_or(duplicate > 0) AS duplicate,
	bool_or(reworks > 0) AS reworked, EXISTS (SELECT FROM cdp.quarantine WHERE reason = 'message_id_reused') AS reused, count(DISTINCT written_by) AS writers FROM cdp_data.batch, cdp.quarantine;
\c :origin
DROP DATABASE cdp_load_random;
