-- Hold-outs and priority lists.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_hold_out ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_hold_out
-- costs of functions are high
SET jit = off;
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.init();
-- the draws are those of this salt
UPDATE cdp_data.state SET hold_out_salt = 42, as_of = date_trunc('day', now()) + interval '2 days';
SELECT as_of AS start FROM cdp_data.state \gset
SELECT count(*) FILTER (WHERE d < 0.3) AS low, round(avg(d)::numeric, 2) AS mean, min(d) >= 0 AND max(d) < 1 AS inside FROM (SELECT cdp_internal.hold_out_draw(1, 7, i) AS d FROM generate_series(1, 10000) i) x;
SELECT round(corr(cdp_internal.hold_out_draw(1, 7, i), cdp_internal.hold_out_draw(1, 8, i))::numeric, 1) AS segments, round(corr(cdp_internal.hold_out_draw(1, 7, i), cdp_internal.hold_out_draw(2, 7, i))::numeric, 1) AS salts FROM generate_series(1, 10000) i;

INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, traits, "timestamp", received_at)
SELECT 'identify', NULL, NULL, 'u' || i, jsonb_build_object('age', i), :'start'::timestamptz, :'start'::timestamptz FROM generate_series(1, 120) i
UNION ALL
SELECT 'identify', NULL, 'a' || i, NULL, jsonb_build_object('age', 100), :'start', :'start' FROM generate_series(1, 40) i
UNION ALL
SELECT 'track', 'order', NULL, 'u' || i, NULL, :'start'::timestamptz - i * interval '1 minute', :'start' FROM generate_series(1, 120) i;
SELECT taken FROM cdp.refresh();
SELECT cdp.create_segment('adults', $$ cdp.try_integer(traits->'age') >= 18 $$), cdp.create_segment('recent', $$ cdp.did(timeline, 'order', within => '2 hours') $$), cdp.create_segment('both', $$ cdp.in_segment('adults') AND cdp.in_segment('recent') $$);

-- what must be, without looking at what is kept
CREATE FUNCTION public.differ() RETURNS TABLE (what text, segment text, found bigint) LANGUAGE plpgsql AS $$
DECLARE
	at timestamptz := (SELECT s.as_of FROM cdp_data.state s);
BEGIN
	RETURN QUERY
		WITH held AS (
			SELECT p.profile_id, s.name, cdp_internal.hold_out_draw(t.hold_out_salt, s.segment_id, p.profile_id) < s.hold_out AS held, v.holds
			FROM cdp.profile_row p CROSS JOIN cdp_data.segment s CROSS JOIN cdp_data.state t
			CROSS JOIN LATERAL (SELECT CASE s.name WHEN 'adults' THEN cdp.try_integer(p.traits OPERATOR(cdp.->) 'age') >= 18 WHEN 'recent' THEN cdp.did(p.timeline, 'order', within => '2 hours', as_of => at) END AS holds) v
			WHERE s.name <> 'both'
		), truth AS (
			SELECT h.profile_id, h.name, h.held FROM held h WHERE h.holds
			UNION ALL
			SELECT a.profile_id, 'both', false FROM held a JOIN held r USING (profile_id) WHERE a.name = 'adults' AND r.name = 'recent' AND a.holds AND r.holds AND NOT a.held AND NOT r.held
		), seen AS (
			SELECT m.profile_id, s.name, false AS held FROM cdp_data.segment s CROSS JOIN LATERAL cdp.members(s.name) m
			UNION ALL
			SELECT m.profile_id, s.name, true FROM cdp_data.segment s CROSS JOIN LATERAL cdp.held_out(s.name) m
		), listed AS (
			SELECT m.segment, m.profile_id FROM cdp.membership m
		)
		SELECT 'seen', coalesce(t.name, s.name), count(*) FROM truth t FULL JOIN seen s ON (t.profile_id, t.name, t.held) = (s.profile_id, s.name, s.held) WHERE t.profile_id IS NULL OR s.profile_id IS NULL GROUP BY 2
		UNION ALL
		SELECT 'listed', coalesce(t.name, l.segment), count(*) FROM (SELECT * FROM truth WHERE NOT held) t FULL JOIN listed l ON (t.profile_id, t.name) = (l.profile_id, l.segment) WHERE t.profile_id IS NULL OR l.profile_id IS NULL GROUP BY 2;
