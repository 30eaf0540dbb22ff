/*
 * carried_property.h
 *		Which properties a timeline carries of an event, for C code.
 */
#ifndef CDP_TIMELINE_CARRIED_PROPERTY_H
#define CDP_TIMELINE_CARRIED_PROPERTY_H

#include "utils/jsonb.h"

#include "core/timeline/event_values.h"
#include "toolkit/bridge/jsonb_walk.h"

/* A rule of an event: from which member of its properties or context a path leads to what. */
typedef struct CarriedRule
{
	CdpkName name;
	bool of_context;
	bool is_whole; /* its path has the key of the member; else it leads nowhere */
	JsonbValue key;
	JsonbWalk path; /* after it */
} CarriedRule;

/* The rules of an event, which lie in those of all. */
typedef struct CarriedRules
{
	int count;
	CarriedRule *rules;
} CarriedRules;

/* What is carried of one event: names are places in "names", which lie in the rules. */
typedef struct CarriedProperties
{
	CdpkEventValues values; /* one property after the other */
	CdpkName names[CDPK_PROPERTIES_MAX];
	int name_count;
} CarriedProperties;

/*
 * Find the rules of an event: palloc'ed, none if there are none.  rules: event to name to path, as
 * cdp_internal.carried_rules() gives them.
 */
extern CarriedRules carried_rules_of(Jsonb *rules, const char *event, int length);

/*
 * Read the properties of an event; false if there are none.  properties and context may be NULL.  The values are
 * palloc'ed, and texts stay where they are in the documents.
 */
extern bool carried_properties(const CarriedRules *rules, Jsonb *properties, Jsonb *context,
							   CarriedProperties *carried);

/* Return whether any rule asks for the context of an event. */
extern bool carried_rules_need_context(Jsonb *rules);

#endif /* CDP_TIMELINE_CARRIED_PROPERTY_H */
