-- What names a mailbox beside the address itself: dots and plus parts, by a rule that is off by default.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_mailbox ENCODING 'UTF8' TEMPLATE template0;
\c cdp_mailbox
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp.inbox (message_id, type, user_id, traits, "timestamp") VALUES
 ('m1', 'identify', 'u1', '{"email": "A.nn+shop@googlemail.com", "plan": "gold"}', '2026-11-01Z'),
 ('m3', 'identify', NULL, '{"email": "bob+x@mail.example", "plan": "tin"}', '2026-11-01Z'),
 ('m4', 'identify', NULL, '{"email": "bob@mail.example", "plan": "lead"}', '2026-11-02Z'),
 ('m5', 'identify', 'u5', '{"email": "b.o.b@mail.example"}', '2026-11-02Z');
INSERT INTO cdp.inbox (message_id, type, event, identifiers, "timestamp") VALUES ('m2', 'track', 'E', '{"email": "ann@gmail.com", "crm_id": "c2"}', '2026-11-02Z');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
-- what people and rules said of the addresses as they were written
SELECT cdp.forbid('email:bob+x@mail.example', 'email:b.o.b@mail.example', 'not he');
SELECT cdp.set_rules('{"email": {"blocked": ["t.est@gmail.com", "^x@"]}}');
SELECT cdp.rules() -> 'email' -> 'mailbox' AS mailbox;
SELECT change, number, before, after FROM cdp.preview_rules('{"email": {"mailbox": "gmail"}}', 0) WHERE change IN ('merge', 'people');
SELECT cdp.set_rules('{"email": {"mailbox": "gmail"}}');
SELECT cdp.rules() -> 'email' -> 'mailbox' AS mailbox;
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT * FROM cdp.verify();
-- new events, and those that look up
INSERT INTO cdp.inbox (type, user_id, context) VALUES ('identify', 'u1', '{"traits": {"email": "an.n@gmail.com"}}'), ('identify', 'u6', '{"traits": {"email": "te.st+1@googlemail.com"}}'), ('identify', 'u7', '{"traits": {"email": "x@gmail.com"}}');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles WHERE identifiers[1] ~ 'u[167]' ORDER BY identifiers;
SELECT identifier FROM cdp.find_identifier('email:a.n.n+z@googlemail.com');
SELECT cdp.lookup(e, 'identifiers') ->> 'profile_id' = cdp.profile_of('user_id:u1')::text AS lookup, cdp.profile_of(e) = cdp.profile_of('user_id:u1') AS profile_of,
	(SELECT r.profile_id = cdp.profile_of('user_id:u1') FROM cdp.resolve_profile(e) r) AS resolve, cdp.profile_at(e, now() + interval '1 hour') = cdp.profile_of('user_id:u1') AS profile_at,
	(SELECT count(*) FROM cdp.explain(e, 'user_id:u1') x WHERE x.step > 0) AS steps
