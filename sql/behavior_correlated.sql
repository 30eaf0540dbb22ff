-- Sequences whose events have conditions, something in common, or compare with the event before.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, cdp;

-- text
SELECT s, s::sequence AS printed, s::sequence::text::sequence = s::sequence AS same
FROM unnest(ARRAY['a -> b[category = "x"] -> !c -> "D" within 7 days same product_id', '* -> !* -> "Order Completed"[total>100,coupon not exists]', 'view -> order[price<previous] same session gap 60 minutes in 2 days same sku', 'a -> b same "session"']) s;
SELECT cdp_internal.sequence_send('a[n = 1] -> b[price < previous] in 1 second same p same session');
CREATE TEMP TABLE bx_received (sequence sequence);
COPY (SELECT 'view -> order[price < previous] same sku'::sequence) TO PROGRAM 'cat >cdp_behavior_correlated.bin' (FORMAT binary);
COPY bx_received FROM PROGRAM 'cat cdp_behavior_correlated.bin; rm cdp_behavior_correlated.bin' (FORMAT binary);
TABLE bx_received;

-- viewed, put into the cart, not bought: the same product, whatever else was bought
CREATE TABLE bx_person (name text, timeline timeline);
INSERT INTO bx_person
SELECT p.name, timeline_agg(timestamptz '2026-01-01' + e.n * interval '1 hour', e.event, e.properties)
FROM (VALUES
	('ann', 'left one', '{"view": {"product_id": "p1", "price": 50}, "cart": {"product_id": "p1"}, "order": {"product_id": "p2", "price": 40}}'::json),
	('bob', 'bought it', '{"view": {"product_id": "p1", "price": 50}, "cart": {"product_id": "p1"}, "order": {"product_id": ["p2", "p1"], "price": 40}}'),
	('cid', 'put another one into the cart', '{"view": {"product_id": ["p1", "p2"], "price": 50}, "cart": {"product_id": "p3"}, "order": {"product_id": "p2", "price": 60}}'),
	('dee', 'a number, and a text that is one', '{"view": {"product_id": 7, "price": "50"}, "cart": {"product_id": "7.0"}, "order": {"product_id": "07", "price": 40}}'),
	('eve', 'none', '{"view": {"price": 50}, "cart": {}, "order": {"price": 40}}')) p (name, what, events)
CROSS JOIN LATERAL (SELECT o.key AS event, o.ordinality AS n, o.value::jsonb AS properties FROM json_each(p.events) WITH ORDINALITY o) e GROUP BY p.name;
SELECT s AS sequence, string_agg(name, ' ' ORDER BY name) FILTER (WHERE matches(timeline, s::sequence, as_of => '2026-01-10')) AS matches
FROM bx_person, unnest(ARRAY['view -> cart -> order', 'view -> cart same product_id', 'view -> cart -> order same product_id', 'view -> order same product_id', 'view -> cart -> !order same product_id', 'view -> !order same product_id', 'view -> !order',
	'view -> order[price < previous]', 'view -> order[price < previous] same product_id', 'view -> order[price >= previous]', 'view[price > 45] -> order[price = 40]', 'view -> * -> !*', '* -> !(cart | order[price > 50]) -> *',
	'view -> order same session', 'view -> order same session gap 2 hours', 'view -> order same session gap 59 minutes', 'view -> order same session gap 1 hour', '3 x * same session gap 1 hour']) WITH ORDINALITY u (s, n)
GROUP BY n, s ORDER BY n;

-- as a funnel: how far they came
SELECT s AS sequence, string_agg(name || ' ' || funnel(timeline, s::sequence, as_of => '2026-01-10'), ', ' ORDER BY name) AS depths
FROM bx_person, unnest(ARRAY['view -> cart -> order', 'view -> cart -> order same product_id', 'view -> order[price < previous] same product_id', 'view -> cart -> order in 1 hour', 'view -> cart -> !order', 'view -> !cart -> order', '2 x view -> cart', 'view[price > 45] -> cart -> order[price > 45]', 'help -> view']) WITH ORDINALITY u (s, n)
GROUP BY n, s ORDER BY n;
SELECT funnel(timeline, 'view -> cart -> order', within => '1 hour', as_of => '2026-01-01 03:00') AS last_hour, funnel(timeline, 'cart -> order', since => '2026-01-01 02:00', until => '2026-01-01 03:00', as_of => '2026-01-10') AS second_hour,
	funnel(NULL, 'a') AS no_timeline, funnel(timeline, NULL) AS no_sequence, funnel(timeline, 'view', as_of => NULL) AS no_as_of, funnel(timeline, 'view', as_of => '2026-01-01') AS before FROM bx_person WHERE name = 'ann';

-- what belongs to one element stays together
CREATE TABLE bx_order AS
SELECT cdp.timeline_agg(timestamptz '2026-01-01' + n * interval '1 hour', event, cdp_internal.carried(event, properties, NULL,
	'{"order": {"sku": ["products", "[]", "sku"], "price": ["products", "[]", "price"]}, "view": {"sku": ["sku"], "price": ["price"]}}')) AS timeline
