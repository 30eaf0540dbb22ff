/*
 * timekind.h
 *		What the times of rows can be: all of them as integers of 64 bits that keep their order.
 */
#ifndef CDPK_TIMEKIND_H
#define CDPK_TIMEKIND_H

#include "core/base/cdpk.h"

/* What a time and a length of time are. */
typedef enum CdpkTimeKind
{
	CDPK_TIME_INSTANT, /* microseconds */
	CDPK_TIME_INTEGER,
	CDPK_TIME_DOUBLE /* as cdpk_double_key has it */
} CdpkTimeKind;

/* Return an integer that orders as a double does; NaN and the infinities are not for it. */
extern int64_t cdpk_double_key(double value);
extern double cdpk_double_of_key(int64_t key);

/* Return whether an integer is one of them. */
extern bool cdpk_is_double_key(int64_t key);

#endif /* CDPK_TIMEKIND_H */
