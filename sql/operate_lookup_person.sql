-- A look-up leads from any identifier to the row of its profile, whatever moved it there.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_lookup_person ENCODING 'UTF8' TEMPLATE template0;
\c cdp_lookup_person
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
SET timezone = 'UTC';
CREATE ROLE regress_lookup_person;
SELECT cdp.grant_access('regress_lookup_person', 'analyst');

-- What a look-up must show of an identifier, by the tables alone.
CREATE FUNCTION shown(number bigint) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('profile_id', p.profile_id, 'shared', p.shared, 'first_seen', p.first_seen, 'last_seen', p.last_seen, 'event_count', p.events,
		'traits', coalesce(p.traits::jsonb, '{}'),
		'identifiers', (SELECT jsonb_agg(jsonb_build_object('namespace', n.namespace, 'value', cdp.value(i.identifier), 'first_known', b.as_of, 'shared', i.shared)
						ORDER BY n.priority, i.identifier USING OPERATOR(cdp.<))
						FROM cdp_data.identifier i JOIN cdp.batch b USING (batch_id) JOIN cdp.namespace n ON n.namespace = cdp.namespace(i.identifier)
						WHERE i.profile_id = p.profile_id),
		'events', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('timestamp', e."timestamp", 'type', e.type, 'event', e.event, 'source', e.source))
						|| CASE WHEN e.properties IS NULL THEN '{}' ELSE jsonb_build_object('properties', e.properties) END ORDER BY e."timestamp" DESC, e.event_id DESC), '[]')
				   FROM (SELECT * FROM cdp.events e WHERE e.profile_id = p.profile_id ORDER BY e."timestamp" DESC, e.event_id DESC LIMIT 10) e),
		'cases', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'case_id', c.case_id, 'opened_at', c.opened_at)
						ORDER BY c.opened_at DESC, c.kind COLLATE "C", c.case_id COLLATE "C"), '[]') FROM cdp.open_cases c WHERE c.profile_id = p.profile_id),
		'refused_links', (SELECT coalesce(jsonb_agg(jsonb_build_object('identifier', r.own, 'other_identifier', r.other, 'other_profile_id', r.id, 'reasons', r.reasons, 'last_at', r.last_at)
						ORDER BY r.last_at DESC, r.own COLLATE "C", r.other COLLATE "C"), '[]')
						  FROM (SELECT identifier, other_identifier, other_profile_id, reasons, last_at FROM cdp.refused_links WHERE profile_id = p.profile_id
								UNION ALL SELECT other_identifier, identifier, profile_id, reasons, last_at FROM cdp.refused_links WHERE other_profile_id = p.profile_id)
								AS r (own, other, id, reasons, last_at)),
		'accounts', (SELECT coalesce(jsonb_agg(jsonb_build_object('group_id', m.group_id, 'since', m.since, 'last_at', m.last_at, 'traits', a.traits) ORDER BY m.group_id COLLATE "C"), '[]')
					 FROM cdp.account_members m JOIN cdp.accounts a USING (group_id) WHERE m.profile_id = p.profile_id))
	FROM cdp_data.identifier i JOIN cdp_data.profile p USING (profile_id) WHERE i.identifier_id = number
$$;
-- Looks every identifier up in both ways, the strongest of a profile first or last, and returns those where something else is shown.
CREATE FUNCTION differs() RETURNS TABLE (identifier text, way text) LANGUAGE sql AS $$
	WITH asked AS (
		SELECT i.identifier, i.identifier_id, turn.first
		FROM (VALUES (true), (false)) turn (first) CROSS JOIN cdp_data.identifier i
		ORDER BY turn.first, (i.identifier_id = i.profile_id) <> turn.first, i.identifier USING OPERATOR(cdp.<) OFFSET 0)
	SELECT DISTINCT a.identifier::text COLLATE "C", CASE WHEN l.by_name IS DISTINCT FROM l.shown THEN 'name' ELSE 'number' END
	FROM asked a
	CROSS JOIN LATERAL (SELECT cdp.lookup(a.identifier) - 'segments' AS by_name, cdp.lookup(a.identifier_id) - 'segments' AS by_number, shown(a.identifier_id) AS shown OFFSET 0) l
	WHERE l.by_name IS DISTINCT FROM l.shown OR l.by_number IS DISTINCT FROM l.shown OR cdp.profile_of(a.identifier) IS DISTINCT FROM (l.by_name ->> 'profile_id')::bigint
	ORDER BY 1
$$;
CREATE FUNCTION people() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(array_to_string(p.identifiers, ' '), ', ' ORDER BY p.identifiers) FROM cdp.profiles p
$$;

