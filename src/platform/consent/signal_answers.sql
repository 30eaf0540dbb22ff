-- What an event answers to consent signals.

CREATE FUNCTION cdp_internal.signal_answers(kinds text[], keys text[], context jsonb, properties jsonb, event text)
	RETURNS boolean[]
	AS 'MODULE_PATHNAME', 'cdp_signal_answers' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.signal_answers(text[], text[], jsonb, jsonb, text) IS
	'Internal: returns what an event answers to signals, by their kinds and keys: true for a no, false for a yes, NULL '
	'for nothing, in their order; NULL if it answers none. context: the whole one.';

REVOKE ALL ON FUNCTION cdp_internal.signal_answers(text[], text[], jsonb, jsonb, text) FROM PUBLIC;
