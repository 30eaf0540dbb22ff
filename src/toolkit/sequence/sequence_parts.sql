CREATE FUNCTION cdp_internal.sequence_events(sequence cdp.sequence, OUT place integer, OUT step cdp.step,
	OUT number integer, OUT optional boolean) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_sequence_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION cdp_internal.sequence_events(cdp.sequence) IS
	'Internal: returns the events of a sequence in their order: their place from 1 on, NULL for what must be absent, '
	'which of a repetition (3 x view) they are, and whether they are optional. Place 0: what a match may begin with.';

CREATE FUNCTION cdp_internal.sequence_common(sequence cdp.sequence, OUT same text, OUT compared text,
	OUT same_session boolean, OUT any_order boolean) RETURNS record
	AS 'MODULE_PATHNAME', 'cdp_sequence_common' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sequence_common(cdp.sequence) IS
	'Internal: returns what is said of all events of a sequence: the property that is the same, the one that previous '
	'compares, whether they are of one session, and whether they come in any order.';

REVOKE ALL ON FUNCTION cdp_internal.sequence_events(cdp.sequence), cdp_internal.sequence_common(cdp.sequence)
	FROM PUBLIC;
