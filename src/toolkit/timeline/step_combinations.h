/*
 * step_combinations.h
 *		The combinations of values that the events of a step have of several properties.
 *
 * An event has one for each choice of a value of each property that belong to the same element of an
 * array, or to the event as a whole; a property without such a value has none in it (STEP_NO_VALUE).
 */
#ifndef CDP_STEP_COMBINATIONS_H
#define CDP_STEP_COMBINATIONS_H

#include "postgres.h"

#include "utils/array.h"

#include "core/base/buffer.h"
#include "toolkit/timeline/step_values.h"

/* properties, at most */
#define STEP_PROPERTIES_MAX 8

/* combinations of an event, at most: in place of more of one element is one of left-out values */
#define STEP_COMBINATIONS_MAX 65536

/* the kind of a value where there is none */
#define STEP_NO_VALUE 0xff

/* The properties that are asked for. */
typedef struct StepProperties
{
	int count;
	CdpkName name[STEP_PROPERTIES_MAX];
	StepProperty column[STEP_PROPERTIES_MAX];
	unsigned value_count[STEP_PROPERTIES_MAX]; /* of the present event */
	CdpkPropertyValue value[STEP_PROPERTIES_MAX][STEP_VALUES_MAX];
	CdpkBuffer
		found; /* its combinations: each of "count" values, which all have the same element */
} StepProperties;

/* Ask for the properties of an array of names, or for none where it is NULL; raises an error for a bad one. */
extern void step_properties_init(StepProperties *properties, ArrayType *names);

/* Find them in the present column, at its first event; false if it has none of them. */
extern bool step_properties_find(CdpkStepEvents *events, StepProperties *properties);

/*
 * Find the combinations of an event, in the order of the values and, where they are the same, of the element;
 * returns how many there are, at least one.  Where no property is asked for it is one without a value.
 */
extern size_t step_combinations_read(StepProperties *properties, uint64_t event);

/* Return one of them. */
static inline const CdpkPropertyValue *
step_combination(const StepProperties *properties, size_t i)
{
	return (const CdpkPropertyValue *) properties->found.bytes + i * (size_t) properties->count;
}

/* Compare "count" values with others, whatever their elements. */
extern int step_combination_compare(int count, const CdpkPropertyValue *a,
									const CdpkPropertyValue *b);

#endif /* CDP_STEP_COMBINATIONS_H */
