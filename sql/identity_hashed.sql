-- A hashed feed meets the plain one, in either order: the SHA-256 of an e-mail address or phone number is the same as it.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_hashed ENCODING 'UTF8' TEMPLATE template0;
\c cdp_hashed
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months
SELECT cdp.hashed('email: Jane.Doe@Example.com') OPERATOR(cdp.=) cdp.identifier('email_sha256', encode(sha256('jane.doe@example.com'), 'hex')) AS email, cdp.hashed('phone:+14155550123') AS phone,
	cdp.hashed(cdp.hashed('phone:+14155550123')) OPERATOR(cdp.=) cdp.hashed('phone:+14155550123') AS itself, cdp.hashed('user_id:a@b.example') AS other;
CREATE FUNCTION h(identifier cdp.identifier) RETURNS text LANGUAGE sql IMMUTABLE RETURN cdp.value(cdp.hashed(identifier));
CREATE VIEW people AS SELECT profile_id, (SELECT array_agg(CASE WHEN i LIKE '%sha256%' THEN left(i, 17) || '…' ELSE i END) FROM unnest(identifiers) i) AS identifiers FROM cdp.profiles;

-- the plain one first, the hash first, both in one batch, on one event
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES ('p1', 'identify', 'u1', '{"email": "Jane.Doe@example.com"}', '2026-03-01Z');
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", source) VALUES ('h2', 'track', 'Bought', jsonb_build_object('phone_sha256', upper(h('phone:+14155550123')), 'crm_id', 'c2'), '2026-03-02Z', 'partner');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people ORDER BY 1;
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", source) VALUES ('h1', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:jane.doe@example.com'), 'crm_id', 'c1'), '2026-03-03Z', 'partner'),
 ('h3', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:x@example.com'), 'crm_id', 'c3'), '2026-03-03Z', 'partner'), ('h4', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:y@example.com'), 'email', 'y@example.com'), '2026-03-03Z', 'partner');
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES ('p2', 'identify', 'u2', '{"phone": "+14155550123"}', '2026-03-01Z'), ('p3', 'identify', 'u3', '{"email": "x@example.com"}', '2026-03-01Z');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people ORDER BY 1;
-- a lookup, not a link; the two count as one
SELECT count(*) AS links FROM cdp_data.link;
SELECT p.limited FROM cdp_data.profile p WHERE p.profile_id = cdp.profile_of('user_id:u1');
SELECT step, from_identifier, left(to_identifier, 20) AS to_identifier, source, reasons FROM cdp.explain('user_id:u1', 'crm_id:c1');
SELECT cdp.profile_of(cdp.hashed('email:jane.doe@example.com')) = cdp.profile_of('user_id:u1') AS found;
SELECT * FROM cdp.verify();
SELECT count(*) AS people, count(v.stage) AS wrong FROM cdp.profiles p LEFT JOIN LATERAL cdp.verify(p.profile_id) v ON true;

-- rules: a limit counts the class once, the cap each
SELECT cdp.set_rules('{"email": {"max_per_profile": 1}, "email_sha256": {"max_per_profile": 1}}');
SELECT count(*) FROM cdp.refused_links;
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES ('p4', 'identify', 'u1', '{"email": "second@example.com"}', '2026-03-04Z');
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", source) VALUES ('h5', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:second@example.com'), 'crm_id', 'c1'), '2026-03-04Z', 'partner');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people WHERE identifiers && '{user_id:u1,email:second@example.com}' ORDER BY 1;
SELECT left(identifier, 20) AS identifier, left(other_identifier, 20) AS other, reasons, events FROM cdp.refused_links ORDER BY 1, 2;
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"email": null, "email_sha256": null, "*": {"cap": 2}}');
SELECT left(identifier, 20) AS identifier, left(other_identifier, 20) AS other, reasons, events FROM cdp.refused_links ORDER BY 1, 2;
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"*": {"cap": null}}');
SELECT identifiers FROM people ORDER BY 1;

-- verdicts
SELECT cdp.forbid('email:x@example.com', cdp.hashed('email:x@example.com'));
\set VERBOSITY terse
SELECT cdp.forbid('email:never@example.com', cdp.hashed('email:never@example.com'));
SELECT cdp.unlink('email:y@example.com', cdp.hashed('email:y@example.com'));
SELECT cdp.allow('email:x@example.com', cdp.hashed('email:x@example.com'));
SELECT count(*) FROM cdp.same('email:x@example.com', cdp.hashed('email:x@example.com'));
SELECT cdp.allow(cdp.hashed('email:x@example.com'), 'email:x@example.com');
SELECT count(*) FROM cdp.same('crm_id:c9', cdp.hashed('email:x@example.com'));
SELECT cdp.forbid('email:x@example.com', 'crm_id:c9');
\set VERBOSITY default
SELECT regexp_replace(cdp_internal.declared_chain('crm_id:c9', 'email:x@example.com'), ' by [^,]*', '') AS chain;
SELECT cdp.allow('crm_id:c9', cdp.hashed('email:x@example.com'));
SELECT cdp.forbid('user_id:u3', 'crm_id:c3');
SELECT identifiers FROM people WHERE identifiers && '{user_id:u3,crm_id:c3}' ORDER BY 1;
SELECT cdp.allow('user_id:u3', 'crm_id:c3');
SELECT cdp.mark_shared('email:x@example.com', true);
SELECT left(identifier, 20) AS identifier, left(other_identifier, 20) AS other, reasons, events FROM cdp.refused_links ORDER BY 1, 2;
SELECT cdp.set_rules('{"email": {"blocked": ["jane.doe@example.com"]}}');
SELECT identifiers FROM people WHERE identifiers && '{user_id:u1,crm_id:c1}' ORDER BY 1;
SELECT * FROM cdp.verify();
SELECT cdp.mark_shared('email:x@example.com', NULL), cdp.set_rules('{"email": {"blocked": null}}');

-- events taken back, and back again; the base
SELECT events FROM cdp.retract(message_ids => '{h1,h5}');
SELECT identifiers FROM people WHERE identifiers && '{user_id:u1,crm_id:c1}' ORDER BY 1;
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", source) VALUES ('h1', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:jane.doe@example.com'), 'crm_id', 'c1'), '2026-03-03Z', 'partner');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people WHERE identifiers && '{user_id:u1,crm_id:c1}' ORDER BY 1;
CREATE TABLE was AS TABLE people;
SET client_min_messages = warning;
SELECT state, events FROM cdp.drop_events('2026-04-01');
CALL drop_months('2026-04-01');
SELECT count(*) AS log FROM cdp.events;
SELECT * FROM cdp.verify();
SELECT identifiers_moved, links, profiles_created, profiles_merged, profiles_split FROM cdp.restitch();
(TABLE was EXCEPT TABLE people) UNION ALL (TABLE people EXCEPT TABLE was);
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", source) VALUES ('h6', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:second@example.com'), 'crm_id', 'c6'), '2026-04-04Z', 'partner');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people WHERE identifiers && '{crm_id:c6}';
SELECT * FROM cdp.verify();
-- by the rule for mailboxes it is the hash of what the tables have
SELECT cdp.set_rules('{"email": {"mailbox": "gmail"}}');
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES ('g1', 'identify', 'u8', '{"email": "a.n.n@googlemail.com"}', '2026-04-05Z');
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp", source) VALUES ('g2', 'track', 'Bought', jsonb_build_object('email_sha256', h('email:ann@gmail.com'), 'crm_id', 'c8'), '2026-04-06Z', 'partner');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM people WHERE identifiers && '{crm_id:c8}';
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_hashed;
