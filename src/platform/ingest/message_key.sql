CREATE FUNCTION cdp_internal.message_key(message_id text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
	AS 'MODULE_PATHNAME', 'cdp_message_key';
COMMENT ON FUNCTION cdp_internal.message_key(text) IS
	'Internal: returns the 128-bit key by which a repeated message is recognised: a hash of its trimmed message_id by '
	'the key of the installation. NULL if the message_id is blank or meaningless (null, undefined, zeros); such a '
	'message is never a repeated one. Messages of sources with own_message_ids have other keys.';

CREATE FUNCTION cdp_internal.own_message_key(message_id text, source text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
	AS 'MODULE_PATHNAME', 'cdp_own_message_key';
COMMENT ON FUNCTION cdp_internal.own_message_key(text, text) IS
	'Internal: returns the key of a message of a source that has message ids of its own.';

CREATE FUNCTION cdp_internal.event_message_key(message_id text, source text) RETURNS uuid
	LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
	SELECT CASE WHEN EXISTS (
			SELECT
			FROM cdp_data.source s
			WHERE s.source OPERATOR(pg_catalog.=) event_message_key.source AND s.own_message_ids)
		THEN cdp_internal.own_message_key(event_message_key.message_id, event_message_key.source)
		ELSE cdp_internal.message_key(event_message_key.message_id) END
$function$;
COMMENT ON FUNCTION cdp_internal.event_message_key(text, text) IS
	'Internal: returns the key of the message of an event.';

REVOKE ALL ON FUNCTION cdp_internal.message_key(text), cdp_internal.own_message_key(text, text),
	cdp_internal.event_message_key(text, text) FROM PUBLIC;
