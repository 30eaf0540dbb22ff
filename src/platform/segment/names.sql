-- Notices about names in a condition that were never seen, which most likely are mistyped.

CREATE FUNCTION cdp_internal.condition_names(condition text) RETURNS TABLE (kind text, name text)
	LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_condition_names';
COMMENT ON FUNCTION cdp_internal.condition_names(text) IS
	'Internal: returns the names of events, traits and namespaces that are constants in a condition, which '
	'cdp_internal.check_condition() has accepted. kind: event, trait or namespace.';

CREATE FUNCTION cdp_internal.notice_condition(condition text) RETURNS void
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.notice_unseen(n.kind, n.name)
	FROM (
		SELECT c.kind, c.name
		FROM cdp_internal.condition_names(condition) c
		GROUP BY c.kind, c.name
		ORDER BY c.kind COLLATE "C", c.name COLLATE "C") n;
END
$function$;
COMMENT ON FUNCTION cdp_internal.notice_condition(text) IS
	'Internal: raises a notice for each name in a condition that was never seen.';

REVOKE ALL ON FUNCTION cdp_internal.condition_names(text), cdp_internal.notice_condition(text) FROM PUBLIC;
