-- cdp.restitch() takes the log in chunks: whatever their size, it makes the same tables of any damage, and writes nothing
-- where nothing is wrong.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_chunks ENCODING 'UTF8' TEMPLATE template0;
\c cdp_chunks
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';

-- a number below m that follows from a text
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m
$$;
-- events of every kind, some long after they happened; one browser has a tenth of them
CREATE FUNCTION arrive(step integer, rows integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, "timestamp", received_at, source)
	SELECT k, t.type, CASE WHEN t.type = 'track' THEN ('{Order Completed,Product Viewed,Signed Up}'::text[])[1 + chance(k || 'event', 3)] END,
		CASE chance(k || 'anonymous', 10) WHEN 0 THEN NULL WHEN 1 THEN 'busy' ELSE 'a' || chance(k || 'a', 60) END,
		CASE WHEN chance(k || 'user', 4) = 0 THEN 'u' || chance(k || 'u', 20) END,
		CASE WHEN t.type = 'group' THEN 'account ' || chance(k || 'g', 5) END,
		CASE WHEN t.type = 'alias' THEN 'a' || chance(k || 'previous', 60) END,
		CASE WHEN chance(k || 'more', 3) = 0 THEN jsonb_build_object('email', 'e' || chance(k || 'e', 30) || '@example.com',
			'device_id', ARRAY['d' || chance(k || 'd', 12), 'd' || chance(k || 'other', 12)]) END,
		jsonb_build_object('total', chance(k || 'total', 10000) / 100.0),
		CASE WHEN t.type IN ('identify', 'group') THEN jsonb_build_object('plan', 'p' || chance(k || 'plan', 4), 'n', chance(k || 'n', 9), 'tags', ARRAY['x' || chance(k || 'tag', 5), 'y']) END,
		CASE WHEN t.type = 'group' AND chance(k || 'left', 3) = 0 THEN '{"groupLeft": true}'::jsonb END,
		timestamptz '2025-01-01' + chance(k || 'time', 400) * interval '1 day', timestamptz '2025-01-01' + greatest(chance(k || 'time', 400), chance(k || 'received', 400)) * interval '1 day',
		('{web,app,list}'::text[])[1 + chance(k || 'source', 3)]
	FROM generate_series(1, rows) i CROSS JOIN LATERAL (SELECT concat(step, '-', i, ' ') AS k) s
	CROSS JOIN LATERAL (SELECT ('{track,track,track,identify,identify,group,alias}'::text[])[1 + chance(k || 'type', 7)] AS type) t
$$;
SELECT arrive(1, 250), (SELECT accepted > 200 FROM cdp.refresh()) AS accepted;
SELECT cdp.set_rules('{"device_id": {"max_links": 3, "max_per_profile": 2}, "anonymous_id": {"blocked": ["^a3"]}, "*": {"cap": 7}}');
SELECT cdp.set_trait_rules('{"n": "sum", "tags": "union"}'), cdp.set_sources('{"list": {"party": "third", "expires_after": "10000 days"}}');
SELECT cdp.forbid('user_id:u' || i, 'email:e' || i || '@example.com') FROM generate_series(1, 6) i;
SELECT count(*) > 0 AS cut FROM cdp.unlink('user_id:u7');
SELECT cdp.mark_shared('anonymous_id:a7', true), cdp.mark_shared('device_id:d3', false);
SELECT arrive(2, 250), (SELECT accepted > 200 FROM cdp.refresh()) AS accepted;
SELECT cdp.set_rules('{"email": {"priority": 5, "max_per_profile": 1}, "anonymous_id": {"blocked": ["^a4"]}}');
SELECT arrive(3, 100), (SELECT accepted > 80 FROM cdp.refresh()) AS accepted;
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order Completed') $$);
SELECT * FROM cdp.verify();
SELECT count(*) FILTER (WHERE shared) > 10 AS shared, count(*) FILTER (WHERE blocked) > 3 AS blocked, (SELECT count(*) > 20 FROM cdp_data.link WHERE refused) AS refused FROM cdp_data.identifier;

