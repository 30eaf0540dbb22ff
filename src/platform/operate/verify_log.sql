-- The log against what is stored of each event: its identifiers, its anchor, its message, and the links that it says.

CREATE FUNCTION cdp_internal.verify_name(identifier_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN CASE WHEN identifier_id <> 0 THEN coalesce(
		(SELECT i.identifier::text FROM cdp_data.identifier i WHERE i.identifier_id = verify_name.identifier_id),
		format('identifier %s', identifier_id)) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_name(bigint) IS
	'Internal: returns the identifier with a number, or words for a number that none has; NULL for 0.';

-- The events of a person are anchored at an identifier of the person, or at one that some evidence joined to it.
CREATE FUNCTION cdp_internal.verify_places(own bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT o.id FROM unnest(own) AS o (id)
		UNION
		SELECT l.b FROM cdp_data.link l WHERE l.a = ANY (own)
		UNION
		SELECT l.a FROM cdp_data.link l WHERE l.b = ANY (own)
		UNION
		SELECT m.identifier_id
		FROM cdp_data.identifier i
		JOIN cdp_data.verdict v ON v.kind = 'unlink' AND i.identifier IN (v.a, v.b)
		CROSS JOIN LATERAL unnest(ARRAY[v.a, v.b]) AS u (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) m
		WHERE i.identifier_id = ANY (own));
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_places(bigint[]) IS
	'Internal: returns the identifiers that events with one of these can be anchored at.';

-- What the log says, read once: said, a row for each event.
CREATE FUNCTION cdp_internal.verify_said_query(events text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT e.event_id, e.identifier_id AS found_id, coalesce(k.ids[1], 0) AS anchor_id, k.ids, k.lacking,
			   least(e."timestamp", e.received_at) AS at, e.source COLLATE "C" AS source, e.message_id,
			   cdp.message_key(e.message_id) IS NULL
				OR (SELECT true FROM cdp_data.message m WHERE m.message_key = cdp.message_key(e.message_id))
				IS NOT NULL
				OR e.batch_id <= (SELECT s.forgotten_batch_id FROM cdp_data.state s) AS is_known,
			   cdp_internal.progress_row() AS counted
		FROM %s
		CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,
			e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp,
			e.received_at, e.source, $1) o
		CROSS JOIN LATERAL (
			-- the strongest first
			SELECT array_agg(i.identifier_id ORDER BY i.shared, n.priority, u.identifier)
					FILTER (WHERE NOT i.blocked AND n.namespace IS NOT NULL) AS ids,
				   array_agg(u.identifier) FILTER (WHERE i.blocked IS NOT FALSE OR n.namespace IS NULL) AS lacking
			FROM unnest(o.ids) AS u (identifier)
			LEFT JOIN LATERAL cdp_internal.known_identifier(u.identifier) i ON true
			LEFT JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(u.identifier)
			WHERE NOT cdp_internal.is_blocked(u.identifier, $2)) k
	$sql$, events);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_said_query(text) IS
	'Internal: returns a query of (event_id, found_id, anchor_id, ids, lacking, at, source, message_id, is_known, '
	'counted): what each event should have. ids: the numbers of its usable identifiers, the strongest first; '
	'lacking: those that the tables lack or take for blocked. events: what stands in FROM, as e. Parameters: the time '
	'of the last batch, the blocked values.';

-- The links that the events say, beside those of cdp_data.link.  Sorted on disk, if there are many.
CREATE FUNCTION cdp_internal.verify_link_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT coalesce(w.a, l.a) AS a, coalesce(w.b, l.b) AS b, coalesce(w.source, n.source) AS source, l.source_id,
			   w.first_at AS said_first, w.last_at AS said_last, w.events AS said_events, w.message_id AS said_message,
			   l.first_at, l.last_at, l.events, l.message_id, l.refused, cdp_internal.progress_row() AS counted
		FROM (
			SELECT DISTINCT ON (t.a, t.b, t.source) t.a, t.b, t.source, t.at AS first_at,
				   max(t.at) OVER pair AS last_at, count(*) OVER pair AS events, t.message_id
			FROM (
				SELECT least(x.id, y.id) AS a, greatest(x.id, y.id) AS b, s.source, s.at, s.message_id
				FROM said s
				CROSS JOIN LATERAL unnest(s.ids) AS x (id)
				JOIN LATERAL unnest(s.ids) AS y (id) ON x.id < y.id) t
			LEFT JOIN void v ON v.a = t.a AND v.b = t.b
			WHERE (v.until_at IS NULL OR t.at > v.until_at)
			  AND ($3 IS NULL OR t.a = ANY ($3) OR t.b = ANY ($3))
			WINDOW pair AS (PARTITION BY t.a, t.b, t.source)
			ORDER BY t.a, t.b, t.source, t.at, t.message_id COLLATE "C") w
		LEFT JOIN cdp_data.source m ON m.source = w.source
		FULL JOIN (SELECT * FROM cdp_data.link l WHERE $3 IS NULL OR l.a = ANY ($3) OR l.b = ANY ($3)) l
			ON l.a = w.a AND l.b = w.b AND l.source_id = m.source_id
		LEFT JOIN cdp_data.source n ON n.source_id = l.source_id
	$sql$;
