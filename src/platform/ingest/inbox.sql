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

-- Rights add up: a role may name the sources of all writers that it is a member of.  A writer counts as long as it may
-- insert, so that the name of a dropped role gives nothing to the next role of that name.  Roles that may set
-- written_by (superusers, stewards, the owner) could name any role, and so are not bound.
CREATE FUNCTION cdp_internal.writer_sources(roles text[]) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT jsonb_object_agg(a.role, CASE
			WHEN r.oid IS NULL THEN '[]'
			WHEN has_column_privilege(r.oid, 'cdp.inbox', 'written_by', 'INSERT')
				OR has_column_privilege(r.oid, 'cdp.inbox_raw', 'written_by', 'INSERT') THEN 'null'
			ELSE (
				SELECT CASE WHEN bool_or(w.sources IS NULL) THEN 'null'
					ELSE coalesce(jsonb_agg(s.source) FILTER (WHERE s.source IS NOT NULL), '[]') END
				FROM cdp_data.writer w
				JOIN pg_roles m ON m.rolname = w.role
				LEFT JOIN LATERAL unnest(w.sources) AS s (source) ON true
				WHERE pg_has_role(r.oid, m.oid, 'USAGE')
				  AND has_any_column_privilege(m.oid, 'cdp.inbox', 'INSERT')) END)
		FROM (SELECT DISTINCT u.role FROM unnest(roles) AS u (role)) a
		LEFT JOIN pg_roles r ON r.rolname = a.role);
END
$function$;
COMMENT ON FUNCTION cdp_internal.writer_sources(text[]) IS
	'Internal: returns an object of role to the sources that its rows may name; null: any; empty: the role does not '
	'exist or is not a writer.';

