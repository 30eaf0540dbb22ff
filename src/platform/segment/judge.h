/*
 * judge.h
 *		Judges segments' conditions, each as its owner, and gives ids.
 *
 * A condition is a stranger's code to those who read.  Everything that judges one
 * does it through here; what is shown of the people found is read as the caller.
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

/* Takes one id, or other number, that a judged query gives. */
typedef void (*JudgeTake)(void *arg, int64 number);

/* what came of judging a segment */
typedef struct Judgement
{
	int64 judged;     /* people of whom it was judged, where they were counted */
	int64 members;    /* those in it */
	int64 failing;    /* people of whom it cannot be judged */
	int64 profile_id; /* the first of them; 0: none in particular */
	int sqlstate;     /* what it fails with */
	char *message;    /* NULL: it does not */
	bool too_slow;    /* that it takes too long */
	bool whole;       /* it cannot be judged of any person: there are no members */

	TimestampTz deadline;  /* 0: none */
	MemoryContext context; /* of the message */
} Judgement;

/* how many people a condition may fail of before the segment as a whole does */
#define JUDGE_FAILING_MAX 1000

/* what judge_find is to do */
#define JUDGE_REQUIRED 1 /* raise an error where there is none that the caller may read */
#define JUDGE_NOWAIT 2   /* do not wait for who is defining it anew: then it is not found */

/*
 * Finds a segment's view, and locks it, so that it stays the same until
 * judge_release; false where there is none that the caller may read.
 */
extern bool judge_find(const char *name, int flags, Segment *segment);
extern void judge_release(const Segment *segment);

/* Whether there is a view of a segment's name. */
extern bool judge_exists(const char *name);

/* Judges a segment of all people; members go to "take" unless it is NULL. */
extern void judge_all(const Segment *segment, int failing_max, JudgeTake take, void *arg,
					  Judgement *result);

/* Judges a segment of these people. */
extern void judge_people(const Segment *segment, const int64 *ids, int64 count, int failing_max,
						 JudgeTake take, void *arg, Judgement *result);

/*
 * Judges all segments of one owner of one person, in one statement, for at most "limit" milliseconds
 * (0: any number); takes the places in the list of those that the person is in.  NULL, or the
 * error of one of them.
 */
extern ErrorData *judge_person(const Segment *segments, int count, int64 profile_id, int limit,
							   JudgeTake take, void *arg);

/* Raises the error of a segment that cannot be judged. */
extern void judge_raise(const Segment *segment, const Judgement *result) __attribute__((noreturn));

#endif /* CDP_SEGMENT_JUDGE_H */
