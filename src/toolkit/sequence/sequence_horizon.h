/*
 * sequence_horizon.h
 *		The horizons of cdp.funnel and cdp.matches, as toolkit/timeline/horizon.h describes them.
 */
#ifndef CDP_SEQUENCE_HORIZON_H
#define CDP_SEQUENCE_HORIZON_H

#include "fmgr.h"

extern Datum funnel_horizon(PG_FUNCTION_ARGS);
extern Datum matches_horizon(PG_FUNCTION_ARGS);

#endif
