/*
 * window_funnel.c
 *		The aggregate cdp.window_funnel: how deep the rows of a group go into a funnel.
 *
 * Arguments of the transition functions: the state, the mode where there is one, the window, the
 * time, the steps.  The state is changed in place; where it must grow, the larger copy is made in
 * the per-row memory context, and the executor takes it over and frees the former one.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "core/funnel_state.h"
#include "util/huge.h"
#include "util/status.h"
#include "util/window.h"

CDP_FUNCTION(cdp_window_funnel_trans);
CDP_FUNCTION(cdp_window_funnel_trans_date);
CDP_FUNCTION(cdp_window_funnel_trans_bigint);
CDP_FUNCTION(cdp_window_funnel_trans_integer);
CDP_FUNCTION(cdp_window_funnel_trans_double);
CDP_FUNCTION(cdp_window_funnel_combine);
CDP_FUNCTION(cdp_window_funnel_final);

#define HAS_MODE (PG_NARGS() == 5)
#define ARG_MODE 1
#define ARG_WINDOW (PG_NARGS() - 3)
#define ARG_AT (PG_NARGS() - 2)
#define ARG_STEPS (PG_NARGS() - 1)

/* the error for an argument that may not be NULL */
static void
refuse_null(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argument)));
}

/* refuse_infinite raises the error for a time that is none. */
static void
refuse_infinite(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at must be finite"),
					errhint("Leave out such rows with FILTER (WHERE ...).")));
}

/* An allocator that never frees: the executor owns the state. */
static CdpkAllocator
state_allocator(void)
{
	CdpkAllocator allocator = cdp_palloc_allocator;

	allocator.release = NULL;
	return allocator;
}

/* check_status raises the error for a state that cannot grow. */
static void
check_status(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows in a group for a funnel"),
						errdetail("The rows of a group take at most 1 GB, 9 to 12 bytes each.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.funnel_state");
}

/* get_steps reads the conditions: the set of those that are true, and how many there are. */
static uint32
get_steps(FunctionCallInfo fcinfo, unsigned *count)
{
	ArrayType *array;
	const bool *value;
	const bits8 *nulls;
	uint32 steps = 0;
	int items;

	if (PG_ARGISNULL(ARG_STEPS))
		refuse_null("steps");
	array = PG_GETARG_ARRAYTYPE_P(ARG_STEPS);
	items = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (items < 1 || items > CDPK_FUNNEL_STEPS_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a funnel has from 1 to %d steps", CDPK_FUNNEL_STEPS_MAX),
						errdetail("Given are %d.", items)));
	value = (const bool *) ARR_DATA_PTR(array);
	nulls = ARR_NULLBITMAP(array);
	for (int i = 0; i < items; i++)
	{
		if (nulls != NULL && (nulls[i / 8] >> (i % 8) & 1) == 0)
			continue;
		if (*value++)
			steps |= UINT32_C(1) << i;
	}
	*count = (unsigned) items;
	return steps;
}

/* refuse_change raises the error for a row or state that is not of the group's set-up. */
static void
refuse_change(const CdpkFunnelState *state, const CdpkFunnelSetup *setup)
{
	const char *what = state->window != setup->window ? "window"
					   : state->modes != setup->modes ? "mode"
													  : "the number of steps";

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s must be the same for all rows of a group", what)));
}

/* get_state returns the state, argument 0, or a new one for the set-up. */
static CdpkFunnelState *
get_state(FunctionCallInfo fcinfo, const CdpkAllocator *allocator, const CdpkFunnelSetup *setup)
{
	CdpkFunnelState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "transition function of cdp.window_funnel called outside of an aggregate");
	if (PG_ARGISNULL(0))
		check_status(cdpk_funnel_state_new(allocator, setup, 0, &state));
	else
		state = (CdpkFunnelState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	if (!cdpk_funnel_state_fits(state, setup))
		refuse_change(state, setup);
	return state;
}

/* return_state makes the state a varlena. */
static Datum
return_state(CdpkFunnelState *state)
{
	SET_VARSIZE(state, state->size);
	return PointerGetDatum(state);
}

/* add_row adds a row that has a time. */
static Datum
add_row(FunctionCallInfo fcinfo, CdpkTimeKind kind, int64 window, int64 at)
{
	CdpkAllocator allocator = state_allocator();
	CdpkFunnelSetup setup = {kind, 0, 0, window};
	uint32 steps = get_steps(fcinfo, &setup.steps);
	CdpkFunnelState *state;

	if (HAS_MODE)
	{
		if (PG_ARGISNULL(ARG_MODE))
			refuse_null("mode");
		setup.modes = PG_GETARG_UINT32(ARG_MODE);
	}
	state = get_state(fcinfo, &allocator, &setup);
	check_status(cdpk_funnel_state_add(&state, &allocator, at, steps));
	return return_state(state);
}

