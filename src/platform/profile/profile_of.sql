-- The present profile of an identifier, and of any profile id that there ever was.

CREATE FUNCTION cdp.profile_of(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT nullif(i.profile_id, 0) FROM cdp_data.identifier_map m JOIN cdp_data.identifier i ON i.identifier_id = m.identifier_id
			WHERE m.identifier = profile_of.identifier);
END
$function$;
COMMENT ON FUNCTION cdp.profile_of(cdp.identifier) IS 'The profile that an identifier belongs to now; NULL where it was never seen or is blocked.';

-- A profile's id is the number of its strongest identifier, so what was a profile's id is that of a
-- stronger one's part now, or of what is left without it.
CREATE FUNCTION cdp.resolve_profile(INOUT profile_id bigint, OUT reason text)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := resolve_profile.profile_id;
BEGIN
	SELECT nullif(i.profile_id, 0), CASE WHEN i.profile_id = 0 THEN 'blocked' END INTO profile_id, reason
	FROM cdp_data.identifier i WHERE i.identifier_id = asked;
	IF NOT FOUND THEN
		reason := 'unknown';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.resolve_profile(bigint) IS
	'The present profile of what is or ever was a profile_id (of what was one person''s and is two people''s now: the person that has the identifier it stands for). Where there is none, profile_id is NULL and reason is blocked (its identifier means nothing now) or unknown (never handed out).';

CREATE FUNCTION cdp.profile_of(profile_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT r.profile_id FROM cdp.resolve_profile(profile_of.profile_id) r);
END
$function$;
COMMENT ON FUNCTION cdp.profile_of(bigint) IS 'The present profile of what is or ever was a profile_id; NULL where there is none: cdp.resolve_profile() says why.';

CREATE FUNCTION cdp.profile_of(identifier text) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN cdp_internal.person_id(identifier) IS NULL THEN cdp.profile_of(identifier::cdp.identifier)
				ELSE cdp.profile_of(cdp_internal.person_id(identifier)) END;
COMMENT ON FUNCTION cdp.profile_of(text) IS
	'The same by namespace:value as text, or by the digits of a profile id. Text that can be neither is an error '
	'(22P02).';

CREATE FUNCTION cdp.resolve_profile(identifier text, OUT profile_id bigint, OUT reason text)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := cdp_internal.person_id(resolve_profile.identifier);
BEGIN
	IF asked IS NULL THEN
		asked := (SELECT m.identifier_id FROM cdp_data.identifier_map m
				  WHERE m.identifier = resolve_profile.identifier::cdp.identifier);
	END IF;
	SELECT r.profile_id, r.reason INTO profile_id, reason FROM cdp.resolve_profile(coalesce(asked, 0)) r;
END
$function$;
COMMENT ON FUNCTION cdp.resolve_profile(text) IS
	'The same by the digits of a profile id as text, or by namespace:value; unknown is then an identifier that was '
	'never seen. Text that can be neither is an error (22P02).';

REVOKE ALL ON FUNCTION cdp.profile_of(cdp.identifier), cdp.profile_of(bigint), cdp.profile_of(text),
	cdp.resolve_profile(bigint), cdp.resolve_profile(text) FROM PUBLIC;
