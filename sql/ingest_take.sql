-- How a refresh empties inboxes that are not as cdp.init() made them.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_take ENCODING 'UTF8' TEMPLATE template0;
\c cdp_take
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.init();
\set counts 'taken, waiting, accepted, duplicate, quarantined'
CREATE FUNCTION bring(VARIADIC ids text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id, properties, source)
	SELECT id, 'View', 'u-' || id, jsonb_build_object('id', id), 'web' FROM unnest(ids) AS id;
	INSERT INTO cdp.inbox_raw (line) SELECT format('{"messageId": "line %s", "event": "View", "userId": "l-%s"}', id, id) FROM unnest(ids) AS id $$;

-- more columns, others at another number, a default that old rows do not hold
SELECT bring('a');
ALTER TABLE cdp.inbox ADD COLUMN ours integer DEFAULT 7, DROP COLUMN source;
ALTER TABLE cdp.inbox ADD COLUMN source text DEFAULT 'shop';
ALTER TABLE cdp.inbox_raw ADD COLUMN ours integer DEFAULT 7;
SELECT bring('b');
SELECT :counts FROM cdp.refresh();
SELECT message_id, event, properties, source FROM cdp.events ORDER BY message_id;

-- a column of another type
SELECT bring('c');
ALTER TABLE cdp.inbox ALTER COLUMN user_id TYPE varchar;
SELECT :counts FROM cdp.refresh();
ALTER TABLE cdp.inbox ALTER COLUMN user_id TYPE text;
SELECT :counts FROM cdp.refresh();

-- triggers: rows that are kept back wait; what a statement's trigger raises is no row's fault
CREATE TABLE deleted (number serial, message_id text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.message_id = 'kept' THEN RETURN NULL; END IF;
	INSERT INTO public.deleted (message_id) VALUES (OLD.message_id);
	RETURN OLD;
END $$;
CREATE TRIGGER note BEFORE DELETE ON cdp.inbox FOR EACH ROW EXECUTE FUNCTION note();
SELECT bring('d', 'kept', 'e');
SELECT :counts FROM cdp.refresh();
SELECT message_id FROM deleted ORDER BY number;
SELECT message_id, source FROM cdp.inbox;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not on Sundays'; END $$;
CREATE TRIGGER fail BEFORE DELETE ON cdp.inbox FOR EACH STATEMENT EXECUTE FUNCTION fail();
SELECT :counts FROM cdp.refresh();
DROP TRIGGER fail ON cdp.inbox;
DROP TRIGGER note ON cdp.inbox;
SELECT :counts FROM cdp.refresh();

-- a rule
CREATE RULE note AS ON DELETE TO cdp.inbox_raw DO ALSO INSERT INTO public.deleted (message_id) VALUES (OLD.line);
SELECT bring('f', 'g');
SELECT :counts FROM cdp.refresh();
SELECT message_id FROM deleted ORDER BY number;
DROP RULE note ON cdp.inbox_raw;

-- places: one that is not there, and each line twice
SELECT bring('h', 'i');
BEGIN;
SELECT cdp_internal.refresh_lock(true);
SELECT cdp_internal.next_batch('{"(9999,1)"}', ARRAY(SELECT ctid FROM cdp.inbox_raw UNION ALL SELECT ctid FROM cdp.inbox_raw ORDER BY 1));
SELECT (p.done).taken, (p.done).accepted FROM cdp_data.state s CROSS JOIN LATERAL cdp_internal.refresh_pass(s.event_id, s.identifier_id, s.quarantine_id) p;
SELECT message_id FROM cdp.events WHERE message_id IN ('line h', 'line i') ORDER BY 1;
SELECT (SELECT count(*) FROM cdp.inbox) AS rows, (SELECT count(*) FROM cdp.inbox_raw) AS lines;
ROLLBACK;

-- an error for each: cut, and whole
\set aside 'SELECT cdp_internal.refresh_lock(true), cdp_internal.set_aside(ARRAY(SELECT ctid FROM cdp.inbox ORDER BY 1), ARRAY(SELECT ctid FROM cdp.inbox_raw ORDER BY 1), ''{one,two,three,four}'','
\set shown 'SELECT record ->> ''message_id'' AS message_id, line, reason, detail, cut, sizes, source FROM cdp.quarantine WHERE reason = ''failed'' ORDER BY quarantine_id'
BEGIN;
:aside true);
:shown;
ROLLBACK;
BEGIN;
:aside false);
:shown;
ROLLBACK;
SELECT :counts FROM cdp.refresh();

\c :origin
DROP DATABASE cdp_take;
