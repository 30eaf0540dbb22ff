-- Events without identifiers, and those that are blocked, leave the log: they belong to no person, and say things of accounts.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_drop_unidentified ENCODING 'UTF8' TEMPLATE template0;
\c cdp_drop_unidentified
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT cdp.set_sources('{"web": {"party": "first", "keep_unidentified": true, "keep_events": "60 days"}}');
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["x"]}}');
INSERT INTO cdp.inbox (type, event, anonymous_id, group_id, traits, properties, "timestamp", message_id, source) VALUES
 ('page', NULL, NULL, NULL, NULL, '{"path": "/"}', '2026-01-10Z', 'm1', 'web'),
 ('track', 'View', NULL, NULL, NULL, '{"price": 1}', '2026-01-11Z', 'm2', 'web'),
 ('track', 'View', NULL, NULL, NULL, '{"price": 2}', '2026-02-11Z', 'm3', 'web'),
 ('identify', NULL, NULL, NULL, '{"size": 1}', NULL, '2026-01-12Z', 'm4', 'web'),
 ('group', NULL, NULL, 'acme', '{"size": 3}', NULL, '2026-01-13Z', 'm5', 'web'),
 ('track', 'View', 'x', NULL, NULL, NULL, '2026-01-14Z', 'm6', 'web'),
 ('group', NULL, 'x', 'acme', '{"size": 4}', NULL, '2026-01-15Z', 'm7', 'web'),
 ('track', 'View', 'a', NULL, NULL, NULL, '2026-01-16Z', 'm8', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM cdp.verify();
CREATE TEMPORARY TABLE before AS
	SELECT 'person' AS kind, p.identifiers::text AS name, p.events, p.traits::text AS traits, p.timeline::text AS timeline FROM cdp.profile_row p
	UNION ALL SELECT 'account', a.group_id, a.events, a.traits::text, NULL FROM cdp.accounts a;

-- in several goes, which meet the rows of the ones before
SELECT source, state, events FROM cdp.drop_old_events(max_rows => 3);
SELECT source, state, events FROM cdp.drop_old_events(max_rows => 3);
SELECT source, state, events FROM cdp.drop_old_events();
SELECT identifier_id, events, first_at, last_at, ids, group_id, traits::jsonb AS traits, timeline FROM cdp_data.base_row ORDER BY 1, 5, 6, 3;
SELECT count(*) FROM cdp.events;
SELECT * FROM before EXCEPT (SELECT 'person', p.identifiers::text, p.events, p.traits::text, p.timeline::text FROM cdp.profile_row p
	UNION ALL SELECT 'account', a.group_id, a.events, a.traits::text, NULL FROM cdp.accounts a);
SELECT * FROM cdp.verify();

-- others come meanwhile
INSERT INTO cdp.inbox (type, event, group_id, traits, "timestamp", message_id, source) VALUES
 ('track', 'View', NULL, NULL, '2026-01-09Z', 'm9', 'web'), ('group', NULL, 'acme', '{"size": 2}', '2026-01-14Z', 'm10', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT state, events FROM cdp.drop_events('2026-03-01', max_months => 12);
SELECT identifier_id, events, first_at, last_at, ids, group_id, timeline FROM cdp_data.base_row WHERE ids = '{}' ORDER BY 6;
SELECT * FROM cdp.verify();

-- the one that is not blocked any more is a person
SELECT cdp.set_rules('{"anonymous_id": {"blocked": []}}');
SELECT identifiers, events, timeline FROM cdp.profile_row ORDER BY 1;
SELECT group_id, events, traits FROM cdp.accounts;
SELECT * FROM cdp.verify();
SELECT identifiers, links, identifiers_moved, profiles_created, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_drop_unidentified;
