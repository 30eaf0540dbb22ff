-- Rows that vanish unseen, by TRUNCATE or a load that leaves them out: what is there is marked as it is read, and then
-- the calls that hold and are not marked are taken back.

CREATE FUNCTION cdp_internal.can_sweep(connection text) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN EXISTS (
		SELECT FROM cdp_data.connected_table c
		WHERE c.name = connection AND NOT c.appends AND NOT c.mapping ? 'message_id');
END
$function$;
COMMENT ON FUNCTION cdp_internal.can_sweep(text) IS
	'Internal: returns whether the calls of a connection can be corrected, and told from others of its source.';

-- Where the mapping has a version, a deletion has that of the call that it deletes, and holds against a call of the
-- same version.  So all rows that are there must have been read before: no value of the column may wait.
CREATE FUNCTION cdp_internal.begin_sweep(connection text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.connected_table c
	SET sweep_after = CASE c.follow WHEN 'column' THEN 0 ELSE nextval('cdp_data.follow_number') END
	WHERE c.name = connection AND c.sweep_number IS NOT NULL AND c.sweep_after IS NULL
		AND NOT (c.follow = 'column' AND c.mapping ? 'version' AND c.pending IS NOT NULL);
END
$function$;
COMMENT ON FUNCTION cdp_internal.begin_sweep(text) IS
	'Internal: takes note that a connected table has been read to its end, so that what is not marked is not there.';

CREATE FUNCTION cdp_internal.sweep_waits(connection text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	c record;
BEGIN
	SELECT t.source, pg_get_userbyid(t.owner::oid) AS owner, t.sweep_after INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	RETURN c.sweep_after IS NULL
		OR EXISTS (
			SELECT FROM cdp_data.followed_row r
			WHERE r.connection = sweep_waits.connection AND r.number < c.sweep_after)
		-- what was sent before is a call that holds only when it is taken
		OR EXISTS (
			SELECT FROM cdp.inbox i
			WHERE i.source = c.source AND i.written_by = c.owner AND starts_with(i.message_id, connection || ':')
				AND i.context -> '_deleted' IS NULL AND NOT EXISTS (
					SELECT FROM cdp_data.seen_call s
					WHERE s.connection = sweep_waits.connection
						AND s.message_key = cdp_internal.message_key(i.message_id)));
END
$function$;
COMMENT ON FUNCTION cdp_internal.sweep_waits(text) IS
	'Internal: returns whether something of a connected table is still to be read, or to be taken from the inbox, '
	'before calls of rows that are no longer there are looked for.';

CREATE FUNCTION cdp_internal.sweep(connection text, max_rows bigint, OUT taken bigint, OUT deletions bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	page_rows integer;
	c record;
	page record;
BEGIN
	taken := 0; deletions := 0;
	SELECT t.source, s.source_id, pg_get_userbyid(t.owner::oid) AS owner, t.sweep_number, t.swept_until,
		t.mapping ? 'version' AS has_version INTO c
	FROM cdp_data.connected_table t
	LEFT JOIN cdp_data.source s ON s.source = t.source
	WHERE t.name = connection AND t.sweep_number IS NOT NULL;
	IF NOT FOUND OR cdp_internal.sweep_waits(connection) THEN
		RETURN;
	END IF;
	WHILE taken < max_rows LOOP
		page_rows := least(max_rows - taken, 10000);
		WITH held AS MATERIALIZED (
			SELECT s.*
			FROM cdp_data.statement s
			WHERE s.message_key > coalesce(c.swept_until, '00000000-0000-0000-0000-000000000000')
			ORDER BY s.message_key LIMIT page_rows
		), gone AS (
			INSERT INTO cdp.inbox (message_id, context, received_at, source, written_by)
			SELECT e.message_id, jsonb_build_object('_version', CASE WHEN c.has_version THEN h.version
				ELSE to_jsonb(2 * c.sweep_number) END, '_deleted', true), now(), c.source, c.owner
			FROM held h
			-- one by one: a person's part of the log, and not all of it
			CROSS JOIN LATERAL (
				SELECT q.message_id
				FROM cdp_data.event q
				WHERE q.identifier_id = h.identifier_id AND q."timestamp" = h."timestamp" AND q.event_id = h.event_id
				OFFSET 0) e
			WHERE h.source_id = c.source_id AND h.event_id IS NOT NULL AND starts_with(e.message_id, connection || ':')
				AND (c.has_version OR jsonb_typeof(h.version) = 'number' AND h.version < to_jsonb(2 * c.sweep_number))
				AND NOT EXISTS (
					SELECT FROM cdp_data.seen_call s
					WHERE s.connection = sweep.connection
						AND s.message_key = cdp_internal.message_key(e.message_id))
			RETURNING true)
		SELECT (SELECT h.message_key FROM held h ORDER BY h.message_key DESC LIMIT 1) AS last,
			(SELECT count(*) FROM held) AS rows, (SELECT count(*) FROM gone) AS gone INTO page;
		deletions := deletions + page.gone;
		-- a call that is looked at costs a tenth of one that is taken back
		taken := taken + greatest(page.gone, (page.rows + 9) / 10);
		c.swept_until := page.last;
		UPDATE cdp_data.connected_table t
		SET swept_until = page.last
		WHERE t.name = connection;
		IF page.rows < page_rows THEN
			UPDATE cdp_data.connected_table t
			SET sweep_number = NULL, sweep_after = NULL, swept_until = NULL,
				truncated_at = CASE WHEN c.has_version THEN truncated_at END
			WHERE t.name = connection;
			EXIT;
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.sweep(text, bigint) IS
	'Internal: writes deletions of calls that were not sent since a connected table was read anew, or truncated, to '
	'the inbox, up to max_rows and some; goes on where it ended.';

REVOKE ALL ON FUNCTION cdp_internal.can_sweep(text), cdp_internal.begin_sweep(text), cdp_internal.sweep_waits(text),
	cdp_internal.sweep(text, bigint) FROM PUBLIC;
