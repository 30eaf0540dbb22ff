/*
 * numeric_digits.h
 *		The value of a numeric, without the number of digits that are shown of it: 1, 1.0 and 1.00 have one.
 *
 * The server exports no way to it but by text or by a message.  What is read here is the form on disk, which all
 * servers that can be upgraded to one another share: numeric.c describes it.
 */
#ifndef CDP_BRIDGE_NUMERIC_DIGITS_H
#define CDP_BRIDGE_NUMERIC_DIGITS_H

#include "utils/numeric.h"

/* The sum of digits[i] x 10000^(weight - i); the first and the last digit are not zero. */
typedef struct NumericDigits
{
	bool negative;
	int weight;
	const int16 *digits; /* within the numeric */
	int count;           /* 0: the number is zero */
} NumericDigits;

/* Read a numeric as it stands in a jsonb: with a header of four bytes, and finite. */
static inline NumericDigits
numeric_digits(Numeric numeric)
{
	const uint16 *words = (const uint16 *) VARDATA(numeric);
	int count = (int) (VARSIZE(numeric) - VARHDRSZ) / (int) sizeof(uint16) - 1;
	NumericDigits result;

	if (words[0] & 0x8000) /* the short form: sign, digits shown, weight of seven bits */
	{
		result.negative = (words[0] & 0x2000) != 0;
		result.weight = (words[0] & 0x003F) - (words[0] & 0x0040);
		result.digits = (const int16 *) words + 1;
	}
	else
	{
		result.negative = (words[0] & 0x4000) != 0;
		result.weight = (int16) words[1];
		result.digits = (const int16 *) words + 2;
		count--;
	}
	while (count > 0 && result.digits[count - 1] == 0)
		count--;
	while (count > 0 && result.digits[0] == 0)
	{
		result.digits++;
		result.weight--;
		count--;
	}
	result.count = Max(count, 0);
	if (result.count == 0)
	{
		result.negative = false;
		result.weight = 0;
	}
	return result;
}

#endif /* CDP_BRIDGE_NUMERIC_DIGITS_H */
