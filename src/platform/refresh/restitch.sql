-- cdp.restitch(): computes in place everything that follows from the log.

CREATE FUNCTION cdp_internal.restitch_contexts() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- a month that comes back may name more
	is_whole boolean := cdp_internal.count_absent() = 0;
BEGIN
	WITH logged AS MATERIALIZED (
		SELECT e.context_hash, count(*) AS events
		FROM cdp_data.event e
		WHERE e.context_hash IS NOT NULL
		GROUP BY e.context_hash
	), counted AS (
		UPDATE cdp_data.shared_context c SET events = l.events
		FROM logged l
		WHERE c.context_hash = l.context_hash AND (c.events < l.events OR is_whole AND c.events > l.events))
	DELETE FROM cdp_data.shared_context c
	WHERE is_whole AND c.context_hash <> 0
	  AND NOT EXISTS (SELECT FROM logged l WHERE l.context_hash = c.context_hash);
	INSERT INTO cdp_data.shared_context VALUES (0, 0, '{}') ON CONFLICT DO NOTHING;
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_contexts() IS
	'Internal: counts the events that name each row of cdp_data.shared_context, and deletes rows that none names.';

-- What has become an identifier is no longer listed; what is folded stays as it was.
CREATE FUNCTION cdp_internal.restitch_rejected() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.rejected_value) THEN
		RETURN;
	END IF;
	DELETE FROM cdp_data.rejected_value r WHERE r.folded = 0;
	UPDATE cdp_data.rejected_value r SET occurrences = r.folded;
	EXECUTE format($sql$
		INSERT INTO cdp_data.rejected_value AS k
			(source, namespace, reason, occurrences, example, first_batch_id, last_batch_id)
		SELECT n.source, n.namespace, n.reason, n.occurrences, n.example, n.first_batch_id, n.last_batch_id
		FROM (
			SELECT g.*, f.source IS NOT NULL AS is_listed, row_number() OVER (
				PARTITION BY f.source IS NULL ORDER BY g.source, g.namespace, g.reason) AS place
			FROM (
				SELECT e.source, r.namespace COLLATE "C" AS namespace, r.reason COLLATE "C" AS reason,
					sum(r.occurrences)::bigint AS occurrences, min(r.example COLLATE "C") AS example,
					min(e.batch_id) AS first_batch_id, max(e.batch_id) AS last_batch_id
				FROM cdp_data.event e
				CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id,
					e.previous_id, e.identifiers, e.properties, e.traits, e.context, e."timestamp", NULL, NULL, NULL,
					e.source, now(), is_logged => true) o
				CROSS JOIN LATERAL jsonb_to_recordset(o.rejected)
					AS r (namespace text, reason text, occurrences bigint, example text)
				WHERE o.rejected IS NOT NULL AND %s
				GROUP BY 1, 2, 3) g
			LEFT JOIN cdp_data.rejected_value f USING (source, namespace, reason)) n
		WHERE n.is_listed OR n.place + (SELECT count(*) FROM cdp_data.rejected_value) <= 10000
		ON CONFLICT (source, namespace, reason) DO UPDATE
		SET occurrences = k.occurrences + excluded.occurrences,
			first_batch_id = least(k.first_batch_id, excluded.first_batch_id),
			last_batch_id = greatest(k.last_batch_id, excluded.last_batch_id)
	$sql$, cdp_internal.is_logged_condition());
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_rejected() IS
	'Internal: counts the values in the log that cannot be identifiers, if there were any.';

CREATE FUNCTION cdp_internal.restitch_moved() RETURNS cdp_internal.touched
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	moved cdp_internal.touched;
BEGIN
	SELECT coalesce(array_agg(m.becomes), '{}'),
		   coalesce(array_agg(CASE WHEN m.is_whole THEN 'merged' ELSE 'split' END), '{}'),
		   coalesce(array_agg(m.was), '{}'), array_agg(NULL::text), coalesce(array_agg(NULL::bigint), '{}')
	INTO moved.profile_ids, moved.causes, moved.former_profile_ids, moved.group_ids, moved.event_ids
	FROM (
		SELECT h.profile_id AS was, i.profile_id AS becomes,
			   min(i.profile_id) OVER w = max(i.profile_id) OVER w AND NOT EXISTS (
					SELECT FROM cdp_data.identifier s
					WHERE s.profile_id = h.profile_id AND s.since_batch_id < cdp_internal.batch_number()) AS is_whole,
			   row_number() OVER (PARTITION BY h.profile_id, i.profile_id) AS place
		FROM cdp_data.identifier_history h
		JOIN cdp_data.identifier i ON i.identifier_id = h.identifier_id
		WHERE h.until_batch_id = cdp_internal.batch_number() AND h.profile_id <> 0 AND i.profile_id <> 0
			AND i.profile_id <> h.profile_id
		WINDOW w AS (PARTITION BY h.profile_id)) m
	WHERE m.place = 1;
	RETURN moved;
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_moved() IS
	'Internal: returns the profiles that a restitch merged and split, in the place of whom a batch touched.';

