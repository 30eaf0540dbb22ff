-- A consumer of segments and computed traits, on a random history: what it was given adds up to what readers see, with
-- retries, merges, splits, retractions, a trait of another type, a drop that is refused, trimming and erasure.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_feed_trait ENCODING 'UTF8' TEMPLATE template0;
\c cdp_feed_trait
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.carry_property('*', 'total') IS NULL AS carried;
CREATE SCHEMA try;
CREATE TABLE try.folded (profile_id bigint, name text, value jsonb, PRIMARY KEY (profile_id, name));
-- others come
CREATE TABLE try.time AS SELECT 0 AS people;
CREATE TABLE try.count (what text PRIMARY KEY, number integer);
-- of each profile, the last change that was handled
CREATE TABLE try.handled (profile_id bigint PRIMARY KEY, change_id bigint);
CREATE FUNCTION try.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[ceil(random() * cardinality(list))];
CREATE FUNCTION try.send() RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, properties, traits, "timestamp", received_at)
	SELECT e.type, CASE WHEN e.type = 'track' THEN try.pick('view', 'order') END, gen_random_uuid()::text,
		CASE WHEN e.who < 0.6 THEN 'a' || t.people + ceil(random() * 7) END, CASE WHEN e.who > 0.4 THEN 'u' || t.people + ceil(random() * 7) END,
		CASE WHEN e.type = 'track' THEN jsonb_build_object('total', floor(random() * 6)) END,
		CASE WHEN e.type = 'identify' THEN jsonb_build_object('plan', try.pick('free', 'pro')) END, e.at - random() * interval '5 hours', e.at
	FROM (SELECT try.pick('track', 'track', 'identify') AS type, random() AS who, s.as_of AS at FROM cdp_data.state s, generate_series(1, ceil(random() * 4)::integer)) e, try.time t
$$;
-- as a consumer handles a change: it knows nothing but what the row says
CREATE FUNCTION try.handle(c record) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	named text := coalesce(c.segment, c.trait);
	-- a member has the value true
	now_has jsonb := CASE WHEN c.kind = 'exited' THEN NULL WHEN c.segment IS NOT NULL THEN 'true' ELSE c.value END;
BEGIN
	ASSERT c.kind = 'erased' OR num_nonnulls(c.segment, c.trait) = 1, 'of both or none';
	DELETE FROM try.folded f WHERE f.profile_id = c.profile_id AND (f.name = named OR c.kind = 'erased');
	IF c.kind IN ('merged', 'renumbered') THEN
		DELETE FROM try.folded f WHERE (f.profile_id, f.name) = (c.other_profile_id, named);
		ASSERT FOUND, format('%s of %s was not known', named, c.other_profile_id);
	END IF;
	IF now_has IS NOT NULL THEN
		INSERT INTO try.folded VALUES (c.profile_id, named, now_has);
	END IF;
	-- in order for each profile; a change may come twice, if the one before it is put off after it was handled
	INSERT INTO try.handled AS h VALUES (c.profile_id, c.change_id) ON CONFLICT (profile_id) DO UPDATE SET change_id = excluded.change_id;
	INSERT INTO try.count AS n VALUES (c.kind || CASE WHEN c.trait IS NOT NULL THEN ' trait' ELSE '' END, 1) ON CONFLICT (what) DO UPDATE SET number = n.number + 1;
END $$;
-- handles what there is, up to the first that is put off
CREATE FUNCTION try.consume(most integer, put_off double precision) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c record;
	handled bigint := 0;
BEGIN
	FOR c IN SELECT * FROM cdp.next_changes('crm', most) LOOP
		IF c.kind <> 'progress' AND random() < put_off THEN
			PERFORM cdp.retry('crm', c.change_id, CASE WHEN random() < 0.5 THEN interval '1 day' ELSE '0' END);
			-- what follows it now waits
			RETURN handled;
		ELSIF c.kind <> 'progress' THEN
			ASSERT c.change_id > coalesce((SELECT h.change_id FROM try.handled h WHERE h.profile_id = c.profile_id), -1e18::bigint), format('change %s of %s is late', c.change_id, c.profile_id);
			PERFORM try.handle(c);
			handled := handled + 1;
		END IF;
		PERFORM cdp.acknowledge('crm', c.change_id);
	END LOOP;
	RETURN handled;
