-- cdp.verify() finds what is wrong with the base of dropped months, and with what follows from it.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_verify_base ENCODING 'UTF8' TEMPLATE template0;
\c cdp_verify_base
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months

-- January is dropped, and has got late events since, of which one is folded; February is folded, and stands in the log
-- still; March is neither
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, group_id, previous_id, traits, "timestamp", message_id, context) VALUES
 ('identify', NULL, 'a', 'u1', NULL, NULL, '{"plan": "gold"}', '2026-01-01Z', 'm1', NULL),
 ('track', 'Buy', 'a', 'u1', NULL, NULL, NULL, '2026-01-02Z', 'm2', '{"campaign": {"name": "winter", "source": "a newsletter of the old year, sent to all"}}'),
 ('track', 'Buy', 'a', 'u1', NULL, NULL, NULL, '2026-01-03Z', 'm3', '{"campaign": {"name": "spring", "source": "a newsletter of the new year, sent to all"}}'),
 ('group', NULL, NULL, 'u1', 'acme', NULL, '{"size": 3}', '2026-01-04Z', 'm4', NULL),
 ('alias', NULL, NULL, 'u2', NULL, 'u3', NULL, '2026-01-05Z', 'm5', NULL),
 ('track', 'Buy', 'bad', NULL, NULL, NULL, NULL, '2026-01-06Z', 'm6', NULL),
 ('track', 'View', 'alone', NULL, NULL, NULL, NULL, '2026-01-07Z', 'm7', NULL),
 ('track', 'Buy', 'b', 'u4', NULL, NULL, NULL, '2026-01-08Z', 'm8', NULL),
 ('track', 'Buy', 'b', 'u4', NULL, NULL, NULL, '2026-02-08Z', 'm9', NULL),
 ('track', 'View', 'c', 'u5', NULL, NULL, NULL, '2026-03-08Z', 'm10', '{"campaign": {"name": "spring", "source": "a newsletter of the new year, sent to all"}}');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["bad"]}}');
SELECT cdp.unlink('anonymous_id:b', 'user_id:u4');
SELECT context, events FROM cdp_data.shared_context WHERE context_hash <> 0 ORDER BY context::text;
CALL drop_months('2026-02-01');
SELECT context, events FROM cdp_data.shared_context WHERE context_hash <> 0 ORDER BY context::text;
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id) VALUES
 ('track', 'View', 'late', 'u6', '2026-01-09Z', 'm11');
SELECT accepted FROM cdp.refresh();
SELECT month, state, events FROM cdp.drop_events('2026-03-01', 99);
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", message_id) VALUES
 ('track', 'View', 'late', 'u6', '2026-01-10Z', 'm12');
SELECT accepted FROM cdp.refresh();
CREATE VIEW base AS
	SELECT i.identifier AS anchor, b.events, b.first_said_at, b.last_said_at, b.earlier_id, b.ids, b.group_id, b.message_id
	FROM cdp_data.base_row b LEFT JOIN cdp_data.identifier i USING (identifier_id);
SELECT * FROM base ORDER BY first_said_at;
SELECT message_id FROM cdp.events ORDER BY event_id;
SELECT * FROM cdp.verify();

