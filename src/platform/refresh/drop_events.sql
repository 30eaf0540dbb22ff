-- cdp.drop_events(): months of the log are folded into cdp_data.base, and then dropped.
--
-- The two are done by different transactions: a reader whose snapshot is older than the fold sees nothing of the base,
-- so the log must be there until no such snapshot is left.  Between them the month has a mark, the number of the last
-- event that is folded: what comes later is above it, and is of the log.

CREATE FUNCTION cdp_internal.fold_log(logged text, INOUT identifier_id bigint, OUT events bigint)
	AS 'MODULE_PATHNAME', 'cdp_fold_log' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.fold_log(text, bigint) IS
	'Internal: folds events into cdp_data.base. logged: what follows FROM in a query of them, as "e" with the columns '
	'of cdp_data.event. Takes the last number of an identifier, and returns the new one, and the number of events.';

CREATE FUNCTION cdp_internal.seen_by_all(written_by xid8, relation regclass) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_seen_by_all' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.seen_by_all(xid8, regclass) IS
	'Internal: returns whether every snapshot that can still read a table sees what a transaction has written, by the '
	'horizon of vacuum: also those of prepared transactions, of standbys with hot_standby_feedback, and of replication '
	'slots.';

CREATE FUNCTION cdp_internal.event_months(before timestamptz)
	RETURNS TABLE (partition oid, month timestamptz, until timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 30
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
	SET datestyle = 'ISO'
AS $function$
BEGIN
	RETURN QUERY
		SELECT p.partition, p.bounds[1]::timestamptz, p.bounds[2]::timestamptz
		FROM (
			SELECT c.oid AS partition, regexp_match(pg_get_expr(c.relpartbound, c.oid),
				'^FOR VALUES FROM \(''([^'']+)''\) TO \(''([^'']+)''\)$') AS bounds
			FROM pg_inherits h
			JOIN pg_class c ON c.oid = h.inhrelid
			WHERE h.inhparent = 'cdp_data.event'::regclass AND NOT h.inhdetachpending) p
		-- whole months alone: others were attached by hand
		WHERE p.bounds[1]::timestamptz = date_trunc('month', p.bounds[1]::timestamptz)
		  AND p.bounds[2]::timestamptz = p.bounds[1]::timestamptz + interval '1 month'
		  AND p.bounds[2]::timestamptz <= event_months.before
		ORDER BY p.bounds[1]::timestamptz;
END
$function$;
COMMENT ON FUNCTION cdp_internal.event_months(timestamptz) IS
	'Internal: returns the partitions of the log that end before a time, and the months that they hold.';

-- If a session that reads the log waits for this one, waiting for it in turn is a deadlock: an error in that session,
-- or in a refresh that waits beside it.
CREATE FUNCTION cdp_internal.reader_waits(partition regclass) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN EXISTS (
		SELECT
		FROM pg_locks l
		JOIN pg_locks w ON w.pid = l.pid AND NOT w.granted
		WHERE l.locktype = 'relation' AND l.granted
		  AND l.relation IN (reader_waits.partition, 'cdp_data.event'::regclass)
		  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
		  AND pg_backend_pid() = ANY (pg_blocking_pids(w.pid)));
END
$function$;
COMMENT ON FUNCTION cdp_internal.reader_waits(regclass) IS
	'Internal: returns whether a session that has locked a partition of the log, or the log, waits for this one.';

CREATE TYPE cdp_internal.going_month AS (
	partition oid, month timestamptz, events bigint, context_hashes bigint[], context_events bigint[]);
COMMENT ON TYPE cdp_internal.going_month IS
	'Internal: a month that is to be dropped, and what its events had in common with others: see '
	'cdp_internal.release_contexts().';

CREATE FUNCTION cdp_internal.find_going_months(before timestamptz) RETURNS cdp_internal.going_month[]
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	one record;
	hashes bigint[];
	counts bigint[];
	going cdp_internal.going_month[] := '{}';
BEGIN
	FOR one IN SELECT s.* FROM cdp_internal.month_states(before) s WHERE s.state = 'folded' LOOP
		EXECUTE format('SELECT array_agg(c.context_hash), array_agg(c.events) FROM (
			SELECT e.context_hash, count(*) AS events FROM %s e WHERE e.context_hash IS NOT NULL GROUP BY 1) c',
			one.partition::regclass)
		INTO hashes, counts;
		going := going || row(one.partition, one.month, one.events, hashes, counts)::cdp_internal.going_month;
	END LOOP;
	RETURN going;
