-- cdp.verify() finds what is wrong with the tables, whatever it is, and nothing where nothing is.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_verify ENCODING 'UTF8' TEMPLATE template0;
\c cdp_verify
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SELECT * FROM cdp.verify();
SELECT cdp.init();
SET timezone = 'UTC';
SELECT * FROM cdp.verify();
INSERT INTO cdp.inbox (type, event, message_id, user_id, anonymous_id, traits, "timestamp", received_at) VALUES
 ('track', 'View', 'm1', NULL, 'a', NULL, '2026-01-01', '2026-01-01'), ('identify', NULL, 'm2', 'u1', 'a', '{"city": "Ghent"}', '2026-01-02', '2026-01-02'),
 ('track', 'Buy', 'm3', 'u2', 'a', NULL, '2026-01-03', '2026-01-03'), ('track', 'Buy', 'm4', 'u2', NULL, NULL, '2026-01-04', '2026-01-04'),
 ('track', 'Buy', 'm5', NULL, 'bad', NULL, '2026-01-05', '2026-01-05');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["bad"]}}'), cdp.forbid('user_id:u1', 'user_id:u2');
SELECT * FROM cdp.verify();
-- reads only
BEGIN READ ONLY;
SELECT * FROM cdp.verify();
ROLLBACK;

-- each fault alone
CREATE FUNCTION fault(statement text) RETURNS SETOF text LANGUAGE plpgsql SET search_path = public, cdp, pg_temp AS $$
DECLARE
	line text;
BEGIN
	BEGIN
		EXECUTE statement;
		FOR line IN SELECT concat_ws(' | ', v.stage, v.item, coalesce(v.expected, '-'), coalesce(v.found, '-')) FROM cdp.verify() v ORDER BY v.stage, v.item, v.expected COLLATE "C", v.found COLLATE "C" LOOP
			RETURN NEXT line;
		END LOOP;
		RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		RETURN;
	END;
END
$$;
SELECT fault($$ UPDATE cdp_data.identifier SET profile_id = cdp.profile_of('user_id:u2') WHERE identifier = 'anonymous_id:a' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET shared = true WHERE identifier = 'anonymous_id:a' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET link_counts = '' WHERE identifier = 'anonymous_id:a' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET link_counts = '\x017b7f05ff' WHERE identifier = 'anonymous_id:a' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET blocked = false, profile_id = identifier_id WHERE identifier = 'anonymous_id:bad' $$);
SELECT fault($$ UPDATE cdp_data.identifier_map SET identifier_id = 1 WHERE hash = cdp_internal.map_hash('user_id:u2') $$);
SELECT fault($$ DELETE FROM cdp_data.identifier_map WHERE hash = cdp_internal.map_hash('user_id:u2') $$);
SELECT fault($$ UPDATE cdp_data.identifier_map SET hash = hash + 1 WHERE hash = cdp_internal.map_hash('user_id:u2') $$);
SELECT fault($$ INSERT INTO cdp_data.identifier_map SELECT hash, 1 FROM cdp_data.identifier_map WHERE hash = cdp_internal.map_hash('user_id:u2') $$);
SELECT fault($$ INSERT INTO cdp_data.identifier_map VALUES (7, 4711) $$);
SELECT fault($$ DELETE FROM cdp_data.link WHERE refused $$);
SELECT fault($$ UPDATE cdp_data.link SET refused = NOT refused $$);
SELECT fault($$ UPDATE cdp_data.link SET events = 9 WHERE refused $$);
SELECT fault($$ UPDATE cdp_data.link SET first_at = '2025-12-31', message_id = 'm0' WHERE NOT refused $$);
SELECT fault($$ UPDATE cdp_data.event SET identifier_id = (SELECT identifier_id FROM cdp_internal.known_identifier('anonymous_id:a')) WHERE message_id = 'm3' $$);
SELECT fault($$ UPDATE cdp_data.event SET identifier_id = 0 WHERE message_id = 'm4' $$);
SELECT fault($$ UPDATE cdp_data.profile SET identifier_count = 7 WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ UPDATE cdp_data.profile SET limited = '{"user_id": 2}' WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ UPDATE cdp_data.profile SET has_forbid = false WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ UPDATE cdp_data.profile SET last_at = '2025-01-01' WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ UPDATE cdp_data.profile SET events = 9, traits = NULL WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ UPDATE cdp_data.profile SET shared = true WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ UPDATE cdp_data.profile SET timeline = '{}' WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ UPDATE cdp_data.profile SET level_3 = '{"Another": ["2026-01-01T00:00:00Z"]}' WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ UPDATE cdp_data.profile SET timeline = cdp.drop_before(timeline, '2026-01-04') WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ DELETE FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ DELETE FROM cdp_data.event WHERE message_id = 'm4' $$);
-- a rule or a verdict that was written past the functions
SELECT fault($$ UPDATE cdp.namespace SET max_per_profile = NULL WHERE namespace = 'user_id' $$);
SELECT fault($$ DELETE FROM cdp.verdict $$);
SELECT fault($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) VALUES (4711, 'user_id:u2', cdp.profile_of('user_id:u2'), 1, 1) $$);
SELECT fault($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) VALUES (4711, 'user_id:u2', cdp.profile_of('user_id:u2'), 1, 1);
	INSERT INTO cdp_data.identifier_map VALUES (cdp_internal.map_hash('user_id:u2'), 4711) $$);
