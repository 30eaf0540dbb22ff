/*
 * predicate.h
 *		The table of predicates and measures on a timeline, for the planner, for horizons, for tests.
 */
#ifndef CDP_PREDICATE_H
#define CDP_PREDICATE_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/supportnodes.h"

/* A row of predicates.def, which says what each column means. */
typedef struct Predicate
{
	const char *name;
	const char *arguments; /* after the timeline: "event, within, as_of" */
	const char *answer;
	PGFunction call;
	PGFunction horizon;
	bool exact;                                              /* the horizon */
	bool reads_all;                                          /* the events of all names */
	double (*selectivity)(const struct Predicate *predicate, /* NULL where it is no condition */
						  SupportRequestSelectivity *request);
	int cost; /* in operators, of a short timeline */
	const char *definition;
} Predicate;

extern const Predicate predicate_table[];
extern const int predicate_count;

/* An argument after the timeline. */
typedef struct PredicateArgument
{
	const char *name;
	const char *type;
	const char *otherwise; /* NULL where it must be given */
	const char *sample;
} PredicateArgument;

extern const PredicateArgument predicate_arguments[];
extern const int predicate_argument_count;

/* Return the predicate with a name or, of a function of schema cdp, its predicate; or NULL. */
extern const Predicate *predicate_named(const char *name);
extern const Predicate *predicate_of(Oid function);

/*
 * Return what a condition that is kept can use in place of a function of schema cdp whose answer
 * changes at every instant; NULL for other functions.
 */
extern const char *predicate_instead(Oid function);

/* Return the place of an argument among all of a predicate's, or -1. */
extern int predicate_argument(const Predicate *predicate, const char *name);

/* Return how many arguments after the timeline must be given; they come first. */
extern int predicate_required(const Predicate *predicate);

/*
 * Find until when the answer of a call stays, if nothing else happens; false for a NULL as_of.
 * "fcinfo" has the arguments of the call.  Raises the errors of the call.
 */
extern bool predicate_horizon(const Predicate *predicate, FunctionCallInfo fcinfo, int64 *horizon);

/* ---------------------------------------------------------------- estimate.c */

extern double estimate_did(const Predicate *predicate, SupportRequestSelectivity *request);
extern double estimate_did_not(const Predicate *predicate, SupportRequestSelectivity *request);
extern double estimate_rare(const Predicate *predicate, SupportRequestSelectivity *request);

#endif /* CDP_PREDICATE_H */
