/*
 * funnel_horizon.c
 *		Until when the depth that a timeline reaches in a funnel stays, if nothing else happens.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/sequence/funnel.h"
#include "toolkit/timeline/horizon.h"
#include "cdp.h"
#include "core/timeline/horizon.h"

CDP_FUNCTION(cdp_funnel_horizon);

/* Return the bound for an answer about the events of a funnel's steps. */
static int64_t
bound_steps(const CdpkTimelineFunnel *funnel, const CdpkTimeRangeSpec *spec,
			const CdpkTimeline *timeline)
{
	CdpkColumn columns[CDPK_FUNNEL_STEPS_MAX];
	int64_t horizon = CDPK_NEVER;

	if (!cdpk_timeline_find_all(timeline, funnel->steps, funnel->count, columns))
		timeline_corrupt(CDPK_CORRUPT);
	for (unsigned i = 0; i < funnel->count; i++)
	{
		int64_t change = CDPK_NEVER;

		if (columns[i].count > 0)
			timeline_check(cdpk_horizon_bound(spec, &columns[i], &change));
		horizon = Min(horizon, change);
	}
	return horizon;
}

/* funnel_horizon(timeline, events, steps_within, mode, within, older_than, since, until, as_of) */
Datum
cdp_funnel_horizon(PG_FUNCTION_ARGS)
{
	CdpkName steps[CDPK_FUNNEL_STEPS_MAX];
	CdpkTimelineFunnel funnel;
	CdpkTimeRangeSpec spec;
	CdpkTimeline timeline;

	if (PG_ARGISNULL(FUNNEL_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	if (FUNNEL_UNKNOWN)
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	funnel = funnel_get(fcinfo, steps);
	/* there every event counts */
	if ((funnel.modes & CDPK_FUNNEL_STRICT_ORDER) != 0)
		return horizon_bound_all(fcinfo, FUNNEL_TIME_RANGE);
	spec = time_range_get_spec(fcinfo, FUNNEL_TIME_RANGE);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	PG_RETURN_TIMESTAMPTZ(bound_steps(&funnel, &spec, &timeline));
}
