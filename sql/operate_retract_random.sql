-- Events taken back in random histories, in both forms of the store: after each step nothing differs from what the log says,
-- and at the end all is as in an installation that never saw these events.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET client_min_messages = warning;
SET timezone = 'UTC';

-- a number below m that follows from a seed and a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;

CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, context,
		traits, "timestamp", received_at, source)
	SELECT coalesce(r.id, 'message ' || k), t.type,
		CASE WHEN t.type = 'track' THEN ('{Order Completed,Product Viewed,Signed Up}'::text[])[1 + chance(k || 'event', 3)] END,
		CASE WHEN chance(k || 'anonymous', 4) > 0 THEN 'a' || chance(k || 'a', 40) END,
		CASE WHEN chance(k || 'user', 4) = 0 THEN 'u' || chance(k || 'u', 15) END,
		CASE WHEN t.type = 'group' THEN 'account ' || chance(k || 'g', 5) END,
		CASE WHEN t.type = 'alias' THEN CASE WHEN chance(k || 'kin', 2) = 0 THEN 'u' || chance(k || 'earlier', 15) ELSE 'a' || chance(k || 'previous', 40) END END,
		CASE WHEN chance(k || 'more', 3) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 20) || '@example.com',
			'device_id', ARRAY['d' || chance(k || 'd', 8), 'd' || chance(k || 'other', 8)])
			WHEN chance(k || 'more', 3) = 1 THEN jsonb_build_object('email_sha256', encode(sha256(format('e%s@example.com', chance(k || 'h', 20))::bytea), 'hex')) END,
		jsonb_build_object('total', CASE chance(k || 'kind', 4) WHEN 0 THEN '"none"'::jsonb WHEN 1 THEN '{"left": "out"}' ELSE to_jsonb(chance(k || 'total', 10000) / 100.0) END),
		CASE WHEN t.type = 'group' AND chance(k || 'left', 3) = 0 THEN '{"groupLeft": true}'
			WHEN chance(k || 'context', 3) > 0 THEN jsonb_build_object('ip', '10.0.0.' || chance(k || 'ip', 9), 'campaign',
			jsonb_build_object('name', repeat('long ', 20) || chance(k || 'campaign', 6), 'source', CASE chance(k || 'medium', 3) WHEN 0 THEN '[{}]'::jsonb ELSE '"mail"' END)) END,
		CASE WHEN t.type IN ('identify', 'group') THEN jsonb_build_object('plan', 'p' || chance(k || 'plan', 4), 'n', chance(k || 'n', 9),
			'tags', ARRAY['x' || chance(k || 'tag', 5), 'y']) END,
		timestamptz '2025-01-01 00:00Z' + chance(k || 'time', 400) * interval '1 day', timestamptz '2025-01-01 00:00Z' + chance(k || 'received', 400) * interval '1 day',
		('{web,app,list}'::text[])[1 + chance(k || 'source', 3)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS own) o
	CROSS JOIN LATERAL (SELECT CASE WHEN chance(own || 'message', 9) = 0 THEN 'repeated ' || chance(own || 'which', 20) END AS id) r
	-- a repeated message has the same content, but for some
	CROSS JOIN LATERAL (SELECT CASE WHEN chance(own || 'reused', 3) > 0 THEN coalesce(r.id, own) ELSE own END AS k) s
	CROSS JOIN LATERAL (SELECT ('{track,track,track,identify,identify,group,alias,alias,wrong}'::text[])[1 + chance(k || 'type', 9)] AS type) t;
END
$$;

