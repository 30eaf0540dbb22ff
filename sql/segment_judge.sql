-- Conditions are judged as their owner, in a restricted context, for a limited time; one that fails harms no other.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_judge ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_judge
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
CREATE ROLE regress_judge_steward;
CREATE ROLE regress_judge_other;
CREATE ROLE regress_judge_analyst;
SELECT cdp.init();
SELECT cdp.grant_access('regress_judge_steward', 'steward'), cdp.grant_access('regress_judge_other', 'steward'), cdp.grant_access('regress_judge_analyst', 'analyst');
GRANT CREATE ON SCHEMA public TO regress_judge_steward, regress_judge_other;
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u' || i, jsonb_build_object('n', i, 'age', CASE WHEN i % 10 = 0 THEN 'unknown' ELSE i::text END) FROM generate_series(1, 50) i;
SELECT accepted FROM cdp.refresh();
CREATE VIEW state AS SELECT name, state, failing_since IS NOT NULL AS since, error, (SELECT p.traits->>'n' FROM cdp.profiles p WHERE p.profile_id = s.error_profile_id) AS n FROM cdp.segment s ORDER BY name;

-- it fails of some people: the others are members
SELECT cdp.create_segment('adults', $$ (traits->>'age')::int >= 18 $$) AS members;
SELECT cdp.create_segment('everyone', 'true') AS members;
SELECT * FROM state;
SELECT count(*) FROM cdp.members('adults');
SELECT cdp.is_member('adults', cdp.profile_of('user_id:u10')) AS failing, cdp.is_member('adults', cdp.profile_of('user_id:u19')) AS is_in, cdp.is_member('adults', cdp.profile_of('user_id:u17')) AS is_out;
SELECT cdp.lookup('user_id:u10') -> 'segments' AS segments, cdp.lookup('user_id:u10') -> 'segments_failing' AS failing;
SELECT cdp.lookup('user_id:u19') -> 'segments' AS segments, cdp.lookup('user_id:u19') -> 'segments_failing' AS failing;
SELECT * FROM cdp.verify();
SELECT segment, before, after FROM cdp.preview_rules('{"user_id": {"blocked": ["u19"]}}') WHERE segment IS NOT NULL;
-- of everybody: nothing is made
SELECT cdp.create_segment('bad', '1 / (events - events) = 1');
SELECT cdp.create_segment('bad', $$ identifiers[1]::text::int > 1 $$);
-- mended one by one, it is live again with the last
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u' || i, '{"age": "7"}' FROM unnest('{10,20,30}'::int[]) i;
SELECT accepted FROM cdp.refresh();
SELECT * FROM state WHERE name = 'adults';
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u' || i, '{"age": "8"}' FROM unnest('{40,50}'::int[]) i;
SELECT accepted FROM cdp.refresh();
SELECT * FROM state WHERE name = 'adults';
-- one that breaks later is noticed with the batch
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'u7', '{"age": "seven"}');
SELECT accepted FROM cdp.refresh();
SELECT * FROM state WHERE name = 'adults';
SELECT cdp.create_segment('adults', $$ cdp.try_integer(traits->'age') >= 18 $$, replace => true) AS members;
SELECT * FROM state;

