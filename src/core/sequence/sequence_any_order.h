/*
 * sequence_any_order.h
 *		Matching a program whose events may come in any order.
 *
 * A match of some steps is a different event for each of them.  Which sets of events can serve
 * different steps together is a matroid (a transversal one); so of the events so far there is one such set,
 * as large as any, whose events are as late as possible one by one, and those of it that are later
 * than some time are as many as can serve from then on.  The matcher keeps this set.  An event that
 * finds no free step takes the place of the oldest event that can be spared for it.
 */
#ifndef CDPK_SEQUENCE_ANY_ORDER_H
#define CDPK_SEQUENCE_ANY_ORDER_H

#include "core/sequence/sequence.h"

typedef struct CdpkAnyOrder
{
	const CdpkProgram *program;
	unsigned count;   /* of the events in the set */
	uint64_t matched; /* steps that have an event */
	/* of each step that has one: its time, and the steps that it satisfies */
	int64_t at[CDPK_SEQUENCE_STEPS_MAX];
	uint64_t serves[CDPK_SEQUENCE_STEPS_MAX];
	/* the latest event of any step at which a match may begin */
	bool begun;
	int64_t begins;
} CdpkAnyOrder;

extern void cdpk_any_order_init(CdpkAnyOrder *matcher, const CdpkProgram *program);

/* Feed the next event, and note the matches that end with it. */
extern void cdpk_any_order_feed(CdpkAnyOrder *matcher, const CdpkTimed *event,
								CdpkMatches *matches);

#endif /* CDPK_SEQUENCE_ANY_ORDER_H */
