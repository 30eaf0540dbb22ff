/*
 * scalar.c
 *		One value as people and programs write it.
 */
#include "core/text/decimal.h"
#include "core/text/scalar.h"
#include "core/text/timestamp.h"

/* seconds from 1970 to 2000 */
#define EPOCH_SECONDS INT64_C(946684800)

/* the text that is left to read */
typedef struct Cursor
{
	const char *at;
	const char *end;
} Cursor;

static bool
is_blank(char character)
{
	return character == ' ' || (character >= '\t' && character <= '\r');
}

/* Begin with a text without the white space around it. */
static Cursor
trim(const char *text, size_t length)
{
	Cursor cursor = {text, text + length};

	while (cursor.at < cursor.end && is_blank(*cursor.at))
		cursor.at++;
	while (cursor.end > cursor.at && is_blank(cursor.end[-1]))
		cursor.end--;
	return cursor;
}

/* Pass over a sign, and return whether it is a minus. */
static bool
skip_sign(Cursor *cursor)
{
	if (cursor->at == cursor->end || (*cursor->at != '-' && *cursor->at != '+'))
		return false;
	return *cursor->at++ == '-';
}

/* Pass over one character, if it is the next. */
static bool
skip(Cursor *cursor, char character)
{
	if (cursor->at == cursor->end || *cursor->at != character)
		return false;
	cursor->at++;
	return true;
}

/* Pass over digits up to the largest given, and return how many there were. */
static size_t
skip_digits(Cursor *cursor, char largest)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= largest)
		cursor->at++;
	return (size_t) (cursor->at - start);
}

/* Read digits; false if there are none, or they exceed "most". */
static bool
read_magnitude(Cursor *cursor, uint64_t most, uint64_t *value)
{
	const char *digits = cursor->at;

	if (skip_digits(cursor, '9') == 0)
		return false;
	for (*value = 0; digits < cursor->at; digits++)
	{
		uint64_t digit = (uint64_t) (*digits - '0');

		if (*value > (most - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return true;
}

bool
cdpk_scalar_integer(const char *text, size_t length, int64_t *value)
{
	Cursor cursor = trim(text, length);
	bool negative = skip_sign(&cursor);
	uint64_t magnitude;

	if (!read_magnitude(&cursor, (uint64_t) INT64_MAX + negative, &magnitude))
		return false;
	if (skip(&cursor, '.') && skip_digits(&cursor, '0') == 0)
		return false;
	if (cursor.at < cursor.end)
		return false;
	if (!negative)
		*value = (int64_t) magnitude;
	else
		*value = magnitude == 0 ? 0 : -(int64_t) (magnitude - 1) - 1;
	return true;
}

/* Pass over an exponent that is not too large, or over nothing. */
static bool
skip_exponent(Cursor *cursor)
{
	uint64_t exponent;

	if (!skip(cursor, 'e') && !skip(cursor, 'E'))
		return true;
	skip_sign(cursor);
	return read_magnitude(cursor, CDPK_SCALAR_EXPONENT_MAX, &exponent);
}

bool
cdpk_scalar_number(const char *text, size_t length, const char **number, size_t *number_length)
{
	Cursor cursor = trim(text, length);
	size_t digits;

	*number = cursor.at;
	*number_length = (size_t) (cursor.end - cursor.at);
	if (*number_length > CDPK_SCALAR_NUMBER_MAX)
		return false;
	skip_sign(&cursor);
	digits = skip_digits(&cursor, '9');
	if (skip(&cursor, '.'))
		digits += skip_digits(&cursor, '9');
	return digits > 0 && skip_exponent(&cursor) && cursor.at == cursor.end;
}

bool
cdpk_scalar_time(const char *text, size_t length, int64_t *microseconds)
{
	Cursor cursor = trim(text, length);

	return cdpk_timestamp_parse(cursor.at, (size_t) (cursor.end - cursor.at), microseconds) ==
		   CDPK_OK;
}

bool
cdpk_scalar_date(const char *text, size_t length, int32_t *days)
{
	Cursor cursor = trim(text, length);
	int64_t midnight;

	/* the whole text must be valid; what follows the date begins after ten characters */
	if (!cdpk_scalar_time(text, length, &midnight) ||
		cdpk_timestamp_parse(cursor.at, 10, &midnight) != CDPK_OK)
		return false;
	*days = (int32_t) (midnight / CDPK_DAY);
	return true;
}

bool
cdpk_scalar_epoch(const char *text, size_t length, int64_t *microseconds)
{
	Cursor cursor = trim(text, length);
	CdpkDecimal number;
	int64_t whole;
	unsigned micro_scale = 6; /* digits after the point that are microseconds */

	if (cdpk_decimal_parse(cursor.at, (size_t) (cursor.end - cursor.at), &number) != CDPK_OK)
		return false;
	whole = number.mantissa;
	for (unsigned i = 0; i < number.scale; i++)
		whole /= 10;
	if (whole < INT64_C(100000000) || whole >= INT64_C(100000000000000000))
		return false;
	for (; whole >= INT64_C(100000000000); whole /= 1000)
		micro_scale -= 3;
	for (; number.scale > micro_scale; number.scale--)
		number.mantissa /= 10;
	for (; number.scale < micro_scale; number.scale++)
		number.mantissa *= 10;
	*microseconds = number.mantissa - EPOCH_SECONDS * CDPK_SECOND;
	return true;
}
