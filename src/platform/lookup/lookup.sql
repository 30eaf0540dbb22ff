-- One person by any identifier, or by any profile id that there ever was, as one document.

CREATE FUNCTION cdp.lookup(identifier cdp.identifier, parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts', last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_identifier' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(cdp.identifier, text, integer) IS
	'The whole person as one JSON document, or NULL for an identifier that was never seen: profile_id, shared (no person, '
	'but a shared identifier by itself), first_seen, last_seen, event_count, and the parts asked for, separated by '
	'commas. identifiers: namespace, value, first_known, shared, strongest first; traits: plain; provenance: where '
	'each trait comes from, key by key; events: the last_events latest, newest first, '
	'as far as 64 MB of them go; cases: what the contact '
	'centre has open (cdp.open_cases); segments: names of those that the person is in now, of the segments that the '
	'caller may read, and where there are any, segments_failing: those that cannot be judged of this person '
	'(cdp_data.segment says why); refused_links: own and other identifier, other profile, reasons, at most 100, latest '
	'first; accounts: those that the person belongs to, since, last_at and traits. Of each other list '
	'there is as much as 8 MB go. Where some of a list did not fit, their number stands beside it as '
	'events_left_out (identifiers_left_out, …); one that is too large by itself is left out alone. All but '
	'provenance is there by '
	'default. An unknown part is an error. Works on a hot standby.';

CREATE FUNCTION cdp.lookup(identifier text, parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts', last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_text' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(text, text, integer) IS
	'The same by namespace:value as text, or by the digits of a profile id. Text that can be neither is an error.';

CREATE FUNCTION cdp.lookup(profile_id bigint, parts text DEFAULT 'identifiers,traits,events,cases,segments,refused_links,accounts', last_events integer DEFAULT 10) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_lookup_bigint' LANGUAGE C STABLE PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION cdp.lookup(bigint, text, integer) IS
	'The same by anything that is or ever was a profile_id; NULL where there is no such person now: cdp.resolve_profile() says why.';

-- The query runs under the caller's search path (to set another one costs a quarter of a lookup), so
-- functions, operators and types, which one of another's could stand in for, are written with their schema.
CREATE FUNCTION cdp_internal.lookup_part(part text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN CASE part
		WHEN 'traits' THEN $sql$ coalesce(cdp_internal.traits_to_jsonb(p.traits), '{}') $sql$
		WHEN 'refused_links' THEN $sql$
			(SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('identifier', r.own, 'other_identifier', r.other, 'other_profile_id', r.other_profile_id,
									   'reasons', r.reasons, 'last_at', r.last_at) ORDER BY r.last_at DESC, r.own COLLATE pg_catalog."C", r.other COLLATE pg_catalog."C"), '[]')
			 FROM (SELECT r.* FROM (
						SELECT r.identifier AS own, r.other_identifier AS other, r.other_profile_id, r.reasons, r.last_at
						FROM cdp.refused_links r WHERE r.profile_id OPERATOR(pg_catalog.=) p.profile_id
						UNION ALL
						SELECT r.other_identifier, r.identifier, r.profile_id, r.reasons, r.last_at
						FROM cdp.refused_links r WHERE r.other_profile_id OPERATOR(pg_catalog.=) p.profile_id) r
				   ORDER BY r.last_at DESC, r.own COLLATE pg_catalog."C", r.other COLLATE pg_catalog."C" LIMIT 100) r) $sql$
		ELSE cdp_internal.lookup_list(part)
	END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.lookup_part(text) IS
	'Internal: a part of the document, as an expression over p, a row of cdp_data.profile.';

CREATE FUNCTION cdp_internal.lookup_query(parts text[], by_identifier boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN format('SELECT p.profile_id, p.shared, p.first_seen, p.last_seen, p.events%s FROM %s',
		(SELECT string_agg(format(', %s', cdp_internal.lookup_part(u.part)), '' ORDER BY u.place) FROM unnest(parts) WITH ORDINALITY AS u (part, place)),
		CASE WHEN by_identifier
			 THEN 'cdp_data.identifier_map m JOIN cdp_data.identifier w ON w.identifier_id OPERATOR(pg_catalog.=) m.identifier_id
				JOIN cdp_data.profile p ON p.profile_id OPERATOR(pg_catalog.=) w.profile_id WHERE m.identifier OPERATOR(cdp.=) $1'
			 ELSE 'cdp_data.identifier w JOIN cdp_data.profile p ON p.profile_id OPERATOR(pg_catalog.=) w.profile_id
				WHERE w.identifier_id OPERATOR(pg_catalog.=) $1' END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lookup_query(text[], boolean) IS
	'Internal: the query of a document with these parts: profile_id, shared, first_seen, last_seen, events, and each part as jsonb; $1 is the identifier or the profile id, $2 the number of events.';

REVOKE ALL ON FUNCTION cdp.lookup(cdp.identifier, text, integer), cdp.lookup(text, text, integer), cdp.lookup(bigint, text, integer),
	cdp_internal.lookup_part(text), cdp_internal.lookup_query(text[], boolean) FROM PUBLIC;
