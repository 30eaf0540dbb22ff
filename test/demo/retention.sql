-- Retention: of the people whose first order was in a month, the percentage that ordered again n months later
\pset footer off
WITH bought AS (
	SELECT DISTINCT profile_id, date_trunc('month', "timestamp") AS month
	FROM cdp.events JOIN cdp.profiles USING (profile_id) WHERE event = 'Order Completed'
), since_first AS (
	SELECT profile_id, min(month) OVER (PARTITION BY profile_id) AS cohort, month FROM bought
), counted AS (
	SELECT cohort, (extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)))::int AS later, count(*) AS people
	FROM since_first GROUP BY 1, 2
)
SELECT to_char(cohort, 'YYYY-MM') AS "first order", max(people) FILTER (WHERE later = 0) AS people,
	   round(100.0 * max(people) FILTER (WHERE later = 1) / max(people) FILTER (WHERE later = 0)) AS "1",
	   round(100.0 * max(people) FILTER (WHERE later = 2) / max(people) FILTER (WHERE later = 0)) AS "2",
	   round(100.0 * max(people) FILTER (WHERE later = 3) / max(people) FILTER (WHERE later = 0)) AS "3",
	   round(100.0 * max(people) FILTER (WHERE later = 4) / max(people) FILTER (WHERE later = 0)) AS "4",
	   round(100.0 * max(people) FILTER (WHERE later = 5) / max(people) FILTER (WHERE later = 0)) AS "5",
	   round(100.0 * max(people) FILTER (WHERE later = 6) / max(people) FILTER (WHERE later = 0)) AS "6"
FROM counted GROUP BY cohort ORDER BY cohort;
