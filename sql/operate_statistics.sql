-- After a first load the planner knows the tables, also where a steward who does not own them refreshes;
-- and what identifies a person is not in the statistics.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_statistics ENCODING 'UTF8' TEMPLATE template0;
\c cdp_statistics
-- a month that autovacuum analyzes at that moment is passed over, with a warning
SET client_min_messages = error;
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
CREATE ROLE regress_cdp_statistics;
SELECT cdp.grant_access('regress_cdp_statistics', 'steward');

CREATE FUNCTION public.load(n int, m int, since timestamptz DEFAULT '2021-01-01Z') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, traits, properties, "timestamp", received_at)
	SELECT 'secret-m-' || i, CASE WHEN i % 4 = 0 THEN 'identify' WHEN i % 4 = 1 THEN 'group' ELSE 'track' END, 'View', 'secret-a-' || i % 3000, 'secret-u-' || i % 1000,
		   'secret-g-' || i % 10, '{"name": "secret-n"}', '{"q": "secret-p"}', since + i * interval '1 second', '2021-06-01Z'
	FROM generate_series(n, m) i
$$;
SELECT public.load(1, 6000);
INSERT INTO cdp.inbox (type, user_id) SELECT 'secret-t', 'secret-u' FROM generate_series(1, 1000);
-- who analyzed it: reltuples is -1 where no one did
CREATE VIEW public.known AS
	SELECT c.oid::regclass AS name, c.reltuples FROM pg_class c WHERE c.relnamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND c.relkind IN ('r', 'p') AND c.reltuples >= 0;
SELECT * FROM public.known;
SET ROLE regress_cdp_statistics;
SELECT accepted, quarantined FROM cdp.refresh();
RESET ROLE;
SELECT name, reltuples FROM public.known WHERE name::text !~ '_20[0-9][0-9]_' OR name = 'cdp_data.event_2021_01'::regclass ORDER BY name::text;
SELECT tablename, attname, n_distinct FROM pg_stats WHERE schemaname IN ('cdp', 'cdp_data') AND tablename IN ('identifier', 'event', 'event_2021_01') AND attname IN ('profile_id', 'identifier_id') ORDER BY 1, 2;

-- nothing that identifies a person, though everything is analyzed
ANALYZE;
SELECT tablename, attname FROM pg_stats WHERE schemaname IN ('cdp', 'cdp_data') AND concat_ws(' ', most_common_vals, histogram_bounds, most_common_elems) LIKE '%secret%';
-- which would show
ALTER TABLE cdp_data.event_2021_01 ALTER COLUMN user_id SET STATISTICS 10;
ANALYZE cdp_data.event_2021_01;
SELECT tablename, attname FROM pg_stats WHERE schemaname IN ('cdp', 'cdp_data') AND concat_ws(' ', most_common_vals, histogram_bounds, most_common_elems) LIKE '%secret%';
-- in months that come later too
SELECT cdp_data.add_event_month('2021-05-01');
SELECT count(*) FROM pg_attribute a JOIN pg_attribute m USING (attname) WHERE a.attrelid = 'cdp_data.event'::regclass AND m.attrelid = 'cdp_data.event_2021_05'::regclass
AND a.attnum > 0 AND a.attstattarget IS DISTINCT FROM m.attstattarget;

-- also what was analyzed while it was empty
ANALYZE cdp_data.event_2021_05;
SELECT reltuples FROM public.known WHERE name = 'cdp_data.event_2021_05'::regclass;
SELECT public.load(100001, 102000, '2021-05-01Z');
SELECT accepted FROM cdp.refresh();
SELECT reltuples FROM public.known WHERE name = 'cdp_data.event_2021_05'::regclass;
-- not again before there is ten times as much
SELECT public.load(6001, 12000);
SELECT accepted FROM cdp.refresh();
SELECT reltuples FROM public.known WHERE name = 'cdp_data.message'::regclass;
-- and then
SELECT public.load(12001, 80000);
SELECT accepted FROM cdp.refresh();
SELECT reltuples FROM public.known WHERE name = 'cdp_data.message'::regclass;
\c :origin
DROP DATABASE cdp_statistics;
DROP ROLE regress_cdp_statistics;
