CREATE FUNCTION cdp.email_key(address text) RETURNS text
AS 'MODULE_PATHNAME', 'cdp_email_key' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.email_key(text) IS
'An e-mail address in canonical form, for indexes and joins: immutable, while cdp.identifier(''email'', address) is only stable. Where it is not NULL it is cdp.value(cdp.identifier(''email'', address)). NULL where that would depend on the tables of a library (an address with characters beyond ASCII) and for what is no address.';
