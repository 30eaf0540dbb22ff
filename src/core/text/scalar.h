/*
 * scalar.h
 *		One value as people and programs write it, read as a number or a time.  The
 *		functions return false for text of another form, which is not an error.
 *
 * ASCII white space around a value is passed over.
 */
#ifndef CDPK_SCALAR_H
#define CDPK_SCALAR_H

#include "core/base/cdpk.h"

/* longer numbers, and larger exponents, are refused */
#define CDPK_SCALAR_NUMBER_MAX 1000
#define CDPK_SCALAR_EXPONENT_MAX 1000

/*
 * Read a whole number: a sign or none, digits, and maybe a point and zeros ("42", "+42",
 * "-42.00").
 */
extern bool cdpk_scalar_integer(const char *text, size_t length, int64_t *value);

/*
 * Read a number: an optional sign, digits with an optional point among or around them, an
 * optional exponent. *number is its text without white space, which both strtod and numeric_in
 * take.
 */
extern bool cdpk_scalar_number(const char *text, size_t length, const char **number,
							   size_t *number_length);

/* Read a time in the form of timestamp.h, in microseconds since 2000-01-01 UTC. */
extern bool cdpk_scalar_time(const char *text, size_t length, int64_t *microseconds);

/* Read the date that is written in such a time, whatever its zone, in days since 2000-01-01. */
extern bool cdpk_scalar_date(const char *text, size_t length, int32_t *days);

/*
 * Read a number of seconds, milliseconds or microseconds since 1970, told apart by size: each
 * covers 1973-03-03 to 5138-11-16, so they do not overlap. Fractions of a microsecond are cut
 * off.
 */
extern bool cdpk_scalar_epoch(const char *text, size_t length, int64_t *microseconds);

#endif /* CDPK_SCALAR_H */
