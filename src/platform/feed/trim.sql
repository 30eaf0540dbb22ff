-- Trimming the feed: changes that are older than the retention leave it, whether consumers acknowledged them or not.

-- The time never decreases with the number, so the oldest come first.
CREATE FUNCTION cdp_internal.trim_changes(now_as_of timestamptz, max_rows bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	last record;
	keep_from timestamptz;
	oldest timestamptz;
	until record;
	last_trimmed bigint;
	trimmed bigint;
BEGIN
	SELECT s.trimmed_change_id, s.change_retention INTO STRICT last FROM cdp_data.state s;
	-- not a few at each refresh, but many once an hour
	keep_from := now_as_of - last.change_retention;
	oldest := (SELECT c.recorded_at FROM cdp_data.change c WHERE c.change_id > last.trimmed_change_id
			   ORDER BY c.change_id LIMIT 1);
	IF (oldest < keep_from - least(last.change_retention / 10, interval '1 hour')) IS NOT TRUE THEN
		RETURN 0;
	END IF;
	SELECT n.change_id, n.recorded_at INTO STRICT until
	FROM (
		SELECT c.change_id, c.recorded_at
		FROM cdp_data.change c
		WHERE c.change_id > last.trimmed_change_id
		ORDER BY c.change_id
		LIMIT max_rows) n
	WHERE n.recorded_at < keep_from
	ORDER BY n.change_id DESC
	LIMIT 1;
	-- whole runs, which are of one time
	SELECT greatest(until.change_id, c.change_id + c.run - 1) INTO STRICT last_trimmed
	FROM cdp_data.change c
	WHERE c.change_id <= until.change_id AND c.run IS NOT NULL
	ORDER BY c.change_id DESC
	LIMIT 1;
	DELETE FROM cdp_data.change c WHERE c.change_id > last.trimmed_change_id AND c.change_id <= last_trimmed;
	GET DIAGNOSTICS trimmed = ROW_COUNT;
	UPDATE cdp_data.state SET trimmed_change_id = last_trimmed, trimmed_at = until.recorded_at;
	RETURN trimmed;
END
$function$;
COMMENT ON FUNCTION cdp_internal.trim_changes(timestamptz, bigint) IS
	'Internal: deletes up to max_rows changes, and the rest of a run, that are older than the retention, if the oldest is older by an hour. '
	'Returns how many. The caller holds the lock of cdp.refresh().';

REVOKE ALL ON FUNCTION cdp_internal.trim_changes(timestamptz, bigint) FROM PUBLIC;
