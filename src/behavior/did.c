/*
 * did.c
 *		Predicates on one name of events: whether, how often, when first and last.
 *
 * All take the same description of a stretch of time, and a NULL timeline is one without events.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "behavior/timeline.h"
#include "cdp.h"
#include "core/period.h"
#include "util/window.h"

CDP_FUNCTION(cdp_did);
CDP_FUNCTION(cdp_did_not);
CDP_FUNCTION(cdp_times);
CDP_FUNCTION(cdp_first_time);
CDP_FUNCTION(cdp_last_time);

/* places of the arguments; of did and did_not, then what follows in all */
enum
{
	ARG_TIMELINE,
	ARG_EVENT,
	ARG_AT_LEAST,
	ARG_AT_MOST
};

enum
{
	PERIOD_WITHIN,
	PERIOD_OLDER_THAN,
	PERIOD_SINCE,
	PERIOD_UNTIL,
	PERIOD_AS_OF
};

/* The arguments of a stretch of time that begin at "from"; as_of is not NULL. */
static CdpkPeriod
get_period(FunctionCallInfo fcinfo, int from)
{
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(from + PERIOD_AS_OF);
	CdpkPeriod period = cdpk_period_until_now(as_of);

	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("as_of must be finite")));
	if (!PG_ARGISNULL(from + PERIOD_WITHIN))
		cdpk_period_within(
			&period, as_of,
			cdp_window_microseconds(PG_GETARG_INTERVAL_P(from + PERIOD_WITHIN), "within", 1));
	if (!PG_ARGISNULL(from + PERIOD_OLDER_THAN))
		cdpk_period_older_than(
			&period, as_of,
			cdp_window_microseconds(PG_GETARG_INTERVAL_P(from + PERIOD_OLDER_THAN), "older_than",
									1));
	if (!PG_ARGISNULL(from + PERIOD_SINCE))
		cdpk_period_since(&period, PG_GETARG_TIMESTAMPTZ(from + PERIOD_SINCE));
	if (!PG_ARGISNULL(from + PERIOD_UNTIL))
		cdpk_period_before(&period, PG_GETARG_TIMESTAMPTZ(from + PERIOD_UNTIL));
	return period;
}

/* unknown says whether the answer is NULL: where the event or as_of is. */
static bool
unknown(FunctionCallInfo fcinfo, int from)
{
	return PG_ARGISNULL(ARG_EVENT) || PG_ARGISNULL(from + PERIOD_AS_OF);
}

/* find_event finds the events that are asked for; false where there are none. */
static bool
find_event(FunctionCallInfo fcinfo, CdpkColumn *column)
{
	CdpkTimeline timeline;
	text *event = PG_GETARG_TEXT_PP(ARG_EVENT);

	if (VARSIZE_ANY_EXHDR(event) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("event must not be empty")));
	if (PG_ARGISNULL(ARG_TIMELINE))
		return false;
	timeline_open(PG_GETARG_TIMELINE_PP(ARG_TIMELINE), &timeline);
	if (cdpk_timeline_find(&timeline, VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event), column))
		return true;
	if (cdpk_timeline_failed(&timeline))
		timeline_corrupt(CDPK_CORRUPT);
	return false;
}

/* check_column raises an error where reading found corrupt bytes. */
static void
check_column(const CdpkColumn *column)
{
	if (column->times.failed)
		timeline_corrupt(CDPK_CORRUPT);
}

/* count_events counts up to "enough" events in the period. */
static uint64
count_events(FunctionCallInfo fcinfo, CdpkPeriod period, uint64 enough)
{
	CdpkColumn column;
	uint64 count;

	if (!find_event(fcinfo, &column))
		return 0;
	count = cdpk_period_count(period, &column, enough);
	check_column(&column);
	return count;
}

/* get_bound reads at_least or at_most. */
static int64
get_bound(FunctionCallInfo fcinfo, int argument, const char *name, int64 otherwise)
{
	int64 bound = PG_ARGISNULL(argument) ? otherwise : PG_GETARG_INT64(argument);

	if (bound < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be negative", name)));
	return bound;
}

/* did_events says whether the number of events in the period is one that is asked for. */
static bool
did_events(FunctionCallInfo fcinfo)
{
	CdpkPeriod period = get_period(fcinfo, ARG_AT_MOST + 1);
	int64 at_least = get_bound(fcinfo, ARG_AT_LEAST, "at_least", 1);
	int64 at_most = get_bound(fcinfo, ARG_AT_MOST, "at_most", PG_INT64_MAX);
	uint64 count;

	if (at_most < at_least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("at_most must not be less than at_least"),
						errhint("For \"at most so often, or never\" give at_least => 0.")));
	/* one more than allowed is enough to know; so is the least, where there is no most */
	count = count_events(fcinfo, period,
						 at_most < PG_INT64_MAX ? (uint64) at_most + 1 : (uint64) at_least);
	return count >= (uint64) at_least && count <= (uint64) at_most;
}

/* did(timeline, event, at_least, at_most, within, older_than, since, until, as_of) */
Datum
cdp_did(PG_FUNCTION_ARGS)
{
	if (unknown(fcinfo, ARG_AT_MOST + 1))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(did_events(fcinfo));
}

/* did_not(...) is the opposite of did with the same arguments. */
Datum
cdp_did_not(PG_FUNCTION_ARGS)
{
	if (unknown(fcinfo, ARG_AT_MOST + 1))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(!did_events(fcinfo));
}

/* times(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_times(PG_FUNCTION_ARGS)
{
	if (unknown(fcinfo, ARG_EVENT + 1))
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) count_events(fcinfo, get_period(fcinfo, ARG_EVENT + 1), PG_UINT64_MAX));
}

/* first_time(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_first_time(PG_FUNCTION_ARGS)
{
	CdpkColumn column;
	CdpkPeriod period;
	int64_t first = 0;
	bool found;

	if (unknown(fcinfo, ARG_EVENT + 1))
		PG_RETURN_NULL();
	period = get_period(fcinfo, ARG_EVENT + 1);
	if (!find_event(fcinfo, &column))
		PG_RETURN_NULL();
	found = cdpk_period_oldest(period, &column, &first);
	check_column(&column);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(first);
}

/* last_time(timeline, event, within, older_than, since, until, as_of) */
Datum
cdp_last_time(PG_FUNCTION_ARGS)
{
	CdpkColumn column;
	CdpkPeriod period;
	int64_t last = 0;
	bool found;

	if (unknown(fcinfo, ARG_EVENT + 1))
		PG_RETURN_NULL();
	period = get_period(fcinfo, ARG_EVENT + 1);
	if (!find_event(fcinfo, &column))
		PG_RETURN_NULL();
	found = cdpk_period_newest(period, &column, &last);
	check_column(&column);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(last);
}
