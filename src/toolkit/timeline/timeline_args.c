/*
 * timeline_args.c
 *		The arguments that predicates and measures on a timeline share.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/bridge/window.h"
#include "toolkit/timeline/timeline_args.h"

/* places of the arguments of did after the step */
#define ARG_AT_LEAST 2
#define ARG_AT_MOST 3

/* places in the time range, counted from as_of back */
enum
{
	BEFORE_UNTIL = 1,
	BEFORE_SINCE,
	BEFORE_OLDER_THAN,
	BEFORE_WITHIN
};

int64
timeline_arg_as_of(FunctionCallInfo fcinfo)
{
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);

	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("as_of must be finite")));
	return as_of;
}

/* Read an interval of an exact length; 0 if it is not given. */
static int64
get_length(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		return 0;
	return cdp_window_microseconds(PG_GETARG_INTERVAL_P(argument), name, 1);
}

CdpkTimeRangeSpec
timeline_arg_range_spec(FunctionCallInfo fcinfo)
{
	int as_of = ARG_AS_OF;
	CdpkTimeRangeSpec spec = {timeline_arg_as_of(fcinfo), 0, 0, PG_INT64_MIN, PG_INT64_MAX};

	spec.within = get_length(fcinfo, as_of - BEFORE_WITHIN, "within");
	spec.older_than = get_length(fcinfo, as_of - BEFORE_OLDER_THAN, "older_than");
	if (!PG_ARGISNULL(as_of - BEFORE_SINCE))
		spec.since = PG_GETARG_TIMESTAMPTZ(as_of - BEFORE_SINCE);
	if (!PG_ARGISNULL(as_of - BEFORE_UNTIL))
		spec.until = PG_GETARG_TIMESTAMPTZ(as_of - BEFORE_UNTIL);
	return spec;
}

CdpkTimeRange
timeline_arg_range(FunctionCallInfo fcinfo)
{
	CdpkTimeRangeSpec spec = timeline_arg_range_spec(fcinfo);

	return cdpk_time_range_of(&spec);
}

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
timeline_arg_counts(FunctionCallInfo fcinfo)
{
	EventCounts counts;

	counts.at_least = (uint64) get_count(fcinfo, ARG_AT_LEAST, "at_least", 1);
	counts.at_most = (uint64) get_count(fcinfo, ARG_AT_MOST, "at_most", PG_INT64_MAX);
	if (counts.at_most < counts.at_least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("at_most must not be less than at_least"),
						errhint("For \"at most so often, or never\" give at_least => 0.")));
	return counts;
}
