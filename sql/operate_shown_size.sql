-- Documents of a few kB whose text has hundreds of MB: what is stored can be read by anyone, dumped and looked up.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_shown ENCODING 'UTF8' TEMPLATE template0;
\c cdp_shown
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();

CREATE FUNCTION numbers(n int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('n', jsonb_agg('1e131071'::numeric)) FROM generate_series(1, n) $$;

-- a bound of the text, and no poor one
SELECT document, cdp_internal.shown_size(document) BETWEEN octet_length(document::text) AND octet_length(document::text) + 4 * cells AS bound
FROM (VALUES ('{"a": 1, "b": "x\"y\u0001", "c": null, "é": [true, false]}'::jsonb, 8), ('[]', 1), ('"x"', 2), ('0', 4), ('-12.50', 4),
	('[1.50, -0.001, 1e20, 123456789, 0.00001]', 8)) AS v (document, cells);
SELECT octet_length(document::text) AS text, pg_column_size(document) < 100 AS small, cdp_internal.shown_size(document) - octet_length(document::text) < 20 AS bound
FROM unnest(ARRAY[to_jsonb('1e131071'::numeric), to_jsonb('-1e-16383'::numeric), numbers(1)]) AS document;

-- over 64 MB as text a row is cut, whichever of its documents it is, and whatever else is wrong with it
INSERT INTO cdp.inbox (type, user_id, event, properties) VALUES ('track', 'u1', 'E', numbers(9000)), ('nonsense', 'u2', 'E', numbers(9000));
INSERT INTO cdp.inbox (type, user_id, event, context) VALUES ('track', 'u3', 'E', numbers(513));
INSERT INTO cdp.inbox (type, user_id, event, properties, context) VALUES ('track', 'u4', 'E', numbers(300), numbers(300));
INSERT INTO cdp.inbox (type, user_id, event, properties, "timestamp")
SELECT 'track', 'u5', 'E' || i, numbers(CASE WHEN i = 3 THEN 400 ELSE 50 END), '2026-01-01Z'::timestamptz + i * interval '1 s' FROM generate_series(1, 5) AS i;
SELECT accepted, quarantined FROM cdp.refresh();
SELECT record ->> 'user_id' AS id, reason, detail, cut, sizes, octet_length(record::text) < 1000 AS small FROM cdp.quarantine ORDER BY 1;
SELECT sum(octet_length(e::text)) >> 20 AS events FROM cdp.events AS e;
-- a lookup shows as many events as there is room for as text, and says how many it leaves out
SELECT (SELECT array_agg(e ->> 'event') FROM jsonb_array_elements(d -> 'events') AS e) AS events, d -> 'events_left_out' AS left_out,
	octet_length(d::text) < 65 << 20 AS fits
FROM (SELECT cdp.lookup('user_id:u5') AS d) l;

\c :origin
DROP DATABASE cdp_shown;
