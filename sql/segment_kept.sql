-- Kept memberships: since when, what the feed says, building in slices, conditions that fail, names, other transactions.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_segment_kept ENCODING 'UTF8' TEMPLATE template0;
\c cdp_segment_kept
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.init();
-- slices of seven people
CREATE OR REPLACE FUNCTION cdp_internal.slice_people() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 7;
-- time begins a day ahead, so that the clock of the machine does not matter
UPDATE cdp_data.state SET as_of = date_trunc('day', now()) + interval '2 days';
SELECT as_of AS start FROM cdp_data.state \gset
-- instants are shown by their distance from there, people by their user_id
CREATE FUNCTION public.hours(at timestamptz) RETURNS numeric LANGUAGE sql STABLE
	RETURN round(extract(epoch FROM at - (SELECT min(b.as_of) FROM cdp.batch b)) / 3600, 2);
CREATE FUNCTION public.who(profile_id bigint) RETURNS text LANGUAGE sql STABLE
	RETURN (SELECT cdp.value(i.identifier) FROM cdp_data.identifier i WHERE i.identifier_id = who.profile_id);
CREATE VIEW changes AS SELECT c.change_id, c.kind, public.who(c.profile_id) AS profile, s.name AS segment, public.who(c.other_profile_id) AS other, public.hours(c.at) AS at, c.cause, c.event_id
	FROM cdp_data.change c LEFT JOIN cdp_data.segment s USING (segment_id);
CREATE VIEW segments AS SELECT name, members, state, public.who(built_until) AS built_until, error, public.who(error_profile_id) AS error_profile FROM cdp_data.segment ORDER BY name;

INSERT INTO cdp.inbox (type, event, user_id, traits, "timestamp", received_at)
SELECT 'identify', NULL, 'u' || lpad(i::text, 2, '0'), jsonb_build_object('age', i), :'start'::timestamptz, :'start'::timestamptz FROM generate_series(1, 20) i
UNION ALL
SELECT 'track', 'order', 'u' || lpad(i::text, 2, '0'), NULL, :'start'::timestamptz - i * interval '1 hour', :'start' FROM generate_series(1, 20) i;
SELECT taken, profiles_created FROM cdp.refresh();

-- more people than a slice: readers see all at once
SELECT cdp.create_segment('recent', $$ cdp.did(timeline, 'order', within => '10 hours') $$) AS members;
SELECT * FROM segments;
SELECT count(*) FROM cdp.members('recent');
SELECT cdp.is_member('recent', 'user_id:u08') AS is_in, cdp.is_member('recent', 'user_id:u20') AS is_out, cdp.is_member('recent', 'user_id:none') AS unknown;
SELECT cdp.lookup('user_id:u08') -> 'segments' AS segments;
-- a refresh judges the next
SELECT taken FROM cdp.refresh();
SELECT * FROM segments;
CALL cdp.build_segments();
SELECT * FROM segments;
SELECT count(*) FROM cdp.members('recent');
SELECT kind, cause, count(*), min(at), max(at) FROM changes GROUP BY 1, 2;
SELECT * FROM cdp.verify();

-- an hour and a half later: who reads sees who has left, and the refresh says when that was
UPDATE cdp_data.state SET as_of = as_of + interval '90 minutes';
SELECT count(*) AS members, count(DISTINCT judged_at) AS instants, min(judged_at) = (SELECT as_of FROM cdp_data.state) AS exact FROM cdp.members('recent');
SELECT count(*) FROM cdp_segment.recent;
SELECT segment, count(*) FROM cdp.membership GROUP BY 1;
SELECT * FROM segments;
SELECT taken FROM cdp.refresh();
SELECT * FROM segments;
SELECT * FROM changes ORDER BY change_id DESC LIMIT 2;
-- nothing is due: no batch
SELECT count(*) AS batches FROM cdp.batch \gset
SELECT taken FROM cdp.refresh();
SELECT count(*) = :batches AS same FROM cdp.batch;

