/*
 * property_text.h
 *		The properties of an event as a JSON object.
 *
 * {"total": 40.5, "gift": true, "tags": ["a", "b"], "note": {}, "[]": [{"sku": "x"}, {"sku": "y"}]}: several
 * values are an array, one that was left out is an empty object, and what belongs to elements of an
 * array stands in the objects under "[]", element 1 first.
 */
#ifndef CDPK_PROPERTY_TEXT_H
#define CDPK_PROPERTY_TEXT_H

#include "core/base/buffer.h"
#include "core/timeline/property.h"

/* a value, the name of its property, and its text */
typedef struct CdpkPrintedValue
{
	CdpkName name;
	CdpkPropertyValue value;
	CdpkName text;
} CdpkPrintedValue;

/*
 * Append the object of an event with these values, of which those of one property stand together and in
 * the order of elements.  Errors are those of the buffer.
 */
extern void cdpk_put_properties(CdpkBuffer *buffer, const CdpkPrintedValue *values, unsigned count);

/* The properties of a timeline that are printed event by event. */
typedef struct CdpkPropertyPrint
{
	const CdpkAllocator *allocator;
	CdpkProperties properties;
	CdpkName *names;
	CdpkName *texts;
	CdpkProperty *columns; /* of the present column */
	unsigned count;
	CdpkPrintedValue *values; /* of the present event */
	unsigned value_count;
	unsigned capacity;
} CdpkPropertyPrint;

/* Start to print the properties of a timeline; end it also after an error. */
extern CdpkStatus cdpk_property_print_begin(CdpkPropertyPrint *print, const CdpkTimeline *timeline,
											const CdpkAllocator *allocator);
extern void cdpk_property_print_end(CdpkPropertyPrint *print);

/* Move to a column. */
extern CdpkStatus cdpk_property_print_column(CdpkPropertyPrint *print, const CdpkColumn *column);

/* Read the column's next event; *any: whether it has properties. */
extern CdpkStatus cdpk_property_print_event(CdpkPropertyPrint *print, uint64_t event, bool *any);

/* Append the object of that event; errors are those of the buffer. */
extern void cdpk_property_print_object(const CdpkPropertyPrint *print, CdpkBuffer *buffer);

/* Append a JSON string. */
extern void cdpk_put_json_string(CdpkBuffer *buffer, const char *string, size_t length);

#endif /* CDPK_PROPERTY_TEXT_H */
