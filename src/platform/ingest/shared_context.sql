-- What the contexts of many events have in common: cdp_data.shared_context.

CREATE FUNCTION cdp_internal.whole_context(own jsonb, shared jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_whole_context' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.whole_context(jsonb, jsonb) IS
	'Internal: returns the context of an event from what cdp_data.event and cdp_data.shared_context have of it; either '
	'may be NULL. Error: one is not an object (22023).';

CREATE FUNCTION cdp_internal.context_hash(context jsonb) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_context_hash' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.context_hash(jsonb) IS
	'Internal: returns the hash that a row of cdp_data.shared_context with this context has, by the key of the '
	'installation. Error: it is not an object (22023).';

CREATE FUNCTION cdp_internal.release_contexts(hashes bigint[], events bigint[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.shared_context c SET events = c.events - r.events
	FROM (SELECT u.hash, sum(CASE WHEN release_contexts.events IS NULL THEN 1 ELSE u.events END) AS events
		  FROM unnest(hashes, release_contexts.events) AS u (hash, events) GROUP BY u.hash) r
	WHERE c.context_hash = r.hash;
	DELETE FROM cdp_data.shared_context c
	WHERE c.context_hash = ANY (hashes) AND c.context_hash <> 0 AND c.events <= 0;
END
$function$;
COMMENT ON FUNCTION cdp_internal.release_contexts(bigint[], bigint[]) IS
	'Internal: to be called with the context_hash of each event that is taken from the log for good, or with each once '
	'and the number of such events: what no other event has is deleted. The caller holds the lock of cdp.refresh().';

-- whole_context() keeps EXECUTE for all: a view calls it with the rights of who reads it, and it reads nothing
REVOKE ALL ON FUNCTION cdp_internal.context_hash(jsonb), cdp_internal.release_contexts(bigint[], bigint[]) FROM PUBLIC;
