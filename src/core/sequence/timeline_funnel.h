/*
 * timeline_funnel.h
 *		How deep a timeline goes into a funnel.
 */
#ifndef CDPK_TIMELINE_FUNNEL_H
#define CDPK_TIMELINE_FUNNEL_H

#include "core/sequence/funnel.h"
#include "core/sequence/step_events.h"

typedef struct CdpkTimelineFunnel
{
	unsigned modes;
	unsigned count; /* of steps, 1 to CDPK_FUNNEL_STEPS_MAX */
	const CdpkStep *steps;
	int64_t window;
	CdpkTimeRange range; /* no other events are read */
} CdpkTimelineFunnel;

/*
 * Return the depth, as cdpk_funnel_feed_all would find it.  Reads the columns of the steps alone, but
 * for strict_order, where every event counts.  *unknown: whether it depends on a value that was left
 * out.
 */
extern CdpkStatus cdpk_timeline_funnel(const CdpkTimelineFunnel *funnel,
									   const CdpkTimeline *timeline, const CdpkAllocator *allocator,
									   unsigned *depth, bool *unknown);

#endif /* CDPK_TIMELINE_FUNNEL_H */
