/*
 * digits.h
 *		Exact decimal numbers of any length, as text (those of decimal.h fit into a
 *		machine word), in the one form that the server's numeric prints: an optional
 *		'-', digits without a leading zero, and an optional point with digits.
 *
 * No exponent, no "-0"; zeros at the end of the fraction are kept.
 */
#ifndef CDPK_DIGITS_H
#define CDPK_DIGITS_H

#include "core/base/cdpk.h"

#define CDPK_DIGITS_WHOLE_MAX 131072   /* digits that numeric holds before the point */
#define CDPK_DIGITS_FRACTION_MAX 16383 /* and after it */

/* Return whether the text is of that form, and numeric can hold it. */
extern bool cdpk_digits_valid(const uint8_t *text, size_t length);

/* Count the digits before the point, and after it, of a valid number. */
extern void cdpk_digits_count(const uint8_t *text, size_t length, size_t *whole, size_t *fraction);

/* Return the order by value: 1.0 and 1.00 are equal. */
extern int cdpk_digits_compare(const uint8_t *a, size_t a_length, const uint8_t *b,
							   size_t b_length);

/*
 * Write a + b, with as many digits after the point as the longer of the two, and
 * return its length; result has room for a_length + b_length + 3 bytes: the
 * digits, a carry, sign and point.
 */
extern size_t cdpk_digits_add(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
							  uint8_t *result);

#endif /* CDPK_DIGITS_H */
