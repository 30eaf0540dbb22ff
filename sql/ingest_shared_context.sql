-- What contexts have in common is stored once.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_shared_context ENCODING 'UTF8' TEMPLATE template0;
\c cdp_shared_context
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();

CREATE TABLE sent (number int PRIMARY KEY, context jsonb);
CREATE FUNCTION bring() RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, message_id, user_id, context)
	SELECT 'track', 'Viewed', 'm' || s.number, 'u' || s.number % 3, s.context FROM sent s
	WHERE NOT EXISTS (SELECT FROM cdp_data.event e WHERE e.message_id = 'm' || s.number) ORDER BY s.number;
	SELECT r.accepted FROM cdp.refresh() r;
$$;
-- those that cdp.events does not show as they were sent, by the bytes of their text
CREATE VIEW differs AS
	SELECT s.number, s.context AS sent, e.context AS shown FROM sent s FULL JOIN cdp.events e ON e.message_id = 'm' || s.number
	WHERE e.context IS DISTINCT FROM s.context OR e.context::text IS DISTINCT FROM s.context::text OR e.event_id IS NULL;

-- every shape
INSERT INTO sent VALUES
	(1, NULL), (2, 'null'), (3, '{}'),
	(4, '{"ip":"1.2.3.4"}'),
	(5, '{"locale":"en"}'),
	(6, '{"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/115.0"}'),
	(7, '{"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/115.0","ip":"1.2.3.4"}'),
	(8, '{"ip":"1.2.3.5","os":{"name":"iOS","version":17.20},"app":{"name":"shop","build":[1,2,{"x":null}]},"screen":{"width":390,"density":3.0},"zz":true}'),
	(9, '{"ip":"1.2.3.6","os":{"name":"iOS","version":17.2},"app":{"name":"shop","build":[1,2,{"x":null}]},"screen":{"width":390,"density":3.0},"a":false}'),
	(10, '{"userAgent":null,"locale":true,"campaign":"Überraschung für alle, auch für dich","library":[],"timezone":1e3,"traits":{"email":"a@example.com"},"":1}'),
	(11, '{"user_agent_data":{"brands":[{"brand":"Chromium","version":"119"},{"brand":"Google Chrome","version":"119"}]},"device":{"id":"d-1","type":"ios"},"page":{"path":"/"}}'),
	(12, jsonb_build_object('userAgent', repeat('x', 20000), 'ip', '1.2.3.4')),
	(13, jsonb_build_object('userAgent', repeat('y', 3000), 'page', repeat('z', 9000)));
INSERT INTO sent SELECT 100 + i, format('{"ip":"10.0.0.%s","locale":"de","userAgent":"Mozilla/5.0 (Linux; Android 14) Mobile %s"}', i, i % 4)::jsonb FROM generate_series(1, 200) i;
SELECT bring();
SELECT * FROM differs;
SELECT c.events, left(c.context::text, 150) FROM cdp_data.shared_context c ORDER BY c.events, c.context::text COLLATE "C";
-- addresses, devices, traits and pages stay with their events
SELECT e.message_id, left(e.context::text, 120) AS own, e.context_hash IS NOT NULL AS shares FROM cdp_data.event e WHERE e.message_id ~ '^m(\d\d?|101)$' ORDER BY e.event_id;
-- identifiers in them are still found
SELECT i.identifier FROM cdp.identifiers i WHERE i.namespace NOT IN ('user_id') ORDER BY 1;
SELECT * FROM cdp.verify();

-- a second batch names the same ones; by statements
SET cdp.store = 'sql';
INSERT INTO sent SELECT 1000 + i, context FROM sent, generate_series(0, 1000, 1000) i WHERE number = 101;
SELECT bring();
SELECT (SELECT count(*) FROM differs), (SELECT sum(events) FROM cdp_data.shared_context WHERE context_hash <> 0);
SELECT count(*) FROM cdp_data.shared_context;

-- events that get another anchor keep it
SELECT count(*) AS anchored FROM cdp_data.event WHERE identifier_id = 0;
SELECT cdp.set_rules('{"user_id": {"blocked": ["u1"]}}');
SELECT count(*) AS anchored_nowhere, count(context_hash) AS share FROM cdp_data.event WHERE identifier_id = 0;
SELECT count(*) FROM differs;
SELECT * FROM cdp.verify();
SELECT cdp.set_rules('{"user_id": {"blocked": null}}');
SELECT count(*) FROM differs;

-- where each is another, few are kept, and the others stay with their events
SELECT events AS account FROM cdp_data.shared_context WHERE context_hash = 0 \gset
INSERT INTO sent SELECT 10000 + i, format('{"ip":"10.0.0.1","locale":"fr","userAgent":"Mozilla/5.0 (Linux; Android 14) of its own %s"}', i)::jsonb FROM generate_series(1, 3000) i;
SELECT bring();
SELECT (SELECT count(*) FROM differs), (SELECT count(*) = (:account + 512000) / 512 FROM cdp_data.shared_context WHERE events = 1 AND context ->> 'locale' = 'fr') AS as_many_as_paid_for;
INSERT INTO sent SELECT 20000 + i, format('{"ip":"10.0.0.1","locale":"it","userAgent":"Mozilla/5.0 (Linux; Android 14) of its own %s"}', i)::jsonb FROM generate_series(1, 3000) i;
SELECT bring();
SELECT (SELECT count(*) FROM differs), (SELECT count(*) FROM cdp_data.shared_context WHERE context ->> 'locale' = 'it') AS further;
RESET cdp.store;
-- what is named often pays for others; of new ones, those come first that more events have
INSERT INTO sent SELECT 30000 + i, context FROM sent, generate_series(1, 40) i WHERE number = 101;
INSERT INTO sent SELECT 40000 + i, format('{"ip":"10.0.0.%s","locale":"es","userAgent":"Mozilla/5.0 (Linux; Android 14) of its own %s"}', i % 10, greatest(10, i))::jsonb FROM generate_series(1, 20) i;
SELECT bring();
SELECT (SELECT count(*) FROM differs), (SELECT array_agg(events ORDER BY events DESC) FROM cdp_data.shared_context WHERE context ->> 'locale' = 'es') AS further;
SELECT * FROM cdp.verify();

