-- Which consent signals there are.

CREATE FUNCTION cdp_internal.is_signal(kind text, key text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_signal' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.is_signal(text, text) IS
	'Internal: returns whether a kind of consent signals has such a key; NULL: there is no such kind.';

REVOKE ALL ON FUNCTION cdp_internal.is_signal(text, text) FROM PUBLIC;
