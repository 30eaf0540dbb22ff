/*
 * step_args.h
 *		The step as an argument of predicates and measures, after the timeline.
 */
#ifndef CDP_STEP_ARGS_H
#define CDP_STEP_ARGS_H

#include "toolkit/timeline/argument_cache.h"
#include "toolkit/timeline/step.h"
#include "toolkit/timeline/timeline_args.h"

#define ARG_STEP 1

/*
 * Read the step.  In a cache that persists it is there as long as the cache, and takes the place of
 * the one that was read before; "cache" may be NULL.
 */
extern void step_arg_read(FunctionCallInfo fcinfo, const ArgumentCache *cache, CdpkStep *step);

/*
 * Find all events of the step, and those of which it is not known, as one column; false if there are
 * none.  *unknown says whether it has such.  Its memory is that of the current context.
 */
extern bool step_arg_find(FunctionCallInfo fcinfo, CdpkColumn *column, bool *unknown);

/* The same for a step that was read. */
extern bool step_arg_find_in(FunctionCallInfo fcinfo, const CdpkStep *step, CdpkColumn *column,
							 bool *unknown);

/* Start reading the events of a plain step, without opening the timeline; there may be none. */
static inline void
step_arg_plain_column(FunctionCallInfo fcinfo, const CdpkStep *step, CdpkColumn *column)
{
	const uint8_t *bytes;
	size_t length;

	column->left = 0;
	column->times.failed = false;
	if (PG_ARGISNULL(ARG_TIMELINE))
		return;
	bytes = timeline_get_bytes(fcinfo, ARG_TIMELINE, &length);
	timeline_check(cdpk_timeline_find_in(bytes, length, &step->alone.name, column));
}

#endif /* CDP_STEP_ARGS_H */
