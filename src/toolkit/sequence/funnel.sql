-- The arguments from "within" on are those of cdp.did, and so is their meaning: DEFINITIONS.md.

CREATE FUNCTION cdp.funnel(timeline cdp.timeline, events text[], steps_within interval,
	mode cdp.funnel_mode DEFAULT 'default',
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_funnel' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.funnel(cdp.timeline, text[], interval, cdp.funnel_mode, interval, interval, timestamptz,
	timestamptz, timestamptz) IS
	'Returns how many steps of a funnel a person took: 1 to 32 names of events, in the order of time, all within '
	'steps_within of the first step, as cdp.window_funnel counts them; over the events in the time range, given as '
	'for cdp.did. A name may stand for several steps. NULL for NULL events, steps_within or as_of; a NULL mode is '
	'default. Errors (22023): no or more than 32 steps, an empty name, a steps_within with months or negative, those '
	'of cdp.did; a NULL among the events (22004).';

CREATE FUNCTION cdp.funnel_horizon(timeline cdp.timeline, events text[], steps_within interval,
	mode cdp.funnel_mode DEFAULT 'default',
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_funnel_horizon' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.funnel_horizon(cdp.timeline, text[], interval, cdp.funnel_mode, interval, interval, timestamptz,
	timestamptz, timestamptz) IS
	'Returns a time after as_of before which cdp.funnel with these arguments keeps its answer, if the timeline stays '
	'as it is: the next time at which an event enters or leaves the time range; infinity if none does. NULL for a '
	'NULL as_of; the errors of cdp.funnel.';
