-- The names of events and traits that were ever seen, to notice a mistyped one in a rule or a condition.

CREATE FUNCTION cdp_internal.notice_unseen(kind text, name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known text[];
	nearest text;
BEGIN
	PERFORM cdp_internal.check_schema();
	-- before the first refresh no name was seen
	IF coalesce(name, '') IN ('', '*') OR octet_length(name) > 255 OR NOT EXISTS (SELECT FROM cdp_data.identifier) THEN
		RETURN;
	END IF;
	known := CASE kind
		WHEN 'namespace' THEN ARRAY(SELECT n.namespace FROM cdp_data.namespace n ORDER BY n.namespace COLLATE "C")
		ELSE ARRAY(SELECT s.name FROM cdp_data.seen_name s WHERE s.kind = notice_unseen.kind ORDER BY s.name) END;
	-- once the list is full, a name that is missing from it may have been seen
	IF name = ANY (known) OR (kind <> 'namespace' AND cardinality(known) >= 10000) THEN
		RETURN;
	END IF;
	nearest := cdp_internal.nearest_name(name, known);
	IF nearest IS NULL THEN
		RAISE NOTICE '% "%" has never been seen', kind, name;
	ELSE
		RAISE NOTICE '% "%" has never been seen', kind, name
			USING HINT = format('The nearest known name is "%s".', nearest);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.notice_unseen(text, text) IS
	'Internal: raises a notice, with the nearest known name, if a name was never seen. kind: event, trait or '
	'namespace. Silent for * and the empty name, before the first refresh, and when the list of names is full.';

REVOKE ALL ON FUNCTION cdp_internal.notice_unseen(text, text) FROM PUBLIC;
