-- Segments and computed traits of accounts on random histories: after every step what is kept, what readers see and what
-- the feed adds up to equal a full evaluation, which finds the people of accounts by cdp.account_members.
-- CDP_SEGMENT_STEPS and CDP_SEGMENT_SEED in the environment ask for other histories:
-- CDP_SEGMENT_STEPS=1000 TESTS=segment_account_random test/check regress
\set ECHO none
\set steps 30
\set seed 1
\getenv steps CDP_SEGMENT_STEPS
\getenv seed CDP_SEGMENT_SEED
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_account_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_account_random
SET client_min_messages = error;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE EXTENSION cdp;
SELECT cdp.init() \g /dev/null
CREATE SCHEMA try;
SELECT cdp.carry_property('*', 'total') \g /dev/null

-- a segment or trait, its subject, its type (NULL: it is a segment), and its condition: @ in the place of as_of, {at} in
-- that of now(), {in:s} a segment and {c:t} a trait of the same subject, {n:s} the members in a segment of people
CREATE TABLE try.segment (name text PRIMARY KEY, subject text NOT NULL, type text, truth text NOT NULL);
-- identifiers of the list l1: as they are, and as they were when it was last read
CREATE TABLE try.listed (identifier text);
CREATE TABLE try.was_listed (identifier text);
CREATE TABLE try.folded (group_id text, segment_id integer, since timestamptz, value jsonb, PRIMARY KEY (group_id, segment_id));
CREATE TABLE try.read (last bigint NOT NULL);
INSERT INTO try.read VALUES (0);
CREATE TABLE try.done (step integer, what text);
CREATE TABLE try.time AS SELECT date_trunc('hour', now()) + interval '1 day' AS base;

CREATE FUNCTION try.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[ceil(random() * cardinality(list))];
CREATE FUNCTION try.hours(most integer) RETURNS text LANGUAGE sql VOLATILE RETURN format('interval %L', make_interval(hours => ceil(random() * most)::integer));

