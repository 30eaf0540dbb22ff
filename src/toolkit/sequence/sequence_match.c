/*
 * sequence_match.c
 *		The aggregates cdp.sequence_match, cdp.sequence_count and cdp.sequence_match_events.
 *
 * Arguments of the transition functions: the state, the pattern, the time, the conditions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/steps_state.h"
#include "cdp.h"
#include "compat.h"
#include "core/sequence/sequence.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_sequence_trans);
CDP_FUNCTION(cdp_sequence_trans_date);
CDP_FUNCTION(cdp_sequence_trans_bigint);
CDP_FUNCTION(cdp_sequence_trans_integer);
CDP_FUNCTION(cdp_sequence_trans_double);
CDP_FUNCTION(cdp_sequence_match_final);
CDP_FUNCTION(cdp_sequence_count_final);
CDP_FUNCTION(cdp_sequence_match_events_final_timestamptz);
CDP_FUNCTION(cdp_sequence_match_events_final_timestamp);
CDP_FUNCTION(cdp_sequence_match_events_final_date);
CDP_FUNCTION(cdp_sequence_match_events_final_bigint);
CDP_FUNCTION(cdp_sequence_match_events_final_integer);
CDP_FUNCTION(cdp_sequence_match_events_final_double);

#define ARG_PATTERN 1
#define ARG_AT 2
#define ARG_CONDITIONS 3

/* rows between two looks at interrupts */
#define SLICE 100000

/* ---------------------------------------------------------------- reading rows */

/* Compile the pattern of a set-up; raise an error if it is invalid. */
static void
compile(const CdpkStepsSetup *setup, CdpkProgram *program)
{
	CdpkTextProblem problem;
	CdpkStatus status = cdpk_pattern_compile(setup->pattern, setup->pattern_length, setup->kind,
											 setup->steps, program, &problem);

	if (status == CDPK_OK)
		return;
	ereport(ERROR,
			(errcode(status == CDPK_TOO_LONG ? ERRCODE_PROGRAM_LIMIT_EXCEEDED
											 : ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid pattern \"%s\"",
					pnstrdup(setup->pattern,
							 pg_mbcliplen(setup->pattern, (int) setup->pattern_length, 1000))),
			 status == CDPK_OUT_OF_RANGE
				 ? errdetail_plural("At byte %zu: %s; there is %u condition.",
									"At byte %zu: %s; there are %u conditions.", setup->steps,
									problem.position, problem.words, setup->steps)
				 : errdetail("At byte %zu: %s.", problem.position, problem.words),
			 errhint("A pattern consists of (?1) for an event that satisfies the first condition, "
					 "'.' for any event, '.*' for any number of them, and times between two "
					 "events, as in (?1)(?t<=3600)(?2).")));
}

/* Add a row, unless it has no time. */
static Datum
add_row(FunctionCallInfo fcinfo, StepsTime type)
{
	CdpkStepsSetup setup = {0};
	text *pattern;
	uint32 conditions;
	int64 at;

	if (PG_ARGISNULL(ARG_AT))
		return steps_skip_row(fcinfo);
	if (PG_ARGISNULL(ARG_PATTERN))
		steps_refuse_null("pattern");
	pattern = PG_GETARG_TEXT_PP(ARG_PATTERN);
	at = steps_get_at(fcinfo, ARG_AT, type, &setup.kind);
	conditions = steps_get_steps(fcinfo, ARG_CONDITIONS, CDPK_STEPS_SEQUENCE, &setup.steps);
	setup.use = CDPK_STEPS_SEQUENCE;
	setup.pattern = VARDATA_ANY(pattern);
	setup.pattern_length = VARSIZE_ANY_EXHDR(pattern);
	if (PG_ARGISNULL(0))
	{
		CdpkProgram program;

		compile(&setup, &program);
	}
	return steps_add_row(fcinfo, &setup, at, conditions);
}

/* sequence_trans for timestamptz and timestamp. */
Datum
cdp_sequence_trans(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_TIMESTAMP);
}

/* sequence_trans for date: all days have 24 hours. */
Datum
cdp_sequence_trans_date(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_DATE);
}

/* sequence_trans for bigint. */
Datum
cdp_sequence_trans_bigint(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_BIGINT);
}

