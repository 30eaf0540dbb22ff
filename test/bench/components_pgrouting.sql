-- pgRouting needs integer nodes: number the identifiers, map the pairs, and map the result back.
BEGIN;
CREATE TEMPORARY TABLE seen ON COMMIT DROP AS
SELECT DISTINCT anonymous_id AS a, nullif(user_id, 'undefined') AS u, nullif(email, 'unknown@example.com') AS e FROM links;
CREATE TEMPORARY TABLE node ON COMMIT DROP AS
SELECT row_number() OVER () AS id, identifier FROM (
	SELECT DISTINCT 'anonymous_id:' || a AS identifier FROM seen UNION ALL SELECT DISTINCT 'user_id:' || u FROM seen WHERE u IS NOT NULL
	UNION ALL SELECT DISTINCT 'email:' || e FROM seen WHERE e IS NOT NULL) AS s;
ANALYZE node;
CREATE TEMPORARY TABLE edge ON COMMIT DROP AS
SELECT row_number() OVER () AS id, source, target, 1.0::float8 AS cost FROM (
	SELECT x.id AS source, y.id AS target FROM (SELECT DISTINCT a, u FROM seen WHERE u IS NOT NULL) AS s
		JOIN node AS x ON x.identifier = 'anonymous_id:' || a JOIN node AS y ON y.identifier = 'user_id:' || u
	UNION ALL
	SELECT x.id, y.id FROM (SELECT DISTINCT a, e FROM seen WHERE e IS NOT NULL) AS s
		JOIN node AS x ON x.identifier = 'anonymous_id:' || a JOIN node AS y ON y.identifier = 'email:' || e) AS s;
CREATE TEMPORARY TABLE component ON COMMIT DROP AS
SELECT identifier, coalesce(component, node.id) AS component
FROM node LEFT JOIN pgr_connectedComponents('SELECT id, source, target, cost FROM edge') AS c ON c.node = node.id;
\timing off
SELECT count(*), count(DISTINCT component) FROM component;
COMMIT;
