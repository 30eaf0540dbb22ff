-- Segments: conditions over a person's timeline and traits, as of the day the data ends
\pset footer off
CREATE TEMP TABLE made AS
SELECT name, meaning, cdp.create_segment(name, condition, meaning) AS members
FROM (VALUES
	('active', 'bought in the last 90 days',
		$$ traits->>'country' IS NOT NULL
			AND cdp.did(timeline, 'Order Line', within => '90 days', as_of => '2011-12-10') $$),
	('lapsed', 'bought before, and not in the last 180 days',
		$$ traits->>'country' IS NOT NULL AND cdp.did(timeline, 'Order Line', as_of => '2011-12-10')
			AND cdp.did_not(timeline, 'Order Line', within => '180 days', as_of => '2011-12-10') $$),
	('abroad', 'not in the United Kingdom',
		$$ traits->>'country' <> 'United Kingdom' $$),
	('returners', 'cancelled something',
		$$ traits->>'country' IS NOT NULL AND cdp.did(timeline, 'Order Line Cancelled', as_of => '2011-12-10') $$),
	('heavy', '500 order lines or more',
		$$ traits->>'country' IS NOT NULL AND cdp.did(timeline, 'Order Line', at_least => 500, as_of => '2011-12-10') $$)
) s(name, meaning, condition);
SELECT *
FROM made
ORDER BY members DESC;

\echo 'The countries of those abroad'
SELECT p.traits->>'country' AS country, count(*) AS customers, sum(p.events) AS events
FROM cdp_segment.abroad
JOIN cdp.profiles p USING (profile_id)
GROUP BY country
ORDER BY customers DESC, country
LIMIT 5;
