/*
 * time_range_args.c
 *		The arguments that say at which time range a function on a timeline looks.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/timeline/time_range_args.h"
#include "toolkit/bridge/window.h"

/* Read an interval of an exact length; 0 if it is not given. */
static int64
get_length(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		return 0;
	return cdp_window_microseconds(PG_GETARG_INTERVAL_P(argument), name, 1);
}

CdpkTimeRangeSpec
time_range_get_spec(FunctionCallInfo fcinfo, int from)
{
	CdpkTimeRangeSpec spec = {PG_GETARG_TIMESTAMPTZ(from + TIME_RANGE_AS_OF), 0, 0, PG_INT64_MIN,
							  PG_INT64_MAX};

	if (TIMESTAMP_NOT_FINITE(spec.as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("as_of must be finite")));
	spec.within = get_length(fcinfo, from + TIME_RANGE_WITHIN, "within");
	spec.older_than = get_length(fcinfo, from + TIME_RANGE_OLDER_THAN, "older_than");
	if (!PG_ARGISNULL(from + TIME_RANGE_SINCE))
		spec.since = PG_GETARG_TIMESTAMPTZ(from + TIME_RANGE_SINCE);
	if (!PG_ARGISNULL(from + TIME_RANGE_UNTIL))
		spec.until = PG_GETARG_TIMESTAMPTZ(from + TIME_RANGE_UNTIL);
	return spec;
}

CdpkTimeRange
time_range_get(FunctionCallInfo fcinfo, int from)
{
	CdpkTimeRangeSpec spec = time_range_get_spec(fcinfo, from);

	return cdpk_time_range_of(&spec);
}
