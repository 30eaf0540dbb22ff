-- cdp.erase(): all that the identifiers of people anchor, in one transaction.

-- An alias of an earlier user_id names it as an anonymous_id, too; by this it is found where the later user_id is
-- blocked, so that the two are no pair.
CREATE FUNCTION cdp_internal.erase_aliases(subjects cdp_internal.subjects, OUT ids bigint[], OUT blocked boolean)
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT coalesce(array_agg(k.identifier_id), '{}'), coalesce(bool_or(k.blocked), false)
	FROM unnest(subjects.identifiers) AS u (identifier)
	CROSS JOIN LATERAL cdp_internal.known_identifier(
		cdp_internal.by_rules(cdp.identifier('anonymous_id', cdp.value(u.identifier)))) k
	WHERE cdp.namespace(u.identifier) = 'user_id'
$function$;
COMMENT ON FUNCTION cdp_internal.erase_aliases(cdp_internal.subjects) IS
	'Internal: returns the identifiers of namespace anonymous_id that aliases have besides user_ids of people; '
	'blocked: one of them is blocked.';

CREATE FUNCTION cdp_internal.erase_beside(subjects cdp_internal.subjects) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	aliases record;
BEGIN
	SELECT a.* INTO aliases FROM cdp_internal.erase_aliases(subjects) a;
	IF aliases.blocked THEN
		-- no link leads there
		RETURN ARRAY(
			SELECT i.identifier_id FROM cdp_data.identifier i WHERE i.identifier_id <> ALL (subjects.ids)
			UNION ALL
			SELECT 0);
	END IF;
	RETURN ARRAY(
		SELECT p.id
		FROM unnest(cdp_internal.event_places(subjects.ids || aliases.ids)) AS p (id)
		WHERE p.id <> ALL (subjects.ids) AND p.id <> 0
		ORDER BY 1);
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_beside(cdp_internal.subjects) IS
	'Internal: returns the identifiers of others at which events that name people can be anchored.';

