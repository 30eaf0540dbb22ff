/*
 * judge.h
 *		Judges segments: evaluates their conditions, each as its owner.
 *
 * To a reader of a segment its condition is untrusted code.  All conditions are
 * evaluated through these functions, which return ids only; data about the people
 * found is read as the caller.
 */
#ifndef CDP_SEGMENT_JUDGE_H
#define CDP_SEGMENT_JUDGE_H

#include "utils/elog.h"
#include "utils/palloc.h"
#include "utils/timestamp.h"

/* a segment whose view was found and is locked */
typedef struct Segment
{
	NameData name;
	Oid view;
	Oid owner;
} Segment;

/* Callback: takes one id, or other number, from a query. */
typedef void (*JudgeTake)(void *arg, int64 number);

/* the result of judging a segment */
typedef struct Judgement
{
	int64 judged;     /* people judged without failure; 0 if all were judged in one statement */
	int64 members;    /* people in it */
	int64 failing;    /* people for whom the condition fails */
	int64 profile_id; /* the first of them; 0: none, or it fails as a whole */
	int sqlstate;     /* the error, if there is a message */
	char *message;    /* NULL: it did not fail */
	bool too_slow;    /* the error is that it takes too long */
	bool whole;       /* it fails as a whole: it has no members */

	TimestampTz deadline;  /* 0: none */
	MemoryContext context; /* of the message */
} Judgement;

/* how many people a condition may fail for before the segment fails as a whole */
#define JUDGE_FAILING_MAX 1000

/* flags of judge_find */
#define JUDGE_REQUIRED 1 /* raise an error if there is no view that the caller may read */
#define JUDGE_NOWAIT 2   /* do not wait for a transaction that redefines it: do not find it */

/*
 * Finds a segment's view and locks it, so that it does not change until
 * judge_release; returns false if there is none that the caller may read.
 */
extern bool judge_find(const char *name, int flags, Segment *segment);
extern void judge_release(const Segment *segment);

/* Returns whether a segment of this name has a view. */
extern bool judge_exists(const char *name);

/* Judges a segment for all people; passes members to "take" unless it is NULL. */
extern void judge_all(const Segment *segment, int failing_max, JudgeTake take, void *arg,
					  Judgement *result);

/* Judges a segment for these people. */
extern void judge_people(const Segment *segment, const int64 *ids, int64 count, int failing_max,
						 JudgeTake take, void *arg, Judgement *result);

/*
 * Judges segments of one owner for one person, in one statement, for at most "limit" milliseconds
 * (0: no limit).  Passes the indexes of those that the person is in to "take".  Returns NULL, or the
 * error of one of them.
 */
extern ErrorData *judge_person(const Segment *segments, int count, int64 profile_id, int limit,
							   JudgeTake take, void *arg);

/* Raises the error of a segment that cannot be judged. */
extern void judge_raise(const Segment *segment, const Judgement *result) __attribute__((noreturn));

#endif /* CDP_SEGMENT_JUDGE_H */
