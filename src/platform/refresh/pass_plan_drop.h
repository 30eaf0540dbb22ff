/*
 * pass_plan_drop.h
 *		Drops from a row the properties and traits that break a tracking plan.
 */
#ifndef CDP_REFRESH_PASS_PLAN_DROP_H
#define CDP_REFRESH_PASS_PLAN_DROP_H

#include "platform/ingest/dropped.h"
#include "platform/refresh/pass_plan.h"
#include "toolkit/schema/json_schema.h"

/* What is to be dropped from a message; zeros: nothing. */
typedef struct PassPlanDrop
{
	DroppedPath *paths; /* from the message on */
	int count;
	int room;
} PassPlanDrop;

/* Notes that a value is to be dropped; false: it cannot be. */
extern bool pass_note_drop(PassPlanDrop *drop, const PassPlan *plan, const JsonViolation *found);

/* Drops what was noted, something at least.  is_identify: traits are in either place. */
extern void pass_drop(const PassPlanDrop *drop, bool is_identify, InboxRow *columns);

#endif /* CDP_REFRESH_PASS_PLAN_DROP_H */
