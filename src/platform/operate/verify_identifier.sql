-- Identifiers: their numbers, link counts, sharing and blocking, and the order of their former profiles.

-- Whole tables are read once and joined by hashes or in order, whatever the statistics say; for one person, keys are
-- looked up.
CREATE FUNCTION cdp_internal.verify_plans(whole boolean) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM set_config('enable_nestloop', CASE WHEN whole THEN 'off' ELSE 'on' END, true),
		set_config('enable_seqscan', CASE WHEN whole THEN 'on' ELSE 'off' END, true);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_plans(boolean) IS
	'Internal: sets how the statements of the caller are planned, a function that sets enable_nestloop and '
	'enable_seqscan itself, so that they last as long as it. whole: they read whole tables.';

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
		JOIN cdp_data.base_row b ON b.identifier_id = m.identifier_id
		WHERE v.kind = 'unlink' AND identifier IN (v.a, v.b) AND o.identifier_id = ANY (b.ids));
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_is_said(cdp.identifier) IS
	'Internal: returns whether an event of the log has an identifier that has no link, and that no event is anchored '
	'at.';

-- What the links say of each identifier that has some.
CREATE FUNCTION cdp_internal.verify_count_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT g.identifier_id, cdp_internal.make_link_counts(array_agg(g.other_id), array_agg(g.number)) AS counts,
			   coalesce(bool_or(g.own_id IS DISTINCT FROM g.other_id
				AND g.number > cdp_internal.max_links_to(n.max_links, o.namespace)), false) AS is_over
		FROM (
			SELECT t.identifier_id, t.own_id, t.other_id, count(*) AS number
			FROM (
				SELECT p.a, p.b, nx.namespace_id AS a_id, ny.namespace_id AS b_id
				FROM (
					SELECT DISTINCT k.a, k.b
					FROM cdp_data.link k
					WHERE $2 IS NULL OR k.a = ANY ($2) OR k.b = ANY ($2)) p
				-- aliases of an end that no event carries wait
				JOIN cdp_data.identifier x ON x.identifier_id = p.a AND x.profile_id <> 0
				JOIN cdp_data.identifier y ON y.identifier_id = p.b AND y.profile_id <> 0
				LEFT JOIN cdp_data.namespace nx ON nx.namespace = cdp.namespace(x.identifier)
				LEFT JOIN cdp_data.namespace ny ON ny.namespace = cdp.namespace(y.identifier)) p
			CROSS JOIN LATERAL (VALUES (p.a, p.a_id, p.b_id), (p.b, p.b_id, p.a_id))
				AS t (identifier_id, own_id, other_id)
			GROUP BY t.identifier_id, t.own_id, t.other_id) g
		LEFT JOIN cdp_data.namespace n ON n.namespace_id = g.own_id
		LEFT JOIN cdp_data.namespace o ON o.namespace_id = g.other_id
		GROUP BY g.identifier_id
	$sql$;
COMMENT ON FUNCTION cdp_internal.verify_count_query() IS
	'Internal: returns a query of (identifier_id, counts, is_over): the link counts of identifiers by their links, and '
	'whether one is above its limit. Parameter $2: the identifiers that either end is one of; NULL: all.';

CREATE FUNCTION cdp_internal.verify_identifier_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT i.identifier_id, i.identifier, i.profile_id, i.shared, i.blocked, i.link_counts, w.is_blocked,
			   n.namespace IS NOT NULL AS has_rule,
			   i.profile_id <> 0 AND coalesce(v.kind = 'shared', l.is_over, false) AS is_shared,
			   CASE WHEN l.identifier_id IS NULL THEN '' ELSE l.counts END AS counts,
			   l.identifier_id IS NOT NULL OR e.identifier_id IS NOT NULL OR b.identifier_id IS NOT NULL AS is_said,
			   cdp_internal.progress_row() AS counted
		FROM cdp_data.identifier i
		LEFT JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
		LEFT JOIN (%s) l ON l.identifier_id = i.identifier_id
		LEFT JOIN cdp_data.verdict v ON v.a = i.identifier AND v.kind IN ('shared', 'not_shared')
		LEFT JOIN (
			SELECT DISTINCT e.identifier_id
			FROM cdp_data.event e
			WHERE $2 IS NULL OR e.identifier_id = ANY ($2)) e ON e.identifier_id = i.identifier_id
		LEFT JOIN (
			SELECT DISTINCT b.identifier_id
			FROM cdp_data.base b
			WHERE $2 IS NULL OR b.identifier_id = ANY ($2)) b ON b.identifier_id = i.identifier_id
		CROSS JOIN LATERAL (SELECT cdp_internal.is_blocked(i.identifier, $1) AS is_blocked OFFSET 0) w
		WHERE $2 IS NULL OR i.identifier_id = ANY ($2)
	$sql$, cdp_internal.verify_count_query());