/* skip_row leaves the state as it is, for a row without a time. */
static Datum
skip_row(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* get_interval reads a window that is an interval. */
static int64
get_interval(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_WINDOW))
		refuse_null("window");
	return cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_WINDOW), "window", 0);
}

/* window_funnel_trans for timestamptz and timestamp, which are the same number. */
Datum
cdp_window_funnel_trans(PG_FUNCTION_ARGS)
{
	TimestampTz at;

	if (PG_ARGISNULL(ARG_AT))
		return skip_row(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(ARG_AT);
	if (TIMESTAMP_NOT_FINITE(at))
		refuse_infinite();
	return add_row(fcinfo, CDPK_TIME_INSTANT, get_interval(fcinfo), at);
}

/* window_funnel_trans for date: a date is its midnight, and all days have 24 hours. */
Datum
cdp_window_funnel_trans_date(PG_FUNCTION_ARGS)
{
	DateADT date;
	int64 at;

	if (PG_ARGISNULL(ARG_AT))
		return skip_row(fcinfo);
	date = PG_GETARG_DATEADT(ARG_AT);
	if (DATE_NOT_FINITE(date))
		refuse_infinite();
	if (pg_mul_s64_overflow(date, USECS_PER_DAY, &at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at is out of range")));
	return add_row(fcinfo, CDPK_TIME_INSTANT, get_interval(fcinfo), at);
}

/* check_window raises the error for a window that is a number but none that can be one. */
static void
check_window(double window)
{
	if (isnan(window) || isinf(window))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("window must be finite")));
	if (window < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("window must not be negative")));
}

/* window_funnel_trans for bigint. */
Datum
cdp_window_funnel_trans_bigint(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_WINDOW))
		refuse_null("window");
	check_window((double) PG_GETARG_INT64(ARG_WINDOW));
	return add_row(fcinfo, CDPK_TIME_INTEGER, PG_GETARG_INT64(ARG_WINDOW), PG_GETARG_INT64(ARG_AT));
}

/* window_funnel_trans for integer. */
Datum
cdp_window_funnel_trans_integer(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(ARG_AT))
		return skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_WINDOW))
		refuse_null("window");
	check_window(PG_GETARG_INT32(ARG_WINDOW));
	return add_row(fcinfo, CDPK_TIME_INTEGER, PG_GETARG_INT32(ARG_WINDOW), PG_GETARG_INT32(ARG_AT));
}

/* window_funnel_trans for double precision. */
Datum
cdp_window_funnel_trans_double(PG_FUNCTION_ARGS)
{
	double at;

	if (PG_ARGISNULL(ARG_AT))
		return skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_WINDOW))
		refuse_null("window");
	at = PG_GETARG_FLOAT8(ARG_AT);
	if (isnan(at) || isinf(at))
		refuse_infinite();
	check_window(PG_GETARG_FLOAT8(ARG_WINDOW));
	return add_row(fcinfo, CDPK_TIME_DOUBLE, cdpk_double_key(PG_GETARG_FLOAT8(ARG_WINDOW)),
				   cdpk_double_key(at));
}

/* window_funnel_combine(state, state) adds the rows of the second to the first; strict. */
Datum
cdp_window_funnel_combine(PG_FUNCTION_ARGS)
{
	CdpkAllocator allocator = state_allocator();
	CdpkFunnelState *other = (CdpkFunnelState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	CdpkFunnelSetup setup = {(CdpkTimeKind) other->kind, other->modes, other->steps, other->window};
	CdpkFunnelState *state = get_state(fcinfo, &allocator, &setup);

	check_status(cdpk_funnel_state_combine(&state, &allocator, other));
	return return_state(state);
}

/* window_funnel_final(state): the depth; 0 where there was no row. */
Datum
cdp_window_funnel_final(PG_FUNCTION_ARGS)
{
	CdpkAllocator huge = cdp_huge_allocator(CurrentMemoryContext);
	unsigned depth;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	check_status(cdpk_funnel_state_depth(
		(const CdpkFunnelState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0)), &huge, &depth));
	PG_RETURN_INT32((int32) depth);
}
