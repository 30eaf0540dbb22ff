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

-- Folds the group calls of the batch, or of the whole log, into cdp_data.account and cdp_data.account_member.
CREATE FUNCTION cdp_internal.refresh_fold_account(whole boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_group', CASE WHEN whole THEN $sql$
		SELECT cdp_internal.account_id(e.group_id) AS group_id, e.identifier_id, e.traits, e."timestamp", e.received_at,
			e.source
		FROM cdp_data.event e
		WHERE e.type = 'group'
	$sql$ ELSE $sql$
		SELECT cdp_internal.account_id(r.group_id) AS group_id, a.identifier_id, r.traits, r.at AS "timestamp",
			r.seen_at AS received_at, r.source
		FROM batch_anchor a
		JOIN batch_row r USING (row_no)
		WHERE r.call_type = 'group'
	$sql$ END);
	IF whole THEN
		PERFORM cdp_internal.batch_run('DELETE FROM cdp_data.account_member'),
			cdp_internal.batch_run('DELETE FROM cdp_data.account');
	END IF;
	PERFORM cdp_internal.refresh_fold_account_member(whole);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account AS a (group_id, first_seen, last_seen, events)
		SELECT group_id, min("timestamp"), max("timestamp"), count(*)
		FROM batch_group
		GROUP BY group_id
		ORDER BY group_id
		ON CONFLICT (group_id) DO UPDATE
		SET first_seen = least(a.first_seen, excluded.first_seen),
			last_seen = greatest(a.last_seen, excluded.last_seen),
			events = a.events + excluded.events
	$sql$);

	-- Fold accounts again that have expired traits, or whose rules or sources changed.
	-- Their calls are found in the log through the members.
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
	PERFORM cdp_internal.batch_stage('batch_account_traits', cdp_internal.merged_traits($sql$
		SELECT g.group_id AS subject, g.traits, g."timestamp", g.received_at, g.source
		FROM batch_group g
		WHERE NOT EXISTS (SELECT FROM batch_account_refold r WHERE r.group_id = g.group_id)
		UNION ALL
		SELECT m.group_id, e.traits, e."timestamp", e.received_at, e.source
		FROM batch_account_refold
		JOIN cdp_data.account_member m USING (group_id)
		JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
		WHERE e.type = 'group' AND cdp_internal.account_id(e.group_id) = m.group_id
	$sql$));
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.account a
		SET traits = CASE WHEN f.refold THEN f.traits ELSE a.traits || f.traits END,
			expires_at = CASE WHEN f.refold THEN f.expires_at ELSE least(a.expires_at, f.expires_at) END
		FROM (
			SELECT coalesce(r.group_id, t.subject) AS group_id, t.traits, t.expires_at, r.group_id IS NOT NULL AS refold
			FROM batch_account_traits t
			FULL JOIN batch_account_refold r ON r.group_id = t.subject) f
		WHERE f.group_id = a.group_id
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_fold_account(boolean) IS
	'Internal: folds the group calls of the batch, or of the whole log, into cdp_data.account and '
	'cdp_data.account_member (batch_group, batch_account_refold).';

CREATE FUNCTION cdp_internal.refresh_fold_account_member(whole boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_group_moved', format($sql$
		SELECT r.old_id, r.new_id AS identifier_id, cdp_internal.account_id(e.group_id) AS group_id, e."timestamp"
		FROM batch_reanchored r
		JOIN cdp_data.event e
			ON e.event_id = r.event_id AND e.identifier_id = r.new_id AND e."timestamp" = r."timestamp"
		WHERE e.type = 'group' AND NOT %L::boolean
	$sql$, whole));
	-- An identifier that lost a call is counted again from the log: earliest and latest time cannot be subtracted from.
	PERFORM cdp_internal.batch_stage('batch_member_moved',
		'SELECT DISTINCT old_id AS identifier_id FROM batch_group_moved');
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.account_member m
		USING batch_member_moved d
		WHERE m.identifier_id = d.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account_member AS m (identifier_id, group_id, first_at, last_at, events)
		SELECT identifier_id, group_id, min("timestamp"), max("timestamp"), count(*)
		FROM (
			SELECT g.identifier_id, g.group_id, g."timestamp"
			FROM (
				SELECT identifier_id, group_id, "timestamp" FROM batch_group
				UNION ALL
				SELECT identifier_id, group_id, "timestamp" FROM batch_group_moved) g
			WHERE NOT EXISTS (SELECT FROM batch_member_moved d WHERE d.identifier_id = g.identifier_id)
			UNION ALL
			SELECT e.identifier_id, cdp_internal.account_id(e.group_id), e."timestamp"
			FROM batch_member_moved
			JOIN cdp_data.event e USING (identifier_id)
			WHERE e.type = 'group') c
		GROUP BY identifier_id, group_id
		ORDER BY identifier_id, group_id
		ON CONFLICT (identifier_id, group_id) DO UPDATE
		SET first_at = least(m.first_at, excluded.first_at),
			last_at = greatest(m.last_at, excluded.last_at),
			events = m.events + excluded.events
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_fold_account_member(boolean) IS
	'Internal: folds group calls into cdp_data.account_member.';

REVOKE ALL ON FUNCTION cdp_internal.init_account(), cdp_internal.refresh_fold_account(boolean),
	cdp_internal.refresh_fold_account_member(boolean) FROM PUBLIC;
