-- What the worker is told, what it records, who may; that it runs is tested with servers of its own.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_worker ENCODING 'UTF8' TEMPLATE template0;
\c cdp_worker
SET client_min_messages = warning;
CREATE EXTENSION cdp;
-- no tables yet
SELECT cdp.start_worker();
SELECT cdp.stop_worker();
SELECT * FROM cdp.worker_status();
CREATE ROLE regress_cdp_worker_owner;
SELECT cdp.init('regress_cdp_worker_owner');
CREATE ROLE regress_cdp_worker_steward;
CREATE ROLE regress_cdp_worker_analyst;
SELECT cdp.grant_access('regress_cdp_worker_steward', 'steward'), cdp.grant_access('regress_cdp_worker_analyst', 'analyst');

-- never started
CREATE VIEW status AS SELECT item, regexp_replace(value, ' at .*', ' at <time>') AS value, hint FROM cdp.worker_status() WHERE item <> 'slots used';
GRANT SELECT ON status TO PUBLIC;
SELECT * FROM status;
SELECT count(*) FROM cdp.worker_status() WHERE item = 'slots used' AND value ~ '^\d+ of \d+$';
-- stopped, by a steward; not by others
SET ROLE regress_cdp_worker_analyst;
SELECT cdp.start_worker();
SELECT cdp.stop_worker();
SELECT * FROM cdp.worker_status();
TABLE cdp.worker_run;
TABLE cdp_data.worker;
SET ROLE regress_cdp_worker_steward;
SELECT cdp.stop_worker();
SELECT item, replace(value, current_user, '<role>') AS value, hint FROM status;
RESET ROLE;
SELECT wanted, changed_by, changed_at <= clock_timestamp() AS earlier FROM cdp_data.worker;

-- read only
BEGIN READ ONLY;
SELECT cdp.start_worker();
ROLLBACK;

-- what runs record: a row for each minute, work and outcome
SET ROLE regress_cdp_worker_owner;
DO $$
BEGIN
	-- until all of them fall into one minute
	FOR i IN 1 .. 100 LOOP
		DELETE FROM cdp_data.worker_run;
		PERFORM cdp_internal.worker_record('refresh', '00000', NULL, 5, 7, clock_timestamp() - interval '3 s');
		PERFORM cdp_internal.worker_record('refresh', '00000', NULL, 2, 0, clock_timestamp() - interval '1 s');
		PERFORM cdp_internal.worker_record('refresh', '22012', 'division by zero', 0, 0, clock_timestamp());
		PERFORM cdp_internal.worker_record('refresh', '22012', repeat('x', 2000), 0, 0, clock_timestamp());
		PERFORM cdp_internal.worker_record('drop_old_events', '00000', NULL, 1, 0, clock_timestamp());
		EXIT WHEN (SELECT count(*) FROM cdp_data.worker_run) = 3;
	END LOOP;
END $$;
SELECT work, sqlstate, runs, done, waiting, length(error) AS error, longest BETWEEN '3 s' AND '1 min' AS longest, elapsed BETWEEN '4 s' AND '1 min' AS elapsed,
	last_at > first_at AS ordered, minute = date_trunc('minute', last_at) AS of_minute, pid = pg_backend_pid() AS of_process
FROM cdp.worker_run ORDER BY 1, 2;
SELECT item, left(hint, 40) AS hint FROM status WHERE item LIKE 'last%';
-- a refresh without rows has done nothing
SELECT * FROM cdp_internal.worker_refresh();
INSERT INTO cdp.inbox (user_id, event, "timestamp", source) VALUES ('u1', 'x', now() - interval '3 months', 'shop'), ('u1', 'x', now(), 'shop');
SELECT * FROM cdp_internal.worker_refresh();
SELECT * FROM cdp_internal.worker_drop_old_events();
SELECT count(*) AS changed FROM cdp.set_sources('{"shop": {"keep_events": "60 days"}}');
SELECT * FROM cdp_internal.worker_drop_old_events();
SELECT count(*) FROM cdp.events;
SELECT * FROM cdp_internal.worker_drop_old_events();
-- segments that are being built, also one that fails for some; not one that fails for all
SELECT cdp.create_segment('everyone', 'true');
SELECT * FROM cdp_internal.worker_build_segments();
UPDATE cdp_data.segment SET built_until = 0, state = 'building';
SELECT * FROM cdp_internal.worker_build_segments();
SELECT state, built_until FROM cdp_data.segment;
UPDATE cdp_data.segment SET built_until = 0, state = 'failing', error = '22012: division by zero', error_profile_id = 1;
SELECT * FROM cdp_internal.worker_build_segments();
SELECT state, built_until FROM cdp_data.segment;
UPDATE cdp_data.segment SET built_until = 0, state = 'failing', error = '22012: division by zero', error_profile_id = NULL;
SELECT * FROM cdp_internal.worker_build_segments();
SELECT cdp.drop_segment('everyone');
-- old runs are forgotten
UPDATE cdp_data.worker_run SET minute = now() - interval '29 days' WHERE sqlstate = '00000' AND work = 'refresh';
UPDATE cdp_data.worker_run SET minute = now() - interval '31 days' WHERE sqlstate <> '00000';
SELECT * FROM cdp_internal.worker_forget_runs();
SELECT work, sqlstate FROM cdp.worker_run ORDER BY 1, 2;
RESET ROLE;

-- the configuration of the server decides, not that of a session
SET cdp.worker_interval = 1000;
SELECT name, setting, unit, min_val, max_val, context FROM pg_settings WHERE name LIKE 'cdp.worker%' ORDER BY 1;
\set VERBOSITY sqlstate
ALTER SYSTEM SET cdp.worker_interval = 1;
\set VERBOSITY default
ALTER SYSTEM SET cdp.worker_keep = 0;
ALTER SYSTEM SET cdp.worker_databases = 'a b';

\c :origin
DROP DATABASE cdp_worker;
DROP ROLE regress_cdp_worker_owner, regress_cdp_worker_steward, regress_cdp_worker_analyst;
