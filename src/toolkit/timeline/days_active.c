/*
 * days_active.c
 *		In how many days, weeks or months of a time zone the events of a step happened, and how many
 *		of these follow each other.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "cdp.h"
#include "core/timeline/horizon.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/calendar.h"
#include "toolkit/timeline/horizon.h"

CDP_FUNCTION(cdp_days_active);
CDP_FUNCTION(cdp_longest_streak);
CDP_FUNCTION(cdp_current_streak);

/* after the step */
#define ARG_TIME_ZONE 2
#define ARG_UNIT 3

/* The arguments of a call. */
typedef struct DaysCall
{
	ArgumentCache cache;
	CdpkTimeRange range;
	CdpkStep step;
	Calendar calendar;
} DaysCall;

/* Return the arguments; "range" is the time range, or NULL where it is the last five of them. */
static DaysCall *
get_call(FunctionCallInfo fcinfo, const CdpkTimeRange *range, DaysCall *own)
{
	DaysCall *call = (DaysCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));

	if (argument_cache_is_valid(fcinfo, &call->cache))
		return call;
	call->range = range == NULL ? timeline_arg_range(fcinfo) : *range;
	step_arg_read(fcinfo, &call->cache, &call->step);
	calendar_read(&call->calendar, PG_GETARG_TEXT_PP(ARG_TIME_ZONE), PG_GETARG_TEXT_PP(ARG_UNIT),
				  call->range.last);
	argument_cache_fill(fcinfo, &call->cache);
	return call;
}

/*
 * Find the units in which the events of the step lie, surely in the first set and perhaps in the
 * second; false if they are the same, and only the first is filled.
 */
static bool
find_active(FunctionCallInfo fcinfo, DaysCall *call, ActiveUnits active[2])
{
	CdpkTimeline timeline;

	active_units_init(&active[0]);
	if (call->step.plain)
	{
		CdpkColumn column;

		step_arg_plain_column(fcinfo, &call->step, &column);
		active_units_add_column(&active[0], &call->calendar, &column, call->range);
		timeline_check_column(&column);
		return false;
	}
	active_units_init(&active[1]);
	return timeline_arg_open(fcinfo, &timeline) &&
		   active_units_add_step(active, &call->calendar, &timeline, &call->step, call->range);
}

/* days_active(timeline, step, time_zone, unit, within, older_than, since, until, as_of) */
Datum
cdp_days_active(PG_FUNCTION_ARGS)
{
	DaysCall own;
	ActiveUnits active[2];
	int64 count;

	if (timeline_args_unknown(fcinfo, ARG_UNIT))
		PG_RETURN_NULL();
	if (!find_active(fcinfo, get_call(fcinfo, NULL, &own), active))
		PG_RETURN_INT64(active_units_count(&active[0]));
	count = active_units_count(&active[0]);
	if (active_units_count(&active[1]) != count)
		PG_RETURN_NULL();
	PG_RETURN_INT64(count);
}

/* longest_streak(timeline, step, time_zone, unit, within, older_than, since, until, as_of) */
Datum
cdp_longest_streak(PG_FUNCTION_ARGS)
{
	DaysCall own;
	DaysCall *call;
	ActiveUnits active[2];
	bool differ;
	int64 longest;

	if (timeline_args_unknown(fcinfo, ARG_UNIT))
		PG_RETURN_NULL();
	call = get_call(fcinfo, NULL, &own);
	differ = find_active(fcinfo, call, active);
	longest = active_units_longest(&active[0], &call->calendar);
	/* more units make no shorter streak */
	if (differ && active_units_longest(&active[1], &call->calendar) != longest)
		PG_RETURN_NULL();
	PG_RETURN_INT64(longest);
}

/* Return the streak that a set ends with, if it is not over; *latest is the number of its last unit. */
static int64
find_current(ActiveUnits *active, DaysCall *call, int64 *latest)
{
	int64 length = active_units_last(active, &call->calendar, latest);

	return length > 0 && *latest >= calendar_unit(&call->calendar, call->range.last) - 1 ? length
																						 : 0;
}

/* current_streak(timeline, step, time_zone, unit, as_of) */
Datum
cdp_current_streak(PG_FUNCTION_ARGS)
{
	DaysCall own;
	DaysCall *call;
	CdpkTimeRange range;
	ActiveUnits active[2];
	bool differ;
	int64 latest;
	int64 length;

	if (timeline_args_unknown(fcinfo, ARG_UNIT))
		PG_RETURN_NULL();
	range = cdpk_time_range_until_now(timeline_arg_as_of(fcinfo));
	call = get_call(fcinfo, &range, &own);
	differ = find_active(fcinfo, call, active);
	length = find_current(&active[0], call, &latest);
	if (differ && find_current(&active[1], call, &latest) != length)
		PG_RETURN_NULL();
	PG_RETURN_INT64(length);
}

/* A streak changes when the next event happens, and ends when a unit has passed without one. */
Datum
current_streak_horizon(PG_FUNCTION_ARGS)
{
	CdpkTimeRangeSpec spec = {timeline_arg_as_of(fcinfo), 0, 0, PG_INT64_MIN, PG_INT64_MAX};
	CdpkTimeRange range = cdpk_time_range_until_now(spec.as_of);
	DaysCall own;
	DaysCall *call;
	int64_t horizon = CDPK_NEVER;
	int64 latest;
	int64 ends;
	ActiveUnits active[2];
	CdpkColumn column;
	bool unknown;

	if (!step_arg_find(fcinfo, &column, &unknown))
		PG_RETURN_TIMESTAMPTZ(horizon);
	timeline_check(cdpk_horizon_bound(&spec, &column, &horizon));
	call = get_call(fcinfo, &range, &own);
	for (int i = find_active(fcinfo, call, active); i >= 0; i--)
		if (find_current(&active[i], call, &latest) > 0)
		{
			ends = calendar_start(&call->calendar, latest + 2);
			/* where the clocks have gone back over midnight */
			if (ends <= spec.as_of)
				ends = calendar_next(&call->calendar, spec.as_of);
			horizon = Min(horizon, ends);
		}
	PG_RETURN_TIMESTAMPTZ(horizon);
}
