-- cdp.start_worker(), cdp.stop_worker(), cdp.worker_status(): the background worker of this database.

CREATE FUNCTION cdp_internal.worker_launch() RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_worker_launch' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.worker_launch() IS
	'Internal: registers a worker of this database, which waits for the end of the transaction at hand, and leaves if '
	'another runs. Returns false if one runs now. Errors: no free slot (53400); in recovery (25006); the owner of the '
	'tables may not connect to the database or, before PostgreSQL 17, not log in (55000).';

CREATE FUNCTION cdp_internal.worker_facts(OUT pid integer, OUT since timestamptz, OUT acted_at timestamptz,
	OUT says text, OUT runs boolean, OUT launcher boolean, OUT preloaded boolean, OUT listed boolean,
	OUT slots_used integer, OUT slots integer)
	AS 'MODULE_PATHNAME', 'cdp_worker_facts' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION cdp_internal.worker_facts() IS
	'Internal: returns what the processes of the server show of the worker of this database. pid: its process; NULL: '
	'none runs. since: when it began. acted_at: when it began to run or to sleep. says: what it runs, or until when it '
	'sleeps and why. launcher: there is a launcher. preloaded: the server has loaded the library at its start. listed: '
	'cdp.worker_databases names this database. slots_used: background workers that run, of all kinds.';

CREATE FUNCTION cdp.start_worker() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'recovery is in progress' USING ERRCODE = 'read_only_sql_transaction',
			HINT = 'A standby refreshes nothing. After a promotion call this again, or let the worker start by itself: '
				'see cdp.worker_databases.';
	END IF;
	PERFORM cdp_internal.check_tables();
	UPDATE cdp_data.worker SET wanted = true, changed_by = current_user, changed_at = clock_timestamp();
	IF NOT cdp_internal.worker_launch() THEN
		RAISE NOTICE 'the worker runs already';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.start_worker() IS
$comment$Starts a background worker that refreshes this database every cdp.worker_interval milliseconds (200), at once
again while more rows wait than the last refresh took. It begins when the transaction commits, and works as the owner of
the tables. If one runs already, that one goes on, and a pause that it makes after errors ends. There is never more
than one in a database.
Once an hour the worker also calls cdp.drop_old_events(), if a source has keep_events, and cdp.enforce_retention(),
if there is a retention, carries out erasures whose holds have ended, and forgets old rows of cdp.worker_run.
After an error it pauses, for a second, and twice as long after each further error in a row, five minutes at most,
each a quarter more or less at random; what waits is lost by none of them. A run that takes longer than
cdp.worker_timeout is canceled. If its process is ended, the
server starts another one two seconds later. It sleeps without a transaction and without a lock that others wait
for. It leaves by itself when its database is dropped, renamed or copied (and comes back, if it is still there), and
for good once extension or tables are gone or have another owner, or the database accepts no connections.
After a restart of the server, or a promotion, it does not run until this is called again, unless the library is in
shared_preload_libraries and cdp.worker_databases names the database: then it starts by itself, even if this was
never called. cdp.worker_status() tells what runs, or why nothing does.
It takes one of max_worker_processes. For stewards.
Errors: no slot is free (53400); the server is a standby (25006); the owner of the tables may not connect
to the database or, before PostgreSQL 17, not log in (55000).$comment$;

CREATE FUNCTION cdp.stop_worker() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'recovery is in progress' USING ERRCODE = 'read_only_sql_transaction',
			HINT = 'On a standby no worker runs.';
	END IF;
	PERFORM cdp_internal.check_tables();
	UPDATE cdp_data.worker SET wanted = false, changed_by = current_user, changed_at = clock_timestamp();
END
$function$;
COMMENT ON FUNCTION cdp.stop_worker() IS
	'Ends the background worker of this database, and keeps it from starting by itself, until cdp.start_worker() is '
	'called. It leaves once this transaction has committed and the refresh that runs has ended, within a second. For '
	'stewards. Errors: the server is a standby (25006).';

CREATE FUNCTION cdp_internal.worker_absence(OUT state text, OUT reason text, OUT hint text)
	LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	facts record;
	told record;
	by_itself boolean;
BEGIN
	SELECT f.* INTO facts FROM cdp_internal.worker_facts() f;
	SELECT w.* INTO STRICT told FROM cdp_data.worker w;
	by_itself := facts.preloaded AND facts.listed;
	state := 'not running';
	hint := 'SELECT cdp.start_worker()';
	IF told.wanted IS FALSE THEN
		state := 'stopped';
		reason := format('cdp.stop_worker() was called by role "%s" at %s', told.changed_by, told.changed_at);
	ELSIF pg_is_in_recovery() THEN
		reason := 'the server is a standby';
		hint := CASE WHEN by_itself THEN 'it starts by itself after a promotion'
			ELSE 'after a promotion: SELECT cdp.start_worker()' END;
	ELSIF facts.slots_used >= facts.slots THEN
		reason := format('no slot for a background worker is free: %s of %s are used', facts.slots_used, facts.slots);
		hint := 'raise max_worker_processes, which needs a restart';
	ELSIF by_itself AND facts.launcher THEN
		state := 'starting';
		reason := 'the launcher looks every five seconds, and every five minutes at most where that was in vain';
		hint := 'the log of the server says why, if it does not start';
	ELSIF told.wanted AND told.changed_at < pg_postmaster_start_time() THEN
		reason := 'the server was started after cdp.start_worker() was called, and does not start it by itself';
	ELSIF told.wanted THEN
		reason := 'the worker has ended, or starts: a process that was ended starts again after two seconds';
		hint := 'the log of the server says why it ended; SELECT cdp.start_worker()';
	ELSE
		reason := 'cdp.start_worker() was never called';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_absence() IS
	'Internal: returns why no worker runs in this database, and what to do.';

