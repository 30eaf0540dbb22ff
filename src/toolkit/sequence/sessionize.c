/*
 * sessionize.c
 *		The window function cdp.sessionize: the number of the session that a row belongs to.
 *
 * The executor calls it for each row of a partition in the order of the window, so that one look at
 * the row before is enough; what is kept between rows lives as long as the partition.
 */
#include "postgres.h"

#include <math.h>

#include "utils/date.h"
#include "utils/timestamp.h"
#include "windowapi.h"

#include "cdp.h"
#include "compat.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_sessionize);
CDP_FUNCTION(cdp_sessionize_date);
CDP_FUNCTION(cdp_sessionize_bigint);
CDP_FUNCTION(cdp_sessionize_integer);
CDP_FUNCTION(cdp_sessionize_double);

/* What is known of the rows of the partition so far; all zeros where there were none. */
typedef struct Sessions
{
	int64 session; /* that of the last row that had a time */
	union
	{
		int64 integer;
		double number;
	} last; /* and its time */
} Sessions;

/* Fetch the row's time and gap; false for a row without a time. */
static bool
get_arguments(FunctionCallInfo fcinfo, Datum *at, Datum *gap)
{
	WindowObject window = PG_WINDOW_OBJECT();
	bool null;

	*at = WinGetFuncArgCurrent(window, 0, &null);
	if (null)
		return false;
	*gap = WinGetFuncArgCurrent(window, 1, &null);
	if (null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("gap must not be null")));
	return true;
}

/* Return what is kept for the partition. */
static Sessions *
get_sessions(FunctionCallInfo fcinfo)
{
	return WinGetPartitionLocalMemory(PG_WINDOW_OBJECT(), sizeof(Sessions));
}

/* Raise the error for an infinite time. */
static void
refuse_infinite(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at must be finite"),
					errhint("Leave out such rows with WHERE.")));
}

/* Raise the error for a row that is earlier than the one before. */
static void
refuse_order(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("rows must come in the order of at"),
			 errhint("Write OVER (PARTITION BY ... ORDER BY at), with the same at.")));
}

/* Raise the error for a gap that is not a valid number. */
static void
refuse_gap(const char *problem)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("gap must %s", problem)));
}

/* Add a row to the sessions. */
static Datum
next_session(FunctionCallInfo fcinfo, int64 at, int64 gap)
{
	Sessions *sessions = get_sessions(fcinfo);

	if (gap < 0)
		refuse_gap("not be negative");
	if (sessions->session > 0 && at < sessions->last.integer)
		refuse_order();
	/* the distance of two int64 fits into a uint64 */
	if (sessions->session == 0 || (uint64) at - (uint64) sessions->last.integer > (uint64) gap)
		sessions->session++;
	sessions->last.integer = at;
	PG_RETURN_INT64(sessions->session);
}

/* Read a gap that is an interval. */
static int64
interval_gap(Datum gap)
{
	return cdp_window_microseconds(DatumGetIntervalP(gap), "gap", 0);
}

/* sessionize(at, gap) for timestamptz and timestamp, which are the same number. */
Datum
cdp_sessionize(PG_FUNCTION_ARGS)
{
	Datum at;
	Datum gap;

	if (!get_arguments(fcinfo, &at, &gap))
		PG_RETURN_NULL();
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(at)))
		refuse_infinite();
	return next_session(fcinfo, DatumGetTimestampTz(at), interval_gap(gap));
}

/* sessionize(at, gap) for dates: all days have 24 hours. */
Datum
cdp_sessionize_date(PG_FUNCTION_ARGS)
{
	Datum at;
	Datum gap;

	if (!get_arguments(fcinfo, &at, &gap))
		PG_RETURN_NULL();
	if (DATE_NOT_FINITE(DatumGetDateADT(at)))
		refuse_infinite();
	/* whole days are more than the gap exactly if they are more than its whole days */
	return next_session(fcinfo, DatumGetDateADT(at), interval_gap(gap) / USECS_PER_DAY);
}

/* sessionize(at, gap) for bigint. */
Datum
cdp_sessionize_bigint(PG_FUNCTION_ARGS)
{
	Datum at;
	Datum gap;

	if (!get_arguments(fcinfo, &at, &gap))
		PG_RETURN_NULL();
	return next_session(fcinfo, DatumGetInt64(at), DatumGetInt64(gap));
}

/* sessionize(at, gap) for integer. */
Datum
cdp_sessionize_integer(PG_FUNCTION_ARGS)
{
	Datum at;
	Datum gap;

	if (!get_arguments(fcinfo, &at, &gap))
		PG_RETURN_NULL();
	return next_session(fcinfo, DatumGetInt32(at), DatumGetInt32(gap));
}

/* sessionize(at, gap) for double precision. */
Datum
cdp_sessionize_double(PG_FUNCTION_ARGS)
{
	Sessions *sessions;
	Datum datum;
	Datum gap_datum;
	double at;
	double gap;

	if (!get_arguments(fcinfo, &datum, &gap_datum))
		PG_RETURN_NULL();
	at = DatumGetFloat8(datum);
	gap = DatumGetFloat8(gap_datum);
	if (isnan(at) || isinf(at))
		refuse_infinite();
	if (isnan(gap) || isinf(gap))
		refuse_gap("be finite");
	if (gap < 0)
		refuse_gap("not be negative");
	sessions = get_sessions(fcinfo);
	if (sessions->session > 0 && at < sessions->last.number)
		refuse_order();
	if (sessions->session == 0 || at - sessions->last.number > gap)
		sessions->session++;
	sessions->last.number = at;
	PG_RETURN_INT64(sessions->session);
}
