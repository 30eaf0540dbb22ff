/*
 * active_units.c
 *		The days, weeks or months of a calendar in which events lie.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "toolkit/timeline/calendar.h"
#include "toolkit/bridge/status.h"

/* spans that are passed one by one before the place of an instant is estimated */
#define NEAR 32

void
active_units_init(ActiveUnits *active)
{
	active->words = 0;
	active->others = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
}

/* Add a unit that stands in the calendar's table. */
static inline void
add_bit(ActiveUnits *active, const Calendar *calendar, int64 unit)
{
	uint64 bit = (uint64) (calendar->first - unit);
	int word = (int) (bit / 64);

	while (unlikely(active->words <= word))
		active->bits[active->words++] = 0;
	active->bits[word] |= UINT64CONST(1) << bit % 64;
}

/* Add the unit of an instant that may be earlier than the table. */
static void
add_any_instant(ActiveUnits *active, Calendar *calendar, int64 at, int *place)
{
	int64 unit;

	CHECK_FOR_INTERRUPTS();
	unit = calendar_find(calendar, at, place) ? calendar->span[*place].unit
											  : calendar_unit(calendar, at);
	/* a day that comes twice stands in the table for both */
	if (unit >= calendar->oldest)
		add_bit(active, calendar, unit);
	else
		cdpk_put_bytes(&active->others, &unit, sizeof(unit));
}

/* Return where to look for an instant first: near the one before, or as many days from the latest as lie between. */
static inline int
first_place(const Calendar *calendar, int64 at, int place)
{
	uint64 days;

	if (calendar->unit != CALENDAR_DAY || calendar->spans == 0 || at >= calendar->span[0].start)
		return place;
	/* all of time is longer than an int64 */
	days = ((uint64) calendar->span[0].start - (uint64) at - 1) / USECS_PER_DAY;
	return days < (uint64) calendar->spans - 1 ? (int) days + 1 : place;
}

/* Add the unit of an instant; *place is that of the instant before, or 0. */
static inline void
add_instant(ActiveUnits *active, Calendar *calendar, int64 at, int *place)
{
	int first = first_place(calendar, at, *place);
	int end = Min(calendar->spans, first + NEAR);

	if (first == 0 || at < calendar->span[first - 1].start)
		for (int k = first; k < end; k++)
			if (at >= calendar->span[k].start)
			{
				add_bit(active, calendar, calendar->span[k].unit);
				*place = k;
				return;
			}
	add_any_instant(active, calendar, at, place);
}

void
active_units_add_column(ActiveUnits *active, Calendar *calendar, CdpkColumn *column,
						CdpkTimeRange range)
{
	CdpkColumn passage = *column; /* of our own: may be kept in registers */
	int64 start = PG_INT64_MAX;   /* since when the unit is that of the event before */
	int place = 0;
	int64_t at;

	while (cdpk_column_next(&passage, &at) && at >= range.first)
	{
		if (at >= start || at > range.last)
			continue;
		add_instant(active, calendar, at, &place);
		start = Min(at, calendar->span[place].start);
	}
	*column = passage;
}

/* Add all units of another set to one. */
static void
merge(ActiveUnits *active, const ActiveUnits *other)
{
	while (active->words < other->words)
		active->bits[active->words++] = 0;
	for (int i = 0; i < other->words; i++)
		active->bits[i] |= other->bits[i];
	cdpk_put_bytes(&active->others, other->others.bytes, other->others.used);
}

/* Add the units of all events; the passage is at the first column. */
static void
add_timeline(ActiveUnits *active, Calendar *calendar, CdpkTimeline passage, CdpkTimeRange range)
{
	CdpkColumn column;

	while (cdpk_timeline_next(&passage, &column))
	{
		CHECK_FOR_INTERRUPTS();
		active_units_add_column(active, calendar, &column, range);
		timeline_check_column(&column);
	}
	timeline_check_reader(&passage);
}

bool
active_units_add_step(ActiveUnits active[2], Calendar *calendar, const CdpkTimeline *timeline,
					  const CdpkStep *step, CdpkTimeRange range)
{
	CdpkStepEvents events;
	bool unknown = false;
	int64_t at;

	if (step->any && !step->conditional)
	{
		add_timeline(&active[0], calendar, *timeline, range);
		return false;
	}
	cdpk_step_events(step, timeline, range, &cdp_palloc_allocator, &events);
	while (cdpk_step_next_column(&events))
	{
		int place = 0;

		while (cdpk_step_next_event(&events, &at))
		{
			unknown |= events.unknown;
			add_instant(&active[events.unknown], calendar, at, &place);
		}
	}
	timeline_check(cdpk_step_close(&events));
	if (unknown)
		merge(&active[1], &active[0]);
	return unknown;
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

/* Sort the units that are not in the table, drop repeated ones, and return how many there are. */
static size_t
sort_others(ActiveUnits *active)
{
	int64 *units = (int64 *) active->others.bytes;
	size_t count = active->others.used / sizeof(int64);
	size_t kept = 0;

	timeline_check(active->others.status);
	qsort(units, count, sizeof(int64), compare_units);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || units[i] != units[kept - 1])
			units[kept++] = units[i];
	active->others.used = kept * sizeof(int64);
	return kept;
}

int64
active_units_count(ActiveUnits *active)
{
	int64 count = active->others.used == 0 ? 0 : (int64) sort_others(active);

	timeline_check(active->others.status);
	for (int i = 0; i < active->words; i++)
		count += pg_popcount64(active->bits[i]);
	return count;
}

/* Units that follow each other, as they are read in ascending order. */
typedef struct Run
{
	int64 last;
	int64 length; /* of the run that ends with the last; 0: none was read */
	int64 longest;
} Run;

/* Read the next unit. */
static void
read_unit(Run *run, int64 unit)
{
	run->length = run->length > 0 && unit == run->last + 1 ? run->length + 1 : 1;
	run->longest = Max(run->longest, run->length);
	run->last = unit;
}

/* Read all units. */
static Run
read_runs(ActiveUnits *active, const Calendar *calendar)
{
	Run run = {0, 0, 0};
	size_t count = sort_others(active);

	/* all others are earlier than the table */
	for (size_t i = 0; i < count; i++)
		read_unit(&run, ((int64 *) active->others.bytes)[i]);
	for (int i = active->words - 1; i >= 0; i--)
		for (uint64 bits = active->bits[i]; bits != 0;)
		{
			int bit = pg_leftmost_one_pos64(bits);

			read_unit(&run, calendar->first - (i * 64 + bit));
			bits ^= UINT64CONST(1) << bit;
		}
	return run;
}

int64
active_units_longest(ActiveUnits *active, const Calendar *calendar)
{
	return read_runs(active, calendar).longest;
}

int64
active_units_last(ActiveUnits *active, const Calendar *calendar, int64 *latest)
{
	Run run = read_runs(active, calendar);

	*latest = run.last;
	return run.length;
}
