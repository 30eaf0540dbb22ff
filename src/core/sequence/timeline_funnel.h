/*
 * timeline_funnel.h
 *		How deep a timeline goes into a funnel, each step being a name of events.
 */
#ifndef CDPK_TIMELINE_FUNNEL_H
#define CDPK_TIMELINE_FUNNEL_H

#include "core/sequence/funnel.h"
#include "core/timeline/time_range.h"

typedef struct CdpkTimelineFunnel
{
	unsigned modes;
	unsigned count; /* of steps, 1 to CDPK_FUNNEL_STEPS_MAX */
	const CdpkName *steps;
	int64_t window;
	CdpkTimeRange range; /* no other events are read */
} CdpkTimelineFunnel;

/*
 * Return the depth, as cdpk_funnel_feed_all would find it.  Reads the columns of the steps alone, but
 * for strict_order, where every event counts.
 */
extern CdpkStatus cdpk_timeline_funnel(const CdpkTimelineFunnel *funnel,
									   const CdpkTimeline *timeline, const CdpkAllocator *allocator,
									   unsigned *depth);

#endif /* CDPK_TIMELINE_FUNNEL_H */