-- a comparison of either subject
CREATE FUNCTION try.leaf(subject text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	step text := format('%L', try.pick('view', 'cart', 'order', 'view | cart', '*', 'order[total > 2]'));
	bounds text := concat(CASE WHEN random() < 0.8 THEN ', within => ' || try.hours(40) END, CASE WHEN random() < 0.2 THEN ', older_than => ' || try.hours(9) END, '@');
	number integer := floor(random() * 4);
	compare text := try.pick('>', '>=', '<', '=');
	used record;
BEGIN
	IF random() < 0.4 AND subject = 'account' THEN
		SELECT s.name INTO used FROM try.segment s WHERE s.subject = 'person' AND s.type IS NULL ORDER BY random() LIMIT 1;
		IF FOUND THEN
			RETURN format('{n:%s} %s %s', used.name, compare, number);
		END IF;
	ELSIF random() < 0.25 THEN
		SELECT s.name, s.type INTO used FROM try.segment s WHERE s.subject = leaf.subject ORDER BY random() LIMIT 1;
		IF FOUND THEN
			RETURN CASE WHEN used.type IS NULL THEN format('{in:%s}', used.name) WHEN used.type = 'bigint' THEN format('{c:%s} %s %s', used.name, compare, number)
				ELSE format('{c:%s} > {at} - %s', used.name, try.hours(40)) END;
		END IF;
	END IF;
	RETURN CASE floor(random() * 10)::integer
		WHEN 0 THEN format('cdp.did(timeline, %s, at_least => %s%s)', step, number, bounds)
		WHEN 1 THEN format('cdp.did_not(timeline, %s%s)', step, bounds)
		WHEN 2 THEN format('cdp.count_events(timeline, %s%s) %s %s', step, bounds, compare, number)
		WHEN 3 THEN format('cdp.sum(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number * 3)
		WHEN 4 THEN format('cdp.last_time(timeline, %s%s) < {at} - %s', step, bounds, try.hours(30))
		WHEN 5 THEN format('cdp.matches(timeline, ''view -> cart within 5 hours'', within => %s@)', try.hours(40))
		WHEN 6 THEN format('last_seen > {at} - %s', try.hours(40))
		WHEN 7 THEN CASE subject WHEN 'account' THEN format('members %s %s', compare, number) ELSE format('account_traits->>''tier'' = %L', try.pick('a', 'b')) END
		WHEN 8 THEN format('traits->>%L = %L', CASE subject WHEN 'account' THEN 'tier' ELSE 'plan' END, try.pick('a', 'b'))
		ELSE format('events %s %s', compare, number * 2) END;
END $$;

CREATE FUNCTION try.condition(subject text, depth integer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF depth = 0 OR random() < 0.15 THEN
		RETURN try.leaf(subject);
	END IF;
	RETURN CASE floor(random() * 6)::integer
		WHEN 0 THEN format('NOT (%s)', try.condition(subject, depth - 1))
		WHEN 1 THEN format('(%s) IS NOT TRUE', try.condition(subject, depth - 1))
		WHEN 2 THEN format('(%s) OR (%s) OR (%s)', try.condition(subject, depth - 1), try.condition(subject, depth - 1), try.condition(subject, depth - 1))
		WHEN 3 THEN format('(%s) OR (%s)', try.condition(subject, depth - 1), try.condition(subject, depth - 1))
		ELSE format('(%s) AND (%s)', try.condition(subject, depth - 1), try.condition(subject, depth - 1)) END;
END $$;

CREATE FUNCTION try.value(subject text, OUT truth text, OUT type text) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	step text := format('%L', try.pick('view', 'cart', 'order', '*'));
	counted text := (SELECT s.name FROM try.segment s WHERE s.subject = 'person' AND s.type IS NULL ORDER BY random() LIMIT 1);
BEGIN
	type := try.pick('bigint', 'bigint', 'timestamptz');
	truth := CASE WHEN type = 'timestamptz' THEN format('cdp.last_time(timeline, %s, within => %s@)', step, try.hours(40))
		WHEN random() < 0.5 AND subject = 'account' AND counted IS NOT NULL THEN format('nullif({n:%s}, 0)', counted)
		ELSE format('nullif(cdp.count_events(timeline, %s, within => %s@), 0)', step, try.hours(40)) END;
END $$;

CREATE FUNCTION try.written(condition text) RETURNS text LANGUAGE sql
	RETURN regexp_replace(regexp_replace(regexp_replace(replace(replace(condition, '@', ''), '{at}', 'now()'), '\{in:([a-z0-9]+)\}', 'cdp.in_segment(''\1'')', 'g'),
		'\{c:([a-z0-9]+)\}', 'cdp.computed(''\1'')', 'g'), '\{n:([a-z0-9]+)\}', 'cdp.members_in(''\1'')', 'g');
-- whether a person is held out of a segment
CREATE FUNCTION try.is_in(name text, profile_id bigint, holds boolean) RETURNS boolean LANGUAGE sql STABLE RETURN holds AND (
	SELECT cdp_internal.hold_out_draw(t.hold_out_salt, s.segment_id, is_in.profile_id) >= s.hold_out FROM cdp_data.segment s CROSS JOIN cdp_data.state t WHERE s.name = is_in.name);
CREATE FUNCTION try.meant(condition text, at timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	used text[];
	meant text;
	of_people boolean;
BEGIN
	LOOP
		used := regexp_match(condition, '\{(in|c|n):([a-z0-9]+)\}');
		EXIT WHEN used IS NULL;
		SELECT try.meant(s.truth, at), s.subject = 'person' AND s.type IS NULL INTO STRICT meant, of_people FROM try.segment s WHERE s.name = used[2];
		IF of_people THEN
			meant := format('try.is_in(%L, p.profile_id, %s)', used[2], meant);
		END IF;
		condition := replace(condition, format('{%s:%s}', used[1], used[2]), CASE used[1] WHEN 'in' THEN format('((%s) IS TRUE)', meant) WHEN 'c' THEN format('(%s)', meant)
			ELSE format('(SELECT count(*) FROM (SELECT m.profile_id FROM cdp.account_members m WHERE m.group_id = r.group_id) u JOIN cdp.profile_row p USING (profile_id) WHERE (%s))', meant) END);
	END LOOP;
	RETURN replace(replace(condition, '@', format(', as_of => timestamptz %L', at)), '{at}', format('timestamptz %L', at));
END $$;

-- which accounts are in which segment, and which values they have, by evaluating all; name NULL: of all
CREATE FUNCTION try.truth(at timestamptz, name text DEFAULT NULL) RETURNS TABLE (segment text, group_id text, value text) LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, cdp SET timezone = 'UTC' AS $$
BEGIN
	RETURN QUERY EXECUTE (
		SELECT 'SELECT v.name, r.group_id, v.value FROM (
			SELECT a.group_id, a.first_seen, a.last_seen, a.events, d.traits, a.members,
				(SELECT coalesce(cdp.timeline_union(p.timeline), ''{}'') FROM cdp.account_members m JOIN cdp.profile_row p USING (profile_id) WHERE m.group_id = a.group_id) AS timeline
			FROM cdp.accounts a JOIN cdp_data.account d USING (group_id)) r CROSS JOIN LATERAL (VALUES '
			|| string_agg(format(CASE WHEN s.type IS NULL THEN '(%L, CASE WHEN (%s) THEN '''' END)' ELSE '(%L, (%s)::text)' END, s.name, try.meant(s.truth, at)), ', ') || ') v (name, value) WHERE v.value IS NOT NULL'
		FROM try.segment s WHERE s.subject = 'account' AND (truth.name IS NULL OR s.name = truth.name));
END $$;

CREATE FUNCTION try.define(name text, subject text, is_trait boolean, replace boolean) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, cdp AS $$
DECLARE
	made record;
BEGIN
	IF is_trait THEN
		made := try.value(subject);
	ELSE
		SELECT try.condition(subject, 1 + floor(random() * 2)::integer) AS truth, NULL::text AS type INTO made;
	END IF;
	EXECUTE format('SELECT cdp.create_%s%s($1, $2, replace => $3)', CASE subject WHEN 'account' THEN 'account_' END, CASE WHEN is_trait THEN 'trait' ELSE 'segment' END)
		USING name, try.written(made.truth), replace;
	INSERT INTO try.segment VALUES (define.name, define.subject, made.type, made.truth) ON CONFLICT ON CONSTRAINT segment_pkey DO UPDATE SET truth = excluded.truth, type = excluded.type;
EXCEPTION WHEN feature_not_supported OR invalid_recursion OR dependent_objects_still_exist THEN
	INSERT INTO try.done VALUES (0, 'refused: ' || SQLERRM);
END $$;

CREATE FUNCTION try.differ(what text, a text, b text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
	found text;
BEGIN
	EXECUTE format('SELECT string_agg(d::text, '' '') FROM ((SELECT ''+'', x.* FROM (%1$s) x EXCEPT ALL SELECT ''+'', y.* FROM (%2$s) y) UNION ALL
		(SELECT ''-'', y.* FROM (%2$s) y EXCEPT ALL SELECT ''-'', x.* FROM (%1$s) x)) d', a, b) INTO found;
	IF found IS NOT NULL THEN
		RAISE EXCEPTION '%: %', what, left(found, 2000);
	END IF;
END $$;

-- adds the changes of accounts since the last call to what was known
CREATE FUNCTION try.fold() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c cdp_data.change;
BEGIN
	FOR c IN SELECT n.* FROM cdp_data.change n WHERE n.change_id > (SELECT r.last FROM try.read r) ORDER BY n.change_id LOOP
		UPDATE try.read SET last = c.change_id;
		CONTINUE WHEN c.group_id IS NULL;
		IF c.kind = 'entered' THEN
			INSERT INTO try.folded VALUES (c.group_id, c.segment_id, c.at);
		ELSIF c.kind = 'exited' THEN
			DELETE FROM try.folded f WHERE (f.group_id, f.segment_id) = (c.group_id, c.segment_id);
			ASSERT FOUND, format('%s was not in %s', c.group_id, c.segment_id);
		ELSE
			ASSERT c.kind = 'trait_changed', c.kind;
			ASSERT c.value IS DISTINCT FROM (SELECT f.value FROM try.folded f WHERE (f.group_id, f.segment_id) = (c.group_id, c.segment_id)), format('%s of %s is the same', c.trait, c.group_id);
			DELETE FROM try.folded f WHERE (f.group_id, f.segment_id) = (c.group_id, c.segment_id);
			INSERT INTO try.folded SELECT c.group_id, c.segment_id, c.at, c.value WHERE c.value IS NOT NULL;
		END IF;
	END LOOP;
END $$;

CREATE FUNCTION try.check_readers() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	at timestamptz := (SELECT greatest(now(), s.as_of) FROM cdp_data.state s);
	listed record;
	one text := 'g' || ceil(random() * 4);
BEGIN
	CREATE TEMP TABLE truth AS SELECT * FROM try.truth(at);
	FOR listed IN SELECT s.* FROM try.segment s WHERE s.subject = 'account' ORDER BY random() LIMIT 3 LOOP
		PERFORM try.differ('read of ' || listed.name, format(CASE WHEN listed.type IS NULL THEN 'SELECT m.group_id, '''' FROM cdp.accounts_in(%L) m' ELSE 'SELECT v.group_id, v.value FROM cdp.account_trait_values(%L) v' END, listed.name),
			format('SELECT t.group_id, t.value FROM truth t WHERE t.segment = %L', listed.name));
		IF listed.type IS NULL THEN
			ASSERT cdp.is_account_in(listed.name, one) = EXISTS (SELECT FROM truth t WHERE (t.segment, t.group_id) = (listed.name, one)), format('is_account_in(%s, %s)', listed.name, one);
			ASSERT NOT EXISTS (SELECT FROM cdp_data.account a WHERE a.group_id = one) AND NOT EXISTS (SELECT FROM cdp.why_account(listed.name, one))
				OR (SELECT coalesce(w.holds, false) FROM cdp.why_account(listed.name, one) w WHERE w.line = 1) = EXISTS (SELECT FROM truth t WHERE (t.segment, t.group_id) = (listed.name, one)), format('why_account(%s, %s)', listed.name, one);
		END IF;
	END LOOP;
	DROP TABLE truth;
END $$;

CREATE FUNCTION try.check_kept() RETURNS void LANGUAGE plpgsql VOLATILE SET timezone = 'UTC' AS $$
DECLARE
	at timestamptz := (SELECT s.as_of FROM cdp_data.state s);
BEGIN
	PERFORM try.differ('kept', 'SELECT s.name, m.group_id, coalesce(u.value, '''') FROM cdp_data.account_membership m CROSS JOIN LATERAL unnest(m.segments, m.computed) AS u (segment_id, value) JOIN cdp_data.segment s USING (segment_id)',
		format('SELECT t.segment, t.group_id, t.value FROM try.truth(%L) t', at));
	PERFORM try.fold();
	PERFORM try.differ('folded', 'SELECT m.group_id, u.segment_id, u.since, cdp_internal.computed_json(u.value, s.value_type) FROM cdp_data.account_membership m CROSS JOIN LATERAL unnest(m.segments, m.since, m.computed) AS u (segment_id, since, value)
		JOIN cdp_data.segment s USING (segment_id)', 'SELECT f.group_id, f.segment_id, f.since, f.value FROM try.folded f');
	PERFORM try.differ('sizes', 'SELECT s.name, s.members FROM cdp_data.segment s WHERE s.subject = ''account''',
		'SELECT s.name, count(f.segment_id) FROM cdp_data.segment s LEFT JOIN try.folded f USING (segment_id) WHERE s.subject = ''account'' GROUP BY s.name');
	ASSERT NOT EXISTS (SELECT FROM cdp_data.account_membership m WHERE m.horizon <= at), 'a horizon that has passed';
	ASSERT NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.state <> 'live'), (SELECT string_agg(concat_ws(' ', s.name, s.state, s.error, try.written(t.truth)), '; ') FROM cdp_data.segment s LEFT JOIN try.segment t USING (name) WHERE s.state <> 'live');
END $$;

-- where only time has passed, each change came at the very instant at which the answer became another
CREATE FUNCTION try.check_instants(after bigint) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c record;
	checked integer := 0;
BEGIN
	FOR c IN SELECT n.*, s.name FROM cdp_data.change n JOIN cdp_data.segment s USING (segment_id) WHERE n.change_id > after AND n.group_id IS NOT NULL AND n.cause = 'clock' AND n.kind <> 'trait_changed' ORDER BY random() LIMIT 4 LOOP
		ASSERT (c.kind = 'entered') = EXISTS (SELECT FROM try.truth(c.at, c.name) t WHERE t.group_id = c.group_id), format('%s of %s at %s', c.kind, c.name, c.at);
		ASSERT (c.kind = 'exited') = EXISTS (SELECT FROM try.truth(c.at - interval '1 microsecond', c.name) t WHERE t.group_id = c.group_id), format('%s of %s before %s', c.kind, c.name, c.at);
		checked := checked + 1;
	END LOOP;
	RETURN checked;
END $$;

CREATE FUNCTION try.send(at timestamptz) RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, group_id, properties, traits, context, source, "timestamp", received_at)
	SELECT e.type, CASE WHEN e.type = 'track' THEN try.pick('view', 'view', 'cart', 'order') END, gen_random_uuid()::text,
		CASE WHEN e.who < 0.6 THEN 'a' || ceil(random() * 6) END, CASE WHEN e.who > 0.35 THEN 'u' || ceil(random() * 6) END,
		CASE WHEN e.type = 'group' THEN 'g' || ceil(random() * 4) END, CASE WHEN e.type = 'track' AND random() < 0.7 THEN jsonb_build_object('total', floor(random() * 6)) END,
		CASE e.type WHEN 'identify' THEN jsonb_build_object('plan', try.pick('a', 'b')) WHEN 'group' THEN jsonb_build_object('tier', try.pick('a', 'b')) END,
		CASE WHEN e.type = 'group' AND random() < 0.25 THEN '{"groupLeft": true}'::jsonb END, CASE WHEN random() < 0.2 THEN 'brief' ELSE 'app' END,
		at - CASE WHEN random() < 0.7 THEN random() * interval '1 hour' ELSE random() * interval '40 hours' END, at
	FROM (SELECT try.pick('track', 'track', 'track', 'identify', 'group', 'group') AS type, random() AS who FROM generate_series(1, ceil(random() * 4)::integer)) e
$$;

CREATE FUNCTION try.act(step integer, what text, at timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	named try.segment;
	a text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 6);
	b text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 6);
BEGIN
	SELECT s.* INTO named FROM try.segment s WHERE s.name <> 'l1' ORDER BY random() LIMIT 1;
	CASE what
		WHEN 'send' THEN PERFORM try.send(at); PERFORM cdp.refresh();
		WHEN 'wait' THEN PERFORM cdp.refresh();
		WHEN 'unlink' THEN PERFORM cdp.unlink(a, b);
		WHEN 'same' THEN PERFORM cdp.same(a, b);
		WHEN 'forbid' THEN PERFORM cdp.forbid(a, b);
		WHEN 'share' THEN PERFORM cdp.mark_shared(a, random() < 0.4);
		WHEN 'block' THEN PERFORM cdp.set_rules(jsonb_build_object(split_part(a, ':', 1), jsonb_build_object('blocked', CASE WHEN random() < 0.5 THEN jsonb_build_array(split_part(a, ':', 2)) ELSE '[]' END)));
		WHEN 'rules' THEN PERFORM cdp.set_rules(jsonb_build_object('anonymous_id', jsonb_build_object('max_links', jsonb_build_object('user_id', 1 + floor(random() * 3)))));
		WHEN 'retract' THEN PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e ORDER BY random() LIMIT 2));
		WHEN 'retract_group' THEN PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e WHERE e.group_id = 'g' || step % 4 + 1));
		WHEN 'restitch' THEN PERFORM cdp.restitch();
		WHEN 'list' THEN
			DELETE FROM try.listed WHERE random() < 0.5;
			INSERT INTO try.listed VALUES (a), (b);
			DELETE FROM try.was_listed;
			INSERT INTO try.was_listed SELECT * FROM try.listed;
			PERFORM cdp.read_list('l1');
		WHEN 'hold_out' THEN PERFORM cdp.set_hold_out((SELECT s.name FROM try.segment s WHERE s.subject = 'person' AND s.type IS NULL ORDER BY random() LIMIT 1), try.pick('0', '0.3', '0.6')::float8);
		WHEN 'rename' THEN
			PERFORM cdp.rename_segment(named.name, 'r' || step);
			UPDATE try.segment s SET name = 'r' || step WHERE s.name = named.name;
			UPDATE try.segment s SET truth = regexp_replace(s.truth, format('\{(in|c|n):%s\}', named.name), format('{\1:r%s}', step), 'g');
		WHEN 'define' THEN PERFORM try.define(named.name, named.subject, named.type IS NOT NULL, true);
		WHEN 'drop' THEN
			EXECUTE format('SELECT cdp.drop_%s(%L)', CASE WHEN named.type IS NULL THEN 'segment' ELSE 'trait' END, named.name);
			DELETE FROM try.segment s WHERE s.name = named.name;
			PERFORM try.define('n' || step, named.subject, named.type IS NOT NULL, false);
	END CASE;
