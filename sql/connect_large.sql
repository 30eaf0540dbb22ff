-- What triggers noted of large rows is read in parts of 64 MB; what the server cannot take stops no other connection.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_connect_large ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_large
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
\set SHOW_CONTEXT never
SELECT cdp.init();
CREATE TABLE document (id integer PRIMARY KEY, body text);
CREATE TABLE other (id integer PRIMARY KEY);
SELECT cdp.connect('document', event => $$ 'Written' $$, identifiers => '{"user_id": "id"}');
SELECT cdp.connect('other', event => $$ 'Seen' $$, identifiers => '{"user_id": "id"}');
SELECT accepted FROM cdp.refresh();
INSERT INTO document VALUES (1, 'short');
INSERT INTO document VALUES (2, repeat('x', 68000000));
INSERT INTO document VALUES (3, 'short');
-- so that the rows as they are now are small
ALTER TABLE document DROP COLUMN body;
SET track_functions = 'pl';
BEGIN;
SELECT accepted FROM cdp.refresh();
-- one part before the large row, one of it, and one after it
SELECT calls FROM pg_stat_xact_user_functions WHERE schemaname = 'cdp_internal' AND funcname = 'send_rows';
COMMIT;
RESET track_functions;
SELECT name, state, error, sent, waiting FROM cdp.connection ORDER BY name;

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'array size exceeds the maximum allowed' USING ERRCODE = 'program_limit_exceeded';
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON cdp.inbox FOR EACH ROW WHEN (new.source = 'document') EXECUTE FUNCTION refuse();
INSERT INTO document VALUES (4);
INSERT INTO other VALUES (1);
SELECT accepted FROM cdp.refresh();
SELECT name, state, error, sent, waiting FROM cdp.connection ORDER BY name;
DROP TRIGGER refuse ON cdp.inbox;
SELECT accepted FROM cdp.refresh();
SELECT name, state, error, sent, waiting FROM cdp.connection ORDER BY name;
\c :origin
DROP DATABASE cdp_connect_large;
