/*
 * did.h
 *		Places of the arguments of did, count_events and the like, which their horizons share.
 */
#ifndef CDP_DID_H
#define CDP_DID_H

#include "toolkit/timeline/timeline_args.h"

/* did, did_not: after the event */
#define DID_AT_LEAST 2
#define DID_AT_MOST 3
#define DID_TIME_RANGE 4

/* count_events, first_time, last_time */
#define COLUMN_TIME_RANGE 2

/* whether the answer is NULL: where the event or as_of is */
#define DID_UNKNOWN(from) (PG_ARGISNULL(ARG_EVENT) || PG_ARGISNULL((from) + TIME_RANGE_AS_OF))

#endif /* CDP_DID_H */
