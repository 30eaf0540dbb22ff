-- What the attribution table adds up, of one timeline.

CREATE FUNCTION cdp_internal.attribution_credits(timeline cdp.timeline, conversion cdp.step, number text,
	touch cdp.step, channel text[], models text[], lookback interval, since timestamptz, until timestamptz,
	as_of timestamptz,
	OUT model integer, OUT touchpoint text, OUT touches bigint, OUT conversions numeric, OUT value numeric)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_attribution_credits' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200 ROWS 20;
COMMENT ON FUNCTION cdp_internal.attribution_credits(cdp.timeline, cdp.step, text, cdp.step, text[], text[], interval,
	timestamptz, timestamptz, timestamptz) IS
	'Internal: shares the conversions of a timeline, the events of one step from since (included) until until '
	'(excluded), among the touches before them, the events of another step whose properties channel say of which '
	'touchpoint they are. Of each model by its place in models, from 1: the shares of each touchpoint (conversions), '
	'and these times the sum of the number of each conversion (value); touchpoint is NULL for conversions without a '
	'touch. Of model 0: how many touches lie from since until until. No event after as_of counts, and none of which '
	'left-out values decide. No rows for a NULL timeline. Errors: those of cdp.attribution; no model or one twice, no '
	'channel or more than 8 (22023).';

REVOKE ALL ON FUNCTION cdp_internal.attribution_credits(cdp.timeline, cdp.step, text, cdp.step, text[], text[],
	interval, timestamptz, timestamptz, timestamptz) FROM PUBLIC;