-- Fewer links must not make one shared by many appear to be one person's: no merge follows from an erasure.
CREATE FUNCTION cdp_internal.keep_shared(beside bigint[], ids bigint[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kept bigint := 0;
	one record;
BEGIN
	FOR one IN
		SELECT i.identifier
		FROM cdp_data.identifier i
		WHERE i.identifier_id = ANY (beside) AND i.shared AND NOT i.blocked AND NOT EXISTS (
			SELECT FROM cdp_data.verdict v WHERE v.a = i.identifier AND v.kind IN ('shared', 'not_shared'))
			AND EXISTS (
				SELECT FROM cdp_data.link l WHERE l.a = i.identifier_id AND l.b = ANY (ids)
				UNION ALL
				SELECT FROM cdp_data.link l WHERE l.b = i.identifier_id AND l.a = ANY (ids))
		ORDER BY i.identifier_id
	LOOP
		PERFORM cdp_internal.write_verdict('shared', one.identifier, reason => 'erasure');
		kept := kept + 1;
	END LOOP;
	RETURN kept;
END
$function$;
COMMENT ON FUNCTION cdp_internal.keep_shared(bigint[], bigint[]) IS
	'Internal: writes a verdict that each of these identifiers is shared which its links make so, some of them to one '
	'that is erased (ids). Returns how many.';

-- Events that are folded, and still in the log: the base has them.
CREATE FUNCTION cdp_internal.erase_folded(ids bigint[], named bigint[], named_places bigint[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	deleted bigint := 0;
	month record;
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.folded_month) THEN
		RETURN 0;
	END IF;
	FOR month IN EXECUTE format($sql$
		WITH deleted AS (
			DELETE FROM cdp_data.event e
			WHERE NOT %s AND (e.identifier_id = ANY ($1) OR e.identifier_id = ANY ($3) AND e.event_id = ANY ($2))
			RETURNING date_trunc('month', e."timestamp", 'UTC') AS month, e.context_hash
		)
		SELECT d.month, count(*) AS events, array_remove(array_agg(d.context_hash), NULL) AS hashes
		FROM deleted d GROUP BY d.month
	$sql$, cdp_internal.is_logged_condition()) USING ids, named, named_places
	LOOP
		UPDATE cdp_data.folded_month f SET gone = f.gone + month.events WHERE f.month = month.month;
		PERFORM cdp_internal.release_contexts(month.hashes);
		deleted := deleted + month.events;
	END LOOP;
	RETURN deleted;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_folded(bigint[], bigint[], bigint[]) IS
	'Internal: deletes events from the log that are folded, and are of people who are erased, or name them. Returns '
	'how many.';

-- Rows of the base do not tell of which months their events are; all of them have left the log.
CREATE FUNCTION cdp_internal.erase_from_months(events bigint) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	UPDATE cdp_data.folded_month f SET events = f.events - n.events, gone = f.gone - n.events
	FROM (
		SELECT m.month,
			greatest(least(m.gone, erase_from_months.events - coalesce(sum(m.gone) OVER before, 0)), 0) AS events
		FROM cdp_data.folded_month m
		WINDOW before AS (ORDER BY m.month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) n
	WHERE n.month = f.month AND n.events > 0
$function$;
COMMENT ON FUNCTION cdp_internal.erase_from_months(bigint) IS
	'Internal: takes the number of events that were erased from the base from the months that are folded, the first '
	'ones first.';

-- Evidence that goes may have kept two others apart: what was in the way of a link of theirs may leave with it.
CREATE FUNCTION cdp_internal.merged_pairs(ids bigint[]) RETURNS TABLE (a cdp.identifier, b cdp.identifier)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT DISTINCT least(x.identifier, y.identifier), greatest(x.identifier, y.identifier)
	FROM cdp_data.state s
	JOIN cdp_data.identifier_history h ON h.until_batch_id = s.batch_id
	JOIN cdp_data.identifier i ON i.identifier_id = h.identifier_id AND i.profile_id NOT IN (0, h.profile_id)
	JOIN cdp_data.identifier x ON x.identifier_id = h.profile_id
	JOIN cdp_data.identifier y ON y.identifier_id = i.profile_id AND y.since_batch_id < s.batch_id
	WHERE x.profile_id = y.profile_id AND h.profile_id <> ALL (ids)
$function$;
COMMENT ON FUNCTION cdp_internal.merged_pairs(bigint[]) IS
	'Internal: returns the identifiers of which the profiles have become one by the last batch.';

-- Takes the events back of people, and of others that name them, as one batch.
CREATE FUNCTION cdp_internal.erase_batch(erasure cdp_internal.erasure_order, ids bigint[], beside bigint[],
	named bigint[], places bigint[], times timestamptz[], judge boolean, OUT events bigint, OUT base bigint,
	OUT merged bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
DECLARE
	done cdp_internal.batch_counts;
BEGIN
	PERFORM cdp_internal.next_batch();
	PERFORM cdp_internal.progress_set('take', 0, 0);
	events := cdp_internal.batch_stage('batch_taken_back', format($sql$
		SELECT e.event_id, e.identifier_id AS place, e."timestamp" AS at, true AS forever, %1$s AS why
		FROM cdp_data.event e
		WHERE e.identifier_id = ANY (%2$L::bigint[])%3$s%4$s AND %5$s
		UNION ALL
		SELECT u.event_id, u.place, u.at, false, 2
		FROM unnest(%6$L::bigint[], %7$L::bigint[], %8$L::timestamptz[]) AS u (event_id, place, at)
	$sql$, CASE erasure.mode WHEN 'erase' THEN 1 ELSE 3 END, ids,
		CASE WHEN erasure.since IS NOT NULL THEN format(' AND e."timestamp" >= %L', erasure.since) END,
		CASE WHEN erasure.until IS NOT NULL THEN format(' AND e."timestamp" < %L', erasure.until) END,
		cdp_internal.is_logged_condition(), named, places, times)) - cardinality(named);
	PERFORM cdp_internal.batch_stage('batch_suppressed', format('SELECT %s::bigint AS erasure_id', erasure.erasure_id));
	IF erasure.keep_properties <> '{}' THEN
		PERFORM cdp_internal.batch_stage('batch_kept_properties',
			format('SELECT %L::jsonb AS names', to_jsonb(erasure.keep_properties)));
	END IF;
	IF num_nonnulls(erasure.since, erasure.until) = 0 THEN
		PERFORM cdp_internal.batch_stage('batch_erased',
			format('SELECT u.id FROM unnest(%L::bigint[]) AS u (id)', ids));
		PERFORM cdp_internal.batch_stage('batch_beside',
			format('SELECT u.id FROM unnest(%L::bigint[]) AS u (id)', beside));
	END IF;
	IF judge THEN
		PERFORM cdp_internal.stage_graph_changes(judged => format(
			'SELECT i.identifier_id FROM cdp_data.identifier i WHERE i.identifier_id = ANY (%L) AND i.shared', beside));
	END IF;
	done := cdp_internal.process_batch(cause => 'erasure');
	PERFORM cdp_internal.batch_end();
	base := done.retracted - events - cardinality(named);
	merged := done.profiles_merged;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_batch(cdp_internal.erasure_order, bigint[], bigint[], bigint[], bigint[],
	timestamptz[], boolean) IS
	'Internal: takes back the events that identifiers (ids) anchor, and has others (named, with their places and '
	'times) come again without what is suppressed. beside: where rows of the base may name them; judge: these '
	'identifiers have new verdicts. events, base: how many events of the log and of the base; merged: profiles into '
	'others.';

CREATE FUNCTION cdp_internal.erase_events(erasure cdp_internal.erasure_order, subjects cdp_internal.subjects,
	OUT events bigint, OUT scrubbed bigint, OUT kept_shared bigint, OUT kept_apart bigint, OUT folded bigint,
	OUT base bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	beside bigint[] := '{}';
	named record;
	taken record;
	apart cdp.identifier[] := '{}';
BEGIN
	kept_shared := 0;
	kept_apart := 0;
	folded := 0;
	SELECT '{}'::bigint[] AS ids, '{}'::bigint[] AS places, '{}'::timestamptz[] AS times INTO named;
	IF num_nonnulls(erasure.since, erasure.until) = 0 THEN
		beside := cdp_internal.erase_beside(subjects);
		kept_shared := cdp_internal.keep_shared(beside, subjects.ids);
		SELECT coalesce(array_agg(n.event_id) FILTER (WHERE NOT n.folded), '{}') AS ids,
			array_agg(n.place) FILTER (WHERE NOT n.folded) AS places,
			array_agg(n.at) FILTER (WHERE NOT n.folded) AS times,
			array_agg(n.event_id) FILTER (WHERE n.folded) AS folded_ids,
			array_agg(n.place) FILTER (WHERE n.folded) AS folded_places
		INTO named FROM cdp_internal.erase_named(subjects, beside) n;
		folded := cdp_internal.erase_folded(subjects.ids, named.folded_ids, named.folded_places);
	END IF;
	scrubbed := cardinality(named.ids);
	LOOP
		BEGIN
			SELECT b.* INTO taken FROM cdp_internal.erase_batch(erasure, subjects.ids, beside, named.ids, named.places,
				named.times, kept_shared > 0) b;
			EXIT WHEN taken.merged = 0;
			SELECT array_agg(p.a) || array_agg(p.b) INTO apart FROM cdp_internal.merged_pairs(subjects.ids) p;
			RAISE EXCEPTION 'people would be merged' USING ERRCODE = 'CDP01';
		EXCEPTION WHEN SQLSTATE 'CDP01' THEN
			IF apart IS NULL OR kept_apart > 1000 THEN
				RAISE EXCEPTION 'people would be merged by this erasure'
					USING ERRCODE = 'object_not_in_prerequisite_state',
					HINT = 'Keep their identifiers apart by cdp.forbid(), and repeat this.';
			END IF;
		END;
		FOR i IN 1 .. cardinality(apart) / 2 LOOP
			PERFORM cdp.forbid(apart[i], apart[cardinality(apart) / 2 + i], 'erasure');
			kept_apart := kept_apart + 1;
		END LOOP;
	END LOOP;
	events := taken.events;
	base := taken.base;
	IF base > 0 THEN
		PERFORM cdp_internal.erase_from_months(base);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_events(cdp_internal.erasure_order, cdp_internal.subjects) IS
	'Internal: takes back the events that the identifiers of people anchor, and has those of others that name them '
	'come again without the identifiers. events: of the log; base: that had left it; folded: of these, still in it; '
	'scrubbed: of others; kept_shared: identifiers of others that have a verdict now; kept_apart: people who would '
	'have been merged, and have one.';

CREATE FUNCTION cdp_internal.check_erasable(erasure cdp_internal.erasure_order, subjects cdp_internal.subjects)
	RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	folded record;
BEGIN
	IF num_nonnulls(erasure.since, erasure.until) = 0 AND erasure.mode = 'erase' THEN
		RETURN;
	END IF;
	SELECT sum(b.events) AS events, max(b.last_at) AS last_at INTO folded
	FROM cdp_data.base_row b
	WHERE b.identifier_id = ANY (subjects.ids) AND (erasure.since IS NULL OR b.last_at >= erasure.since)
		AND (erasure.until IS NULL OR b.first_at < erasure.until);
	IF folded.events > 0 AND num_nonnulls(erasure.since, erasure.until) > 0 THEN
		RAISE EXCEPTION 'events that are folded cannot be erased in part'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('They are up to %s events, which have left the log, or are about to.', folded.events),
				HINT = format('The latest of them happened at %s: give a later since, or erase all.', folded.last_at);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_erasable(cdp_internal.erasure_order, cdp_internal.subjects) IS
	'Internal: raises an error if a part of the events of people is to be erased that may be folded.';

-- Of those whose events are erased in part: what none carries any more.
CREATE FUNCTION cdp_internal.left_subjects(subjects cdp_internal.subjects) RETURNS cdp_internal.subjects
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	gone cdp_internal.subjects := subjects;
BEGIN
	SELECT coalesce(array_agg(i.identifier_id ORDER BY i.identifier_id), '{}'),
		coalesce(array_agg(i.identifier ORDER BY i.identifier_id), '{}')
	INTO gone.ids, gone.identifiers
	FROM cdp_data.identifier i
	WHERE i.identifier_id = ANY (subjects.ids) AND i.profile_id = 0 AND NOT i.blocked;
	gone.profile_ids := ARRAY(
		SELECT p.id FROM unnest(subjects.profile_ids) AS p (id) WHERE p.id = ANY (gone.ids) ORDER BY 1);
	RETURN gone;
END
$function$;
COMMENT ON FUNCTION cdp_internal.left_subjects(cdp_internal.subjects) IS
	'Internal: returns of people those identifiers that no event carries any more.';

CREATE FUNCTION cdp_internal.carry_out(erasure cdp_internal.erasure_order, subjects cdp_internal.subjects)
	RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	whole boolean := erasure.since IS NULL AND erasure.until IS NULL;
	keys bytea[] := ARRAY(
		SELECT cdp_internal.suppression_hash(i.identifier) FROM unnest(subjects.identifiers) AS i (identifier));
	suppressed bigint := 0;
	consent bigint := 0;
	taken record;
	quarantine record;
	gone cdp_internal.subjects := subjects;
	done jsonb;
	rows jsonb;
	certificate jsonb;
	previous bytea;
BEGIN
	PERFORM cdp_internal.check_erasable(erasure, subjects);
	IF whole THEN
		-- first, so that what waits is stripped when it is taken
		suppressed := cdp_internal.suppress(subjects.identifiers, erasure.erasure_id);
		-- the certificate names no one
		erasure.request := nullif(cdp_internal.scrub(erasure.request, erasure.erasure_id), '');
		erasure.reason := nullif(cdp_internal.scrub(erasure.reason, erasure.erasure_id), '');
		-- before the events go, and what they said with them: the proof stays
		consent := cdp_internal.erase_consent(subjects.ids, ARRAY(
			SELECT cdp_internal.suppression_hash(i.identifier)
			FROM unnest(subjects.ids) WITH ORDINALITY AS u (id, place)
			LEFT JOIN cdp_data.identifier i ON i.identifier_id = u.id
			ORDER BY u.place), clock_timestamp());
	END IF;
	SELECT e.* INTO taken FROM cdp_internal.erase_events(erasure, subjects) e;
	IF NOT whole THEN
		gone := cdp_internal.left_subjects(subjects);
	END IF;
	rows := cdp_internal.erase_graph(gone);
	SELECT 0::bigint AS deleted, 0::bigint AS scrubbed INTO quarantine;
	IF whole THEN
		SELECT q.* INTO quarantine FROM cdp_internal.erase_quarantine(erasure.erasure_id) q;
		rows := rows || cdp_internal.erase_texts(erasure.erasure_id)
			|| jsonb_build_object('quarantine', quarantine.deleted);
	END IF;
	IF gone.profile_ids <> '{}' THEN
		rows := rows || jsonb_build_object('change', cdp_internal.erase_changes(gone.profile_ids, in_batch => false),
			'profile', cardinality(gone.profile_ids));
	END IF;
	rows := rows || jsonb_build_object('event', taken.events, 'base', taken.base, 'consent', consent);
	done := jsonb_build_object(
		'rows', (SELECT jsonb_object_agg(r.key, r.value) FROM jsonb_each(rows) r WHERE r.value <> '0'),
		'events_scrubbed', taken.scrubbed, 'quarantine_scrubbed', quarantine.scrubbed,
		'kept_shared', taken.kept_shared, 'kept_apart', taken.kept_apart,
		'suppressed_keys', suppressed, 'waiting_in_inboxes', cdp_internal.count_waiting());
	certificate := cdp_internal.certify(erasure, subjects, done);
	SELECT e.hash INTO previous FROM cdp_data.erasure e WHERE e.state = 'completed'
	ORDER BY e.completed_at DESC, e.erasure_id DESC LIMIT 1;
	INSERT INTO cdp_data.erasure AS e (erasure_id, request, mode, state, regulation, reason, purpose, since, until,
		keep_properties, received_at, due_at, completed_at, keys, profile_ids, certificate, previous_hash, hash)
	VALUES (erasure.erasure_id, erasure.request, erasure.mode, 'completed', erasure.regulation, erasure.reason,
		erasure.purpose, erasure.since, erasure.until, erasure.keep_properties, erasure.received_at, erasure.due_at,
		clock_timestamp(), keys, gone.profile_ids, certificate, previous,
		cdp_internal.certificate_hash(previous, certificate))
	ON CONFLICT (erasure_id) DO UPDATE SET state = excluded.state, completed_at = excluded.completed_at,
		request = excluded.request, reason = excluded.reason,
		identifiers = NULL, keys = excluded.keys, profile_ids = excluded.profile_ids,
		certificate = excluded.certificate,
		previous_hash = excluded.previous_hash, hash = excluded.hash;
	RETURN certificate;
END
$function$;
COMMENT ON FUNCTION cdp_internal.carry_out(cdp_internal.erasure_order, cdp_internal.subjects) IS
	'Internal: carries an erasure out, and returns its certificate.';

CREATE FUNCTION cdp_internal.check_erase(people text[], erasure cdp_internal.erasure_order) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF people IS NULL OR array_position(people, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'a person is NULL' USING ERRCODE = 'null_value_not_allowed',
			HINT = 'Give an identifier, as email:ann@example.com, or the SHA-256, SHA-1 or MD5 of its value.';
	END IF;
	IF erasure.mode IS NULL OR erasure.mode NOT IN ('erase', 'anonymise', 'preview') THEN
		RAISE EXCEPTION 'there is no mode "%"', left(erasure.mode, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The modes are erase, anonymise and preview.';
	END IF;
	IF erasure.since >= erasure.until THEN
		RAISE EXCEPTION 'since must be before until' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF erasure.regulation IS NULL OR erasure.received_at IS NULL OR erasure.keep_properties IS NULL
		OR array_position(erasure.keep_properties, NULL) IS NOT NULL
	THEN
		RAISE EXCEPTION 'regulation, received_at and keep_properties must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF erasure.keep_properties <> '{}' AND erasure.mode = 'erase' THEN
		RAISE EXCEPTION 'keep_properties is for mode anonymise' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF erasure.purpose IS NOT NULL THEN
		RAISE EXCEPTION 'data of one purpose alone cannot be erased yet' USING ERRCODE = 'feature_not_supported',
			HINT = 'Withdraw the consent for it, or give since and until.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_erase(text[], cdp_internal.erasure_order) IS
	'Internal: raises an error for wrong arguments of cdp.erase().';

-- The right to be erased within one month (GDPR, Art. 12), within 45 days (CCPA).
CREATE FUNCTION cdp_internal.erase(people text[], erasure cdp_internal.erasure_order) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	preview boolean := erasure.mode = 'preview';
	subjects cdp_internal.subjects;
	held text[];
	certificate jsonb;
BEGIN
	PERFORM cdp_internal.check_erase(people, erasure);
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.check_suppression_key();
	erasure.erasure_id := (SELECT coalesce(max(e.erasure_id), 0) + 1 FROM cdp_data.erasure e);
	erasure.due_at := erasure.received_at +
		CASE lower(erasure.regulation) WHEN 'ccpa' THEN interval '45 days' ELSE interval '1 month' END;
	IF preview THEN
		erasure.mode := 'erase';
	END IF;
	PERFORM cdp_internal.progress_begin('change', 0);
	BEGIN
		held := cdp_internal.hold_back(people, erasure);
		people := ARRAY(
			SELECT u.asked FROM unnest(people) WITH ORDINALITY AS u (asked, place)
			WHERE u.asked <> ALL (held) ORDER BY u.place);
		IF held <> '{}' THEN
			erasure.erasure_id := erasure.erasure_id + 1;
		END IF;
		IF people <> '{}' OR held = '{}' THEN
			subjects := cdp_internal.erase_subjects(people);
			certificate := cdp_internal.carry_out(erasure, subjects);
		ELSE
			certificate := jsonb_build_object('api_version', '2.0', 'subject_request_id',
				coalesce(erasure.request, (erasure.erasure_id - 1)::text), 'subject_request_type', 'erasure',
				'regulation', erasure.regulation, 'received_time', erasure.received_at,
				'expected_completion_time', erasure.due_at, 'request_status', 'held',
				'erasure_id', erasure.erasure_id - 1);
		END IF;
		certificate := certificate || jsonb_build_object('held', cardinality(held));
		PERFORM cdp_data.record_audit('erase', coalesce(subjects.profile_ids, '{}'), certificate
			- '{not_done_yet,named_elsewhere,subject_request_id}'::text[]) WHERE NOT preview;
		IF preview THEN
			-- roll the subtransaction back; the variables keep their values
			RAISE EXCEPTION 'the trial is complete' USING ERRCODE = 'CDP00';
		END IF;
	EXCEPTION WHEN SQLSTATE 'CDP00' THEN
		certificate := certificate - '{completed_time,erasure_id,not_done_yet}'::text[]
			|| '{"mode": "preview", "request_status": "preview"}';
	END;
	PERFORM cdp_internal.progress_end();
	RETURN certificate;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase(text[], cdp_internal.erasure_order) IS
	'Internal: what cdp.erase() does, for the owner of the tables.';

REVOKE ALL ON FUNCTION cdp_internal.erase_aliases(cdp_internal.subjects),
	cdp_internal.erase_beside(cdp_internal.subjects), cdp_internal.keep_shared(bigint[], bigint[]),
	cdp_internal.erase_folded(bigint[], bigint[], bigint[]), cdp_internal.erase_from_months(bigint),
	cdp_internal.merged_pairs(bigint[]),
	cdp_internal.erase_batch(cdp_internal.erasure_order, bigint[], bigint[], bigint[], bigint[], timestamptz[],
		boolean),
	cdp_internal.erase_events(cdp_internal.erasure_order, cdp_internal.subjects),
	cdp_internal.check_erasable(cdp_internal.erasure_order, cdp_internal.subjects),
	cdp_internal.left_subjects(cdp_internal.subjects),
	cdp_internal.carry_out(cdp_internal.erasure_order, cdp_internal.subjects),
	cdp_internal.check_erase(text[], cdp_internal.erasure_order),
	cdp_internal.erase(text[], cdp_internal.erasure_order) FROM PUBLIC;
