-- The identifiers and accounts of a person as columns of the row: up to 64 in it, more beside it; exact after each kind
-- of change (verify() compares), by a refresh and by restitch(); and what a growing person writes is linear.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_held ENCODING 'UTF8' TEMPLATE template0;
\c cdp_held
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
CREATE VIEW held AS
	SELECT cdp.profile_of('user_id:' || n.name) = p.profile_id AS own_number, n.name, p.identifier_count,
		   cardinality(p.identifiers) AS in_row, cardinality(p.identifier_ids) AS numbers, cardinality(p.accounts) AS accounts, s.slices
	FROM (SELECT cdp.value(i.identifier) AS name, i.profile_id FROM cdp_data.identifier i WHERE cdp.namespace(i.identifier) = 'user_id') n
	JOIN cdp_data.profile p USING (profile_id) CROSS JOIN LATERAL (
		SELECT string_agg(cardinality(s.identifiers)::text, ',' ORDER BY s.slice) AS slices FROM cdp_data.profile_identifier s
		WHERE s.profile_id = p.profile_id) s ORDER BY n.name COLLATE "C";
-- what the accessor shows is what the tables of identifiers and members have
CREATE VIEW wrong AS
	SELECT r.profile_id FROM cdp.profile_row r WHERE (r.identifiers, r.accounts) IS DISTINCT FROM (
		ARRAY(SELECT i.identifier FROM cdp_data.identifier i WHERE i.profile_id = r.profile_id ORDER BY i.identifier),
		ARRAY(SELECT m.group_id FROM cdp_data.identifier i JOIN cdp_data.account_member m USING (identifier_id) WHERE i.profile_id = r.profile_id GROUP BY 1 HAVING bool_and(m.left_at IS NULL) ORDER BY 1))
	UNION ALL SELECT 0 FROM cdp.verify();
CREATE FUNCTION devices(who text, first int, last int, groups boolean DEFAULT false) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, "timestamp")
	SELECT format('%s %s %s', who, i, groups), CASE WHEN groups THEN 'group' ELSE 'track' END, CASE WHEN NOT groups THEN 'View' END, format('%s-%s', who, i), who,
		   CASE WHEN groups THEN format('account %s', i) END, '2026-01-01' FROM generate_series(first, last) i;
	RETURN (SELECT r.accepted FROM cdp.refresh() r);
END $$;

-- one, some, all that a row has, and one more; known before or not
SELECT devices('ann', 1, 1), devices('ann', 2, 3), devices('ann', 4, 63);
TABLE held;
SELECT devices('ann', 64, 64), devices('bob', 1, 90);
TABLE held;
TABLE wrong;
-- accounts: some, as many as a row names, and more
SELECT devices('ann', 3, 4, true), devices('cay', 1, 64, true), devices('dee', 1, 65, true);
TABLE held;
SELECT devices('cay', 10, 20, true), devices('cay', 65, 65, true), devices('dee', 66, 66, true);
TABLE held;
TABLE wrong;
-- of one identifier, whose number is that of the person
INSERT INTO cdp.inbox (message_id, type, group_id, user_id, "timestamp") VALUES ('g1', 'group', 'solo', 'eve', '2026-01-01'), ('g2', 'group', 'solo ', 'eve', '2026-01-02');
SELECT accepted FROM cdp.refresh();
SELECT name, identifier_count, in_row, numbers, accounts FROM held WHERE name = 'eve';
TABLE wrong;

-- two become one, and two again
SELECT cdp.set_rules('{"user_id": {"max_per_profile": 2}}');
INSERT INTO cdp.inbox (message_id, event, anonymous_id, user_id, "timestamp") VALUES ('j1', 'View', 'ann-1', 'bob', '2026-02-01'), ('j2', 'View', 'cay-1', 'eve', '2026-02-01');
SELECT accepted, profiles_merged FROM cdp.refresh();
TABLE held;
TABLE wrong;
SELECT cdp.forbid('user_id:ann', 'user_id:bob') IS NOT NULL AS forbidden, cdp.forbid('user_id:cay', 'user_id:eve') IS NOT NULL AS forbidden;
TABLE held;
TABLE wrong;
-- below 64 again, and nothing beside
DO $$ BEGIN FOR i IN 1..30 LOOP PERFORM cdp.unlink('user_id:bob', format('anonymous_id:bob-%s', i)); END LOOP; END $$;
SELECT name, identifier_count, in_row, slices FROM held WHERE name IN ('ann', 'bob');
TABLE wrong;
-- blocked, and no longer; shared, and no longer; another number
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["^ann-1", "^cay-[12]"]}}');
TABLE held;
TABLE wrong;
SELECT cdp.set_rules('{"anonymous_id": {"blocked": null}}');
TABLE held;
TABLE wrong;
SELECT cdp.mark_shared('user_id:cay', true) IS NOT NULL AS marked, cdp.mark_shared('user_id:ann', true) IS NOT NULL AS marked;
TABLE held;
TABLE wrong;
SELECT cdp.mark_shared('user_id:cay', false) IS NOT NULL AS marked, cdp.mark_shared('user_id:ann', false) IS NOT NULL AS marked;
SELECT cdp.set_rules('{"anonymous_id": {"priority": 1}}');
SELECT own_number, name, identifier_count, in_row, accounts, slices FROM held;
TABLE wrong;

