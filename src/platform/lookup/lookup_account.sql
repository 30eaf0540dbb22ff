-- Everything about one account.

CREATE FUNCTION cdp.lookup_account(group_id text) RETURNS jsonb
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (
		SELECT jsonb_build_object('group_id', a.group_id, 'first_seen', a.first_seen, 'last_seen', a.last_seen,
			'events', a.events, 'members', a.members, 'traits', a.traits, 'segments', k.segments,
			'computed', k.computed)
		FROM cdp.accounts a
		CROSS JOIN LATERAL (
			SELECT coalesce(jsonb_agg(m.segment ORDER BY m.segment COLLATE "C") FILTER (WHERE m.type IS NULL), '[]')
					AS segments,
				coalesce(jsonb_object_agg(m.segment, cdp_internal.computed_json(m.value, m.type))
					FILTER (WHERE m.type IS NOT NULL), '{}') AS computed
			FROM cdp_internal.account_memberships(ARRAY[a.group_id]) m) k
		WHERE a.group_id = cdp_internal.account_id(lookup_account.group_id));
END
$function$;
COMMENT ON FUNCTION cdp.lookup_account(text) IS
	'Returns one account as a document: group_id, first_seen, last_seen, events, members (how many people belong to '
	'it), traits, segments (of accounts, that it is in) and computed (its computed traits); of the last two those that '
	'the caller may read, exact as cdp.accounts_in() is. NULL: there is no such account. Works on a hot standby.';

REVOKE ALL ON FUNCTION cdp.lookup_account(text) FROM PUBLIC;