END $$;
CREATE FUNCTION try.step() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	what text := try.pick('send', 'send', 'send', 'send', 'same', 'unlink', 'retract', 'type', 'hold_out', 'restitch');
	a text := 'user_id:u' || ceil(random() * 7) + (SELECT t.people FROM try.time t);
	b text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 7) + (SELECT t.people FROM try.time t);
BEGIN
	UPDATE cdp_data.state s SET as_of = s.as_of + random() * interval '4 hours';
	CASE what
		WHEN 'send' THEN PERFORM try.send();
		WHEN 'same' THEN PERFORM cdp.same(a, b);
		WHEN 'unlink' THEN PERFORM cdp.unlink(a, b);
		WHEN 'retract' THEN PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e ORDER BY random() LIMIT 1));
		WHEN 'type' THEN PERFORM cdp.create_trait('last', try.pick($e$cdp.last_time(timeline, '*')$e$, $e$cdp.last_value(timeline, 'order', 'total')$e$), replace => true);
		WHEN 'hold_out' THEN PERFORM cdp.set_hold_out('buyers', random() * 0.3);
		WHEN 'restitch' THEN PERFORM cdp.restitch();
	END CASE;
	PERFORM cdp.refresh();
EXCEPTION WHEN undefined_object OR invalid_parameter_value OR object_not_in_prerequisite_state THEN
	NULL;
END $$;
CREATE FUNCTION try.differences() RETURNS TABLE (profile_id bigint, name text, expected jsonb, folded jsonb) LANGUAGE sql STABLE AS $$
	SELECT coalesce(t.profile_id, f.profile_id), coalesce(t.name, f.name), t.value, f.value
	FROM (
		SELECT m.profile_id, s.name, CASE WHEN s.kind = 'trait' THEN cdp_internal.computed_json(u.value, s.value_type) ELSE 'true' END AS value
		FROM cdp_data.membership m CROSS JOIN LATERAL unnest(m.segments, m.computed) AS u (segment_id, value) JOIN cdp_data.segment s USING (segment_id)
		WHERE s.name <> 'other') t
	FULL JOIN try.folded f ON (f.profile_id, f.name) = (t.profile_id, t.name)
	WHERE f.value IS DISTINCT FROM t.value
$$;

