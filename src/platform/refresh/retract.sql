-- cdp.retract(): takes events back, as if they had never come.  Each batch takes some of them, in the order of their
-- anchors, so that the events of a person are mostly taken back together.

CREATE FUNCTION cdp_internal.check_retract(message_ids text[], event_ids bigint[], source text, since timestamptz,
	until timestamptz, query text, forever boolean, dry_run boolean) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF num_nonnulls(message_ids, event_ids, source, query) <> 1 THEN
		RAISE EXCEPTION 'what to retract is named % times', num_nonnulls(message_ids, event_ids, source, query)
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give one of message_ids, event_ids, source and query.';
	END IF;
	IF source IS NULL AND num_nonnulls(since, until) > 0 THEN
		RAISE EXCEPTION 'since and until are for a source' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give source too, or choose the events by a query.';
	END IF;
	IF forever IS NULL OR dry_run IS NULL THEN
		RAISE EXCEPTION 'forever and dry_run must be true or false' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF source IS NOT NULL AND NOT EXISTS (SELECT FROM cdp_data.source s WHERE s.source = check_retract.source) THEN
		RAISE EXCEPTION 'there is no source "%"', left(source, 64) USING ERRCODE = 'undefined_object',
			HINT = coalesce('The nearest is "' || cdp_internal.nearest_name(check_retract.source,
				ARRAY(SELECT s.source FROM cdp_data.source s ORDER BY s.source)) || '".',
				(SELECT 'The sources are ' || left(string_agg(s.source, ', ' ORDER BY s.source), 200) || '.'
				 FROM cdp_data.source s), 'No source has sent rows yet.');
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_retract(text[], bigint[], text, timestamptz, timestamptz, text, boolean, boolean)
	IS 'Internal: raises an error for wrong arguments of cdp.retract().';

