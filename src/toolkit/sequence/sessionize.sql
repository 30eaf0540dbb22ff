CREATE FUNCTION cdp.sessionize(at timestamptz, gap interval) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessionize' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp.sessionize(timestamptz, interval) IS
	'Returns the number of a row''s session, from 1 in each partition: a session ends if more than the gap lies '
	'between two rows. Write OVER (PARTITION BY … ORDER BY at); rows in another order of time are an error (22023). '
	'Rows of one time belong to one session. A row without a time gets NULL and is skipped. A day of the gap is 24 '
	'hours. Errors: months, negative or infinite (22023), an infinite time (22008), a NULL gap (22004).';

CREATE FUNCTION cdp.sessionize(at timestamp, gap interval) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessionize' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp.sessionize(timestamp, interval) IS 'The same for times without time zone.';

CREATE FUNCTION cdp.sessionize(at date, gap interval) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessionize_date' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp.sessionize(date, interval) IS
	'The same for dates: a date is its midnight, and all days have 24 hours.';

CREATE FUNCTION cdp.sessionize(at bigint, gap bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessionize_bigint' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp.sessionize(bigint, bigint) IS
	'The same for times that are numbers: the gap is a number of the same unit.';

CREATE FUNCTION cdp.sessionize(at integer, gap integer) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessionize_integer' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp.sessionize(integer, integer) IS
	'The same for times that are numbers: the gap is a number of the same unit.';

CREATE FUNCTION cdp.sessionize(at double precision, gap double precision) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_sessionize_double' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp.sessionize(double precision, double precision) IS
	'The same for times that are numbers: the gap is a number of the same unit.';
