-- Phone numbers.  What is E.164 already stays as it is, with and without the module cdp_phone;
-- identifier_phone_1.out is the right answer where the module is not installed.
\pset null '(null)'
\pset format unaligned
SELECT left(raw, 30) AS raw, cdp.try_identifier('phone', raw) FROM (VALUES
	(1, '+442079460958'), (2, ' +442079460958 '), (3, E'\u202a+442079460958\u202c'), (4, '+1234567'), (5, '+123456789012345'), (6, '+15550100999'),
	(11, '+44 20 7946 0958'), (12, '+44 (0)20 7946 0958'), (13, '+44-20-7946-0958'), (14, '(+44) 20.7946.0958'), (15, 'tel:+44-20-7946-0958'), (16, 'TEL:+442079460958'),
	(17, '＋４４　２０　７９４６　０９５８'), (18, '+1 (415) 555-2671'), (19, '+49 (0) 30 / 901820'), (20, '+39 06 698 12345'), (21, '+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨'),
	(31, '020 7946 0958'), (32, '0044 20 7946 0958'), (33, '+44 20 7946 0958 ext. 12'), (34, '+44 20 7946 0958 x12'), (35, 'tel:+442079460958;ext=12'), (36, '+44'), (37, '+44 12'), (38, '+44 20 7946 0958 0958 0958'),
	(39, '+999 123 4567'), (40, '+012345678'), (41, '+1 800 FLOWERS'), (42, 'call +44 20 7946 0958'), (43, 'null'), (44, '+'), (45, '12'), (46, repeat('+44 20', 1000)), (47, '+12345678901234567')) v(n, raw)
ORDER BY n;
\pset format aligned

-- numbers without a country code
SELECT raw, region, cdp.try_phone(raw, region) FROM (VALUES
	(1, '020 7946 0958', 'GB'), (2, '(020) 79460958', 'gb'), (3, '0044 20 7946 0958', 'DE'), (4, '011 44 20 7946 0958', 'US'), (5, '+44 20 7946 0958', 'US'), (6, '(415) 555-2671', 'US'),
	(7, '1-415-555-2671', 'CA'), (8, '030 901820', 'DE'), (9, '06 698 12345', 'IT'), (10, '+442079460958', NULL), (11, '+442079460958', 'XX'),
	(21, '020 7946 0958', NULL), (22, '020 7946 0958', 'XX'), (23, '020 7946 0958', 'GBR'), (24, '020 7946 0958', ''), (25, '020 7946 0958', 'Ü'), (26, '7946 0958', 'GB'), (27, '5552671', 'US'), (28, NULL, 'US')) v(n, raw, region)
ORDER BY n;
SELECT cdp.phone('+442079460958'), cdp.phone(NULL), cdp.phone(NULL, 'GB'), cdp.identifier('phone', cdp.phone('+442079460958', 'GB'));

-- the errors in full
SELECT cdp.identifier('phone', '020 7946 0958');
\echo :LAST_ERROR_SQLSTATE
SELECT 'phone:+44 20 7946 0958 x12'::cdp.identifier;
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.phone('020 7946 0958');
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.phone('555 2671', 'US');
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.phone('020 7946 0958', 'XX');
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.phone('020 7946 0958', 'England');
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.phone(' ');
\echo :LAST_ERROR_SQLSTATE
SELECT cdp.phone(repeat('1', 100000), 'US');
\echo :LAST_ERROR_SQLSTATE

-- an error on the way does not harm the transaction that caught it
BEGIN;
SELECT cdp.try_phone('+44 20 7946 0958') IS NULL AS module_missing;
SAVEPOINT s;
SELECT cdp.phone('nonsense');
ROLLBACK TO s;
SELECT cdp.phone('+442079460958');
COMMIT;

-- anything at all: no crash, and what comes out is E.164 and stays
CREATE TEMP TABLE typed AS SELECT (ARRAY['', '0', '00', '+', '+1', '+44 (0)', 'tel:+49-', E'\uff0b\u0664\u0664'])[1 + i % 8]
	|| string_agg(substr(E'012345678901234567890123456789 -.()/\u0660\uff11x;+', 1 + (hashint4(i * 100 + j) & 2147483647) % 41, 1), '' ORDER BY j) AS raw,
	(ARRAY['US', 'GB', 'DE', 'IT', NULL])[1 + i % 5] AS region
FROM generate_series(1, 3000) i, generate_series(1, 7 + i % 11) j GROUP BY i;
SELECT count(*) AS typed, count(phone) > 300 AS many_are_numbers, count(*) FILTER (WHERE phone !~ '^\+[1-9][0-9]{6,14}$' OR cdp.phone(phone) <> phone) AS wrong
FROM (SELECT cdp.try_phone(raw, region) AS phone FROM typed) s;
