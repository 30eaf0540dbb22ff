-- One person as one document, by any identifier or by any present or former profile_id.

CREATE FUNCTION cdp.lookup(identifier cdp.identifier,
	parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts',
	last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_identifier' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(cdp.identifier, text, integer) IS
$comment$Returns a person as one JSON document; NULL if the identifier was never seen. The document has profile_id,
shared (true: not a person, but a shared identifier), first_seen, last_seen, event_count, and the parts asked for,
separated by commas; by default all but provenance.
identifiers: namespace, value, first_known, shared; strongest first.
traits: key to value.
provenance: the origin of each value of a trait, by key.
events: the last_events latest events, newest first, up to 64 MB.
cases: open cases of the contact centre (cdp.open_cases).
segments: names of the segments that the person is in now, among those that the caller may read; segments_failing, if
there are any: those that cannot be judged for this person (see cdp.segment).
refused_links: own and other identifier, other profile, reasons; at most 100, latest first.
accounts: accounts that the person belongs to, with since, last_at and traits.
Each other list holds up to 8 MB. Entries that did not fit are counted in events_left_out, identifiers_left_out and so
on; an entry that is too large by itself is left out alone.
Errors: an unknown part, or last_events below 0 (22023). Works on a hot standby.$comment$;

CREATE FUNCTION cdp.lookup(identifier text,
	parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts',
	last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_text' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(text, text, integer) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

CREATE FUNCTION cdp.lookup(profile_id bigint,
	parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts',
	last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_bigint' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(bigint, text, integer) IS
	'The same for a present or former profile_id; NULL if there is no such person now. cdp.resolve_profile() returns '
	'the reason.';

-- The query runs under the caller's search path: setting another one would cost a quarter of a lookup.  So its
-- functions, operators and types are written with their schema, and nothing on that path can shadow them.
CREATE FUNCTION cdp_internal.lookup_part(part text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN CASE part
		WHEN 'traits' THEN $sql$ coalesce(cdp_internal.traits_to_jsonb(p.traits), '{}') $sql$
		WHEN 'refused_links' THEN $sql$
			(
				SELECT coalesce(pg_catalog.jsonb_agg(
					pg_catalog.jsonb_build_object('identifier', r.own, 'other_identifier', r.other,
						'other_profile_id', r.other_profile_id, 'reasons', r.reasons, 'last_at', r.last_at)
					ORDER BY r.last_at DESC, r.own COLLATE pg_catalog."C", r.other COLLATE pg_catalog."C"), '[]')
				FROM (
					SELECT r.*
					FROM (
						SELECT r.identifier AS own, r.other_identifier AS other, r.other_profile_id, r.reasons,
							r.last_at
						FROM cdp.refused_links r
						WHERE r.profile_id OPERATOR(pg_catalog.=) p.profile_id
						UNION ALL
						SELECT r.other_identifier, r.identifier, r.profile_id, r.reasons, r.last_at
						FROM cdp.refused_links r
						WHERE r.other_profile_id OPERATOR(pg_catalog.=) p.profile_id) r
					ORDER BY r.last_at DESC, r.own COLLATE pg_catalog."C", r.other COLLATE pg_catalog."C"
					LIMIT 100) r) $sql$
		ELSE cdp_internal.lookup_list(part)
	END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.lookup_part(text) IS
	'Internal: returns a part of the document as an expression over p, a row of cdp_data.profile.';

CREATE FUNCTION cdp_internal.lookup_query(parts text[], by_identifier boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format('SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events%s FROM %s',
		(
			SELECT string_agg(format(', %s', cdp_internal.lookup_part(u.part)), '' ORDER BY u.place)
			FROM unnest(parts) WITH ORDINALITY AS u (part, place)),
		CASE WHEN by_identifier THEN $sql$
			cdp_internal.known_identifier($1) w
			JOIN cdp_data.profile p ON p.profile_id OPERATOR(pg_catalog.=) w.profile_id
		$sql$ ELSE $sql$
			cdp_data.identifier w
			JOIN cdp_data.profile p ON p.profile_id OPERATOR(pg_catalog.=) w.profile_id
			WHERE w.identifier_id OPERATOR(pg_catalog.=) $1
		$sql$ END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lookup_query(text[], boolean) IS
	'Internal: returns the query for a document with these parts: profile_id, shared, first_seen, last_seen, events, '
	'and each part as jsonb. $1 is the identifier or profile_id, $2 the number of events.';

REVOKE ALL ON FUNCTION cdp.lookup(cdp.identifier, text, integer), cdp.lookup(text, text, integer),
	cdp.lookup(bigint, text, integer), cdp_internal.lookup_part(text), cdp_internal.lookup_query(text[], boolean)
	FROM PUBLIC;