END $$;
-- the members of each segment, as the feed has them
CREATE FUNCTION public.fed() RETURNS TABLE (segment_id integer, profile_id bigint) LANGUAGE plpgsql AS $$
DECLARE
	c record;
BEGIN
	CREATE TEMP TABLE fed (segment_id integer, profile_id bigint, PRIMARY KEY (segment_id, profile_id)) ON COMMIT DROP;
	FOR c IN SELECT * FROM cdp_data.change x WHERE x.segment_id IS NOT NULL AND x.kind <> 'trait_changed' ORDER BY x.change_id LOOP
		IF c.kind IN ('exited') THEN
			DELETE FROM fed f WHERE (f.segment_id, f.profile_id) = (c.segment_id, c.profile_id);
			ASSERT FOUND, c;
		ELSE
			IF c.kind IN ('merged', 'renumbered') THEN
				DELETE FROM fed f WHERE (f.segment_id, f.profile_id) = (c.segment_id, c.other_profile_id);
				ASSERT FOUND, c;
			END IF;
			INSERT INTO fed VALUES (c.segment_id, c.profile_id) ON CONFLICT DO NOTHING;
			ASSERT FOUND OR c.kind = 'merged', c;
		END IF;
	END LOOP;
	RETURN QUERY SELECT f.segment_id, f.profile_id FROM fed f;
	DROP TABLE fed;
END $$;
CREATE VIEW unfed AS SELECT coalesce(f.segment_id, k.segment_id) AS segment_id, count(*) FROM public.fed() f FULL JOIN (SELECT m.profile_id, unnest(m.segments) AS segment_id FROM cdp_data.membership m EXCEPT SELECT m.profile_id, s.segment_id FROM cdp_data.membership m, cdp_data.segment s WHERE s.kind = 'trait') k ON (k.segment_id, k.profile_id) = (f.segment_id, f.profile_id)
	WHERE (k.profile_id IS NULL OR f.profile_id IS NULL) AND coalesce(k.segment_id, 1) > 0 GROUP BY 1;
CREATE VIEW sizes AS SELECT s.name, s.members, s.hold_out, s.state, (SELECT count(*) FROM cdp.held_out(s.name)) AS held_out FROM cdp_data.segment s ORDER BY s.name;

CREATE TABLE past AS SELECT s.as_of AS at, 0 AS segment_id, 0::bigint AS profile_id, s.as_of AS since FROM cdp_data.state s WHERE false;
-- notes who is in them, and goes on in time
CREATE FUNCTION public.remember() RETURNS void LANGUAGE sql AS $$
	INSERT INTO past SELECT t.as_of, s.segment_id, m.profile_id, m.since FROM cdp_data.state t CROSS JOIN cdp_data.segment s CROSS JOIN LATERAL cdp.members(s.name) m;
	UPDATE cdp_data.state SET as_of = as_of + interval '1 minute';
