-- Audiences from ids, and of many audiences.
CREATE FUNCTION cdp_internal.audience_trans(internal, bigint) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_audience_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_trans(internal, bigint) IS 'Internal: adds a row to cdp.audience.';
CREATE FUNCTION cdp_internal.audience_union_trans(internal, cdp.audience) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_audience_union_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_union_trans(internal, cdp.audience) IS
	'Internal: adds a row to cdp.audience_union.';
CREATE FUNCTION cdp_internal.audience_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_audience_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_combine(internal, internal) IS 'Internal: adds a state to another.';
CREATE FUNCTION cdp_internal.audience_serialize(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_audience_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_serialize(internal) IS
	'Internal: writes a state for another process, as the audience.';
CREATE FUNCTION cdp_internal.audience_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_audience_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_deserialize(bytea, internal) IS 'Internal: reads a state.';
CREATE FUNCTION cdp_internal.audience_final(internal) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_final(internal) IS 'Internal: returns the audience of a state.';

CREATE AGGREGATE cdp.audience(id bigint) (
	SFUNC = cdp_internal.audience_trans, STYPE = internal, SSPACE = 4096,
	FINALFUNC = cdp_internal.audience_final, COMBINEFUNC = cdp_internal.audience_combine,
	SERIALFUNC = cdp_internal.audience_serialize, DESERIALFUNC = cdp_internal.audience_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.audience(bigint) IS
	'Returns the audience of the ids, in any order and each as often as it likes; NULLs are skipped. Without ids it is '
	'empty, not NULL.';
CREATE AGGREGATE cdp.audience_union(audience cdp.audience) (
	SFUNC = cdp_internal.audience_union_trans, STYPE = internal, SSPACE = 4096,
	FINALFUNC = cdp_internal.audience_final, COMBINEFUNC = cdp_internal.audience_combine,
	SERIALFUNC = cdp_internal.audience_serialize, DESERIALFUNC = cdp_internal.audience_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.audience_union(cdp.audience) IS
	'Returns the ids that any of the audiences has; NULLs are skipped. Without audiences it is empty.';
CREATE AGGREGATE cdp.audience_intersection(audience cdp.audience) (
	SFUNC = cdp_internal.audience_and, STYPE = cdp.audience, COMBINEFUNC = cdp_internal.audience_and, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.audience_intersection(cdp.audience) IS
	'Returns the ids that all of the audiences have; NULLs are skipped. Without audiences it is NULL.';

CREATE FUNCTION cdp.audience_of(ids bigint[]) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp.audience_of(bigint[]) IS
	'Returns the audience of the ids of an array, in any order and each as often as it likes; NULLs are skipped.';
CREATE CAST (bigint[] AS cdp.audience) WITH FUNCTION cdp.audience_of(bigint[]);
COMMENT ON CAST (bigint[] AS cdp.audience) IS 'cdp.audience_of.';
