/*
 * step_values.h
 *		The values that the events of a step have of a property.
 */
#ifndef CDP_TIMELINE_STEP_VALUES_H
#define CDP_TIMELINE_STEP_VALUES_H

#include "core/sequence/step_events.h"

/* values of one property of an event, at most */
#define STEP_VALUES_MAX (CDPK_PROPERTY_VALUES_MAX + 1)

/* A property of the events of a column. */
typedef struct StepProperty
{
	bool found;
	CdpkProperty property;
	uint64_t next; /* the event to read next */
} StepProperty;

/*
 * Find a property of the present column, at its first event; opens the filter of the column.  The texts of
 * the timeline are listed in events->texts where the property may have any.
 */
extern void step_property_find(CdpkStepEvents *events, const CdpkName *name,
							   StepProperty *property);

/* Read the values of an event, which comes after those that were read; numbers are canonical. */
extern unsigned step_property_read(StepProperty *property, uint64_t event,
								   CdpkPropertyValue *values);

/* Compare two values, whatever their elements. */
extern int step_value_compare(const CdpkPropertyValue *a, const CdpkPropertyValue *b);

/* Return a value as text. */
extern struct varlena *step_value_text(const CdpkName *texts, const CdpkPropertyValue *value);

#endif /* CDP_TIMELINE_STEP_VALUES_H */