END
$function$;
COMMENT ON FUNCTION cdp_internal.find_going_months(timestamptz) IS
	'Internal: returns the months that end before a time and can be dropped.';

-- What is called last: the lock, also that of the log itself, is held until the transaction ends.
CREATE FUNCTION cdp_internal.drop_partition(gone cdp_internal.going_month, attempts integer) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET lock_timeout = '100ms'
AS $function$
BEGIN
	FOR attempt IN 1 .. attempts LOOP
		EXIT WHEN cdp_internal.reader_waits(gone.partition);
		BEGIN
			-- before readers wait
			PERFORM cdp_internal.release_contexts(gone.context_hashes, gone.context_events);
			EXECUTE format('DROP TABLE %s', gone.partition::regclass);
			RETURN true;
		EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
			PERFORM pg_sleep(0.05 * attempt) WHERE attempt < attempts;
		END;
	END LOOP;
	RETURN false;
END
$function$;
COMMENT ON FUNCTION cdp_internal.drop_partition(cdp_internal.going_month, integer) IS
	'Internal: drops a partition of the log, and what its contexts alone shared, if its lock can be had: it waits for '
	'it so many times, no longer than 100 ms each, since readers wait behind it meanwhile, and not while one of those '
	'who have it waits for this session. Returns whether it was dropped.';

-- A value that may lapse before others of its row cannot be taken out of it again, but for the latest.
CREATE FUNCTION cdp_internal.is_foldable(logged text, what text) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wrong record;
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.source s WHERE s.expires_after IS NOT NULL) THEN
		RETURN true;
	END IF;
	EXECUTE format($sql$
		SELECT e.source, k.trait, coalesce(r.rules ->> k.trait, r.rules ->> '*') AS rule
		FROM (SELECT e.* FROM %s) e
		JOIN cdp_data.source s USING (source)
		CROSS JOIN (SELECT cdp.trait_rules() AS rules OFFSET 0) r
		CROSS JOIN LATERAL jsonb_object_keys(CASE jsonb_typeof(e.traits) WHEN 'object' THEN e.traits END) AS k (trait)
		WHERE e.type IN ('identify', 'group') AND s.expires_after IS NOT NULL
			AND coalesce(r.rules ->> k.trait, r.rules ->> '*') !~ '(last|merge)$'
		ORDER BY e.source COLLATE "C", k.trait COLLATE "C" LIMIT 1
	$sql$, logged) INTO wrong;
	IF wrong.source IS NULL THEN
		RETURN true;
	END IF;
	RAISE WARNING '% cannot be folded because of trait "%" of source "%"', what, left(wrong.trait, 64), wrong.source
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = format('What the source says expires, and of the values of rule %s those that expired could not '
			'be taken away from the others.', wrong.rule),
		HINT = 'Give the trait the rule last, or let what the source says not expire.';
	RETURN false;
END
$function$;
COMMENT ON FUNCTION cdp_internal.is_foldable(text, text) IS
	'Internal: returns whether events can be folded; a warning tells that some have traits that expire and whose rule '
	'is not last. logged: as in cdp_internal.fold_log(); what: what they are in messages.';

