/*
 * sessions.h
 *		Sessions of a timeline: what lies between two gaps.
 */
#ifndef CDPK_SESSIONS_H
#define CDPK_SESSIONS_H

#include "core/base/sort.h"
#include "core/timeline/time_range.h"

typedef struct CdpkSessions
{
	uint64_t count;
	int64_t last_start; /* where count > 0 */
} CdpkSessions;

/*
 * Find the sessions of the events in a time range, of all names: one begins at each event that is
 * more than "gap" later than the one before, and at the first.
 */
extern CdpkStatus cdpk_timeline_sessions(const CdpkTimeline *timeline, CdpkTimeRange range,
										 int64_t gap, const CdpkAllocator *allocator,
										 CdpkSessions *sessions);

/* Find when these sessions begin, in order; the array is released by the caller, also after an error. */
extern CdpkStatus cdpk_timeline_session_starts(const CdpkTimeline *timeline, CdpkTimeRange range,
											   int64_t gap, const CdpkAllocator *allocator,
											   CdpkTimed **starts, size_t *count);

#endif /* CDPK_SESSIONS_H */
