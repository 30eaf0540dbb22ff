-- Random rows of mutable sources: corrections, deletions, equal versions and retractions, with merges, limits and shared
-- identifiers, in two orders, any batches and both forms of the store: what holds is what a plain query says.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_correct_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_correct_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SET timezone = 'UTC';
SELECT cdp.init();
SELECT cdp.set_sources('{"shop": {"party": "first", "mutable": true, "version": "version", "deleted": "_deleted", "keep_corrections": true}, "plain": {"party": "first", "mutable": true, "deleted": "_deleted"}, "web": {"party": "second"}}');
CREATE FUNCTION chance(seed text, m integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::integer % m $$;
-- versions are few, so that many are equal; two namespaces, so that people merge, and come apart
CREATE TABLE said AS
SELECT i, CASE WHEN chance(i || 'source', 4) = 0 THEN 'plain' ELSE 'shop' END AS source, chance(i || 'key', 40) AS key, chance(i || 'version', 5) AS version, chance(i || 'delete', 4) = 0 AS deleted,
	'u' || chance(i || 'who', 12) AS who, CASE WHEN chance(i || 'browser', 3) > 0 THEN 'a' || chance(i || 'browser', 9) END AS browser, chance(i || 'total', 30) AS total
FROM generate_series(1, 700) i;
-- the content by which equal versions are compared; when it comes
ALTER TABLE said ADD content text COLLATE "C", ADD place integer;
UPDATE said SET content = format('["track","Order Completed",%s,"%s",null,null,null,{"total":%s,"version":%s}', coalesce('"' || browser || '"', 'null'), who, total, version);
CREATE TABLE taken_back (source text, key integer, place integer);
CREATE TABLE reached AS SELECT 0 AS place;
CREATE VIEW holds AS
SELECT DISTINCT ON (s.source, s.key) s.* FROM said s
WHERE s.place <= (SELECT place FROM reached) AND s.place > coalesce((SELECT max(t.place) FROM taken_back t WHERE t.source = s.source AND t.key = s.key), -1)
ORDER BY s.source, s.key, CASE WHEN s.source = 'shop' THEN s.version END DESC, CASE WHEN s.source = 'shop' THEN s.deleted END DESC, CASE WHEN s.source = 'shop' THEN s.content END DESC, s.place DESC;
CREATE VIEW differs AS
SELECT h.source, h.key, h.content AS expected, e.message_id, e.user_id, e.properties
FROM (SELECT * FROM holds WHERE NOT deleted) h
FULL JOIN (SELECT * FROM cdp.events WHERE source IN ('shop', 'plain')) e ON e.message_id = h.source || h.key
WHERE (e.user_id, e.anonymous_id, e.properties ->> 'total', e.properties ->> 'version') IS DISTINCT FROM (h.who, h.browser, h.total::text, h.version::text);
CREATE TABLE outcome (wrong integer, retracted boolean, deletions boolean, replaced boolean);
CREATE PROCEDURE run(seed text) LANGUAGE plpgsql AS $$
DECLARE
	done integer := 0;
	n integer;
	id text;
	wrong integer := 0;
	deletions bigint := 0;
	gone bigint := 0;
BEGIN
	DELETE FROM taken_back;
	UPDATE said s SET place = o.place FROM (SELECT i, row_number() OVER (ORDER BY chance(i || seed, 1000000), i) AS place FROM said) o WHERE o.i = s.i;
	INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, traits, "timestamp", source) SELECT seed || g.n, 'identify', 'a' || g.n % 9, 'u' || g.n % 12, '{"plan": "free"}', timestamptz '2025-01-01' + g.n * interval '1 day', 'web' FROM generate_series(1, 20) g (n) WHERE g.n % 7 = 0;
	WHILE done < 700 LOOP
		n := 1 + chance(seed || done, 50);
		PERFORM set_config('cdp.store', CASE WHEN chance(seed || done || 'form', 2) = 0 THEN 'sql' ELSE 'auto' END, true);
		-- a deletion may be whole, or say no more than what it deletes
		INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, properties, "timestamp", source)
		SELECT s.source || s.key, CASE WHEN NOT bare THEN 'track' END, CASE WHEN NOT bare THEN 'Order Completed' END, CASE WHEN NOT bare THEN s.browser END, CASE WHEN NOT bare THEN s.who END,
			jsonb_build_object('total', s.total, 'version', s.version) || CASE WHEN s.deleted THEN '{"_deleted": true}' ELSE '{}' END::jsonb, '2025-01-01', s.source
		FROM said s CROSS JOIN LATERAL (SELECT s.deleted AND s.i % 2 = 0 AS bare) b WHERE s.place > done AND s.place <= done + n ORDER BY s.place;
		done := done + n;
		UPDATE reached SET place = done;
		PERFORM cdp.refresh();
		IF done % 5 = 0 THEN PERFORM cdp.set_rules(format('{"user_id": {"max_per_profile": %s}, "anonymous_id": {"max_links": {"user_id": %s}}}', 1 + done % 3, 2 + done % 4)::jsonb); END IF;
		IF done % 3 = 0 THEN
			-- an event that holds is taken back: of its message nothing is known any more
			SELECT e.message_id INTO id FROM cdp.events e WHERE e.source IN ('shop', 'plain') ORDER BY chance(seed || done || e.message_id, 1000), 1 LIMIT 1;
			IF id IS NOT NULL THEN
				gone := gone + (SELECT r.events FROM cdp.retract(message_ids => ARRAY[id]) r);
				INSERT INTO taken_back SELECT DISTINCT s.source, s.key, done FROM said s WHERE s.source || s.key = id;
			END IF;
		END IF;
		wrong := wrong + (SELECT count(*) FROM differs) + (SELECT count(*) FROM cdp.verify());
	END LOOP;
	DELETE FROM outcome;
	INSERT INTO outcome SELECT wrong, gone > 3, sum(b.deletions) > 50, sum(b.retracted) > 100 FROM cdp.batch b;
