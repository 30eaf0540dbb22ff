-- What is handed to a person: the queries of the lists.

CREATE FUNCTION cdp_internal.export_lists() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '{profile,identifiers,history,traits,computed_traits,accounts,events,folded,corrections,quarantine,links,'
		'verdicts,segments,changes,purposes,consent,disclosures,sources,retention}'::text[];
COMMENT ON FUNCTION cdp_internal.export_lists() IS 'Internal: returns the lists of cdp.export_person(), in order.';

CREATE FUNCTION cdp_internal.export_why(segment text, profile_id bigint) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT jsonb_agg(jsonb_build_object('depth', w.depth, 'part', w.part, 'values', w."values", 'holds', w.holds,
			'until', w.until) ORDER BY w.line)
		FROM cdp.why(segment, profile_id) w);
EXCEPTION WHEN insufficient_privilege OR program_limit_exceeded OR undefined_object OR wrong_object_type THEN
	RETURN jsonb_build_object('error', SQLERRM);
END
$function$;
COMMENT ON FUNCTION cdp_internal.export_why(text, bigint) IS
	'Internal: returns cdp.why() of a person as a document; of a segment that cannot be explained to the caller, the '
	'error.';

-- The columns of the inbox that a row of the quarantine has, as far as they can be read.
CREATE FUNCTION cdp_internal.quarantined_identifiers(record jsonb, line text, OUT ids cdp.identifier[],
	OUT document jsonb)
	LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	said record;
BEGIN
	IF line IS NOT NULL THEN
		BEGIN
			document := line::jsonb;
		EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
			NULL;
		END;
		SELECT p.anonymous_id, p.user_id, p.previous_id, p.identifiers, p.properties, p.traits, p.context
		INTO said FROM cdp_internal.parse_line(line) p;
	ELSE
		SELECT record ->> 'anonymous_id' AS anonymous_id, record ->> 'user_id' AS user_id,
			record ->> 'previous_id' AS previous_id, record -> 'identifiers' AS identifiers,
			record -> 'properties' AS properties, record -> 'traits' AS traits, record -> 'context' AS context
		INTO said;
	END IF;
	SELECT o.ids INTO ids
	FROM cdp_internal.onboard('identify', NULL, said.anonymous_id, said.user_id, NULL, NULL,
		cdp_internal.object_or_null(said.identifiers), cdp_internal.object_or_null(said.properties),
		cdp_internal.object_or_null(said.traits), cdp_internal.object_or_null(said.context),
		NULL, NULL, NULL, NULL, NULL, now()) o;
	-- what cannot be one event has them all the same
	ids := coalesce(ids, '{}') || ARRAY(
		SELECT i.id
		FROM (VALUES
			(cdp.try_identifier('anonymous_id', said.anonymous_id)), (cdp.try_identifier('user_id', said.user_id)),
			(cdp.try_identifier('anonymous_id', said.previous_id)), (cdp.try_identifier('user_id', said.previous_id)))
			AS i (id)
		WHERE i.id IS NOT NULL);
END
$function$;
COMMENT ON FUNCTION cdp_internal.quarantined_identifiers(jsonb, text) IS
	'Internal: returns the identifiers of a row of the quarantine, as far as it can be read. document: that a line is; '
	'NULL: it is none.';

