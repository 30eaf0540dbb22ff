-- What a person decides: forbid, allow, unlink, shared or not; and why two are one.  The numbers are
-- those of the worked examples; u user_id, e email, p phone, a b c k device_id.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_verdicts ENCODING 'UTF8' TEMPLATE template0;
\c cdp_verdicts
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SELECT cdp.init();
SET timezone = 'UTC';

\getenv top PG_ABS_SRCDIR
\set examples :top '/test/include/examples.sql'
\i :examples

-- 10: the latest link of the path gives way, whichever pair is named, in whichever order
SELECT feed(x, 1, 'u1 a'), feed(x, 2, 'a e'), feed(x, 3, 'e p') FROM unnest(ARRAY[10, 110]) x;
SELECT accepted, profiles_created FROM cdp.refresh();
SELECT people(10), people(110), chain(10, 'p', 'u1');
SELECT cdp.forbid(id(10, 'u1'), id(10, 'p'), 'sisters'), cdp.forbid(id(110, 'e'), id(110, 'u1'));
SELECT people(10), refused(10), people(110), refused(110);
SELECT chain(10, 'p', 'u1');
SELECT kind, a, b, until_at, reason FROM cdp.verdict ORDER BY verdict_id;
SELECT cdp.forbid(id(10, 'p'), id(10, 'u1'), 'mother and daughter');
SELECT kind, a, b, until_at, reason, decided_by = session_user AS mine, batch_id = (SELECT batch_id FROM cdp_data.state) AS now FROM cdp.verdict ORDER BY verdict_id;
-- evidence does not overcome it, and what was kept apart comes together when it goes
SELECT feed(10, 0, 'u1 p'), feed(10, 4, 'u1 p');
SELECT accepted FROM cdp.refresh();
SELECT people(10), refused(10);
SELECT cdp.allow(id(10, 'u1'), id(10, 'p')) AS first, cdp.allow(id(10, 'u1'), id(10, 'p')) AS again, cdp.allow(id(10, 'u1'), id(10, 'a')) AS never;
SELECT people(10), refused(10);

-- a forbid for identifiers that come later, one after the other or both at once
SELECT cdp.forbid(id(20, 'a'), id(20, 'b')), cdp.forbid(id(21, 'a'), id(21, 'b'));
SELECT feed(20, 1, 'a c');
SELECT accepted FROM cdp.refresh();
SELECT p.has_forbid FROM cdp_data.profile p JOIN cdp_data.identifier i USING (profile_id) WHERE i.identifier = id(20, 'a');
SELECT feed(20, 2, 'c b'), feed(21, 1, 'a b');
SELECT accepted FROM cdp.refresh();
SELECT people(20), refused(20), people(21), refused(21);
-- … and for one that is there already
SELECT feed(22, 1, 'a');
SELECT accepted FROM cdp.refresh();
SELECT cdp.forbid(id(22, 'b'), id(22, 'a'));
SELECT feed(22, 2, 'a b');
SELECT accepted FROM cdp.refresh();
SELECT people(22), refused(22);
SELECT cdp.allow(id(22, 'b'), id(22, 'a'));
SELECT people(22), refused(22), (SELECT bool_or(p.has_forbid) FROM cdp_data.profile p JOIN cdp_data.identifier i USING (profile_id) WHERE i.identifier = id(22, 'a')) AS has_forbid;
-- withdrawn before the other end was ever seen
SELECT feed(23, 1, 'a');
SELECT accepted FROM cdp.refresh();
SELECT cdp.forbid(id(23, 'b'), id(23, 'a')), cdp.allow(id(23, 'b'), id(23, 'a'));
SELECT p.has_forbid FROM cdp_data.profile p JOIN cdp_data.identifier i USING (profile_id) WHERE i.identifier = id(23, 'a');

