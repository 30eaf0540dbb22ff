/*
 * did.c
 *		Predicates on one name of events: whether, how often, when first and last.
 *
 * All take the same description of a time range, and a NULL timeline is one without events.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/argument_cache.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"

CDP_FUNCTION(cdp_did);
CDP_FUNCTION(cdp_did_not);
CDP_FUNCTION(cdp_count_events);
CDP_FUNCTION(cdp_first_time);
CDP_FUNCTION(cdp_last_time);

/* The arguments of a call. */
typedef struct DidCall
{
	ArgumentCache cache;
	CdpkTimeRange range;
	EventCounts counts; /* of did and did_not */
	CdpkName event;
} DidCall;

/* Start reading the events that are asked for; there may be none. */
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

/* Return whether the number of events in the time range is within at_least and at_most. */
static bool
did_events(FunctionCallInfo fcinfo)
{
	DidCall own;
	DidCall *call = (DidCall *) argument_cache_get(fcinfo, &own.cache, sizeof(own));
	CdpkColumn column;
	uint64 count;

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->range = timeline_arg_range(fcinfo);
		call->counts = timeline_arg_counts(fcinfo);
		call->event = timeline_arg_event(fcinfo);
		argument_cache_fill(fcinfo, &call->cache);
	}
	find_events(fcinfo, call, &column);
	/* stop counting once the answer is decided */
	count = cdpk_time_range_count(call->range, &column,
								  call->counts.at_most < PG_INT64_MAX ? call->counts.at_most + 1
																	  : call->counts.at_least);
	timeline_check_column(&column);
	return count >= call->counts.at_least && count <= call->counts.at_most;
}

/* did(timeline, event, at_least, at_most, within, older_than, since, until, as_of) */
Datum
cdp_did(PG_FUNCTION_ARGS)
{
	if (timeline_args_unknown(fcinfo, ARG_EVENT))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(did_events(fcinfo));
}

/* did_not(...) is the opposite of did with the same arguments. */
Datum
cdp_did_not(PG_FUNCTION_ARGS)
{
	if (timeline_args_unknown(fcinfo, ARG_EVENT))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(!did_events(fcinfo));
}

/* Start reading the events that count_events and the like look at, and return the time range. */
static CdpkTimeRange
start(FunctionCallInfo fcinfo, CdpkColumn *column)
{
	DidCall own;
	DidCall *call = (DidCall *) argument_cache_get(fcinfo, &own.cache, sizeof(own));

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->range = timeline_arg_range(fcinfo);
		call->event = timeline_arg_event(fcinfo);
		argument_cache_fill(fcinfo, &call->cache);
	}
	find_events(fcinfo, call, column);
	return call->range;
}

/* count_events(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_count_events(PG_FUNCTION_ARGS)
{
	CdpkColumn column;
	CdpkTimeRange range;
	uint64 count;

	if (timeline_args_unknown(fcinfo, ARG_EVENT))
		PG_RETURN_NULL();
	range = start(fcinfo, &column);
	count = cdpk_time_range_count(range, &column, PG_UINT64_MAX);
	timeline_check_column(&column);
	PG_RETURN_INT64((int64) count);
}

/* Return the time that "find" finds in the time range, or NULL. */
static inline Datum
find_time(FunctionCallInfo fcinfo, bool (*find)(CdpkTimeRange, CdpkColumn *, int64_t *))
{
	CdpkColumn column;
	CdpkTimeRange range;
	int64_t at = 0;
	bool found;

	if (timeline_args_unknown(fcinfo, ARG_EVENT))
		PG_RETURN_NULL();
	range = start(fcinfo, &column);
	found = find(range, &column, &at);
	timeline_check_column(&column);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/* first_time(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_first_time(PG_FUNCTION_ARGS)
{
	return find_time(fcinfo, cdpk_time_range_oldest);
}

/* last_time(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_last_time(PG_FUNCTION_ARGS)
{
	return find_time(fcinfo, cdpk_time_range_newest);
}
