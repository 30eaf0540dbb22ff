-- The arguments from "within" on are those of cdp.did, and so is their meaning: DEFINITIONS.md.

CREATE FUNCTION cdp.sum(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
AS 'MODULE_PATHNAME', 'cdp_sum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.sum(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'The exact sum of a number that the events carry, as total, over those that cdp.did would count and that carry it; NULL where none does. NULL for a NULL event, number or as_of. Errors (22023): an empty event or number, and those of cdp.did.';

CREATE FUNCTION cdp.avg(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
AS 'MODULE_PATHNAME', 'cdp_avg' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.avg(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'The sum of a number as cdp.sum has it, divided by how many events carry it; NULL where none does.';

CREATE FUNCTION cdp.min(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
AS 'MODULE_PATHNAME', 'cdp_min' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.min(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'The smallest value of a number, over the events that cdp.sum would sum up; NULL where there is none.';

CREATE FUNCTION cdp.max(timeline cdp.timeline, event text, number text,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS numeric
AS 'MODULE_PATHNAME', 'cdp_max' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.max(cdp.timeline, text, text, interval, interval, timestamptz, timestamptz, timestamptz) IS 'The largest value of a number, over the events that cdp.sum would sum up; NULL where there is none.';

CREATE FUNCTION cdp.most_frequent_event(timeline cdp.timeline,
	within interval DEFAULT NULL, older_than interval DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	as_of timestamptz DEFAULT pg_catalog.now()) RETURNS text
AS 'MODULE_PATHNAME', 'cdp_most_frequent_event' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION cdp.most_frequent_event(cdp.timeline, interval, interval, timestamptz, timestamptz, timestamptz) IS 'The name of which most events lie in the time range that cdp.did would count; of several, the smallest by bytes. NULL where there is no event.';
