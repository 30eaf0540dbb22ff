CREATE FUNCTION cdp.funnel_times(timeline cdp.timeline, sequence cdp.sequence, mode cdp.funnel_mode DEFAULT 'default',
	attempts text DEFAULT 'all', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS interval[]
	AS 'MODULE_PATHNAME', 'cdp_funnel_times' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.funnel_times(cdp.timeline, cdp.sequence, cdp.funnel_mode, text, timestamptz, timestamptz,
	timestamptz) IS
	'Returns how far a person came in a sequence, and how long it took: an element for each event of it up to the '
	'furthest that was reached, the time from the first event to it, when it was first reached; NULL for an optional '
	'event that was not. The first event is at or after since, and before until, where given; no event after as_of '
	'counts. mode, attempts: see cdp.funnel, which says too what events of one instant mean. A NULL timeline has no '
	'events; NULL for a NULL sequence or as_of, and where it depends on a value that was left out. Errors: those of '
	'cdp.funnel. Definition: DEFINITIONS.md.';
