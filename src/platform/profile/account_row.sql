-- Accounts as the conditions of segments of accounts see them.
--
-- What one change can cost is bounded: of an account that has more than cdp_internal.account_people_max() people, what
-- they do is not looked at, and people are counted as long as no more than cdp_internal.account_calls_max() identifiers
-- are named by its group calls.

CREATE FUNCTION cdp_internal.account_people_max() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1000;
COMMENT ON FUNCTION cdp_internal.account_people_max() IS
	'Internal: returns how many people an account may have for its segments to depend on what these do.';

CREATE FUNCTION cdp_internal.account_calls_max() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100000;
COMMENT ON FUNCTION cdp_internal.account_calls_max() IS
	'Internal: returns how many identifiers the group calls of an account may name for its people to be counted.';

CREATE FUNCTION cdp_internal.init_account_row() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- an identifier that is blocked or shared belongs to no person
	CREATE VIEW cdp_data.account_identifier AS
		SELECT a.account_id, m.last_at, m.left_at, p.profile_id
		FROM cdp_data.account a
		CROSS JOIN LATERAL (
			SELECT c.identifier_id, c.last_at, c.left_at
			FROM cdp_data.account_member c
			WHERE c.group_id = a.group_id
			LIMIT cdp_internal.account_calls_max() + 1) m
		-- one by one: there are no statistics of how many an account has
		LEFT JOIN LATERAL (
			SELECT o.profile_id
			FROM cdp_data.identifier i
			JOIN cdp_data.profile o ON o.profile_id = i.profile_id
			WHERE i.identifier_id = m.identifier_id AND NOT o.shared
			LIMIT 1) p ON true;
	COMMENT ON VIEW cdp_data.account_identifier IS
		'The identifiers that the group calls of an account name, up to one more than are counted.';
	COMMENT ON COLUMN cdp_data.account_identifier.account_id IS 'Number of the account.';
	COMMENT ON COLUMN cdp_data.account_identifier.last_at IS 'Time of the latest call that names both.';
	COMMENT ON COLUMN cdp_data.account_identifier.left_at IS 'Time of the latest call by which it leaves; NULL: none.';
	COMMENT ON COLUMN cdp_data.account_identifier.profile_id IS 'The person who has it; NULL: there is none.';

	CREATE VIEW cdp_data.account_people AS
		SELECT a.account_id,
			(
				SELECT CASE WHEN sum(c.calls) > cdp_internal.account_calls_max() THEN cdp_internal.account_calls_max()
					ELSE count(*) FILTER (WHERE c.belongs) END
				FROM (
					SELECT count(*) AS calls,
						i.profile_id IS NOT NULL AND cdp_internal.is_member(max(i.last_at), max(i.left_at)) AS belongs
					FROM cdp_data.account_identifier i
					WHERE i.account_id = a.account_id
					GROUP BY i.profile_id) c
			) AS members,
			(
				SELECT CASE WHEN sum(c.calls) <= cdp_internal.account_calls_max()
						AND count(*) FILTER (WHERE c.belongs) <= cdp_internal.account_people_max()
					THEN coalesce(array_agg(c.profile_id ORDER BY c.profile_id) FILTER (WHERE c.belongs), '{}') END
				FROM (
					SELECT i.profile_id, count(*) AS calls,
						i.profile_id IS NOT NULL AND cdp_internal.is_member(max(i.last_at), max(i.left_at)) AS belongs
					FROM cdp_data.account_identifier i
					WHERE i.account_id = a.account_id
					GROUP BY i.profile_id) c
			) AS people
		FROM cdp_data.account a;
	COMMENT ON VIEW cdp_data.account_people IS 'The people who belong to an account.';
	COMMENT ON COLUMN cdp_data.account_people.account_id IS 'Number of the account.';
	COMMENT ON COLUMN cdp_data.account_people.members IS 'How many they are; see cdp.account_row.';
	COMMENT ON COLUMN cdp_data.account_people.people IS
		'Their profile ids, ascending; NULL: they are more than cdp_internal.account_people_max().';

	CREATE VIEW cdp_data.judged_account AS
		SELECT a.account_id, a.group_id, a.first_seen, a.last_seen, a.events, a.traits,
			(SELECT m.members FROM cdp_data.account_people m WHERE m.account_id = a.account_id) AS members,
			(
				SELECT CASE WHEN m.people IS NOT NULL THEN coalesce((
					SELECT cdp.timeline_union(p.timeline)
					FROM unnest(m.people) AS u (profile_id)
					CROSS JOIN LATERAL (
						SELECT r.timeline
						FROM cdp_data.judged_row r
						WHERE r.profile_id = u.profile_id
						OFFSET 0) p), '{}') END
				FROM (SELECT o.people FROM cdp_data.account_people o WHERE o.account_id = a.account_id OFFSET 0) m
			) AS timeline
		FROM cdp_data.account a;
	-- it tells of people, whom row security may hide
	CREATE VIEW cdp.account_row WITH (security_barrier) AS
		SELECT a.account_id, a.group_id, a.first_seen, a.last_seen, a.events, a.traits, a.members, a.timeline
		FROM cdp_data.judged_account a
		WHERE (SELECT cdp_internal.sees_all('cdp_data.profile'));
	COMMENT ON VIEW cdp.account_row IS
		'Accounts, in the types of cdp: the columns that the condition of a segment of accounts can use. Roles that do '
		'not see all people see none.';
	COMMENT ON COLUMN cdp.account_row.account_id IS 'Number of the account.';
	COMMENT ON COLUMN cdp.account_row.group_id IS 'The group_id of its group calls, without surrounding blanks.';
	COMMENT ON COLUMN cdp.account_row.first_seen IS 'Time of the earliest group call.';
	COMMENT ON COLUMN cdp.account_row.last_seen IS 'Time of the latest group call.';
	COMMENT ON COLUMN cdp.account_row.events IS 'Number of group calls.';
	COMMENT ON COLUMN cdp.account_row.traits IS 'Traits of the account; NULL if there are none.';
	COMMENT ON COLUMN cdp.account_row.members IS
		'Number of people who belong to it; 100000 if its group calls name more than 100,000 identifiers.';
	COMMENT ON COLUMN cdp.account_row.timeline IS
		'What the people who belong to it did, in one timeline, also before they came; NULL if they are more than '
		'1,000.';

	COMMENT ON VIEW cdp_data.judged_account IS
		'What cdp.account_row shows, the same to all roles that read it: the conditions of segments of accounts are '
		'judged by it.';
	PERFORM cdp_internal.copy_column_comments('cdp.account_row', 'cdp_data.judged_account');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_account_row() IS
	'Internal: makes the view of accounts that the conditions of segments of accounts are evaluated over.';

REVOKE ALL ON FUNCTION cdp_internal.account_people_max(), cdp_internal.account_calls_max(),
	cdp_internal.init_account_row() FROM PUBLIC;
