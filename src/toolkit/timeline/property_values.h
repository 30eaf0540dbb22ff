/*
 * property_values.h
 *		From jsonb to the values that a timeline carries with an event, and back.
 */
#ifndef CDP_TIMELINE_PROPERTY_VALUES_H
#define CDP_TIMELINE_PROPERTY_VALUES_H

#include "utils/jsonb.h"

#include "core/base/buffer.h"
#include "core/timeline/event_values.h"

/*
 * Add what stands for a property: a number, string or boolean, or each of an array; anything else is left
 * out, and null is nothing.  Texts stay where they are in the jsonb.
 */
extern CdpkStatus property_values_add(CdpkEventValues *values, uint32_t name, uint64_t element,
									  const JsonbValue *value);

/* Read a document of properties that a buffer holds. */
extern Jsonb *property_jsonb(CdpkBuffer *buffer);

#endif /* CDP_TIMELINE_PROPERTY_VALUES_H */
