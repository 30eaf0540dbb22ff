-- The type cdp.identifier: reading, writing, parts, order, indexes.
SELECT id, cdp.namespace(id), cdp.value(id)
FROM (VALUES ('user_id:u-7'::cdp.identifier), ('User_ID: U-7 '), ('url:https://example.com/a:b'), ('ios.id:a b'),
	('email: Ann@Example.COM'), ('phone:+442079460958'), ('x:Ä')) v(id);
SELECT cdp.identifier('Email', E' Ann@Example.com\n'), cdp.identifier('email:ANN@example.com'), cdp.identifier('user_id', 'a:b');
SELECT cdp.identifier(NULL, 'x') IS NULL AS null_namespace, cdp.identifier('x', NULL) IS NULL AS null_value,
	cdp.namespace(NULL) IS NULL AS null_in, cdp.is_meaningless(NULL) IS NULL AS null_is;

-- what is no identifier: the error in full, and NULL from cdp.try_identifier
CREATE FUNCTION pg_temp.refusal(input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	detail text;
	hint text;
BEGIN
	RETURN input::cdp.identifier;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format(E'%s %s\n  %s\n  %s', SQLSTATE, said, detail, hint);
END $$;
\pset format unaligned
\pset tuples_only on
SELECT format('[%s] %s', left(input, 40), pg_temp.refusal(input))
FROM (VALUES ('', 1), ('ann', 2), (':x', 3), ('1st:x', 4), (' a:x', 5), ('a b:x', 6), ('ä:x', 7), ('x:', 8), (E'x: \t\u200b', 9),
	(E'x:a\tb', 10), (E'x:a\u0085b', 11), ('email:ann', 12), ('phone:12', 13),
	(repeat('n', 64) || ':x', 14), ('x:' || repeat('ä', 256), 15), ('x:' || repeat('y', 510), 16)) v(input, n)
ORDER BY n;
\pset format aligned
\pset tuples_only off
SELECT count(*) AS made FROM (VALUES ('', 'x'), ('1st', 'x'), ('a b', 'x'), ('x', ''), ('x', ' '), ('x', E'a\tb'), ('email', 'ann'),
	('phone', '12'), (repeat('n', 64), 'x'), ('x', repeat('y', 511))) v(namespace, value)
WHERE cdp.try_identifier(namespace, value) IS NOT NULL;
SELECT cdp.try_identifier('Email', 'Ann@Example.com'), length(cdp.try_identifier('x', repeat('y', 510))::text) AS longest;

-- a literal of unknown type is an identifier, in comparisons and where functions of other types have the same name
CREATE FUNCTION pg_temp.which(bigint) RETURNS text LANGUAGE sql RETURN 'bigint';
CREATE FUNCTION pg_temp.which(cdp.identifier) RETURNS text LANGUAGE sql RETURN 'identifier';
SELECT pg_temp.which('email:ann@example.com');
SELECT 'email:Ann@Example.com' = cdp.identifier('email', 'ann@example.com') AS equal;

-- to and from text: only where it is asked for, or assigned
CREATE TEMP TABLE person (id cdp.identifier PRIMARY KEY, note text);
INSERT INTO person SELECT id, id::cdp.identifier FROM (VALUES ('Email:Ann@Example.com'::text), ('user_id:u-7')) v(id);
SELECT * FROM person WHERE id = 'email:ANN@EXAMPLE.COM';
SELECT id::text || '!' AS text FROM person ORDER BY id;
SELECT * FROM person WHERE id = note;
INSERT INTO person VALUES ('email:ANN@example.com');

-- in binary: there and back, and only what is canonical
COPY (SELECT id FROM person ORDER BY id) TO '/tmp/cdp_identifier_type.bin' (FORMAT binary);
CREATE TEMP TABLE copied (id cdp.identifier);
COPY copied FROM '/tmp/cdp_identifier_type.bin' (FORMAT binary);
SELECT id, cdp.identifier_send(id) FROM copied ORDER BY id;
