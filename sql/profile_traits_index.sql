-- Indexes on cdp.traits: GIN on the type itself, GIN on the cast to jsonb, btree on a trait.
SET search_path = public, cdp;
CREATE TABLE px_profile AS
SELECT i AS id, traits(jsonb_build_object('plan', 'plan ' || i % 50, 'age', i % 90, 'tags', jsonb_build_array('t' || i % 30, 't' || i % 7)) ||
		CASE WHEN i % 100 = 0 THEN '{"vip": true, "address": {"city": "Köln"}}' WHEN i % 3 = 0 THEN '{"phone": null}' ELSE '{"phone": "x"}' END::jsonb, '2026-01-01', 'crm', '{"tags": "union"}') AS traits
FROM generate_series(1, 5000) i;
INSERT INTO px_profile SELECT 5001, NULL;
INSERT INTO px_profile SELECT 5002, '{}';

CREATE INDEX px_traits ON px_profile USING gin (traits);
CREATE INDEX px_plan ON px_profile ((traits ->> 'plan'));
CREATE INDEX px_json ON px_profile USING gin ((traits::jsonb) jsonb_path_ops);
ANALYZE px_profile;
EXPLAIN (COSTS OFF) SELECT id FROM px_profile WHERE traits @> '{"plan": "plan 7", "age": 7}';
EXPLAIN (COSTS OFF) SELECT id FROM px_profile WHERE traits ? 'vip';
EXPLAIN (COSTS OFF) SELECT id FROM px_profile WHERE traits ?& '{vip,plan}';
EXPLAIN (COSTS OFF) SELECT id FROM px_profile WHERE traits ->> 'plan' = 'plan 7';
EXPLAIN (COSTS OFF) SELECT id FROM px_profile WHERE traits::jsonb @> '{"address": {"city": "Köln"}}';

-- with and without an index the same rows
CREATE TEMP TABLE answer (query text, way text, rows bigint, ids bigint);
CREATE FUNCTION pg_temp.ask(way text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	query text;
BEGIN
	FOREACH query IN ARRAY ARRAY['traits @> ''{"plan": "plan 7"}''', 'traits @> ''{"age": 10.0, "vip": true}''', 'traits @> ''{"tags": ["t3"]}''', 'traits @> ''{"tags": ["t3", "t4"]}''', 'traits @> ''{"address": {"city": "Köln"}}''',
		'traits @> ''{"phone": null}''', 'traits @> ''{}''', 'traits @> ''[]''', 'traits ? ''phone''', 'traits ? ''vip''', 'traits ? ''t3''', 'traits ?| ''{vip,never}''', 'traits ?& ''{vip,phone}''', 'traits ?& ''{plan,phone}''', 'traits ?| ''{}''', 'traits ?& ''{}''',
		'traits ->> ''plan'' = ''plan 7''', 'traits::jsonb @> ''{"age": 7}'''] LOOP
		EXECUTE format('INSERT INTO answer SELECT %L, %L, count(*), sum(id) FROM px_profile WHERE %s', query, way, query);
	END LOOP;
END $$;
SET enable_bitmapscan = off;
SET enable_indexscan = off;
SELECT pg_temp.ask('scan');
RESET enable_bitmapscan;
RESET enable_indexscan;
SET enable_seqscan = off;
SELECT pg_temp.ask('index');
RESET enable_seqscan;
SELECT query, s.rows, s.rows = i.rows AND s.ids IS NOT DISTINCT FROM i.ids AS same FROM (SELECT * FROM answer WHERE way = 'scan') s JOIN (SELECT * FROM answer WHERE way = 'index') i USING (query) ORDER BY query COLLATE "C";

-- an index follows a merge
UPDATE px_profile SET traits = traits || traits('{"plan": "plan 7", "vip": null}', '2026-01-02', 'web') WHERE id IN (100, 200);
SET enable_seqscan = off;
SELECT count(*) FILTER (WHERE traits ->> 'plan' = 'plan 7') AS plan FROM px_profile WHERE traits @> '{"plan": "plan 7"}' AND id <= 200;
SELECT count(*) FROM px_profile WHERE traits ? 'vip';
RESET enable_seqscan;

-- unique, hash and btree on the whole value
CREATE TABLE px_unique (traits cdp.traits PRIMARY KEY);
INSERT INTO px_unique SELECT DISTINCT traits FROM px_profile WHERE traits IS NOT NULL;
INSERT INTO px_unique VALUES ('{}');
CREATE INDEX ON px_unique USING hash (traits);
DROP TABLE px_profile, px_unique;
