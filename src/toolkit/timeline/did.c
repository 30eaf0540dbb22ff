/*
 * did.c
 *		Predicates on one name of events: whether, how often, when first and last.
 *
 * All take the same description of a stretch of time, and a NULL timeline is one without events.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/did.h"
#include "toolkit/timeline/kept.h"
#include "cdp.h"

CDP_FUNCTION(cdp_did);
CDP_FUNCTION(cdp_did_not);
CDP_FUNCTION(cdp_count_events);
CDP_FUNCTION(cdp_first_time);
CDP_FUNCTION(cdp_last_time);

/* The arguments of a call. */
typedef struct DidCall
{
	KeptCall kept;
	CdpkPeriod period;
	StretchCounts counts; /* of did and did_not */
	CdpkName event;
} DidCall;

/* find_events starts reading the events that are asked for; there may be none. */
static void
find_events(FunctionCallInfo fcinfo, const DidCall *call, CdpkColumn *column)
{
	const uint8_t *bytes;
	size_t length;
	CdpkStatus status;

	if (PG_ARGISNULL(ARG_TIMELINE))
	{
		column->left = 0;
		column->times.failed = false;
		return;
	}
	bytes = timeline_get_bytes(fcinfo, ARG_TIMELINE, &length);
	status = cdpk_timeline_find_in(bytes, length, &call->event, column);
	timeline_check(status);
}

/* did_events says whether the number of events in the period is one that is asked for. */
static bool
did_events(FunctionCallInfo fcinfo)
{
	DidCall own;
	DidCall *call = (DidCall *) kept_call(fcinfo, &own.kept, sizeof(own));
	CdpkColumn column;
	uint64 count;

	if (!kept_call_is_same(fcinfo, &call->kept))
	{
		call->period = stretch_get_period(fcinfo, DID_STRETCH);
		call->counts = stretch_get_counts(fcinfo, DID_AT_LEAST, DID_AT_MOST);
		call->event = stretch_get_event(fcinfo);
		kept_call_is_ready(fcinfo, &call->kept);
	}
	find_events(fcinfo, call, &column);
	/* one more than allowed is enough to know; so is the least, where there is no most */
	count = cdpk_period_count(call->period, &column,
							  call->counts.at_most < PG_INT64_MAX ? call->counts.at_most + 1
																  : call->counts.at_least);
	stretch_check_column(&column);
	return count >= call->counts.at_least && count <= call->counts.at_most;
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

/* start starts reading the events that count_events and the like look at, and gives the period. */
static CdpkPeriod
start(FunctionCallInfo fcinfo, CdpkColumn *column)
{
	DidCall own;
	DidCall *call = (DidCall *) kept_call(fcinfo, &own.kept, sizeof(own));

	if (!kept_call_is_same(fcinfo, &call->kept))
	{
		call->period = stretch_get_period(fcinfo, COLUMN_STRETCH);
		call->event = stretch_get_event(fcinfo);
		kept_call_is_ready(fcinfo, &call->kept);
	}
	find_events(fcinfo, call, column);
	return call->period;
}

/* count_events(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_count_events(PG_FUNCTION_ARGS)
{
	CdpkColumn column;
	CdpkPeriod period;
	uint64 count;

	if (DID_UNKNOWN(COLUMN_STRETCH))
		PG_RETURN_NULL();
	period = start(fcinfo, &column);
	count = cdpk_period_count(period, &column, PG_UINT64_MAX);
	stretch_check_column(&column);
	PG_RETURN_INT64((int64) count);
}

/* find_time gives the time that "find" finds in the period, or NULL. */
static inline Datum
find_time(FunctionCallInfo fcinfo, bool (*find)(CdpkPeriod, CdpkColumn *, int64_t *))
{
	CdpkColumn column;
	CdpkPeriod period;
	int64_t at = 0;
	bool found;

	if (DID_UNKNOWN(COLUMN_STRETCH))
		PG_RETURN_NULL();
	period = start(fcinfo, &column);
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
