-- The events of timelines_data.sql with category (20 values, skewed), product_id (50,000, skewed) and price on those that
-- concern a product, a fifth of all; and their timelines.
CREATE FUNCTION chance(n bigint, kind bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
	'SELECT (hashint8extended(n, kind) & 1152921504606846975) / 1152921504606846976.0::float8';
-- who adds a product to the cart or orders one mostly takes one of those that they looked at: each has five favorites
CREATE UNLOGGED TABLE step_event AS
SELECT e.user_id, e.ts, e.name,
	CASE WHEN e.product THEN ('{shoes,hats,shirts,bags,belts,coats,socks,dresses,jeans,scarves,gloves,jackets,skirts,sweaters,ties,suits,watches,rings,toys,books}'::text[])[1 + floor(20 * e.place ^ 2)] END AS category,
	CASE WHEN e.product THEN floor(50000 * e.place ^ 2)::integer END AS product_id,
	CASE WHEN e.product THEN round((1 + floor(e.place * 9999) / 100)::numeric, 2) END AS price
FROM (
	SELECT r.*, chance(CASE WHEN r.luck < 0.5 THEN r.user_id * 5 + floor(r.luck * 10)::bigint ELSE r.number END, 4) AS place
	FROM (
		SELECT e.user_id, e.ts, e.name, n.number, chance(n.number, 3) AS luck,
			e.name IN ('product_viewed', 'product_added', 'order_completed', 'product_removed') AS product
		FROM events e CROSS JOIN LATERAL (SELECT (extract(epoch FROM e.ts) * 1000)::bigint AS number) n) r) e;
VACUUM ANALYZE step_event;
CREATE INDEX step_by_category ON step_event (name, category, ts) INCLUDE (user_id);
CREATE INDEX step_by_name ON step_event (name, ts) INCLUDE (user_id);
CREATE INDEX step_by_user ON step_event (user_id, name, ts);
CREATE INDEX step_by_product ON step_event (user_id, product_id, name, ts) WHERE product_id IS NOT NULL;
CREATE INDEX step_by_time ON step_event (ts) INCLUDE (user_id);
-- rows stay whole, as those of cdp_data.profile do
CREATE TABLE step_person WITH (toast_tuple_target = 8160) AS
SELECT user_id, cdp.timeline_agg(ts, name, CASE WHEN product_id IS NOT NULL
		THEN jsonb_build_object('category', category, 'product_id', product_id, 'price', price) END ORDER BY ts) AS timeline
FROM step_event GROUP BY user_id;
CREATE TABLE plain_person WITH (toast_tuple_target = 8160) AS
SELECT user_id, cdp.timeline_agg(ts, name ORDER BY ts) AS timeline FROM step_event GROUP BY user_id;
CHECKPOINT;
VACUUM ANALYZE step_person, plain_person;
SELECT pg_prewarm(c) FROM unnest('{step_event,step_by_category,step_by_name,step_by_user,step_by_product,step_by_time,step_person,plain_person}'::regclass[]) c;
