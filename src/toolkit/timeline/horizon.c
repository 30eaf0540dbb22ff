/*
 * horizon.c
 *		The horizons of predicates and measures: until when an answer stays, if nothing else happens.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/horizon.h"
#include "toolkit/timeline/step_args.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"

/* The arguments of a call. */
typedef struct HorizonCall
{
	ArgumentCache cache;
	CdpkTimeRangeSpec spec;
	CdpkStep step;
} HorizonCall;

/* Return what the arguments say; "own" has room for it where they change from call to call. */
static const HorizonCall *
get_call(FunctionCallInfo fcinfo, HorizonCall *own)
{
	HorizonCall *call = (HorizonCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));

	if (argument_cache_is_valid(fcinfo, &call->cache))
		return call;
	call->spec = timeline_arg_range_spec(fcinfo);
	step_arg_read(fcinfo, &call->cache, &call->step);
	argument_cache_fill(fcinfo, &call->cache);
	return call;
}

/* Find the events of the step, as step_arg_find() does. */
static bool
find_events(FunctionCallInfo fcinfo, const HorizonCall *call, CdpkColumn *column, bool *unknown)
{
	if (!call->step.plain)
		return step_arg_find_in(fcinfo, &call->step, column, unknown);
	*unknown = false;
	step_arg_plain_column(fcinfo, &call->step, column);
	return column->left > 0;
}

/* Return the horizon of an answer about the events that are asked for. */
static Datum
exact(FunctionCallInfo fcinfo, CdpkQuestion question)
{
	HorizonCall own;
	const HorizonCall *call = get_call(fcinfo, &own);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;
	bool unknown;

	if (!find_events(fcinfo, call, &column, &unknown))
		PG_RETURN_TIMESTAMPTZ(horizon);
	/* an answer that is not known may change with each event */
	if (unknown)
		timeline_check(cdpk_horizon_bound(&call->spec, &column, &horizon));
	else
		timeline_check(cdpk_horizon_exact(&call->spec, &question, &column,
										  &cdp_huge_palloc_allocator, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

Datum
did_horizon(PG_FUNCTION_ARGS)
{
	EventCounts counts = timeline_arg_counts(fcinfo);
	CdpkQuestion question = {CDPK_ANSWER_COUNT, counts.at_least, counts.at_most};

	return exact(fcinfo, question);
}

Datum
count_horizon(PG_FUNCTION_ARGS)
{
	CdpkQuestion question = {CDPK_ANSWER_TIMES, 0, 0};

	return exact(fcinfo, question);
}

Datum
first_horizon(PG_FUNCTION_ARGS)
{
	CdpkQuestion question = {CDPK_ANSWER_FIRST, 0, 0};

	return exact(fcinfo, question);
}

Datum
last_horizon(PG_FUNCTION_ARGS)
{
	CdpkQuestion question = {CDPK_ANSWER_LAST, 0, 0};

	return exact(fcinfo, question);
}

Datum
step_horizon(PG_FUNCTION_ARGS)
{
	HorizonCall own;
	const HorizonCall *call = get_call(fcinfo, &own);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;
	bool unknown;

	if (find_events(fcinfo, call, &column, &unknown))
		timeline_check(cdpk_horizon_bound(&call->spec, &column, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

Datum
timeline_horizon(PG_FUNCTION_ARGS)
{
	CdpkTimeRangeSpec spec = timeline_arg_range_spec(fcinfo);
	int64_t horizon = CDPK_NEVER;
	CdpkTimeline timeline;

	if (timeline_arg_open(fcinfo, &timeline))
		timeline_check(cdpk_horizon_bound_all(&spec, &timeline, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}
