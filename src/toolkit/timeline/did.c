/*
 * did.c
 *		Predicates on the events of a step: whether, how often, when first and last.
 *
 * All take the same description of a time range, and a NULL timeline is one without events.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/argument_cache.h"
#include "toolkit/timeline/step_args.h"
#include "cdp.h"
#include "toolkit/bridge/status.h"

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
	CdpkStep step;
} DidCall;

/*
 * Count the events of the step in the time range, until there are "enough" at least; or find that there are fewer than
 * are needed.
 */
static inline CdpkStepCount
count_events(FunctionCallInfo fcinfo, const DidCall *call, uint64 needed, uint64 enough)
{
	CdpkTimeline timeline;
	CdpkStepCount count = {0, 0};

	if (call->step.plain)
	{
		CdpkColumn column;

		step_arg_plain_column(fcinfo, &call->step, &column);
		count.least = count.most = cdpk_time_range_count(call->range, &column, enough);
		timeline_check_column(&column);
	}
	else if (timeline_arg_open(fcinfo, &timeline))
		timeline_check(cdpk_step_count(&call->step, &timeline, call->range, needed, enough,
									   &cdp_palloc_allocator, &count));
	return count;
}

/* Find whether the number of events in the time range is within at_least and at_most. */
static CdpkTruth
did_events(FunctionCallInfo fcinfo)
{
	DidCall own;
	DidCall *call = (DidCall *) argument_cache_get(fcinfo, &own.cache, sizeof(own));
	CdpkStepCount count;

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->range = timeline_arg_range(fcinfo);
		call->counts = timeline_arg_counts(fcinfo);
		step_arg_read(fcinfo, &call->cache, &call->step);
		argument_cache_fill(fcinfo, &call->cache);
	}
	/* stop counting once the answer is decided */
	count = count_events(fcinfo, call, call->counts.at_least,
						 call->counts.at_most < PG_INT64_MAX ? call->counts.at_most + 1
															 : call->counts.at_least);
	if (count.least > call->counts.at_most || count.most < call->counts.at_least)
		return CDPK_NO;
	if (count.least >= call->counts.at_least &&
		(count.most <= call->counts.at_most || call->counts.at_most == PG_INT64_MAX))
		return CDPK_YES;
	return CDPK_UNKNOWN;
}

/* did(timeline, step, at_least, at_most, within, older_than, since, until, as_of) */
Datum
cdp_did(PG_FUNCTION_ARGS)
{
	CdpkTruth truth = timeline_args_unknown(fcinfo, ARG_STEP) ? CDPK_UNKNOWN : did_events(fcinfo);

	if (truth == CDPK_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(truth == CDPK_YES);
}

/* did_not(...) is the opposite of did with the same arguments. */
Datum
cdp_did_not(PG_FUNCTION_ARGS)
{
	CdpkTruth truth = timeline_args_unknown(fcinfo, ARG_STEP) ? CDPK_UNKNOWN : did_events(fcinfo);

	if (truth == CDPK_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(truth == CDPK_NO);
}

/* Read the arguments of count_events and the like. */
static const DidCall *
get_call(FunctionCallInfo fcinfo, DidCall *own)
{
	DidCall *call = (DidCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->range = timeline_arg_range(fcinfo);
		step_arg_read(fcinfo, &call->cache, &call->step);
		argument_cache_fill(fcinfo, &call->cache);
	}
	return call;
}

/* count_events(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_count_events(PG_FUNCTION_ARGS)
{
	DidCall own;
	CdpkStepCount count;

	if (timeline_args_unknown(fcinfo, ARG_STEP))
		PG_RETURN_NULL();
	count = count_events(fcinfo, get_call(fcinfo, &own), 0, PG_UINT64_MAX);
	if (count.least != count.most)
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) count.least);
}

/* Find the earliest or the latest time of a step that is not plain; false also if it is not known. */
static bool
find_extreme(FunctionCallInfo fcinfo, const DidCall *call, bool latest, int64 *at)
{
	CdpkTimeline timeline;
	CdpkStepExtremes extremes;

	if (!timeline_arg_open(fcinfo, &timeline))
		return false;
	timeline_check(
		cdpk_step_extremes(&call->step, &timeline, call->range, &cdp_palloc_allocator, &extremes));
	if (!extremes.found)
		return false;
	*at = latest ? extremes.newest : extremes.oldest;
	return !extremes.unknown ||
		   (latest ? extremes.unknown_newest <= *at : extremes.unknown_oldest >= *at);
}

/* Return the earliest or the latest time in the time range, or NULL. */
static inline Datum
find_time(FunctionCallInfo fcinfo, bool latest)
{
	DidCall own;
	const DidCall *call;
	CdpkColumn column;
	int64_t at = 0;
	bool found;

	if (timeline_args_unknown(fcinfo, ARG_STEP))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (call->step.plain)
	{
		step_arg_plain_column(fcinfo, &call->step, &column);
		found = latest ? cdpk_time_range_newest(call->range, &column, &at)
					   : cdpk_time_range_oldest(call->range, &column, &at);
		timeline_check_column(&column);
	}
	else
		found = find_extreme(fcinfo, call, latest, &at);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/* first_time(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_first_time(PG_FUNCTION_ARGS)
{
	return find_time(fcinfo, false);
}

/* last_time(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_last_time(PG_FUNCTION_ARGS)
{
	return find_time(fcinfo, true);
}
