-- cdp.retract_source(): all that a source has said is taken back, a slice in each call.

CREATE FUNCTION cdp_internal.forget_remains(source text, max_rows bigint, OUT quarantined bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
BEGIN
	DELETE FROM cdp_data.quarantine q
	USING (
		SELECT o.quarantine_id
		FROM cdp_data.quarantine o
		WHERE cdp_internal.quarantine_source(o.source) = source
		LIMIT max_rows) f
	WHERE q.quarantine_id = f.quarantine_id;
	GET DIAGNOSTICS quarantined = ROW_COUNT;
	DELETE FROM cdp_data.correction c WHERE c.source = forget_remains.source;
	DELETE FROM cdp_data.rejected_value r WHERE r.source = forget_remains.source;
	DELETE FROM cdp_data.plan_violation v WHERE v.source = forget_remains.source;
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_remains(text, bigint) IS
	'Internal: deletes what a source has sent and is no event: rows of the quarantine, up to max_rows, replaced '
	'events, and examples of values.';

CREATE FUNCTION cdp_internal.retract_source(source text, reason text, max_rows bigint, OUT events bigint,
	OUT quarantined bigint, OUT folded bigint, OUT state text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	found record;
	first_batch bigint;
BEGIN
	IF (max_rows >= 1) IS NOT TRUE THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.check_retract(NULL, NULL, coalesce(source, ''), NULL, NULL, NULL, false, false);
	first_batch := (SELECT s.batch_id + 1 FROM cdp_data.state s);
	PERFORM cdp_internal.progress_begin('change', 0);
	EXECUTE format($sql$
		SELECT coalesce(array_agg(n.event_id), '{}') AS ids, array_agg(n.identifier_id) AS places,
			array_agg(n."timestamp") AS times
		FROM (
			SELECT e.event_id, e.identifier_id, e."timestamp"
			FROM cdp_data.event e
			WHERE e.source = $1 AND %s
			ORDER BY e.identifier_id
			LIMIT $2) n
	$sql$, cdp_internal.is_logged_condition()) INTO found USING source, max_rows;
	events := cdp_internal.forget_events('source', source, found.ids, found.places, found.times);
	quarantined := 0;
	state := 'waiting';
	IF cardinality(found.ids) < max_rows THEN
		quarantined := cdp_internal.forget_remains(source, max_rows);
		state := CASE WHEN quarantined = max_rows OR EXISTS (
				SELECT FROM cdp.inbox i WHERE cdp_internal.quarantine_source(i.source) = source
				UNION ALL
				SELECT FROM cdp.inbox_raw i WHERE cdp_internal.quarantine_source(i.source) = source)
			THEN 'waiting' ELSE 'done' END;
	END IF;
	folded := (
		SELECT coalesce(sum(b.events), 0)
		FROM cdp_data.base_row b
		JOIN cdp_data.source s USING (source_id)
		WHERE s.source = retract_source.source);
	INSERT INTO cdp_data.retraction (retraction_id, asked, events, forever, reason, first_batch_id, last_batch_id)
	SELECT coalesce((SELECT max(o.retraction_id) FROM cdp_data.retraction o), 0) + 1,
		jsonb_build_object('source', source), events, false, reason, first_batch, s.batch_id
	FROM cdp_data.state s
	WHERE events > 0;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract_source(text, text, bigint) IS
	'Internal: what cdp.retract_source() does, for the owner of the tables.';

CREATE FUNCTION cdp_internal.init_retract_source() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- SECURITY DEFINER for the reason that platform/refresh/as_owner.sql gives
	CREATE FUNCTION cdp_data.retract_source(source text, reason text, max_rows bigint, OUT events bigint,
		OUT quarantined bigint, OUT folded bigint, OUT state text)
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		SELECT r.events, r.quarantined, r.folded, r.state INTO events, quarantined, folded, state
		FROM cdp_internal.retract_source(source, reason, max_rows) r;
	END
	$body$;
	REVOKE ALL ON FUNCTION cdp_data.retract_source(text, text, bigint) FROM PUBLIC;
	COMMENT ON FUNCTION cdp_data.retract_source(text, text, bigint) IS
		'Internal: cdp.retract_source(), as the owner of the tables.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_retract_source() IS
	'Internal: makes the function that takes a source back, owned by the owner of the tables.';

CREATE FUNCTION cdp.retract_source(source text, reason text DEFAULT NULL, max_rows bigint DEFAULT 100000,
	OUT events bigint, OUT quarantined bigint, OUT folded bigint, OUT state text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_columns();
	SELECT r.events, r.quarantined, r.folded, r.state INTO events, quarantined, folded, state
	FROM cdp_data.retract_source(retract_source.source, retract_source.reason, retract_source.max_rows) r;
	PERFORM cdp_data.record_audit('retract_source', '{}', jsonb_build_object('source', retract_source.source,
		'events', events, 'quarantined', quarantined, 'folded', folded, 'state', state));
END
$function$;
COMMENT ON FUNCTION cdp.retract_source(text, text, bigint) IS
$comment$Takes back all that a source has said, for example since its licence ends: its events, as by cdp.retract(), its
rows in quarantine, events that it replaced, and examples of values that were refused. Up to max_rows events in one
call, in batches of 10,000: call it again, in transactions of their own, while state is waiting. First end what writes
the source: cdp.revoke_access() or cdp.disconnect(); and refresh, as rows of it in the inboxes keep the state waiting.
Returns one row. events, quarantined: how many were taken back or deleted. folded: how many of its events are folded
into cdp_data.base, since they have left the log; what these said stays, and cannot be told apart any more, so take a
source back before its months go. state: done or waiting.
The source itself and its rules stay, with its counts. reason: kept in cdp.retraction; each call is recorded in
cdp.audit. cdp.sources_of() says what rests on the source.
READ COMMITTED only. It works as the owner of the tables, and waits for a refresh that runs. Errors: an unknown source
(42704), max_rows less than 1 (22023), the log lacks events of the people concerned (55000).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.forget_remains(text, bigint),
	cdp_internal.retract_source(text, text, bigint), cdp_internal.init_retract_source(),
	cdp.retract_source(text, text, bigint) FROM PUBLIC;
