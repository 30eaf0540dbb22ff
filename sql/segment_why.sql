-- Why a person is in a segment, or not; and segments that use others.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_why ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_why
SET client_min_messages = warning;
CREATE EXTENSION cdp;
CREATE ROLE regress_why_steward;
CREATE ROLE regress_why_other;
CREATE ROLE regress_why_analyst;
SELECT cdp.init();
SELECT cdp.grant_access('regress_why_steward', 'steward'), cdp.grant_access('regress_why_other', 'steward'), cdp.grant_access('regress_why_analyst', 'analyst');
SET timezone = 'UTC';
SELECT cdp.carry_property('*', 'total');
-- person i has i events, the last of them on 2 January, and a renewal far ahead
INSERT INTO cdp.inbox (type, user_id, event, properties, "timestamp")
SELECT 'track', 'u' || i, 'order', jsonb_build_object('total', j), timestamptz '2024-01-02 UTC' - (i - j) * interval '1 hour' FROM generate_series(1, 9) i, generate_series(1, i) j;
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp")
SELECT 'identify', 'u' || i, jsonb_build_object('plan', CASE WHEN i % 2 = 0 THEN 'pro' ELSE 'free' END, 'renewal', '2124-03-01T12:00:00+01:00', 'size', CASE WHEN i = 3 THEN 'large' ELSE '7' END, 'note', repeat('né', 200)),
	timestamptz '2024-01-01 UTC' FROM generate_series(1, 9) i;
SELECT accepted FROM cdp.refresh();

\pset format unaligned
SET ROLE regress_why_steward;
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'order', at_least => 4, within => '40000 days') $$);
SELECT cdp.create_segment('targets', $$ cdp.in_segment('buyers') AND NOT cdp.did(timeline, 'refund')
	AND (traits ->> 'plan' = 'pro' OR cdp.sum(timeline, 'order', 'total') > 40 OR last_seen > timestamptz '2024-01-03 UTC' AND events > 20) AND (traits IS NULL) IS NOT TRUE $$);
SELECT cdp.create_segment('due', $$ cdp.try_timestamptz(traits -> 'renewal') < now() + interval '30 days' $$);
RESET ROLE;
SELECT line, repeat('  ', depth) || part AS part, "values", holds, until, change FROM cdp.why('targets', 'user_id:u6');
SELECT line, repeat('  ', depth) || part AS part, "values", holds, until, change FROM cdp.why('targets', 'user_id:u1');
SELECT part, "values" - '(now() + ''30 days''::interval)' - 'now() + ''30 days''::interval' AS "values", holds, until, change FROM cdp.why('due', 'user_id:u1');
-- former profile ids, identifiers, text; who does not exist
SELECT count(*) FROM cdp.why('due', 'user_id:u1'::cdp.identifier);
SELECT count(*) FROM cdp.why('due', cdp.profile_of('user_id:u1'));
SELECT count(*) FROM cdp.why('due', 4711);
SELECT count(*) FROM cdp.why('due', 'user_id:none');
SELECT count(*) FROM cdp.why('due', NULL::bigint);
SELECT count(*) FROM cdp.why('none', 'user_id:u1');
SELECT count(*) FROM cdp.why('due', 'u1');

-- a part that fails, where the answer does not need it, and where it does; long values
SELECT cdp.create_segment('sized', $$ events > 100 AND (traits ->> 'size')::int > 3 OR traits ->> 'note' = 'x' $$);
SELECT line, repeat('  ', depth) || part AS part, "values", holds, change FROM cdp.why('sized', 'user_id:u3');
SELECT cdp.create_segment('sized', $$ (traits ->> 'size')::int > 3 AND events > 100 $$, replace => true);
SELECT line, repeat('  ', depth) || part AS part, "values", holds, change FROM cdp.why('sized', 'user_id:u3');

