/*
 * timestamp.c
 *		Times in the text form that machines write: ISO 8601 as RFC 3339 narrows it.
 */
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/text/timestamp.h"

#define MINUTE (60 * CDPK_SECOND)
#define HOUR (60 * MINUTE)

/* days from 0000-03-01 to 2000-01-01, in the proleptic Gregorian calendar */
#define DAYS_TO_2000 INT64_C(730425)
#define DAYS_OF_400_YEARS INT64_C(146097)

/* Return the next byte without reading it, or 0 at the end. */
static uint8_t
peek(const CdpkReader *reader)
{
	return cdpk_left(reader) > 0 ? *reader->at : 0;
}

/* Read the next byte if it is one of the two. */
static bool
take(CdpkReader *reader, char one, char other)
{
	uint8_t next = peek(reader);

	if (next != (uint8_t) one && next != (uint8_t) other)
		return false;
	cdpk_read_u8(reader);
	return true;
}

/* Read exactly "count" digits; the reader fails where there are others. */
static int
read_digits(CdpkReader *reader, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++)
	{
		uint8_t byte = cdpk_read_u8(reader);

		if (byte < '0' || byte > '9')
			reader->failed = true;
		else
			value = value * 10 + (byte - '0');
	}
	return value;
}

int
cdpk_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Years are taken to start in March, so that the leap day is the last of its year. */
int64_t
cdpk_days_since_2000(int year, int month, int day)
{
	int64_t march_year = month > 2 ? year : year - 1;
	int64_t month_of_year = (month + 9) % 12;
	int64_t day_of_year = (153 * month_of_year + 2) / 5 + day - 1;

	return march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 + day_of_year -
		   DAYS_TO_2000;
}

/* Read YYYY-MM-DD and return its first microsecond. */
static int64_t
read_date(CdpkReader *reader)
{
	int year = read_digits(reader, 4);
	bool first = take(reader, '-', '-');
	int month = read_digits(reader, 2);
	bool second = take(reader, '-', '-');
	int day = read_digits(reader, 2);

	if (!first || !second || year < 1 || month < 1 || month > 12 || day < 1 ||
		day > cdpk_month_days(year, month))
		reader->failed = true;
	return reader->failed ? 0 : cdpk_days_since_2000(year, month, day) * CDPK_DAY;
}

/* Read the digits after the point, as microseconds rounded half to even. */
static int64_t
read_fraction(CdpkReader *reader)
{
	int64_t microseconds = 0;
	int digits = 0;
	int next = 0;       /* the first digit that is cut off */
	bool above = false; /* whether a digit after that one is not 0 */

	for (; peek(reader) >= '0' && peek(reader) <= '9'; digits++)
	{
		int digit = cdpk_read_u8(reader) - '0';

		if (digits < 6)
			microseconds = microseconds * 10 + digit;
		else if (digits == 6)
			next = digit;
		else
			above = above || digit > 0;
	}
	if (digits == 0)
		reader->failed = true;
	for (; digits < 6; digits++)
		microseconds *= 10;
	if (next > 5 || (next == 5 && (above || microseconds % 2 == 1)))
		microseconds++;
	return microseconds;
}

/* Read HH:MM[:SS[.fraction]]. */
static int64_t
read_clock(CdpkReader *reader)
{
	int hour = read_digits(reader, 2);
	bool colon = take(reader, ':', ':');
	int minute = read_digits(reader, 2);
	int second = 0;
	int64_t fraction = 0;

	if (take(reader, ':', ':'))
	{
		second = read_digits(reader, 2);
		if (take(reader, '.', ','))
			fraction = read_fraction(reader);
	}
	if (!colon || hour > 23 || minute > 59 || second > 60)
		reader->failed = true;
	return hour * HOUR + minute * MINUTE + second * CDPK_SECOND + fraction;
}

/* Read Z, ±HH, ±HHMM, ±HH:MM or nothing, and return how far ahead of UTC that is. */
static int64_t
read_zone(CdpkReader *reader)
{
	int sign;
	int hour;
	int minute = 0;

	if (take(reader, 'Z', 'z') || cdpk_left(reader) == 0)
		return 0;
	sign = peek(reader) == '-' ? -1 : 1;
	if (!take(reader, '+', '-'))
		reader->failed = true;
	hour = read_digits(reader, 2);
	if (take(reader, ':', ':') || cdpk_left(reader) > 0)
		minute = read_digits(reader, 2);
	if (hour > 15 || minute > 59)
		reader->failed = true;
	return sign * (hour * HOUR + minute * MINUTE);
}

CdpkStatus
cdpk_timestamp_parse(const char *text, size_t length, int64_t *microseconds)
{
	CdpkReader reader = cdpk_reader(text, length);
	int64_t time = read_date(&reader);

	if (cdpk_left(&reader) > 0)
	{
		if (!take(&reader, 'T', 't') && !take(&reader, ' ', ' '))
			return CDPK_INVALID;
		time += read_clock(&reader);
		time -= read_zone(&reader);
	}
	if (reader.failed || cdpk_left(&reader) > 0)
		return CDPK_INVALID;
	*microseconds = time;
	return CDPK_OK;
}

/* Invert cdpk_days_since_2000, for any number of days that a time can have. */
static void
date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t since_march_0 = days + DAYS_TO_2000;
	int64_t era = (since_march_0 >= 0 ? since_march_0 : since_march_0 - (DAYS_OF_400_YEARS - 1)) /
				  DAYS_OF_400_YEARS;
	int64_t day_of_era = since_march_0 - era * DAYS_OF_400_YEARS;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_of_year = (5 * day_of_year + 2) / 153;

	*day = (int) (day_of_year - (153 * month_of_year + 2) / 5 + 1);
	*month = (int) (month_of_year < 10 ? month_of_year + 3 : month_of_year - 9);
	*year = era * 400 + year_of_era + (*month <= 2);
}

size_t
cdpk_timestamp_print(int64_t microseconds, char text[CDPK_TIMESTAMP_TEXT_MAX])
{
	int64_t in_day = microseconds % CDPK_DAY;
	int64_t year;
	int month;
	int day;
	int length;

	if (in_day < 0)
		in_day += CDPK_DAY;
	date_of_days(microseconds / CDPK_DAY - (microseconds % CDPK_DAY < 0), &year, &month, &day);
	length = snprintf(text, CDPK_TIMESTAMP_TEXT_MAX,
					  year < 0 || year > 9999 ? "%+05lld-%02d-%02dT%02d:%02d:%02d"
											  : "%04lld-%02d-%02dT%02d:%02d:%02d",
					  (long long) year, month, day, (int) (in_day / HOUR),
					  (int) (in_day % HOUR / MINUTE), (int) (in_day % MINUTE / CDPK_SECOND));
	if (in_day % CDPK_SECOND != 0)
		length += snprintf(text + length, CDPK_TIMESTAMP_TEXT_MAX - (size_t) length, ".%06d",
						   (int) (in_day % CDPK_SECOND));
	length += snprintf(text + length, CDPK_TIMESTAMP_TEXT_MAX - (size_t) length, "Z");
	return (size_t) length;
}
