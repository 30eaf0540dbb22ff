-- LEAKPROOF: they compare bytes, and raise nothing that depends on values.  Without it an index on identifiers would be
-- of no use under a policy of row security.
CREATE FUNCTION cdp_internal.identifier_eq(cdp.identifier, cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_identifier_eq' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_eq(cdp.identifier, cdp.identifier) IS 'Internal: the operator =.';

CREATE FUNCTION cdp_internal.identifier_ne(cdp.identifier, cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_identifier_ne' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_ne(cdp.identifier, cdp.identifier) IS 'Internal: the operator <>.';

CREATE FUNCTION cdp_internal.identifier_lt(cdp.identifier, cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_identifier_lt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_lt(cdp.identifier, cdp.identifier) IS 'Internal: the operator <.';

CREATE FUNCTION cdp_internal.identifier_le(cdp.identifier, cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_identifier_le' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_le(cdp.identifier, cdp.identifier) IS 'Internal: the operator <=.';

CREATE FUNCTION cdp_internal.identifier_gt(cdp.identifier, cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_identifier_gt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_gt(cdp.identifier, cdp.identifier) IS 'Internal: the operator >.';

CREATE FUNCTION cdp_internal.identifier_ge(cdp.identifier, cdp.identifier) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_identifier_ge' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_ge(cdp.identifier, cdp.identifier) IS 'Internal: the operator >=.';

CREATE FUNCTION cdp_internal.identifier_cmp(cdp.identifier, cdp.identifier) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_identifier_cmp' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_cmp(cdp.identifier, cdp.identifier) IS
	'Internal: compares two identifiers: negative, zero or positive.';

CREATE FUNCTION cdp_internal.identifier_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_identifier_sortsupport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_sortsupport(internal) IS 'Internal: gives sorts the comparison.';

CREATE FUNCTION cdp_internal.identifier_hash(cdp.identifier) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_identifier_hash' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_hash(cdp.identifier) IS 'Internal: hashes for joins and hash indexes.';

CREATE FUNCTION cdp_internal.identifier_hash_extended(cdp.identifier, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_identifier_hash_extended' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_hash_extended(cdp.identifier, bigint) IS
	'Internal: hashes with a seed, for hash partitions.';

-- Where cdp is not on the search path, they are written OPERATOR(cdp.=).
CREATE OPERATOR cdp.= (
	FUNCTION = cdp_internal.identifier_eq, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier,
	COMMUTATOR = OPERATOR(cdp.=), NEGATOR = OPERATOR(cdp.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR cdp.= (cdp.identifier, cdp.identifier) IS 'equal: the same bytes';

CREATE OPERATOR cdp.<> (
	FUNCTION = cdp_internal.identifier_ne, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier,
	COMMUTATOR = OPERATOR(cdp.<>), NEGATOR = OPERATOR(cdp.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR cdp.<> (cdp.identifier, cdp.identifier) IS 'not equal';

CREATE OPERATOR cdp.< (
	FUNCTION = cdp_internal.identifier_lt, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier,
	COMMUTATOR = OPERATOR(cdp.>), NEGATOR = OPERATOR(cdp.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR cdp.< (cdp.identifier, cdp.identifier) IS
	'less than, by the bytes of the namespace, then of the value';

CREATE OPERATOR cdp.<= (
	FUNCTION = cdp_internal.identifier_le, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier,
	COMMUTATOR = OPERATOR(cdp.>=), NEGATOR = OPERATOR(cdp.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR cdp.<= (cdp.identifier, cdp.identifier) IS 'less than or equal';

CREATE OPERATOR cdp.> (
	FUNCTION = cdp_internal.identifier_gt, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier,
	COMMUTATOR = OPERATOR(cdp.<), NEGATOR = OPERATOR(cdp.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR cdp.> (cdp.identifier, cdp.identifier) IS 'greater than';

CREATE OPERATOR cdp.>= (
	FUNCTION = cdp_internal.identifier_ge, LEFTARG = cdp.identifier, RIGHTARG = cdp.identifier,
	COMMUTATOR = OPERATOR(cdp.<=), NEGATOR = OPERATOR(cdp.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR cdp.>= (cdp.identifier, cdp.identifier) IS 'greater than or equal';

CREATE OPERATOR CLASS cdp.identifier_ops DEFAULT FOR TYPE cdp.identifier USING btree AS
	OPERATOR 1 cdp.<,
	OPERATOR 2 cdp.<=,
	OPERATOR 3 cdp.=,
	OPERATOR 4 cdp.>=,
	OPERATOR 5 cdp.>,
	FUNCTION 1 cdp_internal.identifier_cmp(cdp.identifier, cdp.identifier),
	FUNCTION 2 cdp_internal.identifier_sortsupport(internal),
	FUNCTION 4 pg_catalog.btequalimage(oid);

CREATE OPERATOR CLASS cdp.identifier_hash_ops DEFAULT FOR TYPE cdp.identifier USING hash AS
	OPERATOR 1 cdp.=,
	FUNCTION 1 cdp_internal.identifier_hash(cdp.identifier),
	FUNCTION 2 cdp_internal.identifier_hash_extended(cdp.identifier, bigint);
