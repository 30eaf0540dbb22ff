-- What a chain and its base are: DEFINITIONS.md.

CREATE TYPE cdp_internal.sequence_next_state;

CREATE FUNCTION cdp_internal.sequence_next_state_in(cstring) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_state_in(cstring) IS 'Internal: reads the binary form in hexadecimal.';

CREATE FUNCTION cdp_internal.sequence_next_state_out(cdp_internal.sequence_next_state) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_state_out(cdp_internal.sequence_next_state) IS
	'Internal: writes the binary form in hexadecimal.';

CREATE FUNCTION cdp_internal.sequence_next_state_recv(internal) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_state_recv(internal) IS 'Internal: reads the binary form.';

CREATE FUNCTION cdp_internal.sequence_next_state_send(cdp_internal.sequence_next_state) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_state_send(cdp_internal.sequence_next_state) IS
	'Internal: writes the binary form (FORMAT.md).';

CREATE TYPE cdp_internal.sequence_next_state (
	INPUT = cdp_internal.sequence_next_state_in,
	OUTPUT = cdp_internal.sequence_next_state_out,
	RECEIVE = cdp_internal.sequence_next_state_recv,
	SEND = cdp_internal.sequence_next_state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);
COMMENT ON TYPE cdp_internal.sequence_next_state IS
	'Internal: the rows that cdp.sequence_next has read so far; for parallel and distributed plans.';

CREATE FUNCTION cdp_internal.sequence_next_combine(cdp_internal.sequence_next_state,
	cdp_internal.sequence_next_state) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_combine(cdp_internal.sequence_next_state,
	cdp_internal.sequence_next_state) IS
	'Internal: combines two states.';

CREATE FUNCTION cdp_internal.sequence_next_final(cdp_internal.sequence_next_state) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_final(cdp_internal.sequence_next_state) IS
	'Internal: returns the event after the chain.';

CREATE FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, timestamptz, text,
	boolean, boolean[]) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, timestamptz, text,
	boolean, boolean[]) IS
	'Internal: adds a row to cdp.sequence_next.';

CREATE AGGREGATE cdp.sequence_next(direction text, base text, at timestamptz, event text, base_condition boolean,
	VARIADIC chain boolean[]) (
	SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state, SSPACE = 512,
	FINALFUNC = cdp_internal.sequence_next_final, COMBINEFUNC = cdp_internal.sequence_next_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_next(text, text, timestamptz, text, boolean, VARIADIC boolean[]) IS
	'Returns the event that follows a chain of events in a group, like ClickHouse''s sequenceNextNode. Rows are read '
	'in the order of time, rows of one time by the bytes of their events. The base is the first row (head) or the '
	'last (tail), if it satisfies base_condition; or the first or last row that satisfies base_condition and the '
	'first condition of the chain (first_match, last_match). The rows from the base on, forward or backward in time, '
	'one immediately after the other, must satisfy the conditions of the chain, 1 to 32; the result is the event of '
	'the row after them, NULL if there is none. Rows come in any order. Skips rows without a time or an event; a NULL '
	'condition is not satisfied. Errors: another direction or base (22023), an infinite time (22008), NULL (22004), a '
	'direction, base or number of conditions that changes within the group (22023). Definition: DEFINITIONS.md.';

CREATE FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, timestamp, text, boolean,
	boolean[]) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, timestamp, text,
	boolean, boolean[]) IS
	'Internal: adds a row to cdp.sequence_next.';

CREATE AGGREGATE cdp.sequence_next(direction text, base text, at timestamp, event text, base_condition boolean,
	VARIADIC chain boolean[]) (
	SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state, SSPACE = 512,
	FINALFUNC = cdp_internal.sequence_next_final, COMBINEFUNC = cdp_internal.sequence_next_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_next(text, text, timestamp, text, boolean, VARIADIC boolean[]) IS
	'The same for times of type timestamp.';

CREATE FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, date, text, boolean,
	boolean[]) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_trans_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, date, text, boolean,
	boolean[]) IS
	'Internal: adds a row to cdp.sequence_next.';

CREATE AGGREGATE cdp.sequence_next(direction text, base text, at date, event text, base_condition boolean,
	VARIADIC chain boolean[]) (
	SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state, SSPACE = 512,
	FINALFUNC = cdp_internal.sequence_next_final, COMBINEFUNC = cdp_internal.sequence_next_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_next(text, text, date, text, boolean, VARIADIC boolean[]) IS
	'The same for times of type date.';

CREATE FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, bigint, text, boolean,
	boolean[]) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, bigint, text,
	boolean, boolean[]) IS
	'Internal: adds a row to cdp.sequence_next.';

CREATE AGGREGATE cdp.sequence_next(direction text, base text, at bigint, event text, base_condition boolean,
	VARIADIC chain boolean[]) (
	SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state, SSPACE = 512,
	FINALFUNC = cdp_internal.sequence_next_final, COMBINEFUNC = cdp_internal.sequence_next_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_next(text, text, bigint, text, boolean, VARIADIC boolean[]) IS
	'The same for times of type bigint.';

CREATE FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, integer, text, boolean,
	boolean[]) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_trans_integer' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, integer, text,
	boolean, boolean[]) IS
	'Internal: adds a row to cdp.sequence_next.';

CREATE AGGREGATE cdp.sequence_next(direction text, base text, at integer, event text, base_condition boolean,
	VARIADIC chain boolean[]) (
	SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state, SSPACE = 512,
	FINALFUNC = cdp_internal.sequence_next_final, COMBINEFUNC = cdp_internal.sequence_next_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_next(text, text, integer, text, boolean, VARIADIC boolean[]) IS
	'The same for times of type integer.';

CREATE FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, double precision, text,
	boolean, boolean[]) RETURNS cdp_internal.sequence_next_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_next_trans_double' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_next_trans(cdp_internal.sequence_next_state, text, text, double precision,
	text, boolean, boolean[]) IS
	'Internal: adds a row to cdp.sequence_next.';

CREATE AGGREGATE cdp.sequence_next(direction text, base text, at double precision, event text, base_condition boolean,
	VARIADIC chain boolean[]) (
	SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state, SSPACE = 512,
	FINALFUNC = cdp_internal.sequence_next_final, COMBINEFUNC = cdp_internal.sequence_next_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_next(text, text, double precision, text, boolean, VARIADIC boolean[]) IS
	'The same for times of type double precision.';
