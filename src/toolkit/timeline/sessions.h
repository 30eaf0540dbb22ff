/*
 * sessions.h
 *		Places of the arguments of the functions on sessions, which their horizons share.
 */
#ifndef CDP_SESSIONS_H
#define CDP_SESSIONS_H

#include "toolkit/timeline/timeline_args.h"

/* sessions, last_session_start: after the timeline */
#define SESSIONS_GAP 1
#define SESSIONS_TIME_RANGE 2

/* whether the answer is NULL: where the gap or as_of is */
#define SESSIONS_UNKNOWN \
	(PG_ARGISNULL(SESSIONS_GAP) || PG_ARGISNULL(SESSIONS_TIME_RANGE + TIME_RANGE_AS_OF))

/* Read the gap, which is not NULL. */
extern int64 sessions_get_gap(FunctionCallInfo fcinfo);

#endif /* CDP_SESSIONS_H */
