-- Rows at fault: whatever stage fails over them, they are set aside and all others arrive.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_failed ENCODING 'UTF8' TEMPLATE template0;
\c cdp_failed
\set VERBOSITY terse
CREATE EXTENSION cdp;
SELECT cdp.init();
\set counts 'taken, waiting, accepted, duplicate, quarantined'

-- a fault in a table that a stage writes: an error for rows of which the condition is true
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	hit boolean;
BEGIN
	EXECUTE 'SELECT ' || TG_ARGV[0] INTO hit USING NEW;
	IF hit THEN
		RAISE EXCEPTION 'fault in %', TG_TABLE_NAME USING ERRCODE = TG_ARGV[1];
	END IF;
	RETURN NEW;
END $$;
-- bad: a row that touches every table, and before it two people whom it makes one
CREATE FUNCTION bad(number integer, name text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, anonymous_id, user_id, group_id, identifiers, traits, "timestamp", source)
	SELECT 'bad ' || name || i, CASE name WHEN 'quarantine' THEN 'nonsense' ELSE 'group' END, 'bad-a ' || name, 'bad-u ' || name, 'bad-g ' || name, jsonb_build_object('bad_' || name, 'x'), '{"plan": "pro"}', '2026-02-01', 'bad ' || name
	FROM generate_series(1, number) i $$;
CREATE FUNCTION good(number integer, name text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, anonymous_id, user_id, "timestamp", source)
	SELECT 'good ' || name || i, 'View', 'a' || i % 7, 'u' || i % 5, '2026-01-01', 'good' FROM generate_series(1, number) i $$;
CREATE FUNCTION try_fault(name text, condition text, number integer, state text DEFAULT 'P0001',
	OUT accepted bigint, OUT quarantined bigint, OUT reasons text, OUT replayed bigint, OUT accepted_then bigint, OUT problems bigint) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, event, anonymous_id, user_id, "timestamp") VALUES
		('first ' || name, 'View', 'bad-a ' || name, NULL, '2026-01-01'), ('second ' || name, 'View', NULL, 'bad-u ' || name, '2026-01-01');
	PERFORM cdp.refresh();
	PERFORM good(12, name), bad(number, name), good(25, name || ' more');
	EXECUTE format('CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON cdp_data.%I FOR EACH ROW EXECUTE FUNCTION fault(%L, %L)', name, condition, state);
	SELECT r.accepted, r.quarantined INTO accepted, quarantined FROM cdp.refresh() r;
	EXECUTE format('DROP TRIGGER fault ON cdp_data.%I', name);
	SELECT string_agg(DISTINCT q.reason || ', ' || q.detail, '; ') INTO reasons FROM cdp.quarantine q WHERE q.source = 'bad ' || name;
	replayed := cdp.replay('failed');
	SELECT r.accepted INTO accepted_then FROM cdp.refresh() r;
	problems := (SELECT count(*) FROM cdp.verify());
END $$;
SELECT s.name, t.* FROM (VALUES
	('message', '($1).message_key IN (SELECT cdp_internal.message_key(i) FROM (SELECT ''bad message'' || generate_series(1, 3)) m (i))', 1),
	('source', '($1).source LIKE ''bad%''', 1),
	('namespace', '($1).namespace LIKE ''bad%''', 2),
	('identifier_map', '($1).hash = cdp_internal.map_hash(''bad_identifier_map:x'')', 1),
	('link', '(SELECT s.source FROM cdp_data.source s WHERE s.source_id = ($1).source_id) LIKE ''bad%''', 3),
	('identifier_history', 'EXISTS (SELECT FROM cdp_data.identifier i WHERE i.identifier_id = ($1).identifier_id AND i.identifier::text LIKE ''%:bad-%'')', 1),
	('identifier', '($1).identifier::text LIKE ''bad_%''', 2),
	('event', '($1).message_id LIKE ''bad%''', 3),
	('profile', 'EXISTS (SELECT FROM cdp_data.identifier i WHERE i.profile_id = ($1).profile_id AND i.identifier::text LIKE ''bad_profile:%'')', 1),
	('account', '($1).group_id LIKE ''bad%''', 1),
	('account_member', '($1).group_id LIKE ''bad%''', 3),
	('quarantine', '($1).source LIKE ''bad%'' AND NOT ($1).cut', 1)) s (name, condition, number), LATERAL try_fault(s.name, s.condition, s.number) t;

