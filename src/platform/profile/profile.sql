-- Profiles: the views that people read.

CREATE FUNCTION cdp_internal.init_profile() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.profiles AS
		SELECT p.profile_id, p.first_seen, p.last_seen,
			ARRAY(
				SELECT i.identifier::text
				FROM unnest(p.identifiers) AS i (identifier)
				JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
				ORDER BY n.priority, i.identifier
			) AS identifiers,
			coalesce(p.traits::jsonb, '{}') AS traits, p.events
		FROM cdp.profile_row p;
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

-- As in pass_held.c.
CREATE FUNCTION cdp_internal.held_accounts(accounts text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN cardinality(accounts) <= 64 THEN ARRAY(
			SELECT a.account
			FROM unnest(accounts) AS a (account)
			ORDER BY a.account COLLATE "C")
		ELSE '{}' END;
COMMENT ON FUNCTION cdp_internal.held_accounts(text[]) IS
	'Internal: returns the value of cdp_data.profile.accounts for these accounts, each given once.';

-- What profiles hold, for cdp.restitch(): the columns of the row, and the slices of who has more than a row holds, in
-- whatever order they stand there.
CREATE FUNCTION cdp_internal.restitch_hold() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_held', $sql$
		SELECT i.profile_id, array_agg(i.identifier ORDER BY i.identifier) AS identifiers,
			array_agg(i.identifier_id ORDER BY i.identifier) AS ids
		FROM cdp_data.identifier i
		WHERE i.profile_id <> 0
		GROUP BY i.profile_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.profile p
		SET identifiers = s.identifiers, identifier_ids = s.ids, accounts = s.accounts
		FROM (
			SELECT h.profile_id, CASE WHEN cardinality(h.ids) <= 64 THEN h.identifiers END AS identifiers,
				CASE WHEN cardinality(h.ids) <= 64 AND h.ids <> ARRAY[h.profile_id] THEN h.ids END AS ids, n.accounts
			FROM batch_held h
			LEFT JOIN (
				SELECT i.profile_id, cdp_internal.held_accounts(array_agg(DISTINCT m.group_id)) AS accounts
				FROM cdp_data.identifier i
				JOIN cdp_data.account_member m ON m.identifier_id = i.identifier_id
				GROUP BY i.profile_id) n USING (profile_id)) s
		WHERE p.profile_id = s.profile_id
			AND (p.identifiers, p.identifier_ids, p.accounts) IS DISTINCT FROM (s.identifiers, s.ids, s.accounts)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_sliced', $sql$
		SELECT coalesce(h.profile_id, f.profile_id) AS profile_id, h.identifiers, h.ids
		FROM (SELECT profile_id, identifiers, ids FROM batch_held WHERE cardinality(ids) > 64) h
		FULL JOIN (
			SELECT s.profile_id, array_agg(u.identifier ORDER BY u.identifier) AS identifiers,
				array_agg(u.id ORDER BY u.identifier) AS ids, max(s.slice) AS last,
				max(cardinality(s.identifier_ids)) AS most
			FROM cdp_data.profile_identifier s
			CROSS JOIN LATERAL unnest(s.identifiers, s.identifier_ids) AS u (identifier, id)
			GROUP BY s.profile_id) f ON f.profile_id = h.profile_id
		WHERE (f.identifiers, f.ids, f.last, f.most)
			IS DISTINCT FROM (h.identifiers, h.ids, (cardinality(h.ids) - 1) / 64, 64)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.profile_identifier s USING batch_sliced d WHERE d.profile_id = s.profile_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.profile_identifier (profile_id, slice, identifiers, identifier_ids)
		SELECT d.profile_id, n.slice, d.identifiers[n.slice * 64 + 1:n.slice * 64 + 64],
			d.ids[n.slice * 64 + 1:n.slice * 64 + 64]
		FROM batch_sliced d
		CROSS JOIN LATERAL generate_series(0, (cardinality(d.ids) - 1) / 64) AS n (slice)
		WHERE d.ids IS NOT NULL
		ORDER BY d.profile_id, n.slice
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_hold() IS
	'Internal: corrects what the rows of profiles hold, by cdp_data.identifier and cdp_data.account_member.';

REVOKE ALL ON FUNCTION cdp_internal.init_profile(), cdp_internal.held_accounts(text[]),
	cdp_internal.restitch_hold() FROM PUBLIC;
