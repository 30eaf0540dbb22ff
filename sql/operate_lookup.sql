-- One person as one document: by any identifier, by any profile id that there ever was.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_lookup ENCODING 'UTF8' TEMPLATE template0;
\c cdp_lookup
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
SELECT cdp.lookup('user_id:ann');
SELECT cdp.init();
SET timezone = 'UTC';
SELECT cdp.lookup('user_id:ann'), cdp.lookup(1), cdp.lookup('1');

-- Ann, who became known on the way; Bob, who used her address once; a kiosk
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, identifiers, traits, properties, "timestamp", received_at, source) VALUES
	('track', 'Product Viewed', 'a1', NULL, NULL, NULL, '{"sku": "mug"}', '2026-01-01', '2026-06-01', 'web'),
	('track', 'Ticket Created', 'a1', NULL, NULL, NULL, '{"ticket_id": "t1"}', '2026-01-02', '2026-06-01', 'desk'),
	('track', 'Call Started', 'k1', NULL, NULL, NULL, NULL, '2026-01-02', '2026-06-01', 'desk');
SELECT accepted, identifiers FROM cdp.refresh();
SELECT profile_id AS first_id FROM cdp.identifiers WHERE identifier = 'anonymous_id:a1' \gset
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, identifiers, traits, properties, "timestamp", received_at, source) VALUES
	('identify', NULL, 'a1', NULL, NULL, '{"email": "Ann@Example.com", "plan": "free", "gone": 1}', NULL, '2026-01-03', '2026-06-01', 'web'),
	('identify', NULL, 'a1', 'ann', NULL, '{"plan": "pro", "gone": null, "tags": ["x", {"y": 1}]}', NULL, '2026-01-04', '2026-06-01', 'crm'),
	('track', 'Ticket Closed', NULL, 'ann', NULL, NULL, '{"ticket_id": "t1"}', '2026-01-05', '2026-06-01', 'desk'),
	('track', 'Ticket Reopened', NULL, 'ann', NULL, NULL, '{"ticket_id": "t1"}', '2026-01-06', '2026-06-01', 'desk'),
	('track', 'Ticket Created', NULL, 'ann', NULL, NULL, '{"ticket_id": 2}', '2026-01-06', '2026-06-01', 'desk'),
	('track', 'Ticket Solved', NULL, 'ann', NULL, NULL, '{"ticket_id": 2}', '2026-01-06', '2026-06-01', 'desk'),
	('track', 'Call Started', NULL, 'ann', NULL, NULL, NULL, '2026-01-07', '2026-06-01', 'desk'),
	('track', 'Case Opened', NULL, 'ann', NULL, NULL, '{"case_id": "c1"}', '2026-01-08', '2026-06-01', 'desk'),
	('track', 'Login', NULL, 'bob', '{"email": "ann@example.com"}', NULL, NULL, '2026-01-09', '2026-06-01', 'web'),
	('track', 'Login', NULL, 'bob', '{"device_id": "kiosk"}', NULL, NULL, '2026-01-10', '2026-06-01', 'web'),
	('track', 'Login', NULL, 'ann', '{"device_id": "kiosk"}', NULL, NULL, '2026-01-11', '2026-06-01', 'web');
SELECT accepted, identifiers FROM cdp.refresh();
SELECT cdp.mark_shared('device_id:kiosk', true) IS NOT NULL AS marked;
-- it is a profile, but no person
SELECT count(*) FILTER (WHERE p.shared) AS shared, count(r.profile_id) FILTER (WHERE p.shared) AS shown FROM cdp_data.profile p LEFT JOIN cdp.profile_row r USING (profile_id);
SELECT profile_id AS ann FROM cdp.identifiers WHERE identifier = 'user_id:ann' \gset
SELECT profile_id AS bob FROM cdp.identifiers WHERE identifier = 'user_id:bob' \gset

