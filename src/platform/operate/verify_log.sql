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
		WHERE i.identifier_id = ANY (own)
		UNION
		-- an alias is anchored at an identifier of the later user_id
		SELECT n.place
		FROM (
			SELECT l.b AS other FROM cdp_data.link l WHERE l.a = ANY (own) AND l.aliases > 0
			UNION
			SELECT l.a FROM cdp_data.link l WHERE l.b = ANY (own) AND l.aliases > 0) t
		CROSS JOIN LATERAL (
			SELECT l.b FROM cdp_data.link l WHERE l.a = t.other
			UNION ALL
			SELECT l.a FROM cdp_data.link l WHERE l.b = t.other) AS n (place));
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_places(bigint[]) IS
	'Internal: returns the identifiers that events with one of these can be anchored at.';

-- What the log says, read once: said, a row for each event.
CREATE FUNCTION cdp_internal.verify_said_query(events text, base text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT e.event_id, e.identifier_id AS found_id, coalesce(k.ids[1], 0) AS anchor_id, k.ids, k.lacking, a.user_id,
			   a.earlier_id,
			   least(e."timestamp", e.received_at) AS at, least(e."timestamp", e.received_at) AS last_at, 1 AS events,
			   e.source COLLATE "C" AS source, e.message_id,
			   cdp.message_key(e.message_id) IS NULL
				OR (SELECT true FROM cdp_data.message m WHERE m.message_key = cdp.message_key(e.message_id))
				IS NOT NULL AS is_known, cdp_internal.progress_row() AS counted
		FROM %s
		CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,
			e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp,
			e.received_at, e.source, $1) o
		CROSS JOIN LATERAL (
			-- the strongest first
			SELECT array_agg(i.identifier_id ORDER BY i.shared, n.priority, u.identifier)
					FILTER (WHERE NOT i.blocked AND i.profile_id <> 0 AND n.namespace IS NOT NULL) AS ids,
				   array_agg(u.identifier)
					FILTER (WHERE i.blocked IS NOT FALSE OR i.profile_id = 0 OR n.namespace IS NULL) AS lacking
			FROM unnest(o.ids) AS u (identifier)
			LEFT JOIN LATERAL cdp_internal.known_identifier(u.identifier) i ON true
			LEFT JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(u.identifier)
			WHERE NOT cdp_internal.is_blocked(u.identifier, $2)) k
		LEFT JOIN LATERAL (
			-- an alias: the first user_id, and the earlier one, which is no identifier of the event
			SELECT x.identifier_id AS user_id, y.identifier_id AS earlier_id
			FROM (
				SELECT u.identifier
				FROM unnest(o.ids) AS u (identifier)
				WHERE cdp.namespace(u.identifier) = 'user_id'
				ORDER BY u.identifier LIMIT 1) u
			CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) x
			CROSS JOIN LATERAL cdp_internal.known_identifier(o.earlier) y
			WHERE u.identifier <> o.earlier AND NOT cdp_internal.is_blocked(u.identifier, $2)
			  AND NOT cdp_internal.is_blocked(o.earlier, $2)) a ON o.earlier IS NOT NULL
		WHERE %s
		UNION ALL
		SELECT -b.base_id, b.identifier_id, coalesce(k.ids[1], 0), k.ids, k.lacking,
			   CASE WHEN k.has_user THEN b.ids[1] END, CASE WHEN k.has_user THEN k.earlier_id END, b.first_said_at,
			   b.last_said_at, b.events, s.source, b.message_id, true, cdp_internal.progress_row()
		FROM %s
		JOIN cdp_data.source s ON s.source_id = b.source_id
		CROSS JOIN LATERAL (
			SELECT array_agg(i.identifier_id ORDER BY i.shared, n.priority, i.identifier)
					FILTER (WHERE u.place <> 0 AND NOT i.blocked AND i.profile_id <> 0 AND n.namespace IS NOT NULL)
					AS ids,
				   array_agg(i.identifier) FILTER (WHERE u.place <> 0 AND (i.blocked OR i.profile_id = 0)) AS lacking,
				   bool_or(u.place = 1) AS has_user, max(i.identifier_id) FILTER (WHERE u.place = 0) AS earlier_id
			FROM (SELECT d.identifier_id, d.place FROM unnest(b.ids) WITH ORDINALITY AS d (identifier_id, place)
				  UNION ALL SELECT b.earlier_id, 0 WHERE b.earlier_id IS NOT NULL) u
			JOIN cdp_data.identifier i ON i.identifier_id = u.identifier_id
			LEFT JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
			WHERE NOT cdp_internal.is_blocked(i.identifier, $2)) k
	$sql$, events, cdp_internal.is_logged_condition(), base);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_said_query(text, text) IS
	'Internal: returns a query of (event_id, found_id, anchor_id, ids, lacking, user_id, earlier_id, at, last_at, '
	'events, source, message_id, is_known, counted): what each event, and each row of the base, should have. event_id: '
	'of a row of the base its number, negative. ids: the numbers of its usable identifiers, the strongest first; '
	'lacking: those that the tables lack or take for blocked; user_id, earlier_id: the pair of an alias. events: what '
	'stands in FROM, as e; base: the same, as b. Parameters: the time '
	'of the last batch, the blocked values.';

