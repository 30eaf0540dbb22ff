-- What holds of each message of mutable sources, see pass_correct.c: kept by each batch, and found anew from the log.

CREATE FUNCTION cdp_internal.statement_version(properties jsonb, traits jsonb, context jsonb, path text[]) RETURNS jsonb
	LANGUAGE C IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'cdp_statement_version';
COMMENT ON FUNCTION cdp_internal.statement_version(jsonb, jsonb, jsonb, text[]) IS
	'Internal: returns the version at a path of names in the properties of a row, or else in its traits or context, a '
	'number or a string; NULL: none.';

-- Of several events with one message id, which can be where a message was forgotten, the latest has its key.
CREATE FUNCTION cdp_internal.logged_statements(source text DEFAULT NULL)
	RETURNS TABLE (message_key uuid, event_id bigint, identifier_id bigint, "timestamp" timestamptz,
		content_hash bigint, source_id integer, version jsonb)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT e.message_key, e.event_id, e.identifier_id, e."timestamp", m.content_hash, e.source_id, e.version
		FROM (
			SELECT DISTINCT ON (l.message_key) l.*
			FROM (
				SELECT cdp_internal.event_message_key(e.message_id, e.source) AS message_key, e.event_id,
					e.identifier_id, e."timestamp", e.batch_id, s.source_id,
					cdp_internal.statement_version(e.properties, e.traits,
						cdp_internal.whole_context(e.context, c.context), s.version) AS version
				FROM cdp_data.source s
				JOIN cdp_data.event e USING (source)
				LEFT JOIN cdp_data.shared_context c USING (context_hash)
				WHERE s.mutable AND ($1 IS NULL OR s.source = $1) AND %s) l
			WHERE l.message_key IS NOT NULL
			ORDER BY l.message_key, l.event_id DESC) e
		-- the key of another batch is that of another event
		JOIN cdp_data.message m ON m.message_key = e.message_key AND abs(m.batch_id) = e.batch_id
	$sql$, cdp_internal.is_logged_condition()) USING source;
END
$function$;
COMMENT ON FUNCTION cdp_internal.logged_statements(text) IS
	'Internal: returns the rows of cdp_data.statement that the events of the log say, but for those that are folded, '
	'and messages that are forgotten. source: of one source, NULL: of all that are mutable.';

CREATE FUNCTION cdp_internal.restitch_statements() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.source s WHERE s.mutable) THEN
		RETURN;
	END IF;
	-- of events that the log lacks now, or that are folded, nothing says better, and a deletion has no event
	WITH logged AS MATERIALIZED (
		SELECT l.* FROM cdp_internal.logged_statements() l
	), gone AS (
		DELETE FROM cdp_data.statement s
		WHERE s.event_id IS NOT NULL AND cdp_internal.count_absent() = 0
			AND NOT s.folded
			AND NOT EXISTS (SELECT FROM logged l WHERE l.message_key = s.message_key))
	INSERT INTO cdp_data.statement AS s (message_key, event_id, identifier_id, "timestamp", content_hash, source_id,
		version)
	SELECT l.* FROM logged l
	ON CONFLICT (message_key) DO UPDATE
	SET event_id = excluded.event_id, identifier_id = excluded.identifier_id, "timestamp" = excluded."timestamp",
		content_hash = excluded.content_hash, source_id = excluded.source_id, folded = false,
		version = excluded.version
	WHERE s.event_id IS NOT NULL
		AND (s.event_id, s.identifier_id, s."timestamp", s.content_hash, s.source_id, s.folded, s.version)
			IS DISTINCT FROM (excluded.event_id, excluded.identifier_id, excluded."timestamp", excluded.content_hash,
				excluded.source_id, false, excluded.version);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_statements() IS
	'Internal: makes the rows of cdp_data.statement that have events anew from the log. The caller holds the lock of '
	'cdp.refresh().';

REVOKE ALL ON FUNCTION cdp_internal.statement_version(jsonb, jsonb, jsonb, text[]),
	cdp_internal.logged_statements(text), cdp_internal.restitch_statements() FROM PUBLIC;
