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
	LOCK TABLE cdp.state IN SHARE ROW EXCLUSIVE MODE NOWAIT;
	RETURN true;
EXCEPTION
	WHEN lock_not_available THEN
		RETURN false;
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

CREATE FUNCTION cdp.refresh(max_rows bigint DEFAULT 100000, wait boolean DEFAULT true,
	OUT taken bigint, OUT "left" bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint,
	OUT identities bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_touched bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	last record;
	links bigint;
BEGIN
	IF max_rows IS NULL OR max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp.check_tables();
	taken := 0; accepted := 0; duplicate := 0; quarantined := 0;
	identities := 0; profiles_created := 0; profiles_merged := 0; profiles_touched := 0;

	IF cdp.refresh_lock(coalesce(wait, true)) THEN
		SELECT s.batch_id + 1 AS batch_id, greatest(clock_timestamp(), s.as_of) AS as_of, s.event_id, s.identity_id, s.quarantine_id
		INTO STRICT last FROM cdp.state s;
		PERFORM cdp.batch_begin(last.batch_id, last.as_of);
		taken := cdp.refresh_take(max_rows);
		IF taken > 0 THEN
			SELECT j.event_id, j.quarantine_id, j.accepted, j.duplicate, j.quarantined
			INTO last.event_id, last.quarantine_id, accepted, duplicate, quarantined
			FROM cdp.refresh_judge_rows(last.event_id, last.quarantine_id) j;
			SELECT i.identity_id, i.identities INTO last.identity_id, identities FROM cdp.refresh_identify(last.identity_id) i;
			links := cdp.refresh_link();
			SELECT s.profiles_created, s.profiles_merged INTO profiles_created, profiles_merged FROM cdp.refresh_stitch() s;
			PERFORM cdp.refresh_log();
			profiles_touched := cdp.refresh_fold();

			UPDATE cdp.state SET batch_id = last.batch_id, as_of = last.as_of,
				event_id = last.event_id, identity_id = last.identity_id, quarantine_id = last.quarantine_id;
			INSERT INTO cdp.batch (batch_id, as_of, taken, accepted, duplicate, quarantined, identities, links,
				profiles_created, profiles_merged, profiles_touched, elapsed)
			VALUES (last.batch_id, last.as_of, taken, accepted, duplicate, quarantined, identities, links,
				profiles_created, profiles_merged, profiles_touched, clock_timestamp() - started);
			PERFORM cdp.refresh_truncate('cdp.inbox');
			PERFORM cdp.refresh_truncate('cdp.inbox_raw');
		END IF;
		PERFORM cdp.batch_end();
	END IF;

	"left" := (SELECT count(*) FROM (SELECT FROM cdp.inbox LIMIT 1000000) i) + (SELECT count(*) FROM (SELECT FROM cdp.inbox_raw LIMIT 1000000) r);
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp.refresh(bigint, boolean) IS
	'Takes up to max_rows rows from the inboxes to the log, the people and their profiles, in one transaction. One runs at a time: a second caller waits, or with wait => false returns at once with zeros. Returns one row of counts: taken = accepted + duplicate + quarantined; left: rows that still wait (each inbox counted up to a million); identities: identifiers seen for the first time; profiles created, merged into others, and touched in any way; elapsed. READ COMMITTED only.';

REVOKE ALL ON FUNCTION cdp.refresh_lock(boolean), cdp.refresh_truncate(regclass), cdp.refresh(bigint, boolean) FROM PUBLIC;

