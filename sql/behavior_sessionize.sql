-- cdp.sessionize: numbers of sessions, by the gap between rows.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE bs_hit (user_id int, at timestamptz, page text);
INSERT INTO bs_hit VALUES (1, '2026-01-01 10:00', 'home'), (1, '2026-01-01 10:30', 'list'), (1, '2026-01-01 11:00:00.000001', 'item'), (1, '2026-01-01 11:00:00.000001', 'cart'),
	(1, NULL, 'lost'), (1, '2026-01-02 10:00', 'home'), (2, '2026-01-01 11:00', 'home'), (2, '2026-01-01 11:01', 'list');
SELECT user_id, at, page, cdp.sessionize(at, '30 minutes') OVER (PARTITION BY user_id ORDER BY at, page) AS session FROM bs_hit ORDER BY user_id, at, page;
SELECT user_id, session, min(at) AS began, max(at) - min(at) AS lasted, count(*) AS hits
FROM (SELECT *, cdp.sessionize(at, '30 minutes') OVER (PARTITION BY user_id ORDER BY at) AS session FROM bs_hit WHERE at IS NOT NULL) s GROUP BY 1, 2 ORDER BY 1, 2;
SELECT array_agg(s ORDER BY user_id, at) FILTER (WHERE user_id = 1) AS nulls_first, max(s) FILTER (WHERE at IS NULL) AS of_null
FROM (SELECT user_id, at, cdp.sessionize(at, '0') OVER (PARTITION BY user_id ORDER BY at NULLS FIRST) AS s FROM bs_hit) x;

-- times of every kind; dates across the end of summer time, when a day of the clock has 25 hours
SET timezone = 'Europe/Berlin';
SELECT d, cdp.sessionize(d, '1 day') OVER w AS date, cdp.sessionize(d, '23:59') OVER w AS short_date, cdp.sessionize(d::timestamp, '1 day') OVER w AS timestamp, cdp.sessionize(d::timestamptz, '1 day') OVER w AS timestamptz,
	cdp.sessionize(d::timestamptz, '25 hours') OVER w AS longer, cdp.sessionize(d, '36 hours') OVER w AS hours
FROM unnest('{2026-10-24,2026-10-25,2026-10-26,2026-10-28}'::date[]) d WINDOW w AS (ORDER BY d);
SET timezone = 'UTC';
SELECT n, cdp.sessionize(n, 2) OVER w AS integer, cdp.sessionize(n::smallint, 2) OVER w AS smallint, cdp.sessionize(n::bigint, 2::bigint) OVER w AS bigint, cdp.sessionize(n::float8, 2.0) OVER w AS double,
	cdp.sessionize(n::float8, 1.99) OVER w AS short_double, cdp.sessionize(n::numeric, 2) OVER w AS numeric
FROM unnest('{-3,-1,1,4}'::int[]) n WINDOW w AS (ORDER BY n);
SELECT n, cdp.sessionize(n, 9223372036854775807) OVER (ORDER BY n) AS widest, cdp.sessionize(n, 0::bigint) OVER (ORDER BY n) AS narrowest FROM unnest('{-9223372036854775808,-1,-1,9223372036854775807}'::bigint[]) n;
SELECT n, cdp.sessionize(n, 1e308) OVER (ORDER BY n) AS far FROM unnest('{-1.7e308,-1e308,1.7e308}'::float8[]) n;
SELECT at, cdp.sessionize(at, '292000 years'::interval - '292000 years'::interval) OVER (ORDER BY at) AS ends FROM unnest('{4713-01-01 BC,294276-12-31}'::timestamptz[]) at;

-- against the definition in plain SQL: sums of the gaps that are too large
SELECT setseed(0.25);
CREATE TABLE bs_row AS
SELECT h, CASE WHEN random() < 0.95 THEN timestamptz '2026-01-01' + floor(random() * 12) * interval '10 minutes' END AS at, h % 5 * interval '10 minutes' AS gap
FROM generate_series(1, 20000) h, generate_series(1, 1 + h % 8);
SELECT gap, count(*) AS rows, max(session) AS most, count(*) FILTER (WHERE session IS DISTINCT FROM defined) AS differences
FROM (SELECT h, gap, at, session, CASE WHEN at IS NOT NULL THEN 1 + sum(CASE WHEN at - before > gap THEN 1 ELSE 0 END) OVER (PARTITION BY h ORDER BY at) END AS defined
	  FROM (SELECT h, gap, at, cdp.sessionize(at, gap) OVER w AS session, lag(at) OVER w AS before FROM bs_row WINDOW w AS (PARTITION BY h ORDER BY at)) l) d
GROUP BY gap ORDER BY gap;
-- anew for each outer row, and under a plan that stops early
SELECT o, (SELECT max(s) FROM (SELECT cdp.sessionize(n * o, 2) OVER (ORDER BY n) AS s FROM generate_series(1, 4) n) x) AS sessions FROM generate_series(1, 3) o;
SELECT n, cdp.sessionize(n, 1) OVER (ORDER BY n) AS session FROM generate_series(1, 1000000) n LIMIT 2;

-- what is refused
\pset format unaligned
\pset tuples_only on
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT max(s) FROM (SELECT cdp.sessionize(%s) OVER (ORDER BY n) AS s FROM generate_series(1, 2) n) x', call)))
FROM unnest(ARRAY[$$timestamptz '2026-01-01', '1 month'$$, $$timestamptz '2026-01-01', '-1 second'$$, $$date '2026-01-01', '-1 second'$$, $$timestamptz '2026-01-01', NULL$$, $$timestamptz 'infinity', '1 day'$$, $$date '-infinity', '1 day'$$,
	$$timestamptz '2026-01-01', '106751992 days'$$, $$date '2026-01-01' - n, '1 day'$$, $$-n, 1$$, $$n, -1$$, $$n::bigint, -1::bigint$$, $$n::float8, -0.5$$, $$n::float8, 'nan'$$, $$n::float8, 'infinity'$$, $$float8 'nan', 1$$, $$-n::float8, 1$$, $$n, NULL$$,
	$$NULL::timestamptz, NULL$$]) call;
SELECT pg_temp.refusal($$SELECT cdp.sessionize(1, 1)$$);
SELECT pg_temp.refusal($$SELECT s FROM (SELECT cdp.sessionize(n, 1) OVER () AS s FROM unnest('{2,1}'::int[]) n) x$$);
DROP TABLE bs_hit, bs_row;
