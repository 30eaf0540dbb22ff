-- Profiles: customers, and the invoices with and without one
\pset footer off
WITH profile AS (
	SELECT profile_id, count(*) FILTER (WHERE namespace = 'user_id') AS customers,
		count(*) FILTER (WHERE namespace = 'anonymous_id') AS invoices
	FROM cdp.identifiers
	GROUP BY profile_id
)
SELECT what, found, expected, CASE WHEN found = expected THEN 'as expected' ELSE 'NOT AS EXPECTED' END AS result
FROM (
	SELECT 'order lines' AS what, count(*) AS found, 541909 AS expected FROM cdp.events WHERE type = 'track'
	UNION ALL SELECT 'profiles with a customer', count(*), 4372 FROM profile WHERE customers = 1
	UNION ALL SELECT 'profiles with several customers', count(*), 0 FROM profile WHERE customers > 1
	UNION ALL SELECT 'invoices with a customer', sum(invoices), 22190 FROM profile WHERE customers > 0
	UNION ALL SELECT 'invoices without: a profile each', count(*), 3710
		FROM profile WHERE customers = 0 AND invoices = 1
	UNION ALL SELECT 'all profiles', count(*), 4372 + 3710 FROM cdp.profiles
	UNION ALL SELECT 'rows in quarantine', count(*), 0 FROM cdp.quarantine) c;

\echo 'The customer with most order lines'
SELECT profile_id, identifiers[1] AS customer, cardinality(identifiers) - 1 AS invoices, first_seen::date,
	last_seen::date, traits, events
FROM cdp.profiles
ORDER BY events DESC
LIMIT 1;