-- each fault alone
CREATE FUNCTION fault(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	BEGIN
		EXECUTE statement;
		FOR line IN SELECT concat_ws(' | ', v.stage, v.item, coalesce(v.expected, '-'), coalesce(v.found, '-'))
			FROM cdp.verify() v ORDER BY v.stage, v.item COLLATE "C", v.expected COLLATE "C", v.found COLLATE "C" LOOP
			RETURN NEXT line;
		END LOOP;
		RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		RETURN;
	END;
END
$$;
CREATE FUNCTION number(identifier text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT k.identifier_id FROM cdp_internal.known_identifier(identifier::cdp.identifier) k
$$;
-- the row of the base whose first event was on a day of January
CREATE FUNCTION of_day(day integer, b cdp_data.base) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT (cdp_internal.unpack_base(b.identifier_id, b.packed)).first_at = make_timestamptz(2026, 1, day, 0, 0, 0, 'UTC')
$$;
CREATE FUNCTION change(day integer, content jsonb, anchor bigint DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	UPDATE cdp_data.base b
	SET identifier_id = coalesce(anchor, b.identifier_id), packed = cdp_internal.pack_base(coalesce(anchor, b.identifier_id),
		jsonb_populate_record(cdp_internal.unpack_base(b.identifier_id, b.packed), content))
	WHERE of_day(day, b)
$$;
-- rows of the base
SELECT fault($$ DELETE FROM cdp_data.base b WHERE of_day(1, b) $$);
SELECT fault($$ DELETE FROM cdp_data.base b WHERE of_day(6, b) $$);
SELECT fault($$ INSERT INTO cdp_data.base SELECT b.* FROM cdp_data.base b WHERE of_day(7, b) $$);
SELECT fault($$ SELECT change(1, '{"events": 2}') $$);
SELECT fault($$ SELECT change(1, '{"first_at": "2025-12-31Z"}') $$);
SELECT fault($$ SELECT change(1, '{"first_said_at": "2025-12-31Z"}') $$);
SELECT fault($$ SELECT change(8, '{"last_said_at": "2026-03-09Z"}') $$);
SELECT fault($$ SELECT change(1, '{"message_id": null}') $$);
SELECT fault($$ SELECT change(1, '{}', number('anonymous_id:a')) $$);
SELECT fault($$ SELECT change(7, '{}', 0) $$);
SELECT fault($$ SELECT change(6, '{}', number('anonymous_id:bad')) $$);
SELECT fault($$ SELECT change(1, jsonb_build_object('ids', (SELECT b.ids || 4711::bigint FROM base b WHERE b.message_id = 'm1'))) $$);
SELECT fault($$ SELECT change(1, jsonb_build_object('ids', (SELECT b.ids || number('user_id:u2') FROM base b WHERE b.message_id = 'm1'))) $$);
SELECT fault($$ SELECT change(7, '{"ids": []}') $$);
SELECT fault($$ SELECT change(1, '{"source_id": 4711}') $$);
SELECT fault($$ SELECT change(5, '{"earlier_id": null}') $$);
SELECT fault($$ SELECT change(5, '{"earlier_id": 4711}') $$);
SELECT fault($$ UPDATE cdp_data.base b SET traits = NULL WHERE of_day(1, b) $$);
SELECT fault($$ UPDATE cdp_data.base b SET timeline = '{}' WHERE of_day(7, b) $$);
SELECT fault($$ UPDATE cdp_data.base SET group_id = 'other' WHERE group_id = 'acme' $$);
SELECT fault($$ UPDATE cdp_data.base SET traits = NULL WHERE group_id = 'acme' $$);
-- what only the base says
SELECT fault($$ DELETE FROM cdp_data.link WHERE a = least(number('user_id:u1'), number('anonymous_id:a')) AND b = greatest(number('user_id:u1'), number('anonymous_id:a')) $$);
SELECT fault($$ UPDATE cdp_data.link SET aliases = 0 WHERE aliases > 0 $$);
SELECT fault($$ UPDATE cdp_data.link SET events = events + 1, last_at = '2026-01-20Z' WHERE message_id = 'm1' $$);
SELECT fault($$ DELETE FROM cdp_data.verdict WHERE kind = 'unlink' $$);
SELECT fault($$ UPDATE cdp_data.verdict SET until_at = '2026-01-08Z' WHERE kind = 'unlink' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET blocked = true, profile_id = 0 WHERE identifier::text = 'anonymous_id:alone' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET profile_id = 0 WHERE identifier::text = 'anonymous_id:alone' $$);
SELECT fault($$ DELETE FROM cdp_data.identifier WHERE identifier::text = 'anonymous_id:alone' $$);
SELECT fault($$ UPDATE cdp_data.identifier SET shared = true WHERE identifier::text = 'user_id:u1' $$);
SELECT fault($$ UPDATE cdp_data.profile SET events = 9 WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ UPDATE cdp_data.profile SET traits = NULL WHERE profile_id = cdp.profile_of('user_id:u1') $$);
SELECT fault($$ DELETE FROM cdp_data.profile WHERE profile_id = cdp.profile_of('anonymous_id:alone') $$);
SELECT fault($$ UPDATE cdp_data.account SET events = 2 $$);
SELECT fault($$ DELETE FROM cdp_data.account_member $$);
-- the mark: what lies up to it is not of the log, what lies above it is
SELECT fault($$ UPDATE cdp_data.folded_month SET event_id = 4711 WHERE month = '2026-01-01Z' $$);
SELECT fault($$ UPDATE cdp_data.folded_month SET event_id = 8 WHERE month = '2026-01-01Z' $$);
SELECT fault($$ UPDATE cdp_data.folded_month SET events = 99 WHERE month = '2026-01-01Z' $$);
SELECT fault($$ DELETE FROM cdp_data.folded_month WHERE month = '2026-01-01Z' $$);
-- one person
SELECT change(1, '{"first_said_at": "2025-12-31Z"}', number('anonymous_id:a'));
SELECT * FROM cdp.verify('user_id:u1') ORDER BY 1, 2;
SELECT * FROM cdp.verify('user_id:u6');
-- all that follows from the rows of the base is mended
SELECT links, profiles_created, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
\c :origin
DROP DATABASE cdp_verify_base;
