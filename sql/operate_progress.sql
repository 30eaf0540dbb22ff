-- A run whose rows are counted by a parallel plan: the leader must not write sequences meanwhile.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_progress ENCODING 'UTF8' TEMPLATE template0;
\c cdp_progress
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
CREATE TABLE many AS SELECT i FROM generate_series(1, 20000) i;
ANALYZE many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
-- the leader takes all rows
SET max_parallel_workers = 0;
BEGIN;
SELECT cdp_internal.progress_begin('verify', 20000), cdp_internal.progress_set('log', 0, 20000);
SELECT done FROM cdp.progress;
-- from then on the next value is due
SELECT pg_sleep(0.6);
EXPLAIN (COSTS off) SELECT count(*) FROM (SELECT cdp_internal.progress_row() FROM many OFFSET 0) m;
SELECT count(*) FROM (SELECT cdp_internal.progress_row() FROM many OFFSET 0) m;
SELECT done FROM cdp.progress;
-- and is written once the plan has ended
SELECT pg_sleep(0.6);
SELECT cdp_internal.progress_set('log', 20000, 20000);
SELECT done FROM cdp.progress;
SELECT cdp_internal.progress_end();
COMMIT;
\c :origin
DROP DATABASE cdp_progress;
