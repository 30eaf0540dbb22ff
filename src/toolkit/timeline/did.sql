-- The arguments from "within" on are the same in all of these, and so is their meaning: DEFINITIONS.md.

CREATE FUNCTION cdp_internal.predicate_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'cdp_predicate_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.predicate_support(internal) IS
	'Internal: estimates for the planner the share of rows for which a predicate on timelines is true.';

CREATE FUNCTION cdp.did(timeline cdp.timeline, event text, at_least bigint DEFAULT 1, at_most bigint DEFAULT NULL,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_did' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 SUPPORT cdp_internal.predicate_support;
COMMENT ON FUNCTION cdp.did(cdp.timeline, text, bigint, bigint, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns whether the event happened at least at_least and at most at_most times (NULL: any number). It counts the '
	'events not after as_of that lie in these bounds, where given (NULL: not given): within, in (as_of - within, '
	'as_of]; older_than, at or before as_of - older_than; since, at or after it; until, before it. A day is 24 hours; '
	'an interval that is not positive, or has months or years, is an error (22023). A NULL timeline has no events; '
	'NULL for a NULL event or as_of.';

CREATE FUNCTION cdp.did_not(timeline cdp.timeline, event text, at_least bigint DEFAULT 1, at_most bigint DEFAULT NULL,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_did_not'
	LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 SUPPORT cdp_internal.predicate_support;
COMMENT ON FUNCTION cdp.did_not(cdp.timeline, text, bigint, bigint, interval, interval, timestamptz, timestamptz,
	timestamptz) IS
	'Returns the opposite of cdp.did with the same arguments: true for a NULL timeline, unless at_least is 0.';

CREATE FUNCTION cdp.count_events(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_count_events' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.count_events(cdp.timeline, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns how often the event happened in the time range, given as for cdp.did; 0 for a NULL timeline.';

CREATE FUNCTION cdp.first_time(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_first_time' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.first_time(cdp.timeline, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns when the event first happened in the time range, given as for cdp.did; NULL if it did not.';

CREATE FUNCTION cdp.last_time(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_last_time' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.last_time(cdp.timeline, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns when the event last happened in the time range, given as for cdp.did; NULL if it did not.';
