/*
 * funnel.c
 *		How deep a timeline goes into a funnel.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/funnel.h"
#include "toolkit/sequence/sequence_horizon.h"
#include "toolkit/timeline/argument_cache.h"
#include "toolkit/timeline/horizon.h"
#include "toolkit/timeline/step.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_funnel);

#define ARG_MODE 3

/* Read the steps in place, without a copy of each. */
unsigned
funnel_get_steps(ArrayType *array, CdpkStep *steps)
{
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const char *at = ARR_DATA_PTR(array);

	if (count < 1 || count > CDPK_FUNNEL_STEPS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the number of steps must be from 1 to %d", CDPK_FUNNEL_STEPS_MAX),
						errdetail("%d were given.", count)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("steps must not contain null")));
	for (int i = 0; i < count; i++)
	{
		at = (const char *) att_align_pointer(at, TYPALIGN_INT, -1, at);
		step_read((const struct varlena *) at, &steps[i]);
		at += VARSIZE_ANY(at);
	}
	return (unsigned) count;
}

/* Read the arguments; "steps" has room for CDPK_FUNNEL_STEPS_MAX. */
static CdpkTimelineFunnel
funnel_get(FunctionCallInfo fcinfo, CdpkStep *steps)
{
	CdpkTimelineFunnel funnel = {
		0, funnel_get_steps(PG_GETARG_ARRAYTYPE_P(FUNNEL_STEPS), steps), steps, 0, {0, 0}};

	if (!PG_ARGISNULL(ARG_MODE))
		funnel.modes = PG_GETARG_UINT32(ARG_MODE);
	funnel.window = cdp_window_microseconds(PG_GETARG_INTERVAL_P(FUNNEL_WINDOW), "steps_within", 0);
	funnel.range = timeline_arg_range(fcinfo);
	return funnel;
}

/* The arguments of a call. */
typedef struct FunnelCall
{
	ArgumentCache cache;
	CdpkTimelineFunnel funnel;
	CdpkStep steps[CDPK_FUNNEL_STEPS_MAX];
} FunnelCall;

/* Read the arguments into a cache; what it held before is freed. */
static void
read_call(FunctionCallInfo fcinfo, FunnelCall *call)
{
	MemoryContext former = CurrentMemoryContext;

	if (call->cache.is_persistent)
	{
		MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		for (int i = 0; i < lengthof(call->steps); i++)
			step_free(&call->steps[i]);
	}
	call->funnel = funnel_get(fcinfo, call->steps);
	MemoryContextSwitchTo(former);
}

/* funnel(timeline, steps, steps_within, mode, within, older_than, since, until, as_of) */
Datum
cdp_funnel(PG_FUNCTION_ARGS)
{
	FunnelCall own;
	FunnelCall *call = (FunnelCall *) argument_cache_get(fcinfo, &own.cache, sizeof(own));
	CdpkTimeline timeline;
	unsigned depth;
	bool unknown;
	CdpkStatus status;

	if (timeline_args_unknown(fcinfo, FUNNEL_WINDOW))
		PG_RETURN_NULL();
	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		read_call(fcinfo, call);
		argument_cache_fill(fcinfo, &call->cache);
	}
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_INT32(0);
	status = cdpk_timeline_funnel(&call->funnel, &timeline, &cdp_huge_palloc_allocator, &depth,
								  &unknown);
	timeline_check(status);
	if (unknown)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) depth);
}

/* Return the bound for an answer about the events of a funnel's steps. */
static int64_t
bound_steps(const CdpkTimelineFunnel *funnel, const CdpkTimeRangeSpec *spec,
			const CdpkTimeline *timeline)
{
	CdpkTimeRange ever = {PG_INT64_MIN, PG_INT64_MAX};
	int64_t horizon = CDPK_NEVER;

	for (unsigned i = 0; i < funnel->count; i++)
	{
		int64_t change = CDPK_NEVER;
		CdpkColumn column;
		bool unknown;
		void *memory;

		timeline_check(cdpk_step_column(&funnel->steps[i], timeline, ever,
										&cdp_huge_palloc_allocator, &column, &unknown, &memory));
		if (column.count > 0)
			timeline_check(cdpk_horizon_bound(spec, &column, &change));
		horizon = Min(horizon, change);
	}
	return horizon;
}

Datum
funnel_horizon(PG_FUNCTION_ARGS)
{
	CdpkStep steps[CDPK_FUNNEL_STEPS_MAX];
	CdpkTimelineFunnel funnel = funnel_get(fcinfo, steps);
	CdpkTimeRangeSpec spec;
	CdpkTimeline timeline;

	/* there every event counts */
	if ((funnel.modes & CDPK_FUNNEL_STRICT_ORDER) != 0)
		return timeline_horizon(fcinfo);
	spec = timeline_arg_range_spec(fcinfo);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	PG_RETURN_TIMESTAMPTZ(bound_steps(&funnel, &spec, &timeline));
}
