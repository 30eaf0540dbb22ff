-- The way of a row: from the inboxes to the log, or to quarantine, or recognised as a duplicate.

CREATE FUNCTION cdp.ingest(lines text, source text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	written bigint;
BEGIN
	INSERT INTO cdp.inbox_raw (line, source)
	SELECT line, ingest.source FROM string_to_table(lines, E'\n') AS line
	-- a regular expression takes four times the memory of the text; refresh judges so long a line
	WHERE octet_length(line) > 1048576 OR line !~ '^\s*$';
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$function$;
COMMENT ON FUNCTION cdp.ingest(text, text) IS
	'Writes lines of JSON, one object each, to cdp.inbox_raw, without blank lines. Returns the number of lines '
	'written. cdp.refresh() parses them.';

CREATE FUNCTION cdp.replay(reason text DEFAULT NULL, quarantine_ids bigint[] DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	moved bigint;
	passed_over bigint;
BEGIN
	SELECT count(*) INTO passed_over FROM cdp_data.quarantine q
	WHERE q.cut AND (replay.reason IS NULL OR q.reason = replay.reason)
	  AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids));
	IF passed_over > 0 THEN
		RAISE NOTICE '% rows are cut and stay in quarantine', passed_over
			USING HINT = 'Let their source send them again, in smaller parts, and delete them from cdp.quarantine.';
	END IF;
	WITH released AS (
		DELETE FROM cdp_data.quarantine q
		WHERE NOT q.cut AND (replay.reason IS NULL OR q.reason = replay.reason)
		  AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids))
		RETURNING q.*
	), records AS (
		INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers,
			properties, traits, context, "timestamp", sent_at, original_timestamp, received_at, source, written_by)
		SELECT i.message_id, i.type, i.event, i.anonymous_id, i.user_id, i.group_id, i.previous_id, i.identifiers,
			i.properties, i.traits, i.context, i."timestamp", i.sent_at, i.original_timestamp, i.received_at, i.source,
			r.written_by
		FROM released r CROSS JOIN LATERAL jsonb_populate_record(NULL::cdp.inbox, r.record) i
		WHERE r.record IS NOT NULL
	), lines AS (
		INSERT INTO cdp.inbox_raw (line, source, received_at, written_by)
		SELECT r.line, r.source, r.received_at, r.written_by FROM released r WHERE r.line IS NOT NULL
	)
	SELECT count(*) INTO moved FROM released;
	RETURN moved;
END
$function$;
COMMENT ON FUNCTION cdp.replay(text, bigint[]) IS
	'Moves quarantined rows back to their inboxes, for the next cdp.refresh(): those with a reason, those with these '
	'numbers, or all. Returns the number of rows moved. Rows that are cut stay, with a notice.';

