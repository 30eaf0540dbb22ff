-- Who is who: identifiers before, people after, and how right that is
\pset footer off
SELECT count(*) AS identifiers, count(DISTINCT i.profile_id) AS profiles,
	   (SELECT count(DISTINCT t.person) FROM truth.identifier t JOIN cdp.identities USING (identifier)) AS "people there were"
FROM cdp.identities i;

SELECT i.namespace, count(*) AS identifiers, count(DISTINCT i.profile_id) AS profiles
FROM cdp.identities i GROUP BY i.namespace ORDER BY identifiers DESC;

\echo 'Precision and recall (B-cubed) against the truth'
\ir quality.sql

\echo 'The profiles that hold most people: what a kiosk and a shared tablet join'
SELECT i.profile_id, count(DISTINCT t.person) AS people, count(DISTINCT i.identifier) AS identifiers
FROM truth.identifier t JOIN cdp.identities i USING (identifier)
GROUP BY i.profile_id ORDER BY people DESC, i.profile_id LIMIT 3;
