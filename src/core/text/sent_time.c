/*
 * sent_time.c
 *		Times as clients send them: ISO 8601 in all its forms, and numbers since 1970.
 */
#include <string.h>

#include "core/base/bytes.h"
#include "core/text/sent_time.h"
#include "core/text/timestamp.h"
#include "core/text/utf8.h"

#define MINUTE (60 * CDPK_SECOND)
#define HOUR (60 * MINUTE)

/* digits of a fraction that count */
#define FRACTION_DIGITS 9

/* Return the byte at an offset without reading it, or 0 behind the end. */
static char
peek(const CdpkReader *reader, size_t offset)
{
	return cdpk_left(reader) > offset ? (char) reader->at[offset] : '\0';
}

/* Read the next byte if it is this one, in either case. */
static bool
take(CdpkReader *reader, char byte)
{
	if (cdpk_ascii_lower(peek(reader, 0)) != byte)
		return false;
	reader->at++;
	return true;
}

/* Count the digits that come next. */
static size_t
count_digits(const CdpkReader *reader)
{
	size_t count = 0;

	while (cdpk_is_ascii_digit(peek(reader, count)))
		count++;
	return count;
}

/* Read so many digits; the reader fails where there are others. */
static int
read_number(CdpkReader *reader, size_t digits)
{
	int value = 0;

	if (count_digits(reader) < digits)
		reader->failed = true;
	for (size_t i = 0; i < digits && !reader->failed; i++)
		value = value * 10 + (*reader->at++ - '0');
	return value;
}

/* Return the day of the week, 0 for Monday, of days since 2000-01-01, which was a Saturday. */
static int
weekday(int64_t days)
{
	return (int) (((days + 5) % 7 + 7) % 7);
}

/* Return the first Monday of a year's weeks: that of the week with 4 January in it. */
static int64_t
first_week(int year)
{
	int64_t fourth = cdpk_days_since_2000(year, 1, 4);

	return fourth - weekday(fourth);
}

/* Read what follows a year: "Www", "Www-D" or "WwwD". */
static int64_t
read_week(CdpkReader *reader, int year, bool extended)
{
	int week = read_number(reader, 2);
	int day = 1;

	if (extended ? take(reader, '-') : count_digits(reader) > 0)
		day = read_number(reader, 1);
	if (week < 1 || day < 1 || day > 7 || (week - 1) * 7 >= first_week(year + 1) - first_week(year))
		reader->failed = true;
	return first_week(year) + (week - 1) * 7 + day - 1;
}

/* Return a day of a year, or of a month of it. */
static int64_t
day_of(CdpkReader *reader, int year, int month, int day)
{
	if (month < 1 || month > 12 || day < 1 || day > cdpk_month_days(year, month))
	{
		reader->failed = true;
		return 0;
	}
	return cdpk_days_since_2000(year, month, day);
}

/* Return a day of a year by its number, from 1. */
static int64_t
ordinal_day(CdpkReader *reader, int year, int number)
{
	if (number < 1 || number > 337 + cdpk_month_days(year, 2))
		reader->failed = true;
	return cdpk_days_since_2000(year, 1, 1) + number - 1;
}

/* Read a date, in days since 2000-01-01. */
static int64_t
read_date(CdpkReader *reader)
{
	bool has_sign = peek(reader, 0) == '+';
	int year;
	int month;

	reader->at += has_sign;
	year = read_number(reader, has_sign ? 6 : 4);
	if (year < 1 || year > 9999)
		reader->failed = true;
	if (reader->failed)
		return 0;
	if (take(reader, 'w'))
		return read_week(reader, year, false);
	if (peek(reader, 0) == '-')
	{
		reader->at++;
		if (take(reader, 'w'))
			return read_week(reader, year, true);
		if (count_digits(reader) == 3)
			return ordinal_day(reader, year, read_number(reader, 3));
		month = read_number(reader, 2);
		return day_of(reader, year, month, take(reader, '-') ? read_number(reader, 2) : 1);
	}
	switch (count_digits(reader))
	{
		case 0:
			return day_of(reader, year, 1, 1);
		case 3:
			return ordinal_day(reader, year, read_number(reader, 3));
		default:
			month = read_number(reader, 2);
			return day_of(reader, year, month, read_number(reader, 2));
	}
}

/* Read the digits behind a point, as a part of a unit. */
static int64_t
read_fraction(CdpkReader *reader, int64_t unit)
{
	int64_t value = 0;
	int64_t scale = 1;
	size_t digits = count_digits(reader);

	if (digits == 0)
		reader->failed = true;
	for (size_t i = 0; i < digits; i++, reader->at++)
		if (i < FRACTION_DIGITS)
		{
			value = value * 10 + (*reader->at - '0');
			scale *= 10;
		}
	return (value * unit + scale / 2) / scale;
}

