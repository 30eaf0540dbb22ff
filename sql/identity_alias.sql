-- Worked examples of aliases: an earlier user_id, which is evidence like any other, or believed.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_alias ENCODING 'UTF8' TEMPLATE template0;
\c cdp_alias
CREATE EXTENSION cdp;
SELECT cdp.init();
SET timezone = 'UTC';
SET search_path = public, cdp;
\set SHOW_CONTEXT never
-- u1 is a user_id, ~u1 the anonymous_id of that value; 'u2<u1' an alias of u1
CREATE FUNCTION happen(example text, at int, ids text, source text DEFAULT 'web') RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (type, event, user_id, previous_id, anonymous_id, "timestamp", received_at, source)
	SELECT CASE WHEN ids LIKE '%<%' THEN 'alias' ELSE 'track' END, 'Event', example || '-' || (string_to_array(translate(ids, '~', '<'), '<'))[1],
		CASE WHEN ids LIKE '%<%' THEN example || '-' || split_part(ids, '<', 2) END, CASE WHEN ids LIKE '%~%' THEN example || '-' || split_part(ids, '~', 2) END,
		timestamptz '2026-01-01' + at * interval '1 hour', '2026-06-01', source
$$;
CREATE FUNCTION short(i cdp.identifier) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE cdp.namespace(i) WHEN 'anonymous_id' THEN '~' ELSE '' END || split_part(cdp.value(i), '-', 2);
CREATE FUNCTION people(example text) RETURNS TABLE (people text, refused text) LANGUAGE sql AS $$
	SELECT (SELECT string_agg(p.ids, ' ' ORDER BY p.ids) FROM (
			SELECT format('{%s}', string_agg(short(i.identifier), ' ' ORDER BY short(i.identifier) COLLATE "C")) || CASE WHEN count(*) > 1
				THEN ' is ' || (SELECT short(o.identifier) FROM cdp_data.identifier o WHERE o.identifier_id = i.profile_id) ELSE '' END AS ids
			FROM cdp_data.identifier i WHERE cdp.value(i.identifier) LIKE example || '-%' AND i.profile_id <> 0 GROUP BY i.profile_id) p),
		(SELECT string_agg(concat(least(a, b), '-', greatest(a, b), ' (', array_to_string(reasons, ', '), ')'), ' ' ORDER BY least(a, b), greatest(a, b))
		FROM (SELECT short(r.identifier::cdp.identifier) AS a, short(r.other_identifier::cdp.identifier) AS b, r.reasons FROM cdp.refused_links r WHERE split_part(r.identifier, ':', 2) LIKE example || '-%') l)
$$;
CREATE FUNCTION chain(a text, b text) RETURNS TABLE (step int, from_identifier text, to_identifier text, source text, refused boolean, reasons text[]) LANGUAGE sql AS $$
	SELECT e.step, e.from_identifier, e.to_identifier, e.source, e.refused, replace(e.reasons::text, 'by ' || session_user, 'by the steward')::text[] FROM cdp.explain(a, b) e
$$;

-- a customer number that is renamed, and a person who says so
SELECT happen('r', 1, 'old'), happen('r', 2, 'new<old'), happen('r', 3, 'new');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('r');
SELECT * FROM chain('user_id:r-old', 'user_id:r-new');
SELECT change, number, identifiers FROM cdp.same('user_id:r-old', 'user_id:r-new', 'renamed');
SELECT * FROM people('r');
SELECT * FROM chain('user_id:r-old', 'user_id:r-new');

