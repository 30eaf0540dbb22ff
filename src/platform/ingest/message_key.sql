CREATE FUNCTION cdp.message_key(message_id text) RETURNS uuid
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
	AS 'MODULE_PATHNAME', 'cdp_message_key';
COMMENT ON FUNCTION cdp.message_key(text) IS
'The 128-bit key by which a message is recognised when it arrives again: the first half of the SHA-256 of its message_id without the white space around it. NULL where nothing is left or it means nothing (null, undefined, zeros: what a sender writes for want of an id): such a message is never a duplicate.';

