-- The queries of a look-up.
--
-- They run under the caller's search path: setting another one would cost a quarter of a look-up.  So functions,
-- operators and types are written with their schema, and nothing on that path can shadow them.

CREATE FUNCTION cdp_internal.lookup_query(name text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE name
		-- The planner knows nothing of the values of a hash, and expects far too many rows; the LIMIT has it find one
		-- row at a time, by its key.
		WHEN 'strongest' THEN $sql$
			SELECT p.*
			FROM cdp_data.identifier_map m
			CROSS JOIN LATERAL (
				SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits, p.identifiers,
					p.identifier_ids
				FROM cdp_data.profile p
				WHERE p.profile_id OPERATOR(pg_catalog.=) m.identifier_id
				LIMIT 1) p
			WHERE m.hash OPERATOR(pg_catalog.=) $1 $sql$
		WHEN 'identified' THEN $sql$
			SELECT p.*, i.identifier, m.identifier_id
			FROM cdp_data.identifier_map m
			CROSS JOIN LATERAL (
				SELECT i.identifier, i.profile_id
				FROM cdp_data.identifier i
				WHERE i.identifier_id OPERATOR(pg_catalog.=) m.identifier_id
				LIMIT 1) i
			CROSS JOIN LATERAL (
				SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits, p.identifiers,
					p.identifier_ids
				FROM cdp_data.profile p
				WHERE p.profile_id OPERATOR(pg_catalog.=) i.profile_id
				LIMIT 1) p
			WHERE m.hash OPERATOR(pg_catalog.=) $1
			ORDER BY m.identifier_id $sql$
		WHEN 'numbered' THEN $sql$
			SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events, p.traits, p.identifiers,
				p.identifier_ids
			FROM cdp_data.identifier i
			JOIN cdp_data.profile p ON p.profile_id OPERATOR(pg_catalog.=) i.profile_id
			WHERE i.identifier_id OPERATOR(pg_catalog.=) $1 $sql$
		WHEN 'numbers' THEN $sql$
			SELECT pg_catalog.array_agg(i.identifier_id)
			FROM cdp_data.identifier i
			WHERE i.profile_id OPERATOR(pg_catalog.=) $1 $sql$
		WHEN 'identifiers' THEN $sql$
			SELECT n.namespace, cdp.value(i.identifier) AS value, (
					SELECT b.as_of
					FROM cdp_data.batch b
					WHERE b.batch_id OPERATOR(pg_catalog.=) i.batch_id) AS first_known,
				i.shared
			FROM cdp_data.identifier i
			JOIN cdp_data.namespace n ON n.namespace OPERATOR(pg_catalog.=) cdp.namespace(i.identifier)
			WHERE i.identifier_id OPERATOR(pg_catalog.=) ANY ($3)
			ORDER BY n.priority, i.identifier $sql$
		WHEN 'provenance' THEN $sql$
			SELECT v.*
			FROM cdp_data.profile p
			CROSS JOIN LATERAL cdp.provenance(p.traits) v
			WHERE p.profile_id OPERATOR(pg_catalog.=) $1
			ORDER BY v.key COLLATE pg_catalog."C", v.current DESC, v.at DESC, v.source COLLATE pg_catalog."C",
				v.value $sql$
		-- the latest events of each identifier, through the primary key, and of these the latest
		WHEN 'events' THEN $sql$
			SELECT e."timestamp", e.type, e.event, e.source, e.properties
			FROM pg_catalog.unnest($3) AS i (identifier_id)
			CROSS JOIN LATERAL (
				SELECT e.event_id, e."timestamp", e.type, e.event, e.source, e.properties
				FROM cdp_data.event e
				WHERE e.identifier_id OPERATOR(pg_catalog.=) i.identifier_id
				ORDER BY e."timestamp" DESC, e.event_id DESC
				LIMIT $2) e
			ORDER BY e."timestamp" DESC, e.event_id DESC
			LIMIT $2 $sql$
		WHEN 'has_case_event' THEN $sql$
			SELECT EXISTS (
				SELECT
				FROM cdp_data.event e
				JOIN cdp_data.case_event m ON m.event OPERATOR(pg_catalog.=) e.event
				WHERE e.identifier_id OPERATOR(pg_catalog.=) ANY ($3)) $sql$
		WHEN 'cases' THEN $sql$
			SELECT m.kind, m.case_id, m.opened_at
			FROM cdp.open_cases m
			WHERE m.profile_id OPERATOR(pg_catalog.=) $1
			ORDER BY m.opened_at DESC, m.kind COLLATE pg_catalog."C", m.case_id COLLATE pg_catalog."C" $sql$
		-- as in cdp.refused_links, for a profile that is not shared
		WHEN 'has_refused_link' THEN $sql$
			SELECT EXISTS (
				SELECT
				FROM pg_catalog.unnest($3) AS i (identifier_id)
				CROSS JOIN LATERAL (
					SELECT l.b AS other_id, l.refused
					FROM cdp_data.link l
					WHERE l.a OPERATOR(pg_catalog.=) i.identifier_id
					UNION ALL
					SELECT l.a, l.refused
					FROM cdp_data.link l
					WHERE l.b OPERATOR(pg_catalog.=) i.identifier_id) l
				JOIN cdp_data.identifier o ON o.identifier_id OPERATOR(pg_catalog.=) l.other_id
				WHERE l.refused OR o.shared)
			OR (
				-- mostly there is none
				(cdp_internal.has_hashed()
					OR EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind OPERATOR(pg_catalog.=) 'same'))
				AND EXISTS (
					SELECT
					FROM cdp_data.identifier i
					CROSS JOIN LATERAL cdp_internal.same_verdicts(i.identifier) s
					WHERE i.identifier_id OPERATOR(pg_catalog.=) ANY ($3))) $sql$
		WHEN 'refused_links' THEN $sql$
			SELECT r.identifier, r.other_identifier, r.other_profile_id, r.reasons, r.last_at
			FROM (
				SELECT r.identifier, r.other_identifier, r.other_profile_id, r.reasons, r.last_at
				FROM cdp.refused_links r
				WHERE r.profile_id OPERATOR(pg_catalog.=) $1
				UNION ALL
				SELECT r.other_identifier, r.identifier, r.profile_id, r.reasons, r.last_at
				FROM cdp.refused_links r
				WHERE r.other_profile_id OPERATOR(pg_catalog.=) $1) r
			ORDER BY r.last_at DESC, r.identifier COLLATE pg_catalog."C", r.other_identifier COLLATE pg_catalog."C"
			LIMIT 100 $sql$
		WHEN 'accounts' THEN $sql$
			SELECT m.group_id, m.since, m.last_at, coalesce(cdp_internal.traits_to_jsonb(a.traits), '{}') AS traits
			FROM cdp.account_members m
			CROSS JOIN LATERAL (
				SELECT a.traits
				FROM cdp_data.account a
				WHERE a.group_id OPERATOR(pg_catalog.=) m.group_id
				LIMIT 1) a
			WHERE m.profile_id OPERATOR(pg_catalog.=) $1
			ORDER BY m.group_id $sql$
	END;
COMMENT ON FUNCTION cdp_internal.lookup_query(text) IS
$comment$Internal: returns a query of a look-up, whose columns are the keys of a part of the document.
$1 is a profile_id, $2 a number of events, $3 the identifier_ids of the profile. Beside the parts there are:
strongest: the rows of profiles whose strongest identifiers have the hash $1.
identified: the rows of profiles that have identifiers with the hash $1, and these.
numbered: the row of the profile that has the identifier_id $1.
numbers: the identifier_ids of a profile.
has_case_event, has_refused_link: whether cases or refused_links can have rows.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.lookup_query(text) FROM PUBLIC;
