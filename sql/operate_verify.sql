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
		FOR line IN SELECT concat_ws(' | ', v.stage, v.item, coalesce(v.expected, '-'), coalesce(v.found, '-')) FROM cdp.verify() v ORDER BY v.stage, v.item LOOP
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
SELECT fault($$ UPDATE cdp_data.identifier SET link_counts = '{}' WHERE identifier = 'anonymous_id:a' $$);
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
SELECT fault($$ DELETE FROM cdp_data.profile_timeline WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ UPDATE cdp_data.profile_timeline SET shared = true WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ UPDATE cdp_data.profile_timeline SET timeline = cdp.drop_before(timeline, '2026-01-04') WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ DELETE FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:u2') $$);
SELECT fault($$ DELETE FROM cdp_data.event WHERE message_id = 'm4' $$);
-- a rule or a verdict that was written past the functions
SELECT fault($$ UPDATE cdp.namespace SET max_per_profile = NULL WHERE namespace = 'user_id' $$);
SELECT fault($$ DELETE FROM cdp.verdict $$);
SELECT fault($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) VALUES (4711, 'user_id:u2', cdp.profile_of('user_id:u2'), 1, 1) $$);
SELECT fault($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) VALUES (4711, 'user_id:u2', cdp.profile_of('user_id:u2'), 1, 1);
	INSERT INTO cdp_data.identifier_map VALUES (cdp_internal.map_hash('user_id:u2'), 4711) $$);
SELECT * FROM cdp.verify();

-- segments: whether they can be judged, whatever cdp.segment says
SELECT cdp.create_segment('everyone', 'true'), cdp.create_segment('buyers', $$ cdp.did(timeline, 'Buy', at_least => 2) -- twice $$);
SELECT * FROM cdp.verify();
SELECT fault($$ UPDATE cdp.segment SET state = 'too_slow' WHERE name = 'buyers' $$);
SELECT fault($$ DROP VIEW cdp_segment.everyone $$);
SELECT fault($$ CREATE OR REPLACE VIEW cdp_segment.everyone AS SELECT 1 / (events - events) AS profile_id FROM cdp_data.profile $$);
-- what is written down as failing is known, and no difference
CREATE FUNCTION pg_temp.known_faults() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	CREATE OR REPLACE VIEW cdp_segment.everyone AS SELECT 1 / (events - events) AS profile_id FROM cdp_data.profile;
	UPDATE cdp.segment SET state = 'failing' WHERE name = 'everyone';
	RETURN (SELECT count(*) FROM cdp.verify());
END $$;
BEGIN;
SELECT pg_temp.known_faults();
ROLLBACK;
-- a condition follows what is renamed
CREATE FUNCTION public.known(t cdp.traits) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT t IS NOT NULL';
SELECT cdp.create_segment('known', 'public.known(traits)');
ALTER FUNCTION public.known(cdp.traits) RENAME TO said;
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_verify;
