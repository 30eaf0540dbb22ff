-- A person can leave an account: the latest group call that names both says whether it belongs to it, in whatever order the
-- calls arrive, and after each merge, split, retraction, block, restitch and fold.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_account_left ENCODING 'UTF8' TEMPLATE template0;
\c cdp_account_left
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
SET search_path = public, cdp;
\getenv top PG_ABS_SRCDIR
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months
CREATE FUNCTION "call"(id text, user_id text, group_id text, day numeric, context jsonb DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, message_id, user_id, group_id, traits, context, "timestamp", received_at)
	VALUES ('group', id, user_id, group_id, '{"n": 1}', context, timestamptz '2026-01-01' + day * interval '1 day', '2026-06-01')
$$;
CREATE VIEW members AS SELECT p.identifiers[1] AS who, m.group_id, m.since::date, m.last_at::date, m.events FROM cdp.account_members m JOIN cdp.profiles p USING (profile_id) ORDER BY 1, 2;

-- left, came back, left before it came, left at the very time; what is not the flag; the account and its traits stay
SELECT "call"('1', 'ann', 'acme', 1), "call"('2', 'ann', 'acme', 3, '{"groupLeft": true}'), "call"('3', 'bob', 'acme', 1), "call"('4', 'bob', 'acme', 2, '{"groupLeft": true}'), "call"('5', 'bob', 'acme', 3),
	"call"('6', 'cid', 'acme', 1, '{"groupLeft": true}'), "call"('7', 'dan', 'acme', 4), "call"('8', 'dan', 'acme', 4, '{"groupLeft": true}'),
	"call"('9', 'eve', 'acme', 1), "call"('10', 'eve', 'acme', 2, '{"groupLeft": "true"}'), "call"('11', 'eve', 'acme', 3, '{"groupLeft": false}'), "call"('12', 'eve', 'acme', 4, '{"groupLeft": 1}'), "call"('13', 'eve', 'acme', 5, '{"groupLeft": null}');
SELECT accepted, quarantined FROM cdp.refresh();
TABLE members;
SELECT group_id, members, events, last_seen::date FROM cdp.accounts;
SELECT identifiers, accounts, account_traits::jsonb FROM cdp.profile_row ORDER BY 1;
SELECT cdp.create_segment('of_acme', $$ 'acme' = ANY (accounts) $$);
SELECT count(*) FROM cdp.members('of_acme');
SELECT cdp.lookup('user_id:ann', 'accounts') -> 'accounts' AS ann, cdp.lookup('user_id:bob', 'accounts') #> '{accounts,0,group_id}' AS bob;
-- a call that is late changes nothing, one that is later does; the leaving call taken back
SELECT "call"('14', 'ann', 'acme', 2), "call"('15', 'bob', 'acme', 4, '{"groupLeft": true}');
SELECT accepted FROM cdp.refresh();
TABLE members;
SELECT events FROM cdp.retract(message_ids => '{15,2}');
TABLE members;
SELECT * FROM cdp.verify();
-- of two who turn out to be one the latest call counts; and each has its own again
SELECT "call"('16', 'fay', 'acme', 5), "call"('17', 'gil', 'acme', 6, '{"groupLeft": true}'), "call"('18', 'gil', 'other', 6);
SELECT accepted FROM cdp.refresh();
TABLE members;
SET client_min_messages = error;
SELECT cdp.set_rules('{"user_id": {"max_per_profile": "unlimited"}}'), count(*) FROM cdp.same('user_id:fay', 'user_id:gil');
TABLE members;
SELECT * FROM cdp.verify();
SELECT cdp.allow('user_id:fay', 'user_id:gil');
TABLE members;
SELECT * FROM cdp.verify();
-- the column of the tables is checked, and made again
UPDATE cdp_data.account_member SET left_at = NULL WHERE left_at IS NOT NULL;
SELECT stage, item, expected, found FROM cdp.verify() ORDER BY 1, 2, 3;
SELECT links FROM cdp.restitch();
SELECT * FROM cdp.verify();
TABLE members;
-- as a line
SELECT cdp.ingest('{"type": "group", "messageId": "19", "userId": "fay", "groupId": "acme", "context": {"groupLeft": true}, "timestamp": "2026-02-01T00:00:00Z"}');
SELECT accepted FROM cdp.refresh();
TABLE members;
SELECT message -> 'context' AS context FROM cdp.messages WHERE message_id = '19';

