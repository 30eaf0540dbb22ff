-- cdp.set_retention() and cdp.enforce_retention(): what is older than it is kept is forgotten, and all else is as if it
-- had never come.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retention ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retention
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_retention_owner;
SELECT cdp.init('regress_cdp_retention_owner');
CREATE ROLE regress_cdp_retention_steward;
CREATE ROLE regress_cdp_retention_analyst;
SELECT cdp.grant_access('regress_cdp_retention_steward', 'steward'), cdp.grant_access('regress_cdp_retention_analyst', 'analyst');
SELECT source, keep FROM cdp.quarantine_retention;
SELECT * FROM cdp.retention_report();
-- times in days before now
CREATE FUNCTION say(days integer, type text, event text, anonymous text, usr text, traits jsonb, source text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, traits, properties, "timestamp", received_at, source)
	VALUES (concat_ws(' ', days, type, event, anonymous, usr, traits, source), type, event, anonymous, usr, CASE type WHEN 'group' THEN 'acme' END, traits, '{"total": 1}', now() - days * interval '24 hours', now() - days * interval '24 hours', source) $$;
CREATE VIEW log AS SELECT round(extract(epoch FROM now() - "timestamp") / 86400) AS days, type, event, anonymous_id, user_id, traits, source FROM cdp.events ORDER BY 1 DESC, event_id;
GRANT SELECT ON log TO PUBLIC;
SELECT say(100, 'track', 'Seen', 'a1', NULL, NULL, 'web'), say(90, 'identify', NULL, 'a1', 'u1', '{"plan": "old", "salary": 1, "city": "Bonn"}', 'web'), say(80, 'track', 'Search', NULL, 'u1', NULL, 'app'), say(70, 'track', 'Seen', 'a2', NULL, NULL, 'app'),
	say(60, 'identify', NULL, NULL, 'u1', '{"plan": "new"}', 'crm'), say(50, 'identify', NULL, NULL, 'u2', '{"salary": 2, "plan": "b"}', 'crm'), say(40, 'group', NULL, NULL, 'u2', '{"salary": 3, "size": 4}', 'crm'), say(30, 'track', 'Search', NULL, 'u1', NULL, 'app'), say(5, 'identify', NULL, NULL, 'u1', '{"salary": 5}', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('searched', $$ cdp.event_count(timeline) > 2 $$);

SET ROLE regress_cdp_retention_steward;
-- none yet
SELECT * FROM cdp.enforce_retention();
SELECT cdp.set_retention('source', 'web', '80 days');
SELECT cdp.set_retention('event', 'Search', '60 days'), cdp.set_retention('namespace', 'anonymous_id', '65 days'), cdp.set_retention('trait', 'salary', '35 days');
SELECT kind, key, state, events, before < now() AS past FROM cdp.enforce_retention();
SELECT * FROM log;
SELECT identifiers, traits, events FROM cdp.profiles ORDER BY profile_id;
SELECT group_id, traits FROM cdp.accounts;
SELECT cdp.explain('anonymous_id:a1', 'user_id:u1');
SELECT kind, segment_id, cause FROM cdp_data.change ORDER BY change_id;
SELECT * FROM cdp.verify();
SELECT identifiers_moved, profiles_created FROM cdp.restitch();
-- nothing is left to do, also of what the source sends again
SELECT kind, key, state, events FROM cdp.enforce_retention();
SELECT say(90, 'identify', NULL, 'a1', 'u1', '{"plan": "old", "salary": 1, "city": "Bonn"}', 'web'), say(50, 'identify', NULL, NULL, 'u2', '{"salary": 2, "plan": "b"}', 'crm'), say(81, 'track', 'Search', NULL, 'u3', NULL, 'app'), say(1, 'track', 'Search', NULL, 'u3', NULL, 'app');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT kind, key, state, events FROM cdp.enforce_retention();
SELECT kind, key, forgotten FROM cdp.retention ORDER BY 1, 2;
SELECT * FROM log;
SELECT * FROM cdp.verify();
-- in slices
SELECT cdp.set_retention('source', 'crm', '1 day'), cdp.set_retention('source', 'app', '10 hours');
SELECT kind, key, state, events FROM cdp.enforce_retention(2);
SELECT kind, key, state, events FROM cdp.enforce_retention(2);
SELECT kind, key, state, events FROM cdp.enforce_retention(2);
SELECT kind, key, state, events FROM cdp.enforce_retention(2);
SELECT * FROM log;
SELECT profile_id, identifiers, traits FROM cdp.profiles;
SELECT * FROM cdp.verify();
-- what was set, and what is there otherwise
SELECT cdp.set_retention('quarantine', NULL, '7 days'), cdp.set_retention('quarantine', 'web', '1 day'), cdp.set_retention('source', 'web', NULL), cdp.set_sources('{"web": {"keep_events": "400 days", "expires_after": "30 days"}}');
SELECT * FROM cdp.retention_report();
-- errors
SELECT cdp.set_retention('sauce', 'web', '1 day');
SELECT cdp.set_retention(NULL, 'web', '1 day');
SELECT cdp.set_retention('event', NULL, '1 day');
SELECT cdp.set_retention('event', '', '1 day');
SELECT cdp.set_retention('trait', 'email', '1 day');
SELECT cdp.set_retention('namespace', 'anonymus_id', '1 day');
SELECT cdp.set_retention('source', 'web', '1 month');
SELECT cdp.set_retention('source', 'web', '-1 day');
SELECT cdp.set_retention('source', E'\x01', '1 day');
SELECT cdp.enforce_retention(0);
SELECT cdp.enforce_retention(NULL);
-- an event of a month that has left the log stays as it is folded; the others go on
SELECT say(400, 'track', 'Old', NULL, 'u9', NULL, 'web'), say(401, 'track', 'Old', NULL, 'u9', NULL, 'app'), say(401, 'track', 'Old', NULL, 'u9', NULL, 'shop');
SELECT accepted FROM cdp.refresh();
SELECT source, state, events FROM cdp.drop_old_events();
SELECT cdp.set_retention('source', 'web', '10 days'), cdp.set_retention('source', 'shop', '10 days');
SELECT kind, key, state, events FROM cdp.enforce_retention();
SELECT events, timeline IS NULL FROM cdp_data.base_row;
SELECT * FROM cdp.verify();
-- the first and the last event that said something of a purpose are its proof, and stay
RESET ROLE;
SELECT cdp.create_purpose('ads', 'opt_in'), cdp.map_signal('gpc', '', 'ads');
INSERT INTO cdp.inbox (message_id, type, event, user_id, context, "timestamp", received_at, source)
SELECT 'gpc ' || d, 'track', 'Seen', 'u10', '{"gpc": true}', now() - d * interval '24 hours', now() - d * interval '24 hours', 'shop' FROM generate_series(20, 60, 10) d;
SELECT accepted FROM cdp.refresh();
SELECT answer, round(extract(epoch FROM last_time - first_time) / 86400) AS days FROM cdp.consent;
SELECT kind, key, events FROM cdp.enforce_retention() WHERE events > 0;
SELECT days FROM log WHERE user_id = 'u10';
SELECT answer, round(extract(epoch FROM last_time - first_time) / 86400) AS days FROM cdp.consent;
SELECT allowed, reason FROM cdp.consent_of('user_id:u10', 'ads');
SELECT * FROM cdp.verify();
SET ROLE regress_cdp_retention_analyst;
SELECT count(*) > 5 FROM cdp.retention_report();
SELECT cdp.set_retention('source', 'web', '1 day');
SELECT cdp.enforce_retention();
SELECT cdp_data.enforce_retention(1);
RESET ROLE;

\c :origin
DROP DATABASE cdp_retention;
DROP ROLE regress_cdp_retention_owner, regress_cdp_retention_steward, regress_cdp_retention_analyst;
