/*
 * sequence_next.c
 *		The aggregate cdp.sequence_next, and the type of its state.
 *
 * Arguments of the transition functions: the state, the direction, the base, the time, the event,
 * the condition of the base, the conditions of the chain.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "toolkit/sequence/steps_state.h"
#include "cdp.h"
#include "compat.h"
#include "core/sequence/sequence_next.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/wire.h"

CDP_FUNCTION(cdp_sequence_next_trans);
CDP_FUNCTION(cdp_sequence_next_trans_date);
CDP_FUNCTION(cdp_sequence_next_trans_bigint);
CDP_FUNCTION(cdp_sequence_next_trans_integer);
CDP_FUNCTION(cdp_sequence_next_trans_double);
CDP_FUNCTION(cdp_sequence_next_combine);
CDP_FUNCTION(cdp_sequence_next_final);
CDP_FUNCTION(cdp_sequence_next_state_in);
CDP_FUNCTION(cdp_sequence_next_state_out);
CDP_FUNCTION(cdp_sequence_next_state_recv);
CDP_FUNCTION(cdp_sequence_next_state_send);

enum
{
	ARG_STATE,
	ARG_DIRECTION,
	ARG_BASE,
	ARG_AT,
	ARG_EVENT,
	ARG_BASE_CONDITION,
	ARG_CHAIN
};

/* Raise the error for a state that cannot be read or cannot grow. */
static void
check(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many rows in a group"),
						errdetail("The rows of a group, with their events, take at most 512 MB.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp_internal.sequence_next_state");
}

/* ---------------------------------------------------------------- reading rows */

/* Read the direction and the base. */
static void
get_words(FunctionCallInfo fcinfo, CdpkNextSetup *setup)
{
	text *direction;
	text *base;

	if (PG_ARGISNULL(ARG_DIRECTION))
		steps_refuse_null("direction");
	if (PG_ARGISNULL(ARG_BASE))
		steps_refuse_null("base");
	direction = PG_GETARG_TEXT_PP(ARG_DIRECTION);
	base = PG_GETARG_TEXT_PP(ARG_BASE);
	if (!cdpk_next_direction(VARDATA_ANY(direction), VARSIZE_ANY_EXHDR(direction),
							 &setup->direction))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid direction \"%s\"", text_to_cstring(direction)),
						errhint("A direction is forward or backward.")));
	if (!cdpk_next_base(VARDATA_ANY(base), VARSIZE_ANY_EXHDR(base), &setup->base))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid base \"%s\"", text_to_cstring(base)),
						errhint("A base is head, tail, first_match or last_match.")));
}

/* Return the state, argument 0, or a new one for the set-up. */
static CdpkNextState *
get_state(FunctionCallInfo fcinfo, const CdpkNextSetup *setup)
{
	CdpkNextState *state;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "function on cdp_internal.sequence_next_state called outside of an aggregate");
	if (PG_ARGISNULL(ARG_STATE))
		check(cdpk_next_new(&cdp_state_allocator, setup, &state));
	else
		state = (CdpkNextState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(ARG_STATE));
	if (!cdpk_next_fits(state, setup))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same for all rows of a group",
							   state->direction != setup->direction ? "direction"
							   : state->base != setup->base         ? "base"
							   : state->steps != setup->steps       ? "the number of conditions"
																	: "the kind of times")));
	return state;
}

