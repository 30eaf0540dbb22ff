-- The log and the base against what is stored of each event: its identifiers, its anchor, its message, and the links
-- that it says.

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

-- Rows of the base have no numbers.
CREATE FUNCTION cdp_internal.verify_base_name(identifier_id bigint, first_at timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN format('row of the base at %s, first said at %s',
		coalesce(cdp_internal.verify_name(identifier_id), 'no identifier'), first_at);
COMMENT ON FUNCTION cdp_internal.verify_base_name(bigint, timestamptz) IS
	'Internal: returns words for a row of the base, by its anchor and the time of its earliest evidence.';

-- What the log and the base say, each read once.
CREATE FUNCTION cdp_internal.verify_events(places bigint[], own bigint[])
	RETURNS TABLE (kind text, event_id bigint, a bigint, b bigint, source_id integer, source text,
		first_at timestamptz, last_at timestamptz, events bigint, message_id text, identifier cdp.identifier,
		aliases bigint)
	LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_verify_events';
COMMENT ON FUNCTION cdp_internal.verify_events(bigint[], bigint[]) IS
	'Internal: reads the events of the log, but for those that are folded, and the rows of the base (event_id 0) that '
	'are anchored at some identifiers (places; NULL: all), and returns what is wrong with them, and first_at: anchor '
	'(event event_id should have a, and has b; 0: none), message (that of the event is not known), content (the hash '
	'of the content of the message is another), number, source (the row of the base, anchored at b, names the '
	'identifier or source a, of which there is no row), identifier (events have it; the tables lack it, '
	'take it for blocked or do not know its namespace); and link: what some of them say of a pair with an end in own '
	'(NULL: of all), in which source_id is NULL where cdp.source lacks the source.';

-- The links that the events say, beside those of cdp_data.link.  Sorted on disk, if there are many.
CREATE FUNCTION cdp_internal.verify_link_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT coalesce(w.a, l.a) AS a, coalesce(w.b, l.b) AS b, w.source, coalesce(w.source_id, l.source_id)
			   AS source_id, w.first_at AS said_first, w.last_at AS said_last, w.events AS said_events,
			   w.message_id AS said_message, w.aliases AS said_aliases, l.first_at, l.last_at, l.events,
				   l.message_id, l.aliases,
			   l.refused,
			   cdp_internal.progress_row() AS counted
		FROM (
			SELECT DISTINCT ON (s.a, s.b, s.source_id, s.source) s.a, s.b, s.source_id, s.source, s.first_at,
				   max(s.last_at) OVER pair AS last_at, (sum(s.events) OVER pair)::bigint AS events,
				   (sum(s.aliases) OVER pair)::bigint AS aliases, s.message_id
			FROM said s
			WHERE s.kind = 'link'
			-- all rows of a pair, whatever the order
			WINDOW pair AS (PARTITION BY s.a, s.b, s.source_id, s.source ORDER BY s.first_at, s.message_id
				ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
			ORDER BY s.a, s.b, s.source_id, s.source, s.first_at, s.message_id) w
		FULL JOIN (SELECT * FROM cdp_data.link l WHERE $2 IS NULL OR l.a = ANY ($2) OR l.b = ANY ($2)) l
			ON l.a = w.a AND l.b = w.b AND l.source_id = w.source_id
	$sql$;
COMMENT ON FUNCTION cdp_internal.verify_link_query() IS
	'Internal: returns a query of (a, b, source, source_id, said_first, said_last, said_events, said_message, '
	'said_aliases, first_at, last_at, events, message_id, aliases, refused, counted) over said, the rows of '
	'cdp_internal.verify_events(): '
	'what the events say of each pair, and what the tables hold; source: the name of one that cdp.source lacks. '
	'Parameter $2: the identifiers that either end is one of; NULL: all.';

CREATE FUNCTION cdp_internal.verify_log(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH said AS MATERIALIZED (
			SELECT e.kind, e.event_id, e.a, e.b, e.source_id, e.source COLLATE "C", e.first_at, e.last_at, e.events,
				   e.message_id COLLATE "C", e.identifier, e.aliases
			FROM cdp_internal.verify_events($1, $2) e)
		SELECT 'anchor', CASE WHEN s.event_id = 0 THEN cdp_internal.verify_base_name(s.b, s.first_at)
				ELSE 'event ' || s.event_id END,
			   cdp_internal.verify_name(s.a), cdp_internal.verify_name(s.b)
		FROM said s WHERE s.kind = 'anchor'
		UNION ALL
		SELECT DISTINCT 'base', cdp_internal.verify_base_name(s.b, s.first_at),
			   CASE s.kind WHEN 'number' THEN 'identifiers with rows' ELSE 'a source of cdp.source' END,
			   CASE s.kind WHEN 'number' THEN 'identifier ' ELSE 'source number ' END || s.a
		FROM said s WHERE s.kind IN ('number', 'source')
		UNION ALL
		SELECT 'message', 'event ' || s.event_id, concat('message ', s.message_id, ' is known'),
			   CASE WHEN s.kind = 'content' THEN 'with another content' END
		FROM said s WHERE s.kind IN ('message', 'content')
		UNION ALL
		SELECT DISTINCT 'identifier', s.identifier::text, 'usable, as events have it',
			   (SELECT CASE WHEN i.blocked THEN 'blocked' ELSE 'in no profile' END
				FROM cdp_internal.known_identifier(s.identifier) i WHERE i.blocked OR i.profile_id = 0)
		FROM said s WHERE s.kind = 'identifier'
		UNION ALL
		SELECT 'link', concat(CASE WHEN x.identifier > y.identifier
				THEN concat(cdp_internal.verify_name(d.b), ' - ', cdp_internal.verify_name(d.a))
				ELSE concat(cdp_internal.verify_name(d.a), ' - ', cdp_internal.verify_name(d.b)) END, ', ',
				coalesce(d.source, n.source, 'source number ' || d.source_id)),
			   CASE WHEN d.said_events IS NOT NULL THEN
				cdp_internal.verify_link(d.said_events, d.said_first, d.said_last, d.said_message, d.said_aliases,
					d.apart) END,
			   CASE WHEN d.events IS NOT NULL THEN
				cdp_internal.verify_link(d.events, d.first_at, d.last_at, d.message_id, d.aliases, d.refused) END
				|| CASE WHEN n.source IS NULL THEN ', of a source that cdp.source lacks' ELSE '' END
		FROM (
			SELECT d.*, p.apart
			FROM (%s) d
			LEFT JOIN cdp_data.identifier x ON x.identifier_id = d.a
			LEFT JOIN cdp_data.identifier y ON y.identifier_id = d.b
			CROSS JOIN LATERAL (
				SELECT coalesce(NOT x.shared AND NOT y.shared AND x.profile_id <> y.profile_id AND x.profile_id <> 0
					AND y.profile_id <> 0, false) AS apart) p
			WHERE (d.said_events, d.said_first, d.said_last, d.said_message, d.said_aliases, p.apart)
				IS DISTINCT FROM (d.events, d.first_at, d.last_at, d.message_id, d.aliases, d.refused)
			OFFSET 0) d
		LEFT JOIN cdp_data.source n ON n.source_id = d.source_id
		LEFT JOIN cdp_data.identifier x ON x.identifier_id = d.a
		LEFT JOIN cdp_data.identifier y ON y.identifier_id = d.b
	$sql$, cdp_internal.verify_link_query()) USING cdp_internal.event_places(own), own;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_log(bigint[]) IS
	'Internal: returns the events and rows of the base that have a wrong anchor or a message that is not known or has '
	'another content, the identifiers of events that the tables lack, and the links that differ from what the events '
	'say. own: the identifiers of one person; NULL: all events.';

CREATE FUNCTION cdp_internal.verify_link(events bigint, first_at timestamptz, last_at timestamptz, message_id text,
	aliases bigint, refused boolean) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN format('%s event(s) from %s to %s, the first is %s%s%s', events, first_at, last_at, message_id,
		CASE WHEN aliases <> 0 THEN format(', %s aliases', aliases) END, CASE WHEN refused THEN ', refused' END);
COMMENT ON FUNCTION cdp_internal.verify_link(bigint, timestamptz, timestamptz, text, bigint, boolean) IS
	'Internal: what a link holds, in words.';

REVOKE ALL ON FUNCTION cdp_internal.verify_name(bigint), cdp_internal.verify_base_name(bigint, timestamptz),
	cdp_internal.verify_events(bigint[], bigint[]), cdp_internal.verify_link_query(), cdp_internal.verify_log(bigint[]),
	cdp_internal.verify_link(bigint, timestamptz, timestamptz, text, bigint, boolean) FROM PUBLIC;
