-- The arguments from "within" on are those of cdp.did, and so is their meaning: DEFINITIONS.md.

CREATE FUNCTION cdp.sum(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_sum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.sum(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns the exact sum of a number that events carry, such as total, over the events that cdp.did would count and '
	'that carry it; NULL if none does. Texts that are numbers count as such, each of several values counts, and what '
	'is no number or was left out does not. NULL for a NULL event, number or as_of. Errors (22023): an empty event or '
	'number, and those of cdp.did.';

CREATE FUNCTION cdp.avg(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_avg' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.avg(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns the sum of a number, as cdp.sum does, divided by the number of its values; NULL if there is none.';

CREATE FUNCTION cdp.min(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_min' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.min(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns the smallest value of a number, over the events that cdp.sum would add up; NULL if there is none.';

CREATE FUNCTION cdp.max(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
	AS 'MODULE_PATHNAME', 'cdp_max' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.max(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns the largest value of a number, over the events that cdp.sum would add up; NULL if there is none.';

CREATE FUNCTION cdp.most_frequent_event(timeline cdp.timeline,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_most_frequent_event' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.most_frequent_event(cdp.timeline, interval, interval, timestamptz, timestamptz, timestamptz) IS
	'Returns the name with the most events in the time range, given as for cdp.did; of several, the smallest by '
	'bytes. NULL if there is no event.';