COMMENT ON FUNCTION cdp_internal.verify_link_query() IS
	'Internal: returns a query of (a, b, source, source_id, said_first, said_last, said_events, said_message, '
	'first_at, last_at, events, message_id, refused, counted) over said and void: what the events say of each pair, '
	'and what the tables hold; source: NULL if cdp.source lacks source_id. '
	'Parameter $3: the identifiers that either end is one of; NULL: all.';

CREATE FUNCTION cdp_internal.verify_log(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH said AS MATERIALIZED (%s), void AS MATERIALIZED (
			SELECT least(x.identifier_id, y.identifier_id) AS a, greatest(x.identifier_id, y.identifier_id) AS b,
				   v.until_at
			FROM cdp_data.verdict v
			CROSS JOIN LATERAL cdp_internal.known_identifier(v.a) x
			CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) y
			WHERE v.kind = 'unlink')
		SELECT 'anchor', 'event ' || s.event_id, cdp_internal.verify_name(s.anchor_id),
			   cdp_internal.verify_name(s.found_id)
		FROM said s WHERE s.anchor_id <> s.found_id
		UNION ALL
		SELECT 'message', 'event ' || s.event_id, concat('message ', s.message_id, ' is known'), NULL
		FROM said s WHERE NOT s.is_known
		UNION ALL
		SELECT DISTINCT 'identifier', u.identifier::text, 'usable, as events of the log have it',
			   (SELECT 'blocked' FROM cdp_internal.known_identifier(u.identifier) i WHERE i.blocked)
		FROM said s CROSS JOIN LATERAL unnest(s.lacking) AS u (identifier)
		UNION ALL
		SELECT 'link', concat(CASE WHEN x.identifier > y.identifier
				THEN concat(cdp_internal.verify_name(d.b), ' - ', cdp_internal.verify_name(d.a))
				ELSE concat(cdp_internal.verify_name(d.a), ' - ', cdp_internal.verify_name(d.b)) END, ', ',
				coalesce(d.source, 'source number ' || d.source_id)),
			   CASE WHEN d.said_events IS NOT NULL THEN
				cdp_internal.verify_link(d.said_events, d.said_first, d.said_last, d.said_message, n.apart) END,
			   CASE WHEN d.events IS NOT NULL THEN
				cdp_internal.verify_link(d.events, d.first_at, d.last_at, d.message_id, d.refused) END
				|| CASE WHEN d.source IS NULL THEN ', of a source that cdp.source lacks' ELSE '' END
		FROM (%s) d
		LEFT JOIN cdp_data.identifier x ON x.identifier_id = d.a
		LEFT JOIN cdp_data.identifier y ON y.identifier_id = d.b
		CROSS JOIN LATERAL (
			SELECT coalesce(NOT x.shared AND NOT y.shared AND x.profile_id <> y.profile_id, false) AS apart) n
		WHERE (d.said_events, d.said_first, d.said_last, d.said_message, n.apart)
			IS DISTINCT FROM (d.events, d.first_at, d.last_at, d.message_id, d.refused)
	$sql$,
		cdp_internal.verify_said_query(CASE WHEN own IS NULL THEN 'cdp_data.event e'
			ELSE 'unnest($4) AS p (place) JOIN cdp_data.event e ON e.identifier_id = p.place' END),
		cdp_internal.verify_link_query())
	USING (SELECT s.as_of FROM cdp_data.state s), cdp_internal.blocked_rules(), own, cdp_internal.verify_places(own);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_log(bigint[]) IS
	'Internal: returns the events that have a wrong anchor or a message that is not known, the identifiers of events '
	'that the tables lack, and the links that differ from what the events say. own: the identifiers of one person; '
	'NULL: all events.';

CREATE FUNCTION cdp_internal.verify_link(events bigint, first_at timestamptz, last_at timestamptz, message_id text,
	refused boolean) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN format('%s event(s) from %s to %s, the first is %s%s', events, first_at, last_at, message_id,
		CASE WHEN refused THEN ', refused' END);
COMMENT ON FUNCTION cdp_internal.verify_link(bigint, timestamptz, timestamptz, text, boolean) IS
	'Internal: what a link holds, in words.';

REVOKE ALL ON FUNCTION cdp_internal.verify_name(bigint), cdp_internal.verify_places(bigint[]),
	cdp_internal.verify_said_query(text), cdp_internal.verify_link_query(), cdp_internal.verify_log(bigint[]),
	cdp_internal.verify_link(bigint, timestamptz, timestamptz, text, boolean) FROM PUBLIC;