$$;
SELECT * FROM differ();
SELECT * FROM sizes;
SELECT remember();
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT cdp.set_hold_out('adults', 0.25), cdp.set_hold_out('recent', 0.1);
SELECT * FROM sizes;
SELECT * FROM differ();
SELECT * FROM unfed;
SELECT kind, segment_id, cause, count(*) FROM cdp_data.change WHERE change_id > :last GROUP BY 1, 2, 3 ORDER BY 2, 1, 3;
-- as it was a moment before
SELECT count(*) FROM cdp.members('adults');
SELECT profile_id AS someone FROM cdp.held_out('adults') ORDER BY 1 LIMIT 1 \gset
SELECT cdp.is_member('adults', :someone) AS is_member, cdp.lookup(:someone) -> 'segments' ? 'adults' AS in_lookup, (SELECT count(*) FROM cdp_segment.adults WHERE profile_id = :someone) AS in_view;
SELECT * FROM cdp.verify();
SELECT remember();
-- of a greater share, those of the smaller one and others
CREATE TABLE held AS SELECT profile_id FROM cdp.held_out('adults');
SELECT cdp.set_hold_out('adults', 0.5);
SELECT count(*) AS of_before, count(*) = (SELECT count(*) FROM held) AS same FROM cdp.held_out('adults') h JOIN held USING (profile_id);
SELECT * FROM differ();
SELECT cdp.set_hold_out('adults', 0.25);
SELECT count(*) AS differences FROM (SELECT profile_id FROM cdp.held_out('adults') EXCEPT SELECT profile_id FROM held) x;
SELECT * FROM unfed;

-- people come, time passes
UPDATE cdp_data.state SET as_of = as_of + interval '30 minutes';
SELECT * FROM differ();
INSERT INTO cdp.inbox (type, event, user_id, traits, "timestamp", received_at) SELECT 'track', 'order', 'u' || i, NULL, s.as_of, s.as_of FROM cdp_data.state s, generate_series(110, 130) i;
SELECT taken FROM cdp.refresh();
SELECT * FROM differ();
SELECT * FROM unfed;
SELECT * FROM cdp.verify();
SELECT remember();
-- of two that become one, the draw of the number that is left holds
SELECT max(change_id) AS last FROM cdp_data.change \gset
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp", received_at) SELECT 'identify', 'a' || i, 'u' || i + 9, s.as_of, s.as_of FROM cdp_data.state s, generate_series(1, 25) i;
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp", received_at) SELECT 'identify', 'a' || i, 'n' || i, s.as_of, s.as_of FROM cdp_data.state s, generate_series(26, 40) i;
SELECT profiles_merged FROM cdp.refresh();
SELECT * FROM differ();
SELECT * FROM unfed;
SELECT kind, cause, count(*) FROM cdp_data.change WHERE change_id > :last AND segment_id = 1 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM cdp.verify();
SELECT remember();
-- and two again
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT count(*) FROM generate_series(1, 12) i CROSS JOIN LATERAL cdp.unlink('anonymous_id:a' || i, 'user_id:u' || i + 9);
SELECT * FROM differ();
SELECT * FROM unfed;
SELECT kind, cause, count(*) FROM cdp_data.change WHERE change_id > :last AND segment_id = 1 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT remember();
SELECT identifiers_moved FROM cdp.restitch();
SELECT * FROM differ();
SELECT * FROM unfed;
SELECT remember();
SELECT taken FROM cdp.refresh();
SELECT * FROM cdp.verify();
-- everyone, and an end of it
SELECT cdp.set_hold_out('recent', 1);
SELECT * FROM sizes;
-- why says so
SELECT w.line, w.depth, w.part, w.values - 'cdp.count_events' AS "values", w.holds, w.until = 'infinity' AS for_ever, w.change FROM (SELECT min(h.profile_id) AS id FROM cdp.held_out('recent') h) h CROSS JOIN LATERAL cdp.why('recent', h.id) w;
SELECT cdp.set_hold_out('recent', 0), cdp.set_hold_out('adults', 0);
SELECT * FROM sizes;
SELECT * FROM differ();
SELECT * FROM unfed;
SELECT remember();
-- dropped with those who are held out
SELECT cdp.create_segment('gone', 'true') IS NOT NULL AS made;
SELECT cdp.set_hold_out('gone', 0.5);
SELECT cdp.drop_segment('gone');
SELECT count(*) FROM cdp_data.membership WHERE segments && '{4,-4}';
SELECT * FROM cdp.verify();
-- the past
SELECT count(DISTINCT p.at) AS instants, count(*) > 500 AS remembered FROM past p;
SELECT i.at, i.name, y.* FROM (SELECT DISTINCT p.at, p.segment_id, s.name FROM past p JOIN cdp_data.segment s USING (segment_id)) i
CROSS JOIN LATERAL (
	SELECT p.profile_id AS was, p.since, m.profile_id AS told, m.since AS told_since
	FROM (SELECT * FROM past p WHERE (p.at, p.segment_id) = (i.at, i.segment_id)) p FULL JOIN cdp.members(i.name, i.at) m ON (p.profile_id, p.since) = (m.profile_id, m.since)) y
