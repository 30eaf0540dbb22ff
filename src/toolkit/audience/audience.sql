-- The type: a set of ids of people.
CREATE TYPE cdp.audience;

CREATE FUNCTION cdp_internal.audience_in(cstring) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_in(cstring) IS 'Internal: reads the text form.';

CREATE FUNCTION cdp_internal.audience_out(cdp.audience) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_audience_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_out(cdp.audience) IS 'Internal: writes the text form.';

CREATE FUNCTION cdp_internal.audience_recv(internal) RETURNS cdp.audience
	AS 'MODULE_PATHNAME', 'cdp_audience_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_recv(internal) IS
	'Internal: reads the binary form; an error for bytes that audience_send does not write.';

CREATE FUNCTION cdp_internal.audience_send(cdp.audience) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_audience_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_send(cdp.audience) IS 'Internal: writes the binary form (FORMAT.md).';

-- compressed already: storage without pglz, and large ones outside of the row
CREATE TYPE cdp.audience (
	INPUT = cdp_internal.audience_in,
	OUTPUT = cdp_internal.audience_out,
	RECEIVE = cdp_internal.audience_recv,
	SEND = cdp_internal.audience_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE cdp.audience IS
	'A set of ids (bigint, such as profile_id; negative ones too), compressed to two bytes an id at most where ids are '
	'close, and to a bit each where one of sixteen is in it. Text form: {-3,1,5..9}, ids and ranges in any order; it '
	'is written ascending, three ids or more in a row as a range. Equal sets are equal. At most 256 MB: more is an '
	'error (54000), and so is a text form of more than 1 GB.';

CREATE FUNCTION cdp_internal.audience_eq(cdp.audience, cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_eq(cdp.audience, cdp.audience) IS 'Internal: the operator =.';

CREATE FUNCTION cdp_internal.audience_ne(cdp.audience, cdp.audience) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_audience_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_ne(cdp.audience, cdp.audience) IS 'Internal: the operator <>.';

CREATE FUNCTION cdp_internal.audience_hash(cdp.audience) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_audience_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_hash(cdp.audience) IS
	'Internal: hashes for joins, groups and hash indexes.';

CREATE FUNCTION cdp_internal.audience_hash_extended(cdp.audience, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_audience_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.audience_hash_extended(cdp.audience, bigint) IS
	'Internal: hashes with a seed, for hash partitions.';

CREATE OPERATOR cdp.= (
	FUNCTION = cdp_internal.audience_eq, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.=), NEGATOR = OPERATOR(cdp.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES
);
COMMENT ON OPERATOR cdp.= (cdp.audience, cdp.audience) IS 'The same ids.';
CREATE OPERATOR cdp.<> (
	FUNCTION = cdp_internal.audience_ne, LEFTARG = cdp.audience, RIGHTARG = cdp.audience,
	COMMUTATOR = OPERATOR(cdp.<>), NEGATOR = OPERATOR(cdp.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR cdp.<> (cdp.audience, cdp.audience) IS 'Not the same ids.';
CREATE OPERATOR CLASS cdp.audience_hash_ops DEFAULT FOR TYPE cdp.audience USING hash AS
	OPERATOR 1 cdp.=,
	FUNCTION 1 cdp_internal.audience_hash(cdp.audience),
	FUNCTION 2 cdp_internal.audience_hash_extended(cdp.audience, bigint);
COMMENT ON OPERATOR CLASS cdp.audience_hash_ops USING hash IS 'Equality of audiences.';
