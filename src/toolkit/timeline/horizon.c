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

/* Return the horizon of an answer about the events that are asked for. */
static Datum
exact(FunctionCallInfo fcinfo, CdpkQuestion question)
{
	CdpkTimeRangeSpec spec = timeline_arg_range_spec(fcinfo);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;
	bool unknown;

	if (!step_arg_find(fcinfo, &column, &unknown))
		PG_RETURN_TIMESTAMPTZ(horizon);
	/* an answer that is not known may change with each event */
	if (unknown)
		timeline_check(cdpk_horizon_bound(&spec, &column, &horizon));
	else
		timeline_check(
			cdpk_horizon_exact(&spec, &question, &column, &cdp_huge_palloc_allocator, &horizon));
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
	CdpkTimeRangeSpec spec = timeline_arg_range_spec(fcinfo);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;
	bool unknown;

	if (step_arg_find(fcinfo, &column, &unknown))
		timeline_check(cdpk_horizon_bound(&spec, &column, &horizon));
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
