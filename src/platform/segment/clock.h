/*
 * clock.h
 *		The uses of the clock in a condition, and until when their answers stay.
 *
 * A condition can use now() as the as_of of a predicate, and in comparisons of a timestamptz with now(), plus or
 * minus a constant interval.  Only so is it known when its answer changes.  All other uses are refused.
 */
#ifndef CDP_SEGMENT_CLOCK_H
#define CDP_SEGMENT_CLOCK_H

#include "nodes/execnodes.h"
#include "nodes/params.h"
#include "parser/parse_node.h"

/* the instants that conditions use: as_of, shifted by these numbers of microseconds */
typedef struct Clock
{
	ParseState *pstate; /* for positions in errors; NULL: none */
	int64 *shifts;
	int count;
	ParamListInfo instants; /* their values, made by clock_set */
} Clock;

/* Returns whether a type is a date or a time. */
extern bool clock_is_time(Oid type);

/* Reads a constant interval without months, in microseconds, a day being 24 hours; returns false for other nodes. */
extern bool clock_read_shift(Node *node, int64 *shift);

/* one use of the clock */
typedef struct ClockTerm ClockTerm;

/*
 * Replaces the instants in an expression by parameters; returns the new expression and appends its uses of the clock
 * to *terms.  Raises an error for uses that are refused.
 */
extern Node *clock_replace(Clock *clock, Node *expression, List **terms);

/* Makes the parameters, once all expressions are known; sets as_of. */
extern void clock_start(Clock *clock);
extern void clock_set(Clock *clock, TimestampTz as_of);

/* Prepares a term for evaluation. */
extern void clock_prepare_term(const Clock *clock, ClockTerm *term);

/* Returns until when the answer of a term stays, for the row in the context; raises the errors of the term. */
extern TimestampTz clock_until(ClockTerm *term, TimestampTz as_of, ExprContext *row);

#endif /* CDP_SEGMENT_CLOCK_H */
