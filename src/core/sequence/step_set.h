/*
 * step_set.h
 *		Which of several steps the events of a timeline satisfy.
 */
#ifndef CDPK_STEP_SET_H
#define CDPK_STEP_SET_H

#include "core/sequence/step_filter.h"

#define CDPK_STEP_SET_MAX 32

/* Steps, and the events of one column after another; sets of steps have bit 0 for the first. */
typedef struct CdpkStepSet
{
	const CdpkStep *steps;
	unsigned count;
	const CdpkAllocator *allocator;
	CdpkProperties properties;
	CdpkName *texts;
	CdpkStepFilter *filters; /* of the steps that are not plain */
	uint8_t filter_of[CDPK_STEP_SET_MAX];
	uint32_t always; /* steps that each event of the column satisfies */
	uint32_t maybe;  /* steps whose filters say */
} CdpkStepSet;

/* Start with a timeline; the steps must outlive it. */
extern CdpkStatus cdpk_step_set_open(CdpkStepSet *set, const CdpkStep *steps, unsigned count,
									 const CdpkTimeline *timeline, const CdpkAllocator *allocator);

/* Release its memory, also where opening it failed. */
extern void cdpk_step_set_close(CdpkStepSet *set);

/* Return the steps that ask for events of a name, whatever their properties. */
extern uint32_t cdpk_step_set_named(const CdpkStepSet *set, const char *name, size_t length);

/* Take the next column, one after the other; the events follow in their order. */
extern CdpkStatus cdpk_step_set_column(CdpkStepSet *set, const CdpkColumn *column);

/* Release what the column took. */
extern void cdpk_step_set_close_column(CdpkStepSet *set);

/* Find which steps an event of the column satisfies, and of which that is not known. */
extern CdpkStatus cdpk_step_set_event(CdpkStepSet *set, uint64_t event, uint32_t *steps,
									  uint32_t *unknown);

/* Find which steps that event satisfies by its values in one element, and in none. */
extern void cdpk_step_set_element(const CdpkStepSet *set, unsigned element, uint32_t *steps,
								  uint32_t *unknown);

#endif /* CDPK_STEP_SET_H */
