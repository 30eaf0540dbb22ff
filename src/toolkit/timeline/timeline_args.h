/*
 * timeline_args.h
 *		The arguments that predicates and measures on a timeline share: the timeline, the name of
 *		the events, and counts of them.
 */
#ifndef CDP_TIMELINE_ARGS_H
#define CDP_TIMELINE_ARGS_H

#include "toolkit/timeline/time_range_args.h"
#include "toolkit/timeline/timeline.h"

/* the timeline and, in most, the event come first */
#define ARG_TIMELINE 0
#define ARG_EVENT 1

/* Open the timeline, argument 0; false if it is NULL, which means a timeline without events. */
extern bool timeline_arg_open(FunctionCallInfo fcinfo, CdpkTimeline *timeline);

/* Read the name of the events, argument 1. */
extern CdpkName timeline_arg_event(FunctionCallInfo fcinfo);

/*
 * Find the events of arguments 0 and 1; false if there are none.  "timeline" may be NULL.
 */
extern bool timeline_arg_find_event(FunctionCallInfo fcinfo, CdpkTimeline *timeline,
									CdpkColumn *column);

/* Raise an error if reading found corrupt bytes. */
extern void timeline_check_column(const CdpkColumn *column);
extern void timeline_check_reader(const CdpkTimeline *timeline);

/* Raise an error for a name that is empty; "argument" is what the message calls it. */
extern void timeline_check_name(const text *name, const char *argument);

/* at_least and at_most as arguments of did */
typedef struct EventCounts
{
	uint64 at_least;
	uint64 at_most; /* PG_INT64_MAX: any number */
} EventCounts;

/* Read both counts; raise an error if they contradict each other. */
extern EventCounts timeline_arg_counts(FunctionCallInfo fcinfo, int at_least, int at_most);

#endif /* CDP_TIMELINE_ARGS_H */
