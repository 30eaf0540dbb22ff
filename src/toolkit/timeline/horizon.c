/*
 * horizon.c
 *		The horizons of predicates and measures: until when an answer stays, if nothing else happens.
 *
 * Each has the arguments of its twin, and refuses what that one refuses.  Where the twin's answer
 * is NULL whatever as_of is, it never changes.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/did.h"
#include "toolkit/timeline/horizon.h"
#include "toolkit/timeline/measures.h"
#include "toolkit/timeline/sessions.h"
#include "cdp.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_did_horizon);
CDP_FUNCTION(cdp_did_not_horizon);
CDP_FUNCTION(cdp_count_events_horizon);
CDP_FUNCTION(cdp_first_time_horizon);
CDP_FUNCTION(cdp_last_time_horizon);
CDP_FUNCTION(cdp_sum_horizon);
CDP_FUNCTION(cdp_avg_horizon);
CDP_FUNCTION(cdp_min_horizon);
CDP_FUNCTION(cdp_max_horizon);
CDP_FUNCTION(cdp_most_frequent_event_horizon);
CDP_FUNCTION(cdp_sessions_horizon);
CDP_FUNCTION(cdp_last_session_start_horizon);

/* exact gives the horizon of an answer about the events that are asked for. */
static Datum
exact(FunctionCallInfo fcinfo, int from, CdpkQuestion question)
{
	CdpkStretch stretch = stretch_get(fcinfo, from);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;

	if (stretch_find_event(fcinfo, NULL, &column))
		timeline_check(
			cdpk_horizon_exact(&stretch, &question, &column, &cdp_huge_palloc_allocator, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

/* did_horizon(timeline, event, at_least, at_most, within, older_than, since, until, as_of) */
Datum
cdp_did_horizon(PG_FUNCTION_ARGS)
{
	StretchCounts counts;
	CdpkQuestion question = {CDPK_ANSWER_COUNT, 0, 0};

	if (PG_ARGISNULL(DID_STRETCH + STRETCH_AS_OF))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(ARG_EVENT))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	counts = stretch_get_counts(fcinfo, DID_AT_LEAST, DID_AT_MOST);
	question.at_least = counts.at_least;
	question.at_most = counts.at_most;
	return exact(fcinfo, DID_STRETCH, question);
}

/* did_not_horizon(...): the opposite changes when did does. */
Datum
cdp_did_not_horizon(PG_FUNCTION_ARGS)
{
	return cdp_did_horizon(fcinfo);
}

/* column_exact is exact for the arguments of cdp.count_events. */
static Datum
column_exact(FunctionCallInfo fcinfo, CdpkAnswer answer)
{
	CdpkQuestion question = {answer, 0, 0};

	if (PG_ARGISNULL(COLUMN_STRETCH + STRETCH_AS_OF))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(ARG_EVENT))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	return exact(fcinfo, COLUMN_STRETCH, question);
}

/* count_events_horizon(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_count_events_horizon(PG_FUNCTION_ARGS)
{
	return column_exact(fcinfo, CDPK_ANSWER_TIMES);
}

/* first_time_horizon(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_first_time_horizon(PG_FUNCTION_ARGS)
{
	return column_exact(fcinfo, CDPK_ANSWER_FIRST);
}

/* last_time_horizon(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_last_time_horizon(PG_FUNCTION_ARGS)
{
	return column_exact(fcinfo, CDPK_ANSWER_LAST);
}

/* measure_bound gives the horizon of a measure over a number: a bound. */
static Datum
measure_bound(FunctionCallInfo fcinfo)
{
	CdpkStretch stretch;
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;

	if (PG_ARGISNULL(MEASURE_STRETCH + STRETCH_AS_OF))
		PG_RETURN_NULL();
	if (MEASURE_UNKNOWN)
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	stretch_check_name(PG_GETARG_TEXT_PP(MEASURE_NUMBER), "number");
	stretch = stretch_get(fcinfo, MEASURE_STRETCH);
	if (stretch_find_event(fcinfo, NULL, &column))
		timeline_check(cdpk_horizon_bound(&stretch, &column, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

/* sum_horizon(timeline, event, number, within, older_than, since, until, as_of) */
Datum
cdp_sum_horizon(PG_FUNCTION_ARGS)
{
	return measure_bound(fcinfo);
}

/* avg_horizon(...) */
Datum
cdp_avg_horizon(PG_FUNCTION_ARGS)
{
	return measure_bound(fcinfo);
}

/* min_horizon(...) */
Datum
cdp_min_horizon(PG_FUNCTION_ARGS)
{
	return measure_bound(fcinfo);
}

/* max_horizon(...) */
Datum
cdp_max_horizon(PG_FUNCTION_ARGS)
{
	return measure_bound(fcinfo);
}

Datum
horizon_bound_all(FunctionCallInfo fcinfo, int from)
{
	CdpkStretch stretch = stretch_get(fcinfo, from);
	int64_t horizon = CDPK_NEVER;
	CdpkTimeline timeline;

	if (stretch_open_timeline(fcinfo, &timeline))
		timeline_check(cdpk_horizon_bound_all(&stretch, &timeline, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

/* most_frequent_event_horizon(timeline, within, older_than, since, until, as_of) */
Datum
cdp_most_frequent_event_horizon(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(FREQUENT_STRETCH + STRETCH_AS_OF))
		PG_RETURN_NULL();
	return horizon_bound_all(fcinfo, FREQUENT_STRETCH);
}

/* sessions_horizon(timeline, gap, within, older_than, since, until, as_of) */
Datum
cdp_sessions_horizon(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(SESSIONS_STRETCH + STRETCH_AS_OF))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(SESSIONS_GAP))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	sessions_get_gap(fcinfo);
	return horizon_bound_all(fcinfo, SESSIONS_STRETCH);
}

/* last_session_start_horizon(...) */
Datum
cdp_last_session_start_horizon(PG_FUNCTION_ARGS)
{
	return cdp_sessions_horizon(fcinfo);
}
