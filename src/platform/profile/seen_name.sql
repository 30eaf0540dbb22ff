-- The names of events and traits that were ever seen, to notice a mistyped one in a rule or a condition.

-- Reads batch_row and batch_accepted.  Keeps at most 10,000 names of a kind, as some sources put ids into names.
CREATE FUNCTION cdp_internal.refresh_seen_names() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.seen_name (kind, name, batch_id)
		SELECT n.kind, n.name, $1
		FROM (
			SELECT u.kind, u.name, row_number() OVER (PARTITION BY u.kind ORDER BY u.name COLLATE "C") AS place
			FROM (
				SELECT DISTINCT k.kind, k.name
				FROM batch_row r
				JOIN batch_accepted USING (row_no)
				CROSS JOIN LATERAL (
					SELECT 'event' AS kind, r.event_name AS name
					WHERE r.event_name IS NOT NULL
					UNION ALL
					SELECT 'trait', t.name
					FROM jsonb_object_keys(CASE WHEN r.call_type IN ('identify', 'group')
							AND jsonb_typeof(r.traits) = 'object' THEN r.traits END) t (name)
				) k) u
			WHERE octet_length(u.name) <= 255
				AND NOT EXISTS (SELECT FROM cdp_data.seen_name s WHERE s.kind = u.kind AND s.name = u.name)) n
		LEFT JOIN (
			SELECT s.kind, count(*) AS number
			FROM cdp_data.seen_name s
			GROUP BY s.kind) c ON c.kind = n.kind
		WHERE n.place + coalesce(c.number, 0) <= 10000
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_seen_names() IS
	'Internal: records the names of events and traits that the batch brings for the first time.';

CREATE FUNCTION cdp_internal.notice_unseen(kind text, name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known text[];
	nearest text;
BEGIN
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

REVOKE ALL ON FUNCTION cdp_internal.refresh_seen_names(), cdp_internal.notice_unseen(text, text) FROM PUBLIC;
