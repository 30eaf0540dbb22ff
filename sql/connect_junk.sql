-- Whatever stands in a connected table ends as an event or in quarantine, and the rest arrives.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_junk ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_junk
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
CREATE TABLE junk (id integer PRIMARY KEY, who text, said text, doc text, at text, n float8);
CREATE FUNCTION fill(first integer) RETURNS void LANGUAGE sql AS $$
	INSERT INTO junk VALUES (first + 1, 'w', 'fine', '{"a": 1}', '2026-01-01', 1), (first + 2, 'w', 'no json', '{"a": ', '2026-01-01', 1), (first + 3, 'w', 'a NUL', '{"a": "\u0000"}', '2026-01-01', 1),
		(first + 4, 'w', 'half a character', '{"a": "\ud800"}', '2026-01-01', 1), (first + 5, 'w', 'deep', repeat('[', 10000) || repeat(']', 10000), '2026-01-01', 1), (first + 6, 'w', 'too deep', repeat('[', 100000), '2026-01-01', 1),
		(first + 7, 'w', repeat('x', 10000000), '[]', '2026-01-01', 1), (first + 8, 'w', 'no time', '1', 'yesterday morning', 1), (first + 9, 'w', 'far', '1', '294276-12-31', 1), (first + 10, 'w', 'too far', '1', '294277-01-01', 1),
		(first + 11, 'w', 'old', '1', '4713-01-01 BC', 1), (first + 12, 'w', 'never', '1', 'infinity', 1), (first + 13, 'w', 'no number', 'null', '2026-01-01', 'NaN'), (first + 14, 'w', 'endless', '"x"', '2026-01-01', '-infinity'),
		(first + 15, repeat('w', 1000), 'long', '1', '2026-01-01', 1), (first + 16, '', 'empty', '{}', '2026-01-01', 1), (first + 17, E'\t\n', 'blank', '{"": ""}', NULL, NULL), (first + 18, '(","\\"")', '(",\\")', '"(\",\\\\)"', '2026-01-01', 0)
$$;
SELECT fill(0);
SELECT cdp.connect('junk', event => 'left(said, 20)', at => 'at', identifiers => '{"user_id": "who"}', properties => '{"doc": "doc::jsonb", "n": "n", "size": "length(said)", "said": "said"}');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT fill(100);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, left(event, 20) AS event, left(user_id, 20) AS who, left(properties::text, 60) AS properties, CASE WHEN "timestamp" < '2026-11-01' THEN "timestamp" END AS at FROM cdp.events ORDER BY split_part(message_id, ':', 2)::integer;
SELECT q.reason, q.detail, count(*) FROM (SELECT reason COLLATE "C" AS reason, left(detail, 44) COLLATE "C" AS detail FROM cdp.quarantine) q GROUP BY 1, 2 ORDER BY 1, 2;
SELECT state, sent, failed FROM cdp.connection;
-- texts that are no rows, as a steward could write them
INSERT INTO cdp_data.followed_row (connection, operation, columns, rows, new_rows, old_rows) VALUES ('junk', 'insert', '{1,2,3,4,5,6}', 1, '(', NULL), ('junk', 'insert', '{1,2,3,4,5,6}', 1, 'x', NULL), ('junk', 'insert', '{1,2,3,4,5,6}', 3, '(1,2)(7001,w,"a"",b",1,2026-01-01,1)("', NULL),
	('junk', 'update', '{1,2,3,4,5,6}', 1, '(7002,w,a,1,2026-01-01,1', '(7002,w,a,1,2026-01-01,1)'), ('junk', 'insert', '{6,99,1}', 1, '(1,2,7003)', NULL), ('junk', 'insert', '{}', 1, '()', NULL), ('junk', 'insert', '{-1,0,32767}', 1, '(a,b,c)', NULL), ('junk', 'insert', '{1}', 1, '', ''), ('none', 'insert', '{1}', 1, '(1)', NULL);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT detail, line FROM cdp.quarantine ORDER BY quarantine_id DESC LIMIT 9;
SELECT properties -> 'said' AS said FROM cdp.events WHERE message_id = 'junk:7001';
SELECT count(*) FROM cdp_data.followed_row;
SELECT * FROM cdp.verify();
-- the table goes while it is being read
CREATE TABLE many (id integer PRIMARY KEY, who text);
INSERT INTO many SELECT i, 'w' || i FROM generate_series(1, 300) i;
SELECT cdp.connect('many', event => $$ 'm' $$, identifiers => '{"user_id": "who"}');
SELECT accepted FROM cdp.refresh(100);
ALTER TABLE many DROP COLUMN who;
SELECT accepted FROM cdp.refresh(100);
SELECT state, error FROM cdp.connection WHERE name = 'many';
ALTER TABLE many ADD COLUMN who text DEFAULT 'z';
SELECT accepted FROM cdp.refresh(100);
SELECT state, error FROM cdp.connection WHERE name = 'many';
DROP TABLE many;
SELECT accepted FROM cdp.refresh(100);
SELECT state, error FROM cdp.connection WHERE name = 'many';
SELECT cdp.disconnect('many');
SELECT count(*) FROM cdp.events WHERE source = 'many';
\c :origin
DROP DATABASE cdp_connect_junk;
