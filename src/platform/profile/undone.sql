-- Which people and accounts lack events in the log.  A refresh leaves undone what it would have to read all their
-- events for: splitting a profile, or folding its traits again.

-- The query reads the log through its primary key only.
CREATE FUNCTION cdp_internal.lacking_people(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT p.profile_id, p.events - l.events AS lacks
		FROM (%s) c
		JOIN cdp_data.profile p USING (profile_id)
		CROSS JOIN LATERAL (
			-- no join, which could read the whole log for each of them
			SELECT coalesce(sum((
				SELECT count(*) FROM cdp_data.event e WHERE e.identifier_id = i.identifier_id)), 0)::bigint AS events
			FROM cdp_data.identifier i
			WHERE i.profile_id = p.profile_id) l
		WHERE l.events < p.events
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lacking_people(text) IS
	'Internal: returns a query of (profile_id, lacks) for the statements of a batch: the people who have fewer events '
	'in the log than were counted, and how many are missing. concerned: a query of distinct profile_id.';

CREATE FUNCTION cdp_internal.lacking_accounts(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT a.group_id, a.events - l.events AS lacks
		FROM (%s) c
		JOIN cdp_data.account a USING (group_id)
		CROSS JOIN LATERAL (
			SELECT count(*) AS events
			FROM cdp_data.account_member m
			JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
			WHERE m.group_id = a.group_id AND e.type = 'group'
				AND cdp_internal.account_id(e.group_id) = m.group_id) l
		WHERE l.events < a.events
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lacking_accounts(text) IS
	'Internal: returns a query of (group_id, lacks) for the statements of a batch: the accounts that have fewer group '
	'calls in the log than were counted, and how many are missing. concerned: a query of distinct group_id.';

REVOKE ALL ON FUNCTION cdp_internal.lacking_people(text), cdp_internal.lacking_accounts(text) FROM PUBLIC;