-- the pair waits for the earlier one; in any order
SELECT cdp.set_sources('{"crm": {"trust": 3, "aliases": "same"}, "web": {"aliases": "link"}}');
SELECT happen(e, 2, 'u2<u1', s), happen(e, 3, 'u2') FROM (VALUES ('a', 'web'), ('b', 'crm')) v (e, s);
SELECT accepted FROM cdp.refresh();
SELECT e, p.* FROM unnest('{a,b}'::text[]) e, people(e) p;
SELECT short(identifier) AS identifier, profile_id, blocked, class_id FROM cdp_data.identifier WHERE identifier = 'user_id:b-u1';
SELECT reasons FROM cdp.explain('user_id:b-u1', 'user_id:b-u2');
SELECT happen(e, 1, 'u1') FROM (VALUES ('a'), ('b')) v (e);
SELECT accepted FROM cdp.refresh();
SELECT e, p.* FROM unnest('{a,b}'::text[]) e, people(e) p;
SELECT * FROM chain('user_id:b-u1', 'anonymous_id:b-u1');
SELECT happen('c', 1, 'u1'), happen('c', 3, 'u2');
SELECT accepted FROM cdp.refresh();
SELECT happen('c', 2, 'u2<u1', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('c');
-- not believed, and the anonymous id of that value is another's
SELECT happen('d', 1, 'u1~u1'), happen('d', 2, 'u2<u1'), happen('d', 3, 'u2');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('d');
-- one that is its own earlier one, one without a user_id, one that means nothing
SELECT happen('i', 1, 'u1<u1', 'crm');
INSERT INTO cdp.inbox (type, previous_id, anonymous_id, source) VALUES ('alias', 'i-u1', 'i-a', 'crm'), ('alias', 'null', 'i-a', 'crm');
INSERT INTO cdp.inbox (type, previous_id, user_id, source) VALUES ('alias', '  ', 'i-u2', 'crm'), ('alias', 'unknown', 'i-u3', 'crm'), ('track', 'i-u1', 'i-u4', 'crm');
SELECT accepted, quarantined FROM cdp.refresh();
SELECT * FROM people('i');
SELECT count(*) FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a WHERE l.aliases > 0 AND cdp.value(x.identifier) LIKE 'i-%';

-- a chain: a forbid wins over what is believed, and a blocked middle parts it
SELECT happen(e, 1, 'u1'), happen(e, 2, 'u2<u1', 'crm'), happen(e, 3, 'u3<u2', 'crm') FROM (VALUES ('e'), ('f')) v (e);
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('e');
SELECT cdp.forbid('user_id:e-u1', 'user_id:e-u3');
SELECT * FROM people('e');
SELECT cdp.set_rules('{"user_id": {"blocked": ["f-u2"]}}');
SELECT * FROM people('f');
SELECT short(i.identifier) AS identifier, e."timestamp" FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id) WHERE cdp.value(i.identifier) LIKE 'f-%' ORDER BY 2;
SELECT cdp.set_rules('{"user_id": {"blocked": null}}');
SELECT * FROM people('f');
-- an earlier one that is blocked from the start, and freed
SELECT cdp.set_rules('{"user_id": {"blocked": ["g-u1"]}}');
SELECT happen('g', 2, 'u2<u1', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"user_id": {"blocked": null}}');
SELECT happen('g', 1, 'u1');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('g');
-- one that only waits is blocked, and freed
SELECT happen('h', 2, 'u2<u1', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"user_id": {"blocked": ["h-u1"]}}');
SELECT profile_id, blocked FROM cdp_data.identifier WHERE identifier = 'user_id:h-u1';
SELECT * FROM cdp.verify();
SELECT happen('h', 1, 'u1');
SELECT accepted FROM cdp.refresh();
SELECT cdp.set_rules('{"user_id": {"blocked": null}}');
SELECT profile_id > 0 AS there, blocked FROM cdp_data.identifier WHERE identifier = 'user_id:h-u1';
SELECT * FROM people('h');

-- a hub: of an end of more aliases than max_links of user_id to user_id says none is believed
SELECT cdp.set_rules('{"user_id": {"max_links": {"user_id": 2}}}');
SELECT happen('j', 1, 'u1<g', 'crm'), happen('j', 2, 'u2<g', 'crm'), happen('j', 4, 'g');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('j');
SELECT happen('j', 3, 'u3<g', 'crm');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('j');
SELECT cdp.set_rules('{"user_id": {"max_links": {"user_id": 3}}}');
SELECT * FROM people('j');
SELECT cdp.set_rules('{"user_id": {"max_links": {"user_id": null}}}');
SELECT cdp.rules() -> 'user_id' -> 'max_links' -> 'user_id' AS bound, cdp.rules() -> '*' -> 'sources' -> 'crm' -> 'aliases' AS aliases;
-- a source that is believed no more, and again; and what that would do
SELECT change, number, before, after FROM cdp.preview_rules('{"*": {"sources": {"crm": {"aliases": "link"}}}}', details => 0) WHERE change IN ('people', 'split', 'merge');
SELECT cdp.set_sources('{"crm": {"aliases": null}}');
SELECT e, p.* FROM unnest('{b,c,e,f,j}'::text[]) e, people(e) p;
SELECT source, aliases FROM cdp.sources ORDER BY source;
SELECT * FROM cdp.verify();
SELECT cdp.set_sources('{"crm": {"aliases": "same"}}');
SELECT e, p.* FROM unnest('{b,c,e,f,j}'::text[]) e, people(e) p;
SELECT cdp.set_sources('{"crm": {"aliases": "sane"}}');
SELECT cdp.set_sources('{"crm": {"aliases": 1}}');

-- believed and shared no more by one change
SELECT cdp.set_rules('{"user_id": {"max_per_profile": "unlimited", "max_links": {"user_id": 1, "anonymous_id": 1}}}');
SELECT happen('k', 1, 'u1~a'), happen('k', 2, 'u1~b'), happen('k', 3, 'u2<u1', 'crm'), happen('k', 4, 'u1<u3', 'crm'), happen('k', 5, 'u3');
SELECT accepted FROM cdp.refresh();
SELECT * FROM people('k');
SELECT cdp.set_rules('{"user_id": {"max_links": {"user_id": 2, "anonymous_id": 5}}}');
SELECT * FROM people('k');
SELECT count(DISTINCT class_id) AS classes, count(*) AS identifiers FROM cdp_data.identifier WHERE identifier IN ('user_id:k-u1', 'user_id:k-u2', 'user_id:k-u3') AND class_id <> 0;
SELECT * FROM cdp.verify();
-- one person alone
SELECT * FROM cdp.verify('user_id:k-u1') UNION ALL SELECT * FROM cdp.verify('user_id:j-g') UNION ALL SELECT * FROM cdp.verify('user_id:e-u1');
SELECT identifiers_moved, links, identifiers FROM cdp.restitch();

\c :origin
DROP DATABASE cdp_alias;
