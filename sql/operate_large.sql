-- Large people through the platform: long names of events, large traits, large properties, many accounts.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_large ENCODING 'UTF8' TEMPLATE template0;
\c cdp_large
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();

-- a timeline of 3 MiB in one batch, merged with another one in the next
INSERT INTO cdp.inbox (type, event, user_id) SELECT 'track', repeat('y', 240) || i, 'u1' FROM generate_series(1, 13000) AS i;
SELECT accepted FROM cdp.refresh();
INSERT INTO cdp.inbox (type, event, user_id) SELECT 'track', repeat('z', 240) || i, 'u1' FROM generate_series(1, 13000) AS i;
SELECT accepted FROM cdp.refresh();
SELECT events, cdp.event_count(timeline), octet_length(cdp_internal.timeline_send(timeline)) >= 6 << 20 AS large FROM cdp.profile_row;

-- rows whose traits are larger as jsonb than as text go to quarantine, the others are merged and shown
INSERT INTO cdp.inbox (type, user_id, traits)
SELECT 'identify', 'u2', (SELECT jsonb_object_agg('k' || c || '_' || k, (SELECT jsonb_agg(1) FROM generate_series(1, n))) FROM generate_series(1, 50) AS k)
FROM generate_series(1, 8) AS c, unnest(ARRAY[2666, 21001]) AS n;
INSERT INTO cdp.inbox (type, user_id, traits) SELECT 'identify', 'u2', jsonb_build_object('long', (SELECT jsonb_agg('1e131071'::numeric) FROM generate_series(1, 500)));
SELECT accepted, quarantined FROM cdp.refresh();
SELECT reason, min(detail COLLATE "C") AS detail, count(*) FROM cdp.quarantine GROUP BY reason;
SELECT identifiers, pg_column_size(traits) >> 20 AS traits FROM cdp.profiles ORDER BY 1;

-- a lookup shows of each list what there is room for; an event too large by itself is left out alone
INSERT INTO cdp.inbox (type, event, user_id, "timestamp", properties)
SELECT 'track', 'e' || i, 'u3', '2026-01-01Z'::timestamptz + i * interval '1 s', CASE WHEN i < 10 THEN jsonb_build_object('p', repeat('x', CASE i WHEN 7 THEN 70 ELSE 12 END << 20)) END
FROM generate_series(1, 12) AS i;
SELECT accepted FROM cdp.refresh();
SELECT (SELECT array_agg(e ->> 'event') FROM jsonb_array_elements(d -> 'events') AS e) AS events, d -> 'events_left_out' AS events_left_out, d -> 'event_count' AS event_count,
	pg_column_size(d) < 65 << 20 AS fits
FROM (SELECT cdp.lookup('user_id:u3', last_events => 1000000) AS d) l;
SELECT jsonb_array_length(d -> 'events') AS events, d ? 'events_left_out' AS left_out FROM (SELECT cdp.lookup('user_id:u3', last_events => 3) AS d) l;
-- accounts with large traits
INSERT INTO cdp.inbox (type, user_id, group_id, traits)
SELECT 'group', 'u3', 'g' || i, (SELECT jsonb_object_agg('k' || k, repeat('x', 32000)) FROM generate_series(1, 50) AS k) FROM generate_series(1, 7) AS i;
SELECT accepted FROM cdp.refresh();
SELECT (SELECT array_agg(a ->> 'group_id') FROM jsonb_array_elements(d -> 'accounts') AS a) AS accounts, d -> 'accounts_left_out' AS accounts_left_out,
	(SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(d) AS k) AS members
FROM (SELECT cdp.lookup('user_id:u3', 'accounts,identifiers,provenance,cases,traits') AS d) l;
SELECT jsonb_array_length(d -> 'provenance') AS shown, d -> 'provenance_left_out' AS left_out FROM (
	SELECT cdp.lookup('user_id:u2', 'traits,provenance') AS d) l;
SELECT count(*) FROM cdp.verify();
\c :origin
DROP DATABASE cdp_large;
