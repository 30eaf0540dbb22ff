-- Ids of accounts, and names of sources, as they are kept.

CREATE FUNCTION cdp_internal.account_id(group_id text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_account_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.account_id(text) IS 'Internal: the account that a group_id names: without blanks around it.';

REVOKE ALL ON FUNCTION cdp_internal.account_id(text) FROM PUBLIC;
