-- The tables in which cdp.restitch() builds the graph anew.  They are there only while it runs, and in its transaction
-- alone: others never see them, and nothing is left of them after an error.  They are not logged, so a crash leaves
-- nothing of them but empty files.

CREATE FUNCTION cdp_internal.restitch_tables(make boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET client_min_messages = warning
AS $function$
BEGIN
	DROP TABLE IF EXISTS cdp_data.restitch_identifier, cdp_data.restitch_link, cdp_data.restitch_profile,
		cdp_data.restitch_verdict, cdp_data.restitch_event, cdp_data.restitch_touched;
	IF NOT make THEN
		RETURN;
	END IF;
	CREATE UNLOGGED TABLE cdp_data.restitch_identifier (LIKE cdp_data.identifier
		INCLUDING DEFAULTS INCLUDING INDEXES);
	CREATE UNLOGGED TABLE cdp_data.restitch_link (LIKE cdp_data.link INCLUDING DEFAULTS INCLUDING INDEXES);
	-- the summary of each profile; what is folded stays empty
	CREATE UNLOGGED TABLE cdp_data.restitch_profile (LIKE cdp_data.profile INCLUDING DEFAULTS,
		PRIMARY KEY (profile_id));
	-- the verdicts about pairs, and which of them are refused
	CREATE UNLOGGED TABLE cdp_data.restitch_verdict (LIKE cdp_data.verdict INCLUDING DEFAULTS INCLUDING INDEXES);
	INSERT INTO cdp_data.restitch_verdict (verdict_id, kind, a, b, until_at, decided_by, decided_at, batch_id)
	SELECT v.verdict_id, v.kind, v.a, v.b, v.until_at, v.decided_by, v.decided_at, v.batch_id
	FROM cdp_data.verdict v
	WHERE v.kind IN ('forbid', 'same');
	-- the events that may have wrong anchors
	CREATE UNLOGGED TABLE cdp_data.restitch_event (
		event_id bigint NOT NULL, identifier_id bigint NOT NULL, "timestamp" timestamptz NOT NULL);
	-- the profiles whose rows were written or deleted
	CREATE UNLOGGED TABLE cdp_data.restitch_touched (profile_id bigint NOT NULL);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_tables(boolean) IS
	'Internal: makes the tables in which cdp.restitch() builds the graph anew; false: drops them. The caller is the '
	'owner of the tables, and holds the lock.';

REVOKE ALL ON FUNCTION cdp_internal.restitch_tables(boolean) FROM PUBLIC;
