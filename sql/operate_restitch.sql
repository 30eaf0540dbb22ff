-- cdp.restitch() computes everything anew from the log: what was damaged is mended, and every id is the same.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_restitch ENCODING 'UTF8' TEMPLATE template0;
\c cdp_restitch
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
\set VERBOSITY terse
SELECT cdp.restitch();
SELECT cdp.init();
SET timezone = 'UTC';
-- of nothing
SELECT identifiers, links, identifiers_moved FROM cdp.restitch();

INSERT INTO cdp.inbox (type, event, message_id, user_id, anonymous_id, identifiers, traits, "timestamp", received_at, source)
SELECT CASE WHEN t IS NULL THEN 'track' ELSE 'identify' END, CASE WHEN t IS NULL THEN 'View' END, n::text, u, a, i::jsonb, t::jsonb, timestamptz '2026-01-01' + n * interval '1 hour', '2026-02-01', s
FROM (VALUES (1, NULL, 'a', NULL, NULL, 'web'), (2, 'u1', 'a', NULL, '{"city": "Ghent"}', 'web'), (3, 'u2', 'a', NULL, NULL, 'app'), (4, 'u2', NULL, NULL, NULL, 'web'),
	(5, 'u3', NULL, '{"email": "x@example.com"}', NULL, 'web'), (6, 'u4', NULL, '{"email": "x@example.com"}', '{"city": "Bruges"}', 'web'),
	(7, 'u5', 'b', '{"email": "y@example.com", "club": "7"}', NULL, 'web'), (8, NULL, 'bad', NULL, NULL, 'web'), (9, 'u6', 'c', NULL, NULL, 'web'),
	(10, 'u7', 'c', NULL, NULL, 'web'), (11, 'u8', 'c', NULL, NULL, 'web'), (12, 'u9', 'c', NULL, NULL, 'web'), (13, 'u5', 'd', NULL, NULL, 'web')) AS e (n, u, a, i, t, s);
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["bad"]}}'), cdp.forbid('user_id:u3', 'email:y@example.com'), cdp.mark_shared('email:y@example.com', false);
SELECT count(*) FROM cdp.unlink('user_id:u5', 'anonymous_id:d');
SELECT cdp.create_segment('everyone', 'true');
SELECT * FROM cdp.verify();

-- what the tables hold, without when they came to hold it
CREATE VIEW held AS
	SELECT 'identifier' AS kind, (to_jsonb(i) - 'batch_id' - 'since_batch_id' || jsonb_build_object('link_counts', cdp_internal.link_counts(i.link_counts)))::text AS row FROM cdp_data.identifier i
	UNION ALL SELECT 'map', jsonb_build_object('identifier', i.identifier, 'its hash', m.hash = cdp_internal.map_hash(i.identifier), 'identifier_id', m.identifier_id)::text FROM cdp_data.identifier_map m LEFT JOIN cdp_data.identifier i USING (identifier_id)
	UNION ALL SELECT 'link', (to_jsonb(l) - 'batch_id' - 'last_batch_id' - 'source_id' || jsonb_build_object('source', s.source))::text FROM cdp_data.link l LEFT JOIN cdp_data.source s USING (source_id)
	UNION ALL SELECT 'profile', (to_jsonb(p) - 'last_trust' - 'last_at' || jsonb_build_object('traits', p.traits::text, 'timeline', p.timeline::text))::text FROM cdp_data.profile p
	UNION ALL SELECT 'event', to_jsonb(e)::text FROM cdp_data.event e
	UNION ALL SELECT 'member', m.profile_id::text FROM cdp.members('everyone') m;
CREATE TABLE healthy AS SELECT * FROM held;
SELECT identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch();
SELECT count(*) FROM ((TABLE held EXCEPT TABLE healthy) UNION ALL (TABLE healthy EXCEPT TABLE held)) d;
SELECT * FROM cdp.verify();

