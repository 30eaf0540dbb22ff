-- Days, weeks and months in which something happened: streaks, regularity; gaps; sessions with a step.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE bc_timeline AS
SELECT name, cdp.timeline_agg(at, 'order', CASE WHEN p IS NOT NULL THEN jsonb_build_object('p', p::jsonb) END) AS timeline FROM (VALUES
	-- four weeks, of which the third has two
	('weekly', timestamptz '2026-03-03', NULL), ('weekly', '2026-03-10', NULL), ('weekly', '2026-03-17', NULL), ('weekly', '2026-03-19', NULL), ('weekly', '2026-03-29 21:59:59.999999', NULL),
	-- of the second it is not known
	('left', '2026-03-03', '1'), ('left', '2026-03-04', '{}'), ('left', '2026-03-05', '1'), ('left', '2026-03-05 01:00', '{}')) e (name, at, p) GROUP BY name;
INSERT INTO bc_timeline VALUES ('empty', '{}'), ('null', NULL);

-- the last four whole weeks; the clocks of Berlin go forward in the last night
SELECT name, cdp.did_regularly(timeline, 'order', 4, 'Europe/Berlin', 'week', as_of => '2026-03-29 22:00') AS berlin, cdp.did_regularly(timeline, 'order', 4, 'UTC', 'week', as_of => '2026-03-29 22:00') AS utc,
	cdp.did_regularly(timeline, 'order', 4, 'Europe/Berlin', 'week', at_least => 2, as_of => '2026-03-31') AS twice, cdp.did_regularly(timeline, 'order', 4, 'Europe/Berlin', 'week', 1, 2, '2026-03-31') AS twice_in_one,
	cdp.did_regularly(timeline, 'order', 5, 'Europe/Berlin', 'week', as_of => '2026-03-31') AS five, cdp.did_regularly(timeline, 'order', 5, 'Europe/Berlin', 'week', 4, as_of => '2026-03-31') AS four_of_five,
	cdp.did_regularly(timeline, 'order', 1, 'UTC', 'month', as_of => '2026-04-01') AS month
FROM bc_timeline ORDER BY name;
SELECT name, cdp_internal.horizon('did_regularly', timeline, '{"step": "order", "periods": 4, "time_zone": "Europe/Berlin", "unit": "week", "as_of": "2026-03-25"}') AS becomes_true,
	cdp_internal.horizon('did_regularly', timeline, '{"step": "order", "periods": 4, "time_zone": "Europe/Berlin", "unit": "week", "as_of": "2026-04-01"}') AS becomes_false,
	cdp_internal.horizon('did_regularly', timeline, '{"step": "order", "periods": 4, "time_zone": "Europe/Berlin", "unit": "week", "as_of": "2026-05-01"}') AS never,
	cdp_internal.horizon('current_streak', timeline, '{"step": "order", "time_zone": "Europe/Berlin", "unit": "week", "as_of": "2026-04-01"}') AS streak_ends
FROM bc_timeline ORDER BY name;
-- what was left out: known where it does not decide
SELECT cdp.did_regularly(timeline, 'order[p = 1]', 3, 'UTC', as_of => '2026-03-06') AS three, cdp.did_regularly(timeline, 'order[p = 1]', 3, 'UTC', in_periods => 2, as_of => '2026-03-06') AS two, cdp.did_regularly(timeline, 'order[p = 1]', 4, 'UTC', as_of => '2026-03-06') AS four,
	cdp.days_active(timeline, 'order[p = 1]', 'UTC', as_of => '2026-03-06') AS days, cdp.days_active(timeline, 'order[p = 1]', 'UTC', since => '2026-03-05', as_of => '2026-03-06') AS days_known,
	cdp.longest_streak(timeline, 'order[p = 1]', 'UTC', as_of => '2026-03-06') AS streak, cdp.longest_streak(timeline, 'order[p = 1]', 'UTC', 'week', as_of => '2026-03-06') AS weeks, cdp.current_streak(timeline, 'order[p = 1]', 'UTC', as_of => '2026-03-06') AS now, cdp.current_streak(timeline, 'order[p = 1]', 'UTC', as_of => '2026-03-10') AS later,
	cdp.longest_gap(timeline, 'order[p = 1]', as_of => '2026-03-06') AS gap, cdp.longest_gap(timeline, 'order', as_of => '2026-03-06') AS gap_known, cdp.time_since(timeline, 'order[p = 1]', as_of => '2026-03-06') AS since,
	cdp.sessions_with(timeline, 'order[p = 1]', '1 hour', as_of => '2026-03-06') AS sessions, cdp.sessions_with(timeline, 'order[p = 1]', '1 hour', since => '2026-03-05', as_of => '2026-03-06') AS sessions_known
