/*
 * carried_property.h
 *		Which properties a timeline carries of an event, for C code.
 */
#ifndef CDP_TIMELINE_CARRIED_PROPERTY_H
#define CDP_TIMELINE_CARRIED_PROPERTY_H

#include "utils/jsonb.h"

#include "core/timeline/event_values.h"

/* What is carried of one event: names are places in "names", which lie in the rules. */
typedef struct CarriedProperties
{
	CdpkEventValues values; /* one property after the other */
	CdpkName names[CDPK_PROPERTIES_MAX];
	int name_count;
} CarriedProperties;

/*
 * Read the properties of an event; false if there are none.  properties and context may be NULL.  rules:
 * event to name to path, as cdp_internal.carried_rules() gives them.  The values are
 * palloc'ed, and texts stay where they are in the documents.
 */
extern bool carried_properties(Jsonb *rules, const char *event, int length, Jsonb *properties,
							   Jsonb *context, CarriedProperties *carried);

/* Return whether any rule asks for the context of an event. */
extern bool carried_rules_need_context(Jsonb *rules);

#endif /* CDP_TIMELINE_CARRIED_PROPERTY_H */
