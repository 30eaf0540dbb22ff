-- What a session keeps of rules is what the tables say now, whoever changed them and how, also after a rollback.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_kept ENCODING 'UTF8' TEMPLATE template0;
\c cdp_kept
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
-- a person anew each time: which identifier is strongest, which are known and not blocked, which value of a trait wins, whether numbers are carried
CREATE FUNCTION public.try(person text, OUT anchor text, OUT known text[], OUT plan text, OUT total text) LANGUAGE plpgsql AS $$
DECLARE
	last_event bigint := (SELECT event_id FROM cdp_data.state);
	who bigint;
BEGIN
	INSERT INTO cdp.inbox (type, event, user_id, identifiers, traits, properties, "timestamp") VALUES
		('identify', NULL, person, jsonb_build_object('card', person, 'device', person), '{"plan": "old"}', NULL, '2026-01-01Z'),
		('identify', NULL, person, NULL, '{"plan": "new"}', NULL, '2026-01-02Z'),
		('track', 'Paid', person, jsonb_build_object('card', person, 'device', person), NULL, '{"amount": 7}', '2026-01-03Z');
	PERFORM cdp.refresh();
	SELECT cdp.namespace(i.identifier), i.profile_id INTO anchor, who
	FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) WHERE e.event_id > last_event AND e.type = 'track';
	known := array(SELECT i.identifier::text FROM cdp_data.identifier i WHERE i.profile_id = who AND NOT i.blocked ORDER BY 1);
	SELECT f.traits ->> 'plan' INTO plan FROM cdp.profiles f WHERE f.profile_id = who;
	total := (SELECT e.properties FROM cdp_data.profile s CROSS JOIN LATERAL cdp.events(s.timeline) e WHERE s.profile_id = who);
END
$$;
SELECT * FROM public.try('a1');
SELECT * FROM public.try('a2');
-- by the functions that are there for it
SELECT cdp.set_rules('{"card": {"priority": 1}, "device": {"blocked": ["^b"]}}') IS NOT NULL AS set, cdp.set_trait_rules('{"plan": "first"}') IS NOT NULL AS set,
	cdp.carry_property('Paid', 'amount') IS NOT NULL AS set;
SELECT * FROM public.try('b1');
-- which is rolled back after it was used
BEGIN;
SELECT cdp.set_rules('{"device": {"priority": 0, "blocked": ["^c"]}}') IS NOT NULL AS set, cdp.set_trait_rules('{"plan": "last"}') IS NOT NULL AS set;
SELECT * FROM public.try('c1');
ROLLBACK;
SELECT * FROM public.try('c2');
-- in a subtransaction
BEGIN;
SAVEPOINT s;
SELECT cdp.set_rules('{"card": {"priority": 200}, "device": {"blocked": ["^d"]}}') IS NOT NULL AS set, cdp.set_trait_rules('{"plan": null}') IS NOT NULL AS set;
SELECT * FROM public.try('d1');
ROLLBACK TO s;
SELECT * FROM public.try('d2');
COMMIT;
-- by a plain statement, by one that writes the tables anew, and by one that brings the same places and transaction back
UPDATE cdp_data.namespace SET priority = 200 WHERE namespace = 'card';
DELETE FROM cdp_data.trait_rule;
SELECT * FROM public.try('e1');
UPDATE cdp_data.namespace SET blocked = NULL, priority = 2 WHERE namespace = 'card';
VACUUM FULL cdp_data.namespace;
SELECT * FROM public.try('f1');
BEGIN;
INSERT INTO cdp_data.trait_rule (trait, rule) VALUES ('plan', 'first');
SELECT * FROM public.try('g1');
TRUNCATE cdp_data.trait_rule;
INSERT INTO cdp_data.trait_rule (trait, rule) VALUES ('plan', 'last');
SELECT * FROM public.try('g2');
ROLLBACK;
SELECT * FROM public.try('g3');
-- in a table that is too large to be compared
INSERT INTO cdp_data.trait_rule (trait, rule) SELECT repeat('x', 200) || i, 'last' FROM generate_series(1, 500) i;
SELECT * FROM public.try('h1');
UPDATE cdp_data.trait_rule SET trait = 'plan', rule = 'first' WHERE trait = repeat('x', 200) || 7;
SELECT * FROM public.try('h2');
\c :origin
DROP DATABASE cdp_kept;
