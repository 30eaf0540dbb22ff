/*
 * step_filter.h
 *		Which events of a column satisfy a step's conditions.
 */
#ifndef CDPK_STEP_FILTER_H
#define CDPK_STEP_FILTER_H

#include "core/sequence/step.h"
#include "core/timeline/property.h"

/* in the order in which AND takes the least and OR the greatest */
typedef enum CdpkTruth
{
	CDPK_NO,
	CDPK_UNKNOWN, /* it depends on a value that was left out */
	CDPK_YES
} CdpkTruth;

/* instead of the code of a text that is asked for: no event has it; texts are compared */
#define CDPK_STEP_NO_CODE (-1)
#define CDPK_STEP_BY_TEXT (-2)

/* A property that conditions ask for, as the events of one column have it. */
typedef struct CdpkStepProperty
{
	CdpkName name;
	bool found; /* whether any event has it */
	CdpkProperty property;
	uint64_t next;  /* the event to read next; what follows is of the one before */
	unsigned count; /* of values */
	CdpkPropertyValue one;
	CdpkPropertyValue *several; /* room for them, where an event may have several; or NULL */
} CdpkStepProperty;

/* A step's conditions on the events of one column. */
typedef struct CdpkStepFilter
{
	const CdpkAllocator *allocator;
	const CdpkName *texts; /* of the timeline, where a property may have texts */
	bool all;              /* each event satisfies the step */
	bool lists;            /* an event may have several values of a property */
	unsigned count;        /* of the alternatives that ask for such events */
	const CdpkAlternative *alternatives[CDPK_STEP_ALTERNATIVES_MAX];
	/* of their conditions, one after another: the place of the property, and the code of the text */
	uint8_t places[CDPK_STEP_CONDITIONS_MAX];
	int64_t codes[CDPK_STEP_CONDITIONS_MAX];
	unsigned property_count;
	CdpkStepProperty properties[CDPK_STEP_CONDITIONS_MAX];
} CdpkStepFilter;

/* Return whether a step asks for events of a name, whatever their properties. */
extern bool cdpk_step_names(const CdpkStep *step, const char *name, size_t length);

/*
 * Prepare a step's conditions on a column of a timeline with these properties; without any
 * alternative for it, filter->count is 0.  *texts is listed where it is needed and is still NULL;
 * the caller releases it.
 */
extern CdpkStatus cdpk_step_filter(const CdpkStep *step, CdpkProperties *properties,
								   const CdpkColumn *column, const CdpkAllocator *allocator,
								   CdpkName **texts, CdpkStepFilter *filter);

/* Find whether an event of the column satisfies the step; events come in their order. */
extern CdpkStatus cdpk_step_filter_event(CdpkStepFilter *filter, uint64_t event, CdpkTruth *truth);

/* Return whether that event does by its values in one element, and in none. */
extern CdpkTruth cdpk_step_filter_element(const CdpkStepFilter *filter, unsigned element);

extern void cdpk_step_filter_free(CdpkStepFilter *filter);

/* Start reading a property of a column, by its name; "several" is released by the caller. */
extern CdpkStatus cdpk_step_property(CdpkStepProperty *property, CdpkProperties *properties,
									 const CdpkColumn *column, const CdpkAllocator *allocator);

/* Read the values of an event; events come in their order. */
extern CdpkStatus cdpk_step_property_read(CdpkStepProperty *property, uint64_t event);

/* Return the values that were read. */
static inline const CdpkPropertyValue *
cdpk_step_property_values(const CdpkStepProperty *property)
{
	return property->several != NULL ? property->several : &property->one;
}

/* Return whether a text matches a pattern with % and _, where a backslash takes their meaning. */
extern bool cdpk_like(const CdpkName *text, const CdpkName *pattern);

#endif /* CDPK_STEP_FILTER_H */
