/*
 * pass_plan.h
 *		The tracking plans of sources, as a pass has read them.
 */
#ifndef CDP_REFRESH_PASS_PLAN_H
#define CDP_REFRESH_PASS_PLAN_H

#include "platform/refresh/pass.h"
#include "toolkit/schema/json_schema.h"

typedef enum PassPlanAction
{
	PLAN_ALLOW,
	PLAN_QUARANTINE,
	PLAN_DROP_PROPERTY
} PassPlanAction;

/* A schema of a plan. */
typedef struct PassPlanned
{
	CdpkSpan type;
	CdpkSpan event;
	int version;
	Datum stored;
	JsonSchema *schema; /* NULL: not needed so far */
} PassPlanned;

/* The plan of a source. */
typedef struct PassPlan
{
	CdpkSpan source;
	JsonbContainer *actions; /* NULL: the source has no plan */
	PassPlanned *planned;    /* by type and name, the latest version first */
	int count;
	PassPath version; /* where rows of a mutable source have what must not be dropped */
	PassPath deleted;
} PassPlan;

/* Finds the plan of a source. */
extern const PassPlan *pass_find_plan(PassPlans *plans, CdpkSpan source);

/* Finds what is done with an event that breaks the plan. */
extern PassPlanAction pass_plan_action(const PassPlan *plan, CdpkSpan type, CdpkSpan event);

/* Tells whether events that are not planned, of a type that is, are refused. */
extern bool pass_refuses_unplanned(const PassPlan *plan);

/* Tells whether a plan has events of a type. */
extern bool pass_plans_type(const PassPlan *plan, CdpkSpan type);

/* Finds the schema of an event: that of the version that the message names, else of the latest; NULL: it has none. */
extern PassPlanned *pass_find_planned(const PassPlan *plan, CdpkSpan type, CdpkSpan event,
									  const InboxRow *columns);

/* Opens the schema, which lasts as long as the pass. */
extern JsonSchema *pass_open_schema(const PassPlans *plans, PassPlanned *planned);

/* Returns the memory of the pass. */
extern MemoryContext pass_plan_context(const PassPlans *plans);

#endif /* CDP_REFRESH_PASS_PLAN_H */
