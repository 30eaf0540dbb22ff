-- Mutable sources: of all rows with one message id the greatest holds, in whatever order they come.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_correct ENCODING 'UTF8' TEMPLATE template0;
\c cdp_correct
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
CREATE FUNCTION sell(id text, version jsonb, who text, total numeric, source text DEFAULT 'shop', at timestamptz DEFAULT '2025-01-01') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", received_at, source)
	VALUES (id, 'track', 'Order Completed', who, jsonb_strip_nulls(jsonb_build_object('total', total, 'meta', jsonb_build_object('version', version))), at, '2025-02-01', source)
$$;
CREATE VIEW orders AS SELECT e.message_id, e.user_id, e.properties ->> 'total' AS total, e.properties -> 'meta' ->> 'version' AS version FROM cdp.events e ORDER BY 1, 2, 3;
SELECT sell('o1', '1', 'u1', 10);
SELECT accepted FROM cdp.refresh();
-- declared afterwards: what was sent before is corrected too
SELECT cdp.set_sources('{"shop": {"mutable": true, "version": ["meta", "version"], "keep_corrections": true}}');
SELECT source, mutable, keep_corrections, version FROM cdp.sources;
SELECT sell('o1', '2', 'u2', 20);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT * FROM orders;
SELECT identifiers, events FROM cdp.profiles;
SELECT reason FROM cdp.resolve_profile('user_id:u1');
-- an older one, the same one, and several in one batch
SELECT sell('o1', '1', 'u1', 10), sell('o1', '2', 'u2', 20), sell('o1', '5', 'u2', 50), sell('o1', '3', 'u3', 30), sell('o2', '7', 'u4', 7), sell('o2', '8', 'u4', 8), sell('o2', '6', 'u5', 6);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT * FROM orders;
SELECT identifiers, events FROM cdp.profiles ORDER BY 1;
SELECT event_id, batch_id, source, message_id, event -> 'user_id' AS user_id FROM cdp.correction ORDER BY 1;
SELECT accepted, duplicate, retracted FROM cdp.sources;
SELECT * FROM cdp.verify();
-- numbers before texts, none before all, equal versions by their contents
SELECT sell('o3', NULL, 'u6', 1), sell('o3', '"b"', 'u6', 3), sell('o3', '9', 'u6', 2), sell('o3', '"a"', 'u6', 4);
SELECT accepted, duplicate FROM cdp.refresh();
SELECT total FROM orders WHERE message_id = 'o3';
SELECT sell('o4', '1', 'u7', 1), sell('o4', '1', 'u7', 2), sell('o4', '1', 'u7', 3);
SELECT accepted, duplicate FROM cdp.refresh();
SELECT total AS winner FROM orders WHERE message_id = 'o4' \gset
SELECT sell('o4', '1', 'u7', n) FROM generate_series(1, 3) n WHERE n <> :winner;
SELECT accepted, duplicate FROM cdp.refresh();
SELECT total = :'winner' AS same FROM orders WHERE message_id = 'o4';
-- another source does not correct, and is not corrected
SELECT sell('o1', '9', 'u9', 90, 'other');
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT sell('o5', '1', 'u9', 90, 'other');
SELECT accepted FROM cdp.refresh();
SELECT sell('o5', '2', 'u9', 91);
SELECT accepted, quarantined FROM cdp.refresh();
-- an event that is taken back; for good
SELECT events FROM cdp.retract(message_ids => '{o1}');
SELECT sell('o1', '1', 'u1', 10);
SELECT accepted FROM cdp.refresh();
SELECT * FROM orders WHERE message_id = 'o1';
SELECT events FROM cdp.retract(message_ids => '{o1}', forever => true);
SELECT sell('o1', '1', 'u1', 10), sell('o1', '3', 'u1', 30);
SELECT accepted, duplicate, quarantined FROM cdp.refresh();
SELECT count(*) FROM orders WHERE message_id = 'o1';
-- an event that is anchored elsewhere by now
SELECT sell('o6', '1', 'u10', 1);
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, properties, "timestamp", source) VALUES ('o7', 'track', 'Order Completed', 'a', '{"total": 1, "meta": {"version": 1}}', '2025-01-02', 'shop');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"anonymous_id": {"priority": 1}}'), cdp.mark_shared('user_id:u10', true);
SELECT sell('o6', '2', 'u11', 2), sell('o7', '2', 'u12', 2);
SELECT accepted FROM cdp.refresh();
SELECT * FROM orders WHERE message_id IN ('o6', 'o7');
-- the log lacks events of the person
SELECT sell('o8', '1', 'u20', 1), sell('o9', '1', 'u20', 1);
SELECT accepted FROM cdp.refresh();
BEGIN;
DELETE FROM cdp_data.event WHERE message_id = 'o8';
SELECT sell('o9', '2', 'u20', 2), sell('o6', '3', 'u11', 3);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT reason, detail FROM cdp.quarantine ORDER BY quarantine_id DESC LIMIT 1;
SELECT message_id, total FROM orders WHERE message_id IN ('o6', 'o9');
ROLLBACK;
-- without versions the later one holds
SELECT cdp.set_sources('{"shop": {"version": null, "keep_corrections": false}}');
SELECT sell('o6', '1', 'u13', 13);
SELECT accepted FROM cdp.refresh();
SELECT sell('o6', '1', 'u14', 14), sell('o6', '0', 'u15', 15);
SELECT accepted, duplicate FROM cdp.refresh();
SELECT * FROM orders WHERE message_id = 'o6';
SELECT count(*) FROM cdp.correction WHERE message_id = 'o6';
-- as before once it is not mutable
SELECT cdp.set_sources('{"shop": {"mutable": false}}');
SELECT count(*) FROM cdp_data.statement;
SELECT sell('o6', '9', 'u16', 16);
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM cdp.verify();
SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT cdp.set_sources('{"shop": {"mutable": 1}}');
SELECT cdp.set_sources('{"shop": {"version": []}}');
SELECT cdp.set_sources('{"shop": {"version": 1}}');

