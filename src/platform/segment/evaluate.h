/*
 * evaluate.h
 *		Evaluates the conditions of segments: who is in, and until when that stays.
 *
 * To a reader of a segment its condition is untrusted code.  All conditions are evaluated through
 * these functions, as their owner, in a restricted context; data about the people found is read as
 * the caller.
 */
#ifndef CDP_SEGMENT_EVALUATE_H
#define CDP_SEGMENT_EVALUATE_H

#include "datatype/timestamp.h"
#include "utils/elog.h"
#include "utils/palloc.h"

#include "platform/segment/definition.h"

/* the answer of a condition for a person */
typedef struct Verdict
{
	bool known;   /* it is true or false, not NULL */
	bool holds;   /* it is true */
	bool failing; /* it raises an error; then the rest is not known, and "until" is never */
	char *
		value; /* of a computed trait, as text; NULL: none.  Then "holds" tells whether there is one */
	/*
	 * The first instant at which it could change if nothing else happens; DT_NOEND: never.  Where a segment before this
	 * one could change first, it may be nearer, though not so near.
	 */
	TimestampTz until;
} Verdict;

/* the result of evaluating a segment */
typedef struct Judgement
{
	int64 judged;     /* people judged without failure */
	int64 members;    /* people in it */
	int64 failing;    /* people for whom the condition fails */
	int64 profile_id; /* the first of them; 0: none, or it fails as a whole */
	int sqlstate;     /* the error, if there is a message */
	char *message;    /* NULL: it did not fail */
	bool too_slow;    /* the error is that it takes too long */
	bool whole; /* it fails as a whole: it has no members, and what was passed to "take" is void */
} Judgement;

/* how many people a condition may fail for before the segment fails as a whole */
#define EVALUATE_FAILING_MAX 1000

/* Callback: takes a person and the verdicts of the segments, in the order given. */
typedef void (*EvaluateTake)(void *arg, int64 profile_id, const Verdict *verdicts);

/*
 * Callback: returns what is kept of a person: the value of a computed trait, "" of a segment; NULL: none, or not in
 * it.  It is called in the restricted context, as the owner: it can only look at memory.
 */
typedef const char *(*EvaluateKeptValue)(void *arg, int64 profile_id, int32 segment_id);

/*
 * Callback: returns how many people of an account are in a segment of people at an instant; -1: unknown, as they are
 * too many.  *until comes nearer if that can change before.  Otherwise as above.
 */
typedef int64 (*EvaluateMembers)(void *arg, int64 account_id, int32 segment_id, TimestampTz as_of,
								 TimestampTz *until);

/* Callback: tells at which instant a person is judged. */
typedef TimestampTz (*EvaluateInstant)(void *arg, int64 profile_id);

/*
 * Evaluates segments of one subject, owner and level for these people (ids NULL: all), at as_of or, unless that is NULL, at
 * each person's instant, for at most
 * cdp.segment_timeout.  People who do not exist are left out; the order is that of the ids, or ascending.  A
 * segment that fails is evaluated by itself, person by person where it must; one that fails as a whole or is too
 * slow says so in its result.
 */
extern void evaluate_people(const Segment *segments, int count, const int64 *ids, int64 id_count,
							TimestampTz as_of, EvaluateInstant instant,
							EvaluateKeptValue kept_value, EvaluateMembers members,
							EvaluateTake take, void *arg, Judgement *results);

#endif /* CDP_SEGMENT_EVALUATE_H */
