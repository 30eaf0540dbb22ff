-- A condition judged at instants of the past is what a segment with it was then: on random histories in which no rules
-- change and nothing is taken back.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_backtest ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_backtest
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.carry_property('*', 'total') IS NULL AS carried;
SELECT cdp.set_sources('{"short": {"expires_after": "20 hours"}}');
CREATE SCHEMA try;
CREATE TABLE try.condition (name text PRIMARY KEY, condition text);
INSERT INTO try.condition VALUES
	('viewed', $$cdp.did(timeline, 'view', within => '12 hours', at_least => 2)$$),
	('spent', $$cdp.sum(timeline, 'order', 'total') > 3 AND NOT cdp.did(timeline, 'view', within => '5 hours')$$),
	('funnel', $$cdp.matches(timeline, 'view -> order within 9 hours')$$),
	('pro', $$traits ->> 'plan' = 'pro' OR events > 6$$),
	('due', $$cdp.try_timestamptz(traits -> 'due') < now() + interval '10 hours'$$),
	('recent', $$last_seen > now() - interval '8 hours' AND first_seen < now() - interval '1 day'$$),
	('tier', $$account_traits ->> 'tier' = 'a'$$),
	('acme', $$cardinality(accounts) > 1$$),
	('known', $$cdp.has_identifier(identifiers, 'email')$$);
CREATE TABLE try.time AS SELECT 0 AS people;
CREATE FUNCTION try.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE RETURN list[ceil(random() * cardinality(list))];
CREATE FUNCTION try.send() RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, user_id, group_id, identifiers, properties, traits, context, source, "timestamp", received_at)
	SELECT e.type, CASE WHEN e.type = 'track' THEN try.pick('view', 'order') END, gen_random_uuid()::text,
		CASE WHEN e.who < 0.6 THEN 'a' || t.people + ceil(random() * 8) END, CASE WHEN e.who > 0.3 OR e.type = 'group' THEN 'u' || t.people + ceil(random() * 8) END,
		CASE WHEN e.type = 'group' THEN 'acme' || ceil(random() * 3) END,
		CASE WHEN random() < 0.2 THEN jsonb_build_object('email', format('e%s@example.com', t.people + ceil(random() * 8))) END,
		CASE WHEN e.type = 'track' THEN jsonb_build_object('total', floor(random() * 5)) END,
		CASE e.type WHEN 'identify' THEN jsonb_build_object('plan', try.pick('free', 'pro'), 'due', e.at + random() * interval '2 days') WHEN 'group' THEN jsonb_build_object('tier', try.pick('a', 'b')) END,
		CASE WHEN e.type = 'group' AND random() < 0.2 THEN '{"groupLeft": true}'::jsonb END, try.pick('web', 'short'),
		e.at - CASE WHEN random() < 0.7 THEN random() * interval '1 hour' ELSE random() * interval '30 hours' END, e.at
	FROM (SELECT try.pick('track', 'track', 'track', 'identify', 'group') AS type, random() AS who, s.as_of AS at FROM cdp_data.state s, generate_series(1, ceil(random() * 4)::integer)) e, try.time t
$$;
CREATE FUNCTION try.step() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	what text := try.pick('send', 'send', 'send', 'send', 'wait', 'same', 'unlink', 'forbid');
	a text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
	b text := try.pick('user_id:u', 'anonymous_id:a') || ceil(random() * 8) + (SELECT t.people FROM try.time t);
BEGIN
	UPDATE cdp_data.state s SET as_of = s.as_of + random() * interval '5 hours';
	CASE what
		WHEN 'send' THEN PERFORM try.send();
		WHEN 'same' THEN PERFORM cdp.same(a, b);
		WHEN 'unlink' THEN PERFORM cdp.unlink(a, b);
		WHEN 'forbid' THEN PERFORM cdp.forbid(a, b);
		ELSE NULL;
	END CASE;
	PERFORM cdp.refresh();
EXCEPTION WHEN undefined_object OR invalid_parameter_value OR object_not_in_prerequisite_state THEN
	NULL;
END $$;
-- what is told of now is what there is
CREATE FUNCTION try.check_now() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	wrong text;
BEGIN
	SELECT string_agg(concat(d.kind, d.row), E'\n') INTO wrong
	FROM (SELECT '+' AS kind, p::text AS row FROM cdp.profile_row p EXCEPT SELECT '+', p::text FROM cdp_internal.profile_row_at((SELECT batch_id FROM cdp_data.state)) p) d;
	ASSERT wrong IS NULL, wrong;
	ASSERT (SELECT count(*) FROM cdp.profile_row) = (SELECT count(*) FROM cdp_internal.profile_row_at((SELECT batch_id FROM cdp_data.state)) p), 'there are more';
	RETURN 1;
