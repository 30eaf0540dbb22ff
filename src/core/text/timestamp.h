/*
 * timestamp.h
 *		Times in the text form that machines write: ISO 8601 as RFC 3339 narrows it.
 *
 * A time is a number of microseconds since 2000-01-01 00:00:00 UTC, as in a timestamptz.
 */
#ifndef CDPK_TIMESTAMP_H
#define CDPK_TIMESTAMP_H

#include "core/base/cdpk.h"

#define CDPK_SECOND INT64_C(1000000)
#define CDPK_DAY (INT64_C(86400) * CDPK_SECOND)

/* room for any time that cdpk_timestamp_print writes, and a NUL */
#define CDPK_TIMESTAMP_TEXT_MAX 40

/*
 * Read one of
 *		YYYY-MM-DD
 *		YYYY-MM-DD(T| )HH:MM[:SS[(.|,)fraction]][zone]
 * with a four-digit year from 0001 on and zone = Z, ±HH, ±HHMM or ±HH:MM up to 15:59; without a
 * zone the time is UTC.  T and Z may be lower case.  Second 60 (a leap second) is second 0 of the
 * next minute; a fraction is rounded to microseconds, half to even.
 *
 * CDPK_INVALID: anything else, white space around it included.  No form overflows.
 */
extern CdpkStatus cdpk_timestamp_parse(const char *text, size_t length, int64_t *microseconds);

/*
 * Write any time as YYYY-MM-DDTHH:MM:SS[.ffffff]Z, and return the length.  Years below 0 and
 * above 9999 have a sign and as many digits as they need, year 0 being 1 BC.
 */
extern size_t cdpk_timestamp_print(int64_t microseconds, char text[CDPK_TIMESTAMP_TEXT_MAX]);

/* Return the number of days of a month from 1 to 12. */
extern int cdpk_month_days(int year, int month);

/* Count the days from 2000-01-01 to a date, from year 0 on. */
extern int64_t cdpk_days_since_2000(int year, int month, int day);

#endif /* CDPK_TIMESTAMP_H */
