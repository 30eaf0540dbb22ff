CREATE TYPE cdp_internal.attribution_state;

CREATE FUNCTION cdp_internal.attribution_state_in(cstring) RETURNS cdp_internal.attribution_state
	AS 'MODULE_PATHNAME', 'cdp_attribution_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_state_in(cstring) IS 'Internal: reads the binary form in hexadecimal.';

CREATE FUNCTION cdp_internal.attribution_state_out(cdp_internal.attribution_state) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_attribution_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_state_out(cdp_internal.attribution_state) IS
	'Internal: writes the binary form in hexadecimal.';

CREATE FUNCTION cdp_internal.attribution_state_recv(internal) RETURNS cdp_internal.attribution_state
	AS 'MODULE_PATHNAME', 'cdp_attribution_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_state_recv(internal) IS 'Internal: reads the binary form.';

CREATE FUNCTION cdp_internal.attribution_state_send(cdp_internal.attribution_state) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_attribution_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_state_send(cdp_internal.attribution_state) IS
	'Internal: writes the binary form (FORMAT.md).';

CREATE TYPE cdp_internal.attribution_state (
	INPUT = cdp_internal.attribution_state_in,
	OUTPUT = cdp_internal.attribution_state_out,
	RECEIVE = cdp_internal.attribution_state_recv,
	SEND = cdp_internal.attribution_state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE cdp_internal.attribution_state IS
	'Internal: the rows that cdp.attribution has read so far; for parallel and distributed plans.';

CREATE FUNCTION cdp_internal.attribution_trans(cdp_internal.attribution_state, text, interval, timestamptz, text,
	numeric) RETURNS cdp_internal.attribution_state
	AS 'MODULE_PATHNAME', 'cdp_attribution_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_trans(cdp_internal.attribution_state, text, interval, timestamptz, text,
	numeric) IS
	'Internal: adds a row to cdp.attribution.';

CREATE FUNCTION cdp_internal.attribution_trans(cdp_internal.attribution_state, text, interval, timestamp, text,
	numeric) RETURNS cdp_internal.attribution_state
	AS 'MODULE_PATHNAME', 'cdp_attribution_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_trans(cdp_internal.attribution_state, text, interval, timestamp, text,
	numeric) IS
	'Internal: adds a row to cdp.attribution.';

CREATE FUNCTION cdp_internal.attribution_combine(cdp_internal.attribution_state,
	cdp_internal.attribution_state) RETURNS cdp_internal.attribution_state
	AS 'MODULE_PATHNAME', 'cdp_attribution_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_combine(cdp_internal.attribution_state, cdp_internal.attribution_state) IS
	'Internal: combines two states.';

CREATE FUNCTION cdp_internal.attribution_final(cdp_internal.attribution_state) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_attribution_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.attribution_final(cdp_internal.attribution_state) IS
	'Internal: returns the credit of each touchpoint.';

CREATE AGGREGATE cdp.attribution(model text, lookback interval, at timestamptz, touchpoint text, conversion numeric) (
	SFUNC = cdp_internal.attribution_trans, STYPE = cdp_internal.attribution_state, SSPACE = 512,
	FINALFUNC = cdp_internal.attribution_final, COMBINEFUNC = cdp_internal.attribution_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.attribution(text, interval, timestamptz, text, numeric) IS
	'Shares each conversion of a person (a row with a conversion: its value) among the touches (rows with a '
	'touchpoint) that are not later than it and less than lookback before it (NULL: at any time before). Adds up the '
	'shares of each touchpoint, as a JSON array for jsonb_to_recordset(…) AS c(touchpoint text, conversions numeric, '
	'value numeric); touchpoint is null for conversions without a touch. The shares of a conversion are multiples of '
	'0.000000001 and add up to 1. Models: first, last, last_non_direct (touchpoints other than direct), linear, '
	'time_decay(7 days): the weight halves with each half-life before the last touch; position_based(40, 40): '
	'percentages of the first and last touch, the rest to those between; shapley: each different touchpoint the same. '
	'Touches at one time count alike. Rows come '
	'in any order; skips rows without a time, or with neither a touchpoint nor a conversion. Errors: an unknown '
	'model, an empty touchpoint, a lookback that is not positive or has months, a model or lookback that changes '
	'within the group (22023), an infinite time (22008) or conversion (22003), a NULL model (22004). Definition: '
	'DEFINITIONS.md.';

CREATE AGGREGATE cdp.attribution(model text, lookback interval, at timestamp, touchpoint text, conversion numeric) (
	SFUNC = cdp_internal.attribution_trans, STYPE = cdp_internal.attribution_state, SSPACE = 512,
	FINALFUNC = cdp_internal.attribution_final, COMBINEFUNC = cdp_internal.attribution_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.attribution(text, interval, timestamp, text, numeric) IS
	'The same for times without time zone.';
