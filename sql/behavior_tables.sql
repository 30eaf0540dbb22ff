-- The analyst's tables: funnels, retention and paths, over people and over the rows of a query.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_tables ENCODING 'UTF8' TEMPLATE template0;
\c cdp_tables
CREATE EXTENSION cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SELECT cdp.init();

-- u1 looks as a stranger and buys as a known user; u2 takes two ways in; u3 is too late; k is a kiosk that others look through
SELECT cdp.set_rules('{"device_id": {"max_links": 2}}');
INSERT INTO cdp.inbox (anonymous_id, user_id, identifiers, event, properties, traits, "timestamp", type) VALUES
	('a1', NULL, NULL, 'view', '{"campaign": "spring"}', NULL, '2026-03-01 10:00Z', 'track'), ('a1', 'u1', NULL, NULL, NULL, '{"country": "DE"}', '2026-03-01 11:00Z', 'identify'),
	(NULL, 'u1', NULL, 'cart', NULL, NULL, '2026-03-01 12:00Z', 'track'), (NULL, 'u1', NULL, 'buy', NULL, NULL, '2026-03-03 10:00Z', 'track'), (NULL, 'u1', NULL, 'view', NULL, NULL, '2026-03-20 10:00Z', 'track'),
	(NULL, 'u2', NULL, 'view', '{"campaign": "mail"}', '{"country": "FR"}', '2026-03-02 10:00Z', 'track'), (NULL, 'u2', NULL, 'view', '{"campaign": "spring"}', NULL, '2026-03-02 10:00Z', 'track'),
	(NULL, 'u2', NULL, 'cart', NULL, NULL, '2026-03-02 10:10Z', 'track'), (NULL, 'u2', NULL, 'cart', NULL, NULL, '2026-03-02 10:20Z', 'track'),
	(NULL, 'u3', NULL, 'view', '{"campaign": 5}', NULL, '2026-03-02 10:00Z', 'track'), (NULL, 'u3', NULL, 'cart', NULL, NULL, '2026-03-09 10:00:00.000001Z', 'track'),
	(NULL, 'u4', NULL, 'buy', NULL, NULL, '2026-03-01 10:00Z', 'track'), (NULL, 'u2', NULL, NULL, NULL, '{"country": "FR"}', '2026-03-02 09:00Z', 'identify'),
	(NULL, 'u6', '{"device_id": "k"}', NULL, NULL, '{"n": 1}', '2026-03-01 10:00Z', 'identify'), (NULL, 'u7', '{"device_id": "k"}', NULL, NULL, '{"n": 1}', '2026-03-01 10:00Z', 'identify'),
	(NULL, 'u8', '{"device_id": "k"}', NULL, NULL, '{"n": 1}', '2026-03-01 10:00Z', 'identify'), (NULL, NULL, '{"device_id": "k"}', 'view', NULL, NULL, '2026-03-01 10:00Z', 'track');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT count(*) AS profiles, (SELECT count(*) FROM cdp_data.profile WHERE shared) AS shared FROM cdp.profiles;
SELECT cdp.create_segment('french', $$ traits->>'country' = 'FR' $$);