-- a random history: in both forms of the store, whatever the batches, the greatest statements are left
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m $$;
SELECT cdp.set_sources('{"many": {"party": "first", "mutable": true, "version": ["meta", "version"]}}');
CREATE TABLE said AS SELECT i, 'k' || chance(i || 'key', 60) AS id, chance(i || 'version', 1000000) AS version, 'v' || chance(i || 'who', 25) AS who, i AS total, chance(i || 'at', 90) AS day FROM generate_series(1, 600) i;
DO $$
DECLARE
	done integer := 0;
	n integer;
BEGIN
	WHILE done < 600 LOOP
		n := 1 + chance(done || 'n', 70);
		PERFORM set_config('cdp.store', CASE WHEN chance(done || 'form', 2) = 0 THEN 'sql' ELSE 'auto' END, true);
		PERFORM sell(id, to_jsonb(version), who, total, 'many', timestamptz '2025-01-01' + day * interval '1 day') FROM said WHERE i > done AND i <= done + n ORDER BY i;
		PERFORM cdp.refresh();
		IF done % 7 = 0 THEN PERFORM cdp.set_rules(format('{"user_id": {"max_per_profile": %s}}', 1 + done % 3)::jsonb); END IF;
		done := done + n;
	END LOOP;
END
$$;
SELECT count(*), count(*) FILTER (WHERE e.user_id = s.who AND e.properties ->> 'total' = s.total::text) AS greatest
FROM (SELECT DISTINCT ON (id) * FROM said ORDER BY id, version DESC) s FULL JOIN (SELECT * FROM cdp.events WHERE source = 'many') e ON e.message_id = s.id;
SELECT accepted + duplicate AS rows, accepted - retracted AS left, quarantined FROM cdp.sources WHERE source = 'many';
SELECT * FROM cdp.verify();
SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT count(*) FROM cdp_data.statement s JOIN cdp_data.event e USING (identifier_id, "timestamp", event_id) WHERE s.message_key = cdp_internal.message_key(e.message_id);
\c :origin
DROP DATABASE cdp_correct;
