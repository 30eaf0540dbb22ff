-- Segments and computed traits of accounts: who reads them, and what a batch does to them.

CREATE FUNCTION cdp.accounts_in(name text)
	RETURNS TABLE (group_id text, since timestamptz, judged_at timestamptz)
	AS 'MODULE_PATHNAME', 'cdp_accounts_in' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION cdp.accounts_in(text) IS
	'Returns which accounts are in a segment of accounts. since, judged_at, rights and errors are those of '
	'cdp.members(). Works on a hot standby.';

CREATE FUNCTION cdp.is_account_in(name text, group_id text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_account_in' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION cdp.is_account_in(text, text) IS
	'Returns whether an account is in a segment of accounts, as cdp.accounts_in() does; false also for an account that '
	'does not exist. Errors: undefined_object, wrong_object_type, insufficient_privilege.';

CREATE FUNCTION cdp.account_trait_values(name text)
	RETURNS TABLE (group_id text, since timestamptz, judged_at timestamptz, value text)
	AS 'MODULE_PATHNAME', 'cdp_account_trait_values' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION cdp.account_trait_values(text) IS
	'Returns the values of a computed trait of accounts, as text; accounts without a value are left out. The view '
	'cdp_segment.<name> has the value in the type of the trait. Otherwise it is as cdp.trait_values().';

CREATE FUNCTION cdp_internal.account_memberships(group_ids text[] DEFAULT NULL)
	RETURNS TABLE (segment text, group_id text, since timestamptz, value text, type text)
	AS 'MODULE_PATHNAME', 'cdp_account_memberships' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION cdp_internal.account_memberships(text[]) IS
	'Internal: returns which accounts (NULL: all) are in which of the segments that the caller may read, and which '
	'values of computed traits they have, with their types.';

CREATE FUNCTION cdp_internal.init_account_membership_views() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.account_membership AS
		SELECT m.segment, m.group_id, m.since FROM cdp_internal.account_memberships() m WHERE m.type IS NULL;
	COMMENT ON VIEW cdp.account_membership IS
		'Which accounts are in which segments of accounts: those that the current role may read, exact as '
		'cdp.accounts_in() is.';
	COMMENT ON COLUMN cdp.account_membership.segment IS 'The segment.';
	COMMENT ON COLUMN cdp.account_membership.group_id IS 'The account.';
	COMMENT ON COLUMN cdp.account_membership.since IS 'Since when; see cdp.members().';

	CREATE VIEW cdp.account_trait AS
		SELECT m.group_id, m.segment AS trait, cdp_internal.computed_json(m.value, m.type) AS value, m.since
		FROM cdp_internal.account_memberships() m
		WHERE m.type IS NOT NULL;
	COMMENT ON VIEW cdp.account_trait IS
		'The values of all computed traits of accounts that the current role may read. cdp_segment.<name> has those of '
		'one, in its type.';
	COMMENT ON COLUMN cdp.account_trait.group_id IS 'The account.';
	COMMENT ON COLUMN cdp.account_trait.trait IS 'The computed trait.';
	COMMENT ON COLUMN cdp.account_trait.value IS 'Its value.';
	COMMENT ON COLUMN cdp.account_trait.since IS 'Since when it is that value.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_account_membership_views() IS
	'Internal: makes the views of the memberships and computed traits of accounts.';

CREATE FUNCTION cdp.why_account(segment text, group_id text)
	RETURNS TABLE (line integer, depth integer, part text, "values" jsonb, holds boolean, until timestamptz,
		change boolean)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY
		SELECT w.*
		FROM (SELECT (
			SELECT a.account_id FROM cdp.account_row a
			WHERE a.group_id = cdp_internal.account_id(why_account.group_id)) AS account_id) n
		CROSS JOIN LATERAL cdp_internal.why(why_account.segment, coalesce(n.account_id, 0), 'account') w
		ORDER BY w.line;
END
$function$;
COMMENT ON FUNCTION cdp.why_account(text, text) IS
	'Returns why an account is in a segment of accounts, or not, as cdp.why() does of a person; no rows for an account '
	'that does not exist. until of a count of members is the first instant at which any of their memberships could '
	'change. The caller must be allowed to read the view of the segment, and the columns of cdp.account_row that the '
	'condition uses.';

CREATE FUNCTION cdp_internal.keep_accounts(account_ids bigint[], causes text[], event_ids bigint[], cause text)
	RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_keep_accounts' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.keep_accounts(bigint[], text[], bigint[], text) IS
	'Internal: judges the accounts that the batch touched, at its time, after the people. causes, event_ids: why, as '
	'the feed says it, if the cause of the batch is event. What is said of segments that fail is that of '
	'cdp_internal.keep_touched().';

-- Segments of accounts see who is in the segments of people that they count.  So they are built once those are.
CREATE FUNCTION cdp_internal.await_people() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	WITH RECURSIVE above (segment_id) AS (
		SELECT s.segment_id FROM cdp_data.segment s
		WHERE s.subject = 'person' AND cdp_internal.is_unbuilt(s.built_until, s.state, s.error_profile_id, s.kind)
		UNION
		SELECT s.segment_id FROM above a JOIN cdp_data.segment s ON a.segment_id = ANY (s.depends_on))
	UPDATE cdp_data.segment s
	SET built_until = 0, state = CASE s.state WHEN 'live' THEN 'building' ELSE s.state END
	FROM above a
	WHERE s.segment_id = a.segment_id AND s.subject = 'account' AND s.built_until IS DISTINCT FROM 0;
END
$function$;
COMMENT ON FUNCTION cdp_internal.await_people() IS
	'Internal: has the segments of accounts built anew that need a segment of people that is being built.';

CREATE FUNCTION cdp_internal.has_account_segments() RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN EXISTS (SELECT FROM cdp_data.segment s WHERE s.subject = 'account');
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_account_segments() IS
	'Internal: returns whether there are segments or computed traits of accounts.';

CREATE FUNCTION cdp_internal.slice_accounts() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1000;
COMMENT ON FUNCTION cdp_internal.slice_accounts() IS
	'Internal: returns how many accounts a batch judges by segments that are being built.';

REVOKE ALL ON FUNCTION cdp_internal.account_memberships(text[]), cdp_internal.init_account_membership_views(),
	cdp.accounts_in(text), cdp.is_account_in(text, text), cdp.account_trait_values(text),
	cdp.why_account(text, text), cdp_internal.keep_accounts(bigint[], text[], bigint[], text),
	cdp_internal.await_people(), cdp_internal.has_account_segments(), cdp_internal.slice_accounts() FROM PUBLIC;
