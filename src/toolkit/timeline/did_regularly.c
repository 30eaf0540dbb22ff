/*
 * did_regularly.c
 *		Whether the events of a step happened in each of the last days, weeks or months, or in some.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/calendar.h"
#include "toolkit/timeline/horizon.h"

CDP_FUNCTION(cdp_did_regularly);

#define PERIODS_MAX 1000

/* after the step */
#define ARG_PERIODS 2
#define ARG_TIME_ZONE 3
#define ARG_UNIT 4
#define ARG_IN_PERIODS 5
#define ARG_EVENTS 6

/* The arguments of a call. */
typedef struct RegularlyCall
{
	ArgumentCache cache;
	CdpkStep step;
	int32 periods;    /* how many are looked at, before that of as_of */
	int32 in_periods; /* in how many of them ... */
	uint64 at_least;  /* ... there must be so many events */
	int64 as_of;
	int64 present;       /* the unit of as_of */
	CdpkTimeRange range; /* where events of the periods are */
	Calendar calendar;
} RegularlyCall;

/* Read a number of periods. */
static int32
read_periods(FunctionCallInfo fcinfo, int argument, const char *name, const char *most_name,
			 int32 most)
{
	int32 count = PG_ARGISNULL(argument) ? most : PG_GETARG_INT32(argument);

	if (count < 1 || count > most)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be from 1 to %s", name, most_name)));
	return count;
}

/* Return the arguments. */
static RegularlyCall *
get_call(FunctionCallInfo fcinfo, RegularlyCall *own)
{
	RegularlyCall *call = (RegularlyCall *) argument_cache_get(fcinfo, &own->cache, sizeof(*own));
	int64 at_least;

	if (argument_cache_is_valid(fcinfo, &call->cache))
		return call;
	call->as_of = timeline_arg_as_of(fcinfo);
	call->periods =
		read_periods(fcinfo, ARG_PERIODS, "periods", CppAsString2(PERIODS_MAX), PERIODS_MAX);
	call->in_periods = read_periods(fcinfo, ARG_IN_PERIODS, "in_periods", "periods", call->periods);
	at_least = PG_ARGISNULL(ARG_EVENTS) ? 1 : PG_GETARG_INT64(ARG_EVENTS);
	if (at_least < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("at_least must not be negative")));
	call->at_least = (uint64) at_least;
	step_arg_read(fcinfo, &call->cache, &call->step);
	calendar_read(&call->calendar, PG_GETARG_TEXT_PP(ARG_TIME_ZONE), PG_GETARG_TEXT_PP(ARG_UNIT),
				  call->as_of);
	call->present = calendar_unit(&call->calendar, call->as_of);
	call->range.first = calendar_start(&call->calendar, call->present - call->periods);
	call->range.last = call->as_of;
	argument_cache_fill(fcinfo, &call->cache);
	return call;
}

/* How many events there are in a unit, at least and at most: they differ where values were left out. */
typedef struct UnitEvents
{
	int64 unit;
	CdpkStepCount count;
} UnitEvents;

/* Compare two units, for qsort. */
static int
compare_units(const void *a, const void *b)
{
	const UnitEvents *left = a;
	const UnitEvents *right = b;

	CHECK_FOR_INTERRUPTS();
	return left->unit < right->unit ? -1 : left->unit > right->unit;
}

/* Add events to those of the last unit, or as another. */
static void
add_events(CdpkBuffer *units, int64 unit, CdpkStepCount count)
{
	UnitEvents *last =
		units->used == 0 ? NULL : (UnitEvents *) (units->bytes + units->used - sizeof(UnitEvents));

	if (last == NULL || last->unit != unit)
	{
		UnitEvents events = {unit, count};

		cdpk_put_bytes(units, &events, sizeof(events));
		return;
	}
	last->count.least += count.least;
	last->count.most += count.most;
}

/* Return the units of the events of a step in a time range, in ascending order. */
static CdpkBuffer
count_units(RegularlyCall *call, const CdpkTimeline *timeline, CdpkTimeRange range)
{
	CdpkBuffer read = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	CdpkBuffer units = read;
	CdpkStepEvents events;
	int64_t at;

	cdpk_step_events(&call->step, timeline, range, &cdp_palloc_allocator, &events);
	while (cdpk_step_next_column(&events))
	{
		int place = 0;

		while (cdpk_step_next_event(&events, &at))
		{
			bool found = at <= call->as_of && calendar_find(&call->calendar, at, &place);
			CdpkStepCount one = {!events.unknown, 1};

			CHECK_FOR_INTERRUPTS();
			add_events(&read,
					   found ? call->calendar.span[place].unit : calendar_unit(&call->calendar, at),
					   one);
		}
	}
	timeline_check(cdpk_step_close(&events));
	timeline_check(read.status);
	qsort(read.bytes, read.used / sizeof(UnitEvents), sizeof(UnitEvents), compare_units);
	for (size_t i = 0; i < read.used; i += sizeof(UnitEvents))
	{
		const UnitEvents *next = (const UnitEvents *) (read.bytes + i);

		add_events(&units, next->unit, next->count);
	}
	timeline_check(units.status);
	return units;
}

