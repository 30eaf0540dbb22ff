-- Random histories of tables, against what the tables hold in the end: inserts, updates, deletes, changes of keys, new
-- columns, TRUNCATE, tables that are loaded anew under their name, tables connected at any moment, refreshes of any size.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\i :no_autovacuum
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m $$;
CREATE TABLE plain (id integer PRIMARY KEY, who text, n integer, note text, state text);
CREATE TABLE parts (id integer, who text, n integer, note text, state text, at timestamptz) PARTITION BY HASH (id);
CREATE TABLE parts_0 (state text, at timestamptz, junk integer, note text, n integer, who text, id integer);
ALTER TABLE parts_0 DROP COLUMN junk;
ALTER TABLE parts ATTACH PARTITION parts_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE SEQUENCE tick;
CREATE TABLE versioned (id integer PRIMARY KEY, who text, n integer, note text, state text, at bigint DEFAULT nextval('tick'));
CREATE TABLE stamped (id integer PRIMARY KEY, who text, n integer, note text, state text, at bigint GENERATED ALWAYS AS IDENTITY);
-- what the events of a connection should be, and are
CREATE FUNCTION expected(connected regclass) RETURNS TABLE (message_id text, body text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT '%1$s:' || id, concat_ws('|', who, n, note, '-') FROM %1$I WHERE state <> 'silent'
		UNION ALL SELECT '%1$s:' || id || ':traits', concat_ws('|', who, '-', state) FROM %1$I WHERE state = 'rich' $q$, connected::text);
END
$$;
CREATE VIEW found AS
	SELECT e.source, e.message_id, concat_ws('|', e.user_id, e.properties ->> 'n', e.properties ->> 'note', '-', e.traits ->> 'state') AS body FROM cdp.events e;
CREATE FUNCTION differences() RETURNS TABLE (source text, message_id text, expected text, found text) LANGUAGE sql AS $$
	SELECT t, message_id, x.body, f.body FROM unnest('{plain,parts,stamped,versioned}'::text[]) t
	CROSS JOIN LATERAL (SELECT * FROM expected(t::regclass) x FULL JOIN (SELECT f.message_id, f.body FROM found f WHERE f.source = t) f USING (message_id)) b (message_id, x_body, f_body)
	CROSS JOIN LATERAL (SELECT b.x_body AS body) x CROSS JOIN LATERAL (SELECT b.f_body AS body) f
	WHERE x.body IS DISTINCT FROM f.body ORDER BY 1, 2
