-- cdp.drop_old_events(): events that their sources no longer keep are folded into cdp_data.base, and leave the log.
--
-- One transaction does both: a row that is deleted, unlike a partition that is dropped, is still there for snapshots
-- from before.  Of each source all events before a time (folded_until) up to a number (folded_event_id) have left the
-- log.  So a call reads what has come since then of earlier times, and the months from that time on.

CREATE FUNCTION cdp_internal.source_events(source text, since timestamptz, until timestamptz, after_id bigint,
	until_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
	SET datestyle = 'ISO'
AS $function$
BEGIN
	RETURN format('cdp_data.event e WHERE e.source = %L AND e."timestamp" >= %L AND e."timestamp" < %L '
		'AND e.event_id > %s AND e.event_id <= %s AND %s', source, since, until, after_id, until_id,
		cdp_internal.is_logged_condition());
END
$function$;
COMMENT ON FUNCTION cdp_internal.source_events(text, timestamptz, timestamptz, bigint, bigint) IS
	'Internal: returns what follows FROM in a query of events of a source that are not folded, from since to before '
	'until, with numbers above after_id up to until_id.';

CREATE FUNCTION cdp_internal.find_old_events(source text, before timestamptz, max_rows bigint, OUT late text,
	OUT old text, OUT folded_until timestamptz, OUT folded_event_id bigint, OUT events bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
#variable_conflict use_variable
DECLARE
	was record;
	last_event_id bigint := (SELECT s.event_id FROM cdp_data.state s);
	found record;
BEGIN
	SELECT least(s.folded_until, before) AS until, s.folded_event_id AS event_id INTO STRICT was
	FROM cdp_data.source s
	WHERE s.source = find_old_events.source;
	EXECUTE format('SELECT count(*) AS events, max(n.event_id) AS last '
		'FROM (SELECT e.event_id FROM %s ORDER BY 1 LIMIT $1) n',
		cdp_internal.source_events(source, '-infinity', was.until, was.event_id, last_event_id))
	INTO found USING max_rows;
	events := found.events;
	folded_event_id := CASE WHEN events < max_rows THEN last_event_id ELSE found.last END;
	folded_until := was.until;
	IF events < max_rows THEN
		EXECUTE format('SELECT count(*) AS events, max(n.at) AS last '
			'FROM (SELECT e."timestamp" AS at FROM %s ORDER BY 1 LIMIT $1) n',
			cdp_internal.source_events(source, was.until, before, 0, last_event_id))
		INTO found USING max_rows - events;
		-- all of one time, even if there are more than max_rows
		folded_until := CASE WHEN events + found.events < max_rows THEN before
			ELSE found.last + interval '1 microsecond' END;
		events := events + found.events;
	END IF;
	late := cdp_internal.source_events(source, '-infinity', was.until, was.event_id, folded_event_id);
	old := cdp_internal.source_events(source, was.until, folded_until, 0, last_event_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.find_old_events(text, timestamptz, bigint) IS
	'Internal: finds which events of a source are to leave the log now: those that came late, and those of the next '
	'time, each as cdp_internal.source_events(); how far all will have left it then; and how many at least.';

CREATE FUNCTION cdp_internal.fold_old_events(source text, late text, old text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	folded bigint;
BEGIN
	PERFORM cdp_internal.next_batch();
	PERFORM cdp_internal.batch_stage('batch_old', format($sql$
		WITH late AS (
			DELETE FROM %s RETURNING e.*
		), old AS (
			DELETE FROM %s RETURNING e.*)
		SELECT * FROM late
		UNION ALL
		SELECT * FROM old
	$sql$, late, old));
	folded := cdp_internal.fold_batch('batch_old e');
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.folded_month AS m (month, event_id, last_event_id, events, gone, folded_by, folded_at)
		SELECT date_trunc('month', e."timestamp", 'UTC'), 0, max(e.event_id), count(*), count(*), pg_current_xact_id(),
			clock_timestamp()
		FROM batch_old e
		GROUP BY 1
		ON CONFLICT ON CONSTRAINT folded_month_pkey DO UPDATE
		SET last_event_id = greatest(m.last_event_id, excluded.last_event_id), events = m.events + excluded.events,
			gone = m.gone + excluded.gone, folded_by = excluded.folded_by, folded_at = excluded.folded_at
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		SELECT cdp_internal.release_contexts(array_agg(c.context_hash), array_agg(c.events))
		FROM (
			SELECT e.context_hash, count(*) AS events
			FROM batch_old e
			WHERE e.context_hash IS NOT NULL
			GROUP BY 1) c
	$sql$);
	IF EXISTS (SELECT FROM cdp_data.source s WHERE s.source = fold_old_events.source AND s.mutable) THEN
		PERFORM cdp_internal.batch_run($sql$
			UPDATE cdp_data.statement s SET folded = true
			FROM batch_old e
			WHERE s.message_key = cdp_internal.event_message_key(e.message_id, e.source) AND s.event_id = e.event_id
		$sql$);
	END IF;
	PERFORM cdp_internal.batch_end();
	PERFORM cdp_data.gather_statistics();
	RETURN folded;
END
$function$;
COMMENT ON FUNCTION cdp_internal.fold_old_events(text, text, text) IS
	'Internal: folds events of a source, which cdp_internal.find_old_events() has found, and deletes them from the '
	'log, as one batch. Returns their number.';

CREATE FUNCTION cdp_internal.drop_old_events(max_rows bigint, dry_run boolean)
	RETURNS TABLE (source text, before timestamptz, state text, events bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	kept record;
	found record;
	-- a dry run counts all
	remaining bigint := CASE WHEN dry_run THEN 9223372036854775807 ELSE max_rows END;
BEGIN
	IF max_rows IS NULL OR dry_run IS NULL THEN
		RAISE EXCEPTION 'max_rows and dry_run must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.progress_begin('change', 0);
	FOR kept IN
		SELECT s.source, greatest(clock_timestamp(), t.as_of) - s.keep_events AS before, t.event_id
		FROM cdp_data.source s
		CROSS JOIN cdp_data.state t
		WHERE s.keep_events IS NOT NULL
		ORDER BY s.source
	LOOP
		source := kept.source;
		before := kept.before;
		state := 'waiting';
		events := 0;
		IF remaining = 0 THEN
			RETURN NEXT;
			CONTINUE;
		END IF;
		SELECT f.* INTO found FROM cdp_internal.find_old_events(source, before, remaining) f;
		-- the events of the other sources leave
		IF NOT cdp_internal.is_foldable(found.late, format('what source "%s" sent', source))
			OR NOT cdp_internal.is_foldable(found.old, format('what source "%s" sent', source)) THEN
			state := 'refused';
			RETURN NEXT;
			CONTINUE;
		END IF;
		IF dry_run THEN
			events := found.events;
		ELSE
			IF found.events > 0 THEN
				events := cdp_internal.fold_old_events(source, found.late, found.old);
				IF events < found.events THEN
					RAISE EXCEPTION 'the log kept events that were to be taken out of it'
						USING ERRCODE = 'object_not_in_prerequisite_state',
						DETAIL = format('Of %s rows or more, %s went.', found.events, events),
						HINT = 'A trigger of cdp_data.event or of a partition may keep them.';
				END IF;
			END IF;
			UPDATE cdp_data.source s SET folded_until = found.folded_until, folded_event_id = found.folded_event_id
			WHERE s.source = kept.source;
			remaining := greatest(remaining - events, 0);
		END IF;
		IF (NOT dry_run OR events = 0) AND found.folded_until = before AND found.folded_event_id = kept.event_id THEN
			state := 'done';
		END IF;
		RETURN NEXT;
	END LOOP;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.drop_old_events(bigint, boolean) IS
	'Internal: what cdp.drop_old_events() does, for the owner of the tables.';

CREATE FUNCTION cdp.drop_old_events(max_rows bigint DEFAULT 100000, dry_run boolean DEFAULT false)
	RETURNS TABLE (source text, before timestamptz, state text, events bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	RETURN QUERY SELECT d.* FROM cdp_data.drop_old_events(max_rows, dry_run) d ORDER BY 1;
END
$function$;
COMMENT ON FUNCTION cdp.drop_old_events(bigint, boolean) IS
$comment$Lets events go that are older than their source keeps them (keep_events in cdp.set_sources()), without
forgetting what they said: it is folded into cdp_data.base, as by cdp.drop_events(), and their rows are deleted from the
log, in one transaction. What cdp.drop_events() says of events that have left the log is so of these, too. Call it from
a schedule, again while a state is waiting; max_rows: how many events leave in one call, but for more of the same time.
Each call reads the month in which the last one ended, and later ones, of all sources, and what came since. dry_run:
tells how many events are to leave in all.
Returns one row for each source with keep_events. before: the time up to which its events are to leave. state: done, all
before that time have left; waiting, there may be more, for a later call; refused, a warning says why, and those of
the other sources leave. events: how many have left in this call, or (dry_run) are to leave.
Their space is free for other rows after a VACUUM. An event that comes late leaves by a later call. A source that has
most rows of a month, and all sources together, go cheaper by cdp.drop_events(), for example for all events of more than
a year: cdp.drop_events(now() - interval '13 months').
READ COMMITTED only. It works as the owner of the tables, and waits for a refresh that runs. Errors: an argument that is
NULL (22004), max_rows less than 1 (22023).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.source_events(text, timestamptz, timestamptz, bigint, bigint),
	cdp_internal.find_old_events(text, timestamptz, bigint), cdp_internal.fold_old_events(text, text, text),
	cdp_internal.drop_old_events(bigint, boolean), cdp.drop_old_events(bigint, boolean) FROM PUBLIC;
