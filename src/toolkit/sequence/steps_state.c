/*
 * steps_state.c
 *		The type cdp_internal.steps_state, rows of a funnel or a sequence, and how aggregates fill it.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/steps_state.h"
#include "cdp.h"
#include "compat.h"
#include "toolkit/bridge/conditions.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/wire.h"

CDP_FUNCTION(cdp_steps_state_in);
CDP_FUNCTION(cdp_steps_state_out);
CDP_FUNCTION(cdp_steps_state_recv);
CDP_FUNCTION(cdp_steps_state_send);
CDP_FUNCTION(cdp_steps_state_combine);

/* ---------------------------------------------------------------- arguments */

/* Raise the error for an argument that may not be NULL. */
void
steps_refuse_null(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argument)));
}

/* Raise the error for an infinite time. */
static void
refuse_infinite(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at must be finite"),
					errhint("Leave out such rows with FILTER (WHERE ...).")));
}

/* Raise the error for a state that cannot be read or cannot grow. */
void
steps_check(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many rows in a group"),
						errdetail("The rows of a group take at most 512 MB, 9 to 12 bytes each.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp_internal.steps_state");
}

/* Return the midnight of a date. */
static int64
get_date(DateADT date)
{
	int64 at;

	if (DATE_NOT_FINITE(date))
		refuse_infinite();
	if (pg_mul_s64_overflow(date, USECS_PER_DAY, &at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at is out of range")));
	return at;
}

/* Return a double's key. */
static int64
get_double(double at)
{
	if (isnan(at) || isinf(at))
		refuse_infinite();
	return cdpk_double_key(at);
}

/* Read the time of a row. */
int64
steps_get_at(FunctionCallInfo fcinfo, int argument, StepsTime type, CdpkTimeKind *kind)
{
	*kind = CDPK_TIME_INTEGER;
	switch (type)
	{
		case STEPS_BIGINT:
			return PG_GETARG_INT64(argument);
		case STEPS_INTEGER:
			return PG_GETARG_INT32(argument);
		case STEPS_DOUBLE:
			*kind = CDPK_TIME_DOUBLE;
			return get_double(PG_GETARG_FLOAT8(argument));
		case STEPS_DATE:
			*kind = CDPK_TIME_INSTANT;
			return get_date(PG_GETARG_DATEADT(argument));
		case STEPS_TIMESTAMP:
			*kind = CDPK_TIME_INSTANT;
			if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(argument)))
				refuse_infinite();
			return PG_GETARG_TIMESTAMPTZ(argument);
	}
	pg_unreachable();
}

/* Return what an error calls it. */
static const char *
number_of_steps(CdpkStepsUse use)
{
	return use == CDPK_STEPS_FUNNEL ? "the number of steps" : "the number of conditions";
}

/* Read the conditions of a row. */
uint32
steps_get_steps(FunctionCallInfo fcinfo, int argument, CdpkStepsUse use, unsigned *count)
{
	uint32 steps;
	int given;

	if (PG_ARGISNULL(argument))
		steps_refuse_null(use == CDPK_STEPS_FUNNEL ? "steps" : "conditions");
	steps = cdp_conditions(PG_GETARG_ARRAYTYPE_P(argument), number_of_steps(use), &given);
	*count = (unsigned) given;
	return steps;
}

/* ---------------------------------------------------------------- the state */

/* Raise the error for a row or state of another set-up than the group's. */
static void
refuse_change(const CdpkStepsState *state, const CdpkStepsSetup *setup)
{
	const char *what = state->window != setup->window ? "within"
					   : state->modes != setup->modes ? "mode"
					   : state->steps != setup->steps ? number_of_steps(setup->use)
					   : setup->pattern_length > 0    ? "pattern"
													  : "the kind of times";

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s must be the same for all rows of a group", what)));
}

/* Return the state, argument 0, or a new one for the set-up. */
static CdpkStepsState *
get_state(FunctionCallInfo fcinfo, const CdpkStepsSetup *setup)
{
	CdpkStepsState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "function on cdp_internal.steps_state called outside of an aggregate");
	if (PG_ARGISNULL(0))
		steps_check(cdpk_steps_state_new(&cdp_state_allocator, setup, 0, &state));
	else
		state = (CdpkStepsState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	if (!cdpk_steps_state_fits(state, setup))
		refuse_change(state, setup);
	return state;
}

/* Add a row that has a time. */
Datum
steps_add_row(FunctionCallInfo fcinfo, const CdpkStepsSetup *setup, int64 at, uint32 steps)
{
	CdpkStepsState *state = get_state(fcinfo, setup);

	steps_check(cdpk_steps_state_add(&state, &cdp_state_allocator, at, steps));
	return cdp_varlena(state, state->size);
}

/* Read the state for a final function. */
const CdpkStepsState *
steps_get_state(FunctionCallInfo fcinfo, CdpkStepsUse use)
{
	const CdpkStepsState *state = (const CdpkStepsState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));

	if (state->use != use)
		steps_check(CDPK_CORRUPT);
	return state;
}

/* Return the state as it is, for a row without a time. */
Datum
steps_skip_row(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* steps_state_combine(state, state): add the rows of the second to the first; strict. */
Datum
cdp_steps_state_combine(PG_FUNCTION_ARGS)
{
	CdpkStepsState *other = (CdpkStepsState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	CdpkStepsSetup setup = cdpk_steps_state_setup(other);
	CdpkStepsState *state = get_state(fcinfo, &setup);

	steps_check(cdpk_steps_state_combine(&state, &cdp_state_allocator, other));
	return cdp_varlena(state, state->size);
}

/* ---------------------------------------------------------------- the type */

/* Make a state from the form on the wire. */
static Datum
state_from_bytes(const uint8_t *bytes, size_t length)
{
	CdpkStepsState *state;
	CdpkStatus status = cdpk_steps_state_read(bytes, length, &cdp_palloc_allocator, &state);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp_internal.steps_state");
	return cdp_varlena(state, state->size);
}

/* Write the form on the wire. */
static const uint8_t *
state_to_bytes(Datum datum, size_t *length)
{
	const CdpkStepsState *state = (const CdpkStepsState *) PG_DETOAST_DATUM(datum);
	uint8_t *bytes;

	*length = cdpk_steps_state_wire_size(state);
	bytes = palloc(*length);
	cdpk_steps_state_write(state, bytes);
	return bytes;
}

static const CdpWireType steps_state = {"cdp_internal.steps_state", state_from_bytes,
										state_to_bytes};

Datum
cdp_steps_state_in(PG_FUNCTION_ARGS)
{
	return cdp_wire_in(fcinfo, &steps_state);
}

Datum
cdp_steps_state_out(PG_FUNCTION_ARGS)
{
	return cdp_wire_out(fcinfo, &steps_state);
}

Datum
cdp_steps_state_recv(PG_FUNCTION_ARGS)
{
	return cdp_wire_recv(fcinfo, &steps_state);
}

Datum
cdp_steps_state_send(PG_FUNCTION_ARGS)
{
	return cdp_wire_send(fcinfo, &steps_state);
}
