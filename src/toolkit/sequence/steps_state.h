/*
 * steps_state.h
 *		What the aggregates over rows with steps have in common: arguments, and the type
 *		cdp_internal.steps_state.
 *
 * The arguments of a transition function end with the time and the array of steps.  The state is
 * changed in place; where it must grow, the larger copy is made in the per-row memory context, and
 * the executor takes it over and frees the former one.
 */
#ifndef CDP_STEPS_STATE_H
#define CDP_STEPS_STATE_H

#include "fmgr.h"

#include "core/sequence/steps_state.h"

/* types of times that need a look at their own */
typedef enum StepsTime
{
	STEPS_TIMESTAMP, /* timestamptz too, which is the same number */
	STEPS_DATE,
	STEPS_BIGINT,
	STEPS_INTEGER,
	STEPS_DOUBLE
} StepsTime;

/* Raise the error for an argument that may not be NULL. */
extern void steps_refuse_null(const char *argument) __attribute__((noreturn));

/* Raise the error for a state that cannot be read or cannot grow. */
extern void steps_check(CdpkStatus status);

/* Return the time of a row, which is not NULL, and what it is; a date is its midnight. */
extern int64 steps_get_at(FunctionCallInfo fcinfo, int argument, StepsTime type,
						  CdpkTimeKind *kind);

/*
 * Read the conditions of a row: the set of those that are true, and how many there are.  NULL is not
 * true.
 */
extern uint32 steps_get_steps(FunctionCallInfo fcinfo, int argument, CdpkStepsUse use,
							  unsigned *count);

/* Add a row to the state, argument 0, or to a new one for the set-up. */
extern Datum steps_add_row(FunctionCallInfo fcinfo, const CdpkStepsSetup *setup, int64 at,
						   uint32 steps);

/* Read the state, argument 0, which is not NULL and must be for such a use. */
extern const CdpkStepsState *steps_get_state(FunctionCallInfo fcinfo, CdpkStepsUse use);

/* Return the state as it is, for a row without a time. */
extern Datum steps_skip_row(FunctionCallInfo fcinfo);

#endif /* CDP_STEPS_STATE_H */
