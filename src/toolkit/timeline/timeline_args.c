/*
 * timeline_args.c
 *		The arguments that predicates and measures on a timeline share.
 */
#include "postgres.h"

#include "toolkit/timeline/timeline_args.h"

void
timeline_check_name(const text *name, const char *argument)
{
	if (VARSIZE_ANY_EXHDR(name) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be empty", argument)));
}

void
timeline_check_column(const CdpkColumn *column)
{
	if (column->times.failed)
		timeline_corrupt(CDPK_CORRUPT);
}

void
timeline_check_reader(const CdpkTimeline *timeline)
{
	if (cdpk_timeline_failed(timeline))
		timeline_corrupt(CDPK_CORRUPT);
}

bool
timeline_arg_open(FunctionCallInfo fcinfo, CdpkTimeline *timeline)
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

CdpkName
timeline_arg_event(FunctionCallInfo fcinfo)
{
	const text *event = PG_GETARG_TEXT_PP(ARG_EVENT);
	CdpkName name = {VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event)};

	timeline_check_name(event, "event");
	return name;
}

bool
timeline_arg_find_event(FunctionCallInfo fcinfo, CdpkTimeline *timeline, CdpkColumn *column)
{
	CdpkName event = timeline_arg_event(fcinfo);
	CdpkTimeline own;

	timeline = timeline != NULL ? timeline : &own;
	if (!timeline_arg_open(fcinfo, timeline))
		return false;
	if (cdpk_timeline_find(timeline, event.text, event.length, column))
		return true;
	timeline_check_reader(timeline);
	return false;
}

/* Read at_least or at_most. */
static int64
get_count(FunctionCallInfo fcinfo, int argument, const char *name, int64 otherwise)
{
	int64 count = PG_ARGISNULL(argument) ? otherwise : PG_GETARG_INT64(argument);

	if (count < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be negative", name)));
	return count;
}

EventCounts
timeline_arg_counts(FunctionCallInfo fcinfo, int at_least, int at_most)
{
	EventCounts counts;

	counts.at_least = (uint64) get_count(fcinfo, at_least, "at_least", 1);
	counts.at_most = (uint64) get_count(fcinfo, at_most, "at_most", PG_INT64_MAX);
	if (counts.at_most < counts.at_least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("at_most must not be less than at_least"),
						errhint("For \"at most so often, or never\" give at_least => 0.")));
	return counts;
}
