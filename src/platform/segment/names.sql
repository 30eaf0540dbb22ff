-- Notices about names in a condition that were never seen, which most likely are mistyped; and errors for properties
-- that timelines do not carry, so that a condition on them is never true.

CREATE FUNCTION cdp_internal.condition_names(condition text, subject text DEFAULT 'person')
	RETURNS TABLE (kind text, name text, event text)
	LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_condition_names';
COMMENT ON FUNCTION cdp_internal.condition_names(text, text) IS
	'Internal: returns the names of events, properties, traits and namespaces that are constants in a condition, which '
	'cdp_internal.check_condition() has accepted. kind: event, property, trait or namespace. event: that of a '
	'property, NULL for any.';

CREATE FUNCTION cdp_internal.check_carried(event text, property text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF event IS NULL AND EXISTS (SELECT FROM cdp_data.carried_property c WHERE c.name = property)
		OR EXISTS (SELECT FROM cdp_data.carried_property c
			WHERE c.event IN (check_carried.event, '*') AND c.name = property)
	THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'timelines do not carry "%" of %', property, coalesce('"' || event || '"', 'any event')
		USING ERRCODE = 'undefined_object', DETAIL = 'A condition on it would not find it.',
			HINT = format('They carry it after SELECT cdp.carry_property(%L, %L);', coalesce(event, '*'), property);
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_carried(text, text) IS
	'Internal: raises an error if the timelines of the platform do not carry a property of an event (NULL: of any).';

CREATE FUNCTION cdp_internal.notice_condition(condition text, subject text DEFAULT 'person') RETURNS void
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- errors before notices
	PERFORM cdp_internal.check_carried(n.event, n.name)
	FROM cdp_internal.condition_names(condition, subject) n
	WHERE n.kind = 'property';
	PERFORM CASE n.kind WHEN 'property' THEN cdp_internal.notice_unseen_property(n.event, n.name)
		ELSE cdp_internal.notice_unseen(n.kind, n.name) END
	FROM (
		SELECT DISTINCT c.kind COLLATE "C" AS kind, c.name COLLATE "C" AS name, c.event COLLATE "C" AS event
		FROM cdp_internal.condition_names(condition, subject) c
		ORDER BY 1, 2, 3) n;
END
$function$;
COMMENT ON FUNCTION cdp_internal.notice_condition(text, text) IS
	'Internal: raises a notice for each name in a condition that was never seen, and an error for a property that '
	'timelines do not carry.';

REVOKE ALL ON FUNCTION cdp_internal.condition_names(text, text), cdp_internal.check_carried(text, text),
	cdp_internal.notice_condition(text, text) FROM PUBLIC;
