-- Numbers that timelines carry: the default ones, changes, what does not fit, and what is refused.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_carried ENCODING 'UTF8' TEMPLATE template0;
\c cdp_carried
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SET timezone = 'UTC';
\set SHOW_CONTEXT never

-- the pure functions against plain SQL, on values of every kind at every path
SELECT cdp_internal.carried('Buy', '{"total": 40}', '{"*": {"total": ["total"]}}'), cdp_internal.carried('Buy', '{"total": 40}', '{"Buy": {}}') IS NULL AS none,
	   cdp_internal.left_out('Buy', '{"total": "forty"}', '{"*": {"total": ["total"]}}');
CREATE TABLE kind (v jsonb);
INSERT INTO kind VALUES ('0'), ('-0'), ('1.50'), ('1e3'), ('1E-18'), ('1e-19'), ('123456789012345678'), ('1234567890123456789'), ('0.123456789012345678'),
	('9e17'), ('9e40'), ('"12"'), ('"-3.25"'), ('"1e2"'), ('" 1"'), ('"1 "'), ('"+1"'), ('"1,000"'), ('"0x10"'), ('""'), ('"-"'), ('"NaN"'), ('"Infinity"'), ('"1_000"'), ('"٣"'),
	('true'), ('null'), ('[]'), ('[1]'), ('{}'), ('{"a": 1}');
SELECT v, cdp_internal.carried('e', jsonb_build_object('n', v), '{"e": {"n": ["n"]}}') -> 'n' AS carried, cdp_internal.left_out('e', jsonb_build_object('n', v), '{"e": {"n": ["n"]}}') AS left_out FROM kind;
CREATE TABLE place (path text[]);
INSERT INTO place VALUES ('{a}'), ('{b}'), ('{a,b}'), ('{c,0}'), ('{c,1}'), ('{c,1,d}'), ('{c,2}'), ('{c,-1}'), ('{c,01}'), ('{c,x}'), ('{c,9999999999}'), ('{a.b}'), ('{""}'), ('{a,b,c}'), ('{1}'), ('{}');
SELECT path, p #> path AS value, cdp_internal.carried('e', p, jsonb_build_object('e', jsonb_build_object('n', path))) -> 'n' AS carried
FROM place, (VALUES ('{"a": {"b": 1}, "b": 2, "c": [3, {"d": "4"}], "a.b": 5, "": 6, "1": 7}'::jsonb)) AS s (p);
-- whole documents: what is carried of a random one is what plain SQL finds there
CREATE TABLE document AS
SELECT i, (SELECT jsonb_object_agg(chr(97 + k), v.v) FROM generate_series(0, 5) k CROSS JOIN LATERAL
		   (SELECT v FROM kind ORDER BY hashtextextended(v::text, i * 7 + k) LIMIT 1) v WHERE hashint8extended(k, i) % 3 <> 0) AS properties
