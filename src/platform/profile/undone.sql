-- Which people and accounts lack events in the log.  A refresh leaves undone what it would have to read all their
-- events for: splitting a profile, or folding its traits again.

-- Both read through the primary keys only.
CREATE FUNCTION cdp_internal.held_events(ids bigint[]) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- no joins, which could read the whole log for each of them
	RETURN (
		SELECT coalesce(sum((
			SELECT count(*) FROM cdp_data.event e
			WHERE e.identifier_id = u.identifier_id AND NOT EXISTS (
				SELECT FROM cdp_data.folded_month f
				WHERE f.month = date_trunc('month', e."timestamp", 'UTC') AND f.event_id >= e.event_id))
			+ coalesce((
				SELECT sum(b.events) FROM cdp_data.base_row b WHERE b.identifier_id = u.identifier_id), 0)), 0)
		FROM unnest(ids) AS u (identifier_id));
END
$function$;
COMMENT ON FUNCTION cdp_internal.held_events(bigint[]) IS
	'Internal: returns how many events the log and the base have that are anchored at these identifiers.';

CREATE FUNCTION cdp_internal.held_calls(account text) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT count(*)
		FROM cdp_data.account_member m
		JOIN cdp_data.event e ON e.identifier_id = m.identifier_id
		WHERE m.group_id = account AND e.type = 'group' AND cdp_internal.account_id(e.group_id) = m.group_id
			AND NOT EXISTS (
				SELECT FROM cdp_data.folded_month f
				WHERE f.month = date_trunc('month', e."timestamp", 'UTC') AND f.event_id >= e.event_id))
		+ coalesce((
			SELECT sum(b.events)
			FROM cdp_data.account_member m
			JOIN cdp_data.base_row b ON b.identifier_id = m.identifier_id AND b.group_id = m.group_id
			WHERE m.group_id = account), 0);
END
$function$;
COMMENT ON FUNCTION cdp_internal.held_calls(text) IS
	'Internal: returns how many group calls for an account the log and the base have.';

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
			SELECT cdp_internal.held_events(array_agg(i.identifier_id)) AS events
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
			SELECT cdp_internal.held_calls(a.group_id) AS events) l
		WHERE l.events < a.events
	$sql$, concerned);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lacking_accounts(text) IS
	'Internal: returns a query of (group_id, lacks) for the statements of a batch: the accounts that have fewer group '
	'calls in the log than were counted, and how many are missing. concerned: a query of distinct group_id.';

REVOKE ALL ON FUNCTION cdp_internal.held_events(bigint[]), cdp_internal.held_calls(text),
	cdp_internal.lacking_people(text), cdp_internal.lacking_accounts(text) FROM PUBLIC;
