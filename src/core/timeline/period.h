/*
 * period.h
 *		The stretch of time that a predicate looks at, and what of a column lies in it.
 *
 * All is in whole microseconds, so that any mixture of open and closed ends is one closed
 * interval.  Nothing overflows: what would pass the end of time stops there.
 */
#ifndef CDPK_PERIOD_H
#define CDPK_PERIOD_H

#include "core/timeline/timeline.h"

/* from first to last, both included; empty where first > last */
typedef struct CdpkPeriod
{
	int64_t first;
	int64_t last;
} CdpkPeriod;

/* a change that does not come */
#define CDPK_NEVER INT64_MAX

/* The instant "length" after a time, or CDPK_NEVER where no as_of can be that. */
static inline int64_t
cdpk_later(int64_t at, int64_t length)
{
	return at >= CDPK_TIME_END - length ? CDPK_NEVER : at + length;
}

/* All time up to an instant. */
static inline CdpkPeriod
cdpk_period_until_now(int64_t as_of)
{
	CdpkPeriod period = {INT64_MIN, as_of};

	return period;
}

/* Only what is later than "length" before an instant: the half-open window of that length. */
static inline void
cdpk_period_within(CdpkPeriod *period, int64_t as_of, int64_t length)
{
	int64_t first = as_of < INT64_MIN + length ? INT64_MIN : as_of - length + 1;

	period->first = first > period->first ? first : period->first;
}

/* Only what is at least "length" before an instant. */
static inline void
cdpk_period_older_than(CdpkPeriod *period, int64_t as_of, int64_t length)
{
	int64_t last = as_of < INT64_MIN + length ? INT64_MIN : as_of - length;

	period->last = last < period->last ? last : period->last;
}

/* Only what is not before a time. */
static inline void
cdpk_period_since(CdpkPeriod *period, int64_t since)
{
	period->first = since > period->first ? since : period->first;
}

/* Only what is before a time. */
static inline void
cdpk_period_before(CdpkPeriod *period, int64_t end)
{
	if (end == INT64_MIN)
		period->first = INT64_MAX; /* nothing is */
	else if (end <= period->last)
		period->last = end - 1;
}

/* A stretch of time as it is asked for; what is not given has the value said. */
typedef struct CdpkStretch
{
	int64_t as_of;
	int64_t within;     /* 0 */
	int64_t older_than; /* 0 */
	int64_t since;      /* INT64_MIN */
	int64_t until;      /* INT64_MAX */
} CdpkStretch;

/* The period that a stretch of time is, seen from its as_of. */
static inline CdpkPeriod
cdpk_stretch_period(const CdpkStretch *stretch)
{
	CdpkPeriod period = cdpk_period_until_now(stretch->as_of);

	if (stretch->within > 0)
		cdpk_period_within(&period, stretch->as_of, stretch->within);
	if (stretch->older_than > 0)
		cdpk_period_older_than(&period, stretch->as_of, stretch->older_than);
	cdpk_period_since(&period, stretch->since);
	cdpk_period_before(&period, stretch->until);
	return period;
}

/* Counts a column's events in a period, and stops at "enough"; reads no older ones. */
static inline uint64_t
cdpk_period_count(CdpkPeriod period, CdpkColumn *column, uint64_t enough)
{
	uint64_t count = 0;
	int64_t at;

	while (count < enough && cdpk_column_next(column, &at) && at >= period.first)
		count += at <= period.last;
	return count;
}

/* Finds a column's newest event in a period. */
static inline bool
cdpk_period_newest(CdpkPeriod period, CdpkColumn *column, int64_t *newest)
{
	while (cdpk_column_next(column, newest))
		if (*newest <= period.last)
			return *newest >= period.first;
	return false;
}

/* Finds a column's oldest event in a period. */
static inline bool
cdpk_period_oldest(CdpkPeriod period, CdpkColumn *column, int64_t *oldest)
{
	bool found = false;
	int64_t at;

	while (cdpk_column_next(column, &at) && at >= period.first)
		if (at <= period.last)
		{
			*oldest = at;
			found = true;
		}
	return found;
}

#endif /* CDPK_PERIOD_H */
