-- Identifiers: their numbers, link counts, sharing and blocking, and the order of their former profiles.

-- Whether some event has an identifier.  If it has a link, or an event is anchored at it, this is so (the links and
-- anchors are compared with the log).  Otherwise all its links are void.
CREATE FUNCTION cdp_internal.verify_is_said(identifier cdp.identifier) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
BEGIN
	RETURN EXISTS (
		SELECT
		FROM cdp_data.verdict v
		CROSS JOIN LATERAL unnest(ARRAY[v.a, v.b]) AS u (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) m
		JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
		CROSS JOIN cdp_data.state s
		CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,
			e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp,
			e.received_at, e.source, s.as_of) o
		WHERE v.kind = 'unlink' AND identifier IN (v.a, v.b) AND identifier = ANY (o.ids))
		OR EXISTS (
		SELECT
		FROM cdp_data.verdict v
		CROSS JOIN LATERAL unnest(ARRAY[v.a, v.b]) AS u (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) m
		CROSS JOIN LATERAL cdp_internal.known_identifier(identifier) o
		JOIN cdp_data.base b ON b.identifier_id = m.identifier_id
		WHERE v.kind = 'unlink' AND identifier IN (v.a, v.b) AND o.identifier_id = ANY (b.ids));
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_is_said(cdp.identifier) IS
	'Internal: returns whether an event of the log has an identifier that has no link, and that no event is anchored '
	'at.';

CREATE FUNCTION cdp_internal.verify_identifier_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT i.*, m.identifier_id AS mapped_id, n.namespace, l.counts, w.is_blocked, w.is_shared,
			   cdp_internal.progress_row() AS counted,
			   i.profile_id <> 0 AND (i.shared <> w.is_shared OR i.link_counts IS DISTINCT FROM l.stored) AS differs
		FROM cdp_data.identifier i
		LEFT JOIN LATERAL cdp_internal.known_identifier(i.identifier) m ON true
		LEFT JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
		CROSS JOIN LATERAL (
			SELECT coalesce(jsonb_object_agg(g.namespace, g.number), '{}') AS counts,
				   CASE WHEN count(*) = 0 THEN ''
					ELSE cdp_internal.make_link_counts(array_agg(k.namespace_id), array_agg(g.number)) END AS stored,
				   coalesce(bool_or(g.namespace <> n.namespace
					AND g.number > cdp_internal.max_links_to(n.max_links, g.namespace)), false) AS is_over
			FROM (
				SELECT cdp.namespace(o.identifier) AS namespace, count(*) AS number
				FROM (
					SELECT DISTINCT k.b AS other FROM cdp_data.link k WHERE k.a = i.identifier_id
					UNION ALL
					SELECT DISTINCT k.a FROM cdp_data.link k WHERE k.b = i.identifier_id) t
				JOIN cdp_data.identifier o ON o.identifier_id = t.other
				-- aliases of an end that no event carries wait
				WHERE o.profile_id <> 0 AND i.profile_id <> 0
				GROUP BY 1) g
			LEFT JOIN cdp_data.namespace k ON k.namespace = g.namespace) l
		LEFT JOIN cdp_data.verdict v ON v.a = i.identifier AND v.kind IN ('shared', 'not_shared')
		CROSS JOIN LATERAL (
			SELECT cdp_internal.is_blocked(i.identifier, $1) AS is_blocked,
				   i.profile_id <> 0 AND coalesce(v.kind = 'shared', l.is_over) AS is_shared
			OFFSET 0) w
		WHERE $2 IS NULL OR i.profile_id = $2
	$sql$;
COMMENT ON FUNCTION cdp_internal.verify_identifier_query() IS
	'Internal: returns a query of cdp_data.identifier, with what follows from the links, the rules and the verdicts: '
	'counts, is_blocked, is_shared; differs: whether counts or sharing do. Parameters: the blocked values, one '
	'profile_id or NULL.';

