-- Consent in random histories of events, late statements, merges, unmerges, shared and blocked identifiers, verdicts, rules,
-- retractions and answers outside of events: after each step the stamp of everyone is what the definition says, in SQL,
-- of the events of the log.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_consent_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_consent_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
SET search_path = public, cdp;
SET jit = off;

-- a number below m that follows from a seed and a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;

CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, identifiers, context, traits, "timestamp", received_at, source)
	SELECT 'message ' || k, t.type, CASE WHEN t.type = 'track' THEN 'Page Viewed' END,
		CASE WHEN chance(k || 'anonymous', 4) > 0 THEN 'a' || chance(k || 'a', 25) END,
		CASE WHEN chance(k || 'user', 3) = 0 THEN 'u' || chance(k || 'u', 12) END,
		CASE chance(k || 'more', 5) WHEN 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 15) || '@example.com', 'device_id', 'd' || chance(k || 'd', 8))
			WHEN 1 THEN jsonb_build_object('email_sha256', encode(sha256(format('e%s@example.com', chance(k || 'h', 15))::bytea), 'hex')) END,
		CASE WHEN chance(k || 'consent', 2) = 0 THEN jsonb_build_object('consent', jsonb_build_object('categoryPreferences',
			CASE chance(k || 'none', 12) WHEN 0 THEN '{}' ELSE jsonb_build_object('Marketing', chance(k || 'm', 5) > 1, 'Other', true) ||
				CASE WHEN chance(k || 'both', 2) = 0 THEN jsonb_build_object('Sale', chance(k || 's', 2) = 0) ELSE '{}' END END)) END,
		CASE WHEN t.type = 'identify' THEN jsonb_build_object('country', ('{DE,de,US,us-ca,GB,nowhere}'::text[])[1 + chance(k || 'country', 6)]) END,
		timestamptz '2025-01-01 00:00Z' + chance(k || 'time', 50) * interval '1 day', timestamptz '2025-01-01 00:00Z' + chance(k || 'received', 80) * interval '1 day',
		('{web,app}'::text[])[1 + chance(k || 'source', 2)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS k) o
	CROSS JOIN LATERAL (SELECT ('{track,track,identify}'::text[])[1 + chance(k || 'type', 3)] AS type) t;
END
$$;

