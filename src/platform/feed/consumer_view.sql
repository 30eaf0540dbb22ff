-- What a role may read and write of consumers: its own, and those of roles that it is a member of.  The functions of
-- consumers work through these views, with the rights of the role that calls them; so whatever else that role does with
-- the views, it reads no changes but of segments whose views it may read.

CREATE FUNCTION cdp_internal.init_consumer_views() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp_data.own_consumer WITH (security_barrier) AS
		SELECT c.consumer_id, c.name, c.role, c.segments, c.position, c.snapshot_change_id, c.held_until, c.created_at,
			c.acknowledged_at
		FROM cdp_data.consumer c
		WHERE (SELECT has_table_privilege('cdp_data.consumer', 'DELETE'))
			OR c.role IN (SELECT r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'USAGE'))
		WITH LOCAL CHECK OPTION;
	COMMENT ON VIEW cdp_data.own_consumer IS
		'The consumers of the current role and of roles that it is a member of; for a steward, all.';
	PERFORM cdp_internal.copy_column_comments('cdp_data.consumer', 'cdp_data.own_consumer');

	CREATE VIEW cdp_data.own_consumer_snapshot WITH (security_barrier) AS
		SELECT n.consumer_id, n.number, n.profile_id, n.segment_id, n.since, n.value, n.group_id
		FROM cdp_data.consumer_snapshot n
		WHERE n.consumer_id IN (SELECT o.consumer_id FROM cdp_data.own_consumer o)
		WITH LOCAL CHECK OPTION;
	COMMENT ON VIEW cdp_data.own_consumer_snapshot IS 'The rows of cdp_data.consumer_snapshot of own consumers.';
	PERFORM cdp_internal.copy_column_comments('cdp_data.consumer_snapshot', 'cdp_data.own_consumer_snapshot');

	CREATE VIEW cdp_data.own_consumer_waiting WITH (security_barrier) AS
		SELECT w.consumer_id, w.change_id, w.profile_id, w.other_profile_id, w.due_at, w.attempts
		FROM cdp_data.consumer_waiting w
		WHERE w.consumer_id IN (SELECT o.consumer_id FROM cdp_data.own_consumer o)
		WITH LOCAL CHECK OPTION;
	COMMENT ON VIEW cdp_data.own_consumer_waiting IS 'The rows of cdp_data.consumer_waiting of own consumers.';
	PERFORM cdp_internal.copy_column_comments('cdp_data.consumer_waiting', 'cdp_data.own_consumer_waiting');

	PERFORM cdp_internal.init_readable_change();

	CREATE VIEW cdp_data.readable_run WITH (security_barrier) AS
		SELECT r.profile_id, c.change_id, c.kind, c.segment_id, c.other_profile_id
		FROM cdp_data.change r
		JOIN cdp_data.change c ON c.change_id >= r.change_id AND c.change_id < r.change_id + r.run
		WHERE r.run IS NOT NULL
			AND (c.kind = 'erased' OR c.segment_id IN (SELECT s.segment_id FROM cdp_data.readable_segment s)
				AND ((SELECT cdp_internal.bound_purposes()) IS NULL OR cdp_internal.sees_person(c.profile_id)));
	COMMENT ON VIEW cdp_data.readable_run IS
		'Of cdp_data.readable_change those of people whom row security shows to the current role, found by profile_id '
		'through the runs of changes.';
	PERFORM cdp_internal.copy_column_comments('cdp_data.change', 'cdp_data.readable_run');

	CREATE VIEW cdp_data.readable_membership WITH (security_barrier) AS
		SELECT m.profile_id, u.segment_id, u.since, cdp_internal.computed_json(u.value, r.value_type) AS value,
			m.group_id
		FROM (
			SELECT p.profile_id, p.segments, p.since, p.computed, NULL AS group_id FROM cdp_data.membership p
			UNION ALL
			SELECT -a.account_id, a.segments, a.since, a.computed, a.group_id FROM cdp_data.account_membership a) m
		CROSS JOIN LATERAL unnest(m.segments, m.since, m.computed) AS u (segment_id, since, value)
		JOIN cdp_data.readable_segment r ON r.segment_id = u.segment_id
		WHERE cdp_internal.sees_person(m.profile_id);
	COMMENT ON VIEW cdp_data.readable_membership IS
		'Who is in segments, and has values of computed traits, whose views the current role may read, of people whom '
		'row security shows to it, as last judged.';
	COMMENT ON COLUMN cdp_data.readable_membership.profile_id IS
		'Number of the person; of an account, its account_id below 0.';
	COMMENT ON COLUMN cdp_data.readable_membership.segment_id IS
		'Number of a segment that they are in, or of a computed trait that they have a value of.';
	COMMENT ON COLUMN cdp_data.readable_membership.since IS 'Since when.';
	COMMENT ON COLUMN cdp_data.readable_membership.group_id IS 'The account; NULL: it is a person.';
	COMMENT ON COLUMN cdp_data.readable_membership.value IS 'The value, as JSON; NULL: it is a segment.';

	-- a role may write any number into its consumer, which must not keep the owner from dropping the segment
	CREATE VIEW cdp_data.segment_consumer WITH (security_barrier) AS
		SELECT s.segment_id, c.name
		FROM cdp_data.readable_segment s
		JOIN cdp_data.consumer c ON s.segment_id = ANY (c.segments)
		JOIN pg_roles o ON o.rolname = c.role
		WHERE has_table_privilege(o.oid, to_regclass(format('cdp_segment.%I', s.name)), 'SELECT');
	COMMENT ON VIEW cdp_data.segment_consumer IS
		'Which consumers read a segment whose view the current role may read: those whose owner may read it too.';
	COMMENT ON COLUMN cdp_data.segment_consumer.segment_id IS 'Number of the segment.';
	COMMENT ON COLUMN cdp_data.segment_consumer.name IS 'Name of the consumer.';

	PERFORM cdp_internal.init_consumer_list();
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_consumer_views() IS
	'Internal: makes the views through which roles read and write consumers.';

