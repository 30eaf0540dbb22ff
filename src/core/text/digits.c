/*
 * digits.c
 *		Exact decimal numbers as text: form, order and sum.
 */
#include "core/text/digits.h"

#include <string.h>

/* a parsed number; the digits are not copied */
typedef struct Parts
{
	bool negative;
	const uint8_t *whole;
	size_t whole_length;
	const uint8_t *fraction;
	size_t fraction_length;
} Parts;

/* Find the parts of a valid number. */
static Parts
take_apart(const uint8_t *text, size_t length)
{
	Parts parts = {0};
	const uint8_t *point;

	if (length > 0 && *text == '-')
	{
		parts.negative = true;
		text++;
		length--;
	}
	point = memchr(text, '.', length);
	parts.whole = text;
	parts.whole_length = point ? (size_t) (point - text) : length;
	parts.fraction = point ? point + 1 : text + length;
	parts.fraction_length = point ? length - parts.whole_length - 1 : 0;
	return parts;
}

/* Return whether there is at least one byte, and each is a digit. */
static bool
all_digits(const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return length > 0;
}

/* Return whether no byte is other than the digit 0. */
static bool
all_zeros(const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] != '0')
			return false;
	}
	return true;
}

bool
cdpk_digits_valid(const uint8_t *text, size_t length)
{
	Parts parts = take_apart(text, length);

	if (!all_digits(parts.whole, parts.whole_length) ||
		(parts.whole_length > 1 && parts.whole[0] == '0'))
		return false;
	if (parts.fraction > parts.whole + parts.whole_length &&
		!all_digits(parts.fraction, parts.fraction_length))
		return false;
	if (parts.whole_length > CDPK_DIGITS_WHOLE_MAX ||
		parts.fraction_length > CDPK_DIGITS_FRACTION_MAX)
		return false;
	return !parts.negative || !all_zeros(parts.whole, parts.whole_length) ||
		   !all_zeros(parts.fraction, parts.fraction_length);
}

void
cdpk_digits_count(const uint8_t *text, size_t length, size_t *whole, size_t *fraction)
{
	Parts parts = take_apart(text, length);

	*whole = parts.whole_length;
	*fraction = parts.fraction_length;
}

/* Order two numbers without their signs. */
static int
compare_magnitudes(const Parts *a, const Parts *b)
{
	size_t common =
		a->fraction_length < b->fraction_length ? a->fraction_length : b->fraction_length;
	int order;

	if (a->whole_length != b->whole_length)
		return a->whole_length < b->whole_length ? -1 : 1;
	order = memcmp(a->whole, b->whole, a->whole_length);
	if (order == 0 && common > 0)
		order = memcmp(a->fraction, b->fraction, common);
	if (order != 0)
		return order < 0 ? -1 : 1;
	if (!all_zeros(a->fraction + common, a->fraction_length - common))
		return 1;
	return all_zeros(b->fraction + common, b->fraction_length - common) ? 0 : -1;
}

int
cdpk_digits_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	Parts left = take_apart(a, a_length);
	Parts right = take_apart(b, b_length);

	if (left.negative != right.negative)
		return left.negative ? -1 : 1;
	return left.negative ? compare_magnitudes(&right, &left) : compare_magnitudes(&left, &right);
}

/* Find the digit that stands "place" places left of the point (-1: the first right of it). */
static int
digit_at(const Parts *parts, ptrdiff_t place)
{
	if (place >= 0)
		return place < (ptrdiff_t) parts->whole_length
				   ? parts->whole[parts->whole_length - 1 - (size_t) place] - '0'
				   : 0;
	return -place <= (ptrdiff_t) parts->fraction_length ? parts->fraction[-place - 1] - '0' : 0;
}

/*
 * Write larger + smaller, or larger - smaller, with "whole" digits
 * and "fraction" digits; the difference of magnitudes is not negative.
 */
static void
combine_digits(const Parts *larger, const Parts *smaller, bool subtract, size_t whole,
			   size_t fraction, uint8_t *result)
{
	uint8_t *at = result + whole + (fraction > 0 ? fraction + 1 : 0);
	int carry = 0;

	for (ptrdiff_t place = -(ptrdiff_t) fraction; place < (ptrdiff_t) whole; place++)
	{
		int digit = digit_at(smaller, place) + carry;

		digit = digit_at(larger, place) + (subtract ? -digit : digit);
		carry = digit < 0 || digit > 9;
		if (carry)
			digit += subtract ? 10 : -10;
		if (place == 0 && fraction > 0)
			*--at = '.';
		*--at = (uint8_t) ('0' + digit);
	}
}

size_t
cdpk_digits_add(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
				uint8_t *result)
{
	Parts left = take_apart(a, a_length);
	Parts right = take_apart(b, b_length);
	bool swap = compare_magnitudes(&left, &right) < 0;
	const Parts *larger = swap ? &right : &left;
	const Parts *smaller = swap ? &left : &right;
	size_t whole = larger->whole_length + 1;
	size_t fraction =
		left.fraction_length > right.fraction_length ? left.fraction_length : right.fraction_length;
	size_t length = whole + (fraction > 0 ? fraction + 1 : 0);
	size_t zeros = 0;
	uint8_t *digits = result + 1; /* after the sign */

	combine_digits(larger, smaller, left.negative != right.negative, whole, fraction, digits);
	while (zeros < whole - 1 && digits[zeros] == '0')
		zeros++;
	length -= zeros;
	/* the difference of equal magnitudes is zero, which has no sign */
	if (larger->negative && !(length == 1 + (fraction > 0 ? fraction + 1 : 0) &&
							  digits[zeros] == '0' && all_zeros(digits + zeros + 2, fraction)))
	{
		memmove(result + 1, digits + zeros, length);
		result[0] = '-';
		return length + 1;
	}
	memmove(result, digits + zeros, length);
	return length;
}
