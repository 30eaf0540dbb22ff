-- A funnel: from the first view to the order within 7 days; by people, and by identifiers as without stitching
\pset footer off
SELECT f.step, f.event AS name, f.people, round(100 * f.from_previous, 1) AS "% of step before",
	round(100 * f.from_first, 1) AS "% of first", date_trunc('minute', f.median_time) AS "median time",
	i.people AS "without stitching"
FROM cdp.funnel_table('"Product Viewed" -> "Product Added" -> "Checkout Started" -> "Order Completed" in 7 days') f
JOIN cdp.funnel_table('"Product Viewed" -> "Product Added" -> "Checkout Started" -> "Order Completed" in 7 days',
	query => 'SELECT identifier_id, "timestamp", event FROM cdp_data.event WHERE identifier_id <> 0') i USING (step)
ORDER BY f.step;