-- Keeps the rows of batch_row that cannot become events.
CREATE FUNCTION cdp_internal.quarantine_rows(last_id bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.batch_run(format($sql$
		INSERT INTO cdp_data.quarantine (quarantine_id, batch_id, quarantined_at, source, reason, detail, record, line,
			received_at, written_by, cut, sizes)
		SELECT %s + row_number() OVER (ORDER BY r.row_no), $1, $2, r.source_given, r.reason, r.detail,
			   CASE WHEN r.line IS NULL AND r.reason <> 'too_deep' THEN (SELECT to_jsonb(i) FROM (
				SELECT r.message_id, r.type, r.event, r.anonymous_id, r.user_id, r.group_id, r.previous_id,
					   r.identifiers, r.properties, r.traits, r.context, r."timestamp", r.sent_at,
					   r.original_timestamp, r.received_at, r.source_given AS source) i) END,
			   -- building a jsonb recurses into its depth; writing it as text does not
			   CASE WHEN r.reason = 'too_deep' THEN (SELECT row_to_json(i)::text FROM (
				SELECT r.message_id, r.type, r.event, r.anonymous_id, r.user_id, r.group_id, r.previous_id,
					   r.identifiers, r.properties, r.traits, r.context, r."timestamp", r.sent_at,
					   r.original_timestamp, r.received_at, r.source_given AS source) i) ELSE r.line END,
			   r.received_at, r.written_by, r.cut, r.sizes
		FROM batch_row r WHERE r.reason IS NOT NULL
	$sql$, last_id));
END
$function$;
COMMENT ON FUNCTION cdp_internal.quarantine_rows(bigint) IS
	'Internal: writes the rows of the batch that have a reason to cdp_data.quarantine, with the numbers after the last '
	'one. Returns their number.';

-- The outcome of each row: batch_outcome, batch_accepted.
CREATE FUNCTION cdp_internal.refresh_judge_rows(INOUT event_id bigint, INOUT quarantine_id bigint,
	OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- of several good rows with one key the first is accepted
	PERFORM cdp_internal.batch_stage('batch_outcome', format($sql$
		SELECT row_no, message_key, outcome,
			   %s + row_number() OVER (PARTITION BY outcome ORDER BY row_no) AS event_id
		FROM (
			SELECT r.row_no, r.message_key,
				   CASE
					WHEN r.reason IS NOT NULL THEN 'quarantined'
					WHEN r.copy > 1 OR m.message_key IS NOT NULL THEN 'duplicate'
					ELSE 'accepted'
				   END AS outcome
			FROM (
				SELECT row_no, message_key, reason,
					   CASE WHEN message_key IS NOT NULL
						THEN row_number() OVER (PARTITION BY message_key, reason IS NULL ORDER BY row_no) END AS copy
				FROM batch_row) r
			LEFT JOIN cdp_data.message m ON m.message_key = r.message_key) v
	$sql$, event_id));

	accepted := cdp_internal.batch_stage('batch_accepted', $sql$
		SELECT row_no, message_key, event_id FROM batch_outcome WHERE outcome = 'accepted'
	$sql$);
	event_id := event_id + accepted;
	quarantined := cdp_internal.quarantine_rows(quarantine_id);
	quarantine_id := quarantine_id + quarantined;

	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.message (message_key, batch_id)
		SELECT message_key, $1 FROM batch_accepted WHERE message_key IS NOT NULL ORDER BY message_key
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.source AS s (source, accepted, duplicate, quarantined, first_batch_id, last_batch_id)
		SELECT r.source,
			   count(*) FILTER (WHERE v.outcome = 'accepted'),
			   count(*) FILTER (WHERE v.outcome = 'duplicate'),
			   count(*) FILTER (WHERE v.outcome = 'quarantined'), $1, $1
		FROM batch_row r JOIN batch_outcome v USING (row_no)
		GROUP BY r.source ORDER BY r.source
		ON CONFLICT (source) DO UPDATE SET accepted = s.accepted + excluded.accepted,
			duplicate = s.duplicate + excluded.duplicate, quarantined = s.quarantined + excluded.quarantined,
			last_batch_id = excluded.last_batch_id
	$sql$);
	duplicate := cdp_internal.batch_value($sql$ SELECT count(*) FROM batch_outcome WHERE outcome = 'duplicate' $sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_judge_rows(bigint, bigint) IS
	'Internal: decides which rows are accepted, duplicate or quarantined (batch_outcome, batch_accepted), and writes '
	'the quarantine, the keys of messages and the counts of sources. Takes the last numbers assigned, and returns the '
	'new ones.';

-- The log: a row for each accepted one, with the anchor in batch_anchor.
CREATE FUNCTION cdp_internal.refresh_log() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		SELECT cdp_data.add_event_month(month)
		FROM (
			SELECT DISTINCT date_trunc('month', r.at, 'UTC') AS month
			FROM batch_row r JOIN batch_accepted USING (row_no)
			UNION
			SELECT date_trunc('month', $2 + interval '31 days', 'UTC')) m
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.event (event_id, identifier_id, "timestamp", batch_id, message_id, type, event,
			anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context,
			sent_at, original_timestamp, received_at, source)
		SELECT a.event_id, n.identifier_id, r.at, $1, r.message_id, r.call_type, r.event_name,
			r.anonymous_id, r.user_id, r.group_id, r.previous_id, r.identifiers, r.properties, r.traits, r.context,
			r.sent_at, r.original_timestamp, r.seen_at, r.source
		FROM batch_row r
		JOIN batch_accepted a USING (row_no)
		JOIN batch_anchor n USING (row_no)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_log() IS 'Internal: writes the accepted rows to cdp_data.event.';

REVOKE ALL ON FUNCTION cdp.ingest(text, text), cdp.replay(text, bigint[]),
	cdp_internal.quarantine_rows(bigint), cdp_internal.refresh_judge_rows(bigint, bigint),
	cdp_internal.refresh_log() FROM PUBLIC;