-- cdp_internal.account_id() trims like cdp_internal.onboard().
CREATE FUNCTION cdp_internal.source_of(source text, allowed jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN jsonb_typeof(allowed) = 'array' AND jsonb_array_length(allowed) = 1
			AND cdp_internal.account_id(source) IS NULL
		THEN allowed ->> 0
		ELSE source
	END;
COMMENT ON FUNCTION cdp_internal.source_of(text, jsonb) IS
	'Internal: returns the source of a row: the given one, or if none is given and the writer has only one source, '
	'that.';

CREATE FUNCTION cdp_internal.foreign_source(source text, allowed jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN jsonb_typeof(allowed) <> 'array' OR allowed ? source THEN NULL
		WHEN allowed = '[]' THEN 'written_by: no such writer'
		ELSE 'source: not a source of the writer'
	END;
COMMENT ON FUNCTION cdp_internal.foreign_source(text, jsonb) IS
	'Internal: returns what is wrong with the source of a row whose writer may name these; NULL: nothing.';

-- The rows of the batch: batch_row.  Each row is read whole or, if it is too large, cut before it is looked at.
CREATE FUNCTION cdp_internal.refresh_take(failures text[] DEFAULT NULL, cut_all boolean DEFAULT false) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.batch_stage('batch_row', format($sql$
		WITH taken AS (
			DELETE FROM cdp.inbox WHERE ctid = ANY ($3) RETURNING ctid AS place, *
		), taken_raw AS (
			DELETE FROM cdp.inbox_raw WHERE ctid = ANY ($4) RETURNING ctid AS place, *
		), sized AS (
			-- all columns, as cdp_internal.claim_rows() counts them
			SELECT t.*, %2$L OR cdp_internal.is_row_too_large(
				cdp_internal.raw_size(message_id, type, event, anonymous_id, user_id, group_id, previous_id,
					identifiers, properties, traits, context, "timestamp", sent_at, original_timestamp, received_at,
					source, written_by),
				identifiers, properties, traits, context) AS cut
			FROM taken t
		), sized_raw AS (
			SELECT t.*, %2$L OR cdp_internal.raw_size(line, source, received_at, written_by)
				> cdp_internal.max_row_bytes() AS cut
			FROM taken_raw t
		), parsed AS (
			SELECT place, cut, CASE WHEN cut THEN jsonb_build_object('line', cdp_internal.raw_size(line)) END AS sizes,
				   cdp_internal.cut_text(line, cut) AS line, cdp_internal.cut_text(source, cut) AS source,
				   received_at AS arrived, cdp_internal.cut_text(written_by, cut) AS written_by,
				   cdp_internal.parse_line(CASE WHEN NOT cut AND NOT %1$L THEN line END) AS p
			FROM sized_raw OFFSET 0
		), arrived AS (
			SELECT place, false AS is_line, cut,
				   CASE WHEN cut THEN cdp_internal.inbox_sizes(message_id, type, event, anonymous_id, user_id,
					group_id, previous_id, identifiers, properties, traits, context, source) END AS sizes,
				   NULL::text AS line, NULL::text AS line_reason, NULL::text AS line_detail,
				   cdp_internal.cut_text(message_id, cut) AS message_id,
				   cdp_internal.cut_text(type, cut) AS type,
				   cdp_internal.cut_text(event, cut) AS event,
				   cdp_internal.cut_text(anonymous_id, cut) AS anonymous_id,
				   cdp_internal.cut_text(user_id, cut) AS user_id,
				   cdp_internal.cut_text(group_id, cut) AS group_id,
				   cdp_internal.cut_text(previous_id, cut) AS previous_id,
				   cdp_internal.cut_document(identifiers, cut) AS identifiers,
				   cdp_internal.cut_document(properties, cut) AS properties,
				   cdp_internal.cut_document(traits, cut) AS traits,
				   cdp_internal.cut_document(context, cut) AS context,
				   "timestamp", sent_at, original_timestamp, received_at,
				   cdp_internal.cut_text(source, cut) AS source,
				   cdp_internal.cut_text(written_by, cut) AS written_by
			FROM sized
			UNION ALL
			SELECT place, true, cut, sizes, line, (p).reason, (p).detail,
				   (p).message_id, (p).type, (p).event, (p).anonymous_id, (p).user_id, (p).group_id, (p).previous_id,
				   (p).identifiers, (p).properties, (p).traits, (p).context,
				   (p)."timestamp", (p).sent_at, (p).original_timestamp,
				   coalesce((p).received_at, arrived), coalesce(source, (p).source), written_by
			FROM parsed
		), writer AS MATERIALIZED (
			-- no role has a longer name
			SELECT cdp_internal.writer_sources(ARRAY(
				SELECT left(written_by, 64) FROM taken UNION SELECT left(written_by, 64) FROM taken_raw)) AS sources
		), refused AS (
			SELECT a.*, %3$s AS failure, (SELECT sources FROM writer) -> written_by AS allowed
			FROM arrived a %4$s OFFSET 0
		), checked AS (
			SELECT row_number() OVER () AS row_no, a.*,
				   cdp_internal.onboard(%5$s, $2, (SELECT s.max_identifiers FROM cdp_data.state s)) AS o
			FROM refused a OFFSET 0
		)
		SELECT row_no, line, message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers,
			   properties, traits, context, "timestamp", sent_at, original_timestamp, received_at,
			   source AS source_given, written_by, cut, sizes,
			   CASE WHEN failure IS NULL AND NOT cut THEN cdp.message_key(message_id) END AS message_key,
			   (o).call_type, (o).event_name, (o).at, (o).source, (o).ids, (o).repeats,
			   -- a wrong clock of the receiver must not outrank true evidence
			   CASE WHEN received_at >= '2000-01-01 00:00:00Z' AND received_at <= $2 + interval '24 hours'
				THEN received_at ELSE $2 END AS seen_at,
			   CASE
				WHEN failure IS NOT NULL THEN 'failed'
				WHEN cut THEN 'row_too_large'
				ELSE coalesce(line_reason, (o).reason,
					CASE WHEN foreign_source IS NOT NULL THEN 'foreign_source' END,
					CASE WHEN problem IS NOT NULL THEN 'invalid_traits' END)
			   END AS reason,
			   CASE
				WHEN failure IS NOT NULL THEN failure
				WHEN cut THEN format('over %%s MB', cdp_internal.max_row_bytes() / 1048576)
				WHEN line_reason IS NOT NULL THEN line_detail
				WHEN (o).reason IS NOT NULL THEN (o).detail
				ELSE coalesce(foreign_source, 'traits: ' || problem)
			   END AS detail
		FROM (
			SELECT c.*, cdp_internal.foreign_source((o).source, allowed) AS foreign_source,
				   CASE WHEN (o).call_type IN ('identify', 'group')
					THEN cdp.traits_problem(traits, (SELECT cdp.trait_rules())) END AS problem
			FROM checked c OFFSET 0) c
	$sql$, failures IS NOT NULL, cut_all, CASE WHEN failures IS NULL THEN 'NULL::text' ELSE 'f.failure' END,
		CASE WHEN failures IS NULL THEN '' ELSE format($sql$
			JOIN unnest($3 || $4, %L::text[]) WITH ORDINALITY AS f (place, failure, number)
			ON f.place = a.place AND (f.number > cardinality($3)) = a.is_line $sql$, failures) END,
		CASE WHEN failures IS NULL THEN 'type, event, anonymous_id, user_id, group_id, previous_id,
			identifiers, properties, traits, context,
			"timestamp", sent_at, original_timestamp, received_at, cdp_internal.source_of(source, allowed)'
			 -- of a row that is set aside only the source is needed
			 ELSE repeat('NULL, ', 14) || 'CASE WHEN NOT cut THEN source END' END));
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_take(text[], boolean) IS
	'Internal: takes the rows of the batch from the inboxes and cleans them (batch_row). failures: an error for each '
	'row, those of cdp.inbox first; the rows are set aside with these errors and not cleaned. cut_all: cut all rows, '
	'whatever their size.';

CREATE FUNCTION cdp_internal.inbox_sizes(message_id text, type text, event text,
	anonymous_id text, user_id text, group_id text, previous_id text, identifiers jsonb,
	properties jsonb, traits jsonb, context jsonb, source text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN jsonb_strip_nulls(jsonb_build_object(
		'message_id', nullif(cdp_internal.raw_size(message_id), 0),
		'type', nullif(cdp_internal.raw_size(type), 0),
		'event', nullif(cdp_internal.raw_size(event), 0),
		'anonymous_id', nullif(cdp_internal.raw_size(anonymous_id), 0),
		'user_id', nullif(cdp_internal.raw_size(user_id), 0),
		'group_id', nullif(cdp_internal.raw_size(group_id), 0),
		'previous_id', nullif(cdp_internal.raw_size(previous_id), 0),
		'identifiers', cdp_internal.shown_size(identifiers),
		'properties', cdp_internal.shown_size(properties),
		'traits', cdp_internal.shown_size(traits),
		'context', cdp_internal.shown_size(context),
		'source', nullif(cdp_internal.raw_size(source), 0)));
COMMENT ON FUNCTION cdp_internal.inbox_sizes(text, text, text, text, text, text, text,
	jsonb, jsonb, jsonb, jsonb, text) IS
	'Internal: returns the size of each column of a row of cdp.inbox, of documents as cdp_internal.shown_size() says.';

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
	cdp_internal.writer_sources(text[]), cdp_internal.source_of(text, jsonb), cdp_internal.foreign_source(text, jsonb),
	cdp_internal.refresh_take(text[], boolean),
	cdp_internal.inbox_sizes(text, text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb, text),
	cdp_internal.quarantine_rows(bigint), cdp_internal.refresh_judge_rows(bigint, bigint), cdp_internal.refresh_log() FROM PUBLIC;
