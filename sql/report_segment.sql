-- Segments over time, as sets, and what may be wrong with them.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_report_segment ENCODING 'UTF8' TEMPLATE template0;
\c cdp_report_segment
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE EXTENSION cdp;
\set VERBOSITY terse
SELECT cdp.init();
CREATE ROLE regress_cdp_report_analyst;
SELECT cdp.grant_access('regress_cdp_report_analyst', 'analyst');
-- time begins a day ahead, so that the clock of the machine does not matter
UPDATE cdp_data.state SET as_of = date_trunc('day', now()) + interval '2 days';
SELECT as_of AS start FROM cdp_data.state \gset
SELECT * FROM cdp.lint_segments();

INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, traits, "timestamp", received_at)
SELECT 'identify', NULL, NULL, 'u' || lpad(i::text, 2, '0'), jsonb_build_object('age', i), :'start'::timestamptz, :'start'::timestamptz FROM generate_series(1, 20) i
UNION ALL
SELECT 'track', 'order', NULL, 'u' || lpad(i::text, 2, '0'), NULL, :'start'::timestamptz - i * interval '1 hour', :'start' FROM generate_series(1, 20) i
UNION ALL
SELECT 'identify', NULL, 'pad', NULL, '{"age": 50}', :'start', :'start'
UNION ALL
SELECT 'track', 'order', 'pad', NULL, NULL, :'start'::timestamptz - interval '90 minutes', :'start';
SELECT taken FROM cdp.refresh();
SELECT cdp.create_segment('recent', $$ cdp.did(timeline, 'order', within => '10 hours') $$) AS recent, cdp.create_segment('adults', $$ cdp.try_integer(traits->'age') >= 18 $$) AS adults;

-- some hours go by: time, events, a merge, a split, another definition
CREATE PROCEDURE public.pass(hours numeric) LANGUAGE sql AS $$ UPDATE cdp_data.state SET as_of = as_of + hours * interval '1 hour' $$;
CALL public.pass(2.5);
SELECT taken FROM cdp.refresh();
CALL public.pass(0.1);
INSERT INTO cdp.inbox (type, anonymous_id, user_id, "timestamp", received_at) SELECT 'identify', 'pad', 'u03', s.as_of, s.as_of FROM cdp_data.state s;
SELECT profiles_merged FROM cdp.refresh();
CALL public.pass(1);
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", received_at) SELECT 'track', 'order', 'u' || u, s.as_of, s.as_of FROM cdp_data.state s, unnest('{19,20}'::text[]) u;
SELECT taken FROM cdp.refresh();
CALL public.pass(1);
SELECT count(*) FROM cdp.unlink('anonymous_id:pad', 'user_id:u03');
CALL public.pass(0.5);
SELECT cdp.create_segment('recent', $$ cdp.did(timeline, 'order', within => '8 hours') $$, replace => true) AS recent;
CALL public.pass(3);

-- hour by hour; sizes are those of cdp.members()
\set history 'SELECT h.period - (:''start'')::timestamptz AT TIME ZONE ''UTC'' AS period, h.complete, h.members, h.entered, h.exited, h.merged, h.split FROM cdp.segment_history(''recent'', ''hour'', ''UTC'', :''start'', (:''start'')::timestamptz + interval ''6 hours'') h'
:history;
SELECT bool_and(h.members = (SELECT count(*) FROM cdp.members('recent', h.period AT TIME ZONE 'UTC' + interval '1 hour' - interval '1 microsecond'))) AS same FROM cdp.segment_history('recent', 'hour', 'UTC', :'start', :'start'::timestamptz + interval '5 hours') h;
SELECT bool_and(h.members = (SELECT count(*) FROM cdp.members('adults', h.period AT TIME ZONE 'Asia/Kolkata' + interval '1 hour' - interval '1 microsecond'))) AS same FROM cdp.segment_history('adults', 'hour', 'Asia/Kolkata', :'start', :'start'::timestamptz + interval '5 hours') h;
-- each member of then, and since when
SELECT count(*), count(DISTINCT m.profile_id), bool_and(m.since <= :'start'::timestamptz + interval '150 minutes') AS before, min(m.judged_at) = :'start'::timestamptz + interval '150 minutes' AS exact FROM cdp.members('recent', :'start'::timestamptz + interval '150 minutes') m;
SELECT count(*) = (SELECT count(*) FROM cdp.members('recent')) AS same FROM cdp.members('recent', (SELECT as_of FROM cdp_data.state));
SELECT count(*) FROM cdp.members('recent', :'start'::timestamptz - interval '1 day');
SELECT taken FROM cdp.refresh();
:history;
-- errors
SELECT count(*) FROM cdp.members('recent', '2200-01-01');
SELECT count(*) FROM cdp.members('none', :'start');
SELECT count(*) FROM cdp.members(NULL, :'start');
SELECT * FROM cdp.segment_history('none', 'day', 'UTC', :'start');
SELECT * FROM cdp.segment_history(NULL, 'day', 'UTC', :'start');
SELECT * FROM cdp.segment_history('recent', 'fortnight', 'UTC', :'start');
SELECT * FROM cdp.segment_history('recent', 'day', 'UTC', NULL);
-- what has left the feed
BEGIN;
SELECT cdp.set_change_retention('1 hour');
CALL public.pass(1.6);
SELECT cdp_internal.trim_changes((SELECT as_of FROM cdp_data.state), 1000) > 0 AS trimmed;
SELECT trimmed_at < as_of - interval '1 hour' AS before FROM cdp_data.state;
SELECT count(*) >= 0 AS known FROM cdp.members('recent', (SELECT trimmed_at FROM cdp_data.state));
\set VERBOSITY sqlstate
SAVEPOINT a;
SELECT count(*) FROM cdp.members('recent', (SELECT trimmed_at - interval '1 microsecond' FROM cdp_data.state));
ROLLBACK TO a;
SELECT count(*) FROM cdp.segment_history('recent', 'hour', 'UTC', (SELECT trimmed_at - interval '1 microsecond' FROM cdp_data.state), 'infinity');
ROLLBACK;
\set VERBOSITY terse

