/*
 * sessions.c
 *		Sessions of a timeline.
 */
#include "core/timeline/sessions.h"

/* events that need no memory of the caller */
#define EVENTS 128

/* Read all times in a time range, or count them at most where "times" is NULL. */
static CdpkStatus
read_times(CdpkTimeline timeline, CdpkTimeRange range, CdpkTimed *times, size_t *count)
{
	CdpkColumn column;

	*count = 0;
	while (cdpk_timeline_next(&timeline, &column))
	{
		int64_t at;

		if (column.count > cdpk_left(&column.times))
			return CDPK_CORRUPT;
		if (times == NULL)
		{
			*count += column.count;
			continue;
		}
		while (cdpk_column_next(&column, &at) && at >= range.first)
			if (at <= range.last)
			{
				times[*count].at = at;
				times[(*count)++].value = 0;
			}
		if (column.times.failed)
			return CDPK_CORRUPT;
	}
	return cdpk_timeline_failed(&timeline) ? CDPK_CORRUPT : CDPK_OK;
}

/* Read them in order; "here" has room for EVENTS twice, and is not taken where it is NULL. */
static CdpkStatus
sort_times(const CdpkTimeline *timeline, CdpkTimeRange range, const CdpkAllocator *allocator,
		   CdpkTimed *here, CdpkTimed **times, size_t *count)
{
	CdpkStatus status = read_times(*timeline, range, NULL, count);

	*times = here;
	if (status != CDPK_OK)
		return status;
	if (here == NULL || *count > EVENTS)
		*times = cdpk_allocate(allocator, 2 * *count * sizeof(CdpkTimed));
	if (*times == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_times(*timeline, range, *times, count);
	if (status == CDPK_OK)
		cdpk_sort(*times, *count, *times + *count, cdpk_oldest_first, NULL);
	return status;
}

/* Keep the times at which sessions begin, and return their number. */
static size_t
keep_starts(CdpkTimed *times, size_t count, int64_t gap)
{
	size_t starts = 0;
	int64_t before = 0;

	for (size_t i = 0; i < count; i++)
	{
		int64_t at = times[i].at;

		if (i == 0 || (uint64_t) at - (uint64_t) before > (uint64_t) gap)
			times[starts++].at = at;
		before = at;
	}
	return starts;
}

CdpkStatus
cdpk_timeline_session_starts(const CdpkTimeline *timeline, CdpkTimeRange range, int64_t gap,
							 const CdpkAllocator *allocator, CdpkTimed **starts, size_t *count)
{
	CdpkStatus status = sort_times(timeline, range, allocator, NULL, starts, count);

	if (status == CDPK_OK)
		*count = keep_starts(*starts, *count, gap);
	return status;
}

CdpkStatus
cdpk_timeline_sessions(const CdpkTimeline *timeline, CdpkTimeRange range, int64_t gap,
					   const CdpkAllocator *allocator, CdpkSessions *sessions)
{
	CdpkTimed here[2 * EVENTS];
	CdpkTimed *times;
	size_t count;
	CdpkStatus status = sort_times(timeline, range, allocator, here, &times, &count);

	sessions->count = 0;
	sessions->last_start = 0;
	if (status == CDPK_OK)
		sessions->count = keep_starts(times, count, gap);
	if (sessions->count > 0)
		sessions->last_start = times[sessions->count - 1].at;
	if (times != here)
		cdpk_release(allocator, times);
	return status;
}
