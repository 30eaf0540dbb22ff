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
		GROUP BY i.profile_id, m.group_id
		HAVING cdp_internal.is_member(max(m.last_at), max(m.left_at));
	COMMENT ON VIEW cdp.account_members IS
		'Who belongs to which account: one row for each person and account that a group call names together, unless '
		'the latest such call says, by "groupLeft": true in its context, that the person leaves it; of two calls at '
		'one time that one counts.';
	COMMENT ON COLUMN cdp.account_members.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.account_members.group_id IS 'The account.';
	COMMENT ON COLUMN cdp.account_members.since IS
		'Time of the earliest group call that names both; also if the person left the account and came back.';
	COMMENT ON COLUMN cdp.account_members.last_at IS 'Time of the latest such call.';
	COMMENT ON COLUMN cdp.account_members.events IS 'Number of such calls.';

	CREATE VIEW cdp.accounts AS
		SELECT a.group_id, a.first_seen, a.last_seen, a.events,
			(
				SELECT count(*)
				FROM (
					SELECT
					FROM cdp_data.account_member m
					JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
					JOIN cdp_data.profile p ON p.profile_id = i.profile_id
					WHERE m.group_id = a.group_id AND NOT p.shared
					GROUP BY i.profile_id
					HAVING cdp_internal.is_member(max(m.last_at), max(m.left_at))) AS member
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
	PERFORM cdp_internal.batch_stage('batch_account_merged', cdp_internal.merged_traits(format($sql$
		SELECT m.group_id AS subject, e.traits, e."timestamp", e.received_at, e.source
		FROM batch_account_refold
		JOIN cdp_data.account_member m USING (group_id)
		JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
		WHERE e.type = 'group' AND cdp_internal.account_id(e.group_id) = m.group_id AND %s
	$sql$, cdp_internal.is_logged_condition()), $sql$
		SELECT m.group_id AS subject, b.traits, b.traits_at, b.source_id
		FROM batch_account_refold
		JOIN cdp_data.account_member m USING (group_id)
		JOIN cdp_data.base_row b ON b.identifier_id = m.identifier_id AND b.group_id = m.group_id
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

-- Their members are counted already; what calls said cannot be subtracted.
CREATE FUNCTION cdp_internal.refresh_recount_account(accounts text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	lacking record;
BEGIN
	EXECUTE format($sql$
		SELECT l.group_id, l.lacks - t.calls AS lacks
		FROM (SELECT u.group_id, count(*) AS calls FROM unnest($1) AS u (group_id) GROUP BY u.group_id) t
		JOIN (%s) l USING (group_id)
		WHERE l.lacks > t.calls
		ORDER BY l.group_id COLLATE "C" LIMIT 1
	$sql$, cdp_internal.lacking_accounts('SELECT DISTINCT u.group_id FROM unnest($1) AS u (group_id)'))
	INTO lacking USING accounts;
	IF lacking IS NOT NULL THEN
		RAISE EXCEPTION 'the log lacks % of the group calls of account "%"', lacking.lacks, lacking.group_id
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'What they said would be forgotten.',
				HINT = 'Attach the month to cdp_data.event again, or insert its rows, and repeat this.';
	END IF;
	EXECUTE format($sql$
		INSERT INTO cdp_data.account AS a (group_id, first_seen, last_seen, events, traits, expires_at)
		SELECT g.group_id, g.first_seen, g.last_seen, g.events, t.traits, t.expires_at
		FROM (
			SELECT m.group_id, min(m.first_at) AS first_seen, max(m.last_at) AS last_seen,
				   sum(m.events)::bigint AS events
			FROM (SELECT DISTINCT u.group_id FROM unnest($3) AS u (group_id)) u
			JOIN cdp_data.account_member m USING (group_id)
			GROUP BY m.group_id) g
		LEFT JOIN (%s) t ON t.subject = g.group_id
		ORDER BY g.group_id
		ON CONFLICT (group_id) DO UPDATE
		SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, events = excluded.events,
			traits = excluded.traits, expires_at = excluded.expires_at
	$sql$, cdp_internal.merged_traits(format($sql$
		SELECT m.group_id AS subject, e.traits, e."timestamp", e.received_at, e.source
		FROM (SELECT DISTINCT u.group_id FROM unnest($3) AS u (group_id)) u
		JOIN cdp_data.account_member m USING (group_id)
		JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
		WHERE e.type = 'group' AND cdp_internal.account_id(e.group_id) = m.group_id AND %s
	$sql$, cdp_internal.is_logged_condition()), $sql$
		SELECT m.group_id AS subject, b.traits, b.traits_at, b.source_id
		FROM (SELECT DISTINCT u.group_id FROM unnest($3) AS u (group_id)) u
		JOIN cdp_data.account_member m USING (group_id)
		JOIN cdp_data.base_row b ON b.identifier_id = m.identifier_id AND b.group_id = m.group_id
	$sql$)) USING cdp_internal.batch_number(), cdp_internal.batch_as_of(), accounts;
	DELETE FROM cdp_data.account a
	WHERE a.group_id = ANY (accounts)
		AND NOT EXISTS (SELECT FROM cdp_data.account_member m WHERE m.group_id = a.group_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refresh_recount_account(text[]) IS
	'Internal: folds accounts anew of which group calls were taken back, given once for each call, and deletes those '
	'without calls. Raises an error if the log lacks calls of one.';

-- Folds all accounts from the log, for cdp.restitch().
CREATE FUNCTION cdp_internal.restitch_fold_accounts() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_member', format($sql$
		SELECT c.identifier_id, c.group_id, min(c.first_at) AS first_at, max(c.last_at) AS last_at,
			   sum(c.events)::bigint AS events, max(c.left_at) AS left_at
		FROM (
			SELECT e.identifier_id, cdp_internal.account_id(e.group_id) AS group_id, e."timestamp" AS first_at,
				   e."timestamp" AS last_at, 1 AS events,
				   CASE WHEN cdp_internal.leaves_account(e.context) THEN e."timestamp" END AS left_at
			FROM cdp_data.event e
			WHERE e.type = 'group' AND %s
			UNION ALL
			SELECT b.identifier_id, b.group_id, b.first_at, b.last_at, b.events, b.left_at
			FROM cdp_data.base_row b
			WHERE b.group_id IS NOT NULL) c
		GROUP BY 1, 2
	$sql$, cdp_internal.is_logged_condition()));
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.account_member m
		WHERE NOT EXISTS (
			SELECT FROM batch_member b WHERE b.identifier_id = m.identifier_id AND b.group_id = m.group_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account_member AS m (identifier_id, group_id, first_at, last_at, events, left_at)
		SELECT b.identifier_id, b.group_id, b.first_at, b.last_at, b.events, b.left_at
		FROM batch_member b
		LEFT JOIN cdp_data.account_member o ON o.identifier_id = b.identifier_id AND o.group_id = b.group_id
		WHERE (o.first_at, o.last_at, o.events, o.left_at)
			IS DISTINCT FROM (b.first_at, b.last_at, b.events, b.left_at)
		ORDER BY b.identifier_id, b.group_id
		ON CONFLICT (identifier_id, group_id) DO UPDATE
		SET first_at = excluded.first_at, last_at = excluded.last_at, events = excluded.events,
			left_at = excluded.left_at
	$sql$);
	PERFORM cdp_internal.batch_stage('batch_account', format($sql$
		SELECT g.group_id, g.first_seen, g.last_seen, g.events, t.traits, t.expires_at
		FROM (
			SELECT b.group_id, min(b.first_at) AS first_seen, max(b.last_at) AS last_seen,
				   sum(b.events)::bigint AS events
			FROM batch_member b
			GROUP BY b.group_id) g
		LEFT JOIN (%s) t ON t.subject = g.group_id
	$sql$, cdp_internal.merged_traits(format($sql$
		SELECT cdp_internal.account_id(e.group_id) AS subject, e.traits, e."timestamp", e.received_at, e.source
		FROM cdp_data.event e
		WHERE e.type = 'group' AND %s
	$sql$, cdp_internal.is_logged_condition()), $sql$
		SELECT b.group_id AS subject, b.traits, b.traits_at, b.source_id
		FROM cdp_data.base_row b
		WHERE b.group_id IS NOT NULL
	$sql$)));
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.account a WHERE NOT EXISTS (SELECT FROM batch_account b WHERE b.group_id = a.group_id)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.account AS a (group_id, first_seen, last_seen, events, traits, expires_at)
		SELECT b.group_id, b.first_seen, b.last_seen, b.events, b.traits, b.expires_at
		FROM batch_account b
		LEFT JOIN cdp_data.account o ON o.group_id = b.group_id
		WHERE (o.first_seen, o.last_seen, o.events, o.traits, o.expires_at)
			IS DISTINCT FROM (b.first_seen, b.last_seen, b.events, b.traits, b.expires_at)
		ORDER BY b.group_id
		ON CONFLICT (group_id) DO UPDATE
		SET first_seen = excluded.first_seen, last_seen = excluded.last_seen, events = excluded.events,
			traits = excluded.traits, expires_at = excluded.expires_at
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_fold_accounts() IS
	'Internal: folds all group calls of the log into cdp_data.account and cdp_data.account_member, and writes the rows '
	'that differ.';

-- The accounts that stand in the rows of people, for cdp.restitch().
CREATE FUNCTION cdp_internal.restitch_hold_accounts() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.batch_stage('batch_held_differs', format($sql$
		SELECT p.profile_id, n.accounts
		FROM cdp_data.profile p
		LEFT JOIN (
			SELECT m.profile_id, cdp_internal.held_accounts(array_agg(m.group_id)) AS accounts
			FROM (%s) m
			GROUP BY m.profile_id) n ON n.profile_id = p.profile_id
		WHERE p.accounts IS DISTINCT FROM n.accounts
	$sql$, cdp_internal.account_rows('true')));
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.profile p
		SET accounts = d.accounts
		FROM batch_held_differs d
		WHERE p.profile_id = d.profile_id
	$sql$);
	-- a person whose row holds all identifiers has no slices
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.profile_identifier s
		USING cdp_data.profile p
		WHERE p.profile_id = s.profile_id AND p.identifiers IS NOT NULL
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_hold_accounts() IS
	'Internal: brings the accounts in cdp_data.profile to what cdp_data.account_member says, and deletes superfluous '
	'rows of cdp_data.profile_identifier.';

REVOKE ALL ON FUNCTION cdp_internal.init_account(), cdp_internal.refresh_refold_account(),
	cdp_internal.refresh_recount_account(text[]),
	cdp_internal.restitch_fold_accounts(), cdp_internal.restitch_hold_accounts() FROM PUBLIC;