-- STABLE, so that the query cannot write.  Without a search path of its own, since the names in it are the caller's;
-- it runs as the caller.
CREATE FUNCTION cdp_internal.retract_query(query text) RETURNS bigint[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE
AS $function$
DECLARE
	numbers refcursor;
	one record;
	value json;
	result bigint[] := '{}';
BEGIN
	OPEN numbers NO SCROLL FOR EXECUTE query;
	LOOP
		FETCH numbers INTO one;
		EXIT WHEN NOT FOUND;
		value := (SELECT c.value FROM pg_catalog.json_each(pg_catalog.row_to_json(one)) c LIMIT 1);
		CONTINUE WHEN pg_catalog.json_typeof(value) OPERATOR(pg_catalog.=) 'null';
		-- a message id that looks like a number must not be taken for one, nor a fraction be rounded
		IF value::text OPERATOR(pg_catalog.!~) '^-?[0-9]+$' THEN
			RAISE EXCEPTION 'the first column of query must be a number of an event'
				USING ERRCODE = 'datatype_mismatch',
				DETAIL = pg_catalog.format('One of its values is %s.', pg_catalog.left(value::text, 64)),
				HINT = 'For example: SELECT event_id FROM cdp.events WHERE source = ''shop''.';
		END IF;
		result := result OPERATOR(pg_catalog.||) value::text::bigint;
	END LOOP;
	CLOSE numbers;
	RETURN result;
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract_query(text) IS
	'Internal: returns the first column of a query, numbers of events, without NULLs. The query runs as the caller and '
	'cannot write.';

CREATE FUNCTION cdp_internal.retract_batch(event_ids bigint[], places bigint[], times timestamptz[], forever boolean)
	RETURNS cdp_internal.batch_counts
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	done cdp_internal.batch_counts;
BEGIN
	PERFORM cdp_internal.next_batch();
	PERFORM cdp_internal.progress_set('take', 0, 0);
	-- numbers and times alone
	PERFORM cdp_internal.batch_stage('batch_taken_back', format($sql$
		SELECT u.event_id, u.place, u.at, %L::boolean AS forever
		FROM unnest(%L::bigint[], %L::bigint[], %L::timestamptz[]) AS u (event_id, place, at)
	$sql$, forever, event_ids, places, times));
	done := cdp_internal.process_batch(cause => 'retraction');
	PERFORM cdp_internal.batch_end();
	RETURN done;
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract_batch(bigint[], bigint[], timestamptz[], boolean) IS
	'Internal: takes these events back, as one batch; places: their anchors, times: their times. forever: their '
	'message keys are kept.';

-- Numbers and places of events that were named one by one are kept in memory, like their names; those of a source are
-- read as they are needed.
CREATE FUNCTION cdp_internal.open_retraction(message_ids text[], event_ids bigint[], source text, since timestamptz,
	until timestamptz) RETURNS refcursor
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
	-- all rows are read: an order that an index gives from the first row on is no gain
	SET cursor_tuple_fraction = 1
AS $function$
#variable_conflict use_variable
DECLARE
	place refcursor;
	named record;
BEGIN
	IF source IS NOT NULL THEN
		PERFORM cdp_internal.refuse_folded(source, since, until);
		OPEN place NO SCROLL FOR EXECUTE format($sql$
			SELECT e.event_id, e.identifier_id, e."timestamp"
			FROM cdp_data.event e
			WHERE e.source = $1%s%s
			ORDER BY e.identifier_id
		$sql$, CASE WHEN since IS NOT NULL THEN ' AND e."timestamp" >= $2' END,
			CASE WHEN until IS NOT NULL THEN ' AND e."timestamp" < $3' END)
		USING source, since, until;
		RETURN place;
	END IF;
	SELECT coalesce(array_agg(e.event_id) FILTER (WHERE e.absent IS NULL), '{}') AS ids,
		   array_agg(e.identifier_id) FILTER (WHERE e.absent IS NULL) AS places,
		   array_agg(e."timestamp") FILTER (WHERE e.absent IS NULL) AS times,
		   count(*) FILTER (WHERE e.absent = 'event') AS events,
		   count(*) FILTER (WHERE e.absent = 'number') AS numbers, count(*) FILTER (WHERE e.absent = 'key') AS keys
	INTO named
	FROM (
		SELECT m.* FROM cdp_internal.retract_messages(message_ids) m WHERE message_ids IS NOT NULL
		UNION ALL
		SELECT n.* FROM cdp_internal.retract_numbers(event_ids) n WHERE event_ids IS NOT NULL) e;
	PERFORM cdp_internal.refuse_absent(named.events, named.numbers, named.keys,
		CASE WHEN message_ids IS NOT NULL THEN 'messages' ELSE 'numbers' END);
	OPEN place NO SCROLL FOR
		SELECT u.event_id, u.identifier_id, u."timestamp"
		FROM unnest(named.ids, named.places, named.times) AS u (event_id, identifier_id, "timestamp")
		ORDER BY u.identifier_id;
	RETURN place;
END
$function$;
COMMENT ON FUNCTION cdp_internal.open_retraction(text[], bigint[], text, timestamptz, timestamptz) IS
	'Internal: returns a cursor of (event_id, identifier_id, "timestamp") of the events that the arguments name, in '
	'the order of their anchors; raises an error if some are absent.';

CREATE FUNCTION cdp_internal.retract_events(message_ids text[], event_ids bigint[], source text, since timestamptz,
	until timestamptz, forever boolean, OUT events bigint, OUT identifiers bigint, OUT people bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	-- all that is known of the people concerned is in memory meanwhile
	rows constant integer := 10000;
	place refcursor := cdp_internal.open_retraction(message_ids, event_ids, source, since, until);
	one record;
	ids bigint[] := '{}';
	places bigint[] := '{}';
	times timestamptz[] := '{}';
	done cdp_internal.batch_counts;
	finished boolean := false;
BEGIN
	events := 0;
	identifiers := 0;
	people := 0;
	WHILE NOT finished LOOP
		FETCH place INTO one;
		finished := NOT FOUND;
		IF NOT finished THEN
			ids := ids || one.event_id;
			places := places || one.identifier_id;
			times := times || one."timestamp";
		END IF;
		IF cardinality(ids) = rows OR finished AND ids <> '{}' THEN
			done := cdp_internal.retract_batch(ids, places, times, forever);
			events := events + done.retracted;
			identifiers := identifiers + done.identifiers_left;
			people := people + done.profiles_touched;
			ids := '{}';
			places := '{}';
			times := '{}';
		END IF;
	END LOOP;
	CLOSE place;
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract_events(text[], bigint[], text, timestamptz, timestamptz, boolean) IS
	'Internal: takes the events back that the arguments name, in batches, and counts what left.';

-- Nothing tells a message whose event was taken back from one that never came.
CREATE FUNCTION cdp_internal.keep_message_ids(message_ids text[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kept bigint;
BEGIN
	WITH asked AS MATERIALIZED (
		SELECT DISTINCT k.message_key
		FROM unnest(message_ids) AS u (message_id)
		CROSS JOIN LATERAL (SELECT cdp_internal.message_key(u.message_id) AS message_key) k
		WHERE k.message_key IS NOT NULL
	), deleted AS (
		-- of what holds of these messages only deletions are left, which a later row would correct
		DELETE FROM cdp_data.statement s USING asked a
		WHERE s.message_key = a.message_key AND s.event_id IS NULL
		RETURNING s.message_key
	)
	INSERT INTO cdp_data.message AS m (message_key, batch_id, content_hash)
	SELECT a.message_key, -greatest(s.batch_id, 1), 0
	FROM asked a
	CROSS JOIN cdp_data.state s
	ON CONFLICT (message_key) DO UPDATE SET batch_id = -abs(m.batch_id), content_hash = 0
	WHERE m.batch_id > 0 OR m.message_key IN (SELECT d.message_key FROM deleted d);
	GET DIAGNOSTICS kept = ROW_COUNT;
	RETURN kept;
END
$function$;
COMMENT ON FUNCTION cdp_internal.keep_message_ids(text[]) IS
	'Internal: has message ids stay used for ever of which no event is left; returns how many were not kept yet.';

CREATE FUNCTION cdp_internal.retract(message_ids text[], event_ids bigint[], source text, since timestamptz,
	until timestamptz, asked jsonb, reason text, forever boolean, dry_run boolean, OUT events bigint,
	OUT identifiers bigint, OUT people bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	first_batch bigint;
	kept bigint := 0;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	SELECT s.batch_id + 1 INTO STRICT first_batch FROM cdp_data.state s;
	PERFORM cdp_internal.progress_begin('change', 0);
	BEGIN
		SELECT r.* INTO events, identifiers, people
		FROM cdp_internal.retract_events(message_ids, event_ids, source, since, until, forever) r;
		IF forever AND message_ids IS NOT NULL THEN
			kept := cdp_internal.keep_message_ids(message_ids);
		END IF;
		IF dry_run THEN
			-- roll the subtransaction back; the variables keep their values
			RAISE EXCEPTION 'the trial is complete' USING ERRCODE = 'CDP00';
		END IF;
		INSERT INTO cdp_data.retraction (retraction_id, asked, events, forever, reason, first_batch_id, last_batch_id)
		SELECT coalesce((SELECT max(o.retraction_id) FROM cdp_data.retraction o), 0) + 1, retract.asked,
			retract.events, retract.forever, retract.reason, first_batch, s.batch_id
		FROM cdp_data.state s
		WHERE retract.events > 0 OR kept > 0;
	EXCEPTION WHEN SQLSTATE 'CDP00' THEN
		NULL;
	END;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract(text[], bigint[], text, timestamptz, timestamptz, jsonb, text, boolean,
	boolean) IS 'Internal: what cdp.retract() does, for the owner of the tables.';

CREATE FUNCTION cdp.retract(message_ids text[] DEFAULT NULL, event_ids bigint[] DEFAULT NULL, source text DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, query text DEFAULT NULL, reason text DEFAULT NULL,
	forever boolean DEFAULT false, dry_run boolean DEFAULT false, OUT events bigint, OUT identifiers bigint,
	OUT people bigint, OUT waiting bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $function$
#variable_conflict use_variable
DECLARE
	started timestamptz := pg_catalog.clock_timestamp();
	taken bigint := 1;
	remaining bigint;
	asked jsonb;
BEGIN
	PERFORM cdp_internal.check_columns();
	PERFORM cdp_internal.check_retract(message_ids, event_ids, source, since, until, query, forever, dry_run);
	-- so that a message that waits is not passed over, and then becomes an event; of what comes meanwhile there may be
	-- no end
	waiting := cdp_internal.count_waiting();
	remaining := waiting;
	WHILE NOT dry_run AND waiting OPERATOR(pg_catalog.>) 0 AND taken OPERATOR(pg_catalog.>) 0
		AND remaining OPERATOR(pg_catalog.>=) 0 LOOP
		SELECT r.taken INTO taken FROM cdp.refresh() r;
		remaining := remaining OPERATOR(pg_catalog.-) taken;
		-- in each inbox a million are counted at most
		IF remaining OPERATOR(pg_catalog.<=) 0 AND waiting OPERATOR(pg_catalog.>=) 1000000 THEN
			waiting := cdp_internal.count_waiting();
			remaining := waiting;
		END IF;
	END LOOP;
	asked := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('source', source, 'since', since,
		'until', until, 'messages', pg_catalog.cardinality(message_ids), 'events', pg_catalog.cardinality(event_ids)));
	IF query IS NOT NULL THEN
		BEGIN
			-- a volatile function that the query calls could write all the same
			PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
			event_ids := cdp_internal.retract_query(query);
			-- ends the subtransaction and the setting; the variable keeps its value
			RAISE EXCEPTION 'the query is complete' USING ERRCODE = 'CDP00';
		EXCEPTION WHEN SQLSTATE 'CDP00' THEN
			-- unless the query itself has raised it
			IF event_ids IS NULL THEN
				RAISE;
			END IF;
		END;
		asked := pg_catalog.jsonb_build_object('found', pg_catalog.cardinality(event_ids));
	END IF;
	SELECT r.events, r.identifiers, r.people INTO events, identifiers, people
	FROM cdp_data.retract(message_ids, event_ids, source, since, until, asked, reason, forever, dry_run) r;
	waiting := cdp_internal.count_waiting();
	elapsed := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) started;
END
$function$;
COMMENT ON FUNCTION cdp.retract(text[], bigint[], text, timestamptz, timestamptz, text, text, boolean, boolean) IS
$comment$Takes events back: people, links, traits, timelines, accounts and all else become what they would be had these
events never come. The events are named in one of four ways: message_ids; event_ids; source, with since (inclusive) and
until (exclusive) as bounds of their time, if given; or query, whose first column is a number of an event, and which
runs as the caller and cannot write: cdp.retract(query => 'SELECT event_id FROM cdp.events WHERE …'). Numbers and
message ids that no event has are passed over. If the log lacks events, since a month was detached by hand, a message
of one of these is an error; numbers that were not found, and a source, are a notice.
forever: the message ids stay used for ever, whatever cdp.set_message_memory() says, so that the messages are duplicates
if they come again; of message_ids also those that no event has, or has any more, whatever comes with them. Otherwise a
message that comes again is a new event. reason: kept in cdp.retraction, with who
decided and when. dry_run: the counts, without the change; it takes as long as the change, and
holds the lock of the refresh meanwhile.
First all rows that wait in the inboxes by then are taken, as by cdp.refresh(), except for a dry run. Everything is one
transaction, and works as the owner of the tables. The message is gone with the event; a row of another content with its
message id stays in quarantine, and cdp.replay() lets it in. Of a message of a mutable source all that was said is taken
back, also what the event replaced: see cdp.set_sources().
What stays: numbers of identifiers. One that no event carries any more is in no profile; its number answers NULL, with
the reason retracted, and is its number again if it comes again. An unlink still voids evidence up to the time that it
was given for. cdp.profile_at() and cdp.events_at() forget the events too; who was one person by them is still told.
Returns one row. events: taken back. identifiers: that no event carries any more. people: changed in any way; one who
has events in several batches of 10,000 counts in each. waiting: rows in the inboxes that are not taken yet.
Events that have left the log, see cdp.drop_events() and cdp.drop_old_events(), are folded into others and cannot be
taken back: that is an error, as it is if one of the numbers was taken back before such events went. A message that may
be of one of these, and is not remembered any more, is a notice.
READ COMMITTED only. Errors: not named in just one way, since or until without a source (22023); forever or dry_run
NULL (22004); an unknown source (42704); a query whose first column is no whole number (42804); folded events, or the
log lacks the events of messages, or of the people or accounts concerned (55000).$comment$;

REVOKE ALL ON FUNCTION
	cdp_internal.check_retract(text[], bigint[], text, timestamptz, timestamptz, text, boolean, boolean),
	cdp_internal.retract_query(text),
	cdp_internal.open_retraction(text[], bigint[], text, timestamptz, timestamptz),
	cdp_internal.retract_batch(bigint[], bigint[], timestamptz[], boolean),
	cdp_internal.retract_events(text[], bigint[], text, timestamptz, timestamptz, boolean),
	cdp_internal.keep_message_ids(text[]),
	cdp_internal.retract(text[], bigint[], text, timestamptz, timestamptz, jsonb, text, boolean, boolean),
	cdp.retract(text[], bigint[], text, timestamptz, timestamptz, text, text, boolean, boolean) FROM PUBLIC;
