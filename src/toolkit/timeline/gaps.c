/*
 * gaps.c
 *		The times between neighbouring events of a step: the longest, the shortest, the one in the
 *		middle, and the one that is still open.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/base/buffer.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/horizon.h"
#include "toolkit/timeline/step_args.h"

CDP_FUNCTION(cdp_longest_gap);
CDP_FUNCTION(cdp_shortest_gap);
CDP_FUNCTION(cdp_median_gap);
CDP_FUNCTION(cdp_time_since);

/* The arguments of a call. */
typedef struct GapCall
{
	ArgumentCache cache;
	CdpkTimeRange range;
	CdpkStep step;
} GapCall;

/* Return the arguments. */
static const GapCall *
get_call(FunctionCallInfo fcinfo, GapCall *own)
{
	GapCall *call = (GapCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->range = timeline_arg_range(fcinfo);
		step_arg_read(fcinfo, &call->cache, &call->step);
		argument_cache_fill(fcinfo, &call->cache);
	}
	return call;
}

/* Start reading the events, newest first; false if there are none, or it is not known which. */
static bool
find_events(FunctionCallInfo fcinfo, const GapCall *call, CdpkColumn *column)
{
	CdpkTimeline timeline;
	bool unknown;
	void *memory;

	if (call->step.plain)
	{
		step_arg_plain_column(fcinfo, &call->step, column);
		return true;
	}
	if (!timeline_arg_open(fcinfo, &timeline))
		return false;
	timeline_check(cdpk_step_column(&call->step, &timeline, call->range, &cdp_huge_palloc_allocator,
									column, &unknown, &memory));
	return !unknown;
}

/* Return the next older event in the time range. */
static bool
next_event(const GapCall *call, CdpkColumn *column, int64 *at)
{
	int64_t next;

	while (cdpk_column_next(column, &next))
	{
		*at = next;
		if (next <= call->range.last)
			return next >= call->range.first;
	}
	timeline_check_column(column);
	return false;
}

/* Return a length of time, in days of 24 hours. */
static Datum
make_interval(uint64 length)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->day = (int32) (length / USECS_PER_DAY);
	interval->time = (int64) (length % USECS_PER_DAY);
	return IntervalPGetDatum(interval);
}

/* Return the longest or the shortest gap. */
static Datum
find_gap(FunctionCallInfo fcinfo, bool longest)
{
	GapCall own;
	const GapCall *call;
	CdpkColumn column;
	bool found = false;
	uint64 best = 0;
	int64 later;
	int64 at;

	if (timeline_args_unknown(fcinfo, ARG_STEP))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (!find_events(fcinfo, call, &column) || !next_event(call, &column, &later))
		PG_RETURN_NULL();
	while (next_event(call, &column, &at))
	{
		uint64 gap = (uint64) later - (uint64) at;

		CHECK_FOR_INTERRUPTS();
		if (!found || (longest ? gap > best : gap < best))
			best = gap;
		found = true;
		later = at;
	}
	if (!found)
		PG_RETURN_NULL();
	return make_interval(best);
}

/* longest_gap(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_longest_gap(PG_FUNCTION_ARGS)
{
	return find_gap(fcinfo, true);
}

/* shortest_gap(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_shortest_gap(PG_FUNCTION_ARGS)
{
	return find_gap(fcinfo, false);
}

/* Compare two gaps, for qsort. */
static int
compare_gaps(const void *a, const void *b)
{
	uint64 left = *(const uint64 *) a;
	uint64 right = *(const uint64 *) b;

	CHECK_FOR_INTERRUPTS();
	return left < right ? -1 : left > right;
}

/* median_gap(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_median_gap(PG_FUNCTION_ARGS)
{
	GapCall own;
	const GapCall *call;
	CdpkColumn column;
	CdpkBuffer buffer = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	uint64 *gaps;
	size_t count;
	int64 later;
	int64 at;

	if (timeline_args_unknown(fcinfo, ARG_STEP))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (!find_events(fcinfo, call, &column) || !next_event(call, &column, &later))
		PG_RETURN_NULL();
	for (; next_event(call, &column, &at); later = at)
	{
		uint64 gap = (uint64) later - (uint64) at;

		CHECK_FOR_INTERRUPTS();
		cdpk_put_bytes(&buffer, &gap, sizeof(gap));
	}
	timeline_check(buffer.status);
	gaps = (uint64 *) buffer.bytes;
	count = buffer.used / sizeof(uint64);
	if (count == 0)
		PG_RETURN_NULL();
	qsort(gaps, count, sizeof(uint64), compare_gaps);
	/* the sum of two gaps is at most the time between three events */
	return make_interval((gaps[(count - 1) / 2] + gaps[count / 2]) / 2);
}

/* time_since(timeline, step, within, older_than, since, until, as_of) */
Datum
cdp_time_since(PG_FUNCTION_ARGS)
{
	GapCall own;
	const GapCall *call;
	CdpkColumn column;
	int64 at;

	if (timeline_args_unknown(fcinfo, ARG_STEP))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (!find_events(fcinfo, call, &column) || !next_event(call, &column, &at))
		PG_RETURN_NULL();
	return make_interval((uint64) timeline_arg_as_of(fcinfo) - (uint64) at);
}

/* The time since an event changes at every instant. */
Datum
time_since_horizon(PG_FUNCTION_ARGS)
{
	CdpkTimeRangeSpec spec = timeline_arg_range_spec(fcinfo);
	GapCall own;
	const GapCall *call = get_call(fcinfo, &own);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;
	bool unknown;
	int64 at;

	if (!step_arg_find(fcinfo, &column, &unknown))
		PG_RETURN_TIMESTAMPTZ(horizon);
	timeline_check(cdpk_horizon_bound(&spec, &column, &horizon));
	if (next_event(call, &column, &at))
		horizon = spec.as_of + 1;
	PG_RETURN_TIMESTAMPTZ(horizon);
}
