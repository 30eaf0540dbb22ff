-- Click ids and cookies of platforms of ads: where libraries put them, and that a link that is passed on joins no two people.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_click ENCODING 'UTF8' TEMPLATE template0;
\c cdp_click
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();

-- as pages of Segment's and RudderStack's libraries have them, as properties, and as settings of integrations
SELECT cdp.ingest('{"type":"page","anonymousId":"a1","name":"Home","properties":{"url":"https://shop.example/?gclid=Cj0K-1","search":"?gclid=Cj0K-1"},"context":{"page":{"url":"https://shop.example/?gclid=Cj0K-1","search":"?gclid=Cj0K-1"},"campaign":{"source":"google"}}}
{"type":"track","anonymousId":"a2","event":"E","context":{"page":{"search":"?utm_source=x&fbclid=IwAR%2B2&ScCid=s2"},"fbp":"fb.1.1700000000000.42","fbc":"fb.1.1700000000000.IwAR+2"}}
{"type":"track","anonymousId":"a3","event":"E","properties":{"ttclid":"tt3","price":3,"msclkid":7},"integrations":{"TikTok Conversions":{"ttp":"p3"},"Google Analytics 4":{"clientId":1.3},"All":true}}
{"type":"track","anonymousId":"a4","event":"E","integrations":{"GA4":{"client_id":"1.4"}},"context":{"campaign":{"gclid":"g4","gbraid":"not-of-a-click"},"page":{"url":"https://shop.example/?gclid=&dclid=%00&twclid=%ff&li_fat_id=null&fbc=broken","referrer":"https://other.example/?gclid=others"}}}
{"type":"page","properties":{"url":"/?yclid=alone"}}', 'web');
SELECT taken, accepted, quarantined FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles ORDER BY identifiers;
SELECT namespace, reason, occurrences, example FROM cdp.rejected_value ORDER BY 1, 2;
SELECT count(*) AS as_sent FROM cdp.messages WHERE message -> 'context' -> 'campaign' ->> 'gbraid' = 'not-of-a-click' OR message -> 'properties' ->> 'msclkid' = '7';
-- one click does not count twice on its event
SELECT self_links FROM cdp.batch;

-- an offline conversion names the click: it is the person who clicked
INSERT INTO cdp.inbox (type, user_id, event, identifiers) VALUES ('track', 'u1', 'Signed', '{"gclid": "Cj0K-1"}');
SELECT accepted FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles WHERE 'user_id:u1' = ANY (identifiers);
SELECT * FROM cdp.near_shared;
-- the link is passed on: to many, who stay apart; and what it had joined comes apart
SELECT sum(cdp.ingest(format('{"type":"page","anonymousId":"friend-%s","context":{"page":{"url":"https://shop.example/?gclid=Cj0K-1"}}}', g), 'web')) FROM generate_series(1, 20) g;
SELECT accepted FROM cdp.refresh();
SELECT count(*) AS must_be_20 FROM cdp.profiles WHERE identifiers[1] ~ 'friend' AND cardinality(identifiers) = 1;
SELECT identifiers FROM cdp.profiles WHERE 'user_id:u1' = ANY (identifiers) OR 'anonymous_id:a1' = ANY (identifiers) ORDER BY 1;
SELECT identifier, linked_namespace, link_count, max_links FROM cdp.shared_identifiers;
-- a browser that clicks often is one browser
SELECT sum(cdp.ingest(format('{"type":"page","anonymousId":"a9","userId":"u9","context":{"page":{"url":"https://shop.example/?gclid=often-%s"}}}', g), 'web')) FROM generate_series(1, 200) g;
SELECT accepted FROM cdp.refresh();
SELECT cardinality(identifiers) AS must_be_202 FROM cdp.profiles WHERE 'user_id:u9' = ANY (identifiers);
-- of parameters that have one name, the first counts: no link keeps an event out of the log
INSERT INTO cdp.inbox (type, user_id, properties)
SELECT 'page', 'u10', jsonb_build_object('url', 'https://shop.example/?' || string_agg('gclid=many-' || g, '&' ORDER BY g)) FROM generate_series(1, 40) g;
SELECT accepted, quarantined FROM cdp.refresh();
SELECT identifiers FROM cdp.profiles WHERE 'user_id:u10' = ANY (identifiers);
SELECT * FROM cdp.verify();
SELECT cdp.rules() -> 'gclid' AS gclid, cdp.rules() -> 'fbp' -> 'priority' AS fbp;
\c :origin
DROP DATABASE cdp_click;
