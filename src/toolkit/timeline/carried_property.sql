-- Which properties a timeline carries of an event.

CREATE FUNCTION cdp_internal.carried(event text, properties jsonb, context jsonb, rules jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_carried' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.carried(text, jsonb, jsonb, jsonb) IS
	'Internal: returns the properties of an event, in the form that cdp.timeline_agg takes; NULL if it has none. '
	'rules: an object of event to name to path; an event that is listed has the rules of * too.';

CREATE FUNCTION cdp_internal.left_out(event text, properties jsonb, context jsonb, rules jsonb) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cdp_left_out' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.left_out(text, jsonb, jsonb, jsonb) IS
	'Internal: returns the names of the rules whose property an event has, but with values that cannot be carried: '
	'objects, texts of more than 256 bytes, numbers of more than 18 digits, values after the first 255, elements after '
	'the first 1,024. NULL if there are none.';

REVOKE ALL ON FUNCTION cdp_internal.carried(text, jsonb, jsonb, jsonb),
	cdp_internal.left_out(text, jsonb, jsonb, jsonb) FROM PUBLIC;
