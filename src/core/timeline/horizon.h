/*
 * horizon.h
 *		Until when an answer about a stretch of time stays as it is, if nothing else happens.
 *
 * As as_of moves on, an event enters the stretch when it is due and old enough, at + older_than,
 * and leaves it at + within.  A horizon is the earliest later as_of at which the answer differs,
 * or may differ, from the present one; CDPK_NEVER where there is none.
 */
#ifndef CDPK_HORIZON_H
#define CDPK_HORIZON_H

#include "core/timeline/period.h"

/* Answers about the events of one name whose horizon is exact. */
typedef enum CdpkAnswer
{
	CDPK_ANSWER_COUNT, /* whether there are from at_least to at_most */
	CDPK_ANSWER_FIRST,
	CDPK_ANSWER_LAST,
	CDPK_ANSWER_TIMES /* how many there are */
} CdpkAnswer;

typedef struct CdpkQuestion
{
	CdpkAnswer answer;
	uint64_t at_least; /* of CDPK_ANSWER_COUNT */
	uint64_t at_most;
} CdpkQuestion;

/* Gives the exact horizon of an answer about a column. */
extern CdpkStatus cdpk_horizon_exact(const CdpkStretch *stretch, const CdpkQuestion *question,
									 const CdpkColumn *column, const CdpkAllocator *allocator,
									 int64_t *horizon);

/*
 * Gives the earliest instant at which an event of a column enters or leaves the stretch: until
 * then no answer about the column changes.
 */
extern CdpkStatus cdpk_horizon_bound(const CdpkStretch *stretch, const CdpkColumn *column,
									 int64_t *horizon);

/* The same of all events of a timeline. */
extern CdpkStatus cdpk_horizon_bound_all(const CdpkStretch *stretch, const CdpkTimeline *timeline,
										 int64_t *horizon);

#endif /* CDPK_HORIZON_H */
