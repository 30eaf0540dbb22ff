-- E-mail addresses: which texts are the same one, and which are none.
SET search_path = public, cdp;
\pset null refused
\pset format unaligned
SELECT to_json(raw) AS raw, cdp.value(cdp.try_identifier('email', raw)) AS canonical FROM (VALUES
	(1, 'ann@example.com'), (2, E'  Ann@Example.COM\r\n'), (3, E'\u00a0ANN@EXAMPLE.com\u200b'), (4, 'Ann.O''Brien+news@mail.example.co.uk'),
	(5, '"Ann Bee"@example.com'), (6, '"a@b"@example.com'), (7, '.ann..b.@example.com'), (8, 'a@b'), (9, 'ann@4u.example'),
	(10, 'ann@xn--BCHER-kva.example'), (11, 'ann@bücher.example'), (12, E'ann@bu\u0308cher.example'), (13, 'Ann@BÜCHER.Example'),
	(14, 'ann@straße.example'), (15, 'ann@strasse.example'), (16, 'ann@例え。テスト'), (17, E'Rene\u0301@example.com'), (18, 'René@example.com'),
	(19, 'RENÉ@example.com'), (20, '用户@例え.テスト'), (21, E'\u212aim@example.com'),
	(31, ''), (32, ' '), (33, 'ann'), (34, '@'), (35, 'ann@'), (36, '@example.com'), (37, 'ann@@example.com'), (38, 'ann@b@example.com'),
	(39, 'ann bee@example.com'), (40, 'ann@exam ple.com'), (41, 'ann@example..com'), (42, 'ann@.example.com'), (43, 'ann@example.com.'),
	(44, 'ann@-example.com'), (45, 'ann@example-.com'), (46, 'ann@exa_mple.com'), (47, 'ann@[192.0.2.1]'), (48, 'Ann <ann@example.com>'),
	(49, 'mailto:ann@example.com'), (50, 'ann@example.com, bob@example.com'), (51, '"ann@example.com'), (52, '""@example.com'), (53, '"a"b"@example.com'),
	(54, E'a\u200bnn@example.com'), (55, E'ann\tb@example.com'), (56, 'ann@exa＠mple.com'), (57, 'ann@☃.example'), (58, E'ann@\u0301x.example')) v(n, raw)
ORDER BY n;
\pset format aligned

-- the limits, in bytes of the canonical form: 64 before the @, 63 a label, 253 behind it
SELECT n, length(cdp.value(cdp.try_identifier('email', raw))) AS canonical_length FROM (VALUES
	(1, repeat('a', 64) || '@example.com'), (2, repeat('a', 65) || '@example.com'),
	(3, repeat('é', 32) || '@example.com'), (4, repeat('é', 33) || '@example.com'), (5, repeat(E'e\u0301', 32) || '@example.com'),
	(6, 'a@' || repeat('b', 63) || '.com'), (7, 'a@' || repeat('b', 64) || '.com'),
	(8, 'a@' || repeat(repeat('b', 62) || '.', 4) || 'c'), (9, 'a@' || repeat(repeat('b', 62) || '.', 4) || 'cc'),
	(10, 'a@' || repeat('ü', 60) || '.com'), (11, repeat('a', 100000) || '@example.com'), (12, repeat('ü', 100000)), (13, repeat('@', 100000))) v(n, raw)
ORDER BY n;

-- a canonical address is its own canonical form, and stays it through text
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE id::text::cdp.identifier = id AND cdp.identifier('email', cdp.value(id)) = id) = count(*) AS stay
FROM (SELECT cdp.try_identifier('email', a || b || '@' || c || d) AS id
	FROM unnest(ARRAY['', 'A', 'H', 'é', E'\u212a', 'ß', '.']) a, unnest(ARRAY['', 'z', E'\u0331', E'\u0301', 'Σ']) b,
		unnest(ARRAY['', 'X', 'ü', 'Ü', 'ß', 'xn--a']) c, unnest(ARRAY['.com', '.例え', E'\u0308.de', 'Ⅷ.org']) d) s
WHERE id IS NOT NULL;

-- the error in full
SELECT cdp.identifier('email', 'Ann <ann@example.com>');
\echo :LAST_ERROR_SQLSTATE
