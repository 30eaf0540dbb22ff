/*
 * funnel.h
 *		The steps of a funnel, as cdp.funnel and cdp.funnel_times take them.
 */
#ifndef CDP_FUNNEL_H
#define CDP_FUNNEL_H

#include "utils/array.h"

#include "core/sequence/timeline_funnel.h"

/* after the timeline */
#define FUNNEL_STEPS 1
#define FUNNEL_WINDOW 2

/*
 * Read steps from an array of cdp.step, into which they point; "steps" has room for
 * CDPK_FUNNEL_STEPS_MAX.  What is not plain takes memory of the current context.
 */
extern unsigned funnel_get_steps(ArrayType *array, CdpkStep *steps);

#endif /* CDP_FUNNEL_H */
