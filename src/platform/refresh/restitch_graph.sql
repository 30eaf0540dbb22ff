-- The graph that cdp.restitch() builds anew from the log, and how the one in use becomes it.  Only what differs is
-- written, and each row once, so readers see the old graph until the end, and what is right is not written at all.

-- Exactly one number for each identifier, one identifier for each number, and a row of the map for each; an identifier
-- that has lost its row is still found by its hash.
CREATE FUNCTION cdp_internal.restitch_map(INOUT identifier_id bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_map', $sql$
		SELECT i.identifier_id AS numbered, i.hash, m.identifier_id AS mapped, m.hash AS mapped_hash
		FROM (SELECT i.identifier_id, cdp_internal.map_hash(i.identifier, k.key) AS hash
			  FROM cdp_data.identifier i CROSS JOIN cdp_data.identifier_key k) i
		FULL JOIN cdp_data.identifier_map m ON m.hash = i.hash AND m.identifier_id = i.identifier_id
		WHERE i.identifier_id IS NULL OR m.identifier_id IS NULL
	$sql$);
	-- of two rows with the same identifier, the one that the map knows stays
	PERFORM cdp_internal.batch_stage('batch_twice', $sql$
		SELECT r.identifier_id, r.hash
		FROM (
			SELECT i.identifier_id, h.hash,
				   row_number() OVER (PARTITION BY i.identifier ORDER BY NOT h.mapped, i.identifier_id) AS place
			FROM (
				SELECT e.hash, e.identifier_id, e.mapped, count(*) OVER (PARTITION BY e.hash) AS number
				FROM (
					SELECT m.hash, m.identifier_id, true AS mapped
					FROM cdp_data.identifier_map m
					WHERE m.hash IN (
						SELECT a.hash
						FROM (SELECT hash FROM cdp_data.identifier_map
							  UNION ALL
							  SELECT hash FROM batch_map WHERE mapped IS NULL) a
						GROUP BY a.hash HAVING count(*) > 1)
					UNION ALL
					SELECT b.hash, b.numbered, false FROM batch_map b WHERE b.mapped IS NULL) e) h
			JOIN cdp_data.identifier i ON i.identifier_id = h.identifier_id
			WHERE h.number > 1) r
		WHERE r.place > 1
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier i USING batch_twice t WHERE i.identifier_id = t.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier_map m
		USING (SELECT hash, identifier_id FROM batch_twice
			   UNION
			   SELECT b.mapped_hash, b.mapped FROM batch_map b
			   JOIN cdp_data.identifier i ON i.identifier_id = b.mapped
			   WHERE b.numbered IS NULL) w
		WHERE m.hash = w.hash AND m.identifier_id = w.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_map (hash, identifier_id)
		SELECT b.hash, b.numbered
		FROM batch_map b
		WHERE b.mapped IS NULL AND NOT EXISTS (SELECT FROM batch_twice t WHERE t.identifier_id = b.numbered)
		ORDER BY b.hash
	$sql$);
	identifier_id := cdp_internal.batch_value(format($sql$
		SELECT greatest(%s, (SELECT max(i.identifier_id) FROM cdp_data.identifier i),
			(SELECT max(b.mapped) FROM batch_map b))
	$sql$, identifier_id));
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_map(bigint) IS
	'Internal: mends cdp_data.identifier_map, but for rows whose identifiers have lost theirs (batch_map), and deletes '
	'identifiers that are there twice. Takes the last number assigned, and returns the greatest there is.';

CREATE FUNCTION cdp_internal.restitch_graph(INOUT identifier_id bigint, OUT reworks bigint,
	OUT identifiers_reworked bigint, OUT largest_rework bigint)
	AS 'MODULE_PATHNAME', 'cdp_restitch_graph' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.restitch_graph(bigint) IS
	'Internal: stitches the log into the tables of cdp_data.restitch_tables(), in chunks. Identifiers keep their '
	'numbers; missing ones get those after the last, and rows in cdp_data.identifier_map. Takes and returns the last '
	'number; and counts as of a batch.';