WHERE y.was IS NULL OR y.told IS NULL;

-- priority lists
CREATE VIEW listed AS SELECT s.priority, s.name, s.members, s.condition FROM cdp.segment s WHERE s.priority_list = 'offer' ORDER BY 1;
SELECT cdp.create_segment('old', $$ cdp.try_integer(traits->'age') >= 90 $$) IS NOT NULL AS made;
SELECT cdp.create_priority_list('offer', '{recent,old,adults}');
SELECT * FROM listed;
CREATE FUNCTION public.misplaced() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (
		SELECT DISTINCT ON (m.profile_id) m.profile_id, 'offer_' || m.segment AS segment FROM cdp.membership m JOIN unnest('{recent,old,adults}'::text[]) WITH ORDINALITY AS l (segment, place) USING (segment) ORDER BY m.profile_id, l.place) t
	FULL JOIN (SELECT m.profile_id, m.segment FROM cdp.membership m WHERE m.segment LIKE 'offer_%') f USING (profile_id, segment)
	WHERE t.profile_id IS NULL OR f.profile_id IS NULL
$$;
SELECT public.misplaced();
UPDATE cdp_data.state SET as_of = as_of + interval '45 minutes';
SELECT public.misplaced();
INSERT INTO cdp.inbox (type, event, user_id, traits, "timestamp", received_at) SELECT 'track', 'order', 'u' || i, NULL, s.as_of, s.as_of FROM cdp_data.state s, generate_series(80, 100) i;
SELECT taken FROM cdp.refresh();
SELECT public.misplaced();
SELECT priority, name, members FROM listed;
SELECT * FROM unfed;
-- a hold-out of a place keeps them out of the list; one of a segment leaves them to the next
SELECT cdp.set_hold_out('offer_recent', 0.5);
SELECT priority, name, members FROM listed;
SELECT count(*) FROM cdp.held_out('offer_recent') h JOIN cdp.membership m USING (profile_id) WHERE m.segment LIKE 'offer%';
SELECT cdp.set_hold_out('offer_recent', 0), cdp.set_hold_out('recent', 0.5);
SELECT priority, name, members FROM listed;
SELECT public.misplaced();
SELECT cdp.rename_segment('old', 'oldest');
SELECT * FROM listed WHERE priority = 2;
SELECT cdp.create_priority_list('offer', '{recent}');
SELECT cdp.create_priority_list('other', '{recent,recent}');
SELECT cdp.create_priority_list('other', '{}');
SELECT cdp.create_priority_list('other', NULL);
SELECT cdp.create_priority_list('Other', '{recent}');
SELECT cdp.create_priority_list('other', '{recent,none}');
SELECT cdp.drop_segment('recent');
SELECT cdp.drop_priority_list('other');
SELECT cdp.drop_priority_list('offer');
SELECT count(*) FROM cdp.segment WHERE name LIKE 'offer%';
SELECT * FROM cdp.verify();
SELECT cdp.set_hold_out('recent', 0);

