CREATE FUNCTION cdp_internal.nearest_name(name text, names text[]) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_nearest_name' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION cdp_internal.nearest_name(text, text[]) IS
	'Internal: finds the name that needs the fewest changed characters to become the given one (of several the '
	'first). NULL if that would change more than half of its characters. Skips names of more than 255 bytes.';

REVOKE ALL ON FUNCTION cdp_internal.nearest_name(text, text[]) FROM PUBLIC;