-- the smallest change, against all changes of the leaves: leaves that occur several times change together
SELECT setseed(0.2);
CREATE FUNCTION pg_temp.tree(depth integer, leaves integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF depth = 0 THEN
		RETURN CASE WHEN random() < 0.1 THEN (ARRAY['true', 'false', 'NULL::boolean'])[ceil(random() * 3)]
			ELSE format('events %s %s', (ARRAY['>', '<'])[ceil(random() * 2)], ceil(random() * leaves)) END;
	ELSIF random() < 0.3 THEN
		RETURN CASE WHEN random() < 0.5 THEN format('NOT (%s)', pg_temp.tree(depth - 1, leaves))
			ELSE format('(%s) IS %s%s', pg_temp.tree(depth - 1, leaves), (ARRAY['', 'NOT '])[ceil(random() * 2)], (ARRAY['TRUE', 'FALSE', 'UNKNOWN'])[ceil(random() * 3)]) END;
	END IF;
	RETURN (SELECT '(' || string_agg(pg_temp.tree(depth - 1, leaves), (ARRAY[') AND (', ') OR ('])[ceil(random() * 2)]) || ')' FROM generate_series(1, 2 + floor(random() * 2)::integer));
END $$;
-- evaluates a tree where the n-th of the different leaves is the n-th bit
CREATE FUNCTION pg_temp.evaluate(tree text, leaves text[], answers boolean[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result boolean;
BEGIN
	FOR i IN 1 .. cardinality(leaves) LOOP
		tree := replace(tree, '(' || leaves[i] || ')', '(' || answers[i]::text || ')');
	END LOOP;
	EXECUTE 'SELECT coalesce(' || tree || ', false)' INTO result;
	RETURN result;
END $$;
CREATE TABLE tried (n integer, tree text, holds boolean, marked integer, least integer, changes boolean);
DO $$
DECLARE
	tree text;
	leaves text[];
	answers boolean[];
	marked boolean[];
	holds boolean;
	least integer;
BEGIN
	FOR n IN 1 .. 60 LOOP
		-- the first leaf ends with a parenthesis, too
		tree := format('(%s)', pg_temp.tree(1 + n % 3, CASE WHEN n % 2 = 0 THEN 3 ELSE 9 END));
		PERFORM cdp.create_segment('tree', tree, replace => true);
		leaves := '{}'; answers := '{}'; marked := '{}';
		SELECT array_agg(w.part ORDER BY w.part), array_agg(w.holds ORDER BY w.part), array_agg(coalesce(w.change, false) ORDER BY w.part) INTO leaves, answers, marked
		FROM (SELECT DISTINCT w.part, w.holds, w.change FROM cdp.why('tree', 'user_id:u5') w WHERE w.part LIKE 'events%') w;
		CONTINUE WHEN cardinality(leaves) > 6;
		SELECT w.holds INTO holds FROM cdp.why('tree', 'user_id:u5') w WHERE w.line = 1;
		holds := coalesce(holds, false);
		leaves := coalesce(leaves, '{}');
		SELECT min(s.size) INTO least
		FROM generate_series(1, (1 << cardinality(leaves)) - 1) mask
		CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE mask >> (i - 1) & 1 = 1) AS size, array_agg((mask >> (i - 1) & 1 = 1) <> answers[i] ORDER BY i) AS flipped FROM generate_series(1, cardinality(leaves)) i) s
		WHERE pg_temp.evaluate(tree, leaves, s.flipped) <> holds;
		INSERT INTO tried VALUES (n, tree, holds, (SELECT count(*) FROM unnest(marked) m WHERE m), coalesce(least, 0),
			pg_temp.evaluate(tree, leaves, ARRAY(SELECT answers[i] <> marked[i] FROM generate_series(1, cardinality(leaves)) i ORDER BY i)) <> holds);
	END LOOP;
END $$;
SELECT count(*) > 40 AS tried, count(*) FILTER (WHERE least > 1) > 3 AS several, count(*) FILTER (WHERE least = 0) > 3 AS none, count(*) FILTER (WHERE marked <> least) AS not_least, count(*) FILTER (WHERE least > 0 AND NOT changes) AS no_change FROM tried;
SELECT * FROM tried WHERE marked <> least OR least > 0 AND NOT changes ORDER BY n LIMIT 5;
SELECT cdp.drop_segment('tree');

-- rights: the segment's view, the columns that the condition uses
SET ROLE regress_why_analyst;
SELECT count(*) FROM cdp.why('targets', 'user_id:u1');
RESET ROLE;
REVOKE SELECT ON cdp.profile_row FROM regress_why_analyst;
GRANT SELECT (profile_id, timeline, events) ON cdp.profile_row TO regress_why_analyst;
SET ROLE regress_why_analyst;
SELECT count(*) FROM cdp.why('targets', 'user_id:u1');
SELECT count(*) FROM cdp.why('buyers', 'user_id:u1');
RESET ROLE;
REVOKE SELECT ON cdp_segment.buyers FROM regress_why_analyst, regress_why_other;
SET ROLE regress_why_analyst;
SELECT count(*) FROM cdp.why('buyers', 'user_id:u1');
RESET ROLE;

-- who may use a segment in another, which are refused, and what they keep
SET ROLE regress_why_other;
SELECT cdp.create_segment('theirs', $$ cdp.in_segment('buyers') $$);
SELECT cdp.create_segment('theirs', $$ cdp.in_segment('due') OR events > 5 $$) AS members;
RESET ROLE;
SELECT cdp.create_segment('x', $$ coalesce(cdp.in_segment('due'), true) $$);
SELECT cdp.create_segment('x', $$ events > 3 AND cdp.in_segment('none') $$);
SELECT cdp.create_segment('x', $$ cdp_internal.in_segment(1) $$);
SELECT cdp.create_segment('x', $$ cdp.in_segment(traits ->> 'plan') $$);
SELECT cdp.create_segment('x', $$ cdp.in_segment(NULL) $$);
SELECT cdp.create_segment('x', $$ cdp.in_segment('x') $$);
SELECT cdp.create_segment('x', $$ cdp.is_member('due', profile_id) $$);
SELECT cdp.in_segment('due');
SELECT cdp_internal.in_segment(1);
SELECT cdp.create_segment('due', $$ NOT cdp.in_segment('theirs') $$, replace => true);
SELECT cdp.create_segment('due', $$ cdp.in_segment('due') $$, replace => true);
SELECT cdp.drop_segment('due');
SELECT cdp.rename_segment('due', 'soon_due');
SELECT cdp.create_segment('upper', $$ cdp.in_segment('theirs') IS NOT TRUE AND cdp.in_segment('soon_due') IS FALSE $$) AS members;
SELECT cdp.create_segment('soon_due', $$ cdp.in_segment('buyers') $$, replace => true) AS members;
SELECT cdp_internal.rename_in_condition(c, 'buyers', 'purchasers') FROM unnest(ARRAY[$$ cdp.in_segment('buyers') OR cdp.in_segment(name => E'buyers')/* buyers */ AND traits ->> 'buyers' = 'buyers' $$, 'in_segment($$buyers$$) AND NOT in_segment($x$buyers$x$) OR in_segment(''buyers2'')', $$in_segment('é') and in_segment(U&'buyers')$$]) c;
SELECT s.name, s.level, ARRAY(SELECT u.name FROM cdp.segment u WHERE u.segment_id = ANY (s.depends_on) ORDER BY 1) AS uses, s.condition, s.members, s.state FROM cdp.segment s ORDER BY s.level, s.name;
SELECT line, repeat('  ', depth) || part AS part, holds, change FROM cdp.why('upper', 'user_id:u1');
SELECT count(*) AS differing FROM cdp.verify();
SELECT cdp.drop_segment('upper'), cdp.drop_segment('theirs'), cdp.drop_segment('soon_due');
\c :origin
DROP DATABASE cdp_segment_why;
DROP ROLE regress_why_steward, regress_why_other, regress_why_analyst;
