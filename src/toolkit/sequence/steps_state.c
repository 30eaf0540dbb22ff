/*
 * steps_state.c
 *		The type cdp.steps_state, rows of a funnel or a sequence, and how aggregates fill it.
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

/* steps_refuse_null raises the error for an argument that may not be NULL. */
void
steps_refuse_null(const char *argument)
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

/* steps_check raises the error for a state that cannot be read or cannot grow. */
void
steps_check(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many rows in a group"),
						errdetail("The rows of a group take at most 512 MB, 9 to 12 bytes each.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.steps_state");
}

/* get_date gives the midnight of a date. */
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

/* get_double gives a double's key. */
static int64
get_double(double at)
{
	if (isnan(at) || isinf(at))
		refuse_infinite();
	return cdpk_double_key(at);
}

/* steps_get_at reads the time of a row. */
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

/* number_of_steps says what an error calls it. */
static const char *
number_of_steps(CdpkStepsUse use)
{
	return use == CDPK_STEPS_FUNNEL ? "the number of steps" : "the number of conditions";
}

/* steps_get_steps reads the conditions of a row. */
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

/* An allocator that never frees: the executor owns the state. */
static CdpkAllocator
state_allocator(void)
{
	CdpkAllocator allocator = cdp_palloc_allocator;

	allocator.release = NULL;
	return allocator;
}

/* refuse_change raises the error for a row or state that is not of the group's set-up. */
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

/* get_state returns the state, argument 0, or a new one for the set-up. */
static CdpkStepsState *
get_state(FunctionCallInfo fcinfo, const CdpkAllocator *allocator, const CdpkStepsSetup *setup)
{
	CdpkStepsState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "function on cdp.steps_state called outside of an aggregate");
	if (PG_ARGISNULL(0))
		steps_check(cdpk_steps_state_new(allocator, setup, 0, &state));
	else
		state = (CdpkStepsState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	if (!cdpk_steps_state_fits(state, setup))
		refuse_change(state, setup);
	return state;
}

/* return_state makes the state a varlena. */
static Datum
return_state(CdpkStepsState *state)
{
	return cdp_varlena(state, state->size);
}

/* steps_add_row adds a row that has a time. */
Datum
steps_add_row(FunctionCallInfo fcinfo, const CdpkStepsSetup *setup, int64 at, uint32 steps)
{
	CdpkAllocator allocator = state_allocator();
	CdpkStepsState *state = get_state(fcinfo, &allocator, setup);

	steps_check(cdpk_steps_state_add(&state, &allocator, at, steps));
	return return_state(state);
}

/* steps_get_state reads the state for a final function. */
const CdpkStepsState *
steps_get_state(FunctionCallInfo fcinfo, CdpkStepsUse use)
{
	const CdpkStepsState *state = (const CdpkStepsState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));

	if (state->use != use)
		steps_check(CDPK_CORRUPT);
	return state;
}

/* steps_skip_row leaves the state as it is. */
Datum
steps_skip_row(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* steps_state_combine(state, state) adds the rows of the second to the first; strict. */
Datum
cdp_steps_state_combine(PG_FUNCTION_ARGS)
{
	CdpkAllocator allocator = state_allocator();
	CdpkStepsState *other = (CdpkStepsState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	CdpkStepsSetup setup = cdpk_steps_state_setup(other);
	CdpkStepsState *state = get_state(fcinfo, &allocator, &setup);

	steps_check(cdpk_steps_state_combine(&state, &allocator, other));
	return return_state(state);
}

/* ---------------------------------------------------------------- the type */

/* state_from_wire makes a state from the form on the wire. */
static Datum
state_from_wire(const uint8_t *bytes, size_t length)
{
	CdpkStepsState *state;
	CdpkStatus status = cdpk_steps_state_read(bytes, length, &cdp_palloc_allocator, &state);

	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp.steps_state");
	return cdp_varlena(state, state->size);
}

/* state_to_wire is its inverse. */
static uint8_t *
state_to_wire(Datum datum, size_t *length)
{
	const CdpkStepsState *state = (const CdpkStepsState *) PG_DETOAST_DATUM(datum);
	uint8_t *bytes;

	*length = cdpk_steps_state_wire_size(state);
	bytes = palloc(*length);
	cdpk_steps_state_write(state, bytes);
	return bytes;
}

/* steps_state_in reads hexadecimal digits. */
Datum
cdp_steps_state_in(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = cdp_wire_from_text(fcinfo, &length);

	return state_from_wire(bytes, length);
}

/* steps_state_out writes them. */
Datum
cdp_steps_state_out(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = state_to_wire(PG_GETARG_DATUM(0), &length);

	return cdp_wire_to_text(bytes, length, "cdp.steps_state");
}

/* steps_state_recv reads the form on the wire. */
Datum
cdp_steps_state_recv(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = cdp_wire_from_message(fcinfo, &length);

	return state_from_wire(bytes, length);
}

/* steps_state_send writes it. */
Datum
cdp_steps_state_send(PG_FUNCTION_ARGS)
{
	size_t length;
	const uint8_t *bytes = state_to_wire(PG_GETARG_DATUM(0), &length);

	return cdp_wire_to_message(bytes, length);
}
