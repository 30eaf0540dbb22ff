/*
 * funnel_times.c
 *		The function cdp.funnel_times: how long a person took to the steps of a funnel.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/funnel.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "core/sequence/funnel_times.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_funnel_times);

/* places of the arguments after those that cdp.funnel has too */
enum
{
	ARG_SINCE = FUNNEL_WINDOW + 1,
	ARG_UNTIL
};

/* Read where chains may begin, and how long they may take. */
static CdpkFunnelBounds
get_bounds(FunctionCallInfo fcinfo)
{
	CdpkFunnelBounds bounds = {PG_INT64_MIN, PG_INT64_MAX, timeline_arg_as_of(fcinfo), 0};

	if (!PG_ARGISNULL(ARG_SINCE))
		bounds.since = PG_GETARG_TIMESTAMPTZ(ARG_SINCE);
	if (!PG_ARGISNULL(ARG_UNTIL))
		bounds.until = PG_GETARG_TIMESTAMPTZ(ARG_UNTIL);
	bounds.window = cdp_window_microseconds(PG_GETARG_INTERVAL_P(FUNNEL_WINDOW), "within", 0);
	return bounds;
}

/* Make the array of the times that it took to each step. */
static ArrayType *
intervals(const int64_t *took, unsigned depth)
{
	Interval *lengths = palloc0((depth + 1) * sizeof(Interval));
	Datum *elements = palloc((depth + 1) * sizeof(Datum));

	for (unsigned i = 0; i < depth; i++)
	{
		lengths[i].time = took[i];
		elements[i] = IntervalPGetDatum(&lengths[i]);
	}
	return construct_array(elements, (int) depth, INTERVALOID, sizeof(Interval), false,
						   TYPALIGN_DOUBLE);
}

/* funnel_times(timeline, steps, within, since, until, as_of) */
Datum
cdp_funnel_times(PG_FUNCTION_ARGS)
{
	CdpkStep steps[CDPK_FUNNEL_STEPS_MAX];
	int64_t took[CDPK_FUNNEL_STEPS_MAX];
	CdpkFunnelBounds bounds;
	CdpkTimeline timeline;
	CdpkStatus status;
	unsigned count;
	unsigned depth;
	bool unknown;

	if (timeline_args_unknown(fcinfo, FUNNEL_WINDOW))
		PG_RETURN_NULL();
	count = funnel_get_steps(PG_GETARG_ARRAYTYPE_P(FUNNEL_STEPS), steps);
	bounds = get_bounds(fcinfo);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_ARRAYTYPE_P(intervals(took, 0));
	status = cdpk_funnel_times(&timeline, steps, count, &bounds, &cdp_huge_palloc_allocator, took,
							   &depth, &unknown);
	timeline_check(status);
	if (unknown)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(intervals(took, depth));
}