CREATE FUNCTION cdp_internal.bound_purposes() RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN CASE WHEN NOT cdp_internal.sees_all('cdp_data.profile') THEN (
		SELECT coalesce(bit_or(1::bigint << b.purpose_id), 0)
		FROM cdp_data.purpose_role b
		JOIN pg_roles r ON r.rolname = b.role
		WHERE pg_has_role(r.oid, 'USAGE')) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.bound_purposes() IS
	'Internal: returns the purposes that the current role is bound to, as bits of cdp_data.profile.purposes; NULL: it '
	'sees all people.';

-- A consumer of a role that does not see all people must hear that someone it has may not be used any more, and must
-- not hear of others.  So of people whom the role does not see now, it is given exits alone: where their stamp changed
-- while they were in a segment; where they left it while they could be seen; and where another profile, whom it may
-- have, became theirs.  Whether they could be seen then, the next change of the stamp says, or else the stamp itself;
-- of one who is gone it is not known, and the exit is given.
CREATE FUNCTION cdp_internal.init_readable_change() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp_data.readable_change WITH (security_barrier) AS
		SELECT c.change_id, CASE WHEN c.kind = 'erased' OR (SELECT cdp_internal.bound_purposes()) IS NULL THEN c.kind
				WHEN NOT cdp_internal.sees_person(c.profile_id) THEN 'exited'
				WHEN c.kind = 'purposes_changed' THEN 'entered'
				ELSE c.kind END AS kind,
			c.profile_id, c.segment_id, c.other_profile_id,
			CASE WHEN (SELECT cdp_internal.bound_purposes()) IS NULL THEN c.value END AS value,
			c.at, c.recorded_at, c.cause, c.event_id, c.verdict_id, c.since, c.other_since,
			c.group_id
		FROM cdp_data.change c
		-- computed traits are for consumers of roles that see all people
		WHERE (c.kind = 'erased' OR c.segment_id IN (
				SELECT r.segment_id FROM cdp_data.readable_segment r
				WHERE r.value_type IS NULL OR (SELECT cdp_internal.bound_purposes()) IS NULL))
			AND CASE
				WHEN (SELECT cdp_internal.bound_purposes()) IS NULL THEN c.kind <> 'purposes_changed'
				WHEN c.kind IN ('erased', 'merged', 'renumbered') THEN true
				WHEN c.kind = 'purposes_changed' THEN ((c.value ->> 0)::bigint # (c.value ->> 1)::bigint)
					& (SELECT cdp_internal.bound_purposes()) <> 0
				ELSE cdp_internal.sees_person(c.profile_id)
					OR c.kind = 'exited' AND coalesce((
							-- a row that was made anew has none before it
							SELECT (n.value ->> 0)::bigint | (n.value ->> 1)::bigint
							FROM cdp_data.change r
							JOIN cdp_data.change n
								ON n.change_id >= r.change_id AND n.change_id < r.change_id + r.run
							WHERE r.profile_id = c.profile_id AND r.run IS NOT NULL
								AND n.profile_id = c.profile_id AND n.change_id > c.change_id
								AND n.kind = 'purposes_changed'
							ORDER BY n.change_id
							LIMIT 1),
						(SELECT p.purposes FROM cdp_data.profile p WHERE p.profile_id = c.profile_id), -1)
						& (SELECT cdp_internal.bound_purposes()) <> 0 END;
	COMMENT ON VIEW cdp_data.readable_change IS
		'What consumers read: erasures, and the changes of segments whose views the current role may read. Of people '
		'whom row security hides from it, exits alone; of those with another profile, that one has left the segment.';
	PERFORM cdp_internal.copy_column_comments('cdp_data.change', 'cdp_data.readable_change');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_readable_change() IS 'Internal: makes the view of what consumers read.';

CREATE FUNCTION cdp_internal.init_consumer_list() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.consumer WITH (security_barrier) AS
		SELECT c.name, c.role::text AS role, ARRAY(
				SELECT s.name
				FROM unnest(c.segments) WITH ORDINALITY AS u (segment_id, place)
				JOIN cdp_data.segment s USING (segment_id)
				WHERE s.value_type IS NULL
				ORDER BY u.place) AS segments,
			ARRAY(
				SELECT s.name
				FROM unnest(c.segments) WITH ORDINALITY AS u (segment_id, place)
				JOIN cdp_data.segment s USING (segment_id)
				WHERE s.value_type IS NOT NULL
				ORDER BY u.place) AS traits,
			c.position, greatest(-1 - c.position, 0) AS snapshot_left, last.change_id - p.after AS behind,
			coalesce(greatest(now() - oldest.recorded_at, '0'), '0') AS lag, w.waiting,
			p.after < last.trimmed_change_id OR coalesce(w.first, last.change_id + 1) <= last.trimmed_change_id
				AS needs_snapshot,
			c.created_at, c.acknowledged_at
		FROM cdp_data.own_consumer c
		CROSS JOIN cdp_data.state last
		CROSS JOIN LATERAL (SELECT greatest(c.position, c.snapshot_change_id) AS after) p
		LEFT JOIN LATERAL (
			SELECT h.recorded_at
			FROM cdp_data.change h
			WHERE h.change_id > p.after
			ORDER BY h.change_id
			LIMIT 1) oldest ON true
		CROSS JOIN LATERAL (
			SELECT count(*) AS waiting, min(w.change_id) FILTER (WHERE w.change_id > 0) AS first
			FROM cdp_data.consumer_waiting w
			WHERE w.consumer_id = c.consumer_id) w;
	COMMENT ON VIEW cdp.consumer IS
		'Consumers of the feed, and how far each is behind: those of the current role and of roles that it is a member '
		'of; for a steward, all.';
	COMMENT ON COLUMN cdp.consumer.name IS 'Name of the consumer.';
	COMMENT ON COLUMN cdp.consumer.role IS 'The role that owns it; members of that role use it too.';
	COMMENT ON COLUMN cdp.consumer.segments IS 'The segments whose changes it reads.';
	COMMENT ON COLUMN cdp.consumer.traits IS 'The computed traits whose changes it reads.';
	COMMENT ON COLUMN cdp.consumer.position IS
		'Everything up to this change_id is acknowledged, but for what waits. Below 0: in its snapshot.';
	COMMENT ON COLUMN cdp.consumer.snapshot_left IS 'How many rows of its snapshot it has not acknowledged, at most.';
	COMMENT ON COLUMN cdp.consumer.behind IS
		'How many changes, of whatever segment, were recorded that it has not acknowledged. It acknowledges those of '
		'other segments with its own, or with the row of kind progress.';
	COMMENT ON COLUMN cdp.consumer.lag IS 'How long ago the first of these was recorded.';
	COMMENT ON COLUMN cdp.consumer.waiting IS
		'How many changes wait that were put off by cdp.retry(), with those that wait for them.';
	COMMENT ON COLUMN cdp.consumer.needs_snapshot IS
		'Whether changes that it has not acknowledged have left the feed: it must be replaced by one that starts from '
		'a snapshot.';
	COMMENT ON COLUMN cdp.consumer.created_at IS 'When it was made.';
	COMMENT ON COLUMN cdp.consumer.acknowledged_at IS 'When it last acknowledged a change; NULL: never.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_consumer_list() IS 'Internal: makes the view cdp.consumer.';

-- Not the number of a consumer: it must be a new one.
CREATE FUNCTION cdp_internal.consumer_rights() RETURNS TABLE (privileges text, objects text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	VALUES ('SELECT', 'cdp.consumer, cdp_data.readable_segment, cdp_data.readable_change, '
			'cdp_data.readable_run, cdp_data.readable_membership, cdp_data.segment_consumer'),
		('SELECT, INSERT (name, role, segments, position, snapshot_change_id), '
			'UPDATE (position, snapshot_change_id, held_until, acknowledged_at), DELETE', 'cdp_data.own_consumer'),
		('SELECT, INSERT, DELETE', 'cdp_data.own_consumer_snapshot'),
		('SELECT, INSERT, UPDATE, DELETE', 'cdp_data.own_consumer_waiting');
END;
COMMENT ON FUNCTION cdp_internal.consumer_rights() IS
	'Internal: returns the privileges on tables and views of a role that has consumers.';

REVOKE ALL ON FUNCTION cdp_internal.init_consumer_views(), cdp_internal.bound_purposes(),
	cdp_internal.init_readable_change(), cdp_internal.init_consumer_list(),
	cdp_internal.consumer_rights() FROM PUBLIC;
