-- What holds of the messages of mutable sources, against the events of the log and the keys of messages.

CREATE FUNCTION cdp_internal.verify_statements() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	-- a month that is not there now may have the event
	IF EXISTS (SELECT FROM cdp_data.source s WHERE s.mutable) THEN
		RETURN QUERY
			SELECT 'statement', 'message ' || message_key,
				   CASE WHEN l.event_id IS NOT NULL THEN cdp_internal.verify_statement(l.event_id, l.identifier_id,
					l."timestamp", l.content_hash, l.source_id, l.version) END,
				   CASE WHEN s.source_id IS NOT NULL THEN cdp_internal.verify_statement(s.event_id, s.identifier_id,
					s."timestamp", s.content_hash, s.source_id, s.version) END
			FROM cdp_internal.logged_statements() l
			FULL JOIN cdp_data.statement s USING (message_key)
			WHERE (l.event_id, l.identifier_id, l."timestamp", l.content_hash, l.source_id, l.version)
					IS DISTINCT FROM
				(s.event_id, s.identifier_id, s."timestamp", s.content_hash, s.source_id, s.version)
				AND (s.event_id IS NOT NULL OR s.source_id IS NULL)
				AND (l.event_id IS NOT NULL OR cdp_internal.count_absent() = 0)
				-- what is folded is not there to be compared
				AND s.folded IS NOT TRUE;
	END IF;
	RETURN QUERY
		SELECT 'statement', 'message ' || s.message_key,
			   'a mutable source, and a deletion with the content of the message',
			   concat_ws(', ', CASE WHEN n.mutable IS NOT TRUE THEN 'source number ' || s.source_id END,
				CASE WHEN m.content_hash IS DISTINCT FROM s.content_hash THEN
					coalesce('content ' || m.content_hash, 'the message is not known') END)
		FROM cdp_data.statement s
		LEFT JOIN cdp_data.message m USING (message_key)
		LEFT JOIN cdp_data.source n ON n.source_id = s.source_id
		WHERE (s.event_id IS NULL AND m.content_hash IS DISTINCT FROM s.content_hash) OR n.mutable IS NOT TRUE;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_statements() IS
	'Internal: returns the rows of cdp_data.statement that are missing, superfluous or wrong.';

CREATE FUNCTION cdp_internal.verify_statement(event_id bigint, identifier_id bigint, "timestamp" timestamptz,
	content_hash bigint, source_id integer, version jsonb) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format('event %s at %s, %s, content %s, source number %s, version %s', event_id,
		cdp_internal.verify_name(identifier_id), "timestamp", content_hash, source_id, coalesce(version::text, 'none'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_statement(bigint, bigint, timestamptz, bigint, integer, jsonb) IS
	'Internal: returns the words for a row of cdp_data.statement that has an event.';

REVOKE ALL ON FUNCTION cdp_internal.verify_statements(),
	cdp_internal.verify_statement(bigint, bigint, timestamptz, bigint, integer, jsonb) FROM PUBLIC;
