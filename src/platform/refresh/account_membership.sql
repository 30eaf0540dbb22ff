-- The accounts that a batch touched.
--
-- An account is touched by the calls that name it, when its traits expire, and by whatever touches its people: what
-- they do, which segments they enter, and who belongs together.  One change costs no more than the accounts of the
-- people that it touches, each with as many people as cdp_internal.account_people_max() says.

CREATE FUNCTION cdp_internal.touched_accounts(touched cdp_internal.touched, others bigint[])
	RETURNS TABLE (account_id bigint, cause text, event_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH said AS MATERIALIZED (
			-- in the order of the causes of the feed: clock, event, merge, split
			SELECT t.profile_id, t.former_profile_id, t.group_id, t.event_id,
				CASE t.cause WHEN 'lapsed' THEN 1 WHEN 'merged' THEN 3 WHEN 'split' THEN 4 ELSE 2 END AS rank
			FROM unnest(touched.profile_ids, touched.causes, touched.former_profile_ids, touched.group_ids,
				touched.event_ids) AS t (profile_id, cause, former_profile_id, group_id, event_id)
		), person AS (
			SELECT s.profile_id, s.rank, s.event_id FROM said s WHERE s.profile_id <> 0
			UNION ALL
			SELECT s.former_profile_id, s.rank, NULL FROM said s WHERE s.former_profile_id <> 0
			UNION ALL
			SELECT o.profile_id, 2, NULL FROM unnest(others) AS o (profile_id)
		), named AS MATERIALIZED (
			-- found by their keys, however large the tables are
			SELECT m.group_id, p.rank, p.event_id
			FROM person p
			CROSS JOIN LATERAL (
				SELECT i.identifier_id FROM cdp_data.identifier i WHERE i.profile_id = p.profile_id OFFSET 0) i
			CROSS JOIN LATERAL (
				SELECT c.group_id FROM cdp_data.account_member c WHERE c.identifier_id = i.identifier_id OFFSET 0) m
			UNION ALL
			SELECT s.group_id, s.rank, s.event_id FROM said s WHERE s.group_id IS NOT NULL)
		SELECT n.account_id, (ARRAY['clock', 'event', 'merge', 'split'])[max(n.rank)],
			CASE WHEN max(n.rank) = 2 THEN max(n.event_id) END
		FROM (
			SELECT a.account_id, g.rank, g.event_id
			FROM named g
			CROSS JOIN LATERAL (
				SELECT t.account_id FROM cdp_data.account t WHERE t.group_id = g.group_id
				UNION
				-- one that is gone
				SELECT k.account_id FROM cdp_data.account_membership k WHERE k.group_id = g.group_id OFFSET 0) a) n
		GROUP BY n.account_id
		ORDER BY n.account_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.touched_accounts(cdp_internal.touched, bigint[]) IS
	'Internal: returns the accounts that a batch touched, with the cause and the last event of each. others: people '
	'who were judged besides those whom it touched.';

CREATE FUNCTION cdp_internal.keep_touched_accounts(touched cdp_internal.touched, others bigint[], cause text)
	RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.keep_accounts(coalesce(array_agg(a.account_id ORDER BY a.account_id), '{}'),
		coalesce(array_agg(a.cause ORDER BY a.account_id), '{}'),
		coalesce(array_agg(a.event_id ORDER BY a.account_id), '{}'), keep_touched_accounts.cause)
	FROM cdp_internal.touched_accounts(touched, others) a;
END
$function$;
COMMENT ON FUNCTION cdp_internal.keep_touched_accounts(cdp_internal.touched, bigint[], text) IS
	'Internal: judges the accounts that a batch touched.';

REVOKE ALL ON FUNCTION cdp_internal.touched_accounts(cdp_internal.touched, bigint[]),
	cdp_internal.keep_touched_accounts(cdp_internal.touched, bigint[], text) FROM PUBLIC;
