-- The stored timelines: how they are kept, and how a batch is appended to them.
--
-- A timeline is one value, so each append rewrites it.  For most people that is a few hundred bytes.  If a
-- timeline no longer fits on a page, its events are sealed: they move to level_1, which moves to level_2 before
-- it exceeds 64 kB, which moves to level_3 before it exceeds 1 MB.  Large values are stored outside the row
-- (TOAST), and an update that leaves a level unchanged does not write it.  So an append writes the unsealed tail
-- only, and each event is rewritten some tens of times on its way down instead of once for each append.

CREATE FUNCTION cdp_internal.timeline_whole(timeline cdp.timeline, level_1 cdp.timeline, level_2 cdp.timeline,
	level_3 cdp.timeline) RETURNS cdp.timeline
	AS 'MODULE_PATHNAME', 'cdp_timeline_whole' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION cdp_internal.timeline_whole(cdp.timeline, cdp.timeline, cdp.timeline, cdp.timeline) IS
	'Internal: returns the parts of a row of cdp_data.profile_timeline as one timeline. A NULL part has no events; '
	'NULL if all are NULL. Its cost is that of an operator, because few people have sealed events.';

CREATE FUNCTION cdp_internal.init_timeline() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- Each profile has a row in both tables.  So the inner join loses none, and conditions on timelines are
	-- evaluated in the scan of their table.
	-- The comparisons >= and <= with profile_id repeat =.  They lower the planner's estimate: without fresh
	-- statistics it assumes 200 distinct profiles, and would find each person's identifiers by a full scan.
	CREATE VIEW cdp.profile_row AS
		SELECT p.profile_id, p.first_seen, p.last_seen, p.events,
			ARRAY(
				SELECT i.identifier
				FROM cdp_data.identifier i
				WHERE i.profile_id = p.profile_id AND i.profile_id >= p.profile_id AND i.profile_id <= p.profile_id
				ORDER BY i.identifier
			) AS identifiers,
			p.traits,
			CASE WHEN t.level_1 IS NULL THEN t.timeline
				ELSE cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, t.level_3) END AS timeline,
			ARRAY(
				SELECT DISTINCT m.group_id
				FROM cdp_data.identifier i
				JOIN cdp_data.account_member m ON m.identifier_id = i.identifier_id
				WHERE i.profile_id = p.profile_id AND i.profile_id >= p.profile_id AND i.profile_id <= p.profile_id
				ORDER BY m.group_id
			) AS accounts,
			(
				SELECT cdp.traits_union(a.traits)
				FROM cdp_data.account a
				WHERE a.group_id IN (
					SELECT m.group_id
					FROM cdp_data.identifier i
					JOIN cdp_data.account_member m ON m.identifier_id = i.identifier_id
					WHERE i.profile_id = p.profile_id AND i.profile_id >= p.profile_id
						AND i.profile_id <= p.profile_id)
			) AS account_traits
		FROM cdp_data.profile p
		JOIN cdp_data.profile_timeline t ON t.profile_id = p.profile_id
		WHERE NOT p.shared AND NOT t.shared;
	COMMENT ON VIEW cdp.profile_row IS
		'People, in the types of cdp: the columns that the condition of a segment can use.';
	COMMENT ON COLUMN cdp.profile_row.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.profile_row.first_seen IS 'Time of the earliest event.';
	COMMENT ON COLUMN cdp.profile_row.last_seen IS 'Time of the latest event.';
	COMMENT ON COLUMN cdp.profile_row.events IS 'Number of events in the log; calls of every type count.';
	COMMENT ON COLUMN cdp.profile_row.identifiers IS 'All identifiers, sorted.';
	COMMENT ON COLUMN cdp.profile_row.traits IS 'Traits of the person; NULL if there are none.';
	COMMENT ON COLUMN cdp.profile_row.timeline IS
		'Events of the person: track, page and screen calls; empty if there are none.';
	COMMENT ON COLUMN cdp.profile_row.accounts IS 'The accounts that the person belongs to, sorted.';
	COMMENT ON COLUMN cdp.profile_row.account_traits IS
		'Traits of these accounts, merged into one; NULL if there are none.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_timeline() IS
	'Internal: makes the view of people that the conditions of segments are evaluated over.';