-- All stages, in the place of cdp_internal.refresh_pass().
CREATE FUNCTION cdp_internal.restitch_pass(INOUT identifier_id bigint, OUT done cdp_internal.batch_counts,
	OUT touched cdp_internal.touched)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- what only the rows of an inbox can have
	done.taken := 0;
	done.accepted := 0;
	done.duplicate := 0;
	done.quarantined := 0;
	done.self_links := 0;
	done.retracted := 0;
	done.identifiers_left := 0;
	done.deletions := 0;
	PERFORM cdp_internal.progress_set('numbers', 0, 0);
	PERFORM cdp_internal.restitch_normalize();
	identifier_id := cdp_internal.restitch_map(identifier_id);
	-- the graph that follows from the log
	PERFORM cdp_internal.restitch_tables(make => true);
	SELECT g.identifier_id, g.reworks, g.identifiers_reworked, g.largest_rework
	INTO identifier_id, done.reworks, done.identifiers_reworked, done.largest_rework
	FROM cdp_internal.restitch_graph(identifier_id) g;
	-- the graph in use becomes it
	PERFORM cdp_internal.progress_set('compare', 0, 0);
	PERFORM cdp_internal.restitch_compare();
	SELECT c.created, c.merged, c.split INTO done.profiles_created, done.profiles_merged, done.profiles_split
	FROM cdp_internal.restitch_count_profiles() c;
	done.identifiers := cdp_internal.batch_value('SELECT count(*) FROM batch_identifier_differs WHERE NOT is_there');
	PERFORM cdp_internal.restitch_write_identifiers();
	done.links := cdp_internal.restitch_write_links();
	PERFORM cdp_internal.restitch_end_profiles();
	-- what follows from the graph
	done.events_reanchored := cdp_internal.restitch_anchor_events(identifier_id);
	PERFORM cdp_internal.restitch_fold_profiles(identifier_id);
	PERFORM cdp_internal.progress_set('accounts', 0, 0);
	PERFORM cdp_internal.restitch_fold_accounts();
	PERFORM cdp_internal.restitch_hold_accounts();
	done.profiles_touched := cdp_internal.restitch_count_touched();
	PERFORM cdp_internal.progress_set('contexts', 0, 0);
	PERFORM cdp_internal.restitch_contexts();
	PERFORM cdp_internal.restitch_rejected();
	PERFORM cdp_internal.restitch_statements();
	PERFORM cdp_internal.restitch_consent();
	PERFORM cdp_internal.restitch_tables(make => false);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_pass(bigint) IS
	'Internal: takes the whole log through all stages up to the profiles. Takes and returns what '
	'cdp_internal.refresh_pass() does; touched is NULL, as segments are judged for all people.';

CREATE FUNCTION cdp_internal.restitch_log(incomplete boolean, OUT identifiers bigint, OUT links bigint,
	OUT identifiers_moved bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT events_reanchored bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- each statement runs once
	SET jit = off
AS $function$
#variable_conflict use_column
DECLARE
	started timestamptz := clock_timestamp();
	done cdp_internal.batch_counts;
	absent bigint;
	missing bigint;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.start_batch();
	absent := cdp_internal.count_absent();
	missing := absent - (SELECT s.lost FROM cdp_data.state s);
	IF missing > 0 AND NOT coalesce(restitch_log.incomplete, false) THEN
		RAISE EXCEPTION 'the log lacks % of the events that were accepted', missing
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'People who are known only from the missing events would be lost.',
			HINT = 'Attach the detached months again, or use the events left with cdp.restitch(incomplete => true).';
	END IF;
	DELETE FROM cdp_data.undone;
	UPDATE cdp_data.state SET lost = absent;
	PERFORM cdp_internal.progress_begin('restitch', s.event_id - s.retracted - s.lost) FROM cdp_data.state s;
	done := cdp_internal.process_batch(whole => true, cause => 'rule');
	PERFORM cdp_internal.batch_end();
	PERFORM cdp_internal.progress_end();
	identifiers := done.identifiers;
	links := done.links;
	identifiers_moved := (
		SELECT count(*) FROM cdp_data.identifier_history h, cdp_data.state s WHERE h.until_batch_id = s.batch_id);
	profiles_created := done.profiles_created;
	profiles_merged := done.profiles_merged;
	profiles_split := done.profiles_split;
	events_reanchored := done.events_reanchored;
	elapsed := clock_timestamp() - started;
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_log(boolean) IS
	'Internal: what cdp.restitch() does, for the owner of the tables.';

CREATE FUNCTION cdp.restitch(incomplete boolean DEFAULT false, OUT identifiers bigint, OUT links bigint,
	OUT identifiers_moved bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
	OUT events_reanchored bigint, OUT elapsed interval)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	SELECT r.* INTO identifiers, links, identifiers_moved, profiles_created, profiles_merged, profiles_split,
		events_reanchored, elapsed
	FROM cdp_data.restitch(incomplete) r;
END
$function$;
COMMENT ON FUNCTION cdp.restitch(boolean) IS
$comment$Computes identifiers, links, profiles, traits and timelines from the log, the rules and the verdicts, in
place. Identifiers keep their numbers, so profiles keep their ids. Use it to repair the tables, and after a change of
the normalisers; cdp.verify() returns no rows afterwards, except of its stages log, base, message, history and segment.
If nothing was wrong, no identifier moves; traits and timelines are folded in any case.
Returns what was wrong: identifiers that were missing; links whose rows were missing, wrong or superfluous; identifiers
that moved to another profile; profiles that were missing, merged into others, or split; events that got another
anchor. An identifier that no event of the log has is in no profile afterwards. One that the present normalisers write
differently keeps its number; of several that become one, the first.
It reads the whole log and holds the lock of cdp.refresh() meanwhile: other refreshes wait; writers of the inboxes and
readers do not. READ COMMITTED only. It works as the owner of the tables.
Error: the log lacks accepted events, for example after months were detached (55000); incomplete => true uses the
events left.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.restitch_contexts(), cdp_internal.restitch_rejected(),
	cdp_internal.restitch_moved(),
	cdp_internal.restitch_pass(bigint),
	cdp_internal.restitch_log(boolean), cdp.restitch(boolean) FROM PUBLIC;

