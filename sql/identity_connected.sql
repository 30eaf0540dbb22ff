-- cdp_internal.connected: components of a graph of bigint nodes
SELECT * FROM cdp_internal.connected('{1,2,5,9}', '{2,3,6,9}');
-- an element alone in its pair is a node without a link; a pair of NULLs is nothing
SELECT * FROM cdp_internal.connected('{7,NULL,NULL,8}', '{NULL,6,NULL,6}');
-- the component is the smallest node, wherever it was met; the order is that of the nodes
SELECT * FROM cdp_internal.connected('{30,20,-9223372036854775808}', '{20,-5,9223372036854775807}');
SELECT * FROM cdp_internal.connected('{}', '{}');
SELECT * FROM cdp_internal.connected('{NULL}', '{NULL}');
SELECT * FROM cdp_internal.connected(NULL, '{1}');
-- arrays of more dimensions are read as unnest() reads them
SELECT * FROM cdp_internal.connected('{{1,2},{3,4}}', '{2,3,9,9}');
SELECT cdp_internal.connected('{1}', '{2}');
SELECT (cdp_internal.connected('{1}', '{2}')).component;

-- lengths that differ
SELECT * FROM cdp_internal.connected('{1,2}', '{1}');
SELECT * FROM cdp_internal.connected('{}', '{NULL}');
\echo :LAST_ERROR_SQLSTATE

-- random graphs against the closure of the pairs by a recursive query
CREATE FUNCTION connected_slowly(a bigint[], b bigint[]) RETURNS TABLE (node bigint, component bigint) LANGUAGE sql AS $$
	WITH RECURSIVE pair AS (SELECT x, y FROM unnest(a, b) AS p (x, y)),
	reach (x, y) AS (
		SELECT v, v FROM pair, LATERAL (VALUES (x), (y)) AS node (v) WHERE v IS NOT NULL
		UNION
		SELECT r.x, n.v FROM reach r JOIN pair p ON r.y IN (p.x, p.y), LATERAL (VALUES (p.x), (p.y)) AS n (v) WHERE n.v IS NOT NULL
	)
	SELECT x, min(y) FROM reach GROUP BY x ORDER BY x
$$;
SELECT setseed(0.25);
CREATE TABLE graph AS
SELECT round, array_agg(CASE WHEN random() < 0.9 THEN (random() * size - size / 2)::bigint END) AS a, array_agg(CASE WHEN random() < 0.9 THEN (random() * size - size / 2)::bigint END) AS b
FROM generate_series(1, 100) AS round, LATERAL (SELECT 4 + round * 2 AS size) AS s, LATERAL generate_series(1, round) AS i GROUP BY round;
SELECT count(*) AS graphs, sum(nodes) > 2000 AS many_nodes, sum(components) > 500 AS many_components, sum(differences) AS differences
FROM graph, LATERAL (
	SELECT count(*) AS nodes, count(DISTINCT component) AS components FROM cdp_internal.connected(a, b)
) AS size, LATERAL (
	SELECT count(*) AS differences FROM (SELECT * FROM cdp_internal.connected(a, b)) AS f FULL JOIN connected_slowly(a, b) AS s USING (node, component)
	WHERE f.* IS NULL OR s.* IS NULL
) AS difference;

-- a million pairs: one chain given from its far end, and as many pairs apart
SELECT count(*), min(component), max(component) FROM (
	SELECT array_agg(i ORDER BY i DESC) AS a, array_agg(i + 1 ORDER BY i DESC) AS b FROM generate_series(1, 1000000) AS i
) AS chain, LATERAL cdp_internal.connected(a, b);
SELECT count(*), count(DISTINCT component), bool_and(component = node - (node % 2)) AS right FROM (
	SELECT array_agg(2 * i) AS a, array_agg(2 * i + 1) AS b FROM generate_series(1, 1000000) AS i
) AS pairs, LATERAL cdp_internal.connected(a, b);
DROP TABLE graph;
DROP FUNCTION connected_slowly;