-- a fault, how many differences it makes, what restitch says of it, and what is left of it
CREATE FUNCTION mend(statement text, OUT wrong boolean, OUT said text, OUT "left" text) LANGUAGE plpgsql SET search_path = public, cdp, pg_temp AS $$
BEGIN
	BEGIN
		EXECUTE statement;
		wrong := EXISTS (SELECT FROM cdp.verify());
		SELECT string_agg(j.key || ' ' || j.value, ', ' ORDER BY j.key) INTO said FROM cdp.restitch() r, jsonb_each_text(to_jsonb(r) - 'elapsed') j WHERE j.value <> '0';
		"left" := (SELECT string_agg(d.kind || ' ' || d.row, E'\n') FROM (
			SELECT 'too many: ' || kind AS kind, row FROM (TABLE held EXCEPT ALL TABLE healthy) h UNION ALL SELECT 'missing: ' || kind, row FROM (TABLE healthy EXCEPT ALL TABLE held) m
			UNION ALL SELECT 'verify: ' || v.stage, concat_ws(' | ', v.item, v.expected, v.found) FROM cdp.verify() v) d);
		RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		RETURN;
	END;
END
$$;
SELECT m.* FROM (VALUES
	($$ UPDATE cdp_data.identifier SET profile_id = cdp.profile_of('user_id:u2') WHERE identifier = 'anonymous_id:a' $$),
	($$ UPDATE cdp_data.identifier SET profile_id = 4711 WHERE identifier = 'user_id:u5' $$),
	($$ UPDATE cdp_data.identifier SET profile_id = 1 $$),
	($$ UPDATE cdp_data.identifier SET profile_id = identifier_id, blocked = false WHERE identifier = 'anonymous_id:bad' $$),
	($$ UPDATE cdp_data.identifier SET shared = NOT shared $$),
	($$ UPDATE cdp_data.identifier SET blocked = true, profile_id = 0 WHERE identifier = 'user_id:u2' $$),
	($$ UPDATE cdp_data.identifier SET link_counts = '' $$),
	($$ UPDATE cdp_data.identifier SET link_counts = '\x0100' WHERE NOT blocked $$),
	($$ UPDATE cdp_data.namespace SET namespace_id = namespace_id + 100 $$),
	($$ DELETE FROM cdp_data.identifier WHERE identifier IN ('user_id:u2', 'club:7', 'anonymous_id:c') $$),
	($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) VALUES (4711, 'user_id:u2', 4711, 1, 1) $$),
	($$ DELETE FROM cdp_data.identifier_map WHERE hash = cdp_internal.map_hash('user_id:u2') $$),
	($$ DELETE FROM cdp_data.identifier_map $$),
	($$ INSERT INTO cdp_data.identifier_map VALUES (1, 9223372036854775807), (2, 0), (3, -5) $$),
	($$ UPDATE cdp_data.state SET identifier_id = 9223372036854775807 $$),
	($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id) VALUES (9223372036854775806, 'user_id:far', 9223372036854775806, 1, 1) $$),
	($$ INSERT INTO cdp_data.identifier_map SELECT a.hash, b.identifier_id FROM cdp_data.identifier_map a JOIN cdp_data.identifier_map b ON b.identifier_id IN (a.identifier_id + 1, a.identifier_id + 2) $$),
	($$ UPDATE cdp_data.profile SET identifiers = ARRAY[identifiers], identifier_ids = ARRAY[coalesce(identifier_ids, ARRAY[profile_id])] $$),
	($$ UPDATE cdp_data.identifier_map SET identifier_id = 1 WHERE hash = cdp_internal.map_hash('user_id:u2') $$),
	($$ UPDATE cdp_data.identifier_map SET hash = 0 $$),
	($$ INSERT INTO cdp_data.identifier_map SELECT cdp_internal.map_hash('user_id:u2'), identifier_id FROM cdp_data.identifier ON CONFLICT DO NOTHING $$),
	($$ INSERT INTO cdp_data.identifier_map VALUES (cdp_internal.map_hash('user_id:nobody'), 4711) $$),
	($$ DELETE FROM cdp_data.identifier WHERE NOT blocked; INSERT INTO cdp_data.identifier_map SELECT hash + 1, identifier_id FROM cdp_data.identifier_map $$),
	($$ UPDATE cdp_data.link SET refused = NOT refused $$),
	($$ UPDATE cdp_data.link SET events = 9, first_at = first_at - interval '1 day', message_id = NULL $$),
	($$ DELETE FROM cdp_data.link $$),
	($$ INSERT INTO cdp_data.link (a, b, first_at, last_at, events, batch_id, last_batch_id, source_id) SELECT 1, 2, '2026-01-01', '2026-01-01', 1, 1, 1, source_id FROM cdp_data.source WHERE source = 'web' ON CONFLICT DO NOTHING $$),
	($$ UPDATE cdp_data.event SET identifier_id = 0 WHERE message_id IN ('4', '6') $$),
	($$ UPDATE cdp_data.profile SET identifier_count = 7, limited = '{}', has_forbid = NOT has_forbid, shared = NOT shared, last_trust = 3, last_at = '2000-01-01' $$),
	($$ UPDATE cdp_data.profile SET events = 9, traits = NULL, first_seen = NULL $$),
	($$ DELETE FROM cdp_data.profile $$),
	($$ INSERT INTO cdp_data.profile (profile_id) VALUES (4711) $$),
	($$ UPDATE cdp_data.profile SET timeline = '{}' WHERE profile_id = cdp.profile_of('user_id:u2') $$),
	($$ INSERT INTO cdp_data.profile (profile_id, timeline) SELECT 4711, timeline FROM cdp_data.profile LIMIT 1 $$),
	($$ DELETE FROM cdp_data.source $$),
	($$ UPDATE cdp_data.source SET source_id = source_id + 100 $$),
	($$ UPDATE cdp_data.link SET source_id = 99 $$),
	($$ DELETE FROM cdp.namespace WHERE namespace = 'club' $$),
	($$ TRUNCATE cdp_data.profile, cdp_data.link; UPDATE cdp_data.identifier SET profile_id = 0, blocked = true; UPDATE cdp_data.event SET identifier_id = 0 $$)) f (fault)
