-- Deletions of mutable sources are statements too: they keep the message id, and the greatest statement holds.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_delete ENCODING 'UTF8' TEMPLATE template0;
\c cdp_delete
SET client_min_messages = warning;
CREATE EXTENSION cdp;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SELECT cdp.init();
CREATE FUNCTION sell(id text, version jsonb, who text, total numeric, source text DEFAULT 'shop') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", received_at, source)
	VALUES (id, 'track', 'Order Completed', who, jsonb_strip_nulls(jsonb_build_object('total', total, 'version', version)), '2025-01-01', '2025-02-01', source)
$$;
-- all that such a row needs is its message id
CREATE FUNCTION remove(id text, version jsonb, deleted jsonb DEFAULT 'true', source text DEFAULT 'shop') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, properties, source) VALUES (id, jsonb_strip_nulls(jsonb_build_object('version', version, 'meta', jsonb_build_object('gone', deleted))), source)
$$;
CREATE VIEW orders AS SELECT e.message_id, e.user_id, e.properties ->> 'total' AS total, e.properties ->> 'version' AS version FROM cdp.events e ORDER BY 1, 2, 3;
CREATE FUNCTION refresh(OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint) LANGUAGE sql AS $$
	SELECT r.accepted, r.duplicate, r.quarantined, r.deletions FROM cdp.refresh() r
