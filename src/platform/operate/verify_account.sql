-- Compares the tables of accounts with the group calls of the log.

CREATE FUNCTION cdp_internal.verify_members(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT 'accounts', concat(
				coalesce(cdp_internal.verify_name(coalesce(e.identifier_id, f.identifier_id)), 'no identifier'),
				' in ', coalesce(e.group_id, f.group_id)),
			   cdp_internal.verify_calls(e.events, e.first_at, e.last_at) || coalesce(', left at ' || e.left_at, ''),
			   cdp_internal.verify_calls(f.events, f.first_at, f.last_at) || coalesce(', left at ' || f.left_at, '')
		FROM (SELECT c.identifier_id, c.group_id, sum(c.events)::bigint AS events, min(c.first_at) AS first_at,
					 max(c.last_at) AS last_at, max(c.left_at) AS left_at
			  FROM (
				SELECT e.identifier_id, cdp_internal.account_id(e.group_id) COLLATE "C" AS group_id, 1 AS events,
					   e."timestamp" AS first_at, e."timestamp" AS last_at,
					   CASE WHEN cdp_internal.leaves_account(e.context) THEN e."timestamp" END AS left_at
				FROM cdp_data.event e
				WHERE e.type = 'group' AND %s
				UNION ALL
				SELECT b.identifier_id, b.group_id, b.events, b.first_at, b.last_at, b.left_at
				FROM cdp_data.base_row b
				WHERE b.group_id IS NOT NULL) c
			  WHERE $1 IS NULL OR c.identifier_id = ANY ($1) GROUP BY 1, 2) e
		FULL JOIN (SELECT c.* FROM cdp_data.account_member c WHERE $1 IS NULL OR c.identifier_id = ANY ($1)) f
			USING (identifier_id, group_id)
		WHERE (e.events, e.first_at, e.last_at, e.left_at) IS DISTINCT FROM (f.events, f.first_at, f.last_at, f.left_at)
	$sql$, cdp_internal.is_logged_condition()) USING own;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_members(bigint[]) IS
	'Internal: returns the differences of cdp_data.account_member from the log. own: the identifiers of one person; '
	'NULL: all.';

CREATE FUNCTION cdp_internal.verify_calls(events bigint, first_at timestamptz, last_at timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE WHEN events IS NOT NULL THEN format('%s call(s) from %s to %s', events, first_at, last_at) END;
COMMENT ON FUNCTION cdp_internal.verify_calls(bigint, timestamptz, timestamptz) IS
	'Internal: a number of group calls, in words; NULL: none.';

CREATE FUNCTION cdp_internal.verify_accounts() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	rules jsonb := cdp.trait_rules();
	as_of timestamptz := (SELECT s.as_of FROM cdp_data.state s);
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT 'accounts', coalesce(e.group_id, f.group_id), e.said, f.said
		FROM (
			SELECT q.group_id,
				   concat(cdp_internal.verify_calls(sum(q.events)::bigint, min(q.first_at), max(q.last_at)),
					', traits ', cdp.traits_union(q.traits), ', lapsing from ' || min(q.expires_at)) AS said
			FROM (
			SELECT cdp_internal.account_id(e.group_id) COLLATE "C" AS group_id, count(*) AS events,
				   min(e."timestamp") AS first_at, max(e."timestamp") AS last_at,
				   cdp.traits_agg(t.traits, least(e."timestamp", e.received_at), e.source, $1, o.trust) AS traits,
				   min(least(e."timestamp", e.received_at) + o.expires_after) FILTER (WHERE t.counts) AS expires_at
			  FROM cdp_data.event e LEFT JOIN cdp_data.source o ON o.source = e.source
			  LEFT JOIN LATERAL (SELECT true AS counts, cdp_internal.said_traits(e.traits, $1) AS traits
								 WHERE e.traits IS NOT NULL
								   AND (o.expires_after IS NULL
									OR least(e."timestamp", e.received_at) + o.expires_after > $2)) t ON true
			  WHERE e.type = 'group' AND %s
			  GROUP BY 1
			UNION ALL
			SELECT b.group_id, b.events, b.first_at, b.last_at, r.traits, r.expires_at
			FROM cdp_data.base_row b
			JOIN cdp_data.source o USING (source_id)
			CROSS JOIN LATERAL cdp_internal.renew_traits(b.traits, b.traits_at, o.trust, o.expires_after, $2) r
			WHERE b.group_id IS NOT NULL) q
			GROUP BY q.group_id) e
		FULL JOIN (
			SELECT a.group_id,
				   concat(cdp_internal.verify_calls(a.events, a.first_seen, a.last_seen), ', traits ', a.traits,
					', lapsing from ' || a.expires_at) AS said
			FROM cdp_data.account a) f USING (group_id)
		WHERE e.said IS DISTINCT FROM f.said
	$sql$, cdp_internal.is_logged_condition()) USING rules, as_of;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_accounts() IS
	'Internal: returns the differences of cdp_data.account from the log and the rules.';

REVOKE ALL ON FUNCTION cdp_internal.verify_members(bigint[]), cdp_internal.verify_accounts(),
	cdp_internal.verify_calls(bigint, timestamptz, timestamptz) FROM PUBLIC;
