-- cdp.refresh(): rows from the inboxes through all stages, in one transaction.

CREATE FUNCTION cdp_internal.refresh_lock(wait boolean) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'this needs isolation level read committed, not %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state',
			DETAIL = 'After waiting for another session it must see what that session has written.',
			HINT = 'Start the transaction with BEGIN ISOLATION LEVEL READ COMMITTED.';
	END IF;
	PERFORM cdp_internal.check_schema();
	-- before reading anything: REINDEX locks a table and then its indexes, so it could wait for a reader that then
	-- waits for it on its first write
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
	-- those that the catalogue says a refresh writes, but for the inboxes; a test compares
	LOCK TABLE cdp_data.account, cdp_data.account_member, cdp_data.account_membership, cdp_data.anchor_history,
		cdp_data.base, cdp_data.batch, cdp_data.carried_property, cdp_data.change, cdp_data.connected_table,
		cdp_data.consent, cdp_data.consent_proof, cdp_data.correction, cdp_data.event, cdp_data.folded_month,
		cdp_data.identifier, cdp_data.identifier_history, cdp_data.identifier_map, cdp_data.inbox_mark,
		cdp_data.invalid_signal, cdp_data.link, cdp_data.list, cdp_data.list_identifier, cdp_data.membership,
		cdp_data.message, cdp_data.namespace, cdp_data.plan_violation, cdp_data.profile,
		cdp_data.profile_identifier, cdp_data.purpose, cdp_data.quarantine, cdp_data.quarantine_hour,
		cdp_data.quarantine_retention, cdp_data.rejected_value, cdp_data.retraction, cdp_data.seen_name,
		cdp_data.segment, cdp_data.shared_context, cdp_data.signal, cdp_data.source, cdp_data.source_hour,
		cdp_data.statement, cdp_data.trait_rule, cdp_data.undone, cdp_data.verdict IN ROW EXCLUSIVE MODE;
	RETURN true;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_lock(boolean) IS
	'Internal: locks all tables that a batch writes, so that one session at a time writes identifiers, profiles and '
	'memberships, until the transaction ends. Returns false if another session holds the lock and wait is false.';

CREATE TYPE cdp_internal.batch_counts AS (
	taken bigint, accepted bigint, duplicate bigint, quarantined bigint, identifiers bigint, links bigint,
	profiles_created bigint, profiles_merged bigint, profiles_split bigint, profiles_touched bigint,
	reworks bigint, identifiers_reworked bigint, events_reanchored bigint, largest_rework bigint, self_links bigint,
	retracted bigint, identifiers_left bigint, deletions bigint, suppressed bigint);
COMMENT ON TYPE cdp_internal.batch_counts IS 'Internal: the counts of a batch, see cdp.batch.';

-- Segments live on it; more will.
CREATE TYPE cdp_internal.touched AS (
	profile_ids bigint[], causes text[], former_profile_ids bigint[], group_ids text[], event_ids bigint[]);
COMMENT ON TYPE cdp_internal.touched IS
$comment$Internal: whom a batch touched, and why: arrays of one length, in no order; a profile stands there once for
each cause. Causes: event (an event of the batch, with its number; of a group call with the account), merged (all of the
former profile is in it now), split (identifiers of the former profile are in it now), rebuilt (folded anew from the
log), gained (an event of the log, with its number, has come to it), identity (its identifiers, their sharing, a forbid
or the latest link changed), lapsed (traits expired, or a rule or source of them changed; those of an account, without a
profile, too, also as a call was taken back), consent (nothing but what was said of purposes).$comment$;

CREATE FUNCTION cdp_internal.with_touched(touched cdp_internal.touched, profile_ids bigint[], cause text)
	RETURNS cdp_internal.touched
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN ROW (touched.profile_ids || profile_ids,
		touched.causes || array_fill(cause, ARRAY[cardinality(profile_ids)]),
		touched.former_profile_ids || array_fill(NULL::bigint, ARRAY[cardinality(profile_ids)]),
		touched.group_ids || array_fill(NULL::text, ARRAY[cardinality(profile_ids)]),
		touched.event_ids || array_fill(NULL::bigint, ARRAY[cardinality(profile_ids)]))::cdp_internal.touched;
