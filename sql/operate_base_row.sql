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
SELECT again(0, (2147483647, 9223372036854775807, '-infinity', 'infinity', '1999-01-01Z', '2100-01-01Z', 'infinity', '2025-01-01Z', 1,
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

-- Erasing from the base by identifier: rows of the person go, and where others say it, its number goes.
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id)
SELECT 'track', 'View', v.a, v.u, '2025-06-01Z', 'm' || row_number() OVER ()
FROM (VALUES ('tablet', 'ann'), ('tablet', 'bob'), ('tablet', NULL), ('phone', 'ann')) v (a, u);
SELECT accepted FROM cdp.refresh();
SELECT state, events FROM cdp.drop_events('2025-07-01Z');
CREATE VIEW base AS
	SELECT i.identifier AS anchor, b.events, ARRAY(SELECT o.identifier FROM unnest(b.ids) u (id)
		LEFT JOIN cdp_data.identifier o ON o.identifier_id = u.id ORDER BY o.identifier) AS identifiers, b.message_id, b.timeline
	FROM cdp_data.base_row b LEFT JOIN cdp_data.identifier i USING (identifier_id);
SELECT * FROM base ORDER BY 1, 3;
SELECT i.identifier_id AS tablet FROM cdp_data.identifier i WHERE i.identifier::text = 'anonymous_id:tablet' \gset
DELETE FROM cdp_data.base WHERE identifier_id = :tablet;
UPDATE cdp_data.base b
SET packed = cdp_internal.pack_base(b.identifier_id, jsonb_populate_record(c, jsonb_build_object('ids', array_remove(c.ids, :tablet))))
FROM cdp_data.base o CROSS JOIN LATERAL cdp_internal.unpack_base(o.identifier_id, o.packed) c
WHERE o.ctid = b.ctid AND :tablet = ANY (c.ids);
SELECT * FROM base ORDER BY 1, 3;
SELECT (SELECT count(*) FROM cdp_data.base_row b WHERE :tablet = ANY (b.ids)) AS "rows that say it";
\c :origin
DROP DATABASE cdp_base_row;