/* Add a row, unless it has no time or no event. */
static Datum
add_row(FunctionCallInfo fcinfo, StepsTime type)
{
	CdpkNextSetup setup;
	CdpkNextState *state;
	CdpkNextRow row;
	text *event;

	if (PG_ARGISNULL(ARG_AT) || PG_ARGISNULL(ARG_EVENT))
		return steps_skip_row(fcinfo);
	get_words(fcinfo, &setup);
	event = PG_GETARG_TEXT_PP(ARG_EVENT);
	row.at = steps_get_at(fcinfo, ARG_AT, type, &setup.kind);
	row.steps = steps_get_steps(fcinfo, ARG_CHAIN, CDPK_STEPS_SEQUENCE, &setup.steps);
	row.can_be_base = !PG_ARGISNULL(ARG_BASE_CONDITION) && PG_GETARG_BOOL(ARG_BASE_CONDITION);
	row.name = VARDATA_ANY(event);
	row.length = VARSIZE_ANY_EXHDR(event);
	state = get_state(fcinfo, &setup);
	check(cdpk_next_add(&state, &cdp_state_allocator, &row));
	return cdp_varlena(state, state->size);
}

/* sequence_next_trans for timestamptz and timestamp. */
Datum
cdp_sequence_next_trans(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_TIMESTAMP);
}

/* sequence_next_trans for date. */
Datum
cdp_sequence_next_trans_date(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_DATE);
}

/* sequence_next_trans for bigint. */
Datum
cdp_sequence_next_trans_bigint(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_BIGINT);
}

/* sequence_next_trans for integer. */
Datum
cdp_sequence_next_trans_integer(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_INTEGER);
}

/* sequence_next_trans for double precision. */
Datum
cdp_sequence_next_trans_double(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_DOUBLE);
}

/* sequence_next_combine(state, state): add the rows of the second to the first; strict. */
Datum
cdp_sequence_next_combine(PG_FUNCTION_ARGS)
{
	CdpkNextState *other = (CdpkNextState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	CdpkNextSetup setup = {(CdpkNextDirection) other->direction, (CdpkNextBase) other->base,
						   (CdpkTimeKind) other->kind, other->steps};
	CdpkNextState *state = get_state(fcinfo, &setup);

	check(cdpk_next_combine(&state, &cdp_state_allocator, other));
	return cdp_varlena(state, state->size);
}

/* sequence_next_final(state): the event after the chain, or NULL. */
Datum
cdp_sequence_next_final(PG_FUNCTION_ARGS)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	CdpkNextRow row;
	bool found;

	if (PG_ARGISNULL(ARG_STATE))
		PG_RETURN_NULL();
	check(cdpk_next_find((const CdpkNextState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(ARG_STATE)),
						 &scratch, &found, &row));
	if (!found)
		PG_RETURN_NULL();
	/* a state that came over the wire may hold anything */
	pg_verifymbstr(row.name, (int) row.length, false);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(row.name, (int) row.length));
}

/* ---------------------------------------------------------------- the type */

/* Make a state from the form on the wire. */
static Datum
state_from_bytes(const uint8_t *bytes, size_t length)
{
	CdpkNextState *state;

	check(cdpk_next_read(bytes, length, &cdp_palloc_allocator, &state));
	return cdp_varlena(state, state->size);
}

/* Write the form on the wire. */
static const uint8_t *
state_to_bytes(Datum datum, size_t *length)
{
	const CdpkNextState *state = (const CdpkNextState *) PG_DETOAST_DATUM(datum);
	uint8_t *bytes;

	*length = cdpk_next_wire_size(state);
	bytes = palloc(*length);
	cdpk_next_write(state, bytes);
	return bytes;
}

static const CdpWireType next_state = {"cdp_internal.sequence_next_state", state_from_bytes,
									   state_to_bytes};

Datum
cdp_sequence_next_state_in(PG_FUNCTION_ARGS)
{
	return cdp_wire_in(fcinfo, &next_state);
}

Datum
cdp_sequence_next_state_out(PG_FUNCTION_ARGS)
{
	return cdp_wire_out(fcinfo, &next_state);
}

Datum
cdp_sequence_next_state_recv(PG_FUNCTION_ARGS)
{
	return cdp_wire_recv(fcinfo, &next_state);
}

Datum
cdp_sequence_next_state_send(PG_FUNCTION_ARGS)
{
	return cdp_wire_send(fcinfo, &next_state);
}
