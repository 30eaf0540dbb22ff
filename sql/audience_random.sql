-- Audiences of random sets against the set operations of SQL, and the laws of sets.
SET search_path = cdp, public;
SELECT setseed(0.16);
CREATE TEMP TABLE ar_set (round integer, name text, id bigint);

-- six shapes: sparse, dense, runs, beyond 32 bits, negative, at both ends of the type
CREATE FUNCTION pg_temp.shape(shape integer) RETURNS SETOF bigint LANGUAGE sql VOLATILE AS $$
	SELECT CASE shape
		WHEN 0 THEN (random() * 3000000)::bigint
		WHEN 1 THEN 65536 + (random() * 20000)::bigint
		WHEN 2 THEN 131072 + n + n / 100 * 50
		WHEN 3 THEN 8589934592 + (random() * 200000)::bigint
		WHEN 4 THEN -(random() * 100000)::bigint
		ELSE CASE WHEN n % 2 = 0 THEN 9223372036854775807 - n ELSE -9223372036854775807 - 1 + n END END
	FROM generate_series(1, (random() * 12000)::integer) n;
$$;
INSERT INTO ar_set SELECT DISTINCT round, name, id
FROM generate_series(1, 12) round, (VALUES ('a'), ('b')) v(name), LATERAL (
	SELECT pg_temp.shape((round + part * (name = 'b')::integer) % 6) AS id FROM generate_series(0, round % 3) part) s;
ANALYZE ar_set;
CREATE TEMP TABLE ar_pair AS
SELECT round, cdp.audience(id) FILTER (WHERE name = 'a') AS a, cdp.audience(id) FILTER (WHERE name = 'b') AS b FROM ar_set GROUP BY round;
CREATE TEMP VIEW ar_both AS
SELECT round, id, bool_or(name = 'a') AS in_a, bool_or(name = 'b') AS in_b FROM ar_set GROUP BY round, id;

-- each operation has exactly the ids that SQL finds
CREATE TEMP TABLE ar_expected AS
SELECT round, array_agg(id ORDER BY id) FILTER (WHERE in_a) AS a, coalesce(array_agg(id ORDER BY id) FILTER (WHERE in_a AND in_b), '{}') AS common,
	array_agg(id ORDER BY id) AS either, coalesce(array_agg(id ORDER BY id) FILTER (WHERE in_a AND NOT in_b), '{}') AS minus,
	coalesce(array_agg(id ORDER BY id) FILTER (WHERE in_a <> in_b), '{}') AS one
FROM ar_both GROUP BY round;
SELECT count(*) AS rounds, bool_and(p.a::bigint[] = e.a) AS ids, bool_and((p.a & p.b)::bigint[] = e.common) AS "and", bool_and((p.a | p.b)::bigint[] = e.either) AS "or",
	bool_and((p.a - p.b)::bigint[] = e.minus) AS minus, bool_and((p.a # p.b)::bigint[] = e.one) AS xor,
	bool_and(cdp.size(p.a) = cardinality(e.a)) AS size, bool_and(cdp.intersection_size(p.a, p.b) = cardinality(e.common)) AS common,
	bool_and(cdp.audience_of(e.either) = (p.a | p.b)) AS of_array, bool_and((p.a && p.b) = (cardinality(e.common) > 0)) AS intersects,
	bool_and(e.a = ARRAY(SELECT cdp.ids(p.a))) AS rows
FROM ar_pair p JOIN ar_expected e USING (round);
SELECT bool_or(cardinality(common) > 0) AND bool_or(cardinality(minus) > 0) AND bool_or(cardinality(common) = 0) AS told FROM ar_expected;
-- membership of each id
SELECT count(*) > 50000 AS many, bool_and((p.a @> b.id) = b.in_a AND (b.id <@ p.b) = b.in_b) AS right FROM ar_both b JOIN ar_pair p USING (round);
-- the laws
SELECT bool_and((x.a & y.b) = (y.b & x.a)) AS commutes, bool_and((x.a | y.b | y.a) = (x.a | (y.b | y.a))) AS associates,
	bool_and((x.a & (y.b | y.a)) = ((x.a & y.b) | (x.a & y.a))) AS distributes, bool_and((x.a - (y.b | y.a)) = ((x.a - y.b) & (x.a - y.a))) AS de_morgan,
	bool_and((x.a # y.b) = ((x.a | y.b) - (x.a & y.b))) AS xor, bool_and(cdp.size(x.a | y.b) = cdp.size(x.a) + cdp.size(y.b) - cdp.size(x.a & y.b)) AS sizes,
	bool_and((x.a | y.b) @> x.a AND (x.a & y.b) <@ x.a AND ((x.a @> y.b) = cdp.is_empty(y.b - x.a))) AS contains,
	bool_and(cdp.is_empty(x.a - x.a) AND cdp.is_empty(x.a # x.a)) AS itself
FROM ar_pair x, ar_pair y;
-- through text
SELECT bool_and(a::text::cdp.audience = a AND b::text::cdp.audience = b) AS text FROM ar_pair;

-- unions, intersections and overlaps of many
SELECT cdp.audience_union(a) = (SELECT cdp.audience(id) FROM ar_set WHERE name = 'a') AS "union",
	cdp.audience_intersection(a | '{1..1000,65536..70000}')
		= (SELECT cdp.audience(id) FROM (SELECT id FROM ar_set WHERE name = 'a' GROUP BY id HAVING count(*) = 12) s) | '{1..1000,65536..70000}' AS intersection FROM ar_pair;
SELECT count(*) AS pairs, bool_and(o.intersection_size = cdp.size(x.a & y.a) AND o.union_size = cdp.size(x.a | y.a) AND o.size = cdp.size(x.a)
	AND o.other_size = cdp.size(y.a) AND o.jaccard = o.intersection_size::float8 / o.union_size) AS right
FROM (SELECT array_agg(round::text ORDER BY round), array_agg(a ORDER BY round) FROM ar_pair) s (names, audiences), cdp.audience_overlaps(s.names, s.audiences) o
JOIN ar_pair x ON x.round = o.name::integer JOIN ar_pair y ON y.round = o.other_name::integer;

-- several processes
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE ar_shared AS SELECT round, name, id FROM ar_set;
ANALYZE ar_shared;
CREATE TABLE ar_shared_pair AS SELECT round, a, b FROM ar_pair;
SELECT (SELECT cdp.audience(id) FROM ar_shared) = (SELECT cdp.audience(id) FROM ar_set) AS ids,
	(SELECT cdp.audience_union(a) FROM ar_shared_pair) = (SELECT cdp.audience_union(a) FROM ar_pair) AS "union",
	(SELECT cdp.audience_intersection(a | b) FROM ar_shared_pair) = (SELECT cdp.audience_intersection(a | b) FROM ar_pair) AS intersection;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan::text LIKE '%Partial%' AND plan::text LIKE '%Gather%';
END $$;
SELECT pg_temp.is_parallel('SELECT cdp.audience(id) FROM ar_shared') AS ids, pg_temp.is_parallel('SELECT cdp.audience_union(a) FROM ar_shared_pair') AS "union";
DROP TABLE ar_shared, ar_shared_pair;