-- computed traits are not held out, keep their values beside the numbers, and use the segments without those who are
SELECT cdp.create_trait('level', $$ cdp.in_segment('recent') OR cdp.in_segment('adults') $$), cdp.create_trait('years', $$ cdp.try_integer(traits->'age') $$);
CREATE VIEW valueless AS
	SELECT count(*) FROM cdp.profile_row p LEFT JOIN cdp_segment.level l USING (profile_id) LEFT JOIN cdp_segment.years a USING (profile_id)
	WHERE l.value IS DISTINCT FROM EXISTS (SELECT FROM (SELECT m.profile_id FROM cdp.members('recent') m UNION ALL SELECT m.profile_id FROM cdp.members('adults') m) m WHERE m.profile_id = p.profile_id)
		OR a.value IS DISTINCT FROM cdp.try_integer(p.traits OPERATOR(cdp.->) 'age');
SELECT * FROM valueless;
SELECT cdp.set_hold_out('recent', 0.5), cdp.set_hold_out('adults', 0.4);
SELECT * FROM valueless;
SELECT value, count(*) FROM cdp_segment.level GROUP BY 1 ORDER BY 1;
UPDATE cdp_data.state SET as_of = as_of + interval '30 minutes';
INSERT INTO cdp.inbox (type, event, user_id, traits, "timestamp", received_at) SELECT 'identify', NULL, 'u' || i, jsonb_build_object('age', i + 1), s.as_of, s.as_of FROM cdp_data.state s, generate_series(1, 130) i;
SELECT taken FROM cdp.refresh();
SELECT * FROM valueless;
SELECT * FROM cdp.verify();
SELECT cdp.set_hold_out('level', 0.5);
SELECT cdp.create_priority_list('other', '{level}');
SELECT count(*) FROM cdp.held_out('level');
SELECT count(*) FROM cdp.members('level', now());
SELECT count(*) FROM cdp.segment_history('level', 'day', 'UTC', now());
DROP VIEW valueless;
SELECT cdp.drop_trait('years');
SELECT count(*) FROM cdp_segment.level WHERE value IS NULL;
SELECT cdp.set_hold_out('recent', 0), cdp.set_hold_out('adults', 0);
SELECT cdp.drop_trait('level');
SELECT * FROM unfed;
SELECT * FROM cdp.verify();

-- one that uses it, and fails for a person, is exact for all others
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) SELECT 'identify', 'u50', '{"size": "large"}', s.as_of, s.as_of FROM cdp_data.state s;
SELECT taken FROM cdp.refresh();
SELECT cdp.create_segment('fussy', $$ ((traits->>'size')::integer > 0) IS NOT FALSE AND cdp.in_segment('adults') $$) > 0 AS made;
SELECT cdp.set_hold_out('adults', 0.5);
SELECT state, (SELECT count(*) FROM cdp.members('adults')) > 20 AS adults, ARRAY(SELECT m.profile_id FROM cdp.members('fussy') m ORDER BY 1) = ARRAY(SELECT m.profile_id FROM cdp.members('adults') m WHERE m.profile_id <> cdp.profile_of('user_id:u50') ORDER BY 1) AS same FROM cdp.segment WHERE name = 'fussy';
SELECT * FROM cdp.verify();
SELECT cdp.drop_segment('fussy'), cdp.set_hold_out('adults', 0);

-- errors
SELECT cdp.set_hold_out('adults', 1.5);
SELECT cdp.set_hold_out('adults', 'NaN');
SELECT cdp.set_hold_out('adults', NULL);
SELECT cdp.set_hold_out('none', 0.5);
SELECT count(*) FROM cdp.held_out('none');
CREATE ROLE regress_cdp_hold_out_steward;
SELECT cdp.grant_access('regress_cdp_hold_out_steward', 'steward');
SET ROLE regress_cdp_hold_out_steward;
SELECT cdp.set_hold_out('adults', 0.5);
SELECT cdp.create_segment('own', 'true');
SELECT cdp.set_hold_out('own', 0.5);
SELECT count(*) > 0 AS held_out FROM cdp.held_out('own');
SELECT cdp.drop_segment('own');
RESET ROLE;
\c :origin
DROP DATABASE cdp_segment_hold_out;
DROP ROLE regress_cdp_hold_out_steward;
