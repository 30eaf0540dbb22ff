-- By which rule traits merge in the pipeline, whose word counts more, and what lapses.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_trait_rule ENCODING 'UTF8' TEMPLATE template0;
\c cdp_trait_rule
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
\set counts 'taken, accepted, quarantined, profiles_touched'
-- what is refused, and how
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, said, nullif(detail, ''));
END $$;
CREATE VIEW person AS SELECT (SELECT string_agg(i, ' ') FROM unnest(identifiers) i) AS who, traits FROM cdp.profiles ORDER BY 1;

-- trust comes before time: what the shop knows stays, whatever a list says later; without trust the latest
SELECT set_sources('{"crm": {"trust": 5}}'), set_sources('{"list": {"party": "third", "licence": "Post only, until 2027"}}');
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", source) VALUES
	('identify', 'ann', '{"mobile": "1", "city": "Ghent", "gone": null}', '2026-01-01', 'crm'), ('identify', 'ann', '{"mobile": "2", "age": 40, "gone": 1}', '2026-01-02', 'list'),
	('identify', 'ann', '{"mobile": "3", "city": "Bruges", "visits": 2}', '2026-01-03', 'web'), ('identify', 'ann', '{"city": "Liège", "visits": 3}', '2026-01-04', 'web'),
	('identify', 'bob', '{"mobile": "4", "visits": "many"}', '2026-01-01', 'web');
SELECT :counts FROM cdp.refresh();
SELECT * FROM person;
-- a plain rule takes no account of it; a change acts on what was said before
SELECT set_trait_rules('{"mobile": "last"}');
SELECT * FROM person;
SELECT set_trait_rules('{"mobile": "trusted_first"}'), set_trait_rules('{"city": "union"}'), set_trait_rules('{"gone": "keep_last"}'), set_trait_rules('{"visits": "sum"}');
SELECT * FROM person;
-- of text there is no sum: what is in the log is left out and listed, what comes is quarantined, and nobody else is concerned
SELECT p.identifiers, r."timestamp", r.source, r.trait, r.rule, r.value FROM cdp.refused_traits r JOIN cdp.profiles p USING (profile_id);
INSERT INTO cdp.inbox (type, user_id, group_id, traits, source) VALUES ('identify', 'bob', NULL, '{"visits": "some"}', 'web'), ('identify', 'bob', NULL, '{"visits": 7}', 'web'), ('group', 'bob', 'g', '{"visits": "some"}', 'web'), ('track', 'bob', NULL, '{"visits": "some"}', 'web');
UPDATE cdp.inbox SET event = 'E' WHERE type = 'track';
SELECT :counts FROM cdp.refresh();
SELECT reason, detail, record ->> 'type' AS type FROM cdp.quarantine ORDER BY quarantine_id;
SELECT * FROM person;
SELECT count(*) FROM cdp.refused_traits;
-- withdrawn: quarantined rows come back, too
SELECT set_trait_rules('{"visits": null}'), replay() AS replayed;
SELECT :counts FROM cdp.refresh();
SELECT who, traits -> 'visits' AS visits FROM person;
-- what was said of an account is listed as such
BEGIN;
SELECT set_trait_rules('{"visits": "trusted_sum"}');
SELECT profile_id = profile_of('user_id:bob') AS bob, group_id, trait, rule, value FROM cdp.refused_traits ORDER BY event_id;
SELECT * FROM cdp.verify();
ROLLBACK;
-- all traits without a rule of their own
SELECT set_trait_rules('{"*": "keep_trusted_last"}');
SELECT * FROM cdp_data.trait_rule ORDER BY trait COLLATE "C";
SELECT v.key, v.value, v.at, v.source, s.party, s.licence, v.rule, v.current
FROM cdp.profile_row p CROSS JOIN cdp.provenance(p.traits) v LEFT JOIN cdp_data.source s USING (source) WHERE p.profile_id = cdp.profile_of('user_id:ann') ORDER BY v.key, v.at;
-- the trust of a source changes what is known
SELECT set_sources('{"list": {"trust": 6}}');
SELECT * FROM person;
SELECT set_trait_rules('{"*": null}'), set_sources('{"list": {"party": "second"}}');
SELECT * FROM person;
SELECT * FROM cdp.verify();
-- the same again is no change
SELECT cdp.set_trait_rules('{"city": "union"}'), cdp.set_sources('{"crm": {"trust": 5}}');
SELECT batch_id, profiles_touched FROM cdp.batch ORDER BY batch_id DESC LIMIT 2;

