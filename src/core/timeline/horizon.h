/*
 * horizon.h
 *		Until when an answer about a time range stays as it is, if nothing else happens.
 *
 * As as_of moves on, an event enters the time range when it is due and old enough, at + older_than,
 * and leaves it at + within.  A horizon is the earliest later as_of at which the answer differs,
 * or may differ, from the present one; CDPK_NEVER where there is none.
 */
#ifndef CDPK_HORIZON_H
#define CDPK_HORIZON_H

#include "core/timeline/time_range.h"

/* Answers about the events of one name whose horizon is exact. */
typedef enum CdpkAnswer
{
	CDPK_ANSWER_COUNT, /* did: whether at_least to at_most events are in the range */
	CDPK_ANSWER_FIRST,
	CDPK_ANSWER_LAST,
	CDPK_ANSWER_TIMES /* count_events: how many events are in the range */
} CdpkAnswer;

typedef struct CdpkQuestion
{
	CdpkAnswer answer;
	uint64_t at_least; /* of CDPK_ANSWER_COUNT */
	uint64_t at_most;
} CdpkQuestion;

/* Return the exact horizon of an answer about a column. */
extern CdpkStatus cdpk_horizon_exact(const CdpkTimeRangeSpec *spec, const CdpkQuestion *question,
									 const CdpkColumn *column, const CdpkAllocator *allocator,
									 int64_t *horizon);

/*
 * Return the earliest instant at which an event of a column enters or leaves the time range: until
 * then no answer about the column changes.
 */
extern CdpkStatus cdpk_horizon_bound(const CdpkTimeRangeSpec *spec, const CdpkColumn *column,
									 int64_t *horizon);

/* Give that instant for all events of a timeline. */
extern CdpkStatus cdpk_horizon_bound_all(const CdpkTimeRangeSpec *spec,
										 const CdpkTimeline *timeline, int64_t *horizon);

#endif /* CDPK_HORIZON_H */
