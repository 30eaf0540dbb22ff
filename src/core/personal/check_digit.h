/*
 * check_digit.h
 *		Check digits of numbers, given as digits of ASCII.
 */
#ifndef CDPK_CHECK_DIGIT_H
#define CDPK_CHECK_DIGIT_H

#include "core/base/cdpk.h"

/* Return whether the last digit is right by Luhn's sum (ISO/IEC 7812). */
extern bool cdpk_luhn_valid(const char *digits, size_t length);

/* Return the remainder by 97 of digits and capital letters, A being 10 (ISO 7064, mod 97-10). */
extern unsigned cdpk_mod97(const char *text, size_t length);

/* Return whether the last digit is right by ISO 7064, mod 11,10. */
extern bool cdpk_mod11_10_valid(const char *digits, size_t length);

/* Return the sum of the digits, each times its weight. */
extern unsigned cdpk_weighted_sum(const char *digits, const uint8_t *weights, size_t length);

#endif /* CDPK_CHECK_DIGIT_H */
