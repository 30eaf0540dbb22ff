-- Messages that are taken back for ever stay used, whatever the memory of messages forgets.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retract_forever ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retract_forever
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set counts 'r.accepted, r.duplicate, r.quarantined'

CREATE FUNCTION send(id text, total integer DEFAULT 1, timed boolean DEFAULT true, source text DEFAULT 'web', days integer DEFAULT 99) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id, properties, "timestamp", received_at, source)
	VALUES (id, 'Seen', 'u' || id, jsonb_build_object('total', total), CASE WHEN timed THEN date_trunc('day', now()) - make_interval(days => days) END,
		date_trunc('day', now()) - interval '98 days', source)
$$;
-- others, of today, so that old keys are forgotten
CREATE FUNCTION send_others(first integer, last integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id) SELECT 'other ' || i, 'Seen', 'u' FROM generate_series(first, last) i
$$;
CREATE FUNCTION forget_all() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(cdp_internal.forget_messages(100)) FROM generate_series(1, 20)
$$;
CREATE FUNCTION known(ids text[]) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(u.id ORDER BY u.place) FROM unnest(ids) WITH ORDINALITY AS u (id, place)
	WHERE EXISTS (SELECT FROM cdp_data.message m WHERE m.message_key = cdp_internal.message_key(u.id))
$$;

SELECT count(send(id)) FROM unnest('{ever,once,kept,timeless}'::text[]) AS u (id);
SELECT send('untimed', timed => false), send('at once', days => 98);
SELECT :counts FROM cdp.refresh() r;
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT events FROM cdp.retract(message_ids => '{ever}', forever => true);
SELECT events FROM cdp.retract(message_ids => '{once}');
SELECT known('{ever,once,kept,timeless,untimed}');

-- a refresh of many rows forgets old keys, and so do those that follow, page by page
SELECT cdp.set_message_memory('30 days', refuse_older => false);
SELECT send_others(1, 400);
SELECT :counts FROM cdp.refresh() r;
SELECT known('{ever,once,kept,timeless,untimed}');
SELECT forget_all();
SELECT known('{ever,once,kept,timeless,untimed}');
-- it does not come again, as others do whose keys are forgotten
SELECT send('ever'), send('kept');
SELECT :counts FROM cdp.refresh() r;
SELECT send('ever', 2);
SELECT :counts FROM cdp.refresh() r;
SELECT reason, detail FROM cdp.quarantine;
SELECT message_id, count(*) FROM cdp.events WHERE message_id !~ 'other' GROUP BY 1 ORDER BY 1;
SELECT * FROM cdp.verify();

-- a key that was forgotten before is there again, for whatever came with it
SELECT events FROM cdp.retract(message_ids => '{timeless,untimed,at once}', forever => true);
SELECT known('{timeless,untimed}');
SELECT forget_all();
SELECT send('timeless'), send('untimed', timed => false), send('untimed', timed => false);
SELECT :counts FROM cdp.refresh() r;
SELECT send('timeless', 2), send('untimed', 2, timed => false);
SELECT :counts FROM cdp.refresh() r;
SELECT reason, count(*) FROM cdp.quarantine GROUP BY 1;
-- its event does not tell whether it came with a time: each row is compared by itself, whatever comes before it
SELECT send('at once', 2, days => 98), send('at once', days => 98), send('at once', timed => false);
SELECT :counts FROM cdp.refresh() r;

-- of an id that two events have, as it was forgotten meanwhile, one is taken back: once the other is forgotten, or taken back not for
-- ever, the id stays used all the same
SELECT events FROM cdp.retract(query => 'SELECT min(event_id) FROM cdp.events WHERE message_id = ''kept''', forever => true);
SELECT * FROM cdp.verify();
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT send_others(401, 800);
SELECT :counts FROM cdp.refresh() r;
SELECT forget_all() > 0;
SELECT known('{ever,kept,timeless,untimed,other 1}');
SELECT events FROM cdp.retract(message_ids => '{kept}');
SELECT known('{kept}');
SELECT send('kept');
SELECT :counts FROM cdp.refresh() r;
SELECT * FROM cdp.verify();
-- nothing is left to be taken back
SELECT events FROM cdp.retract(message_ids => '{ever,kept}');

-- where older messages are refused, this is a duplicate
SELECT cdp.set_message_memory('30 days');
SELECT send('ever'), send('once');
SELECT :counts FROM cdp.refresh() r;
SELECT reason, record ->> 'message_id' AS message_id FROM cdp.quarantine WHERE reason = 'older_than_memory';

-- of a mutable source, and by statements
SET cdp.store = 'sql';
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true}}');
SELECT cdp.set_message_memory('30 days', refuse_older => false);
SELECT send('order', 1, source => 'shop'), send('one'), send('two'), send('two');
SELECT :counts FROM cdp.refresh() r;
SELECT send('order', 2, source => 'shop');
SELECT :counts FROM cdp.refresh() r;
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT events FROM cdp.retract(message_ids => '{order,one}', forever => true);
SELECT send_others(801, 1200);
SELECT :counts FROM cdp.refresh() r;
SELECT forget_all() > 0;
SELECT known('{order,one,two}');
SELECT events FROM cdp.retract(message_ids => '{two}', forever => true);
SELECT send('order', 2, source => 'shop'), send('one'), send('two');
SELECT :counts FROM cdp.refresh() r;
SELECT send('order', 3, source => 'shop');
SELECT :counts FROM cdp.refresh() r;
SELECT message_id FROM cdp.events WHERE message_id !~ 'other' ORDER BY 1;
SELECT * FROM cdp.verify();

-- it stays used as well if the other event with the id is corrected before it is taken back
SELECT send('again');
SELECT :counts FROM cdp.refresh() r;
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT send_others(1201, 1600);
SELECT :counts FROM cdp.refresh() r;
SELECT count(forget_all());
SELECT send('again');
SELECT :counts FROM cdp.refresh() r;
SELECT cdp.set_sources('{"web": {"mutable": true}}');
SELECT events FROM cdp.retract(query => 'SELECT min(event_id) FROM cdp.events WHERE message_id = ''again''', forever => true);
SELECT send('again', 2);
SELECT :counts FROM cdp.refresh() r;
SELECT events FROM cdp.retract(message_ids => '{again}');
SELECT known('{again}');
SELECT send('again', 3);
SELECT :counts FROM cdp.refresh() r;
SELECT * FROM cdp.verify();

-- once a month has left the log, they still have no event to be taken back
SELECT state FROM cdp.drop_events(now());
SELECT events FROM cdp.retract(message_ids => '{ever,kept,again}');
\c :origin
DROP DATABASE cdp_retract_forever;
