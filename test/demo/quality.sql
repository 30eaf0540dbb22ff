-- Quality of the stitching as B-cubed precision and recall.  Precision: of all items in an item's profile, the share
-- that belongs to the same person.  Recall: of all items of an item's person, the share that is in its profile.
-- "apart" is every identifier by itself, as the sources know it.  Identifiers that several people truly share have no
-- right answer; they count only through their events.
WITH item AS (
	SELECT 'identifiers' AS of, t.person, i.identifier_id, i.profile_id
	FROM (
		SELECT identifier, min(person) AS person
		FROM truth.identifier
		GROUP BY identifier
		HAVING count(*) = 1) t
	JOIN cdp.identifiers i USING (identifier)
	UNION ALL
	SELECT 'events', t.person, e.identifier_id, i.profile_id
	FROM truth.message t
	JOIN cdp_data.event e USING (message_id)
	LEFT JOIN cdp_data.identifier i USING (identifier_id)
), cluster AS (
	SELECT of, 'apart' AS how, person, nullif(identifier_id, 0) AS cluster, count(*)::float8 AS n
	FROM item
	GROUP BY of, person, identifier_id
	UNION ALL
	SELECT of, 'stitched', person, profile_id, count(*)
	FROM item
	GROUP BY of, person, profile_id
), precision AS (
	SELECT of, how, sum(alike) / sum(n) AS precision
	FROM (
		SELECT of, how, sum(n * n) / sum(n) AS alike, sum(n) AS n
		FROM cluster
		WHERE cluster IS NOT NULL
		GROUP BY of, how, cluster) c
	GROUP BY of, how
), recall AS (
	SELECT of, how, sum(n) AS count, sum(found) / sum(n) AS recall
	FROM (
		SELECT of, how, coalesce(sum(n * n) FILTER (WHERE cluster IS NOT NULL), 0) / sum(n) AS found, sum(n) AS n
		FROM cluster
		GROUP BY of, how, person) p
	GROUP BY of, how
)
SELECT of, how, count, round(precision::numeric, 3) AS precision, round(recall::numeric, 3) AS recall
FROM precision
JOIN recall USING (of, how)
ORDER BY of DESC, how;
