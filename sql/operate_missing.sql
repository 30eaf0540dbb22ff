-- A log that lacks a month: nothing that was said there is forgotten without a word.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_missing ENCODING 'UTF8' TEMPLATE template0;
\c cdp_missing
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
\set VERBOSITY default
\set SHOW_CONTEXT never

SELECT cdp.set_sources('{"rented": {"party": "third", "expires_after": "60 days"}}');
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, group_id, properties, traits, "timestamp", received_at, source) VALUES
	('identify', NULL, NULL, 'ann', NULL, NULL, '{"plan": "gold", "email": "ann@example.com"}', '2021-01-10', '2021-01-10', NULL),
	('identify', NULL, 'a-1', 'ann', NULL, NULL, NULL, '2021-02-01', '2021-02-01', NULL),
	('track', 'View', 'a-1', NULL, NULL, NULL, NULL, '2021-02-02', '2021-02-02', NULL),
	-- of bob only an event in the middle is in January
	('track', 'View', NULL, 'bob', NULL, '{"total": 5}', NULL, '2020-12-05', '2020-12-05', NULL),
	('track', 'View', 'b-1', 'bob', NULL, '{"total": 7}', NULL, '2021-01-15', '2021-01-15', NULL),
	('track', 'View', NULL, 'bob', NULL, '{"total": 9}', NULL, '2021-02-05', '2021-02-05', NULL),
	-- of cay nothing
	('identify', NULL, 'c-1', 'cay', NULL, NULL, '{"plan": "free"}', '2021-02-07', '2021-02-07', NULL),
	('track', 'View', 'c-1', NULL, NULL, NULL, NULL, '2021-02-08', '2021-02-08', NULL),
	-- of dee a middle event without a trace but its number
	('track', 'View', NULL, 'dee', NULL, NULL, NULL, '2020-12-06', '2020-12-06', NULL),
	('group', NULL, NULL, 'dee', 'acme', NULL, '{"seats": 5}', '2021-01-16', '2021-01-16', NULL),
	('track', 'View', NULL, 'dee', NULL, NULL, NULL, '2021-02-06', '2021-02-06', NULL);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT count(*) FROM cdp.verify();
CREATE TABLE public.before AS SELECT p.* FROM cdp_data.profile p;

ALTER TABLE cdp_data.event DETACH PARTITION cdp_data.event_2021_01;

-- verdicts and rules are refused, and change nothing
SELECT cdp.unlink('anonymous_id:a-1', 'user_id:ann');
SELECT cdp.unlink('anonymous_id:b-1');
SELECT cdp.forbid('anonymous_id:b-1', 'user_id:bob');
SELECT cdp.mark_shared('user_id:dee', true);
SELECT cdp.set_rules('{"user_id": {"blocked": ["ann"]}}');
SELECT cdp.set_rules('{"email": {"priority": 5}}');
SELECT cdp.set_rules('{"*": {"cap": 2}}');
SELECT cdp.set_trait_rules('{"plan": "first"}');
SELECT cdp.set_sources('{"default": {"trust": 2}}');
SELECT cdp.carry_property('View', 'price');
SELECT cdp.restitch();
SELECT count(*) AS changed FROM (TABLE public.before EXCEPT SELECT p.* FROM cdp_data.profile p) c;
SELECT count(*) AS verdicts FROM cdp.verdict;
-- what does not concern them goes on
SELECT * FROM cdp.unlink('anonymous_id:c-1', 'user_id:cay');
SELECT cdp.forbid('user_id:ann', 'user_id:bob');
SELECT cdp.set_trait_rules('{"plan": null}');
SELECT identifiers, traits, events, first_seen FROM cdp.profiles ORDER BY profile_id;

-- people grow and are joined; of those whose events are lacking too
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, traits, "timestamp", received_at, source) VALUES
	('track', 'View', 'a-1', NULL, NULL, '2021-02-10', '2021-02-10', NULL),
	('identify', NULL, 'e-1', NULL, '{"plan": "new", "color": "red"}', '2021-02-11', '2021-02-11', NULL),
	('identify', NULL, 'e-1', 'ann', NULL, '2021-02-12', '2021-02-12', NULL);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT identifiers, traits, events, first_seen, last_seen FROM cdp.profiles WHERE 'user_id:ann' = ANY (identifiers);
SELECT count(*) AS undone FROM cdp.undone;

-- late evidence that would take ann apart is refused and listed; the rest of its batch, another split included, arrives
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", received_at) VALUES
	('identify', NULL, 'f-1', 'fay', '2021-02-20', '2021-02-20'), ('track', 'View', 'f-1', NULL, '2021-02-21', '2021-02-21');
