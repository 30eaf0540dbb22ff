-- One person's whole story, from any of her identifiers
\pset footer off
SELECT identifier AS who FROM truth.identifier WHERE person = 0 AND identifier LIKE 'email:%' ORDER BY identifier LIMIT 1 \gset
\echo SELECT cdp.lookup(:'who', 'identifiers,traits');
\pset tuples_only on
\pset format unaligned
SELECT jsonb_pretty(cdp.lookup(:'who', 'identifiers,traits'));
\pset format aligned
\pset tuples_only off

\echo 'Day by day, as six sources saw her'
SELECT day, source, string_agg(name || CASE WHEN times > 1 THEN ' x' || times ELSE '' END, ', ' ORDER BY first) AS "what she did"
FROM (SELECT "timestamp"::date AS day, source, coalesce(event, type) AS name, count(*) AS times, min("timestamp") AS first
	  FROM cdp.events WHERE profile_id = cdp.profile_of(:'who') GROUP BY 1, 2, 3) e
GROUP BY day, source ORDER BY day, min(first);
