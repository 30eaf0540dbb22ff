-- Which numbers a timeline carries of an event's properties.

CREATE FUNCTION cdp_internal.carried(event text, properties jsonb, rules jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_carried' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.carried(text, jsonb, jsonb) IS
	'Internal: returns the numbers of an event, in the form that cdp.timeline_agg takes; NULL if it has none. rules: '
	'an object of event to name to path; an event that is listed has the rules of * too.';

CREATE FUNCTION cdp_internal.left_out(event text, properties jsonb, rules jsonb) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cdp_left_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.left_out(text, jsonb, jsonb) IS
	'Internal: returns the names of the rules whose property is present in an event but cannot be carried: it is not a '
	'number, or has more than 18 digits. A property that is absent or JSON null does not count. NULL if there are '
	'none.';

REVOKE ALL ON FUNCTION cdp_internal.carried(text, jsonb, jsonb), cdp_internal.left_out(text, jsonb, jsonb) FROM PUBLIC;