COMMENT ON FUNCTION cdp_internal.with_touched(cdp_internal.touched, bigint[], text) IS
	'Internal: returns whom a batch touched, and these people with a cause.';

CREATE FUNCTION cdp_internal.keep_memberships(touched cdp_internal.touched, whole boolean, cause text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	others bigint[] := '{}';
	has_accounts boolean := cdp_internal.has_account_segments();
	before bigint;
BEGIN
	IF whole THEN
		touched := cdp_internal.restitch_moved();
		UPDATE cdp_data.segment s
		SET built_until = 0, state = CASE s.state WHEN 'live' THEN 'building' ELSE s.state END;
	ELSIF touched.group_ids IS NOT NULL AND EXISTS (
		SELECT FROM cdp_data.segment s WHERE s.subject = 'person' AND s.condition ~ 'account|profile_row')
	THEN
		others := cdp_internal.members_of_accounts(array_remove(touched.group_ids, NULL));
	END IF;
	PERFORM cdp_internal.keep_touched(touched.profile_ids, touched.causes, touched.former_profile_ids,
		touched.event_ids, cause, others);
	before := (SELECT t.change_id FROM cdp_data.state t);
	PERFORM cdp_internal.read_due_lists();
	IF has_accounts THEN
		others := others || ARRAY(
			SELECT DISTINCT c.profile_id FROM cdp_data.change c WHERE c.change_id > before AND c.profile_id > 0);
		PERFORM cdp_internal.await_people();
	END IF;
	PERFORM cdp_internal.keep_slices('person', cdp_internal.slice_people(), whole, cause);
	IF has_accounts THEN
		PERFORM cdp_internal.keep_touched_accounts(touched, others, cause);
		PERFORM cdp_internal.keep_slices('account', cdp_internal.slice_accounts(), whole, cause);
	END IF;
	IF whole THEN
		UPDATE cdp_data.segment s SET members = k.members
		FROM (
			SELECT n.segment_id, count(m.segment_id) AS members
			FROM cdp_data.segment n
			LEFT JOIN (
				SELECT unnest(d.segments) AS segment_id FROM cdp_data.membership d
				UNION ALL
				SELECT unnest(d.segments) FROM cdp_data.account_membership d) m USING (segment_id)
			GROUP BY n.segment_id) k
		WHERE k.segment_id = s.segment_id AND k.members <> s.members;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.keep_memberships(cdp_internal.touched, boolean, text) IS
	'Internal: judges those whom a batch touched, or all (whole), and a slice of those who have not been judged by '
	'new segments: people, then accounts.';

CREATE FUNCTION cdp_internal.keep_slices(subject text, number bigint, whole boolean, cause text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	WHILE EXISTS (
		SELECT FROM cdp_data.segment s
		WHERE s.subject = keep_slices.subject AND s.built_until IS NOT NULL)
	LOOP
		EXIT WHEN NOT cdp_internal.keep_slice(number, CASE WHEN whole THEN cause ELSE 'definition' END, subject)
			OR NOT whole;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.keep_slices(text, bigint, boolean, text) IS
	'Internal: judges so many people, or accounts, who have not been judged by new segments, or all (whole).';

-- One batch through all stages: the rows that it was begun with, and the changes of
-- cdp_internal.stage_graph_changes(); or the whole log, by the stages of cdp.restitch().
CREATE FUNCTION cdp_internal.process_batch(whole boolean DEFAULT false, leave_undone boolean DEFAULT false,
	cause text DEFAULT 'event', consenting bigint[] DEFAULT '{}')
	RETURNS cdp_internal.batch_counts LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	has_segments boolean := EXISTS (SELECT FROM cdp_data.segment);
	last record;
	passed record;
	done cdp_internal.batch_counts;
BEGIN
	SELECT s.event_id, s.identifier_id, s.quarantine_id INTO STRICT last FROM cdp_data.state s;
	IF has_segments THEN
		-- on the rows as they are before the batch
		PERFORM cdp_internal.keep_lapsed(cdp_internal.batch_as_of(), cdp_internal.has_account_segments());
	END IF;
	IF whole THEN
		SELECT last.event_id, last.quarantine_id, r.* INTO passed FROM cdp_internal.restitch_pass(last.identifier_id) r;
	ELSE
		-- if the log lacks events, changes by a verdict or a rule are refused, changes by evidence are left undone
		SELECT p.* INTO passed
		FROM cdp_internal.refresh_pass(last.event_id, last.identifier_id, last.quarantine_id, leave_undone) p;
	END IF;
	done := passed.done;
	-- the pass has stamped those whom it touched
	IF consenting IS NULL OR whole AND EXISTS (SELECT FROM cdp_data.purpose) THEN
		PERFORM cdp_internal.stamp_all(cdp_internal.batch_as_of());
		UPDATE cdp_data.segment s
		SET built_until = 0, state = CASE s.state WHEN 'live' THEN 'building' ELSE s.state END
		WHERE s.purpose_id IS NOT NULL;
	ELSIF consenting <> '{}' THEN
		PERFORM cdp_internal.stamp_people(consenting, cdp_internal.batch_as_of());
		passed.touched := cdp_internal.with_touched(passed.touched, consenting, 'consent');
	END IF;
	PERFORM cdp_internal.progress_set('segments', 0, 0);
	IF has_segments THEN
		PERFORM cdp_internal.keep_memberships(passed.touched, whole, cause);
	END IF;
	PERFORM cdp_internal.record_batch(done, started, passed.event_id, passed.identifier_id, passed.quarantine_id);
	-- what is rare may have written much; and else once for each hundred rows
	IF done.taken = 0 OR (passed.event_id + passed.quarantine_id) / 100 > (last.event_id + last.quarantine_id) / 100
	THEN
		PERFORM cdp_internal.progress_set('analyze', 0, 0);
		PERFORM cdp_data.gather_statistics();
	END IF;
	RETURN done;
END
$function$;
COMMENT ON FUNCTION cdp_internal.process_batch(boolean, boolean, text, bigint[]) IS
	'Internal: takes the current batch, or the whole log, through all stages, and records it. cause: of the changes of '
	'memberships; event: of each person what touched it. consenting: people who are to be stamped, besides those '
	'whom the batch touches; NULL: all. The caller holds the lock.';

CREATE FUNCTION cdp_internal.record_batch(done cdp_internal.batch_counts, started timestamptz, event_id bigint,
	identifier_id bigint, quarantine_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.state s
	SET batch_id = cdp_internal.batch_number(), as_of = cdp_internal.batch_as_of(), event_id = record_batch.event_id,
		identifier_id = record_batch.identifier_id, quarantine_id = record_batch.quarantine_id,
		retracted = s.retracted + done.retracted;
	INSERT INTO cdp_data.batch
	SELECT cdp_internal.batch_number(), cdp_internal.batch_as_of(), done.*, clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp_internal.record_batch(cdp_internal.batch_counts, timestamptz, bigint, bigint, bigint) IS
	'Internal: writes the counts of the current batch, and the last numbers assigned.';

CREATE FUNCTION cdp_internal.next_batch(places tid[] DEFAULT '{}', line_places tid[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- as_of never decreases; it is read after waiting for the lock
	PERFORM cdp_internal.batch_begin(s.batch_id + 1, greatest(clock_timestamp(), s.as_of), places, line_places)
	FROM cdp_data.state s;
END
$function$;
COMMENT ON FUNCTION cdp_internal.next_batch(tid[], tid[]) IS
	'Internal: begins the next batch, of these rows of cdp.inbox and lines of cdp.inbox_raw. The caller holds the '
	'lock.';

-- Verdicts and rules work with the rights of the role that calls them.
CREATE FUNCTION cdp_internal.check_sees_all() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	hidden text := (
		SELECT t.name FROM unnest(cdp_internal.catalogue_tables()) AS t (name)
		WHERE t.name LIKE 'cdp\_data.%' AND NOT cdp_internal.sees_all(t.name::regclass) LIMIT 1);
BEGIN
	IF hidden IS NOT NULL THEN
		RAISE EXCEPTION 'row security applies to role "%" on table %', current_user, hidden
			USING ERRCODE = 'insufficient_privilege',
			DETAIL = 'What is computed from the rows that policies show would be wrong.',
			HINT = 'Call this as the owner of the tables, or as a role with BYPASSRLS.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_sees_all() IS
	'Internal: raises an error if policies may hide rows of people, the log or the rules from the current role.';

CREATE FUNCTION cdp_internal.start_batch() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.check_sees_all();
	PERFORM cdp_internal.progress_begin('change', 0);
	PERFORM cdp_internal.next_batch();
END
$function$;
COMMENT ON FUNCTION cdp_internal.start_batch() IS 'Internal: takes the lock and begins a batch without rows.';

-- Rows of connected tables come before the rows that wait, but leave the inbox as it is where more wait than a batch
-- takes, but for a tenth.
CREATE FUNCTION cdp_internal.refresh_connections(max_rows bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	pulled record;
BEGIN
	IF EXISTS (SELECT FROM cdp_data.connected_table) OR EXISTS (SELECT FROM cdp_data.followed_row) THEN
		SELECT p.sent, p.line_places, p.failures INTO pulled
		FROM cdp_internal.pull_connections(
			greatest(max_rows - cdp_internal.count_waiting(), (max_rows + 9) / 10)) p;
		PERFORM cdp_internal.set_aside_all('{}', pulled.line_places, pulled.failures);
		RETURN pulled.sent;
	END IF;
	RETURN 0;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_connections(bigint) IS
	'Internal: writes what connected tables say to the inboxes, for the refresh at hand, and sets rows aside that an '
	'expression fails for. Returns how many rows it wrote to cdp.inbox.';

CREATE FUNCTION cdp_internal.refresh_inboxes(max_rows bigint, wait boolean, OUT taken bigint,
	OUT waiting bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint,
	OUT suppressed bigint,
	OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT profiles_touched bigint, OUT reworks bigint, OUT identifiers_reworked bigint, OUT events_reanchored bigint,
	OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	started timestamptz := clock_timestamp();
	last_batch_id bigint;
	written bigint;
	last_change_id bigint;
	number bigint;
	claim record;
	lapsed boolean := false;
	done record;
BEGIN
	IF max_rows IS NULL OR max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	taken := 0; accepted := 0; duplicate := 0; quarantined := 0; deletions := 0; suppressed := 0; identifiers := 0;
	profiles_created := 0; profiles_merged := 0; profiles_split := 0; profiles_touched := 0;
	reworks := 0; identifiers_reworked := 0; events_reanchored := 0;
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	IF cdp_internal.refresh_lock(coalesce(wait, true)) THEN
		SELECT s.batch_id, s.change_id INTO STRICT last_batch_id, last_change_id FROM cdp_data.state s;
		written := cdp_internal.refresh_connections(max_rows);
		SELECT c.places, c.line_places INTO claim FROM cdp_internal.claim_batch(max_rows, written) c;
		number := cardinality(claim.places) + cardinality(claim.line_places);
		IF number = 0 THEN
			lapsed := cdp_internal.has_lapsed(s.as_of)
				OR cdp_internal.has_due_memberships(s.as_of)
				OR cdp_internal.has_expired_consent(s.as_of)
			FROM (SELECT greatest(clock_timestamp(), t.as_of) AS as_of FROM cdp_data.state t) s;
		END IF;
		PERFORM cdp_internal.expire_quarantine();
		IF number > 0 OR lapsed THEN
			PERFORM cdp_internal.refresh_attempt(max_rows, claim.places, claim.line_places);
		END IF;
		-- each by itself: of "all after the last", a plan that is kept must expect a third of the table
		FOR n IN last_batch_id + 1 .. (SELECT s.batch_id FROM cdp_data.state s) LOOP
			SELECT b.* INTO STRICT done FROM cdp_data.batch b WHERE b.batch_id = n;
			taken := taken + done.taken;
			accepted := accepted + done.accepted;
			duplicate := duplicate + done.duplicate;
			quarantined := quarantined + done.quarantined;
			deletions := deletions + done.deletions;
			suppressed := suppressed + done.suppressed;
			identifiers := identifiers + done.identifiers;
			profiles_created := profiles_created + done.profiles_created;
			profiles_merged := profiles_merged + done.profiles_merged;
			profiles_split := profiles_split + done.profiles_split;
			profiles_touched := profiles_touched + done.profiles_touched;
			reworks := reworks + done.reworks;
			identifiers_reworked := identifiers_reworked + done.identifiers_reworked;
			events_reanchored := events_reanchored + done.events_reanchored;
		END LOOP;
		IF number > 0 OR lapsed THEN
			-- once for each hundred rows
			IF taken >= 100 OR last_batch_id % 100 = 0 THEN
				IF EXISTS (SELECT FROM cdp_data.state s WHERE s.message_memory IS NOT NULL) THEN
					PERFORM cdp_internal.forget_messages(greatest(taken, 100));
				END IF;
			END IF;
		END IF;
		PERFORM cdp_internal.trim_changes(clock_timestamp(), 10000 + 2 * (s.change_id - last_change_id))
		FROM cdp_data.state s;
	END IF;
	waiting := cdp_internal.count_waiting();
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_inboxes(bigint, boolean) IS
	'Internal: what cdp.refresh() does, for the owner of the tables.';

CREATE FUNCTION cdp.refresh(max_rows bigint DEFAULT 100000, wait boolean DEFAULT true, OUT taken bigint,
	OUT waiting bigint, OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint,
	OUT suppressed bigint,
	OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT profiles_touched bigint, OUT reworks bigint, OUT identifiers_reworked bigint, OUT events_reanchored bigint,
	OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	SELECT r.* INTO taken, waiting, accepted, duplicate, quarantined, deletions,
	suppressed, identifiers, profiles_created,
		profiles_merged, profiles_split, profiles_touched, reworks, identifiers_reworked, events_reanchored, elapsed
	FROM cdp_data.refresh(max_rows, wait) r;
END
$function$;
COMMENT ON FUNCTION cdp.refresh(bigint, boolean) IS
$comment$Takes up to max_rows rows, and up to 256 MB of them uncompressed, from the inboxes to the log, the people and
their profiles, in one transaction. One refresh runs at a time: a second caller waits, or with wait => false returns at
once with zeros. READ COMMITTED only. It works as the owner of the tables, so row security hides nothing from it.
Returns one row of counts. taken: accepted + duplicate + quarantined + deletions (see
cdp.set_sources()). waiting: rows that still wait (up to a million in
each inbox are counted, but not those before the place where the last batch ended: of a writer that committed late, or
in space that vacuum has freed; they are taken when no others wait, or after a minute at the latest).
identifiers: identifiers seen for the first time.
profiles_created, profiles_merged (into others), profiles_split, profiles_touched (changed in any way). reworks: sets
of profiles that late or conflicting evidence had taken apart and stitched again; identifiers_reworked: identifiers in
them. events_reanchored: events of the log whose anchor changed. elapsed: duration.
A row over 64 MB, uncompressed or as text, is quarantined as row_too_large. If a batch fails, refresh tries parts of
it, each a batch of its own, to find the rows at fault, and quarantines these as failed. It raises, and leaves the
inboxes unchanged, errors that no row causes (no space, no memory, a conflict with another transaction, cancel, missing
rights), and an error that more than 1,000 rows cause. After out_of_memory, configuration_limit_exceeded
(temp_file_limit) and query_canceled (also statement_timeout) the next refresh takes half as many rows, down to one; a
row that fails so three times alone is quarantined as failed.
Before all that it reads what is new in connected tables, see cdp.connect(), up to max_rows rows and some.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.with_touched(cdp_internal.touched, bigint[], text),
	cdp_internal.refresh_lock(boolean), cdp_internal.process_batch(boolean, boolean, text, bigint[]),
	cdp_internal.keep_memberships(cdp_internal.touched, boolean, text),
	cdp_internal.keep_slices(text, bigint, boolean, text),
	cdp_internal.record_batch(cdp_internal.batch_counts, timestamptz, bigint, bigint, bigint),
	cdp_internal.next_batch(tid[], tid[]), cdp_internal.start_batch(), cdp_internal.check_sees_all(),
	cdp_internal.refresh_connections(bigint), cdp_internal.refresh_inboxes(bigint, boolean),
	cdp.refresh(bigint, boolean) FROM PUBLIC;