END
$$;
CALL run('one');
SELECT * FROM outcome;
SELECT bool_and(taken = accepted + duplicate + quarantined + deletions) AS conserved, sum(accepted - retracted) = (SELECT count(*) FROM cdp.events) AS logged, sum(quarantined) AS quarantined FROM cdp.batch;
SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
-- of which the source keeps those with versions
SELECT count(*) FILTER (WHERE source <> 'shop') AS others, count(*) FILTER (WHERE deleted) > 10 AS deleted, count(*) FILTER (WHERE NOT deleted) > 10 AS replaced, count(*) FILTER (WHERE EXISTS (SELECT FROM cdp.events e WHERE e.event_id = c.event_id)) AS in_log FROM cdp.correction c;
-- from the start, in another order: the same holds of what has versions
CREATE TABLE first_held AS SELECT h.source, h.key, h.deleted, h.content FROM holds h WHERE h.source = 'shop' AND NOT EXISTS (SELECT FROM taken_back t WHERE t.source = h.source AND t.key = h.key);
SELECT events > 20 AS retracted FROM cdp.retract(query => 'SELECT event_id FROM cdp.events');
SELECT cdp.set_sources('{"shop": {"mutable": false}, "plain": {"mutable": false}}');
UPDATE said SET key = key + 1000;
SELECT cdp.set_sources('{"shop": {"mutable": true}, "plain": {"mutable": true}}');
CALL run('two');
SELECT * FROM outcome;
SELECT identifiers, links, identifiers_moved, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
SELECT count(*) > 10 AS compared, count(*) FILTER (WHERE (f.deleted, f.content) IS DISTINCT FROM (h.deleted, h.content)) AS differ
FROM first_held f JOIN holds h ON h.source = f.source AND h.key = f.key + 1000 WHERE NOT EXISTS (SELECT FROM taken_back t WHERE t.source = h.source AND t.key = h.key);
\c :origin
DROP DATABASE cdp_correct_random;
