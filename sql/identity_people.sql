-- What is refused, nearly shared, outvoted; and who was who when, also for an analyst.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_people ENCODING 'UTF8' TEMPLATE template0;
\c cdp_people
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
CREATE TABLE step (name text, at timestamptz);
CREATE PROCEDURE mark(name text) LANGUAGE sql AS $$ INSERT INTO step SELECT name, clock_timestamp() $$;
CREATE FUNCTION feed(variadic ids text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, identifiers, "timestamp", received_at)
	SELECT 'track', 'Event', jsonb_object_agg(namespace, v), timestamptz '2026-01-01' + (SELECT count(*) FROM cdp.inbox) * interval '1 hour', '2026-06-01'
	FROM (SELECT split_part(i, ':', 1) AS namespace, jsonb_agg(split_part(i, ':', 2)) AS v FROM unnest(ids) i GROUP BY 1) g
$$;

CALL mark('before');
-- an early mistake, and the cap and a forbid that keep more apart
SELECT feed('email:e@example.com', 'user_id:u9'), feed('email:e@example.com', 'user_id:u1'), feed('email:e@example.com', 'user_id:u1');
SELECT accepted FROM cdp.refresh();
CALL mark('first');
SELECT identifier, other_identifier, reasons, events, first_at, last_at, sources, profile_id = cdp.profile_of(identifier::cdp.identifier) AS own, other_profile_id = cdp.profile_of(other_identifier::cdp.identifier) AS other FROM cdp.refused_links;
SELECT identifier, refused_identifier, refused_events, kept_identifier, kept_events FROM cdp.outvoted;
SELECT count(*) FROM cdp.unlink('user_id:u9', 'email:e@example.com');
CALL mark('unlinked');
SELECT count(*) FROM cdp.refused_links;
SELECT count(*) FROM cdp.outvoted;
-- as much evidence is not more
SELECT feed('email:f@example.com', 'user_id:u8'), feed('email:f@example.com', 'user_id:u7');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.refused_links;
SELECT count(*) FROM cdp.outvoted;
-- all rules that a union would break, in order
SELECT cdp.set_rules('{"*": {"cap": 2}}'), cdp.set_rules('{"email": {"max_per_profile": 1}}'), cdp.forbid('user_id:u8', 'user_id:u1');
SELECT feed('email:f@example.com', 'user_id:u1'), feed('device_id:d', 'user_id:u1');
SELECT accepted FROM cdp.refresh();
SELECT identifier, other_identifier, reasons FROM cdp.refused_links ORDER BY 1, 2;
SELECT step, from_identifier, to_identifier, reasons FROM cdp.explain('email:f@example.com', 'user_id:u1');

-- 80 % of the links by which it would be shared
SELECT cdp.set_rules('{"device_id": {"max_links": {"user_id": 5, "email": 100}}}');
SELECT feed('device_id:k', 'user_id:k' || i) FROM generate_series(1, 3) i;
SELECT accepted FROM cdp.refresh();
SELECT identifier, link_count, max_links FROM cdp.near_shared;
SELECT feed('device_id:k', 'user_id:k4');
SELECT accepted FROM cdp.refresh();
SELECT identifier, namespace, linked_namespace, link_count, max_links, profile_id = cdp.profile_of('device_id:k') AS profile FROM cdp.near_shared;
SELECT feed('device_id:k', 'user_id:k5');
SELECT accepted FROM cdp.refresh();
SELECT identifier, link_count, max_links FROM cdp.near_shared;
SELECT feed('device_id:k', 'user_id:k6');
SELECT accepted FROM cdp.refresh();
SELECT identifier, link_count, max_links FROM cdp.near_shared;
SELECT identifier, other_identifier, reasons FROM cdp.refused_links WHERE other_identifier LIKE '%:k' OR identifier LIKE '%:k' ORDER BY 1, 2;
SELECT cdp.mark_shared('device_id:k', false);
SELECT identifier, link_count, max_links FROM cdp.near_shared;