FROM generate_series(1, 2000) i;
SELECT count(*) AS documents, count(c.numbers) AS with_numbers, count(*) FILTER (WHERE c.numbers IS DISTINCT FROM w.numbers) AS wrong
FROM document CROSS JOIN LATERAL cdp_internal.carried('e', coalesce(properties, '{}'), '{"e": {"a": ["a"], "y": ["b"], "z": ["c", "a"], "w": ["d", "0"]}, "*": {"q": ["a"]}}') AS c (numbers)
CROSS JOIN LATERAL (
	SELECT jsonb_object_agg(n.name, n.v::numeric) AS numbers FROM (VALUES ('a', properties #>> '{a}'), ('y', properties #>> '{b}'), ('z', properties #>> '{c,a}'), ('w', properties #>> '{d,0}')) AS n (name, v)
	WHERE n.v ~ '^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$' AND scale(trim_scale(n.v::numeric)) <= 18
	  AND abs(n.v::numeric) * 10::numeric ^ scale(trim_scale(n.v::numeric)) <= 9223372036854775807) w;
-- rules of another form
SELECT cdp_internal.carried('e', '{"a": 1}', '[]');
SELECT cdp_internal.carried('e', '{"a": 1}', '{"e": 1}');
SELECT cdp_internal.carried('e', '{"a": 1}', '{"e": []}');
SELECT cdp_internal.carried('e', '{"a": 1}', '{"e": {"n": "a"}}');
SELECT cdp_internal.carried('e', '{"a": 1}', '{"e": {"n": [1]}}');
SELECT cdp_internal.left_out('e', '{"a": 1}', '{"e": {"n": {}}}');

SELECT cdp.init();
SELECT event, name, path, left_out FROM cdp.carried_property ORDER BY event, name;
INSERT INTO cdp.inbox (message_id, user_id, event, properties, "timestamp") VALUES
 ('1', 'ann', 'Order Completed', '{"total": 40, "products": [{"price": 19.5}, {"price": "20.50"}], "tax.rate": 0.21}', '2026-01-01'),
 ('2', 'ann', 'Order Completed', '{"total": "59.90", "revenue": "unknown", "products": [{"price": "a lot"}]}', '2026-01-02'),
 ('3', 'ann', 'Order Refunded', '{"total": 12345678901234567890}', '2026-01-03'),
 ('3', 'ann', 'Order Refunded', '{"total": "a duplicate counts for nothing"}', '2026-01-03'),
 ('4', 'bob', 'Product Viewed', '{"price": 7, "sku": "17"}', '2026-01-04'),
 ('5', 'cy', 'Page', NULL, '2026-01-05'),
 ('6', 'null', 'Order Completed', '{"total": "nobody''s"}', '2026-01-06');
SELECT accepted FROM cdp.refresh();
CREATE VIEW person AS SELECT identifiers, timeline FROM cdp.profile_row ORDER BY profile_id;
TABLE person;
SELECT event, name, left_out FROM cdp.carried_property WHERE left_out > 0 ORDER BY event, name;
SELECT * FROM cdp.verify();

-- a path into a list, for one event; its people alone change, and all history
SELECT cdp.carry_property('Order Completed', 'products.0.price', 'first_price');
TABLE person;
SELECT event, name, path, left_out FROM cdp.carried_property WHERE event <> '*' OR left_out > 0 ORDER BY event, name;
SELECT * FROM cdp.verify();
-- the same again changes nobody; another path does; that of an event comes before that of all
SELECT cdp.carry_property('Order Completed', 'products.0.price', 'first_price'), cdp.carry_property('Order Completed', 'products.1.price', 'first_price'),
	   cdp.carry_property('Order Completed', 'tax\.rate', 'total'), cdp.carry_property('Nobody Did', 'x');
TABLE person;
SELECT event, name, path, left_out FROM cdp.carried_property WHERE event <> '*' OR left_out > 0 ORDER BY event, name;
SELECT * FROM cdp.verify();
-- new events by the new rules
INSERT INTO cdp.inbox (message_id, user_id, event, properties, "timestamp") VALUES ('7', 'bob', 'Order Completed', '{"tax.rate": "none", "quantity": 2, "total": 1}', '2026-01-07');
SELECT accepted FROM cdp.refresh();
SELECT cdp.drop_property('Order Completed', 'total'), cdp.drop_property('*', 'price'), cdp.drop_property('Nobody Did', 'x');
TABLE person;
SELECT event, name, path, left_out FROM cdp.carried_property WHERE event <> '*' OR left_out > 0 ORDER BY event, name;
SELECT cdp.carry_property('*', 'sku');
SELECT timeline FROM person WHERE identifiers = '{user_id:bob}';
SELECT * FROM cdp.verify();
-- verify() sees a number that is another, and one that is not there
UPDATE cdp_data.profile SET timeline = '{"Order Completed": [["2026-01-07T00:00:00Z", {"quantity": 3, "total": 1}]], "Product Viewed": [["2026-01-04T00:00:00Z", {"sku": 17}]]}' WHERE profile_id = cdp.profile_of('user_id:bob');
SELECT stage, item, expected, found FROM cdp.verify();
UPDATE cdp_data.profile SET timeline = '{"Order Completed": [["2026-01-07T00:00:00Z", {"quantity": 2, "total": 1}]], "Product Viewed": [["2026-01-04T00:00:00Z", {"sku": 17}]]}' WHERE profile_id = cdp.profile_of('user_id:bob');
SELECT stage, item, expected, found FROM cdp.verify();

-- what is refused, and leaves everything as it was
SELECT cdp.carry_property('', 'total');
SELECT cdp.carry_property(NULL, 'total');
SELECT cdp.carry_property('Buy', '');
SELECT cdp.carry_property('Buy', NULL);
SELECT cdp.carry_property('Buy', 'a..b');
SELECT cdp.carry_property('Buy', '.a');
SELECT cdp.carry_property('Buy', 'a', '');
SELECT cdp.carry_property('Buy', repeat('a', 256));
SELECT cdp.drop_property('Buy', 'total');
SELECT cdp.drop_property(NULL, NULL);
SELECT cdp.carry_property('Buy', 'n' || i) FROM generate_series(1, 33) i;
SELECT count(*) FROM cdp.carried_property WHERE event = 'Buy';
SELECT count(cdp.carry_property('Buy', 'n' || i)) FROM generate_series(1, 27) i;
SELECT cdp.carry_property('*', 'one_more');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT cdp.carry_property('Buy', 'n1');
ROLLBACK;
SELECT * FROM cdp.verify();

\c :origin
DROP DATABASE cdp_carried;
