-- Which properties of events timelines carry.

CREATE FUNCTION cdp_internal.carried_rules() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- mostly
	IF NOT EXISTS (SELECT FROM cdp_data.carried_property) THEN
		RETURN '{}';
	END IF;
	RETURN (
		SELECT coalesce(jsonb_object_agg(e.event, e.rules), '{}')
		FROM (
			SELECT e.event, jsonb_object_agg(c.name, to_jsonb(c.path) ORDER BY c.event = '*' DESC) AS rules
			FROM (SELECT DISTINCT n.event FROM cdp_data.carried_property n) e
			JOIN cdp_data.carried_property c ON c.event IN (e.event, '*')
			GROUP BY e.event) e);
END
$function$;
COMMENT ON FUNCTION cdp_internal.carried_rules() IS
	'Internal: returns cdp.carried_property as one document: event to name to path. An event that is listed has the '
	'rules of * too.';

CREATE FUNCTION cdp_internal.count_left_out(events text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run(format($sql$
		UPDATE cdp_data.carried_property c
		SET left_out = c.left_out + n.events
		FROM (
			SELECT coalesce(own.event, '*') AS event, l.name, count(*) AS events
			FROM (%s) e
			CROSS JOIN LATERAL unnest(cdp_internal.left_out(e.event, e.properties, e.context,
				(SELECT cdp_internal.carried_rules()))) AS l (name)
			LEFT JOIN cdp_data.carried_property own ON own.event = e.event AND own.name = l.name
			GROUP BY 1, 2) n
		WHERE c.event = n.event AND c.name = n.name
	$sql$, events));
END
$function$;
COMMENT ON FUNCTION cdp_internal.count_left_out(text) IS
	'Internal: adds the events whose properties could not be carried to cdp.carried_property.left_out. events: a query '
	'of (event, properties, context).';

REVOKE ALL ON FUNCTION cdp_internal.carried_rules(), cdp_internal.count_left_out(text) FROM PUBLIC;
