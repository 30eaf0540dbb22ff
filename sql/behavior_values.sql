-- Values of properties and active days: kinds of values, what was left out, calendars.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE bv_timeline (name text, timeline cdp.timeline);
INSERT INTO bv_timeline SELECT name, cdp.timeline_agg(at::timestamptz, event, properties::jsonb) FROM (VALUES
	('kinds', '2026-01-01', 'v', '{"p": "b"}'), ('kinds', '2026-01-02', 'v', '{"p": ["a", 1, "1", true, 1.50]}'), ('kinds', '2026-01-03', 'v', '{"q": 1}'), ('kinds', '2026-01-04', 'w', '{"p": "ä"}'), ('kinds', '2026-01-02', 'w', '{"p": 2.0}'),
	('left', '2026-01-01', 'v', '{"p": {"o": 1}}'), ('left', '2026-01-02', 'v', '{"p": "x"}'), ('left', '2026-01-03', 'v', '{"p": "y", "q": {}}')) r (name, at, event, properties) GROUP BY name;
INSERT INTO bv_timeline VALUES ('empty', '{}'), ('null', NULL);
SELECT t.name, s.step, cdp.first_value(t.timeline, s.step, 'p', as_of => '2026-02-01') AS first, cdp.last_value(t.timeline, s.step, 'p', as_of => '2026-02-01') AS last,
	cdp.unique_values(t.timeline, s.step, 'p', as_of => '2026-02-01') AS uniques, cdp.count_unique(t.timeline, s.step, 'p', as_of => '2026-02-01') AS count, cdp.most_frequent_value(t.timeline, s.step, 'p', as_of => '2026-02-01') AS most, cdp.days_active(t.timeline, s.step, 'UTC', as_of => '2026-02-01') AS days
FROM bv_timeline t, unnest('{v,w,v | w,*}'::cdp.step[] || ARRAY['v[q = 1]', '*[p not exists]']::cdp.step[]) s (step) ORDER BY t.name, s.step::text COLLATE "C";
-- a window leaves out what was left out
SELECT cdp.first_value(timeline, 'v', 'p', since => '2026-01-02', as_of => '2026-02-01') AS first, cdp.unique_values(timeline, 'v', 'p', since => '2026-01-02', as_of => '2026-02-01') AS uniques, cdp.last_value(timeline, 'v', 'p', within => '1 day', as_of => '2026-01-03') AS last
FROM bv_timeline WHERE name = 'left';
SELECT cdp.first_value(timeline, NULL, 'p'), cdp.last_value(timeline, 'v', NULL), cdp.unique_values(timeline, 'v', 'p', as_of => NULL), cdp.count_unique(timeline, NULL, 'p'), cdp.most_frequent_value(timeline, 'v', NULL), cdp.days_active(timeline, 'v', NULL), cdp.days_active(timeline, 'v', 'UTC', NULL) FROM bv_timeline WHERE name = 'kinds';
SELECT cdp.unique_values('{}', 'v', '');
SELECT cdp.days_active('{}', 'v', 'Mars');
SELECT cdp.days_active('{}', 'v', repeat('x', 1000));
SELECT cdp.days_active('{}', 'v', 'UTC', 'hour');
SELECT cdp.days_active('{}', 'v', 'UTC', within => '1 month');
-- calendars of all kinds, over a thousand years and around every change of the clocks
SELECT z.zone, u.unit, count(*) AS timelines, count(*) FILTER (WHERE cdp.days_active(t.timeline, 'a | b', z.zone, u.unit, as_of => 'epoch'::timestamptz + interval '400000 days') <> t.days) AS differences
FROM unnest('{UTC,Europe/Berlin,America/New_York,Asia/Kolkata,America/Sao_Paulo,America/St_Johns,Pacific/Apia,Africa/Casablanca,Australia/Lord_Howe,Etc/GMT+12}'::text[]) z (zone), unnest('{day,week,month}'::text[]) u (unit),
	LATERAL (SELECT g, cdp.timeline_agg(e.at, ('{a,b,c}'::text[])[1 + e.n % 3]) AS timeline, count(DISTINCT date_trunc(u.unit, e.at AT TIME ZONE z.zone)) FILTER (WHERE e.n % 3 < 2) AS days
		FROM generate_series(1, 60) g, LATERAL (SELECT n, CASE WHEN g < 20 THEN timestamptz '1700-01-01' + (n * 7919 + g * 31) * interval '9 hours 17 minutes' ELSE timestamptz '1969-10-01' + (g * 900 + n) * interval '11 hours 13 minutes' END AS at FROM generate_series(0, 40 + g) n) e GROUP BY g) t
GROUP BY 1, 2 ORDER BY 1, 2;
DROP TABLE bv_timeline;
