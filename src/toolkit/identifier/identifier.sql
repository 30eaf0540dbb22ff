CREATE TYPE cdp.identifier;

CREATE FUNCTION cdp_internal.identifier_in(cstring) RETURNS cdp.identifier
AS 'MODULE_PATHNAME', 'cdp_identifier_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_in(cstring) IS 'Internal: reads namespace:value and normalises it.';

CREATE FUNCTION cdp_internal.identifier_out(cdp.identifier) RETURNS cstring
AS 'MODULE_PATHNAME', 'cdp_identifier_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_out(cdp.identifier) IS 'Internal: writes namespace:value.';

CREATE FUNCTION cdp_internal.identifier_recv(internal) RETURNS cdp.identifier
AS 'MODULE_PATHNAME', 'cdp_identifier_recv' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_recv(internal) IS 'Internal: reads the binary form, and refuses what is not normalised.';

CREATE FUNCTION cdp_internal.identifier_send(cdp.identifier) RETURNS bytea
AS 'MODULE_PATHNAME', 'cdp_identifier_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_send(cdp.identifier) IS 'Internal: writes the binary form: a version byte, the length of the namespace (one byte), the namespace, the value.';

-- of the string category, so that a literal of unknown type is read as an identifier rather than a number
CREATE TYPE cdp.identifier (
	INPUT = cdp_internal.identifier_in,
	OUTPUT = cdp_internal.identifier_out,
	RECEIVE = cdp_internal.identifier_recv,
	SEND = cdp_internal.identifier_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended,
	CATEGORY = 'S'
);
COMMENT ON TYPE cdp.identifier IS 'One identifier of a person, namespace:value, such as email:ann@example.com: at most 512 bytes, in the canonical form of its namespace, so that equal identifiers are equal bytes. Ordered by the bytes of the namespace, then of the value.';

CREATE FUNCTION cdp.identifier(namespace text, value text) RETURNS cdp.identifier
AS 'MODULE_PATHNAME', 'cdp_identifier' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.identifier(text, text) IS
	'The identifier of a namespace and a raw value. The namespace is a letter followed by letters, digits, "_", "." '
	'or "-", and is folded to lower case; blanks around the value go; email and phone are normalised; in idfa, idfv, '
	'gaid and advertising_id a UUID, with or without hyphens, braces or urn:uuid:, becomes 8-4-4-4-12 in lower case; '
	'there and in namespaces that end in _md5, _sha1, _sha256, _sha384 or _sha512 a hash in hexadecimal digits '
	'becomes lower case; other values stay as they are. Error 22P02 for what is no such value, 54000 for more than '
	'512 bytes, 0A000 for a phone number that is not E.164 where the module cdp_phone is not installed.';

CREATE FUNCTION cdp.try_identifier(namespace text, value text) RETURNS cdp.identifier
AS 'MODULE_PATHNAME', 'cdp_try_identifier' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.try_identifier(text, text) IS 'Like cdp.identifier(namespace, value), with NULL instead of an error.';

CREATE FUNCTION cdp.namespace(identifier cdp.identifier) RETURNS text
AS 'MODULE_PATHNAME', 'cdp_namespace' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.namespace(cdp.identifier) IS 'The namespace of an identifier: what stands before the first colon.';

CREATE FUNCTION cdp.value(identifier cdp.identifier) RETURNS text
AS 'MODULE_PATHNAME', 'cdp_value' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.value(cdp.identifier) IS 'The value of an identifier: what stands behind the first colon.';

CREATE FUNCTION cdp.has_identifier(identifiers cdp.identifier[], namespace text) RETURNS boolean
AS 'MODULE_PATHNAME', 'cdp_has_identifier' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.has_identifier(cdp.identifier[], text) IS
'Whether one of the identifiers is of this namespace, written in any case: cdp.has_identifier(identifiers, ''email'') '
'over cdp.profile_row. Error 22023: what cannot be a namespace.';