SELECT setseed(0.31);
SELECT cdp.create_trait('spent', $$cdp.sum(timeline, 'order', 'total', within => '20 hours')$$);
SELECT cdp.create_trait('last', $$cdp.last_time(timeline, '*')$$);
SELECT cdp.create_trait('level', $$CASE WHEN cdp.computed('spent') > 4 THEN 'gold' WHEN cdp.did(timeline, 'view') THEN 'silver' END$$);
SELECT cdp.create_segment('buyers', $$cdp.computed('spent') > 1$$);
SELECT cdp.create_segment('other', $$events > 3$$);
UPDATE cdp_data.state SET as_of = date_trunc('hour', now()) + interval '1 day';
DO $$ BEGIN FOR step IN 1 .. 8 LOOP PERFORM try.step(); END LOOP; END $$;
SELECT cdp.create_consumer('crm', '{buyers}', start => 'snapshot', traits => '{spent,last,level}') > 0 AS made;
SELECT segments, traits, snapshot_left > 5 AS "left" FROM cdp.consumer;
SELECT bool_and((value IS NULL) = (segment IS NOT NULL)) AS of_traits, count(DISTINCT trait) AS traits FROM cdp.next_changes('crm') WHERE kind = 'snapshot';
CREATE PROCEDURE try.run(steps integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN 1 .. steps LOOP
		UPDATE try.time SET people = step / 10;
		PERFORM try.step();
		PERFORM try.consume(ceil(random() * 60)::integer, 0.03);
		COMMIT;
		IF random() < 0.1 THEN
			UPDATE cdp_data.consumer_waiting SET due_at = '-infinity';
		END IF;
		COMMIT;
	END LOOP;
	-- all that is left
	LOOP
		UPDATE cdp_data.consumer_waiting SET due_at = '-infinity';
		EXIT WHEN try.consume(1000, 0) = 0 AND NOT EXISTS (SELECT FROM cdp_data.consumer_waiting);
		COMMIT;
	END LOOP;
END $$;
CALL try.run(80);
SELECT * FROM try.differences();
SELECT what, number > 2 AS some FROM try.count ORDER BY 1;
SELECT count(*) > 10 AS many FROM try.folded;

-- what a consumer reads stays
SELECT cdp.drop_trait('last');
SELECT cdp.rename_segment('last', 'latest');
SELECT cdp.create_trait('latest', $$cdp.count_events(timeline, 'order')$$, replace => true) > 0 AS made;
SELECT DISTINCT kind, trait FROM cdp.next_changes('crm') ORDER BY 1;
-- of a person who is erased nothing is given, whatever was there
SELECT cdp.create_consumer('late', traits => '{latest}', start => 'snapshot') IS NOT NULL AS made;
SELECT min(profile_id) AS gone FROM cdp.next_changes('late') WHERE kind = 'snapshot' \gset
BEGIN;
SELECT cdp_internal.refresh_lock(true);
SELECT cdp_internal.erase_changes(ARRAY[:gone]::bigint[], false) > 0 AS erased;
COMMIT;
SELECT n.kind, n.trait, n.value FROM cdp.next_changes('late') n WHERE n.profile_id = :gone;
SELECT n.kind, n.trait, n.value FROM cdp.next_changes('crm') n WHERE n.profile_id = :gone;
-- one whose value a split copied keeps it
BEGIN;
SELECT cdp_internal.refresh_lock(true);
SELECT cdp_internal.record_changes('{split}', '{900}', ARRAY[(SELECT segment_id FROM cdp_data.segment WHERE name = 'spent')], '{901}', ARRAY[now()], '{split}', NULL, '{spent}', ARRAY['7'::jsonb], in_batch => false) > 0 AS recorded;
SELECT cdp_internal.erase_changes('{901}', false) > 0 AS erased;
COMMIT;
SELECT n.kind, n.trait, n.value, n.other_profile_id FROM cdp.next_changes('crm') n WHERE n.profile_id = 900;
-- trimmed
UPDATE cdp_data.state SET trimmed_change_id = change_id;
SELECT count(*) FROM cdp.next_changes('crm');
SELECT cdp.create_consumer('crm', traits => '{spent}', start => 'snapshot', replace => true) > 0 AS made;
SELECT DISTINCT kind, segment, trait FROM cdp.next_changes('crm') ORDER BY 1;

-- rights and errors
CREATE ROLE cdp_feed_trait_reader;
SELECT cdp.grant_access('cdp_feed_trait_reader', 'analyst');
REVOKE SELECT ON cdp_segment.spent FROM cdp_feed_trait_reader;
SET ROLE cdp_feed_trait_reader;
SELECT cdp.create_consumer('mine', traits => '{spent}');
SELECT cdp.create_consumer('mine', traits => '{level}', start => 'snapshot') > 0 AS made;
SELECT count(*) > 1 AS given FROM cdp.next_changes('mine');
RESET ROLE;
REVOKE SELECT ON cdp_segment.level FROM cdp_feed_trait_reader;
SET ROLE cdp_feed_trait_reader;
SELECT count(*) FROM cdp.next_changes('mine');
SELECT count(*) FROM cdp_data.readable_membership WHERE value IS NOT NULL AND segment_id = (SELECT segment_id FROM cdp_data.segment WHERE name = 'level');
RESET ROLE;
SELECT cdp.create_consumer('x', '{level}');
SELECT cdp.create_consumer('x', traits => '{buyers}');
SELECT cdp.create_consumer('x', traits => '{nothing}');
SELECT cdp.create_consumer('x', '{buyers}', traits => '{NULL}');
SELECT cdp.create_consumer('x');

\c :origin
DROP DATABASE cdp_feed_trait;
DROP ROLE cdp_feed_trait_reader;
