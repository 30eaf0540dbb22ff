-- What is left of people in the tables beside their events, after these were taken back.

CREATE FUNCTION cdp_internal.erase_graph(subjects cdp_internal.subjects) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	ids bigint[] := subjects.ids;
	identifiers cdp.identifier[] := subjects.identifiers;
	others bigint[];
	counts jsonb := '{}';
	done bigint;
BEGIN
	IF EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = ANY (ids) AND i.profile_id <> 0) THEN
		RAISE EXCEPTION 'events still name a person who is erased' USING ERRCODE = 'data_corrupted',
			HINT = 'cdp.verify() lists what is wrong.';
	END IF;
	DELETE FROM cdp_data.undone u WHERE u.a = ANY (ids) OR u.b = ANY (ids) OR u.profile_id = ANY (subjects.profile_ids);
	DELETE FROM cdp_data.account_member m WHERE m.identifier_id = ANY (ids);
	DELETE FROM cdp_data.link l WHERE l.a = ANY (ids);
	DELETE FROM cdp_data.link l WHERE l.b = ANY (ids);
	others := ARRAY(
		SELECT k.identifier_id
		FROM cdp_data.verdict v
		CROSS JOIN LATERAL unnest(ARRAY[v.a, v.b]) AS u (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) k
		WHERE v.kind = 'forbid' AND (v.a = ANY (identifiers) OR v.b = ANY (identifiers))
			AND u.identifier <> ALL (identifiers));
	DELETE FROM cdp_data.verdict v WHERE v.a = ANY (identifiers) OR v.b = ANY (identifiers);
	GET DIAGNOSTICS done = ROW_COUNT;
	counts := counts || jsonb_build_object('verdict', done);
	PERFORM cdp_internal.note_forbids(o.id, o.id) FROM unnest(others) AS o (id);
	DELETE FROM cdp_data.identifier_history h WHERE h.identifier_id = ANY (ids);
	DELETE FROM cdp_data.identifier_map m
	USING unnest(identifiers) AS u (identifier)
	WHERE m.hash = cdp_internal.map_hash(u.identifier) AND m.identifier_id = ANY (ids);
	GET DIAGNOSTICS done = ROW_COUNT;
	counts := counts || jsonb_build_object('identifier_map', done);
	DELETE FROM cdp_data.identifier i WHERE i.identifier_id = ANY (ids);
	GET DIAGNOSTICS done = ROW_COUNT;
	counts := counts || jsonb_build_object('identifier', done);
	DELETE FROM cdp_data.list_identifier l
	USING unnest(identifiers) AS u (identifier)
	WHERE l.hash = cdp_internal.map_hash(u.identifier) AND l.identifier = u.identifier;
	GET DIAGNOSTICS done = ROW_COUNT;
	IF done > 0 THEN
		counts := counts || jsonb_build_object('list_identifier', done);
	END IF;
	DELETE FROM cdp_data.hold h WHERE h.identifier = ANY (identifiers);
	GET DIAGNOSTICS done = ROW_COUNT;
	RETURN counts || jsonb_build_object('hold', done);
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_graph(cdp_internal.subjects) IS
	'Internal: deletes the identifiers of people whose events were taken back, with verdicts and history. Returns the '
	'number of rows by table.';