-- an event that comes late says that it was otherwise; the feed is not rewritten
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", received_at) VALUES ('track', 'order', 'u10', :'start'::timestamptz - interval '5 hours', :'start'::timestamptz + interval '2 hours');
SELECT taken FROM cdp.refresh();
SELECT kind, profile, segment, at, cause, event_id FROM changes ORDER BY change_id DESC LIMIT 1;

-- another condition, of the same number
SELECT cdp.create_segment('recent', $$ cdp.did(timeline, 'order', within => '4 hours') $$, replace => true) AS members;
-- readers judge those who have not been judged by the new condition
SELECT string_agg(public.who(m.profile_id), ' ' ORDER BY 1) FROM cdp.members('recent') m;
CALL cdp.build_segments();
SELECT name, segment_id, members, state FROM cdp_data.segment;
SELECT kind, cause, count(*), string_agg(profile, ' ' ORDER BY profile) FROM changes WHERE cause = 'definition' GROUP BY 1, 2;

-- two people become one: the earlier instant stays, no exits and entries
SELECT cdp.create_segment('adults', $$ cdp.try_integer(traits->'age') > 2 $$), cdp.create_segment('young', $$ cdp.try_integer(traits->'age') < 6 $$);
CALL cdp.build_segments();
SELECT * FROM segments;
SELECT max(change_id) AS last FROM cdp_data.change \gset
INSERT INTO cdp.inbox (type, event, anonymous_id, traits, "timestamp", received_at) VALUES ('identify', NULL, 'pad', '{"age": 5}', :'start', :'start'), ('track', 'order', 'pad', NULL, :'start'::timestamptz + interval '1 minute', :'start');
SELECT profiles_created FROM cdp.refresh();
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp", received_at) VALUES ('identify', 'pad', 'u06', :'start'::timestamptz + interval '2 hours', :'start'::timestamptz + interval '2 hours');
SELECT profiles_merged FROM cdp.refresh();
SELECT kind, profile, segment, other, cause FROM changes WHERE change_id > :last ORDER BY change_id;
SELECT * FROM segments;
-- and two again
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT count(*) FROM cdp.unlink('anonymous_id:pad', 'user_id:u06');
SELECT kind, profile, segment, other, cause FROM changes WHERE change_id > :last ORDER BY change_id;
SELECT DISTINCT v.kind, v.a, v.b FROM cdp_data.change c LEFT JOIN cdp_data.verdict v USING (verdict_id) WHERE c.change_id > :last;
SELECT * FROM cdp.verify();
-- a stronger identifier gives the profile another number
SELECT max(change_id) AS last FROM cdp_data.change \gset
INSERT INTO cdp.inbox (type, event, anonymous_id, traits, "timestamp", received_at) VALUES ('identify', NULL, 'dev', '{"age": 4}', :'start', :'start');
SELECT profiles_created FROM cdp.refresh();
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp", received_at) VALUES ('identify', 'dev', 'u99', :'start', :'start');
SELECT profiles_created, profiles_merged FROM cdp.refresh();
SELECT kind, profile, segment, other, cause FROM changes WHERE change_id > :last ORDER BY change_id;
-- it is taken back
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT events FROM cdp.retract(event_ids => ARRAY(SELECT event_id FROM cdp.events WHERE anonymous_id = 'dev'), reason => 'a test');
SELECT kind, profile, segment, other, cause FROM changes WHERE change_id > :last ORDER BY change_id;