/* How many periods have enough events, surely and perhaps. */
typedef struct PeriodCount
{
	int32 least;
	int32 most;
} PeriodCount;

/* Add a unit to the periods, or take it from them. */
static void
count_period(PeriodCount *count, const RegularlyCall *call, const UnitEvents *events, int32 times)
{
	count->least += events->count.least >= call->at_least ? times : 0;
	count->most += events->count.most >= call->at_least ? times : 0;
}

/* Decide by the number of periods. */
static CdpkTruth
decide(const RegularlyCall *call, PeriodCount count)
{
	if (count.least >= call->in_periods || call->at_least == 0)
		return CDPK_YES;
	return count.most < call->in_periods ? CDPK_NO : CDPK_UNKNOWN;
}

/* did_regularly(timeline, step, periods, time_zone, unit, in_periods, at_least, as_of) */
Datum
cdp_did_regularly(PG_FUNCTION_ARGS)
{
	RegularlyCall own;
	RegularlyCall *call;
	CdpkTimeline timeline;
	PeriodCount count = {0, 0};
	CdpkTruth truth;

	if (timeline_args_unknown(fcinfo, ARG_UNIT))
		PG_RETURN_NULL();
	call = get_call(fcinfo, &own);
	if (timeline_arg_open(fcinfo, &timeline))
	{
		CdpkBuffer units = count_units(call, &timeline, call->range);
		const UnitEvents *unit = (const UnitEvents *) units.bytes;

		for (size_t i = 0; i < units.used / sizeof(UnitEvents); i++)
			if (unit[i].unit < call->present && unit[i].unit >= call->present - call->periods)
				count_period(&count, call, &unit[i], 1);
	}
	truth = decide(call, count);
	if (truth == CDPK_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(truth == CDPK_YES);
}

/*
 * Return whether the present unit goes from one number to the next at an instant, and does not come
 * back: not so where the clocks go back over midnight, or pass over a day.
 */
static bool
is_regular(Calendar *calendar, int64 at, int64 unit)
{
	int64 next;

	if (calendar_unit(calendar, at) != unit)
		return false;
	next = calendar_next(calendar, at);
	return next == CDPK_NEVER || calendar_unit(calendar, next) == unit + 1;
}

/*
 * The answer can change where a unit with events becomes one of the periods, or is one no more.
 * At such an instant that is not regular it may.
 */
Datum
did_regularly_horizon(PG_FUNCTION_ARGS)
{
	CdpkTimeRange ever = {PG_INT64_MIN, PG_INT64_MAX};
	RegularlyCall own;
	RegularlyCall *call = get_call(fcinfo, &own);
	CdpkTimeline timeline;
	CdpkBuffer buffer;
	const UnitEvents *units;
	size_t count;
	size_t enters;
	size_t leaves;
	PeriodCount periods = {0, 0};
	CdpkTruth truth;

	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
	if (!is_regular(&call->calendar, call->as_of, call->present))
		PG_RETURN_TIMESTAMPTZ(calendar_next(&call->calendar, call->as_of));
	buffer = count_units(call, &timeline, ever);
	units = (const UnitEvents *) buffer.bytes;
	count = buffer.used / sizeof(UnitEvents);
	for (enters = 0; enters < count && units[enters].unit < call->present; enters++)
		count_period(&periods, call, &units[enters], 1);
	for (leaves = 0; leaves < enters && units[leaves].unit < call->present - call->periods;
		 leaves++)
		count_period(&periods, call, &units[leaves], -1);
	truth = decide(call, periods);
	while (leaves < count)
	{
		/* the present unit then */
		int64 next = units[leaves].unit + call->periods + 1;
		int64 at;

		if (enters < count && units[enters].unit < next)
			next = units[enters].unit + 1;
		while (enters < count && units[enters].unit < next)
			count_period(&periods, call, &units[enters++], 1);
		while (leaves < enters && units[leaves].unit < next - call->periods)
			count_period(&periods, call, &units[leaves++], -1);
		at = calendar_start(&call->calendar, next);
		if (at == CDPK_NEVER || at <= call->as_of || !is_regular(&call->calendar, at, next) ||
			decide(call, periods) != truth)
			PG_RETURN_TIMESTAMPTZ(at > call->as_of ? at : call->as_of + 1);
	}
	PG_RETURN_TIMESTAMPTZ(CDPK_NEVER);
}
