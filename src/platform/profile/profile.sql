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
		JOIN cdp_data.batch s ON s.batch_id = i.since_batch_id
		-- one that no event carries is as if it had never been seen, but for its number
		WHERE i.profile_id <> 0 OR i.blocked;
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
		SELECT i.profile_id, e.event_id, e."timestamp", e.type, e.event, e.properties, e.traits,
			cdp_internal.whole_context(e.context, c.context) AS context,
			e.anonymous_id, e.user_id, e.group_id, e.previous_id, e.identifiers, e.message_id, e.source,
			e.sent_at, e.original_timestamp, e.received_at, e.batch_id
		FROM cdp_data.event e
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id
		LEFT JOIN cdp_data.shared_context c ON c.context_hash = e.context_hash;
	COMMENT ON VIEW cdp.events IS 'The log, with the person that each event belongs to now.';
	COMMENT ON COLUMN cdp.events.profile_id IS
		'Number of the person that the event belongs to now: the profile of its anchor. NULL: all its identifiers are '
		'blocked.';
	COMMENT ON COLUMN cdp.events.event_id IS 'Number of the event, in the order of the batches.';
	COMMENT ON COLUMN cdp.events."timestamp" IS 'When it happened, corrected for clock skew.';
	COMMENT ON COLUMN cdp.events.type IS 'identify, track, page, screen, group, alias or merge.';
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

	CREATE VIEW cdp.messages AS
		SELECT e.event_id, e.message_id, e.source, e.received_at,
			cdp_internal.sent_message(e.type, e.event, e.message_id, e.anonymous_id, e.user_id, e.group_id,
				e.previous_id, e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at,
				e.original_timestamp) AS message
		FROM cdp.events e;
	COMMENT ON VIEW cdp.messages IS
		'The messages of lines that became events, as they were sent; a call of a batch with what that handed down to '
		'it. Of rows of cdp.inbox the columns, named as in a message.';
	COMMENT ON COLUMN cdp.messages.event_id IS 'Number of the event.';
	COMMENT ON COLUMN cdp.messages.message_id IS 'Unique id of the message, as sent.';
	COMMENT ON COLUMN cdp.messages.source IS 'The source that sent it.';
	COMMENT ON COLUMN cdp.messages.received_at IS 'When it was received.';
	COMMENT ON COLUMN cdp.messages.message IS 'The message, equal as jsonb.';
	COMMENT ON COLUMN cdp.events.event IS 'Name of the event; NULL for identify, group and alias calls.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_profile() IS 'Internal: makes the views of people and of events.';

-- As in pass_held_account.c.
CREATE FUNCTION cdp_internal.held_accounts(accounts text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN cardinality(accounts) <= cdp_internal.held_max() THEN ARRAY(
			SELECT a.account
			FROM unnest(accounts) AS a (account)
			ORDER BY a.account COLLATE "C")
		ELSE '{}' END;
COMMENT ON FUNCTION cdp_internal.held_accounts(text[]) IS
	'Internal: returns the value of cdp_data.profile.accounts for these accounts, each given once.';

CREATE FUNCTION cdp_internal.is_member(last_at timestamptz, left_at timestamptz) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN left_at IS NULL OR last_at > left_at;
COMMENT ON FUNCTION cdp_internal.is_member(timestamptz, timestamptz) IS
	'Internal: returns whether one belongs to an account. last_at: time of the latest of all calls that name both; '
	'left_at: of the latest by which it leaves, which counts where another has the same time; NULL: none.';

CREATE FUNCTION cdp_internal.account_rows(whose text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT i.profile_id, m.group_id
		FROM cdp_data.identifier i
		JOIN cdp_data.account_member m ON m.identifier_id = i.identifier_id
		WHERE %s
		GROUP BY i.profile_id, m.group_id
		HAVING cdp_internal.is_member(max(m.last_at), max(m.left_at))
	$sql$, whose);
COMMENT ON FUNCTION cdp_internal.account_rows(text) IS
	'Internal: returns a query of people and the accounts that they belong to. whose: a condition on the row i of '
	'cdp_data.identifier.';

REVOKE ALL ON FUNCTION cdp_internal.init_profile(), cdp_internal.held_accounts(text[]),
	cdp_internal.is_member(timestamptz, timestamptz), cdp_internal.account_rows(text) FROM PUBLIC;
