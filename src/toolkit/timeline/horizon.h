/*
 * horizon.h
 *		The horizons of predicates and measures: until when an answer stays, if nothing else happens.
 *
 * Each takes the arguments of its predicate, whose NULLs and errors the caller has seen to
 * (toolkit/predicate), and returns a timestamptz after as_of, or infinity.
 */
#ifndef CDP_TIMELINE_HORIZON_H
#define CDP_TIMELINE_HORIZON_H

#include "fmgr.h"

/* exact, of did and did_not, count_events, first_time, last_time */
extern Datum did_horizon(PG_FUNCTION_ARGS);
extern Datum count_horizon(PG_FUNCTION_ARGS);
extern Datum first_horizon(PG_FUNCTION_ARGS);
extern Datum last_horizon(PG_FUNCTION_ARGS);

/* exact, but where the clocks go back over midnight */
extern Datum did_regularly_horizon(PG_FUNCTION_ARGS);

/* bounds */
extern Datum current_streak_horizon(PG_FUNCTION_ARGS);
extern Datum time_since_horizon(PG_FUNCTION_ARGS);

/* a bound, of any answer about the events of a step, or about all */
extern Datum step_horizon(PG_FUNCTION_ARGS);
extern Datum timeline_horizon(PG_FUNCTION_ARGS);

#endif
