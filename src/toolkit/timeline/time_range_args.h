/*
 * time_range_args.h
 *		The arguments that say at which time range a function on a timeline looks.
 */
#ifndef CDP_TIME_RANGE_ARGS_H
#define CDP_TIME_RANGE_ARGS_H

#include "fmgr.h"

#include "core/timeline/time_range.h"

/* the arguments of a time range, from the first of them on */
enum
{
	TIME_RANGE_WITHIN,
	TIME_RANGE_OLDER_THAN,
	TIME_RANGE_SINCE,
	TIME_RANGE_UNTIL,
	TIME_RANGE_AS_OF
};

/* Read the arguments from "from" on; as_of must not be NULL. */
extern CdpkTimeRangeSpec time_range_get_spec(FunctionCallInfo fcinfo, int from);

/* Read them and resolve the range. */
extern CdpkTimeRange time_range_get(FunctionCallInfo fcinfo, int from);

#endif /* CDP_TIME_RANGE_ARGS_H */
