-- Random documents of many rules at once: each does what its preview says, what its parts do one after the other in
-- any order, and what the log says computed anew.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_rule_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_rule_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT setseed(0.1147);

CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE FUNCTION one_of(VARIADIC choices text[]) RETURNS jsonb LANGUAGE sql VOLATILE RETURN choices[pick(cardinality(choices))]::jsonb;
-- events of one to four of a history's 18 identifiers, many of one time, of three sources
CREATE FUNCTION feed(events int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, identifiers, traits, "timestamp", received_at, source)
	SELECT CASE WHEN n % 3 = 0 THEN 'identify' ELSE 'track' END, CASE WHEN n % 3 > 0 THEN 'Event' END,
		(SELECT jsonb_object_agg(g.namespace, g.v) FROM (
			SELECT s.namespace, jsonb_agg(DISTINCT s.v) AS v FROM (
				SELECT k.namespace, h.history || '-' || pick(k.number) || CASE WHEN k.namespace = 'email' THEN '@example.com' ELSE '' END AS v
				FROM (VALUES ('user_id', 3), ('email', 3), ('crm_id', 3), ('device_id', 4), ('anonymous_id', 5)) AS k (namespace, number)
				WHERE h.history + n > 0 ORDER BY random() LIMIT pick(4)) s GROUP BY s.namespace) g),
		CASE WHEN n % 3 = 0 THEN jsonb_build_object('number', n) END,
		timestamptz '2026-01-01' + pick(12) * interval '1 hour', '2026-01-02', (ARRAY['web', 'app', 'list'])[pick(3)]
	FROM (SELECT n, pick(14) AS history FROM generate_series(1, events) n OFFSET 0) h
$$;
-- rules of one kind, each with its place in a document
CREATE FUNCTION random_parts() RETURNS TABLE (part jsonb) LANGUAGE sql VOLATILE AS $$
	SELECT jsonb_build_object(n.namespace, jsonb_build_object(r.key, r.value))
	FROM unnest('{user_id,email,crm_id,device_id,anonymous_id}'::text[]) AS n (namespace)
	CROSS JOIN LATERAL (VALUES ('max_per_profile', one_of('1', '2', '3', '"unlimited"', 'null')), ('priority', one_of('5', '20', '30', '45', '70', 'null')),
		('max_links', one_of('1', '3', '"unlimited"', 'null', '{"user_id": 1}', '{"user_id": 2, "*": 2}', '{"anonymous_id": 2, "user_id": "unlimited"}', '{"*": 4, "crm_id": null}')),
		('blocked', one_of('[]', 'null', '["^[0-9]*[02468]-1"]', '["^1.*"]', '["3-1", "4-2", "4-2@example.com"]'))) AS r (key, value)
	WHERE random() < 0.25 AND n.namespace IS NOT NULL
	UNION ALL
	SELECT jsonb_build_object('*', jsonb_build_object('cap', one_of('4', '6', '9', '"unlimited"', 'null'))) WHERE random() < 0.4
	UNION ALL
	SELECT jsonb_build_object('*', jsonb_build_object('sources', jsonb_build_object(s.source,
		jsonb_build_object('trust', one_of('1', '2', '3', '4', 'null'), 'party', one_of('"first"', '"third"')))))
	FROM unnest('{web,app,list}'::text[]) AS s (source) WHERE random() < 0.3
