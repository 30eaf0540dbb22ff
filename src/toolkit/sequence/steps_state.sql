-- The state of the aggregates over rows with steps: window_funnel, sequence_match and its kind.

CREATE TYPE cdp_internal.steps_state;

CREATE FUNCTION cdp_internal.steps_state_in(cstring) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_steps_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.steps_state_in(cstring) IS 'Internal: reads the binary form in hexadecimal.';

CREATE FUNCTION cdp_internal.steps_state_out(cdp_internal.steps_state) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_steps_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.steps_state_out(cdp_internal.steps_state) IS
	'Internal: writes the binary form in hexadecimal.';

CREATE FUNCTION cdp_internal.steps_state_recv(internal) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_steps_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.steps_state_recv(internal) IS 'Internal: reads the binary form.';

CREATE FUNCTION cdp_internal.steps_state_send(cdp_internal.steps_state) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_steps_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.steps_state_send(cdp_internal.steps_state) IS
	'Internal: writes the binary form (FORMAT.md).';

CREATE TYPE cdp_internal.steps_state (
	INPUT = cdp_internal.steps_state_in,
	OUTPUT = cdp_internal.steps_state_out,
	RECEIVE = cdp_internal.steps_state_recv,
	SEND = cdp_internal.steps_state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);
COMMENT ON TYPE cdp_internal.steps_state IS
	'Internal: the rows that an aggregate over steps, such as cdp.window_funnel or cdp.sequence_match, has read so '
	'far; for parallel and distributed plans.';

CREATE FUNCTION cdp_internal.steps_state_combine(cdp_internal.steps_state,
	cdp_internal.steps_state) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_steps_state_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.steps_state_combine(cdp_internal.steps_state, cdp_internal.steps_state) IS
	'Internal: combines two states.';
