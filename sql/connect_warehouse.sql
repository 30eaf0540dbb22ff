-- Schemas that the warehouse destinations of Segment and RudderStack write, and Snowplow's events.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_warehouse ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_warehouse
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
CREATE SCHEMA site;
-- as Segment's destination: timestamps with time zone, arrays as texts, times of loading
CREATE TABLE site.tracks (id varchar(1024), anonymous_id varchar(512), user_id varchar(512), event varchar(512), event_text varchar(512), context_ip text, context_page_url text, received_at timestamptz, sent_at timestamptz, "timestamp" timestamptz, original_timestamp timestamptz, uuid bigint, uuid_ts timestamptz);
CREATE TABLE site.order_completed (LIKE site.tracks, total numeric, products text, coupon_code text, shipping_address_city text, context_traits_plan text, context_app_version text, context_user_agent text, context_campaign_name text, context_device_advertising_id text, context_my_own text);
CREATE TABLE site.identifies (id text, anonymous_id text, user_id text, email text, name text, company_name text, company_employee_count bigint, address_city text, address_postal_code text, age bigint, context_ip text, received_at timestamptz, sent_at timestamptz, "timestamp" timestamptz, original_timestamp timestamptz, uuid_ts timestamptz);
CREATE TABLE site.users (id text PRIMARY KEY, email text, name text, received_at timestamptz, uuid_ts timestamptz);
CREATE TABLE site.pages (id text, anonymous_id text, user_id text, name text, category text, url text, title text, context_page_path text, received_at timestamptz, "timestamp" timestamptz);
CREATE TABLE site.groups (id text, anonymous_id text, user_id text, group_id text, name text, employees bigint, received_at timestamptz, "timestamp" timestamptz);
CREATE TABLE site.aliases (id text, user_id text, previous_id text, received_at timestamptz, "timestamp" timestamptz);
CREATE TABLE site.rudder_discards (table_name text, row_id text, column_name text, column_value text, received_at timestamptz);
CREATE TABLE site.notes (a text);
INSERT INTO site.tracks (id, anonymous_id, user_id, event, event_text, received_at, "timestamp") VALUES ('m1', 'a1', 'u1', 'order_completed', 'Order Completed', '2026-01-01 10:00:05+00', '2026-01-01 10:00:03+00'), ('m2', 'a1', NULL, 'rare_event', 'Rare Event!', '2026-01-02', '2026-01-02');
INSERT INTO site.order_completed (id, anonymous_id, user_id, event, event_text, context_ip, context_page_url, received_at, sent_at, "timestamp", original_timestamp, total, products, coupon_code, shipping_address_city, context_traits_plan, context_app_version, context_user_agent, context_campaign_name, context_device_advertising_id, context_my_own)
VALUES ('m1', 'a1', 'u1', 'order_completed', 'Order Completed', '192.0.2.1', 'https://example.com/', '2026-01-01 10:00:05+00', '2026-01-01 10:00:02+00', '2026-01-01 10:00:03+00', '2026-01-01 10:00:00+00', 39.95, '[{"sku":"mug"}]', NULL, 'Oslo', 'pro', '1.2', 'Mozilla', 'spring', 'ABCD', 'mine');
INSERT INTO site.identifies (id, anonymous_id, user_id, email, name, company_name, company_employee_count, address_city, address_postal_code, age, received_at, "timestamp") VALUES ('m3', 'a1', 'u1', 'ann@example.com', 'Ann', 'ACME', 12, 'Oslo', '0150', NULL, '2026-01-01', '2026-01-01');
INSERT INTO site.users VALUES ('u1', 'ann@example.com', 'Ann', '2026-01-01');
INSERT INTO site.pages VALUES ('m4', 'a2', NULL, 'Pricing', 'Shop', 'https://example.com/p', 'Prices', '/p', '2026-01-03', '2026-01-03');
INSERT INTO site.groups VALUES ('m5', 'a1', 'u1', 'g1', 'ACME', 12, '2026-01-03', '2026-01-03');
INSERT INTO site.aliases VALUES ('m6', 'u1', 'a9', '2026-01-03', '2026-01-03');
-- lists that are none
SELECT left(cdp_internal.read_list(v)::text, 20) AS list FROM unnest(ARRAY['[1, {"a": null}]', ' []', '[1, 2', '{"a": 1}', 'mug, cup', '', repeat('[', 100000), NULL]) v WHERE length(v) < 100 OR length(cdp_internal.read_list(v)::text) = 100002;
SELECT * FROM cdp.connect_warehouse('site', 'web');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, type, event, anonymous_id, user_id, group_id, previous_id, properties, traits, context, "timestamp", original_timestamp, sent_at, received_at FROM cdp.events ORDER BY 1;
SELECT name, state, error, waiting FROM cdp.connection WHERE state <> 'live' OR waiting > 0;
-- rows, columns and tables that come later; rows that are loaded again, as RudderStack deletes and inserts them
ALTER TABLE site.order_completed ADD COLUMN gift boolean;
INSERT INTO site.order_completed (id, anonymous_id, event, event_text, received_at, "timestamp", total, gift) VALUES ('m7', 'a2', 'order_completed', 'Order Completed', '2026-01-04', '2026-01-04', 5, true);
INSERT INTO site.tracks (id, anonymous_id, event, event_text, received_at, "timestamp") VALUES ('m7', 'a2', 'order_completed', 'Order Completed', '2026-01-04', '2026-01-04'), ('m8', 'a2', 'signed_up', 'Signed Up', '2026-01-04', '2026-01-04');
CREATE TABLE site.signed_up (LIKE site.tracks, plan text);
INSERT INTO site.signed_up (id, anonymous_id, event, event_text, received_at, "timestamp", plan) VALUES ('m8', 'a2', 'signed_up', 'Signed Up', '2026-01-04', '2026-01-04', 'pro');
DELETE FROM site.identifies; INSERT INTO site.identifies (id, anonymous_id, user_id, email, name, company_name, company_employee_count, address_city, address_postal_code, age, received_at, "timestamp") VALUES ('m3', 'a1', 'u1', 'ann@example.com', 'Ann', 'ACME', 12, 'Oslo', '0150', NULL, '2026-01-01', '2026-01-01');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT message_id, event, properties FROM cdp.events WHERE message_id IN ('m7', 'm8') ORDER BY 1;
SELECT connection, rows_are FROM cdp.connect_warehouse('site', 'web') WHERE table_name = 'site.signed_up';
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT message_id, event, properties FROM cdp.events WHERE message_id IN ('m7', 'm8') ORDER BY 1;
SELECT identifiers, traits FROM cdp.profiles ORDER BY 1;
SELECT group_id, traits FROM cdp.accounts;
SELECT * FROM cdp.verify();