CREATE FUNCTION cdp_internal.object_or_null(document jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN jsonb_typeof(document) = 'object' THEN document END;
COMMENT ON FUNCTION cdp_internal.object_or_null(jsonb) IS 'Internal: returns the document if it is an object.';

-- Spellings differ: of an address the domain is looked for, of a phone number its last digits.  Texts with escapes, and
-- values that JSON escapes, are all looked at.
CREATE FUNCTION cdp_internal.export_pattern(own cdp.identifier[]) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN '\\u[0-9a-f]|' || (
		SELECT string_agg(CASE
			WHEN cdp.value(i.id) ~ '["\\[:cntrl:]]|[^ -~]|xn--' THEN ''
			WHEN cdp.namespace(i.id) = 'phone'
			THEN regexp_replace(right(cdp.value(i.id), 6), '([0-9])(?=.)', '\1[^0-9]*', 'g')
			ELSE regexp_replace(CASE cdp.namespace(i.id) WHEN 'email'
				THEN regexp_replace(cdp.value(i.id), '^.*@', '@') ELSE cdp.value(i.id) END,
				'([^A-Za-z0-9@])', '\\\1', 'g') END, '|')
		FROM unnest(own) AS i (id));
COMMENT ON FUNCTION cdp_internal.export_pattern(cdp.identifier[]) IS
	'Internal: returns a regular expression for the text of rows that can carry one of the identifiers.';

CREATE FUNCTION cdp_internal.find_quarantined(own cdp.identifier[]) RETURNS bigint[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
DECLARE
	pattern text := cdp_internal.export_pattern(own);
BEGIN
	RETURN ARRAY(
		SELECT q.quarantine_id
		FROM cdp_data.quarantine q
		CROSS JOIN LATERAL cdp_internal.quarantined_identifiers(q.record, q.line) n
		WHERE coalesce(q.line, q.record::text) ~* pattern AND (n.ids && own
			OR n.document IS NULL AND q.line IS NOT NULL AND EXISTS (
				SELECT
				FROM unnest(own) AS i (id)
				WHERE length(cdp.value(i.id)) >= 5 AND strpos(lower(q.line), lower(cdp.value(i.id))) > 0))
		ORDER BY q.quarantine_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.find_quarantined(cdp.identifier[]) IS
	'Internal: returns the numbers of the rows of the quarantine that carry one of the identifiers; of lines that '
	'cannot be read, those that have one in their text.';

CREATE FUNCTION cdp_internal.export_query(list text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE list
		WHEN 'profile' THEN $sql$
			SELECT p.profile_id, p.first_seen, p.last_seen, p.events, p.identifier_count AS identifiers,
				array_remove($4, p.profile_id) AS former_profile_ids
			FROM cdp_data.profile p
			WHERE p.profile_id = $1 $sql$
		WHEN 'identifiers' THEN $sql$
			SELECT cdp.namespace(i.identifier) AS namespace, cdp.value(i.identifier) AS value, b.as_of AS first_known,
				(
					SELECT array_agg(DISTINCT s.source ORDER BY s.source)
					FROM (
						SELECT l.source_id FROM cdp_data.link l WHERE l.a = i.identifier_id
						UNION ALL
						SELECT l.source_id FROM cdp_data.link l WHERE l.b = i.identifier_id
						UNION ALL
						SELECT r.source_id FROM cdp_data.base_row r WHERE r.identifier_id = i.identifier_id
						UNION ALL
						SELECT e.source_id
						FROM (
							SELECT o.source_id
							FROM cdp_data.source o
							WHERE EXISTS (
								SELECT
								FROM cdp_data.event e
								WHERE e.identifier_id = i.identifier_id AND e.source = o.source)) e) n
					JOIN cdp_data.source s USING (source_id)) AS sources,
				i.shared
			FROM cdp_data.identifier i
			JOIN cdp_data.batch b ON b.batch_id = i.batch_id
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
			WHERE i.identifier_id = ANY ($2)
			ORDER BY n.priority, i.identifier $sql$
		WHEN 'history' THEN $sql$
			SELECT i.identifier::text AS identifier, nullif(h.profile_id, 0) AS profile_id, f.as_of AS since,
				u.as_of AS until
			FROM (
				SELECT h.identifier_id, h.profile_id, h.from_batch_id, h.until_batch_id
				FROM cdp_data.identifier_history h
				WHERE h.identifier_id = ANY ($2)
				UNION ALL
				SELECT o.identifier_id, o.profile_id, o.since_batch_id, NULL
				FROM cdp_data.identifier o
				WHERE o.identifier_id = ANY ($2)) h
			JOIN cdp_data.identifier i ON i.identifier_id = h.identifier_id
			JOIN cdp_data.batch f ON f.batch_id = h.from_batch_id
			LEFT JOIN cdp_data.batch u ON u.batch_id = h.until_batch_id
			ORDER BY i.identifier, h.from_batch_id $sql$
		WHEN 'traits' THEN $sql$
			SELECT v.key, v.value, v.current, v.at, v.source, v.rule, v.trust, v.removed, v.count
			FROM cdp_data.profile p
			CROSS JOIN LATERAL cdp.provenance(p.traits) v
			WHERE p.profile_id = $1
			ORDER BY v.key COLLATE "C", v.current DESC, v.at DESC, v.source COLLATE "C", v.value $sql$
		WHEN 'computed_traits' THEN $sql$
			SELECT s.name AS trait, u.value, u.since, s.description
			FROM cdp_data.membership m
			CROSS JOIN LATERAL unnest(m.segments, m.since, m.computed) AS u (segment_id, since, value)
			JOIN cdp_data.segment s ON s.segment_id = u.segment_id AND s.kind = 'trait'
			WHERE m.profile_id = $1
			ORDER BY s.name $sql$
		-- what an account is said to be comes from all its members
		WHEN 'accounts' THEN $sql$
			SELECT m.group_id, min(m.first_at) AS since, max(m.last_at) AS last_at, max(m.left_at) AS left_at,
				sum(m.events)::bigint AS calls
			FROM cdp_data.account_member m
			WHERE m.identifier_id = ANY ($2)
			GROUP BY m.group_id
			ORDER BY m.group_id $sql$
		WHEN 'events' THEN $sql$
			SELECT e.event_id, e."timestamp", e.type, e.event, e.source, e.received_at, e.sent_at, e.original_timestamp,
				e.message_id, e.anonymous_id, e.user_id, e.group_id, e.previous_id, e.identifiers, e.properties,
				e.traits, cdp_internal.whole_context(e.context, c.context) AS context
			FROM cdp_data.event e
			LEFT JOIN cdp_data.shared_context c ON c.context_hash = e.context_hash
			WHERE e.identifier_id = ANY ($2)
			ORDER BY e."timestamp", e.event_id $sql$
		-- of these events only what they added up to is kept
		WHEN 'folded' THEN $sql$
			SELECT s.source, b.events, b.first_at, b.last_at, b.group_id, b.left_at,
				(
					SELECT array_agg(i.identifier::text ORDER BY i.identifier)
					FROM cdp_data.identifier i
					WHERE i.identifier_id = ANY (b.ids) AND i.identifier_id = ANY ($2)) AS identifiers,
				cdp_internal.traits_to_jsonb(b.traits) AS traits, b.timeline::text::jsonb AS timeline
			FROM cdp_data.base_row b
			JOIN cdp_data.source s ON s.source_id = b.source_id
			WHERE b.identifier_id = ANY ($2)
			ORDER BY b.first_at, s.source, b.identifier_id, b.group_id $sql$
		WHEN 'corrections' THEN $sql$
			SELECT c.event_id, c.source, c.message_id, c.deleted, o.as_of AS replaced_at,
				c.event - '{identifier_id,batch_id,context_hash}'::text[] AS record
			FROM cdp_data.correction c
			LEFT JOIN cdp_data.batch o ON o.batch_id = c.batch_id
			WHERE (c.event ->> 'identifier_id')::bigint = ANY ($2)
			ORDER BY c.event_id $sql$
		WHEN 'quarantine' THEN $sql$
			SELECT q.quarantine_id, q.quarantined_at, q.received_at, q.source, q.reason, q.detail,
				coalesce(q.record, n.document) AS record, n.document IS NULL AND q.record IS NULL AS withheld
			FROM cdp_data.quarantine q
			CROSS JOIN LATERAL cdp_internal.quarantined_identifiers(q.record, q.line) n
			WHERE q.quarantine_id = ANY ($5)
			ORDER BY q.quarantine_id $sql$
		-- the other end is named if it is the person's own
		WHEN 'links' THEN $sql$
			SELECT i.identifier::text AS identifier, o.identifier::text AS other_identifier, s.source, l.message_id,
				l.events, l.first_at, l.last_at, b.as_of AS first_known, l.refused,
				CASE WHEN o.identifier_id IS NULL AND l.refused THEN 'refused: a rule keeps the two apart'
					WHEN o.identifier_id IS NULL AND l.of_shared THEN 'shared: one of the two is shared by many'
					WHEN o.identifier_id IS NULL THEN 'not joined'
					WHEN l.believed THEN 'joined: aliases say that the two are the same'
					ELSE 'joined: both stood on one event' END AS explanation
			FROM (
				SELECT k.a AS own_id, k.b AS other_id, k.*
				FROM cdp_data.link k
				WHERE k.a = ANY ($2)
				UNION ALL
				SELECT k.b, k.a, k.*
				FROM cdp_data.link k
				WHERE k.b = ANY ($2) AND k.a <> ALL ($2)) AS m
			CROSS JOIN LATERAL (
				SELECT m.*, EXISTS (
					SELECT FROM cdp_data.identifier x WHERE x.identifier_id IN (m.own_id, m.other_id) AND x.shared)
					AS of_shared) l
			JOIN cdp_data.identifier i ON i.identifier_id = l.own_id
			LEFT JOIN cdp_data.identifier o ON o.identifier_id = l.other_id AND l.other_id = ANY ($2)
			JOIN cdp_data.source s ON s.source_id = l.source_id
			LEFT JOIN cdp_data.batch b ON b.batch_id = l.batch_id
			ORDER BY l.first_at, i.identifier, o.identifier, s.source, l.other_id $sql$
		WHEN 'verdicts' THEN $sql$
			SELECT v.kind, own.identifier::text AS identifier,
				CASE WHEN v.b = ANY ($3) THEN v.b::text END AS other_identifier, v.decided_at, v.until_at,
				CASE WHEN v.b IS NULL OR v.b = ANY ($3) AND v.a = ANY ($3) THEN v.reason END AS reason
			FROM cdp_data.verdict v
			CROSS JOIN LATERAL (
				SELECT CASE WHEN v.a = ANY ($3) THEN v.a ELSE v.b END AS identifier) own
			WHERE v.a = ANY ($3) OR v.b = ANY ($3)
			ORDER BY v.verdict_id $sql$
		WHEN 'segments' THEN $sql$
			SELECT s.name, s.description, u.since, u.segment_id < 0 AS held_out, s.state,
				cdp_internal.export_why(s.name, $1) AS why
			FROM cdp_data.membership m
			CROSS JOIN LATERAL unnest(m.segments, m.since) AS u (segment_id, since)
			JOIN cdp_data.segment s ON s.segment_id = abs(u.segment_id) AND s.kind <> 'trait'
			WHERE m.profile_id = $1
			ORDER BY s.name $sql$
		WHEN 'changes' THEN $sql$
			SELECT c.change_id, c.kind, c.at, c.cause, s.name AS segment, c.trait, c.value, c.event_id, c.since
			FROM cdp_data.change c
			LEFT JOIN cdp_data.segment s ON s.segment_id = c.segment_id
			-- former ids of the person are numbers of their identifiers
			WHERE c.profile_id = ANY ($1 || $2)
			ORDER BY c.change_id $sql$
		WHEN 'purposes' THEN $sql$
			SELECT p.name AS purpose, c.allowed, c.reason, c.until, p.lawful_basis, p.description
			FROM cdp_data.purpose p
			CROSS JOIN LATERAL cdp.consent_of($1::text, p.name) c
			WHERE $1 IS NOT NULL
			ORDER BY p.name $sql$
		WHEN 'consent' THEN $sql$
			SELECT i.identifier::text AS identifier, p.name AS purpose, cdp_internal.answer_name(c.answer) AS answer,
				c.first_time, c.last_time, c.expires_at, s.source, c.first_event_id, c.event_id, c.evidence
			FROM cdp_data.consent c
			JOIN cdp_data.identifier i ON i.identifier_id = c.identifier_id
			LEFT JOIN cdp_data.purpose p ON p.purpose_id = c.purpose_id
			LEFT JOIN cdp_data.source s ON s.source_id = c.source_id
			WHERE c.identifier_id = ANY ($2)
			ORDER BY p.name, c.first_time, c.consent_id, i.identifier $sql$
		WHEN 'disclosures' THEN $sql$
			SELECT a.audit_id, a.at, a.action
			FROM cdp_data.audit a
			WHERE a.subjects && ($1 || $4) AND EXISTS (
				SELECT
				FROM (
					SELECT h.profile_id, h.from_batch_id, h.until_batch_id
					FROM cdp_data.identifier_history h
					WHERE h.identifier_id = ANY ($2)
					UNION ALL
					SELECT i.profile_id, i.since_batch_id, NULL
					FROM cdp_data.identifier i
					WHERE i.identifier_id = ANY ($2)) h
				JOIN cdp_data.batch f ON f.batch_id = h.from_batch_id
				LEFT JOIN cdp_data.batch u ON u.batch_id = h.until_batch_id
				WHERE h.profile_id = ANY (a.subjects) AND a.at >= f.as_of AND (a.at >= u.as_of) IS NOT TRUE)
			ORDER BY a.audit_id $sql$
		WHEN 'sources' THEN $sql$
			SELECT s.source, s.party, s.licence, s.trust, s.expires_after, s.keep_events
			FROM cdp_data.source s
			WHERE EXISTS (
					SELECT FROM cdp_data.event e WHERE e.identifier_id = ANY ($2) AND e.source = s.source)
				OR EXISTS (
					SELECT
					FROM cdp_data.base_row b
					WHERE b.identifier_id = ANY ($2) AND b.source_id = s.source_id)
			ORDER BY s.source $sql$
		WHEN 'retention' THEN $sql$
			SELECT r.what, r.kind, r.key, r.keep, r.becomes, r.reason FROM cdp.retention_report() r $sql$
	END;
COMMENT ON FUNCTION cdp_internal.export_query(text) IS
	'Internal: returns the query of a list of cdp.export_person(). $1: profile_id; $2: numbers of its identifiers; $3: '
	'its identifiers; $4: all profile ids that these ever had; $5: rows of the quarantine.';

REVOKE ALL ON FUNCTION cdp_internal.export_lists(), cdp_internal.export_why(text, bigint),
	cdp_internal.quarantined_identifiers(jsonb, text), cdp_internal.object_or_null(jsonb),
	cdp_internal.export_pattern(cdp.identifier[]), cdp_internal.find_quarantined(cdp.identifier[]),
	cdp_internal.export_query(text) FROM PUBLIC;
