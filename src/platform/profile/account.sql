-- Accounts (companies, households): what group calls say about them, and who belongs to them.
--
-- Membership is stored for the identifier that a call is anchored to.  Merging and splitting people
-- does not change it; only a call that gets another anchor moves it.

CREATE FUNCTION cdp_internal.init_account() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.account_members AS
		SELECT i.profile_id, m.group_id, min(m.first_at) AS since, max(m.last_at) AS last_at,
			sum(m.events)::bigint AS events
		FROM cdp_data.account_member m
		JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
		JOIN cdp_data.profile p ON p.profile_id = i.profile_id
		WHERE NOT p.shared
		GROUP BY i.profile_id, m.group_id;
	COMMENT ON VIEW cdp.account_members IS
		'Who belongs to which account: one row for each person and account that a group call names together.';
	COMMENT ON COLUMN cdp.account_members.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.account_members.group_id IS 'The account.';
	COMMENT ON COLUMN cdp.account_members.since IS 'Time of the earliest group call that names both.';
	COMMENT ON COLUMN cdp.account_members.last_at IS 'Time of the latest such call.';
	COMMENT ON COLUMN cdp.account_members.events IS 'Number of such calls.';

	CREATE VIEW cdp.accounts AS
		SELECT a.group_id, a.first_seen, a.last_seen, a.events,
			(
				SELECT count(DISTINCT i.profile_id)
				FROM cdp_data.account_member m
				JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
				JOIN cdp_data.profile p ON p.profile_id = i.profile_id
				WHERE m.group_id = a.group_id AND NOT p.shared
			) AS members,
			coalesce(a.traits::jsonb, '{}') AS traits
		FROM cdp_data.account a;
	COMMENT ON VIEW cdp.accounts IS 'Accounts, in plain column types.';
	COMMENT ON COLUMN cdp.accounts.group_id IS 'The group_id of its group calls, without surrounding blanks.';
	COMMENT ON COLUMN cdp.accounts.first_seen IS 'Time of the earliest group call.';
	COMMENT ON COLUMN cdp.accounts.last_seen IS 'Time of the latest group call.';
	COMMENT ON COLUMN cdp.accounts.events IS 'Number of group calls.';
	COMMENT ON COLUMN cdp.accounts.members IS 'Number of people who belong to it.';
	COMMENT ON COLUMN cdp.accounts.traits IS 'Traits of the account; {} if it has none.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_account() IS 'Internal: makes the views of accounts.';

-- Folds accounts again that have expired traits, or whose rules or sources changed.
-- Their calls are found in the log through the members.
CREATE FUNCTION cdp_internal.refresh_refold_account() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_account_lapsed', $sql$
		SELECT a.group_id
		FROM cdp_data.account a
		WHERE a.expires_at <= $2
			AND NOT EXISTS (SELECT FROM cdp_data.undone u WHERE u.kind = 'expiry' AND u.group_id = a.group_id)
		UNION
		SELECT cdp_internal.account_id(group_id)
		FROM batch_refold
		WHERE type = 'group'
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_account_lacking',
		cdp_internal.lacking_accounts('SELECT group_id FROM batch_account_lapsed'));
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.undone (kind, profile_id, group_id, lacks, batch_id)
		SELECT 'expiry', 0, group_id, lacks, $1
		FROM batch_account_lacking
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_account_refold', $sql$
		SELECT group_id
		FROM batch_account_lapsed
		WHERE group_id NOT IN (SELECT group_id FROM batch_account_lacking)
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_account_merged', cdp_internal.merged_traits($sql$
		SELECT m.group_id AS subject, e.traits, e."timestamp", e.received_at, e.source
		FROM batch_account_refold
		JOIN cdp_data.account_member m USING (group_id)
		JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
		WHERE e.type = 'group' AND cdp_internal.account_id(e.group_id) = m.group_id
	$sql$));
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.account a
		SET traits = t.traits, expires_at = t.expires_at
		FROM batch_account_refold r
		LEFT JOIN batch_account_merged t ON t.subject = r.group_id
		WHERE a.group_id = r.group_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_refold_account() IS
	'Internal: folds the traits of accounts again that have expired traits, or whose rules or sources changed.';

-- Folds all accounts from the log, for cdp.restitch().
CREATE FUNCTION cdp_internal.restitch_fold_account() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_group', $sql$
		SELECT cdp_internal.account_id(e.group_id) AS group_id, e.identifier_id, e.traits, e."timestamp",
			e.received_at, e.source
		FROM cdp_data.event e
		WHERE e.type = 'group'
	$sql$);
	PERFORM cdp_internal.batch_run('DELETE FROM cdp_data.account_member'),
		cdp_internal.batch_run('DELETE FROM cdp_data.account');
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account_member (identifier_id, group_id, first_at, last_at, events)
		SELECT identifier_id, group_id, min("timestamp"), max("timestamp"), count(*)
		FROM batch_group
		GROUP BY identifier_id, group_id
		ORDER BY identifier_id, group_id
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_account_traits', cdp_internal.merged_traits($sql$
		SELECT g.group_id AS subject, g.traits, g."timestamp", g.received_at, g.source
		FROM batch_group g
	$sql$));
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account (group_id, first_seen, last_seen, events, traits, expires_at)
		SELECT g.group_id, g.first_seen, g.last_seen, g.events, t.traits, t.expires_at
		FROM (
			SELECT group_id, min("timestamp") AS first_seen, max("timestamp") AS last_seen, count(*) AS events
			FROM batch_group
			GROUP BY group_id) g
		LEFT JOIN batch_account_traits t ON t.subject = g.group_id
		ORDER BY g.group_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_fold_account() IS
	'Internal: folds all group calls of the log into cdp_data.account and cdp_data.account_member.';

REVOKE ALL ON FUNCTION cdp_internal.init_account(), cdp_internal.refresh_refold_account(),
	cdp_internal.restitch_fold_account() FROM PUBLIC;
