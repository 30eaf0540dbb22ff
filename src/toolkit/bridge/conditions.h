/*
 * conditions.h
 *		Conditions of a row as an argument: VARIADIC boolean[].
 */
#ifndef CDP_UTIL_CONDITIONS_H
#define CDP_UTIL_CONDITIONS_H

#include "utils/array.h"

#define CDP_CONDITIONS_MAX 32

/*
 * Return which of the conditions are true, the first as the lowest bit, and how many there are; NULL counts
 * as not true.  Raises an error that names the argument where there are none, or more than 32.
 */
extern uint32 cdp_conditions(ArrayType *conditions, const char *argument, int *count);

#endif /* CDP_UTIL_CONDITIONS_H */
