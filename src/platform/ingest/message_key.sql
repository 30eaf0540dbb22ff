CREATE FUNCTION cdp.message_key(message_id text) RETURNS uuid
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
	AS 'MODULE_PATHNAME', 'cdp_message_key';
COMMENT ON FUNCTION cdp.message_key(text) IS
	'Returns the 128-bit key by which a repeated message is recognised: the first half of the SHA-256 of its trimmed '
	'message_id. NULL if the message_id is blank or meaningless (null, undefined, zeros); such a message is never a '
	'duplicate.';