SELECT * FROM cdp.funnel_table('view -> cart -> buy in 7 days');
SELECT * FROM cdp.funnel_table('view -> cart -> buy in 7 days', by => '{property:campaign}');
SELECT * FROM cdp.funnel_table('view -> cart in 7 days', by => '{trait:country}');
SELECT * FROM cdp.funnel_table('view -> cart in 7 days', segment => 'french');
SELECT * FROM cdp.funnel_table('view -> cart -> view in 60 days', since => '2026-03-01', until => '2026-03-02');
SELECT * FROM cdp.funnel_table('view -> cart -> buy in 7 days', as_of => '2026-03-02 10:00Z');
SELECT * FROM cdp.funnel_table('nothing -> view');
SELECT * FROM cdp.funnel_table('nothing -> view', by => '{trait:country}');
SELECT * FROM cdp.retention_table('view', '*', 'week', 'UTC', as_of => '2026-03-22');
SELECT * FROM cdp.retention_table('view', 'view', 'month', 'UTC', as_of => '2026-04-01', by => '{trait:country}');
SELECT cohort, size, period, people FROM cdp.retention_table('view', 'cart', 'day', 'Pacific/Kiritimati', periods => 2, segment => 'french', as_of => '2026-04-01');
SELECT label, people, occurrences, share FROM cdp.paths();
SELECT label, people, occurrences, share FROM cdp.paths(repeats => true, gap => '7 days');
SELECT * FROM cdp.paths('view', 'buy', gap => '7 days');
-- no session is so long
SELECT label, people FROM cdp.paths('view', gap => '7 days', depth => 2147483647);
SELECT label, people FROM cdp.paths(NULL, 'buy', gap => '7 days', depth => 2147483647);
SELECT * FROM cdp.paths('view', gap => '7 days', segment => 'french');
-- properties that timelines do not carry are read from the log, with the same answers
SELECT breakdown, period, events, people FROM cdp.trend_table('view', 'month', 'UTC', '2026-03-01', '2026-04-01', by => '{trait:country,segment:french,property:campaign}', as_of => '2026-05-01');
SELECT breakdown, events, people, total FROM cdp.trend_table('view[campaign = "spring"] | view[campaign > 4]', 'month', 'UTC', '2026-03-01', '2026-04-01', number => 'campaign', by => '{property:campaign}', top => 1, as_of => '2026-05-01');
SELECT cdp.carry_property('view', 'campaign');
SELECT breakdown, period, events, people FROM cdp.trend_table('view', 'month', 'UTC', '2026-03-01', '2026-04-01', by => '{trait:country,segment:french,property:campaign}', as_of => '2026-05-01');
SELECT breakdown, events, people, total FROM cdp.trend_table('view[campaign = "spring"] | view[campaign > 4]', 'month', 'UTC', '2026-03-01', '2026-04-01', number => 'campaign', by => '{property:campaign}', top => 1, as_of => '2026-05-01');
SELECT * FROM cdp.funnel_table('view -> cart -> buy in 7 days', by => '{property:campaign}');
SELECT state, people FROM cdp.lifecycle_table('*', 'month', 'UTC', '2026-03-01', '2026-04-01', segment => 'french', as_of => '2026-05-01');
SELECT recency, frequency, monetary, people FROM cdp.rfm_table('view[campaign exists]', 'campaign', 2, as_of => '2026-05-01');
SELECT * FROM cdp.path_edges('view', gap => '7 days', segment => 'french');
-- broken down, with the shares of each breakdown and so many paths of each
SELECT breakdown, label, people, occurrences, share FROM cdp.paths(gap => '7 days', depth => 2, by => '{trait:country,segment:french}', max_rows => 1);
SELECT breakdown, label, people, occurrences, share FROM cdp.paths(gap => '7 days', depth => 2, by => '{trait:country}', top => 1);
SELECT breakdown, place, from_event, to_event, people, occurrences FROM cdp.path_edges(gap => '7 days', by => '{trait:country}', max_rows => 1);
SELECT FROM cdp.paths(by => '{property:campaign}');
SELECT FROM cdp.path_edges(by => '{trait:country}', query => 'SELECT 1, now(), 2');
SELECT cdp.drop_property('view', 'campaign');
-- an event for which there are rules of * and of its own
SELECT breakdown, events FROM cdp.trend_table('*[campaign exists]', 'month', 'UTC', '2026-03-01', '2026-04-01', by => '{property:campaign}', as_of => '2026-05-01');
-- a merge acts: what the second did is the first's
INSERT INTO cdp.inbox (user_id, anonymous_id, event, "timestamp") VALUES (NULL, 'a4', 'view', '2026-02-28 10:00Z'), ('u4', 'a4', 'login', '2026-03-05 10:00Z');
SELECT accepted FROM cdp.refresh();
SELECT event, people, median_time FROM cdp.funnel_table('view -> buy in 7 days');

