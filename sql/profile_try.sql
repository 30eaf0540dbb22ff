-- Casts that give NULL: every kind of value through every one of them.
SET timezone = 'America/New_York';
SET datestyle = 'ISO, MDY';
CREATE TABLE value (n serial, v jsonb);
INSERT INTO value (v) SELECT v::jsonb FROM unnest(ARRAY[
	'0', '1', '-1', '42', '2147483647', '2147483648', '-2147483648', '-2147483649', '9223372036854775807', '9223372036854775808', '-9223372036854775808',
	'1.0', '1.5', '-0.000', '1e3', '1e400', '-1e400', '1e-400', '123456789012345678901234567890.123456789', '1700000000', '1700000000.5', '1700000000123', '1700000000123456', '20240229', '946684799', '99999999',
	'"1"', '" 42 "', '"+7"', '"007"', '"1.0"', '"1.5"', '".5"', '"5."', '"1e3"', '"1e400"', '"1e1001"', '"-1E-5"', '"1,5"', '"1 000"', '"$5"', '"12x"', '"0x10"', '"NaN"', '"Infinity"', '"--1"', '"-"', '"1700000000"',
	'true', 'false', '"true"', '" FALSE "', '"Yes"', '"n"', '"on"', '"of"', '"o"', '"f"', '"fa"', '"falsehood"', '"maybe"', '"2"',
	'"2024-02-29"', '" 2024-02-29 "', '"2023-02-29"', '"2024-02-29T12:00:00Z"', '"2024-02-29 23:30:00.5-05:00"', '"2024-02-29T23:30"', '"2024-2-9"', '"02/29/2024"', '"20240229"', '"0001-01-01"', '"9999-12-31T23:59:60Z"', '"10000-01-01"', '"infinity"', '"now"', '"today"', '"12:00"',
	'""', '" "', '"\n"', '"\u00a01"', '"١"', '"𝟙"', '"hello"', '"null"', 'null', '[]', '[1]', '{}', '{"a": 1}', '"{}"', '"'' OR 1=1 --"']) v;
SELECT left(regexp_replace(v::text, '[^ -~]', '?', 'g'), 40) AS v, cdp.try_integer(v), cdp.try_bigint(v), left(cdp.try_numeric(v)::text, 45) AS try_numeric, cdp.try_double(v), cdp.try_boolean(v), cdp.try_date(v), cdp.try_timestamptz(v) FROM value ORDER BY n;
-- text that is a JSON string gives the same
SELECT count(*) AS strings, count(*) FILTER (WHERE (cdp.try_integer(t), cdp.try_bigint(t), cdp.try_numeric(t), cdp.try_double(t), cdp.try_boolean(t), cdp.try_date(t), cdp.try_timestamptz(t))
	IS DISTINCT FROM (cdp.try_integer(v), cdp.try_bigint(v), cdp.try_numeric(v), cdp.try_double(v), cdp.try_boolean(v), cdp.try_date(v), cdp.try_timestamptz(v))) AS differ
FROM (SELECT v, v #>> '{}' AS t FROM value WHERE jsonb_typeof(v) = 'string') s;
SELECT cdp.try_integer('5'), cdp.try_bigint('5'), cdp.try_numeric('5'), cdp.try_double('5'), cdp.try_boolean('1'), cdp.try_date('2024-02-29'), cdp.try_timestamptz('2024-02-29'),
	cdp.try_integer(NULL::text), cdp.try_date(NULL::jsonb);
-- where they and PostgreSQL's casts both take a value, they agree (0x10 is a number from 16 on)
SET timezone = 'UTC';
CREATE FUNCTION casts(t text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
	EXECUTE format('SELECT %L::%s::text', t, type) INTO r;
	RETURN r;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END $$;
SELECT type, count(*) FILTER (WHERE ours IS NOT NULL) AS taken, string_agg(format('%s: %s, not %s', v, ours, theirs), '; ' ORDER BY n) FILTER (WHERE ours <> theirs) AS differ,
	string_agg(v #>> '{}', ' ' ORDER BY n) FILTER (WHERE ours IS NULL AND theirs IS NOT NULL) AS only_theirs, string_agg(v #>> '{}', ' ' ORDER BY n) FILTER (WHERE ours IS NOT NULL AND theirs IS NULL) AS only_ours
FROM (SELECT n, v, type, ours, casts(v #>> '{}', type) AS theirs FROM value CROSS JOIN LATERAL (VALUES ('integer', cdp.try_integer(v)::text), ('bigint', cdp.try_bigint(v)::text),
	('numeric', cdp.try_numeric(v)::text), ('double precision', cdp.try_double(v)::text), ('boolean', cdp.try_boolean(v)::text), ('date', cdp.try_date(v)::text), ('timestamptz', cdp.try_timestamptz(v)::text)) AS t (type, ours)
	WHERE jsonb_typeof(v) = 'string' AND v <> '"0x10"') c GROUP BY type ORDER BY type COLLATE "C";
SELECT count(*) AS unsafe FROM pg_proc WHERE proname LIKE 'try\_%' AND pronamespace = 'cdp'::regnamespace AND proname NOT IN ('try_identifier', 'try_phone', 'try_condition')
	AND (provolatile <> 'i' OR proparallel <> 's' OR NOT proisstrict);
-- in a parallel plan
CREATE TABLE many AS SELECT CASE i % 4 WHEN 0 THEN to_jsonb(i) WHEN 1 THEN to_jsonb(i::text) WHEN 2 THEN to_jsonb('x' || i) ELSE 'null' END AS v FROM generate_series(1, 40000) i;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(cdp.try_integer(v)), sum(cdp.try_numeric(v)) FROM many;
SELECT count(cdp.try_integer(v)), sum(cdp.try_numeric(v)) FROM many;
