CREATE FUNCTION cdp.funnel_times(timeline cdp.timeline, events text[], within interval, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS interval[]
	AS 'MODULE_PATHNAME', 'cdp_funnel_times' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.funnel_times(cdp.timeline, text[], interval, timestamptz, timestamptz, timestamptz) IS
	'Returns how far a person came in a funnel of at most 32 events, and how long it took: an element for each step '
	'that was reached within this time of the first step, the time from the first step to it, when it was first '
	'reached. Events may have the same time, but an event whose name stands among the steps before must be later. The '
	'first step is at or after since, and before until, where given; no event after as_of counts. A NULL timeline has '
	'no events; NULL for NULL events, within or as_of. A day of within is 24 hours. Errors: months, or negative '
	'(22023), an empty name (22023) or NULL (22004) among the events. Definition: DEFINITIONS.md.';