CREATE FUNCTION cdp_internal.fold_batch(logged text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	started timestamptz := clock_timestamp();
	last record;
	folded record;
	done cdp_internal.batch_counts;
BEGIN
	SELECT s.event_id, s.identifier_id, s.quarantine_id INTO STRICT last FROM cdp_data.state s;
	SELECT f.* INTO STRICT folded FROM cdp_internal.fold_log(logged, last.identifier_id) f;
	done := row(0, 0, 0, 0, folded.identifier_id - last.identifier_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0);
	PERFORM cdp_internal.record_batch(done, started, last.event_id, folded.identifier_id, last.quarantine_id);
	RETURN folded.events;
END
$function$;
COMMENT ON FUNCTION cdp_internal.fold_batch(text) IS
	'Internal: folds events, see cdp_internal.fold_log(), and records the batch. Returns their number.';

CREATE FUNCTION cdp_internal.month_mark(month timestamptz) RETURNS bigint
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT coalesce((SELECT f.event_id FROM cdp_data.folded_month f WHERE f.month = month_mark.month), 0);
$function$;
COMMENT ON FUNCTION cdp_internal.month_mark(timestamptz) IS
	'Internal: returns the mark of a month; 0: it has none.';

CREATE FUNCTION cdp_internal.month_events(month timestamptz, until timestamptz) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
	SET datestyle = 'ISO'
AS $function$
BEGIN
	RETURN format('cdp_data.event e WHERE e."timestamp" >= %L AND e."timestamp" < %L AND e.event_id > %s', month, until,
		cdp_internal.month_mark(month));
END
$function$;
COMMENT ON FUNCTION cdp_internal.month_events(timestamptz, timestamptz) IS
	'Internal: returns what follows FROM in a query of the events of a month that are above its mark.';

CREATE FUNCTION cdp_internal.fold_month(month timestamptz, until timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	mark bigint := cdp_internal.month_mark(month);
	last_event_id bigint := (SELECT s.event_id FROM cdp_data.state s);
	folded bigint;
BEGIN
	PERFORM cdp_internal.next_batch();
	folded := cdp_internal.fold_batch(cdp_internal.month_events(month, until));
	INSERT INTO cdp_data.folded_month AS m (month, event_id, last_event_id, events, folded_by, folded_at)
	VALUES (fold_month.month, last_event_id, last_event_id, folded, pg_current_xact_id(), clock_timestamp())
	ON CONFLICT ON CONSTRAINT folded_month_pkey DO UPDATE
	SET event_id = excluded.event_id, last_event_id = excluded.last_event_id, events = m.events + excluded.events,
		folded_by = excluded.folded_by, folded_at = excluded.folded_at;
	UPDATE cdp_data.statement s SET folded = true
	WHERE s."timestamp" >= month AND s."timestamp" < until AND s.event_id > mark;
	PERFORM cdp_internal.batch_end();
	PERFORM cdp_data.gather_statistics();
	RETURN folded;
END
$function$;
COMMENT ON FUNCTION cdp_internal.fold_month(timestamptz, timestamptz) IS
	'Internal: folds the events of a month that are above its mark, as one batch, and sets the mark to the last event. '
	'Returns their number.';

CREATE FUNCTION cdp_internal.month_states(before timestamptz)
	RETURNS TABLE (partition oid, month timestamptz, until timestamptz, state text, events bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 30
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT m.partition, m.month, m.until,
			CASE WHEN n.marked <> coalesce(f.events - f.gone, 0) THEN 'changed'
				WHEN f.month IS NULL OR n.events > 0 THEN 'waiting'
				WHEN NOT cdp_internal.seen_by_all(f.folded_by, 'cdp_data.base') THEN 'held'
				ELSE 'folded' END,
			CASE WHEN f.month IS NULL OR n.events > 0 THEN n.events ELSE n.marked END
		FROM cdp_internal.event_months(before) m
		LEFT JOIN cdp_data.folded_month f ON f.month = m.month
		CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE e.event_id > coalesce(f.event_id, 0)) AS events,
				   count(*) FILTER (WHERE e.event_id <= f.event_id) AS marked
			FROM cdp_data.event e
			WHERE e."timestamp" >= m.month AND e."timestamp" < m.until) n
		ORDER BY m.month;
END
$function$;
COMMENT ON FUNCTION cdp_internal.month_states(timestamptz) IS
	'Internal: returns the months of the log that end before a time, with what is to be done with each: waiting, to be '
	'folded, with the number of events above the mark; changed, those up to it are not those that were folded; held, '
	'folded but not seen by all snapshots; folded, to be dropped.';

CREATE FUNCTION cdp_internal.drop_months(before timestamptz, max_months integer, dry_run boolean)
	RETURNS TABLE (month timestamptz, state text, events bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
#variable_conflict use_column
DECLARE
	one record;
	gone cdp_internal.going_month;
	has_going boolean := false;
	dropping boolean := true;
	attempts integer := 10;
	folds integer := 0;
BEGIN
	IF before IS NULL OR max_months IS NULL OR dry_run IS NULL THEN
		RAISE EXCEPTION 'before, max_months and dry_run must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF before > clock_timestamp() THEN
		RAISE EXCEPTION 'before lies in the future' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Months that are not over yet stay in the log.';
	END IF;
	IF max_months < 0 THEN
		RAISE EXCEPTION 'max_months must not be negative' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.check_log();
	PERFORM cdp_internal.progress_begin('change', 0);
	FOR one IN SELECT s.* FROM cdp_internal.month_states(before) s LOOP
		month := one.month;
		state := one.state;
		events := one.events;
		IF one.state = 'waiting' AND (dry_run OR folds < max_months) THEN
			IF NOT cdp_internal.is_foldable(cdp_internal.month_events(one.month, one.until),
				to_char(one.month AT TIME ZONE 'UTC', '"the month" YYYY-MM')) THEN
				state := 'refused';
			ELSIF NOT dry_run THEN
				events := cdp_internal.fold_month(one.month, one.until);
				state := 'held';
				folds := folds + 1;
			END IF;
		END IF;
		has_going := has_going OR one.state = 'folded';
		IF one.state <> 'folded' OR dry_run THEN
			RETURN NEXT;
		END IF;
	END LOOP;
	-- last, since readers of the log wait from the first one on
	IF has_going AND NOT dry_run THEN
		FOREACH gone IN ARRAY cdp_internal.find_going_months(before) LOOP
			dropping := dropping AND cdp_internal.drop_partition(gone, attempts);
			attempts := 1;
			UPDATE cdp_data.folded_month f
			SET dropped_at = clock_timestamp(), gone = f.events
			WHERE dropping AND f.month = gone.month;
			month := gone.month;
			state := CASE WHEN dropping THEN 'dropped' ELSE 'held' END;
			events := gone.events;
			RETURN NEXT;
		END LOOP;
	END IF;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.drop_months(timestamptz, integer, boolean) IS
	'Internal: what cdp.drop_events() does, for the owner of the tables.';

CREATE FUNCTION cdp.drop_events(before timestamptz, max_months integer DEFAULT 1, dry_run boolean DEFAULT false)
	RETURNS TABLE (month timestamptz, state text, events bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 30
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	RETURN QUERY SELECT d.* FROM cdp_data.drop_events(before, max_months, dry_run) d ORDER BY 1;
END
$function$;
COMMENT ON FUNCTION cdp.drop_events(timestamptz, integer, boolean) IS
$comment$Lets whole months (UTC) of the log go that end before a time, without forgetting what they said: people, links,
traits, timelines and accounts stay as they are, and stay exact for whatever comes later. A month goes in two steps, by
two calls: it is folded into cdp_data.base; and once no snapshot from before is in use any more, and nothing came later
that is not folded, its partition is dropped. So call it again and again, as cdp.refresh() is called.
max_months: how many months are folded in this call; 0: months are only dropped. dry_run: tells what is to be done.
Returns one row for each month that is in the log. state: waiting, it is to be folded; held, it is folded, and is to be
dropped by a later call: snapshots from before are in use (of sessions, prepared transactions, replication slots, or
standbys with hot_standby_feedback), or the lock of the log could not be had within 100 ms, ten times, or is had by a
session that waits for this one; folded (only with dry_run), it can be dropped; dropped; changed, the rows of a folded
month are not those that were folded, since some were inserted or deleted by hand, so it stays; refused, it has traits
that expire and have another rule than last: a warning names one, and the other months go. events: how many are to be
folded, or are.
Gone with a month are its rows in cdp.events, and with them properties that no timeline carries. A late event of such a
month is taken as any other, into a partition made anew, and goes the same way.
From then on are refused: to take such an event back; another rule of a trait that was folded; and that the traits of a
source expire, if one was folded by another rule than last.
To let the events of one source go earlier than those of others, see cdp.drop_old_events().
READ COMMITTED only. It works as the owner of the tables. Errors: an argument that is NULL (22004), before in the
future or max_months negative (22023); the log lacks events, for example since a month was detached by hand
(55000).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.fold_log(text, bigint), cdp_internal.seen_by_all(xid8, regclass),
	cdp_internal.event_months(timestamptz), cdp_internal.reader_waits(regclass),
	cdp_internal.find_going_months(timestamptz), cdp_internal.drop_partition(cdp_internal.going_month, integer),
	cdp_internal.is_foldable(text, text),
	cdp_internal.fold_batch(text), cdp_internal.month_mark(timestamptz),
	cdp_internal.month_events(timestamptz, timestamptz),
	cdp_internal.fold_month(timestamptz, timestamptz), cdp_internal.month_states(timestamptz),
	cdp_internal.drop_months(timestamptz, integer, boolean), cdp.drop_events(timestamptz, integer, boolean) FROM PUBLIC;
