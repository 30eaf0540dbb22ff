CREATE FUNCTION cdp_internal.nearest_name(name text, names text[]) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_nearest_name' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION cdp_internal.nearest_name(text, text[]) IS
	'Internal: which of the names is nearest to another by the number of characters to change (the first of several); '
	'NULL where that would be more than half of them. Names of more than 255 bytes are left out.';

REVOKE ALL ON FUNCTION cdp_internal.nearest_name(text, text[]) FROM PUBLIC;

