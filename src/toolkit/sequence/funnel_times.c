/*
 * funnel_times.c
 *		The function cdp.funnel_times: how long a person took to the steps of a sequence.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/funnel.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_funnel_times);

/* places of the arguments after those that cdp.funnel has too */
#define ARG_SINCE (ARG_SEQUENCE + 3)
#define ARG_UNTIL (ARG_SEQUENCE + 4)

/* The arguments of a call. */
typedef struct TimesCall
{
	ArgumentCache cache;
	CdpkSequence sequence;
	CdpkAsked asked;
	CdpkTimeRange range;
} TimesCall;

/* Return what the arguments say; "own" has room for it where they change from call to call. */
static const TimesCall *
get_call(FunctionCallInfo fcinfo, TimesCall *own)
{
	TimesCall *call = (TimesCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));
	CdpkTimeRange begins = {PG_INT64_MIN, PG_INT64_MAX};

	if (argument_cache_is_valid(fcinfo, &call->cache))
		return call;
	call->range = cdpk_time_range_until_now(timeline_arg_as_of(fcinfo));
	if (!PG_ARGISNULL(ARG_SINCE))
		call->range.first = begins.first = PG_GETARG_TIMESTAMPTZ(ARG_SINCE);
	if (!PG_ARGISNULL(ARG_UNTIL))
		cdpk_time_range_before(&begins, PG_GETARG_TIMESTAMPTZ(ARG_UNTIL));
	sequence_arg_read(fcinfo, &call->cache, &call->sequence);
	memset(&call->asked, 0, sizeof(call->asked));
	call->asked.sequence = &call->sequence;
	call->asked.wanted = CDPK_WANT_TIMES;
	call->asked.bounded = true;
	call->asked.begins = begins;
	funnel_args_read(fcinfo, &call->asked);
	argument_cache_fill(fcinfo, &call->cache);
	return call;
}

/* Make the array of the times that it took to each step, NULL where one was left out. */
static ArrayType *
make_intervals(const CdpkReach *reach, unsigned depth)
{
	Interval *lengths = palloc0((depth + 1) * sizeof(Interval));
	Datum *elements = palloc((depth + 1) * sizeof(Datum));
	bool *nulls = palloc((depth + 1) * sizeof(bool));
	int count = (int) depth;
	int from = 1;

	if (depth == 0)
		return construct_empty_array(INTERVALOID);
	for (unsigned i = 0; i < depth; i++)
	{
		lengths[i].time = reach[i].at - reach[i].first;
		elements[i] = IntervalPGetDatum(&lengths[i]);
		nulls[i] = !reach[i].reached;
	}
	return construct_md_array(elements, nulls, 1, &count, &from, INTERVALOID, sizeof(Interval),
							  false, TYPALIGN_DOUBLE);
}

/* funnel_times(timeline, sequence, mode, attempts, since, until, as_of) */
Datum
cdp_funnel_times(PG_FUNCTION_ARGS)
{
	TimesCall own;
	const TimesCall *call;
	CdpkTimeline timeline;
	CdpkFunnelAnswer answer;

	if (timeline_args_unknown(fcinfo, ARG_SEQUENCE))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INTERVALOID));
	timeline_check(cdpk_sequence_funnel(&call->asked, &timeline, call->range,
										&cdp_huge_palloc_allocator, &answer));
	if (answer.unknown)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(make_intervals(answer.reach, answer.depth));
}