SELECT * FROM cdp.verify();

-- who is who: rules and verdicts that were not carried out
-- a refused link that should join
SELECT fault($$ DELETE FROM cdp.verdict; UPDATE cdp.namespace SET max_per_profile = NULL WHERE namespace = 'user_id' $$);
-- joined ones that should be apart
SELECT fault($$ INSERT INTO cdp_data.verdict (verdict_id, kind, a, b, batch_id) VALUES (77, 'forbid', 'anonymous_id:a', 'user_id:u1', 1) $$);
SELECT fault($$ UPDATE cdp_data.state SET cap = 1 $$);
-- an unlink that was ignored
SELECT fault($$ INSERT INTO cdp_data.verdict (verdict_id, kind, a, b, until_at, batch_id) VALUES (77, 'unlink', 'anonymous_id:a', 'user_id:u1', '2026-02-01', 1) $$);
-- other people, of whom each obeys the rules, and has all that it should have
SELECT fault($$
	UPDATE cdp_data.identifier SET profile_id = cdp.profile_of('user_id:u2') WHERE identifier = 'anonymous_id:a';
	UPDATE cdp_data.link SET refused = NOT refused;
	UPDATE cdp_data.profile p SET identifier_count = l.identifiers, events = l.events, first_seen = l.first_seen, last_seen = l.last_seen,
		last_trust = CASE WHEN l.identifiers > 1 THEN 3 END, last_at = CASE WHEN l.identifiers > 1 THEN timestamptz '2026-01-03' END
	FROM (SELECT i.profile_id, count(DISTINCT i.identifier_id) AS identifiers, count(*) AS events, min(e."timestamp") AS first_seen, max(e."timestamp") AS last_seen
		  FROM cdp_data.identifier i JOIN cdp_data.event e USING (identifier_id) GROUP BY 1) l WHERE l.profile_id = p.profile_id;
	UPDATE cdp_data.profile t SET timeline = coalesce(l.timeline, '{}')
	FROM (SELECT i.profile_id, cdp.timeline_agg(e."timestamp", e.event) AS timeline
		  FROM cdp_data.identifier i JOIN cdp_data.event e USING (identifier_id) GROUP BY 1) l WHERE l.profile_id = t.profile_id
$$);
-- the number of a person
SELECT fault($$
	UPDATE cdp_data.identifier SET profile_id = (SELECT identifier_id FROM cdp_data.identifier WHERE identifier = 'anonymous_id:a') WHERE profile_id = cdp.profile_of('user_id:u1');
	UPDATE cdp_data.profile SET profile_id = (SELECT identifier_id FROM cdp_data.identifier WHERE identifier = 'anonymous_id:a') WHERE profile_id = (SELECT identifier_id FROM cdp_data.identifier WHERE identifier = 'user_id:u1')
$$);
-- an event that came twice would not be noticed
SELECT fault($$ DELETE FROM cdp_data.message WHERE message_key = cdp_internal.message_key('m4') $$);
SELECT fault($$ INSERT INTO cdp_data.identifier_history VALUES (1, 1, 3, 2) $$);

