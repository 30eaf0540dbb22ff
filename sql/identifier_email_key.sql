-- an e-mail address in canonical form, for indexes
\pset null '-'
-- releases of psql take the blank without width for different widths
SELECT replace(address, U&'\200B', '[200B]') AS address, cdp.email_key(address) FROM (VALUES (' Ann@Example.COM '), (U&'\00A0ann@example.com\200B'), ('"A b"@example.com'), ('ann@xn--mller-kva.example'),
	('renée@example.com'), ('ann@müller.example'), ('ann'), (''), ('ann@example'), ('ann@-example.com'), (E'a\tb@example.com'), (NULL),
	(repeat('a', 65) || '@example.com'), ('ann@' || repeat('a', 64) || '.com')) v(address);
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE oid = 'cdp.email_key(text)'::regprocedure;

-- where there is a key it is the identifier's value, and there is one for every address in ASCII
SELECT setseed(0.5);
CREATE TEMP TABLE typed AS SELECT array_to_string(ARRAY(
	SELECT (ARRAY['a', 'B', 'b.c', 'K', '7', '.', '@', '-', '_', '+', '"', ' ', '@Example', '.com', '@x.org', 'xn--', E'\t', 'é', 'ß', U&'\212A', U&'\200B'])
		[1 + floor(random() * CASE WHEN i % 3 = 0 THEN 21 ELSE 15 END)::integer] FROM generate_series(1, 2 + i % 6)), '') AS address FROM generate_series(1, 20000) i;
SELECT count(*) FILTER (WHERE key IS NOT NULL) > 1000 AS keys, count(*) FILTER (WHERE key IS NULL) > 1000 AS none,
	count(*) FILTER (WHERE key <> value) AS differ, count(*) FILTER (WHERE key IS NOT NULL AND value IS NULL) AS too_many,
	count(*) FILTER (WHERE key IS NULL AND value IS NOT NULL AND address ~ '^[\x01-\x7f]*$') AS missing,
	count(*) FILTER (WHERE key IS NULL AND value IS NOT NULL) > 0 AS beyond_ascii
FROM (SELECT address, cdp.email_key(address) AS key, cdp.value(cdp.try_identifier('email', address)) AS value FROM typed) t;

-- an index answers
CREATE TEMP TABLE contact AS SELECT 'Person' || i || '@Example.com' AS email FROM generate_series(1, 10000) i;
CREATE INDEX contact_email ON contact (cdp.email_key(email));
ANALYZE contact;
EXPLAIN (COSTS OFF) SELECT * FROM contact WHERE cdp.email_key(email) = cdp.email_key('PERSON77@example.com');
SELECT * FROM contact WHERE cdp.email_key(email) = cdp.email_key(' PERSON77@example.com');
