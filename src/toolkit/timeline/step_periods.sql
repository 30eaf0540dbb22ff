-- How often the events of a step happened in each of several periods: what the tables of reports count.

CREATE FUNCTION cdp_internal.step_periods(timeline cdp.timeline, step cdp.step, bounds timestamptz[],
	after timestamptz, properties text[], number text, as_of timestamptz,
	OUT period integer, OUT found text[], OUT events bigint, OUT total numeric, OUT first_at timestamptz,
	OUT last_at timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_step_periods' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50 ROWS 10;
COMMENT ON FUNCTION cdp_internal.step_periods(cdp.timeline, cdp.step, timestamptz[], timestamptz, text[], text,
	timestamptz) IS
	'Internal: counts the events of a step by period and by the values of properties (found, in their order; NULL '
	'where there are none). Period n begins with bound n (included) and ends with the next (excluded); events at or '
	'before after (NULL: none), and after as_of, do not count. An event with several values counts for each '
	'combination of those that belong to one element of an array, or to the event as a whole. total: the sum of a '
	'number, NULL if none has it; of one that belongs to an element of an array, for values of the same element. '
	'first_at, last_at: the times of the first and the last of the events. Events of which left-out values decide do '
	'not count. No rows for a NULL timeline.';

REVOKE ALL ON FUNCTION cdp_internal.step_periods(cdp.timeline, cdp.step, timestamptz[], timestamptz, text[], text,
	timestamptz) FROM PUBLIC;