-- who may
CREATE ROLE regress_cdp_table_analyst;
CREATE ROLE regress_cdp_table_stranger;
SELECT cdp.grant_access('regress_cdp_table_analyst', 'analyst');
GRANT USAGE ON SCHEMA cdp TO regress_cdp_table_stranger;
SET ROLE regress_cdp_table_analyst;
SELECT count(*) FROM cdp.funnel_table('view -> buy in 7 days', by => '{property:campaign}');
SELECT (SELECT count(*) FROM cdp.retention_table('*', '*', 'month', 'UTC', as_of => '2026-04-01')) AS retention, (SELECT count(*) FROM cdp.paths(segment => 'french')) AS paths;
SET ROLE regress_cdp_table_stranger;
SELECT * FROM cdp.funnel_table('view -> buy in 7 days');
SELECT * FROM cdp.retention_table('*', '*', 'month', 'UTC');
SELECT * FROM cdp.paths();
RESET ROLE;
DROP OWNED BY regress_cdp_table_analyst, regress_cdp_table_stranger;
DROP ROLE regress_cdp_table_analyst, regress_cdp_table_stranger;

-- rows of a query: 20,000 people, each with a funnel of its own
SELECT setseed(0.125);
CREATE TABLE bt_row AS
SELECT h AS person, n, timestamptz '2026-01-01' + floor(random() * 12) * interval '8 hours' AS at, ('{a,b,c}'::text[])[1 + floor(random() * 3)::int] AS event
FROM generate_series(1, 20000) h, generate_series(1, 1 + h % 8) n;
CREATE TABLE bt_funnel AS
SELECT h AS person, (ARRAY['{a,b}', '{a,b,c}', '{c,a}', '{a,a}', '{b,a,b,a}', '{a}', '{a,c,a,b}'])[1 + h % 7]::text[] AS events, (h / 7 % 5 + 1) * interval '16 hours' AS width,
	CASE WHEN h % 3 = 0 THEN timestamptz '2026-01-01 12:00' END AS since, CASE WHEN h % 5 = 0 THEN timestamptz '2026-01-03' END AS until,
	CASE WHEN h % 4 = 0 THEN timestamptz '2026-01-03 08:00' ELSE '2027-01-01' END AS as_of, h % 11 = 0 AS strict
FROM generate_series(1, 20000) h;
-- all chains, and for each step the one that reaches it first, of these the one that began last
CREATE TABLE bt_reached AS
WITH RECURSIVE read AS (
	-- in the order of reading
	SELECT f.person, r.at, r.event, row_number() OVER (PARTITION BY f.person ORDER BY r.at, array_position(f.events, r.event)) AS place FROM bt_funnel f JOIN bt_row r USING (person) WHERE r.at <= f.as_of
), chain AS (
	SELECT f.person, 1 AS step, r.at AS began, r.at, r.place FROM bt_funnel f JOIN read r USING (person)
	WHERE r.event = f.events[1] AND r.at >= coalesce(f.since, '-infinity') AND r.at < coalesce(f.until, 'infinity')
	UNION
	SELECT c.person, c.step + 1, c.began, r.at, r.place FROM chain c JOIN bt_funnel f USING (person) JOIN read r USING (person)
	WHERE r.event = f.events[c.step + 1] AND r.at - c.began <= f.width AND r.place > c.place AND (r.at > c.at OR NOT f.strict)
)
SELECT DISTINCT ON (person, step) person, step, at - began AS took FROM chain ORDER BY person, step, at, began DESC;
CREATE TABLE bt_timeline AS SELECT person, cdp.timeline_agg(at, event) AS timeline FROM bt_row GROUP BY person;
SELECT cardinality(t.times) AS depth, count(*), count(*) FILTER (WHERE t.times <> coalesce(r.times, '{}')) AS differences
FROM (SELECT person, cdp.funnel_times(timeline, (array_to_string(events, ' -> ') || CASE WHEN cardinality(events) > 1 THEN format(' in %s hours', extract(epoch FROM width)::int / 3600) ELSE '' END)::cdp.sequence,
	CASE WHEN strict THEN 'strict_increase' ELSE 'default' END::cdp.funnel_mode, 'all', since, until, as_of) AS times FROM bt_timeline JOIN bt_funnel USING (person)) t
