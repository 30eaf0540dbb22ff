-- Ready mappings: tables as services write them.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
CREATE DATABASE cdp_connect_template ENCODING 'UTF8' TEMPLATE template0;
\c cdp_connect_template
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
\i :no_autovacuum
SELECT cdp.connection_template('stripe.refunds', 'fivetran');
SELECT cdp.connection_template('salesforce.Accounts', 'Fivetran');
-- each is a mapping
SELECT t.name, t.written_by FROM cdp_internal.connection_templates() t GROUP BY 1, 2
HAVING NOT cdp.connection_template(t.name, t.written_by) ?| '{event,traits}' OR NOT cdp.connection_template(t.name, t.written_by) ?| '{identifiers,group_id}';
CREATE SCHEMA stripe;
CREATE TABLE stripe.customer (id text PRIMARY KEY, email text, phone text, name text, metadata text, created timestamp, is_deleted boolean, livemode boolean, _fivetran_synced timestamptz);
INSERT INTO stripe.customer VALUES ('cus_1', 'Ann@example.com', NULL, 'Ann', '{"plan": "pro"}', '2026-01-01', NULL, true, now()), ('cus_2', 'test@example.com', NULL, 'Test', '', '2026-01-01', false, false, now()),
	('cus_3', 'gone@example.com', NULL, 'Gone', NULL, '2026-01-01', true, true, now());
CREATE TABLE stripe.charge (id text PRIMARY KEY, customer_id text, receipt_email text, billing_detail_email text, amount bigint, currency text, status text, refunded boolean, livemode boolean, created timestamp);
INSERT INTO stripe.charge VALUES ('ch_1', 'cus_1', NULL, NULL, 1999, 'eur', 'succeeded', false, true, '2026-01-02'), ('ch_2', NULL, 'ann@example.com', NULL, 500, 'jpy', 'succeeded', false, true, '2026-01-03'),
	('ch_3', 'cus_1', NULL, NULL, 1, 'usd', 'failed', false, true, '2026-01-04'), ('ch_4', 'cus_2', NULL, NULL, 1, 'usd', 'succeeded', false, false, '2026-01-04');
CREATE TABLE stripe.charges (id text, customer text, receipt_email text, billing_details jsonb, amount bigint, currency text, status text, created bigint, metadata jsonb, _airbyte_raw_id uuid DEFAULT gen_random_uuid(), _airbyte_extracted_at timestamptz);
INSERT INTO stripe.charges (id, customer, billing_details, amount, currency, status, created, metadata, _airbyte_extracted_at) VALUES ('ch_5', NULL, '{"email": "ann@example.com"}', 1250, 'usd', 'succeeded', 1767225600, '{"a": 1}', '2026-02-01');
CREATE TABLE stripe.subscription_history (id text, _fivetran_start timestamp, _fivetran_active boolean, customer_id text, status text, created timestamp, PRIMARY KEY (id, _fivetran_start));
INSERT INTO stripe.subscription_history VALUES ('sub_1', '2026-01-01', false, 'cus_1', 'trialing', '2026-01-01'), ('sub_1', '2026-01-08', true, 'cus_1', 'active', '2026-01-01');
CREATE SCHEMA shopify;
CREATE TABLE shopify."order" (id bigint PRIMARY KEY, customer_id bigint, email text, cart_token text, total_price numeric, currency text, test boolean, processed_at timestamptz, created_at timestamptz, cancelled_at timestamptz, browser_ip text, _fivetran_deleted boolean);
INSERT INTO shopify."order" VALUES (1001, 7, 'ann@example.com', 'cart-1', 20.5, 'EUR', false, '2026-01-05', '2026-01-06', NULL, '192.0.2.1', false), (1002, 7, NULL, NULL, 1, 'EUR', true, '2026-01-05', '2026-01-05', NULL, NULL, false);
CREATE SCHEMA shopify_new;
CREATE TABLE shopify_new."order" (id bigint PRIMARY KEY, customer_id bigint, email text, total_price_set_shop_amount text, currency_code text, processed_at timestamptz, created_at timestamptz, cancelled_at timestamptz, client_ip text);
INSERT INTO shopify_new."order" VALUES (1003, 7, NULL, '30.00', 'USD', '2026-01-07', '2026-01-07', '2026-01-08', '192.0.2.2');
CREATE SCHEMA salesforce;
CREATE TABLE salesforce.contact (id text PRIMARY KEY, email text, phone text, mobile_phone text, first_name text, last_name text, account_id text, master_record_id text, is_deleted boolean, has_opted_out_of_email boolean, created_date timestamptz, last_modified_date timestamptz);
INSERT INTO salesforce.contact VALUES ('003A000000AbCdEIAV', 'ann@example.com', NULL, NULL, 'Ann', 'A', '001A000000XyZaBIAV', NULL, false, false, '2026-01-01', '2026-01-09'),
	('003A000000ZzZzZIAV', 'ann.old@example.com', NULL, NULL, 'Ann', 'A', NULL, '003A000000AbCdE', true, true, '2026-01-01', '2026-01-10'), ('003A000000GgGgGIAV', 'gone2@example.com', NULL, NULL, 'G', 'G', NULL, NULL, true, false, '2026-01-01', '2026-01-01');
