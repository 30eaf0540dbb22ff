/*
 * calendar.c
 *		The days, weeks and months of a time zone.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "toolkit/timeline/calendar.h"

#define STRETCH (8 * USECS_PER_DAY)
#define WEEK_DAYS 7

/* no time zone is so far from UTC */
#define OFFSET_MAX (26 * USECS_PER_HOUR)

/* Read the unit. */
static CalendarUnit
read_unit(const text *name)
{
	char *unit = text_to_cstring(name);

	if (strcmp(unit, "day") == 0)
		return CALENDAR_DAY;
	if (strcmp(unit, "week") == 0)
		return CALENDAR_WEEK;
	if (strcmp(unit, "month") == 0)
		return CALENDAR_MONTH;
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

void
calendar_read(Calendar *calendar, const text *time_zone, const text *unit, int64 latest)
{
	calendar->time_zone = read_time_zone(time_zone);
	calendar->unit = read_unit(unit);
	calendar->latest = latest;
	calendar->spans = 0;
	memset(calendar->stretch, 0, sizeof(calendar->stretch));
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

/* Return the stretch of an instant, and when it begins. */
static const CalendarStretch *
find_stretch(Calendar *calendar, int64 at, int64 *start)
{
	/* from 1 on; all of time is longer than an int64 */
	int64 number = (int64) (((uint64) at - (uint64) MIN_TIMESTAMP) / STRETCH) + 1;
	CalendarStretch *stretch = &calendar->stretch[number % CALENDAR_STRETCHES];

	*start = (int64) ((uint64) MIN_TIMESTAMP + (uint64) (number - 1) * STRETCH);
	if (stretch->number != number)
	{
		int64 until;

		stretch->offset = find_offset(calendar->time_zone, *start, &until);
		stretch->changes = until - *start < STRETCH;
		stretch->number = number;
	}
	return stretch;
}

/* Return the offset of local time at an instant; from *since until then it is the same. */
static int64
local_offset(Calendar *calendar, int64 at, int64 *since)
{
	const CalendarStretch *stretch = find_stretch(calendar, at, since);
	int64 until;
	int64 offset;

	if (!stretch->changes)
		return stretch->offset;
	for (;;)
	{
		offset = find_offset(calendar->time_zone, *since, &until);
		if (until > at)
			return offset;
		*since = until;
	}
}

/* Return the unit in which a local time lies. */
static int64
unit_of(const Calendar *calendar, int64 local)
{
	int64 day = divide(local, USECS_PER_DAY);
	int year;
	int month;
	int day_of_month;

	switch (calendar->unit)
	{
		case CALENDAR_DAY:
			return day;
		case CALENDAR_WEEK:
			/* the day of number 2 is a Monday */
			return divide(day - 2, WEEK_DAYS);
		case CALENDAR_MONTH:
			j2date((int) (day + POSTGRES_EPOCH_JDATE), &year, &month, &day_of_month);
			return (int64) year * MONTHS_PER_YEAR + month - 1;
	}
	pg_unreachable();
}

/* Return the local time at which a unit begins. */
static int64
local_start(const Calendar *calendar, int64 unit)
{
	int64 year = divide(unit, MONTHS_PER_YEAR);

	switch (calendar->unit)
	{
		case CALENDAR_DAY:
			return unit * USECS_PER_DAY;
		case CALENDAR_WEEK:
			return (unit * WEEK_DAYS + 2) * USECS_PER_DAY;
		case CALENDAR_MONTH:
			return (int64) (date2j((int) year, (int) (unit - year * MONTHS_PER_YEAR) + 1, 1) -
							POSTGRES_EPOCH_JDATE) *
				   USECS_PER_DAY;
	}
	pg_unreachable();
}

int64
calendar_unit(Calendar *calendar, int64 at)
{
	int64 since;

	return unit_of(calendar, at + local_offset(calendar, at, &since));
}

int64
calendar_start(Calendar *calendar, int64 unit)
{
	int64 local = local_start(calendar, unit);
	int64 at = Max(local - OFFSET_MAX, MIN_TIMESTAMP);

	while (at < END_TIMESTAMP)
	{
		int64 until;
		int64 offset = find_offset(calendar->time_zone, at, &until);
		int64 start = Max(at, local - offset);

		if (start < until)
			return start < END_TIMESTAMP ? start : CDPK_NEVER;
		at = until;
	}
	return CDPK_NEVER;
}

int64
calendar_next(Calendar *calendar, int64 at)
{
	int64 unit = calendar_unit(calendar, at);
	int64 local = local_start(calendar, unit + 1);

	for (int64 from = at; from < END_TIMESTAMP;)
	{
		int64 until;
		int64 offset = find_offset(calendar->time_zone, from, &until);

		if (unit_of(calendar, from + offset) != unit)
			return from;
		if (local - offset < until)
			return local - offset < END_TIMESTAMP ? local - offset : CDPK_NEVER;
		from = until;
	}
	return CDPK_NEVER;
}

/* ---------------------------------------------------------------- the table */

/* Fill in more of the table: a span before the last, or more of that; false if there is none. */
static bool
add_span(Calendar *calendar)
{
	CalendarSpan *last = &calendar->span[calendar->spans - 1];
	int64 at = calendar->spans == 0 ? calendar->latest : last->start - 1;
	int64 since;
	int64 offset;
	CalendarSpan span;

	if (at < MIN_TIMESTAMP)
		return false;
	offset = local_offset(calendar, at, &since);
	span.unit = unit_of(calendar, at + offset);
	span.start = Max(since, local_start(calendar, span.unit) - offset);
	if (calendar->spans > 0 && last->unit == span.unit)
		last->start = span.start;
	else if (calendar->spans == CALENDAR_SPANS)
		return false;
	else
	{
		calendar->oldest = calendar->spans == 0 ? span.unit : Min(calendar->oldest, span.unit);
		calendar->span[calendar->spans++] = span;
	}
	calendar->first = calendar->span[0].unit + 1;
	return true;
}

/* Return about how many units lie between an instant and the latest. */
static uint64
estimate_place(const Calendar *calendar, int64 at)
{
	static const int days[] = {1, WEEK_DAYS, DAYS_PER_MONTH};

	/* all of time is longer than an int64 */
	return ((uint64) calendar->latest - (uint64) at) / (days[calendar->unit] * USECS_PER_DAY);
}

bool
calendar_find(Calendar *calendar, int64 at, int *place)
{
	int k = *place;

	if (k >= calendar->spans || at < calendar->span[k].start)
		k = (int) Min(estimate_place(calendar, at), (uint64) calendar->spans);
	while (k >= calendar->spans || at < calendar->span[k].start)
	{
		if (k + 1 < calendar->spans)
			k++;
		else if (!add_span(calendar))
			return false;
		else
			k = calendar->spans - 1;
	}
	while (k > 0 && at >= calendar->span[k - 1].start)
		k--;
	*place = k;
	return true;
}