-- The rows of identifiers and links that are not what they should be: batch_identifier_differs, batch_link_differs.
CREATE FUNCTION cdp_internal.restitch_compare() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- what no event has is in no profile
	PERFORM cdp_internal.batch_stage('batch_identifier_differs', $sql$
		SELECT d.*, d.is_there AND (d.old_id <> d.new_id OR d.is_lost AND NOT d.was_blocked) AS has_moved
		FROM (
			SELECT coalesce(i.identifier_id, r.identifier_id) AS identifier_id, i.identifier_id IS NOT NULL AS is_there,
				   r.identifier_id IS NULL AS is_lost, i.profile_id AS old_id, coalesce(r.profile_id, 0) AS new_id,
				   i.blocked AS was_blocked, i.shared AS was_shared, i.link_counts AS old_counts,
				   coalesce(r.shared, false) AS shared, coalesce(r.link_counts, '{}') AS link_counts
			FROM cdp_data.identifier i
			FULL JOIN cdp_data.restitch_identifier r ON r.identifier_id = i.identifier_id) d
		WHERE (d.old_id, d.was_blocked, d.was_shared, d.old_counts)
			IS DISTINCT FROM (d.new_id, d.is_lost, d.shared, d.link_counts)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_link_differs', $sql$
		SELECT d.*
		FROM (
			SELECT coalesce(l.a, r.a) AS a, coalesce(l.b, r.b) AS b, coalesce(l.source, r.source) AS source,
				   l.a IS NOT NULL AS is_there, r.a IS NULL AS is_lost, r.first_at, r.last_at, r.events, r.message_id,
				   r.refused, (l.first_at, l.last_at, l.events, l.message_id)
					IS DISTINCT FROM (r.first_at, r.last_at, r.events, r.message_id) AS is_wrong,
				   l.refused AS was_refused
			FROM cdp_data.link l
			FULL JOIN cdp_data.restitch_link r ON r.a = l.a AND r.b = l.b AND r.source = l.source) d
		WHERE d.is_wrong OR d.was_refused <> d.refused
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_compare() IS
	'Internal: finds where cdp_data.identifier and cdp_data.link differ from what cdp_internal.restitch_graph() built '
	'(batch_identifier_differs, batch_link_differs).';

CREATE FUNCTION cdp_internal.restitch_count_profiles(OUT created bigint, OUT merged bigint, OUT split bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	created := cdp_internal.batch_value($sql$
		SELECT count(*)
		FROM cdp_data.restitch_profile r
		WHERE NOT EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = r.profile_id)
	$sql$);
	merged := cdp_internal.batch_value($sql$
		SELECT count(DISTINCT d.old_id)
		FROM batch_identifier_differs d
		WHERE d.has_moved AND NOT d.is_lost AND d.old_id <> 0
			AND NOT EXISTS (SELECT FROM cdp_data.restitch_profile r WHERE r.profile_id = d.old_id)
	$sql$);
	split := cdp_internal.batch_value($sql$
		SELECT count(*)
		FROM (
			SELECT d.old_id
			FROM batch_identifier_differs d
			JOIN cdp_data.restitch_profile r ON r.profile_id = d.old_id
			WHERE d.has_moved AND NOT d.is_lost
				AND EXISTS (SELECT FROM cdp_data.identifier i
							JOIN cdp_data.restitch_identifier s ON s.identifier_id = i.identifier_id
							WHERE i.profile_id = d.old_id AND s.profile_id = d.old_id)
			UNION
			SELECT d.old_id
			FROM batch_identifier_differs d
			WHERE d.has_moved AND NOT d.is_lost AND d.old_id <> 0
			GROUP BY d.old_id
			HAVING count(DISTINCT d.new_id) > 1) s
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_count_profiles() IS
	'Internal: counts the profiles that are missing, that become part of others, and that are taken apart.';

CREATE FUNCTION cdp_internal.restitch_write_identifiers() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_history (identifier_id, from_batch_id, until_batch_id, profile_id)
		SELECT i.identifier_id, i.since_batch_id, $1, i.profile_id
		FROM batch_identifier_differs d
		JOIN cdp_data.identifier i ON i.identifier_id = d.identifier_id
		WHERE d.has_moved
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i
		SET profile_id = d.new_id, blocked = d.is_lost, shared = d.shared, link_counts = d.link_counts,
			since_batch_id = CASE WHEN d.has_moved THEN $1 ELSE i.since_batch_id END
		FROM batch_identifier_differs d
		WHERE d.is_there AND i.identifier_id = d.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, shared, link_counts, batch_id,
			since_batch_id)
		SELECT r.identifier_id, r.identifier, r.profile_id, r.shared, r.link_counts, $1, $1
		FROM batch_identifier_differs d
		JOIN cdp_data.restitch_identifier r ON r.identifier_id = d.identifier_id
		WHERE NOT d.is_there
		ORDER BY r.identifier_id
	$sql$);
	-- what the map alone knew and the log does not
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier_map m
		USING batch_map b
		WHERE b.numbered IS NULL AND m.hash = b.mapped_hash AND m.identifier_id = b.mapped
			AND NOT EXISTS (
				SELECT
				FROM cdp_data.identifier i
				WHERE i.identifier_id = m.identifier_id AND cdp_internal.map_hash(i.identifier) = m.hash)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_write_identifiers() IS
	'Internal: brings cdp_data.identifier, cdp_data.identifier_history and cdp_data.identifier_map to what '
	'cdp_internal.restitch_compare() found.';

CREATE FUNCTION cdp_internal.restitch_write_links() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.link l
		USING batch_link_differs d
		WHERE d.is_lost AND l.a = d.a AND l.b = d.b AND l.source = d.source
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.link l
		SET first_at = d.first_at, last_at = d.last_at, events = d.events, message_id = d.message_id,
			refused = d.refused, last_batch_id = CASE WHEN d.is_wrong THEN $1 ELSE l.last_batch_id END
		FROM batch_link_differs d
		WHERE d.is_there AND NOT d.is_lost AND l.a = d.a AND l.b = d.b AND l.source = d.source
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.link (a, b, source, first_at, last_at, events, message_id, batch_id, last_batch_id,
			refused)
		SELECT d.a, d.b, d.source, d.first_at, d.last_at, d.events, d.message_id, $1, $1, d.refused
		FROM batch_link_differs d
		WHERE NOT d.is_there
		ORDER BY d.a, d.b, d.source
	$sql$);
	RETURN cdp_internal.batch_value('SELECT count(*) FROM batch_link_differs WHERE is_wrong');
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_write_links() IS
	'Internal: brings cdp_data.link to what cdp_internal.restitch_compare() found. Returns the number of rows whose '
	'evidence was wrong.';

