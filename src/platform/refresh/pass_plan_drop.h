/*
 * pass_plan_drop.h
 *		Drops from a row the properties and traits that break a tracking plan.
 */
#ifndef CDP_REFRESH_PASS_PLAN_DROP_H
#define CDP_REFRESH_PASS_PLAN_DROP_H

#include "platform/ingest/dropped.h"
#include "platform/refresh/pass_plan.h"

/* What is to be dropped from a message; zeros: nothing. */
typedef struct PassPlanDrop
{
	uint32
		*parents; /* of each node of the message the one that it is in; NULL: not needed so far */
	DroppedPath *paths; /* from the message on */
	int count;
	int room;
} PassPlanDrop;

/* Notes that a value is to be dropped; false: it cannot be. */
extern bool pass_note_drop(PassPlanDrop *drop, const PassPlan *plan, const CdpkNode *message,
						   const CdpkViolation *violation);

/* Drops what was noted, something at least.  is_identify: traits are in either place. */
extern void pass_drop(const PassPlanDrop *drop, bool is_identify, InboxRow *columns);

#endif /* CDP_REFRESH_PASS_PLAN_DROP_H */
