-- How large a document is as text.

CREATE FUNCTION cdp_internal.shown_size(document jsonb) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_shown_size' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.shown_size(jsonb) IS
	'Internal: a bound of the size of a document in bytes, the greater of its text and of the jsonb uncompressed; one over 64 MB is not read.';