-- Rows of profiles that are no more; the others are written once, when they are folded.
CREATE FUNCTION cdp_internal.restitch_end_profiles() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.profile p
		WHERE NOT EXISTS (SELECT FROM cdp_data.restitch_profile r WHERE r.profile_id = p.profile_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.profile_timeline t
		WHERE NOT EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = t.profile_id)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_end_profiles() IS
	'Internal: deletes the rows of profiles that are not in the graph built anew.';

CREATE FUNCTION cdp_internal.restitch_anchor_events(identifier_id bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_restitch_anchor' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.restitch_anchor_events(bigint) IS
	'Internal: brings the events of the log to their anchors by cdp_data.identifier, in chunks. Takes the last number '
	'assigned; returns the number of events moved.';

CREATE FUNCTION cdp_internal.restitch_fold_profiles(identifier_id bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_restitch_fold' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.restitch_fold_profiles(bigint) IS
	'Internal: folds all events of the log, by profile and in slices, and writes the rows of profiles that differ. '
	'Takes the last number assigned.';

-- What group calls say of accounts, and who belongs to them.
CREATE FUNCTION cdp_internal.restitch_fold_accounts() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_member', $sql$
		SELECT e.identifier_id, cdp_internal.account_id(e.group_id) AS group_id, min(e."timestamp") AS first_at,
			   max(e."timestamp") AS last_at, count(*) AS events
		FROM cdp_data.event e
		WHERE e.type = 'group'
		GROUP BY 1, 2
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.account_member m
		WHERE NOT EXISTS (
			SELECT FROM batch_member b WHERE b.identifier_id = m.identifier_id AND b.group_id = m.group_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account_member AS m (identifier_id, group_id, first_at, last_at, events)
		SELECT b.identifier_id, b.group_id, b.first_at, b.last_at, b.events
		FROM batch_member b
		LEFT JOIN cdp_data.account_member o ON o.identifier_id = b.identifier_id AND o.group_id = b.group_id
		WHERE (o.first_at, o.last_at, o.events) IS DISTINCT FROM (b.first_at, b.last_at, b.events)
		ORDER BY b.identifier_id, b.group_id
		ON CONFLICT (identifier_id, group_id) DO UPDATE
		SET first_at = excluded.first_at, last_at = excluded.last_at, events = excluded.events
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_account', format($sql$
		SELECT g.group_id, g.first_seen, g.last_seen, g.events, t.traits, t.expires_at
		FROM (
			SELECT b.group_id, min(b.first_at) AS first_seen, max(b.last_at) AS last_seen,
				   sum(b.events)::bigint AS events
			FROM batch_member b
			GROUP BY b.group_id) g
		LEFT JOIN (%s) t ON t.subject = g.group_id
	$sql$, cdp_internal.merged_traits($sql$
		SELECT cdp_internal.account_id(e.group_id) AS subject, e.traits, e."timestamp", e.received_at, e.source
		FROM cdp_data.event e
		WHERE e.type = 'group'
	$sql$)));
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.account a WHERE NOT EXISTS (SELECT FROM batch_account b WHERE b.group_id = a.group_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account AS a (group_id, first_seen, last_seen, events, traits, expires_at)
		SELECT b.group_id, b.first_seen, b.last_seen, b.events, b.traits, b.expires_at
		FROM batch_account b
		LEFT JOIN cdp_data.account o ON o.group_id = b.group_id
		WHERE (o.first_seen, o.last_seen, o.events, o.traits, o.expires_at)
			IS DISTINCT FROM (b.first_seen, b.last_seen, b.events, b.traits, b.expires_at)
		ORDER BY b.group_id
		ON CONFLICT (group_id) DO UPDATE
		SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, events = excluded.events,
			traits = excluded.traits, expires_at = excluded.expires_at
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_fold_accounts() IS
	'Internal: folds all group calls of the log into cdp_data.account and cdp_data.account_member, and writes the rows '
	'that differ.';

REVOKE ALL ON FUNCTION cdp_internal.restitch_map(bigint), cdp_internal.restitch_graph(bigint),
	cdp_internal.restitch_compare(), cdp_internal.restitch_count_profiles(), cdp_internal.restitch_write_identifiers(),
	cdp_internal.restitch_write_links(), cdp_internal.restitch_end_profiles(),
	cdp_internal.restitch_anchor_events(bigint), cdp_internal.restitch_fold_profiles(bigint),
	cdp_internal.restitch_fold_accounts() FROM PUBLIC;
