-- The hashes under which other systems know e-mail addresses and phone numbers.

CREATE FUNCTION cdp.hashed(identifier cdp.identifier) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_hashed' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.hashed(cdp.identifier) IS
	'Returns the identifier, of namespace email_sha256 or phone_sha256, of the SHA-256 of an e-mail address or phone '
	'number in its normal form (ann@example.com, +12015550123), in hexadecimal digits; such an identifier is returned '
	'itself, if its value is 64 digits. NULL for all others.';

-- The condition of indexes by hash, which costs less than the hash.
CREATE FUNCTION cdp_internal.has_hash(identifier cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_has_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.has_hash(cdp.identifier) IS
	'Internal: returns whether an identifier is of a namespace of which cdp.hashed() has hashes.';
REVOKE ALL ON FUNCTION cdp_internal.has_hash(cdp.identifier) FROM PUBLIC;
