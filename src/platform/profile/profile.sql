-- Profiles: the views that people read, and the fold of a batch into the profile rows.

CREATE FUNCTION cdp_internal.init_profile() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- for the three comparisons with profile_id see cdp.profile_row
	CREATE VIEW cdp.profiles AS
		SELECT p.profile_id, p.first_seen, p.last_seen,
			ARRAY(
				SELECT i.identifier::text
				FROM cdp_data.identifier i
				JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
				WHERE i.profile_id = p.profile_id AND i.profile_id >= p.profile_id AND i.profile_id <= p.profile_id
				ORDER BY n.priority, i.identifier
			) AS identifiers,
			coalesce(p.traits::jsonb, '{}') AS traits, p.events
		FROM cdp_data.profile p
		WHERE NOT p.shared;
	COMMENT ON VIEW cdp.profiles IS
		'People, in plain column types. A shared identifier (a kiosk, a shared mailbox) is not a person and is not '
		'listed.';
	COMMENT ON COLUMN cdp.profiles.profile_id IS
		'Number of the person: the identifier_id of the strongest identifier.';
	COMMENT ON COLUMN cdp.profiles.first_seen IS 'Time of the earliest event.';
	COMMENT ON COLUMN cdp.profiles.last_seen IS 'Time of the latest event.';
	COMMENT ON COLUMN cdp.profiles.identifiers IS 'All identifiers, as namespace:value, strongest first.';
	COMMENT ON COLUMN cdp.profiles.traits IS
		'Traits of the person: one value for each, chosen by the rule of the trait; {} if there are none.';
	COMMENT ON COLUMN cdp.profiles.events IS 'Number of events in the log; calls of every type count.';

	CREATE VIEW cdp.identifiers AS
		SELECT i.identifier::text COLLATE "C" AS identifier, cdp.namespace(i.identifier) AS namespace,
			cdp.value(i.identifier) AS value, i.identifier_id, i.profile_id, b.as_of AS first_known,
			s.as_of AS in_profile_since
		FROM cdp_data.identifier i
		JOIN cdp_data.batch b ON b.batch_id = i.batch_id
		JOIN cdp_data.batch s ON s.batch_id = i.since_batch_id;
	COMMENT ON VIEW cdp.identifiers IS 'Every identifier, and the person it belongs to now.';
	COMMENT ON COLUMN cdp.identifiers.identifier IS 'namespace:value, normalised.';
	COMMENT ON COLUMN cdp.identifiers.namespace IS 'Kind of the identifier.';
	COMMENT ON COLUMN cdp.identifiers.value IS 'Value within the namespace, normalised.';
	COMMENT ON COLUMN cdp.identifiers.identifier_id IS 'Number of the identifier; it never changes.';
	COMMENT ON COLUMN cdp.identifiers.profile_id IS
		'Number of the person it belongs to now; 0: the identifier is blocked.';
	COMMENT ON COLUMN cdp.identifiers.first_known IS 'Time of the refresh that first saw the identifier.';
	COMMENT ON COLUMN cdp.identifiers.in_profile_since IS 'Time of the refresh that put it into its present profile.';

	CREATE VIEW cdp.events AS
		SELECT i.profile_id, e.event_id, e."timestamp", e.type, e.event, e.properties, e.traits, e.context,
			e.anonymous_id, e.user_id, e.group_id, e.previous_id, e.identifiers, e.message_id, e.source,
			e.sent_at, e.original_timestamp, e.received_at, e.batch_id
		FROM cdp_data.event e
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id;
	COMMENT ON VIEW cdp.events IS 'The log, with the person that each event belongs to now.';
	COMMENT ON COLUMN cdp.events.profile_id IS
		'Number of the person that the event belongs to now: the profile of its anchor. NULL: all its identifiers are '
		'blocked.';
	COMMENT ON COLUMN cdp.events.event_id IS 'Number of the event, in the order of arrival.';
	COMMENT ON COLUMN cdp.events."timestamp" IS 'When it happened, corrected for clock skew.';
	COMMENT ON COLUMN cdp.events.type IS 'identify, track, page, screen, group or alias.';
	COMMENT ON COLUMN cdp.events.properties IS 'Properties of the event, as sent.';
	COMMENT ON COLUMN cdp.events.traits IS 'Traits of the call, as sent.';
	COMMENT ON COLUMN cdp.events.context IS 'Context of the call, as sent.';
	COMMENT ON COLUMN cdp.events.anonymous_id IS 'Anonymous id, as sent.';
	COMMENT ON COLUMN cdp.events.user_id IS 'User id, as sent.';
	COMMENT ON COLUMN cdp.events.group_id IS 'Account of a group call, as sent.';
	COMMENT ON COLUMN cdp.events.previous_id IS 'Earlier anonymous id of an alias call, as sent.';
	COMMENT ON COLUMN cdp.events.identifiers IS 'Further identifiers, as sent.';
	COMMENT ON COLUMN cdp.events.message_id IS 'Unique id of the message, as sent.';
	COMMENT ON COLUMN cdp.events.source IS 'The source that sent it.';
	COMMENT ON COLUMN cdp.events.sent_at IS 'When the client sent it, by the client''s clock.';
	COMMENT ON COLUMN cdp.events.original_timestamp IS 'When it happened, by the client''s clock.';
	COMMENT ON COLUMN cdp.events.received_at IS 'When it reached the inbox.';
	COMMENT ON COLUMN cdp.events.batch_id IS 'Number of the batch that wrote it to the log.';
	COMMENT ON COLUMN cdp.events.event IS 'Name of the event; NULL for identify, group and alias calls.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_profile() IS 'Internal: makes the views of people and of events.';