END $$;
CREATE PROCEDURE try.run(steps integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN 1 .. steps LOOP
		UPDATE try.time SET people = step / 15;
		PERFORM try.step();
		PERFORM try.check_now();
		COMMIT;
	END LOOP;
END $$;

SELECT setseed(0.4);
UPDATE cdp_data.state SET as_of = date_trunc('hour', now()) + interval '1 day';
SELECT count(cdp.create_segment(name, condition)) FROM try.condition;
SELECT as_of AS start FROM cdp_data.state \gset
CALL try.run(50);
SELECT count(*) > 10 AS many FROM cdp.profiles;
-- at batches, and between them
CREATE TABLE try.compared AS
	SELECT c.name, t.at, m.profile_id AS was, b.profile_id AS backtest
	FROM (SELECT :'start'::timestamptz + i * interval '7 hours' AS at FROM generate_series(0, 14) i UNION SELECT as_of FROM cdp_data.batch WHERE batch_id % 13 = 0 AND as_of > :'start') t
	CROSS JOIN try.condition c
	CROSS JOIN LATERAL (SELECT array_agg(m.profile_id ORDER BY m.profile_id) AS profile_id FROM cdp.members(c.name, t.at) m) m
	CROSS JOIN LATERAL (SELECT array_agg(m.profile_id ORDER BY m.profile_id) AS profile_id FROM cdp.backtest_segment(c.condition, t.at) m) b
	WHERE t.at <= (SELECT as_of FROM cdp_data.state);
SELECT * FROM try.compared WHERE was IS DISTINCT FROM backtest;
SELECT name, count(*) >= 15 AS instants, count(DISTINCT was) > 1 AS changed FROM try.compared GROUP BY name ORDER BY name;
SELECT count(*) FROM cdp.backtest_segment('true', :'start'::timestamptz - interval '1 year');

-- what cannot be exact is said
SET client_min_messages = notice;
SELECT count(*) > 0 AS some FROM cdp.backtest_segment('events > 3', :'start'::timestamptz + interval '20 hours');
SELECT events FROM cdp.retract(message_ids => ARRAY(SELECT message_id FROM cdp_data.event ORDER BY event_id LIMIT 2));
SELECT count(*) > 0 AS some FROM cdp.backtest_segment('events > 3', :'start'::timestamptz + interval '20 hours');
SELECT cdp_internal.backtest_limits(1);
SELECT cdp_internal.backtest_limits((SELECT max(batch_id) FROM cdp_data.batch)) IS NULL AS exact;
SET client_min_messages = warning;

-- what is refused
SELECT * FROM cdp.backtest_segment('events > 3', '2999-01-01');
SELECT * FROM cdp.backtest_segment($$cdp.in_segment('pro')$$, now());
SELECT * FROM cdp.backtest_segment('events >', now());
SELECT * FROM cdp.backtest_segment('events', now());
SELECT * FROM cdp.backtest_segment('(SELECT true)', now());
SELECT * FROM cdp.backtest_segment('first_seen > current_date', now());
SELECT min(profile_id) AS first FROM cdp.profile_row \gset
SELECT count(*) FROM cdp.backtest_segment(format('1 / (profile_id - %s) > 0', :first), (SELECT as_of FROM cdp_data.state)) \gset
\echo :SQLSTATE
-- as the caller
CREATE ROLE cdp_backtest_analyst;
CREATE ROLE cdp_backtest_reader;
SELECT cdp.grant_access('cdp_backtest_analyst', 'analyst');
GRANT USAGE ON SCHEMA cdp, cdp_internal, cdp_data TO cdp_backtest_reader;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA cdp, cdp_internal TO cdp_backtest_reader;
GRANT SELECT ON cdp_data.state, cdp_data.batch, cdp_data.folded_month, cdp_data.trait_rule, cdp_data.carried_property TO cdp_backtest_reader;
SET ROLE cdp_backtest_analyst;
SELECT count(*) = (SELECT count(*) FROM cdp.profile_row) AS "all" FROM cdp.backtest_segment('true', (SELECT as_of FROM cdp_data.state));
SET ROLE cdp_backtest_reader;
SELECT count(*) FROM cdp.backtest_segment('true', now());
RESET ROLE;

\c :origin
DROP DATABASE cdp_segment_backtest;
DROP ROLE cdp_backtest_analyst, cdp_backtest_reader;