-- whose functions a condition may call
SET ROLE regress_judge_other;
CREATE FUNCTION public.foreign_fn(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE FUNCTION public.foreign_in_domain(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE DOMAIN public.foreign_domain AS text CHECK (public.foreign_in_domain(VALUE));
CREATE TYPE public.foreign_row AS (value public.foreign_domain);
CREATE OPERATOR public.=~= (FUNCTION = public.foreign_fn, RIGHTARG = bigint);
CREATE FUNCTION public.foreign_cast(public.foreign_row) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE CAST (public.foreign_row AS boolean) WITH FUNCTION public.foreign_cast(public.foreign_row);
SET ROLE regress_judge_steward;
SELECT cdp.create_segment('bad', 'public.foreign_fn(events)');
SELECT cdp.create_segment('bad', 'OPERATOR(public.=~=) events');
SELECT cdp.create_segment('bad', $$ (traits->>'age')::public.foreign_domain IS NOT NULL $$);
SELECT cdp.create_segment('bad', $$ (traits->>'age')::public.foreign_domain::text IS NOT NULL $$);
SELECT cdp.create_segment('bad', $$ ('{' || (traits->>'age') || '}')::public.foreign_domain[] IS NOT NULL $$);
SELECT cdp.create_segment('bad', $$ (traits->>'age')::public.foreign_row IS NOT NULL $$);
SELECT cdp.create_segment('bad', $$ ROW(traits->>'age')::public.foreign_row::boolean $$);
SELECT cdp.create_segment('bad', $$ jsonb_populate_record(NULL::public.foreign_row, traits::jsonb) IS NOT NULL $$);
SELECT count(*) AS none FROM cdp.segment WHERE name = 'bad';
-- own ones and a superuser's
CREATE FUNCTION public.own_fn(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
RESET ROLE;
CREATE FUNCTION public.super_fn(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
SET ROLE regress_judge_steward;
SELECT cdp.create_segment('own', 'public.own_fn(events) AND public.super_fn(events)') AS members;
-- a superuser must not run a steward's function as himself, nor one that was given away
RESET ROLE;
SELECT cdp.create_segment('bad', 'public.own_fn(events)');
ALTER FUNCTION public.own_fn(bigint) OWNER TO regress_judge_other;
SELECT * FROM cdp_internal.evaluate_segment('own', NULL, now());
SELECT cdp.lookup('user_id:u1') -> 'segments_failing' AS failing;
ALTER FUNCTION public.own_fn(bigint) OWNER TO regress_judge_steward;
SELECT count(*) FROM cdp.members('own');

-- a steward's function runs as the steward, whoever asks, and leaves nothing behind
SET ROLE regress_judge_steward;
CREATE TABLE public.notebook (word text);
CREATE FUNCTION public.trap(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
SELECT cdp.create_segment('trapped', 'public.trap(profile_id)') AS members;
-- what the trap does, told apart by the name of the setting "trap"
CREATE FUNCTION public.trap_do(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	CASE what
		WHEN 'who' THEN RETURN current_user = 'regress_judge_steward' AND current_setting('search_path') = 'pg_catalog, pg_temp';
		WHEN 'write' THEN INSERT INTO public.notebook VALUES (current_user);
		WHEN 'steal' THEN EXECUTE 'GRANT regress_judge_steward TO regress_judge_other; SET ROLE NONE';
		WHEN 'role' THEN RESET ROLE;
		WHEN 'temp' THEN CREATE TEMP TABLE t ();
		WHEN 'setting' THEN PERFORM set_config('search_path', 'public', false), set_config('work_mem', '64kB', false);
		WHEN 'notify' THEN PERFORM pg_notify('trap', 'sprung');
		WHEN 'lock' THEN PERFORM pg_advisory_lock(1), pg_advisory_lock_shared(2, 3), pg_advisory_xact_lock(4);
		-- an expression that PL/pgSQL prepares once a transaction
		WHEN 'kept' THEN RETURN pg_try_advisory_lock(5);
		WHEN 'unlock' THEN PERFORM pg_advisory_unlock_all();
		WHEN 'judge' THEN RETURN cdp.is_member('trapped', 1);
		WHEN 'canceled' THEN RAISE query_canceled USING MESSAGE = 'canceling statement due to user request';
		WHEN 'memory' THEN RAISE out_of_memory;
		WHEN 'serial' THEN RAISE serialization_failure;
		WHEN 'sleep' THEN PERFORM pg_sleep(100);
		WHEN 'regex' THEN RETURN repeat('x', 201) ~ '^(x+)(x+)(x+)\1\2\3\1\2\3\1\2\3\1\2\3y*z?$';
		WHEN 'swallow' THEN
			FOR i IN 1..1000 LOOP
				BEGIN PERFORM pg_sleep(100); EXCEPTION WHEN query_canceled THEN NULL; END;
			END LOOP;
	END CASE;
	RETURN true;
END $$;
CREATE OR REPLACE FUNCTION public.trap(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT public.trap_do(current_setting('regress.trap')) $$;
RESET ROLE;
GRANT regress_judge_other TO regress_judge_steward;
SET regress.trap = 'who';
LISTEN trap;
CREATE FUNCTION pg_temp.spring(trap text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('regress.trap', trap, false);
	BEGIN
		answer := (SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now()) e WHERE e.holds)::text;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS answer = PG_EXCEPTION_DETAIL;
		answer := SQLSTATE || ' ' || SQLERRM || ': ' || answer;
	END;
	RETURN concat_ws(' | ', answer, (SELECT 'locks: ' || count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), CASE WHEN current_user = session_user THEN 'caller' ELSE current_user END, current_setting('work_mem'), current_setting('search_path'));
END $$;
SELECT trap, pg_temp.spring(trap) FROM unnest('{who,write,steal,role,temp,setting,notify,lock,kept,unlock,judge,canceled,memory,serial}'::text[]) trap;
SELECT count(*) AS written FROM public.notebook;
-- the caller's own locks stay, and so does what they count
SELECT pg_advisory_lock(1), pg_advisory_lock_shared(7);
SELECT trap, pg_temp.spring(trap) FROM unnest('{who,lock,kept,unlock}'::text[]) trap;
SELECT pg_advisory_unlock(1), pg_advisory_unlock_shared(7);
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
-- too slow
SET cdp.segment_timeout = '100ms';
SELECT trap, pg_temp.spring(trap) FROM unnest('{sleep,regex,swallow}'::text[]) trap;
SET regress.trap = 'sleep';
-- the caller's own limit is the caller's: told apart, and raised
SET statement_timeout = '100ms';
SET cdp.segment_timeout = '1min';
SELECT count(*) FROM cdp_internal.evaluate_segment('trapped', NULL, now());
RESET statement_timeout;
SET cdp.segment_timeout = '100ms';
-- refresh goes on and marks it; a lookup leaves it out then without trying
INSERT INTO cdp.inbox (type, user_id) VALUES ('identify', 'u1');
SELECT accepted FROM cdp.refresh();
SELECT * FROM state;
SET cdp.segment_timeout = 0;
SELECT cdp.lookup('user_id:u1') -> 'segments' AS segments, cdp.lookup('user_id:u1') -> 'segments_failing' AS failing;
SET cdp.segment_timeout = '100ms';
SELECT stage, item, expected, found FROM cdp.verify();
SELECT cdp.create_segment('trapped', 'public.trap(profile_id)', replace => true) AS members;
SET regress.trap = 'who';
SELECT cdp.create_segment('trapped', 'public.trap(profile_id)', replace => true) AS members;
RESET cdp.segment_timeout;
SELECT * FROM state WHERE name = 'trapped';

-- views that are no segments, made by hand, and a row whose text is SQL
SET ROLE regress_judge_steward;
CREATE VIEW cdp_condition.q AS SELECT profile_id, true AS holds FROM cdp.profile_row;
CREATE VIEW cdp_condition.wide AS SELECT profile_id, true AS holds, traits FROM cdp.profile_row;
CREATE VIEW cdp_condition.words AS SELECT profile_id::text, true AS holds FROM cdp.profile_row;
CREATE TABLE cdp_condition.tab (profile_id bigint, holds boolean);
CREATE MATERIALIZED VIEW cdp_condition.mat AS SELECT profile_id, true AS holds FROM cdp.profile_row;
CREATE VIEW cdp_condition.some AS SELECT profile_id, true AS holds FROM cdp.profile_row WHERE profile_id > 0;
CREATE VIEW cdp_condition.other AS SELECT profile_id, true AS holds FROM cdp.profiles;
CREATE VIEW cdp_condition.sub AS SELECT profile_id, (SELECT count(*) > 0 FROM cdp.profiles) AS holds FROM cdp.profile_row;
CREATE VIEW cdp_condition.total AS SELECT max(profile_id) AS profile_id, bool_or(true) AS holds FROM cdp.profile_row;
CREATE VIEW cdp_condition.lots AS SELECT profile_id, generate_series(1, 3) > 2 AS holds FROM cdp.profile_row;
CREATE VIEW cdp_condition.whole AS SELECT profile_id, profile_row IS NULL AS holds FROM cdp.profile_row;
CREATE VIEW cdp_condition.caller WITH (security_barrier) AS SELECT profile_id, public.trap_do('who') AND pg_has_role(current_user, 'regress_judge_steward', 'usage') AS holds FROM cdp.profile_row;
INSERT INTO cdp.segment (name, segment_id, condition, state, built_until) SELECT name, 1000 + n, condition, 'building', 0 FROM (SELECT v.*, row_number() OVER () AS n FROM (VALUES ('q', $$true)), ('y', (SELECT public.trap_do('write') IS NULL$$), ('wide', 'true'), ('words', 'true'), ('tab', 'true'), ('mat', 'true'), ('some', 'true'),
	('other', 'true'), ('sub', 'true'), ('total', 'true'), ('lots', 'true'), ('whole', 'true'), ('caller', 'true'), ('gone', 'true')) v (name, condition)) v;
DO $$ DECLARE name text; BEGIN FOREACH name IN ARRAY '{q,wide,words,tab,mat,some,other,sub,total,lots,whole,caller,gone}'::text[] LOOP
	EXECUTE format('CREATE VIEW cdp_segment.%I AS SELECT m.profile_id, m.since FROM cdp.members(%L) m', name, name); END LOOP; END $$;
SELECT count(*) FROM cdp_internal.evaluate_segment('q', NULL, now()) e WHERE e.holds;
RESET ROLE;
SELECT * FROM cdp.verify() v WHERE v.item !~ '^segment (q|caller) of ';
SELECT count(*) AS written FROM public.notebook;
SELECT cdp.lookup('user_id:u2') -> 'segments' AS segments, cdp.lookup('user_id:u2') -> 'segments_failing' AS failing;
SELECT count(*) FROM cdp.members('caller');
SELECT count(*) FROM cdp.members('tab');
SELECT count(*) FROM cdp.members('gone');
SELECT segment, before, after FROM cdp.preview_rules('{"*": {"cap": 7}}') WHERE segment IS NOT NULL;
INSERT INTO cdp.inbox (type, user_id) VALUES ('identify', 'u1');
SELECT accepted FROM cdp.refresh();
SELECT * FROM state;
SELECT * FROM cdp.verify();
SELECT cdp.lookup('user_id:u2') -> 'segments_failing' AS failing;
DELETE FROM cdp.segment WHERE name IN ('q', 'wide', 'words', 'tab', 'mat', 'some', 'other', 'sub', 'total', 'lots', 'whole', 'caller', 'gone');

-- an owner who may no more, and one who is gone
SET ROLE regress_judge_steward;
SELECT cdp.create_segment('mine', 'events > 0') AS members;
SET ROLE regress_judge_other;
SELECT cdp.create_segment('theirs', 'events > 0') AS members;
RESET ROLE;
REVOKE regress_judge_other FROM regress_judge_steward;
REVOKE ALL ON cdp_data.judged_row FROM regress_judge_steward;
SET ROLE regress_judge_analyst;
SELECT count(*) FROM cdp.members('theirs');
SELECT count(*) FROM cdp.members('mine');
SELECT cdp.lookup('user_id:u2') -> 'segments' AS segments, cdp.lookup('user_id:u2') -> 'segments_failing' AS failing;
-- what is shown is read as the caller
SELECT cdp.lookup('user_id:u2', 'traits') -> 'traits' ->> 'n' AS n;
RESET ROLE;
REVOKE SELECT ON cdp_segment.theirs FROM regress_judge_analyst;
SET ROLE regress_judge_analyst;
SELECT count(*) FROM cdp.members('theirs');
SELECT cdp.lookup('user_id:u2') -> 'segments' AS segments;
RESET ROLE;
INSERT INTO cdp.inbox (type, user_id) VALUES ('identify', 'u1');
SELECT accepted FROM cdp.refresh();
SELECT * FROM state;
GRANT SELECT ON cdp_data.judged_row TO regress_judge_steward WITH GRANT OPTION;
DROP OWNED BY regress_judge_other CASCADE;
SELECT taken FROM cdp.refresh();
SELECT * FROM state;
SELECT cdp.lookup('user_id:u2') -> 'segments' AS segments, cdp.lookup('user_id:u2') -> 'segments_failing' AS failing;
REASSIGN OWNED BY regress_judge_steward TO regress_judge_analyst;
SELECT count(*) FROM cdp.members('mine');

-- an id of old
INSERT INTO cdp.inbox (type, anonymous_id, event) VALUES ('track', 'an-1', 'Viewed');
INSERT INTO cdp.inbox (type, user_id, event) VALUES ('track', 'us-1', 'Ordered');
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('viewers', $$ cdp.did(timeline, 'Viewed') $$) AS members;
SELECT cdp.profile_of('anonymous_id:an-1') AS old_id \gset
INSERT INTO cdp.inbox (type, anonymous_id, user_id) VALUES ('identify', 'an-1', 'us-1');
SELECT profiles_merged FROM cdp.refresh();
SELECT cdp.is_member('viewers', :old_id) AS old_id, cdp.is_member('viewers', cdp.profile_of('user_id:us-1')) AS present, cdp.is_member('viewers', 4711) AS unknown;

-- more fail than can be told one by one
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'm' || i, '{"size": "large"}' FROM generate_series(1, 1001) i;
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('large', $$ (traits->>'size')::int > 3 $$);
SELECT cdp.create_segment('large', $$ profile_id > 0 OR (traits->>'size')::int > 3 $$);
SELECT count(*) FROM cdp.members('large');
-- so in a refresh: all stay in it or not; a refresh without rows tries one that it failed for, and has nothing to do
SELECT cdp.create_segment('broad', $$ (traits->>'width')::int > 3 $$) AS members;
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'm' || i, jsonb_build_object('width', CASE i WHEN 1002 THEN '4' ELSE 'w' END) FROM generate_series(1, 1002) i;
SELECT accepted FROM cdp.refresh();
SELECT state, error, error_profile_id, (SELECT count(*) FROM cdp.members('broad')) AS members FROM cdp.segment WHERE name = 'broad';
SELECT batch_id, as_of FROM cdp_data.state \gset
SELECT taken FROM cdp.refresh();
SELECT taken FROM cdp.refresh();
SELECT batch_id = :batch_id AND as_of = :'as_of' AS no_batch FROM cdp_data.state;
-- rows of others: all stay as they are
INSERT INTO cdp.inbox (type, user_id, traits) VALUES ('identify', 'm1003', '{"width": 5}');
SELECT accepted FROM cdp.refresh();
SELECT state, error, error_profile_id, built_until, cdp.is_member('broad', 'user_id:m1003') AS m1003 FROM cdp.segment WHERE name = 'broad';
SELECT taken FROM cdp.refresh();
SELECT batch_id = :batch_id + 1 AS no_batch FROM cdp_data.state;
SELECT stage, item, expected, found FROM cdp.verify() WHERE item LIKE '%broad%';
-- one is mended: a thousand are told one by one, and all others are exact, also those whom no batch has touched since
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', cdp.value(i.identifier), '{"width": 1}' FROM cdp_data.segment s JOIN cdp_data.identifier i ON i.identifier_id = s.trial_profile_id WHERE s.name = 'broad';
SELECT accepted FROM cdp.refresh();
SELECT state, error, error_profile_id IS NOT NULL AS profile, (SELECT count(*) FROM cdp.members('broad')) AS members, cdp.is_member('broad', 'user_id:m1002') AS m1002, cdp.is_member('broad', 'user_id:m1003') AS m1003 FROM cdp.segment WHERE name = 'broad';
SELECT stage, item, expected, found FROM cdp.verify() WHERE item LIKE '%broad%';

-- nothing that judges runs in a parallel worker
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND p.proname IN ('members', 'is_member', 'lookup', 'evaluate_segment', 'verify', 'preview_rules', 'create_segment', 'paths', 'funnel_table', 'retention_table') AND p.proparallel <> 'u' AND p.oid::regprocedure::text NOT LIKE 'cdp_internal.is_member(%';
SHOW cdp.segment_timeout;

\c :origin
DROP DATABASE cdp_segment_judge;
DROP ROLE regress_judge_steward, regress_judge_other, regress_judge_analyst;
