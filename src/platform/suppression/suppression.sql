-- The hashes by which people who were erased are recognised, made by the setting cdp.suppression_key.

CREATE FUNCTION cdp_internal.suppression_hash(identifier cdp.identifier) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_suppression_hash' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION cdp_internal.suppression_hash(cdp.identifier) IS
	'Internal: returns the hash by which an identifier is named where its value may not be kept: HMAC-SHA-256 by '
	'cdp.suppression_key, 32 bytes. Raises an error if there is no key (55000).';

CREATE FUNCTION cdp_internal.suppression_tag(identifier cdp.identifier) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_suppression_tag' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION cdp_internal.suppression_tag(cdp.identifier) IS
	'Internal: returns the hash by which an identifier is compared with those of rows that come, by a key that is made '
	'of cdp.suppression_key. Raises an error if there is no key (55000).';

CREATE FUNCTION cdp_internal.suppression_fingerprint() RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_suppression_fingerprint' LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION cdp_internal.suppression_fingerprint() IS
	'Internal: returns 8 bytes that tell cdp.suppression_key from another key. Raises an error if there is none '
	'(55000).';

CREATE FUNCTION cdp_internal.suppression_key_is_exposed() RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_suppression_key_is_exposed' LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION cdp_internal.suppression_key_is_exposed() IS
	'Internal: returns whether any role may read cdp.suppression_key: it is set for a database or a role; or in the '
	'configuration of the server, and neither shared_preload_libraries nor session_preload_libraries has cdp.';

CREATE FUNCTION cdp_internal.check_suppression_key() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	stored bytea := (SELECT s.suppression_fingerprint FROM cdp_data.state s);
BEGIN
	IF stored <> cdp_internal.suppression_fingerprint() THEN
		RAISE EXCEPTION 'the setting cdp.suppression_key is not the key of this database'
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'People who were erased would not be recognised by it.',
			HINT = 'Set the key again by which they were erased.';
	END IF;
	IF cdp_internal.suppression_key_is_exposed() THEN
		RAISE WARNING 'any role may read cdp.suppression_key'
			USING HINT = 'Set it in the configuration of the server, and not for a database or a role, and add cdp to '
				'session_preload_libraries.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_suppression_key() IS
	'Internal: raises an error if there is no key, or another than the tables were written by; a warning if any role '
	'may read it.';

REVOKE ALL ON FUNCTION cdp_internal.suppression_hash(cdp.identifier), cdp_internal.suppression_tag(cdp.identifier),
	cdp_internal.suppression_fingerprint(), cdp_internal.suppression_key_is_exposed(),
	cdp_internal.check_suppression_key() FROM PUBLIC;
