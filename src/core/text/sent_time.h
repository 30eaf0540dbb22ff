/*
 * sent_time.h
 *		Times as clients send them: ISO 8601 in all its forms, and numbers since 1970.
 */
#ifndef CDPK_SENT_TIME_H
#define CDPK_SENT_TIME_H

#include "core/base/cdpk.h"

/* 1970-01-01 00:00:00 UTC, in microseconds since 2000-01-01 */
#define CDPK_TIME_1970 (INT64_C(-946684800) * INT64_C(1000000))

/* the shortest text of digits that is a number since 1970, no year or date */
#define CDPK_EPOCH_DIGITS_MIN 9

/*
 * Read what cdpk_timestamp_parse reads, and the other forms of ISO 8601: dates YYYY, YYYY-MM, YYYYMMDD, YYYY-DDD,
 * YYYYDDD, YYYY-Www, YYYY-Www-D, YYYYWww, YYYYWwwD, and a year of six digits behind a plus; times HH, HHMM, HHMMSS, a
 * fraction of the last unit, 24:00; a blank before the zone, which may also be UTC or GMT.  Without a zone the time is
 * UTC.  CDPK_INVALID: anything else, or a year other than 1 to 9999.
 */
extern CdpkStatus cdpk_iso8601_parse(const char *text, size_t length, int64_t *microseconds);

/*
 * Read a decimal number, without an exponent, as seconds, milliseconds, microseconds or nanoseconds since 1970:
 * seconds below 10^11 (year 5138), and a thousand times as many for each unit.  CDPK_INVALID: anything else.
 */
extern CdpkStatus cdpk_epoch_parse(const char *text, size_t length, int64_t *microseconds);

/* Read a text: a number if it has CDPK_EPOCH_DIGITS_MIN digits and no other letters, else ISO 8601. */
extern CdpkStatus cdpk_sent_time_parse(const char *text, size_t length, int64_t *microseconds);

/* room for what cdpk_sent_time_print writes, and a NUL */
#define CDPK_SENT_TIME_TEXT_MAX 48

/*
 * Write a time as JavaScript does: YYYY-MM-DDTHH:MM:SS.mmmZ, with six digits of a fraction only where three are not
 * enough.  Return the length.
 */
extern size_t cdpk_sent_time_print(int64_t microseconds, char text[CDPK_SENT_TIME_TEXT_MAX]);

#endif /* CDPK_SENT_TIME_H */