-- what is refused
SELECT format('%s -> %s', call, refusal('SELECT cdp.' || call)) AS refusals
FROM (VALUES ($$set_trait_rules(NULL)$$), ($$set_trait_rules('["a"]')$$), ($$set_trait_rules('{"": "last"}')$$),
	($$set_trait_rules(jsonb_build_object(repeat('k', 256), 'last'))$$), ($$set_trait_rules('{"a": "latest"}')$$), ($$set_trait_rules('{"a": ""}')$$),
	($$set_trait_rules('{"a": "LAST"}')$$), ($$set_trait_rules('{"a": "keep_sum"}')$$), ($$set_trait_rules('{"a": "trusted_keep_last"}')$$), ($$set_trait_rules('{"a": 1}')$$),
	($$set_sources('{"new": {}}')$$), ($$set_sources('{"new": {"expires_after": "1 day"}}')$$), ($$set_sources('{"crm": {"trust": 128}}')$$), ($$set_sources('{"crm": {"trust": -129}}')$$),
	($$set_sources('{"crm": {"trust": "5"}}')$$), ($$set_sources('{"crm": {"party": "1st"}}')$$), ($$set_sources('{"crm": {"expires_after": "0"}}')$$),
	($$set_sources('{"crm": {"expires_after": "-1 hour"}}')$$), ($$set_sources('{"crm": {"expires_after": "1 month"}}')$$), ($$set_sources('{"crm": {"expires_after": "1 year"}}')$$),
	($$set_sources('{"crm": {"expires_after": "36526 days"}}')$$), ($$set_sources('{"crm": {"expires_after": "soon"}}')$$), ($$set_sources('{"crm": {"expires_after": 90}}')$$),
	($$set_sources('{"crm": {"licence": 1}}')$$), ($$set_sources('{"crm": {"license": "A"}}')$$), ($$set_sources('{"crm": 5}')$$), ($$set_sources(NULL)$$), ($$set_sources('{"": {"trust": 1}}')$$),
	($$set_sources(jsonb_build_object(repeat('s', 64), jsonb_build_object('trust', 1)))$$)) v(call);
-- what is absent stays, null sets the default
SELECT set_sources('{"crm": {}}'), set_sources('{"crm": {"party": "second", "trust": 4, "expires_after": "2 days 3 hours 0.5 seconds", "licence": "A"}}'), set_sources('{"new": {"trust": -128}}');
SELECT source, party, trust, expires_after, licence FROM cdp_data.source ORDER BY source COLLATE "C";
SELECT set_sources('{"crm": {"party": "first"}}'), set_sources('{"crm": {"licence": "B"}}'), set_sources('{"crm": {"trust": 127}}');
SELECT source, party, trust, expires_after, licence FROM cdp_data.source WHERE source = 'crm';
SELECT set_sources('{"crm": {"licence": null, "expires_after": null}}'), set_sources('{"crm": {"expires_after": "36525 days"}}');
SELECT source, party, trust, expires_after, licence FROM cdp_data.source WHERE source = 'crm';

-- what a bought list says lapses by itself, without new rows, and what it hid shows again; also where people become one meanwhile
SELECT set_sources('{"bought": {"party": "third", "trust": 9, "expires_after": "10 days"}}'), set_trait_rules('{"mobile": null}');
INSERT INTO cdp.inbox (type, user_id, identifiers, traits, "timestamp", received_at, source) VALUES
	('identify', 'cat', NULL, '{"mobile": "old"}', '2026-01-01', '2026-01-01', 'web'), ('identify', 'cat', NULL, '{"mobile": "bought", "score": 1}', now() - interval '10 days' + interval '30 minutes', now(), 'bought'),
	('identify', 'cat', NULL, '{"score": 2, "band": "b"}', now() - interval '9 days', now(), 'bought'),
	('identify', NULL, '{"device_id": "d"}', '{"band": "a"}', now() - interval '10 days' + interval '30 minutes', now(), 'bought'), ('identify', 'cat', NULL, '{"lapsed": 1}', now() - interval '10 days', now(), 'bought');
