-- What a chain and the modes are: DEFINITIONS.md.

CREATE TYPE cdp.funnel_mode;

CREATE FUNCTION cdp_internal.funnel_mode_in(cstring) RETURNS cdp.funnel_mode
	AS 'MODULE_PATHNAME', 'cdp_funnel_mode_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.funnel_mode_in(cstring) IS 'Internal: reads names of modes.';

CREATE FUNCTION cdp_internal.funnel_mode_out(cdp.funnel_mode) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_funnel_mode_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.funnel_mode_out(cdp.funnel_mode) IS 'Internal: writes names of modes.';

CREATE FUNCTION cdp_internal.funnel_mode_recv(internal) RETURNS cdp.funnel_mode
	AS 'MODULE_PATHNAME', 'cdp_funnel_mode_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.funnel_mode_recv(internal) IS 'Internal: reads the sum of the modes.';

CREATE FUNCTION cdp_internal.funnel_mode_send(cdp.funnel_mode) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_funnel_mode_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.funnel_mode_send(cdp.funnel_mode) IS
	'Internal: writes the sum of the modes, four bytes.';

CREATE TYPE cdp.funnel_mode (
	INPUT = cdp_internal.funnel_mode_in,
	OUTPUT = cdp_internal.funnel_mode_out,
	RECEIVE = cdp_internal.funnel_mode_recv,
	SEND = cdp_internal.funnel_mode_send,
	LIKE = integer
);
COMMENT ON TYPE cdp.funnel_mode IS
	'How strict a funnel is: one or more of strict_deduplication, strict_order, strict_increase, strict_once, and '
	'allow_reentry (only with strict_order), with commas between them; or default.';

CREATE FUNCTION cdp_internal.window_funnel_final(cdp_internal.steps_state) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_final(cdp_internal.steps_state) IS
	'Internal: returns the depth of the deepest chain.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, interval, timestamptz,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, interval, timestamptz, boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(within interval, at timestamptz, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(interval, timestamptz, VARIADIC boolean[]) IS
	'Returns how many steps of a funnel, at most 32, the rows of a group take in the order of time, each at most the '
	'window later than the first step; 0 for no rows. Rows come in any order. Skips rows without a time; a NULL step '
	'is not satisfied. Steps may have the same time, and one row may take several. A day of the window is 24 hours. '
	'Errors: months, negative or infinite (22023), an infinite time (22008), NULL (22004), a window or number of '
	'steps that changes within the group (22023). Definition: DEFINITIONS.md.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, interval, timestamp,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, interval, timestamp, boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(within interval, at timestamp, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(interval, timestamp, VARIADIC boolean[]) IS
	'The same for times without time zone.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, interval, date,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, interval, date, boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(within interval, at date, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(interval, date, VARIADIC boolean[]) IS
	'The same for dates: a date is its midnight.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, bigint, bigint,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, bigint, bigint, boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(within bigint, at bigint, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(bigint, bigint, VARIADIC boolean[]) IS
	'The same for times that are numbers: the window is a number of the same unit.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, integer, integer,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_integer' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, integer, integer, boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(within integer, at integer, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(integer, integer, VARIADIC boolean[]) IS
	'The same for times that are numbers: the window is a number of the same unit.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, double precision, double precision,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_double' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, double precision, double precision,
	boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(within double precision, at double precision, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(double precision, double precision, VARIADIC boolean[]) IS
	'The same for times that are numbers: the window is a number of the same unit.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, interval, timestamptz,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, interval, timestamptz,
	boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(mode cdp.funnel_mode, within interval, at timestamptz, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(cdp.funnel_mode, interval, timestamptz, VARIADIC boolean[]) IS
	'The same in a stricter mode, such as strict_order,strict_increase: see the type cdp.funnel_mode.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, interval, timestamp,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, interval, timestamp,
	boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(mode cdp.funnel_mode, within interval, at timestamp, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(cdp.funnel_mode, interval, timestamp, VARIADIC boolean[]) IS
	'The same in a stricter mode: see the type cdp.funnel_mode.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, interval, date,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, interval, date,
	boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(mode cdp.funnel_mode, within interval, at date, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(cdp.funnel_mode, interval, date, VARIADIC boolean[]) IS
	'The same in a stricter mode: see the type cdp.funnel_mode.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, bigint, bigint,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, bigint, bigint,
	boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(mode cdp.funnel_mode, within bigint, at bigint, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(cdp.funnel_mode, bigint, bigint, VARIADIC boolean[]) IS
	'The same in a stricter mode: see the type cdp.funnel_mode.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, integer, integer,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_integer' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, integer, integer,
	boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(mode cdp.funnel_mode, within integer, at integer, VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(cdp.funnel_mode, integer, integer, VARIADIC boolean[]) IS
	'The same in a stricter mode: see the type cdp.funnel_mode.';

CREATE FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, double precision,
	double precision, boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_window_funnel_trans_double' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.window_funnel_trans(cdp_internal.steps_state, cdp.funnel_mode, double precision,
	double precision, boolean[]) IS
	'Internal: adds a row to cdp.window_funnel.';

CREATE AGGREGATE cdp.window_funnel(mode cdp.funnel_mode, within double precision, at double precision,
	VARIADIC steps boolean[]) (
	SFUNC = cdp_internal.window_funnel_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.window_funnel_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.window_funnel(cdp.funnel_mode, double precision, double precision, VARIADIC boolean[]) IS
	'The same in a stricter mode: see the type cdp.funnel_mode.';
