/*
 * time_range.h
 *		A time range, and the events of a column that lie in it.
 *
 * All is in whole microseconds, so that any mixture of open and closed ends is one closed
 * interval.  Nothing overflows: what would pass the end of time stops there.
 */
#ifndef CDPK_TIME_RANGE_H
#define CDPK_TIME_RANGE_H

#include "core/timeline/timeline.h"

/* from first to last, both included; empty where first > last */
typedef struct CdpkTimeRange
{
	int64_t first;
	int64_t last;
} CdpkTimeRange;

/* a change that does not come */
#define CDPK_NEVER INT64_MAX

/* Return the instant "length" after a time, or CDPK_NEVER if no as_of can be that late. */
static inline int64_t
cdpk_later(int64_t at, int64_t length)
{
	return at >= CDPK_TIME_END - length ? CDPK_NEVER : at + length;
}

/* Return all time up to an instant. */
static inline CdpkTimeRange
cdpk_time_range_until_now(int64_t as_of)
{
	CdpkTimeRange range = {INT64_MIN, as_of};

	return range;
}

/* Restrict the range to times later than "length" before an instant: the half-open window. */
static inline void
cdpk_time_range_within(CdpkTimeRange *range, int64_t as_of, int64_t length)
{
	int64_t first = as_of < INT64_MIN + length ? INT64_MIN : as_of - length + 1;

	range->first = first > range->first ? first : range->first;
}

/* Restrict the range to times at least "length" before an instant. */
static inline void
cdpk_time_range_older_than(CdpkTimeRange *range, int64_t as_of, int64_t length)
{
	int64_t last = as_of < INT64_MIN + length ? INT64_MIN : as_of - length;

	range->last = last < range->last ? last : range->last;
}

/* Restrict the range to times not before "since". */
static inline void
cdpk_time_range_since(CdpkTimeRange *range, int64_t since)
{
	range->first = since > range->first ? since : range->first;
}

/* Restrict the range to times before "end". */
static inline void
cdpk_time_range_before(CdpkTimeRange *range, int64_t end)
{
	if (end == INT64_MIN)
		range->first = INT64_MAX; /* the empty range */
	else if (end <= range->last)
		range->last = end - 1;
}

/* A time range as it is given, relative to as_of; the comment says how an absent part is coded. */
typedef struct CdpkTimeRangeSpec
{
	int64_t as_of;
	int64_t within;     /* 0 */
	int64_t older_than; /* 0 */
	int64_t since;      /* INT64_MIN */
	int64_t until;      /* INT64_MAX */
} CdpkTimeRangeSpec;

/* Resolve a time range to its first and last instant. */
static inline CdpkTimeRange
cdpk_time_range_of(const CdpkTimeRangeSpec *spec)
{
	CdpkTimeRange range = cdpk_time_range_until_now(spec->as_of);

	if (spec->within > 0)
		cdpk_time_range_within(&range, spec->as_of, spec->within);
	if (spec->older_than > 0)
		cdpk_time_range_older_than(&range, spec->as_of, spec->older_than);
	cdpk_time_range_since(&range, spec->since);
	cdpk_time_range_before(&range, spec->until);
	return range;
}

/* Count a column's events in a time range; stop at "enough", and read no older ones. */
static inline uint64_t
cdpk_time_range_count(CdpkTimeRange range, CdpkColumn *column, uint64_t enough)
{
	uint64_t count = 0;
	int64_t at;

	while (count < enough && cdpk_column_next(column, &at) && at >= range.first)
		count += at <= range.last;
	return count;
}

/* Find a column's newest event in a time range. */
static inline bool
cdpk_time_range_newest(CdpkTimeRange range, CdpkColumn *column, int64_t *newest)
{
	while (cdpk_column_next(column, newest))
		if (*newest <= range.last)
			return *newest >= range.first;
	return false;
}

/* Find a column's oldest event in a time range. */
static inline bool
cdpk_time_range_oldest(CdpkTimeRange range, CdpkColumn *column, int64_t *oldest)
{
	bool found = false;
	int64_t at;

	while (cdpk_column_next(column, &at) && at >= range.first)
		if (at <= range.last)
		{
			*oldest = at;
			found = true;
		}
	return found;
}

#endif /* CDPK_TIME_RANGE_H */
