-- Which people and accounts lack events in the log.  A refresh leaves undone what it would have to read all their
-- events for: splitting a profile, or folding its traits again.

-- Both are texts, planned with the query that they are in.  What stands in them is found through the primary keys:
-- there are no joins, which could read the whole log for each person or account.
CREATE FUNCTION cdp_internal.held_events() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT coalesce(sum((
			SELECT count(*) FROM cdp_data.event e WHERE e.identifier_id = i.identifier_id AND %s)
			+ coalesce((SELECT sum(b.events) FROM cdp_data.base_row b WHERE b.identifier_id = i.identifier_id), 0)),
			0)::bigint AS events
		FROM cdp_data.identifier i
		WHERE i.profile_id = p.profile_id
	$sql$, cdp_internal.is_logged_condition());
COMMENT ON FUNCTION cdp_internal.held_events() IS
	'Internal: returns a query of how many events (events) the log and the base have of the row p of cdp_data.profile.';

CREATE FUNCTION cdp_internal.held_calls() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT coalesce(sum((
			SELECT count(*) FROM cdp_data.event e
			WHERE e.identifier_id = m.identifier_id AND e.type = 'group'
				AND cdp_internal.account_id(e.group_id) = m.group_id AND %s)
			+ coalesce((
				SELECT sum(b.events) FROM cdp_data.base_row b
				WHERE b.identifier_id = m.identifier_id AND b.group_id = m.group_id), 0)), 0)::bigint AS events
		FROM cdp_data.account_member m
		WHERE m.group_id = a.group_id
	$sql$, cdp_internal.is_logged_condition());
COMMENT ON FUNCTION cdp_internal.held_calls() IS
	'Internal: returns a query of how many group calls (events) the log and the base have for the row a of '
	'cdp_data.account.';

CREATE FUNCTION cdp_internal.lacking_people(concerned text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format($sql$
		SELECT p.profile_id, p.events - l.events AS lacks
		FROM (%s) c
		JOIN cdp_data.profile p USING (profile_id)
		CROSS JOIN LATERAL (%s) l
		WHERE l.events < p.events
	$sql$, concerned, cdp_internal.held_events());
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
		CROSS JOIN LATERAL (%s) l
		WHERE l.events < a.events
	$sql$, concerned, cdp_internal.held_calls());
END
$function$;
COMMENT ON FUNCTION cdp_internal.lacking_accounts(text) IS
	'Internal: returns a query of (group_id, lacks) for the statements of a batch: the accounts that have fewer group '
	'calls in the log than were counted, and how many are missing. concerned: a query of distinct group_id.';

REVOKE ALL ON FUNCTION cdp_internal.held_events(), cdp_internal.held_calls(),
	cdp_internal.lacking_people(text), cdp_internal.lacking_accounts(text) FROM PUBLIC;
