/*
 * horizon.h
 *		What horizons of other rooms share with those of timelines.
 */
#ifndef CDP_TIMELINE_HORIZON_H
#define CDP_TIMELINE_HORIZON_H

#include "toolkit/timeline/timeline_args.h"

/* Return the bound for an answer about events of all names. */
extern Datum horizon_bound_all(FunctionCallInfo fcinfo, int from);

#endif
