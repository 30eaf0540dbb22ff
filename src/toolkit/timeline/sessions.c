/*
 * sessions.c
 *		Sessions of a timeline: how many, those with events of a step, and when the last one began.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "toolkit/timeline/step_args.h"
#include "cdp.h"
#include "core/timeline/sessions.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_sessions);
CDP_FUNCTION(cdp_sessions_with);
CDP_FUNCTION(cdp_last_session_start);

/* after the timeline */
#define ARG_GAP 1

/* after the timeline and the step */
#define ARG_GAP_WITH 2

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

/* what is known of a session, as the value of its start */
enum
{
	WITHOUT,
	PERHAPS_WITH, /* with events of which it is not known whether they satisfy the step */
	WITH
};

/* Return the session of an event: the last that does not begin later. */
static CdpkTimed *
find_session(CdpkTimed *starts, size_t count, int64 at)
{
	size_t low = 0;

	while (count - low > 1)
	{
		size_t middle = low + (count - low) / 2;

		if (starts[middle].at <= at)
			low = middle;
		else
			count = middle;
	}
	return &starts[low];
}

/* Count the sessions with events of the step, at least and at most. */
static CdpkStepCount
count_with(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range, int64 gap)
{
	CdpkStepCount sessions = {0, 0};
	CdpkStepEvents events;
	CdpkTimed *starts;
	size_t count;
	int64_t at;

	timeline_check(cdpk_timeline_session_starts(timeline, range, gap, &cdp_huge_palloc_allocator,
												&starts, &count));
	for (size_t i = 0; i < count; i++)
		starts[i].value = WITHOUT;
	cdpk_step_events(step, timeline, range, &cdp_palloc_allocator, &events);
	while (count > 0 && cdpk_step_next_column(&events))
		while (cdpk_step_next_event(&events, &at))
		{
			CdpkTimed *session = find_session(starts, count, at);

			CHECK_FOR_INTERRUPTS();
			session->value = Max(session->value, events.unknown ? PERHAPS_WITH : WITH);
		}
	timeline_check(cdpk_step_close(&events));
	for (size_t i = 0; i < count; i++)
	{
		sessions.least += starts[i].value == WITH;
		sessions.most += starts[i].value != WITHOUT;
	}
	return sessions;
}

/* sessions_with(timeline, step, gap, within, older_than, since, until, as_of) */
Datum
cdp_sessions_with(PG_FUNCTION_ARGS)
{
	CdpkStepCount count = {0, 0};
	CdpkTimeRange range;
	CdpkTimeline timeline;
	CdpkStep step;
	int64 gap;

	if (timeline_args_unknown(fcinfo, ARG_GAP_WITH))
		PG_RETURN_NULL();
	range = timeline_arg_range(fcinfo);
	gap = cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_GAP_WITH), "gap", 0);
	step_arg_read(fcinfo, NULL, &step);
	if (timeline_arg_open(fcinfo, &timeline))
		count = count_with(&step, &timeline, range, gap);
	if (count.least != count.most)
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) count.least);
}
