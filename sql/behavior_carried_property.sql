-- Properties that timelines carry: the default ones, changes, what does not fit, and what is refused.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_carried ENCODING 'UTF8' TEMPLATE template0;
\c cdp_carried
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET search_path = public, cdp;
SET timezone = 'UTC';
\set SHOW_CONTEXT never

-- the pure functions against plain SQL, on values of every kind at every path
SELECT cdp_internal.carried('Buy', '{"total": 40}', NULL, '{"*": {"total": ["total"]}}'), cdp_internal.carried('Buy', '{"total": 40}', NULL, '{"Buy": {}}') IS NULL AS none,
	   cdp_internal.left_out('Buy', '{"total": {"of": 40}}', NULL, '{"*": {"total": ["total"]}}');
CREATE TABLE kind (v jsonb);
INSERT INTO kind VALUES ('0'), ('-0'), ('1.50'), ('1e3'), ('1E-18'), ('1e-19'), ('123456789012345678'), ('1234567890123456789'), ('0.123456789012345678'),
	('12345678.00012345'), ('-0.0001'), ('99990000'), ('1e16'), ('9e17'), ('9e40'), ('"12"'), ('" 1"'), ('""'), ('"٣"'), ('"a\"\\\n"'), (to_jsonb(repeat('x', 256))), (to_jsonb(repeat('x', 257))), (to_jsonb(repeat('ä', 128))),
	(to_jsonb(repeat('ä', 129))), ('true'), ('false'), ('null'), ('[]'), ('[1]'), ('["a", 1, true, null, "a"]'), ('[[1]]'), ('["a", {"b": 1}]'), ('[null]'), ('{}'), ('{"a": 1}');
SELECT left(v::text, 30) AS v, CASE WHEN octet_length(c::text) > 200 THEN to_jsonb(octet_length(c ->> 'n')) ELSE c -> 'n' END AS carried, cdp_internal.left_out('e', jsonb_build_object('n', v), NULL, '{"e": {"n": ["n"]}}') AS left_out
FROM kind CROSS JOIN LATERAL cdp_internal.carried('e', jsonb_build_object('n', v), NULL, '{"e": {"n": ["n"]}}') AS c;
CREATE TABLE place (path text[]);
INSERT INTO place VALUES ('{a}'), ('{b}'), ('{a,b}'), ('{c,0}'), ('{c,1}'), ('{c,1,d}'), ('{c,2}'), ('{c,-1}'), ('{c,01}'), ('{c,x}'), ('{c,9999999999}'), ('{a.b}'), ('{""}'), ('{a,b,c}'), ('{1}'), ('{}'),
	('{c,[]}'), ('{c,[],d}'), ('{a,[]}'), ('{[]}'), ('{p,[],s}'), ('{p,[],t}'), ('{p,[],t,[]}'), ('{p,[],q,[],r}'), ('{p,0,q,[],r}'), ('{context}'), ('{context,a}'), ('{context,p,[],a}');
SELECT path, p #> path AS value, cdp_internal.carried('e', p, c, jsonb_build_object('e', jsonb_build_object('n', path))) AS carried
FROM place, (VALUES ('{"a": {"b": 1}, "b": 2, "c": [3, {"d": "4"}], "a.b": 5, "": 6, "1": 7, "p": [{"s": "x", "t": ["u", "v"], "q": [{"r": 1}, {"r": 2}]}, 8, {"t": "w"}, {"q": {"r": 3}}]}'::jsonb,
					 '{"a": "of the context", "p": [{"a": true}, {"a": {}}]}'::jsonb)) AS s (p, c);
-- what several paths find in one element stays together; elements of different arrays are different ones
SELECT cdp_internal.carried('e', '{"a": [{"s": 1, "t": 2}, {}, {"t": 3}], "b": [{"s": 4}], "n": 5}', NULL, '{"e": {"s": ["a", "[]", "s"], "t": ["a", "[]", "t"], "u": ["b", "[]", "s"], "v": ["n"]}}');
-- over the limits
SELECT jsonb_array_length(cdp_internal.carried('e', jsonb_build_object('n', array_agg(i)), NULL, '{"e": {"n": ["n"]}}') -> 'n') AS values, cdp_internal.left_out('e', jsonb_build_object('n', array_agg(i)), NULL, '{"e": {"n": ["n"]}}')
FROM generate_series(1, 255) i;
SELECT jsonb_array_length(cdp_internal.carried('e', jsonb_build_object('n', array_agg(i)), NULL, '{"e": {"n": ["n"]}}') -> 'n') AS values, cdp_internal.left_out('e', jsonb_build_object('n', array_agg(i)), NULL, '{"e": {"n": ["n"]}}')
FROM generate_series(1, 1000) i;
SELECT cdp_internal.carried('e', jsonb_build_object('n', array_agg(CASE WHEN i >= 1024 THEN jsonb_build_object('m', i) END)), NULL, '{"e": {"m": ["n", "[]", "m"]}}') - '[]' AS carried FROM generate_series(1, 1026) i;
-- whole documents: what is carried of a random one is what plain SQL finds there
CREATE TABLE document AS
SELECT i, (SELECT jsonb_object_agg(chr(97 + k), v.v) FROM generate_series(0, 5) k CROSS JOIN LATERAL
		   (SELECT v FROM kind ORDER BY hashtextextended(v::text, i * 7 + k) LIMIT 1) v WHERE hashint8extended(k, i) % 3 <> 0) AS properties
