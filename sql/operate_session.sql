-- The 60-second session of the README, as pasted.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_session ENCODING 'UTF8' TEMPLATE template0;
\c cdp_session
CREATE EXTENSION cdp;
SELECT cdp.init();

INSERT INTO cdp.inbox (type, anonymous_id, user_id, event, properties, traits, "timestamp") VALUES
 ('track',    'a-1', NULL,  'Product Viewed',  '{"sku":"mug"}',  NULL,                          now() - interval '2 days'),
 ('identify', 'a-1', 'u-7', NULL,              NULL,             '{"email":"Ann@Example.com"}', now() - interval '47 hours'),
 ('track',    NULL,  'u-7', 'Order Completed', '{"total":40}',   NULL,                          now() - interval '1 day');

SELECT taken, waiting, accepted, duplicate, quarantined, identifiers, profiles_created, profiles_merged, profiles_touched FROM cdp.refresh();
SELECT profile_id, round(extract(epoch FROM now() - first_seen) / 3600) AS hours_since_first, round(extract(epoch FROM now() - last_seen) / 3600) AS hours_since_last, identifiers, traits, events FROM cdp.profiles;
SELECT jsonb_pretty(cdp.lookup('email:ann@example.com') - 'first_seen' - 'last_seen' #- '{events,0,timestamp}' #- '{events,1,timestamp}' #- '{events,2,timestamp}'
	#- '{identifiers,0,first_known}' #- '{identifiers,1,first_known}' #- '{identifiers,2,first_known}');
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order Completed', within => '90 days') $$);
SELECT profile_id FROM cdp.members('buyers');

-- the toolkit alone, on a table of the user's own
CREATE TABLE my_events (user_id int, ts timestamptz, event text);
INSERT INTO my_events VALUES (1, '2026-01-01', 'view'), (1, '2026-01-02', 'cart'), (1, '2026-01-03', 'buy'),
 (2, '2026-01-01', 'view'), (2, '2026-01-20', 'cart'), (3, '2026-01-01', 'buy');
SELECT user_id, cdp.window_funnel('7 days', ts, event = 'view', event = 'cart', event = 'buy') FROM my_events GROUP BY user_id ORDER BY user_id;
CREATE TABLE contacts (email text, phone text, customer_no text);
INSERT INTO contacts VALUES ('Ann@Example.com', '+447700900001', 'c1'), ('ann@example.COM', NULL, 'c2'), ('bob@example.com', '+447700900002', 'null'), (NULL, '+447700900002', 'c3');
SELECT identifier, component FROM cdp.components('SELECT email, phone, customer_no AS user_id FROM contacts') ORDER BY component, identifier;

\c :origin
DROP DATABASE cdp_session;