-- who was who when
SELECT cdp.set_rules('{"email": {"blocked": ["e@example.com"]}}');
CALL mark('blocked');
CREATE FUNCTION name(profile bigint) RETURNS text LANGUAGE sql RETURN (SELECT identifier::text FROM cdp_data.identifier WHERE identifier_id = profile);
SELECT s.name, name(cdp.profile_at('email:e@example.com', s.at)) AS e, name(cdp.profile_at('user_id:u1', s.at)) AS u1, name(cdp.profile_at('user_id:nobody', s.at)) AS nobody FROM step s ORDER BY s.at;
SELECT cdp.profile_at(NULL, now()), cdp.profile_at('user_id:u1', '-infinity'), name(cdp.profile_at('user_id:u1', 'infinity'));
SELECT p.identifier, name(p.profile_id) AS profile, ARRAY(SELECT s.name FROM step s WHERE s.at <@ p.known ORDER BY s.at) AS steps, upper_inf(p.known) AS now
FROM cdp.identifier_periods p WHERE p.identifier IN ('email:e@example.com', 'user_id:u9') ORDER BY p.identifier, p.known;
-- periods of one identifier neither overlap nor leave a gap
SELECT count(*) AS wrong FROM (SELECT known, lead(known) OVER (PARTITION BY identifier ORDER BY known) AS next FROM cdp.identifier_periods) p
WHERE isempty(known) OR (next IS NOT NULL AND NOT known -|- next) OR (next IS NULL AND NOT upper_inf(known));
SELECT * FROM cdp.verify();

-- an analyst reads all this and decides nothing
CREATE ROLE cdp_people_analyst;
SELECT cdp.grant_access('cdp_people_analyst', 'analyst');
SET ROLE cdp_people_analyst;
SELECT count(*) FROM cdp.explain('user_id:u7', 'user_id:u8');
SELECT cdp.profile_at('user_id:u1', now()) IS NOT NULL AS known;
SELECT count(*) > 0 AS refused FROM cdp.refused_links;
SELECT count(*) AS near FROM cdp.near_shared;
SELECT count(*) AS outvoted FROM cdp.outvoted;
SELECT count(*) > 0 AS periods FROM cdp.identifier_periods;
SELECT cdp.forbid('user_id:u1', 'user_id:u2');
SELECT cdp.unlink('user_id:u1');
SELECT cdp.set_rules('{"*": {"cap": 5}}');
SELECT cdp.set_rules('{"email": {"max_links": 5}}');
SELECT cdp.verify();
RESET ROLE;
-- what a limit refuses is measured by the links to what the limit is about, not by the best of all
SELECT cdp.set_rules('{"*": {"cap": 1000}}'), cdp.set_rules('{"email": {"max_per_profile": 5}}');
SELECT feed('anonymous_id:oa', 'email:oe@e.ee', 'user_id:o1');
SELECT count(feed('anonymous_id:oa', 'email:oe@e.ee', 'user_id:o2')) FROM generate_series(1, 5);
-- without such a link of its own, those of the others count
SELECT feed('anonymous_id:pa', 'user_id:p1'), feed('anonymous_id:pa', 'user_id:p1');
SELECT count(feed('anonymous_id:pa', 'anonymous_id:pb')) FROM generate_series(1, 9);
SELECT count(feed('anonymous_id:pb', 'user_id:p2')) FROM generate_series(1, 3);
SELECT count(feed('anonymous_id:pb', 'user_id:p3')) FROM generate_series(1, 2);
SELECT accepted FROM cdp.refresh();
SELECT identifier, refused_identifier, refused_events, kept_identifier, kept_events FROM cdp.outvoted WHERE refused_identifier ~ '^user_id:[op]' OR identifier ~ '^user_id:[op]' ORDER BY 1, 2;

-- what people see has a comment, and plain types
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'cdp'::regnamespace AND c.relname IN ('near_shared', 'refused_links', 'outvoted', 'identifier_periods')
  AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL OR a.atttypid NOT IN (SELECT t.oid FROM pg_type t WHERE t.typnamespace = 'pg_catalog'::regnamespace));
DROP OWNED BY cdp_people_analyst;
DROP ROLE cdp_people_analyst;

\c :origin
DROP DATABASE cdp_people;
