-- What the contexts of many events have in common, against the events that name it.

CREATE FUNCTION cdp_internal.verify_contexts() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- a month that is not there now may name more
	RETURN QUERY
		SELECT 'context', 'shared context ' || coalesce(l.context_hash, c.context_hash),
			   CASE WHEN l.events IS NOT NULL THEN format('%s event(s)', l.events) END,
			   CASE WHEN c.events IS NOT NULL THEN format('%s event(s)', c.events) END
		FROM (SELECT e.context_hash, count(*) AS events FROM cdp_data.event e
			  WHERE e.context_hash IS NOT NULL GROUP BY e.context_hash) l
		FULL JOIN (SELECT s.context_hash, s.events FROM cdp_data.shared_context s WHERE s.context_hash <> 0) c
			ON c.context_hash = l.context_hash
		WHERE l.events IS DISTINCT FROM c.events
		  AND (l.events > coalesce(c.events, 0) OR cdp_internal.count_absent() = 0);
	RETURN QUERY
		SELECT 'context', 'shared context ' || c.context_hash, 'a context of this hash', NULL
		FROM cdp_data.shared_context c
		WHERE c.context_hash <> 0 AND c.context_hash <> cdp_internal.context_hash(c.context);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_contexts() IS
	'Internal: returns the rows of cdp_data.shared_context that are missing, superfluous, wrong, or count other events '
	'than the log has.';

REVOKE ALL ON FUNCTION cdp_internal.verify_contexts() FROM PUBLIC;