-- restitch() writes the same
CREATE TABLE before AS SELECT profile_id, identifiers, identifier_ids, accounts FROM cdp_data.profile;
CREATE TABLE before_slice AS SELECT profile_id, count(*) AS slices, sum(cardinality(identifiers)) AS identifiers FROM cdp_data.profile_identifier GROUP BY 1;
SELECT profiles_created, profiles_merged, profiles_split FROM cdp.restitch();
SELECT count(*) FROM (TABLE before EXCEPT SELECT profile_id, identifiers, identifier_ids, accounts FROM cdp_data.profile) d;
SELECT count(*) FROM (TABLE before_slice EXCEPT SELECT profile_id, count(*), sum(cardinality(identifiers)) FROM cdp_data.profile_identifier GROUP BY 1) d;
TABLE wrong;

-- what is wrong is found, and mended
CREATE FUNCTION fault(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	EXECUTE statement;
	found := (SELECT string_agg(DISTINCT v.stage, ',') FROM cdp.verify() v);
	PERFORM cdp.restitch();
	found := found || (SELECT format(', then %s', count(*)) FROM wrong);
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(found, 'nothing');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN SQLERRM;
END $$;
SELECT f.statement, fault(f.statement) FROM (VALUES
	('UPDATE cdp_data.profile SET identifiers = identifiers[2:], identifier_ids = identifier_ids[2:] WHERE cardinality(identifiers) > 2'),
	('UPDATE cdp_data.profile SET identifier_ids[1] = 4711 WHERE cardinality(identifiers) > 2'),
	('UPDATE cdp_data.profile SET identifiers = NULL WHERE cardinality(identifiers) = 1'),
	('UPDATE cdp_data.profile SET accounts = NULL WHERE accounts <> ''{}'''),
	('UPDATE cdp_data.profile SET accounts = ''{another}'' WHERE accounts IS NULL'),
	('UPDATE cdp_data.profile SET accounts = NULL WHERE accounts = ''{}'''),
	('DELETE FROM cdp_data.profile_identifier WHERE slice = 1'),
	('UPDATE cdp_data.profile_identifier SET slice = 9 WHERE slice = 1'),
	('UPDATE cdp_data.profile_identifier SET identifiers = identifiers[2:], identifier_ids = identifier_ids[2:] WHERE slice = 1'),
	('INSERT INTO cdp_data.profile_identifier SELECT profile_id, 5, identifiers, identifier_ids FROM cdp_data.profile_identifier WHERE slice = 0'),
	('INSERT INTO cdp_data.profile_identifier SELECT 4711, 0, identifiers, identifier_ids FROM cdp_data.profile_identifier WHERE slice = 0 LIMIT 1')) f (statement);

-- a count that contradicts the slices: nothing is written over, and restitch() mends it
SELECT devices('gil', 1, 69), devices('hal', 1, 127);
CREATE FUNCTION miscount(who text, says int, OUT accepted bigint, OUT reason text, OUT error text, OUT slices text, OUT mended text, OUT after_that bigint) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE cdp_data.profile SET identifier_count = says WHERE profile_id = cdp.profile_of('user_id:' || who);
	accepted := devices(who, 1001, 1001);
	SELECT q.reason, q.detail INTO reason, error FROM cdp.quarantine q ORDER BY q.quarantine_id DESC LIMIT 1;
	slices := (SELECT h.slices FROM held h WHERE h.name = who);
	PERFORM cdp.restitch();
	mended := (SELECT format('%s: %s, wrong: %s', h.identifier_count, h.slices, (SELECT count(*) FROM wrong)) FROM held h WHERE h.name = who);
	after_that := devices(who, 1002, 1002);
	RAISE EXCEPTION USING ERRCODE = 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
	RETURN;
END $$;
SELECT f.who, f.says, m.* FROM (VALUES ('gil', 69), ('gil', 71), ('gil', 6), ('gil', 64), ('gil', 128), ('gil', 134), ('gil', -1), ('gil', -100), ('hal', 64), ('hal', 192), ('hal', 127), ('hal', 129)) f (who, says) CROSS JOIN LATERAL miscount(f.who, f.says) m;

-- what a person that grows by one identifier a batch writes does not grow: one row of the profile, one slice
CREATE TABLE written (name text, rows bigint);
CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.written VALUES (TG_TABLE_NAME, 1); RETURN NULL; END $$;
SELECT devices('fay', 1, 100);
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON cdp_data.profile FOR EACH ROW EXECUTE FUNCTION note_written();
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON cdp_data.profile_identifier FOR EACH ROW EXECUTE FUNCTION note_written();
DO $$ BEGIN FOR i IN 101..130 LOOP PERFORM public.devices('fay', i, i); END LOOP; END $$;
SELECT name, sum(rows) FROM written GROUP BY 1 ORDER BY 1;
DROP TRIGGER noted ON cdp_data.profile;
DROP TRIGGER noted ON cdp_data.profile_identifier;
-- of calls that write no full pages, which are chance
CREATE FUNCTION wal_of(first int, last int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	sum numeric := 0;
	calls int := 0;
BEGIN
	FOR i IN first..last LOOP
		EXECUTE format('EXPLAIN (ANALYZE, WAL, TIMING off, SUMMARY off, FORMAT JSON) SELECT public.devices(%L, %s, %s)', 'fay', i, i) INTO plan;
		IF (plan #>> '{0,Plan,WAL FPI}')::int = 0 THEN
			sum := sum + (plan #>> '{0,Plan,WAL Bytes}')::numeric;
			calls := calls + 1;
		END IF;
	END LOOP;
	RETURN sum / calls;
END $$;
SELECT wal_of(131, 204) AS early \gset
SELECT devices('fay', 205, 700);
SELECT wal_of(701, 774) < 2 * :early AS linear, :early > 500 AS counted;
TABLE wrong;
\c :origin
DROP DATABASE cdp_held;
