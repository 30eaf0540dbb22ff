-- What is too much on one event, what is said twice, and what nobody has heard of yet.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_limits ENCODING 'UTF8' TEMPLATE template0;
\c cdp_limits
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.set_rules('{"*": {"max_identifiers": 3}}');
SELECT cdp.init();
CREATE FUNCTION feed(message_id text, n int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, identifiers, "timestamp") SELECT 'track', 'View', message_id, jsonb_build_object('club', jsonb_agg(message_id || i)), '2026-01-01' FROM generate_series(1, n) i $$;

-- 32, unless set
SELECT feed('a', 32), feed('b', 33);
SELECT accepted, quarantined, identifiers FROM cdp.refresh();
SELECT reason, detail FROM cdp.quarantine;
-- a namespace that nobody has set up has the default rules, and is listed
SELECT namespace, priority, max_per_profile, max_links = cdp_internal.default_max_links('club') AS default_links, batch_id FROM cdp.namespace WHERE namespace = 'club';
SELECT cdp.set_rules('{"*": {"max_identifiers": 33}}'), cdp.replay();
SELECT accepted, quarantined FROM cdp.refresh();
-- a smaller number concerns what comes, not what is there: however the log is read again
SELECT cdp.set_rules('{"*": {"max_identifiers": 1}}');
SELECT feed('c', 1), feed('d', 2);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT cdp.set_rules('{"club": {"priority": 5, "blocked": ["a1", "^b[12]$"]}}');
SELECT count(*) FROM cdp_data.identifier WHERE blocked;
SELECT cdp.set_rules('{"club": {"blocked": null}}');
SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
SELECT profile_id, cardinality(identifiers) AS identifiers FROM cdp.profiles ORDER BY profile_id;
-- 256 at most
SELECT cdp.set_rules('{"*": {"max_identifiers": 256}}'), cdp.replay(), feed('e', 256), feed('f', 257);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT cdp.set_rules('{"*": {"max_identifiers": 0}}');
SELECT cdp.set_rules('{"*": {"max_identifiers": 257}}');
SELECT cdp.set_rules('{"*": {"max_identifiers": null}}');
UPDATE cdp_data.state SET max_identifiers = 300;
SELECT max_identifiers FROM cdp_data.state;

-- an identifier that an event names twice is linked with itself: ignored, and counted
INSERT INTO cdp.inbox (type, message_id, anonymous_id, previous_id, identifiers, traits, context, "timestamp") VALUES
	('alias', 'g', 'x', 'x', '{"anonymous_id": ["x", "x"]}', NULL, NULL, '2026-01-02'), ('identify', 'h', 'y', NULL, NULL, '{"email": "a@example.com"}', '{"traits": {"email": "A@EXAMPLE.com"}}', '2026-01-02'),
	('identify', 'i', 'z', NULL, NULL, '{"email": "b@example.com"}', NULL, '2026-01-02');
SELECT accepted, identifiers FROM cdp.refresh();
SELECT self_links, links FROM cdp.batch ORDER BY batch_id DESC LIMIT 1;
SELECT count(*) FROM cdp_data.link l WHERE l.a = l.b;

-- a verdict about identifiers that nobody has seen is kept; evidence of what is not there cannot be voided
SELECT cdp.forbid('user_id:u1', 'user_id:u2', 'twins');
SELECT count(*) FROM cdp.unlink('user_id:u1', 'user_id:u2');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT count(*) FROM cdp.unlink('anonymous_id:y', 'anonymous_id:z');
SELECT cdp.set_rules('{"email": {"max_per_profile": 1}}');
INSERT INTO cdp.inbox (type, event, message_id, anonymous_id, identifiers, "timestamp") VALUES ('track', 'View', 'j', 'y', '{"crm_id": "7"}', '2026-01-03'), ('track', 'View', 'k', 'y', '{"user_id": ["u1", "u2"]}', '2026-01-04');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.unlink('crm_id:7', 'email:a@example.com');
SELECT count(*) FROM cdp.unlink('user_id:u2', 'crm_id:7');
SELECT reasons FROM cdp.refused_links WHERE identifier LIKE 'user_id%' AND other_identifier LIKE 'user_id%';
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_limits;
