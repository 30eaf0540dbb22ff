/*
 * funnel.c
 *		The function cdp.funnel: how far a timeline goes into a sequence.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "toolkit/sequence/funnel.h"
#include "toolkit/sequence/sequence_horizon.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "core/sequence/step_events.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_funnel);

#define ARG_MODE (ARG_SEQUENCE + 1)
#define ARG_ATTEMPTS (ARG_SEQUENCE + 2)

/* ---------------------------------------------------------------- arguments */

/* Return which attempts count; NULL means all. */
static CdpkAttempts
get_attempts(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"all", "first", "last"};
	char *name;

	if (PG_ARGISNULL(ARG_ATTEMPTS))
		return CDPK_ATTEMPTS_ALL;
	name = text_to_cstring(PG_GETARG_TEXT_PP(ARG_ATTEMPTS));
	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
		{
			pfree(name);
			return (CdpkAttempts) i;
		}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("attempts must be all, first or last, not \"%s\"", name),
					errdetail("An attempt begins with an event of the first step.")));
}

void
funnel_args_read(FunctionCallInfo fcinfo, CdpkAsked *asked)
{
	asked->modes = PG_ARGISNULL(ARG_MODE) ? 0 : PG_GETARG_UINT32(ARG_MODE);
	asked->attempts = get_attempts(fcinfo);
	if (!asked->sequence->any_order)
		return;
	if (asked->modes != 0 || asked->attempts != CDPK_ATTEMPTS_ALL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be given for events in any order",
							   asked->modes != 0 ? "mode" : "attempts"),
						errdetail("Events joined by & have no order, and no first step.")));
}

/* The arguments of a call. */
typedef struct FunnelCall
{
	ArgumentCache cache;
	CdpkSequence sequence;
	CdpkAsked asked;
	CdpkTimeRangeSpec spec;
} FunnelCall;

/* Return what the arguments say; "own" has room for it where they change from call to call. */
static const FunnelCall *
get_call(FunctionCallInfo fcinfo, FunnelCall *own)
{
	FunnelCall *call = (FunnelCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));

	if (argument_cache_is_valid(fcinfo, &call->cache))
		return call;
	call->spec = timeline_arg_range_spec(fcinfo);
	sequence_arg_read(fcinfo, &call->cache, &call->sequence);
	memset(&call->asked, 0, sizeof(call->asked));
	call->asked.sequence = &call->sequence;
	call->asked.wanted = CDPK_WANT_DEPTH;
	funnel_args_read(fcinfo, &call->asked);
	argument_cache_fill(fcinfo, &call->cache);
	return call;
}

/* ---------------------------------------------------------------- the depth */

/* funnel(timeline, sequence, mode, attempts, within, older_than, since, until, as_of) */
Datum
cdp_funnel(PG_FUNCTION_ARGS)
{
	FunnelCall own;
	const FunnelCall *call;
	CdpkTimeline timeline;
	CdpkFunnelAnswer answer;

	if (timeline_args_unknown(fcinfo, ARG_SEQUENCE))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_INT32(0);
	timeline_check(cdpk_sequence_funnel(&call->asked, &timeline, cdpk_time_range_of(&call->spec),
										&cdp_huge_palloc_allocator, &answer));
	if (answer.unknown)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) answer.depth);
}

/* ---------------------------------------------------------------- the horizon */

/*
 * Return when an event of a step enters or leaves the time range.  What an event satisfies by one of its
 * elements it need not satisfy as a whole: "named" asks for all that have the name.
 */
static int64_t
find_step_bound(const CdpkStep *step, bool named, const CdpkTimeRangeSpec *spec,
				const CdpkTimeline *timeline)
{
	const CdpkAlternative *alternative = cdpk_step_alternatives(step);
	CdpkStep plain = cdpk_plain_step(alternative->name.text, alternative->name.length);
	CdpkTimeRange ever = {PG_INT64_MIN, PG_INT64_MAX};
	int64_t change = CDPK_NEVER;
	CdpkColumn column;
	bool unknown;
	void *memory;

	if (alternative->any && named)
	{
		timeline_check(cdpk_horizon_bound_all(spec, timeline, &change));
		return change;
	}
	timeline_check(cdpk_step_column(named ? &plain : step, timeline, ever,
									&cdp_huge_palloc_allocator, &column, &unknown, &memory));
	if (column.count > 0)
		timeline_check(cdpk_horizon_bound(spec, &column, &change));
	return change;
}

Datum
funnel_horizon(PG_FUNCTION_ARGS)
{
	FunnelCall own;
	const FunnelCall *call = get_call(fcinfo, &own);
	const CdpkSequence *sequence = &call->sequence;
	int64_t horizon = CDPK_NEVER;
	CdpkTimeline timeline;

	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	/* those that satisfy nothing may be unknown, too */
	if (cdpk_asks_for_strangers(&call->asked))
		timeline_check(cdpk_horizon_bound_all(&call->spec, &timeline, &horizon));
	for (unsigned i = 0; i < sequence->alternatives && !cdpk_asks_for_strangers(&call->asked); i++)
	{
		int64_t change = find_step_bound(&sequence->alternative[i], sequence->same.length > 0,
										 &call->spec, &timeline);

		horizon = Min(horizon, change);
	}
	PG_RETURN_TIMESTAMPTZ(horizon);
}
