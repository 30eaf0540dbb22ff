/*
 * value_size.h
 *		How much room a JSON value takes where it is shown: as text, and as jsonb.
 */
#ifndef CDPK_VALUE_SIZE_H
#define CDPK_VALUE_SIZE_H

#include "core/text/value.h"

/*
 * Return how much room a value takes where it is shown: of its JSON text, without the
 * quotes around a string, and a bound of its jsonb, the greater.
 */
extern size_t cdpk_value_size(const CdpkValue *value);

/*
 * The size is at most so many times the length: a \u00xx is six bytes; an element of three bytes, as
 * in [0, 0], is twelve in jsonb, and only what takes some 20 bytes altogether grows more.
 */
#define CDPK_VALUE_SIZE_FACTOR 6

/* Return whether that is no more than a limit. */
static inline bool
cdpk_value_fits(const CdpkValue *value, size_t limit)
{
	return value->length <= limit &&
		   (value->length <= limit / CDPK_VALUE_SIZE_FACTOR || cdpk_value_size(value) <= limit);
}

#endif /* CDPK_VALUE_SIZE_H */
