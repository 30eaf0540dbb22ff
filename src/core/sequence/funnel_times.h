/*
 * funnel_times.h
 *		How long a person took to the steps of a funnel: chains of events through a timeline.
 */
#ifndef CDPK_FUNNEL_TIMES_H
#define CDPK_FUNNEL_TIMES_H

#include "core/sequence/funnel.h"
#include "core/sequence/step_events.h"

/* Where chains may begin and how long they may take; times in microseconds. */
typedef struct CdpkFunnelBounds
{
	int64_t since; /* the first step is not before it */
	int64_t until; /* and before this */
	int64_t as_of; /* no event after it counts */
	int64_t window;
} CdpkFunnelBounds;

/*
 * A chain is an event for each of the first steps, none earlier than the one before, and later
 * where a step before asks for events of its name too; the last at most the window after the first.
 * Gives in took[i], for each step that a chain reaches, the time from the beginning to the event of
 * the step, in the chain that reaches it first, and of those the one that began last.  *depth is the
 * number of these steps. *unknown: whether it depends on a value that was left out.
 */
extern CdpkStatus cdpk_funnel_times(const CdpkTimeline *timeline, const CdpkStep *steps,
									unsigned count, const CdpkFunnelBounds *bounds,
									const CdpkAllocator *allocator,
									int64_t took[CDPK_FUNNEL_STEPS_MAX], unsigned *depth,
									bool *unknown);

#endif /* CDPK_FUNNEL_TIMES_H */