-- The links that the events say, beside those of cdp_data.link.  Sorted on disk, if there are many.
CREATE FUNCTION cdp_internal.verify_link_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT coalesce(w.a, l.a) AS a, coalesce(w.b, l.b) AS b, coalesce(w.source, n.source) AS source, l.source_id,
			   w.first_at AS said_first, w.last_at AS said_last, w.events AS said_events, w.message_id AS said_message,
			   w.aliases AS said_aliases, l.first_at, l.last_at, l.events, l.message_id, l.aliases, l.refused,
			   cdp_internal.progress_row() AS counted
		FROM (
			SELECT DISTINCT ON (t.a, t.b, t.source) t.a, t.b, t.source, t.at AS first_at,
				   max(t.last_at) OVER pair AS last_at, (sum(t.events) OVER pair)::bigint AS events,
				   (sum(t.aliases) OVER pair)::bigint AS aliases, t.message_id
			FROM (
				SELECT least(x.id, y.id) AS a, greatest(x.id, y.id) AS b, s.source, s.at, s.last_at,
					   s.events, s.message_id, 0 AS aliases
				FROM said s
				CROSS JOIN LATERAL unnest(s.ids) AS x (id)
				JOIN LATERAL unnest(s.ids) AS y (id) ON x.id < y.id
				UNION ALL
				SELECT least(s.user_id, s.earlier_id), greatest(s.user_id, s.earlier_id), s.source, s.at, s.last_at,
					   s.events, s.message_id, s.events
				FROM said s
				WHERE s.earlier_id IS NOT NULL) t
			LEFT JOIN void v ON v.a = t.a AND v.b = t.b
			WHERE (v.until_at IS NULL OR t.last_at > v.until_at)
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
	'said_aliases, first_at, last_at, events, message_id, aliases, refused, counted) over said and void: what the '
	'events say of each pair, '
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
		SELECT 'anchor', CASE WHEN s.event_id > 0 THEN 'event ' ELSE 'row of the base ' END || abs(s.event_id),
			   cdp_internal.verify_name(s.anchor_id),
			   cdp_internal.verify_name(s.found_id)
		FROM said s WHERE s.anchor_id <> s.found_id
		UNION ALL
		SELECT 'base', 'row of the base ' || b.base_id, 'identifiers with rows', 'number ' || u.identifier_id
		FROM cdp_data.base b
		CROSS JOIN LATERAL unnest(b.ids || b.earlier_id) AS u (identifier_id)
		WHERE $3 IS NULL AND u.identifier_id IS NOT NULL
		  AND NOT EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = u.identifier_id)
		UNION ALL
		SELECT 'message', 'event ' || s.event_id, concat('message ', s.message_id, ' is known'), NULL
		FROM said s WHERE NOT s.is_known
		UNION ALL
		SELECT DISTINCT 'identifier', u.identifier::text, 'usable, as events of the log have it',
			   (SELECT CASE WHEN i.blocked THEN 'blocked' ELSE 'in no profile' END
				FROM cdp_internal.known_identifier(u.identifier) i WHERE i.blocked OR i.profile_id = 0)
		FROM said s CROSS JOIN LATERAL unnest(s.lacking) AS u (identifier)
		UNION ALL
		SELECT 'link', concat(CASE WHEN x.identifier > y.identifier
				THEN concat(cdp_internal.verify_name(d.b), ' - ', cdp_internal.verify_name(d.a))
				ELSE concat(cdp_internal.verify_name(d.a), ' - ', cdp_internal.verify_name(d.b)) END, ', ',
				coalesce(d.source, 'source number ' || d.source_id)),
			   CASE WHEN d.said_events IS NOT NULL THEN
				cdp_internal.verify_link(d.said_events, d.said_first, d.said_last, d.said_message, d.said_aliases,
					n.apart) END,
			   CASE WHEN d.events IS NOT NULL THEN
				cdp_internal.verify_link(d.events, d.first_at, d.last_at, d.message_id, d.aliases, d.refused) END
				|| CASE WHEN d.source IS NULL THEN ', of a source that cdp.source lacks' ELSE '' END
		FROM (%s) d
		LEFT JOIN cdp_data.identifier x ON x.identifier_id = d.a
		LEFT JOIN cdp_data.identifier y ON y.identifier_id = d.b
		CROSS JOIN LATERAL (
			SELECT coalesce(NOT x.shared AND NOT y.shared AND x.profile_id <> y.profile_id AND x.profile_id <> 0
				AND y.profile_id <> 0, false) AS apart) n
		WHERE (d.said_events, d.said_first, d.said_last, d.said_message, d.said_aliases, n.apart)
			IS DISTINCT FROM (d.events, d.first_at, d.last_at, d.message_id, d.aliases, d.refused)
	$sql$,
		cdp_internal.verify_said_query(CASE WHEN own IS NULL THEN 'cdp_data.event e'
			ELSE 'unnest($4) AS p (place) JOIN cdp_data.event e ON e.identifier_id = p.place' END,
			CASE WHEN own IS NULL THEN 'cdp_data.base b'
			ELSE 'unnest($4) AS p (place) JOIN cdp_data.base b ON b.identifier_id = p.place' END),
		cdp_internal.verify_link_query())
	USING (SELECT s.as_of FROM cdp_data.state s), cdp_internal.blocked_rules(), own, cdp_internal.verify_places(own);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_log(bigint[]) IS
	'Internal: returns the events that have a wrong anchor or a message that is not known, the identifiers of events '
	'that the tables lack, and the links that differ from what the events say. own: the identifiers of one person; '
	'NULL: all events.';

CREATE FUNCTION cdp_internal.verify_link(events bigint, first_at timestamptz, last_at timestamptz, message_id text,
	aliases bigint, refused boolean) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN format('%s event(s) from %s to %s, the first is %s%s%s', events, first_at, last_at, message_id,
		CASE WHEN aliases <> 0 THEN format(', %s aliases', aliases) END, CASE WHEN refused THEN ', refused' END);
COMMENT ON FUNCTION cdp_internal.verify_link(bigint, timestamptz, timestamptz, text, bigint, boolean) IS
	'Internal: what a link holds, in words.';

REVOKE ALL ON FUNCTION cdp_internal.verify_name(bigint), cdp_internal.verify_places(bigint[]),
	cdp_internal.verify_said_query(text, text), cdp_internal.verify_link_query(), cdp_internal.verify_log(bigint[]),
	cdp_internal.verify_link(bigint, timestamptz, timestamptz, text, bigint, boolean) FROM PUBLIC;
