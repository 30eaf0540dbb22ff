-- :rows people with three identifiers, eight traits and four events each; a fifth of them have a ticket, half of these
-- a closed one; one in fifty used the e-mail address of another customer; ten people belong to each account.  Five
-- segments.
SET client_min_messages = warning;
SELECT cdp.init();
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, identifiers, traits, properties, "timestamp", received_at, source)
SELECT 'm' || p || '-' || n, CASE n WHEN 0 THEN 'identify' ELSE 'track' END,
	CASE WHEN n = 0 THEN NULL WHEN p % 5 = 0 AND n = 2 THEN 'Ticket Created' WHEN p % 10 = 0 AND n = 3 THEN 'Ticket Closed' ELSE 'Product Viewed' END,
	'a' || p, 'u' || p, CASE WHEN n = 3 AND p % 50 = 1 THEN jsonb_build_object('email', 'person' || p + 1 || '@example.com') END,
	CASE n WHEN 0 THEN jsonb_build_object('email', 'person' || p || '@example.com', 'first_name', 'First ' || p % 1000, 'last_name', 'Last ' || p % 5000,
		'city', 'City ' || p % 300, 'plan', p % 3, 'age', 18 + p % 60, 'newsletter', p % 2 = 0, 'score', p % 100) END,
	CASE WHEN n > 0 THEN jsonb_build_object('sku', 's' || p % 400, 'price', n * 1.5, 'ticket_id', 't' || p) END,
	timestamptz '2026-03-01' + n * interval '10 days' + p * interval '1 second', '2026-06-01', 'source ' || p % 3
FROM generate_series(1, :rows) AS p, generate_series(0, 3) AS n ORDER BY n, p;
INSERT INTO cdp.inbox (message_id, type, user_id, group_id, traits, "timestamp", received_at, source)
SELECT 'g' || p, 'group', 'u' || p, 'company ' || p / 10, jsonb_build_object('name', 'Company ' || p / 10, 'seats', p % 10), timestamptz '2026-05-01' + p * interval '1 second', '2026-06-01', 'crm'
FROM generate_series(1, :rows) AS p;
DO $$
BEGIN
	WHILE EXISTS (SELECT FROM cdp.inbox) LOOP
		PERFORM cdp.refresh(400000);
	END LOOP;
END
$$;
SELECT cdp.create_segment('viewers', $$ cdp.did(timeline, 'Product Viewed', as_of => '2026-06-01') $$),
	cdp.create_segment('often', $$ cdp.did(timeline, 'Product Viewed', at_least => 3, as_of => '2026-06-01') $$),
	cdp.create_segment('best', $$ traits->>'plan' = '2' $$), cdp.create_segment('grown', $$ (traits->>'age')::int > 40 $$),
	cdp.create_segment('reached', $$ traits @> '{"newsletter": true}' $$);
CREATE TABLE own_identifier AS SELECT i.identifier, i.profile_id FROM cdp.identifiers i;
ALTER TABLE own_identifier ADD PRIMARY KEY (identifier);
VACUUM ANALYZE;