-- what could not be kept whole is cut, stays, and its source counts as default
SELECT source, reason, cut, sizes, jsonb_strip_nulls(record - 'received_at') AS record FROM cdp.quarantine WHERE cut ORDER BY 1;
SELECT source, accepted, quarantined FROM cdp_data.source WHERE source IN ('default', 'bad source', 'bad quarantine') ORDER BY 1;
DELETE FROM cdp.quarantine;

-- each part is a batch of its own; time does not run back, and all is counted
SELECT count(*) > 100 AS many, bool_and(taken = accepted + duplicate + quarantined) AS adds_up, bool_and(as_of >= before) AS forward, sum(accepted) = (SELECT count(*) FROM cdp_data.event) AS logged
FROM (SELECT *, lag(as_of, 1, '-infinity') OVER (ORDER BY batch_id) AS before FROM cdp.batch) b;
SELECT last_value = 9223372036854775807 AS unlimited FROM cdp_data.attempt;

-- lines at fault, and rows and lines at one place
INSERT INTO cdp.inbox (message_id, user_id, event) SELECT 'row ' || i, 'r' || i, CASE WHEN i = 2 THEN 'Bad' ELSE 'Good' END FROM generate_series(1, 9) i;
INSERT INTO cdp.inbox_raw (line, source) SELECT format('{"userId": "l%s", "event": "%s", "messageId": "line %1$s"}', i, CASE WHEN i IN (3, 9) THEN 'Bad' ELSE 'Good' END), 'lines' FROM generate_series(1, 9) i;
CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION fault('($1).event = ''Bad''', '22003');
SELECT :counts FROM cdp.refresh();
SELECT source, reason, regexp_replace(detail, '[0-9]{4}_[0-9]{2}', '…') AS detail, record ->> 'message_id' AS message_id, line, cut FROM cdp.quarantine ORDER BY 1, 4, 5;
DROP TRIGGER fault ON cdp_data.event;
SELECT cdp.replay();
SELECT :counts FROM cdp.refresh();

