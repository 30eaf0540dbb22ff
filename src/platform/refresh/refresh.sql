-- refresh(): one batch from the inbox through every stage, in one transaction.

CREATE FUNCTION cdp_internal.refresh_lock(wait boolean) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'this needs isolation level read committed, not %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state',
			DETAIL = 'After waiting for another writer it must see what that one has written.',
			HINT = 'Start the transaction with BEGIN ISOLATION LEVEL READ COMMITTED.';
	END IF;
	IF to_regclass('cdp_data.state') IS NULL THEN
		PERFORM cdp_internal.check_tables();
	END IF;
	-- before anything is read: REINDEX locks a table and then its indexes, and so would wait for a reader
	-- that waits for it as soon as it writes
	IF wait THEN
		LOCK TABLE cdp_data.state IN SHARE ROW EXCLUSIVE MODE;
	ELSE
		BEGIN
			LOCK TABLE cdp_data.state IN SHARE ROW EXCLUSIVE MODE NOWAIT;
		EXCEPTION WHEN lock_not_available THEN
			RETURN false;
		END;
	END IF;
	PERFORM cdp_internal.check_tables();
	EXECUTE (SELECT format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', string_agg(format('cdp_data.%I', c.name), ', ' ORDER BY c.name))
			 FROM cdp_internal.catalogue() c
			 WHERE 'refresh' = ANY (c.written_by) AND NOT 'writer' = ANY (c.written_by) AND c.name <> 'state');
	RETURN true;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_lock(boolean) IS
	'Internal: becomes the one writer of identifiers, profiles and memberships, until the transaction ends, and locks '
	'all that such a one writes; false where another one is and the caller does not wait.';

CREATE TYPE cdp_internal.batch_counts AS (
	taken bigint, accepted bigint, duplicate bigint, quarantined bigint, identifiers bigint, links bigint,
	profiles_created bigint, profiles_merged bigint, profiles_split bigint, profiles_touched bigint,
	reworks bigint, identifiers_reworked bigint, events_reanchored bigint, largest_rework bigint, self_links bigint);
COMMENT ON TYPE cdp_internal.batch_counts IS 'Internal: what a batch did.';

-- One batch through every stage: the rows that it was begun with, and what cdp_internal.stage_graph_changes()
-- kept; or the whole log, by the stages of restitch.
CREATE FUNCTION cdp_internal.process_batch(whole boolean DEFAULT false, leave_undone boolean DEFAULT false)
	RETURNS cdp_internal.batch_counts LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	last record;
	passed record;
	done cdp_internal.batch_counts;
BEGIN
	SELECT s.event_id, s.identifier_id, s.quarantine_id INTO STRICT last FROM cdp_data.state s;
	IF whole THEN
		SELECT r.* INTO passed FROM cdp_internal.restitch_pass(last.event_id, last.identifier_id, last.quarantine_id) r;
	ELSE
		PERFORM cdp_internal.refresh_take();
		-- what a verdict or a rule asks for is refused, what evidence asks for is left undone
		SELECT p.* INTO passed FROM cdp_internal.refresh_pass(last.event_id, last.identifier_id, last.quarantine_id, leave_undone) p;
	END IF;
	done := passed.done;
	IF EXISTS (SELECT FROM cdp_data.segment) THEN
		PERFORM cdp_internal.refresh_segments(passed.touched);
	END IF;
	PERFORM cdp_internal.record_batch(done, started, passed.event_id, passed.identifier_id, passed.quarantine_id);
	PERFORM cdp_data.gather_statistics();
	RETURN done;
END
$function$;
COMMENT ON FUNCTION cdp_internal.process_batch(boolean, boolean) IS
	'Internal: takes the batch in hand, or the whole log, through every stage, and records it. The caller holds the '
	'lock.';

CREATE FUNCTION cdp_internal.record_batch(done cdp_internal.batch_counts, started timestamptz, event_id bigint, identifier_id bigint,
	quarantine_id bigint) RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run(format('UPDATE cdp_data.state SET batch_id = $1, as_of = $2, event_id = %s, identifier_id = %s, quarantine_id = %s',
								 event_id, identifier_id, quarantine_id));
	INSERT INTO cdp_data.batch SELECT s.batch_id, s.as_of, done.*, clock_timestamp() - started FROM cdp_data.state s;
END
$function$;
COMMENT ON FUNCTION cdp_internal.record_batch(cdp_internal.batch_counts, timestamptz, bigint, bigint, bigint) IS
	'Internal: writes what the batch in hand did, and the last numbers that it handed out.';