CREATE FUNCTION act(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	kinds text[] := ARRAY['user_id:u' || chance(step || 'u', 15), 'anonymous_id:a' || chance(step || 'a', 40),
		'email:e' || chance(step || 'e', 20) || '@example.com', 'device_id:d' || chance(step || 'd', 8)];
	one text := kinds[1 + chance(step || 'first', 4)];
	other text := 'user_id:u' || chance(step || 'other', 15);
	share integer := (ARRAY[3, 20, 200])[1 + chance(step || 'share', 3)];
BEGIN
	CASE step % 24
		WHEN 1 THEN PERFORM cdp.allow(v.a, v.b) FROM cdp_data.verdict v WHERE v.b IS NOT NULL ORDER BY v.kind <> 'unlink', chance(step || v.verdict_id::text, 1000) LIMIT 1;
		WHEN 2 THEN PERFORM cdp.forbid(other, one) WHERE one NOT LIKE 'user_id:%';
		WHEN 3, 13, 18, 22 THEN PERFORM cdp.retract(forever => chance(step || 'forever', 3) = 0,
			event_ids => ARRAY(SELECT e.event_id FROM cdp_data.event e WHERE chance(step || 'take' || e.event_id, share) = 0));
		WHEN 4 THEN PERFORM cdp.unlink(one) WHERE EXISTS (SELECT FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id IN (l.a, l.b) WHERE i.identifier::text = one);
		WHEN 5 THEN PERFORM cdp.mark_shared(one, chance(step || 'shared', 2) = 0);
		WHEN 6 THEN PERFORM cdp.set_rules('{"device_id": {"max_links": 3, "max_per_profile": 2}}');
		WHEN 7 THEN PERFORM cdp.set_rules(format('{"anonymous_id": {"blocked": ["a%s", "^a3"]}, "*": {"cap": %s}}', chance(step || 'blocked', 40), 4 + chance(step || 'cap', 9))::jsonb);
		WHEN 8 THEN PERFORM cdp.set_sources('{"list": {"party": "third", "expires_after": "10000 days"}, "web": {"trust": 3, "aliases": "same"}}');
		WHEN 9 THEN PERFORM cdp.set_trait_rules('{"n": "sum", "tags": "union"}');
		WHEN 10 THEN PERFORM cdp.carry_property('*', 'total', 'sum');
		WHEN 11 THEN PERFORM cdp.mark_shared(one, NULL), cdp.set_rules('{"anonymous_id": {"blocked": []}}');
		WHEN 12 THEN PERFORM cdp.set_rules(format('{"email": {"priority": %s}}', 5 + chance(step || 'priority', 80))::jsonb);
		WHEN 14 THEN PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e WHERE chance(step || 'take' || e.event_id, 10) = 0));
		WHEN 16 THEN PERFORM cdp.retract(source => 'app', since => timestamptz '2025-01-01 00:00Z' + chance(step || 'since', 400) * interval '1 day',
			until => timestamptz '2025-01-01 00:00Z' + chance(step || 'until', 400) * interval '1 day');
		WHEN 19 THEN PERFORM cdp.retract(query => format('SELECT event_id FROM cdp.events WHERE profile_id %% 7 = %s', chance(step || 'seven', 7)));
		WHEN 20 THEN
			BEGIN
				PERFORM cdp.same(one, other);
			EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value THEN
			END;
		ELSE PERFORM arrive(step, 10 + chance(step || 'rows', 90)), cdp.refresh(1000);
	END CASE;
END
$$;

-- what differs from the log after each step
CREATE FUNCTION run(first integer, last integer) RETURNS TABLE (step integer, stage text, item text, expected text, found text) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN first .. last LOOP
		PERFORM act(step);
		RETURN QUERY SELECT run.step, v.* FROM cdp.verify() v LIMIT 3;
	END LOOP;
END
$$;

