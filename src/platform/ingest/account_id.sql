-- The stored form of the ids of accounts and of the names of sources.

CREATE FUNCTION cdp_internal.account_id(group_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_account_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.account_id(text) IS
	'Internal: returns the stored form of a group_id, without blanks around it; NULL if nothing is left.';

-- As onboard_leaves_account() does.
CREATE FUNCTION cdp_internal.leaves_account(context jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(context -> 'groupLeft' = 'true', false);
COMMENT ON FUNCTION cdp_internal.leaves_account(jsonb) IS
	'Internal: returns whether a group call with this context says that its person leaves the account.';

REVOKE ALL ON FUNCTION cdp_internal.account_id(text), cdp_internal.leaves_account(jsonb) FROM PUBLIC;
