-- How long the keys of messages are kept, and what becomes of messages that are older.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_message_memory ENCODING 'UTF8' TEMPLATE template0;
\c cdp_message_memory
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set VERBOSITY terse
\set counts 'r.taken, r.accepted, r.duplicate, r.quarantined'
\set reasons 'SELECT reason, regexp_replace(detail, ''before .*,'', ''before …,'') AS detail, count(*) FROM cdp.quarantine GROUP BY 1, 2 ORDER BY 1, 2'

-- what cannot be
SELECT cdp.set_message_memory('0');
SELECT cdp.set_message_memory('-1 day');
SELECT cdp.set_message_memory('3 months');
SELECT cdp.set_message_memory('37000 days');
SELECT cdp.set_message_memory('1 day', NULL);
SELECT message_memory, refuses_older FROM cdp_data.state;

-- 300 messages of some hundred days ago
CREATE FUNCTION send(first int, last int, ago interval, refresh_at_once boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (event, user_id, message_id, "timestamp", received_at)
	SELECT 'Seen', 'u' || i % 10, 'm' || i, date_trunc('day', now()) - ago, date_trunc('day', now()) - ago FROM generate_series(first, last) i;
	IF refresh_at_once THEN
		PERFORM cdp.refresh();
	END IF;
END
$$;
SELECT send(1, 300, '100 days');
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT send(301, 400, '10 days');
SELECT cdp.set_message_memory('30 days');
SELECT message_memory, refuses_older, forgotten_batch_id FROM cdp_data.state;

-- what is known is a duplicate, however old; what is older and not known is refused; without an id nothing is
SELECT send(1, 20, '100 days', false), send(500, 509, '60 days', false), send(510, 519, '29 days', false);
INSERT INTO cdp.inbox (event, user_id, "timestamp") SELECT 'Seen', 'u1', now() - interval '60 days' FROM generate_series(1, 5);
INSERT INTO cdp.inbox (event, user_id, message_id) VALUES ('Seen', 'u1', 'without a time');
-- one id twice
INSERT INTO cdp.inbox (event, user_id, message_id, "timestamp") SELECT 'Seen', 'u' || i, 'twice', now() - interval '60 days' FROM generate_series(1, 2) i;
SELECT :counts FROM cdp.refresh() r;
:reasons;
SELECT * FROM cdp.verify();

-- a refresh of many rows forgets the old ones
SELECT count(*) FROM cdp_data.message m WHERE m.batch_id = 1;
SELECT send(600, 799, '1 day');
SELECT forgotten_batch_id, forgotten_until < now() - interval '99 days' AS long_ago FROM cdp_data.state;
SELECT m.batch_id, count(*) FROM cdp_data.message m GROUP BY 1 ORDER BY 1;
SELECT * FROM cdp.verify();
-- and refuses them from then on
SELECT send(1, 20, '100 days', false), send(301, 310, '10 days', false);
SELECT :counts FROM cdp.refresh() r;
:reasons;
-- whatever the memory is then
SELECT cdp.set_message_memory('365 days');
SELECT send(21, 30, '100 days', false), send(900, 904, '90 days', false);
SELECT :counts FROM cdp.refresh() r;
SELECT cdp.set_message_memory(NULL);
SELECT send(21, 30, '100 days', false), send(905, 909, '90 days', false);
SELECT :counts FROM cdp.refresh() r;
-- or it takes them in, to count twice
SELECT cdp.set_message_memory('30 days', refuse_older => false);
DELETE FROM cdp.quarantine WHERE record ->> 'message_id' !~ '^m50\d$|^m[1-5]$';
SELECT cdp.replay('older_than_memory');
SELECT :counts FROM cdp.refresh() r;
SELECT e.message_id, count(*) FROM cdp.events e GROUP BY 1 HAVING count(*) > 1 AND e.message_id IS NOT NULL ORDER BY 1;
:reasons;
SELECT * FROM cdp.verify();
SELECT cdp.set_message_memory('30 days');

-- a message may have happened a day (of 24 hours, as those of the memory) after it was accepted: until that is old, its key is kept
INSERT INTO cdp.inbox (event, user_id, message_id, "timestamp") VALUES ('Seen', 'u1', 'ahead', now() + interval '23 hours');
SELECT :counts FROM cdp.refresh() r;
SELECT batch_id AS ahead FROM cdp_data.message WHERE message_key = cdp_internal.message_key('ahead') \gset
UPDATE cdp_data.batch SET as_of = as_of - interval '743 hours' WHERE batch_id = :ahead;
SELECT send(1000, 1199, '1 day');
SELECT count(*) AS kept FROM cdp_data.message WHERE message_key = cdp_internal.message_key('ahead');
UPDATE cdp_data.batch SET as_of = as_of - interval '2 hours' WHERE batch_id = :ahead;
SELECT send(1200, 1399, '1 day');
SELECT count(*) AS kept FROM cdp_data.message WHERE message_key = cdp_internal.message_key('ahead');

-- of a large table each refresh goes through some pages, and round again
SELECT send(2000, 21999, '40 days', false);
SELECT cdp.set_message_memory('30 days', false);
SELECT accepted FROM cdp.refresh(100000);
SELECT cdp.set_message_memory('30 days');
UPDATE cdp_data.batch SET as_of = as_of - interval '40 days' WHERE batch_id = (SELECT max(batch_id) FROM cdp_data.batch);
SELECT count(*) AS keys FROM cdp_data.message \gset
CREATE TABLE forgotten (call int, keys bigint);
DO $$
BEGIN
	FOR i IN 1 .. 30 LOOP
		INSERT INTO forgotten VALUES (i, cdp_internal.forget_messages(100));
	END LOOP;
END
$$;
SELECT max(keys) BETWEEN 800 AND 1200 AS eight_for_each_row, sum(keys) FROM forgotten;
SELECT count(*) - :keys AS of_the_table FROM cdp_data.message;
SELECT * FROM cdp.verify();
-- one row at a time: each hundredth batch looks
SELECT send(25000, 25049, '1 day');
SELECT max(batch_id) AS old FROM cdp_data.batch \gset
-- where they are
UPDATE cdp_data.state SET message_block = (SELECT min((m.ctid::text::point)[0]) FROM cdp_data.message m WHERE m.batch_id = :old);
UPDATE cdp_data.batch SET as_of = as_of - interval '40 days' WHERE batch_id = :old;
DO $$
BEGIN
	FOR i IN 1 .. 101 LOOP
		PERFORM send(30000 + i, 30000 + i, '1 day');
	END LOOP;
END
$$;
SELECT count(*) AS old_ones, (SELECT count(*) FROM cdp_data.message WHERE batch_id > :old) AS new_ones FROM cdp_data.message WHERE batch_id = :old;
-- by statements as well
SET cdp.store = 'sql';
SELECT send(30001, 30010, '60 days', false), send(500, 509, '60 days', false), send(40000, 40001, '1 day', false);
SELECT :counts FROM cdp.refresh() r;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_message_memory;
