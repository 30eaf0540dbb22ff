-- Repeat purchases: of the customers first seen in a month, how many are seen again n months later
\pset footer off
CREATE TEMP VIEW cohort AS
WITH seen AS (
	SELECT DISTINCT e.profile_id, date_trunc('month', e."timestamp") AS month
	FROM cdp.events e WHERE e.type = 'track'
	AND EXISTS (SELECT FROM cdp.identities i WHERE i.profile_id = e.profile_id AND i.namespace = 'user_id')
), since_first AS (
	SELECT profile_id, min(month) OVER (PARTITION BY profile_id) AS cohort, month FROM seen
)
SELECT cohort, (extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)))::int AS later, count(*) AS customers
FROM since_first GROUP BY 1, 2;

SELECT to_char(cohort, 'YYYY-MM') AS "first seen",
	   sum(customers) FILTER (WHERE later = 0) AS customers, sum(customers) FILTER (WHERE later = 1) AS "1",
	   sum(customers) FILTER (WHERE later = 2) AS "2", sum(customers) FILTER (WHERE later = 3) AS "3",
	   sum(customers) FILTER (WHERE later = 4) AS "4", sum(customers) FILTER (WHERE later = 5) AS "5",
	   sum(customers) FILTER (WHERE later = 6) AS "6", sum(customers) FILTER (WHERE later = 7) AS "7",
	   sum(customers) FILTER (WHERE later = 8) AS "8", sum(customers) FILTER (WHERE later = 9) AS "9",
	   sum(customers) FILTER (WHERE later = 10) AS "10", sum(customers) FILTER (WHERE later = 11) AS "11", sum(customers) FILTER (WHERE later = 12) AS "12"
FROM cohort GROUP BY cohort ORDER BY cohort;

SELECT 'first seen in December 2010, later: ' || later AS what, customers AS found, expected,
	   CASE WHEN customers = expected THEN 'as expected' ELSE 'NOT AS EXPECTED' END AS verdict
FROM cohort JOIN (VALUES (0, 948), (1, 362), (2, 317), (3, 367)) known(later, expected) USING (later)
WHERE cohort = '2010-12-01' ORDER BY later;