FROM generate_series(1, 2000) i;
SELECT count(*) AS documents, count(c.properties) AS with_properties, count(*) FILTER (WHERE c.properties IS DISTINCT FROM w.properties) AS wrong
FROM document d CROSS JOIN LATERAL cdp_internal.carried('e', coalesce(d.properties, '{}'), NULL, '{"e": {"a": ["a"], "y": ["b"], "z": ["c", "a"], "w": ["d", "0"]}, "*": {"q": ["a"]}}') AS c (properties)
CROSS JOIN LATERAL (
	SELECT jsonb_object_agg(n.name, CASE WHEN jsonb_array_length(l.list) = 1 THEN l.list -> 0 ELSE l.list END) AS properties
	FROM (VALUES ('a', d.properties #> '{a}'), ('y', d.properties #> '{b}'), ('z', d.properties #> '{c,a}'), ('w', d.properties #> '{d,0}')) AS n (name, v)
	CROSS JOIN LATERAL (
		-- what cannot be carried is there once, before all else; then booleans, numbers, texts
		SELECT coalesce(jsonb_agg('{}'::jsonb) FILTER (WHERE k.left_out AND k.first), '[]') || coalesce(jsonb_agg(k.e ORDER BY jsonb_typeof(k.e), k.e = 'true', k.place) FILTER (WHERE NOT k.left_out), '[]') AS list
		FROM (
			SELECT e.e, e.place, f.left_out, row_number() OVER (PARTITION BY f.left_out ORDER BY e.place) = 1 AS first
			FROM jsonb_array_elements(CASE WHEN jsonb_typeof(n.v) = 'array' THEN n.v ELSE jsonb_build_array(n.v) END) WITH ORDINALITY AS e (e, place)
			CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(e.e) WHEN 'object' THEN true WHEN 'array' THEN true WHEN 'string' THEN octet_length(e.e #>> '{}') > 256
				WHEN 'number' THEN scale(trim_scale((e.e #>> '{}')::numeric)) > 18
					OR abs((e.e #>> '{}')::numeric) * 10::numeric ^ scale(trim_scale((e.e #>> '{}')::numeric)) > 9223372036854775807 ELSE false END AS left_out) f
			WHERE n.v IS NOT NULL AND e.e <> 'null') k) l
	WHERE l.list <> '[]') w;
-- rules of another form
SELECT cdp_internal.carried('e', '{"a": 1}', NULL, '[]');
SELECT cdp_internal.carried('e', '{"a": 1}', NULL, '{"e": 1}');
SELECT cdp_internal.carried('e', '{"a": 1}', NULL, '{"e": []}');
SELECT cdp_internal.carried('e', '{"a": 1}', NULL, '{"e": {"n": "a"}}');
SELECT cdp_internal.carried('e', '{"a": 1}', NULL, '{"e": {"n": [1]}}');
SELECT cdp_internal.left_out('e', '{"a": 1}', NULL, '{"e": {"n": {}}}');

SELECT cdp.init();
SELECT event, name, path, left_out FROM cdp.carried_property ORDER BY event, name;
INSERT INTO cdp.inbox (message_id, user_id, event, properties, context, "timestamp") VALUES
 ('1', 'ann', 'Order Completed', '{"total": 40, "products": [{"price": 19.5, "product_id": "p1", "category": "shoes"}, {"price": "20.50", "product_id": "p2", "name": "hat"}], "tax.rate": 0.21}', NULL, '2026-01-01'),
 ('2', 'ann', 'Order Completed', '{"total": "59.90", "revenue": {"unknown": true}, "products": [{"price": "a lot"}]}', '{"campaign": {"source": "news", "medium": "email", "name": "January"}}', '2026-01-02'),
 ('3', 'ann', 'Order Refunded', '{"total": 12345678901234567890}', NULL, '2026-01-03'),
 ('3', 'ann', 'Order Refunded', '{"total": ["a duplicate counts for nothing"]}', NULL, '2026-01-03'),
 ('4', 'bob', 'Product Viewed', '{"price": 7, "sku": "017", "category": "shoes", "coupon": true}', '{"page": {"path": "/shoes"}, "app": {"name": "an app with a name that is long enough to be shared by many events", "build": 7}}', '2026-01-04'),
 ('5', 'cy', 'Page', NULL, '{"campaign": {"source": "news"}}', '2026-01-05'),
 ('6', 'null', 'Order Completed', '{"total": ["nobody''s", {}]}', NULL, '2026-01-06');
SELECT accepted FROM cdp.refresh();
CREATE VIEW person AS SELECT identifiers, timeline FROM cdp.profile_row ORDER BY profile_id;
TABLE person;
SELECT event, name, left_out FROM cdp.carried_property WHERE left_out > 0 ORDER BY event, name;
SELECT * FROM cdp.verify();

-- a path into a list, for one event; its people alone change, and all history
SELECT cdp.carry_property('Order Completed', 'products.0.price', 'first_price');
TABLE person;
SELECT event, name, path, left_out FROM cdp.carried_property WHERE event <> '*' AND '[]' <> ALL (path) OR left_out > 0 ORDER BY event, name;
SELECT * FROM cdp.verify();
-- the same again changes nobody; another path does; that of an event comes before that of all
SELECT cdp.carry_property('Order Completed', 'products.0.price', 'first_price'), cdp.carry_property('Order Completed', 'products.1.price', 'first_price'),
	   cdp.carry_property('Order Completed', 'tax\.rate', 'total'), cdp.carry_property('Nobody Did', 'x');
TABLE person;
SELECT event, name, path, left_out FROM cdp.carried_property WHERE event <> '*' AND '[]' <> ALL (path) OR left_out > 0 ORDER BY event, name;
SELECT * FROM cdp.verify();
-- new events by the new rules
INSERT INTO cdp.inbox (message_id, user_id, event, properties, "timestamp") VALUES ('7', 'bob', 'Order Completed', '{"tax.rate": "none", "quantity": 2, "total": 1}', '2026-01-07');
SELECT accepted FROM cdp.refresh();
SELECT cdp.drop_property('Order Completed', 'total'), cdp.drop_property('*', 'price'), cdp.drop_property('Nobody Did', 'x');
TABLE person;
SELECT event, name, path, left_out FROM cdp.carried_property WHERE event <> '*' AND '[]' <> ALL (path) OR left_out > 0 ORDER BY event, name;
SELECT cdp.carry_property('*', 'context.app.name', 'app');
SELECT cdp.carry_property('Order Completed', 'products[].name');
TABLE person;
SELECT * FROM cdp.verify();
-- all at once says the same
SELECT cdp.restitch() IS NOT NULL AS done;
SELECT * FROM cdp.verify();
-- verify() sees a value that is another, and one that is not there
CREATE TEMP TABLE kept AS SELECT profile_id, timeline FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:bob');
UPDATE cdp_data.profile p SET timeline = replace(k.timeline::text, '"shoes"', '"hats"')::timeline FROM kept k WHERE p.profile_id = k.profile_id;
SELECT stage, item, expected, found FROM cdp.verify();
UPDATE cdp_data.profile p SET timeline = replace(k.timeline::text, '"category": "shoes", ', '')::timeline FROM kept k WHERE p.profile_id = k.profile_id;
SELECT stage, item, expected, found FROM cdp.verify();
UPDATE cdp_data.profile p SET timeline = k.timeline FROM kept k WHERE p.profile_id = k.profile_id;
SELECT * FROM cdp.verify();

-- what is refused, and leaves everything as it was
SELECT cdp.carry_property('', 'total');
SELECT cdp.carry_property(NULL, 'total');
SELECT cdp.carry_property('Buy', '');
SELECT cdp.carry_property('Buy', NULL);
SELECT cdp.carry_property('Buy', 'a..b');
SELECT cdp.carry_property('Buy', 'a[][]');
SELECT cdp.carry_property('Buy', 'a[][].b');
SELECT cdp.carry_property('Buy', '.a');
SELECT cdp.carry_property('Buy', 'a', '');
SELECT cdp.carry_property('Buy', 'a', '[]');
SELECT cdp.carry_property('Buy', '[].a');
SELECT cdp.carry_property('Buy', 'context');
SELECT cdp.carry_property('Buy', repeat('a', 256));
SELECT cdp.drop_property('Buy', 'total');
SELECT cdp.drop_property(NULL, NULL);
SELECT cdp.carry_property('Buy', 'n' || i) FROM generate_series(1, 33) i;
SELECT count(*) FROM cdp.carried_property WHERE event = 'Buy';
SELECT count(cdp.carry_property('Buy', 'n' || i)) FROM generate_series(1, 17) i;
SELECT cdp.carry_property('*', 'one_more');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT cdp.carry_property('Buy', 'n1');
ROLLBACK;
SELECT * FROM cdp.verify();

-- arrays in arrays, and a path as deep
CREATE TEMP TABLE deep AS SELECT format('{"a": %s1%s}', repeat('[', 5000), repeat(']', 5000))::jsonb AS properties,
	jsonb_build_object('x', jsonb_build_object('n', to_jsonb('a'::text || array_fill('[]'::text, ARRAY[5000])))) AS rules;
SELECT cdp_internal.carried('x', properties, NULL, rules) #>> '{[],0,n}' AS n FROM deep;
\set VERBOSITY terse
SET max_stack_depth = '100kB';
SELECT cdp_internal.carried('x', properties, NULL, rules) FROM deep;
RESET max_stack_depth;
\set VERBOSITY default

\c :origin
DROP DATABASE cdp_carried;
