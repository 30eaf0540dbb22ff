-- What a pattern and a match are: DEFINITIONS.md.

CREATE FUNCTION cdp_internal.sequence_match_final(cdp_internal.steps_state) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_final(cdp_internal.steps_state) IS
	'Internal: returns whether there is a match; false for no rows.';

CREATE FUNCTION cdp_internal.sequence_count_final(cdp_internal.steps_state) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sequence_count_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_count_final(cdp_internal.steps_state) IS
	'Internal: returns the number of matches; 0 for no rows.';

CREATE FUNCTION cdp_internal.sequence_match_events_final_timestamptz(cdp_internal.steps_state) RETURNS timestamptz[]
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_events_final_timestamptz' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_events_final_timestamptz(cdp_internal.steps_state) IS
	'Internal: returns the times of the earliest match.';

CREATE FUNCTION cdp_internal.sequence_match_events_final_timestamp(cdp_internal.steps_state) RETURNS timestamp[]
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_events_final_timestamp' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_events_final_timestamp(cdp_internal.steps_state) IS
	'Internal: returns the times of the earliest match.';

CREATE FUNCTION cdp_internal.sequence_match_events_final_date(cdp_internal.steps_state) RETURNS date[]
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_events_final_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_events_final_date(cdp_internal.steps_state) IS
	'Internal: returns the times of the earliest match.';

CREATE FUNCTION cdp_internal.sequence_match_events_final_bigint(cdp_internal.steps_state) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_events_final_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_events_final_bigint(cdp_internal.steps_state) IS
	'Internal: returns the times of the earliest match.';

CREATE FUNCTION cdp_internal.sequence_match_events_final_integer(cdp_internal.steps_state) RETURNS integer[]
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_events_final_integer' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_events_final_integer(cdp_internal.steps_state) IS
	'Internal: returns the times of the earliest match.';

CREATE FUNCTION cdp_internal.sequence_match_events_final_double(cdp_internal.steps_state) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'cdp_sequence_match_events_final_double' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_match_events_final_double(cdp_internal.steps_state) IS
	'Internal: returns the times of the earliest match.';

CREATE FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, timestamptz,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, timestamptz, boolean[]) IS
	'Internal: adds a row to cdp.sequence_match, cdp.sequence_count or cdp.sequence_match_events.';

