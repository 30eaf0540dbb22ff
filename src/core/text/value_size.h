/*
 * value_size.h
 *		How much room a JSON value takes where it is shown: as text, and as jsonb.
 */
#ifndef CDPK_VALUE_SIZE_H
#define CDPK_VALUE_SIZE_H

#include "core/text/value.h"

/*
 * Return the size of a value: the greater of its JSON text, without the quotes around a string,
 * and an upper bound of its jsonb.
 */
extern size_t cdpk_value_size(const CdpkValue *value);

/*
 * Maximum ratio of size to length: a \u00xx is six bytes; an element of three bytes, as in [0,
 * 0], is twelve in jsonb, and only texts of less than some 20 bytes grow more.
 */
#define CDPK_VALUE_SIZE_FACTOR 6

/* Return whether that size is within a limit. */
static inline bool
cdpk_value_fits(const CdpkValue *value, size_t limit)
{
	return value->length <= limit &&
		   (value->length <= limit / CDPK_VALUE_SIZE_FACTOR || cdpk_value_size(value) <= limit);
}

#endif /* CDPK_VALUE_SIZE_H */
