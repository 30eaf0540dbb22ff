-- One person by any identifier: cdp.lookup, and the log
\pset footer off
SELECT i.identifier AS who
FROM truth.identifier t
JOIN cdp.identifiers i USING (identifier)
JOIN cdp.profiles p USING (profile_id)
WHERE t.person = 0 AND i.namespace = 'email'
ORDER BY p.events DESC, i.identifier
LIMIT 1 \gset
\echo 'Looked up by' :who
\pset tuples_only on
\pset format unaligned
SELECT jsonb_pretty(cdp.lookup(:'who', 'identifiers,traits'));
\pset format aligned
\pset tuples_only off

\echo 'Day by day, from six sources'
SELECT day, source,
	string_agg(name || CASE WHEN times > 1 THEN ' x' || times ELSE '' END, ', ' ORDER BY first) AS "what happened"
FROM (
	SELECT "timestamp"::date AS day, source, coalesce(event, type) AS name, count(*) AS times, min("timestamp") AS first
	FROM cdp.events
	WHERE profile_id = cdp.profile_of(:'who')
	GROUP BY 1, 2, 3) e
GROUP BY day, source
ORDER BY day, min(first);