-- where nothing is wrong, no row is written: each is as old as before
CREATE FUNCTION written() RETURNS TABLE (name text, number bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR name IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'cdp_data'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1 LOOP
		EXECUTE format('SELECT count(*) FROM cdp_data.%I t WHERE t.xmin = pg_current_xact_id()::xid', name) INTO number;
		IF number > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
BEGIN;
SELECT identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch();
SELECT * FROM written();
SELECT relname FROM pg_class WHERE relname LIKE 'restitch%';
COMMIT;

-- what the tables hold, without the times of the clock and what depends on the cut: a bound, and the work of a batch
CREATE FUNCTION held() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	all_held jsonb := '{}';
	name text;
	content text;
BEGIN
	FOR name IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'cdp_data'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition LOOP
		EXECUTE format('SELECT md5(string_agg(r.row, chr(10) ORDER BY r.row)) FROM (
			SELECT (to_jsonb(t) - %L::text[])::text AS row FROM cdp_data.%I t) r', CASE name WHEN 'batch' THEN '{as_of,elapsed,reworks,identifiers_reworked,largest_rework}'
				WHEN 'state' THEN '{as_of}' WHEN 'account' THEN '{account_id}' WHEN 'profile' THEN '{last_trust,last_at}' WHEN 'change' THEN '{at,recorded_at}' WHEN 'membership' THEN '{since}' WHEN 'segment' THEN '{as_of,passed_at,pass_cost,pass_until}' ELSE '{}' END, name) INTO content;
		all_held := all_held || jsonb_build_object(name, content);
	END LOOP;
	RETURN all_held;
END
$$;
-- a fault, mended in chunks of so many rows: what restitch said, what the tables hold then, and what verify still finds
CREATE FUNCTION mend(fault text, rows integer, OUT said text, OUT holds jsonb, OUT wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE fault;
	PERFORM set_config('cdp.restitch_rows', rows::text, true);
	said := (SELECT string_agg(j.key || ' ' || j.value, ', ' ORDER BY j.key) FROM cdp.restitch() r, jsonb_each_text(to_jsonb(r) - 'elapsed') j WHERE j.value <> '0');
	holds := held();
	wrong := (SELECT count(*) FROM cdp.verify());
	RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN;
END
$$;
CREATE TABLE fault (number integer GENERATED ALWAYS AS IDENTITY, fault text);
INSERT INTO fault (fault) VALUES ('SELECT'),
	($$ UPDATE cdp_data.identifier SET profile_id = 1 + identifier_id % 7 WHERE identifier_id % 3 = 0; UPDATE cdp_data.identifier SET shared = NOT shared WHERE identifier_id % 5 = 0 $$),
	($$ DELETE FROM cdp_data.identifier WHERE identifier_id % 6 = 0 AND NOT blocked; UPDATE cdp_data.event SET identifier_id = 0 WHERE event_id % 9 = 0 $$),
	($$ DELETE FROM cdp_data.identifier_map; DELETE FROM cdp_data.link WHERE a % 3 = 0; UPDATE cdp_data.identifier SET link_counts = '' WHERE identifier_id % 4 = 0 $$),
	($$ UPDATE cdp_data.identifier_map SET hash = hash + 1 WHERE identifier_id % 3 = 0; UPDATE cdp_data.link SET refused = NOT refused WHERE b % 3 = 0 $$),
	($$ UPDATE cdp_data.link SET events = 9, first_at = first_at - interval '1 day', message_id = NULL WHERE a % 2 = 0; DELETE FROM cdp_data.profile WHERE profile_id % 3 = 0 $$),
	($$ DELETE FROM cdp_data.source; UPDATE cdp_data.profile SET traits = NULL, events = 3 WHERE profile_id % 4 = 0 $$),
	($$ INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id)
			SELECT 10000 + identifier_id, identifier, 10000 + identifier_id, 1, 1 FROM cdp_data.identifier WHERE identifier_id % 7 = 0 $$),
	($$ TRUNCATE cdp_data.profile, cdp_data.profile_identifier, cdp_data.link, cdp_data.account, cdp_data.account_member;
			UPDATE cdp_data.identifier SET profile_id = 0, blocked = true, shared = false, link_counts = ''; UPDATE cdp_data.event SET identifier_id = 0 $$),
	($$ DELETE FROM cdp.verdict WHERE verdict_id % 2 = 0; UPDATE cdp.namespace SET max_per_profile = 2 WHERE namespace = 'user_id'; UPDATE cdp.namespace SET blocked = '{^a1}' WHERE namespace = 'anonymous_id' $$),
	($$ UPDATE cdp_data.profile SET identifiers = identifiers[2:], accounts = '{ghost}' WHERE profile_id % 3 = 0; UPDATE cdp_data.profile SET identifier_ids = '{1}' WHERE profile_id % 3 = 1 $$),
	($$ DELETE FROM cdp_data.profile_identifier; INSERT INTO cdp_data.profile_identifier (profile_id, slice, identifiers, identifier_ids) SELECT profile_id, 3, identifiers, identifier_ids FROM cdp_data.profile WHERE identifier_ids IS NOT NULL $$),
	($$ UPDATE cdp_data.profile SET identifiers = '{user_id:x}' WHERE profile_id % 2 = 0; UPDATE cdp_data.profile SET identifier_ids = NULL, accounts = '{x}' WHERE profile_id % 3 = 0;
			INSERT INTO cdp_data.profile_identifier SELECT profile_id, 0, '{user_id:x}', '{1}' FROM cdp_data.profile $$),
	($$ UPDATE cdp_data.account SET traits = NULL; DELETE FROM cdp_data.account_member WHERE identifier_id % 2 = 0; INSERT INTO cdp_data.account_member SELECT 0, 'ghost', now(), now(), 1; UPDATE cdp_data.account_member SET left_at = last_at WHERE identifier_id % 3 = 0 $$);
