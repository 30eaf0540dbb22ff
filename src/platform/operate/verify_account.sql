-- Compares the tables of accounts with the log and the rules, without the code of cdp.refresh().

CREATE FUNCTION cdp_internal.verify_accounts(ids cdp.identifier[], shared boolean[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	rules jsonb := cdp.trait_rules();
	as_of timestamptz := (SELECT s.as_of FROM cdp_data.state s);
BEGIN
	RETURN QUERY
		SELECT 'accounts', format('%s in %s', coalesce(e.member, f.member), coalesce(e.group_id, f.group_id)), e.said,
			   f.said
		FROM (SELECT coalesce(a.identifier::text, 'no identifier') AS member,
					 cdp_internal.account_id(c.group_id) AS group_id,
					 format('%s call(s) from %s to %s', count(*), min(a."timestamp"), max(a."timestamp")) AS said
			  FROM cdp_internal.verify_anchored(ids, shared) a
			  JOIN cdp_data.event c ON c.event_id = a.event_id AND c."timestamp" = a."timestamp"
			  WHERE a.type = 'group' GROUP BY 1, 2) e
		FULL JOIN (
			SELECT coalesce(i.identifier::text, CASE m.identifier_id WHEN 0 THEN 'no identifier'
					ELSE format('identifier %s', m.identifier_id) END) AS member,
				   m.group_id,
				   format('%s call(s) from %s to %s', m.events, m.first_at, m.last_at) AS said
			FROM cdp_data.account_member m
			LEFT JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id) f USING (member, group_id)
		WHERE e.said IS DISTINCT FROM f.said;
	RETURN QUERY
		SELECT 'accounts', coalesce(e.group_id, f.group_id), e.said, f.said
		FROM (
			SELECT cdp_internal.account_id(c.group_id) AS group_id,
				   concat(format('%s call(s) from %s to %s, traits ', count(*), min(c."timestamp"), max(c."timestamp")),
					cdp.traits_agg(t.traits, least(c."timestamp", c.received_at), c.source, rules, o.trust),
					', lapsing from '
						|| (min(least(c."timestamp", c.received_at) + o.expires_after) FILTER (WHERE t.counts))) AS said
			  FROM cdp_data.event c LEFT JOIN cdp_data.source o ON o.source = c.source
			  LEFT JOIN LATERAL (SELECT true AS counts, cdp_internal.verify_said(c.traits, rules) AS traits
								 WHERE c.traits IS NOT NULL
								   AND (o.expires_after IS NULL
									OR least(c."timestamp", c.received_at) + o.expires_after > as_of)) t ON true
			  WHERE c.type = 'group' GROUP BY 1) e
		FULL JOIN (
			SELECT a.group_id,
				   concat(format('%s call(s) from %s to %s, traits ', a.events, a.first_seen, a.last_seen), a.traits,
					', lapsing from ' || a.expires_at) AS said
			FROM cdp_data.account a) f USING (group_id)
		WHERE e.said IS DISTINCT FROM f.said;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_accounts(cdp.identifier[], boolean[]) IS
	'Internal: returns the differences of cdp_data.account and cdp_data.account_member from the log.';

REVOKE ALL ON FUNCTION cdp_internal.verify_accounts(cdp.identifier[], boolean[]) FROM PUBLIC;
