/*
 * funnel.h
 *		The steps of a funnel, as cdp.funnel and cdp.funnel_times take them.
 */
#ifndef CDP_FUNNEL_H
#define CDP_FUNNEL_H

#include "utils/array.h"

#include "core/sequence/timeline_funnel.h"

/* after the timeline */
#define FUNNEL_EVENTS 1
#define FUNNEL_WINDOW 2

/* Read the names of steps, which point into the array; "steps" has room for CDPK_FUNNEL_STEPS_MAX. */
extern unsigned funnel_get_steps(ArrayType *array, CdpkName *steps);

#endif /* CDP_FUNNEL_H */
