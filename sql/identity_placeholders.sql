-- placeholders and ids of very many devices join no visitors
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_placeholders ENCODING 'UTF8' TEMPLATE template0;
\c cdp_placeholders
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\pset null '-'
INSERT INTO cdp.inbox (type, anonymous_id, user_id, event, "timestamp")
SELECT 'track', 'an-' || p.n || '-' || g, p.placeholder, 'View', now() - interval '2 days' + g * interval '1 s'
FROM unnest(ARRAY['N/A', 'nil', '(null)', '{{user_id}}', '${userId}', '[object Object]', '<user_id>']) WITH ORDINALITY p(placeholder, n), generate_series(1, 50) g;
SELECT accepted, quarantined FROM cdp.refresh();
SELECT count(*) AS profiles, (SELECT count(*) FROM cdp.identifiers WHERE namespace = 'user_id') AS user_ids FROM cdp.profiles;

-- a value in no list: one person as long as a person can have so many identifiers, listed from 80 % on
INSERT INTO cdp.inbox (type, anonymous_id, user_id, event, "timestamp")
SELECT 'track', 'dev-' || g, 'tester', 'View', now() - interval '2 days' + g * interval '1 s' FROM generate_series(1, 900) g;
SELECT accepted FROM cdp.refresh();
SELECT identifier, linked_namespace, link_count, max_links FROM cdp.near_shared;
SELECT * FROM cdp.shared_identifiers;
SELECT max(c.number) AS identifiers FROM (SELECT count(*) AS number FROM cdp_data.identifier WHERE profile_id <> 0 GROUP BY profile_id) c;
-- more than that is no person: those joined before part again
INSERT INTO cdp.inbox (type, anonymous_id, user_id, event, "timestamp")
SELECT 'track', 'dev-' || g, 'tester', 'View', now() - interval '2 days' + g * interval '1 s' FROM generate_series(901, 1001) g;
SELECT accepted FROM cdp.refresh();
SELECT identifier, linked_namespace, link_count, max_links FROM cdp.near_shared;
SELECT identifier, namespace, linked_namespace, link_count, max_links, by_verdict, reason, profile_id = cdp.profile_of('user_id:tester'::cdp.identifier) AS its_own FROM cdp.shared_identifiers;
SELECT count(*) AS profiles, (SELECT max(c) FROM (SELECT count(*) AS c FROM cdp_data.identifier WHERE profile_id <> 0 GROUP BY profile_id) d) AS identifiers FROM cdp.profiles;
-- what a person decided is listed with it
SELECT cdp.mark_shared('anonymous_id:dev-1', true);
SELECT identifier, linked_namespace, link_count, max_links, by_verdict FROM cdp.shared_identifiers ORDER BY 1;
SELECT cdp.mark_shared('user_id:tester', false);
SELECT identifier, by_verdict FROM cdp.shared_identifiers ORDER BY 1;
SELECT * FROM cdp.verify();
-- so is any identifier that is no device's: an e-mail, and a namespace of one's own
INSERT INTO cdp.inbox (type, anonymous_id, identifiers, event, "timestamp")
SELECT 'track', n.namespace || g, jsonb_build_object(n.namespace, 'box@example.com'), 'View', now() - interval '2 days' + g * interval '1 s'
FROM (VALUES ('email'), ('loyalty_card')) n(namespace), generate_series(1, 1001) g;
SELECT accepted FROM cdp.refresh();
SELECT identifier, linked_namespace, link_count, max_links FROM cdp.shared_identifiers WHERE NOT by_verdict ORDER BY identifier COLLATE "C";
\c :origin
DROP DATABASE cdp_placeholders;
