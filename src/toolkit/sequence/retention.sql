CREATE FUNCTION cdp_internal.retention_trans(bigint, boolean[]) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_retention_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.retention_trans(bigint, boolean[]) IS 'Internal: adds a row to cdp.retention.';

CREATE FUNCTION cdp_internal.retention_combine(bigint, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_retention_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.retention_combine(bigint, bigint) IS 'Internal: combines two states of cdp.retention.';

CREATE FUNCTION cdp_internal.retention_final(bigint) RETURNS boolean[]
	AS 'MODULE_PATHNAME', 'cdp_retention_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.retention_final(bigint) IS 'Internal: returns the result of cdp.retention.';

CREATE AGGREGATE cdp.retention(VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.retention_trans, STYPE = bigint,
	FINALFUNC = cdp_internal.retention_final, COMBINEFUNC = cdp_internal.retention_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.retention(VARIADIC boolean[]) IS
	'Returns for each of at most 32 conditions whether it is true in some row of the group and the first condition is '
	'true in some row too (the same or another). The first element is the first condition alone. Times play no part: '
	'put them into the conditions. A NULL condition is not true; NULL for no rows. Errors: no or more than 32 '
	'conditions, or a number of conditions that changes within the group (22023), NULL for the array (22004).';
