/*
 * scalar.h
 *		One value as people and programs write it, read as a number or a time.  What is
 *		not of the form is no error, it is none: the functions return false.
 *
 * ASCII white space around a value is passed over.
 */
#ifndef CDPK_SCALAR_H
#define CDPK_SCALAR_H

#include "core/base/cdpk.h"

/* a longer number, or one with a larger exponent, is taken for none */
#define CDPK_SCALAR_NUMBER_MAX 1000
#define CDPK_SCALAR_EXPONENT_MAX 1000

/* Return a whole number: a sign or none, digits, and maybe a point and zeros ("42", "+42", "-42.00"). */
extern bool cdpk_scalar_integer(const char *text, size_t length, int64_t *value);

/*
 * Return a number: a sign or none, digits with a point among or around them or none, an exponent or none.
 * *number is its text without white space, which both strtod and the server's numeric take.
 */
extern bool cdpk_scalar_number(const char *text, size_t length, const char **number,
							   size_t *number_length);

/* Return a time in the form of timestamp.h, in microseconds since 2000-01-01 UTC. */
extern bool cdpk_scalar_time(const char *text, size_t length, int64_t *microseconds);

/* Return the date that is written in such a time, whatever its zone, in days since 2000-01-01. */
extern bool cdpk_scalar_date(const char *text, size_t length, int32_t *days);

/*
 * Return a time as the number of seconds, milliseconds or microseconds since 1970, which of these being
 * told by the size: each reaches from 1973-03-03 to 5138-11-16 and so they do not overlap.  What
 * is finer than a microsecond is cut off.
 */
extern bool cdpk_scalar_epoch(const char *text, size_t length, int64_t *microseconds);

#endif /* CDPK_SCALAR_H */