FROM bc_timeline WHERE name = 'left';
SELECT name, cdp.longest_streak(timeline, 'order', 'UTC', 'week', as_of => '2027-01-01') AS streak, cdp.current_streak(timeline, 'order', 'UTC', 'week', as_of => '2026-04-05') AS now, cdp.current_streak(timeline, 'order', 'UTC', 'week', as_of => '2026-04-06') AS over,
	cdp.longest_gap(timeline, 'order', as_of => '2027-01-01') AS longest, cdp.shortest_gap(timeline, 'order', as_of => '2027-01-01') AS shortest, cdp.median_gap(timeline, 'order', as_of => '2027-01-01') AS median, cdp.time_since(timeline, 'order', as_of => '2027-01-01') AS since,
	cdp.longest_gap(timeline, 'order', as_of => '2026-03-03') AS of_one
FROM bc_timeline WHERE name <> 'left' ORDER BY name;
SELECT cdp.did_regularly(timeline, NULL, 4, 'UTC'), cdp.did_regularly(timeline, 'order', NULL, 'UTC'), cdp.did_regularly(timeline, 'order', 4, NULL), cdp.did_regularly(timeline, 'order', 4, 'UTC', NULL), cdp.did_regularly(timeline, 'order', 4, 'UTC', as_of => NULL),
	cdp.longest_streak(timeline, 'order', NULL), cdp.current_streak(timeline, 'order', 'UTC', as_of => NULL), cdp.longest_gap(timeline, NULL), cdp.time_since(timeline, 'order', as_of => NULL), cdp.sessions_with(timeline, 'order', NULL), cdp.sessions_with(timeline, NULL, '1 hour')
FROM bc_timeline WHERE name = 'weekly';
SELECT cdp.did_regularly('{}', 'a', 0, 'UTC');
SELECT cdp.did_regularly('{}', 'a', 1001, 'UTC');
SELECT cdp.did_regularly('{}', 'a', 3, 'UTC', in_periods => 4);
SELECT cdp.did_regularly('{}', 'a', 3, 'UTC', in_periods => 0);
SELECT cdp.did_regularly('{}', 'a', 3, 'UTC', at_least => -1);
SELECT cdp.did_regularly('{}', 'a', 3, 'UTC', 'hour');
SELECT cdp.did_regularly('{}', 'a', 3, 'Mars');
SELECT cdp.did_regularly('{}', 'a', 3, 'UTC', as_of => 'infinity');
SELECT cdp.current_streak('{}', 'a', 'UTC', as_of => '-infinity');
SELECT cdp.sessions_with('{}', 'a', '1 month');
-- the ends of time
SELECT u.unit, cdp.did_regularly(t, 'a', 1000, 'Asia/Kolkata', u.unit, 1, as_of => '4713-01-02 BC') AS first, cdp.current_streak(t, 'a', 'Asia/Kolkata', u.unit, '294276-12-31') AS last, cdp.longest_streak(t, 'a', 'America/New_York', u.unit, as_of => '294276-12-31 23:59') AS longest,
	cdp_internal.horizon('did_regularly', t, jsonb_build_object('step', 'a', 'periods', 2, 'time_zone', 'UTC', 'unit', u.unit, 'as_of', '294276-12-31 23:00+00')) AS horizon
FROM (SELECT cdp.timeline_agg(at, 'a') AS t FROM unnest('{4713-01-01 BC,294276-12-31,294276-12-30}'::timestamptz[]) at) t, unnest('{day,week,month}'::text[]) u (unit) ORDER BY 1;

