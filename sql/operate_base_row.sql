-- What a row of the base holds, as bytes: packed and unpacked.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_base_row ENCODING 'UTF8' TEMPLATE template0;
\c cdp_base_row
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';

CREATE FUNCTION again(anchor bigint, content cdp_internal.base_content) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	packed bytea;
	read cdp_internal.base_content;
BEGIN
	packed := cdp_internal.pack_base(anchor, content);
	read := cdp_internal.unpack_base(anchor, packed);
	RETURN format('%s bytes%s', length(packed), CASE WHEN read IS DISTINCT FROM content THEN format(', as %s', read) END);
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN sqlerrm;
END
$$;
-- a stranger's event takes few bytes; the message of one identifier alone is left out
SELECT again(200000000, (1, 1, '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '-infinity', NULL, NULL, '{200000000}', NULL));
SELECT again(200000000, (1, 1, '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '-infinity', NULL, NULL, '{200000000}', 'm1'));
SELECT again(200000000, (1, 1, '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '-infinity', NULL, NULL, '{200000000,200000001}',
	'7d444840-9dc0-11d1-b245-5ffdce74fad2'));
-- everything that a row can have
SELECT again(0, (2147483647, 1099511627776, '-infinity', 'infinity', '1999-01-01Z', '2100-01-01Z', 'infinity', '2025-01-01Z', 1,
	'{9223372036854775807,1,2}', 'grün'));
SELECT again(0, (0, 1, '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '2025-05-01Z', '2025-04-01Z', NULL, NULL, '{}', NULL));
SELECT again(7, (0, 2, '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '2025-06-01Z', '-infinity', NULL, 7, '{7}', '7D444840-9dc0-11d1-b245-5ffdce74fad2'));
-- what none can have
SELECT v.*, again(a, (s, n, '2025-06-01Z', l, '2025-06-01Z', '2025-06-01Z', '-infinity', NULL, e, i, NULL))
FROM (VALUES (-1, 1, 1, timestamptz '2025-06-01Z', NULL::bigint, '{1}'::bigint[]), (1, -1, 1, '2025-06-01Z', NULL, '{1}'),
	(1, 1, 0, '2025-06-01Z', NULL, '{1}'), (1, 1, 1, '2025-06-02Z', NULL, '{1}'), (1, 1, 1, '2025-06-01Z', 0, '{1}'),
	(1, 1, 1, '2025-06-01Z', 2, '{}'), (1, 1, 1, '2025-06-01Z', NULL, '{1,NULL}'), (1, 1, 1, '2025-06-01Z', NULL, '{0}'),
	(1, 1, 1, '2025-06-01Z', NULL, NULL), (1, NULL, 1, '2025-06-01Z', NULL, '{1}')) v (a, s, n, l, e, i);
-- bytes that are none of ours
DO $$
DECLARE
	whole bytea := cdp_internal.pack_base(9, (3, 2, '2025-06-01Z', '2025-06-02Z', '2025-06-01Z', '2025-06-03Z', '2025-04-01Z', '2025-06-01Z', 8,
		'{9,10}', '7d444840-9dc0-11d1-b245-5ffdce74fad2'));
	read integer := 0;
BEGIN
	FOR i IN 0 .. length(whole) LOOP
		BEGIN
			read := read + coalesce((cdp_internal.unpack_base(9, substr(whole, 1, i))).events, 0);
		EXCEPTION WHEN data_corrupted THEN
			CONTINUE;
		END;
	END LOOP;
	RAISE WARNING 'events of all beginnings: %', read;
END
$$;
SELECT cdp_internal.unpack_base(9, '\x02000300');
SELECT cdp_internal.unpack_base(9, '');
SELECT cdp_internal.unpack_base(0, '\x01000300');

-- Rows of one anchor are written anew together, however few events are folded at a time …
SET cdp.restitch_rows = 1;
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, identifiers, traits, "timestamp", message_id)
SELECT CASE WHEN i % 5 = 0 THEN 'identify' ELSE 'track' END, CASE WHEN i % 5 > 0 THEN 'View' END, CASE WHEN i % 3 > 0 THEN 'a' || i % 4 END,
	'ann', CASE WHEN i % 7 = 0 THEN '{"email": "ann@example.com"}'::jsonb END, CASE WHEN i % 5 = 0 THEN jsonb_build_object('n', i) END,
	timestamptz '2025-06-01Z' + i * interval '1 hour', 'm' || i
FROM generate_series(1, 60) i;
SELECT accepted FROM cdp.refresh(30);
SELECT state, events FROM cdp.drop_events('2025-07-01Z');
SELECT accepted FROM cdp.refresh();
SELECT state, events FROM cdp.drop_events('2025-07-01Z');
CREATE VIEW base AS
	SELECT i.identifier AS anchor, b.events, ARRAY(SELECT o.identifier FROM unnest(b.ids) u (id)
		LEFT JOIN cdp_data.identifier o ON o.identifier_id = u.id ORDER BY o.identifier) AS identifiers, b.message_id, b.traits::jsonb
	FROM cdp_data.base_row b LEFT JOIN cdp_data.identifier i USING (identifier_id);
CREATE TABLE folded AS SELECT * FROM base;
SELECT * FROM folded ORDER BY 3;
SELECT * FROM cdp.verify();
-- … or anchored elsewhere
CREATE FUNCTION change(content jsonb, anchor bigint, b cdp_data.base) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT cdp_internal.pack_base(anchor, jsonb_populate_record(cdp_internal.unpack_base(b.identifier_id, b.packed), content))
$$;
SELECT i.identifier_id AS a1 FROM cdp_data.identifier i WHERE i.identifier::text = 'anonymous_id:a1' \gset
UPDATE cdp_data.base b SET identifier_id = :a1, packed = change('{}', :a1, b)
WHERE cardinality((cdp_internal.unpack_base(b.identifier_id, b.packed)).ids) > 1;
SELECT count(*), count(DISTINCT item) FROM cdp.verify() WHERE stage = 'anchor';
SELECT events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
TABLE folded EXCEPT ALL TABLE base;
-- Erasing from the base by identifier: rows of the person go, and where others say it, its number goes.
BEGIN;
DELETE FROM cdp_data.base WHERE identifier_id = :a1;
UPDATE cdp_data.base b
SET packed = change(jsonb_build_object('ids', array_remove((cdp_internal.unpack_base(b.identifier_id, b.packed)).ids, :a1)), b.identifier_id, b)
WHERE :a1 = ANY ((cdp_internal.unpack_base(b.identifier_id, b.packed)).ids);
SELECT * FROM base WHERE events IN (1, 9) ORDER BY 1, 3, 2;
SELECT count(*) FROM cdp_data.base_row b WHERE :a1 = ANY (b.ids);
ROLLBACK;

-- identifiers that a release writes otherwise become one, in rows of the base too
CREATE CAST (bytea AS cdp.identifier) WITHOUT FUNCTION;
CREATE FUNCTION misspelled(i cdp.identifier) RETURNS cdp.identifier LANGUAGE sql RETURN
	decode(replace(encode(cdp_internal.identifier_send(i), 'hex'), encode('example', 'hex'), encode('EXAMPLE', 'hex')), 'hex')::cdp.identifier;
INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, batch_id, since_batch_id)
SELECT 1000, misspelled(identifier), 0, 1, 1 FROM cdp_data.identifier WHERE identifier::text = 'email:ann@example.com';
SELECT i.identifier_id AS email FROM cdp_data.identifier i WHERE i.identifier::text = 'email:ann@example.com' \gset
UPDATE cdp_data.base b
SET packed = change(jsonb_build_object('ids', array_replace((cdp_internal.unpack_base(b.identifier_id, b.packed)).ids, :email, 1000)), b.identifier_id, b);
SELECT count(*) FROM cdp_data.base_row b WHERE 1000 = ANY (b.ids);
UPDATE cdp_data.state SET normalizer_version = 'of another release', identifier_id = 1000;
SELECT cdp.migrate();
TABLE folded EXCEPT ALL TABLE base;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_base_row;
