-- Tables that the direct form does not serve, and what others put in the way of a write, which takes effect.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_fallback;
SET search_path = store_fallback;
CREATE TABLE plain (id bigint PRIMARY KEY, n integer);
SELECT store_test.reason('store_fallback.plain');
SET cdp.store = 'sql';
SELECT store_test.reason('store_fallback.plain');
SET cdp.store = 'auto';
SELECT store_test.reason('store_fallback.plain');
RESET cdp.store;
CREATE TABLE kind (name text PRIMARY KEY, definition text);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.n := NEW.n * 10;
	RETURN NEW;
END $$;
CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE store_fallback.counted SET n = counted.n + 1;
	RETURN NULL;
END $$;
-- the table is @, and has no more than a key and a number where only what is added to these is given
INSERT INTO kind VALUES
	('a trigger', 'CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON @ FOR EACH ROW EXECUTE FUNCTION stamp()'),
	('a statement trigger',
		'CREATE TRIGGER count AFTER INSERT OR UPDATE OR DELETE ON @ EXECUTE FUNCTION count_statement()'),
	('a rule', 'CREATE RULE log AS ON INSERT TO @ DO ALSO UPDATE counted SET n = counted.n + 100'),
	('a foreign key', 'ALTER TABLE @ ADD FOREIGN KEY (id) REFERENCES plain'),
	('a table referred to', 'CREATE TABLE referring (id bigint REFERENCES @)'),
	('a generated column', 'ALTER TABLE @ ADD g integer GENERATED ALWAYS AS (n + 1) STORED'),
	('an identity', 'ALTER TABLE @ ADD g integer GENERATED ALWAYS AS IDENTITY'),
	('a deferrable key', 'ALTER TABLE @ ADD UNIQUE (n) DEFERRABLE'),
	('an exclusion', 'ALTER TABLE @ ADD EXCLUDE USING btree (n WITH =)'),
	('a domain', 'CREATE DOMAIN small AS integer CHECK (value < 100); ALTER TABLE @ ALTER n TYPE small'),
	('a type modifier', 'ALTER TABLE @ ALTER n TYPE numeric(3,1)'),
	('a heir', 'CREATE TABLE heir () INHERITS (@); INSERT INTO heir VALUES (1, 5)'),
	('a list', 'DROP TABLE @; CREATE TABLE @ (id bigint PRIMARY KEY, n integer) PARTITION BY LIST (id);
		CREATE TABLE part PARTITION OF @ DEFAULT'),
	('partitions below', 'DROP TABLE @; CREATE TABLE @ (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);
		CREATE TABLE part PARTITION OF @ DEFAULT PARTITION BY RANGE (id);
		CREATE TABLE part_of PARTITION OF part DEFAULT'),
	('a partition with a trigger', 'DROP TABLE @; CREATE TABLE @ (id bigint PRIMARY KEY, n integer)
		PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF @ DEFAULT;
		CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON part FOR EACH ROW EXECUTE FUNCTION stamp()'),
	('a partition itself', 'DROP TABLE @; CREATE TABLE whole (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);
		CREATE TABLE @ PARTITION OF whole FOR VALUES FROM (0) TO (3)'),
	-- these are served
	('a hash index', 'CREATE INDEX ON @ USING hash (n)'),
	('an expression', 'CREATE INDEX ON @ ((n + 1))'),
	('a predicate', 'CREATE INDEX ON @ (n) WHERE n > 10'),
	('an unlogged table', 'ALTER TABLE @ SET UNLOGGED'),
	('nulls not distinct', 'CREATE UNIQUE INDEX ON @ (n) ' ||
		CASE WHEN current_setting('server_version_num')::integer >= 150000 THEN 'NULLS NOT DISTINCT' ELSE '' END),
	('a column that is gone', 'DROP TABLE @;
		CREATE TABLE @ (gone integer, id bigint PRIMARY KEY, gone_too text, n integer);
		ALTER TABLE @ DROP gone, DROP gone_too');

-- what the calls do on a table, as text
CREATE TABLE counted (n integer);
CREATE FUNCTION do_all(form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	done text := '';
	call text;
	result text;
BEGIN
	UPDATE counted SET n = 0;
	FOREACH call IN ARRAY ARRAY[
		$c$insert(%1$L, 'store_fallback.t', '{id,n}', '{1,2}'::bigint[], '{11,12}'::integer[])$c$,
		$c$insert(%1$L, 'store_fallback.t', '{n,id}', '{NULL,200,35}'::integer[], '{5,4,3}'::bigint[])$c$,
		$c$update(%1$L, 'store_fallback.t', '{id}', '{n}', '{2,1,7}'::bigint[], '{22,21,27}'::integer[])$c$,
		$c$upsert(%1$L, 'store_fallback.t', '{id}', '{n}', '{2,6}'::bigint[], '{3,4}'::integer[])$c$,
		$c$count(%1$L, 'store_fallback.t', '{id}', '{n}', '{1,2,3,4,5,6}'::bigint[])$c$,
		$c$delete(%1$L, 'store_fallback.t', '{id}', '{1,5}'::bigint[])$c$] LOOP
		BEGIN
			EXECUTE 'SELECT (store_test.' || format(call, form) || ')::text' INTO result;
		EXCEPTION WHEN OTHERS THEN
			result := SQLSTATE;
		END;
		done := done || ' ' || coalesce(result, '?');
	END LOOP;
	RETURN done || ' ' || (SELECT string_agg(t::text, ' ' ORDER BY id) FROM t) || ' ' || (SELECT counted.n
		FROM counted);
END $$;
INSERT INTO counted VALUES (0);
INSERT INTO plain SELECT i, i FROM generate_series(1, 4) i;
CREATE FUNCTION compare(definition text, OUT reason text, OUT read_reason text, OUT same boolean, OUT done text)
	LANGUAGE plpgsql AS $$
DECLARE
	by_sql text;
BEGIN
	-- each in a subtransaction that is rolled back
	BEGIN
		CREATE TABLE t (id bigint PRIMARY KEY, n integer);
		EXECUTE replace(definition, '@', 't');
		reason := store_test.reason('store_fallback.t');
		read_reason := store_test.reason('store_fallback.t', 'read');
		done := do_all('direct');
		RAISE EXCEPTION USING ERRCODE = 'ZZ000';
	EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	END;
	BEGIN
		CREATE TABLE t (id bigint PRIMARY KEY, n integer);
		EXECUTE replace(definition, '@', 't');
		by_sql := do_all('sql');
		RAISE EXCEPTION USING ERRCODE = 'ZZ000';
	EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	END;
	same := done = by_sql;
	done := coalesce(done, '') || CASE WHEN done <> by_sql THEN ' but by SQL ' || by_sql ELSE '' END;
END $$;
SELECT k.name, c.reason, c.read_reason, c.same, c.done FROM kind k, compare(k.definition) c ORDER BY reason, k.name;

-- defaults: constants are filled in, others make it SQL for that call
CREATE SEQUENCE s;
CREATE TABLE defaults (id bigint PRIMARY KEY, a integer NOT NULL DEFAULT 5, b text DEFAULT 'x' || 'y',
	c bigint DEFAULT nextval('s'), d jsonb DEFAULT '{"k": 1}', e text[] DEFAULT ARRAY['p','q']);
SELECT store_test.reason('store_fallback.defaults');
SELECT store_test.insert('direct', 'store_fallback.defaults', '{id}', '{1,2}'::bigint[]);
SELECT store_test.insert('direct', 'store_fallback.defaults', '{id,c,e}', '{3,4}'::bigint[], '{7,8}'::bigint[],
	'{NULL,"{r,NULL}"}'::text[]);
SELECT store_test.insert('sql', 'store_fallback.defaults', '{id,c,e}', '{5,6}'::bigint[], '{7,8}'::bigint[],
	'{NULL,"{r,NULL}"}'::text[]);
TABLE defaults ORDER BY id;

-- row security: of another than the owner, and of the owner too if forced
CREATE TABLE secured (id bigint PRIMARY KEY, owner text);
INSERT INTO secured VALUES (1, 'regress_store_ann'), (2, 'bob');
CREATE ROLE regress_store_ann;
GRANT USAGE ON SCHEMA store_fallback, store_test TO regress_store_ann;
GRANT ALL ON secured TO regress_store_ann;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured USING (owner = current_user);
SELECT store_test.count('direct', 'store_fallback.secured', '{id}', '{}', '{1,2}'::bigint[]);
SET ROLE regress_store_ann;
SELECT store_test.count('direct', 'store_fallback.secured', '{id}', '{}', '{1,2}'::bigint[]);
SELECT store_test.update('direct', 'store_fallback.secured', '{id}', '{owner}', '{1,2}'::bigint[],
	'{regress_store_ann,regress_store_ann}'::text[]);
SELECT store_test.insert('direct', 'store_fallback.secured', '{id,owner}', '{3}'::bigint[], '{bob}'::text[]);
SELECT store_test.insert('sql', 'store_fallback.secured', '{id,owner}', '{3}'::bigint[], '{bob}'::text[]);
SELECT store_test.insert('direct', 'store_fallback.secured', '{id,owner}', '{3}'::bigint[],
	'{regress_store_ann}'::text[]);
SELECT store_test.delete('direct', 'store_fallback.secured', '{id}', '{1,2}'::bigint[]);
SET row_security = off;
SELECT store_test.count('direct', 'store_fallback.secured', '{id}', '{}', '{1,2}'::bigint[]);
SELECT store_test.count('sql', 'store_fallback.secured', '{id}', '{}', '{1,2}'::bigint[]);
RESET row_security;
RESET ROLE;
TABLE secured ORDER BY id;
-- the plan that is kept in the session serves one role after another
SET ROLE regress_store_ann;
SELECT store_test.count('sql', 'store_fallback.secured', '{id}', '{}', '{2,3}'::bigint[]);
RESET ROLE;
SELECT store_test.count('sql', 'store_fallback.secured', '{id}', '{}', '{2,3}'::bigint[]);
-- an index of another collation than its column's finds other rows than statements do: it is none to find rows by
CREATE TABLE collated (name text COLLATE "C", n integer);
CREATE UNIQUE INDEX ON collated (name COLLATE "POSIX");
INSERT INTO collated VALUES ('a', 1);
SELECT store_test.count('direct', 'store_fallback.collated', '{name}', '{}', '{a}'::text[]);
CREATE INDEX ON collated (name);
SELECT store_test.count('direct', 'store_fallback.collated', '{name}', '{}', '{a}'::text[]);
-- a system catalog, and the tables of the platform
SELECT store_test.reason('pg_catalog.pg_class', 'read');
SELECT cdp.init();
SELECT c.name, store_test.reason('cdp_data.' || c.name) FROM cdp_internal.catalogue() c
	WHERE 'cdp_data' = ANY (c.schemas) ORDER BY 2, 1;
-- the setting, once the module of the extension is loaded
SET cdp.store = 'neither';
SET cdp.store = 'sql';
SELECT store_test.reason('cdp_data.event');
RESET cdp.store;
DROP SCHEMA store_fallback CASCADE;
DROP OWNED BY regress_store_ann;
DROP ROLE regress_store_ann;
