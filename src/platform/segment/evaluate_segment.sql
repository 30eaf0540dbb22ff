CREATE FUNCTION cdp_internal.evaluate_segment(name text, profile_ids bigint[], as_of timestamptz,
	OUT profile_id bigint, OUT holds boolean, OUT failing boolean, OUT until timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_evaluate_segment' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.evaluate_segment(text, bigint[], timestamptz) IS
	'Internal: evaluates the condition of a segment for these profiles, or for all (NULL), at an instant. holds: NULL '
	'where the condition is. failing: it raises an error. until: the answer stays before this instant, if nothing else '
	'happens; infinity: for ever.';

REVOKE ALL ON FUNCTION cdp_internal.evaluate_segment(text, bigint[], timestamptz) FROM PUBLIC;
