-- Retention: of the people whose first order was in a month, the percentage that ordered again n months later
\pset footer off
SELECT to_char(cohort, 'YYYY-MM') AS "first order", size AS people,
	round(100 * max(share) FILTER (WHERE period = 1)) AS "1", round(100 * max(share) FILTER (WHERE period = 2)) AS "2",
	round(100 * max(share) FILTER (WHERE period = 3)) AS "3", round(100 * max(share) FILTER (WHERE period = 4)) AS "4",
	round(100 * max(share) FILTER (WHERE period = 5)) AS "5", round(100 * max(share) FILTER (WHERE period = 6)) AS "6"
FROM cdp.retention_table('Order Completed', 'Order Completed', 'month', 'UTC', periods => 6)
GROUP BY cohort, size
ORDER BY cohort;

\echo 'The most frequent paths to an order within a visit'
SELECT label AS path, people, occurrences, round(100 * share, 1) AS "% of orders"
FROM cdp.paths(to_step => 'Order Completed', depth => 4, max_rows => 5);
