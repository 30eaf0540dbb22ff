/*
 * sessions.c
 *		Sessions of a timeline.
 */
#include "core/timeline/sessions.h"
#include "core/base/sort.h"

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

/* Look for gaps between times in their order. */
static void
count_sessions(const CdpkTimed *times, size_t count, int64_t gap, CdpkSessions *sessions)
{
	for (size_t i = 0; i < count; i++)
		if (i == 0 || (uint64_t) times[i].at - (uint64_t) times[i - 1].at > (uint64_t) gap)
		{
			sessions->count++;
			sessions->last_start = times[i].at;
		}
}

CdpkStatus
cdpk_timeline_sessions(const CdpkTimeline *timeline, CdpkTimeRange range, int64_t gap,
					   const CdpkAllocator *allocator, CdpkSessions *sessions)
{
	CdpkTimed here[2 * EVENTS];
	CdpkTimed *times = here;
	size_t count;
	CdpkStatus status = read_times(*timeline, range, NULL, &count);

	sessions->count = 0;
	sessions->last_start = 0;
	if (status != CDPK_OK)
		return status;
	if (count > EVENTS)
		times = cdpk_allocate(allocator, 2 * count * sizeof(CdpkTimed));
	if (times == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_times(*timeline, range, times, &count);
	if (status == CDPK_OK)
	{
		cdpk_sort(times, count, times + count, cdpk_oldest_first, NULL);
		count_sessions(times, count, gap, sessions);
	}
	if (times != here)
		cdpk_release(allocator, times);
	return status;
}
