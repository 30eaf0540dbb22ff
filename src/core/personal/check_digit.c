/*
 * check_digit.c
 *		Check digits of numbers: see the header.
 */
#include "core/personal/check_digit.h"

bool
cdpk_luhn_valid(const char *digits, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++)
	{
		unsigned digit = (unsigned) (digits[i] - '0');

		/* every other one, from the right */
		if ((length - i) % 2 == 0)
			digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
		sum += digit;
	}
	return length > 1 && sum % 10 == 0;
}

unsigned
cdpk_mod97(const char *text, size_t length)
{
	unsigned rest = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] >= '0' && text[i] <= '9')
			rest = (rest * 10 + (unsigned) (text[i] - '0')) % 97;
		else
			rest = (rest * 100 + (unsigned) (text[i] - 'A') + 10) % 97;
	}
	return rest;
}

bool
cdpk_mod11_10_valid(const char *digits, size_t length)
{
	unsigned product = 10;

	for (size_t i = 0; i + 1 < length; i++)
	{
		unsigned sum = ((unsigned) (digits[i] - '0') + product) % 10;

		product = 2 * (sum == 0 ? 10 : sum) % 11;
	}
	return length > 1 && (11 - product) % 10 == (unsigned) (digits[length - 1] - '0');
}

unsigned
cdpk_weighted_sum(const char *digits, const uint8_t *weights, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += (unsigned) (digits[i] - '0') * weights[i];
	return sum;
}
