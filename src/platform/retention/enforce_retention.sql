-- cdp.enforce_retention(): forgets what is older than it is kept.
--
-- Of each retention what is older than done_until, up to done_event_id, is forgotten.  So a call reads what has come
-- late since then, and what became too old; and once a week the whole log, since rules and corrections move events.

CREATE FUNCTION cdp_internal.overdue_events(kind text, key text, since timestamptz, until timestamptz, after_id bigint)
	RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
	SET datestyle = 'ISO'
AS $function$
BEGIN
	RETURN format('cdp_data.event e %s WHERE %s AND e."timestamp" >= %L AND e."timestamp" < %L '
		'AND e.event_id > %s AND %s AND %s AND e.identifier_id <> ALL (%L::bigint[])',
		CASE kind WHEN 'namespace' THEN 'JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id' ELSE '' END,
		format(CASE kind WHEN 'source' THEN 'e.source = %L' WHEN 'event' THEN 'e.event = %L'
			WHEN 'namespace' THEN 'cdp.namespace(i.identifier) = %L'
			WHEN 'trait' THEN 'e.type IN (''identify'', ''group'') AND e.traits ? %L AND e.source NOT IN '
				'(SELECT s.source FROM cdp_data.source s WHERE s.mutable)' END, key),
		since, until, after_id, cdp_internal.is_logged_condition(),
		CASE kind WHEN 'trait' THEN 'true' ELSE cdp_internal.proves_nothing_condition() END,
		cdp_internal.held_ids());
END
$function$;
COMMENT ON FUNCTION cdp_internal.overdue_events(text, text, timestamptz, timestamptz, bigint) IS
	'Internal: returns what follows FROM in a query of events of the log that a retention speaks of, from since to '
	'before until, with numbers above after_id; but for those that prove a consent, and those of people who are held.';

CREATE FUNCTION cdp_internal.proves_nothing_condition() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 'NOT EXISTS (SELECT FROM cdp_data.consent c WHERE c.identifier_id = e.identifier_id '
		'AND e.event_id IN (c.first_event_id, c.event_id))';
COMMENT ON FUNCTION cdp_internal.proves_nothing_condition() IS
	'Internal: returns a condition on cdp_data.event e: no statement of the ledger of consent was first or last said '
	'by the event.';

