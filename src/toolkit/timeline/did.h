/*
 * did.h
 *		Places of the arguments of did, count_events and the like, which their horizons share.
 */
#ifndef CDP_DID_H
#define CDP_DID_H

#include "toolkit/timeline/stretch.h"

/* did, did_not: behind the event */
#define DID_AT_LEAST 2
#define DID_AT_MOST 3
#define DID_STRETCH 4

/* count_events, first_time, last_time */
#define COLUMN_STRETCH 2

/* whether the answer is NULL: where the event or as_of is */
#define DID_UNKNOWN(stretch) (PG_ARGISNULL(ARG_EVENT) || PG_ARGISNULL((stretch) + STRETCH_AS_OF))

#endif /* CDP_DID_H */
