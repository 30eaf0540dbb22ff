-- Message ids that stay used for ever: also of messages whose events are gone, and of those that did not tell their time; and
-- events that a trigger keeps in the log.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_kept ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_kept
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
SET timezone = 'UTC';
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set SHOW_CONTEXT never
\set counts 'r.accepted, r.duplicate, r.quarantined'

CREATE FUNCTION send(id text, total integer DEFAULT 1, at timestamptz DEFAULT '2025-01-01', received_at timestamptz DEFAULT '2025-01-01',
	source text DEFAULT 'web', sent_at timestamptz DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp", received_at, sent_at, source)
	VALUES (id, 'Seen', 'u' || id, jsonb_build_object('total', total), at, received_at, sent_at, source)
$$;

-- taken back, and later for ever; and one that never came
SELECT send('twice'), send('other');
SELECT :counts FROM cdp.refresh() r;
SELECT events FROM cdp.retract(message_ids => '{twice}');
SELECT events FROM cdp.retract(message_ids => '{twice,never}', forever => true, dry_run => true);
SELECT count(*) FROM cdp_data.message;
SELECT events FROM cdp.retract(message_ids => '{twice," never ",NULL,""}', forever => true, reason => 'asked for');
SELECT events FROM cdp.retract(message_ids => '{twice,never}', forever => true);
SELECT events FROM cdp.retract(message_ids => '{twice,never}');
SELECT asked, events, forever, reason FROM cdp.retraction ORDER BY retraction_id;
SELECT batch_id < 0 AS kept, content_hash = 0 AS of_any_content, hint IS NULL AS no_event FROM cdp_data.message ORDER BY 1;
-- whatever comes with them
SELECT send('twice'), send('twice', 2), send('never', 3), send('never', 4), send('more');
SELECT :counts FROM cdp.refresh() r;
SELECT message_id FROM cdp.events ORDER BY 1;
SELECT * FROM cdp.verify();
-- before the first batch, too, and where statements write
CREATE FUNCTION forget_all() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(cdp_internal.forget_messages(100)) FROM generate_series(1, 20) $$;
SET cdp.store = 'sql';
SELECT events FROM cdp.retract(message_ids => '{statement}', forever => true);
SELECT send('statement');
SELECT :counts FROM cdp.refresh() r;
RESET cdp.store;

-- of a mutable source: neither a first row nor a correction, but one with a key that is kept can be corrected while it is there
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "total"}}');
SELECT events FROM cdp.retract(message_ids => '{order}', forever => true);
SELECT send('order', 1, source => 'shop'), send('order', 2, source => 'shop'), send('sold', 1, source => 'shop');
SELECT :counts FROM cdp.refresh() r;
SELECT send('order', 3, source => 'shop'), send('sold', 2, source => 'shop');
SELECT :counts FROM cdp.refresh() r;
SELECT message_id, properties FROM cdp.events WHERE source = 'shop' ORDER BY 1;
SELECT * FROM cdp.verify();
-- and a deletion is no more corrected then, whether its key was kept before or not
SELECT cdp.set_sources('{"shop": {"deleted": "gone"}}');
INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp", source)
SELECT id, 'Seen', 'u', '{"total": 5, "gone": true}', '2025-01-01', 'shop' FROM unnest('{deleted,unseen}'::text[]) id;
SELECT send('deleted', 1, source => 'shop');
SELECT :counts FROM cdp.refresh() r;
SELECT events FROM cdp.retract(message_ids => '{deleted}', forever => true);
UPDATE cdp_data.message SET batch_id = -batch_id WHERE message_key = cdp_internal.message_key('unseen');
SELECT events FROM cdp.retract(message_ids => '{unseen}', forever => true);
SELECT events FROM cdp.retract(message_ids => '{unseen}', forever => true);
SELECT send('deleted', i, source => 'shop'), send('unseen', i, source => 'shop') FROM generate_series(5, 7) i;
SELECT :counts FROM cdp.refresh() r;
SELECT count(*) FROM cdp_data.statement WHERE event_id IS NULL;
SELECT * FROM cdp.verify();