-- each on its own, then merged
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, identifiers, traits, properties, group_id, "timestamp", received_at, source) VALUES
	('track', 'Ticket Created', 'a1', NULL, NULL, NULL, '{"ticket_id": "t1"}', NULL, '2026-01-01', '2026-06-01', 'web'),
	('track', 'Login', 'a2', NULL, NULL, NULL, NULL, NULL, '2026-01-02', '2026-06-01', 'web'),
	('track', 'Login', NULL, NULL, '{"email": "ann@example.com"}', NULL, '{"n": null}', NULL, '2026-01-03', '2026-06-01', 'web'),
	('group', NULL, NULL, 'bob', NULL, '{"name": "ACME"}', NULL, 'acme', '2026-01-03', '2026-06-01', 'crm');
SELECT identifiers FROM cdp.refresh();
SELECT people();
SELECT * FROM differs();
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, identifiers, traits, properties, group_id, "timestamp", received_at, source) VALUES
	('identify', NULL, 'a1', NULL, '{"email": "ann@example.com"}', '{"plan": "free"}', NULL, NULL, '2026-01-04', '2026-06-01', 'web'),
	('identify', NULL, 'a1', 'ann', NULL, '{"plan": "pro", "x": null}', NULL, NULL, '2026-01-05', '2026-06-01', 'crm'),
	('track', 'Login', 'a2', 'bob', NULL, NULL, '{}', NULL, '2026-01-06', '2026-06-01', 'web'),
	('track', 'Login', 'a1', 'bob', NULL, NULL, NULL, NULL, '2026-01-07', '2026-06-01', 'web'),
	('group', NULL, NULL, 'ann', NULL, '{"name": "ACME Ltd"}', NULL, 'acme', '2026-01-08', '2026-06-01', 'crm');
SELECT profiles_merged FROM cdp.refresh();
SELECT people();
SELECT * FROM differs();
-- split, joined again, kept apart
SELECT count(*) AS still_joined FROM cdp.unlink('anonymous_id:a1');
SELECT people();
SELECT * FROM differs();
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", received_at, source) VALUES ('track', 'Login', 'a1', 'ann', '2026-07-01', '2026-07-01', 'web');
SELECT profiles_merged FROM cdp.refresh();
SELECT * FROM differs();
SELECT cdp.forbid('user_id:ann', 'email:ann@example.com');
SELECT people();
SELECT * FROM differs();
-- shared and no more
SELECT cdp.mark_shared('anonymous_id:a1', true) IS NOT NULL AS marked;
SELECT people();
SELECT * FROM differs();
SELECT cdp.mark_shared('anonymous_id:a1', false) IS NOT NULL AS marked;
SELECT * FROM differs();
-- rules: what is blocked is in no profile; the strongest is another; the limit is looser
SELECT cdp.set_rules('{"anonymous_id": {"blocked": ["a1"]}}') IS NOT NULL AS blocked;
SELECT cdp.lookup('anonymous_id:a1') IS NULL AS gone, people();
SELECT * FROM differs();
SELECT cdp.set_rules('{"anonymous_id": {"blocked": null}}') IS NOT NULL AS allowed;
SELECT * FROM differs();
SELECT cdp.set_rules('{"email": {"priority": 1}, "anonymous_id": {"priority": 2}}') IS NOT NULL AS stronger;
SELECT count(*) AS by_others FROM cdp.profiles p JOIN cdp.identifiers i ON i.identifier_id = p.profile_id WHERE i.namespace <> 'user_id';
SELECT * FROM differs();
SELECT cdp.set_rules('{"user_id": {"max_per_profile": 2}}') IS NOT NULL AS looser;
SELECT people();
SELECT * FROM differs();
-- late evidence, and all anew
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", received_at, source) VALUES ('track', 'Login', 'a2', 'ann', '2025-12-01', '2026-07-01', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT * FROM differs();
UPDATE cdp_data.profile SET identifiers = NULL, identifier_ids = NULL;
UPDATE cdp_data.identifier SET profile_id = identifier_id WHERE NOT blocked;
SELECT count(*) > 0 AS differs FROM cdp.verify();
SELECT count(*) >= 0 AS built FROM cdp.restitch();
SELECT count(*) FROM cdp.verify();
SELECT * FROM differs();

-- more identifiers than the row of a profile holds: found by each
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, "timestamp", received_at, source)
SELECT 'track', 'Login', 'many' || i, 'many', timestamptz '2026-02-01Z' + i * interval '1 s', '2026-06-01', 'web' FROM generate_series(1, 150) i;
SELECT accepted FROM cdp.refresh();
SELECT identifiers IS NULL AS none_in_the_row, identifier_count FROM cdp_data.profile WHERE profile_id = cdp.profile_of('user_id:many');
SELECT * FROM differs();