-- events that go for good
CREATE FUNCTION take_away(condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	hashes bigint[];
BEGIN
	EXECUTE format('WITH gone AS (DELETE FROM cdp_data.event e WHERE %s RETURNING e.context_hash) SELECT array_agg(context_hash) FROM gone', condition) INTO hashes;
	PERFORM cdp_internal.release_contexts(hashes);
END
$$;
BEGIN;
SELECT take_away($$ e.message_id IN ('m6', 'm101') $$);
SELECT c.events FROM cdp_data.shared_context c WHERE c.context ->> 'userAgent' LIKE '%Firefox%';
SELECT take_away($$ e.message_id IN ('m7') $$);
SELECT c.events FROM cdp_data.shared_context c WHERE c.context ->> 'userAgent' LIKE '%Firefox%';
-- a whole month
WITH gone AS (DELETE FROM cdp_data.event RETURNING context_hash), counted AS (SELECT context_hash, count(*) AS events FROM gone GROUP BY context_hash)
SELECT cdp_internal.release_contexts(array_agg(context_hash), array_agg(events)) FROM counted;
SELECT context_hash, context FROM cdp_data.shared_context;
ROLLBACK;

-- what is wrong is found, and mended where nothing is lost
CREATE FUNCTION fault(statement text) RETURNS TABLE (item text, expected text, found text, after text[]) LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		EXECUTE statement;
		RETURN QUERY SELECT regexp_replace(v.item, '-?\d+', 'N'), v.expected, v.found, NULL::text[] FROM cdp.verify() v WHERE v.stage = 'context';
		PERFORM cdp.restitch(incomplete => true);
		RETURN QUERY SELECT NULL, NULL, NULL, ARRAY(SELECT concat_ws(', ', v.expected, v.found) FROM cdp.verify() v WHERE v.stage = 'context');
		RAISE EXCEPTION 'undo' USING ERRCODE = 'CDP00';
	EXCEPTION WHEN SQLSTATE 'CDP00' THEN
		NULL;
	END;
END
$$;
SELECT fault($$ UPDATE cdp_data.shared_context SET events = events + 7 WHERE context ->> 'userAgent' LIKE '%Firefox%' $$);
SELECT fault($$ UPDATE cdp_data.shared_context SET events = events - 1 WHERE context ->> 'userAgent' LIKE '%Firefox%' $$);
SELECT fault($$ INSERT INTO cdp_data.shared_context VALUES (cdp_internal.context_hash('{"x":1}'), 3, '{"x":1}') $$);
SELECT fault($$ DELETE FROM cdp_data.shared_context WHERE context ->> 'userAgent' LIKE '%Firefox%' $$);
SELECT fault($$ UPDATE cdp_data.shared_context SET context = '{"userAgent":"other"}' WHERE context ->> 'userAgent' LIKE '%Firefox%' $$);
SELECT fault($$ DELETE FROM cdp_data.shared_context WHERE context_hash = 0 $$);
-- where events are missing, what they may name stays
SELECT fault($$ DELETE FROM cdp_data.event WHERE message_id IN ('m6', 'm7') $$);

-- another context of the same hash stays with its event
UPDATE cdp_data.shared_context SET context = '{"userAgent":"other"}' WHERE context ->> 'userAgent' LIKE '%Firefox%';
INSERT INTO sent SELECT 50000, context FROM sent WHERE number = 7;
SELECT bring();
SELECT (SELECT e.context_hash FROM cdp_data.event e WHERE e.message_id = 'm50000'), (SELECT count(*) FROM differs WHERE number = 50000);
-- without the row that counts nothing new is kept
DELETE FROM cdp_data.shared_context WHERE context_hash = 0;
INSERT INTO sent SELECT 60000 + i, '{"userAgent":"Mozilla/5.0 of the one and only browser that there is"}' FROM generate_series(1, 20) i;
SELECT bring();
SELECT (SELECT count(*) FROM cdp_data.event e WHERE e.message_id LIKE 'm600__' AND e.context_hash IS NOT NULL) AS shares;

-- parts that are no objects
SELECT cdp_internal.whole_context('1', '{"a":1}');
SELECT cdp_internal.context_hash('[1]');
SELECT cdp_internal.whole_context(NULL, NULL) IS NULL AS is_null, cdp_internal.whole_context('{"a":1}', NULL), cdp_internal.whole_context(NULL, '{"b":1}'),
	cdp_internal.whole_context('{"a":1,"cc":[1,2]}', '{"b":2.50,"a":3,"dd":null}'), cdp_internal.whole_context('{}', '{}');

\c :origin
DROP DATABASE cdp_shared_context;