-- a condition that fails for some: they stay as they were, the others are exact
SELECT cdp.create_segment('over', $$ (traits->>'age')::integer >= 18 $$);
CALL cdp.build_segments();
SELECT * FROM segments WHERE name = 'over';
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) SELECT 'identify', 'u' || u, jsonb_build_object('age', a), :'start'::timestamptz + interval '3 hours', :'start'::timestamptz + interval '3 hours' FROM (VALUES ('18', 'old'), ('17', '70'), ('19', '1'), ('05', 'none')) v (u, a);
SELECT taken FROM cdp.refresh();
SELECT * FROM segments WHERE name = 'over';
SELECT string_agg(public.who(m.profile_id), ' ' ORDER BY 1) FROM cdp.members('over') m;
SELECT cdp.lookup('user_id:u18') -> 'segments' AS segments, cdp.lookup('user_id:u18') -> 'segments_failing' AS failing, cdp.lookup('user_id:u17') -> 'segments_failing' AS not_failing;
SELECT * FROM cdp.verify();
-- mended, it is built anew
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) SELECT 'identify', 'u' || u, '{"age": 3}', :'start'::timestamptz + interval '4 hours', :'start'::timestamptz + interval '4 hours' FROM unnest('{18,05}'::text[]) u;
SELECT taken FROM cdp.refresh();
SELECT * FROM segments WHERE name = 'over';
CALL cdp.build_segments();
SELECT * FROM segments WHERE name = 'over';
SELECT string_agg(public.who(m.profile_id), ' ' ORDER BY 1) FROM cdp.members('over') m;
-- one that fails for all of the first is made, since others may follow; one without its definition stays as it was
SELECT cdp.create_segment('bad', $$ 1 / (traits ? 'name')::integer = 1 $$);
SELECT cdp.drop_segment('bad');
DROP VIEW cdp_condition.over;
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) VALUES ('identify', 'u20', '{"age": 3}', :'start'::timestamptz + interval '4 hours', :'start'::timestamptz + interval '4 hours');
SELECT taken FROM cdp.refresh();
SELECT * FROM segments WHERE name = 'over';
SELECT * FROM cdp.verify();
SELECT cdp.create_segment('over', $$ cdp.try_integer(traits->'age') >= 18 $$, replace => true);
CALL cdp.build_segments();
SELECT * FROM segments WHERE name = 'over';

-- names
SELECT cdp.rename_segment('over', 'Over'), cdp.rename_segment('over', 'young');
SELECT cdp.rename_segment('over', 'young');
SELECT cdp.rename_segment('none', 'other');
SELECT cdp.rename_segment('over', 'grown_up');
SELECT name, segment_id, members FROM cdp_data.segment ORDER BY segment_id;
SELECT count(*) FROM cdp_segment.grown_up;
SELECT cdp.is_member('grown_up', 'user_id:u17');
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT cdp.drop_segment('grown_up');
SELECT kind, cause, count(*) FROM cdp_data.change WHERE change_id > :last GROUP BY 1, 2;
SELECT cdp.create_segment('next', 'true') IS NULL AS building;
SELECT segment_id FROM cdp_data.segment WHERE name = 'next';
CALL cdp.build_segments();

-- account traits are of all members
SELECT cdp.create_segment('gold', $$ account_traits->>'tier' = 'gold' $$) IS NULL AS building;
CALL cdp.build_segments();
INSERT INTO cdp.inbox (type, user_id, group_id, "timestamp", received_at) SELECT 'group', 'u' || u, 'acme', :'start', :'start' FROM unnest('{07,08}'::text[]) u;
SELECT taken FROM cdp.refresh();
INSERT INTO cdp.inbox (type, user_id, group_id, traits, "timestamp", received_at) VALUES ('group', 'u07', 'acme', '{"tier": "gold"}', :'start', :'start');
SELECT taken FROM cdp.refresh();
SELECT string_agg(public.who(m.profile_id), ' ' ORDER BY 1) FROM cdp.members('gold') m;

-- all from the log again
SELECT max(change_id) AS last FROM cdp_data.change \gset
SELECT identifiers_moved FROM cdp.restitch();
SELECT count(*) AS changes FROM cdp_data.change WHERE change_id > :last;
-- what was damaged is found, and restitch repairs it
UPDATE cdp_data.membership SET segments = '{}', since = '{}' WHERE profile_id = cdp.profile_of('user_id:u07');
SELECT regexp_replace(item, '\d+$', 'N') AS item, expected, found FROM cdp.verify() WHERE stage = 'segment';
SELECT identifiers_moved FROM cdp.restitch();
-- what the feed said stays
SELECT * FROM cdp.verify() WHERE stage <> 'feed';
\c :origin
DROP DATABASE cdp_segment_kept;
