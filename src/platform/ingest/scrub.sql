-- Taking suppressed identifiers out of what the tables keep beside events.

CREATE FUNCTION cdp_internal.scrub(value text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_scrub_text' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.scrub(text) IS
	'Internal: returns a text without the words that are suppressed identifiers.';

CREATE FUNCTION cdp_internal.scrub(value jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_scrub_jsonb' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.scrub(jsonb) IS
	'Internal: returns a document without the values, and words of texts, that are suppressed identifiers; NULL: '
	'nothing is left.';

REVOKE ALL ON FUNCTION cdp_internal.scrub(text), cdp_internal.scrub(jsonb) FROM PUBLIC;
