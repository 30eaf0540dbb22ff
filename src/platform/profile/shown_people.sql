-- People and their events without identifiers, for roles that may not read them.

CREATE FUNCTION cdp_internal.readable_traits() RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF has_column_privilege('cdp_data.profile', 'traits', 'SELECT') THEN
		RETURN NULL;
	END IF;
	RETURN ARRAY(
		SELECT DISTINCT t.trait
		FROM cdp_data.purpose_role r
		JOIN pg_roles o ON o.rolname = r.role
		CROSS JOIN LATERAL unnest(r.traits) AS t (trait)
		WHERE pg_has_role(o.oid, 'USAGE'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.readable_traits() IS
	'Internal: returns the traits that the current role may read; NULL: all.';

CREATE FUNCTION cdp_internal.listed_traits(traits cdp.traits, listed text[]) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN listed IS NULL THEN coalesce(cdp_internal.traits_to_jsonb(traits), '{}')
		ELSE (
			SELECT coalesce(jsonb_object_agg(l.key, traits OPERATOR(cdp.->) l.key), '{}')
			FROM unnest(listed) AS l (key)
			WHERE traits OPERATOR(cdp.?) l.key) END;
COMMENT ON FUNCTION cdp_internal.listed_traits(cdp.traits, text[]) IS
	'Internal: returns those of some traits that are listed, as an object; listed NULL: all.';

-- Both are open to all: they answer for who calls them, within a view of another role, too.
CREATE FUNCTION cdp_internal.sees_person(profile_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_sees_person' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.sees_person(bigint) IS
	'Internal: returns whether row security shows the row of a person in cdp_data.profile to the current role.';

-- In the policies of identifiers and of the log, where conditions on other tables would be read anew for each month.
CREATE FUNCTION cdp_internal.sees_identifier(identifier_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_sees_identifier' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp_internal.sees_identifier(bigint) IS
	'Internal: returns whether row security shows the row of an identifier in cdp_data.identifier to the current role.';

-- With the rights of the owner of the tables, as a view with those of the reader needs the right to each column that it
-- mentions.  So it asks of row security by itself.
CREATE FUNCTION cdp_internal.init_shown_people() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.people WITH (security_barrier) AS
		SELECT p.profile_id, p.first_seen, p.last_seen, p.events,
			cdp_internal.listed_traits(p.traits, (SELECT cdp_internal.readable_traits())) AS traits, p.timeline
		FROM cdp_data.judged_row p
		WHERE cdp_internal.sees_person(p.profile_id);
	COMMENT ON VIEW cdp.people IS
		'People without identifiers, and with those of their traits that the current role may read: all, but for roles '
		'that cdp.grant_access() bound to a purpose with a list of traits.';
	COMMENT ON COLUMN cdp.people.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp.people.first_seen IS 'Time of the earliest event.';
	COMMENT ON COLUMN cdp.people.last_seen IS 'Time of the latest event.';
	COMMENT ON COLUMN cdp.people.events IS 'Number of events in the log; calls of every type count.';
	COMMENT ON COLUMN cdp.people.traits IS 'Traits of the person; {} if there are none.';
	COMMENT ON COLUMN cdp.people.timeline IS
		'Events of the person: track, page and screen calls; empty if there are none.';

	CREATE VIEW cdp.people_events AS
		SELECT i.profile_id, e.event_id, e."timestamp", e.type, e.event, e.source, e.received_at
		FROM cdp_data.event e
		JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id
		WHERE i.profile_id <> 0;
	COMMENT ON VIEW cdp.people_events IS
		'The events of people, without identifiers, properties, traits and context.';
	PERFORM cdp_internal.copy_column_comments('cdp.events', 'cdp.people_events');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_shown_people() IS
	'Internal: makes the views of people for roles that may not read identifiers.';

REVOKE ALL ON FUNCTION cdp_internal.readable_traits(), cdp_internal.listed_traits(cdp.traits, text[]),
	cdp_internal.init_shown_people() FROM PUBLIC;
