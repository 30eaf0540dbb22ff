-- The hashes under which other systems know e-mail addresses and phone numbers.

CREATE FUNCTION cdp.hashed(identifier cdp.identifier) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_hashed' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.hashed(cdp.identifier) IS
	'Returns the identifier, of namespace email_sha256 or phone_sha256, of the SHA-256 of an e-mail address or phone '
	'number in its normal form (ann@example.com, +12015550123), in hexadecimal digits; such an identifier is returned '
	'itself, if its value is 64 digits. NULL for all others.';