-- ---------------------------------------------------------------- random histories
DELETE FROM cdp.inbox;
SELECT count(*) > 0 AS retracted FROM cdp.retract(source => 'default');
SELECT setseed(0.4);
CREATE FUNCTION pick(n int) RETURNS int LANGUAGE sql VOLATILE RETURN 1 + floor(random() * n)::int;
CREATE TABLE happened (message_id text, at timestamptz, identifier text, group_id text, leaves boolean, gone boolean DEFAULT false);
CREATE FUNCTION happen(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	id text := gen_random_uuid();
	at timestamptz := timestamptz '2025-01-01' + pick(40) * interval '1 day' + pick(2) * interval '1 hour';
	mine text := (ARRAY['user_id:u', 'anonymous_id:a'])[pick(2)] || pick(8);
	"group" text := 'g' || pick(3);
	leaves boolean := pick(3) = 1;
BEGIN
	IF pick(4) = 1 THEN
		INSERT INTO cdp.inbox (type, message_id, user_id, anonymous_id, "timestamp", received_at) VALUES ('identify', id, 'u' || pick(8), 'a' || pick(8), at, '2026-06-01');
		RETURN;
	END IF;
	INSERT INTO cdp.inbox (type, message_id, identifiers, group_id, context, "timestamp", received_at)
	VALUES ('group', id, jsonb_build_object(split_part(mine, ':', 1), split_part(mine, ':', 2)), "group", CASE WHEN leaves THEN '{"groupLeft": true, "library": "a library"}'::jsonb END, at, '2026-06-01');
	INSERT INTO happened VALUES (id, at, mine, "group", leaves);
END
$$;
CREATE TABLE wrong (step int, what text, expected text, found text);
-- what all calls of a person say, one by one
CREATE FUNCTION reference() RETURNS TABLE (profile_id bigint, group_id text, events bigint) LANGUAGE sql STABLE AS $$
	WITH said AS MATERIALIZED (
		SELECT p.profile_id, h.* FROM (SELECT profile_id, unnest(identifiers) AS identifier FROM cdp.profiles) p JOIN happened h USING (identifier) WHERE NOT h.gone)
	SELECT DISTINCT ON (s.profile_id, s.group_id) s.profile_id, CASE WHEN NOT s.leaves THEN s.group_id END, count(*) OVER (PARTITION BY s.profile_id, s.group_id)
	FROM said s ORDER BY s.profile_id, s.group_id, s.at DESC, s.leaves DESC
$$;
CREATE FUNCTION look(step int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMP TABLE expected ON COMMIT DROP AS SELECT * FROM reference() WHERE group_id IS NOT NULL;
	INSERT INTO wrong SELECT look.step, concat(v.stage, ' ', v.item), v.expected, v.found FROM cdp.verify() v;
	INSERT INTO wrong SELECT look.step, 'member', r::text, m::text FROM expected r FULL JOIN (SELECT profile_id, group_id, events FROM cdp.account_members) m USING (profile_id, group_id) WHERE r.events IS DISTINCT FROM m.events;
	INSERT INTO wrong SELECT look.step, 'held', e.held::text, p.accounts::text FROM cdp.profile_row p CROSS JOIN LATERAL (SELECT ARRAY(SELECT r.group_id FROM expected r WHERE r.profile_id = p.profile_id ORDER BY 1) AS held) e WHERE e.held <> p.accounts;
	INSERT INTO wrong SELECT look.step, 'account', r.n::text, a.members::text FROM cdp.accounts a CROSS JOIN LATERAL (SELECT count(*) AS n FROM expected r WHERE r.group_id = a.group_id) r WHERE r.n <> a.members;
	DROP TABLE expected;
END
$$;
CREATE FUNCTION act(step int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	what int := pick(14);
	ids text[];
BEGIN
	CASE what
		WHEN 1 THEN
			ids := ARRAY(SELECT e.message_id FROM cdp.events e WHERE e.type = 'group' ORDER BY random() LIMIT 3);
			UPDATE happened SET gone = true WHERE message_id = ANY (ids);
			PERFORM cdp.retract(message_ids => ids);
		WHEN 2 THEN
			ids := ARRAY(SELECT e.message_id FROM cdp.events e WHERE e.type = 'identify' ORDER BY random() LIMIT 2);
			PERFORM cdp.retract(message_ids => ids);
		WHEN 3 THEN PERFORM cdp.unlink(l.identifier::cdp.identifier) FROM (SELECT i.identifier FROM cdp_data.link k JOIN cdp_data.identifier i ON i.identifier_id = k.a ORDER BY random() LIMIT 1) l;
		WHEN 4 THEN PERFORM cdp.set_rules(jsonb_build_object('user_id', jsonb_build_object('max_per_profile', pick(3))));
		WHEN 5 THEN PERFORM cdp.set_rules(jsonb_build_object('anonymous_id', jsonb_build_object('blocked', CASE pick(2) WHEN 1 THEN '[]'::jsonb ELSE jsonb_build_array('^a' || pick(8)) END)));
		WHEN 6 THEN PERFORM cdp.mark_shared('anonymous_id:a' || pick(8), (ARRAY[true, false, NULL])[pick(3)]);
		WHEN 7 THEN PERFORM cdp.restitch();
		ELSE PERFORM happen(step) FROM generate_series(1, pick(12)); PERFORM cdp.refresh(pick(8)), cdp.refresh();
	END CASE;
	RETURN what;
END
$$;
CREATE TABLE done (step int, what text);
CREATE PROCEDURE steps(first int, last int) LANGUAGE plpgsql AS $$
BEGIN
	FOR s IN first .. last LOOP
		INSERT INTO done VALUES (s, act(s));
		PERFORM look(s);
		COMMIT;
	END LOOP;
END
$$;
CALL steps(1, 30);
SET cdp.store = 'sql';
CALL steps(31, 38);
-- the first weeks leave the log
SELECT count(*) > 0 AS folds FROM cdp_data.event WHERE "timestamp" < '2025-02-01';
CALL drop_months('2025-02-01');
SELECT count(*) > 0 AS left_in_base FROM cdp_data.base WHERE left_at IS NOT NULL;
SELECT look(39);
RESET cdp.store;
CREATE OR REPLACE FUNCTION act(step int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF pick(3) = 1 THEN PERFORM cdp.set_rules(jsonb_build_object('anonymous_id', jsonb_build_object('blocked', CASE pick(2) WHEN 1 THEN '[]'::jsonb ELSE jsonb_build_array('^a' || pick(8)) END)));
	ELSIF pick(3) = 1 THEN PERFORM cdp.restitch();
	ELSE PERFORM happen(step) FROM generate_series(1, pick(12)); PERFORM cdp.refresh();
	END IF;
	RETURN 'base';
END
$$;
CALL steps(40, 48);
CALL drop_months('2025-03-01');
CALL steps(49, 51);
SELECT * FROM wrong ORDER BY step, what LIMIT 20;
SELECT count(DISTINCT what) > 7 AS kinds FROM done;
SELECT count(*) FILTER (WHERE leaves) > 20 AS left, count(*) FILTER (WHERE NOT leaves) > 40 AS joined FROM happened;
\c :origin
DROP DATABASE cdp_account_left;
