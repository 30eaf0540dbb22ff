-- A property that timelines do not carry is read from the log; what has left it is not counted, and that is said.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_left_log ENCODING 'UTF8' TEMPLATE template0;
\c cdp_left_log
CREATE EXTENSION cdp;
SELECT cdp.init();
INSERT INTO cdp.inbox (type, event, user_id, properties, "timestamp", source)
SELECT 'track', 'View', 'u' || i % 5, jsonb_build_object('color', CASE WHEN i % 2 = 0 THEN 'red' ELSE 'blue' END), timestamptz '2025-01-01Z' + i * interval '1 day', 'web'
FROM generate_series(1, 50) i;
SELECT accepted FROM cdp.refresh();
SELECT period, events FROM cdp.trend_table('View[color = "red"]', unit => 'month', time_zone => 'UTC', since => '2025-01-01', until => '2025-03-01');
SELECT cdp.set_sources(jsonb_build_object('web', jsonb_build_object('keep_events', (now() - timestamptz '2025-02-05Z')::text)));
SELECT state, events FROM cdp.drop_old_events();
SET timezone = 'America/New_York';
SELECT period, events FROM cdp.trend_table('View[color = "red"]', unit => 'month', time_zone => 'UTC', since => '2025-01-01', until => '2025-03-01');
SELECT period, events FROM cdp.trend_table('View', unit => 'month', time_zone => 'UTC', since => '2025-01-01', until => '2025-03-01');
-- an analyst is told, too
CREATE ROLE regress_left_log;
SELECT cdp.grant_access('regress_left_log', 'analyst');
SET ROLE regress_left_log;
SELECT breakdown, sum(events) AS events FROM cdp.trend_table('View', unit => 'month', time_zone => 'UTC', since => '2025-01-01', until => '2025-03-01', by => '{property:color}') GROUP BY 1 ORDER BY 1;
RESET ROLE;
DROP OWNED BY regress_left_log;
DROP ROLE regress_left_log;
\c :origin
DROP DATABASE cdp_left_log;