FROM (VALUES (1, 'view', '{"sku": "a", "price": 10}'::jsonb), (2, 'order', '{"products": [{"sku": "a", "price": 12}, {"sku": "b", "price": 5}]}')) v (n, event, properties);
SELECT s AS sequence, matches(timeline, s::sequence, as_of => '2026-01-10')
FROM bx_order, unnest(ARRAY['view -> order[price < 10]', 'view -> order[price < 10] same sku', 'view -> order[price > 11] same sku', 'view -> order[price < previous]', 'view -> order[price < previous] same sku', 'view -> order[price > previous] same sku', 'view -> order[sku = "a", price < 10]']) s;

-- a value that was left out: unknown where it matters
CREATE TABLE bx_left AS
SELECT cdp.timeline_agg(timestamptz '2026-01-01' + n * interval '1 hour', event, cdp_internal.carried(event, properties, NULL, '{"view": {"sku": ["sku"]}, "order": {"sku": ["sku"]}}')) AS timeline
FROM (VALUES (1, 'view', '{"sku": "a"}'::jsonb), (2, 'order', '{"sku": {}}'), (3, 'cart', '{}')) v (n, event, properties);
SELECT s AS sequence, matches(timeline, s::sequence, as_of => '2026-01-10'), cdp_internal.horizon('matches', timeline, jsonb_build_object('sequence', s, 'as_of', '2026-01-10', 'within', '20 days')) AS horizon
FROM bx_left, unnest(ARRAY['view -> order', 'view -> order[sku = "a"]', 'view -> order same sku', 'view -> cart same sku', 'view -> order[sku > previous]', 'view -> order[sku = "a"] -> help']) s;

SELECT funnel(timeline, 'view -> order same sku', as_of => '2026-01-10') AS unknown, funnel(timeline, 'view -> cart', as_of => '2026-01-10') AS known, funnel(timeline, 'help -> order[sku = "a"]', as_of => '2026-01-10') AS none FROM bx_left;

-- random histories: the same as joins say, and no answer changes before its horizon
SELECT setseed(0.25);
CREATE TABLE bx_event AS
SELECT person, n, timestamptz '2026-01-01' + floor(random() * 200) * interval '1 hour' AS at, (ARRAY['view', 'cart', 'order', 'help'])[1 + floor(random() * 4)::int] AS event, 'p' || floor(random() * 4) AS product, floor(random() * 5)::int AS price
FROM generate_series(1, 4000) person, generate_series(1, 1 + person % 12) n;
CREATE TABLE bx_history AS
SELECT person, timeline_agg(at, event, jsonb_build_object('product', product, 'price', price)) AS timeline, timestamptz '2026-01-01' + (person % 230) * interval '1 hour' AS as_of FROM bx_event GROUP BY person;
CREATE TABLE bx_so_far AS
SELECT person, e.at, event, product, price, as_of, row_number() OVER (PARTITION BY person ORDER BY e.at, array_position('{view,cart,help,order}', event), price, n) AS n,
	count(*) FILTER (WHERE begins) OVER (PARTITION BY person ORDER BY e.at RANGE UNBOUNDED PRECEDING) AS session
FROM (SELECT e.*, as_of, e.at - lag(e.at) OVER (PARTITION BY person ORDER BY e.at) > interval '20 hours' AS begins FROM bx_event e JOIN bx_history USING (person) WHERE e.at <= as_of) e;
CREATE INDEX ON bx_so_far (person, event, product);
ANALYZE bx_so_far;
CREATE TABLE bx_said (sequence sequence, said text);
INSERT INTO bx_said VALUES
	('view[price > 1] -> cart', 'x.price > 1 AND EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''cart'' AND y.n > x.n)'),
	('view -> cart same product', 'EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''cart'' AND y.n > x.n AND y.product = x.product)'),
	('view -> cart -> order within 2 days same product', 'EXISTS (SELECT FROM bx_so_far y JOIN bx_so_far z USING (person, product) WHERE y.person = x.person AND y.product = x.product AND y.event = ''cart'' AND y.n > x.n AND z.event = ''order'' AND z.n > y.n AND z.at - y.at <= interval ''2 days'')'),
	('view -> cart -> !order same product', 'EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''cart'' AND y.n > x.n AND y.product = x.product AND NOT EXISTS (SELECT FROM bx_so_far z WHERE z.person = x.person AND z.product = x.product AND z.event = ''order'' AND z.n > y.n))'),
	('view -> !(cart | order) within 1 day same product', 'x.at + interval ''1 day'' <= x.as_of AND NOT EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event IN (''cart'', ''order'') AND y.n > x.n AND y.product = x.product AND y.at - x.at <= interval ''1 day'')'),
	('view -> order[price < previous]', 'EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''order'' AND y.n > x.n AND y.price < x.price)'),
	('view -> !cart -> order[price >= previous] in 3 days same product', 'EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''order'' AND y.n > x.n AND y.product = x.product AND y.price >= x.price AND y.at - x.at <= interval ''3 days'' AND NOT EXISTS (SELECT FROM bx_so_far z WHERE z.person = x.person AND z.product = x.product AND z.event = ''cart'' AND z.n > x.n AND z.n < y.n))'),
	('view -> cart same session gap 20 hours', 'EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''cart'' AND y.n > x.n AND y.session = x.session)'),
	('view -> !order same product same session gap 20 hours', 'NOT EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''order'' AND y.n > x.n AND y.session = x.session AND y.product = x.product)'),
	('view -> !* -> order', 'EXISTS (SELECT FROM bx_so_far y WHERE y.person = x.person AND y.event = ''order'' AND y.n = x.n + 1)');
