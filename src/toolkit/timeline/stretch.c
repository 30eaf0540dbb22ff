/*
 * stretch.c
 *		The arguments that predicates and measures on a timeline share.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/stretch.h"
#include "toolkit/bridge/window.h"

/* get_length reads an interval of an exact length; 0 where it is not given. */
static int64
get_length(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		return 0;
	return cdp_window_microseconds(PG_GETARG_INTERVAL_P(argument), name, 1);
}

/* stretch_get: see the header. */
CdpkStretch
stretch_get(FunctionCallInfo fcinfo, int from)
{
	CdpkStretch stretch = {PG_GETARG_TIMESTAMPTZ(from + STRETCH_AS_OF), 0, 0, PG_INT64_MIN,
						   PG_INT64_MAX};

	if (TIMESTAMP_NOT_FINITE(stretch.as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("as_of must be finite")));
	stretch.within = get_length(fcinfo, from + STRETCH_WITHIN, "within");
	stretch.older_than = get_length(fcinfo, from + STRETCH_OLDER_THAN, "older_than");
	if (!PG_ARGISNULL(from + STRETCH_SINCE))
		stretch.since = PG_GETARG_TIMESTAMPTZ(from + STRETCH_SINCE);
	if (!PG_ARGISNULL(from + STRETCH_UNTIL))
		stretch.until = PG_GETARG_TIMESTAMPTZ(from + STRETCH_UNTIL);
	return stretch;
}

/* stretch_get_period: see the header. */
CdpkPeriod
stretch_get_period(FunctionCallInfo fcinfo, int from)
{
	CdpkStretch stretch = stretch_get(fcinfo, from);

	return cdpk_stretch_period(&stretch);
}

/* stretch_check_name: see the header. */
void
stretch_check_name(const text *name, const char *argument)
{
	if (VARSIZE_ANY_EXHDR(name) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be empty", argument)));
}

/* stretch_check_column: see the header. */
void
stretch_check_column(const CdpkColumn *column)
{
	if (column->times.failed)
		timeline_corrupt(CDPK_CORRUPT);
}

/* stretch_check_timeline: see the header. */
void
stretch_check_timeline(const CdpkTimeline *timeline)
{
	if (cdpk_timeline_failed(timeline))
		timeline_corrupt(CDPK_CORRUPT);
}

/* stretch_open_timeline: see the header. */
bool
stretch_open_timeline(FunctionCallInfo fcinfo, CdpkTimeline *timeline)
{
	const uint8_t *bytes;
	size_t length;
	CdpkStatus status;

	if (PG_ARGISNULL(ARG_TIMELINE))
		return false;
	bytes = timeline_get_bytes(fcinfo, ARG_TIMELINE, &length);
	status = cdpk_timeline_open(bytes, length, timeline);
	timeline_check(status);
	return true;
}

/* stretch_get_event: see the header. */
CdpkName
stretch_get_event(FunctionCallInfo fcinfo)
{
	const text *event = PG_GETARG_TEXT_PP(ARG_EVENT);
	CdpkName name = {VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event)};

	stretch_check_name(event, "event");
	return name;
}

/* stretch_find_event: see the header. */
bool
stretch_find_event(FunctionCallInfo fcinfo, CdpkTimeline *timeline, CdpkColumn *column)
{
	CdpkName event = stretch_get_event(fcinfo);
	CdpkTimeline own;

	timeline = timeline != NULL ? timeline : &own;
	if (!stretch_open_timeline(fcinfo, timeline))
		return false;
	if (cdpk_timeline_find(timeline, event.text, event.length, column))
		return true;
	stretch_check_timeline(timeline);
	return false;
}

/* get_count reads at_least or at_most. */
static int64
get_count(FunctionCallInfo fcinfo, int argument, const char *name, int64 otherwise)
{
	int64 count = PG_ARGISNULL(argument) ? otherwise : PG_GETARG_INT64(argument);

	if (count < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be negative", name)));
	return count;
}

/* stretch_get_counts: see the header. */
StretchCounts
stretch_get_counts(FunctionCallInfo fcinfo, int at_least, int at_most)
{
	StretchCounts counts;

	counts.at_least = (uint64) get_count(fcinfo, at_least, "at_least", 1);
	counts.at_most = (uint64) get_count(fcinfo, at_most, "at_most", PG_INT64_MAX);
	if (counts.at_most < counts.at_least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("at_most must not be less than at_least"),
						errhint("For \"at most so often, or never\" give at_least => 0.")));
	return counts;
}
