-- Casts that give NULL instead of an error, for columns of reports over what people and programs
-- wrote.  White space around a value does not count.

CREATE FUNCTION cdp.try_integer(jsonb) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_try_integer_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_integer(text) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_try_integer_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_integer(jsonb) IS
	'Returns a whole number from -2147483648 to 2147483647; only zeros may follow its decimal point. NULL for '
	'anything else, the JSON null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_integer(text) IS
	'Returns a whole number from -2147483648 to 2147483647; only zeros may follow its decimal point. NULL for '
	'anything else.';

CREATE FUNCTION cdp.try_bigint(jsonb) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_try_bigint_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_bigint(text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_try_bigint_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_bigint(jsonb) IS
	'Returns a whole number of 64 bits; only zeros may follow its decimal point. NULL for anything else, the JSON '
	'null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_bigint(text) IS
	'Returns a whole number of 64 bits; only zeros may follow its decimal point. NULL for anything else.';

CREATE FUNCTION cdp.try_numeric(jsonb) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_try_numeric_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_numeric(text) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_try_numeric_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_numeric(jsonb) IS
	'Returns a number: digits, a sign, a decimal point, an exponent up to 1000, in up to 1000 characters. NULL for '
	'anything else, the JSON null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_numeric(text) IS
	'Returns a number: digits, a sign, a decimal point, an exponent up to 1000, in up to 1000 characters. NULL for '
	'anything else.';

CREATE FUNCTION cdp.try_double(jsonb) RETURNS double precision
	AS 'MODULE_PATHNAME', 'cdp_try_double_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_double(text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'cdp_try_double_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_double(jsonb) IS
	'Returns a number rounded to the nearest double; NULL if it is too large. NULL for anything else, the JSON null, '
	'arrays and objects included.';
COMMENT ON FUNCTION cdp.try_double(text) IS
	'Returns a number rounded to the nearest double; NULL if it is too large. NULL for anything else.';

CREATE FUNCTION cdp.try_boolean(jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_try_boolean_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_boolean(text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_try_boolean_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_boolean(jsonb) IS
	'Returns true or false, from these words or t, f, yes, no, y, n, on, off, 1, 0, in any case, or an unambiguous '
	'prefix of a word. NULL for anything else, the JSON null, arrays and objects included.';
COMMENT ON FUNCTION cdp.try_boolean(text) IS
	'Returns true or false, from these words or t, f, yes, no, y, n, on, off, 1, 0, in any case, or an unambiguous '
	'prefix of a word. NULL for anything else.';

CREATE FUNCTION cdp.try_date(jsonb) RETURNS date
	AS 'MODULE_PATHNAME', 'cdp_try_date_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_date(text) RETURNS date
	AS 'MODULE_PATHNAME', 'cdp_try_date_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_date(jsonb) IS
	'Returns a date in the form of ISO 8601; a time and a zone may follow it and do not change it. NULL for anything '
	'else, the JSON null, arrays and objects included. A JSON number is seconds, milliseconds or microseconds since '
	'1970, told apart by size (each covers 1973 to 5138); the date is that of UTC.';
COMMENT ON FUNCTION cdp.try_date(text) IS
	'Returns a date in the form of ISO 8601; a time and a zone may follow it and do not change it. NULL for anything '
	'else.';

CREATE FUNCTION cdp.try_timestamptz(jsonb) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_try_timestamptz_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
CREATE FUNCTION cdp.try_timestamptz(text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_try_timestamptz_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION cdp.try_timestamptz(jsonb) IS
	'Returns a time in the form of ISO 8601. Without a zone it is UTC, whatever the zone of the session. NULL for '
	'anything else, the JSON null, arrays and objects included. A JSON number is seconds, milliseconds or '
	'microseconds since 1970, told apart by size (each covers 1973 to 5138).';
COMMENT ON FUNCTION cdp.try_timestamptz(text) IS
	'Returns a time in the form of ISO 8601. Without a zone it is UTC, whatever the zone of the session. NULL for '
	'anything else.';
