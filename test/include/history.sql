-- Random histories, which follow from the setting history.seed.

-- a number below m that follows from a seed and a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql STABLE AS $$
	SELECT (('x' || substr(md5(concat(current_setting('history.seed'), seed)), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;

CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits,
		context, "timestamp", received_at, source)
	SELECT 'message ' || k, t.type,
		CASE WHEN t.type = 'track' THEN ('{Order Completed,Product Viewed,Signed Up}'::text[])[1 + chance(k || 'event', 3)] END,
		CASE WHEN chance(k || 'anonymous', 4) > 0 THEN 'a' || chance(k || 'a', 25) END,
		CASE WHEN chance(k || 'user', 3) = 0 OR t.type = 'alias' THEN 'u' || chance(k || 'u', 15) END,
		CASE WHEN t.type = 'group' THEN 'account ' || chance(k || 'g', 5) END,
		CASE WHEN t.type = 'alias' THEN 'u' || chance(k || 'previous', 15) END,
		CASE WHEN chance(k || 'more', 3) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 15) || '@example.com',
			'device_id', ARRAY['d' || chance(k || 'd', 8), 'd' || chance(k || 'other', 8)]) END,
		jsonb_build_object('total', chance(k || 'total', 10000) / 100.0, 'category', 'c' || chance(k || 'category', 5),
			'list', jsonb_build_array('{"tag": "t"}'::jsonb, jsonb_build_object('tag', chance(k || 'list', 3)))),
		CASE WHEN t.type IN ('identify', 'group') THEN jsonb_build_object('plan', 'p' || chance(k || 'plan', 4), 'n', chance(k || 'n', 9),
			'tags', ARRAY['x' || chance(k || 'tag', 5), 'y']) END,
		jsonb_build_object('ip', k, 'library', repeat('a library ', 10), 'campaign', jsonb_build_object('name', 'spring ' || chance(k || 'campaign', 3))) || CASE WHEN t.type = 'group' AND chance(k || 'left', 3) = 0 THEN '{"groupLeft": true}'::jsonb ELSE '{}' END,
		timestamptz '2025-01-01 00:00Z' + chance(k || 'time', 400) * interval '1 day',
		timestamptz '2025-01-01 00:00Z' + chance(k || 'received', 400) * interval '1 day',
		('{web,app,list}'::text[])[1 + chance(k || 'source', 3)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS k) o
	CROSS JOIN LATERAL (SELECT ('{track,track,track,identify,identify,group,alias}'::text[])[1 + chance(k || 'type', 7)] AS type) t;
END
$$;

-- what is folded cannot be taken back: only events of the last months are
CREATE FUNCTION act(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	known text[] := ARRAY['user_id:u' || chance(step || 'u', 15), 'anonymous_id:a' || chance(step || 'a', 25),
		'email:e' || chance(step || 'e', 15) || '@example.com', 'device_id:d' || chance(step || 'd', 8)];
	one text := known[1 + chance(step || 'first', 4)];
	pair record;
BEGIN
	CASE chance(step || 'what', 24)
		WHEN 0 THEN PERFORM cdp.forbid('user_id:u' || chance(step || 'forbid', 15), one) WHERE one NOT LIKE 'user_id:%';
		WHEN 1, 2 THEN
			SELECT i.identifier::text AS a, j.identifier::text AS b INTO pair FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id = l.a
			JOIN cdp_data.identifier j ON j.identifier_id = l.b WHERE i.profile_id <> 0 AND j.profile_id <> 0 ORDER BY md5(concat(step, least(i.identifier, j.identifier), greatest(i.identifier, j.identifier))) LIMIT 1;
			PERFORM cdp.unlink(pair.a, pair.b) WHERE pair.a IS NOT NULL;
		WHEN 3, 4 THEN
			SELECT v.a::text AS a, v.b::text AS b INTO pair FROM cdp_data.verdict v WHERE v.b IS NOT NULL ORDER BY md5(concat(step, v.a, v.b)) LIMIT 1;
			PERFORM cdp.allow(pair.a, pair.b) WHERE pair.a IS NOT NULL;
		WHEN 5 THEN PERFORM cdp.mark_shared(one, chance(step || 'shared', 2) = 0);
		WHEN 6 THEN PERFORM cdp.set_rules(format('{"device_id": {"max_links": %s, "max_per_profile": 2}}', 1 + chance(step || 'links', 5))::jsonb);
		WHEN 7 THEN PERFORM cdp.set_rules(format('{"anonymous_id": {"blocked": ["a%s", "^a2"]}, "*": {"cap": %s}}', chance(step || 'blocked', 25), 4 + chance(step || 'cap', 9))::jsonb);
		WHEN 8 THEN PERFORM cdp.set_sources(format('{"list": {"trust": %s}, "app": {"aliases": "%s"}}', chance(step || 'trust', 5), ('{same,link}'::text[])[1 + chance(step || 'believe', 2)])::jsonb);
		WHEN 9 THEN PERFORM cdp.mark_shared(one, NULL);
		WHEN 10 THEN PERFORM cdp.set_rules('{"anonymous_id": {"blocked": []}, "user_id": {"blocked": []}}');
		WHEN 11 THEN PERFORM cdp.set_rules(format('{"email": {"priority": %s}}', 5 + chance(step || 'priority', 80))::jsonb);
		WHEN 12 THEN PERFORM cdp.set_rules(format('{"user_id": {"blocked": ["u%s", "u%s"]}}', chance(step || 'b1', 15), chance(step || 'b2', 15))::jsonb);
		WHEN 13 THEN
			PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e WHERE e."timestamp" >= '2025-11-01Z'
				ORDER BY md5(concat(step, e.message_id)) LIMIT 1 + chance(step || 'retract', 8)));
		WHEN 14 THEN PERFORM cdp.same('user_id:u' || chance(step || 's1', 15), one) WHERE one <> 'user_id:u' || chance(step || 's1', 15);
		ELSE PERFORM arrive(step, 5 + chance(step || 'rows', 60)), cdp.refresh(1000);
	END CASE;
EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value OR check_violation OR undefined_object OR unique_violation THEN
	INSERT INTO told VALUES (step, sqlerrm);
END
$$;
CREATE TABLE told (step integer, message text);

-- what follows from the history, by the names of identifiers
CREATE TABLE seen (form text, name text, content text);
CREATE FUNCTION look(form text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO seen
	SELECT form, 'link', concat_ws(' ', least(i.identifier::text, j.identifier::text), greatest(i.identifier::text, j.identifier::text), s.source, l.first_at, l.last_at, l.events, l.message_id, l.refused, l.aliases, l.believed)
	FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id = l.a JOIN cdp_data.identifier j ON j.identifier_id = l.b JOIN cdp_data.source s USING (source_id)
	UNION ALL
	SELECT form, 'identifier', concat_ws(' ', i.identifier, p.identifier, i.shared, cdp_internal.link_counts(i.link_counts))
	FROM cdp_data.identifier i JOIN cdp_data.identifier p ON p.identifier_id = i.profile_id
	UNION ALL
	SELECT form, 'profile', concat_ws(' ', i.identifier, p.events, p.first_seen, p.last_seen, p.identifier_count, p.identifiers, p.accounts, p.traits, p.timeline, p.level_1, p.level_2, p.level_3, p.limited, p.has_forbid)
	FROM cdp_data.profile p JOIN cdp_data.identifier i ON i.identifier_id = p.profile_id
	UNION ALL
	SELECT form, 'account', concat_ws(' ', a.group_id, a.events, a.first_seen, a.last_seen, a.traits) FROM cdp_data.account a
	UNION ALL
	SELECT form, 'member', concat_ws(' ', i.identifier, m.group_id, m.events, m.first_at, m.last_at, m.left_at)
	FROM cdp_data.account_member m LEFT JOIN cdp_data.identifier i USING (identifier_id)
	UNION ALL
	SELECT form, 'verdict', concat_ws(' ', v.kind, v.a, v.b, v.until_at) FROM cdp_data.verdict v
	UNION ALL
	SELECT form, 'told', concat_ws(' ', t.step, t.message) FROM told t;
	DELETE FROM told;
$$;

CREATE FUNCTION begin_history() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cdp_data.identifier_key SET key = '\x000102030405060708090a0b0c0d0e0f';
	PERFORM arrive(0, 50), cdp.refresh();
	PERFORM cdp.set_trait_rules('{"n": "sum", "tags": "union"}'), cdp.carry_property('*', 'total', 'sum'), cdp.carry_property('*', 'list[].tag', 'tag');
END
$$;
