-- The names of events, properties, traits and sources that were ever seen, to notice a mistyped one in a rule or a
-- condition.

CREATE FUNCTION cdp_internal.notice_unseen(kind text, name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known text[];
	nearest text;
BEGIN
	PERFORM cdp_internal.check_schema();
	-- before the first refresh no name was seen; and a role that is bound to a purpose is not told which were
	IF coalesce(name, '') IN ('', '*') OR octet_length(name) > 255 OR NOT EXISTS (SELECT FROM cdp_data.identifier)
		OR NOT has_column_privilege('cdp_data.seen_name', 'name', 'SELECT')
	THEN
		RETURN;
	END IF;
	known := CASE kind
		WHEN 'namespace' THEN ARRAY(SELECT n.namespace FROM cdp_data.namespace n ORDER BY n.namespace COLLATE "C")
		WHEN 'source' THEN ARRAY(SELECT s.source FROM cdp_data.source s ORDER BY s.source)
		ELSE ARRAY(SELECT s.name FROM cdp_data.seen_name s WHERE s.kind = notice_unseen.kind ORDER BY s.name) END;
	-- once the list is full, a name that is missing from it may have been seen
	IF name = ANY (known) OR (kind IN ('event', 'trait') AND cardinality(known) >= 10000) THEN
		RETURN;
	END IF;
	nearest := cdp_internal.nearest_name(name, known);
	IF kind = 'event' AND name ~ '[]["|*%=<>!(]' THEN
		RAISE NOTICE '% "%" has never been seen', kind, name
			USING DETAIL = 'It looks like a step, and is taken as one name.',
				HINT = 'Names in double quotes can be joined and have conditions: "A b" | "C"[price > 5].';
	ELSIF nearest IS NULL THEN
		RAISE NOTICE '% "%" has never been seen', kind, name;
	ELSE
		RAISE NOTICE '% "%" has never been seen', kind, name
			USING HINT = format('The nearest known name is "%s".', nearest);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.notice_unseen(text, text) IS
	'Internal: raises a notice, with the nearest known name, if a name was never seen. kind: event, trait, namespace '
	'or source. Silent for * and the empty name, before the first refresh, and when the list of names is full.';

CREATE FUNCTION cdp_internal.notice_unseen_property(event text, property text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	nearest text;
	step cdp.step := format('%s["%s" exists]', coalesce('"' || replace(event, '"', '""') || '"', '*'),
		replace(property, '"', '""'));
BEGIN
	IF NOT has_column_privilege('cdp_data.seen_name', 'name', 'SELECT') THEN
		RETURN;
	END IF;
	-- an event that was never seen is a notice of its own
	IF NOT EXISTS (SELECT FROM cdp_data.identifier) OR event IS NOT NULL AND NOT EXISTS (
			SELECT FROM cdp_data.seen_name s WHERE s.kind = 'event' AND s.name = event)
		OR EXISTS (SELECT FROM cdp.profile_row p WHERE cdp.did(p.timeline, step, as_of => '294276-12-31'))
	THEN
		RETURN;
	END IF;
	nearest := cdp_internal.nearest_name(property, ARRAY(
		SELECT DISTINCT c.name COLLATE "C"
		FROM cdp_data.carried_property c
		WHERE c.name <> property
			AND (notice_unseen_property.event IS NULL OR c.event IN (notice_unseen_property.event, '*'))
		ORDER BY 1));
	IF nearest IS NULL THEN
		RAISE NOTICE 'property "%" of % has never been seen', property, coalesce('"' || event || '"', 'any event');
	ELSE
		RAISE NOTICE 'property "%" of % has never been seen', property, coalesce('"' || event || '"', 'any event')
			USING HINT = format('The nearest that timelines carry is "%s".', nearest);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.notice_unseen_property(text, text) IS
	'Internal: raises a notice, with the nearest name, if no timeline has a property, which they carry, of an event '
	'(NULL: of any). Reads people until one has it. Silent before the first refresh, and for events never seen.';

REVOKE ALL ON FUNCTION cdp_internal.notice_unseen(text, text),
	cdp_internal.notice_unseen_property(text, text) FROM PUBLIC;