FROM unnest(ARRAY['email:ann@gmail.com', 'email:A.NN@googlemail.com', 'email:ann+q@gmail.com']) e;
SELECT cdp.lookup('email:no.one@gmail.com') IS NULL AS unknown, cdp.profile_of('email:no.one@gmail.com') IS NULL AS unknown;
SELECT reasons FROM cdp.explain('email:ann@gmail.com', 'email:a.nn@gmail.com');
\set VERBOSITY terse
SELECT cdp.forbid('email:ann@gmail.com', 'email:a.nn@gmail.com');
\set VERBOSITY default
SELECT cdp.mark_shared('email:a.n.n@gmail.com', true);
SELECT identifier FROM cdp.shared_identifiers;
SELECT cdp.mark_shared('email:ann@gmail.com', NULL);
-- a value that is blocked and freed as it was written before the rule
SELECT cdp.set_rules('{"email": {"blocked": ["t.est@gmail.com", "^x@", "a.n.n+1@googlemail.com"]}}');
SELECT cdp.profile_of('email:ann@gmail.com') IS NULL AS blocked;
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"email": {"blocked": ["t.est@gmail.com", "^x@"]}}');
SELECT cdp.profile_of('email:ann@gmail.com') = cdp.profile_of('user_id:u1') AS freed;
SELECT * FROM cdp.verify();
-- everywhere; the verdict follows its address
SELECT cdp.set_rules('{"email": {"mailbox": "plus"}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT kind, a, b, reason FROM cdp.verdict ORDER BY verdict_id;
SELECT * FROM cdp.verify();
-- and back, from the log
SELECT cdp.set_rules('{"email": {"mailbox": null, "max_per_profile": 1}, "user_id": {"priority": 5}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT * FROM cdp.verify();
-- what has left the log keeps what it was joined to, if the rule is taken back
SELECT cdp.set_rules('{"email": {"mailbox": "gmail", "max_per_profile": null}}');
SELECT cdp.set_sources('{"default": {"keep_events": "1 hour"}}');
SELECT source, state FROM cdp.drop_old_events();
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"email": {"mailbox": "exact"}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT cdp.set_rules('{"email": {"mailbox": "plus"}}');
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT * FROM cdp.verify();
\set VERBOSITY terse
SELECT cdp.set_rules('{"email": {"mailbox": "gmal"}}');
SELECT cdp.set_rules('{"email": {"mailbox": true}}');
SELECT cdp.set_rules('{"phone": {"mailbox": "gmail"}}');
\set VERBOSITY default

-- set before the events it gives the same as after them
CREATE DATABASE cdp_mailbox_first ENCODING 'UTF8' TEMPLATE template0;
\c cdp_mailbox_first
SET client_min_messages = error;
CREATE EXTENSION cdp;
SELECT cdp.init();
SELECT setseed(0.3);
CREATE TABLE sent AS SELECT g, format('{"type":"identify","messageId":"%s","userId":%s,"traits":{"email":"%s%s%s@%s"},"context":{"traits":{"email":"%s@gmail.com"}},"timestamp":"2026-10-%sT00:00:00Z"}', g,
	CASE WHEN random() < 0.5 THEN format('"s%s"', floor(random() * 25)) ELSE 'null' END, (ARRAY['p', 'p.', 'pq', 'p.q'])[1 + floor(random() * 4)::int], floor(random() * 9), (ARRAY['', '+a', '+', '.'])[1 + floor(random() * 4)::int],
	(ARRAY['gmail.com', 'googlemail.com', 'mail.example'])[1 + floor(random() * 3)::int], 'z.' || floor(random() * 60), 10 + floor(random() * 20)::int) AS doc FROM generate_series(1, 300) g;
SELECT sum(cdp.ingest(doc, 'web')) FROM sent;
SELECT accepted FROM cdp.refresh();
CREATE TABLE exact AS SELECT identifiers::text FROM cdp.profiles;
SELECT cdp.set_rules('{"email": {"mailbox": "gmail"}}');
CREATE TABLE gmail AS SELECT identifiers::text FROM cdp.profiles;
SELECT cdp.set_rules('{"email": {"mailbox": "plus"}}');
CREATE TABLE plus AS SELECT identifiers::text FROM cdp.profiles;
SELECT * FROM cdp.verify();
CREATE FUNCTION anew(rule text, was text, OUT of_them bigint, OUT must_be_0 bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cdp.retract(source => 'web');
	PERFORM cdp.set_rules(jsonb_build_object('email', jsonb_build_object('mailbox', rule)));
	PERFORM cdp.ingest(s.doc, 'web') FROM sent s ORDER BY md5(s.doc);
	PERFORM cdp.refresh();
	of_them := (SELECT count(*) FROM cdp.profiles);
	EXECUTE format('SELECT count(*) FROM ((SELECT identifiers::text FROM cdp.profiles EXCEPT TABLE %1$I) UNION ALL (TABLE %1$I EXCEPT SELECT identifiers::text FROM cdp.profiles)) d', was) INTO must_be_0;
END
$$;
SELECT * FROM anew('gmail', 'gmail');
SELECT * FROM anew('exact', 'exact');
SELECT * FROM anew('plus', 'plus');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_mailbox;
DROP DATABASE cdp_mailbox_first;
