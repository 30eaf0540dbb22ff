/*
 * step_args.c
 *		The step as an argument of predicates and measures.
 */
#include "postgres.h"

#include "toolkit/timeline/step_args.h"
#include "toolkit/bridge/status.h"

void
step_arg_read(FunctionCallInfo fcinfo, const ArgumentCache *cache, CdpkStep *step)
{
	const struct varlena *value = PG_GETARG_VARLENA_PP(ARG_STEP);

	if (cache != NULL && cache->is_persistent)
	{
		MemoryContext former = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		step_free(step);
		step_read(value, step);
		MemoryContextSwitchTo(former);
	}
	else
		step_read(value, step);
}

bool
step_arg_find_in(FunctionCallInfo fcinfo, const CdpkStep *step, CdpkColumn *column, bool *unknown)
{
	CdpkTimeRange ever = {PG_INT64_MIN, PG_INT64_MAX};
	CdpkTimeline timeline;
	void *memory;

	if (!timeline_arg_open(fcinfo, &timeline))
		return false;
	timeline_check(cdpk_step_column(step, &timeline, ever, &cdp_huge_palloc_allocator, column,
									unknown, &memory));
	return column->count > 0;
}

bool
step_arg_find(FunctionCallInfo fcinfo, CdpkColumn *column, bool *unknown)
{
	CdpkStep step;

	step_arg_read(fcinfo, NULL, &step);
	return step_arg_find_in(fcinfo, &step, column, unknown);
}