/* sequence_trans for integer. */
Datum
cdp_sequence_trans_integer(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_INTEGER);
}

/* sequence_trans for double precision. */
Datum
cdp_sequence_trans_double(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, STEPS_DOUBLE);
}

/* ---------------------------------------------------------------- the answer */

/* The rows of a group in order, and what is looked for in them. */
typedef struct History
{
	CdpkAllocator allocator;
	CdpkProgram program;
	CdpkTimed *rows;
	size_t count;
} History;

/* Read a state; false for NULL, which is one without rows. */
static bool
open_history(FunctionCallInfo fcinfo, History *history)
{
	const CdpkStepsState *state;
	CdpkStepsSetup setup;

	if (PG_ARGISNULL(0))
		return false;
	state = steps_get_state(fcinfo, CDPK_STEPS_SEQUENCE);
	setup = cdpk_steps_state_setup(state);
	history->allocator = cdp_huge_scratch(CurrentMemoryContext);
	compile(&setup, &history->program);
	steps_check(cdpk_steps_state_rows(state, &history->allocator, cdpk_history_order,
									  &history->rows, &history->count));
	return history->count > 0;
}

/* Count up to "enough" matches. */
static uint64
count_matches(FunctionCallInfo fcinfo, uint64 enough)
{
	History history;
	CdpkMatcher matcher;
	uint64_t matches = 0;

	if (!open_history(fcinfo, &history))
		return 0;
	cdpk_matcher_init(&matcher, &history.program, &history.allocator);
	for (size_t start = 0; start < history.count && matches < enough; start += SLICE)
	{
		CHECK_FOR_INTERRUPTS();
		steps_check(cdpk_sequence_count(&matcher, history.rows + start,
										Min(SLICE, history.count - start), enough, &matches));
	}
	cdpk_matcher_free(&matcher);
	cdpk_release(&history.allocator, history.rows);
	return matches;
}

/* sequence_match_final(state): whether there is a match. */
Datum
cdp_sequence_match_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(count_matches(fcinfo, 1) > 0);
}

/* sequence_count_final(state): how many there are that have no event in common. */
Datum
cdp_sequence_count_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) count_matches(fcinfo, PG_UINT64_MAX));
}

/* Turn a time back into what it was. */
static Datum
time_datum(int64 at, Oid type)
{
	switch (type)
	{
		case DATEOID:
			return DateADTGetDatum((DateADT) (at / USECS_PER_DAY));
		case INT4OID:
			return Int32GetDatum((int32) at);
		case FLOAT8OID:
			return Float8GetDatum(cdpk_double_of_key(at));
		default:
			return Int64GetDatum(at);
	}
}

/* Return the times of the events for (?N) in the earliest match, as far as it goes. */
static Datum
match_events(FunctionCallInfo fcinfo, Oid type, int width, bool by_value, char align)
{
	History history;
	Datum times[CDPK_SEQUENCE_STEPS_MAX];
	size_t places[CDPK_SEQUENCE_STEPS_MAX];
	unsigned depth;
	int count = 0;

	if (!open_history(fcinfo, &history))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(type));
	CHECK_FOR_INTERRUPTS();
	steps_check(cdpk_sequence_events(&history.program, &history.allocator, history.rows,
									 history.count, places, &depth));
	for (unsigned i = 0; i < depth; i++)
		if (history.program.steps[i].any != 0)
			times[count++] = time_datum(history.rows[places[i]].at, type);
	cdpk_release(&history.allocator, history.rows);
	PG_RETURN_ARRAYTYPE_P(construct_array(times, count, type, width, by_value, align));
}

/* sequence_match_events_final_*(state): one for each type of times. */
Datum
cdp_sequence_match_events_final_timestamptz(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
						TYPALIGN_DOUBLE);
}

Datum
cdp_sequence_match_events_final_timestamp(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, TIMESTAMPOID, sizeof(Timestamp), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

Datum
cdp_sequence_match_events_final_date(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, DATEOID, sizeof(DateADT), true, TYPALIGN_INT);
}

Datum
cdp_sequence_match_events_final_bigint(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

Datum
cdp_sequence_match_events_final_integer(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

Datum
cdp_sequence_match_events_final_double(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}