-- all that follows from the log, with identifiers in place of numbers
CREATE TABLE seen (installation text, what text, row text);
CREATE FUNCTION name(id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT i.identifier::text FROM cdp_data.identifier i WHERE i.identifier_id = id);
END
$$;
CREATE FUNCTION look(installation text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen
	SELECT installation, 'profile', concat_ws(' | ', name(p.profile_id), p.first_seen, p.last_seen, p.events, p.identifier_count, p.shared, p.has_forbid, p.limited,
		(SELECT array_agg(i.identifier::text ORDER BY i.identifier::text) FROM cdp_data.identifier i WHERE i.profile_id = p.profile_id), p.identifiers, p.traits, p.expires_at, p.accounts,
		cdp_internal.timeline_whole(p.timeline, p.level_1, p.level_2, p.level_3))
	FROM cdp_data.profile p;
	INSERT INTO seen
	SELECT installation, 'identifier', concat_ws(' | ', i.identifier, name(i.profile_id), i.shared, i.blocked, cdp_internal.link_counts(i.link_counts),
		(SELECT array_agg(o.identifier::text ORDER BY o.identifier::text) FROM cdp_data.identifier o WHERE o.class_id = i.class_id AND i.class_id <> 0))
	FROM cdp_data.identifier i WHERE i.profile_id <> 0;
	INSERT INTO seen
	SELECT installation, 'link', concat_ws(' | ', least(name(l.a), name(l.b)), greatest(name(l.a), name(l.b)), s.source, l.first_at, l.last_at, l.events, l.aliases, l.message_id, l.refused, l.believed)
	FROM cdp_data.link l JOIN cdp_data.source s USING (source_id);
	INSERT INTO seen
	SELECT installation, 'event', to_jsonb(e) - '{event_id,batch_id,identifier_id,context_hash}'::text[]
		|| jsonb_build_object('anchor', name(e.identifier_id), 'context', cdp_internal.whole_context(e.context, x.context))
	FROM cdp_data.event e LEFT JOIN cdp_data.shared_context x USING (context_hash);
	INSERT INTO seen SELECT installation, 'account', concat_ws(' | ', a.group_id, a.first_seen, a.last_seen, a.events, a.traits, a.expires_at) FROM cdp_data.account a;
	INSERT INTO seen SELECT installation, 'member', concat_ws(' | ', name(m.identifier_id), m.group_id, m.first_at, m.last_at, m.events, m.left_at) FROM cdp_data.account_member m;
	INSERT INTO seen SELECT installation, 'verdict', concat_ws(' | ', v.kind, v.a, v.b, v.until_at, v.refused) FROM cdp_data.verdict v;
	INSERT INTO seen SELECT installation, 'number', concat_ws(' | ', c.event, c.name, c.left_out) FROM cdp_data.carried_property c;
	INSERT INTO seen SELECT installation, 'log', concat_ws(' | ', s.source, s.accepted - s.retracted) FROM cdp_data.source s;
END
$$;

-- another installation: the same rules and verdicts, and then what is left of the log
CREATE TABLE kept (place bigint, name text, row jsonb);
CREATE FUNCTION keep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t name;
BEGIN
	DELETE FROM kept;
	FOREACH t IN ARRAY '{namespace,source,verdict,trait_rule,carried_property,state}'::name[] LOOP
		EXECUTE format('INSERT INTO kept SELECT 0, %L, to_jsonb(t) FROM cdp_data.%I t', t, t);
	END LOOP;
	INSERT INTO kept SELECT e.event_id, 'inbox', to_jsonb(e) || jsonb_build_object('context', cdp_internal.whole_context(e.context, x.context))
	FROM cdp_data.event e LEFT JOIN cdp_data.shared_context x USING (context_hash);
END
$$;
CREATE FUNCTION begin_anew(rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM cdp_data.namespace;
	INSERT INTO cdp_data.namespace SELECT r.* FROM kept k, jsonb_populate_record(NULL::cdp_data.namespace, k.row) r WHERE k.name = 'namespace';
	DELETE FROM cdp_data.carried_property;
	INSERT INTO cdp_data.carried_property SELECT r.event, r.name, r.path, 0 FROM kept k, jsonb_populate_record(NULL::cdp_data.carried_property, k.row) r WHERE k.name = 'carried_property';
	INSERT INTO cdp_data.trait_rule SELECT r.* FROM kept k, jsonb_populate_record(NULL::cdp_data.trait_rule, k.row) r WHERE k.name = 'trait_rule';
	INSERT INTO cdp_data.verdict (verdict_id, kind, a, b, until_at, batch_id)
	SELECT (k.row ->> 'verdict_id')::bigint, k.row ->> 'kind', (k.row ->> 'a')::cdp.identifier, (k.row ->> 'b')::cdp.identifier, (k.row ->> 'until_at')::timestamptz, 0
	FROM kept k WHERE k.name = 'verdict';
	INSERT INTO cdp_data.source (source, source_id, party, trust, aliases, expires_after, first_batch_id, last_batch_id)
	SELECT r.source, r.source_id, r.party, r.trust, r.aliases, r.expires_after, 0, 0 FROM kept k, jsonb_populate_record(NULL::cdp_data.source, k.row) r WHERE k.name = 'source';
	UPDATE cdp_data.state SET cap = (k.row ->> 'cap')::integer FROM kept k WHERE k.name = 'state';
	FOR part IN 0 .. 8 LOOP
		INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, "timestamp", sent_at, original_timestamp, received_at, source)
		SELECT r.message_id, r.type, r.event, r.anonymous_id, r.user_id, r.group_id, r.previous_id, r.identifiers, r.properties, r.traits, r.context, r."timestamp", r.sent_at, r.original_timestamp, r.received_at, r.source
		FROM kept k, jsonb_populate_record(NULL::cdp.inbox, k.row) r WHERE k.name = 'inbox' AND k.place % 9 = part ORDER BY k.place;
		PERFORM cdp.refresh(rows);
		PERFORM cdp.refresh(100000);
	END LOOP;
END
$$;

SELECT cdp.init();
SET cdp.store = auto;
SELECT * FROM run(1, 48);
SELECT look('auto'), keep();
SELECT sum(retracted) > 100 AS retracted, sum(identifiers_left) > 20 AS identifiers_left, sum(profiles_split) > 20 AS split FROM cdp_data.batch;
SELECT identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch();
DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT begin_anew(17);
SELECT look('without');
SELECT * FROM cdp.verify();
SELECT what, count(*) > 0 AS filled FROM seen WHERE installation = 'auto' GROUP BY what ORDER BY what;
(SELECT * FROM seen WHERE installation = 'auto' EXCEPT ALL SELECT 'auto', what, row FROM seen WHERE installation = 'without') UNION ALL (SELECT * FROM seen WHERE installation = 'without' EXCEPT ALL SELECT 'without', what, row FROM seen WHERE installation = 'auto') ORDER BY 2, 3, 1 LIMIT 10;
DELETE FROM seen;

DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET cdp.store = sql;
SELECT * FROM run(25, 72);
SELECT look('sql'), keep();
SELECT sum(retracted) > 100 AS retracted, sum(identifiers_left) > 20 AS identifiers_left, sum(profiles_split) > 20 AS split FROM cdp_data.batch;
SELECT identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch();
DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT begin_anew(17);
SELECT look('without');
SELECT * FROM cdp.verify();
SELECT what, count(*) > 0 AS filled FROM seen WHERE installation = 'sql' GROUP BY what ORDER BY what;
(SELECT * FROM seen WHERE installation = 'sql' EXCEPT ALL SELECT 'sql', what, row FROM seen WHERE installation = 'without') UNION ALL (SELECT * FROM seen WHERE installation = 'without' EXCEPT ALL SELECT 'without', what, row FROM seen WHERE installation = 'sql') ORDER BY 2, 3, 1 LIMIT 10;
DELETE FROM seen;

\c :origin
DROP DATABASE cdp_retract_random;