CREATE FUNCTION pg_temp.said(said text) RETURNS TABLE (person int) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT DISTINCT person FROM bx_so_far x WHERE event = ''view'' AND %s', said);
END $$;
SELECT sequence, count(*) FILTER (WHERE m) > 30 AND count(*) FILTER (WHERE NOT m) > 30 AS both, count(*) FILTER (WHERE m IS DISTINCT FROM (s.person IS NOT NULL)) AS differences
FROM bx_said CROSS JOIN LATERAL (SELECT person, matches(timeline, sequence, as_of => as_of) AS m FROM bx_history) h LEFT JOIN LATERAL pg_temp.said(said) s USING (person) GROUP BY sequence ORDER BY sequence::text COLLATE "C";
SELECT depth, count(*) FROM (SELECT funnel(timeline, 'view -> cart -> order same product', as_of => as_of) AS depth,
	CASE WHEN EXISTS (SELECT FROM bx_so_far x JOIN bx_so_far y USING (person, product) JOIN bx_so_far z USING (person, product) WHERE person = h.person AND x.event = 'view' AND y.event = 'cart' AND z.event = 'order' AND x.n < y.n AND y.n < z.n) THEN 3
		 WHEN EXISTS (SELECT FROM bx_so_far x JOIN bx_so_far y USING (person, product) WHERE person = h.person AND x.event = 'view' AND y.event = 'cart' AND x.n < y.n) THEN 2
		 WHEN EXISTS (SELECT FROM bx_so_far x WHERE x.person = h.person AND x.event = 'view') THEN 1 ELSE 0 END AS said
	FROM bx_history h) d GROUP BY depth HAVING count(*) < 20 OR count(*) FILTER (WHERE depth IS DISTINCT FROM said) > 0;
SELECT sequence, within, count(horizon) FILTER (WHERE isfinite(horizon)) > 50 AS horizons, count(*) FILTER (WHERE horizon <= as_of) AS none_ahead, count(*) FILTER (WHERE changed < horizon) AS too_late, count(*) FILTER (WHERE changed = horizon) > 0 AS exact
FROM bx_said, (VALUES (interval '3 days'), (NULL)) w (within), bx_history, LATERAL (SELECT cdp_internal.horizon('matches', timeline, jsonb_build_object('sequence', sequence, 'within', within, 'as_of', as_of)) AS horizon, matches(timeline, sequence, within, as_of) AS now) h,
	LATERAL (SELECT min(t) AS changed FROM generate_series(as_of, as_of + interval '5 days', '1 hour') t WHERE matches(timeline, sequence, within, t) IS DISTINCT FROM now) c
WHERE person <= 150 GROUP BY sequence, within ORDER BY sequence::text COLLATE "C", within;

-- a person with 200,000 events of 50,000 products
CREATE TABLE bx_large AS
SELECT timeline_agg(timestamptz '2026-01-01' + n * interval '1 second', CASE n % 4 WHEN 3 THEN 'cart' ELSE 'view' END, jsonb_build_object('product', 'p' || n::bigint * 7919 % 50000, 'price', n::bigint * 104729 % 100003)) AS timeline FROM generate_series(1, 200000) n;
SELECT matches(timeline, 'view -> cart same product', as_of => '2027-01-01') AS none, matches(timeline, 'view -> view -> view -> view same product', as_of => '2027-01-01') AS four, matches(timeline, '5 x view same product', as_of => '2027-01-01') AS five,
	matches(timeline, 'cart -> cart[price < previous] -> cart[price < previous] -> cart[price < previous] in 1 hour same product', as_of => '2027-01-01') AS near, matches(timeline, 'view -> 19 x view[price > previous] -> cart[price > previous] in 1 minute', as_of => '2027-01-01') AS rising FROM bx_large
WHERE matches(timeline, '2 x view', as_of => '2027-01-01');

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refusal(format('SELECT %L::cdp.sequence', s))
FROM unnest(ARRAY['a[', 'a[n ~ 1] -> b', 'a -> b[n = 1', 'a same p', 'a -> b same', 'a -> b same p same q', 'a -> b same session gap', 'a[n < previous] -> b', 'a -> (b[n < previous] | c)', 'a -> b[n = previous]', 'a -> !b[n < previous]', 'a -> b[n < previous] -> c[m < previous]', '2 x a within 1 hour -> b[n < previous]']) s;
SELECT pg_temp.refusal($$SELECT 'a[n < previous]'::cdp.step$$);
\pset format aligned
\pset tuples_only off
DROP TABLE bx_received, bx_person, bx_order, bx_left, bx_event, bx_history, bx_so_far, bx_said, bx_large;
