-- One person by any identifier.

CREATE FUNCTION cdp.lookup(identifier cdp.identifier, parts text DEFAULT 'identifiers,traits,events', last_events integer DEFAULT 10) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	wanted text[] := regexp_split_to_array(lower(btrim(parts)), '\s*,\s*');
	unknown text := (SELECT w FROM unnest(wanted) w WHERE w NOT IN ('identifiers', 'traits', 'events') LIMIT 1);
	person bigint;
	document jsonb;
BEGIN
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'a person has no part "%"', unknown USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The parts are identifiers, traits and events, separated by commas.';
	END IF;
	IF last_events < 0 THEN
		RAISE EXCEPTION 'last_events must not be negative' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp.check_tables();

	SELECT i.profile_id INTO person FROM cdp.profile_of(lookup.identifier) AS i(profile_id);
	IF person IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT jsonb_build_object('profile_id', p.profile_id, 'first_seen', p.first_seen, 'last_seen', p.last_seen, 'event_count', p.events)
		   || CASE WHEN 'identifiers' = ANY (wanted) THEN jsonb_build_object('identifiers', to_jsonb(p.identifiers)) ELSE '{}' END
		   || CASE WHEN 'traits' = ANY (wanted) THEN jsonb_build_object('traits', p.traits) ELSE '{}' END
	INTO document FROM cdp.profiles p WHERE p.profile_id = person;
	IF 'events' = ANY (wanted) THEN
		document := document || jsonb_build_object('events', coalesce((
			SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('timestamp', e."timestamp", 'type', e.type, 'event', e.event, 'source', e.source))
							 || CASE WHEN e.properties IS NULL THEN '{}' ELSE jsonb_build_object('properties', e.properties) END
							 ORDER BY e."timestamp" DESC, e.event_id DESC)
			-- the latest of each identity by the primary key, and of these the latest
			FROM (SELECT l.* FROM cdp.identities i CROSS JOIN LATERAL (
					SELECT e.* FROM cdp.event e WHERE e.identity_id = i.identity_id ORDER BY e."timestamp" DESC, e.event_id DESC LIMIT last_events) l
				  WHERE i.profile_id = person ORDER BY l."timestamp" DESC, l.event_id DESC LIMIT last_events) e), '[]'));
	END IF;
	RETURN document;
END
$function$;
COMMENT ON FUNCTION cdp.lookup(cdp.identifier, text, integer) IS
	'The whole person as one JSON document: profile_id, first_seen, last_seen, event_count, and the parts asked for: identifiers, traits, events (the last_events latest, newest first). NULL for an identifier that nobody has. Works on a hot standby.';

CREATE FUNCTION cdp.profile_of(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT nullif(i.profile_id, 0) FROM cdp.identifier_map m JOIN cdp.identity i ON i.identity_id = m.identity_id
			WHERE m.identifier = profile_of.identifier);
END
$function$;
COMMENT ON FUNCTION cdp.profile_of(cdp.identifier) IS 'The profile that an identifier belongs to now; NULL where it was never seen or is blocked.';

REVOKE ALL ON FUNCTION cdp.lookup(cdp.identifier, text, integer), cdp.profile_of(cdp.identifier) FROM PUBLIC;

