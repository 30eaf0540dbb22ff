/*
 * property.h
 *		The properties that a timeline carries with its events, and how they are read.
 *
 * An event has any number of properties, each with one value or several: numbers, texts, booleans.
 * A value may belong to an element of an array: the values of one event with the same element
 * number are of the same element (products[].sku and products[].price).  A value that could not be
 * carried is there as CDPK_LEFT_OUT: there is one, but it is not known.
 *
 * To read one property: cdpk_properties_open once for a timeline, cdpk_property_find once for a
 * column, then for each of its events, in order, cdpk_property_event, which gives the number of
 * values, and cdpk_property_value for each.  A text is a code, its place in the timeline's list of
 * texts: a condition on texts is best evaluated once on that list (cdpk_property_text_find,
 * cdpk_property_texts), and then compares codes.
 */
#ifndef CDPK_PROPERTY_H
#define CDPK_PROPERTY_H

#include "core/text/decimal.h"
#include "core/timeline/timeline.h"

#define CDPK_PROPERTIES_MAX 32       /* different properties of an event */
#define CDPK_PROPERTY_VALUES_MAX 255 /* values of one property of an event, but for one LEFT_OUT */
#define CDPK_PROPERTY_ELEMENTS_MAX 1024
#define CDPK_PROPERTY_TEXT_MAX 256 /* bytes of a text */

/* the key that stands for the elements in the text form: no property has this name */
#define CDPK_ELEMENTS_KEY "[]"
#define CDPK_ELEMENTS_KEY_LENGTH 2

/* in the order of values */
typedef enum CdpkPropertyKind
{
	CDPK_LEFT_OUT,
	CDPK_FALSE,
	CDPK_TRUE,
	CDPK_NUMBER,
	CDPK_TEXT
} CdpkPropertyKind;

typedef struct CdpkPropertyValue
{
	uint8_t kind;
	uint8_t scale;    /* of a number */
	uint16_t element; /* from 1; 0: of the event as a whole */
	uint32_t text;    /* its code */
	int64_t mantissa; /* of a number */
} CdpkPropertyValue;

static inline CdpkDecimal
cdpk_property_number(const CdpkPropertyValue *value)
{
	CdpkDecimal decimal = {value->mantissa, value->scale};

	return decimal;
}

/* The properties of a timeline.  Reading a column's moves next_… on. */
typedef struct CdpkProperties
{
	CdpkReader names;
	uint64_t name_count;
	CdpkReader texts; /* size and bytes of each, in the order of the bytes */
	uint64_t text_count;
	uint64_t columns;
	const uint8_t *has; /* a bit for each column: whether it has a block */
	CdpkReader sizes;   /* of the blocks */
	CdpkReader blocks;
	CdpkReader next_sizes;
	CdpkReader next_blocks;
	uint64_t next_place;
	bool old; /* version 1: numbers only, which stand in the columns */
} CdpkProperties;

/* how the values of a property are written */
typedef enum CdpkPropertyForm
{
	CDPK_FORM_NUMBERS, /* one number an event */
	CDPK_FORM_TEXTS,   /* one text an event */
	CDPK_FORM_VALUES   /* anything */
} CdpkPropertyForm;

/* One property of a column's events. */
typedef struct CdpkProperty
{
	uint64_t name; /* its place among the names */
	CdpkPropertyForm form;
	unsigned scale;         /* of numbers */
	const uint8_t *present; /* a bit an event, or NULL: all have it */
	uint64_t text_count;
	CdpkReader values;
	unsigned left;    /* values of the present event that are not read yet */
	bool listed;      /* whether they are a list */
	uint64_t element; /* of the last one in the list */
} CdpkProperty;

/* Start reading the properties of a timeline; without any, none is found. */
extern CdpkStatus cdpk_properties_open(const CdpkTimeline *timeline, CdpkProperties *properties);

/* Find one property of a column by its name; *found says whether any event has it. */
extern CdpkStatus cdpk_property_find(CdpkProperties *properties, const CdpkColumn *column,
									 const char *name, size_t length, CdpkProperty *property,
									 bool *found);

/* Start reading all properties of a column, in the order of their names. */
extern CdpkStatus cdpk_property_all(CdpkProperties *properties, const CdpkColumn *column,
									const CdpkAllocator *allocator, CdpkProperty **columns,
									unsigned *count);

/* Move to the column's next event: event 0, then 1, and so on.  *count: the values that it has. */
extern CdpkStatus cdpk_property_event(CdpkProperty *property, uint64_t event, unsigned *count);

/*
 * Read a value of the event, in the order of elements, kinds and values.  A number may have a
 * larger scale than it needs.
 */
extern CdpkStatus cdpk_property_value(CdpkProperty *property, CdpkPropertyValue *value);

/* Find a text's code; false if no event has the text. */
extern bool cdpk_property_text_find(const CdpkProperties *properties, const char *text,
									size_t length, uint32_t *code);

/* List the texts by their codes. */
extern CdpkStatus cdpk_property_texts(const CdpkProperties *properties,
									  const CdpkAllocator *allocator, CdpkName **texts);

/*
 * Read a value where a number is asked for: a number, or a text that is one; false for anything
 * else.  texts: of cdpk_property_texts.
 */
extern bool cdpk_property_as_number(const CdpkPropertyValue *value, const CdpkName *texts,
									CdpkDecimal *number);

/* List the names by their places. */
extern CdpkStatus cdpk_property_names(const CdpkProperties *properties,
									  const CdpkAllocator *allocator, CdpkName **names);

/* ---- the bytes, for those who write them ---- */

/* a column's head: of numbers a scale, or SCALE_EACH where every value has its own */
#define CDPK_PROPERTY_SCALE_MASK 31
#define CDPK_PROPERTY_SCALE_EACH 31
#define CDPK_PROPERTY_SPARSE 32
#define CDPK_PROPERTY_TEXTS 64
#define CDPK_PROPERTY_VALUES 128

/* what begins a value in CDPK_FORM_VALUES; a text's code comes after these */
#define CDPK_TAG_LIST 0
#define CDPK_TAG_LEFT_OUT 1
#define CDPK_TAG_FALSE 2
#define CDPK_TAG_TRUE 3
#define CDPK_TAG_NUMBER 4
#define CDPK_TAG_TEXT 5

/* Find a column's block, its properties one after the other: name, size, bytes.  Empty: none. */
extern CdpkStatus cdpk_property_block(CdpkProperties *properties, const CdpkColumn *column,
									  CdpkReader *block);

/* Read the next property of a block for a column of so many events. */
extern CdpkStatus cdpk_property_read(const CdpkProperties *properties, CdpkReader *block,
									 uint64_t events, CdpkProperty *property);

#endif /* CDPK_PROPERTY_H */