SELECT :counts FROM cdp.refresh();
SELECT * FROM person WHERE who ~ ':(cat|d)';
SELECT count(*) AS lapsing, min(expires_at) < now() + interval '31 minutes' AS soon FROM cdp_data.profile WHERE expires_at < now() + interval '2 days';
SELECT :counts FROM cdp.refresh();
-- an hour later, but before the next refresh, the list's word stands
SELECT * FROM person WHERE who ~ ':(cat|d)';
SELECT * FROM cdp.verify();
INSERT INTO cdp.inbox (type, event, user_id, identifiers) VALUES ('track', 'E', 'cat', '{"device_id": "d"}');
UPDATE cdp_data.state SET as_of = now() + interval '1 hour';
BEGIN;
DELETE FROM cdp.inbox;
SELECT :counts FROM cdp.refresh();
SELECT * FROM person WHERE who ~ ':(cat|d)';
SELECT * FROM cdp.verify();
SELECT :counts FROM cdp.refresh();
ROLLBACK;
SELECT :counts FROM cdp.refresh();
SELECT * FROM person WHERE who ~ ':(cat|d)';
SELECT expires_at - (now() + interval '1 day') BETWEEN interval '-1 minute' AND '0' AS next FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:cat');
SELECT * FROM cdp.verify();
-- once it does not lapse any more, it is back
SELECT set_sources('{"bought": {"expires_after": null}}');
SELECT * FROM person WHERE who ~ ':(cat|d)';
SELECT expires_at IS NULL AS never FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:cat');
SELECT * FROM cdp.verify();

-- more keys than a person can have, over many rows, some of them within one batch
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp") SELECT 'identify', 'dan', jsonb_object_agg('key ' || i, part), '2026-01-01' FROM (SELECT part, part * 1000 + n AS i FROM generate_series(1, 5) part, generate_series(1, 1500) n) p GROUP BY part;
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp") VALUES ('identify', 'dan', '{"a": 1}', '2026-01-01'), ('identify', 'eve', '{"a": 2}', '2026-01-01');
SELECT :counts FROM cdp.refresh(3);
SELECT :counts FROM cdp.refresh();
SELECT identifiers, (SELECT count(*) FROM jsonb_object_keys(traits)) AS keys, "full", traits -> 'a' AS a, traits ? 'key 1001' AS first, traits ? 'key 5095' AS last, traits ? 'key 5096' AS over
FROM (SELECT p.identifiers, is_full(r.traits) AS "full", p.traits FROM cdp.profiles p JOIN cdp.profile_row r USING (profile_id) OFFSET 0) p WHERE traits ? 'a' ORDER BY 2;
SELECT * FROM cdp.verify();
-- and more elements
SELECT set_trait_rules('{"tags": "union"}');
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp") SELECT 'identify', 'eve', jsonb_build_object('tags', (SELECT jsonb_agg(n) FROM generate_series(i, i + 9) n)), timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 2990, 10) i;
SELECT :counts FROM cdp.refresh(140);
SELECT :counts FROM cdp.refresh();
SELECT jsonb_array_length(traits -> 'tags') AS tags, traits -> 'tags' -> 0 AS earliest, traits -> 'tags' -> -1 AS latest, is_full(traits) AS full FROM cdp.profile_row WHERE profile_id = cdp.profile_of('user_id:eve');
SELECT * FROM cdp.verify();
SELECT count(*) AS full FROM cdp.profile_row WHERE is_full(traits);

-- an analyst sees where it is from
CREATE ROLE cdp_trait_rule_analyst;
SELECT cdp.grant_access('cdp_trait_rule_analyst', 'analyst');
SET ROLE cdp_trait_rule_analyst;
SELECT v.value, v.source, s.party, s.licence FROM cdp.profile_row p CROSS JOIN cdp.provenance(p.traits) v LEFT JOIN cdp_data.source s USING (source) WHERE p.profile_id = cdp.profile_of('user_id:cat') AND v.key = 'mobile';
SELECT count(*) FROM cdp.refused_traits;
SELECT count(*) FROM cdp_data.trait_rule;
SELECT refusal($$SELECT cdp.set_trait_rules('{"a": "last"}')$$), refusal($$SELECT cdp.set_sources('{"a": {"trust": 1}}')$$);
RESET ROLE;
\c :origin
DROP DATABASE cdp_trait_rule;
DROP ROLE cdp_trait_rule_analyst;
