-- Kept memberships and computed traits on random histories: after every step what is kept, what readers see and what the
-- feed adds up to equal a full evaluation.  CDP_SEGMENT_STEPS and CDP_SEGMENT_SEED in the environment ask for other
-- histories: CDP_SEGMENT_STEPS=10000 TESTS=segment_random test/check regress
\set ECHO none
\set steps 40
\set seed 1
\getenv steps CDP_SEGMENT_STEPS
\getenv seed CDP_SEGMENT_SEED
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_random
SET client_min_messages = error;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE EXTENSION cdp;
SELECT cdp.init() \g /dev/null
CREATE SCHEMA try;

SELECT cdp.carry_property('*', 'total') \g /dev/null

-- a segment, and its condition with {at} for the time
CREATE TABLE try.segment (name text PRIMARY KEY, truth text NOT NULL);
-- a computed trait, its expression so, and its type
CREATE TABLE try.trait (name text PRIMARY KEY, truth text NOT NULL, type text NOT NULL);
-- what the changes add up to
CREATE TABLE try.folded (profile_id bigint, segment_id integer, since timestamptz, value jsonb, PRIMARY KEY (profile_id, segment_id));
CREATE TABLE try.read (last bigint NOT NULL);
INSERT INTO try.read VALUES (0);
CREATE TABLE try.done (step integer, what text);
-- what readers saw at some instants; of several times at one instant, the last
CREATE TABLE try.past (at timestamptz, segment_id integer, profile_id bigint, since timestamptz);
CREATE FUNCTION try.remember() RETURNS void LANGUAGE sql VOLATILE AS $$
	DELETE FROM try.past p USING cdp_data.state s WHERE p.at = s.as_of;
	INSERT INTO try.past SELECT t.as_of, s.segment_id, m.profile_id, m.since FROM cdp_data.state t CROSS JOIN cdp_data.segment s LEFT JOIN LATERAL cdp.members(s.name) m ON true WHERE s.kind <> 'trait';
$$;
CREATE FUNCTION try.check_past() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	seen record;
	checked bigint := 0;
BEGIN
	FOR seen IN SELECT DISTINCT p.at, p.segment_id, s.name FROM try.past p JOIN cdp_data.segment s USING (segment_id) WHERE s.kind <> 'trait' LOOP
		PERFORM try.differ(format('members(%s, %s)', seen.name, seen.at), format('SELECT m.profile_id, m.since FROM cdp.members(%L, %L) m', seen.name, seen.at),
			format('SELECT p.profile_id, p.since FROM try.past p WHERE p.at = %L AND p.segment_id = %s AND p.profile_id IS NOT NULL', seen.at, seen.segment_id));
		checked := checked + 1;
	END LOOP;
	RETURN checked;
END $$;

-- time begins a day ahead, as batches never go back; an hour is shorter in many steps, as it ends after a year
CREATE TABLE try.time AS SELECT date_trunc('hour', now()) + interval '1 day' AS base, CASE WHEN :steps > 500 THEN interval '4 minutes' ELSE interval '1 hour' END AS hour, 0 AS people;
CREATE FUNCTION try.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[ceil(random() * cardinality(list))];
CREATE FUNCTION try.hours(most integer) RETURNS text LANGUAGE sql VOLATILE
	RETURN format('%L', ceil(random() * most) * (SELECT t.hour FROM try.time t));
CREATE FUNCTION try.base(hours integer) RETURNS text LANGUAGE sql VOLATILE
	RETURN format('timestamptz %L', (SELECT t.base + hours * t.hour FROM try.time t));

-- bounds of time, as arguments
CREATE FUNCTION try.bounds() RETURNS text LANGUAGE sql VOLATILE
	RETURN concat(CASE WHEN random() < 0.7 THEN ', within => ' || try.hours(60) END, CASE WHEN random() < 0.25 THEN ', older_than => ' || try.hours(20) END,
		CASE WHEN random() < 0.1 THEN ', since => ' || try.base(30) END, CASE WHEN random() < 0.1 THEN ', until => ' || try.base(100) END);

