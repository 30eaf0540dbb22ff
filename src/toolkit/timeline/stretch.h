/*
 * stretch.h
 *		The arguments that predicates and measures on a timeline share: the timeline, a name of
 *		events, and a stretch of time.
 */
#ifndef CDP_STRETCH_H
#define CDP_STRETCH_H

#include "toolkit/timeline/timeline.h"
#include "core/timeline/period.h"

/* the timeline and, in most, the event come first */
#define ARG_TIMELINE 0
#define ARG_EVENT 1

/* the arguments of a stretch of time, from the first of them on */
enum
{
	STRETCH_WITHIN,
	STRETCH_OLDER_THAN,
	STRETCH_SINCE,
	STRETCH_UNTIL,
	STRETCH_AS_OF
};

/* The stretch of time that begins at the argument "from"; its as_of is not NULL. */
extern CdpkStretch stretch_get(FunctionCallInfo fcinfo, int from);

/* The period that it is. */
extern CdpkPeriod stretch_get_period(FunctionCallInfo fcinfo, int from);

/* Opens the timeline, argument 0; false where it is NULL, which is one without events. */
extern bool stretch_open_timeline(FunctionCallInfo fcinfo, CdpkTimeline *timeline);

/* The name of the events that are asked for, argument 1. */
extern CdpkName stretch_get_event(FunctionCallInfo fcinfo);

/*
 * Finds the events that are asked for, arguments 0 and 1; false where there are none.
 * "timeline" may be NULL.
 */
extern bool stretch_find_event(FunctionCallInfo fcinfo, CdpkTimeline *timeline, CdpkColumn *column);

/* Raises an error where reading found corrupt bytes. */
extern void stretch_check_column(const CdpkColumn *column);
extern void stretch_check_timeline(const CdpkTimeline *timeline);

/* Raises an error for an argument that is a name and empty. */
extern void stretch_check_name(const text *name, const char *argument);

/* at_least and at_most as arguments of did, and whether they are possible. */
typedef struct StretchCounts
{
	uint64 at_least;
	uint64 at_most; /* PG_INT64_MAX: any number */
} StretchCounts;

extern StretchCounts stretch_get_counts(FunctionCallInfo fcinfo, int at_least, int at_most);

#endif /* CDP_STRETCH_H */
