-- Tables partitioned by range: rows go to their partition, and are found in all of them.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS cdp_store_test;
CREATE SCHEMA store_partition;
SET search_path = store_partition;
CREATE TABLE form (form text, tab text);
INSERT INTO form VALUES ('direct', 'store_partition.by_direct'), ('sql', 'store_partition.by_sql');

-- partitions whose columns stand in another order, and of which some are gone
CREATE PROCEDURE make(tab text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace($sql$
	CREATE TABLE @ (gone integer, event_id bigint NOT NULL, person bigint NOT NULL, at timestamptz NOT NULL,
		batch_id bigint NOT NULL DEFAULT 7,
		name text, properties jsonb, PRIMARY KEY (person, at, event_id)) PARTITION BY RANGE (at);
	ALTER TABLE @ DROP gone;
	CREATE INDEX ON @ USING brin (batch_id);
	CREATE INDEX ON @ (name);
	CREATE TABLE @_1 PARTITION OF @ FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
	CREATE TABLE @_2 (name text, also_gone text, properties jsonb, at timestamptz NOT NULL, batch_id bigint NOT NULL,
		person bigint NOT NULL, event_id bigint NOT NULL);
	ALTER TABLE @_2 DROP also_gone;
	ALTER TABLE @ ATTACH PARTITION @_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
	CREATE TABLE @_4 PARTITION OF @ FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
	$sql$, '@', tab);
END $$;
CALL make('by_direct');
CALL make('by_sql');
SELECT form, store_test.reason(tab) FROM form;
CREATE TABLE given AS
SELECT array_agg(i::bigint) AS ids, array_agg((i % 50)::bigint) AS persons,
	array_agg(timestamptz '2026-01-20' + i % 23 * interval '1 day') AS times,
	   array_agg('event ' || i % 7) AS names, array_agg(CASE WHEN i % 3 > 0 THEN jsonb_build_object('i', i) END)
		AS properties
FROM generate_series(1, 2500) i;
SELECT store_test.insert(form, tab, '{event_id,person,at,name,properties}', g.ids, g.persons, g.times, g.names,
	g.properties) FROM form, given g;
CREATE FUNCTION differing() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM ((SELECT substr(tableoid::regclass::text, 10), d.* FROM by_direct d EXCEPT ALL
		SELECT substr(tableoid::regclass::text, 7), s.* FROM by_sql s)
	UNION ALL (SELECT substr(tableoid::regclass::text, 7), s.* FROM by_sql s EXCEPT ALL
		SELECT substr(tableoid::regclass::text, 10), d.* FROM by_direct d)) d $$;
SELECT differing();
SELECT tableoid::regclass, count(*), min(at), max(at), min(batch_id), count(properties) FROM by_direct GROUP BY tableoid
	ORDER BY 1;
-- in all partitions by the person; in one by the whole key, or by its first two columns; by the name
SELECT form, store_test.count(form, tab, '{person}', '{properties}', g.persons[1:60]) AS person,
	   store_test.count(form, tab, '{at,person,event_id}', '{properties}', g.times, g.persons, g.ids) AS whole,
	   store_test.count(form, tab, '{at,person}', '{properties}', g.times, g.persons) AS two,
	   store_test.count(form, tab, '{name}', '{event_id}', '{event 1,event 8,event 2}'::text[]) AS name
FROM form, given g;
SELECT (SELECT md5(string_agg(f::text, ',' ORDER BY f::text)) FROM given g,
	store_test.find('direct', 'store_partition.by_direct', '{person}', '{event_id,at,name,properties,batch_id}',
	g.persons[1:60]) f) =
	   (SELECT md5(string_agg(f::text, ',' ORDER BY f::text)) FROM given g,
		store_test.find('sql', 'store_partition.by_sql', '{person}', '{event_id,at,name,properties,batch_id}',
		g.persons[1:60]) f) AS same;
-- times that no partition is for, or none
SELECT form, store_test.count(form, tab, '{at,person}', '{}',
	'{2025-01-01,2026-03-03,2026-02-03,NULL,infinity}'::timestamptz[], '{1,1,15,1,1}'::bigint[]) FROM form;
SELECT store_test.insert('direct', 'store_partition.by_direct', '{event_id,person,at}', '{9001,9002}'::bigint[],
	'{1,2}'::bigint[], '{2026-01-01,2026-03-03}'::timestamptz[]);
SELECT store_test.insert('sql', 'store_partition.by_sql', '{event_id,person,at}', '{9001,9002}'::bigint[],
	'{1,2}'::bigint[], '{2026-01-01,2026-03-03}'::timestamptz[]);
SELECT store_test.insert('direct', 'store_partition.by_direct', '{event_id,person}', '{9001}'::bigint[],
	'{1}'::bigint[]);
SELECT store_test.insert('sql', 'store_partition.by_sql', '{event_id,person}', '{9001}'::bigint[], '{1}'::bigint[]);
SELECT differing();
-- updates in place, of part of the key, and to another partition
SELECT store_test.update(form, tab, '{person,at,event_id}', '{name,batch_id}', g.persons[1:900], g.times[1:900],
	g.ids[1:900], g.names[2:901], g.ids[1:900]) FROM form, given g;
SELECT store_test.update(form, tab, '{person,at,event_id}', '{person}', g.persons[1:900], g.times[1:900], g.ids[1:900],
	ARRAY(SELECT p + 1000 FROM unnest(g.persons[1:900]) p)) FROM form, given g;
SELECT store_test.update(form, tab, '{person}', '{at}', '{1007,1008}'::bigint[],
	'{2026-01-31,2026-02-28}'::timestamptz[]) FROM form;
SELECT store_test.upsert(form, tab, '{person,at,event_id}', '{name}', '{1009,1009}'::bigint[],
	'{2026-01-29,2026-04-30}'::timestamptz[], '{9,9}'::bigint[], '{new,newer}'::text[]) FROM form;
SELECT differing();
SELECT tableoid::regclass, count(*), count(*) FILTER (WHERE person >= 1000), count(*) FILTER (WHERE name LIKE 'new%')
	FROM by_direct GROUP BY tableoid ORDER BY 1;
SELECT store_test.delete(form, tab, '{person}', '{1,2,3,1001,5000}'::bigint[]) FROM form;
SELECT differing();
-- a default partition, bounds without end, and a key of two columns
CREATE TABLE wide (a integer, b text COLLATE "C", n integer, PRIMARY KEY (a, b)) PARTITION BY RANGE (a, b);
CREATE TABLE wide_low PARTITION OF wide FOR VALUES FROM (MINVALUE, MINVALUE) TO (5, 'm');
CREATE TABLE wide_high PARTITION OF wide FOR VALUES FROM (5, 'm') TO (9, MAXVALUE);
CREATE TABLE wide_rest PARTITION OF wide DEFAULT;
SELECT store_test.reason('store_partition.wide');
SELECT store_test.insert('direct', 'store_partition.wide', '{a,b,n}', '{1,5,5,9,10,-7}'::integer[],
	'{z,lz,m,zz,a,b}'::text[], '{1,2,3,4,5,6}'::integer[]);
SELECT tableoid::regclass, * FROM wide ORDER BY n;
SELECT * FROM store_test.find('direct', 'store_partition.wide', '{b,a}', '{n}', '{z,lz,m,zz,a,b,b}'::text[],
	'{1,5,5,9,10,-7,8}'::integer[]) ORDER BY key;
SELECT * FROM store_test.find('direct', 'store_partition.wide', '{a}', '{n,b}', '{5,9}'::integer[]) ORDER BY key, found;
-- no partition yet
CREATE TABLE hollow (LIKE by_direct) PARTITION BY RANGE (at);
ALTER TABLE hollow ADD PRIMARY KEY (person, at, event_id);
SELECT store_test.reason('store_partition.hollow'), store_test.count('direct', 'store_partition.hollow', '{person}',
	'{at}', '{1}'::bigint[]);
SELECT store_test.insert('direct', 'store_partition.hollow', '{event_id,person,at}', '{1}'::bigint[], '{1}'::bigint[],
	'{2026-01-01}'::timestamptz[]);
-- a partition whose index is of its own making
CREATE TABLE by_direct_5 (LIKE by_direct INCLUDING ALL);
INSERT INTO by_direct_5 (event_id, person, at) VALUES (1, 4, '2026-05-05');
ALTER TABLE by_direct ATTACH PARTITION by_direct_5 FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
SELECT store_test.count('direct', 'store_partition.by_direct', '{person}', '{}',
	'{4}'::bigint[]) - store_test.count('sql', 'store_partition.by_sql', '{person}', '{}', '{4}'::bigint[]) AS more;
DROP SCHEMA store_partition CASCADE;
