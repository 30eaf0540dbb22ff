-- Worked examples of cdp.same(): what it joins, what counts as one, its errors and notices.
-- Each example has identifiers of its own: the letters of its prefix are left out of what is shown.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_same ENCODING 'UTF8' TEMPLATE template0;
\c cdp_same
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
SET search_path = public, cdp;
\set SHOW_CONTEXT never
CREATE FUNCTION id(short text) RETURNS cdp.identifier LANGUAGE sql IMMUTABLE
	RETURN cdp.identifier(CASE left(split_part(short, '-', 2), 1) WHEN 'u' THEN 'user_id' WHEN 'e' THEN 'email' WHEN 'p' THEN 'crm_id' ELSE 'device_id' END,
		short || CASE WHEN split_part(short, '-', 2) LIKE 'e%' THEN '@example.com' ELSE '' END);
-- an event at an hour with some identifiers: 'x', 1, 'a u1'
CREATE FUNCTION happen(example text, at int, ids text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, identifiers, "timestamp", received_at)
	SELECT 'track', 'Event', jsonb_object_agg(namespace, v), timestamptz '2026-01-01' + at * interval '1 hour', '2026-06-01'
	FROM (SELECT cdp.namespace(id(example || '-' || i)) AS namespace, jsonb_agg(cdp.value(id(example || '-' || i))) AS v FROM string_to_table(ids, ' ') i GROUP BY 1) g
$$;
CREATE FUNCTION short(i cdp.identifier) RETURNS text LANGUAGE sql IMMUTABLE RETURN split_part(split_part(cdp.value(i), '-', 2), '@', 1);
-- the profiles, each with the identifier that gave it its id, and the refused pairs with their reasons
CREATE FUNCTION people(example text) RETURNS TABLE (people text, refused text) LANGUAGE sql AS $$
	SELECT (SELECT string_agg(p.ids, ' ' ORDER BY p.ids) FROM (
			SELECT format('{%s}', string_agg(short(i.identifier), ' ' ORDER BY short(i.identifier) COLLATE "C")) || CASE WHEN bool_or(i.shared) THEN ' shared' ELSE '' END
				|| CASE WHEN count(*) > 1 THEN ' is ' || (SELECT short(o.identifier) FROM cdp_data.identifier o WHERE o.identifier_id = i.profile_id) ELSE '' END AS ids
			FROM cdp_data.identifier i WHERE cdp.value(i.identifier) LIKE example || '-%' AND i.profile_id <> 0 GROUP BY i.profile_id) p),
		(SELECT string_agg(concat(least(a, b), '-', greatest(a, b), ' (', array_to_string(reasons, ', '), ')'), ' ' ORDER BY least(a, b), greatest(a, b))
		FROM (SELECT short(r.identifier::cdp.identifier) AS a, short(r.other_identifier::cdp.identifier) AS b, r.reasons FROM cdp.refused_links r
			WHERE split_part(r.identifier, ':', 2) LIKE example || '-%' AND r.reasons <> '{shared}') l)
$$;
CREATE FUNCTION chain(a text, b text) RETURNS TABLE (chain text) LANGUAGE sql AS $$
	SELECT concat(short(e.from_identifier::cdp.identifier), ' ', short(e.to_identifier::cdp.identifier), ' ', replace(e.reasons::text, 'by ' || session_user, 'by the steward')) FROM cdp.explain(id(a)::text, id(b)::text) e
