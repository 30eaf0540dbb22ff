-- Identity resolution of a batch: its identifiers, its evidence, the resulting profiles, the anchors of its events.
-- A verdict or a rule stages its changes in the relations of cdp_internal.stage_graph_changes() and takes the same way.

CREATE FUNCTION cdp_internal.stage_graph_changes(unlinked text DEFAULT NULL, blocked text DEFAULT NULL,
	retry text DEFAULT NULL, checked text DEFAULT NULL, forbids text DEFAULT NULL, judged text DEFAULT NULL,
	reread text DEFAULT NULL, reanchored text DEFAULT NULL, refolded text DEFAULT NULL,
	traits_changed text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_unlinked',
		coalesce(unlinked, 'SELECT 0::bigint AS a, 0::bigint AS b WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_blocked',
		coalesce(blocked, 'SELECT 0::bigint AS identifier_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_retry',
		coalesce(retry, 'SELECT 0::bigint AS a, 0::bigint AS b, 0 AS trust, now() AS first_at WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_frozen', 'SELECT 0::bigint AS profile_id, 0::bigint AS lacks WHERE false');
	PERFORM cdp_internal.batch_stage('batch_check', coalesce(checked, 'SELECT 0::bigint AS profile_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_forbid_changed',
		coalesce(forbids, 'SELECT 0::bigint AS a, 0::bigint AS b, true AS in_force WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_judged', coalesce(judged, 'SELECT 0::bigint AS identifier_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_reread', coalesce(reread,
		$sql$
			SELECT 0::bigint AS event_id, 0::bigint AS place, ARRAY[]::cdp.identifier[] AS ids, '' AS source,
				   now() AS at, '' AS message_id
			WHERE false
		$sql$));
	PERFORM cdp_internal.batch_stage('batch_rank_changed',
		coalesce(reanchored, 'SELECT 0::bigint AS identifier_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_refolded',
		coalesce(refolded, 'SELECT 0::bigint AS profile_id WHERE false'));
	PERFORM cdp_internal.batch_stage('batch_refold',
		coalesce(traits_changed, 'SELECT '''' AS type, 0::bigint AS identifier_id, '''' AS group_id WHERE false'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.stage_graph_changes(text, text, text, text, text, text, text, text, text, text) IS
	'Internal: stages what a batch changes in the graph besides its events, as queries: unlinked: pairs whose evidence '
	'is void (a, b); blocked: identifiers that are blocked now; retry: refused links to try again; checked: profiles '
	'to check; forbids: forbids added or withdrawn; judged: identifiers to judge for sharing; reread: events of the '
	'log with identifiers that are no longer blocked (event_id, its anchor as place, ids, source, at, message_id); '
	'reanchored: identifiers whose events may get another anchor; refolded: profiles to fold from the log; '
	'traits_changed: identifiers (type identify) and accounts (type group) whose traits to fold from the log (type, '
	'identifier_id, group_id).';

-- The identifiers of the batch: batch_mention (row, identifier), batch_identifier.
CREATE FUNCTION cdp_internal.refresh_identify(INOUT identifier_id bigint, OUT identifiers bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_name', $sql$
		SELECT r.row_no, u.identifier
		FROM batch_row r
		JOIN batch_accepted USING (row_no)
		CROSS JOIN LATERAL unnest(r.ids) AS u(identifier)
		UNION ALL
		SELECT -e.event_id, u.identifier FROM batch_reread e CROSS JOIN LATERAL unnest(e.ids) AS u(identifier)
	$sql$);
	-- look up first, then number only the new ones
	PERFORM cdp_internal.batch_stage('batch_known', $sql$
		SELECT d.identifier, d.namespace, m.identifier_id
		FROM (SELECT identifier, cdp.namespace(identifier) AS namespace FROM batch_name GROUP BY identifier) d
		LEFT JOIN cdp_data.identifier_map m ON m.identifier = d.identifier
		WHERE NOT cdp_internal.is_blocked(d.identifier, (SELECT cdp_internal.blocked_rules()))
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.namespace (namespace, priority, max_links, batch_id)
		SELECT DISTINCT namespace, 50, cdp_internal.default_max_links(namespace), $1
		FROM batch_known k
		WHERE NOT EXISTS (SELECT FROM cdp_data.namespace n WHERE n.namespace = k.namespace) ORDER BY namespace
	$sql$);
	identifiers := cdp_internal.batch_stage('batch_new', format($sql$
		SELECT identifier, %s + row_number() OVER (ORDER BY identifier) AS identifier_id
		FROM batch_known
		WHERE identifier_id IS NULL
	$sql$, identifier_id));
	identifier_id := identifier_id + identifiers;
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_map (identifier, identifier_id)
		SELECT identifier, identifier_id
		FROM batch_new
		ORDER BY identifier
	$sql$);

	PERFORM cdp_internal.batch_stage('batch_identifier', $sql$
		SELECT k.identifier, k.namespace, i.identifier_id, i.profile_id, i.is_new, i.link_counts,
			   row_number() OVER (ORDER BY n.priority, k.identifier) AS strength
		FROM batch_known k
		JOIN (
			SELECT o.identifier_id, o.identifier, o.profile_id, o.link_counts, false AS is_new
			FROM batch_known
			JOIN cdp_data.identifier o USING (identifier_id)
			  UNION ALL
			  SELECT identifier_id, identifier, 0, '{}', true FROM batch_new) i ON i.identifier = k.identifier
		JOIN cdp_data.namespace n USING (namespace)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_mention', $sql$
		SELECT n.row_no, i.identifier_id, i.strength FROM batch_name n JOIN batch_identifier i USING (identifier)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_identify(bigint) IS
	'Internal: numbers the identifiers of the batch (batch_identifier, batch_mention).';

-- The evidence for pairs that stood on one event: batch_evidence, by source; batch_pair, the best.
CREATE FUNCTION cdp_internal.stage_evidence(known text, met text) RETURNS void
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
		ORDER BY a, b, source, at, message_id
	$sql$, met));
	PERFORM cdp_internal.batch_stage('batch_pair', $sql$
		SELECT DISTINCT ON (e.a, e.b) e.a, e.b, s.trust, e.first_at
		FROM batch_evidence e
		JOIN cdp_data.source s USING (source)
		ORDER BY e.a, e.b, s.trust DESC, e.first_at
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.stage_evidence(text, text) IS
	'Internal: stages batch_void, batch_evidence and batch_pair. known: the relation of the batch with identifiers and '
	'their numbers; met: a query of (a, b, source, at, message_id), two identifiers that stood on one event, the '
	'smaller first.';

-- The evidence of the batch: cdp_data.link; batch_evidence_changed: the pairs whose best evidence changed.
CREATE FUNCTION cdp_internal.refresh_link() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	fresh bigint;
BEGIN
	PERFORM cdp_internal.stage_evidence('batch_identifier', $sql$
		SELECT x.identifier_id AS a, y.identifier_id AS b, r.source, least(r.at, r.seen_at) AS at, r.message_id
		FROM batch_mention x
		JOIN batch_mention y ON y.row_no = x.row_no AND x.identifier_id < y.identifier_id
		JOIN batch_row r ON r.row_no = x.row_no
		UNION ALL
		-- on an event of the log, the identifiers that were blocked are new
		SELECT x.identifier_id, y.identifier_id, e.source, e.at, e.message_id
		FROM batch_reread e
		JOIN batch_mention x ON x.row_no = -e.event_id
		JOIN batch_mention y ON y.row_no = x.row_no AND x.identifier_id < y.identifier_id
		WHERE EXISTS (
			SELECT FROM batch_identifier i
			WHERE i.identifier_id IN (x.identifier_id, y.identifier_id) AND i.profile_id = 0)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_before', $sql$
		SELECT DISTINCT ON (p.a, p.b) p.a, p.b, s.trust, l.first_at, l.refused
		FROM (SELECT a, b FROM batch_pair UNION SELECT a, b FROM batch_unlinked) p
		JOIN cdp_data.link l ON l.a = p.a AND l.b = p.b
		JOIN cdp_data.source s USING (source)
		ORDER BY p.a, p.b, s.trust DESC, l.first_at
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_evidence_changed', $sql$
		SELECT p.a, p.b, coalesce(b.refused, false) AS refused, b.trust AS before_trust, b.first_at AS before_at,
			   p.trust AS now_trust, p.first_at AS now_at
		FROM batch_pair p LEFT JOIN batch_before b USING (a, b)
		WHERE b.a IS NULL OR p.trust > b.trust OR (p.trust = b.trust AND p.first_at < b.first_at)
		UNION ALL
		SELECT b.a, b.b, b.refused, b.trust, b.first_at, NULL, NULL
		FROM batch_unlinked u
		JOIN batch_before b USING (a, b)
	$sql$);

	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.link l USING batch_unlinked u WHERE l.a = u.a AND l.b = u.b
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.link l SET first_at = least(l.first_at, e.first_at), last_at = greatest(l.last_at, e.last_at),
			events = l.events + e.events, last_batch_id = $1,
			message_id = CASE WHEN e.first_at < l.first_at THEN e.message_id
							  WHEN e.first_at = l.first_at THEN least(e.message_id, l.message_id) ELSE l.message_id END
		FROM batch_evidence e WHERE l.a = e.a AND l.b = e.b AND l.source = e.source
	$sql$);
	fresh := cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.link (a, b, source, first_at, last_at, events, message_id, batch_id, last_batch_id,
			refused)
		SELECT e.a, e.b, e.source, e.first_at, e.last_at, e.events, e.message_id, $1, $1, coalesce(b.refused, false)
		FROM batch_evidence e LEFT JOIN batch_before b USING (a, b)
		LEFT JOIN cdp_data.link l ON l.a = e.a AND l.b = e.b AND l.source = e.source AND l.batch_id < $1
		WHERE l.a IS NULL ORDER BY e.a, e.b, e.source
	$sql$);
	PERFORM cdp_internal.refresh_degree();
	RETURN fresh;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_link() IS
	'Internal: writes the links of the batch, and deletes those in batch_unlinked (batch_evidence_changed). Returns '
	'the number of new links.';

-- Link counts: batch_degree, batch_sharing_changed.
CREATE FUNCTION cdp_internal.refresh_degree() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_degree', $sql$
		SELECT p.identifier_id, cdp.namespace(coalesce(n.identifier, o.identifier)) AS namespace, sum(p.step) AS step
		FROM (SELECT a AS identifier_id, b AS other, 1 AS step FROM batch_evidence_changed WHERE before_at IS NULL
			  UNION ALL SELECT b, a, 1 FROM batch_evidence_changed WHERE before_at IS NULL
			  UNION ALL SELECT a, b, -1 FROM batch_evidence_changed WHERE now_at IS NULL
			  UNION ALL SELECT b, a, -1 FROM batch_evidence_changed WHERE now_at IS NULL) p
		LEFT JOIN batch_identifier n ON n.identifier_id = p.other
		LEFT JOIN cdp_data.identifier o ON o.identifier_id = p.other AND n.identifier_id IS NULL
		GROUP BY 1, 2
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_links', $sql$
		WITH touched AS MATERIALIZED (
			SELECT d.identifier_id, coalesce(i.identifier, b.identifier) AS identifier, i.link_counts
			FROM (SELECT DISTINCT identifier_id FROM batch_degree) d
			LEFT JOIN cdp_data.identifier i USING (identifier_id)
			LEFT JOIN batch_new b USING (identifier_id)
		), counted AS (
			SELECT c.identifier_id, c.namespace, sum(c.step) AS number
			FROM (SELECT identifier_id, namespace, step FROM batch_degree
				  UNION ALL
				  SELECT t.identifier_id, l.key, l.value::bigint
				  FROM touched t
				  CROSS JOIN LATERAL jsonb_each_text(t.link_counts) l) c
			GROUP BY c.identifier_id, c.namespace
		)
		SELECT t.identifier_id, t.identifier, coalesce(n.links, '{}') AS links
		FROM touched t
		LEFT JOIN (
			SELECT identifier_id, jsonb_object_agg(namespace, number) AS links
			FROM counted
			WHERE number <> 0
			GROUP BY identifier_id) n USING (identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i
		SET link_counts = l.links
		FROM batch_links l
		WHERE l.identifier_id = i.identifier_id AND l.links <> i.link_counts
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_sharing_changed', $sql$
		SELECT s.identifier_id, CASE v.kind WHEN 'shared' THEN 1 WHEN 'not_shared' THEN 2 ELSE 0 END AS verdict, s.links
		FROM (SELECT l.identifier_id, l.links, l.identifier FROM batch_links l
			  UNION ALL
			  SELECT i.identifier_id, i.link_counts, i.identifier
			  FROM batch_judged
			  JOIN cdp_data.identifier i USING (identifier_id)
			  WHERE NOT EXISTS (SELECT FROM batch_links l WHERE l.identifier_id = i.identifier_id)
			  UNION ALL
			  SELECT n.identifier_id, '{}', n.identifier
			  FROM batch_new n
			  JOIN cdp_data.verdict v ON v.a = n.identifier AND v.kind IN ('shared', 'not_shared')
			  WHERE NOT EXISTS (SELECT FROM batch_links l WHERE l.identifier_id = n.identifier_id)) s
		LEFT JOIN cdp_data.verdict v ON v.a = s.identifier AND v.kind IN ('shared', 'not_shared')
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_degree() IS
	'Internal: updates the link counts of identifiers (batch_sharing_changed).';

CREATE FUNCTION cdp_internal.refresh_resolve()
	RETURNS TABLE (kind text, id bigint, other bigint, flag boolean, second_flag boolean, number bigint, trust integer,
		at timestamptz, counts jsonb)
	LANGUAGE c VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'cdp_refresh_resolve';
COMMENT ON FUNCTION cdp_internal.refresh_resolve() IS
	'Internal: returns what the tables must become after the changes of the batch. Profiles in batch_frozen are not '
	'taken apart. kind: move (profile id becomes other), identifier (id moves from profile number to profile other; 0: '
	'none), ended (profile id ends), profile (summary: forbidden, shared, number of identifiers, upper bound on the '
	'rank of links inside, counts of limited namespaces), link (link id, other is refused or no longer), declined '
	'(link id, other is refused because of a frozen profile), sharing (id is shared or no longer), reanchor (events '
	'anchored at id, or with it, may get another anchor), reworks (id: their number, other: identifiers in the '
	'largest), reworked (id: identifiers, other: profiles split).';

-- The graph after the batch: batch_result, batch_moved, batch_relabel, batch_summary, batch_place.
CREATE FUNCTION cdp_internal.stage_resolved() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_identifier_changed', $sql$
		SELECT i.identifier_id, 0::bigint AS profile_id, i.identifier, true AS present, false AS shared,
			   EXISTS (
				SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND (v.a = i.identifier OR v.b = i.identifier))
			   AS forbidden
		FROM batch_new i
		UNION ALL
		SELECT i.identifier_id, i.profile_id, i.identifier, false, i.shared,
			   EXISTS (
				SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND (v.a = i.identifier OR v.b = i.identifier))
		FROM batch_blocked JOIN cdp_data.identifier i USING (identifier_id)
		UNION ALL
		SELECT i.identifier_id, 0, i.identifier, true, false,
			   EXISTS (
				SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND (v.a = i.identifier OR v.b = i.identifier))
		FROM batch_identifier i WHERE i.profile_id = 0 AND NOT i.is_new
		UNION ALL
		SELECT i.identifier_id, i.profile_id, i.identifier, NOT i.blocked, i.shared,
			   EXISTS (
				SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND (v.a = i.identifier OR v.b = i.identifier))
		FROM batch_sharing_changed
		JOIN cdp_data.identifier i USING (identifier_id)
		WHERE NOT EXISTS (SELECT FROM batch_blocked b WHERE b.identifier_id = i.identifier_id)
		  AND NOT EXISTS (SELECT FROM batch_identifier b WHERE b.identifier_id = i.identifier_id AND b.profile_id = 0)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_result', 'SELECT * FROM cdp_internal.refresh_resolve()');
	PERFORM cdp_internal.batch_stage('batch_moved', $sql$
		SELECT id AS old_id, other AS new_id FROM batch_result WHERE kind = 'move'
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_relabel', $sql$
		SELECT id AS identifier_id, number AS old_id, other AS new_id FROM batch_result WHERE kind = 'identifier'
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_summary', $sql$
		SELECT id AS profile_id, flag AS has_forbid, second_flag AS shared, number::integer AS identifier_count,
			   trust AS last_trust, at AS last_at, counts AS limited
		FROM batch_result WHERE kind = 'profile'
	$sql$);
	-- the events with an identifier are anchored at it, or at one that it is or was linked to
	PERFORM cdp_internal.batch_stage('batch_place', $sql$
		SELECT id AS place FROM batch_result WHERE kind = 'reanchor' AND NOT flag
		UNION
		SELECT place FROM batch_reread
		UNION
		SELECT p.place
		FROM (
			SELECT id
			FROM batch_result
			WHERE kind = 'reanchor' AND flag
			UNION
			SELECT identifier_id
			FROM batch_rank_changed) r
		CROSS JOIN LATERAL (
			SELECT r.id
			UNION ALL
			SELECT b
			FROM cdp_data.link
			WHERE a = r.id
			UNION ALL
			SELECT a
			FROM cdp_data.link
			WHERE b = r.id
			UNION ALL
			SELECT m.identifier_id
			FROM cdp_data.identifier i
			JOIN cdp_data.verdict v ON v.kind = 'unlink' AND i.identifier IN (v.a, v.b)
			JOIN cdp_data.identifier_map m ON m.identifier IN (v.a, v.b) WHERE i.identifier_id = r.id) AS p (place)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.stage_resolved() IS
	'Internal: finds the profiles after the batch (batch_result, batch_moved, batch_relabel, batch_summary), and the '
	'identifiers whose events may get another anchor (batch_place). It writes no table, so it can be called again '
	'after other changes were staged.';

CREATE FUNCTION cdp_internal.refresh_stitch(OUT profiles_created bigint, OUT profiles_merged bigint,
	OUT profiles_split bigint, OUT reworks bigint, OUT identifiers_reworked bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.refresh_relabel();

	-- the profiles of before, with the profiles that they are part of now
	PERFORM cdp_internal.batch_stage('batch_part', $sql$
		SELECT new_id FROM batch_moved
		UNION ALL
		SELECT s.profile_id
		FROM batch_summary s
		JOIN cdp_data.profile p USING (profile_id)
		WHERE NOT EXISTS (SELECT FROM batch_moved m WHERE m.old_id = s.profile_id)
	$sql$);
	profiles_created := cdp_internal.batch_value($sql$
		SELECT count(*) FROM batch_summary s WHERE NOT EXISTS (SELECT FROM batch_part p WHERE p.new_id = s.profile_id)
	$sql$);
	profiles_merged := cdp_internal.batch_value($sql$
		SELECT coalesce(sum(parts - 1), 0)::bigint FROM (SELECT count(*) AS parts FROM batch_part GROUP BY new_id) g
	$sql$);
	reworks := cdp_internal.batch_value($sql$ SELECT id FROM batch_result WHERE kind = 'reworks' $sql$);
	identifiers_reworked := cdp_internal.batch_value($sql$ SELECT id FROM batch_result WHERE kind = 'reworked' $sql$);
	profiles_split := cdp_internal.batch_value($sql$ SELECT other FROM batch_result WHERE kind = 'reworked' $sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_stitch() IS
	'Internal: writes what cdp_internal.stage_resolved() found to cdp_data.identifier and cdp_data.link, and counts '
	'the changes of profiles.';

-- The profile of each identifier, and whether each link is refused.
CREATE FUNCTION cdp_internal.refresh_relabel() RETURNS void
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
COMMENT ON FUNCTION cdp_internal.refresh_relabel() IS
	'Internal: writes what refresh_resolve() found to cdp_data.identifier, cdp_data.identifier_history and '
	'cdp_data.link.';

-- The anchor of each new event: batch_anchor (row, identifier, profile).
CREATE FUNCTION cdp_internal.refresh_anchor() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- the strongest identifier that is not shared; if all are shared, the strongest
	PERFORM cdp_internal.batch_stage('batch_strength', $sql$
		SELECT b.identifier_id, i.profile_id, row_number() OVER (ORDER BY i.shared, b.strength) AS strength
		FROM batch_identifier b JOIN cdp_data.identifier i USING (identifier_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_anchor', $sql$
		SELECT a.row_no, coalesce(s.identifier_id, 0) AS identifier_id, s.profile_id
		FROM (SELECT a.row_no, min(s.strength) AS strength FROM batch_accepted a
			  LEFT JOIN batch_mention m USING (row_no)
			  LEFT JOIN batch_strength s USING (identifier_id)
			  GROUP BY a.row_no) a
		LEFT JOIN batch_strength s USING (strength)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_anchor() IS 'Internal: anchors the new events (batch_anchor).';

-- The anchors of events that are in the log: batch_reanchored.
CREATE FUNCTION cdp_internal.refresh_reanchor() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_stray', $sql$
		SELECT e.event_id, e.identifier_id, e."timestamp",
			   (cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,
				e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp,
				e.received_at, e.source, $2)).ids AS ids
		FROM batch_place p JOIN cdp_data.event e ON e.identifier_id = p.place
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_reanchored', $sql$
		SELECT s.event_id, s.identifier_id AS old_id, s."timestamp", coalesce(a.identifier_id, 0) AS new_id
		FROM batch_stray s LEFT JOIN LATERAL (
			SELECT i.identifier_id
			FROM unnest(s.ids) AS u (identifier)
			JOIN cdp_data.identifier_map m ON m.identifier = u.identifier
			JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(u.identifier)
			WHERE NOT i.blocked ORDER BY i.shared, n.priority, u.identifier LIMIT 1) a ON true
		WHERE s.identifier_id <> coalesce(a.identifier_id, 0)
	$sql$);
	RETURN cdp_internal.refresh_move_events();
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_reanchor() IS
	'Internal: finds new anchors for events whose anchor became shared, blocked or neither (batch_reanchored). Returns '
	'the number of events moved.';

CREATE FUNCTION cdp_internal.refresh_move_events() RETURNS bigint
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
COMMENT ON FUNCTION cdp_internal.refresh_move_events() IS
	'Internal: moves the events of batch_reanchored to their new anchors. Returns the number of events moved.';

REVOKE ALL ON FUNCTION cdp_internal.stage_evidence(text, text),
	cdp_internal.stage_graph_changes(text, text, text, text, text, text, text, text, text, text),
	cdp_internal.refresh_identify(bigint), cdp_internal.refresh_link(), cdp_internal.refresh_degree(),
	cdp_internal.refresh_resolve(), cdp_internal.stage_resolved(), cdp_internal.refresh_stitch(),
	cdp_internal.refresh_relabel(), cdp_internal.refresh_anchor(), cdp_internal.refresh_reanchor(),
	cdp_internal.refresh_move_events() FROM PUBLIC;