CREATE FUNCTION cdp_internal.worker_waits_for(worker integer) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		WITH holder AS (
			SELECT l.pid
			FROM pg_locks l
			JOIN pg_database d ON d.oid = l.database
			WHERE d.datname = current_database() AND l.relation = 'cdp_data.state'::regclass AND l.granted
				AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') AND l.pid IS DISTINCT FROM worker
			UNION
			SELECT nullif(b.pid, 0)
			FROM unnest(pg_blocking_pids(worker)) AS b (pid))
		SELECT string_agg(coalesce('process ' || h.pid, 'a prepared transaction'), ', ' ORDER BY h.pid)
		FROM holder h);
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_waits_for(integer) IS
	'Internal: returns the processes that hold the lock of cdp.refresh(), for which the worker does not wait but tries '
	'again, or another lock that it waits for; NULL: there are none.';

CREATE FUNCTION cdp.worker_status() RETURNS TABLE (item text, value text, hint text)
	LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	facts record;
	last record;
BEGIN
	PERFORM cdp_internal.check_tables();
	SELECT f.* INTO facts FROM cdp_internal.worker_facts() f;
	IF facts.pid IS NULL THEN
		RETURN QUERY SELECT v.* FROM cdp_internal.worker_absence() a
			CROSS JOIN LATERAL (VALUES ('state', a.state, NULL), ('reason', a.reason, a.hint)) v;
	ELSE
		RETURN QUERY VALUES
			('state', CASE WHEN facts.says LIKE 'paused until %' AND NOT facts.runs THEN 'paused' ELSE 'running' END,
				CASE WHEN facts.says LIKE 'paused until %' AND NOT facts.runs
					 THEN 'SELECT cdp.start_worker() ends the pause' END),
			('pid', facts.pid::text, NULL),
			('since', facts.since::text, NULL),
			(CASE WHEN facts.runs THEN 'runs since' ELSE 'last tick' END, facts.acted_at::text, NULL),
			(CASE WHEN facts.runs THEN 'runs' ELSE 'next' END, facts.says, NULL);
		RETURN QUERY SELECT 'waits for', w.holders, 'see pg_stat_activity, or pg_prepared_xacts'
			FROM cdp_internal.worker_waits_for(facts.pid) AS w (holders) WHERE w.holders IS NOT NULL;
	END IF;
	SELECT r.* INTO last FROM cdp_data.worker_run r WHERE r.work = 'refresh' AND r.sqlstate = '00000'
	ORDER BY r.minute DESC LIMIT 1;
	RETURN QUERY VALUES ('last run', last.last_at::text, 'it left ' || last.waiting || ' rows waiting');
	SELECT r.* INTO last FROM cdp_data.worker_run r WHERE r.sqlstate <> '00000'
	ORDER BY r.minute DESC, r.last_at DESC LIMIT 1;
	RETURN QUERY VALUES
		('last error', last.last_at::text, last.work || ': ' || last.sqlstate || ': ' || last.error),
		('starts by itself', CASE WHEN facts.preloaded AND facts.listed THEN 'yes' ELSE 'no' END,
			CASE WHEN NOT facts.preloaded THEN 'cdp is not in shared_preload_libraries'
				 WHEN NOT facts.listed THEN format('cdp.worker_databases does not name "%s"', current_database()) END),
		('slots used', format('%s of %s', facts.slots_used, facts.slots), NULL);
END
$function$;
COMMENT ON FUNCTION cdp.worker_status() IS
$comment$Returns what runs in this database as its background worker, or why nothing runs: one row a thing to know.
state: running; paused (after errors; next says until when, and the last error); stopped (by cdp.stop_worker());
starting (by the launcher); not running.
reason, if none runs: why; the hint says what to do.
pid, since: process of the worker, and when it began. last tick, next: when it last did something and until when it
sleeps; or runs since, runs: what it does now.
waits for, if there are any: the sessions that hold the lock of cdp.refresh(), or another lock that it waits for.
last run: when the last refresh ended that found something to do. last error: when a run last failed; the hint holds
work, SQLSTATE and message.
starts by itself: whether it does after a restart or a promotion; if not, the hint says why.
slots used: background workers of all kinds that run, of max_worker_processes.
What a worker did is in cdp.worker_run. For stewards.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.worker_launch(), cdp_internal.worker_facts(), cdp.start_worker(),
	cdp.stop_worker(), cdp_internal.worker_absence(), cdp_internal.worker_waits_for(integer),
	cdp.worker_status() FROM PUBLIC;
