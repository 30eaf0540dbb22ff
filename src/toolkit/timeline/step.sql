-- The grammar of cdp.step and what it means: DEFINITIONS.md.

CREATE TYPE cdp.step;

CREATE FUNCTION cdp_internal.step_in(cstring) RETURNS cdp.step
	AS 'MODULE_PATHNAME', 'cdp_step_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_in(cstring) IS 'Internal: reads the text.';

CREATE FUNCTION cdp_internal.step_out(cdp.step) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cdp_step_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_out(cdp.step) IS 'Internal: writes the text.';

CREATE FUNCTION cdp_internal.step_recv(internal) RETURNS cdp.step
	AS 'MODULE_PATHNAME', 'cdp_step_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_recv(internal) IS 'Internal: reads the stored form.';

CREATE FUNCTION cdp_internal.step_send(cdp.step) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_step_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_send(cdp.step) IS 'Internal: writes the stored form (FORMAT.md).';

CREATE TYPE cdp.step (
	INPUT = cdp_internal.step_in,
	OUTPUT = cdp_internal.step_out,
	RECEIVE = cdp_internal.step_recv,
	SEND = cdp_internal.step_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended
);
COMMENT ON TYPE cdp.step IS
	'Which events a predicate asks for. Product Viewed is the event of this name; Product Viewed[category = "shoes", '
	'price > 50] asks for conditions on carried properties, all of them; * is any event; view | "Order Completed" is '
	'either. What stands in double quotes is always a name, a double quote in it being written twice; so is a text '
	'without double quotes and brackets that is neither * nor lower-case words (or *) with | between. Conditions: =, '
	'<>, <, <=, >, >= with a text in double quotes, a number, true or false; in (…), not in (…); like and contains '
	'with a text; exists, not exists. An absent property satisfies only not exists. For a name from data: '
	'cdp.quote_step(name). Errors give the byte: 22P02; 54000 and 22003 beyond a limit. Grammar and meaning: '
	'DEFINITIONS.md.';

CREATE FUNCTION cdp_internal.step_eq(cdp.step, cdp.step) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_step_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_eq(cdp.step, cdp.step) IS 'Internal: the operator =.';

CREATE FUNCTION cdp_internal.step_ne(cdp.step, cdp.step) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_step_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_ne(cdp.step, cdp.step) IS 'Internal: the operator <>.';

CREATE FUNCTION cdp_internal.step_hash(cdp.step) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_step_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_hash(cdp.step) IS 'Internal: hashes for joins and hash indexes.';

CREATE FUNCTION cdp_internal.step_hash_extended(cdp.step, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_step_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.step_hash_extended(cdp.step, bigint) IS
	'Internal: hashes with a seed, for hash partitions.';

CREATE OPERATOR cdp.= (
	FUNCTION = cdp_internal.step_eq, LEFTARG = cdp.step, RIGHTARG = cdp.step,
	COMMUTATOR = OPERATOR(cdp.=), NEGATOR = OPERATOR(cdp.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES
);
COMMENT ON OPERATOR cdp.= (cdp.step, cdp.step) IS 'equal: the same text';

CREATE OPERATOR cdp.<> (
	FUNCTION = cdp_internal.step_ne, LEFTARG = cdp.step, RIGHTARG = cdp.step,
	COMMUTATOR = OPERATOR(cdp.<>), NEGATOR = OPERATOR(cdp.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR cdp.<> (cdp.step, cdp.step) IS 'not equal';

CREATE OPERATOR CLASS cdp.step_hash_ops DEFAULT FOR TYPE cdp.step USING hash AS
	OPERATOR 1 cdp.=,
	FUNCTION 1 cdp_internal.step_hash(cdp.step),
	FUNCTION 2 cdp_internal.step_hash_extended(cdp.step, bigint);

CREATE FUNCTION cdp.quote_step(name text) RETURNS cdp.step
	AS 'MODULE_PATHNAME', 'cdp_quote_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp.quote_step(text) IS
	'Returns the step that asks for the events of a name, whatever its characters: cdp.did(timeline, '
	'cdp.quote_step(name)) for a name from data. An empty name is an error (22023).';

CREATE FUNCTION cdp_internal.step_parts(step cdp.step, OUT event text, OUT property text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_step_parts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION cdp_internal.step_parts(cdp.step) IS
	'Internal: returns the events that a step asks for, NULL for any: a row for each alternative, without a property, '
	'and one for each of its conditions, with the property.';

REVOKE ALL ON FUNCTION cdp_internal.step_parts(cdp.step) FROM PUBLIC;