CREATE FUNCTION cdp_internal.names_none(record jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(record ->> 'user_id', record ->> 'anonymous_id', record ->> 'previous_id') IS NULL
		AND coalesce(nullif(record -> 'identifiers', 'null'), '{}') = '{}'
		AND record #> '{traits,email}' IS NULL AND record #> '{traits,phone}' IS NULL;
COMMENT ON FUNCTION cdp_internal.names_none(jsonb) IS
	'Internal: returns whether a row of the quarantine has no column that names a person.';

CREATE FUNCTION cdp_internal.erase_quarantine(erasure_id bigint, OUT deleted bigint, OUT scrubbed bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	going bigint[];
BEGIN
	WITH named AS MATERIALIZED (
		SELECT q.quarantine_id, cdp_internal.scrub(q.record, erase_quarantine.erasure_id) AS record,
			cdp_internal.scrub(q.line, erase_quarantine.erasure_id) AS line
		FROM cdp_data.quarantine q
		OFFSET 0
	), written AS (
		UPDATE cdp_data.quarantine q
		SET record = n.record, line = n.line, detail = cdp_internal.scrub(q.detail, erase_quarantine.erasure_id)
		FROM named n
		WHERE n.quarantine_id = q.quarantine_id AND (n.record <> q.record OR n.line <> q.line)
		RETURNING q.quarantine_id, q.line IS NOT NULL OR cdp_internal.names_none(q.record) AS is_going)
	SELECT coalesce(array_agg(w.quarantine_id) FILTER (WHERE w.is_going), '{}'), count(*) FILTER (WHERE NOT w.is_going)
	INTO going, scrubbed FROM written w;
	-- what else a line says is not known
	DELETE FROM cdp_data.quarantine q WHERE q.quarantine_id = ANY (going);
	GET DIAGNOSTICS deleted = ROW_COUNT;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_quarantine(bigint) IS
	'Internal: takes suppressed identifiers out of the rows in quarantine; deletes those that then name no one else, '
	'and lines that name one. Returns how many.';

CREATE FUNCTION cdp_internal.erase_texts(erasure_id bigint) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	place record;
	done bigint;
	counts jsonb := '{}';
BEGIN
	FOR place IN VALUES ('verdict', 'reason'), ('retraction', 'reason'), ('rejected_value', 'example'),
		('plan_violation', 'example_message_id'), ('worker_run', 'error')
	LOOP
		EXECUTE format($sql$
			UPDATE cdp_data.%1$I t SET %2$I = cdp_internal.scrub(t.%2$I, %3$s)
			WHERE t.%2$I IS NOT NULL AND cdp_internal.scrub(t.%2$I, %3$s) <> t.%2$I
		$sql$, place.column1, place.column2, erase_texts.erasure_id);
		GET DIAGNOSTICS done = ROW_COUNT;
		counts := counts || jsonb_build_object(place.column1, done);
	END LOOP;
	UPDATE cdp_data.correction c
	SET event = n.event, message_id = cdp_internal.scrub(c.message_id, erase_texts.erasure_id)
	FROM (
		SELECT o.event_id, cdp_internal.scrub(o.event, erase_texts.erasure_id) AS event
		FROM cdp_data.correction o
		OFFSET 0) n
	WHERE n.event_id = c.event_id AND n.event <> c.event;
	GET DIAGNOSTICS done = ROW_COUNT;
	RETURN counts || jsonb_build_object('correction', done);
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_texts(bigint) IS
	'Internal: takes suppressed identifiers out of texts that people, sources and errors have left in tables, and of '
	'events that were replaced. Returns the number of rows by table.';

-- Only names: what stands there is for a person to decide.
CREATE FUNCTION cdp_internal.named_elsewhere(erasure_id bigint) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'segments', (SELECT jsonb_agg(s.segment_id ORDER BY s.segment_id) FROM cdp_data.segment s
			WHERE cdp_internal.scrub(concat_ws(' ', s.name, s.condition, s.description), named_elsewhere.erasure_id) <>
				concat_ws(' ', s.name, s.condition, s.description)),
		'blocked_values_of_namespaces', (SELECT jsonb_agg(n.namespace ORDER BY n.namespace) FROM cdp_data.namespace n
			WHERE cdp_internal.scrub(array_to_string(n.blocked, ' '), named_elsewhere.erasure_id) <>
				array_to_string(n.blocked, ' ')),
		'sources', (SELECT jsonb_agg(s.source_id ORDER BY s.source_id) FROM cdp_data.source s
			WHERE cdp_internal.scrub(concat_ws(' ', s.source, s.licence), named_elsewhere.erasure_id) <>
				concat_ws(' ', s.source, s.licence)),
		'names_of_events_or_traits', (SELECT nullif(count(*), 0) FROM cdp_data.seen_name n
			WHERE cdp_internal.scrub(n.name, named_elsewhere.erasure_id) <> n.name)))
$function$;
COMMENT ON FUNCTION cdp_internal.named_elsewhere(bigint) IS
	'Internal: returns where else people who were erased are named, in what others wrote as rules: numbers of segments '
	'and sources, namespaces.';

REVOKE ALL ON FUNCTION cdp_internal.erase_graph(cdp_internal.subjects), cdp_internal.names_none(jsonb),
	cdp_internal.erase_quarantine(bigint), cdp_internal.erase_texts(bigint),
	cdp_internal.named_elsewhere(bigint) FROM PUBLIC;
