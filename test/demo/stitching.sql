-- Identity: identifiers before, people after, and the quality of the stitching
\pset footer off
SELECT (SELECT count(*) FROM cdp.identifiers) AS identifiers,
	(SELECT count(*) FROM cdp.profiles) AS profiles,
	(
		SELECT count(DISTINCT t.person)
		FROM truth.identifier t
		JOIN cdp.identifiers USING (identifier)) AS "true people";

SELECT i.namespace, count(*) AS identifiers, count(DISTINCT i.profile_id) AS profiles
FROM cdp.identifiers i
GROUP BY i.namespace
ORDER BY identifiers DESC;

\echo 'Precision and recall (B-cubed) against the truth'
\ir quality.sql

\echo 'Identifiers that most people use: shared ones link no people, others belong to one of them'
WITH own AS (
	SELECT i.profile_id, count(DISTINCT t.person) AS people
	FROM (
		SELECT identifier, min(person) AS person
		FROM truth.identifier
		GROUP BY identifier
		HAVING count(*) = 1) t
	JOIN cdp.identifiers i USING (identifier)
	GROUP BY i.profile_id
)
SELECT i.identifier, count(*) AS "people who use it", n.shared, coalesce(o.people, 0) AS "people in its profile"
FROM truth.identifier t
JOIN cdp.identifiers i USING (identifier)
JOIN cdp_data.identifier n USING (identifier_id)
LEFT JOIN own o ON o.profile_id = i.profile_id
GROUP BY i.identifier, n.shared, o.people
ORDER BY count(*) DESC, i.identifier
LIMIT 5;