$$;
-- an error, without the name of who decided
CREATE FUNCTION refusal(statement text) RETURNS TABLE (said text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN QUERY SELECT replace(u.text, 'by ' || session_user, 'by the steward') FROM unnest(ARRAY[SQLSTATE || ' ' || SQLERRM, detail, hint]) u (text);
END
$$;

-- two customers; and each gets back what it had
SELECT happen('x', 1, 'u1 a'), happen('x', 2, 'u2 b');
SELECT accepted FROM cdp.refresh();
CREATE TABLE was AS SELECT identifier_id, profile_id FROM cdp_data.identifier;
SELECT change, number, identifiers FROM cdp.same(id('x-u1'), id('x-u2'), 'phoned', dry_run => true);
SELECT * FROM people('x');
SELECT change, number, identifiers FROM cdp.same(id('x-u1'), id('x-u2'), 'phoned');
SELECT * FROM people('x');
SELECT cdp.profile_of(id('x-u2')) = cdp.profile_of(id('x-u1')) AS one, e.identifier_id = i.identifier_id AS anchored FROM cdp_data.event e JOIN cdp_data.identifier i ON i.identifier = id('x-u2') WHERE e."timestamp" = '2026-01-01 02:00Z';
SELECT kind, short(a) AS a, short(b) AS b, reason, decided_by = session_user AS mine, refused FROM cdp.verdict;
SELECT * FROM chain('x-a', 'x-b');
SELECT step, source, message_id, at > '2026-06-01' AS lately FROM cdp.explain(id('x-u1'), id('x-u2'));
-- again: another reason, and nothing moves
SELECT * FROM cdp.same(id('x-u2'), id('x-u1'), 'and wrote');
SELECT reason FROM cdp.verdict;
SELECT cdp.allow(id('x-u2'), id('x-u1'));
SELECT * FROM people('x');
SELECT count(*) FROM was w JOIN cdp_data.identifier i USING (identifier_id) WHERE w.profile_id <> i.profile_id;
SELECT cdp.allow(id('x-u2'), id('x-u1'));

-- what is the same counts as one
SELECT happen('y', 1, 'a u1'), happen('y', 2, 'a u2'), happen('y', 3, 'a u3');
SELECT happen('z', 1, 'a u1'), happen('z', 2, 'a u2'), happen('z', 3, 'a u3');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('y');
SELECT change, number, identifiers FROM cdp.same(id('y-u1'), id('y-u2'));
SELECT * FROM people('y');
SELECT change, number, identifiers FROM cdp.same(id('z-u2')::text, id('z-u3')::text);
SELECT * FROM people('z');
SELECT p.limited, p.identifier_count FROM cdp_data.profile p WHERE p.profile_id = cdp.profile_of(id('y-u1'));

-- before all evidence, and across namespaces
SELECT happen('v', 0, 'e u2'), happen('v', 1, 'u1 a'), happen('v', 2, 'e b');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('v');
SELECT change, number, identifiers FROM cdp.same(id('v-u1'), id('v-e'));
SELECT * FROM people('v');

-- a shared end does nothing, until it is not shared
SELECT cdp.set_rules('{"email": {"max_links": {"user_id": 2}}}');
SELECT happen('s', i, 'e u' || i) FROM generate_series(1, 3) i;
SELECT accepted FROM cdp.refresh();
SELECT cdp.same(id('s-e'), id('s-u2'));
SELECT * FROM people('s');
SELECT cdp.mark_shared(id('s-e'), false);
SELECT * FROM people('s');
-- and two of a class are two towards max_links
SELECT cdp.set_rules('{"device_id": {"max_links": {"user_id": 2}}}');
SELECT happen('k', i, 'k u' || i) FROM generate_series(1, 3) i;
SELECT accepted FROM cdp.refresh();
SELECT change, number, identifiers FROM cdp.same(id('k-u2'), id('k-u3'));
SELECT * FROM people('k');

-- a forbid meets a class
SELECT happen('f', 1, 'u1'), happen('f', 2, 'p a'), happen('f', 3, 'a e');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.same(id('f-u1'), id('f-p'), 'it says so');
SELECT cdp.forbid(id('f-u1'), id('f-e'), 'a complaint');
SELECT * FROM people('f');
SELECT * FROM refusal($$ SELECT cdp.forbid(id('f-u1'), id('f-p')) $$);
SELECT * FROM refusal($$ SELECT cdp.same(id('f-e'), id('f-p')) $$);
SELECT * FROM chain('f-p', 'f-e');
SELECT cdp.allow(id('f-u1'), id('f-e'));
SELECT * FROM people('f');

-- unlink
SELECT happen('n', 1, 'u1 e'), happen('n', 2, 'u2 e');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.same(id('n-u1'), id('n-u2'));
SELECT * FROM people('n');
SELECT step, short(from_identifier::cdp.identifier) AS a, short(to_identifier::cdp.identifier) AS b, cardinality(reasons) AS verdict FROM cdp.unlink(id('n-u1'), id('n-e'));
SELECT * FROM refusal($$ SELECT cdp.unlink(id('n-u1'), id('n-u2')) $$);
SELECT step, short(from_identifier::cdp.identifier) AS a, short(to_identifier::cdp.identifier) AS b, cardinality(reasons) AS verdict FROM cdp.unlink(id('n-u2'));
SELECT cdp.allow(id('n-u1'), id('n-u2'));
SELECT * FROM people('n');

-- the middle of a chain that no event carries
SELECT happen('m', 1, 'u1'), happen('m', 2, 'u3');
SELECT accepted FROM cdp.refresh();
SELECT cdp.same(id('m-u1'), id('m-u2')), cdp.same(id('m-u2'), id('m-u3'));
SELECT * FROM people('m');
SELECT * FROM refusal($$ SELECT cdp.forbid(id('m-u3'), id('m-u1')) $$);
SELECT * FROM refusal($$ SELECT cdp.allow(id('m-u3'), id('m-u1')) $$);
SELECT happen('m', 3, 'u2');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('m');
-- blocked, it is as if it were not there; and it comes back by itself
SELECT cdp.set_rules('{"user_id": {"blocked": ["m-u2"]}}');
SELECT * FROM people('m');
SELECT cdp.same(id('m-u2'), id('m-u4'));
SELECT cdp.set_rules('{"user_id": {"blocked": null}}');
SELECT * FROM people('m');

-- the cap
SELECT cdp.set_rules('{"*": {"cap": 2}}');
SELECT happen('c', 1, 'u1 a'), happen('c', 2, 'u2 b'), happen('c', 3, 'u3');
SELECT accepted FROM cdp.refresh();
SELECT change, number, identifiers FROM cdp.same(id('c-u1'), id('c-u2'));
SELECT * FROM people('c');
SELECT cdp.same(id('c-u2'), id('c-u3'));
SELECT cdp.set_rules('{"*": {"cap": null}}');
SELECT * FROM people('c');
-- a cap that comes later refuses the verdict, and says so
SELECT count(*) FROM cdp.same(id('c-u2'), id('c-u3'));
SELECT cdp.set_rules('{"*": {"cap": 2}}');
SELECT * FROM people('c');
SELECT refused, count(*) FROM cdp.verdict WHERE a::text LIKE '%c-u%' GROUP BY refused;
SELECT identifier, other_identifier, reasons, events, first_at, sources FROM cdp.refused_links WHERE events = 0 AND identifier LIKE '%:c-%';
SELECT * FROM chain('c-u1', 'c-u3');
SELECT count(*) FROM cdp.same(id('c-u1'), id('c-a'));
SELECT cdp.set_rules('{"*": {"cap": null}}');
SELECT * FROM people('c');

-- misuse
SELECT cdp.same(id('x-u1'), id('x-u1'));
SELECT cdp.same(NULL, id('x-u1'));
SELECT cdp.same(id('x-u1'), id('x-u2'), dry_run => NULL);
SELECT cdp.same('user_id', 'user_id:1');
-- a limit that comes later counts classes
SELECT cdp.set_rules('{"device_id": {"max_per_profile": 1}}');
SELECT * FROM cdp.verify();
SELECT identifiers_moved, links, identifiers FROM cdp.restitch();
SELECT grantee FROM information_schema.routine_privileges WHERE routine_schema = 'cdp' AND routine_name IN ('same', 'allow') AND grantee = 'PUBLIC';

\c :origin
DROP DATABASE cdp_same;