CREATE AGGREGATE cdp.sequence_match(pattern text, at timestamptz, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match(text, timestamptz, VARIADIC boolean[]) IS
	'Returns whether the rows of a group, in the order of time, contain a chain that matches the pattern, like '
	'ClickHouse''s sequenceMatch; false for no rows. A pattern consists of (?1) … (?32), a row that satisfies this '
	'condition; . any row; .* any number of rows; and (?t<=3600), or < > >= ==, the time between the rows before and '
	'after it, with any rows in between, in seconds, or for times that are numbers in their unit. At most 64 rows. '
	'Skips rows without a time and rows that satisfy none of the conditions; a NULL condition is not satisfied. Rows '
	'come in any order; rows of one time are read in the dictionary order of the lists of conditions that they '
	'satisfy. Takes time linear in the rows. Errors: an invalid pattern, with the place (22023), more than 32 '
	'conditions (22023), an infinite time (22008), NULL (22004), a pattern or number of conditions that changes '
	'within the group (22023). Definition: DEFINITIONS.md.';

CREATE AGGREGATE cdp.sequence_count(pattern text, at timestamptz, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_count_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_count(text, timestamptz, VARIADIC boolean[]) IS
	'Counts the chains in the rows of a group that match the pattern and share no row: the match that ends first, '
	'then the one that ends first among those that begin after it, and so on; 0 for no rows. Pattern, rows and '
	'errors: see cdp.sequence_match.';

CREATE AGGREGATE cdp.sequence_match_events(pattern text, at timestamptz, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_events_final_timestamptz, COMBINEFUNC = cdp_internal.steps_state_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match_events(text, timestamptz, VARIADIC boolean[]) IS
	'Returns the times of the rows for the conditions (?N) in the earliest match of the pattern: the match in which '
	'every row is as early as in any match. Without a match, the times of the longest prefix of the pattern that has '
	'one, so an array shorter than the pattern shows where the group stopped; empty if no prefix has one. Pattern, '
	'rows and errors: see cdp.sequence_match.';

CREATE FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, timestamp,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, timestamp, boolean[]) IS
	'Internal: adds a row to cdp.sequence_match, cdp.sequence_count or cdp.sequence_match_events.';

CREATE AGGREGATE cdp.sequence_match(pattern text, at timestamp, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match(text, timestamp, VARIADIC boolean[]) IS 'The same for times of type timestamp.';

CREATE AGGREGATE cdp.sequence_count(pattern text, at timestamp, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_count_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_count(text, timestamp, VARIADIC boolean[]) IS 'The same for times of type timestamp.';

CREATE AGGREGATE cdp.sequence_match_events(pattern text, at timestamp, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_events_final_timestamp, COMBINEFUNC = cdp_internal.steps_state_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match_events(text, timestamp, VARIADIC boolean[]) IS
	'The same for times of type timestamp.';

CREATE FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, date,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_trans_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, date, boolean[]) IS
	'Internal: adds a row to cdp.sequence_match, cdp.sequence_count or cdp.sequence_match_events.';

CREATE AGGREGATE cdp.sequence_match(pattern text, at date, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match(text, date, VARIADIC boolean[]) IS 'The same for times of type date.';

CREATE AGGREGATE cdp.sequence_count(pattern text, at date, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_count_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_count(text, date, VARIADIC boolean[]) IS 'The same for times of type date.';

CREATE AGGREGATE cdp.sequence_match_events(pattern text, at date, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_events_final_date, COMBINEFUNC = cdp_internal.steps_state_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match_events(text, date, VARIADIC boolean[]) IS 'The same for times of type date.';

CREATE FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, bigint,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, bigint, boolean[]) IS
	'Internal: adds a row to cdp.sequence_match, cdp.sequence_count or cdp.sequence_match_events.';

CREATE AGGREGATE cdp.sequence_match(pattern text, at bigint, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match(text, bigint, VARIADIC boolean[]) IS
	'The same for times of type bigint. The lengths of time in the pattern are whole numbers of the same unit.';

CREATE AGGREGATE cdp.sequence_count(pattern text, at bigint, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_count_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_count(text, bigint, VARIADIC boolean[]) IS
	'The same for times of type bigint. The lengths of time in the pattern are whole numbers of the same unit.';

CREATE AGGREGATE cdp.sequence_match_events(pattern text, at bigint, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_events_final_bigint, COMBINEFUNC = cdp_internal.steps_state_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match_events(text, bigint, VARIADIC boolean[]) IS
	'The same for times of type bigint. The lengths of time in the pattern are whole numbers of the same unit.';

CREATE FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, integer,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_trans_integer' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, integer, boolean[]) IS
	'Internal: adds a row to cdp.sequence_match, cdp.sequence_count or cdp.sequence_match_events.';

CREATE AGGREGATE cdp.sequence_match(pattern text, at integer, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match(text, integer, VARIADIC boolean[]) IS
	'The same for times of type integer. The lengths of time in the pattern are whole numbers of the same unit.';

CREATE AGGREGATE cdp.sequence_count(pattern text, at integer, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_count_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_count(text, integer, VARIADIC boolean[]) IS
	'The same for times of type integer. The lengths of time in the pattern are whole numbers of the same unit.';

CREATE AGGREGATE cdp.sequence_match_events(pattern text, at integer, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_events_final_integer, COMBINEFUNC = cdp_internal.steps_state_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match_events(text, integer, VARIADIC boolean[]) IS
	'The same for times of type integer. The lengths of time in the pattern are whole numbers of the same unit.';

CREATE FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, double precision,
	boolean[]) RETURNS cdp_internal.steps_state
	AS 'MODULE_PATHNAME', 'cdp_sequence_trans_double' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_trans(cdp_internal.steps_state, text, double precision, boolean[]) IS
	'Internal: adds a row to cdp.sequence_match, cdp.sequence_count or cdp.sequence_match_events.';

CREATE AGGREGATE cdp.sequence_match(pattern text, at double precision, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match(text, double precision, VARIADIC boolean[]) IS
	'The same for times of type double precision. The lengths of time in the pattern are whole numbers of the same '
	'unit.';

CREATE AGGREGATE cdp.sequence_count(pattern text, at double precision, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_count_final, COMBINEFUNC = cdp_internal.steps_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_count(text, double precision, VARIADIC boolean[]) IS
	'The same for times of type double precision. The lengths of time in the pattern are whole numbers of the same '
	'unit.';

CREATE AGGREGATE cdp.sequence_match_events(pattern text, at double precision, VARIADIC conditions boolean[]) (
	SFUNC = cdp_internal.sequence_trans, STYPE = cdp_internal.steps_state, SSPACE = 256,
	FINALFUNC = cdp_internal.sequence_match_events_final_double, COMBINEFUNC = cdp_internal.steps_state_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE cdp.sequence_match_events(text, double precision, VARIADIC boolean[]) IS
	'The same for times of type double precision. The lengths of time in the pattern are whole numbers of the same '
	'unit.';