/* Read HH, HH:MM, HHMM, HH:MM:SS or HHMMSS with a fraction of the last unit. */
static int64_t
read_clock(CdpkReader *reader)
{
	int64_t unit = HOUR;
	int hour = read_number(reader, 2);
	int minute = 0;
	int second = 0;
	int64_t fraction = 0;
	bool extended = take(reader, ':');

	if (extended || count_digits(reader) > 0)
	{
		unit = MINUTE;
		minute = read_number(reader, 2);
		if (extended ? take(reader, ':') : count_digits(reader) > 0)
		{
			unit = CDPK_SECOND;
			second = read_number(reader, 2);
		}
	}
	if (take(reader, '.') || take(reader, ','))
		fraction = read_fraction(reader, unit);
	if (hour > 24 || minute > 59 || second > 60 || (hour == 24 && minute + second + fraction > 0))
		reader->failed = true;
	return hour * HOUR + minute * MINUTE + second * CDPK_SECOND + fraction;
}

/* Read Z, UTC, GMT, ±HH, ±HHMM, ±HH:MM or nothing, and return how far ahead of UTC that is. */
static int64_t
read_zone(CdpkReader *reader)
{
	int64_t sign;
	int hour;
	int minute = 0;

	if (cdpk_left(reader) == 0)
		return 0;
	take(reader, ' ');
	if (take(reader, 'z'))
		return 0;
	if (cdpk_left(reader) == 3 &&
		(memcmp(reader->at, "UTC", 3) == 0 || memcmp(reader->at, "GMT", 3) == 0))
	{
		reader->at += 3;
		return 0;
	}
	sign = take(reader, '-') ? -1 : 1;
	if (sign == 1 && !take(reader, '+'))
		reader->failed = true;
	hour = read_number(reader, 2);
	if (take(reader, ':') || cdpk_left(reader) > 0)
		minute = read_number(reader, 2);
	if (hour > 15 || minute > 59)
		reader->failed = true;
	return sign * (hour * HOUR + minute * MINUTE);
}

CdpkStatus
cdpk_iso8601_parse(const char *text, size_t length, int64_t *microseconds)
{
	CdpkReader reader = cdpk_reader(text, length);
	int64_t time;

	if (cdpk_timestamp_parse(text, length, microseconds) == CDPK_OK)
		return CDPK_OK;
	time = read_date(&reader) * CDPK_DAY;
	if (cdpk_left(&reader) > 0)
	{
		if (!take(&reader, 't') && !take(&reader, ' '))
			return CDPK_INVALID;
		time += read_clock(&reader);
		time -= read_zone(&reader);
	}
	if (reader.failed || cdpk_left(&reader) > 0)
		return CDPK_INVALID;
	*microseconds = time;
	return CDPK_OK;
}

/* Read the digits behind the point of a number of units as microseconds; what is below is cut off. */
static int64_t
read_decimals(CdpkReader *reader, int64_t unit)
{
	int64_t part = 0;

	if (cdpk_left(reader) == 0 || !take(reader, '.'))
		return 0;
	if (count_digits(reader) == 0)
		reader->failed = true;
	for (size_t left = count_digits(reader); left > 0; left--)
	{
		unit /= 10;
		part += (*reader->at++ - '0') * unit;
	}
	return part;
}

CdpkStatus
cdpk_epoch_parse(const char *text, size_t length, int64_t *microseconds)
{
	CdpkReader reader = cdpk_reader(text, length);
	bool negative = take(&reader, '-');
	size_t digits = count_digits(&reader);
	uint64_t value = 0; /* which 19 digits always fit */
	int64_t time;

	if (digits < 1 || digits > 19)
		return CDPK_INVALID;
	for (; digits > 0; digits--)
		value = value * 10 + (uint64_t) (*reader.at++ - '0');
	if (value < UINT64_C(100000000000))
		time = (int64_t) value * CDPK_SECOND + read_decimals(&reader, CDPK_SECOND);
	else if (value < UINT64_C(100000000000000))
		time = (int64_t) value * 1000 + read_decimals(&reader, 1000);
	else
		time = (int64_t) (value < UINT64_C(100000000000000000) ? value : value / 1000) +
			   read_decimals(&reader, 1);
	if (reader.failed || cdpk_left(&reader) > 0)
		return CDPK_INVALID;
	*microseconds = CDPK_TIME_1970 + (negative ? -time : time);
	return CDPK_OK;
}

CdpkStatus
cdpk_sent_time_parse(const char *text, size_t length, int64_t *microseconds)
{
	size_t digits = 0;

	while (digits < length && cdpk_is_ascii_digit(text[digits]))
		digits++;
	if (digits >= CDPK_EPOCH_DIGITS_MIN && (digits == length || text[digits] == '.'))
		return cdpk_epoch_parse(text, length, microseconds);
	return cdpk_iso8601_parse(text, length, microseconds);
}

size_t
cdpk_sent_time_print(int64_t microseconds, char text[CDPK_SENT_TIME_TEXT_MAX])
{
	size_t length = cdpk_timestamp_print(microseconds, text);

	if (microseconds % CDPK_SECOND == 0)
		memcpy(text + length - 1, ".000Z", 6);
	else if (microseconds % 1000 == 0)
		memcpy(text + length - 4, "Z", 2);
	return strlen(text);
}