CREATE FUNCTION cdp_internal.next_batch(places tid[] DEFAULT '{}', line_places tid[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- time never runs back, and what waited for the lock is known only now
	PERFORM cdp_internal.batch_begin(s.batch_id + 1, greatest(clock_timestamp(), s.as_of), places, line_places) FROM cdp_data.state s;
END
$function$;
COMMENT ON FUNCTION cdp_internal.next_batch(tid[], tid[]) IS
	'Internal: takes a new batch in hand, of these rows of cdp.inbox and lines of cdp.inbox_raw. The caller holds the '
	'lock.';

CREATE FUNCTION cdp_internal.start_batch() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.next_batch();
END
$function$;
COMMENT ON FUNCTION cdp_internal.start_batch() IS
	'Internal: becomes the one writer of the graph and takes a new batch in hand, without rows.';

CREATE FUNCTION cdp.refresh(max_rows bigint DEFAULT 100000, wait boolean DEFAULT true,
	OUT taken bigint, OUT waiting bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint,
	OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint, OUT profiles_touched bigint,
	OUT reworks bigint, OUT identifiers_reworked bigint, OUT events_reanchored bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	last_batch_id bigint;
	claim record;
	lapsed boolean := false;
BEGIN
	IF max_rows IS NULL OR max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF cdp_internal.refresh_lock(coalesce(wait, true)) THEN
		SELECT s.batch_id INTO STRICT last_batch_id FROM cdp_data.state s;
		SELECT c.places, c.line_places INTO claim FROM cdp_internal.claim_again() c;
		IF cardinality(claim.places) + cardinality(claim.line_places) = 0 THEN
			SELECT c.places, c.line_places INTO claim FROM cdp_internal.refresh_claim(cdp_internal.attempt_rows(max_rows)) c;
		END IF;
		IF cardinality(claim.places) + cardinality(claim.line_places) = 0 THEN
			PERFORM cdp_internal.next_batch();
			lapsed := cdp_internal.has_lapsed();
			PERFORM cdp_internal.batch_end();
		END IF;
		IF cardinality(claim.places) + cardinality(claim.line_places) > 0 OR lapsed THEN
			PERFORM cdp_internal.refresh_attempt(max_rows, claim.places, claim.line_places);
		ELSIF EXISTS (SELECT FROM cdp_data.segment s WHERE s.state <> 'live') THEN
			PERFORM cdp_internal.refresh_segments('{}');
		END IF;
	END IF;

	SELECT coalesce(sum(b.taken), 0), coalesce(sum(b.accepted), 0), coalesce(sum(b.duplicate), 0),
		   coalesce(sum(b.quarantined), 0), coalesce(sum(b.identifiers), 0), coalesce(sum(b.profiles_created), 0),
		   coalesce(sum(b.profiles_merged), 0), coalesce(sum(b.profiles_split), 0),
		   coalesce(sum(b.profiles_touched), 0), coalesce(sum(b.reworks), 0),
		   coalesce(sum(b.identifiers_reworked), 0), coalesce(sum(b.events_reanchored), 0)
	INTO taken, accepted, duplicate, quarantined, identifiers, profiles_created, profiles_merged, profiles_split,
		 profiles_touched, reworks, identifiers_reworked, events_reanchored
	FROM cdp_data.batch b WHERE b.batch_id > last_batch_id;
	waiting := cdp_internal.count_waiting();
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp.refresh(bigint, boolean) IS
$comment$Takes up to max_rows rows, and up to 256 MB of them uncompressed, from the inboxes to the log, the people and their profiles, in one transaction. One runs at a time: a second caller waits, or with wait => false returns at once with zeros. READ COMMITTED only.
Returns one row of counts: taken = accepted + duplicate + quarantined; waiting: rows that still wait (each inbox counted up to a million; rows of a writer that committed late, behind which others were taken already, are not counted: the refresh that finds no others takes them, or the first one after a minute); identifiers: identifiers seen for the first time; profiles created, merged into others, split, and touched in any way; reworks: groups of profiles that late or conflicting evidence had taken apart, with the number of identifiers in them; events anchored anew; elapsed.
A row over 64 MB, uncompressed or as text, is quarantined as row_too_large. Where a batch fails, the rows at fault are found by trying parts of it, each a batch of its own, and quarantined as failed. An error that no row causes (no space, no memory, a conflict with another transaction, cancel, missing rights) is raised, with the inboxes as they were, and so is one that more than 1,000 rows cause. After out_of_memory, configuration_limit_exceeded (temp_file_limit) and query_canceled (statement_timeout too) the next refresh takes half as many rows, and so on down to one; one that is broken off so three times alone is quarantined as failed.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.refresh_lock(boolean), cdp_internal.process_batch(boolean, boolean),
	cdp_internal.record_batch(cdp_internal.batch_counts, timestamptz, bigint, bigint, bigint), cdp_internal.next_batch(tid[], tid[]),
	cdp_internal.start_batch(), cdp.refresh(bigint, boolean) FROM PUBLIC;
