-- Properties of events in a condition: not carried is an error, never seen a notice; so are names that look like steps; what changes at every instant.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_properties ENCODING 'UTF8' TEMPLATE template0;
\c cdp_properties
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\set SHOW_CONTEXT never
-- where they stand
SELECT * FROM cdp_internal.condition_names($$ cdp.did(timeline, 'a[p = 1, q exists] | b[r > 2]') AND cdp.did(timeline, '*[s exists]') AND cdp.sum(timeline, 't[u = 1]', 'v') > 1 AND cdp.unique_values(timeline, property => 'w', step => 'x | y') IS NULL
	AND cdp.did(cdp.filter_events(timeline, 'f', 'n', '>', 1), 'f') AND cdp.matches(timeline, 'g[h = 1] -> i -> not j same k') AND cdp.matches(timeline, 'l -> m[z > previous] -> o') AND cdp.funnel(timeline, 'c[d = 1] -> e in 1 day') = 2
	AND cdp.max(timeline, cdp.quote_step('A ' || 'B'), 'C' || 'D') > 1 AND cdp.min(timeline, NULL, 'E') > 1 $$);
-- not carried, also before the first refresh
SELECT cdp.create_segment('s', $$ cdp.did(timeline, 'Signed Up[plan = "pro"]') $$);
INSERT INTO cdp.inbox (type, user_id, event, properties, "timestamp") VALUES
	('track', 'u1', 'Order Completed', '{"total": 5, "products": [{"sku": "a"}]}', '2026-01-01Z'), ('track', 'u1', 'Order Completed', '{"coupon": {"too": "deep"}}', '2026-01-02Z'), ('track', 'u2', 'Signed Up', '{"plan": "pro"}', '2026-01-02Z');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT cdp.create_segment('s', $$ cdp.did(timeline, 'Signed Up[plan = "pro"]') OR cdp.did(timeline, 'Order Complted') $$);
SELECT cdp.create_segment('s', $$ cdp.sum(timeline, 'Order Completed', 'totl') > 5 $$);
SELECT cdp.create_segment('s', $$ cdp.matches(timeline, 'view -> "Order Completed" same "session""id"') $$);
SELECT cdp.create_segment('s', $$ cdp.did(timeline, '*[plan exists]') $$);
SELECT cdp.carry_property('Signed Up', 'plan');
SELECT cdp.create_segment('any_plan', $$ cdp.did(timeline, '*[plan exists]') $$);
-- carried and never seen; what was left out was seen, and nothing is said of the properties of events that were not
SELECT cdp.create_segment('n1', $$ cdp.did(timeline, 'Order Completed[sku = "a", coupon exists, brand = "x"]') OR cdp.did(timeline, 'Odrer Completed[brand = "x"]') $$);
SELECT cdp.create_segment('n2', $$ cdp.matches(timeline, '"Signed Up"[plan exists] -> "Order Completed"[category = "x"] same campaign_name') AND cdp.avg(timeline, 'Order Completed', 'price') > 1 $$);
SELECT cdp.create_segment('n3', $$ cdp.did(timeline, '*[currency = "EUR"]') $$);
-- names that look like steps
SELECT cdp.create_segment('l1', $$ cdp.did(timeline, 'Signed Up | Order Completed') $$);
SELECT cdp.create_segment('l2', $$ cdp.did(timeline, 'Signed Up -> Order Completed') AND cdp.did_not(timeline, 'Order%') $$);
SELECT cdp.create_segment('l3', $$ cdp.did(timeline, cdp.quote_step('Signed Up[plan = "pro"]')) $$);
SELECT cdp.create_segment('l4', $$ cdp.did(timeline, '"Signed Up" | "Order Completed"') $$);
-- the tables
SELECT events FROM cdp.trend_table('Order Completed[brand = "x"]', 'month', 'UTC', '2026-01-01', '2026-02-01', number => 'quantity', by => '{property:sku,property:category}');
SELECT events FROM cdp.trend_table('Signed Up | Order Completed', 'month', 'UTC', '2026-01-01', '2026-02-01');
SELECT channel_name, model, conversions FROM cdp.attribution_table('Order Completed', 'total', models => '{first}', as_of => '2026-02-01');
SELECT people FROM cdp.funnel_table('"Signed Up"[plan = "pro"] -> "Order Completed"[value > 1] in 1 day');
-- what changes at every instant
SELECT cdp.create_segment('quiet', $$ cdp.time_since(timeline, 'Order Completed') > '30 days' $$);
SELECT cdp.create_segment('quiet', $$ cdp.did_not(timeline, 'Order Completed', within => '30 days') AND cdp.longest_gap(timeline, 'Order Completed') < '30 days' $$);
\c :origin
DROP DATABASE cdp_properties;
