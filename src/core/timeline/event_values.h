/*
 * event_values.h
 *		The values of one event while they are collected, within the limits of an event.
 *
 * What exceeds a limit is left out, and the property marked for this event: a value that is a text
 * of more than CDPK_PROPERTY_TEXT_MAX bytes, all after the first CDPK_PROPERTY_VALUES_MAX values of
 * a property, all in elements after the first CDPK_PROPERTY_ELEMENTS_MAX.
 */
#ifndef CDPK_EVENT_VALUES_H
#define CDPK_EVENT_VALUES_H

#include "core/timeline/property.h"

typedef struct CdpkEventValue
{
	uint32_t name; /* whatever the caller numbers names by */
	CdpkPropertyValue value;
	CdpkName text; /* of a text, whose code is not known */
} CdpkEventValue;

typedef struct CdpkEventValues
{
	const CdpkAllocator *allocator;
	CdpkEventValue *items;
	unsigned count;
	unsigned capacity;
	unsigned left_out; /* values */
	unsigned name_count;
	uint32_t names[CDPK_PROPERTIES_MAX];
	uint16_t counts[CDPK_PROPERTIES_MAX]; /* of its values, without the mark */
	bool marked[CDPK_PROPERTIES_MAX];     /* as a whole */
} CdpkEventValues;

/* Start collecting, in the memory that is there already. */
static inline void
cdpk_values_begin(CdpkEventValues *values)
{
	values->count = values->left_out = values->name_count = 0;
}

/* Return an empty collection. */
extern CdpkEventValues cdpk_values(const CdpkAllocator *allocator);

/*
 * Add a value: element counts from 1, 0 stands for none.  CDPK_TOO_LONG: more than
 * CDPK_PROPERTIES_MAX names.
 */
extern CdpkStatus cdpk_values_number(CdpkEventValues *values, uint32_t name, uint64_t element,
									 CdpkDecimal number);
extern CdpkStatus cdpk_values_boolean(CdpkEventValues *values, uint32_t name, uint64_t element,
									  bool truth);
extern CdpkStatus cdpk_values_text(CdpkEventValues *values, uint32_t name, uint64_t element,
								   const char *text, size_t length);

/* Add a value that cannot be carried. */
extern CdpkStatus cdpk_values_left_out(CdpkEventValues *values, uint32_t name, uint64_t element);

extern void cdpk_values_free(CdpkEventValues *values);

#endif /* CDPK_EVENT_VALUES_H */