LEFT JOIN (SELECT person, array_agg(took ORDER BY step) AS times FROM bt_reached GROUP BY person) r USING (person) GROUP BY 1 ORDER BY 1;
-- no name twice: as deep as cdp.window_funnel says
SELECT count(*) AS people, count(*) FILTER (WHERE depth <> cardinality(cdp.funnel_times(timeline, 'a -> b -> c in 20 hours'))) AS differences
FROM bt_timeline JOIN (SELECT person, cdp.window_funnel('20 hours', at, event = 'a', event = 'b', event = 'c') AS depth FROM bt_row GROUP BY person) w USING (person);
SELECT f.step, f.event, f.people, f.people = r.people AND f.from_previous IS NOT DISTINCT FROM round(r.people::numeric / lag(r.people) OVER w, 4)
	AND f.from_first = round(r.people::numeric / first_value(r.people) OVER w, 4) AND f.median_time = r.median AS as_counted
FROM cdp.funnel_table('a -> b -> c in 20 hours', query => 'SELECT person, at, event, n FROM public.bt_row -- all of them') f
JOIN (SELECT step, count(*) AS people, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median
	  FROM bt_timeline, unnest(cdp.funnel_times(timeline, 'a -> b -> c in 20 hours')) WITH ORDINALITY t(took, step) GROUP BY step) r USING (step) WINDOW w AS (ORDER BY step) ORDER BY step;

-- retention against the definition, by ranges of the calendar: over the new year, and the ends of summer time
CREATE TABLE bt_visit AS
SELECT h AS person, timestamptz '2025-10-10' + floor(random() * 9000) * interval '30 minutes' AS at, ('{a,b,c}'::text[])[1 + floor(random() * 3)::int] AS event
FROM generate_series(1, 800) h, generate_series(1, 1 + h % 30) n;
CREATE FUNCTION pg_temp.defined_retention(first_event text, return_event text, unit text, zone text, since timestamptz, until timestamptz, last int, as_of timestamptz)
RETURNS TABLE (cohort date, size bigint, period int, people bigint, complete boolean) LANGUAGE sql AS $$
	WITH first AS (
		SELECT f.*, date_trunc(unit, at AT TIME ZONE zone) AS cohort
		FROM (SELECT person, min(v.at) AS at FROM bt_visit v WHERE v.at <= as_of AND (first_event IS NULL OR v.event = first_event) GROUP BY person) f
		WHERE NOT f.at < since IS TRUE AND NOT f.at >= until IS TRUE
	), came AS (
		SELECT DISTINCT f.person, f.cohort, v.at AT TIME ZONE zone AS local FROM first f JOIN bt_visit v USING (person)
		WHERE v.at > f.at AND v.at <= as_of AND (return_event IS NULL OR v.event = return_event)
	)
	SELECT c.cohort::date, c.size, n, count(DISTINCT m.person), (c.cohort + (n + 1) * step) AT TIME ZONE zone <= as_of
	FROM (SELECT f.cohort, count(*) AS size FROM first f GROUP BY f.cohort) c CROSS JOIN generate_series(0, last) n CROSS JOIN CAST('1 ' || unit AS interval) step
	LEFT JOIN came m ON m.cohort = c.cohort AND m.local >= c.cohort + n * step AND m.local < c.cohort + (n + 1) * step
	WHERE c.cohort + n * step <= as_of AT TIME ZONE zone GROUP BY c.cohort, c.size, n, step
