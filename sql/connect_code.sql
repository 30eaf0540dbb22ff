-- The owner of a connected table cannot run code as the role that connects it: by domains below domains, casts to json,
-- and what planning evaluates of indexes, constraints, statistics and partition keys.
SELECT current_database() AS origin \gset
CREATE ROLE regress_cdp_code_steward;
CREATE ROLE regress_cdp_code_shop;
CREATE DATABASE cdp_connect_code ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_code
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set SHOW_CONTEXT never
SELECT cdp.init();
SELECT cdp.grant_access('regress_cdp_code_steward', 'steward');
CREATE SCHEMA shop AUTHORIZATION regress_cdp_code_shop;
GRANT USAGE ON SCHEMA shop TO regress_cdp_code_steward;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_cdp_code_shop GRANT ALL ON TABLES TO regress_cdp_code_steward;

SET ROLE regress_cdp_code_shop;
CREATE FUNCTION shop.tell(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN IF current_user <> 'regress_cdp_code_shop' THEN RAISE WARNING 'runs as %', current_user; END IF; RETURN i; END $$;
CREATE FUNCTION shop.inlined(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT i + shop.tell(1)';
CREATE FUNCTION shop.other(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN i; END $$;
CREATE DOMAIN shop.below AS integer CHECK (shop.tell(value) > 0);
CREATE DOMAIN shop.above AS shop.below;
CREATE TYPE shop.mood AS ENUM ('good');
CREATE FUNCTION shop.as_json(mood shop.mood) RETURNS json LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN RAISE WARNING 'runs as %', current_user; RETURN '1'; END $$;
CREATE CAST (shop.mood AS json) WITH FUNCTION shop.as_json(shop.mood);
CREATE TYPE shop.deep AS (moods shop.mood[]);
CREATE TABLE shop.by_domain (id integer PRIMARY KEY, v shop.above);
CREATE TABLE shop.by_cast (id integer PRIMARY KEY, v shop.mood);
CREATE TABLE shop.by_deep_cast (id integer PRIMARY KEY, v shop.deep);
CREATE TABLE shop.by_index (id integer PRIMARY KEY, v integer);
CREATE INDEX ON shop.by_index ((id + shop.tell(1)));
CREATE TABLE shop.by_inlining (id integer PRIMARY KEY, v integer);
CREATE INDEX ON shop.by_inlining (shop.inlined(id));
CREATE TABLE shop.by_predicate (id integer PRIMARY KEY, v integer);
CREATE INDEX ON shop.by_predicate (v) WHERE shop.tell(1) = 1;
CREATE TABLE shop.by_constraint (id integer PRIMARY KEY, v integer, CHECK (shop.tell(1) = v));
CREATE TABLE shop.by_statistics (id integer PRIMARY KEY, v integer);
CREATE STATISTICS shop.more ON (v + shop.tell(1)), (v + 1) FROM shop.by_statistics;
CREATE TABLE shop.by_partition (id integer, v integer) PARTITION BY LIST ((id + shop.tell(1)));
CREATE TABLE shop.by_child (id integer PRIMARY KEY, v integer);
CREATE TABLE shop.child (CHECK (shop.tell(1) = v)) INHERITS (shop.by_child);
-- functions that planning does not call do no harm
CREATE TABLE shop.harmless (id integer PRIMARY KEY, v integer, CHECK (shop.other(v) > 0));
CREATE INDEX ON shop.harmless (shop.other(v)) WHERE shop.other(id) > 0;
INSERT INTO shop.harmless VALUES (1, 1);

SET ROLE regress_cdp_code_steward;
\set mapping '\'{"identifiers": {"user_id": "id"}, "event": "\'\'Seen\'\'", "key": "id", "at": "now()", "properties": ["v"]}\''
SELECT cdp.connect('shop.by_domain', mapping => :mapping);
SELECT cdp.connect('shop.by_cast', mapping => :mapping);
SELECT cdp.connect('shop.by_deep_cast', mapping => :mapping);
SELECT cdp.connect('shop.by_index', mapping => :mapping);
SELECT cdp.connect('shop.by_inlining', mapping => :mapping);
SELECT cdp.connect('shop.by_predicate', mapping => :mapping);
SELECT cdp.connect('shop.by_constraint', mapping => :mapping);
SELECT cdp.connect('shop.by_statistics', mapping => :mapping);
SELECT cdp.connect('shop.by_partition', mapping => :mapping);
SELECT cdp.connect('shop.by_child', mapping => :mapping);
SELECT cdp.connect('shop.harmless', mapping => :mapping);
-- nor do subqueries of a mapping
SELECT cdp.connect('shop.harmless', name => 'casts', mapping => :mapping::jsonb || '{"context": {"mood": "(SELECT to_jsonb(c.v) FROM shop.by_cast c)"}}');
SELECT cdp.connect('shop.harmless', name => 'indexed', mapping => :mapping::jsonb || '{"context": {"v": "(SELECT max(i.v) FROM shop.by_index i)"}}');
RESET ROLE;
SELECT taken, accepted FROM cdp.refresh();
-- one that is made later
SET ROLE regress_cdp_code_shop;
CREATE INDEX later ON shop.harmless ((v + shop.tell(1)));
INSERT INTO shop.harmless VALUES (2, 2);
RESET ROLE;
SELECT taken, accepted FROM cdp.refresh();
SELECT name, state, error FROM cdp.connection ORDER BY name;
\c :origin
DROP DATABASE cdp_connect_code;
DROP ROLE regress_cdp_code_shop, regress_cdp_code_steward;