-- 11: unlink takes away a pair; the detour through the device stays
SELECT feed(x, 1, 'u1 e a') FROM unnest(ARRAY[11, 111, 211]) x;
SELECT accepted FROM cdp.refresh();
SELECT short(c) FROM cdp.unlink(id(11, 'u1'), id(11, 'e')) c;
SELECT people(11), people(111), people(211);
SELECT short(c) FROM cdp.unlink(id(111, 'e')) c;
SELECT cdp.forbid(id(211, 'u1'), id(211, 'e'));
SELECT people(111), people(211), refused(211);
SELECT a, b, until_at FROM cdp.verdict WHERE kind = 'unlink' ORDER BY a, b;
-- 12: not redundant, although another way would still connect the two
SELECT feed(12, 1, 'a b'), feed(12, 2, 'a u1'), feed(12, 3, 'b u2'), feed(12, 10, 'a c'), feed(12, 11, 'c b');
SELECT accepted FROM cdp.refresh();
SELECT people(12), refused(12);
SELECT short(c) FROM cdp.unlink(id(12, 'b'), id(12, 'a')) c;
SELECT people(12), refused(12);
-- 13: wrong first: a refused link becomes effective by itself
SELECT feed(13, 1, 'e u9'), feed(13, 2, 'e u1'), feed(13, 3, 'e u1');
SELECT accepted FROM cdp.refresh();
SELECT people(13), refused(13);
SELECT short(c) FROM cdp.unlink(id(13, 'e'), id(13, 'u9')) c;
SELECT people(13), refused(13);
-- evidence up to the unlink's time is void, whenever it arrives; later evidence counts
SELECT feed(13, 0.5, 'e u9'), feed(13, 1, 'e u9', 'other');
SELECT accepted FROM cdp.refresh();
SELECT people(13), refused(13);
SELECT feed(13, 2.5, 'e u9');
SELECT accepted FROM cdp.refresh();
SELECT people(13), refused(13);
SELECT short(c) FROM cdp.unlink(id(13, 'u1'), id(13, 'e')) c;
SELECT people(13), refused(13);
-- a second unlink has a later time
SELECT count(*) FROM cdp.unlink(id(13, 'u9'), id(13, 'e'));
SELECT a, b, until_at FROM cdp.verdict WHERE kind = 'unlink' AND a::text LIKE 'email:13%' ORDER BY a, b;
SELECT people(13);

-- a verdict about sharing, in both directions, and withdrawn; default: more than 5 user_ids share an e-mail
SELECT feed(16, i, 'e u' || i) FROM generate_series(1, 6) i;
SELECT feed(16, 9, 'e');
SELECT accepted FROM cdp.refresh();
SELECT people(16), refused(16);
SELECT chain(16, 'u1', 'e');
SELECT cdp.mark_shared(id(16, 'e'), false);
SELECT people(16), refused(16);
SELECT chain(16, 'u1', 'u2');
SELECT cdp.mark_shared(id(16, 'e'), true);
SELECT people(16), refused(16);
SELECT cdp.mark_shared(id(16, 'e'), NULL);
SELECT people(16), refused(16);
SELECT count(*) FROM cdp.verdict WHERE kind LIKE '%shared';
-- of an identifier not seen yet
SELECT cdp.mark_shared(id(17, 'a'), true);
SELECT feed(17, 1, 'a u1'), feed(17, 2, 'a');
SELECT accepted FROM cdp.refresh();
SELECT people(17), refused(17);

-- 18: an id never answers with another customer
SELECT feed(18, 1, 'a');
SELECT accepted FROM cdp.refresh();
SELECT feed(18, 2, 'a u1'), feed(18, 3, 'a u2');
SELECT accepted FROM cdp.refresh();
CREATE TABLE ids AS SELECT w.short, i.profile_id FROM who w JOIN cdp_data.identifier i USING (identifier) WHERE w.example = 18;
SELECT people(18);
SELECT feed(18, 0, 'a u2');
SELECT accepted FROM cdp.refresh();
SELECT people(18);
SELECT w.short, i.profile_id = d.profile_id AS same_id, i.profile_id = i.identifier_id AS own_id
FROM who w JOIN cdp_data.identifier i USING (identifier) JOIN ids d USING (short) WHERE w.example = 18 ORDER BY w.short;

