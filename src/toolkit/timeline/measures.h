/*
 * measures.h
 *		Places of the arguments of the measures, which their horizons share.
 */
#ifndef CDP_MEASURES_H
#define CDP_MEASURES_H

#include "toolkit/timeline/timeline_args.h"

/* sum, avg, min, max: after the event */
#define MEASURE_NUMBER 2
#define MEASURE_TIME_RANGE 3

/* most_frequent_event: after the timeline */
#define FREQUENT_TIME_RANGE 1

/* whether the answer is NULL: where the event, the number or as_of is */
#define MEASURE_UNKNOWN                                         \
	(PG_ARGISNULL(ARG_EVENT) || PG_ARGISNULL(MEASURE_NUMBER) || \
	 PG_ARGISNULL(MEASURE_TIME_RANGE + TIME_RANGE_AS_OF))

#endif /* CDP_MEASURES_H */