-- as sets
SELECT cdp.size(cdp.segment_audience('recent')) = count(*) AS same FROM cdp.members('recent');
SELECT cdp.segment_audience('none');
SELECT cdp.create_segment('no_one', 'false'), cdp.create_segment('all', 'true'), cdp.create_segment('old', $$ cdp.try_integer(traits->'age') > 40 $$), cdp.create_segment('grown', $$ cdp.try_integer(traits->'age') >= 18 AND events > 0 $$);
SELECT name, other_name, size, other_size, intersection_size, round(jaccard::numeric, 3) AS jaccard FROM cdp.segment_overlaps('{recent,adults,no_one,all}');
WITH pair AS (
	SELECT a.name, b.name AS other_name, (SELECT count(*) FROM cdp.membership x JOIN cdp.membership y USING (profile_id) WHERE x.segment = a.name AND y.segment = b.name) AS both
	FROM cdp.segment a JOIN cdp.segment b ON a.name < b.name)
SELECT count(*) AS pairs, count(*) FILTER (WHERE o.intersection_size IS DISTINCT FROM p.both) AS wrong FROM pair p FULL JOIN cdp.segment_overlaps() o ON (p.name, p.other_name) = (o.name, o.other_name);
SELECT * FROM cdp.segment_overlaps('{}');
SELECT * FROM cdp.segment_overlaps('{recent,none}');
SELECT * FROM cdp.segment_overlaps('{recent,NULL}');

-- what may be wrong
SELECT cdp.create_segment('typo', $$ cdp.did(timeline, 'ordre') OR cdp.did(timeline, 'order | "Old one"') OR traits->>'agee' = '1' $$), cdp.create_segment('part', $$ cdp.in_segment('adults') AND events > 1 $$);
SELECT cdp.create_segment('fails', $$ 1 / (cdp.try_integer(traits->'age') - 7) = 1 $$);
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", received_at) VALUES ('track', 'Old one', 'u01', '2020-02-03', '2020-02-03');
SELECT taken FROM cdp.refresh();
SELECT segment, severity, finding, regexp_replace(regexp_replace(detail, '(about|Since) [0-9].*( s,|00: )', '\1 …\2'), 'profile \d+', 'profile N') AS detail FROM cdp.lint_segments();
SELECT finding, string_agg(DISTINCT hint, ' / ') FROM cdp.lint_segments() GROUP BY finding ORDER BY finding COLLATE "C";
-- each sees what they may read
REVOKE SELECT ON cdp_segment.adults, cdp_segment.typo FROM regress_cdp_report_analyst;
SET ROLE regress_cdp_report_analyst;
SELECT DISTINCT segment FROM cdp.lint_segments() ORDER BY 1;
SELECT count(*) FROM cdp.segment_overlaps();
SELECT count(*) FROM cdp.members('recent', :'start');
SELECT count(*) FROM cdp.segment_history('recent', 'day', 'UTC', :'start', :'start'::timestamptz + interval '1 day');
SELECT cdp.size(cdp.segment_audience('all'));
SELECT * FROM cdp.segment_overlaps('{adults}');
SELECT * FROM cdp.segment_history('adults', 'day', 'UTC', :'start');
SELECT count(*) FROM cdp.members('adults', :'start');
RESET ROLE;
\c :origin
DROP DATABASE cdp_report_segment;
DROP ROLE regress_cdp_report_analyst;
