-- The segments of one owner share a time limit in a refresh, so that many that are just fast enough do not hold it.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_owner_limit ENCODING 'UTF8' TEMPLATE template0;
\c cdp_owner_limit
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE FUNCTION public.slow(id bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN true; END $$;
INSERT INTO cdp.inbox (user_id, event) VALUES ('u', 'A');
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('s' || i, format('public.slow(profile_id + %s)', i)) FROM generate_series(1, 3) i;
SELECT cdp.create_segment('t', 'true');
-- there is time for one, not for two; what is the same in several segments is evaluated once, so they differ
SET cdp.segment_timeout = 2500;
INSERT INTO cdp.inbox (user_id, event) VALUES ('u', 'B');
SELECT accepted FROM cdp.refresh();
SELECT name, state, error FROM cdp.segment ORDER BY name;
-- the next one does not wait for it again
INSERT INTO cdp.inbox (user_id, event) VALUES ('u', 'C');
SELECT accepted FROM cdp.refresh();
SELECT name, state FROM cdp.segment WHERE state <> 'live' ORDER BY name;
-- without a limit all are judged, and those that are too slow after ten minutes
SET cdp.segment_timeout = 0;
UPDATE cdp.segment SET checked_at = checked_at - interval '11 minutes';
SELECT accepted FROM cdp.refresh();
SELECT count(*) FILTER (WHERE state = 'live') AS live, count(*) AS segments FROM cdp.segment;
\c :origin
DROP DATABASE cdp_owner_limit;
