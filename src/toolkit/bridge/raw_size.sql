-- How large values are, without reading them.

CREATE FUNCTION cdp_internal.raw_size(VARIADIC given "any") RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_raw_size' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.raw_size(VARIADIC "any") IS
	'Internal: returns the size of the values in bytes, uncompressed and without headers. Does not detoast.';