-- what depends on the clock of the refresh is replaced, numbers of profiles by names
CREATE FUNCTION plain(document jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_pretty(CASE WHEN document ? 'identifiers' THEN jsonb_set(document, '{identifiers}', (
		SELECT jsonb_agg(i || jsonb_build_object('first_known', (i ->> 'first_known')::timestamptz IN (SELECT as_of FROM cdp.batch)) ORDER BY place)
		FROM jsonb_array_elements(document -> 'identifiers') WITH ORDINALITY AS e (i, place))) ELSE document END)
$$;
SELECT cdp.create_segment('pro', $$ traits->>'plan' = 'pro' $$), cdp.create_segment('free', $$ traits->>'plan' = 'free' $$);
SELECT plain(cdp.lookup('email:ANN@example.com'));
SELECT plain(cdp.lookup('user_id:bob', 'refused_links, segments,cases'));
-- a shared identifier is no person, and says so
SELECT plain(cdp.lookup('device_id:kiosk', 'identifiers,refused_links'));

-- every way to call it gives the same
CREATE TABLE contact (t text, v varchar(40), c char(11), i cdp.identifier, n bigint, s integer);
INSERT INTO contact VALUES ('user_id:ann', 'user_id:ann', 'user_id:ann', 'user_id:ann', :ann, :ann);
SELECT count(DISTINCT d), min(d ->> 'profile_id') = :'ann' AS ann FROM (
	SELECT unnest(ARRAY[cdp.lookup('user_id:ann'), cdp.lookup('user_id:ann'::text), cdp.lookup('user_id:ann'::cdp.identifier), cdp.lookup(cdp.identifier('user_id', 'ann')),
		cdp.lookup(t), cdp.lookup(v), cdp.lookup(c), cdp.lookup(i), cdp.lookup(n), cdp.lookup(s), cdp.lookup(n::text), cdp.lookup(' ' || n || ' '), cdp.lookup(:ann), cdp.lookup(:'ann'),
		cdp.lookup(:first_id), cdp.lookup(identifier => 'user_id:ann'), cdp.lookup(identifier => i), cdp.lookup(profile_id => :first_id), cdp.lookup('user_id:ann', last_events => 10),
		cdp.lookup(:first_id, parts => 'identifiers,traits,events,cases,segments,refused_links,accounts'), cdp.lookup(n, NULL, NULL),
		cdp.lookup(i, last_events => 10, parts => ' Accounts,Refused_Links ,segments,cases,events,TRAITS,identifiers,traits')]) AS d FROM contact) d;
PREPARE by_parameter AS SELECT cdp.lookup($1, parts => 'traits') -> 'traits' ->> 'plan';
EXECUTE by_parameter ('email:ann@example.com');
EXECUTE by_parameter (:'first_id');

-- as much as was asked for
SELECT cdp.lookup('user_id:ann', parts => 'traits');
SELECT cdp.lookup('user_id:ann', parts => '') = cdp.lookup('user_id:ann', parts => 'traits') - 'traits' AS head_only;
SELECT jsonb_pretty(cdp.lookup('user_id:ann', parts => 'provenance') -> 'provenance');
SELECT n, (SELECT string_agg(e ->> 'event', ', ' ORDER BY place) FROM jsonb_array_elements(cdp.lookup('user_id:ann', 'events', n) -> 'events') WITH ORDINALITY AS e (e, place)) AS events
FROM unnest(ARRAY[0, 1, 3, 100]) n;

-- nobody
SELECT cdp.lookup('user_id:nobody'), cdp.lookup(0), cdp.lookup(-1), cdp.lookup(999999), cdp.lookup('9223372036854775807'), cdp.lookup(NULL::text), cdp.lookup(NULL::bigint), cdp.lookup(NULL::cdp.identifier);
-- what cannot be asked
SELECT cdp.lookup('user_id:ann', parts => 'traits,shoes');
SELECT cdp.lookup('user_id:ann', parts => 'traits,');
SELECT cdp.lookup('user_id:ann', last_events => -1);
SELECT cdp.lookup('ann');
SELECT cdp.lookup('email:nowhere');
SELECT cdp.lookup('9223372036854775808');
SELECT cdp.lookup('12x');
SELECT cdp.lookup('');
SELECT cdp.lookup(1.5);

-- ids of old: merged, blocked, split, never handed out
SELECT cdp.profile_of(:first_id) = :ann AS merged, cdp.profile_of(:ann) = :ann AS present, cdp.resolve_profile(:first_id) = (:ann::bigint, NULL::text) AS resolved,
	cdp.profile_of('user_id:ann') = :ann AS literal, cdp.profile_of(0) AS zero, cdp.profile_of(NULL::bigint) AS none;
SELECT r.* FROM (VALUES (999999), (0), (-5)) AS asked (id) CROSS JOIN LATERAL cdp.resolve_profile(asked.id) r;
SELECT count(*) AS still_joined FROM cdp.unlink('anonymous_id:a1');
SELECT cdp.profile_of(:first_id) = :first_id AS alone_again, cdp.lookup(:first_id, 'identifiers') #>> '{identifiers,0,value}' AS of_whom, cdp.lookup(:first_id) ->> 'event_count' AS events;
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["a1"]}}') IS NOT NULL AS blocked;
SELECT cdp.lookup(:first_id), cdp.lookup('anonymous_id:a1'), cdp.profile_of(:first_id), cdp.resolve_profile(:first_id);

