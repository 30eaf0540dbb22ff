-- The number of an identifier, by its hash.

CREATE FUNCTION cdp_internal.map_hash(identifier cdp.identifier, key bytea) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_map_hash_by' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.map_hash(cdp.identifier, bytea) IS
	'Internal: returns the hash of an identifier by a key of 16 bytes: SipHash-2-4 of its stored bytes. Error: a key '
	'of another length (22023).';

CREATE FUNCTION cdp_internal.map_hash(identifier cdp.identifier) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_map_hash' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.map_hash(cdp.identifier) IS
	'Internal: returns the hash that an identifier has in cdp_data.identifier_map.';

-- The planner replaces a call by the query, so that a look-up is part of the caller's plan; it does so only if no
-- search path is set.  So functions, operators and types are written with their schema.  It knows nothing of the values
-- of these columns and expects far too many rows, so the inner LIMIT has it find one row of cdp_data.identifier at a
-- time, by its key.
CREATE FUNCTION cdp_internal.known_identifier(identifier cdp.identifier)
	RETURNS TABLE (identifier_id bigint, profile_id bigint, shared boolean, blocked boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
AS $function$
	SELECT i.identifier_id, i.profile_id, i.shared, i.blocked
	FROM cdp_data.identifier_map m
	CROSS JOIN LATERAL (
		SELECT n.identifier_id, n.identifier, n.profile_id, n.shared, n.blocked
		FROM cdp_data.identifier n
		WHERE n.identifier_id OPERATOR(pg_catalog.=) m.identifier_id
		LIMIT 1) i
	WHERE m.hash OPERATOR(pg_catalog.=) cdp_internal.map_hash(known_identifier.identifier)
		AND i.identifier OPERATOR(cdp.=) known_identifier.identifier
	ORDER BY m.identifier_id
	LIMIT 1
$function$;
COMMENT ON FUNCTION cdp_internal.known_identifier(cdp.identifier) IS
	'Internal: returns the row of an identifier, found through cdp_data.identifier_map; none if it was never seen.';

CREATE FUNCTION cdp_internal.identifier_number(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT k.identifier_id FROM cdp_internal.known_identifier(identifier_number.identifier) k);
END
$function$;
COMMENT ON FUNCTION cdp_internal.identifier_number(cdp.identifier) IS
	'Internal: returns the number of an identifier; NULL if it was never seen.';

CREATE FUNCTION cdp_internal.absence(blocked boolean, batch_id bigint, since_batch_id bigint) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN blocked THEN 'blocked' WHEN since_batch_id > batch_id THEN 'retracted' ELSE 'unknown' END;
COMMENT ON FUNCTION cdp_internal.absence(boolean, bigint, bigint) IS
	'Internal: returns why an identifier is in no profile, by these columns of its row: blocked, retracted (no event '
	'carries it any more) or unknown (no event ever did, it is only the previous_id of an alias).';

REVOKE ALL ON FUNCTION cdp_internal.map_hash(cdp.identifier, bytea), cdp_internal.map_hash(cdp.identifier),
	cdp_internal.known_identifier(cdp.identifier), cdp_internal.identifier_number(cdp.identifier),
	cdp_internal.absence(boolean, bigint, bigint) FROM PUBLIC;