-- streaks over a thousand years and around every change of the clocks, where days come twice or not at all
CREATE TABLE bc_zone AS
SELECT z.zone, u.unit, g, e.timeline, e.units FROM unnest('{UTC,Europe/Berlin,America/St_Johns,America/Sao_Paulo,Pacific/Apia,Africa/Casablanca}'::text[]) z (zone), unnest('{day,week,month}'::text[]) u (unit), generate_series(1, 40) g, LATERAL (
	SELECT cdp.timeline_agg(at, ('{a,b}'::text[])[1 + n % 2]) AS timeline, array_agg(DISTINCT date_trunc(u.unit, at AT TIME ZONE z.zone)) AS units
	FROM (SELECT n, CASE WHEN g < 15 THEN timestamptz '1700-01-01' + (n * n * 79 % 1973 + g * 31) * interval '9 hours 17 minutes' ELSE timestamptz '1969-10-01' + (g * 900 + n * n % 97) * interval '11 hours 13 minutes' END AS at FROM generate_series(0, 40 + g) n) n) e;
SELECT zone, unit, count(*) AS timelines, count(*) FILTER (WHERE cdp.longest_streak(timeline, 'a | b', zone, unit, as_of => '2030-01-01') <> (SELECT max(n) FROM (SELECT count(*) AS n FROM (SELECT d - row_number() OVER (ORDER BY d) * ('1 ' || unit)::interval AS run FROM unnest(units) d) r GROUP BY run) n)) AS different
FROM bc_zone GROUP BY 1, 2 ORDER BY 1, 2;
-- horizons around a change at midnight: of St John's at 00:01, of Apia by a day; not exact there, and never too late
CREATE TABLE bc_asked AS
SELECT zone, step::cdp.step, as_of, timeline, min(i.at) FILTER (WHERE cdp.did_regularly(timeline, step::cdp.step, 3, zone, 'day', 2, as_of => i.at) IS DISTINCT FROM cdp.did_regularly(timeline, step::cdp.step, 3, zone, 'day', 2, as_of => z.as_of)) AS regularly,
	min(i.at) FILTER (WHERE cdp.current_streak(timeline, step::cdp.step, zone, 'day', i.at) IS DISTINCT FROM cdp.current_streak(timeline, step::cdp.step, zone, 'day', z.as_of)) AS streak
FROM (SELECT zone, step, change + g * interval '6 hours 11 minutes' AS as_of, change, (SELECT cdp.timeline_agg(change + (n * 7919 * g % 200 - 100) * interval '31 minutes', 'a') FROM generate_series(1, 1 + g % 7) n) AS timeline
	FROM (VALUES ('America/St_Johns', timestamptz '2006-10-29 02:31'), ('Pacific/Apia', '2011-12-30 10:00'), ('Europe/Berlin', '2026-03-29 01:00')) c (zone, change), unnest('{a,*}'::text[]) step, generate_series(-14, 14) g WHERE g <> 0) z,
	generate_series(change - interval '5 days', change + interval '8 days', '30 minutes') h, LATERAL (SELECT h + m * interval '1 minute' AS at FROM generate_series(0, 1) m) i
WHERE i.at > z.as_of GROUP BY zone, step, as_of, timeline;
SELECT zone, count(*) AS asked, count(a.regularly) AS changes, count(*) FILTER (WHERE h.regularly > a.regularly OR h.streak > a.streak) AS too_late, count(*) FILTER (WHERE h.regularly <> a.regularly) > 0 AS not_exact
FROM bc_asked a, LATERAL (SELECT cdp_internal.horizon('did_regularly', timeline, jsonb_build_object('step', step::text, 'periods', 3, 'time_zone', zone, 'unit', 'day', 'in_periods', 2, 'as_of', as_of)) AS regularly,
	cdp_internal.horizon('current_streak', timeline, jsonb_build_object('step', step::text, 'time_zone', zone, 'unit', 'day', 'as_of', as_of)) AS streak) h GROUP BY zone ORDER BY zone;
DROP TABLE bc_timeline, bc_zone, bc_asked;
