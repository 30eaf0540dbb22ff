-- The hashes under which other systems know e-mail addresses and phone numbers.

CREATE FUNCTION cdp.hashed(identifier cdp.identifier) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_hashed' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.hashed(cdp.identifier) IS
	'Returns the identifier, of namespace email_sha256 or phone_sha256, of the SHA-256 of an e-mail address or phone '
	'number in its normal form (ann@example.com, +12015550123), in hexadecimal digits; such an identifier is returned '
	'itself. NULL for all others.';

-- The condition of indexes by hash, which costs less than the hash.  Open to all, as the next one: a dump makes the
-- indexes before it grants anything.
CREATE FUNCTION cdp_internal.has_hash(identifier cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_has_hash' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.has_hash(cdp.identifier) IS
	'Internal: returns whether an identifier is of a namespace of which cdp.hashed() has hashes.';

-- What these indexes hold: a number costs less than the hash; who looks it up compares the hashes, too.
CREATE FUNCTION cdp_internal.hashed_key(identifier cdp.identifier) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_hashed_key' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 40;
COMMENT ON FUNCTION cdp_internal.hashed_key(cdp.identifier) IS
	'Internal: returns the first 64 bits of the SHA-256 in cdp.hashed(), as a number; NULL where that is NULL. Other '
	'identifiers can have the same number, of the other namespace or by chance.';
