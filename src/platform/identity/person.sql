-- A person is given as an identifier or as a profile_id.  Drivers bind parameters as text, so each function that takes
-- a person also takes text; these functions tell the two apart.

CREATE FUNCTION cdp_internal.person_id(person text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_person_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.person_id(text) IS
	'Internal: returns the profile_id whose digits a text is, ignoring blanks around them; NULL for any other text, '
	'which must then be an identifier.';

CREATE FUNCTION cdp_internal.person_identifier(person text) RETURNS cdp.identifier
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	asked bigint := cdp_internal.person_id(person);
	result cdp.identifier;
BEGIN
	IF asked IS NULL THEN
		RETURN person::cdp.identifier;
	END IF;
	PERFORM cdp_internal.check_schema();
	SELECT i.identifier INTO result FROM cdp_data.identifier i WHERE i.identifier_id = asked;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'profile id % was never assigned', asked USING ERRCODE = 'undefined_object';
	END IF;
	RETURN result;
END
$function$;
COMMENT ON FUNCTION cdp_internal.person_identifier(text) IS
	'Internal: returns the identifier that a text is, or the identifier of the profile_id whose digits it is.';

REVOKE ALL ON FUNCTION cdp_internal.person_id(text), cdp_internal.person_identifier(text) FROM PUBLIC;