-- a comparison, with @ in the place of as_of and {at} in that of now()
CREATE FUNCTION try.leaf() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	step text := format('%L', try.pick('view', 'cart', 'order', 'view | cart', '*', 'order[total > 2]', 'view[total < 5] | cart'));
	sequence text := format('%L', replace(try.pick('view -> cart within 5 hours', 'view -> not order within 6 hours', '* -> cart -> !view within 9 hours', 'view -> cart? -> order in 30 hours'), 'hours',
		CASE WHEN (SELECT t.hour FROM try.time t) = '1 hour' THEN 'hours' ELSE 'minutes' END));
	bounds text := try.bounds() || '@';
	zone text := format('%L', try.pick('UTC', 'Europe/Berlin', 'Asia/Kolkata'));
	number integer := floor(random() * 4);
	compare text := try.pick('>', '>=', '<', '=');
	span text := try.hours(40);
BEGIN
	RETURN CASE floor(random() * 36)::integer
		WHEN 0 THEN format('cdp.did(timeline, %s, at_least => %s%s)', step, number, bounds)
		WHEN 1 THEN format('cdp.did(timeline, %s, at_least => %s, at_most => %s%s)', step, number, number + 1, bounds)
		WHEN 2 THEN format('cdp.did_not(timeline, %s%s)', step, bounds)
		WHEN 3 THEN format('cdp.count_events(timeline, %s%s) %s %s', step, bounds, compare, number)
		WHEN 4 THEN format('cdp.first_time(timeline, %s%s) %s {at} - interval %s', step, bounds, compare, span)
		WHEN 5 THEN format('cdp.last_time(timeline, %s%s) IS NULL', step, bounds)
		WHEN 6 THEN format('cdp.sum(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number * 3)
		WHEN 7 THEN format('cdp.avg(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number)
		WHEN 8 THEN format('cdp.min(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number)
		WHEN 9 THEN format('cdp.max(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number)
		WHEN 10 THEN format('cdp.median(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number)
		WHEN 11 THEN format('cdp.quantile(timeline, %s, ''total'', 0.75%s) %s %s', step, bounds, compare, number)
		WHEN 12 THEN format('cdp.first_value(timeline, %s, ''total''%s) = %L', step, bounds, number)
		WHEN 13 THEN format('cdp.last_value(timeline, %s, ''total''%s) = %L', step, bounds, number)
		WHEN 14 THEN format('%L = ANY (cdp.unique_values(timeline, %s, ''total''%s))', number, step, bounds)
		WHEN 15 THEN format('cdp.count_unique(timeline, %s, ''total''%s) %s %s', step, bounds, compare, number)
		WHEN 16 THEN format('cdp.days_active(timeline, %s, %s%s) %s %s', step, zone, bounds, compare, number)
		WHEN 17 THEN format('cdp.longest_streak(timeline, %s, %s%s) %s %s', step, zone, bounds, compare, number)
		WHEN 18 THEN format('cdp.current_streak(timeline, %s, %s@) %s %s', step, zone, compare, number)
		WHEN 19 THEN format('cdp.did_regularly(timeline, %s, 3, %s, in_periods => 2@)', step, zone)
		WHEN 20 THEN format('cdp.longest_gap(timeline, %s%s) %s interval %s', step, bounds, compare, span)
		WHEN 21 THEN format('cdp.shortest_gap(timeline, %s%s) %s interval %s', step, bounds, compare, span)
		WHEN 22 THEN format('cdp.median_gap(timeline, %s%s) %s interval %s', step, bounds, compare, span)
		WHEN 23 THEN format('cdp.last_time(timeline, %s%s) < {at} - interval %s', step, bounds, span)
		WHEN 24 THEN format('cdp.most_frequent_event(timeline%s) = ''view''', bounds)
		WHEN 25 THEN format('cdp.sessions(timeline, %s%s) %s %s', try.hours(3), bounds, compare, number)
		WHEN 26 THEN format('cdp.sessions_with(timeline, %s, %s%s) %s %s', step, try.hours(3), bounds, compare, number)
		WHEN 27 THEN format('cdp.last_session_start(timeline, %s%s) IS NOT NULL', try.hours(3), bounds)
		WHEN 28 THEN format('cdp.funnel(timeline, %s%s) %s %s', sequence, bounds, compare, number)
		WHEN 29 THEN format('cdp.matches(timeline, %s, within => %s@)', sequence, span)
		WHEN 30 THEN format('last_seen > {at} - interval %s', span)
		WHEN 31 THEN format('first_seen < {at} - interval %s', span)
		WHEN 32 THEN format('traits->>''plan'' = %L', try.pick('free', 'pro', 'team'))
		WHEN 33 THEN format('cdp.try_timestamptz(traits->''due'') < {at} + interval %s', span)
		WHEN 34 THEN format('account_traits->>''tier'' = %L', try.pick('a', 'b'))
		ELSE format('events %s %s', compare, number * 3) END;
END $$;

-- the expression of a computed trait
CREATE FUNCTION try.value(OUT truth text, OUT type text) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	step text := format('%L', try.pick('view', 'cart', 'order', 'view | cart', '*', 'order[total > 2]'));
	bounds text := try.bounds() || '@';
	number integer := floor(random() * 4);
	used record;
	chosen integer;
BEGIN
	SELECT t.name, t.type INTO used FROM try.trait t WHERE t.type IN ('bigint', 'numeric', 'boolean') ORDER BY random() LIMIT 1;
	chosen := floor(random() * CASE WHEN used.name IS NULL THEN 14 ELSE 15 END);
	SELECT v.truth, v.type INTO truth, type FROM (VALUES
		(0, format('cdp.count_events(timeline, %s%s)', step, bounds), 'bigint'),
		(1, format('cdp.sum(timeline, %s, ''total''%s)', step, bounds), 'numeric'),
		(2, format('cdp.avg(timeline, %s, ''total''%s)', step, bounds), 'numeric'),
		(3, format('cdp.min(timeline, %s, ''total''%s)', step, bounds), 'numeric'),
		(4, format('cdp.last_time(timeline, %s%s)', step, bounds), 'timestamptz'),
		(5, format('cdp.first_value(timeline, %s, ''total''%s)', step, bounds), 'text'),
		(6, CASE WHEN random() < 0.5 THEN format('cdp.most_frequent_event(timeline%s)', bounds) ELSE format('cdp.most_frequent_value(timeline, %s, ''total''%s)', step, bounds) END, 'text'),
		(7, format('cdp.unique_values(timeline, %s, ''total''%s)', step, bounds), 'text[]'),
		(8, format('cdp.days_active(timeline, %s, ''Europe/Berlin''%s)', step, bounds), 'bigint'),
		(9, format('CASE WHEN cdp.count_events(timeline, %s%s) > %s THEN ''gold'' WHEN cdp.did(timeline, ''view''@) THEN ''silver'' END', step, bounds, number), 'text'),
		(10, format('(cdp.last_time(timeline, %s%s) AT TIME ZONE ''UTC'')::date', step, bounds), 'date'),
		(11, format('(%s) AND (%s)', try.condition(1), try.condition(0)), 'boolean'),
		(12, format('cdp.count_events(timeline, %s%s)::double precision / 3', step, bounds), 'double precision'),
		(13, format('jsonb_build_object(''n'', events, ''plan'', traits ->> ''plan'', ''last'', cdp.last_value(timeline, %s, ''total''%s))', step, bounds), 'jsonb'),
		(14, CASE WHEN used.type = 'boolean' THEN format('NOT {c:%s} OR events > %s', used.name, number * 2)
			ELSE format('coalesce({c:%s}, 0) + cdp.count_events(timeline, %s%s)', used.name, step, bounds) END, coalesce(used.type, 'bigint')))
		AS v (kind, truth, type)
	WHERE v.kind = chosen;
END $$;

-- which is in a segment that is there: {in:name}; of a computed trait: {c:name}
CREATE FUNCTION try.condition(depth integer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF depth = 0 OR random() < 0.15 THEN
		IF random() < 0.1 AND to_regprocedure('cdp.in_segment(text)') IS NOT NULL THEN
			RETURN coalesce((SELECT format('{in:%s}', s.name) FROM try.segment s ORDER BY random() LIMIT 1), try.leaf());
		END IF;
		IF random() < 0.15 THEN
			RETURN coalesce((
				SELECT CASE t.type WHEN 'boolean' THEN format('{c:%s}', t.name) WHEN 'timestamptz' THEN format('{c:%s} > {at} - interval %s', t.name, try.hours(40))
					WHEN 'text' THEN format('{c:%s} = %L', t.name, try.pick('view', 'gold', '2')) WHEN 'text[]' THEN format('cardinality({c:%s}) > 1', t.name)
					WHEN 'date' THEN format('{c:%s} IS NOT NULL', t.name) WHEN 'jsonb' THEN format('{c:%s} ->> ''plan'' = ''pro''', t.name) ELSE format('{c:%s} > %s', t.name, floor(random() * 4)) END
				FROM try.trait t ORDER BY random() LIMIT 1), try.leaf());
		END IF;
		RETURN try.leaf();
	END IF;
	RETURN CASE floor(random() * 7)::integer
		WHEN 0 THEN format('NOT (%s)', try.condition(depth - 1))
		WHEN 1 THEN format('(%s) IS NOT TRUE', try.condition(depth - 1))
		WHEN 2 THEN format('(%s) OR (%s) OR (%s)', try.condition(depth - 1), try.condition(depth - 1), try.condition(depth - 1))
		WHEN 3 THEN format('(%s) OR (%s)', try.condition(depth - 1), try.condition(depth - 1))
		ELSE format('(%s) AND (%s)', try.condition(depth - 1), try.condition(depth - 1)) END;
END $$;

-- the condition as a segment has it, and as a query at an instant has it
CREATE FUNCTION try.written(condition text) RETURNS text LANGUAGE sql
	RETURN regexp_replace(regexp_replace(replace(replace(condition, '@', ''), '{at}', 'now()'), '\{in:([a-z0-9]+)\}', 'cdp.in_segment(''\1'')', 'g'), '\{c:([a-z0-9]+)\}', 'cdp.computed(''\1'')', 'g');
CREATE FUNCTION try.meant(condition text, at timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	named text;
BEGIN
	LOOP
		named := substring(condition FROM '\{in:([a-z0-9]+)\}');
		EXIT WHEN named IS NULL;
		condition := replace(condition, format('{in:%s}', named), format('((%s) IS TRUE)', (SELECT s.truth FROM try.segment s WHERE s.name = named)));
	END LOOP;
	LOOP
		named := substring(condition FROM '\{c:([a-z0-9]+)\}');
		EXIT WHEN named IS NULL;
		condition := replace(condition, format('{c:%s}', named), (SELECT format('((%s)::%s)', try.meant(t.truth, at), t.type) FROM try.trait t WHERE t.name = named));
	END LOOP;
	RETURN replace(replace(condition, '@', format(', as_of => timestamptz %L', at)), '{at}', format('timestamptz %L', at));
END $$;

-- who is in which segment, by evaluating all
CREATE FUNCTION try.truth(at timestamptz) RETURNS TABLE (segment text, profile_id bigint) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, cdp AS $$
BEGIN
	RETURN QUERY EXECUTE (
		SELECT 'SELECT v.name, p.profile_id FROM cdp.profile_row p CROSS JOIN LATERAL (VALUES '
			|| string_agg(format('(%L, (%s))', s.name, try.meant(s.truth, at)), ', ') || ') v (name, holds) WHERE v.holds'
		FROM try.segment s);
END $$;

-- who has which value, by evaluating all
CREATE FUNCTION try.values_at(at timestamptz) RETURNS TABLE (trait text, profile_id bigint, value text) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, cdp SET timezone = 'UTC' AS $$
BEGIN
	IF EXISTS (SELECT FROM try.trait) THEN
		RETURN QUERY EXECUTE (
			SELECT 'SELECT v.name, p.profile_id, v.value FROM cdp.profile_row p CROSS JOIN LATERAL (VALUES '
				|| string_agg(format(CASE t.type WHEN 'numeric' THEN '(%L, trim_scale((%s)::%s)::text)' WHEN 'boolean' THEN '(%L, left(((%s)::%s)::text, 1))' ELSE '(%L, ((%s)::%s)::text)' END, t.name, try.meant(t.truth, at), t.type), ', ') || ') v (name, value) WHERE v.value IS NOT NULL'
			FROM try.trait t);
	END IF;
END $$;

CREATE FUNCTION try.compute(name text, replace boolean) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, cdp AS $$
DECLARE
	made record;
BEGIN
	made := try.value();
	PERFORM cdp.create_trait(name, try.written(made.truth), replace => replace);
	INSERT INTO try.trait VALUES (compute.name, made.truth, made.type) ON CONFLICT ON CONSTRAINT trait_pkey DO UPDATE SET truth = excluded.truth, type = excluded.type;
EXCEPTION WHEN feature_not_supported OR invalid_recursion OR dependent_objects_still_exist THEN
	INSERT INTO try.done VALUES (0, 'refused: ' || SQLERRM);
END $$;

CREATE FUNCTION try.define(name text, replace boolean) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, cdp AS $$
DECLARE
	condition text := try.condition(1 + floor(random() * 2)::integer);
BEGIN
	PERFORM cdp.create_segment(name, try.written(condition), replace => replace);
	INSERT INTO try.segment VALUES (define.name, condition) ON CONFLICT ON CONSTRAINT segment_pkey DO UPDATE SET truth = excluded.truth;
EXCEPTION WHEN feature_not_supported OR invalid_recursion OR dependent_objects_still_exist THEN
	-- a cycle, or a form that a segment cannot have
	INSERT INTO try.done VALUES (0, 'refused: ' || SQLERRM);
END $$;

-- adds the changes since the last call to what was known
CREATE FUNCTION try.fold() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c cdp_data.change;
BEGIN
	FOR c IN SELECT n.* FROM cdp_data.change n WHERE n.change_id > (SELECT r.last FROM try.read r) ORDER BY n.change_id LOOP
		IF c.kind = 'entered' THEN
			-- no one enters twice
			INSERT INTO try.folded VALUES (c.profile_id, c.segment_id, c.at);
		ELSIF c.kind = 'exited' THEN
			DELETE FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.profile_id, c.segment_id);
			ASSERT FOUND, format('%s was not in %s', c.profile_id, c.segment_id);
		ELSIF c.kind = 'trait_changed' THEN
			ASSERT c.value IS DISTINCT FROM (SELECT f.value FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.profile_id, c.segment_id)), format('%s of %s is the same', c.trait, c.profile_id);
			IF c.value IS NULL THEN
				DELETE FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.profile_id, c.segment_id);
			ELSE
				INSERT INTO try.folded VALUES (c.profile_id, c.segment_id, c.at, c.value) ON CONFLICT (profile_id, segment_id) DO UPDATE SET since = excluded.since, value = excluded.value;
			END IF;
		ELSIF c.trait IS NOT NULL THEN
			-- as a consumer is given it: of a merge the profile that is left has its own value
			ASSERT EXISTS (SELECT FROM try.folded o WHERE (o.profile_id, o.segment_id) = (c.other_profile_id, c.segment_id)), format('%s had no %s, which %s has', c.other_profile_id, c.trait, c.profile_id);
			IF c.kind <> 'merged' THEN
				INSERT INTO try.folded SELECT c.profile_id, o.segment_id, o.since, o.value FROM try.folded o WHERE (o.profile_id, o.segment_id) = (c.other_profile_id, c.segment_id) ON CONFLICT DO NOTHING;
			END IF;
			ASSERT c.value IS NOT DISTINCT FROM (SELECT f.value FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.profile_id, c.segment_id)), format('%s of %s is another', c.trait, c.profile_id);
			IF c.kind <> 'split' THEN
				DELETE FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.other_profile_id, c.segment_id);
			END IF;
		ELSE
			-- once for each segment
			INSERT INTO try.folded AS f SELECT c.profile_id, o.segment_id, o.since, o.value FROM try.folded o WHERE (o.profile_id, o.segment_id) = (c.other_profile_id, c.segment_id)
			ON CONFLICT (profile_id, segment_id) DO UPDATE SET since = least(f.since, excluded.since);
			ASSERT FOUND OR c.segment_id IS NULL, format('%s was not in %s, of which %s has a part', c.other_profile_id, c.segment_id, c.profile_id);
			IF c.kind <> 'split' THEN
				DELETE FROM try.folded f WHERE (f.profile_id, f.segment_id) = (c.other_profile_id, c.segment_id);
			END IF;
		END IF;
		UPDATE try.read SET last = c.change_id;
	END LOOP;
END $$;

-- how two sets of rows differ
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

CREATE FUNCTION try.check_readers(step integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	at timestamptz := (SELECT greatest(now(), s.as_of) FROM cdp_data.state s);
	named text;
	someone bigint;
BEGIN
	CREATE TEMP TABLE truth AS SELECT * FROM try.truth(at);
	PERFORM try.differ('view of all', 'SELECT segment, profile_id FROM cdp.membership', 'SELECT segment, profile_id FROM truth');
	CREATE TEMP TABLE computed AS SELECT * FROM try.values_at(at);
	SELECT t.name INTO named FROM try.trait t ORDER BY random() LIMIT 1;
	IF FOUND THEN
		PERFORM try.differ('values of ' || named, format('SELECT v.profile_id, v.value FROM cdp.trait_values(%L) v', named), format('SELECT profile_id, value FROM computed WHERE trait = %L', named));
	END IF;
	SELECT s.name INTO named FROM try.segment s ORDER BY random() LIMIT 1;
	PERFORM try.differ('members of ' || named, format('SELECT m.profile_id FROM cdp.members(%L) m', named), format('SELECT profile_id FROM truth WHERE segment = %L', named));
	SELECT p.profile_id INTO someone FROM cdp.profile_row p ORDER BY random() LIMIT 1;
	IF someone IS NOT NULL THEN
		ASSERT cdp.is_member(named, someone) = EXISTS (SELECT FROM truth t WHERE (t.segment, t.profile_id) = (named, someone)), format('is_member(%s, %s)', named, someone);
		ASSERT cdp.lookup(someone) -> 'segments' = coalesce((SELECT jsonb_agg(t.segment ORDER BY t.segment COLLATE "C") FROM truth t WHERE t.profile_id = someone), '[]'), format('lookup(%s)', someone);
		ASSERT coalesce(cdp.lookup(someone) -> 'computed', '{}') = coalesce((SELECT jsonb_object_agg(t.trait, cdp_internal.computed_json(t.value, k.type)) FROM computed t
			JOIN cdp.computed_trait k ON k.name = t.trait WHERE t.profile_id = someone), '{}'), format('computed of lookup(%s)', someone);
	END IF;
	DROP TABLE truth, computed;
END $$;

-- what is kept after a batch
CREATE FUNCTION try.check_kept(step integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	at timestamptz := (SELECT s.as_of FROM cdp_data.state s);
BEGIN
	PERFORM try.differ('kept', 'SELECT s.name, u.profile_id FROM cdp_data.segment s JOIN (SELECT m.profile_id, unnest(m.segments) AS segment_id FROM cdp_data.membership m) u USING (segment_id) WHERE s.kind = ''live''',
		format('SELECT segment, profile_id FROM try.truth(%L)', at));
	PERFORM try.differ('computed', 'SELECT s.name, m.profile_id, u.value FROM cdp_data.membership m CROSS JOIN LATERAL unnest(m.segments, m.computed) AS u (segment_id, value) JOIN cdp_data.segment s USING (segment_id) WHERE s.kind = ''trait''',
		format('SELECT trait, profile_id, value FROM try.values_at(%L)', at));
	PERFORM try.fold();
	PERFORM try.differ('folded', 'SELECT m.profile_id, u.segment_id, u.since, cdp_internal.computed_json(u.value, s.value_type) FROM cdp_data.membership m CROSS JOIN LATERAL unnest(m.segments, m.since, m.computed) AS u (segment_id, since, value)
		JOIN cdp_data.segment s USING (segment_id)', 'SELECT f.profile_id, f.segment_id, f.since, f.value FROM try.folded f');
	PERFORM try.differ('sizes', 'SELECT s.name, s.members FROM cdp_data.segment s',
		'SELECT s.name, count(f.segment_id) FROM cdp_data.segment s LEFT JOIN try.folded f USING (segment_id) GROUP BY s.name');
	ASSERT NOT EXISTS (SELECT FROM cdp_data.membership m WHERE m.horizon <= at), 'a horizon that has passed';
	ASSERT NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.state <> 'live'), (SELECT string_agg(concat_ws(' ', s.name, s.state, s.error, try.written(t.truth)), '; ') FROM cdp_data.segment s LEFT JOIN try.segment t USING (name) WHERE s.state <> 'live');
END $$;

-- events of some people, most of them of now, some late
CREATE FUNCTION try.send(at timestamptz) RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, group_id, identifiers, properties, traits, "timestamp", received_at)
	SELECT e.type, CASE WHEN e.type = 'track' THEN try.pick('view', 'view', 'cart', 'order') END, gen_random_uuid()::text,
		CASE WHEN e.who < 0.5 THEN 'a' || t.people + ceil(random() * 8) END, CASE WHEN e.who > 0.35 OR e.type = 'group' THEN 'u' || t.people + ceil(random() * 8) END,
		CASE WHEN e.type = 'group' THEN 'acme' || ceil(random() * 2) END,
		CASE WHEN random() < 0.2 THEN jsonb_build_object('email', format('e%s@example.com', t.people + ceil(random() * 6))) END,
		CASE WHEN e.type = 'track' AND random() < 0.7 THEN jsonb_build_object('total', floor(random() * 6)) END,
		CASE e.type WHEN 'identify' THEN jsonb_build_object('plan', try.pick('free', 'pro', 'team'), 'due', at + random() * 90 * t.hour)
			WHEN 'group' THEN jsonb_build_object('tier', try.pick('a', 'b')) END,
		at - CASE WHEN random() < 0.7 THEN random() * t.hour ELSE random() * 60 * t.hour END, at
	FROM (SELECT try.pick('track', 'track', 'track', 'identify', 'identify', 'group') AS type, random() AS who FROM generate_series(1, ceil(random() * 4)::integer)) e, try.time t
$$;

CREATE FUNCTION try.step(step integer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	what text := try.pick('send', 'send', 'send', 'send', 'send', 'send', 'send', 'wait', 'wait', 'wait', 'wait', 'unlink', 'same', 'forbid', 'retract', 'define', 'drop', 'rename', 'rules', 'restitch', 'compute', 'drop_trait', 'rename_trait');
	at timestamptz;
	named text;
	a text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
	b text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
BEGIN
	IF random() < 0.5 OR what = 'wait' THEN
		UPDATE cdp_data.state s SET as_of = s.as_of + CASE WHEN random() < 0.8 THEN random() * 10 * t.hour ELSE random() * 80 * t.hour END FROM try.time t;
		PERFORM try.check_readers(step);
		-- further on, without a batch
		IF random() < 0.3 THEN
			PERFORM try.remember();
			UPDATE cdp_data.state s SET as_of = s.as_of + random() * 20 * t.hour FROM try.time t;
		END IF;
	END IF;
	SELECT s.as_of INTO at FROM cdp_data.state s;
	SELECT s.name INTO named FROM try.segment s ORDER BY random() LIMIT 1;
	IF what IN ('compute', 'drop_trait', 'rename_trait') THEN
		SELECT t.name INTO named FROM try.trait t ORDER BY random() LIMIT 1;
		what := CASE WHEN FOUND THEN what ELSE 'compute' END;
	END IF;
	BEGIN
		CASE what
			WHEN 'send' THEN PERFORM try.send(at); PERFORM cdp.refresh();
			WHEN 'wait' THEN PERFORM cdp.refresh();
			WHEN 'unlink' THEN PERFORM cdp.unlink(a, b);
			WHEN 'same' THEN PERFORM cdp.same(a, b);
			WHEN 'forbid' THEN PERFORM cdp.forbid(a, b);
			WHEN 'retract' THEN PERFORM cdp.retract(message_ids => ARRAY(SELECT e.message_id FROM cdp_data.event e ORDER BY random() LIMIT 2));
			WHEN 'define' THEN PERFORM try.define(named, true);
			WHEN 'drop' THEN
				BEGIN
					PERFORM cdp.drop_segment(named);
					DELETE FROM try.segment s WHERE s.name = named;
				EXCEPTION WHEN dependent_objects_still_exist THEN
					NULL;
				END;
				PERFORM try.define('n' || step, false);
			WHEN 'rename' THEN
				PERFORM cdp.rename_segment(named, 'r' || step);
				UPDATE try.segment s SET name = 'r' || step WHERE s.name = named;
				UPDATE try.segment s SET truth = replace(s.truth, format('{in:%s}', named), format('{in:r%s}', step));
				UPDATE try.trait t SET truth = replace(t.truth, format('{in:%s}', named), format('{in:r%s}', step));
			WHEN 'compute' THEN PERFORM try.compute(coalesce(named, 'c' || step), named IS NOT NULL);
			WHEN 'drop_trait' THEN
				BEGIN
					PERFORM cdp.drop_trait(named);
					DELETE FROM try.trait t WHERE t.name = named;
				EXCEPTION WHEN dependent_objects_still_exist THEN
					NULL;
				END;
				PERFORM try.compute('c' || step, false);
			WHEN 'rename_trait' THEN
				PERFORM cdp.rename_segment(named, 'd' || step);
				UPDATE try.trait t SET name = 'd' || step WHERE t.name = named;
				UPDATE try.trait t SET truth = replace(t.truth, format('{c:%s}', named), format('{c:d%s}', step));
				UPDATE try.segment s SET truth = replace(s.truth, format('{c:%s}', named), format('{c:d%s}', step));
			WHEN 'rules' THEN PERFORM cdp.set_rules(jsonb_build_object('anonymous_id', jsonb_build_object('max_links', jsonb_build_object('user_id', 1 + floor(random() * 3)))));
			WHEN 'restitch' THEN PERFORM cdp.restitch();
		END CASE;
	EXCEPTION WHEN undefined_object OR invalid_parameter_value OR object_not_in_prerequisite_state THEN
		what := what || ' refused: ' || SQLERRM;
	END;
	-- a definition may have been refused, without a batch
	IF random() < 0.3 OR what LIKE '%refused%' OR what IN ('define', 'drop', 'compute', 'drop_trait') THEN
		PERFORM cdp.refresh();
	END IF;
	INSERT INTO try.done VALUES (step, what);
	-- others come
	UPDATE try.time SET people = step / 20;
	PERFORM try.check_kept(step);
	PERFORM try.check_readers(step);
	-- what a batch has changed of an instant is what was known then
	IF random() < 0.2 OR EXISTS (SELECT FROM try.past p JOIN cdp_data.state s ON p.at = s.as_of) THEN
		PERFORM try.remember();
	END IF;
	RETURN what;
END $$;

SELECT setseed((:seed % 1000) / 1000.0) \g /dev/null
UPDATE cdp_data.state SET as_of = t.base FROM try.time t;
SELECT try.compute('t' || i, false) FROM generate_series(1, 8) i \g /dev/null
SELECT try.define('s' || i, false) FROM generate_series(1, 20) i \g /dev/null
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
SELECT count(*) FILTER (WHERE d.step > 0) >= 40 AS steps, count(DISTINCT split_part(d.what, ' ', 1)) > 5 AS kinds FROM try.done d;
SELECT try.check_past() >= 100 AS past;
SELECT bool_or(kind = 'entered') AS entered, bool_or(kind = 'exited') AS exited, bool_or(cause = 'clock') AS clock FROM cdp_data.change;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_segment_random;