CREATE TABLE salesforce.lead (id text PRIMARY KEY, email text, phone text, converted_contact_id text, company text, status text, is_deleted boolean, created_date timestamptz, last_modified_date timestamptz);
INSERT INTO salesforce.lead VALUES ('00QA000000LlLlLIAV', 'lead@example.com', NULL, '003A000000AbCdEIAV', 'ACME', 'Converted', false, '2026-01-01', '2026-01-11');
CREATE TABLE salesforce.account (id text PRIMARY KEY, name text, industry text, number_of_employees integer, parent_id text, is_deleted boolean, created_date timestamptz);
INSERT INTO salesforce.account VALUES ('001A000000XyZaBIAV', 'ACME', 'Retail', 12, NULL, false, '2026-01-01');
CREATE SCHEMA ga4;
CREATE TABLE ga4.event (event_date date, event_timestamp bigint, event_name text, user_pseudo_id text, user_id text, event_bundle_sequence_id bigint, batch_event_index integer, param_ga_session_id bigint, param_page_location text, is_intraday boolean);
INSERT INTO ga4.event VALUES ('2026-01-01', 1767225600123456, 'page_view', '1.2', NULL, 5, 1, 99, 'https://example.com/', false), ('2026-01-01', 1767225600123456, 'page_view', '1.2', NULL, 5, 2, 99, 'https://example.com/a', false), ('2026-01-02', 1767225700123456, 'purchase', '1.2', 'u-1', 6, 1, 99, NULL, true);
CREATE TABLE ga4.events (event_timestamp bigint, event_name text, event_params jsonb, user_pseudo_id text, event_bundle_sequence_id bigint);
INSERT INTO ga4.events VALUES (1767225600123456, 'scroll', '[{"key": "ga_session_id", "value": {"int_value": 7}}, {"key": "page_title", "value": {"string_value": "Home"}}]', '1.3', 1);
SELECT cdp.connection_template('shopify.order', 'fivetran', 'shopify."order"') -> 'properties' AS old_names, cdp.connection_template('shopify.order', 'fivetran', 'shopify_new."order"') -> 'properties' AS new_names;
SELECT cdp.connect(t::regclass, mapping => cdp.connection_template(name, by, t::regclass), name => called, source => split_part(t, '.', 1))
FROM (VALUES ('stripe.customer', 'stripe.customers', 'fivetran', 'customer'), ('stripe.charge', 'stripe.charges', 'fivetran', 'charge'), ('stripe.charges', 'stripe.charges', 'airbyte', 'charges'),
	('stripe.subscription_history', 'stripe.subscriptions', 'fivetran', 'subscription'), ('shopify."order"', 'shopify.orders', 'fivetran', 'order_old'), ('shopify_new."order"', 'shopify.orders', 'fivetran', 'order_new'),
	('salesforce.contact', 'salesforce.contacts', 'fivetran', 'contact'), ('salesforce.lead', 'salesforce.leads', 'fivetran', 'lead'), ('salesforce.account', 'salesforce.accounts', 'fivetran', 'account'),
	('ga4.event', 'ga4.events', 'fivetran', 'ga4'), ('ga4.events', 'ga4.events', 'airbyte', 'ga4_airbyte')) v (t, name, by, called);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT message_id, type, event, user_id, group_id, identifiers, properties, traits, "timestamp" FROM cdp.events ORDER BY message_id COLLATE "C";
SELECT reason, detail, record FROM cdp.quarantine;
SELECT identifiers FROM cdp.profiles ORDER BY 1;
-- a history: the row that is active holds
UPDATE stripe.subscription_history SET _fivetran_active = false;
INSERT INTO stripe.subscription_history VALUES ('sub_1', '2026-02-01', true, 'cus_1', 'canceled', '2026-01-01');
-- the day is over: its rows are final
INSERT INTO ga4.event VALUES ('2026-01-02', 1767225700123456, 'purchase', '1.2', 'u-1', 6, 1, 99, NULL, false);
DELETE FROM ga4.event WHERE is_intraday;
SELECT accepted, deletions, quarantined FROM cdp.refresh();
SELECT message_id, event FROM cdp.events WHERE message_id LIKE 'subscription%' OR event = 'purchase' ORDER BY 1;
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_connect_template;
