-- The state of the aggregates over rows with steps: window_funnel, sequence_match and its kind.

CREATE TYPE cdp.steps_state;

CREATE FUNCTION cdp.steps_state_in(cstring) RETURNS cdp.steps_state
AS 'MODULE_PATHNAME', 'cdp_steps_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.steps_state_in(cstring) IS 'Internal: reads the binary form in hexadecimal.';

CREATE FUNCTION cdp.steps_state_out(cdp.steps_state) RETURNS cstring
AS 'MODULE_PATHNAME', 'cdp_steps_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.steps_state_out(cdp.steps_state) IS 'Internal: writes the binary form in hexadecimal.';

CREATE FUNCTION cdp.steps_state_recv(internal) RETURNS cdp.steps_state
AS 'MODULE_PATHNAME', 'cdp_steps_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.steps_state_recv(internal) IS 'Internal: reads the binary form.';

CREATE FUNCTION cdp.steps_state_send(cdp.steps_state) RETURNS bytea
AS 'MODULE_PATHNAME', 'cdp_steps_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.steps_state_send(cdp.steps_state) IS 'Internal: writes the binary form (FORMAT.md).';

CREATE TYPE cdp.steps_state (
	INPUT = cdp.steps_state_in,
	OUTPUT = cdp.steps_state_out,
	RECEIVE = cdp.steps_state_recv,
	SEND = cdp.steps_state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);
COMMENT ON TYPE cdp.steps_state IS 'Internal: the rows that an aggregate over steps, such as cdp.window_funnel or cdp.sequence_match, has read so far, for parallel and distributed plans.';

CREATE FUNCTION cdp.steps_state_combine(cdp.steps_state, cdp.steps_state) RETURNS cdp.steps_state
AS 'MODULE_PATHNAME', 'cdp_steps_state_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.steps_state_combine(cdp.steps_state, cdp.steps_state) IS 'Internal: the rows of both.';
