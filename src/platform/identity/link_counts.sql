-- Link counts: to how many identifiers of each namespace one is linked.

CREATE FUNCTION cdp_internal.read_link_counts(counts bytea) RETURNS TABLE (namespace_id bigint, number bigint)
	AS 'MODULE_PATHNAME', 'cdp_read_link_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION cdp_internal.read_link_counts(bytea) IS
	'Internal: returns what cdp_data.identifier.link_counts holds. A last row of NULLs: the rest is not well formed.';

CREATE FUNCTION cdp_internal.make_link_counts(namespace_ids bigint[], numbers bigint[]) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_make_link_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.make_link_counts(bigint[], bigint[]) IS
	'Internal: returns link counts as they are stored, of different namespaces in any order. NULL: one of them is '
	'NULL. Error: numbers out of range, or not as many (22023).';

CREATE FUNCTION cdp_internal.link_counts(counts bytea) RETURNS jsonb
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT coalesce(jsonb_object_agg(coalesce(n.namespace, 'number ' || c.namespace_id, 'not well formed'),
			c.number), '{}')
		FROM cdp_internal.read_link_counts(counts) c
		LEFT JOIN cdp_data.namespace n ON n.namespace_id = c.namespace_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.link_counts(bytea) IS
	'Internal: returns what cdp_data.identifier.link_counts holds, for people: an object of namespace to number.';

REVOKE ALL ON FUNCTION cdp_internal.read_link_counts(bytea), cdp_internal.make_link_counts(bigint[], bigint[]),
	cdp_internal.link_counts(bytea) FROM PUBLIC;
