-- Taking suppressed identifiers out of what the tables keep beside events.

CREATE FUNCTION cdp_internal.scrub(value text, erasure_id bigint) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_scrub_text' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.scrub(text, bigint) IS
	'Internal: returns a text without the words that are identifiers which an erasure suppressed.';

CREATE FUNCTION cdp_internal.scrub(value jsonb, erasure_id bigint) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_scrub_jsonb' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.scrub(jsonb, bigint) IS
	'Internal: returns a document without the values, and words of texts, that are identifiers which an erasure '
	'suppressed; NULL: nothing is left.';

REVOKE ALL ON FUNCTION cdp_internal.scrub(text, bigint), cdp_internal.scrub(jsonb, bigint) FROM PUBLIC;
