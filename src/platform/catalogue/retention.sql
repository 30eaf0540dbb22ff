-- How long what was said is kept.

CREATE FUNCTION cdp_internal.init_retention() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.retention (
		kind text COLLATE "C" CHECK (kind IN ('source', 'event', 'namespace', 'trait')),
		key text COLLATE "C" CHECK (key <> ''),
		keep interval NOT NULL CHECK (keep > interval '0'),
		done_until timestamptz NOT NULL DEFAULT '-infinity',
		done_event_id bigint NOT NULL DEFAULT 0,
		begun_at timestamptz NOT NULL DEFAULT '-infinity',
		checked_at timestamptz NOT NULL DEFAULT '-infinity',
		forgotten bigint NOT NULL DEFAULT 0,
		PRIMARY KEY (kind, key));
	COMMENT ON TABLE cdp_data.retention IS
		'How long what was said is kept: see cdp.set_retention(). cdp.enforce_retention() forgets what is older.';
	COMMENT ON COLUMN cdp_data.retention.kind IS 'source, event, namespace or trait.';
	COMMENT ON COLUMN cdp_data.retention.key IS 'Its name.';
	COMMENT ON COLUMN cdp_data.retention.keep IS 'How long, in hours.';
	COMMENT ON COLUMN cdp_data.retention.done_until IS
		'What is older than this, up to done_event_id, is forgotten.';
	COMMENT ON COLUMN cdp_data.retention.done_event_id IS
		'The last event when that was last so: later ones can have come late.';
	COMMENT ON COLUMN cdp_data.retention.begun_at IS
		'When the log was last gone through from its beginning, as it is once a week: rules can move events.';
	COMMENT ON COLUMN cdp_data.retention.checked_at IS 'When it was last seen to that nothing older is kept.';
	COMMENT ON COLUMN cdp_data.retention.forgotten IS 'How many events were taken back, or changed (trait).';
	-- what is not repaired by then will not be
	INSERT INTO cdp_data.quarantine_retention (source, keep) VALUES ('', interval '720 hours');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_retention() IS
	'Internal: makes the table of how long what was said is kept; rows stay in quarantine for 30 days.';

REVOKE ALL ON FUNCTION cdp_internal.init_retention() FROM PUBLIC;
