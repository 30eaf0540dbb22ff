/*
 * timekind.c
 *		Doubles as integers that keep their order.
 */
#include "core/sequence/timekind.h"

#include <string.h>

/* Flip the bits that make negative doubles order the wrong way. */
int64_t
cdpk_double_key(double value)
{
	int64_t bits;

	value += 0.0; /* -0 is 0 */
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? bits ^ INT64_MAX : bits;
}

/* Invert cdpk_double_key. */
double
cdpk_double_of_key(int64_t key)
{
	double value;

	key = key < 0 ? key ^ INT64_MAX : key;
	memcpy(&value, &key, sizeof(value));
	return value;
}

/* Return whether a key is that of a finite double. */
bool
cdpk_is_double_key(int64_t key)
{
	double value = cdpk_double_of_key(key);

	return value - value == 0 && cdpk_double_key(value) == key;
}
