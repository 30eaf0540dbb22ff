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

/* Return the horizon of an answer about the events that are asked for. */
static Datum
exact(FunctionCallInfo fcinfo, int from, CdpkQuestion question)
{
	CdpkTimeRangeSpec spec = time_range_get_spec(fcinfo, from);
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;

	if (timeline_arg_find_event(fcinfo, NULL, &column))
		timeline_check(
			cdpk_horizon_exact(&spec, &question, &column, &cdp_huge_palloc_allocator, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

/* did_horizon(timeline, event, at_least, at_most, within, older_than, since, until, as_of) */
Datum
cdp_did_horizon(PG_FUNCTION_ARGS)
{
	EventCounts counts;
	CdpkQuestion question = {CDPK_ANSWER_COUNT, 0, 0};

	if (PG_ARGISNULL(DID_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(ARG_EVENT))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	counts = timeline_arg_counts(fcinfo, DID_AT_LEAST, DID_AT_MOST);
	question.at_least = counts.at_least;
	question.at_most = counts.at_most;
	return exact(fcinfo, DID_TIME_RANGE, question);
}

/* did_not_horizon(...): the opposite changes when did does. */
Datum
cdp_did_not_horizon(PG_FUNCTION_ARGS)
{
	return cdp_did_horizon(fcinfo);
}

/* Answer exactly for the arguments of cdp.count_events. */
static Datum
column_exact(FunctionCallInfo fcinfo, CdpkAnswer answer)
{
	CdpkQuestion question = {answer, 0, 0};

	if (PG_ARGISNULL(COLUMN_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(ARG_EVENT))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	return exact(fcinfo, COLUMN_TIME_RANGE, question);
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

/* Return the horizon of a measure over a number: a bound. */
static Datum
measure_bound(FunctionCallInfo fcinfo)
{
	CdpkTimeRangeSpec spec;
	int64_t horizon = CDPK_NEVER;
	CdpkColumn column;

	if (PG_ARGISNULL(MEASURE_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	if (MEASURE_UNKNOWN)
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	timeline_check_name(PG_GETARG_TEXT_PP(MEASURE_NUMBER), "number");
	spec = time_range_get_spec(fcinfo, MEASURE_TIME_RANGE);
	if (timeline_arg_find_event(fcinfo, NULL, &column))
		timeline_check(cdpk_horizon_bound(&spec, &column, &horizon));
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
	CdpkTimeRangeSpec spec = time_range_get_spec(fcinfo, from);
	int64_t horizon = CDPK_NEVER;
	CdpkTimeline timeline;

	if (timeline_arg_open(fcinfo, &timeline))
		timeline_check(cdpk_horizon_bound_all(&spec, &timeline, &horizon));
	PG_RETURN_TIMESTAMPTZ(horizon);
}

/* most_frequent_event_horizon(timeline, within, older_than, since, until, as_of) */
Datum
cdp_most_frequent_event_horizon(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(FREQUENT_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	return horizon_bound_all(fcinfo, FREQUENT_TIME_RANGE);
}

/* sessions_horizon(timeline, gap, within, older_than, since, until, as_of) */
Datum
cdp_sessions_horizon(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(SESSIONS_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(SESSIONS_GAP))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	sessions_get_gap(fcinfo);
	return horizon_bound_all(fcinfo, SESSIONS_TIME_RANGE);
}

/* last_session_start_horizon(...) */
Datum
cdp_last_session_start_horizon(PG_FUNCTION_ARGS)
{
	return cdp_sessions_horizon(fcinfo);
}