SELECT accepted FROM cdp.refresh();
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", received_at) VALUES
	('identify', NULL, 'a-1', 'gus', '2020-12-20', '2020-12-20'),
	('identify', NULL, 'f-1', 'hal', '2021-02-19', '2021-02-19'),
	('track', 'View', NULL, 'cay', '2021-02-22', '2021-02-22');
SELECT accepted, quarantined, profiles_split FROM cdp.refresh();
SELECT identifiers, events FROM cdp.profiles ORDER BY profile_id;
SELECT u.kind, p.identifier AS person, a.identifier AS a, b.identifier AS b, u.lacks, u.batch_id FROM cdp.undone u
JOIN cdp_data.identifier p ON p.identifier_id = u.profile_id JOIN cdp_data.identifier a ON a.identifier_id = u.a JOIN cdp_data.identifier b ON b.identifier_id = u.b;
SELECT identifier, other_identifier, reasons FROM cdp.refused_links ORDER BY 1, 2;
-- more of the same is no more of it
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp", received_at) VALUES ('identify', 'a-1', 'gus', '2020-12-19', '2020-12-19');
SELECT accepted, quarantined, profiles_split FROM cdp.refresh();
SELECT count(*) AS undone FROM cdp.undone;

-- an identifier that becomes shared: b-1 names four users
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", received_at)
SELECT 'track', 'View', 'b-1', 'u-' || n, timestamptz '2021-02-24' + n * interval '1 hour', '2021-02-25' FROM generate_series(1, 4) n;
SELECT accepted, quarantined, profiles_split FROM cdp.refresh();
SELECT shared, cdp_internal.link_counts(link_counts) FROM cdp_data.identifier WHERE identifier::text = 'anonymous_id:b-1';
SELECT u.kind, p.identifier AS person, a.identifier AS a FROM cdp.undone u
JOIN cdp_data.identifier p ON p.identifier_id = u.profile_id JOIN cdp_data.identifier a ON a.identifier_id = u.a WHERE u.kind = 'sharing';

-- what lapses
INSERT INTO cdp.inbox (type, user_id, group_id, traits, "timestamp", received_at, source)
SELECT v.type, v.user_id, v.group_id, v.traits::jsonb, at, at, 'rented'
FROM (SELECT now() - interval '2 days') n (at), (VALUES
	('identify', 'ann', NULL, '{"age": 40}'), ('identify', 'cay', NULL, '{"age": 50}'), ('group', 'dee', 'acme', '{"rank": 1}'), ('group', 'cay', 'apex', '{"rank": 2}')) AS v (type, user_id, group_id, traits);
SELECT accepted, quarantined FROM cdp.refresh();
-- as if time had passed
UPDATE cdp_data.source SET expires_after = interval '1 hour' WHERE source = 'rented';
UPDATE cdp_data.profile SET expires_at = now() WHERE expires_at IS NOT NULL;
UPDATE cdp_data.account SET expires_at = now() WHERE expires_at IS NOT NULL;
SELECT profiles_touched FROM cdp.refresh();
SELECT identifiers[1], traits ->> 'age' AS age FROM cdp.profiles WHERE identifiers[1] IN ('user_id:ann', 'user_id:cay') ORDER BY 1;
SELECT group_id, traits FROM cdp.accounts ORDER BY 1;
SELECT u.kind, p.identifier AS person, u.group_id, u.lacks FROM cdp.undone u LEFT JOIN cdp_data.identifier p ON p.identifier_id = u.profile_id WHERE u.kind = 'expiry' ORDER BY 2, 3;
-- once is enough
SELECT b.batch_id AS last_batch FROM cdp.batch b ORDER BY 1 DESC LIMIT 1 \gset
SELECT profiles_touched FROM cdp.refresh();
SELECT count(*) AS batches FROM cdp.batch WHERE batch_id > :last_batch;

-- verify says so
SELECT stage, item, expected, regexp_replace(found, 'batch \d+', 'batch N') AS found FROM cdp.verify() WHERE stage IN ('log', 'undone');

-- the month comes back: everything is done
ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.event_2021_01 FOR VALUES FROM ('2021-01-01 00:00:00+00') TO ('2021-02-01 00:00:00+00');
SELECT profiles_split FROM cdp.restitch();
SELECT identifiers, traits, events FROM cdp.profiles ORDER BY profile_id;
SELECT group_id, traits FROM cdp.accounts ORDER BY 1;
SELECT count(*) AS undone FROM cdp.undone;
SELECT count(*) FROM cdp.verify();

-- rows that were deleted are missed too
DELETE FROM cdp_data.event WHERE user_id = 'ann' AND "timestamp" < '2021-02-01';
SELECT cdp.forbid('anonymous_id:e-1', 'user_id:ann');
SELECT cdp.forbid('anonymous_id:f-1', 'user_id:hal');
\c :origin
DROP DATABASE cdp_missing;