CROSS JOIN LATERAL mend(f.fault) m;

-- a rule or a verdict that was written past the functions
BEGIN;
UPDATE cdp.namespace SET max_per_profile = 2 WHERE namespace = 'user_id';
DELETE FROM cdp.verdict WHERE kind <> 'unlink';
SELECT identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
SELECT count(*) FROM cdp.members('everyone');
ROLLBACK;

-- the batch counts the profiles that changed, and those alone
CREATE FUNCTION touched(fault text, OUT touched bigint) LANGUAGE plpgsql SET search_path = public, cdp, pg_temp AS $$
BEGIN
	EXECUTE fault;
	PERFORM cdp.restitch();
	touched := (SELECT b.profiles_touched FROM cdp.batch b ORDER BY b.batch_id DESC LIMIT 1);
	RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN;
END
$$;
SELECT count(*) AS people FROM cdp_data.profile;
SELECT f.fault, t.touched FROM (VALUES
	($$ SELECT $$),
	($$ UPDATE cdp_data.profile SET events = 9 WHERE profile_id = cdp.profile_of('user_id:u2') $$),
	($$ UPDATE cdp_data.profile SET identifiers = NULL, accounts = '{another}' WHERE profile_id = cdp.profile_of('user_id:u2') $$),
	($$ UPDATE cdp_data.profile SET accounts = '{another}' WHERE profile_id IN (cdp.profile_of('user_id:u2'), cdp.profile_of('user_id:u5')) $$),
	($$ UPDATE cdp_data.identifier SET profile_id = cdp.profile_of('user_id:u2') WHERE identifier = 'user_id:u6' $$),
	($$ DELETE FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:u2') $$),
	($$ INSERT INTO cdp_data.profile (profile_id) VALUES (4711) $$)) f (fault)
CROSS JOIN LATERAL touched(f.fault) t;

-- history is kept, and what follows goes on from there
UPDATE cdp_data.identifier SET profile_id = cdp.profile_of('user_id:u2') WHERE identifier = 'anonymous_id:a';
SELECT identifiers_moved, profiles_created FROM cdp.restitch();
SELECT count(*) FROM cdp_data.identifier_history h JOIN cdp_data.identifier i USING (identifier_id) WHERE i.identifier = 'anonymous_id:a';
INSERT INTO cdp.inbox (type, event, message_id, user_id, anonymous_id, "timestamp") VALUES ('track', 'View', '20', 'u10', 'e', '2026-01-03'), ('track', 'View', '21', 'u5', 'e', '2026-01-02');
SELECT accepted, identifiers FROM cdp.refresh();
SELECT * FROM cdp.verify();

-- normalisers of another release: what they spelled otherwise keeps its number, in verdicts too
CREATE CAST (bytea AS cdp.identifier) WITHOUT FUNCTION;
CREATE FUNCTION misspelled(i cdp.identifier) RETURNS cdp.identifier LANGUAGE sql STABLE
	RETURN decode(replace(encode(cdp_internal.identifier_send(i), 'hex'), encode('example', 'hex'), encode('EXAMPLE', 'hex')), 'hex')::cdp.identifier;
SELECT misspelled('email:x@example.com');
TRUNCATE healthy;
INSERT INTO healthy SELECT * FROM held;
CREATE TABLE decided AS SELECT verdict_id, kind, a, b, until_at, batch_id FROM cdp.verdict;
UPDATE cdp_data.identifier SET identifier = misspelled(identifier);
UPDATE cdp_data.identifier_map m SET hash = cdp_internal.map_hash(i.identifier) FROM cdp_data.identifier i WHERE i.identifier_id = m.identifier_id;
UPDATE cdp.verdict SET a = misspelled(a), b = misspelled(b);
-- one of them was seen in both spellings, and so was what was decided about it
INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id)
	SELECT 100 + identifier_id, replace(identifier::text, 'EXAMPLE', 'example'), 100 + identifier_id, 1, 1 FROM cdp_data.identifier WHERE identifier::text LIKE '%y@EXAMPLE%';
