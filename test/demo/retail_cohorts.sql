-- Repeat purchases: of the customers first seen in a month, how many are seen again n months later
\pset footer off
CREATE TEMP TABLE cohort AS
SELECT *
FROM cdp.retention_table('*', '*', 'month', 'UTC', as_of => '2011-12-10', query => $$
	SELECT e.profile_id, e."timestamp", e.event
	FROM cdp.events e
	WHERE e.type = 'track'
		AND EXISTS (SELECT FROM cdp.identifiers i WHERE i.profile_id = e.profile_id AND i.namespace = 'user_id') $$);

SELECT to_char(cohort, 'YYYY-MM') AS "first seen", size AS customers,
	sum(people) FILTER (WHERE period = 1) AS "1", sum(people) FILTER (WHERE period = 2) AS "2",
	sum(people) FILTER (WHERE period = 3) AS "3", sum(people) FILTER (WHERE period = 4) AS "4",
	sum(people) FILTER (WHERE period = 5) AS "5", sum(people) FILTER (WHERE period = 6) AS "6",
	sum(people) FILTER (WHERE period = 7) AS "7", sum(people) FILTER (WHERE period = 8) AS "8",
	sum(people) FILTER (WHERE period = 9) AS "9", sum(people) FILTER (WHERE period = 10) AS "10",
	sum(people) FILTER (WHERE period = 11) AS "11", sum(people) FILTER (WHERE period = 12) AS "12"
FROM cohort
GROUP BY cohort, size
ORDER BY cohort;

SELECT 'first seen in December 2010, later: ' || later AS what, found, expected,
	CASE WHEN found = expected THEN 'as expected' ELSE 'NOT AS EXPECTED' END AS result
FROM (
	SELECT period AS later, CASE period WHEN 0 THEN size ELSE people END AS found
	FROM cohort
	WHERE cohort = '2010-12-01') c
JOIN (VALUES (0, 948), (1, 362), (2, 317), (3, 367)) known(later, expected) USING (later)
ORDER BY later;