-- an error that no row causes: the inbox is as it was, and nothing of the batch is there
SELECT good(5, 'kept');
CREATE FUNCTION try_state(state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER fault BEFORE INSERT ON cdp_data.message FOR EACH ROW EXECUTE FUNCTION fault(%L, %L)', '($1).message_key = cdp_internal.message_key(''good kept3'')', state);
	BEGIN
		RETURN 'quarantined ' || (SELECT quarantined FROM cdp.refresh());
	EXCEPTION WHEN OTHERS THEN
		DROP TRIGGER fault ON cdp_data.message;
		RETURN SQLSTATE || ': ' || SQLERRM;
	END;
END $$;
SELECT s.state, try_state(s.state), (SELECT count(*) FROM cdp.inbox) AS waiting
FROM unnest(ARRAY['40001', '40P01', '42501', '53100', '55P03', '57P05', '58030', '25006', '0A000', '28000']) AS s (state);
SELECT last_value = 9223372036854775807 AS unlimited FROM cdp_data.attempt;
-- one that a batch without rows meets as well
CREATE TRIGGER fault BEFORE UPDATE ON cdp_data.state FOR EACH ROW EXECUTE FUNCTION fault('true', 'P0001');
SELECT :counts FROM cdp.refresh();
DROP TRIGGER fault ON cdp_data.state;
SELECT count(*) AS waiting FROM cdp.inbox;
SELECT try_state('P0004');
DROP TRIGGER fault ON cdp_data.message;
SELECT cdp.replay();
SELECT :counts FROM cdp.refresh();

-- no memory: half as many rows each time, down to one; that is set aside when it was alone three times
CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION fault('($1).message_id = ''good memory3''', '53200');
SELECT good(6, 'memory');
CREATE FUNCTION try_refresh(number integer, OUT outcome text, OUT waiting bigint, OUT may_take bigint) LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		SELECT format('%s accepted, %s quarantined', r.accepted, r.quarantined) INTO outcome FROM cdp.refresh() r;
	EXCEPTION WHEN out_of_memory THEN
		outcome := SQLERRM;
	END;
	waiting := (SELECT count(*) FROM cdp.inbox);
	-- below 0: how often the row was broken off alone
	may_take := (SELECT CASE WHEN last_value < 0 THEN -(-last_value >> 49) ELSE least(last_value, 1000) END FROM cdp_data.attempt);
END $$;
SELECT i, t.* FROM generate_series(1, 12) i, LATERAL try_refresh(i) t;
SELECT reason, detail, record ->> 'message_id' AS message_id FROM cdp.quarantine;
-- but not another one that is alone then
SELECT cdp.replay();
SELECT i, t.* FROM generate_series(1, 3) i, LATERAL try_refresh(i) t;
UPDATE cdp.inbox SET message_id = 'good other';
SELECT t.* FROM try_refresh(4) t;
DROP TRIGGER fault ON cdp_data.event;
ALTER SEQUENCE cdp_data.attempt RESTART 9223372036854775807;
-- a line at fault is found alone, though rows wait beside it
CREATE TRIGGER fault BEFORE INSERT ON cdp_data.event FOR EACH ROW EXECUTE FUNCTION fault('($1).event = ''Bad''', '53200');
INSERT INTO cdp.inbox_raw (line) VALUES ('{"userId": "l", "event": "Bad"}'), ('{"userId": "l", "event": "Good"}');
SELECT good(40, 'waits');
SELECT count(*) FROM generate_series(1, 20) i, LATERAL try_refresh(i) t;
SELECT (SELECT count(*) FROM cdp.inbox) AS rows, (SELECT count(*) FROM cdp.inbox_raw) AS lines;
SELECT reason, line FROM cdp.quarantine;
DROP TRIGGER fault ON cdp_data.event;
SELECT cdp.replay();
SELECT :counts FROM cdp.refresh();
SELECT * FROM cdp.verify();

-- rows that are too large are cut before anything reads them; the others arrive with them
INSERT INTO cdp.inbox (message_id, type, user_id, event, properties) VALUES
	('large 1', 'nonsense', repeat('u', 300), repeat('x', 280000000), '{"a": 1}'),
	('large 2', 'track', 'u', 'View', jsonb_build_object('a', repeat('x', 68000000))), ('large 3', 'track', 'u', 'View', jsonb_build_object('a', repeat('x', 60000000)));
INSERT INTO cdp.inbox (user_id, event, properties, traits, context)
SELECT 'u', 'View', d, d, d FROM (SELECT jsonb_build_object('a', repeat('x', 30000000)) AS d OFFSET 0) o;
INSERT INTO cdp.inbox_raw (line, source) VALUES ('{"userId": "u", "event": "View", "a": "' || repeat('x', 70000000) || '"}', 'lines'),
	('{"userId": "u", "event": "' || repeat('x', 5000000) || '"}', 'lines');
SELECT good(3, 'beside');
SELECT :counts FROM cdp.refresh();
SELECT reason, detail, cut, sizes, length(record ->> 'event') AS event, length(record ->> 'user_id') AS user_id, record -> 'properties' AS properties, length(line) AS line
FROM cdp.quarantine ORDER BY 1, 4;
SELECT count(*), max(length(properties::text)) FROM cdp_data.event WHERE message_id LIKE 'large%';
SELECT cdp.replay();
SELECT :counts FROM cdp.refresh();
-- a batch takes 256 MB, however well they are compressed
INSERT INTO cdp.inbox (user_id, event, properties) SELECT 'u', 'Large', d FROM (SELECT jsonb_build_object('a', repeat('x', 60000000)) AS d OFFSET 0) o, generate_series(1, 6);
SELECT :counts FROM cdp.refresh();
SELECT :counts FROM cdp.refresh();
-- a line that is too large takes no other one with it
SELECT cdp.ingest(E'{"userId": "i", "event": "A"}\n \n' || repeat('x', 270000000) || E'\n{"userId": "i", "event": "B"}\n');
SELECT :counts FROM cdp.refresh();
-- what is counted as cut is cut, at the very limit too
INSERT INTO cdp.inbox (user_id, event, properties) SELECT 'u', 'L', jsonb_build_object('a', repeat('x', 67108864 - 15));
SELECT cdp_internal.raw_size(user_id, event, properties) - cdp_internal.max_row_bytes() AS over FROM cdp.inbox;
INSERT INTO cdp.inbox (user_id, event, properties) SELECT user_id, event, properties FROM cdp.inbox, generate_series(1, 5);
SELECT :counts FROM cdp.refresh();

\c :origin
DROP DATABASE cdp_failed;