-- explain where there is no chain
SELECT chain(10, 'a', 'a');
SELECT chain(10, 'a', 'u5');
SELECT chain(10, 'u5', 'a');
SELECT chain(10, 'a', 'p');
SELECT chain(11, 'a', 'a');
SELECT chain(10, 'a', 'u1');
SELECT short(e) FROM cdp.explain(id(10, 'a'), id(11, 'a')) e;
SELECT * FROM cdp.explain(id(10, 'a'), NULL);
-- a shared identifier between the two
SELECT feed(25, 1, 'e u1'), feed(25, 2, 'p u1');
SELECT accepted FROM cdp.refresh();
SELECT cdp.mark_shared(id(25, 'u1'), true);
SELECT chain(25, 'e', 'p');
SELECT short(c) FROM cdp.unlink(id(25, 'e'), id(25, 'p')) c;
-- the best evidence of a step: the most trusted source, then the earliest
SELECT feed(24, 5, 'a u1', 'web'), feed(24, 3, 'a u1', 'app'), feed(24, 7, 'a u1', 'app');
SELECT accepted FROM cdp.refresh();
SELECT source, message_id, at FROM cdp.explain(id(24, 'a'), id(24, 'u1'));

-- a verdict is a batch of its own, and takes nothing from the inbox
INSERT INTO cdp.inbox (user_id, event) VALUES ('waits', 'x');
SELECT cdp.mark_shared('user_id:nobody', true);
SELECT taken, accepted, identifiers FROM cdp.batch ORDER BY batch_id DESC LIMIT 1;
SELECT count(*) FROM cdp.inbox;
SELECT accepted FROM cdp.refresh();
-- a pair that is refused already, and one of which an end is shared
SELECT short(c) FROM cdp.unlink(id(110, 'a'), id(110, 'e')) c;
SELECT people(110), refused(110);
SELECT short(c) FROM cdp.unlink(id(17, 'a'), id(17, 'u1')) c;
SELECT people(17), refused(17);

-- what the tables hold is what the log says, computed anew
SELECT * FROM cdp.verify();

-- what is refused
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT cdp.forbid(id(10, 'a'), id(10, 'a'));
SELECT cdp.forbid('email:ann@EXAMPLE.com', 'email:ann@example.com');
SELECT cdp.forbid(id(10, 'a'), NULL);
SELECT cdp.forbid('email:ann@@', id(10, 'a'));
SELECT cdp.allow(NULL, id(10, 'a'));
SELECT cdp.allow(id(10, 'a'), id(10, 'a'));
SELECT cdp.unlink(id(10, 'a'), id(10, 'a'));
SELECT cdp.unlink(id(12, 'a'), id(12, 'b'));
SELECT cdp.unlink(id(12, 'u1'), id(12, 'c'));
SELECT cdp.unlink(id(13, 'e'), id(12, 'a'));
SELECT cdp.unlink(id(12, 'u5'), id(12, 'a'));
SELECT cdp.unlink(NULL, id(12, 'a'));
SELECT cdp.unlink(NULL::cdp.identifier);
SELECT cdp.unlink(id(12, 'u5'));
SELECT cdp.unlink(id(111, 'e'));
SELECT cdp.mark_shared(NULL, true);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT cdp.forbid(id(10, 'a'), id(10, 'b'));
ROLLBACK;
-- an error leaves nothing behind
SELECT count(*) FROM cdp.verdict WHERE batch_id > (SELECT batch_id FROM cdp_data.state);

\c :origin
DROP DATABASE cdp_verdicts;
