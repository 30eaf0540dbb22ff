-- Set operations, sizes, membership, and what each two of many have in common.
CREATE FUNCTION cdp_internal.audience_and(cdp.audience, cdp.audience) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_and' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_and(cdp.audience, cdp.audience) IS 'Internal: the operator &.';
CREATE OPERATOR cdp.& (
	FUNCTION = cdp_internal.audience_and, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.&)
);
COMMENT ON OPERATOR cdp.& (cdp.audience, cdp.audience) IS 'The ids that both have.';

CREATE FUNCTION cdp_internal.audience_or(cdp.audience, cdp.audience) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_or' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_or(cdp.audience, cdp.audience) IS 'Internal: the operator |.';
CREATE OPERATOR cdp.| (
	FUNCTION = cdp_internal.audience_or, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.|)
);
COMMENT ON OPERATOR cdp.| (cdp.audience, cdp.audience) IS 'The ids that one of them has, or both.';

CREATE FUNCTION cdp_internal.audience_minus(cdp.audience, cdp.audience) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_minus' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_minus(cdp.audience, cdp.audience) IS 'Internal: the operator -.';
CREATE OPERATOR cdp.- (
	FUNCTION = cdp_internal.audience_minus, LEFTARG = cdp.audience, RIGHTARG = cdp.audience
);
COMMENT ON OPERATOR cdp.- (cdp.audience, cdp.audience) IS 'The ids of the first that the second has not.';

CREATE FUNCTION cdp_internal.audience_xor(cdp.audience, cdp.audience) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_xor' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_xor(cdp.audience, cdp.audience) IS 'Internal: the operator #.';
CREATE OPERATOR cdp.# (
	FUNCTION = cdp_internal.audience_xor, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.#)
);
COMMENT ON OPERATOR cdp.# (cdp.audience, cdp.audience) IS 'The ids that exactly one of them has.';

CREATE FUNCTION cdp_internal.audience_contains(cdp.audience, cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_contains' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_contains(cdp.audience, cdp.audience) IS 'Internal: the operator @>.';
CREATE OPERATOR cdp.@> (
	FUNCTION = cdp_internal.audience_contains, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.<@), RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR cdp.@> (cdp.audience, cdp.audience) IS 'Whether the first has all ids of the second.';

CREATE FUNCTION cdp_internal.audience_contained(cdp.audience, cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_contained' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_contained(cdp.audience, cdp.audience) IS 'Internal: the operator <@.';
CREATE OPERATOR cdp.<@ (
	FUNCTION = cdp_internal.audience_contained, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.@>), RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR cdp.<@ (cdp.audience, cdp.audience) IS 'Whether the second has all ids of the first.';

CREATE FUNCTION cdp_internal.audience_contains_id(cdp.audience, bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_contains_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.audience_contains_id(cdp.audience, bigint) IS 'Internal: the operator @>.';
CREATE OPERATOR cdp.@> (
	FUNCTION = cdp_internal.audience_contains_id, LEFTARG = cdp.audience, RIGHTARG = bigint,
	COMMUTATOR = OPERATOR(cdp.<@), RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR cdp.@> (cdp.audience, bigint) IS 'Whether the audience has the id.';

CREATE FUNCTION cdp_internal.audience_contained_id(bigint, cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_contained_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.audience_contained_id(bigint, cdp.audience) IS 'Internal: the operator <@.';
CREATE OPERATOR cdp.<@ (
	FUNCTION = cdp_internal.audience_contained_id, LEFTARG = bigint, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.@>), RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR cdp.<@ (bigint, cdp.audience) IS 'Whether the audience has the id.';

CREATE FUNCTION cdp_internal.audience_intersects(cdp.audience, cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_intersects' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_intersects(cdp.audience, cdp.audience) IS 'Internal: the operator &&.';
CREATE OPERATOR cdp.&& (
	FUNCTION = cdp_internal.audience_intersects, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.&&), RESTRICT = pg_catalog.contsel, JOIN = pg_catalog.contjoinsel
);
COMMENT ON OPERATOR cdp.&& (cdp.audience, cdp.audience) IS 'Whether they have an id in common.';

CREATE FUNCTION cdp.size(audience cdp.audience) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_size' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.size(cdp.audience) IS
	'Returns how many ids an audience has; of a large one only its first bytes are read.';

CREATE FUNCTION cdp.is_empty(audience cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_empty' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.is_empty(cdp.audience) IS
	'Returns whether an audience has no id.';

CREATE FUNCTION cdp.intersection_size(a cdp.audience, b cdp.audience) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_intersection_size' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp.intersection_size(cdp.audience, cdp.audience) IS
	'Returns how many ids two audiences have in common: cdp.size(a & b) without making a & b. The sizes of the other '
	'operations follow: of a | b it is cdp.size(a) + cdp.size(b) - this, of a - b cdp.size(a) - this.';

CREATE FUNCTION cdp.ids(audience cdp.audience) RETURNS SETOF bigint
	AS 'MODULE_PATHNAME', 'cdp_ids' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 10000;
COMMENT ON FUNCTION cdp.ids(cdp.audience) IS
	'Returns the ids of an audience, ascending.';

CREATE FUNCTION cdp_internal.audience_ids(cdp.audience) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'cdp_audience_ids' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.audience_ids(cdp.audience) IS 'Internal: the cast to bigint[].';
CREATE CAST (cdp.audience AS bigint[]) WITH FUNCTION cdp_internal.audience_ids(cdp.audience);
COMMENT ON CAST (cdp.audience AS bigint[]) IS
	'The ids, ascending; an error (54000) for more than 134 million, which an array cannot hold.';

CREATE FUNCTION cdp.audience_overlaps(names text[], audiences cdp.audience[])
	RETURNS TABLE (name text, other_name text, size bigint, other_size bigint, intersection_size bigint,
		union_size bigint, jaccard double precision)
	AS 'MODULE_PATHNAME', 'cdp_audience_overlaps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 200;
COMMENT ON FUNCTION cdp.audience_overlaps(text[], cdp.audience[]) IS
	'Returns a row for each two of the audiences, in the order of the arrays: how many ids each has, how many both '
	'have, how many one of them has, and the share of the former in the latter (jaccard, 0 to 1; NULL of two empty '
	'ones). From rows: SELECT o.* FROM (SELECT array_agg(name), array_agg(audience) FROM segment) AS s (names, '
	'audiences), cdp.audience_overlaps(s.names, s.audiences) AS o. Errors: a NULL in the arrays (22004), arrays of '
	'different lengths (2202E), more than 2000 audiences (54000).';
