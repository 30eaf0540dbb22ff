/*
 * window_funnel.c
 *		The aggregate cdp.window_funnel: how deep the rows of a group go into a funnel.
 *
 * Arguments of the transition functions: the state, the mode where there is one, the window, the
 * time, the steps.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "toolkit/sequence/steps_state.h"
#include "cdp.h"
#include "core/sequence/funnel.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_window_funnel_trans);
CDP_FUNCTION(cdp_window_funnel_trans_date);
CDP_FUNCTION(cdp_window_funnel_trans_bigint);
CDP_FUNCTION(cdp_window_funnel_trans_integer);
CDP_FUNCTION(cdp_window_funnel_trans_double);
CDP_FUNCTION(cdp_window_funnel_final);

#define HAS_MODE (PG_NARGS() == 5)
#define ARG_MODE 1
#define ARG_WINDOW (PG_NARGS() - 3)
#define ARG_AT (PG_NARGS() - 2)
#define ARG_STEPS (PG_NARGS() - 1)

/* Add a row that has a time. */
static Datum
add_row(FunctionCallInfo fcinfo, StepsTime type, int64 window)
{
	CdpkStepsSetup setup = {0};
	int64 at = steps_get_at(fcinfo, ARG_AT, type, &setup.kind);
	uint32 steps = steps_get_steps(fcinfo, ARG_STEPS, CDPK_STEPS_FUNNEL, &setup.steps);

	setup.use = CDPK_STEPS_FUNNEL;
	setup.window = window;
	if (HAS_MODE)
	{
		if (PG_ARGISNULL(ARG_MODE))
			steps_refuse_null("mode");
		setup.modes = PG_GETARG_UINT32(ARG_MODE);
	}
	return steps_add_row(fcinfo, &setup, at, steps);
}

/* Read a window that is an interval. */
static int64
get_interval(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_WINDOW))
		steps_refuse_null("within");
	return cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_WINDOW), "within", 0);
}

/* window_funnel_trans for timestamptz and timestamp. */
Datum
cdp_window_funnel_trans(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return steps_skip_row(fcinfo);
	return add_row(fcinfo, STEPS_TIMESTAMP, get_interval(fcinfo));
}

/* window_funnel_trans for date: all days have 24 hours. */
Datum
cdp_window_funnel_trans_date(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return steps_skip_row(fcinfo);
	return add_row(fcinfo, STEPS_DATE, get_interval(fcinfo));
}

/* Raise the error for a window that is not a valid number. */
static void
check_window(double window)
{
	if (isnan(window) || isinf(window))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("within must be finite")));
	if (window < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("within must not be negative")));
}

/* window_funnel_trans for bigint. */
Datum
cdp_window_funnel_trans_bigint(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return steps_skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_WINDOW))
		steps_refuse_null("within");
	check_window((double) PG_GETARG_INT64(ARG_WINDOW));
	return add_row(fcinfo, STEPS_BIGINT, PG_GETARG_INT64(ARG_WINDOW));
}

/* window_funnel_trans for integer. */
Datum
cdp_window_funnel_trans_integer(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return steps_skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_WINDOW))
		steps_refuse_null("within");
	check_window(PG_GETARG_INT32(ARG_WINDOW));
	return add_row(fcinfo, STEPS_INTEGER, PG_GETARG_INT32(ARG_WINDOW));
}

/* window_funnel_trans for double precision. */
Datum
cdp_window_funnel_trans_double(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return steps_skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_WINDOW))
		steps_refuse_null("within");
	check_window(PG_GETARG_FLOAT8(ARG_WINDOW));
	return add_row(fcinfo, STEPS_DOUBLE, cdpk_double_key(PG_GETARG_FLOAT8(ARG_WINDOW)));
}

/* window_funnel_final(state): the depth; 0 where there was no row. */
Datum
cdp_window_funnel_final(PG_FUNCTION_ARGS)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	unsigned depth;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	steps_check(cdpk_funnel_of_state(steps_get_state(fcinfo, CDPK_STEPS_FUNNEL), &scratch, &depth));
	PG_RETURN_INT32((int32) depth);
}
