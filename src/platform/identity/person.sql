-- What a person is asked for by: an identifier, or a profile id.  Drivers bind parameters as text; so
-- each function that asks for a person takes text too, and these tell the two apart.

CREATE FUNCTION cdp_internal.person_id(person text) RETURNS bigint
AS 'MODULE_PATHNAME', 'cdp_person_id' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.person_id(text) IS
	'Internal: the profile id that a text is the digits of, blanks around them aside; NULL for any other text, which '
	'must then be an identifier.';

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
	SELECT i.identifier INTO result FROM cdp_data.identifier i WHERE i.identifier_id = asked;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'profile id % was never handed out', asked USING ERRCODE = 'undefined_object';
	END IF;
	RETURN result;
END
$function$;
COMMENT ON FUNCTION cdp_internal.person_identifier(text) IS
	'Internal: the identifier that a text is, or that the profile id stands for whose digits it is.';

REVOKE ALL ON FUNCTION cdp_internal.person_id(text), cdp_internal.person_identifier(text) FROM PUBLIC;

