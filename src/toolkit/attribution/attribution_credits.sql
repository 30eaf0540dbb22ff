-- What the attribution table adds up, of one timeline, and what it makes of the sums.

CREATE FUNCTION cdp_internal.attribution_credits(timeline cdp.timeline, conversion cdp.step, number text,
	touch cdp.step, channel text[], models text[], lookback interval, since timestamptz, until timestamptz,
	as_of timestamptz,
	OUT model integer, OUT touchpoint text, OUT touches bigint, OUT conversions numeric, OUT value numeric,
	OUT target text, OUT converted boolean)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_attribution_credits' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200 ROWS 20;
COMMENT ON FUNCTION cdp_internal.attribution_credits(cdp.timeline, cdp.step, text, cdp.step, text[], text[], interval,
	timestamptz, timestamptz, timestamptz) IS
	'Internal: shares the conversions of a timeline, the events of one step from since (included) until until '
	'(excluded), among the touches before them, the events of another step whose properties channel say of which '
	'touchpoint they are. Of each model by its place in models, from 1: the shares of each touchpoint (conversions), '
	'and these times the sum of the number of each conversion (value); touchpoint is NULL for conversions without a '
	'touch. Of model 0: how many touches lie from since until until. Of model -1, where markov is among the models: '
	'how often a touchpoint (NULL: the start) is followed by another (target), or by the end of its path (NULL), which '
	'is converted or not; the shares of markov itself are those of linear. No event after as_of counts, and none of '
	'which left-out values decide. No rows for a NULL timeline. Errors: those of cdp.attribution; no model or one '
	'twice, no channel or more than 8 (22023).';

CREATE FUNCTION cdp_internal.markov_shares(sources text[], targets text[], converted boolean[], counts bigint[],
	OUT channel text, OUT share numeric) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_markov_shares' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION cdp_internal.markov_shares(text[], text[], boolean[], bigint[]) IS
	'Internal: returns the share of each channel in all conversions by the model markov. Element by element: a channel '
	'(NULL: the start), the one that follows it (NULL: the path ends, converted or not), and how often. The shares are '
	'multiples of 0.000000001 and add up to 1; none where nothing is converted. Errors: arrays of different length '
	'(2202E), a move to the same channel or not at least once, moves without an end (22023), more than 1,000 channels '
	'(54000).';

REVOKE ALL ON FUNCTION cdp_internal.markov_shares(text[], text[], boolean[], bigint[]),
	cdp_internal.attribution_credits(cdp.timeline, cdp.step, text, cdp.step, text[], text[], interval, timestamptz,
		timestamptz, timestamptz) FROM PUBLIC;
