/*
 * did.c
 *		Predicates on one name of events: whether, how often, when first and last.
 *
 * All take the same description of a stretch of time, and a NULL timeline is one without events.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "behavior/did.h"
#include "cdp.h"

CDP_FUNCTION(cdp_did);
CDP_FUNCTION(cdp_did_not);
CDP_FUNCTION(cdp_times);
CDP_FUNCTION(cdp_first_time);
CDP_FUNCTION(cdp_last_time);

/* count_events counts up to "enough" events in the period. */
static uint64
count_events(FunctionCallInfo fcinfo, CdpkPeriod period, uint64 enough)
{
	CdpkColumn column;
	uint64 count;

	if (!stretch_find_event(fcinfo, NULL, &column))
		return 0;
	count = cdpk_period_count(period, &column, enough);
	stretch_check_column(&column);
	return count;
}

/* did_events says whether the number of events in the period is one that is asked for. */
static bool
did_events(FunctionCallInfo fcinfo)
{
	CdpkPeriod period = stretch_get_period(fcinfo, DID_STRETCH);
	StretchCounts counts = stretch_get_counts(fcinfo, DID_AT_LEAST, DID_AT_MOST);
	/* one more than allowed is enough to know; so is the least, where there is no most */
	uint64 count = count_events(
		fcinfo, period, counts.at_most < PG_INT64_MAX ? counts.at_most + 1 : counts.at_least);

	return count >= counts.at_least && count <= counts.at_most;
}

/* did(timeline, event, at_least, at_most, within, older_than, since, until, as_of) */
Datum
cdp_did(PG_FUNCTION_ARGS)
{
	if (DID_UNKNOWN(DID_STRETCH))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(did_events(fcinfo));
}

/* did_not(...) is the opposite of did with the same arguments. */
Datum
cdp_did_not(PG_FUNCTION_ARGS)
{
	if (DID_UNKNOWN(DID_STRETCH))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(!did_events(fcinfo));
}

/* times(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_times(PG_FUNCTION_ARGS)
{
	CdpkPeriod period;

	if (DID_UNKNOWN(TIMES_STRETCH))
		PG_RETURN_NULL();
	period = stretch_get_period(fcinfo, TIMES_STRETCH);
	PG_RETURN_INT64((int64) count_events(fcinfo, period, PG_UINT64_MAX));
}

/* the time that "find" finds in the period, or NULL */
static Datum
find_time(FunctionCallInfo fcinfo, bool (*find)(CdpkPeriod, CdpkColumn *, int64_t *))
{
	CdpkColumn column;
	CdpkPeriod period;
	int64_t at = 0;
	bool found;

	if (DID_UNKNOWN(TIMES_STRETCH))
		PG_RETURN_NULL();
	period = stretch_get_period(fcinfo, TIMES_STRETCH);
	if (!stretch_find_event(fcinfo, NULL, &column))
		PG_RETURN_NULL();
	found = find(period, &column, &at);
	stretch_check_column(&column);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/* first_time(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_first_time(PG_FUNCTION_ARGS)
{
	return find_time(fcinfo, cdpk_period_oldest);
}

/* last_time(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_last_time(PG_FUNCTION_ARGS)
{
	return find_time(fcinfo, cdpk_period_newest);
}
