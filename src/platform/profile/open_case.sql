-- What a contact centre has open with a person: tickets, cases, calls, told from the events that
-- open and close them.

CREATE FUNCTION cdp_internal.init_open_case() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- at the same instant what closes comes last
	CREATE VIEW cdp.open_cases AS
		SELECT profile_id, kind, case_id, min("timestamp") AS opened_at, count(*) AS openings
		FROM (SELECT i.profile_id, m.kind, e.properties ->> m.property AS case_id, e."timestamp", m.opens,
					 max(e."timestamp") FILTER (WHERE NOT m.opens) OVER (PARTITION BY i.profile_id, m.kind, e.properties ->> m.property) AS closed_at
			  FROM cdp_data.identifier i JOIN cdp_data.event e ON e.identifier_id = i.identifier_id JOIN cdp_data.case_event m ON m.event = e.event
			  WHERE i.profile_id <> 0) o
		WHERE opens AND (closed_at IS NULL OR "timestamp" > closed_at)
		GROUP BY profile_id, kind, case_id;
	COMMENT ON VIEW cdp.open_cases IS 'Cases of the contact centre that were opened and have not been closed since, by the events that cdp.case_event names.';
	COMMENT ON COLUMN cdp.open_cases.profile_id IS 'The person.';
	COMMENT ON COLUMN cdp.open_cases.kind IS 'What it is: ticket, case, call, …';
	COMMENT ON COLUMN cdp.open_cases.case_id IS 'Its name among those of its kind; NULL where the events gave none.';
	COMMENT ON COLUMN cdp.open_cases.opened_at IS 'Since when it is open.';
	COMMENT ON COLUMN cdp.open_cases.openings IS 'How many events have opened it since then.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_open_case() IS 'Internal: makes the view of open cases.';

REVOKE ALL ON FUNCTION cdp_internal.init_open_case() FROM PUBLIC;
