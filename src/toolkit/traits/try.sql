-- Casts that give NULL instead of an error, for columns of reports over what people and programs
-- wrote.  White space around a value does not count.

CREATE FUNCTION cdp.try_integer(jsonb) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_try_integer_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_integer(text) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_try_integer_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_integer(jsonb) IS
	'A whole number from -2147483648 to 2147483647, with nothing but zeros behind a point. NULL for anything else, null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_integer(text) IS 'A whole number from -2147483648 to 2147483647, with nothing but zeros behind a point. NULL for anything else.';

CREATE FUNCTION cdp.try_bigint(jsonb) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_try_bigint_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_bigint(text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_try_bigint_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_bigint(jsonb) IS
	'A whole number of 64 bits, with nothing but zeros behind a point. NULL for anything else, null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_bigint(text) IS 'A whole number of 64 bits, with nothing but zeros behind a point. NULL for anything else.';

CREATE FUNCTION cdp.try_numeric(jsonb) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_try_numeric_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_numeric(text) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_try_numeric_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_numeric(jsonb) IS
	'A number: digits, a sign, a point, an exponent up to 1000, of up to 1000 characters. NULL for anything else, null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_numeric(text) IS 'A number: digits, a sign, a point, an exponent up to 1000, of up to 1000 characters. NULL for anything else.';

CREATE FUNCTION cdp.try_double(jsonb) RETURNS double precision
	AS 'MODULE_PATHNAME', 'cdp_try_double_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_double(text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'cdp_try_double_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_double(jsonb) IS
	'A number, rounded to the nearest double; none where it is too large. NULL for anything else, null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_double(text) IS 'A number, rounded to the nearest double; none where it is too large. NULL for anything else.';

CREATE FUNCTION cdp.try_boolean(jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_try_boolean_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_boolean(text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_try_boolean_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_boolean(jsonb) IS
	'true or false, also as t, f, yes, no, y, n, on, off, 1, 0 in any case, or a beginning of these words. NULL for anything else, null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_boolean(text) IS 'true or false, also as t, f, yes, no, y, n, on, off, 1, 0 in any case, or a beginning of these words. NULL for anything else.';

CREATE FUNCTION cdp.try_date(jsonb) RETURNS date
	AS 'MODULE_PATHNAME', 'cdp_try_date_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_date(text) RETURNS date
	AS 'MODULE_PATHNAME', 'cdp_try_date_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_date(jsonb) IS
	'A date in the form of ISO 8601, as written if a time and a zone follow. NULL for anything else, null, arrays and objects included. A JSON number is seconds, milliseconds or microseconds since 1970, told apart by size (each reaches from 1973 to 5138); the date is that of UTC.';
COMMENT ON FUNCTION cdp.try_date(text) IS 'A date in the form of ISO 8601, as written if a time and a zone follow. NULL for anything else.';

CREATE FUNCTION cdp.try_timestamptz(jsonb) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_try_timestamptz_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_timestamptz(text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_try_timestamptz_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_timestamptz(jsonb) IS
	'A time in the form of ISO 8601, UTC where it names no zone, whatever zone the session has. NULL for anything else, null, arrays and objects included. A JSON number is seconds, milliseconds or microseconds since 1970, told apart by size (each reaches from 1973 to 5138).';
COMMENT ON FUNCTION cdp.try_timestamptz(text) IS 'A time in the form of ISO 8601, UTC where it names no zone, whatever zone the session has. NULL for anything else.';
