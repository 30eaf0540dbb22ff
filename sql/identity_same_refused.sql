-- A verdict of cdp.same() that is refused as soon as its identifiers are seen: by a smaller cap than when it was given.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_same_refused ENCODING 'UTF8' TEMPLATE template0;
\c cdp_same_refused
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT count(*) FROM cdp.same('user_id:b', 'user_id:c');
SELECT count(*) FROM cdp.same('user_id:a', 'user_id:c');
SELECT cdp.set_rules('{"*": {"cap": 2}}');
INSERT INTO cdp.inbox (event, user_id) VALUES ('Seen', 'a'), ('Seen', 'b'), ('Seen', 'c');
SELECT accepted FROM cdp.refresh();
CREATE VIEW graph AS
	SELECT array_agg(cdp.value(i.identifier) ORDER BY i.identifier) AS people, NULL::boolean AS refused FROM cdp_data.identifier i GROUP BY i.profile_id
	UNION ALL SELECT ARRAY[cdp.value(v.a), cdp.value(v.b)], v.refused FROM cdp.verdict v;
SELECT * FROM graph ORDER BY 2 NULLS FIRST, 1;
SELECT * FROM cdp.verify();
-- who looks a person up sees it too, and a pair of which one is shared
CREATE VIEW looked_up AS
	SELECT v.id, l ->> 'identifier' AS identifier, l ->> 'other_identifier' AS other_identifier, l -> 'reasons' AS reasons
	FROM unnest('{a,b,c}'::text[]) AS v (id) CROSS JOIN LATERAL jsonb_array_elements(cdp.lookup('user_id:' || v.id, 'refused_links') -> 'refused_links') l;
SELECT * FROM looked_up ORDER BY 1;
SELECT cdp.mark_shared('user_id:b', true);
SELECT * FROM looked_up ORDER BY 1;
SELECT cdp.mark_shared('user_id:b', NULL);
-- built anew, in chunks of any size
SELECT identifiers, links, identifiers_moved FROM cdp.restitch();
SELECT * FROM graph ORDER BY 2 NULLS FIRST, 1;
SET cdp.restitch_rows = 1;
SELECT identifiers, links, identifiers_moved FROM cdp.restitch();
SELECT * FROM cdp.verify();
-- it has its effect once there is room
SELECT cdp.set_rules('{"*": {"cap": 3}}');
SELECT * FROM graph ORDER BY 2 NULLS FIRST, 1;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_same_refused;