-- The nested loops read one identifier after the other, so memory is that of one.
CREATE FUNCTION cdp_internal.verify_identifiers(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_hashjoin = off
	SET enable_mergejoin = off
	SET enable_seqscan = off
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT d.stage, i.identifier::text, d.expected, d.found
		FROM (%s OFFSET 0) i
		CROSS JOIN LATERAL (VALUES
			('identifier', NULL, CASE WHEN i.mapped_id IS DISTINCT FROM i.identifier_id THEN
				concat('number ', i.identifier_id, ', which is not its number in cdp_data.identifier_map') END),
			('identifier', 'a namespace of cdp.namespace', CASE WHEN i.namespace IS NULL THEN 'another' END),
			('identifier', 'blocked', CASE WHEN i.is_blocked AND NOT (i.blocked AND i.profile_id = 0) THEN
				cdp_internal.verify_profile_of(i.profile_id) END),
			('identifier', 'not blocked', CASE WHEN NOT i.is_blocked AND i.blocked AND i.profile_id = 0 THEN
				'blocked' END),
			('identifier', 'in no profile', CASE WHEN NOT i.is_blocked AND i.blocked AND i.profile_id <> 0 THEN
				cdp_internal.verify_profile_of(i.profile_id) || ', blocked' END),
			('identifier', 'not shared, links {}', CASE WHEN i.profile_id = 0
				AND (i.shared OR i.link_counts <> '') THEN
				cdp_internal.verify_sharing(i.shared, cdp_internal.link_counts(i.link_counts))
				|| ', in no profile' END),
			('identifier', NULL, CASE WHEN NOT i.is_blocked AND NOT i.blocked AND i.counts = '{}'
				AND i.profile_id <> 0
				AND (SELECT true FROM cdp_data.event e WHERE e.identifier_id = i.identifier_id LIMIT 1) IS NULL
				AND (SELECT true FROM cdp_data.base b WHERE b.identifier_id = i.identifier_id LIMIT 1) IS NULL
				AND NOT cdp_internal.verify_is_said(i.identifier)
				THEN cdp_internal.verify_profile_of(i.profile_id) || ', but no event has it' END),
			('identifier', CASE WHEN i.differs THEN cdp_internal.verify_sharing(i.is_shared, i.counts) END,
				CASE WHEN i.differs
					THEN cdp_internal.verify_sharing(i.shared, cdp_internal.link_counts(i.link_counts)) END),
			('history', 'former profiles one after the other, before the present one', CASE WHEN (
				SELECT bool_or(h.from_batch_id > h.until_batch_id OR h.until_batch_id > h.next_batch_id)
				FROM (SELECT f.from_batch_id, f.until_batch_id,
							 lead(f.from_batch_id, 1, i.since_batch_id) OVER (ORDER BY f.from_batch_id) AS next_batch_id
					  FROM cdp_data.identifier_history f WHERE f.identifier_id = i.identifier_id) h)
				THEN 'batches that overlap' END)
		) AS d (stage, expected, found)
		WHERE d.found IS NOT NULL
	$sql$, cdp_internal.verify_identifier_query()) USING cdp_internal.blocked_rules(), person;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_identifiers(bigint) IS
	'Internal: returns the identifiers that differ from their links, the rules and the verdicts. person: a profile_id; '
	'NULL: all.';

CREATE FUNCTION cdp_internal.verify_numbers() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT 'identifier', coalesce(i.identifier::text, format('number %s', m.identifier_id)), NULL,
			   CASE WHEN i.identifier_id IS NULL THEN 'a number in cdp_data.identifier_map that none has'
				ELSE 'another hash in cdp_data.identifier_map' END
		FROM cdp_data.identifier_map m
		CROSS JOIN cdp_data.identifier_key k
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
		WHERE i.identifier_id IS NULL OR cdp_internal.map_hash(i.identifier, k.key) <> m.hash;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_numbers() IS
	'Internal: returns the rows of cdp_data.identifier_map whose number or hash is wrong.';

CREATE FUNCTION cdp_internal.verify_sharing(shared boolean, counts jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format('%s, links %s', CASE WHEN shared THEN 'shared' ELSE 'not shared' END, counts);
COMMENT ON FUNCTION cdp_internal.verify_sharing(boolean, jsonb) IS
	'Internal: whether an identifier is shared, and its links, in words.';

CREATE FUNCTION cdp_internal.verify_profile_of(profile_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN coalesce('profile ' || cdp_internal.verify_name(profile_id), 'no profile');
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_profile_of(bigint) IS 'Internal: the name of a profile, in words.';

REVOKE ALL ON FUNCTION cdp_internal.verify_is_said(cdp.identifier), cdp_internal.verify_identifier_query(),
	cdp_internal.verify_identifiers(bigint), cdp_internal.verify_numbers(), cdp_internal.verify_sharing(boolean, jsonb),
	cdp_internal.verify_profile_of(bigint) FROM PUBLIC;
