-- The feed as people read it.  A reader sees the changes of segments whose views they may read, and of people whom row
-- security shows to them.

CREATE FUNCTION cdp_internal.init_change_views() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- the views belong to the owner of the tables; what they ask of rights, they ask of the role that reads
	CREATE VIEW cdp_data.readable_segment WITH (security_barrier) AS
		SELECT s.segment_id, s.name, s.value_type
		FROM cdp_data.segment s
		JOIN pg_class c ON c.relname = s.name AND c.relkind = 'v'
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'cdp_segment'
		WHERE has_table_privilege(c.oid, 'SELECT')
			-- accounts are not shown by purposes
			AND (s.subject = 'person' OR (SELECT cdp_internal.sees_all('cdp_data.profile')));
	COMMENT ON VIEW cdp_data.readable_segment IS
		'The segments and computed traits whose views the current role may read; those of accounts, if it sees all '
		'people.';
	COMMENT ON COLUMN cdp_data.readable_segment.segment_id IS 'Number of the segment.';
	COMMENT ON COLUMN cdp_data.readable_segment.name IS 'Its name.';
	COMMENT ON COLUMN cdp_data.readable_segment.value_type IS
		'The type of the values of a computed trait; NULL: it is a segment.';

	CREATE VIEW cdp.change WITH (security_barrier) AS
		SELECT c.change_id, c.kind, CASE WHEN c.group_id IS NULL THEN c.profile_id END AS profile_id,
			s.name AS segment, c.other_profile_id, c.trait, c.value, c.at, c.recorded_at, c.batch_id, c.cause,
			c.event_id, c.verdict_id, c.since, c.other_since, c.group_id
		FROM cdp_data.change c
		LEFT JOIN cdp_data.segment s ON s.segment_id = c.segment_id
		WHERE CASE
			WHEN c.segment_id IS NOT NULL THEN c.segment_id IN (SELECT r.segment_id FROM cdp_data.readable_segment r)
			WHEN c.kind = 'trait_changed' THEN (SELECT has_column_privilege('cdp_data.profile', 'traits', 'SELECT'))
			ELSE (SELECT has_table_privilege('cdp.people', 'SELECT')) END
			AND ((SELECT cdp_internal.sees_all('cdp_data.profile')) OR c.kind <> 'purposes_changed'
				AND cdp_internal.sees_person(c.profile_id));
	COMMENT ON VIEW cdp.change IS
		'The feed: what changed of people, accounts and segments, in the order of change_id, which is that of commits. '
		'A role sees the changes of segments whose views it may read; of traits, if it may read them; and of people '
		'whom row security shows to it. '
		'LISTEN cdp_change tells of new ones. Changes are kept as long as cdp.set_change_retention() says.';
	PERFORM cdp_internal.copy_column_comments('cdp_data.change', 'cdp.change');
	COMMENT ON COLUMN cdp.change.profile_id IS
		'The profile that changed; of merged, the one that is left; NULL: an account changed.';
	COMMENT ON COLUMN cdp.change.segment IS 'The segment; NULL: the change is of no segment.';

	CREATE VIEW cdp.change_outbox AS
		SELECT c.change_id AS id, CASE WHEN c.group_id IS NULL THEN 'profile' ELSE 'account' END AS aggregatetype,
			coalesce(c.group_id, c.profile_id::text) AS aggregateid, c.kind AS type,
			jsonb_strip_nulls(to_jsonb(c) - '{change_id,kind,profile_id,group_id,value}'::text[])
				|| CASE WHEN c.trait IS NOT NULL THEN jsonb_build_object('value', c.value) ELSE '{}' END AS payload
		FROM cdp.change c;
	COMMENT ON VIEW cdp.change_outbox IS
		'The feed with the columns of an outbox table, as event routers read them: cdp.change, of which the same rows '
		'are shown.';
	COMMENT ON COLUMN cdp.change_outbox.id IS 'The change_id.';
	COMMENT ON COLUMN cdp.change_outbox.aggregatetype IS 'profile or account.';
	COMMENT ON COLUMN cdp.change_outbox.aggregateid IS 'The profile_id, as text, or the group_id.';
	COMMENT ON COLUMN cdp.change_outbox.type IS 'The kind of the change.';
	COMMENT ON COLUMN cdp.change_outbox.payload IS
		'The other columns of cdp.change that are not NULL; of a computed trait also a value that is.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_change_views() IS 'Internal: makes the views of the feed.';

REVOKE ALL ON FUNCTION cdp_internal.init_change_views() FROM PUBLIC;
