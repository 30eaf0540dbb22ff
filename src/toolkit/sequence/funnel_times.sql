CREATE FUNCTION cdp.funnel_times(timeline cdp.timeline, steps cdp.step[], within interval,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS interval[]
	AS 'MODULE_PATHNAME', 'cdp_funnel_times' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.funnel_times(cdp.timeline, cdp.step[], interval, timestamptz, timestamptz, timestamptz) IS
	'Returns how far a person came in a funnel of at most 32 steps, and how long it took: an element for each step '
	'that was reached within this time of the first step, the time from the first step to it, when it was first '
	'reached. Events may have the same time, but one of a name that a step before asks for must be later. The first '
	'step is at or after since, and before until, where given; no event after as_of counts. A NULL timeline has no '
	'events; NULL for NULL steps, within or as_of, and where it depends on a value that was left out. A day of within '
	'is 24 hours. Errors: months, or negative (22023), a NULL among the steps (22004). Definition: DEFINITIONS.md.';