-- one person, by id or any identifier
CREATE FUNCTION fault_of(statement text) RETURNS TABLE (person text, lines bigint) LANGUAGE plpgsql SET search_path = public, cdp, pg_temp AS $$
BEGIN
	EXECUTE statement;
	FOREACH person IN ARRAY '{user_id:u1,anonymous_id:a,user_id:u2}'::text[] LOOP
		lines := (SELECT count(*) FROM cdp.verify(person));
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM cdp.verify('anonymous_id:a');
BEGIN;
SELECT * FROM fault_of($$ UPDATE cdp_data.profile SET events = 9 WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT stage, item FROM cdp.verify(cdp.profile_of('user_id:u2'));
SELECT stage, item FROM cdp.verify(cdp.profile_of('user_id:u2')::text);
SELECT stage, item FROM cdp.verify('user_id:u2'::cdp.identifier);
ROLLBACK;
BEGIN;
SELECT * FROM fault_of($$ UPDATE cdp_data.event SET identifier_id = 1 WHERE message_id = 'm3' $$);
ROLLBACK;
BEGIN;
SELECT * FROM fault_of($$ DELETE FROM cdp_data.link WHERE refused $$);
ROLLBACK;
BEGIN;
SELECT * FROM fault_of($$ DELETE FROM cdp_data.event WHERE message_id = 'm4' $$);
SELECT * FROM cdp.verify('user_id:u2') WHERE stage = 'log';
ROLLBACK;
SELECT * FROM cdp.verify('user_id:nobody');
SELECT * FROM cdp.verify('anonymous_id:bad');
SELECT * FROM cdp.verify(4711);
SELECT * FROM cdp.verify('nothing');
SELECT * FROM cdp.verify(NULL::text);

-- segments: whether they can be judged, whatever cdp.segment says
SELECT cdp.create_segment('everyone', 'true'), cdp.create_segment('buyers', $$ cdp.did(timeline, 'Buy', at_least => 2) -- twice $$);
SELECT * FROM cdp.verify();
SELECT fault($$ UPDATE cdp.segment SET state = 'too_slow' WHERE name = 'buyers' $$);
SELECT fault($$ DROP VIEW cdp_condition.everyone $$);
SELECT fault($$ CREATE OR REPLACE VIEW cdp_condition.everyone AS SELECT profile_row.profile_id, 1 / (events - events) = 1 AS holds FROM cdp.profile_row $$);
-- what is written down as failing is known, and no difference
CREATE FUNCTION pg_temp.known_faults() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	CREATE OR REPLACE VIEW cdp_condition.everyone AS SELECT profile_row.profile_id, 1 / (events - events) = 1 AS holds FROM cdp.profile_row;
	UPDATE cdp.segment SET state = 'failing' WHERE name = 'everyone';
	RETURN (SELECT count(*) FROM cdp.verify());
END $$;
BEGIN;
SELECT pg_temp.known_faults();
ROLLBACK;
-- a person whom nothing names is no person without differences
SELECT * FROM cdp.verify(NULL::bigint);
SELECT * FROM cdp.verify(cdp.profile_of('user_id:typo'));
SELECT * FROM cdp.verify(NULL::cdp.identifier);
SELECT * FROM cdp.verify(NULL::text);
-- a condition follows what is renamed
CREATE FUNCTION public.known(t cdp.traits) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT t IS NOT NULL';
SELECT cdp.create_segment('known', 'public.known(traits)');
ALTER FUNCTION public.known(cdp.traits) RENAME TO said;
SELECT * FROM cdp.verify();
-- no part of it is left to a parallel worker, which cannot set how it plans
DO $$
BEGIN
	PERFORM set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'on', false);
END
$$;
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_verify;
