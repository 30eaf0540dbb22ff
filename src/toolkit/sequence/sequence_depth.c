/*
 * sequence_depth.c
 *		How far a timeline comes in a sequence.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "toolkit/sequence/funnel.h"
#include "toolkit/sequence/sequence.h"
#include "toolkit/sequence/sequence_horizon.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_sequence_depth);

/* The arguments of a call. */
typedef struct DepthCall
{
	ArgumentCache cache;
	CdpkSequence sequence;
	CdpkTimeRangeSpec spec;
} DepthCall;

/* Return what the arguments say; "own" has room for it where they change from call to call. */
static const DepthCall *
get_call(FunctionCallInfo fcinfo, DepthCall *own)
{
	DepthCall *call = (DepthCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));

	if (argument_cache_is_valid(fcinfo, &call->cache))
		return call;
	call->spec = timeline_arg_range_spec(fcinfo);
	sequence_arg_read(fcinfo, &call->cache, &call->sequence);
	argument_cache_fill(fcinfo, &call->cache);
	return call;
}

/* sequence_depth(timeline, sequence, within, older_than, since, until, as_of) */
Datum
cdp_sequence_depth(PG_FUNCTION_ARGS)
{
	DepthCall own;
	const DepthCall *call;
	CdpkTimeline timeline;
	unsigned depth;
	bool unknown;

	if (timeline_args_unknown(fcinfo, ARG_SEQUENCE))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_INT32(0);
	timeline_check(cdpk_sequence_depth(&call->sequence, &timeline, cdpk_time_range_of(&call->spec),
									   &cdp_huge_palloc_allocator, &depth, &unknown));
	if (unknown)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) depth);
}

/*
 * Return when an event of the alternatives enters or leaves the time range.  What an event satisfies by
 * one of its elements it need not satisfy as a whole: with "same", events count whatever the conditions.
 */
static int64_t
find_bound(const CdpkSequence *sequence, const CdpkTimeRangeSpec *spec,
		   const CdpkTimeline *timeline)
{
	int64_t horizon = CDPK_NEVER;

	if (sequence->same.length == 0)
		return funnel_bound(sequence->alternative, sequence->alternatives, spec, timeline);
	for (unsigned i = 0; i < sequence->alternatives; i++)
	{
		const CdpkAlternative *alternative = cdpk_step_alternatives(&sequence->alternative[i]);
		CdpkStep named = cdpk_plain_step(alternative->name.text, alternative->name.length);
		int64_t change;

		if (alternative->any)
			timeline_check(cdpk_horizon_bound_all(spec, timeline, &change));
		else
			change = funnel_bound(&named, 1, spec, timeline);
		horizon = Min(horizon, change);
	}
	return horizon;
}

Datum
sequence_depth_horizon(PG_FUNCTION_ARGS)
{
	DepthCall own;
	const DepthCall *call = get_call(fcinfo, &own);
	CdpkTimeline timeline;

	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	PG_RETURN_TIMESTAMPTZ(find_bound(&call->sequence, &call->spec, &timeline));
}
