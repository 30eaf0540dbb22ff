/*
 * days_active.c
 *		In how many days, weeks or months of a time zone the events of a step happened.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "core/base/buffer.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/step_args.h"

CDP_FUNCTION(cdp_days_active);

/* after the step */
#define ARG_TIME_ZONE 2
#define ARG_UNIT 3

/*
 * Offsets of a time zone are remembered for stretches of eight days.  In a stretch in which the clocks
 * change, the offset is found for each event.
 */
#define STRETCH (8 * USECS_PER_DAY)
#define STRETCHES 512

typedef struct Stretch
{
	int64 number; /* 0: not filled; no event is so early that it would be this one */
	int64 offset; /* of local time, in microseconds */
	bool changes;
} Stretch;

typedef enum Unit
{
	UNIT_DAY,
	UNIT_WEEK,
	UNIT_MONTH
} Unit;

/* The arguments of a call. */
typedef struct DaysCall
{
	ArgumentCache cache;
	CdpkTimeRange range;
	CdpkStep step;
	Unit unit;
	pg_tz *time_zone;
	Stretch stretches[STRETCHES];
} DaysCall;

/* Read the unit. */
static Unit
read_unit(const text *name)
{
	char *unit = text_to_cstring(name);

	if (strcmp(unit, "day") == 0)
		return UNIT_DAY;
	if (strcmp(unit, "week") == 0)
		return UNIT_WEEK;
	if (strcmp(unit, "month") == 0)
		return UNIT_MONTH;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unit must be day, week or month, not \"%s\"", unit)));
}

/* Find the time zone of a name. */
static pg_tz *
read_time_zone(const text *name)
{
	char *zone = text_to_cstring(name);
	pg_tz *found = strlen(zone) <= TZ_STRLEN_MAX ? pg_tzset(zone) : NULL;

	if (found == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("time zone \"%s\" not recognized", zone),
						errhint("pg_timezone_names lists the names of time zones.")));
	return found;
}

/* Find the offset of a time zone at a time, and until when it stays: PG_INT64_MAX for ever. */
static int64
find_offset(pg_tz *time_zone, int64 at, int64 *until)
{
	pg_time_t start = timestamptz_to_time_t(at);
	pg_time_t boundary;
	long before;
	long after;
	int before_is_dst;
	int after_is_dst;
	int found = pg_next_dst_boundary(&start, &before, &before_is_dst, &boundary, &after,
									 &after_is_dst, time_zone);

	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	*until = found == 0 ? PG_INT64_MAX : time_t_to_timestamptz(boundary);
	return before * USECS_PER_SEC;
}

/* Divide, rounding down. */
static int64
divide(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

/* Return the local time of an instant. */
static int64
local_time(DaysCall *call, int64 at)
{
	/* from 1 on */
	int64 number = divide(at - MIN_TIMESTAMP, STRETCH) + 1;
	Stretch *stretch = &call->stretches[number % STRETCHES];
	int64 until;

	if (stretch->number != number)
	{
		int64 start = MIN_TIMESTAMP + (number - 1) * STRETCH;

		stretch->offset = find_offset(call->time_zone, start, &until);
		stretch->changes = until - start < STRETCH;
		stretch->number = number;
	}
	return at + (stretch->changes ? find_offset(call->time_zone, at, &until) : stretch->offset);
}

/* Return the number of the unit in which an instant lies. */
static int64
find_unit(DaysCall *call, int64 at)
{
	int64 day = divide(local_time(call, at), USECS_PER_DAY);
	int year;
	int month;
	int day_of_month;

	switch (call->unit)
	{
		case UNIT_DAY:
			return day;
		case UNIT_WEEK:
			/* the day of number 2 is a Monday */
			return divide(day - 2, 7);
		case UNIT_MONTH:
			j2date((int) (day + POSTGRES_EPOCH_JDATE), &year, &month, &day_of_month);
			return (int64) year * MONTHS_PER_YEAR + month;
	}
	pg_unreachable();
}

/* Compare two units, for qsort. */
static int
compare_units(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	CHECK_FOR_INTERRUPTS();
	return left < right ? -1 : left > right;
}

/* Count the different units. */
static int64
count_unique(CdpkBuffer *buffer)
{
	int64 *units = (int64 *) buffer->bytes;
	size_t count = buffer->used / sizeof(int64);
	int64 unique = count > 0;

	timeline_check(buffer->status);
	qsort(units, count, sizeof(int64), compare_units);
	for (size_t i = 1; i < count; i++)
		unique += units[i] != units[i - 1];
	return unique;
}

/*
 * Count the units of the events of one name in the time range; false if they are not in order, because the
 * clocks went back at midnight.
 */
static bool
count_in_order(DaysCall *call, CdpkColumn *column, int64 *count)
{
	int64 last = PG_INT64_MAX;
	int64_t at;

	*count = 0;
	while (cdpk_column_next(column, &at) && at >= call->range.first)
	{
		int64 unit;

		CHECK_FOR_INTERRUPTS();
		if (at > call->range.last)
			continue;
		unit = find_unit(call, at);
		if (unit > last)
			return false;
		/* newest first */
		*count += unit < last;
		last = unit;
	}
	timeline_check_column(column);
	return true;
}

/* Count the units of the events; *unknown: whether values that were left out decide. */
static int64
count_active(DaysCall *call, const CdpkTimeline *timeline, bool *unknown)
{
	CdpkBuffer units = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	CdpkStepEvents events;
	int64_t at;

	cdpk_step_events(&call->step, timeline, call->range, &cdp_palloc_allocator, &events);
	while (cdpk_step_next_column(&events))
		while (cdpk_step_next_event(&events, &at))
		{
			int64 unit = find_unit(call, at);

			CHECK_FOR_INTERRUPTS();
			*unknown |= events.unknown;
			cdpk_put_bytes(&units, &unit, sizeof(unit));
		}
	timeline_check(cdpk_step_close(&events));
	return count_unique(&units);
}

/* days_active(timeline, step, time_zone, unit, within, older_than, since, until, as_of) */
Datum
cdp_days_active(PG_FUNCTION_ARGS)
{
	DaysCall own;
	DaysCall *call = (DaysCall *) argument_cache_get(fcinfo, &own.cache, sizeof(own));
	CdpkTimeline timeline;
	bool unknown = false;
	int64 count;

	if (timeline_args_unknown(fcinfo, ARG_UNIT))
		PG_RETURN_NULL();
	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		call->range = timeline_arg_range(fcinfo);
		step_arg_read(fcinfo, &call->cache, &call->step);
		call->time_zone = read_time_zone(PG_GETARG_TEXT_PP(ARG_TIME_ZONE));
		call->unit = read_unit(PG_GETARG_TEXT_PP(ARG_UNIT));
		memset(call->stretches, 0, sizeof(call->stretches));
		argument_cache_fill(fcinfo, &call->cache);
	}
	if (call->step.plain)
	{
		CdpkColumn column;

		step_arg_plain_column(fcinfo, &call->step, &column);
		if (count_in_order(call, &column, &count))
			PG_RETURN_INT64(count);
	}
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_INT64(0);
	count = count_active(call, &timeline, &unknown);
	if (unknown)
		PG_RETURN_NULL();
	PG_RETURN_INT64(count);
}