-- Snowplow: times without a zone are in UTC; a link from another domain
CREATE SCHEMA atomic;
CREATE TABLE atomic.events (app_id text, platform text, etl_tstamp timestamp, collector_tstamp timestamp NOT NULL, dvce_created_tstamp timestamp, derived_tstamp timestamp, event text, event_id char(36) NOT NULL, event_name text, user_id text, domain_userid text, domain_sessionid text, network_userid text, refr_domain_userid text, refr_dvce_tstamp timestamp,
	user_ipaddress text, useragent text, page_url text, page_title text, page_referrer text, mkt_source text, mkt_medium text, mkt_campaign text, mkt_term text, mkt_content text, se_category text, se_action text, se_value double precision, tr_orderid text, tr_total numeric, PRIMARY KEY (event_id));
INSERT INTO atomic.events (collector_tstamp, derived_tstamp, event, event_id, event_name, user_id, domain_userid, network_userid, refr_domain_userid, page_url, page_title, se_category, se_action, tr_orderid, tr_total, mkt_source) VALUES
	('2026-01-01 10:00:00', '2026-01-01 09:59:58', 'page_view', 'e0000000-0000-4000-8000-000000000001', 'page_view', NULL, 'd1', 'n1', 'd0', 'https://example.com/?_sp=d0', 'Home', NULL, NULL, NULL, NULL, 'news'),
	('2026-01-01 10:01:00', NULL, 'struct', 'e0000000-0000-4000-8000-000000000002', 'event', 'u5', 'd1', 'n1', NULL, NULL, NULL, 'cart', 'add', NULL, NULL, NULL),
	('2026-01-01 10:02:00', '2026-01-01 10:02:00', 'unstruct', 'e0000000-0000-4000-8000-000000000003', 'link_click', NULL, 'd1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('2026-01-01 10:03:00', '2026-01-01 10:03:00', 'transaction', 'e0000000-0000-4000-8000-000000000004', 'transaction', NULL, 'd0', NULL, NULL, NULL, NULL, NULL, NULL, 'o1', 12.5, NULL);
-- a self-describing event, and entities, as the loader has them
CREATE TABLE atomic.com_snowplowanalytics_snowplow_link_click_1 (schema_vendor text NOT NULL, schema_name text NOT NULL, schema_format text NOT NULL, schema_version text NOT NULL, root_id char(36) NOT NULL, root_tstamp timestamp NOT NULL, ref_root text NOT NULL, ref_tree text NOT NULL, ref_parent text NOT NULL, target_url text, element_id text);
CREATE TABLE atomic.com_acme_product_1 (LIKE atomic.com_snowplowanalytics_snowplow_link_click_1, sku text);
CREATE TABLE atomic.unrelated (root_id char(36), note text);
INSERT INTO atomic.com_snowplowanalytics_snowplow_link_click_1 VALUES ('com.snowplowanalytics.snowplow', 'link_click', 'jsonschema', '1-0-1', 'e0000000-0000-4000-8000-000000000003', '2026-01-01 10:02:00', 'events', '["events","link_click"]', 'events', 'https://example.com/more', NULL);
INSERT INTO atomic.com_acme_product_1 (schema_vendor, schema_name, schema_format, schema_version, root_id, root_tstamp, ref_root, ref_tree, ref_parent, sku) SELECT 'com.acme', 'product', 'jsonschema', '1-0-0', 'e0000000-0000-4000-8000-00000000000' || n, at::timestamp, 'events', '[]', 'events', sku
	FROM (VALUES (1, '2026-01-01 10:00:00', 'mug'), (1, '2026-01-01 10:00:00', 'cup'), (2, '2026-01-01 23:00:00', 'of another time')) AS v (n, at, sku);
UPDATE atomic.events SET etl_tstamp = collector_tstamp + interval '1 minute';
SET timezone = 'America/New_York';
SELECT connection, table_name, rows_are, note FROM cdp.connect_warehouse('atomic', 'snowplow', follow => 'column');
SELECT accepted, quarantined FROM cdp.refresh();
SET timezone = 'UTC';
SELECT message_id, type, event, anonymous_id, user_id, identifiers, properties, context, "timestamp" FROM cdp.events WHERE source = 'snowplow' ORDER BY 1;
SELECT identifiers FROM cdp.profiles WHERE 'network_userid:n1' = ANY (identifiers);
SELECT name, state, cursor_column FROM cdp.connection WHERE source = 'snowplow';
-- what is none
SELECT * FROM cdp.connect_warehouse('public', 'x');
SELECT * FROM cdp.connect_warehouse('none', 'x');
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_warehouse;