CREATE TABLE mended AS SELECT f.number, r.rows, m.* FROM fault f CROSS JOIN (VALUES (100), (50000)) AS r (rows) CROSS JOIN LATERAL mend(f.fault, r.rows) m;
INSERT INTO mended SELECT f.number, r.rows, m.* FROM fault f CROSS JOIN (VALUES (1), (7)) AS r (rows) CROSS JOIN LATERAL mend(f.fault, r.rows) m WHERE f.number = 9 OR r.rows = 7 AND f.number IN (2, 6);
SELECT number, said FROM mended WHERE rows = 50000 ORDER BY number;
SELECT m.number, m.rows, m.wrong, m.said, h.key FROM mended m JOIN mended w ON w.number = m.number AND w.rows = 50000 LEFT JOIN LATERAL jsonb_each(m.holds) h ON h.value <> w.holds -> h.key
WHERE m.wrong > 0 OR m.said IS DISTINCT FROM w.said OR h.key IS NOT NULL ORDER BY 1, 2, 5;

-- a person longer than a chunk, and than the column that new events go to
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", properties)
SELECT 'track', md5((i % 500)::text), 'long', timestamptz '2025-01-01' + i * interval '1 minute', jsonb_build_object('price', i) FROM generate_series(1, 12000) i;
SELECT accepted FROM cdp.refresh();
SET cdp.restitch_rows = 900;
BEGIN;
SELECT identifiers + links + identifiers_moved AS wrong FROM cdp.restitch();
SELECT * FROM written();
COMMIT;
UPDATE cdp_data.profile SET timeline = '{}', level_1 = NULL, level_2 = NULL WHERE profile_id = cdp.profile_of('user_id:long');
SELECT count(*) FROM cdp.verify();
SELECT identifiers + links + identifiers_moved AS wrong FROM cdp.restitch();
SELECT * FROM cdp.verify();
-- and one with more identifiers than a row holds
SELECT cdp.set_rules('{"*": {"cap": 1000}}');
INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, "timestamp") SELECT 'track', 'View', 'many', 'm' || i, timestamptz '2025-01-01' + i * interval '1 minute' FROM generate_series(1, 150) i;
SELECT accepted FROM cdp.refresh();
BEGIN;
SELECT identifiers + links + identifiers_moved AS wrong FROM cdp.restitch();
SELECT * FROM written();
COMMIT;
SELECT slice, cardinality(identifiers) FROM cdp_data.profile_identifier ORDER BY slice;
UPDATE cdp_data.profile_identifier SET identifier_ids = '{1}' WHERE slice = 1;
DELETE FROM cdp_data.profile_identifier WHERE slice = 0;
SELECT count(*) > 0 AS wrong FROM cdp.verify();
SELECT identifiers + links + identifiers_moved AS wrong FROM cdp.restitch();
SELECT slice, cardinality(identifiers) FROM cdp_data.profile_identifier ORDER BY slice;
SELECT * FROM cdp.verify();
RESET cdp.restitch_rows;
SET cdp.restitch_rows = 0;

-- tables that were left are in nobody's way
SELECT cdp_internal.restitch_tables(true);
SELECT count(*) FROM pg_class WHERE relnamespace = 'cdp_data'::regnamespace AND relname LIKE 'restitch%' AND relkind = 'r' AND relpersistence = 'u';
SELECT * FROM cdp.verify();
SELECT identifiers + links + identifiers_moved AS wrong FROM cdp.restitch();
SELECT count(*) FROM pg_class WHERE relnamespace = 'cdp_data'::regnamespace AND relname LIKE 'restitch%';

\c :origin
DROP DATABASE cdp_chunks;
