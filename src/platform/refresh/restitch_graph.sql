-- The graph that cdp.restitch() builds anew from the log, and how the one in use becomes it.  Only what differs is
-- written, and each row once, so readers see the old graph until the end, and what is right is not written at all.

CREATE FUNCTION cdp_internal.restitch_graph(INOUT identifier_id bigint, OUT reworks bigint,
	OUT identifiers_reworked bigint, OUT largest_rework bigint)
	AS 'MODULE_PATHNAME', 'cdp_restitch_graph' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.restitch_graph(bigint) IS
	'Internal: stitches the log into the tables of cdp_internal.restitch_tables(), in chunks. Identifiers keep their '
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
		SELECT d.*, d.is_there AND d.old_id <> d.new_id AS has_moved
		FROM (
			SELECT coalesce(i.identifier_id, r.identifier_id) AS identifier_id, i.identifier_id IS NOT NULL AS is_there,
				   i.profile_id AS old_id, coalesce(r.profile_id, 0) AS new_id, i.blocked AS was_blocked,
				   r.identifier_id IS NULL AND cdp_internal.is_blocked(i.identifier, k.rules) AS blocked,
				   i.shared AS was_shared, i.link_counts AS old_counts, i.class_id AS old_class,
				   coalesce(r.shared, false) AS shared, coalesce(r.link_counts, '') AS link_counts,
				   coalesce(r.class_id, 0) AS class_id
			FROM cdp_data.identifier i
			FULL JOIN cdp_data.restitch_identifier r ON r.identifier_id = i.identifier_id
			CROSS JOIN (SELECT cdp_internal.blocked_rules() AS rules) k) d
		WHERE (d.old_id, d.was_blocked, d.was_shared, d.old_counts, d.old_class)
			IS DISTINCT FROM (d.new_id, d.blocked, d.shared, d.link_counts, d.class_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_link_differs', $sql$
		SELECT d.*
		FROM (
			SELECT coalesce(l.a, r.a) AS a, coalesce(l.b, r.b) AS b, coalesce(l.source_id, r.source_id) AS source_id,
				   l.a IS NOT NULL AS is_there, r.a IS NULL AS is_lost, r.first_at, r.last_at, r.events, r.message_id,
				   r.aliases, r.refused, r.believed, (l.first_at, l.last_at, l.events, l.message_id, l.aliases)
					IS DISTINCT FROM (r.first_at, r.last_at, r.events, r.message_id, r.aliases) AS is_wrong,
				   l.refused AS was_refused, l.believed AS was_believed
			FROM cdp_data.link l
			FULL JOIN cdp_data.restitch_link r ON r.a = l.a AND r.b = l.b AND r.source_id = l.source_id) d
		WHERE d.is_wrong OR d.was_refused <> d.refused OR d.was_believed <> d.believed
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
		WHERE d.has_moved AND d.new_id <> 0 AND d.old_id <> 0
			AND NOT EXISTS (SELECT FROM cdp_data.restitch_profile r WHERE r.profile_id = d.old_id)
	$sql$);
	split := cdp_internal.batch_value($sql$
		SELECT count(*)
		FROM (
			SELECT d.old_id
			FROM batch_identifier_differs d
			JOIN cdp_data.restitch_profile r ON r.profile_id = d.old_id
			WHERE d.has_moved AND d.new_id <> 0
				AND EXISTS (SELECT FROM cdp_data.identifier i
							JOIN cdp_data.restitch_identifier s ON s.identifier_id = i.identifier_id
							WHERE i.profile_id = d.old_id AND s.profile_id = d.old_id)
			UNION
			SELECT d.old_id
			FROM batch_identifier_differs d
			WHERE d.has_moved AND d.new_id <> 0 AND d.old_id <> 0
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
		SET profile_id = d.new_id, blocked = d.blocked, shared = d.shared, link_counts = d.link_counts,
			class_id = d.class_id,
			since_batch_id = CASE WHEN d.has_moved THEN $1 ELSE i.since_batch_id END
		FROM batch_identifier_differs d
		WHERE d.is_there AND i.identifier_id = d.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, class_id, shared, link_counts,
			batch_id, since_batch_id)
		SELECT r.identifier_id, r.identifier, r.profile_id, r.class_id, r.shared, r.link_counts, $1, $1
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
		WHERE d.is_lost AND l.a = d.a AND l.b = d.b AND l.source_id = d.source_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.link l
		SET first_at = d.first_at, last_at = d.last_at, events = d.events, message_id = d.message_id,
			aliases = d.aliases, refused = d.refused, believed = d.believed,
			last_batch_id = CASE WHEN d.is_wrong THEN $1 ELSE l.last_batch_id END
		FROM batch_link_differs d
		WHERE d.is_there AND NOT d.is_lost AND l.a = d.a AND l.b = d.b AND l.source_id = d.source_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.link (a, b, source_id, first_at, last_at, events, message_id, batch_id, last_batch_id,
			aliases, refused, believed)
		SELECT d.a, d.b, d.source_id, d.first_at, d.last_at, d.events, d.message_id, $1, $1, d.aliases, d.refused,
			   d.believed
		FROM batch_link_differs d
		WHERE NOT d.is_there
		ORDER BY d.a, d.b, d.source_id
	$sql$);
	UPDATE cdp_data.verdict v
	SET refused = r.refused
	FROM cdp_data.restitch_verdict r
	WHERE r.verdict_id = v.verdict_id AND r.refused <> v.refused;
	RETURN cdp_internal.batch_value('SELECT count(*) FROM batch_link_differs WHERE is_wrong');
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_write_links() IS
	'Internal: brings cdp_data.link, and cdp_data.verdict.refused, to what cdp_internal.restitch_compare() found. '
	'Returns the number of rows whose evidence was wrong.';

