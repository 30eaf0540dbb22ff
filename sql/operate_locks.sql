-- A refresh locks, before it reads any, all tables that the catalogue says it writes; writers of the inboxes go on.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_locks ENCODING 'UTF8' TEMPLATE template0;
\c cdp_locks
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
BEGIN;
SELECT cdp_internal.refresh_lock(true);
CREATE TEMP TABLE locked AS
	SELECT c.relname::text AS name, c.relispartition AS month, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
	WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p') AND l.mode <> 'AccessShareLock'
	  AND c.relnamespace IN ('cdp_data'::regnamespace, 'cdp'::regnamespace);
SELECT name, mode FROM locked WHERE name = 'state';
-- what is locked but should not be, or should be but is not
SELECT l.name AS locked, c.name AS written
FROM (SELECT name FROM locked WHERE mode = 'RowExclusiveLock' AND NOT month) l
FULL JOIN (SELECT name FROM cdp_internal.catalogue()
		   WHERE 'refresh' = ANY (written_by) AND NOT 'writer' = ANY (written_by) AND name <> 'state') c ON c.name = l.name
WHERE l.name IS NULL OR c.name IS NULL;
-- and the months of the log
SELECT count(*) > 0 AS some, bool_and(mode = 'RowExclusiveLock') AS same,
	count(*) = (SELECT count(*) FROM pg_inherits WHERE inhparent = 'cdp_data.event'::regclass) AS all_of_them
FROM locked WHERE month;
COMMIT;
\c :origin
DROP DATABASE cdp_locks;