CREATE FUNCTION cdp_internal.refresh_fold_timeline() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_fold_timeline', $sql$
		WITH ended AS (
			DELETE FROM cdp_data.profile_timeline t
			USING batch_end d
			WHERE t.profile_id = d.profile_id
			RETURNING t.*
		), parts AS (
			SELECT g.new_id AS profile_id,
				cdp_internal.timeline_whole(e.timeline, e.level_1, e.level_2, e.level_3) AS timeline
			FROM ended e
			JOIN batch_gone g ON g.old_id = e.profile_id
			UNION ALL
			SELECT a.profile_id, cdp.timeline_agg(r.at, r.event_name,
				cdp_internal.carried(r.event_name, r.properties, (SELECT cdp_internal.carried_rules())))
			FROM batch_anchor a
			JOIN batch_row r USING (row_no)
			WHERE r.event_name IS NOT NULL AND a.profile_id <> 0
				AND NOT EXISTS (SELECT FROM batch_rebuild b WHERE b.profile_id = a.profile_id)
			GROUP BY a.profile_id
			UNION ALL
			SELECT g.profile_id, cdp.timeline_agg(g."timestamp", g.event,
				cdp_internal.carried(g.event, g.properties, (SELECT cdp_internal.carried_rules())))
			FROM batch_gained g
			WHERE g.event IS NOT NULL
			GROUP BY g.profile_id
			UNION ALL
			SELECT i.profile_id, cdp.timeline_agg(e."timestamp", e.event,
				cdp_internal.carried(e.event, e.properties, (SELECT cdp_internal.carried_rules())))
			FROM batch_rebuild_identifier i
			JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
			WHERE e.event IS NOT NULL
			GROUP BY i.profile_id
		)
		SELECT profile_id, cdp.timeline_union(timeline) AS timeline
		FROM parts
		GROUP BY profile_id
	$sql$);
	PERFORM cdp_internal.count_left_out($sql$
		SELECT r.event_name AS event, r.properties
		FROM batch_row r
		JOIN batch_accepted USING (row_no)
		WHERE r.event_name IS NOT NULL
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_heavy', $sql$
		WITH stored AS (
			INSERT INTO cdp_data.profile_timeline AS t (profile_id, timeline)
			SELECT profile_id, timeline
			FROM batch_fold_timeline
			ORDER BY profile_id
			ON CONFLICT (profile_id) DO UPDATE
			SET timeline = t.timeline || excluded.timeline
			RETURNING profile_id, pg_column_size(timeline) AS size
		)
		SELECT profile_id
		FROM stored
		WHERE size > 8000
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.profile_timeline t
		SET timeline = '{}',
			level_1 = CASE s.level WHEN 1 THEN t.level_1 || t.timeline ELSE '{}' END,
			level_2 = CASE s.level WHEN 1 THEN t.level_2
				WHEN 2 THEN cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, NULL) ELSE '{}' END,
			level_3 = CASE s.level WHEN 3
				THEN cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, t.level_3) ELSE t.level_3 END
		FROM (
			-- the first level with room for all parts before it
			SELECT profile_id, CASE
				WHEN pg_column_size(timeline) + coalesce(pg_column_size(level_1), 0) <= 65536 THEN 1
				WHEN pg_column_size(timeline) + coalesce(pg_column_size(level_1), 0)
					+ coalesce(pg_column_size(level_2), 0) <= 1048576 THEN 2
				ELSE 3 END AS level
			FROM batch_heavy
			JOIN cdp_data.profile_timeline USING (profile_id)) s
		WHERE t.profile_id = s.profile_id
	$sql$);
	-- a row for each profile without events
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.profile_timeline (profile_id, shared, timeline)
		SELECT p.profile_id, p.shared, '{}'
		FROM (
			SELECT profile_id, shared FROM batch_summary
			UNION ALL
			SELECT profile_id, shared FROM batch_kept) p
		WHERE NOT EXISTS (SELECT FROM cdp_data.profile_timeline t WHERE t.profile_id = p.profile_id)
		ORDER BY p.profile_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.profile_timeline t
		SET shared = p.shared
		FROM (
			SELECT profile_id, shared FROM batch_summary
			UNION ALL
			SELECT profile_id, shared FROM batch_kept) p
		WHERE t.profile_id = p.profile_id AND t.shared <> p.shared
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_fold_timeline() IS
	'Internal: folds events and moved profiles into cdp_data.profile_timeline, and seals timelines that became large.';

REVOKE ALL ON FUNCTION cdp_internal.init_timeline(), cdp_internal.refresh_fold_timeline() FROM PUBLIC;