-- two identifiers of one hash: neither is taken for the other, whichever is the stronger, and whichever query is tried first
CREATE FUNCTION of_one_hash() RETURNS TABLE (ann boolean, bob boolean, many boolean) LANGUAGE sql AS $$
	SELECT cdp.lookup('user_id:ann', 'identifiers') ->> 'profile_id' = cdp.profile_of('user_id:ann')::text, cdp.lookup('user_id:bob', 'identifiers') ->> 'profile_id' = cdp.profile_of('user_id:bob')::text,
		cdp.lookup('anonymous_id:many7', '') ->> 'profile_id' = cdp.profile_of('user_id:many')::text
$$;
BEGIN;
INSERT INTO cdp_data.identifier_map SELECT cdp_internal.map_hash(a.identifier), b.identifier_id FROM cdp_data.identifier a, cdp_data.identifier b
WHERE (a.identifier::text, b.identifier::text) IN (('user_id:ann', 'user_id:bob'), ('user_id:bob', 'user_id:ann'), ('user_id:ann', 'user_id:many'), ('anonymous_id:many7', 'user_id:ann'));
SELECT * FROM of_one_hash();
SELECT * FROM of_one_hash();
SELECT * FROM differs();
-- a number that none has does no harm
INSERT INTO cdp_data.identifier_map SELECT cdp_internal.map_hash(i.identifier), 4711000 FROM cdp_data.identifier i;
SELECT * FROM differs();
ROLLBACK;

-- those who only may read see the same
CREATE TABLE seen AS SELECT i.identifier, cdp.lookup(i.identifier) AS document FROM cdp_data.identifier i;
GRANT SELECT ON seen TO regress_lookup_person;
SET ROLE regress_lookup_person;
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE cdp.lookup(s.identifier) IS DISTINCT FROM s.document) AS differ FROM seen s;
RESET ROLE;

-- declared the same as a shared one, by no event
INSERT INTO cdp.inbox (type, event, user_id, source) VALUES ('track', 'Login', 'declared', 'web'), ('track', 'Login', 'desk', 'web');
SELECT accepted FROM cdp.refresh();
SELECT cdp.mark_shared('user_id:desk', true);
SET client_min_messages = warning;
SELECT count(*) FROM cdp.same('user_id:declared', 'user_id:desk');
RESET client_min_messages;
SELECT r ->> 'other_identifier' AS other_identifier, r -> 'reasons' AS reasons FROM jsonb_array_elements(cdp.lookup('user_id:declared') -> 'refused_links') r;
SELECT * FROM differs();

-- no query reads a table whole, before the tables were ever analyzed and after
CREATE FUNCTION whole_scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	EXECUTE format('PREPARE asked (bigint, integer, bigint[]) AS %s', query);
	FOR line IN EXECUTE $q$ EXPLAIN (COSTS OFF) EXECUTE asked (1, 10, '{1,2,3}') $q$ LOOP
		IF line ~ 'Seq Scan on (cdp_data\.)?(identifier|identifier_map|profile|event_2026_02|link|account_member|account|batch)\M' THEN
			RETURN NEXT btrim(line, '-> ');
		END IF;
	END LOOP;
	DEALLOCATE asked;
END $$;
SET plan_cache_mode = force_generic_plan;
INSERT INTO cdp.inbox (type, event, anonymous_id, user_id, group_id, "timestamp", received_at, source)
SELECT CASE WHEN i % 4 = 0 THEN 'group' ELSE 'track' END, 'Login', 'd' || i, 'u' || i, 'g' || i, timestamptz '2026-02-01Z' + i * interval '1 s', '2026-06-01', 'web' FROM generate_series(1, 12000) i;
SELECT accepted FROM cdp.refresh();
INSERT INTO cdp_data.batch SELECT r.* FROM generate_series(1, 5000) i CROSS JOIN LATERAL jsonb_populate_record((SELECT b FROM cdp_data.batch b LIMIT 1), jsonb_build_object('batch_id', 1000 + i)) r;
SELECT q.name, s.* FROM unnest('{strongest,identified,numbered,numbers,identifiers,provenance,events,has_case_event,cases,has_refused_link,refused_links,accounts}'::text[]) q (name)
CROSS JOIN LATERAL whole_scans(cdp_internal.lookup_query(q.name)) s;
ANALYZE;
SELECT q.name, s.* FROM unnest('{strongest,identified,numbered,numbers,identifiers,provenance,events,has_case_event,cases,has_refused_link,refused_links,accounts}'::text[]) q (name)
CROSS JOIN LATERAL whole_scans(cdp_internal.lookup_query(q.name)) s;
\c :origin
DROP DATABASE cdp_lookup_person;
DROP ROLE regress_lookup_person;
