-- :rows identify calls of :rows / 5 profiles, in order of time, about 8 of 20 keys each; a few profiles have many rows,
-- most have few.
SET timezone = 'UTC';
CREATE AGGREGATE jsonb_merge_agg (jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}', PARALLEL = SAFE);
CREATE UNLOGGED TABLE identify AS
SELECT (1 + :rows / 5 * (1 - sqrt(abs(hashint8extended(i, 1)) / 2^63)))::int AS profile_id, timestamptz '2026-01-01' + i * interval '1 second' AS at,
	('{web,ios,android,crm,billing,support}'::text[])[1 + abs(hashint8extended(i, 2)) % 6] AS source,
	('{' || (SELECT string_agg(format('"%s": %s', key, CASE n WHEN 8 THEN (18 + v % 60)::text WHEN 16 THEN v % 10000 || '.5' WHEN 17 THEN CASE WHEN v % 2 = 0 THEN 'true' ELSE 'false' END ELSE format('"%s %s"', key, v) END), ', ')
		FROM (SELECT key, n, abs(hashint8extended(i, 3 + n)) % 100000 AS v, abs(hashint8extended(i, 100 + n)) % 8 < 3 AS there
			FROM unnest(:'keys'::text[]) WITH ORDINALITY k(key, n)) k WHERE there OR n = 1) || '}')::jsonb AS traits
FROM generate_series(1, :rows) i;
VACUUM ANALYZE identify;
SELECT pg_prewarm('identify');