-- the plans that are kept follow the segments
SELECT cdp.create_segment('all_of_them', 'true') > 1 AS created;
SELECT cdp.lookup(:ann, 'segments') -> 'segments' AS segments;
SELECT cdp.create_segment('free', $$ traits->>'plan' = 'pro' $$, replace => true);
SELECT cdp.lookup(:ann, 'segments') -> 'segments' AS segments;
DROP VIEW cdp_segment.pro;
SELECT cdp.lookup(:ann, 'segments') -> 'segments' AS segments;
SELECT cdp.drop_segment('all_of_them'), cdp.drop_segment('free'), cdp.drop_segment('pro');
SELECT cdp.lookup(:ann, 'segments') -> 'segments' AS segments;
-- and what opens and closes a case
DELETE FROM cdp.case_event WHERE kind <> 'case';
INSERT INTO cdp.case_event VALUES ('Login', 'session', true, 'sid');
SELECT cdp.lookup(:ann, 'cases') -> 'cases' AS cases;
SELECT profile_id = :ann AS ann, kind, case_id, opened_at, openings FROM cdp.open_cases ORDER BY opened_at, profile_id;

-- a condition that fails of another person does not fail here, few as people are
ANALYZE cdp_data.profile;
SELECT cdp.create_segment('fragile', $$ (traits ->> 'level')::integer > 0 $$) AS members;
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at) VALUES ('identify', 'zed', '{"level": "high"}', '2026-01-12', '2026-06-01');
SELECT accepted FROM cdp.refresh();
SELECT cdp.lookup(:ann, 'segments') -> 'segments' AS segments;
SELECT cdp.lookup('user_id:zed', 'segments');
SELECT cdp.drop_segment('fragile');

-- a caller's function does not stand in for one of ours
CREATE SCHEMA evil;
CREATE FUNCTION evil.jsonb_agg_trans(jsonb, jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '"evil"'::jsonb $$;
CREATE AGGREGATE evil.jsonb_agg(jsonb) (SFUNC = evil.jsonb_agg_trans, STYPE = jsonb);
CREATE FUNCTION evil.to_jsonb(text[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT '"evil"'::jsonb $$;
SELECT cdp.lookup(:ann) AS document \gset
SET search_path = evil, public;
SELECT cdp.lookup(:ann) = :'document' AS same;
RESET search_path;

-- an analyst may
CREATE ROLE regress_lookup;
SELECT cdp.grant_access('regress_lookup', 'analyst');
SELECT cdp.create_segment('seen', 'events > 0') > 0 AS created;
SET ROLE regress_lookup;
SELECT cdp.lookup(:ann) - 'segments' = :'document'::jsonb - 'segments' AS same, cdp.lookup(:first_id, 'provenance') IS NULL AS blocked, cdp.profile_of(:bob) = :bob AS bob,
	cdp.lookup('user_id:ann', 'segments,provenance') -> 'segments' AS segments;
RESET ROLE;
BEGIN READ ONLY;
SELECT cdp.lookup(:ann) - 'segments' = :'document'::jsonb - 'segments' AS same;
COMMIT;

-- the extension dropped and made again within one session
SET client_min_messages = warning;
DROP EXTENSION cdp CASCADE;
DROP SCHEMA cdp, cdp_data CASCADE;
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp.inbox (user_id, event) VALUES ('ann', 'Login');
SELECT accepted FROM cdp.refresh();
SELECT cdp.lookup('user_id:ann') ->> 'event_count' AS events, cdp.lookup(1) ->> 'event_count' AS by_id;
\c :origin
DROP DATABASE cdp_lookup;
DROP ROLE regress_lookup;
