/*
 * funnel.h
 *		How deep a history goes into a funnel of up to 32 steps.
 *
 * The matcher is fed one instant after the other, with the sets of steps that its rows satisfy,
 * and knows at any time the deepest chain; what a chain is, and the modes, are defined in
 * toolkit/DEFINITIONS.md.  It takes constant memory and, but for strict_once, time linear in the
 * rows.  For each depth it keeps the latest beginning of a chain: a chain with an earlier
 * beginning can be continued by nothing that does not continue that one as well.
 */
#ifndef CDPK_FUNNEL_H
#define CDPK_FUNNEL_H

#include "core/sequence/funnel_modes.h"
#include "core/sequence/steps_state.h"

#define CDPK_FUNNEL_STEPS_MAX CDPK_STEPS_MAX

typedef struct CdpkFunnel
{
	CdpkTimeKind kind;
	unsigned modes;
	unsigned steps;
	int64_t window;
	unsigned depth; /* of the deepest chain */
	bool ended;     /* no later row can change the answer */
	/* start[i]: the latest beginning of a chain of depth i + 1, for i < depth */
	int64_t start[CDPK_FUNNEL_STEPS_MAX];
} CdpkFunnel;

extern void cdpk_funnel_init(CdpkFunnel *funnel, CdpkTimeKind kind, unsigned modes, unsigned steps,
							 int64_t window);

/* Find the depth of the deepest chain in the rows of a funnel's state. */
extern CdpkStatus cdpk_funnel_of_state(const CdpkStepsState *state, const CdpkAllocator *allocator,
									   unsigned *depth);

/*
 * Feed rows in the order of their times, until nothing can change the answer: value is the set of
 * steps that a row satisfies, bit i for step i + 1.
 */
extern void cdpk_funnel_feed_all(CdpkFunnel *funnel, const CdpkTimed *rows, size_t count);

#endif /* CDPK_FUNNEL_H */
