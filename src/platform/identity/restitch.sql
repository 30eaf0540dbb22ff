-- The stages of cdp.restitch(), which take the place of those of a batch.  Everything is computed from the log, the
-- rules and the verdicts; only the numbers of identifiers are kept.  Rows that are right already are not written again.

-- The log with the identifiers of each event: batch_event, batch_mentioned; the identifiers with their numbers:
-- batch_usable, batch_new; cdp_data.identifier_map, and the identifiers that are in no profile.
CREATE FUNCTION cdp_internal.restitch_identify(INOUT identifier_id bigint, OUT identifiers bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.restitch_normalize();
	PERFORM cdp_internal.batch_stage('batch_event', $sql$
		SELECT e.event_id, e.identifier_id AS old_id, e."timestamp", least(e."timestamp", e.received_at) AS at,
			   e.source, e.message_id, o.ids
		FROM cdp_data.event e
		CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,
			e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp,
			e.received_at, e.source, $2) o
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_carried', $sql$
		SELECT c.identifier, cdp.namespace(c.identifier) AS namespace
		FROM (
			SELECT u.identifier
			FROM batch_event e
			CROSS JOIN LATERAL unnest(e.ids) AS u (identifier)
			GROUP BY u.identifier) c
		WHERE NOT cdp_internal.is_blocked(c.identifier, (SELECT cdp_internal.blocked_rules()))
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.namespace (namespace, priority, max_links, batch_id)
		SELECT DISTINCT c.namespace, 50, cdp_internal.default_max_links(c.namespace), $1
		FROM batch_carried c
		WHERE NOT EXISTS (SELECT FROM cdp_data.namespace n WHERE n.namespace = c.namespace) ORDER BY c.namespace
	$sql$);
	PERFORM cdp_internal.restitch_number(identifier_id);
	identifiers := cdp_internal.batch_value('SELECT count(*) FROM batch_new');
	identifier_id := cdp_internal.batch_value(format($sql$
		SELECT greatest(%s, (SELECT max(u.identifier_id) FROM batch_usable u),
			(SELECT max(i.identifier_id) FROM cdp_data.identifier i))
	$sql$, identifier_id));

	PERFORM cdp_internal.batch_stage('batch_mentioned', $sql$
		SELECT e.event_id, array_agg(u.identifier_id) AS ids
		FROM (SELECT event_id, unnest(ids) AS identifier FROM batch_event) e
		JOIN batch_usable u USING (identifier)
		GROUP BY e.event_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_identify(bigint) IS
	'Internal: reads the log, and numbers the identifiers in it that the tables lack. Identifiers that are not in the '
	'log are in no profile.';

CREATE FUNCTION cdp_internal.restitch_normalize() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- of several identifiers that have become one, the first keeps its number; no event has the others
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i SET identifier = n.becomes
		FROM (SELECT DISTINCT ON (o.becomes) o.identifier_id, o.becomes
			  FROM (
				SELECT identifier_id, identifier,
					   cdp.try_identifier(cdp.namespace(identifier), cdp.value(identifier)) AS becomes
				FROM cdp_data.identifier) o
			  WHERE o.becomes <> o.identifier
				AND NOT EXISTS (SELECT FROM cdp_data.identifier e WHERE e.identifier = o.becomes)
			  ORDER BY o.becomes, o.identifier_id) n
		WHERE i.identifier_id = n.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		WITH spelled AS (
			SELECT v.verdict_id, coalesce(cdp.try_identifier(cdp.namespace(v.a), cdp.value(v.a)), v.a) AS a,
				   coalesce(cdp.try_identifier(cdp.namespace(v.b), cdp.value(v.b)), v.b) AS b
			FROM cdp_data.verdict v
		), gone AS (
			DELETE FROM cdp_data.verdict v
			USING spelled s
			WHERE v.verdict_id = s.verdict_id AND (v.a, v.b) IS DISTINCT FROM (s.a, s.b)
			RETURNING v.verdict_id, v.kind, s.a, s.b, v.until_at, v.reason, v.decided_by, v.decided_at, v.batch_id
		)
		INSERT INTO cdp_data.verdict (verdict_id, kind, a, b, until_at, reason, decided_by, decided_at, batch_id)
		SELECT verdict_id, kind, CASE WHEN b < a THEN b ELSE a END, CASE WHEN b < a THEN a ELSE b END, until_at, reason,
			   decided_by, decided_at, batch_id
		FROM gone WHERE a IS DISTINCT FROM b ON CONFLICT DO NOTHING
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.state SET normalizer_version = cdp.normalizer_version()
		WHERE normalizer_version <> cdp.normalizer_version()
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_normalize() IS
	'Internal: writes the identifiers in cdp_data.identifier and cdp_data.verdict in the form of the present '
	'normalisers.';

-- Exactly one number for each identifier, and one identifier for each number.
CREATE FUNCTION cdp_internal.restitch_number(last_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- if two rows have the same identifier, the one that cdp_data.identifier_map knows keeps it
	PERFORM cdp_internal.batch_stage('batch_hashed', $sql$
		SELECT i.identifier, i.identifier_id, cdp_internal.map_hash(i.identifier, k.key) AS hash
		FROM cdp_data.identifier i CROSS JOIN cdp_data.identifier_key k
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_there', $sql$
		SELECT DISTINCT ON (h.identifier) h.identifier, h.identifier_id, h.hash
		FROM batch_hashed h
		LEFT JOIN cdp_data.identifier_map m ON m.hash = h.hash AND m.identifier_id = h.identifier_id
		ORDER BY h.identifier, m.identifier_id IS NULL, h.identifier_id
	$sql$);
	-- an identifier that has lost its row keeps the number of its hash
	PERFORM cdp_internal.batch_stage('batch_numbered', $sql$
		SELECT t.identifier, t.identifier_id, true AS is_there
		FROM batch_there t
		UNION ALL
		(SELECT DISTINCT ON (o.hash) o.identifier, o.identifier_id, false
		 FROM (
			SELECT DISTINCT ON (m.identifier_id) c.identifier, m.identifier_id, m.hash
			FROM batch_carried c
			CROSS JOIN cdp_data.identifier_key k
			JOIN cdp_data.identifier_map m ON m.hash = cdp_internal.map_hash(c.identifier, k.key)
			WHERE NOT EXISTS (SELECT FROM batch_there t WHERE t.identifier = c.identifier)
				AND NOT EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = m.identifier_id)
			ORDER BY m.identifier_id, c.identifier) o
		 ORDER BY o.hash, o.identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier i
		WHERE NOT EXISTS (SELECT FROM batch_there t WHERE t.identifier_id = i.identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_usable', format($sql$
		SELECT c.identifier, c.namespace, coalesce(n.is_there, false) AS is_there,
			   coalesce(n.identifier_id, greatest(%s, (SELECT max(o.identifier_id) FROM batch_numbered o))
				+ row_number() OVER (PARTITION BY n.identifier_id IS NULL ORDER BY c.identifier)) AS identifier_id
		FROM batch_carried c LEFT JOIN batch_numbered n USING (identifier)
	$sql$, last_id));
	PERFORM cdp_internal.batch_stage('batch_new',
		'SELECT identifier, identifier_id FROM batch_usable WHERE NOT is_there');
	PERFORM cdp_internal.batch_stage('batch_map', $sql$
		SELECT t.hash, t.identifier_id
		FROM batch_there t
		UNION ALL
		SELECT cdp_internal.map_hash(n.identifier, k.key), n.identifier_id
		FROM batch_new n CROSS JOIN cdp_data.identifier_key k
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier_map m
		WHERE NOT EXISTS (SELECT FROM batch_map b WHERE b.hash = m.hash AND b.identifier_id = m.identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_map (hash, identifier_id)
		SELECT b.hash, b.identifier_id
		FROM batch_map b
		WHERE NOT EXISTS (
			SELECT FROM cdp_data.identifier_map m WHERE m.hash = b.hash AND m.identifier_id = b.identifier_id)
		ORDER BY b.hash
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_lost', $sql$
		SELECT i.identifier_id, i.profile_id AS old_id, i.since_batch_id FROM cdp_data.identifier i
		WHERE NOT (i.blocked AND i.profile_id = 0)
		  AND NOT EXISTS (SELECT FROM batch_usable u WHERE u.identifier_id = i.identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_history (identifier_id, from_batch_id, until_batch_id, profile_id)
		SELECT identifier_id, since_batch_id, $1, old_id
		FROM batch_lost
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i
		SET profile_id = 0, blocked = true, shared = false, link_counts = '{}', since_batch_id = $1
		FROM batch_lost l
		WHERE i.identifier_id = l.identifier_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_number(bigint) IS
	'Internal: gives each identifier of batch_carried its number, new ones after the last (batch_usable, batch_new), '
	'and corrects cdp_data.identifier_map.';

-- The evidence for pairs that stood on one event: batch_evidence, by source; batch_pair, the best.
CREATE FUNCTION cdp_internal.restitch_evidence(known text, met text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- evidence up to an unlink's time is void, whenever it arrives
	PERFORM cdp_internal.batch_stage('batch_void', format($sql$
		SELECT least(x.identifier_id, y.identifier_id) AS a, greatest(x.identifier_id, y.identifier_id) AS b, v.until_at
		FROM cdp_data.verdict v
		JOIN %1$I x ON x.identifier = v.a
		JOIN %1$I y ON y.identifier = v.b
		WHERE v.kind = 'unlink'
	$sql$, known));
	PERFORM cdp_internal.batch_stage('batch_evidence', format($sql$
		SELECT DISTINCT ON (a, b, source) a, b, source, at AS first_at, max(at) OVER pair AS last_at,
			   count(*) OVER pair AS events, message_id
		FROM (%s) e
		WHERE NOT EXISTS (SELECT FROM batch_void v WHERE v.a = e.a AND v.b = e.b AND e.at <= v.until_at)
		WINDOW pair AS (PARTITION BY a, b, source)
		ORDER BY a, b, source, at, message_id COLLATE "C"
	$sql$, met));
	PERFORM cdp_internal.batch_stage('batch_pair', $sql$
		SELECT DISTINCT ON (e.a, e.b) e.a, e.b, s.trust, e.first_at
		FROM batch_evidence e
		JOIN cdp_data.source s USING (source)
		ORDER BY e.a, e.b, s.trust DESC, e.first_at
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_evidence(text, text) IS
	'Internal: stages batch_void, batch_evidence and batch_pair. known: the relation of the batch with identifiers and '
	'their numbers; met: a query of (a, b, source, at, message_id), two identifiers that stood on one event, the '
	'smaller first.';

-- All evidence: cdp_data.link, batch_pair; link counts: batch_links, batch_sharing_changed.
CREATE FUNCTION cdp_internal.restitch_link() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mended bigint;
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.source (source, first_batch_id, last_batch_id)
		SELECT DISTINCT e.source, $1, $1
		FROM batch_event e
		WHERE NOT EXISTS (SELECT FROM cdp_data.source s WHERE s.source = e.source) ORDER BY e.source
	$sql$);
	PERFORM cdp_internal.restitch_evidence('batch_usable', $sql$
		SELECT x.id AS a, y.id AS b, e.source, e.at, e.message_id
		FROM batch_mentioned m
		JOIN batch_event e USING (event_id)
		CROSS JOIN LATERAL unnest(m.ids) AS x (id)
		JOIN LATERAL unnest(m.ids) AS y (id) ON x.id < y.id
	$sql$);
	mended := cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.link l
		WHERE NOT EXISTS (SELECT FROM batch_evidence e WHERE e.a = l.a AND e.b = l.b AND e.source = l.source)
	$sql$);
	mended := mended + cdp_internal.batch_run($sql$
		UPDATE cdp_data.link l
		SET first_at = e.first_at, last_at = e.last_at, events = e.events, message_id = e.message_id, last_batch_id = $1
		FROM batch_evidence e WHERE l.a = e.a AND l.b = e.b AND l.source = e.source
		  AND (l.first_at, l.last_at, l.events, l.message_id)
			IS DISTINCT FROM (e.first_at, e.last_at, e.events, e.message_id)
	$sql$);
	mended := mended + cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.link (a, b, source, first_at, last_at, events, message_id, batch_id, last_batch_id)
		SELECT e.a, e.b, e.source, e.first_at, e.last_at, e.events, e.message_id, $1, $1 FROM batch_evidence e
		WHERE NOT EXISTS (SELECT FROM cdp_data.link l WHERE l.a = e.a AND l.b = e.b AND l.source = e.source)
		ORDER BY e.a, e.b, e.source
	$sql$);
	PERFORM cdp_internal.restitch_degree();
	RETURN mended;
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_link() IS
	'Internal: corrects cdp_data.link by the log. Returns the number of rows corrected.';

CREATE FUNCTION cdp_internal.restitch_degree() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_links', $sql$
		SELECT d.identifier_id, jsonb_object_agg(d.namespace, d.number) AS links
		FROM (SELECT p.identifier_id, u.namespace, count(*) AS number
			  FROM (SELECT a AS identifier_id, b AS other FROM batch_pair UNION ALL SELECT b, a FROM batch_pair) p
			  JOIN batch_usable u ON u.identifier_id = p.other
			  GROUP BY 1, 2) d
		GROUP BY d.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i
		SET link_counts = coalesce(l.links, '{}')
		FROM batch_usable u
		LEFT JOIN batch_links l USING (identifier_id)
		WHERE i.identifier_id = u.identifier_id AND i.link_counts <> coalesce(l.links, '{}')
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_sharing_changed', $sql$
		SELECT u.identifier_id, CASE v.kind WHEN 'shared' THEN 1 WHEN 'not_shared' THEN 2 ELSE 0 END AS verdict,
			   coalesce(l.links, '{}') AS links
		FROM batch_usable u JOIN cdp_data.namespace n USING (namespace) LEFT JOIN batch_links l USING (identifier_id)
		LEFT JOIN cdp_data.verdict v ON v.a = u.identifier AND v.kind IN ('shared', 'not_shared')
		WHERE v.kind IS NOT NULL
		  OR EXISTS (
			SELECT FROM jsonb_each_text(l.links) c
			WHERE c.key <> u.namespace AND c.value::bigint > cdp_internal.max_links_to(n.max_links, c.key))
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_degree() IS
	'Internal: corrects the link counts of identifiers (batch_links), and finds those that may be shared '
	'(batch_sharing_changed).';

-- The profile of each identifier, and whether each link is refused.
CREATE FUNCTION cdp_internal.restitch_relabel() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_history (identifier_id, from_batch_id, until_batch_id, profile_id)
		SELECT i.identifier_id, i.since_batch_id, $1, i.profile_id
		FROM cdp_data.identifier i
		JOIN batch_moved m ON m.old_id = i.profile_id
		WHERE NOT EXISTS (SELECT FROM batch_relabel r WHERE r.identifier_id = i.identifier_id)
		UNION ALL
		SELECT i.identifier_id, i.since_batch_id, $1, i.profile_id
		FROM batch_relabel r
		JOIN cdp_data.identifier i USING (identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i SET profile_id = m.new_id, since_batch_id = $1 FROM batch_moved m
		WHERE i.profile_id = m.old_id
		  AND NOT EXISTS (SELECT FROM batch_relabel r WHERE r.identifier_id = i.identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i SET profile_id = r.new_id, since_batch_id = $1, blocked = r.new_id = 0
		FROM batch_relabel r WHERE i.identifier_id = r.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, link_counts, batch_id, since_batch_id)
		SELECT n.identifier_id, n.identifier, r.new_id, coalesce(l.links, '{}'), $1, $1
		FROM batch_new n
		JOIN batch_relabel r USING (identifier_id)
		LEFT JOIN batch_links l USING (identifier_id)
		ORDER BY n.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i
		SET shared = r.flag
		FROM batch_result r
		WHERE r.kind = 'sharing' AND r.id = i.identifier_id AND i.shared <> r.flag
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.link l SET refused = r.flag FROM batch_result r
		WHERE r.kind = 'link' AND l.a = least(r.id, r.other) AND l.b = greatest(r.id, r.other) AND l.refused <> r.flag
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_relabel() IS
	'Internal: writes what restitch_resolve() found to cdp_data.identifier, cdp_data.identifier_history and '
	'cdp_data.link.';

-- All identifiers as if they and their links were new: batch_result, batch_relabel, batch_summary.
CREATE FUNCTION cdp_internal.restitch_stitch(OUT profiles_created bigint, OUT profiles_merged bigint,
	OUT profiles_split bigint, OUT reworks bigint, OUT identifiers_reworked bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_identifier_changed', $sql$
		SELECT u.identifier_id, 0::bigint AS profile_id, u.identifier, true AS present, false AS shared,
			   EXISTS (
				SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND (v.a = u.identifier OR v.b = u.identifier))
			   AS forbidden
		FROM batch_usable u
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_evidence_changed', $sql$
		SELECT a, b, false AS refused, NULL::integer AS before_trust, NULL::timestamptz AS before_at,
			   trust AS now_trust, first_at AS now_at
		FROM batch_pair
	$sql$);
	PERFORM cdp_internal.stage_graph_changes(forbids => $sql$
		SELECT x.identifier_id AS a, y.identifier_id AS b, true AS in_force FROM cdp_data.verdict v
		JOIN batch_usable x ON x.identifier = v.a JOIN batch_usable y ON y.identifier = v.b WHERE v.kind = 'forbid'
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_resolved', 'SELECT * FROM cdp_internal.restitch_resolve()');
	-- fold every profile from the log, and end the others
	PERFORM cdp_internal.batch_stage('batch_result', $sql$
		SELECT * FROM batch_resolved
		UNION ALL
		SELECT 'refold', id, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM batch_resolved WHERE kind = 'profile'
		UNION ALL
		SELECT 'ended', p.profile_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL
		FROM cdp_data.profile p
		WHERE NOT EXISTS (SELECT FROM batch_resolved r WHERE r.kind = 'profile' AND r.id = p.profile_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_moved', 'SELECT 0::bigint AS old_id, 0::bigint AS new_id WHERE false');
	PERFORM cdp_internal.batch_stage('batch_relabel', $sql$
		SELECT r.id AS identifier_id, coalesce(i.profile_id, 0) AS old_id, r.other AS new_id
		FROM batch_result r
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = r.id
		WHERE r.kind = 'identifier' AND i.profile_id IS DISTINCT FROM r.other
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_summary', $sql$
		SELECT id AS profile_id, flag AS has_forbid, second_flag AS shared, number::integer AS identifier_count,
			   trust AS last_trust, at AS last_at, counts AS limited
		FROM batch_result WHERE kind = 'profile'
	$sql$);
	profiles_created := cdp_internal.batch_value($sql$
		SELECT count(*)
		FROM batch_summary s
		WHERE NOT EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = s.profile_id)
	$sql$);
	profiles_merged := cdp_internal.batch_value($sql$
		SELECT count(DISTINCT r.old_id)
		FROM batch_relabel r
		WHERE r.old_id <> 0 AND NOT EXISTS (SELECT FROM batch_summary s WHERE s.profile_id = r.old_id)
	$sql$);
	profiles_split := cdp_internal.batch_value($sql$
		SELECT count(*) FROM (
			SELECT r.old_id FROM batch_relabel r JOIN batch_summary s ON s.profile_id = r.old_id WHERE EXISTS (
				SELECT FROM cdp_data.identifier i
				WHERE i.profile_id = r.old_id
				  AND NOT EXISTS (SELECT FROM batch_relabel o WHERE o.identifier_id = i.identifier_id))
			UNION
			SELECT r.old_id
			FROM batch_relabel r
			WHERE r.old_id <> 0
			GROUP BY r.old_id
			HAVING count(DISTINCT r.new_id) > 1) d
	$sql$);
	reworks := cdp_internal.batch_value($sql$ SELECT id FROM batch_result WHERE kind = 'reworks' $sql$);
	identifiers_reworked := cdp_internal.batch_value($sql$ SELECT id FROM batch_result WHERE kind = 'reworked' $sql$);

	-- links that are no longer refused, identifiers no longer shared; the opposite is in batch_result
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.link l SET refused = false
		WHERE l.refused
		  AND NOT EXISTS (
			SELECT FROM batch_result r
			WHERE r.kind = 'link' AND r.flag AND least(r.id, r.other) = l.a AND greatest(r.id, r.other) = l.b)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i
		SET shared = false
		WHERE i.shared
		  AND NOT EXISTS (SELECT FROM batch_result r WHERE r.kind = 'sharing' AND r.flag AND r.id = i.identifier_id)
	$sql$);
	PERFORM cdp_internal.restitch_relabel();
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i SET blocked = false
		FROM batch_usable u
		WHERE i.blocked AND i.identifier_id = u.identifier_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_stitch() IS
	'Internal: stitches all profiles from nothing (batch_result), and moves the identifiers that were in other '
	'profiles.';

CREATE FUNCTION cdp_internal.restitch_move_events() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.anchor_history (event_id, until_batch_id, identifier_id)
		SELECT event_id, $1, old_id
		FROM batch_reanchored
		ORDER BY event_id
	$sql$);
	-- delete and insert: the anchor is the distribution key
	RETURN cdp_internal.batch_run($sql$
		WITH gone AS (
			DELETE FROM cdp_data.event e USING batch_reanchored r
			WHERE e.event_id = r.event_id AND e.identifier_id = r.old_id AND e."timestamp" = r."timestamp"
			RETURNING e.*, r.new_id
		)
		INSERT INTO cdp_data.event (event_id, identifier_id, "timestamp", batch_id, message_id, type, event,
			anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, sent_at,
				original_timestamp, received_at, source)
		SELECT event_id, new_id, "timestamp", batch_id, message_id, type, event,
			anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context, sent_at,
				original_timestamp, received_at, source
		FROM gone
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_move_events() IS
	'Internal: moves the events of batch_reanchored to their new anchors. Returns the number of events moved.';

CREATE FUNCTION cdp_internal.restitch_anchor() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- the strongest identifier that is not shared; if all are shared, the strongest of them
	PERFORM cdp_internal.batch_stage('batch_strength', $sql$
		SELECT i.identifier_id, row_number() OVER (ORDER BY i.shared, n.priority, u.identifier) AS strength
		FROM batch_usable u JOIN cdp_data.identifier i USING (identifier_id) JOIN cdp_data.namespace n USING (namespace)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_reanchored', $sql$
		SELECT e.event_id, e.old_id, e."timestamp", coalesce(s.identifier_id, 0) AS new_id
		FROM batch_event e
		LEFT JOIN (
			SELECT m.event_id, min(s.strength) AS strength
			FROM batch_mentioned m
			CROSS JOIN LATERAL unnest(m.ids) AS i (id)
				   JOIN batch_strength s ON s.identifier_id = i.id GROUP BY m.event_id) a USING (event_id)
		LEFT JOIN batch_strength s USING (strength)
		WHERE e.old_id <> coalesce(s.identifier_id, 0)
	$sql$);
	RETURN cdp_internal.restitch_move_events();
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_anchor() IS
	'Internal: moves the events that have a wrong anchor (batch_reanchored). Returns the number of events moved.';

REVOKE ALL ON FUNCTION cdp_internal.restitch_normalize(), cdp_internal.restitch_identify(bigint),
	cdp_internal.restitch_number(bigint), cdp_internal.restitch_link(), cdp_internal.restitch_degree(),
	cdp_internal.restitch_stitch(), cdp_internal.restitch_anchor(), cdp_internal.restitch_evidence(text, text),
	cdp_internal.restitch_relabel(), cdp_internal.restitch_move_events() FROM PUBLIC;

