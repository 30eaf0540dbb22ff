CREATE FUNCTION cdp_internal.message_key(message_id text) RETURNS uuid
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
	AS 'MODULE_PATHNAME', 'cdp_message_key';
COMMENT ON FUNCTION cdp_internal.message_key(text) IS
	'Internal: returns the 128-bit key by which a repeated message is recognised: a hash of its trimmed message_id by '
	'the key of the installation. NULL if the message_id is blank or meaningless (null, undefined, zeros); such a '
	'message is never a duplicate.';

REVOKE ALL ON FUNCTION cdp_internal.message_key(text) FROM PUBLIC;
