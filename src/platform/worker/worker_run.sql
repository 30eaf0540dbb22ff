-- What the worker of this database is told, and what it did.

CREATE FUNCTION cdp_internal.init_worker() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.worker (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
		wanted boolean,
		changed_by name,
		changed_at timestamptz);
	COMMENT ON TABLE cdp_data.worker IS 'One row: whether a worker is to run in this database.';
	COMMENT ON COLUMN cdp_data.worker.singleton IS 'Always true, so that there is one row.';
	COMMENT ON COLUMN cdp_data.worker.wanted IS
		'Whether cdp.start_worker() was called last, or cdp.stop_worker(); NULL: neither, so the setting '
		'cdp.worker_databases decides.';
	COMMENT ON COLUMN cdp_data.worker.changed_by IS 'The role that called it.';
	COMMENT ON COLUMN cdp_data.worker.changed_at IS 'When it was called.';
	INSERT INTO cdp_data.worker DEFAULT VALUES;

	CREATE TABLE cdp_data.worker_run (
		minute timestamptz NOT NULL,
		work text COLLATE "C" NOT NULL,
		sqlstate text COLLATE "C" NOT NULL,
		runs bigint NOT NULL,
		done bigint NOT NULL,
		waiting bigint NOT NULL,
		first_at timestamptz NOT NULL,
		last_at timestamptz NOT NULL,
		elapsed interval NOT NULL,
		longest interval NOT NULL,
		error text,
		pid integer NOT NULL,
		PRIMARY KEY (minute, work, sqlstate))
		WITH (fillfactor = 70);
	COMMENT ON TABLE cdp_data.worker_run IS
		'What the background worker did: one row for each minute, kind of work and outcome. A run that found nothing '
		'to do is not counted, and leaves no row. Rows are kept for cdp.worker_keep days.';
	COMMENT ON COLUMN cdp_data.worker_run.minute IS 'The minute in which the runs ended.';
	COMMENT ON COLUMN cdp_data.worker_run.work IS
		'refresh: cdp.refresh(), with all that it brings along; build_segments: a slice of the people by segments that '
		'are building; drop_old_events: cdp.drop_old_events(); enforce_retention: cdp.enforce_retention(); '
		'carry_out_erasures: cdp.carry_out_erasures(); forget_runs: rows of this table that are too old.';
	COMMENT ON COLUMN cdp_data.worker_run.sqlstate IS '00000: it worked; else the error of the runs.';
	COMMENT ON COLUMN cdp_data.worker_run.runs IS 'Number of runs.';
	COMMENT ON COLUMN cdp_data.worker_run.done IS
		'Number of rows that they took from the inboxes (a refresh without rows, for traits that lapsed, counts as '
		'one); number of events that left the log, of slices, of erasures, or of rows that were forgotten.';
	COMMENT ON COLUMN cdp_data.worker_run.waiting IS 'Number of rows that still waited after the last of them.';
	COMMENT ON COLUMN cdp_data.worker_run.first_at IS 'When the first of them began.';
	COMMENT ON COLUMN cdp_data.worker_run.last_at IS 'When the last of them ended.';
	COMMENT ON COLUMN cdp_data.worker_run.elapsed IS 'How long they took in all.';
	COMMENT ON COLUMN cdp_data.worker_run.longest IS 'How long the longest of them took.';
	COMMENT ON COLUMN cdp_data.worker_run.error IS 'The message of the last error; NULL: they worked.';
	COMMENT ON COLUMN cdp_data.worker_run.pid IS 'Process of the worker that made the last of them.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_worker() IS 'Internal: makes the tables of the background worker.';

