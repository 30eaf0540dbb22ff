-- What of JSON Schema is meant how: DEFINITIONS.md.

CREATE TYPE cdp.json_schema;

CREATE FUNCTION cdp_internal.json_schema_in(cstring) RETURNS cdp.json_schema
	AS 'MODULE_PATHNAME', 'cdp_json_schema_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.json_schema_in(cstring) IS 'Internal: reads the text.';

CREATE FUNCTION cdp_internal.json_schema_out(cdp.json_schema) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_json_schema_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.json_schema_out(cdp.json_schema) IS 'Internal: writes the text.';

CREATE FUNCTION cdp_internal.json_schema_recv(internal) RETURNS cdp.json_schema
	AS 'MODULE_PATHNAME', 'cdp_json_schema_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.json_schema_recv(internal) IS 'Internal: reads the text from a message.';

CREATE FUNCTION cdp_internal.json_schema_send(cdp.json_schema) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_json_schema_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.json_schema_send(cdp.json_schema) IS 'Internal: writes the text as a message.';

CREATE TYPE cdp.json_schema (
	INPUT = cdp_internal.json_schema_in,
	OUTPUT = cdp_internal.json_schema_out,
	RECEIVE = cdp_internal.json_schema_recv,
	SEND = cdp_internal.json_schema_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended
);
COMMENT ON TYPE cdp.json_schema IS
	'A JSON Schema of draft-07, compiled when it is made; printed as it was given. $ref leads within the schema, or to '
	'http://json-schema.org/draft-07/schema. The formats of draft-07 and uuid are checked; contentEncoding, '
	'contentMediaType, other formats and unknown keywords are not. Errors give the byte: 22P02 where it is no schema; '
	'0A000 for what is not supported (a $ref that leads out of it, $schema of a later draft, \1, \p, and what '
	'PostgreSQL''s regular expressions refuse); 54000 beyond a limit (1 MB).';

CREATE FUNCTION cdp.matches_schema(document jsonb, schema cdp.json_schema) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_matches_schema' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION cdp.matches_schema(jsonb, cdp.json_schema) IS
	'Returns whether the document follows the JSON Schema: CHECK (cdp.matches_schema(properties, ''{"required": '
	'["sku"]}'')). Numbers are exact decimals of any size, 1.0 is an integer and equals 1. Takes time in proportion '
	'to the document and the schema, whatever their depth.';

CREATE FUNCTION cdp.schema_violations(document jsonb, schema cdp.json_schema,
	OUT path text[], OUT field text, OUT type text, OUT description text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_schema_violations' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 5;
COMMENT ON FUNCTION cdp.schema_violations(jsonb, cdp.json_schema) IS
	'Returns all that is wrong with a document, a row each; none where it follows the schema. path: the keys that lead '
	'to what is wrong, and the places in arrays, from 0; empty for the document itself. field: the same, joined by '
	'dots. type: the keyword of the schema that is broken (required, type, enum, ...; false for a schema that is '
	'false). description: words, which never hold a value of the document. A property that is missing is the field '
	'itself; what is wrong within anyOf, oneOf, not, contains and propertyNames is one row.';
