/*
 * value.h
 *		Single JSON values in canonical form: the text that jsonb prints, with
 *		strings at the top kept without their quotes and escapes.
 *
 * Equal bytes are the same value, so that "the greater bytes win" means the same
 * everywhere.
 */
#ifndef CDPK_VALUE_H
#define CDPK_VALUE_H

#include "core/base/cdpk.h"

#define CDPK_VALUE_DEPTH_MAX 256 /* arrays and objects within each other */

typedef enum CdpkValueType
{
	CDPK_VALUE_NULL = 0,
	CDPK_VALUE_FALSE,
	CDPK_VALUE_TRUE,
	CDPK_VALUE_NUMBER, /* bytes: as digits.h */
	CDPK_VALUE_STRING, /* bytes: the characters, UTF-8, no quotes, no escapes */
	CDPK_VALUE_ARRAY,  /* bytes: as jsonb prints it */
	CDPK_VALUE_OBJECT  /* bytes: as jsonb prints it */
} CdpkValueType;

typedef struct CdpkValue
{
	CdpkValueType type;
	const uint8_t *bytes; /* none for null, false and true */
	size_t length;
} CdpkValue;

/*
 * Return the order by value: null, false, true, numbers by value, strings by bytes, arrays,
 * objects by their text with numbers by value.  Equal values may differ in bytes:
 * 1.0 and 1.00.
 */
extern int cdpk_value_compare(const CdpkValue *a, const CdpkValue *b);

/* Return the order by the bytes of the text as jsonb prints it; 0 only for the same bytes. */
extern int cdpk_value_compare_text(const CdpkValue *a, const CdpkValue *b);

/* Return whether the bytes are canonical; CDPK_CORRUPT otherwise. */
extern CdpkStatus cdpk_value_check(const CdpkValue *value);

/* Return whether bytes are UTF-8 without a NUL, as strings, keys and names are. */
extern bool cdpk_value_text_valid(const uint8_t *bytes, size_t length);

/* Return the nesting depth of the arrays and objects of a canonical text. */
extern size_t cdpk_value_depth(const uint8_t *text, size_t length);

/*
 * Print a byte of a string: write its escape, at most 6 bytes, and
 * return the length; 0 for a byte that stands for itself.
 */
extern size_t cdpk_value_escape(uint8_t byte, uint8_t escape[6]);

#endif /* CDPK_VALUE_H */
