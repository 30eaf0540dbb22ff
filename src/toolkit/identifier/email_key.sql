CREATE FUNCTION cdp.email_key(address text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_email_key' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.email_key(text) IS
	'Returns the canonical form of an e-mail address, for indexes and joins: immutable, while '
	'cdp.identifier(''email'', address) is only stable. If it is not NULL, it equals '
	'cdp.value(cdp.identifier(''email'', address)). NULL for an address with characters beyond ASCII, whose form '
	'depends on the tables of a library, and for what is not an address.';
