-- The rows of a caller's query: its text is read under the caller's search path, nothing else is.
\set VERBOSITY terse
CREATE SCHEMA shop;
CREATE SCHEMA hostile;
CREATE TABLE shop.visit (person integer, at timestamptz, event text);
INSERT INTO shop.visit VALUES (1, '2026-01-01', 'view'), (1, '2026-01-01 01:00', 'order'), (2, '2026-01-02', 'view'), (3, '2026-01-03', 'order');
SET search_path = shop;
SET timezone = 'UTC';
SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'SELECT * FROM visit');
SELECT cohort, period, people FROM cdp.retention_table('view', '*', 'day', 'UTC', periods => 1, query => 'TABLE visit', as_of => '2026-02-01');
SELECT label, people FROM cdp.paths(query => 'SELECT person, at, event FROM visit') ORDER BY label;
-- functions, operators and views of the caller's, and what a function of theirs names without a schema
CREATE FUNCTION shop.visits() RETURNS SETOF visit LANGUAGE sql STABLE AS 'SELECT * FROM visit';
CREATE FUNCTION shop.is_order(visit) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN EXISTS (SELECT FROM visit v WHERE v.person = $1.person AND v.event = ''order''); END';
CREATE VIEW shop.ordered AS SELECT v.* FROM visit v WHERE is_order(v);
SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'SELECT * FROM visits() v WHERE is_order(v)');
SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'TABLE ordered');
-- temporary tables, also one that hides another
CREATE TEMP TABLE visit AS SELECT 'p' || person AS person, at, event FROM shop.visit WHERE person = 1;
SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'TABLE visit');
SELECT label, people FROM cdp.paths(query => 'TABLE visit');
SELECT cohort, period, people FROM cdp.retention_table('view', '*', 'day', 'UTC', periods => 0, query => 'TABLE visit', as_of => '2026-02-01');
DROP TABLE pg_temp.visit;
-- another path, prepared once and run under each
PREPARE funnel AS SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'TABLE visit');
EXECUTE funnel;
SET search_path = public;
EXECUTE funnel;
SET search_path = '';
SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'TABLE shop.visit');
-- the path is as it was, after an error too
SHOW search_path;
SET search_path = shop, public;
SELECT * FROM cdp.paths(query => 'TABLE nowhere');
SHOW search_path;
-- what stands on the path changes nothing but the query
CREATE FUNCTION hostile.row_number() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint' WINDOW;
CREATE FUNCTION hostile.lower(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''hostile lower''; END';
CREATE FUNCTION hostile.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''hostile =''; END';
CREATE OPERATOR hostile.= (FUNCTION = hostile.equal, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION hostile.count() RETURNS bigint LANGUAGE sql AS 'SELECT -1::bigint';
CREATE FUNCTION hostile.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''hostile format''; END';
CREATE FUNCTION hostile.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT ''public''';
CREATE FUNCTION hostile.round(numeric, integer) RETURNS numeric LANGUAGE sql AS 'SELECT -1.0';
SET search_path = hostile, pg_catalog, shop;
SELECT event, people, from_first FROM cdp.funnel_table('view -> order in 1 day', query => 'TABLE visit');
SELECT cohort, period, people, share FROM cdp.retention_table('view', 'order', 'day', 'UTC', periods => 0, query => 'TABLE visit', as_of => '2026-02-01');
SELECT label, people, share FROM cdp.paths(query => 'TABLE visit') ORDER BY label COLLATE "C";
SELECT event, people FROM cdp.funnel_table('view -> order in 1 day', query => 'SELECT person, at, lower(event) FROM visit');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA shop, hostile CASCADE;
