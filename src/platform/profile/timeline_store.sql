-- The stored timelines: how they are kept, and how a batch is appended to them.
--
-- A timeline is one value, so each append rewrites it.  For most people that is a few hundred bytes.  If a
-- timeline no longer fits on a page, its events are sealed: they move to level_1, which moves to level_2 before
-- it exceeds 64 kB, which moves to level_3 before it exceeds 1 MB.  Large values are stored outside the row
-- (TOAST), and an update that leaves a level unchanged does not write it.  So an append writes the unsealed tail
-- only, and each event is rewritten some tens of times on its way down instead of once for each append.

CREATE FUNCTION cdp_internal.init_timeline() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- The comparisons >= and <= with profile_id repeat =.  They lower the planner's estimate: without fresh
	-- statistics it assumes 200 distinct profiles, and would find each person's identifiers by a full scan.
	CREATE VIEW cdp.profile_row AS
		SELECT p.profile_id, p.first_seen, p.last_seen, p.events,
			coalesce(p.identifiers, ARRAY(
				SELECT i.identifier
				FROM cdp_data.profile_identifier s
				CROSS JOIN LATERAL unnest(s.identifiers) AS i (identifier)
				WHERE s.profile_id = p.profile_id
				ORDER BY i.identifier)) AS identifiers,
			p.traits,
			CASE WHEN p.level_1 IS NULL THEN p.timeline
				ELSE cdp_internal.timeline_whole(p.timeline, p.level_1, p.level_2, p.level_3) END AS timeline,
			h.accounts,
			CASE WHEN p.accounts IS NOT NULL THEN (
				SELECT cdp.traits_union(a.traits)
				FROM cdp_data.account a
				WHERE a.group_id = ANY (h.accounts))
			END AS account_traits,
			p.purposes, p.purposes_until
		FROM cdp_data.profile p
		CROSS JOIN LATERAL (
			SELECT CASE
				WHEN p.accounts IS NULL THEN '{}'
				WHEN p.accounts <> '{}' THEN p.accounts
				ELSE ARRAY(
					SELECT m.group_id
					FROM cdp_data.identifier i
					JOIN cdp_data.account_member m ON m.identifier_id = i.identifier_id
					WHERE i.profile_id = p.profile_id AND i.profile_id >= p.profile_id
						AND i.profile_id <= p.profile_id
					GROUP BY m.group_id
					HAVING cdp_internal.is_member(max(m.last_at), max(m.left_at))
					ORDER BY m.group_id)
			END AS accounts) h
		WHERE NOT p.shared;
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
	COMMENT ON COLUMN cdp.profile_row.purposes IS
		'What the person may be used for: bit purpose_id of cdp.purpose; 0 while there are no purposes.';
	COMMENT ON COLUMN cdp.profile_row.purposes_until IS
		'When the first yes expires that this rests on: from then on it holds no more; infinity: never.';

	-- the same with the rights of the owner of the tables, whom row security does not concern
	EXECUTE format('CREATE VIEW cdp_data.judged_row AS %s', pg_get_viewdef('cdp.profile_row'::regclass));
	COMMENT ON VIEW cdp_data.judged_row IS
		'What cdp.profile_row shows, of all people: the conditions of segments are judged by it.';
	PERFORM cdp_internal.copy_column_comments('cdp.profile_row', 'cdp_data.judged_row');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_timeline() IS
	'Internal: makes the view of people that the conditions of segments are evaluated over.';

-- Moves timelines that became large out of the column that new events are added to.
CREATE FUNCTION cdp_internal.seal_timelines(profile_ids bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.profile t
	SET timeline = '{}',
		level_1 = CASE s.level WHEN 1 THEN t.level_1 || t.timeline ELSE '{}' END,
		level_2 = CASE s.level WHEN 1 THEN t.level_2
			WHEN 2 THEN cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, NULL) ELSE '{}' END,
		level_3 = CASE s.level WHEN 3
			THEN cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, t.level_3) ELSE t.level_3 END
	FROM (
		-- the first level with room for all parts before it
		SELECT o.profile_id, CASE
			WHEN pg_column_size(o.timeline) + coalesce(pg_column_size(o.level_1), 0) <= 65536 THEN 1
			WHEN pg_column_size(o.timeline) + coalesce(pg_column_size(o.level_1), 0)
				+ coalesce(pg_column_size(o.level_2), 0) <= 1048576 THEN 2
			ELSE 3 END AS level
		FROM unnest(profile_ids) AS h (profile_id)
		JOIN cdp_data.profile o ON o.profile_id = h.profile_id) s
	WHERE t.profile_id = s.profile_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.seal_timelines(bigint[]) IS
	'Internal: moves the timelines of profiles to the first level that has room for them.';

REVOKE ALL ON FUNCTION cdp_internal.init_timeline(), cdp_internal.seal_timelines(bigint[]) FROM PUBLIC;