-- Rows of profiles that are no more; the others are written once, when they are folded.
CREATE FUNCTION cdp_internal.restitch_end_profiles() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_run($sql$
		WITH ended AS (
			DELETE FROM cdp_data.profile p
			WHERE NOT EXISTS (SELECT FROM cdp_data.restitch_profile r WHERE r.profile_id = p.profile_id)
			RETURNING p.profile_id)
		INSERT INTO cdp_data.restitch_touched
		SELECT e.profile_id FROM ended e
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.profile_identifier s
		WHERE NOT EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = s.profile_id)
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_end_profiles() IS
	'Internal: deletes the rows of profiles that are not in the graph built anew.';

CREATE FUNCTION cdp_internal.restitch_anchor_events(identifier_id bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_restitch_anchor_events' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.restitch_anchor_events(bigint) IS
	'Internal: brings the events that cdp_internal.restitch_graph() found at wrong anchors, and those at shared '
	'identifiers, to their anchors by cdp_data.identifier, in chunks. Takes the last number assigned; returns the '
	'number of events moved.';

CREATE FUNCTION cdp_internal.restitch_fold_profiles(identifier_id bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_restitch_fold_profiles' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.restitch_fold_profiles(bigint) IS
	'Internal: folds all events of the log, by profile and in slices, and writes the rows of profiles that differ. '
	'Takes the last number assigned.';

CREATE FUNCTION cdp_internal.restitch_count_touched() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN cdp_internal.batch_value($sql$
		SELECT count(*)
		FROM (
			SELECT t.profile_id FROM cdp_data.restitch_touched t
			UNION
			SELECT h.profile_id FROM batch_held_differs h
			UNION
			SELECT i.profile_id
			FROM batch_identifier_differs d CROSS JOIN LATERAL (VALUES (d.old_id), (d.new_id)) i (profile_id)
			WHERE (d.has_moved OR NOT d.is_there) AND i.profile_id <> 0) p
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_count_touched() IS
	'Internal: counts the profiles whose rows were written or deleted, or that identifiers left or came to.';

REVOKE ALL ON FUNCTION cdp_internal.restitch_graph(bigint), cdp_internal.restitch_compare(),
	cdp_internal.restitch_count_profiles(), cdp_internal.restitch_write_identifiers(),
	cdp_internal.restitch_write_links(), cdp_internal.restitch_end_profiles(),
	cdp_internal.restitch_anchor_events(bigint), cdp_internal.restitch_fold_profiles(bigint),
	cdp_internal.restitch_count_touched() FROM PUBLIC;