$$;
CREATE FUNCTION step(seed text, i integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s text := seed || i;
	t text := (ARRAY['plain', 'parts', 'stamped', 'versioned', 'parts_' || chance(s || 'p', 2)])[1 + chance(s || 't', 5)];
	ids text := (SELECT string_agg((1 + chance(s || 'id' || k, 400))::text, ',') FROM generate_series(1, 1 + chance(s || 'many', 30)) k);
	rest text := CASE WHEN t LIKE 'parts\__' THEN format('satisfies_hash_partition(''parts''::regclass, 2, %s, id)', right(t, 1)) ELSE 'true' END;
	values text := format('''w'' || chance(%1$L || id, 40), chance(%1$L || id || ''n'', 9), CASE chance(%1$L || id || ''o'', 3) WHEN 0 THEN E''a"\\\\,()'' WHEN 1 THEN '''' END, (ARRAY[''rich'', ''silent'', ''plain''])[1 + chance(%1$L || id || ''s'', 3)]', s);
	bump text := CASE WHEN t IN ('stamped', 'versioned') THEN ', at = DEFAULT' ELSE '' END;
BEGIN
	CASE chance(s || 'what', 11)
		WHEN 0, 1, 2 THEN
			EXECUTE format('INSERT INTO %1$I (id, who, n, note, state) SELECT id, %2$s FROM unnest(ARRAY[%3$s]) id WHERE %4$s AND NOT EXISTS (SELECT FROM %1$I x WHERE x.id = id.id) GROUP BY id', t, values, ids, rest);
		WHEN 3, 4, 5 THEN
			EXECUTE format('UPDATE %1$I SET (who, n, note, state) = (SELECT %2$s)%3$s WHERE id IN (%4$s)', t, values, bump, ids);
		WHEN 6 THEN
			EXECUTE format('DELETE FROM %I WHERE id IN (%s)', t, ids);
		WHEN 7 THEN
			IF t IN ('plain', 'parts') THEN
				EXECUTE format('UPDATE %1$I SET id = id + 1000 - 2000 * (id / 1000) WHERE id %% 1000 IN (%2$s) AND NOT EXISTS (SELECT FROM %1$I x WHERE x.id = %1$I.id + 1000 - 2000 * (%1$I.id / 1000))', t, ids);
			END IF;
		WHEN 8 THEN
			IF t = 'plain' AND chance(s || 'alter', 3) = 0 THEN
				EXECUTE format('ALTER TABLE plain ADD COLUMN c%s integer DEFAULT 1', i);
			END IF;
		WHEN 9 THEN
			IF chance(s || 'truncate', 4) = 0 THEN
				EXECUTE format('TRUNCATE %I', t);
			ELSIF chance(s || 'load', 3) = 0 AND t IN ('plain', 'stamped', 'versioned') THEN
				-- with a part of the rows, some of them changed
				EXECUTE format('CREATE TABLE fresh (LIKE %1$I INCLUDING ALL); INSERT INTO fresh (id, who, n, note, state) SELECT id, who, chance(%2$L || id, 9), note, state FROM %1$I WHERE chance(%2$L || id || who, 3) > 0;
					DROP TABLE %1$I; ALTER TABLE fresh RENAME TO %1$I', t, s);
				IF EXISTS (SELECT FROM cdp.connection WHERE name = t) THEN PERFORM cdp.reconnect(t); END IF;
			END IF;
		ELSE
			PERFORM set_config('cdp.store', CASE WHEN chance(s || 'form', 2) = 0 THEN 'sql' ELSE 'auto' END, true);
			PERFORM cdp.refresh(1 + chance(s || 'size', 80));
	END CASE;
END
$$;
CREATE FUNCTION connect_one(t regclass, way text, version text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT cdp.connect(t, event => $e$ CASE state WHEN 'silent' THEN NULL ELSE 'e' END $e$, identifiers => '{"user_id": "who"}', properties => '["n", "note"]', traits => $e${"state": "nullif(nullif(state, 'silent'), 'plain')"}$e$,
		key => 'id', cursor_column => way, version => version) $$;
CREATE FUNCTION run(seed text, steps integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	taken bigint := 1;
BEGIN
	FOR i IN 1 .. steps LOOP
		IF i = steps / 10 THEN PERFORM connect_one('plain', NULL); END IF;
		IF i = steps / 8 THEN PERFORM connect_one('parts', NULL); END IF;
		IF i = steps / 6 THEN PERFORM connect_one('stamped', 'at'); END IF;
		IF i = steps / 7 THEN PERFORM connect_one('versioned', NULL, 'at'); END IF;
		IF i = steps / 2 THEN PERFORM cdp.reconnect('plain'); PERFORM cdp.reconnect('stamped'); END IF;
		PERFORM step(seed, i);
	END LOOP;
	-- what no trigger sees: deletes in a table that is followed by a column, TRUNCATE of a partition or where rows have versions
	PERFORM cdp.reconnect('parts'), cdp.reconnect('stamped'), cdp.reconnect('versioned');
	WHILE taken > 0 LOOP
		SELECT r.taken INTO taken FROM cdp.refresh(50 + chance(seed, 500)) r;
	END LOOP;
	RETURN (SELECT count(*) FROM differences());
END
$$;
SELECT run('a', 550);
SELECT * FROM differences() LIMIT 5;
SELECT count(*) > 500 AS many, count(DISTINCT source) AS sources FROM found;
SELECT name, state, error, warning, waiting, taking_back FROM cdp.connection ORDER BY name;
SELECT count(*) FROM cdp_data.seen_call;
SELECT count(*) FROM cdp.quarantine;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_random;
