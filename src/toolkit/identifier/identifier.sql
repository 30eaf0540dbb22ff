CREATE TYPE cdp.identifier;

CREATE FUNCTION cdp_internal.identifier_in(cstring) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_identifier_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_in(cstring) IS 'Internal: reads namespace:value and normalises it.';

CREATE FUNCTION cdp_internal.identifier_out(cdp.identifier) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_identifier_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_out(cdp.identifier) IS 'Internal: writes namespace:value.';

CREATE FUNCTION cdp_internal.identifier_recv(internal) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_identifier_recv' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_recv(internal) IS
	'Internal: reads the binary form; an error if it is not normalised.';

CREATE FUNCTION cdp_internal.identifier_send(cdp.identifier) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_identifier_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.identifier_send(cdp.identifier) IS
	'Internal: writes the binary form: a version byte, the length of the namespace (one byte), the namespace, the '
	'value.';

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
COMMENT ON TYPE cdp.identifier IS
	'One identifier of a person, namespace:value, such as email:ann@example.com: at most 512 bytes, in the canonical '
	'form of its namespace, so that equal identifiers are equal bytes. Ordered by the bytes of the namespace, then of '
	'the value.';

CREATE FUNCTION cdp.identifier(namespace text, value text) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_identifier' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.identifier(text, text) IS
	'Returns the identifier of a namespace and a raw value. The namespace is a letter followed by letters, digits, '
	'"_", "." or "-", and is folded to lower case. Blanks around the value are removed. email and phone are '
	'normalised. In idfa, idfv, gaid and advertising_id a UUID, with or without hyphens, braces or urn:uuid:, becomes '
	'8-4-4-4-12 in lower case. There, and in namespaces that end in _md5, _sha1, _sha256, _sha384 or _sha512, a hash '
	'in hexadecimal digits becomes lower case. Other values stay as they are. Errors: 22P02 for an invalid namespace '
	'or value, 54000 for more than 512 bytes, 0A000 for a phone number that is not E.164 if the module cdp_phone is '
	'not installed.';

CREATE FUNCTION cdp.try_identifier(namespace text, value text) RETURNS cdp.identifier
	AS 'MODULE_PATHNAME', 'cdp_try_identifier' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION cdp.try_identifier(text, text) IS
	'Like cdp.identifier(namespace, value), but returns NULL instead of raising an error.';

CREATE FUNCTION cdp.namespace(identifier cdp.identifier) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_namespace' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp.namespace(cdp.identifier) IS
	'Returns the namespace of an identifier: the text before its first colon.';

CREATE FUNCTION cdp.value(identifier cdp.identifier) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_value' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION cdp.value(cdp.identifier) IS 'Returns the value of an identifier: the text after its first colon.';

CREATE FUNCTION cdp.has_identifier(identifiers cdp.identifier[], namespace text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_has_identifier' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.has_identifier(cdp.identifier[], text) IS
	'Returns whether one of the identifiers is of the namespace, written in any case: cdp.has_identifier(identifiers, '
	'''email'') over cdp.profile_row. Error 22023 for an invalid namespace.';