$$;
CREATE FUNCTION pg_temp.compare_retention(first_event text, return_event text, unit text, zone text, since timestamptz, until timestamptz, last int, as_of timestamptz)
RETURNS TABLE (rows bigint, returns bigint, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT count(*), sum(d.people)::bigint, count(*) FILTER (WHERE d IS DISTINCT FROM t OR d.cohort IS NULL)
	FROM pg_temp.defined_retention(first_event, return_event, unit, zone, since, until, last, as_of) d
	FULL JOIN (SELECT r.cohort::date, r.size, r.period, r.people, r.complete
			   FROM cdp.retention_table(coalesce(cdp.quote_step(first_event), '*'), coalesce(cdp.quote_step(return_event), '*'), unit, zone, since, until, last, as_of => $8, query => 'TABLE public.bt_visit') r) t USING (cohort, period);
END $$;
SELECT q.unit, q.zone, c.* FROM (VALUES ('a', 'b', 'day', 'Europe/Berlin', NULL::timestamptz, NULL::timestamptz, 40, timestamptz '2026-05-01'), ('a', 'a', 'week', 'America/New_York', NULL, NULL, 12, '2026-03-01 04:30Z'),
	(NULL, NULL, 'week', 'Asia/Kolkata', '2025-10-12', '2025-10-26', 52, '2026-04-12 18:30Z'), ('b', NULL, 'month', 'Europe/Berlin', NULL, '2026-01-01', 12, '2026-03-31 22:00Z'),
	(NULL, 'c', 'month', 'Pacific/Kiritimati', '2025-11-01', NULL, 2, '2026-05-01'), ('c', 'a', 'day', 'UTC', '2025-10-20', '2025-10-21', 400, '2026-01-20')) q(first, return, unit, zone, since, until, last, as_of),
	pg_temp.compare_retention(first, return, unit, zone, since, until, last, as_of) c;

-- paths against the definition, session by session and event by event
CREATE FUNCTION pg_temp.defined_path(session text[], first text, last text, depth int, repeats boolean) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	hit text;
	events text[] := '{}';
	began int;
	ended int;
BEGIN
	FOREACH hit IN ARRAY session LOOP
		IF repeats OR events = '{}' OR events[cardinality(events)] <> hit THEN
			events := events || hit;
		END IF;
	END LOOP;
	FOR i IN 1 .. cardinality(events) LOOP
		IF began IS NULL AND events[i] = first THEN
			began := i;
		ELSIF ended IS NULL AND events[i] = last AND (first IS NULL OR began IS NOT NULL) THEN
			ended := i;
		END IF;
	END LOOP;
	RETURN CASE WHEN first IS NULL AND last IS NULL THEN events[1:depth]
		WHEN last IS NULL THEN events[began:began + depth - 1]
		WHEN first IS NULL THEN events[ended - depth + 1:ended]
		WHEN ended - began < depth THEN events[began:ended] END;
END $$;
CREATE FUNCTION pg_temp.compare_paths(first text, last text, depth int, gap interval, since timestamptz, until timestamptz, repeats boolean)
RETURNS TABLE (paths bigint, taken bigint, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY WITH session AS (
		SELECT person, array_agg(event ORDER BY at, event) AS events
		FROM (SELECT person, at, event, sum(CASE WHEN at - before > gap THEN 1 ELSE 0 END) OVER (PARTITION BY person ORDER BY at, event) AS session
			  FROM (SELECT person, at, event, lag(at) OVER (PARTITION BY person ORDER BY at, event) AS before FROM bt_row
					WHERE person <= 10000 AND NOT at < since IS TRUE AND NOT at >= until IS TRUE) r) s GROUP BY person, session
	), path AS (
		SELECT person, pg_temp.defined_path(events, first, last, depth, repeats) AS path FROM session
	), defined AS (
		SELECT path, count(DISTINCT person) AS people, count(*) AS occurrences, sum(count(*)) OVER () AS total FROM path WHERE path <> '{}' GROUP BY path
	)
	SELECT count(*), sum(d.occurrences)::bigint, count(*) FILTER (WHERE d.people IS DISTINCT FROM t.people OR d.occurrences IS DISTINCT FROM t.occurrences
		OR t.label <> array_to_string(path, ' > ') OR t.share <> round(t.occurrences / d.total, 4))
	FROM defined d FULL JOIN cdp.paths(cdp.quote_step($1), cdp.quote_step($2), $3, $4, $5, $6, $7, 1000000, query => 'SELECT person, at, event FROM public.bt_row WHERE person <= 10000') t USING (path);
END $$;
SELECT q.first, q.last, q.depth, q.gap, q.repeats, c.* FROM (VALUES (NULL, NULL, 3, interval '8 hours', NULL::timestamptz, NULL::timestamptz, false), (NULL, NULL, 4, '0', NULL, NULL, true), ('a', NULL, 3, '16 hours', '2026-01-01 16:00', NULL, true),
	(NULL, 'b', 3, '16 hours', NULL, '2026-01-04', false), ('a', 'b', 3, '8 hours', NULL, NULL, true), ('c', 'c', 8, '1 day', NULL, NULL, false), ('a', 'b', 2, '1 day', '2026-01-02', '2026-01-04', false), ('a', NULL, 1, '8 hours', NULL, NULL, false)) q(first, last, depth, gap, since, until, repeats),
	pg_temp.compare_paths(first, last, depth, gap, since, until, repeats) c;
SELECT label, people FROM cdp.paths(max_rows => 2, depth => 1, query => 'SELECT person, at, event FROM public.bt_row');

-- a query as psql takes it
SELECT event, people FROM cdp.funnel_table('x', query => E'VALUES (1, now(), \'x\') ; ;\n');

-- people may be of any type; rows without a person, a time or an event do not count
SELECT event, people FROM cdp.funnel_table('x -> y in 1 day', query => $$ SELECT * FROM (VALUES ('p'::text, now() - interval '1 hour', 'x'), ('p', now(), 'y'), (NULL, now(), 'x'), ('q', NULL, 'x'), ('r', now(), NULL)) v $$);

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal('SELECT count(*) FROM cdp.' || call))
FROM unnest(ARRAY[$$funnel_table('')$$, $$funnel_table('a -> ""')$$, $$funnel_table(NULL)$$, $$funnel_table('a -> b in 1 month')$$, $$funnel_table('a', mode => 'strict')$$, $$funnel_table('a', attempts => 'second')$$, $$funnel_table('a & b', attempts => 'last')$$,
	$$funnel_table('a', as_of => NULL)$$, $$funnel_table('a', as_of => 'infinity')$$, $$funnel_table('a', by => '{property:}')$$, $$funnel_table('a', by => '{x}')$$, $$funnel_table('a', by => '{NULL}')$$, $$funnel_table('a', top => 0)$$, $$funnel_table('a', unit => 'day')$$, $$funnel_table('a', '2026-01-01', '2026-02-01', 'fortnight', 'UTC')$$,
	$$funnel_table('a', histogram => '{}')$$, $$funnel_table('a', histogram => '{1 day,1 hour}')$$, $$funnel_table('a', histogram => '{-1 hour}')$$, $$funnel_table('a', histogram => '{1 month}')$$, $$funnel_table('a', histogram => '{1 hour,NULL}')$$, $$funnel_table('a', compare => '1 year')$$, $$funnel_table('a', '2026-01-01', '2026-02-01', compare => '1 year')$$,
	$$funnel_table('a', '2026-01-01', '2026-02-01', time_zone => 'UTC', compare => '-1 day')$$, $$funnel_table('a', '2026-01-01', '2026-02-01', time_zone => 'Mars', compare => '1 day')$$, $$funnel_table('a', segment => 'none')$$, $$funnel_table('a', segment => 'french', query => 'SELECT 1')$$, $$funnel_table('a', by => '{trait:x}', query => 'SELECT 1')$$,
	$$funnel_table('a', query => ' ; ')$$, $$funnel_table('a', by => '{segment:x}', query => 'SELECT 1')$$, $$funnel_table('a', query => 'SELECT 1')$$, $$funnel_table('a', query => 'SELECT 1, timestamptz ''infinity'', ''a''')$$, $$funnel_table('a', query => 'SELECT 1, now(), ''''')$$,
	$$funnel_table('a', query => 'SELECT 1, 2, ''a''')$$, $$funnel_table('a', query => 'DELETE FROM public.bt_row RETURNING person, at, event')$$, $$funnel_table('a', query => 'WITH d AS (DELETE FROM public.bt_row RETURNING *) SELECT person, at, event FROM d')$$,
	$$funnel_table('a', by => $x${"property:') --"}$x$)$$, $$funnel_table('a', by => $x${"trait:') --"}$x$)$$,
	$$retention_table('', 'b', 'day', 'UTC')$$, $$retention_table('a', '', 'day', 'UTC')$$, $$retention_table('a', 'b', 'minute', 'UTC')$$, $$retention_table('a', NULL, 'day', 'UTC')$$, $$retention_table('a', 'b', 'day', 'UTC', mode => 'x')$$, $$retention_table('a', 'b', 'day', 'UTC', brackets => '{1}')$$, $$retention_table('a', 'b', 'day', 'UTC', brackets => '{1,1}')$$, $$retention_table('a', 'b', 'day', 'UTC', recurring => true)$$, $$retention_table('a', 'b', 'day', 'UTC', number => '')$$, $$retention_table('a', 'b', 'day', 'UTC', unbounded => NULL)$$, $$retention_table('a', 'b', NULL, 'UTC')$$, $$retention_table('a', 'b', 'day', 'Mars/Olympus')$$, $$retention_table('a', 'b', 'day', '')$$, $$retention_table('a', 'b', 'day', NULL)$$,
	$$retention_table('a', 'b', 'day', 'UTC', periods => -1)$$, $$retention_table('a', 'b', 'day', 'UTC', periods => 10001)$$, $$retention_table('a', 'b', 'day', 'UTC', periods => 10000)$$, $$retention_table('a', 'b', 'day', 'UTC', periods => NULL)$$, $$retention_table('a', 'b', 'day', 'UTC', as_of => 'infinity')$$, $$retention_table('a', 'b', 'day', 'UTC', as_of => NULL)$$, $$retention_table('a', 'b', 'day', 'UTC', by => '{segment:none}')$$,
	$$trend_table(NULL, 'day', 'UTC', '2026-01-01')$$, $$trend_table('a', 'day', 'UTC', NULL)$$, $$trend_table('a', 'day', 'UTC', '2026-01-01', '2026-01-01')$$, $$trend_table('a', 'hour', 'UTC', '2000-01-01', '2026-01-01')$$, $$trend_table('a', 'day', 'UTC', '-infinity')$$, $$trend_table('a', 'day', 'UTC', '2026-01-01', '2026-02-01', '')$$,
	$$trend_table('a', 'day', 'UTC', '2026-01-01', '2026-02-01', moving => 0)$$, $$trend_table('a', 'day', 'UTC', '2026-01-01', '2026-02-01', compare => '-1 day')$$, $$trend_table('a', 'day', 'Mars', '2026-01-01', '2026-02-01')$$, $$lifecycle_table('a', 'day', 'UTC', '2026-01-01', '2026-02-01', by => '{property:x}')$$, $$lifecycle_table('a', 'x', 'UTC', '2026-01-01')$$,
	$$stickiness_table(NULL, 'day', 'UTC', '2026-01-01', '2026-02-01')$$, $$rfm_table('a', '')$$, $$rfm_table('a', 'n', 0)$$, $$rfm_table('a', NULL)$$, $$rfm_table('a', 'n', by => '{property:x}')$$, $$path_edges(depth => 0)$$, $$path_edges('a[x =')$$,
	$$paths('')$$, $$paths(NULL, '')$$, $$paths(depth => 0)$$, $$paths(depth => NULL)$$, $$paths(gap => '-1 second')$$, $$paths(gap => '1 month')$$, $$paths(gap => NULL)$$, $$paths(max_rows => 0)$$, $$paths(max_rows => NULL)$$, $$paths(repeats => NULL)$$, $$paths(as_of => NULL)$$, $$paths(as_of => '-infinity')$$]) call;
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.funnel_times(%s)', call)))
FROM unnest(ARRAY[$$'{}', ''$$, $$'{}', 'a', 'strict'$$, $$'{}', 'a', 'default', 'none'$$, $$'{}', 'a', as_of => 'infinity'$$, $$'{}', NULL$$, $$'{}', 'a', as_of => NULL$$, $$NULL, 'a'$$, $$'{"a":["2026-01-01"]}', 'a', since => '-infinity', until => 'infinity'$$, $$'{"a":["2026-01-01"]}', 'a', NULL, NULL$$,
	$$'{"a":["2026-01-01"]}', 'a', since => '2026-01-02'$$, $$'{"a":["2026-01-01"]}', 'a', until => '2026-01-01'$$, $$'{"a":["2026-01-01"]}', 'a', until => '-infinity'$$]) call;
\c :origin
DROP DATABASE cdp_tables;
