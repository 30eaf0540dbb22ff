-- How large a document is as text.

CREATE FUNCTION cdp_internal.shown_size(document jsonb) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_shown_size' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.shown_size(jsonb) IS
	'Internal: returns an upper bound of a document''s size in bytes: the greater of its text and of the uncompressed '
	'jsonb. Does not read a document of more than 64 MB.';
