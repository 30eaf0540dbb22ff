-- What the predicates share; their own declarations follow, which make writes from predicates.def.

CREATE FUNCTION cdp_internal.predicate_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_predicate_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.predicate_support(internal) IS
	'Internal: estimates for the planner the share of rows for which a predicate on timelines is true, and its cost.';

CREATE FUNCTION cdp_internal.predicates(OUT name text, OUT arguments text, OUT answer text, OUT exact boolean,
	OUT definition text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_predicates' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION cdp_internal.predicates() IS
	'Internal: returns the predicates and measures on a timeline. arguments: their names after the timeline. exact: '
	'whether the horizon is. definition: the same answer as a query over e, the events that count (event, at, number), '
	'a, those of all names, and q, one row of the arguments; NULL where it takes more than that.';

CREATE FUNCTION cdp_internal.predicate_arguments(OUT name text, OUT type text, OUT sample text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_predicate_arguments' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION cdp_internal.predicate_arguments() IS
	'Internal: returns the arguments of predicates after the timeline. sample: how tests choose one, in SQL.';

CREATE FUNCTION cdp_internal.horizon(predicate text, timeline cdp.timeline, arguments jsonb) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_horizon' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.horizon(text, cdp.timeline, jsonb) IS
	'Internal: returns until when the answer of a predicate stays, if nothing else happens: horizon(''did'', timeline, '
	'''{"event": "view", "within": "30 days"}''). The earliest time after as_of at which it gives another answer or, '
	'where that is not exact, an earlier one; infinity if there is none. NULL for a NULL as_of; the errors of the '
	'predicate; another name of a predicate or argument is an error (22023).';

REVOKE ALL ON FUNCTION cdp_internal.predicates(), cdp_internal.predicate_arguments(),
	cdp_internal.horizon(text, cdp.timeline, jsonb) FROM PUBLIC;
