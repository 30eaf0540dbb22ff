-- cdp.retract_source(): all that a source has said is taken back; cdp.sources_of(): what rests on it.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_source ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_source
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_source_owner;
SELECT cdp.init('regress_cdp_source_owner');
CREATE ROLE regress_cdp_source_steward;
SELECT cdp.grant_access('regress_cdp_source_steward', 'steward');
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, traits, "timestamp", received_at, source)
SELECT concat_ws(' ', s.source, t.type, i), t.type, CASE t.type WHEN 'track' THEN 'Order Completed' END, CASE s.source WHEN 'list' THEN 'a' || i END,
	'u' || i, CASE t.type WHEN 'identify' THEN jsonb_build_object('plan', s.source, s.source || ' trait', i) END, timestamptz '2026-01-01Z' + i * interval '1 hour' + s.n * interval '1 minute', '2026-02-01Z', s.source
FROM generate_series(1, 6) i CROSS JOIN (VALUES (1, 'web', 6), (2, 'list', 4)) AS s (n, source, last) CROSS JOIN (VALUES ('track'), ('identify')) AS t (type) WHERE i <= s.last;
INSERT INTO cdp.inbox (type, user_id, source) VALUES ('nonsense', 'u1', 'list'), ('nonsense', 'u1', ' list '), ('nonsense', 'u1', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT cdp.set_sources('{"list": {"party": "third", "licence": "until March"}}');
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order Completed') $$), cdp.create_segment('on_list', $$ traits ->> 'list trait' IS NOT NULL $$),
	cdp.create_segment('both', $$ cdp.in_segment('on_list') AND first_seen IS NOT NULL $$), cdp.create_segment('seen', $$ events > 3 $$);
SET ROLE regress_cdp_source_steward;
SELECT * FROM cdp.sources_of('trait', 'plan');
SELECT * FROM cdp.sources_of('trait', 'list trait');
SELECT * FROM cdp.sources_of('segment', 'buyers');
SELECT * FROM cdp.sources_of('segment', 'on_list');
SELECT * FROM cdp.sources_of('segment', 'both');
SELECT * FROM cdp.sources_of('segment', 'seen');
SELECT * FROM cdp.sources_of('person', 'user_id:u1');
SELECT * FROM cdp.sources_of('person', 'user_id:u6');
SELECT * FROM cdp.sources_of('person', 'user_id:none');
SELECT * FROM cdp.sources_of('person', 'nonsense');
SELECT * FROM cdp.sources_of('segment', 'none');
SELECT * FROM cdp.sources_of('table', 'x');
SELECT * FROM cdp.sources_of('trait', NULL);
-- in slices; a row that waits keeps it waiting
INSERT INTO cdp.inbox (message_id, type, event, user_id, source) VALUES ('late', 'track', 'Order Completed', 'u1', 'list');
SELECT * FROM cdp.retract_source('list', 'licence ended', max_rows => 3);
SELECT * FROM cdp.verify();
SELECT * FROM cdp.retract_source('list', 'licence ended', max_rows => 6);
SELECT accepted FROM cdp.refresh();
SELECT * FROM cdp.retract_source('list', 'licence ended');
SELECT * FROM cdp.retract_source('list');
SELECT * FROM cdp.verify();
SELECT * FROM cdp.sources_of('segment', 'buyers');
SELECT source, events, reason FROM (SELECT asked ->> 'source' AS source, sum(events) AS events, reason FROM cdp.retraction GROUP BY 1, 3) r;
-- as if only the others had ever sent
SELECT identifiers, traits, events FROM cdp.profiles ORDER BY profile_id;
SELECT (SELECT count(*) FROM cdp.quarantine) AS quarantined, (SELECT count(*) FROM cdp_data.link) AS links, (SELECT count(*) FROM cdp.membership WHERE segment = 'on_list') AS on_list, retracted FROM cdp.sources WHERE source = 'list';
SELECT identifiers_moved FROM cdp.restitch();
SELECT action, count(*), sum((detail ->> 'events')::integer) AS events FROM cdp.audit WHERE action <> 'grant_access' GROUP BY 1;
-- errors
SELECT cdp.retract_source('lost');
SELECT cdp.retract_source(NULL);
SELECT cdp.retract_source('list', max_rows => 0);
-- what is folded stays, and is counted
SELECT cdp.set_sources('{"web": {"keep_events": "1 day"}}');
SELECT state, events FROM cdp.drop_old_events();
SELECT * FROM cdp.retract_source('web');
SELECT * FROM cdp.verify();
SELECT * FROM cdp.sources_of('person', 'user_id:u6');
RESET ROLE;

\c :origin
DROP DATABASE cdp_retract_source;
DROP ROLE regress_cdp_source_owner, regress_cdp_source_steward;
