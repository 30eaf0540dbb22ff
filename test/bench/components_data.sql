-- A log of :rows rows (anonymous_id, user_id, email, "timestamp") in order of arrival, the same in every run: about one
-- person per 20 rows, with several devices of very different activity; 3 of 10 people always stay anonymous; a third of
-- the rows have a user_id, one in 13 an e-mail; a few kiosks and meaningless values.
CREATE TABLE links AS
WITH event AS (
	-- the probability of a device is proportional to the power -2/3 of its number
	SELECT i, (:rows / 11.5 * power((hashint8extended(i, 1) & 9007199254740991) / 9007199254740992.0, 3))::bigint AS device,
		hashint8extended(i, 2) & 1048575 AS a, hashint8extended(i, 3) & 1048575 AS b
	FROM generate_series(1, :rows) AS i
), actor AS (
	SELECT *, a < 100 AS at_kiosk, (hashint8extended(CASE WHEN a < 100 THEN i ELSE device END, 4) & 2147483647) % (:rows / 20) AS person FROM event
)
SELECT CASE WHEN at_kiosk THEN 'kiosk-' || a % 20 ELSE md5(device::text)::uuid::text END AS anonymous_id,
	CASE WHEN b < 200 THEN 'undefined' WHEN known AND (at_kiosk OR a % 1000 < 440) THEN 'u_' || 100000000 + person END AS user_id,
	CASE WHEN b > 1048576 - 500 THEN 'unknown@example.com'
		WHEN known AND b % 1000 < 110 THEN 'person.' || person || CASE WHEN person % 8 = 0 AND b % 2 = 0 THEN '+alt' ELSE '' END || '@mail' || person % 7 || '.example.com' END AS email,
	timestamptz '2026-01-01 00:00:00+00' + i * interval '1 second' AS "timestamp"
FROM actor, LATERAL (SELECT (hashint8extended(person, 5) & 1023) % 10 >= 3 AS known) AS p;
VACUUM ANALYZE links;
SELECT pg_prewarm('links') > 0 AS warm \gset