CREATE FUNCTION act(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	kinds text[] := ARRAY['user_id:u' || chance(step || 'u', 12), 'anonymous_id:a' || chance(step || 'a', 25),
		'email:e' || chance(step || 'e', 15) || '@example.com', 'device_id:d' || chance(step || 'd', 8)];
	one text := kinds[1 + chance(step || 'first', 4)];
	other text := 'user_id:u' || chance(step || 'other', 12);
BEGIN
	CASE step % 24
		WHEN 1 THEN PERFORM cdp.allow(v.a, v.b) FROM cdp_data.verdict v WHERE v.b IS NOT NULL ORDER BY v.kind <> 'unlink', chance(step || v.verdict_id::text, 1000) LIMIT 1;
		WHEN 2 THEN PERFORM cdp.forbid(other, one) WHERE one NOT LIKE 'user_id:%';
		WHEN 3, 13, 18 THEN PERFORM cdp.retract(event_ids => ARRAY(SELECT e.event_id FROM cdp_data.event e WHERE chance(step || 'take' || e.event_id, 12) = 0));
		WHEN 4 THEN PERFORM cdp.unlink(one) WHERE EXISTS (SELECT FROM cdp_data.link l JOIN cdp_data.identifier i ON i.identifier_id IN (l.a, l.b) WHERE i.identifier::text = one);
		WHEN 5 THEN PERFORM cdp.mark_shared(one, chance(step || 'shared', 3) > 0);
		WHEN 6 THEN PERFORM cdp.set_rules('{"device_id": {"max_links": 3, "max_per_profile": 2}}');
		WHEN 7 THEN PERFORM cdp.set_rules(format('{"anonymous_id": {"blocked": ["a%s", "^a1"]}, "*": {"cap": %s}}', chance(step || 'blocked', 25), 4 + chance(step || 'cap', 9))::jsonb);
		WHEN 11 THEN PERFORM cdp.mark_shared(one, NULL), cdp.set_rules('{"anonymous_id": {"blocked": []}}');
		WHEN 12 THEN PERFORM cdp.set_rules(format('{"email": {"priority": %s}}', 5 + chance(step || 'priority', 80))::jsonb);
		WHEN 8, 15, 17 THEN PERFORM cdp.set_consent(one, ('{marketing,sale}'::text[])[1 + chance(step || 'p', 2)], 'yes', NULL, CASE WHEN chance(step || 'until', 2) = 0 THEN now() + '1 hour' END);
		WHEN 9, 19 THEN PERFORM cdp.set_consent(other, 'marketing', ('{no,reset}'::text[])[1 + chance(step || 'r', 2)]);
		WHEN 10 THEN PERFORM cdp.set_consent('email:' || step || '@example.com', 'marketing', 'no');
		WHEN 14 THEN PERFORM cdp.create_purpose('sale', 'opt_out', ('[{}, {"EU": "opt_in"}, {"US": "opt_in", "GB": "none"}]'::jsonb) -> chance(step || 'regions', 3), replace => true);
		WHEN 20 THEN
			BEGIN
				PERFORM cdp.same(one, other);
			EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value THEN
			END;
		-- stamps that have expired are made anew without rows, too
		WHEN 21 THEN UPDATE cdp_data.consent SET expires_at = now() - interval '1 minute' WHERE expires_at IS NOT NULL AND chance(step || consent_id::text, 2) = 0;
			UPDATE cdp_data.profile SET purposes_until = now() - interval '1 second' WHERE purposes_until < 'infinity';
			PERFORM cdp.refresh();
		WHEN 23 THEN PERFORM cdp.restitch() WHERE chance(step || 'anew', 2) = 0;
		ELSE PERFORM arrive(step, 5 + chance(step || 'rows', 40)), cdp.refresh(1000);
	END CASE;
END
$$;

-- ---------------------------------------------------------------- the definition, slowly

-- what was said, read from the log, and by cdp.set_consent()
CREATE VIEW said AS
	SELECT 'e' || e.event_id || c.key AS said, n.ids, p.purpose_id, CASE WHEN c.value = 'true' THEN 'y' ELSE 'n' END AS answer,
		least(e."timestamp", e.received_at) AS at, timestamptz 'infinity' AS expires_at
	FROM cdp.events e
	CROSS JOIN LATERAL (
		SELECT array_agg(i.identifier_id ORDER BY i.identifier_id) AS ids
		FROM (SELECT 'user_id:' || e.user_id UNION ALL SELECT 'anonymous_id:' || e.anonymous_id
			UNION ALL SELECT d.key || ':' || d.value FROM jsonb_each_text(e.identifiers) d) u (identifier)
		JOIN cdp_data.identifier i ON i.identifier = u.identifier::cdp.identifier) n
	CROSS JOIN LATERAL (SELECT e.context #> '{consent,categoryPreferences}') AS f (found)
	CROSS JOIN LATERAL (SELECT * FROM jsonb_each(f.found)
		UNION ALL SELECT k, 'false' FROM unnest('{Marketing,Sale}'::text[]) k WHERE f.found = '{}') AS c (key, value)
	JOIN cdp.purpose p ON p.name = lower(c.key)
	UNION ALL
	SELECT 's' || c.consent_id, ARRAY[c.identifier_id], c.purpose_id, c.answer::text, c.first_time, coalesce(c.expires_at, 'infinity')
	FROM cdp_data.consent c WHERE c.source_id = 0;
CREATE TABLE now_said (LIKE said);
CREATE TABLE who (identifier_id bigint, profile_id bigint, priority integer, strength bigint, usable boolean);
-- whom links of one person join, and since when: of all ways between the two the one that was whole first
CREATE TABLE known (profile_id bigint, a bigint, b bigint, at timestamptz);
-- what counts for whom, and until when something that was said later takes it back
CREATE TABLE claim (number bigint, profile_id bigint, identifier_id bigint, priority integer, purpose_id smallint, answer text, at timestamptz, expires_at timestamptz, undone_until timestamptz);

CREATE FUNCTION look() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	before bigint := -1;
BEGIN
	TRUNCATE now_said, who, known, claim;
	INSERT INTO now_said SELECT * FROM said;
	INSERT INTO who SELECT i.identifier_id, i.profile_id, n.priority, row_number() OVER (ORDER BY n.priority, i.identifier), NOT i.shared AND NOT i.blocked
		FROM cdp_data.identifier i JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier);
	INSERT INTO known SELECT x.profile_id, x.identifier_id, y.identifier_id, l.first_at FROM cdp_data.link l JOIN who x ON x.identifier_id = l.a
		JOIN who y ON y.identifier_id = l.b AND y.profile_id = x.profile_id WHERE x.profile_id <> 0 AND NOT l.refused;
	INSERT INTO known SELECT x.profile_id, x.identifier_id, y.identifier_id, CASE WHEN s.verdict_id IS NULL THEN '-infinity' ELSE v.decided_at END
		FROM cdp_data.identifier x CROSS JOIN LATERAL cdp_internal.same_verdicts(x.identifier) s JOIN cdp_data.identifier y ON y.identifier = s.other AND y.profile_id = x.profile_id
		LEFT JOIN cdp_data.verdict v ON v.verdict_id = s.verdict_id WHERE x.profile_id <> 0;
	INSERT INTO known SELECT k.profile_id, k.b, k.a, k.at FROM known k;
	WHILE before <> (SELECT count(*) FROM known) LOOP
		before := (SELECT count(*) FROM known);
		INSERT INTO known SELECT x.profile_id, x.a, y.b, min(greatest(x.at, y.at)) FROM known x JOIN known y ON y.a = x.b WHERE x.a <> y.b
			GROUP BY x.profile_id, x.a, y.b
			HAVING min(greatest(x.at, y.at)) < ALL (SELECT k.at FROM known k WHERE k.a = x.a AND k.b = y.b);
	END LOOP;
	INSERT INTO claim SELECT row_number() OVER (), w.profile_id, w.identifier_id, w.priority, s.purpose_id, s.answer, s.at, s.expires_at FROM now_said s JOIN who w ON w.identifier_id = ANY (s.ids)
		WHERE w.usable AND w.profile_id <> 0 AND (s.answer = 'n' OR w.identifier_id = (
			SELECT o.identifier_id FROM who o WHERE o.identifier_id = ANY (s.ids) AND o.usable ORDER BY o.strength LIMIT 1));
	UPDATE claim c SET undone_until = coalesce((
		SELECT max(d.expires_at) FROM claim d
		WHERE d.profile_id = c.profile_id AND d.purpose_id = c.purpose_id AND d.at > c.at
			AND (d.answer = 'r' AND c.answer <> 'r' OR d.answer = 'y' AND c.answer = 'n')
			AND (d.identifier_id = c.identifier_id
				OR d.priority <= c.priority AND EXISTS (SELECT FROM known k WHERE k.a = d.identifier_id AND k.b = c.identifier_id AND k.at <= d.at))), '-infinity');
END
$$;

-- whether a claim of a kind stands, of those that have not expired by an instant
CREATE FUNCTION stands(of_profile bigint, of_purpose smallint, kind text, expiry timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM claim c WHERE c.profile_id = of_profile AND c.purpose_id = of_purpose AND c.answer = kind
		AND c.expires_at > expiry AND c.undone_until <= expiry)
$$;

CREATE FUNCTION holds(of_profile bigint, of_purpose smallint, kind text, expiry timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT kind = 'none' OR NOT stands(of_profile, of_purpose, 'n', expiry) AND (stands(of_profile, of_purpose, 'y', expiry) OR kind = 'opt_out')
$$;

-- the default where a person is: the strictest where that is not known
CREATE FUNCTION default_of(p cdp.purpose, country text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN country IS NULL OR country = 'nowhere' THEN
		CASE WHEN p.fallback = 'opt_in' OR p.by_region::text LIKE '%opt_in%' THEN 'opt_in' WHEN p.fallback = 'opt_out' OR p.by_region::text LIKE '%opt_out%' THEN 'opt_out' ELSE 'none' END
		ELSE coalesce(p.by_region ->> upper(country), p.by_region ->> upper(left(country, 2)), CASE WHEN upper(country) = 'DE' THEN p.by_region ->> 'EU' END, p.fallback) END
$$;

CREATE FUNCTION differing() RETURNS TABLE (profile_id bigint, purpose text, found boolean, expected boolean, until timestamptz, expected_until timestamptz) LANGUAGE sql AS $$
	SELECT look();
	SELECT * FROM (
		SELECT p.profile_id, q.name, p.purposes >> q.purpose_id & 1 = 1, NOT p.shared AND a.yes, p.purposes_until, coalesce((
			SELECT min(t.expires_at) FROM claim t JOIN cdp.purpose o USING (purpose_id)
			WHERE t.profile_id = p.profile_id AND t.expires_at < 'infinity' AND t.expires_at > s.as_of AND NOT p.shared
				AND holds(p.profile_id, t.purpose_id, default_of(o, p.traits ->> 'country'), s.as_of)
				AND NOT holds(p.profile_id, t.purpose_id, default_of(o, p.traits ->> 'country'), t.expires_at)), 'infinity')
		FROM cdp_data.profile p CROSS JOIN cdp.purpose q CROSS JOIN cdp_data.state s
		CROSS JOIN LATERAL (SELECT holds(p.profile_id, q.purpose_id, default_of(q, p.traits ->> 'country'), s.as_of) AS yes) a) d (id, name, found, expected, until, expected_until)
	WHERE d.found IS DISTINCT FROM d.expected OR d.until <> d.expected_until
$$;

CREATE TABLE result (step integer, differing bigint, verified bigint, yes bigint, no bigint, undone bigint);
CREATE PROCEDURE live(steps integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN 0 .. steps LOOP
		PERFORM act(step);
		INSERT INTO result SELECT step, (SELECT count(*) FROM differing()), CASE WHEN step % 8 = 7 THEN (SELECT count(*) FROM cdp.verify()) ELSE 0 END,
			(SELECT count(*) FROM cdp_data.profile WHERE purposes <> 0), (SELECT count(*) FROM cdp_data.profile WHERE purposes = 0),
			(SELECT count(*) FROM cdp_data.profile p CROSS JOIN LATERAL cdp_internal.consent_claims(p.profile_id, s.as_of) c WHERE c.undone_by IS NOT NULL)
		FROM cdp_data.state s;
		COMMIT;
	END LOOP;
END
$$;
SELECT cdp.create_purpose('marketing'), cdp.create_purpose('sale', 'opt_out', '{"EU": "opt_in"}'), cdp.create_purpose('service', 'none');
SELECT cdp.map_signal('category', 'Marketing', 'marketing'), cdp.map_signal('category', 'Sale', 'sale');
CALL live(96);
SELECT * FROM result WHERE differing > 0 OR verified > 0 ORDER BY step;
-- there was something to find
SELECT count(*) > 90 AS steps, sum(yes) > 500 AS yes, sum(no) > 500 AS no, sum(undone) > 100 AS undone FROM result;
\c :origin
DROP DATABASE cdp_consent_random;
