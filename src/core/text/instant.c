/*
 * instant.c
 *		Any timestamptz as text that reads back exactly.
 */
#include "core/text/instant.h"

#include <stdio.h>
#include <string.h>

#include "core/text/utf8.h"

/* what timestamptz holds, besides the infinities */
#define INSTANT_MIN (-INT64_C(211813488000000000))
#define INSTANT_END INT64_C(9223371331200000000)

#define CYCLE_YEARS 400 /* the calendar repeats after so many years */
#define CYCLE_DAYS INT64_C(146097)
#define YEAR_DIGITS_MAX 6

void
cdpk_instant_print(int64_t instant, char text[CDPK_TIMESTAMP_TEXT_MAX])
{
	if (instant == INT64_MAX)
		strcpy(text, "infinity");
	else if (instant == INT64_MIN)
		strcpy(text, "-infinity");
	else
		cdpk_timestamp_print(instant, text);
	/* 1 BC, which is not read without a sign */
	if (memcmp(text, "0000", 4) == 0)
	{
		memmove(text + 1, text, strlen(text) + 1);
		text[0] = '+';
	}
}

/*
 * Read a text whose year has a sign: reads it with a year between 2000 and 2399 instead, and
 * moves the result by whole cycles of the calendar.
 */
static CdpkStatus
parse_signed_year(const char *text, size_t length, int64_t *instant)
{
	char near[CDPK_TIMESTAMP_TEXT_MAX + 2];
	size_t digits = 0;
	int64_t year = 0;
	int64_t cycles;
	int near_length;
	CdpkStatus status;

	while (1 + digits < length && digits <= YEAR_DIGITS_MAX &&
		   cdpk_is_ascii_digit(text[1 + digits]))
		year = year * 10 + (text[1 + digits++] - '0');
	if (digits < 4 || digits > YEAR_DIGITS_MAX || length - digits > CDPK_TIMESTAMP_TEXT_MAX - 4)
		return CDPK_INVALID;
	if (text[0] == '-')
		year = -year;
	cycles = (year >= 0 ? year : year - (CYCLE_YEARS - 1)) / CYCLE_YEARS;
	near_length =
		snprintf(near, sizeof(near), "%04d%.*s", (int) (2000 + year - cycles * CYCLE_YEARS),
				 (int) (length - digits - 1), text + 1 + digits);
	status = cdpk_timestamp_parse(near, (size_t) near_length, instant);
	if (status != CDPK_OK)
		return status;
	/* year 2000 is that of cycle 5; the range is over before the product overflows */
	cycles -= 2000 / CYCLE_YEARS;
	if (cycles > INSTANT_END / (CYCLE_DAYS * CDPK_DAY) || cycles < -CYCLE_YEARS)
		return CDPK_OUT_OF_RANGE;
	cycles *= CYCLE_DAYS * CDPK_DAY;
	if (cycles > 0 && *instant >= INSTANT_END - cycles)
		return CDPK_OUT_OF_RANGE;
	*instant += cycles;
	return *instant < INSTANT_MIN ? CDPK_OUT_OF_RANGE : CDPK_OK;
}

CdpkStatus
cdpk_instant_parse(const char *text, size_t length, int64_t *instant)
{
	if ((length == 8 && memcmp(text, "infinity", 8) == 0) ||
		(length == 9 && memcmp(text, "-infinity", 9) == 0))
	{
		*instant = length == 8 ? INT64_MAX : INT64_MIN;
		return CDPK_OK;
	}
	if (length > 0 && (text[0] == '-' || text[0] == '+'))
		return parse_signed_year(text, length, instant);
	return cdpk_timestamp_parse(text, length, instant);
}

bool
cdpk_instant_valid(int64_t instant)
{
	return instant == INT64_MIN || instant == INT64_MAX ||
		   (instant >= INSTANT_MIN && instant < INSTANT_END);
}
