-- operators of cdp.traits: single keys, containment, comparison; its operator classes

CREATE FUNCTION cdp_internal.traits_get(traits cdp.traits, key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_traits_get' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
CREATE FUNCTION cdp_internal.traits_get_text(traits cdp.traits, key text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_traits_get_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
CREATE FUNCTION cdp_internal.traits_exists(traits cdp.traits, key text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_exists' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
CREATE FUNCTION cdp_internal.traits_exists_any(traits cdp.traits, keys text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_exists_any' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
CREATE FUNCTION cdp_internal.traits_exists_all(traits cdp.traits, keys text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_exists_all' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
CREATE FUNCTION cdp_internal.traits_contains(traits cdp.traits, contained jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_contains' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp_internal.traits_get(cdp.traits, text) IS 'Internal: the operator ->.';
COMMENT ON FUNCTION cdp_internal.traits_get_text(cdp.traits, text) IS 'Internal: the operator ->>.';
COMMENT ON FUNCTION cdp_internal.traits_exists(cdp.traits, text) IS 'Internal: the operator ?.';
COMMENT ON FUNCTION cdp_internal.traits_exists_any(cdp.traits, text[]) IS 'Internal: the operator ?|.';
COMMENT ON FUNCTION cdp_internal.traits_exists_all(cdp.traits, text[]) IS 'Internal: the operator ?&.';
COMMENT ON FUNCTION cdp_internal.traits_contains(cdp.traits, jsonb) IS 'Internal: the operator @>.';

CREATE OPERATOR cdp.-> (
	FUNCTION = cdp_internal.traits_get, LEFTARG = cdp.traits, RIGHTARG = text
);
CREATE OPERATOR cdp.->> (
	FUNCTION = cdp_internal.traits_get_text, LEFTARG = cdp.traits, RIGHTARG = text
);
CREATE OPERATOR cdp.? (
	FUNCTION = cdp_internal.traits_exists, LEFTARG = cdp.traits, RIGHTARG = text,
	RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
CREATE OPERATOR cdp.?| (
	FUNCTION = cdp_internal.traits_exists_any, LEFTARG = cdp.traits, RIGHTARG = text[],
	RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
CREATE OPERATOR cdp.?& (
	FUNCTION = cdp_internal.traits_exists_all, LEFTARG = cdp.traits, RIGHTARG = text[],
	RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
CREATE OPERATOR cdp.@> (
	FUNCTION = cdp_internal.traits_contains, LEFTARG = cdp.traits, RIGHTARG = jsonb,
	RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR cdp.-> (cdp.traits, text) IS 'The value of a trait as jsonb; NULL if it has none.';
COMMENT ON OPERATOR cdp.->> (cdp.traits, text) IS 'The value of a trait as text; NULL if it has none.';
COMMENT ON OPERATOR cdp.? (cdp.traits, text) IS 'Whether a trait has a value.';
COMMENT ON OPERATOR cdp.?| (cdp.traits, text[]) IS 'Whether any of the traits has a value.';
COMMENT ON OPERATOR cdp.?& (cdp.traits, text[]) IS 'Whether all of the traits have a value.';
COMMENT ON OPERATOR cdp.@> (cdp.traits, jsonb) IS
	'Whether the plain traits contain an object, in the sense of jsonb''s @>.';

-- comparison: by bytes, so that equal traits have equal keys, values, times and sources

CREATE FUNCTION cdp_internal.traits_cmp(cdp.traits, cdp.traits) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_traits_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_eq(cdp.traits, cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_ne(cdp.traits, cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_lt(cdp.traits, cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_le(cdp.traits, cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_gt(cdp.traits, cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_ge(cdp.traits, cdp.traits) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_hash(cdp.traits) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_traits_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_hash_extended(cdp.traits, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_traits_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.traits_cmp(cdp.traits, cdp.traits) IS 'Internal: compares two traits by their bytes.';
COMMENT ON FUNCTION cdp_internal.traits_eq(cdp.traits, cdp.traits) IS 'Internal: the operator =.';
COMMENT ON FUNCTION cdp_internal.traits_ne(cdp.traits, cdp.traits) IS 'Internal: the operator <>.';
COMMENT ON FUNCTION cdp_internal.traits_lt(cdp.traits, cdp.traits) IS 'Internal: the operator <.';
COMMENT ON FUNCTION cdp_internal.traits_le(cdp.traits, cdp.traits) IS 'Internal: the operator <=.';
COMMENT ON FUNCTION cdp_internal.traits_gt(cdp.traits, cdp.traits) IS 'Internal: the operator >.';
COMMENT ON FUNCTION cdp_internal.traits_ge(cdp.traits, cdp.traits) IS 'Internal: the operator >=.';
COMMENT ON FUNCTION cdp_internal.traits_hash(cdp.traits) IS 'Internal: hashes for joins and hash indexes.';
COMMENT ON FUNCTION cdp_internal.traits_hash_extended(cdp.traits, bigint) IS
	'Internal: hashes with a seed, for hash partitions.';

CREATE OPERATOR cdp.= (
	FUNCTION = cdp_internal.traits_eq, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.=), NEGATOR = OPERATOR(cdp.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR cdp.<> (
	FUNCTION = cdp_internal.traits_ne, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.<>), NEGATOR = OPERATOR(cdp.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR cdp.< (
	FUNCTION = cdp_internal.traits_lt, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.>), NEGATOR = OPERATOR(cdp.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR cdp.<= (
	FUNCTION = cdp_internal.traits_le, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.>=), NEGATOR = OPERATOR(cdp.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR cdp.> (
	FUNCTION = cdp_internal.traits_gt, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.<), NEGATOR = OPERATOR(cdp.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR cdp.>= (
	FUNCTION = cdp_internal.traits_ge, LEFTARG = cdp.traits, RIGHTARG = cdp.traits,
	COMMUTATOR = OPERATOR(cdp.<=), NEGATOR = OPERATOR(cdp.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR cdp.= (cdp.traits, cdp.traits) IS 'Same keys, values, times, sources and rules.';
COMMENT ON OPERATOR cdp.<> (cdp.traits, cdp.traits) IS 'Not the same keys, values, times, sources and rules.';
COMMENT ON OPERATOR cdp.< (cdp.traits, cdp.traits) IS 'Less than, by bytes: for sorting and grouping only.';
COMMENT ON OPERATOR cdp.<= (cdp.traits, cdp.traits) IS 'Less than or equal, by bytes: for sorting and grouping only.';
COMMENT ON OPERATOR cdp.> (cdp.traits, cdp.traits) IS 'Greater than, by bytes: for sorting and grouping only.';
COMMENT ON OPERATOR cdp.>= (cdp.traits, cdp.traits) IS
	'Greater than or equal, by bytes: for sorting and grouping only.';

CREATE OPERATOR CLASS cdp.traits_ops DEFAULT FOR TYPE cdp.traits USING btree AS
	OPERATOR 1 cdp.<,
	OPERATOR 2 cdp.<=,
	OPERATOR 3 cdp.=,
	OPERATOR 4 cdp.>=,
	OPERATOR 5 cdp.>,
	FUNCTION 1 cdp_internal.traits_cmp(cdp.traits, cdp.traits);

CREATE OPERATOR CLASS cdp.traits_hash_ops DEFAULT FOR TYPE cdp.traits USING hash AS
	OPERATOR 1 cdp.=,
	FUNCTION 1 cdp_internal.traits_hash(cdp.traits),
	FUNCTION 2 cdp_internal.traits_hash_extended(cdp.traits, bigint);

-- GIN: what jsonb_ops does, on the plain traits

CREATE FUNCTION cdp_internal.traits_gin_extract(cdp.traits, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_traits_gin_extract' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_gin_query(cdp.traits, internal, smallint, internal, internal, internal,
	internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_traits_gin_query' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_gin_consistent(internal, smallint, cdp.traits, integer, internal, internal,
	internal, internal) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_traits_gin_consistent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cdp_internal.traits_gin_triconsistent(internal, smallint, cdp.traits, integer, internal, internal,
	internal) RETURNS "char"
	AS 'MODULE_PATHNAME', 'cdp_traits_gin_triconsistent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.traits_gin_extract(cdp.traits, internal) IS
	'Internal: extracts the GIN keys of a value.';
COMMENT ON FUNCTION cdp_internal.traits_gin_query(cdp.traits, internal, smallint, internal, internal, internal,
	internal) IS
	'Internal: extracts the GIN keys of a query.';
COMMENT ON FUNCTION cdp_internal.traits_gin_consistent(internal, smallint, cdp.traits, integer, internal, internal,
	internal, internal) IS
	'Internal: decides whether a GIN item matches a query.';
COMMENT ON FUNCTION cdp_internal.traits_gin_triconsistent(internal, smallint, cdp.traits, integer, internal, internal,
	internal) IS
	'Internal: decides whether a GIN item matches a query, with three values.';

CREATE OPERATOR CLASS cdp.traits_gin_ops DEFAULT FOR TYPE cdp.traits USING gin AS
	OPERATOR 7 cdp.@> (cdp.traits, jsonb),
	OPERATOR 9 cdp.? (cdp.traits, text),
	OPERATOR 10 cdp.?| (cdp.traits, text[]),
	OPERATOR 11 cdp.?& (cdp.traits, text[]),
	FUNCTION 1 pg_catalog.gin_compare_jsonb(text, text),
	FUNCTION 2 cdp_internal.traits_gin_extract(cdp.traits, internal),
	FUNCTION 3 cdp_internal.traits_gin_query(cdp.traits, internal, smallint, internal, internal, internal, internal),
	FUNCTION 4 cdp_internal.traits_gin_consistent(internal, smallint, cdp.traits, integer, internal, internal, internal,
		internal),
	FUNCTION 6 cdp_internal.traits_gin_triconsistent(internal, smallint, cdp.traits, integer, internal, internal,
		internal),
	STORAGE text;