INSERT INTO cdp.verdict (verdict_id, kind, a, b, batch_id) VALUES (100, 'forbid', misspelled('email:y@example.com'), 'email:y@example.com', 1);
UPDATE cdp_data.state SET normalizer_version = 'of another release';
SELECT count(*) > 0 AS wrong FROM cdp.verify();
SELECT cdp.migrate();
SELECT normalizer_version = cdp.normalizer_version() AS is_ours FROM cdp_data.state;
SELECT * FROM cdp.verify();
SELECT count(*) FROM ((SELECT verdict_id, kind, a, b, until_at, batch_id FROM cdp.verdict EXCEPT TABLE decided) UNION ALL (TABLE decided EXCEPT SELECT verdict_id, kind, a, b, until_at, batch_id FROM cdp.verdict)) d;
SELECT kind, row FROM ((TABLE held EXCEPT TABLE healthy) UNION ALL (TABLE healthy EXCEPT TABLE held)) d WHERE kind <> 'link' AND row NOT LIKE '%y@%' AND row NOT LIKE '%user_id:u5%';
SELECT identifier, profile_id = 0 AS nobody FROM cdp_data.identifier WHERE identifier::text LIKE '%y@%' ORDER BY identifier_id;

-- a log that is not whole
BEGIN;
DELETE FROM cdp_data.event WHERE message_id = '12';
SELECT identifiers_moved FROM cdp.restitch();
ROLLBACK;
BEGIN;
DELETE FROM cdp_data.event WHERE message_id = '12';
SELECT identifiers_moved, profiles_created FROM cdp.restitch(incomplete => true);
SELECT * FROM cdp.verify();
SELECT blocked, profile_id FROM cdp_data.identifier WHERE identifier = 'user_id:u9';
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT identifiers_moved FROM cdp.restitch();
ROLLBACK;
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_restitch;
