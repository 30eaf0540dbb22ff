/*
 * sessions.c
 *		Sessions of a timeline: how many, and when the last one began.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "core/timeline/sessions.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_sessions);
CDP_FUNCTION(cdp_last_session_start);

/* after the timeline */
#define ARG_GAP 1

/* Find the sessions that are asked for. */
static CdpkSessions
find_sessions(FunctionCallInfo fcinfo)
{
	CdpkTimeRange range = timeline_arg_range(fcinfo);
	int64 gap = cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_GAP), "gap", 0);
	CdpkSessions sessions = {0, 0};
	CdpkTimeline timeline;
	CdpkStatus status;

	if (!timeline_arg_open(fcinfo, &timeline))
		return sessions;
	status = cdpk_timeline_sessions(&timeline, range, gap, &cdp_huge_palloc_allocator, &sessions);
	timeline_check(status);
	return sessions;
}

/* sessions(timeline, gap, within, older_than, since, until, as_of) */
Datum
cdp_sessions(PG_FUNCTION_ARGS)
{
	if (timeline_args_unknown(fcinfo, ARG_GAP))
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) find_sessions(fcinfo).count);
}

/* last_session_start(timeline, gap, within, older_than, since, until, as_of) */
Datum
cdp_last_session_start(PG_FUNCTION_ARGS)
{
	CdpkSessions sessions;

	if (timeline_args_unknown(fcinfo, ARG_GAP))
		PG_RETURN_NULL();
	sessions = find_sessions(fcinfo);
	if (sessions.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(sessions.last_start);
}