COMMENT ON FUNCTION cdp_internal.verify_identifier_query() IS
	'Internal: returns a query of cdp_data.identifier, with what follows from the links, the rules and the verdicts '
	'(counts, is_blocked, is_shared), whether its namespace is listed (has_rule), and whether a link or an anchor, '
	'of an event or of a row of the base, shows that some event has it (is_said). '
	'Parameters: the blocked values, the identifiers of one person or NULL.';

CREATE FUNCTION cdp_internal.verify_identifiers(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_nestloop = on
	SET enable_seqscan = on
AS $function$
BEGIN
	PERFORM cdp_internal.verify_plans(own IS NULL);
	RETURN QUERY EXECUTE format($sql$
		SELECT d.stage, i.identifier::text, d.expected, d.found
		FROM (
			SELECT i.*, i.profile_id <> 0 AND (i.shared <> i.is_shared OR i.link_counts IS DISTINCT FROM i.counts)
					AS differs,
				   i.profile_id = 0 AND (i.shared OR i.link_counts <> '') AS is_left,
				   NOT i.is_blocked AND NOT i.blocked AND i.profile_id <> 0 AND NOT i.is_said
					AND NOT cdp_internal.verify_is_said(i.identifier) AS is_unsaid
			FROM (%s OFFSET 0) i
			OFFSET 0) i
		CROSS JOIN LATERAL (VALUES
			('identifier', 'a namespace of cdp.namespace', CASE WHEN NOT i.has_rule THEN 'another' END),
			('identifier', 'blocked', CASE WHEN i.is_blocked AND NOT (i.blocked AND i.profile_id = 0) THEN
				cdp_internal.verify_profile_of(i.profile_id) END),
			('identifier', 'not blocked', CASE WHEN NOT i.is_blocked AND i.blocked AND i.profile_id = 0 THEN
				'blocked' END),
			('identifier', 'in no profile', CASE WHEN NOT i.is_blocked AND i.blocked AND i.profile_id <> 0 THEN
				cdp_internal.verify_profile_of(i.profile_id) || ', blocked' END),
			('identifier', 'not shared, links {}', CASE WHEN i.is_left THEN
				cdp_internal.verify_sharing(i.shared, cdp_internal.link_counts(i.link_counts))
				|| ', in no profile' END),
			('identifier', NULL, CASE WHEN i.is_unsaid THEN
				cdp_internal.verify_profile_of(i.profile_id) || ', but no event has it' END),
			('identifier', CASE WHEN i.differs THEN
					cdp_internal.verify_sharing(i.is_shared, cdp_internal.link_counts(i.counts)) END,
				CASE WHEN i.differs
					THEN cdp_internal.verify_sharing(i.shared, cdp_internal.link_counts(i.link_counts)) END)
		) AS d (stage, expected, found)
		-- most rows are right: as text only what differs
		WHERE (NOT i.has_rule OR i.is_blocked OR i.blocked OR i.is_unsaid OR i.is_left OR i.differs)
		  AND d.found IS NOT NULL
	$sql$, cdp_internal.verify_identifier_query()) USING cdp_internal.blocked_rules(), own;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_identifiers(bigint[]) IS
	'Internal: returns the identifiers that differ from their links, the rules and the verdicts. own: the identifiers '
	'of one person; NULL: all.';

CREATE FUNCTION cdp_internal.verify_history(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_nestloop = on
	SET enable_seqscan = on
AS $function$
BEGIN
	PERFORM cdp_internal.verify_plans(own IS NULL);
	RETURN QUERY EXECUTE $sql$
		SELECT DISTINCT 'history', h.identifier::text, 'former profiles one after the other, before the present one',
			   'batches that overlap'
		FROM (
			SELECT i.identifier, f.from_batch_id, f.until_batch_id,
				   lead(f.from_batch_id, 1, i.since_batch_id)
					OVER (PARTITION BY f.identifier_id ORDER BY f.from_batch_id) AS next_batch_id
			FROM cdp_data.identifier_history f
			JOIN cdp_data.identifier i ON i.identifier_id = f.identifier_id
			WHERE $1 IS NULL OR f.identifier_id = ANY ($1)) h
		WHERE h.from_batch_id > h.until_batch_id OR h.until_batch_id > h.next_batch_id
	$sql$ USING own;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_history(bigint[]) IS
	'Internal: returns the identifiers whose former profiles are in no order. own: the identifiers of one person; '
	'NULL: all.';

-- Whether the map has the number of each identifier, and nothing else.
CREATE FUNCTION cdp_internal.verify_numbers(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_nestloop = on
	SET enable_seqscan = on
AS $function$
BEGIN
	PERFORM cdp_internal.verify_plans(own IS NULL);
	RETURN QUERY EXECUTE CASE WHEN own IS NOT NULL THEN $sql$
		SELECT 'identifier', i.identifier::text, NULL, cdp_internal.verify_number(i.identifier_id)
		FROM cdp_data.identifier i
		LEFT JOIN LATERAL cdp_internal.known_identifier(i.identifier) m ON true
		WHERE i.identifier_id = ANY ($1) AND m.identifier_id IS DISTINCT FROM i.identifier_id
	$sql$ ELSE $sql$
		SELECT 'identifier', coalesce(d.identifier::text, s.identifier::text, format('number %s', d.mapped_id)), NULL,
			   CASE WHEN d.identifier_id IS NOT NULL THEN cdp_internal.verify_number(d.identifier_id)
				WHEN s.identifier_id IS NULL THEN 'a number in cdp_data.identifier_map that none has'
				ELSE 'another hash in cdp_data.identifier_map' END
		FROM (
			SELECT i.identifier_id, i.identifier, m.identifier_id AS mapped_id,
				   -- of several numbers of one hash, perhaps the first belongs to the same value
				   CASE WHEN m.is_second
					THEN (SELECT k.identifier_id FROM cdp_internal.known_identifier(i.identifier) k)
					ELSE m.identifier_id END AS known_id
			FROM (
				SELECT m.hash, m.identifier_id,
					   row_number() OVER (PARTITION BY m.hash ORDER BY m.identifier_id) > 1 AS is_second
				FROM cdp_data.identifier_map m) m
			FULL JOIN cdp_data.identifier i
				ON i.identifier_id = m.identifier_id AND cdp_internal.map_hash(i.identifier, $2) = m.hash
			OFFSET 0) d
		LEFT JOIN cdp_data.identifier s ON s.identifier_id = d.mapped_id AND d.identifier_id IS NULL
		WHERE d.identifier_id IS NULL OR d.known_id IS DISTINCT FROM d.identifier_id
	$sql$ END USING own, (SELECT k.key FROM cdp_data.identifier_key k);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_numbers(bigint[]) IS
	'Internal: returns the identifiers that are not found by their numbers in cdp_data.identifier_map, and the rows '
	'of the map whose number or hash is wrong. own: the identifiers of one person, of which rows of the map are not '
	'looked for; NULL: all.';

CREATE FUNCTION cdp_internal.verify_number(identifier_id bigint) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN concat('number ', identifier_id, ', which is not its number in cdp_data.identifier_map');
COMMENT ON FUNCTION cdp_internal.verify_number(bigint) IS 'Internal: a number that the map lacks, in words.';

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

REVOKE ALL ON FUNCTION cdp_internal.verify_plans(boolean), cdp_internal.verify_is_said(cdp.identifier),
	cdp_internal.verify_count_query(), cdp_internal.verify_identifier_query(),
	cdp_internal.verify_identifiers(bigint[]), cdp_internal.verify_history(bigint[]),
	cdp_internal.verify_numbers(bigint[]), cdp_internal.verify_number(bigint),
	cdp_internal.verify_sharing(boolean, jsonb), cdp_internal.verify_profile_of(bigint) FROM PUBLIC;
