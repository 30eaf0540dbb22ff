-- refresh(): one batch from the inbox through every stage, in one transaction.

CREATE FUNCTION cdp.refresh_lock(wait boolean) RETURNS boolean
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
	IF wait THEN
		LOCK TABLE cdp.state IN SHARE ROW EXCLUSIVE MODE;
		RETURN true;
	END IF;
	BEGIN
		LOCK TABLE cdp.state IN SHARE ROW EXCLUSIVE MODE NOWAIT;
	EXCEPTION WHEN lock_not_available THEN
		RETURN false;
	END;
	RETURN true;
END
$function$;
COMMENT ON FUNCTION cdp.refresh_lock(boolean) IS
	'Internal: becomes the one writer of identities, profiles and memberships, until the transaction ends; false where another one is and the caller does not wait.';

CREATE FUNCTION cdp.refresh_truncate(inbox regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	waiting boolean;
BEGIN
	-- while any snapshot is held no vacuum frees the rows that a claim deleted, and each claim
	-- walks over them; a truncation does free them.  Not for a small table: it costs a new file.
	IF pg_relation_size(inbox) < 1024 * 1024 THEN
		RETURN;
	END IF;
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', inbox) INTO waiting;
	IF waiting THEN
		RETURN;
	END IF;
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', inbox);
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', inbox) INTO waiting;
	IF NOT waiting THEN
		EXECUTE format('TRUNCATE %s', inbox);
	END IF;
EXCEPTION
	WHEN lock_not_available THEN
		RETURN;
END
$function$;
COMMENT ON FUNCTION cdp.refresh_truncate(regclass) IS 'Internal: truncates an inbox that is empty, if nobody uses it at this moment.';

CREATE TYPE cdp.batch_counts AS (
	taken bigint, accepted bigint, duplicate bigint, quarantined bigint, identities bigint, links bigint,
	profiles_created bigint, profiles_merged bigint, profiles_split bigint, profiles_touched bigint,
	reworks bigint, identities_reworked bigint, events_reanchored bigint, largest_rework bigint, self_links bigint);
COMMENT ON TYPE cdp.batch_counts IS 'Internal: what a batch did.';

-- One batch through every stage: what the inboxes hold, and what cdp.stage_graph_changes() kept; or
-- the whole log, by the stages of restitch.
CREATE FUNCTION cdp.process_batch(max_rows bigint, whole boolean DEFAULT false) RETURNS cdp.batch_counts
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	last record;
	done cdp.batch_counts;
BEGIN
	SELECT s.event_id, s.identity_id, s.quarantine_id INTO STRICT last FROM cdp.state s;
	done.taken := cdp.refresh_take(max_rows);
	SELECT j.event_id, j.quarantine_id, j.accepted, j.duplicate, j.quarantined
	INTO last.event_id, last.quarantine_id, done.accepted, done.duplicate, done.quarantined
	FROM cdp.refresh_judge_rows(last.event_id, last.quarantine_id) j;
	IF whole THEN
		SELECT i.identity_id, i.identities INTO last.identity_id, done.identities FROM cdp.restitch_identify(last.identity_id) i;
		done.links := cdp.restitch_link();
		SELECT s.profiles_created, s.profiles_merged, s.profiles_split, s.reworks, s.identities_reworked
		INTO done.profiles_created, done.profiles_merged, done.profiles_split, done.reworks, done.identities_reworked
		FROM cdp.restitch_stitch() s;
	ELSE
		SELECT i.identity_id, i.identities INTO last.identity_id, done.identities FROM cdp.refresh_identify(last.identity_id) i;
		done.links := cdp.refresh_link();
		SELECT s.profiles_created, s.profiles_merged, s.profiles_split, s.reworks, s.identities_reworked
		INTO done.profiles_created, done.profiles_merged, done.profiles_split, done.reworks, done.identities_reworked
		FROM cdp.refresh_stitch() s;
	END IF;
	done.largest_rework := cdp.batch_value($sql$ SELECT other FROM batch_result WHERE kind = 'reworks' $sql$);
	done.self_links := cdp.batch_value('SELECT coalesce(sum(r.repeats), 0)::bigint FROM batch_row r JOIN batch_accepted USING (row_no)');
	PERFORM cdp.refresh_anchor();
	done.events_reanchored := CASE WHEN whole THEN cdp.restitch_anchor() ELSE cdp.refresh_reanchor() END;
	PERFORM cdp.refresh_log();
	done.profiles_touched := cdp.refresh_fold();
	PERFORM cdp.refresh_fold_timeline();
	PERFORM cdp.refresh_fold_account(whole);
	IF EXISTS (SELECT FROM cdp.segment) THEN
		PERFORM cdp.refresh_segments(cdp.batch_array('SELECT profile_id FROM batch_touched'));
	END IF;

	PERFORM cdp.batch_run(format('UPDATE cdp.state SET batch_id = $1, as_of = $2, event_id = %s, identity_id = %s, quarantine_id = %s',
								 last.event_id, last.identity_id, last.quarantine_id));
	INSERT INTO cdp.batch SELECT s.batch_id, s.as_of, done.*, clock_timestamp() - started FROM cdp.state s;
	RETURN done;
END
$function$;
COMMENT ON FUNCTION cdp.process_batch(bigint, boolean) IS 'Internal: takes the batch in hand, or the whole log, through every stage, and records it. The caller holds the lock.';

-- Becomes the one writer and takes a new batch in hand; false where another writes and the caller does not wait.
CREATE FUNCTION cdp.start_batch(wait boolean DEFAULT true) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.check_tables();
	IF NOT cdp.refresh_lock(wait) THEN
		RETURN false;
	END IF;
	-- time never runs back, and what waited for the lock is known only now
	PERFORM cdp.batch_begin(s.batch_id + 1, greatest(clock_timestamp(), s.as_of)) FROM cdp.state s;
	RETURN true;
END
$function$;
COMMENT ON FUNCTION cdp.start_batch(boolean) IS 'Internal: becomes the one writer of the graph and takes a new batch in hand; false where another one is and the caller does not wait.';

CREATE FUNCTION cdp.refresh(max_rows bigint DEFAULT 100000, wait boolean DEFAULT true,
	OUT taken bigint, OUT "left" bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint,
	OUT identities bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint, OUT profiles_touched bigint,
	OUT reworks bigint, OUT identities_reworked bigint, OUT events_reanchored bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	done cdp.batch_counts;
BEGIN
	IF max_rows IS NULL OR max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	done := (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	IF cdp.start_batch(coalesce(wait, true)) THEN
		IF EXISTS (SELECT FROM cdp.inbox) OR EXISTS (SELECT FROM cdp.inbox_raw) OR cdp.has_lapsed() THEN
			PERFORM cdp.stage_graph_changes();
			done := cdp.process_batch(max_rows);
			PERFORM cdp.refresh_truncate('cdp.inbox');
			PERFORM cdp.refresh_truncate('cdp.inbox_raw');
		ELSIF EXISTS (SELECT FROM cdp.segment s WHERE s.state <> 'live') THEN
			PERFORM cdp.refresh_segments('{}');
		END IF;
		PERFORM cdp.batch_end();
	END IF;

	SELECT d.taken, d.accepted, d.duplicate, d.quarantined, d.identities, d.profiles_created, d.profiles_merged, d.profiles_split,
		   d.profiles_touched, d.reworks, d.identities_reworked, d.events_reanchored
	INTO taken, accepted, duplicate, quarantined, identities, profiles_created, profiles_merged, profiles_split,
		 profiles_touched, reworks, identities_reworked, events_reanchored FROM (SELECT done.*) d;
	"left" := (SELECT count(*) FROM (SELECT FROM cdp.inbox LIMIT 1000000) i) + (SELECT count(*) FROM (SELECT FROM cdp.inbox_raw LIMIT 1000000) r);
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp.refresh(bigint, boolean) IS
	'Takes up to max_rows rows from the inboxes to the log, the people and their profiles, in one transaction. One runs at a time: a second caller waits, or with wait => false returns at once with zeros. Returns one row of counts: taken = accepted + duplicate + quarantined; left: rows that still wait (each inbox counted up to a million); identities: identifiers seen for the first time; profiles created, merged into others, split, and touched in any way; reworks: groups of profiles that late or conflicting evidence had taken apart, with the number of identifiers in them; events anchored anew; elapsed. READ COMMITTED only.';

REVOKE ALL ON FUNCTION cdp.refresh_lock(boolean), cdp.refresh_truncate(regclass), cdp.process_batch(bigint, boolean), cdp.start_batch(boolean),
	cdp.refresh(bigint, boolean) FROM PUBLIC;