END $$;

CREATE FUNCTION try.step(step integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	what text := try.pick('send', 'send', 'send', 'send', 'send', 'send', 'wait', 'wait', 'wait', 'unlink', 'same', 'forbid', 'share', 'block', 'rules', 'retract', 'retract_group', 'restitch', 'rename', 'define', 'define', 'drop', 'hold_out', 'list', 'list');
	last bigint;
BEGIN
	IF random() < 0.5 OR what = 'wait' THEN
		UPDATE cdp_data.state s SET as_of = s.as_of + random() * interval '12 hours';
		PERFORM try.check_readers();
	END IF;
	SELECT s.change_id INTO last FROM cdp_data.state s;
	BEGIN
		PERFORM try.act(step, what, (SELECT s.as_of FROM cdp_data.state s));
	EXCEPTION WHEN undefined_object OR invalid_parameter_value OR object_not_in_prerequisite_state OR dependent_objects_still_exist THEN
		what := what || ' refused: ' || SQLERRM;
	END;
	-- what was refused, and a retraction of nothing, makes no batch
	IF random() < 0.3 OR what LIKE '%refused%' OR what IN ('define', 'drop', 'hold_out', 'retract', 'retract_group') THEN
		PERFORM cdp.refresh();
	END IF;
	INSERT INTO try.done VALUES (step, what);
	PERFORM try.check_kept();
	IF what = 'wait' AND NOT EXISTS (SELECT FROM cdp_data.change c WHERE c.change_id > last AND c.cause <> 'clock') THEN
		INSERT INTO try.done SELECT 0, 'instant' FROM generate_series(1, try.check_instants(last));
	END IF;
	PERFORM try.check_readers();
END $$;

SELECT setseed((:seed % 1000) / 1000.0) \g /dev/null
UPDATE cdp_data.state SET as_of = t.base FROM try.time t;
-- what this one says expires
INSERT INTO cdp.inbox (type, event, user_id, source, "timestamp", received_at) SELECT 'track', 'view', 'u1', 'brief', t.base, t.base FROM try.time t;
SELECT cdp.refresh() \g /dev/null
SELECT cdp.set_sources('{"brief": {"expires_after": "20 hours"}}') \g /dev/null
SELECT try.define('s' || i, 'person', false, false) FROM generate_series(1, 6) i \g /dev/null
SELECT cdp.create_segment_from_query('l1', 'SELECT identifier FROM try.listed', every => NULL) \g /dev/null
INSERT INTO try.segment VALUES ('l1', 'person', NULL, 'EXISTS (SELECT FROM try.was_listed l WHERE l.identifier::cdp.identifier = ANY (identifiers))');
SELECT try.define('t' || i, 'person', true, false) FROM generate_series(1, 2) i \g /dev/null
SELECT try.define('b' || i, 'account', true, false) FROM generate_series(1, 4) i \g /dev/null
SELECT try.define('a' || i, 'account', false, false) FROM generate_series(1, 12) i \g /dev/null
CREATE PROCEDURE try.run(steps integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN 1 .. steps LOOP
		BEGIN
			PERFORM try.step(step);
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			RAISE EXCEPTION 'step %: %', step, SQLERRM USING ERRCODE = SQLSTATE;
		END;
		COMMIT;
	END LOOP;
END $$;
\set ECHO all
CALL try.run(:steps);
SELECT count(*) FILTER (WHERE d.step > 0) >= 30 AS steps, count(DISTINCT split_part(d.what, ' ', 1)) > 8 AS kinds, count(*) FILTER (WHERE d.what = 'instant') > 0 AS instants FROM try.done d;
SELECT bool_or(kind = 'entered') AS entered, bool_or(kind = 'exited') AS exited, bool_or(cause = 'clock') AS clock, bool_or(cause = 'event') AS event FROM cdp_data.change WHERE group_id IS NOT NULL;
SELECT count(*) > 0 AS counted FROM cdp_data.segment s WHERE s.condition LIKE '%members_in%';
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_segment_account_random;
