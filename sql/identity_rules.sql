-- The rules of who is who, each of which acts on all history when it changes.  The numbers are those
-- of the worked examples; u user_id, e email, p phone, a b c k device_id.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_rules ENCODING 'UTF8' TEMPLATE template0;
\c cdp_rules
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SELECT cdp.init();
SET timezone = 'UTC';

\getenv top PG_ABS_SRCDIR
\set examples :top '/test/include/examples.sql'
\i :examples

-- 2: a family's tablet under a stricter limit, and back
SELECT feed(2, 1, 'a'), feed(2, 2, 'a u1'), feed(2, 3, 'a'), feed(2, 4, 'a u2'), feed(2, 5, 'a');
SELECT accepted FROM cdp.refresh();
SELECT people(2), refused(2);
SELECT cdp.set_rules('{"device_id": {"max_links": {"user_id": 1}}}');
SELECT people(2), refused(2);
SELECT events_reanchored, profiles_created, profiles_split, taken FROM cdp.batch ORDER BY batch_id DESC LIMIT 1;
SELECT cdp.set_rules('{"device_id": {"max_links": 2}}');
SELECT people(2), refused(2);
SELECT cdp.set_rules('{"device_id": {"max_links": 1}}');
SELECT cdp.set_rules('{"device_id": {"max_links": "unlimited"}}');
SELECT max_links FROM cdp.namespace WHERE namespace = 'device_id';
-- an object keeps what it does not name
SELECT cdp.set_rules('{"device_id": {"max_links": {"user_id": 2}, "priority": 62}}');
SELECT priority, max_links FROM cdp.namespace WHERE namespace = 'device_id';
SELECT cdp.set_rules(jsonb_build_object('device_id', jsonb_build_object('max_links', cdp.rules() #> '{email,max_links}')));
SELECT d.max_links = c.max_links AS same FROM cdp.namespace d, cdp.namespace c WHERE (d.namespace, c.namespace) = ('device_id', 'email');
SELECT cdp.set_rules('{"device_id": {"max_links": "unlimited"}}');
SELECT priority, max_links FROM cdp.namespace WHERE namespace = 'device_id';
SELECT people(2), refused(2);
-- what is absent stays
SELECT cdp.set_rules('{"device_id": {"max_links": {"*": 20, "user_id": 3, "email": "unlimited"}, "max_per_profile": 7, "priority": 61, "blocked": ["x", "^y"]}}');
SELECT cdp.set_rules('{"device_id": {}}');
SELECT namespace, priority, max_per_profile, max_links, blocked FROM cdp.namespace WHERE namespace = 'device_id';
SELECT cdp.set_rules('{"device_id": {"max_per_profile": "unlimited", "priority": 60, "blocked": null}}');
SELECT namespace, priority, max_per_profile, max_links, blocked FROM cdp.namespace WHERE namespace = 'device_id';
-- one not seen yet gets the default rules
SELECT cdp.set_rules('{"loyalty_no": {"max_per_profile": 1}}');
SELECT namespace, priority, max_per_profile, max_links, blocked, batch_id FROM cdp.namespace WHERE namespace = 'loyalty_no';
SELECT cdp.set_rules('{"loyalty_no": {"priority": null, "max_links": 0}}');
SELECT namespace, priority, max_per_profile, max_links, blocked, batch_id FROM cdp.namespace WHERE namespace = 'loyalty_no';

-- 6: guest orders
SELECT cdp.set_rules('{"user_id": {"max_links": {"email": 2}}}');
SELECT feed(6, 1, 'u e1 a1'), feed(6, 2, 'u e2 a2');
SELECT accepted FROM cdp.refresh();
SELECT people(6), refused(6);
SELECT feed(6, 3, 'u e3 a3');
SELECT accepted, events_reanchored FROM cdp.refresh();
SELECT people(6), refused(6);
SELECT e."timestamp", i.identifier FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) JOIN who w USING (identifier) WHERE w.example = 6 ORDER BY 1;
SELECT cdp.set_rules('{"user_id": {"max_links": {"email": 3}}}');
SELECT people(6), refused(6);
SELECT cdp.set_rules('{"user_id": {"max_links": {"email": 1}}}');
SELECT people(6), refused(6);
SELECT cdp.set_rules('{"user_id": {"max_links": 20}}');

-- 9: trust, before and after
SELECT feed(9, 1, 'e p', 'list'), feed(9, 2, 'u1 e', 'web'), feed(9, 3, 'u2 p', 'web');
SELECT accepted FROM cdp.refresh();
SELECT people(9), refused(9);
SELECT cdp.set_sources('{"list": {"party": "third"}}');
SELECT people(9), refused(9);
SELECT cdp.set_sources('{"list": {"trust": 3}}');
SELECT people(9), refused(9);
SELECT cdp.set_sources('{"web": {"trust": 2}}');
SELECT people(9), refused(9);
SELECT cdp.set_sources('{"list": {"trust": 1}}'), cdp.set_sources('{"bought": {"party": "third"}}');
SELECT people(9), refused(9);
SELECT source, trust, accepted FROM cdp_data.source ORDER BY source;
SELECT feed(109, 1, 'e p', 'bought'), feed(109, 2, 'u1 e', 'web'), feed(109, 3, 'u2 p', 'web');
SELECT accepted FROM cdp.refresh();
SELECT people(109), refused(109);
-- a link inside that falls behind what comes later
SELECT cdp.set_sources('{"later": {"trust": 3}}');
SELECT feed(209, 1, 'e p', 'later'), feed(209, 2, 'u1 e', 'web');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_sources('{"later": {"trust": 1}}');
SELECT feed(209, 3, 'u2 p', 'web');
SELECT accepted FROM cdp.refresh();
SELECT people(209), refused(209);

-- 14: the cap
SELECT cdp.set_rules('{"*": {"cap": 3}}');
SELECT feed(14, i, 'u1 a' || i) FROM generate_series(1, 4) i;
SELECT accepted FROM cdp.refresh();
SELECT people(14), refused(14), chain(14, 'u1', 'a4');
SELECT cdp.set_rules('{"*": {"cap": 4}}');
SELECT people(14), refused(14);
SELECT cdp.set_rules('{"*": {"cap": 2}}');
SELECT people(14), refused(14);
SELECT cdp.set_rules('{"*": {"cap": "unlimited"}}');
SELECT people(14), refused(14);
SELECT cdp.set_rules('{"*": {"cap": 1000}}');

-- 16: a shared mailbox, and the verdict that it is none
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": 2}}}');
SELECT feed(16, i, 'e u' || i) FROM generate_series(1, 4) i;
SELECT accepted FROM cdp.refresh();
SELECT people(16), refused(16);
SELECT cdp.mark_shared(id(16, 'e'), false);
SELECT people(16), refused(16);
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": 1}}}');
SELECT people(16), refused(16);
SELECT cdp.mark_shared(id(16, 'e'), NULL);
SELECT people(16), refused(16);

-- 17: a value that is blocked, before it comes, afterwards, and not any more
SELECT feed(17, 1, 'a'), feed(17, 2, 'a u1');
SELECT accepted FROM cdp.refresh();
SELECT people(17);
SELECT cdp.set_rules('{"device_id": {"blocked": ["17A", "^117"]}}');
SELECT people(17), cdp.profile_of(id(17, 'a')), chain(17, 'a', 'u1');
SELECT event_id, profile_id, e."timestamp" FROM cdp.events e WHERE message_id LIKE '17 %' AND profile_id IS NULL;
SELECT count(*) FROM cdp_data.link JOIN cdp_data.identifier i ON i.identifier_id IN (a, b) WHERE i.blocked;
SELECT feed(17, 3, 'a u2'), feed(117, 1, 'a'), feed(117, 2, 'a u1'), feed(117, 3, 'a b u2'), feed(117, 4, 'a b');
SELECT accepted, identifiers FROM cdp.refresh();
SELECT people(17), people(117);
SELECT cdp.set_rules('{"device_id": {"blocked": ["17a", "^117b"]}}');
SELECT people(17), people(117), refused(117);
SELECT cdp.set_rules('{"device_id": {"blocked": null}}');
SELECT people(17), refused(17), people(117), refused(117);
SELECT a.identifier, b.identifier, s.source, l.first_at, l.last_at, l.events, l.message_id FROM cdp_data.link l JOIN cdp_data.source s USING (source_id) JOIN cdp_data.identifier a ON a.identifier_id = l.a JOIN cdp_data.identifier b ON b.identifier_id = l.b
WHERE a.identifier = ANY (ARRAY[id(17, 'a'), id(117, 'a')]) OR b.identifier = ANY (ARRAY[id(17, 'a'), id(117, 'a')]) ORDER BY 1, 2;
-- verdicts outlast it: one on sharing, one that forbids, one that unlinks
SELECT cdp.mark_shared(id(17, 'a'), true), cdp.forbid(id(117, 'a'), id(117, 'u1')), count(*) FROM cdp.unlink(id(117, 'a'), id(117, 'b'));
SELECT people(17), people(117), refused(117);
SELECT cdp.set_rules('{"device_id": {"blocked": ["17a", "117a"]}}');
SELECT people(17), people(117), refused(117);
SELECT cdp.set_rules('{"device_id": {"blocked": null}}');
SELECT people(17), people(117), refused(117);

-- a limit on profiles, stricter and looser, and of a namespace that had none
SELECT feed(30, 1, 'u1 a'), feed(30, 2, 'u1 b'), feed(30, 3, 'b c');
SELECT accepted FROM cdp.refresh();
SELECT people(30), refused(30), (SELECT p.limited FROM cdp_data.profile p JOIN cdp_data.identifier i USING (profile_id) WHERE i.identifier = id(30, 'a'));
SELECT cdp.set_rules('{"device_id": {"max_per_profile": 2}}');
SELECT people(30), refused(30), (SELECT p.limited FROM cdp_data.profile p JOIN cdp_data.identifier i USING (profile_id) WHERE i.identifier = id(30, 'a'));
SELECT cdp.set_rules('{"device_id": {"max_per_profile": 1}}');
SELECT people(30), refused(30), chain(30, 'u1', 'c');
SELECT cdp.set_rules('{"device_id": {"max_per_profile": 3}}');
SELECT people(30), refused(30);
SELECT cdp.set_rules('{"device_id": {"max_per_profile": 1}}'), cdp.set_rules('{"device_id": {"max_per_profile": "unlimited"}}');
SELECT people(30), refused(30), (SELECT p.limited FROM cdp_data.profile p JOIN cdp_data.identifier i USING (profile_id) WHERE i.identifier = id(30, 'a'));

-- priority: who anchors an event, and who gives a profile its id
SELECT feed(31, 1, 'e a'), feed(31, 2, 'a'), feed(31, 3, 'e');
SELECT accepted FROM cdp.refresh();
CREATE FUNCTION strongest(n int) RETURNS TABLE (anchor text, events bigint, profile text) LANGUAGE sql AS $$
	SELECT i.identifier::text, count(*), p.identifier::text FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.identifier p ON p.identifier_id = i.profile_id
	JOIN who w ON w.identifier = i.identifier WHERE w.example = n GROUP BY 1, 3 ORDER BY 1
$$;
SELECT * FROM strongest(31);
SELECT cdp.set_rules('{"device_id": {"priority": 5}}');
SELECT * FROM strongest(31);
SELECT people(31);
SELECT cdp.set_rules('{"device_id": {"priority": 60}}');
SELECT * FROM strongest(31);
-- … and which of two links of one time is taken first
SELECT feed(32, 1, 'e p'), feed(32, 1, 'u1 p'), feed(32, 1, 'u2 e');
SELECT accepted FROM cdp.refresh();
SELECT people(32), refused(32);
SELECT cdp.set_rules('{"user_id": {"priority": 50}}');
SELECT people(32), refused(32);
SELECT cdp.set_rules('{"user_id": {"priority": 10}}');
SELECT people(32), refused(32);
-- … also where nobody's strongest identifier is another
SELECT feed(34, 1, 'u1 e'), feed(34, 1, 'u2 a'), feed(34, 5, 'e p'), feed(34, 5, 'a p');
SELECT accepted FROM cdp.refresh();
SELECT people(34), refused(34);
SELECT cdp.set_rules('{"device_id": {"priority": 20}}');
SELECT people(34), refused(34);
SELECT cdp.set_rules('{"device_id": {"priority": 60}}');
SELECT people(34), refused(34);
-- the events of an identifier that is shared no more come back to it, also where their evidence is void
SELECT feed(33, 1, 'u1 e'), feed(33, 2, 'u1 a');
SELECT accepted FROM cdp.refresh();
SELECT cdp.mark_shared(id(33, 'u1'), true), count(*) FROM cdp.unlink(id(33, 'u1'), id(33, 'e'));
SELECT * FROM strongest(33);
SELECT cdp.mark_shared(id(33, 'u1'), NULL);
SELECT * FROM strongest(33);
SELECT people(33);

-- what the tables hold is what the log says, computed anew
SELECT * FROM cdp.verify();

-- what makes no sense
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT cdp.set_rules(NULL);
SELECT cdp.set_rules('[]');
SELECT cdp.set_rules('{"email": 5}');
SELECT cdp.set_rules('{"email": {"max_perprofile": 5}}');
SELECT cdp.set_rules('{"*": {"cap": 5, "maximum": 5}}');
SELECT cdp.set_rules('{"*": {"max_identifier": 5}}');
SELECT cdp.set_rules('{"max_identifiers": 5}');
SELECT cdp.set_rules('{"sources": {"web": {"trust": 1}}}');
SELECT cdp.set_rules('{"E-mail!": {}}');
SELECT cdp.set_rules('{"email": {"max_per_profile": 0}}');
SELECT cdp.set_rules('{"email": {"max_per_profile": -1}}');
SELECT cdp.set_rules('{"email": {"max_links": -1}}');
SELECT cdp.set_rules('{"email": {"max_links": 1.5}}');
SELECT cdp.set_rules('{"email": {"max_links": 99999999999}}');
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": -1}}}');
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": "many"}}}');
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": [1]}}}');
SELECT cdp.set_rules('{"email": {"max_links": {"userid": 1}}}');
SELECT cdp.set_rules('{"email": {"max_links": [1]}}');
SELECT cdp.set_rules('{"email": {"max_links": "many"}}');
SELECT cdp.set_rules('{"email": {"max_links": true}}');
SELECT cdp.set_rules('{"email": {"priority": "1"}}');
SELECT cdp.set_rules('{"email": {"priority": 2147483648}}');
SELECT cdp.set_rules('{"email": {"blocked": "a"}}');
SELECT cdp.set_rules('{"email": {"blocked": ["^("]}}');
SELECT cdp.set_rules('{"email": {"blocked": ["a", null]}}');
SELECT cdp.set_rules('{"email": {"blocked": ["a", " "]}}');
SELECT cdp.set_rules('{"*": {"cap": 0}}');
SELECT cdp.set_rules('{"*": {"cap": -5}}');
SELECT cdp.set_sources('{"web": {}}');
SELECT cdp.set_sources(NULL);
SELECT cdp.set_sources('{"web": {"trust": 1, "party": "first"}}');
SELECT cdp.set_sources('{"web": {"party": "fourth"}}');
SELECT cdp.set_sources('{"": {"trust": 1}}');
SELECT cdp.set_sources('{"a\nb": {"trust": 1}}');
SELECT namespace, priority, max_per_profile, max_links, blocked FROM cdp.namespace WHERE namespace = 'email';

-- a blocked value counts in its namespace's form, however it was typed; a pattern stays as it is
SELECT feed(20, 1, 'e p a');
SELECT count(*) FROM cdp.refresh();
SELECT cdp.set_rules('{"email": {"blocked": [" 20E@Example.COM ", "no address", "^NONE$"]}}'), cdp.set_rules('{"phone": {"blocked": ["+44 7700 900020"]}}');
SELECT namespace, blocked FROM cdp.namespace WHERE blocked IS NOT NULL ORDER BY namespace;
SELECT people(20);
SELECT cdp.set_rules('{"email": {"blocked": []}}'), cdp.set_rules('{"phone": {"blocked": null}}');
SELECT people(20);
SELECT namespace, blocked FROM cdp.namespace WHERE blocked IS NOT NULL ORDER BY namespace;

\c :origin
DROP DATABASE cdp_rules;
