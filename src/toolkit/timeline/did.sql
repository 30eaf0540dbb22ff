-- The arguments from "within" on are the same in all of these, and so is their meaning: DEFINITIONS.md.

CREATE FUNCTION cdp_internal.predicate_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'cdp_predicate_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.predicate_support(internal) IS 'Internal: what part of a table the planner expects a predicate on timelines to hold for.';

CREATE FUNCTION cdp.did(timeline cdp.timeline, event text, at_least bigint DEFAULT 1, at_most bigint DEFAULT NULL,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS boolean
AS 'MODULE_PATHNAME', 'cdp_did' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 SUPPORT cdp_internal.predicate_support;
COMMENT ON FUNCTION cdp.did(cdp.timeline, text, bigint, bigint, interval, interval, timestamptz, timestamptz, timestamptz) IS 'Whether the event happened at_least (1) and at_most (any number of) times. It counts within an interval before as_of, (as_of - within, as_of], at least older_than before as_of, from since on, and before until, as far as these are given (NULL: not given); never after as_of. A day is 24 hours; months and years, and what is not positive, are errors (22023). A NULL timeline is one without events; NULL for a NULL event or as_of.';

CREATE FUNCTION cdp.did_not(timeline cdp.timeline, event text, at_least bigint DEFAULT 1, at_most bigint DEFAULT NULL,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS boolean
AS 'MODULE_PATHNAME', 'cdp_did_not' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 SUPPORT cdp_internal.predicate_support;
COMMENT ON FUNCTION cdp.did_not(cdp.timeline, text, bigint, bigint, interval, interval, timestamptz, timestamptz, timestamptz) IS 'The opposite of cdp.did with the same arguments: true for a NULL timeline, unless at_least is 0.';

CREATE FUNCTION cdp.count_events(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS bigint
AS 'MODULE_PATHNAME', 'cdp_count_events' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.count_events(cdp.timeline, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'How often the event happened in the time range that cdp.did would count; 0 for a NULL timeline.';

CREATE FUNCTION cdp.first_time(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'cdp_first_time' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.first_time(cdp.timeline, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'When the event first happened in the time range that cdp.did would count; NULL where it did not.';

CREATE FUNCTION cdp.last_time(timeline cdp.timeline, event text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'cdp_last_time' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.last_time(cdp.timeline, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'When the event last happened in the time range that cdp.did would count; NULL where it did not.';

