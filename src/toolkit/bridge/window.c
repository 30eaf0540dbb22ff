/*
 * window.c
 *		Windows of time as arguments: intervals of an exact length.
 */
#include "postgres.h"

#include "common/int.h"

#include "compat.h"
#include "toolkit/bridge/window.h"

int64
cdp_window_microseconds(const Interval *window, const char *argument, int64 smallest)
{
	int64 length;

	if (INTERVAL_NOT_FINITE(window))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be finite", argument)));
	if (window->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not have months or years", argument),
						errdetail("Months and years have no exact length."),
						errhint("Give days, which have 24 hours here, as in '30 days'.")));
	if (pg_mul_s64_overflow(window->day, USECS_PER_DAY, &length) ||
		pg_add_s64_overflow(length, window->time, &length))
		ereport(ERROR,
				(errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW), errmsg("%s is out of range", argument)));
	if (length < smallest)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						smallest > 0 ? errmsg("%s must be positive", argument)
									 : errmsg("%s must not be negative", argument)));
	return length;
}
