-- A funnel: from the first look to the order within 7 days; by people, and by identifiers as without stitching
\pset footer off
WITH reached AS (
	SELECT 'person' AS of, cdp.window_funnel('7 days', "timestamp", event = 'Product Viewed', event = 'Product Added',
											 event = 'Checkout Started', event = 'Order Completed') AS depth
	FROM cdp.events JOIN cdp.profiles USING (profile_id) GROUP BY profile_id
	UNION ALL
	SELECT 'identifier', cdp.window_funnel('7 days', "timestamp", event = 'Product Viewed', event = 'Product Added',
										   event = 'Checkout Started', event = 'Order Completed')
	FROM cdp.event WHERE identity_id <> 0 GROUP BY identity_id
), counted AS (
	SELECT step, name, count(*) FILTER (WHERE of = 'person') AS people, count(*) FILTER (WHERE of = 'identifier') AS identifiers
	FROM (VALUES (1, 'Product Viewed'), (2, 'Product Added'), (3, 'Checkout Started'), (4, 'Order Completed')) s(step, name)
	LEFT JOIN reached ON depth >= step GROUP BY step, name
)
SELECT step, name, people, round(100.0 * people / lag(people) OVER w, 1) AS "% of step before",
	   round(100.0 * people / first_value(people) OVER w, 1) AS "% of first", identifiers AS "without stitching"
FROM counted WINDOW w AS (ORDER BY step) ORDER BY step;