CREATE FUNCTION cdp_internal.find_overdue(kind text, key text, before timestamptz, max_rows bigint, OUT ids bigint[],
	OUT places bigint[], OUT times timestamptz[], OUT done_until timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
#variable_conflict use_variable
DECLARE
	was record;
BEGIN
	SELECT least(r.done_until, before) AS until, r.done_event_id AS event_id INTO STRICT was
	FROM cdp_data.retention r
	WHERE r.kind = find_overdue.kind AND r.key = find_overdue.key;
	EXECUTE format($sql$
		SELECT coalesce(array_agg(n.event_id ORDER BY n.identifier_id), '{}'),
			coalesce(array_agg(n.identifier_id ORDER BY n.identifier_id), '{}'),
			coalesce(array_agg(n.at ORDER BY n.identifier_id), '{}'), max(n.at)
		FROM (
			SELECT o.*
			FROM (
				SELECT e.event_id, e.identifier_id, e."timestamp" AS at FROM %s
				UNION ALL
				SELECT e.event_id, e.identifier_id, e."timestamp" FROM %s) o
			ORDER BY o.at, o.event_id
			LIMIT $1) n
	$sql$, cdp_internal.overdue_events(kind, key, '-infinity', was.until, was.event_id),
		cdp_internal.overdue_events(kind, key, was.until, before, 0))
	INTO ids, places, times, done_until USING max_rows;
	-- where there may be more, the next call goes on from the time of the last
	done_until := CASE WHEN cardinality(ids) < max_rows THEN before ELSE least(done_until, before) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.find_overdue(text, text, timestamptz, bigint) IS
	'Internal: finds the oldest events, up to max_rows, that a retention does not keep any more, with their anchors '
	'and times; and up to when all have gone once these are.';

CREATE FUNCTION cdp_internal.forget_events(kind text, key text, ids bigint[], places bigint[], times timestamptz[])
	RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	forgotten bigint := 0;
	-- all that is known of the people concerned is in memory meanwhile
	rows constant integer := 10000;
BEGIN
	IF kind = 'trait' THEN
		RETURN cdp_internal.forget_trait(key, ids, places, times);
	END IF;
	FOR start IN 1 .. cardinality(ids) BY rows LOOP
		forgotten := forgotten + (cdp_internal.retract_batch(ids[start:start + rows - 1],
			places[start:start + rows - 1], times[start:start + rows - 1], false)).retracted;
	END LOOP;
	RETURN forgotten;
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_events(text, text, bigint[], bigint[], timestamptz[]) IS
	'Internal: takes events back, or one trait in them, in batches. Returns how many.';

-- The content of the message is another than the source has sent, so any counts as a duplicate.
CREATE FUNCTION cdp_internal.forget_trait(trait text, ids bigint[], places bigint[], times timestamptz[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	changed bigint;
BEGIN
	PERFORM cdp_internal.next_batch();
	PERFORM cdp_internal.batch_stage('batch_unsaid', format($sql$
		UPDATE cdp_data.event e SET traits = e.traits - %L::text
		FROM unnest(%L::bigint[], %L::bigint[], %L::timestamptz[]) AS u (event_id, identifier_id, at)
		WHERE e.event_id = u.event_id AND e.identifier_id = u.identifier_id AND e."timestamp" = u.at
		RETURNING e.type, e.identifier_id, e.group_id, e.message_id, e.source
	$sql$, trait, ids, places, times));
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.message m SET content_hash = 0
		FROM batch_unsaid u
		WHERE m.message_key = cdp_internal.event_message_key(u.message_id, u.source)
	$sql$);
	PERFORM cdp_internal.change_graph(cause => 'retraction', traits_changed => $sql$
		SELECT DISTINCT u.type, CASE WHEN u.type = 'identify' THEN u.identifier_id ELSE 0 END AS identifier_id,
			CASE WHEN u.type = 'group' THEN u.group_id END AS group_id
		FROM batch_unsaid u
	$sql$);
	RETURN cardinality(ids);
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_trait(text, bigint[], bigint[], timestamptz[]) IS
	'Internal: takes a trait out of events, as one batch, and folds the people and accounts anew. Returns how many.';

CREATE FUNCTION cdp_internal.enforce_retention(max_rows bigint)
	RETURNS TABLE (kind text, key text, before timestamptz, state text, events bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	rule record;
	found record;
	remaining bigint := max_rows;
	problem text;
	last_event_id bigint;
BEGIN
	IF (max_rows >= 1) IS NOT TRUE THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.expire_quarantine();
	PERFORM cdp_internal.progress_begin('change', 0);
	UPDATE cdp_data.retention r SET done_until = '-infinity', begun_at = now()
	WHERE r.begun_at NOT BETWEEN now() - interval '7 days' AND now();
	FOR rule IN SELECT r.* FROM cdp_data.retention r ORDER BY r.checked_at, r.kind, r.key LOOP
		kind := rule.kind;
		key := rule.key;
		before := greatest(clock_timestamp(), (SELECT s.as_of FROM cdp_data.state s)) - rule.keep;
		state := 'waiting';
		events := 0;
		IF remaining > 0 THEN
			last_event_id := (SELECT s.event_id FROM cdp_data.state s);
			SELECT f.* INTO found FROM cdp_internal.find_overdue(kind, key, before, remaining) f;
			BEGIN
				IF found.ids <> '{}' THEN
					events := cdp_internal.forget_events(kind, key, found.ids, found.places, found.times);
				END IF;
				state := CASE WHEN cardinality(found.ids) < remaining THEN 'done' ELSE 'waiting' END;
				UPDATE cdp_data.retention r SET forgotten = r.forgotten + enforce_retention.events,
					done_until = found.done_until,
					done_event_id = CASE state WHEN 'done' THEN last_event_id ELSE r.done_event_id END,
					checked_at = CASE state WHEN 'done' THEN clock_timestamp() ELSE r.checked_at END
				WHERE r.kind = rule.kind AND r.key = rule.key;
				remaining := remaining - cardinality(found.ids);
			-- the others are enforced
			EXCEPTION WHEN object_not_in_prerequisite_state THEN
				GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
				RAISE WARNING 'retention of % "%" cannot be enforced: %', kind, key, problem;
				state := 'refused';
				events := 0;
			END;
		END IF;
		RETURN NEXT;
	END LOOP;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.enforce_retention(bigint) IS
	'Internal: what cdp.enforce_retention() does, for the owner of the tables.';

CREATE FUNCTION cdp_internal.init_enforce_retention() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- SECURITY DEFINER for the reason that platform/refresh/as_owner.sql gives
	CREATE FUNCTION cdp_data.enforce_retention(max_rows bigint)
		RETURNS TABLE (kind text, key text, before timestamptz, state text, events bigint)
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 10
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.enforce_retention(max_rows);
	END
	$body$;
	REVOKE ALL ON FUNCTION cdp_data.enforce_retention(bigint) FROM PUBLIC;
	COMMENT ON FUNCTION cdp_data.enforce_retention(bigint) IS
		'Internal: cdp.enforce_retention(), as the owner of the tables.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_enforce_retention() IS
	'Internal: makes the function that forgets what is too old, owned by the owner of the tables.';

CREATE FUNCTION cdp.enforce_retention(max_rows bigint DEFAULT 10000)
	RETURNS TABLE (kind text, key text, before timestamptz, state text, events bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	RETURN QUERY SELECT e.* FROM cdp_data.enforce_retention(max_rows) e ORDER BY 1, 2;
END
$function$;
COMMENT ON FUNCTION cdp.enforce_retention(bigint) IS
$comment$Forgets what is older than cdp.set_retention() says, up to max_rows events in one call, as cdp.retract() does:
people, links, traits, timelines and all else become what they would be had it never been said. The worker calls it once
an hour, and again while there is more; without a worker call it from a schedule, again while a state is waiting.
Returns one row for each retention but those of the quarantine, which refreshes enforce too. before: what is older is to
be forgotten. state: done; waiting, there is or may be more, for a later call; refused: a warning says why, and the
others go on. events: how many were taken back, or changed (trait).
READ COMMITTED only. It works as the owner of the tables, and waits for a refresh that runs. Error: max_rows less than 1
(22023).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.overdue_events(text, text, timestamptz, timestamptz, bigint),
	cdp_internal.proves_nothing_condition(), cdp_internal.find_overdue(text, text, timestamptz, bigint),
	cdp_internal.forget_events(text, text, bigint[], bigint[], timestamptz[]),
	cdp_internal.forget_trait(text, bigint[], bigint[], timestamptz[]), cdp_internal.enforce_retention(bigint),
	cdp_internal.init_enforce_retention(), cdp.enforce_retention(bigint) FROM PUBLIC;