$$;
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "version", "deleted": ["meta", "gone"], "keep_corrections": true}}');
SELECT source, mutable, version, deleted FROM cdp.sources;
SELECT cdp.rules() #> '{*,sources,shop,deleted}' AS deleted;
SELECT sell('o1', '1', 'u1', 10), sell('o2', '1', 'u1', 10), sell('o3', '1', 'u3', 10);
SELECT * FROM refresh();
SELECT remove('o1', '2'), remove('o3', '4');
SELECT * FROM refresh();
SELECT * FROM orders;
SELECT identifiers, events FROM cdp.profiles;
SELECT reason FROM cdp.resolve_profile('user_id:u3');
SELECT event_id, message_id, deleted, event -> 'user_id' AS user_id FROM cdp.correction ORDER BY 1;
SELECT * FROM cdp.verify();
-- older ones do not bring it back, the same one neither; of an equal version the deletion is the greater
SELECT sell('o1', '1', 'u1', 10), sell('o1', '1.5', 'u1', 15), sell('o1', '2', 'u1', 20), sell('o1', NULL, 'u1', 20), remove('o1', '2'), remove('o1', '1');
SELECT * FROM refresh();
SELECT count(*) FROM orders WHERE message_id = 'o1';
-- a greater one does, and a greater deletion deletes again
SELECT sell('o1', '3', 'u1', 30);
SELECT * FROM refresh();
SELECT * FROM orders;
SELECT remove('o1', '3'), remove('o2', '0');
SELECT * FROM refresh();
SELECT * FROM orders;
-- before the message has come, and within a batch, in any order
SELECT remove('n1', '5'), remove('n2', '5');
SELECT * FROM refresh();
SELECT sell('n1', '4', 'u5', 4), sell('n2', '6', 'u5', 6), sell('n3', '1', 'u5', 1), remove('n3', '2'), sell('n3', '1.5', 'u5', 15), remove('n4', '2'), sell('n4', '3', 'u5', 3), sell('n4', '1', 'u5', 1);
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id LIKE 'n%';
SELECT sell('n4', '3.5', 'u5', 35), remove('n4', '4'), sell('n4', '5', 'u6', 5), remove('n2', '7'), sell('n2', '6.5', 'u6', 65);
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id LIKE 'n%';
SELECT * FROM cdp.verify();
-- what deletes: anything but null, false, 0, and texts that are empty or say no
SELECT remove('w' || n, NULL, d) FROM unnest(ARRAY['false', '0', '0.0', '""', '" "', '"false"', '"No"', '"f"', 'null', 'true', '1', '"true"', '"2025-01-01 00:00:00Z"', '{}', '[]']::jsonb[]) WITH ORDINALITY AS u (d, n);
SELECT * FROM refresh();
SELECT string_agg(record -> 'properties' #>> '{meta,gone}', ', ' ORDER BY quarantine_id) AS no_deletions, min(reason), max(reason) FROM cdp.quarantine;
DELETE FROM cdp.quarantine;
-- one that is whole, and of a line; without a message id; wrong otherwise; of a source that the writer has not
INSERT INTO cdp.inbox (message_id, type, event, user_id, properties, "timestamp", source) VALUES ('o2', 'track', 'Order Completed', 'u1', '{"version": 9, "meta": {"gone": true}}', '2025-01-01', 'shop'), (NULL, 'track', 'Order Completed', 'u1', '{"version": 9, "meta": {"gone": true}}', '2025-01-01', 'shop'), ('null', NULL, NULL, NULL, '{"meta": {"gone": true}}', NULL, 'shop'), ('o9', 'nothing', NULL, NULL, '{"meta": {"gone": true}}', NULL, 'shop');
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"messageId": "n4", "properties": {"version": 7, "meta": {"gone": 1}}}', 'shop');
SELECT * FROM refresh();
SELECT reason, detail FROM cdp.quarantine ORDER BY quarantine_id;
SELECT * FROM orders;
CREATE ROLE cdp_delete_writer;
SELECT cdp.grant_access('cdp_delete_writer', 'writer', '{web}');
GRANT EXECUTE ON FUNCTION sell, remove TO cdp_delete_writer;
SELECT sell('p1', '1', 'u7', 1);
SET ROLE cdp_delete_writer;
SELECT remove('p1', '2');
RESET ROLE;
SELECT * FROM refresh();
SELECT reason FROM cdp.quarantine ORDER BY quarantine_id DESC LIMIT 1;
-- another source deletes nothing, and has nothing deleted
SELECT cdp.set_sources('{"other": {"party": "first", "mutable": true, "version": "version", "deleted": ["meta", "gone"]}}');
SELECT remove('p1', '9', source => 'other'), sell('n2', '9', 'u8', 9, 'other');
SELECT * FROM refresh();
SELECT reason, source FROM cdp.quarantine ORDER BY quarantine_id DESC LIMIT 2;
-- the books
SELECT source, accepted, duplicate, quarantined, deletions, retracted FROM cdp.sources ORDER BY 1;
SELECT bool_and(taken = accepted + duplicate + quarantined + deletions) AS conserved, sum(accepted - retracted) = (SELECT count(*) FROM cdp.events) AS logged, sum(deletions) = (SELECT sum(deletions) FROM cdp.sources) AS by_source FROM cdp.batch;
SELECT * FROM cdp.verify();
-- retraction: all that was said under the message id goes, also what was replaced; a deletion has no event
SELECT sell('p1', '3', 'u7', 3);
SELECT * FROM refresh();
SELECT count(*) FROM cdp.correction WHERE message_id = 'p1';
SELECT events FROM cdp.retract(message_ids => '{" p1", n2}');
SELECT count(*) FROM cdp.correction WHERE message_id = 'p1';
SELECT sell('p1', '1', 'u7', 1), sell('n2', '1', 'u7', 1);
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id IN ('p1', 'n2');
-- a batch that takes back and corrects nothing leaves the statements of others
SELECT events FROM cdp.retract(message_ids => '{p1}', forever => true);
SELECT sell('p1', '8', 'u7', 8), remove('p1', '9');
SELECT * FROM refresh();
SELECT count(*) FROM orders WHERE message_id = 'p1';
-- equal versions: the greater content by bytes, in every installation
SELECT sell('e1', '1', 'u1', 2), sell('e2', '1', 'u1', 10), sell('e3', '1', 'u1', 1.0);
SELECT * FROM refresh();
SELECT sell('e1', '1', 'u1', 10), sell('e2', '1', 'u1', 2), sell('e3', '1', 'u1', 1.00);
SELECT * FROM refresh();
SELECT sell('e1', '1', 'u0', 99), sell('e1', '1', 'u2', 0), sell('e2', '1', 'u0', 3), sell('e4', '1', 'u1', 2), sell('e4', '1', 'u1', 10), sell('e4', '1', 'u1', 1);
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id LIKE 'e%';
-- versions elsewhere: the events of the log have them at once, a deletion keeps its own
SELECT cdp.set_sources('{"shop": {"version": "total"}}');
SELECT sell('e2', '0', 'u1', 4), sell('e4', '2', 'u1', 1), sell('n1', '9', 'u1', 4);
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id IN ('e2', 'e4', 'n1');
SELECT cdp.set_sources('{"shop": {"version": "version"}}');
SELECT * FROM cdp.verify();
-- without versions the later one holds
SELECT cdp.set_sources('{"shop": {"version": null}}');
SELECT sell('l1', '2', 'u1', 2), remove('l1', '1'), remove('l2', '2'), sell('l2', '1', 'u1', 1);
SELECT * FROM refresh();
SELECT sell('l1', '2', 'u1', 2), remove('l2', '2');
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id LIKE 'l%';
-- the tables are compared, and made anew
SELECT * FROM cdp.verify();
SELECT md5(string_agg(s::text, ' ' ORDER BY s.message_key)) AS statements FROM cdp_data.statement s \gset
UPDATE cdp_data.statement SET identifier_id = identifier_id + 1 WHERE message_key = cdp_internal.message_key('e1');
UPDATE cdp_data.statement SET version = '7' WHERE message_key = cdp_internal.message_key('e2');
DELETE FROM cdp_data.statement WHERE message_key = cdp_internal.message_key('e3');
INSERT INTO cdp_data.statement SELECT cdp_internal.message_key('x1'), event_id, identifier_id, "timestamp", content_hash, source_id, folded, version FROM cdp_data.statement WHERE message_key = cdp_internal.message_key('e4');
SELECT stage, count(*), count(expected) AS expected, count(found) AS found FROM cdp.verify() GROUP BY stage;
SELECT identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
SELECT md5(string_agg(s::text, ' ' ORDER BY s.message_key)) = :'statements' AS as_before FROM cdp_data.statement s;
UPDATE cdp_data.message SET content_hash = 0 WHERE message_key = cdp_internal.message_key('n1');
SELECT stage, expected, found IS NOT NULL AS found FROM cdp.verify();
UPDATE cdp_data.message m SET content_hash = s.content_hash FROM cdp_data.statement s WHERE s.message_key = m.message_key AND m.message_key = cdp_internal.message_key('n1');
-- a message of a mutable source is remembered as long as it holds, or if it was taken back for good
SELECT cdp.set_sources('{"shop": {"version": "version"}}');
UPDATE cdp_data.batch SET as_of = as_of - interval '100 days';
SELECT cdp.set_message_memory('30 days');
INSERT INTO cdp.inbox (message_id, event, user_id, source) SELECT 'web ' || i, 'Seen', 'u1', 'web' FROM generate_series(1, 300) i;
SELECT * FROM refresh();
SELECT count(*) FILTER (WHERE m.message_key IS NULL) AS forgotten, count(*) > 10 AS held FROM cdp_data.statement s LEFT JOIN cdp_data.message m USING (message_key);
SELECT count(*) FROM cdp_data.message WHERE message_key = cdp_internal.message_key('p1');
SELECT sell('e1', '0', 'u1', 1), sell('e2', '9', 'u1', 9), remove('n1', '4'), remove('l1', '9');
SELECT * FROM refresh();
SELECT * FROM orders WHERE message_id IN ('e1', 'e2', 'n1', 'l1');
SELECT * FROM cdp.verify();
-- an identify call without properties says so in its traits
INSERT INTO cdp.inbox (message_id, user_id, traits, source) VALUES ('t1', 'u1', '{"version": 1}', 'shop');
SELECT * FROM refresh();
INSERT INTO cdp.inbox (message_id, user_id, traits, source) VALUES ('t1', 'u1', '{"version": 2, "meta": {"gone": true}}', 'shop');
SELECT * FROM refresh();
-- no longer mutable: what was deleted stays so, and its message id is used
SELECT cdp.set_sources('{"shop": {"mutable": false}}');
SELECT sell('n1', '99', 'u1', 1), remove('e1', '99');
SELECT * FROM refresh();
SELECT count(*) FROM cdp_data.statement;
SELECT cdp.set_sources('{"shop": {"deleted": 1}}');
SELECT cdp.set_sources('{"shop": {"deleted": ["a", 1]}}');
SELECT cdp.set_sources('{"shop": {"deleted": null}}');
SELECT deleted FROM cdp.sources WHERE source = 'shop';
SELECT cdp.revoke_access('cdp_delete_writer', 'writer');
\c :origin
DROP DATABASE cdp_delete;
DROP ROLE cdp_delete_writer;