-- a message that was forgotten before it is taken back for ever: its event does not tell whether it had a time, or the one at which it came
SELECT send('same', at => '2025-01-02', received_at => '2025-01-02'), send('untimed', at => NULL, received_at => '2025-01-02'),
	send('sent', at => '2025-01-02', received_at => '2025-01-03', sent_at => '2025-01-02'), send('past', at => '2025-01-01', received_at => '2025-01-02');
SELECT :counts FROM cdp.refresh() r;
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT cdp.set_message_memory('30 days', refuse_older => false);
INSERT INTO cdp.inbox (message_id, event, user_id) SELECT 'now ' || i, 'Seen', 'u' FROM generate_series(1, 400) i;
SELECT :counts FROM cdp.refresh() r;
SELECT forget_all() > 0;
SELECT events FROM cdp.retract(message_ids => '{same,untimed,sent,past}', forever => true);
SELECT count(*) FROM cdp_data.message WHERE batch_id < 0 AND content_hash <> 0;
SELECT send('same', at => '2025-01-02', received_at => '2025-01-02'), send('untimed', at => NULL, received_at => '2025-01-05'),
	send('sent', at => '2025-01-02', received_at => '2025-01-03', sent_at => '2025-01-02'), send('past', at => '2025-01-01', received_at => '2025-01-02');
SELECT :counts FROM cdp.refresh() r;
-- but other content is told
SELECT send('same', 2, at => '2025-01-02', received_at => '2025-01-02'), send('untimed', 2, at => NULL, received_at => '2025-01-05'),
	send('sent', 2, at => '2025-01-02', received_at => '2025-01-03', sent_at => '2025-01-02'), send('past', 2), send('past', at => '2025-01-03');
SELECT :counts FROM cdp.refresh() r;
SELECT reason, count(*) FROM cdp.quarantine GROUP BY 1;
SELECT * FROM cdp.verify();

-- a trigger that keeps rows in the log: nothing is changed then
CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.message_id !~ 'kept' THEN OLD END; END $$;
CREATE FUNCTION books() RETURNS TABLE (events bigint, retracted bigint, people bigint, messages bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM cdp_data.event), (SELECT s.retracted FROM cdp_data.state s), (SELECT count(*) FROM cdp_data.profile),
		(SELECT count(*) FROM cdp_data.message)
$$;
SELECT send('kept'), send('free'), send('kept order', 1, source => 'shop');
INSERT INTO cdp.inbox (message_id, event, anonymous_id, user_id, "timestamp", received_at) VALUES ('kept visit', 'Seen', 'v', 'w', '2025-01-01', '2025-01-01');
SELECT :counts FROM cdp.refresh() r;
SELECT * FROM books();
CREATE TRIGGER keep_row BEFORE DELETE ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION keep_row();
SELECT * FROM cdp.retract(message_ids => '{kept,free}');
SELECT * FROM cdp.retract(source => 'web');
SELECT events FROM cdp.retract(message_ids => '{free}');
-- a correction
SELECT send('kept order', 2, source => 'shop');
SELECT :counts FROM cdp.refresh() r;
DELETE FROM cdp.inbox;
-- an event that moves, as its anchor is blocked
SELECT cdp.set_rules('{"user_id": {"blocked": ["w"]}}');
-- what is to leave the log
SELECT cdp.set_sources('{"shop": {"keep_events": "30 days"}}');
SELECT * FROM cdp.drop_old_events();
SELECT * FROM books();
SELECT * FROM cdp.verify();
DROP TRIGGER keep_row ON cdp_data.event;
-- one that keeps rows out of the log: they wait
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.message_id !~ 'out' THEN NEW END; END $$;
CREATE TRIGGER keep_out BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION keep_out();
SELECT send('in'), send('out');
SELECT :counts FROM cdp.refresh() r;
DROP TRIGGER keep_out ON cdp_data.event;
SELECT :counts FROM cdp.refresh() r;
SELECT events FROM cdp.retract(message_ids => '{kept}');
SELECT source, state, events FROM cdp.drop_old_events();
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_retract_kept;
