/*
 * funnel.h
 *		The arguments of cdp.funnel, which its horizon shares.
 */
#ifndef CDP_FUNNEL_H
#define CDP_FUNNEL_H

#include "utils/array.h"

#include "toolkit/timeline/timeline_args.h"
#include "core/sequence/timeline_funnel.h"

/* after the timeline */
#define FUNNEL_EVENTS 1
#define FUNNEL_WINDOW 2
#define FUNNEL_MODE 3
#define FUNNEL_TIME_RANGE 4

/* whether the answer is NULL: where the events, the window or as_of is */
#define FUNNEL_UNKNOWN                                             \
	(PG_ARGISNULL(FUNNEL_EVENTS) || PG_ARGISNULL(FUNNEL_WINDOW) || \
	 PG_ARGISNULL(FUNNEL_TIME_RANGE + TIME_RANGE_AS_OF))

/* Read the names of steps, which point into the array; "steps" has room for CDPK_FUNNEL_STEPS_MAX. */
extern unsigned funnel_get_steps(ArrayType *array, CdpkName *steps);

/* Read the arguments; "steps" has room for CDPK_FUNNEL_STEPS_MAX. */
extern CdpkTimelineFunnel funnel_get(FunctionCallInfo fcinfo, CdpkName *steps);

#endif /* CDP_FUNNEL_H */
