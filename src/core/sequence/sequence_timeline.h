/*
 * sequence_timeline.h
 *		Whether a timeline has a sequence, and how far it goes into it, as into a funnel.
 */
#ifndef CDPK_SEQUENCE_TIMELINE_H
#define CDPK_SEQUENCE_TIMELINE_H

#include "core/sequence/sequence_program.h"

typedef struct CdpkSequenceAnswer
{
	bool matches;
	bool unknown; /* it depends on a value that was left out */
	int64_t
		horizon; /* the answer stays the same before this time if the timeline does; or CDPK_NEVER */
} CdpkSequenceAnswer;

/*
 * Return whether the events of a timeline up to as_of, and later than as_of - within where that is
 * not 0, have a sequence; NULL is a timeline without events.  The horizon is left out (0) unless
 * it is wanted.
 */
extern CdpkStatus cdpk_sequence_evaluate(const CdpkSequence *sequence, const CdpkTimeline *timeline,
										 int64_t within, int64_t as_of, bool want_horizon,
										 const CdpkAllocator *allocator,
										 CdpkSequenceAnswer *result);

/* How far a timeline goes into a sequence. */
typedef struct CdpkFunnelAnswer
{
	bool unknown;   /* it depends on a value that was left out */
	unsigned depth; /* the place of the furthest event that is reached, from 1 on */
	CdpkReach reach[CDPK_SEQUENCE_STEPS_MAX]; /* of each place, where times are wanted */
} CdpkFunnelAnswer;

/*
 * Find how far a timeline goes into a sequence with the events of a time range, as toolkit/DEFINITIONS.md has
 * it; an absence at the end does not count.  "asked" wants the depth, or the times.
 */
extern CdpkStatus cdpk_sequence_funnel(const CdpkAsked *asked, const CdpkTimeline *timeline,
									   CdpkTimeRange range, const CdpkAllocator *allocator,
									   CdpkFunnelAnswer *answer);

#endif /* CDPK_SEQUENCE_TIMELINE_H */
