-- Who is who: identifiers before, people after, and how right that is
\pset footer off
SELECT count(*) AS identifiers, count(DISTINCT i.profile_id) AS profiles,
	   (SELECT count(DISTINCT t.person) FROM truth.identifier t JOIN cdp.identities USING (identifier)) AS "people there were"
FROM cdp.identities i;

SELECT i.namespace, count(*) AS identifiers, count(DISTINCT i.profile_id) AS profiles
FROM cdp.identities i GROUP BY i.namespace ORDER BY identifiers DESC;

\echo 'Precision and recall (B-cubed) against the truth'
\ir quality.sql

\echo 'What people share joins them, as long as nothing says that it is shared'
WITH profile AS (
	SELECT i.profile_id, count(DISTINCT t.person) AS people
	FROM truth.identifier t JOIN cdp.identities i USING (identifier) GROUP BY i.profile_id
)
SELECT i.identifier, count(*) AS "people who use it", p.people AS "people in its profile"
FROM truth.identifier t JOIN cdp.identities i USING (identifier) JOIN profile p USING (profile_id)
GROUP BY i.identifier, p.people ORDER BY count(*) DESC, i.identifier LIMIT 3;
