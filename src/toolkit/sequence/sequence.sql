-- The grammar of cdp.sequence and what it means: DEFINITIONS.md.

CREATE TYPE cdp.sequence;

CREATE FUNCTION cdp_internal.sequence_in(cstring) RETURNS cdp.sequence
	AS 'MODULE_PATHNAME', 'cdp_sequence_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_in(cstring) IS 'Internal: reads the text.';

CREATE FUNCTION cdp_internal.sequence_out(cdp.sequence) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_sequence_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_out(cdp.sequence) IS 'Internal: writes the text.';

CREATE FUNCTION cdp_internal.sequence_recv(internal) RETURNS cdp.sequence
	AS 'MODULE_PATHNAME', 'cdp_sequence_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_recv(internal) IS 'Internal: reads the stored form.';

CREATE FUNCTION cdp_internal.sequence_send(cdp.sequence) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_sequence_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_send(cdp.sequence) IS 'Internal: writes the stored form (FORMAT.md).';

CREATE TYPE cdp.sequence (
	INPUT = cdp_internal.sequence_in,
	OUTPUT = cdp_internal.sequence_out,
	RECEIVE = cdp_internal.sequence_recv,
	SEND = cdp_internal.sequence_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended
);
COMMENT ON TYPE cdp.sequence IS
	'Events that follow one another in a person''s history, for cdp.matches, cdp.funnel: view[price > 50] -> 2 x (cart '
	'| wish) within 1 day -> not refund -> "Order Completed" after 1 hour in 7 days. Between two arrows stands an '
	'event, or several in parentheses, one of which must occur: a name, or * for any event, with conditions in '
	'brackets as in a cdp.step. Names that are not plain words stand in double quotes. A number asks for so many '
	'events. within and after bound the time since the event before; in, at the end, bounds the time from the first '
	'event to the last. not, or !, asks for absence between two events, or at the end, where within says for how '
	'long. An event with ? may be left out: view -> cart? -> order. With & in place of all arrows events come in any '
	'order: view & cart & order in 1 day. same product_id, at the end, asks for events that have a value of the '
	'property in common, absent ones too; same session for events of one session, which ends with a gap of 30 '
	'minutes, or as in same session gap 1 hour. The condition price < previous (<=, >, >=) compares a number with that '
	'of the event before. At most 64 events, 32 different ones, 64 conditions, 4 optional events. Lengths of time are '
	'whole weeks, days (24 hours), hours, minutes, seconds, milliseconds or microseconds. Errors give the byte: 22P02; '
	'54000 and 22003 beyond a limit.';

CREATE FUNCTION cdp_internal.sequence_eq(cdp.sequence, cdp.sequence) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_sequence_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_eq(cdp.sequence, cdp.sequence) IS 'Internal: the operator =.';

CREATE FUNCTION cdp_internal.sequence_ne(cdp.sequence, cdp.sequence) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_sequence_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_ne(cdp.sequence, cdp.sequence) IS 'Internal: the operator <>.';

CREATE FUNCTION cdp_internal.sequence_hash(cdp.sequence) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_sequence_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_hash(cdp.sequence) IS 'Internal: hashes for joins and hash indexes.';

CREATE FUNCTION cdp_internal.sequence_hash_extended(cdp.sequence, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sequence_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_hash_extended(cdp.sequence, bigint) IS
	'Internal: hashes with a seed, for hash partitions.';

CREATE OPERATOR cdp.= (
	FUNCTION = cdp_internal.sequence_eq, LEFTARG = cdp.sequence, RIGHTARG = cdp.sequence,
	COMMUTATOR = OPERATOR(cdp.=), NEGATOR = OPERATOR(cdp.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES
);
COMMENT ON OPERATOR cdp.= (cdp.sequence, cdp.sequence) IS 'equal: the same text';

CREATE OPERATOR cdp.<> (
	FUNCTION = cdp_internal.sequence_ne, LEFTARG = cdp.sequence, RIGHTARG = cdp.sequence,
	COMMUTATOR = OPERATOR(cdp.<>), NEGATOR = OPERATOR(cdp.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR cdp.<> (cdp.sequence, cdp.sequence) IS 'not equal';

CREATE OPERATOR CLASS cdp.sequence_hash_ops DEFAULT FOR TYPE cdp.sequence USING hash AS
	OPERATOR 1 cdp.=,
	FUNCTION 1 cdp_internal.sequence_hash(cdp.sequence),
	FUNCTION 2 cdp_internal.sequence_hash_extended(cdp.sequence, bigint);