CREATE FUNCTION cdp_internal.refresh_fold() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- A profile that lost identifiers or events cannot be subtracted from: it is folded again from the log.
	PERFORM cdp_internal.batch_stage('batch_rebuild', $sql$
		SELECT r.new_id AS profile_id
		FROM batch_relabel r
		WHERE r.old_id <> 0 AND r.new_id <> 0
		UNION
		SELECT coalesce(m.new_id, r.old_id)
		FROM batch_relabel r
		LEFT JOIN batch_moved m USING (old_id)
		WHERE r.old_id <> 0
		UNION
		SELECT i.profile_id
		FROM batch_reanchored e
		JOIN cdp_data.identifier i ON i.identifier_id = e.old_id
		WHERE i.profile_id <> 0
		UNION
		SELECT f.profile_id
		FROM batch_refolded f
		UNION
		SELECT id
		FROM batch_result
		WHERE kind = 'refold'
	$sql$);
	-- Staged, so that the planner knows how few rows (mostly none) the log is joined to.
	PERFORM cdp_internal.batch_stage('batch_rebuild_identifier', $sql$
		SELECT i.identifier_id, i.profile_id
		FROM batch_rebuild
		JOIN cdp_data.identifier i USING (profile_id)
	$sql$);
	-- events that other profiles gained from those
	PERFORM cdp_internal.batch_stage('batch_gained', $sql$
		SELECT i.profile_id, e."timestamp", e.type, e.event, e.properties, e.traits, e.received_at, e.source
		FROM batch_reanchored r
		JOIN cdp_data.event e
			ON e.identifier_id = r.new_id AND e."timestamp" = r."timestamp" AND e.event_id = r.event_id
		JOIN cdp_data.identifier i ON i.identifier_id = r.new_id
		WHERE i.profile_id <> 0 AND NOT EXISTS (SELECT FROM batch_rebuild b WHERE b.profile_id = i.profile_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_gone', $sql$
		SELECT old_id, new_id
		FROM batch_moved
		WHERE NOT EXISTS (SELECT FROM batch_rebuild b WHERE b.profile_id = new_id)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_end', $sql$
		SELECT profile_id FROM batch_rebuild
		UNION
		SELECT old_id FROM batch_moved
		UNION
		SELECT id FROM batch_result WHERE kind = 'ended'
	$sql$);
	-- profiles that kept their identifiers, but not their events
	PERFORM cdp_internal.batch_stage('batch_kept', $sql$
		SELECT p.profile_id, p.identifier_count, p.limited, p.shared, p.has_forbid, p.last_trust, p.last_at
		FROM batch_rebuild
		JOIN cdp_data.profile p USING (profile_id)
		JOIN cdp_data.identifier i ON i.identifier_id = p.profile_id AND i.profile_id = p.profile_id
		WHERE NOT EXISTS (SELECT FROM batch_summary s WHERE s.profile_id = p.profile_id)
	$sql$);
	PERFORM cdp_internal.refresh_fold_profile();
	PERFORM cdp_internal.refresh_refold();
	RETURN cdp_internal.batch_stage('batch_touched', $sql$
		SELECT profile_id FROM batch_anchor WHERE profile_id <> 0
		UNION
		SELECT profile_id FROM batch_summary
		UNION
		SELECT profile_id FROM batch_rebuild
		UNION
		SELECT profile_id FROM batch_gained
		UNION
		SELECT profile_id FROM batch_lapsed
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_fold() IS
	'Internal: folds events and moved profiles into cdp_data.profile. Stages for the other folds: profiles to fold '
	'again from the log (batch_rebuild, batch_rebuild_identifier), events that moved to another profile '
	'(batch_gained), profiles that moved as a whole (batch_gone), profiles whose rows end (batch_end), and profiles '
	'touched (batch_touched). Returns the number of profiles touched.';

CREATE FUNCTION cdp_internal.refresh_fold_profile() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- The union is commutative, so the order of the parts does not matter.
	PERFORM cdp_internal.batch_stage('batch_fold', format($sql$
		WITH ended AS (
			DELETE FROM cdp_data.profile p
			USING batch_end d
			WHERE p.profile_id = d.profile_id
			RETURNING p.*
		), parts AS (
			SELECT g.new_id AS profile_id, e.first_seen, e.last_seen, e.events, e.traits, e.expires_at
			FROM ended e
			JOIN batch_gone g ON g.old_id = e.profile_id
			UNION ALL
			SELECT a.profile_id, min(r.at), max(r.at), count(*), NULL, NULL
			FROM batch_anchor a
			JOIN batch_row r USING (row_no)
			WHERE a.profile_id <> 0 AND NOT EXISTS (SELECT FROM batch_rebuild b WHERE b.profile_id = a.profile_id)
			GROUP BY a.profile_id
			UNION ALL
			SELECT g.profile_id, min(g."timestamp"), max(g."timestamp"), count(*), NULL, NULL
			FROM batch_gained g
			GROUP BY g.profile_id
			UNION ALL
			SELECT i.profile_id, min(e."timestamp"), max(e."timestamp"), count(*), NULL, NULL
			FROM batch_rebuild_identifier i
			JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
			GROUP BY i.profile_id
			UNION ALL
			SELECT t.subject, NULL, NULL, 0, t.traits, t.expires_at
			FROM (%s) t
		)
		SELECT profile_id, min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(events)::bigint AS events,
			cdp.traits_union(traits) AS traits, min(expires_at) AS expires_at
		FROM parts
		GROUP BY profile_id
	$sql$, cdp_internal.merged_traits($sql$
		SELECT a.profile_id AS subject, r.traits, r.at AS "timestamp", r.seen_at AS received_at, r.source
		FROM batch_anchor a
		JOIN batch_row r USING (row_no)
		WHERE r.call_type = 'identify' AND a.profile_id <> 0
			AND NOT EXISTS (SELECT FROM batch_rebuild b WHERE b.profile_id = a.profile_id)
		UNION ALL
		SELECT g.profile_id, g.traits, g."timestamp", g.received_at, g.source
		FROM batch_gained g
		WHERE g.type = 'identify'
		UNION ALL
		SELECT i.profile_id, e.traits, e."timestamp", e.received_at, e.source
		FROM batch_rebuild_identifier i
		JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
		WHERE e.type = 'identify'
	$sql$)));
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.profile AS p
			(profile_id, identifier_count, limited, shared, has_forbid, last_trust, last_at)
		SELECT profile_id, identifier_count, limited, shared, has_forbid, last_trust, last_at
		FROM batch_summary
		UNION ALL
		SELECT profile_id, identifier_count, limited, shared, has_forbid, last_trust, last_at
		FROM batch_kept
		ORDER BY profile_id
		ON CONFLICT (profile_id) DO UPDATE
		SET identifier_count = excluded.identifier_count, limited = excluded.limited, shared = excluded.shared,
			has_forbid = excluded.has_forbid, last_trust = excluded.last_trust, last_at = excluded.last_at
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.profile p
		SET first_seen = least(p.first_seen, f.first_seen), last_seen = greatest(p.last_seen, f.last_seen),
			events = p.events + f.events, traits = p.traits || f.traits,
			expires_at = least(p.expires_at, f.expires_at)
		FROM batch_fold f
		WHERE p.profile_id = f.profile_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_fold_profile() IS
	'Internal: folds events and moved profiles into cdp_data.profile.';

REVOKE ALL ON FUNCTION cdp_internal.init_profile(), cdp_internal.refresh_fold(), cdp_internal.refresh_fold_profile()
	FROM PUBLIC;
