-- What a contact centre has open with a person: tickets, cases, calls, told from the events that
-- open and close them.

CREATE FUNCTION cdp.init_matter() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp.matter_event (event text COLLATE "C" PRIMARY KEY, kind text NOT NULL, opens boolean NOT NULL, property text NOT NULL);
	COMMENT ON TABLE cdp.matter_event IS 'The events that open and close matters of the contact centre. Yours to change: rows for events of your own, or none.';
	COMMENT ON COLUMN cdp.matter_event.event IS 'Name of the event.';
	COMMENT ON COLUMN cdp.matter_event.kind IS 'What it opens or closes: ticket, case, call, …';
	COMMENT ON COLUMN cdp.matter_event.opens IS 'Whether it opens a matter; if not, it closes it.';
	COMMENT ON COLUMN cdp.matter_event.property IS 'The property of the event that names the matter. Events without it speak of one matter without a name.';
	INSERT INTO cdp.matter_event (kind, property, opens, event)
	SELECT k.kind, k.property, e.opens, format('%s %s', k.name, e.verb)
	FROM (VALUES ('ticket', 'ticket_id', 'Ticket'), ('case', 'case_id', 'Case'), ('complaint', 'complaint_id', 'Complaint'),
		('callback', 'callback_id', 'Callback'), ('call', 'call_id', 'Call'), ('conversation', 'conversation_id', 'Live Chat Conversation')) AS k (kind, property, name)
	JOIN (VALUES (ARRAY['ticket', 'case', 'complaint'], true, 'Created'), (ARRAY['ticket', 'case', 'complaint'], true, 'Opened'),
		(ARRAY['ticket', 'case', 'complaint'], true, 'Reopened'), (ARRAY['ticket', 'case', 'complaint'], false, 'Solved'),
		(ARRAY['ticket', 'case', 'complaint'], false, 'Resolved'), (ARRAY['ticket', 'case', 'complaint'], false, 'Closed'),
		(ARRAY['callback'], true, 'Requested'), (ARRAY['callback'], false, 'Completed'), (ARRAY['callback'], false, 'Canceled'),
		(ARRAY['call', 'conversation'], true, 'Started'), (ARRAY['call', 'conversation'], false, 'Ended')) AS e (kinds, opens, verb) ON k.kind = ANY (e.kinds);

	-- at the same instant what closes comes last
	CREATE VIEW cdp.open_matters AS
		SELECT profile_id, kind, matter, min("timestamp") AS opened_at, count(*) AS openings
		FROM (SELECT i.profile_id, m.kind, e.properties ->> m.property AS matter, e."timestamp", m.opens,
					 max(e."timestamp") FILTER (WHERE NOT m.opens) OVER (PARTITION BY i.profile_id, m.kind, e.properties ->> m.property) AS closed_at
			  FROM cdp.identity i JOIN cdp.event e ON e.identity_id = i.identity_id JOIN cdp.matter_event m ON m.event = e.event
			  WHERE i.profile_id <> 0) o
		WHERE opens AND (closed_at IS NULL OR "timestamp" > closed_at)
		GROUP BY profile_id, kind, matter;
	COMMENT ON VIEW cdp.open_matters IS 'Matters of the contact centre that were opened and have not been closed since, by the events that cdp.matter_event names.';
	COMMENT ON COLUMN cdp.open_matters.profile_id IS 'The person.';
	COMMENT ON COLUMN cdp.open_matters.kind IS 'What it is: ticket, case, call, …';
	COMMENT ON COLUMN cdp.open_matters.matter IS 'Its name among those of its kind; NULL where the events gave none.';
	COMMENT ON COLUMN cdp.open_matters.opened_at IS 'Since when it is open.';
	COMMENT ON COLUMN cdp.open_matters.openings IS 'How many events have opened it since then.';
END
$function$;
COMMENT ON FUNCTION cdp.init_matter() IS 'Internal: makes the table and the view of open matters.';

REVOKE ALL ON FUNCTION cdp.init_matter() FROM PUBLIC;
