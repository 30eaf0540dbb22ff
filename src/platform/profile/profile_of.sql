-- The present profile of an identifier, or of any present or former profile_id.

CREATE FUNCTION cdp.profile_of(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_schema();
	RETURN (
		SELECT nullif(k.profile_id, 0)
		FROM cdp_internal.known_identifier(cdp_internal.by_rules(profile_of.identifier)) k);
END
$function$;
COMMENT ON FUNCTION cdp.profile_of(cdp.identifier) IS
	'Returns the profile that an identifier belongs to now; NULL if it was never seen, is blocked, or all its '
	'events were taken back.';

-- A profile's id is the number of its strongest identifier.  So a former profile_id stands for an identifier,
-- which now is part of a profile with a stronger one, or of what remained after a split.
CREATE FUNCTION cdp.resolve_profile(INOUT profile_id bigint, OUT reason text)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := resolve_profile.profile_id;
BEGIN
	PERFORM cdp_internal.check_schema();
	SELECT nullif(i.profile_id, 0),
		CASE WHEN i.profile_id = 0 THEN cdp_internal.absence(i.blocked, i.batch_id, i.since_batch_id) END
	INTO profile_id, reason
	FROM cdp_data.identifier i
	WHERE i.identifier_id = asked;
	IF NOT FOUND THEN
		reason := 'unknown';
		-- to a role that does not see all people, one that it does not see is unknown, too
		IF has_table_privilege('cdp_data.erasure', 'SELECT') THEN
			IF EXISTS (SELECT FROM cdp_data.erasure e WHERE asked = ANY (e.profile_ids)) THEN
				reason := 'erased';
			END IF;
		END IF;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.resolve_profile(bigint) IS
	'Returns the present profile of a present or former profile_id. If that profile was split, it is the part that has '
	'the identifier of this number. If there is none, profile_id is NULL and reason is blocked (its identifier is '
	'blocked now), retracted (all events with its identifier were taken back), erased (by cdp.erase(); said to '
	'stewards alone) or unknown (there never was such a profile_id).';

CREATE FUNCTION cdp.profile_of(profile_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT r.profile_id FROM cdp.resolve_profile(profile_of.profile_id) r);
END
$function$;
COMMENT ON FUNCTION cdp.profile_of(bigint) IS
	'Returns the present profile of a present or former profile_id; NULL if there is none. cdp.resolve_profile() '
	'returns the reason.';

CREATE FUNCTION cdp.profile_of(identifier text) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN cdp_internal.person_id(identifier) IS NULL THEN cdp.profile_of(identifier::cdp.identifier)
		ELSE cdp.profile_of(cdp_internal.person_id(identifier)) END;
COMMENT ON FUNCTION cdp.profile_of(text) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

CREATE FUNCTION cdp.resolve_profile(identifier text, OUT profile_id bigint, OUT reason text)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := cdp_internal.person_id(resolve_profile.identifier);
BEGIN
	PERFORM cdp_internal.check_schema();
	IF asked IS NULL THEN
		asked := (
			SELECT k.identifier_id
			FROM cdp_internal.known_identifier(
				cdp_internal.by_rules(resolve_profile.identifier::cdp.identifier)) k);
	END IF;
	SELECT r.profile_id, r.reason INTO profile_id, reason
	FROM cdp.resolve_profile(coalesce(asked, 0)) r;
END
$function$;
COMMENT ON FUNCTION cdp.resolve_profile(text) IS
	'The same for text: the digits of a profile_id, or namespace:value; unknown then means that the identifier was '
	'never seen. Other text is an error (22P02).';

CREATE FUNCTION cdp.find_identifier(sought text)
	RETURNS TABLE (identifier text, namespace text, value text, identifier_id bigint, profile_id bigint,
		first_known timestamptz, in_profile_since timestamptz)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_schema();
	RETURN QUERY
		SELECT i.identifier, i.namespace, i.value, i.identifier_id, i.profile_id, i.first_known, i.in_profile_since
		FROM cdp_internal.known_identifier(cdp_internal.by_rules(find_identifier.sought::cdp.identifier)) k
		JOIN cdp.identifiers i ON i.identifier_id = k.identifier_id;
END
$function$;
COMMENT ON FUNCTION cdp.find_identifier(text) IS
	'Returns the row of cdp.identifiers of an identifier, namespace:value, through an index; no row if it was never '
	'seen. A condition on the text of the view reads all identifiers. Other text is an error (22P02).';

REVOKE ALL ON FUNCTION cdp.profile_of(cdp.identifier), cdp.profile_of(bigint), cdp.profile_of(text),
	cdp.resolve_profile(bigint), cdp.resolve_profile(text), cdp.find_identifier(text) FROM PUBLIC;
