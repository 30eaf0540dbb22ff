-- The events of a step as rows.

CREATE FUNCTION cdp_internal.step_events(timeline cdp.timeline, step cdp.step, from_step cdp.step, to_step cdp.step,
	OUT event text, OUT at timestamptz, OUT is_from boolean, OUT is_to boolean) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_step_events' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 ROWS 50;
COMMENT ON FUNCTION cdp_internal.step_events(cdp.timeline, cdp.step, cdp.step, cdp.step) IS
	'Internal: returns the events of a step, and whether each is one of from_step and of to_step (false for a NULL '
	'one). Events of which left-out values decide are not among them. No rows for a NULL timeline or step.';

REVOKE ALL ON FUNCTION cdp_internal.step_events(cdp.timeline, cdp.step, cdp.step, cdp.step) FROM PUBLIC;