$$;
-- one document of all parts
CREATE FUNCTION joined(parts jsonb[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_object_agg(k.key, k.value), '{}') FROM (
		SELECT e.key, CASE WHEN e.key = '*' THEN coalesce(jsonb_object_agg(r.key, r.value) FILTER (WHERE r.key <> 'sources'), '{}')
				|| jsonb_build_object('sources', coalesce((SELECT jsonb_object_agg(s.key, s.value) FROM unnest(parts) p, jsonb_each(p -> '*' -> 'sources') s), '{}'))
			ELSE jsonb_object_agg(r.key, r.value) END AS value
		FROM unnest(parts) p CROSS JOIN LATERAL jsonb_each(p) e CROSS JOIN LATERAL jsonb_each(e.value) r GROUP BY e.key) k
$$;
-- all that follows from the evidence and the rules
CREATE FUNCTION outcome() RETURNS SETOF text LANGUAGE sql STABLE AS $$
	SELECT concat_ws(' ', 'identifier', identifier, profile_id, shared, blocked, cdp_internal.link_counts(link_counts)) FROM cdp_data.identifier
	UNION ALL SELECT concat_ws(' ', 'link', a, b, source, events, refused) FROM cdp_data.link JOIN cdp_data.source USING (source_id)
	UNION ALL SELECT concat_ws(' ', 'profile', profile_id, identifier_count, shared, limited, events, first_seen, last_seen, traits::jsonb) FROM cdp_data.profile
	UNION ALL SELECT concat_ws(' ', 'event', event_id, identifier_id) FROM cdp_data.event
	UNION ALL SELECT concat_ws(' ', 'rules', cdp.rules())
$$;
CREATE TABLE done (number int GENERATED ALWAYS AS IDENTITY, rules jsonb, parts int, moved bigint, split bigint, merged bigint);
CREATE TABLE wrong (number int, what text, item text);
CREATE PROCEDURE step() LANGUAGE plpgsql AS $$
DECLARE
	parts jsonb[] := ARRAY(SELECT part FROM random_parts());
	document jsonb := joined(parts);
	last_batch bigint;
	part jsonb;
	one_by_one text[];
	told jsonb;
	this int;
BEGIN
	IF document = '{}' THEN
		RETURN;
	END IF;
	INSERT INTO done (rules, parts) VALUES (document, cardinality(parts)) RETURNING number INTO this;
	BEGIN
		FOR part IN SELECT p FROM unnest(parts) p ORDER BY random() LOOP
			PERFORM cdp.set_rules(part);
		END LOOP;
		one_by_one := ARRAY(SELECT outcome());
		RAISE EXCEPTION 'taken back' USING ERRCODE = 'UE000';
	EXCEPTION WHEN SQLSTATE 'UE000' THEN
		NULL;
	END;
	told := (SELECT jsonb_agg(p) FROM cdp.preview_rules(document, details => 100000) p);
	last_batch := (SELECT s.batch_id FROM cdp_data.state s);
	CREATE TEMP TABLE was ON COMMIT DROP AS SELECT i.identifier_id, i.profile_id FROM cdp_data.identifier i;
	PERFORM cdp.set_rules(document);
	INSERT INTO wrong SELECT this, 'batches', s.batch_id - last_batch FROM cdp_data.state s WHERE s.batch_id <> last_batch + 1;
	INSERT INTO wrong SELECT this, 'as a whole', o FROM (SELECT outcome() AS o EXCEPT ALL SELECT unnest(one_by_one)) d;
	INSERT INTO wrong SELECT this, 'one by one', o FROM (SELECT unnest(one_by_one) AS o EXCEPT ALL SELECT outcome()) d;
	INSERT INTO wrong SELECT this, 'foretold', d::text FROM (
		(SELECT nullif(w.profile_id, 0), nullif(i.profile_id, 0), count(*) FROM cdp_data.identifier i LEFT JOIN was w USING (identifier_id)
		 WHERE i.profile_id <> coalesce(w.profile_id, 0) GROUP BY 1, 2)
		EXCEPT ALL
		SELECT t.profile_id, t.becomes, t.number FROM jsonb_to_recordset(told) AS t (profile_id bigint, becomes bigint, number bigint) WHERE num_nonnulls(t.profile_id, t.becomes) > 0) d;
	INSERT INTO wrong SELECT this, 'verify', v::text FROM cdp.verify() v;
	UPDATE done SET moved = (SELECT count(*) FROM cdp_data.identifier i JOIN was w USING (identifier_id) WHERE i.profile_id <> w.profile_id),
		split = b.profiles_split, merged = b.profiles_merged FROM cdp.batch b WHERE number = this AND b.batch_id = last_batch + 1;
	COMMIT;
END
$$;
SELECT feed(150), count(*) FROM cdp.refresh();
DO $$ BEGIN FOR i IN 1 .. 14 LOOP CALL step(); PERFORM feed(40); PERFORM cdp.refresh(); COMMIT; END LOOP; END $$;
SELECT * FROM wrong ORDER BY number, what, item LIMIT 20;
-- that something was asked for
SELECT count(*) > 10 AS documents, sum(parts) > 60 AS rules, sum(moved) > 300 AS moved, sum(split) > 50 AS split, sum(merged) > 20 AS merged,
	count(*) FILTER (WHERE rules -> '*' ? 'sources' AND (SELECT count(*) FROM jsonb_object_keys(rules)) > 2) > 3 AS mixed FROM done;

\c :origin
DROP DATABASE cdp_rule_random;
