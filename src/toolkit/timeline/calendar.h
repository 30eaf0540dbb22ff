/*
 * calendar.h
 *		The days, weeks and months of a time zone, each with a number, and the set of those in which
 *		events lie.
 *
 * An instant lies in the unit in which its local time does, as date_trunc(unit, at AT TIME ZONE zone)
 * has it; where the clocks go back over midnight, a day comes twice.
 */
#ifndef CDP_CALENDAR_H
#define CDP_CALENDAR_H

#include "postgres.h"

#include "pgtime.h"

#include "core/base/buffer.h"
#include "toolkit/timeline/step_args.h"

typedef enum CalendarUnit
{
	CALENDAR_DAY,
	CALENDAR_WEEK, /* from Monday */
	CALENDAR_MONTH
} CalendarUnit;

/* Offsets of the time zone are remembered for stretches of eight days. */
#define CALENDAR_STRETCHES 512

typedef struct CalendarStretch
{
	int64 number; /* 0: not filled; no event is so early that it would be this one */
	int64 offset; /* of local time, in microseconds, at its beginning */
	bool changes; /* the clocks change in it */
} CalendarStretch;

/* So many days, weeks or months before the latest instant have their beginnings in a table. */
#define CALENDAR_SPANS 1024

/* From "start" until the start of the span before in the table, all instants lie in one unit. */
typedef struct CalendarSpan
{
	int64 start;
	int64 unit;
} CalendarSpan;

typedef struct Calendar
{
	CalendarUnit unit;
	pg_tz *time_zone;
	int64 latest; /* the end of the first span */
	int64 first;  /* the number of its unit, and one more: so late may be a unit of the table */
	int64 oldest; /* the least unit of the table */
	int spans;    /* that are filled; the latest come first */
	CalendarSpan span[CALENDAR_SPANS];
	CalendarStretch stretch[CALENDAR_STRETCHES];
} Calendar;

/* Make a calendar from its arguments; "latest" is the last instant that is asked for. */
extern void calendar_read(Calendar *calendar, const text *time_zone, const text *unit,
						  int64 latest);

/* Return the number of the unit in which an instant lies. */
extern int64 calendar_unit(Calendar *calendar, int64 at);

/* Return the first instant at which the local time of a unit is reached; CDPK_NEVER after the end of time. */
extern int64 calendar_start(Calendar *calendar, int64 unit);

/* Return the first instant after another that lies in another unit; CDPK_NEVER after the end of time. */
extern int64 calendar_next(Calendar *calendar, int64 at);

/*
 * Find the span of an instant that is not after the latest, from the one of an instant near it on
 * (0 if none is known); false where it is earlier than the table.
 */
extern bool calendar_find(Calendar *calendar, int64 at, int *place);

/* The units in which events lie: those in the table as bits, from the latest on, and others. */
typedef struct ActiveUnits
{
	uint64 bits[CALENDAR_SPANS / 64 + 1];
	int words;         /* of the bits, that may be set */
	CdpkBuffer others; /* int64, in any order, repeated */
} ActiveUnits;

extern void active_units_init(ActiveUnits *active);

/* Add the units of a column's events in a time range, which ends at the latest instant of the calendar. */
extern void active_units_add_column(ActiveUnits *active, Calendar *calendar, CdpkColumn *column,
									CdpkTimeRange range);

/*
 * Add the units of the events of a step in such a time range: those that surely satisfy it to the
 * first set, all to the second; false if they are the same, and the second is left empty.
 */
extern bool active_units_add_step(ActiveUnits active[2], Calendar *calendar,
								  const CdpkTimeline *timeline, const CdpkStep *step,
								  CdpkTimeRange range);

/* Return how many there are. */
extern int64 active_units_count(ActiveUnits *active);

/*
 * Return how many follow each other at most, or of those that end with the latest; *latest is the
 * number of the last unit, where there is one.
 */
extern int64 active_units_longest(ActiveUnits *active, const Calendar *calendar);
extern int64 active_units_last(ActiveUnits *active, const Calendar *calendar, int64 *latest);

#endif /* CDP_CALENDAR_H */
