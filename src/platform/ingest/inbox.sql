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
$comment$Writes lines of JSON to cdp.inbox_raw, without blank lines, and returns how many. cdp.refresh() parses them.
A line is one call, as libraries for Segment and RudderStack send it; or a batch, {"batch": [call, …], …}, of up to
10,000 calls, which hands its context, integrations, sentAt, receivedAt and members that are no field of a call down to
each that does not have them; or an array of calls. A document with line ends in it is for cdp.ingest(jsonb).
Or a body as the trackers of Snowplow send it, {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/…",
"data": [event, …]}. Of its events a page view is a page call, a self-describing event a track call of the name in its
schema (screen_view a screen call) with its data as properties, a structured event one of its action; the others are
page_ping, transaction and transaction_item. uid is the user_id; duid, else the userId of the context client_session,
the anonymous_id; nuid (tnuid) the network_userid; eid the message_id; ids of phones are in the context mobile_context.
dtm and stm are timestamp and sent_at; ttm is a timestamp that needs no correction. page, app and contexts are in the
context, in base64 or not. cdp.messages has the event as it was sent.$comment$;

CREATE FUNCTION cdp.ingest(body jsonb, source text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	written bigint;
BEGIN
	IF jsonb_typeof(body) = 'array' THEN
		INSERT INTO cdp.inbox_raw (line, source)
		SELECT e.call::text, ingest.source FROM jsonb_array_elements(body) AS e (call);
	ELSIF body IS NOT NULL THEN
		INSERT INTO cdp.inbox_raw (line, source) VALUES (body::text, ingest.source);
	ELSE
		RETURN 0;
	END IF;
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$function$;
COMMENT ON FUNCTION cdp.ingest(jsonb, text) IS
	'Writes the body of a request to cdp.inbox_raw: a call, a batch of calls, or an array of both; or a body of '
	'Snowplow''s. Returns the number '
	'of lines written: one, or one for each element of an array. See cdp.ingest(text).';

-- A repaired record may hold anything.
CREATE FUNCTION cdp_internal.is_inbox_record(record jsonb) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM jsonb_populate_record(NULL::cdp.inbox, record);
	RETURN record IS NOT NULL;
EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
	RETURN false;
END
$function$;
COMMENT ON FUNCTION cdp_internal.is_inbox_record(jsonb) IS
	'Internal: whether a record can be a row of cdp.inbox; false for NULL.';

CREATE FUNCTION cdp.replay(reason text DEFAULT NULL, quarantine_ids bigint[] DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	moved bigint;
	passed_over bigint;
	unfit bigint[];
BEGIN
	PERFORM cdp_internal.check_tables();
	SELECT count(*) INTO passed_over FROM cdp_data.quarantine q
	WHERE q.cut AND (replay.reason IS NULL OR q.reason = replay.reason)
	  AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids));
	IF passed_over > 0 THEN
		RAISE NOTICE '% rows are cut and stay in quarantine', passed_over
			USING HINT = 'Let their source send them again, in smaller parts, and delete them from cdp.quarantine.';
	END IF;
	unfit := ARRAY(
		SELECT q.quarantine_id FROM cdp_data.quarantine q
		WHERE NOT q.cut AND q.line IS NULL AND (replay.reason IS NULL OR q.reason = replay.reason)
		  AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids))
		  AND NOT cdp_internal.is_inbox_record(q.record)
		ORDER BY q.quarantine_id);
	IF unfit <> '{}' THEN
		RAISE NOTICE '% rows cannot be rows of cdp.inbox and stay in quarantine', cardinality(unfit)
			USING DETAIL = format('The first is number %s.', unfit[1]),
				HINT = 'Its record must be an object whose values the columns of cdp.inbox take.';
	END IF;
	WITH released AS (
		DELETE FROM cdp_data.quarantine q
		WHERE NOT q.cut AND (replay.reason IS NULL OR q.reason = replay.reason)
		  AND (quarantine_ids IS NULL OR q.quarantine_id = ANY (quarantine_ids))
		  AND q.quarantine_id <> ALL (unfit)
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
	'numbers, or all. Returns the number of rows moved. Rows that are cut, and repaired records that cannot be rows '
	'of cdp.inbox, stay, with a notice.';

CREATE FUNCTION cdp_internal.quarantine_source(source text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(nullif(btrim(source), ''), 'default');
COMMENT ON FUNCTION cdp_internal.quarantine_source(text) IS
	'Internal: returns the source that a row of the quarantine counts as, by what it names.';

CREATE FUNCTION cdp_internal.expire_quarantine() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	expired bigint;
BEGIN
	IF NOT EXISTS (
		SELECT FROM cdp_data.quarantine_retention r
		WHERE r.checked_at NOT BETWEEN now() - interval '1 hour' AND now())
	THEN
		RETURN;
	END IF;
	WITH old AS (
		SELECT q.quarantine_id, r.source
		FROM cdp_data.quarantine q
		CROSS JOIN LATERAL (
			SELECT t.source, t.keep FROM cdp_data.quarantine_retention t
			WHERE t.source IN (cdp_internal.quarantine_source(q.source), '')
			ORDER BY t.source DESC
			LIMIT 1) r
		WHERE q.quarantined_at < now() - r.keep
		LIMIT 100000), deleted AS (
		DELETE FROM cdp_data.quarantine q USING old o WHERE q.quarantine_id = o.quarantine_id
		RETURNING o.source), counted AS (
		UPDATE cdp_data.quarantine_retention r SET expired = r.expired + d.rows
		FROM (SELECT d.source, count(*) AS rows FROM deleted d GROUP BY 1) d WHERE r.source = d.source)
	SELECT count(*) INTO expired FROM deleted;
	IF expired < 100000 THEN
		UPDATE cdp_data.quarantine_retention SET checked_at = now();
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.expire_quarantine() IS
	'Internal: deletes rows from the quarantine whose time is over, once an hour. The caller holds the lock.';

REVOKE ALL ON FUNCTION cdp_internal.quarantine_source(text), cdp_internal.expire_quarantine(),
	cdp.ingest(text, text), cdp.ingest(jsonb, text), cdp_internal.is_inbox_record(jsonb),
	cdp.replay(text, bigint[]) FROM PUBLIC;
