-- Open cases of a contact centre (tickets, cases, calls), derived from the events that open and close them.

CREATE FUNCTION cdp_internal.init_open_case() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- Of events at the same instant, the closing one counts as the later.
	CREATE VIEW cdp.open_cases AS
		SELECT profile_id, kind, case_id, min("timestamp") AS opened_at, count(*) AS openings
		FROM (
			SELECT i.profile_id, m.kind, e.properties ->> m.property AS case_id, e."timestamp", m.opens,
				max(e."timestamp") FILTER (WHERE NOT m.opens)
					OVER (PARTITION BY i.profile_id, m.kind, e.properties ->> m.property) AS closed_at
			FROM cdp_data.identifier i
			JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
			JOIN cdp_data.case_event m ON m.event = e.event
			WHERE i.profile_id <> 0) o
		WHERE opens AND (closed_at IS NULL OR "timestamp" > closed_at)
		GROUP BY profile_id, kind, case_id;
	COMMENT ON VIEW cdp.open_cases IS
		'Cases of the contact centre that are open: the latest of their events, as cdp.case_event lists them, does not '
		'close them.';
	COMMENT ON COLUMN cdp.open_cases.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.open_cases.kind IS 'Kind of the case: ticket, case, call, …';
	COMMENT ON COLUMN cdp.open_cases.case_id IS 'Id of the case, unique within its kind; NULL if its events have none.';
	COMMENT ON COLUMN cdp.open_cases.opened_at IS 'Time of the first event that opened it since it was last closed.';
	COMMENT ON COLUMN cdp.open_cases.openings IS 'Number of events that opened it since it was last closed.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_open_case() IS 'Internal: makes the view of open cases.';

REVOKE ALL ON FUNCTION cdp_internal.init_open_case() FROM PUBLIC;
