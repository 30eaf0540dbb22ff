-- What each person did: where timelines are kept, and how a batch gets into them.

CREATE FUNCTION cdp.init_timeline() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp.profile_timeline (profile_id bigint PRIMARY KEY, timeline cdp.timeline NOT NULL);
	COMMENT ON TABLE cdp.profile_timeline IS 'What each person did, as one compressed value. Distribution key: profile_id.';

	CREATE VIEW cdp.profile_row AS
		SELECT p.profile_id, p.first_seen, p.last_seen, p.events,
			   ARRAY(SELECT i.identifier FROM cdp.identity i WHERE i.profile_id = p.profile_id ORDER BY i.identifier) AS identifiers,
			   p.traits, t.timeline
		FROM cdp.profile p LEFT JOIN cdp.profile_timeline t ON t.profile_id = p.profile_id WHERE NOT p.shared;
	COMMENT ON VIEW cdp.profile_row IS 'What a segment''s condition sees of a person, in cdp''s own types.';
	COMMENT ON COLUMN cdp.profile_row.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.profile_row.first_seen IS 'Time of the earliest event.';
	COMMENT ON COLUMN cdp.profile_row.last_seen IS 'Time of the latest event.';
	COMMENT ON COLUMN cdp.profile_row.events IS 'Number of events in the log, calls of every type counted.';
	COMMENT ON COLUMN cdp.profile_row.identifiers IS 'All identifiers, in their order.';
	COMMENT ON COLUMN cdp.profile_row.traits IS 'What is known of the person; NULL where nothing is.';
	COMMENT ON COLUMN cdp.profile_row.timeline IS 'What the person did: track, page and screen calls; NULL where nothing.';
END
$function$;
COMMENT ON FUNCTION cdp.init_timeline() IS 'Internal: makes the tables of the room behavior, and the view of all that a condition sees of a person.';

CREATE FUNCTION cdp.refresh_fold_timeline() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.batch_stage('batch_fold_timeline', $sql$
		WITH ended AS (
			DELETE FROM cdp.profile_timeline t USING batch_end d WHERE t.profile_id = d.profile_id RETURNING t.*
		), parts AS (
			SELECT g.new_id AS profile_id, e.timeline FROM ended e JOIN batch_gone g ON g.old_id = e.profile_id
			UNION ALL
			SELECT a.profile_id, cdp.timeline_agg(r.at, r.event_name) FROM batch_anchor a JOIN batch_row r USING (row_no)
			WHERE r.event_name IS NOT NULL AND a.profile_id <> 0 AND NOT EXISTS (SELECT FROM batch_rebuild b WHERE b.profile_id = a.profile_id) GROUP BY a.profile_id
			UNION ALL
			SELECT i.profile_id, cdp.timeline_agg(e."timestamp", e.event)
			FROM batch_rebuild JOIN cdp.identity i USING (profile_id) JOIN cdp.event e ON e.identity_id = i.identity_id WHERE e.event IS NOT NULL GROUP BY i.profile_id
		)
		SELECT profile_id, cdp.timeline_union(timeline) AS timeline FROM parts GROUP BY profile_id
	$sql$);
	PERFORM cdp.batch_run($sql$
		INSERT INTO cdp.profile_timeline AS t (profile_id, timeline)
		SELECT profile_id, timeline FROM batch_fold_timeline ORDER BY profile_id
		ON CONFLICT (profile_id) DO UPDATE SET timeline = t.timeline || excluded.timeline
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp.refresh_fold_timeline() IS 'Internal: folds events and moved profiles into cdp.profile_timeline.';

REVOKE ALL ON FUNCTION cdp.init_timeline(), cdp.refresh_fold_timeline() FROM PUBLIC;
