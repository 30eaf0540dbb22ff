-- Worked examples of who is who, with the default rules: each event one batch, and all of them at
-- once in two orders; the answer is the same.  t: ids; u user_id, e email, p phone, a b c k devices.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_examples ENCODING 'UTF8' TEMPLATE template0;
\c cdp_examples
CREATE EXTENSION cdp;
SELECT cdp.init();

CREATE TABLE example (number int, part int, at int, ids text);
INSERT INTO example VALUES
 (1, 1, 1, 'a'), (1, 1, 2, 'a u1'), (1, 1, 3, 'a'), (1, 1, 4, 'a u2'), (1, 1, 5, 'a'),			-- a family's tablet
 (3, 1, 1, 'a'), (3, 1, 2, 'a u1'), (3, 1, 3, 'a'), (3, 1, 4, 'a u2'), (3, 1, 5, 'a'), (3, 2, 0, 'a u2'),	-- evidence that comes late
 (4, 1, 10, 'a u1'), (4, 1, 11, 'a e'), (4, 1, 12, 'e u2'), (4, 2, 9, 'a u2'),						-- a cascade
 (5, 1, 1, 'a u1'), (5, 1, 2, 'a u2'), (5, 1, 5, 'u1 e'), (5, 2, 0, 'u1 p'),						-- late but harmless
 (7, 1, 1, 'u1 u2 a'),																			-- two users on one event
 (8, 1, 1, 'e p'), (8, 1, 1, 'u1 p'), (8, 1, 1, 'u2 e'),											-- one import, one time
 (12, 1, 1, 'a b'), (12, 1, 2, 'a u1'), (12, 1, 3, 'b u2'), (12, 1, 10, 'a c'), (12, 1, 11, 'c b'),
 (13, 1, 1, 'e u9'), (13, 1, 2, 'e u1'), (13, 1, 3, 'e u1'),										-- wrong first
 (15, 1, 1, 'k u1'), (15, 1, 2, 'k u2'), (15, 1, 3, 'k u3'), (15, 1, 4, 'k u4'), (15, 1, 9, 'k');	-- a kiosk: more than three users

-- the row of the inbox that an event of an example is, its identifiers told apart by a prefix
CREATE FUNCTION feed(prefix text, n int, first_part int, last_part int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, identifiers, "timestamp", received_at)
	SELECT 'track', 'Event ' || e.at, jsonb_object_agg(CASE left(i, 1) WHEN 'u' THEN 'user_id' WHEN 'e' THEN 'email' WHEN 'p' THEN 'phone' ELSE 'device_id' END,
		CASE left(i, 1) WHEN 'e' THEN to_jsonb(prefix || i || '@example.com') WHEN 'p' THEN to_jsonb('+44770090' || lpad((ascii(prefix) * 10 + ascii(substr(prefix, 2)) - 120)::text, 4, '0'))
		WHEN 'u' THEN (SELECT jsonb_agg(prefix || u) FROM string_to_table(e.ids, ' ') u WHERE u LIKE 'u%') ELSE to_jsonb(prefix || i) END
		|| CASE WHEN left(i, 1) IN ('a', 'b', 'c', 'k') THEN (SELECT jsonb_agg(prefix || u) FROM string_to_table(e.ids, ' ') u WHERE u ~ '^[abck]') ELSE '[]' END),
		timestamptz '2026-01-01' + e.at * interval '1 minute', '2026-06-01'
	FROM example e CROSS JOIN LATERAL string_to_table(e.ids, ' ') i
	WHERE e.number = n AND e.part BETWEEN first_part AND last_part GROUP BY e.ctid, e.at, e.ids ORDER BY e.ctid
$$;
-- profiles and refused links of the identifiers with a prefix, without it
CREATE FUNCTION people(prefix text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(p.ids || CASE WHEN p.shared THEN ' shared' ELSE '' END || ' events ' || p.events, ' ' ORDER BY p.ids), '')
	FROM (SELECT '{' || string_agg(short, ' ' ORDER BY short) || '}' AS ids, r.shared, string_agg(DISTINCT short, '') FILTER (WHERE i.identifier_id = i.profile_id) || r.events AS events
		  FROM (SELECT i.*, CASE cdp.namespace(identifier) WHEN 'phone' THEN 'p' ELSE substr(split_part(cdp.value(identifier), '@', 1), length(prefix) + 1) END AS short FROM cdp_data.identifier i
				WHERE cdp.value(identifier) LIKE prefix || '%' OR cdp.value(identifier) = '+44770090' || lpad((ascii(prefix) * 10 + ascii(substr(prefix, 2)) - 120)::text, 4, '0')) i
		  JOIN cdp_data.profile r USING (profile_id) GROUP BY i.profile_id, r.shared, r.events) p
$$;
CREATE FUNCTION refused(prefix text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(least(x, y) || '-' || greatest(x, y), ' ' ORDER BY least(x, y), greatest(x, y))
	FROM (SELECT DISTINCT CASE cdp.namespace(a.identifier) WHEN 'phone' THEN 'p' ELSE substr(split_part(cdp.value(a.identifier), '@', 1), length(prefix) + 1) END AS x,
			CASE cdp.namespace(b.identifier) WHEN 'phone' THEN 'p' ELSE substr(split_part(cdp.value(b.identifier), '@', 1), length(prefix) + 1) END AS y
		  FROM cdp_data.link l JOIN cdp_data.identifier a ON a.identifier_id = l.a JOIN cdp_data.identifier b ON b.identifier_id = l.b
		  WHERE l.refused AND (cdp.value(a.identifier) LIKE prefix || '%' OR cdp.value(b.identifier) LIKE prefix || '%')) l
$$;

-- one event a batch, the late ones last: what was before them, and after
SELECT feed(chr(96 + n) || 'x', n, 1, 1) FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n;
DO $$ BEGIN WHILE (SELECT waiting FROM cdp.refresh(1)) > 0 LOOP END LOOP; END $$;
SELECT n, people(chr(96 + n) || 'x'), refused(chr(96 + n) || 'x') FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n;
SELECT feed(chr(96 + n) || 'x', n, 2, 2) FROM (SELECT DISTINCT number AS n FROM example WHERE part = 2) e ORDER BY n;
SELECT taken, profiles_split, reworks, events_reanchored FROM cdp.refresh();
SELECT n, people(chr(96 + n) || 'x'), refused(chr(96 + n) || 'x') FROM (SELECT DISTINCT number AS n FROM example WHERE part = 2) e ORDER BY n;

-- all at once: the same
SELECT feed(chr(96 + n) || 'y', n, 1, 2) FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n DESC;
SELECT taken, accepted FROM cdp.refresh();
SELECT n, people(chr(96 + n) || 'y') = people(chr(96 + n) || 'x') AS same, refused(chr(96 + n) || 'y') IS NOT DISTINCT FROM refused(chr(96 + n) || 'x') AS same_refused
FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n;
-- latest first
SELECT feed(chr(96 + n) || 'z', n, 2, 2) FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n;
SELECT feed(chr(96 + n) || 'z', n, 1, 1) FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n DESC;
DO $$ BEGIN WHILE (SELECT waiting FROM cdp.refresh(2)) > 0 LOOP END LOOP; END $$;
SELECT n, people(chr(96 + n) || 'z') = people(chr(96 + n) || 'x') AS same, refused(chr(96 + n) || 'z') IS NOT DISTINCT FROM refused(chr(96 + n) || 'x') AS same_refused
FROM (SELECT DISTINCT number AS n FROM example) e ORDER BY n;

-- what the tables hold is what the log says, computed anew
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_examples;