CREATE FUNCTION cdp_internal.worker_record(work text, state text, error text, done bigint, waiting bigint,
	started_at timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	ended_at timestamptz := clock_timestamp();
BEGIN
	INSERT INTO cdp_data.worker_run AS r
	VALUES (date_bin('1 minute', ended_at, '2000-01-01 00:00:00+00'), work, state, 1, done, waiting, started_at,
		ended_at, ended_at - started_at, ended_at - started_at, left(error, 1000), pg_backend_pid())
	ON CONFLICT ON CONSTRAINT worker_run_pkey DO UPDATE SET
		runs = r.runs + 1, done = r.done + excluded.done, waiting = excluded.waiting, last_at = excluded.last_at,
		elapsed = r.elapsed + excluded.elapsed, longest = greatest(r.longest, excluded.longest),
		error = excluded.error, pid = excluded.pid;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_record(text, text, text, bigint, bigint, timestamptz) IS
	'Internal: counts a run of the worker that did something, or failed, in cdp_data.worker_run.';

CREATE FUNCTION cdp_internal.worker_refresh(OUT done bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	before bigint := (SELECT s.batch_id FROM cdp_data.state s);
BEGIN
	-- another session that holds the lock refreshes
	SELECT r.taken, r.waiting INTO done, waiting FROM cdp.refresh(wait => false) r;
	IF done = 0 AND before <> (SELECT s.batch_id FROM cdp_data.state s) THEN
		done := 1;
		waiting := 0;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_refresh() IS
	'Internal: one refresh of the worker. done: the rows that it took, or 1 if it had none and there is a batch all '
	'the same. waiting: rows that wait still.';

CREATE FUNCTION cdp_internal.worker_drop_old_events(OUT done bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	done := 0;
	waiting := 0;
	IF EXISTS (SELECT FROM cdp_data.source s WHERE s.keep_events IS NOT NULL) THEN
		SELECT coalesce(sum(d.events), 0), CASE WHEN bool_or(d.state = 'waiting') THEN sum(d.events) ELSE 0 END
		INTO done, waiting FROM cdp.drop_old_events() d;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_drop_old_events() IS
	'Internal: lets events go that their sources no longer keep. done: how many have left. waiting: as many, if there '
	'may be more.';

CREATE FUNCTION cdp_internal.worker_enforce_retention(OUT done bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	done := 0;
	waiting := 0;
	IF EXISTS (SELECT FROM cdp_data.retention) THEN
		SELECT coalesce(sum(e.events), 0), CASE WHEN bool_or(e.state = 'waiting') THEN sum(e.events) ELSE 0 END
		INTO done, waiting FROM cdp.enforce_retention() e;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_enforce_retention() IS
	'Internal: forgets what is older than cdp.set_retention() says. done: how many events. waiting: as many, if there '
	'may be more.';

CREATE FUNCTION cdp_internal.worker_carry_out_erasures(OUT done bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	done := 0;
	waiting := 0;
	IF EXISTS (SELECT FROM cdp_data.erasure e WHERE e.state = 'held') THEN
		done := (SELECT count(*) FROM cdp.carry_out_erasures());
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_carry_out_erasures() IS
	'Internal: carries out erasures that were held back, where no hold lasts any more. done: how many.';

CREATE FUNCTION cdp_internal.worker_build_segments(OUT done bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	done := 0;
	waiting := 0;
	IF cdp_internal.has_unbuilt_segments() THEN
		done := 1;
		waiting := cdp_data.build_slice()::integer;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_build_segments() IS
	'Internal: judges a slice of the people by segments that are building. done: 1, if any is; waiting: 1, if there is '
	'more to do.';

CREATE FUNCTION cdp_internal.worker_forget_runs(OUT done bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	DELETE FROM cdp_data.worker_run r
	WHERE r.minute < now() - make_interval(days => current_setting('cdp.worker_keep')::integer);
	GET DIAGNOSTICS done = ROW_COUNT;
	waiting := 0;
END
$function$;
COMMENT ON FUNCTION cdp_internal.worker_forget_runs() IS
	'Internal: deletes rows of cdp_data.worker_run that are older than cdp.worker_keep days. done: how many.';

REVOKE ALL ON FUNCTION cdp_internal.init_worker(),
	cdp_internal.worker_record(text, text, text, bigint, bigint, timestamptz), cdp_internal.worker_refresh(),
	cdp_internal.worker_drop_old_events(), cdp_internal.worker_enforce_retention(),
	cdp_internal.worker_carry_out_erasures(), cdp_internal.worker_build_segments(),
	cdp_internal.worker_forget_runs() FROM PUBLIC;
