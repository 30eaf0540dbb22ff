-- A name in a condition or a rule that was never seen is a notice, with the nearest known name.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_names ENCODING 'UTF8' TEMPLATE template0;
\c cdp_names
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
-- nothing was loaded: no name says anything
SELECT cdp.create_segment('early', $$ cdp.did(timeline, 'Order Complted') AND traits ->> 'pln' = 'pro' $$);
SELECT cdp.set_rules('{"emial": {"max_per_profile": 3}}');
SELECT cdp.drop_segment('early');
INSERT INTO cdp.inbox (type, user_id, event, traits, group_id, "timestamp") VALUES
	('track', 'us-1', 'Order Completed', NULL, NULL, now() - interval '1 day'), ('track', 'us-1', 'Product Viewed', NULL, NULL, now() - interval '2 days'),
	('identify', 'us-1', NULL, '{"plan": "pro", "city": "Lyon"}', NULL, now() - interval '1 day'), ('group', 'us-1', NULL, '{"industry": "toys"}', 'acme', now() - interval '1 day'),
	('track', 'us-1', repeat('x', 300), NULL, NULL, now()), ('track', NULL, 'Lost Event', NULL, NULL, now());
SELECT accepted, quarantined FROM cdp.refresh();
SELECT kind, name, batch_id FROM cdp.seen_name ORDER BY kind, name;

-- where the names stand in a condition
SELECT * FROM cdp_internal.condition_names($$ cdp.did(timeline, 'a') AND cdp.did(timeline, within => '1 day', step => 'b') AND NOT cdp.did_not(timeline, cdp.quote_step('c' || 'd'))
	AND cdp.sum(timeline, 'e', 'total') > 1 AND cdp.did(cdp.filter_events(timeline, 'f', 'total', '>', 1), 'f', within => '30 days')
	AND cdp.matches(timeline, 'g -> (h | i) within 1 day -> not j -> "k l"') AND cdp.funnel(timeline, 'm -> (n[x = 1] | m) in 1 day') = 2 AND cdp.funnel(timeline, 'o -> p in 1 day') = 2
	AND CASE WHEN (SELECT true) THEN true END IS NULL $$);
SELECT * FROM cdp_internal.condition_names($$ traits ->> 'a' = 'x' AND cdp.try_integer(traits -> 'b') > 1 AND traits ? 'c' AND traits ?| '{d,e}' AND traits ?& ARRAY['f', 'g'] AND traits @> '{"h": {"deep": 1}, "i": 2}'
	AND account_traits ->> 'j' = 'y' AND traits::jsonb ->> 'k' = 'z' AND profile_row.traits ->> ('l' || 'm')::varchar = 'n' AND (traits -> 'o') ->> 'deep' = '1' AND traits <> '{}' AND cdp.identifier('q', 'us-1') = ANY (identifiers) AND 'r:1' = ANY (identifiers) AND identifiers && '{s:1,t:2}' $$);

-- the notices
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order Complted') AND traits ->> 'pln' = 'pro' AND account_traits ->> 'industri' = 'toys' $$);
SELECT cdp.create_segment('walkers', $$ cdp.matches(timeline, '"Product Viewd" -> "order completed" -> Cart') $$);
SELECT cdp.create_segment('right', $$ cdp.did(timeline, 'Order Completed') AND traits ->> 'plan' = 'pro' AND account_traits ? 'industry' AND cdp.did_not(timeline, 'Product Viewed', within => '1 day') $$);
SELECT cdp.create_segment('far', $$ cdp.did(timeline, 'zzz') $$);
-- an error is an error, without notices
SELECT cdp.create_segment('wrong', $$ cdp.did(timeline, 'Order Complted') AND 7 $$);
SELECT cdp.set_trait_rules('{"ctiy": "last"}');
SELECT cdp.set_trait_rules('{"city": "last"}');
SELECT cdp.set_trait_rules('{"*": "last"}');
SELECT cdp.carry_property('Order Compleated', 'shipping'), cdp.carry_property('Order Completed', 'tax'), cdp.carry_property('*', 'weight');
SELECT cdp.set_rules('{"usr_id": {"priority": 12}}');
SELECT cdp.set_rules('{"email": {"priority": 31}}');
SELECT people FROM cdp.funnel_table('"Product Viewed" -> "Ordr Completed" in 7 days');
SELECT count(*) FROM cdp.funnel_table('"Product Viewed"', by => '{trait:citty}');
SELECT count(*) FROM cdp.retention_table('Product Vewed', '*', 'day', 'UTC', by => '{trait:plann}');
SELECT count(*) FROM cdp.paths('Product Viewedd', 'Order');
-- the rows of a query have names of their own
SELECT people FROM cdp.funnel_table('signup -> pay in 7 days', query => $$ VALUES (1, now(), 'signup') $$);
-- an analyst gets them, too
SET client_min_messages = warning;
CREATE ROLE regress_names;
SELECT cdp.grant_access('regress_names', 'analyst');
RESET client_min_messages;
SET ROLE regress_names;
SELECT people FROM cdp.funnel_table('"Product Vewed"');
RESET ROLE;

-- the first 10,000 of a kind are kept; then a name may have been seen and is not known, so that there is no notice
INSERT INTO cdp.inbox (type, user_id, event, "timestamp") SELECT 'track', 'us-1', 'event ' || g, now() - interval '1 hour' FROM generate_series(1, 12000) g;
SELECT accepted FROM cdp.refresh();
SELECT kind, count(*) FROM cdp.seen_name GROUP BY kind ORDER BY kind;
INSERT INTO cdp.inbox (type, user_id, event, "timestamp") VALUES ('track', 'us-1', 'one more', now());
SELECT accepted FROM cdp.refresh();
SELECT kind, count(*) FROM cdp.seen_name GROUP BY kind ORDER BY kind;
SELECT people FROM cdp.funnel_table('"one more" -> "Prduct Viewed" in 7 days');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_names;
DROP ROLE regress_names;

-- the nearest of several names
SELECT cdp_internal.nearest_name(n, '{Order Completed,Order Cancelled,Produit consulté,a,plan}') AS nearest FROM (VALUES (1, 'order completed'), (2, 'Order Canceled'), (3, 'produit consulte'), (4, 'b'), (5, 'pla'), (6, ''), (7, repeat('x', 256)), (8, 'Order_Completed')) v(i, n) ORDER BY i;
SELECT cdp_internal.nearest_name('a', '{}') IS NULL AS none, cdp_internal.nearest_name('ab', '{NULL,ac}') AS null_is_none;
