-- Where the events of people are.

-- The events of a person are anchored at an identifier of the person, or at one that some evidence joined to it.
CREATE FUNCTION cdp_internal.event_places(own bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT o.id FROM unnest(own) AS o (id)
		UNION
		SELECT l.b FROM cdp_data.link l WHERE l.a = ANY (own)
		UNION
		SELECT l.a FROM cdp_data.link l WHERE l.b = ANY (own)
		UNION
		SELECT m.identifier_id
		FROM cdp_data.identifier i
		JOIN cdp_data.verdict v ON v.kind = 'unlink' AND i.identifier IN (v.a, v.b)
		CROSS JOIN LATERAL unnest(ARRAY[v.a, v.b]) AS u (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) m
		WHERE i.identifier_id = ANY (own)
		UNION
		-- an alias is anchored at an identifier of the later user_id
		SELECT n.place
		FROM (
			SELECT l.b AS other FROM cdp_data.link l WHERE l.a = ANY (own) AND l.aliases > 0
			UNION
			SELECT l.a FROM cdp_data.link l WHERE l.b = ANY (own) AND l.aliases > 0) t
		CROSS JOIN LATERAL (
			SELECT l.b FROM cdp_data.link l WHERE l.a = t.other
			UNION ALL
			SELECT l.a FROM cdp_data.link l WHERE l.b = t.other) AS n (place));
END
$function$;
COMMENT ON FUNCTION cdp_internal.event_places(bigint[]) IS
	'Internal: returns the identifiers that events with one of these can be anchored at.';

REVOKE ALL ON FUNCTION cdp_internal.event_places(bigint[]) FROM PUBLIC;
