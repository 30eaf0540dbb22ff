-- cdp.events_at: a report of the past can be made again, whatever has happened to people and to anchors since.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_events_at ENCODING 'UTF8' TEMPLATE template0;
\c cdp_events_at
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SET timezone = 'UTC';
SELECT cdp.init();
-- what was reported at each step
CREATE TABLE report (step text, at timestamptz, event_id bigint, profile_id bigint);
CREATE TABLE step (step text, at timestamptz);
CREATE FUNCTION report(step text) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO step SELECT $1, as_of FROM cdp_data.state;
	WITH r AS (INSERT INTO report SELECT $1, s.as_of, e.event_id, e.profile_id FROM cdp.events e, cdp_data.state s RETURNING 1) SELECT count(*) FROM r
$$;
CREATE FUNCTION bring(n integer, salt integer) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, identifiers, "timestamp")
	SELECT 'track', 'E', salt || '-' || i, 'a' || (i * 7 + salt) % 13, CASE WHEN i % 3 = 0 THEN 'u' || (i * 5 + salt) % 9 END,
		CASE WHEN i % 4 = 0 THEN jsonb_build_object('email', 'e' || (i * 3 + salt) % 6 || '@example.com') END,
		timestamptz '2026-01-01' + (i * 37 % 100 + salt) * interval '1 hour'
	FROM generate_series(1, n) i;
	SELECT accepted FROM cdp.refresh()
$$;
SELECT report('empty'), bring(40, 1), report('first'), bring(40, 2), report('second');
SELECT cdp.mark_shared('anonymous_id:a3', true);
SELECT report('shared'), bring(40, 3), report('third');
SELECT cdp.set_rules('{"email": {"blocked": ["e1@example.com", "e2@example.com"]}}');
SELECT report('blocked');
SELECT cdp.set_rules('{"email": {"priority": 5}}');
SELECT report('priority');
SELECT cdp.mark_shared('anonymous_id:a3', NULL);
SELECT report('not shared any more');
SELECT cdp.forbid('user_id:u1', 'anonymous_id:a1');
SELECT cdp.set_rules('{"email": {"blocked": null, "priority": 30}}');
SELECT report('as at first'), bring(20, 4), report('fourth');
-- every report again, and how many of its events belong to another profile today
SELECT s.step, count(r.event_id) AS events, count(DISTINCT r.profile_id) AS profiles,
	count(*) FILTER (WHERE r.profile_id IS DISTINCT FROM p.profile_id OR r.event_id IS NULL <> (p.event_id IS NULL)) AS differences,
	count(*) FILTER (WHERE n.profile_id IS DISTINCT FROM r.profile_id AND r.event_id IS NOT NULL) AS elsewhere_today
FROM step s LEFT JOIN (report r FULL JOIN (SELECT s.step, a.event_id, a.profile_id FROM step s CROSS JOIN LATERAL cdp.events_at(s.at) a) p ON p.step = r.step AND p.event_id = r.event_id)
	ON s.step = coalesce(r.step, p.step) LEFT JOIN cdp.events n ON n.event_id = r.event_id
GROUP BY s.step, s.at ORDER BY s.at;
SELECT count(*) FROM cdp.events_at('-infinity');
SELECT count(*) FROM cdp.events_at(NULL);
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_events_at;
