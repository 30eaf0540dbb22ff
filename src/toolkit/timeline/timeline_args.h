/*
 * timeline_args.h
 *		The arguments that predicates and measures on a timeline share: the timeline, counts of
 *		events, and the time range.
 */
#ifndef CDP_TIMELINE_ARGS_H
#define CDP_TIMELINE_ARGS_H

#include "core/timeline/time_range.h"
#include "toolkit/timeline/timeline.h"

/* the timeline comes first */
#define ARG_TIMELINE 0

/* as_of comes last, after the rest of the time range where there is one */
#define ARG_AS_OF (PG_NARGS() - 1)

/*
 * Return whether the answer is NULL: where as_of is, or one of the arguments that must be given,
 * those up to "last" but for the timeline.
 */
static inline bool
timeline_args_unknown(FunctionCallInfo fcinfo, int last)
{
	bool unknown = PG_ARGISNULL(ARG_AS_OF);

	for (int i = 1; i <= last; i++)
		unknown |= PG_ARGISNULL(i);
	return unknown;
}

/* Read as_of, which is not NULL. */
extern int64 timeline_arg_as_of(FunctionCallInfo fcinfo);

/* Read the time range, the last five arguments; as_of must not be NULL. */
extern CdpkTimeRangeSpec timeline_arg_range_spec(FunctionCallInfo fcinfo);

/* Read it and resolve it. */
extern CdpkTimeRange timeline_arg_range(FunctionCallInfo fcinfo);

/* Open the timeline, argument 0; false if it is NULL, which means a timeline without events. */
extern bool timeline_arg_open(FunctionCallInfo fcinfo, CdpkTimeline *timeline);

/* Raise an error if reading found corrupt bytes. */
extern void timeline_check_column(const CdpkColumn *column);
extern void timeline_check_reader(const CdpkTimeline *timeline);

/* Raise an error for a name that is empty; "argument" is what the message calls it. */
extern void timeline_check_name(const text *name, const char *argument);

/* at_least and at_most as arguments of did, after the step */
typedef struct EventCounts
{
	uint64 at_least;
	uint64 at_most; /* PG_INT64_MAX: any number */
} EventCounts;

/* Read both counts; raise an error if they contradict each other. */
extern EventCounts timeline_arg_counts(FunctionCallInfo fcinfo);

#endif /* CDP_TIMELINE_ARGS_H */
